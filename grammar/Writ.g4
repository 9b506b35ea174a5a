// The syntax of Writ, and the only definition of it. Meaning is docs/language.md.
//
// Rules for changing this file: keep it near LL(1); every word but the hard ones stays usable as a
// name (rule `name`); what would only make an error message worse is accepted here and refused with
// a better one while lowering (marked "lenient"). Input is bytes: the driver shows every byte above
// 0x7E as 0x7F, so a rule never depends on more than ASCII.
grammar Writ;

// The order of a file. engine/syntax/parse.cpp calls the parts one at a time, so that the tree of one
// declaration is gone before the next is read.
file : moduleDecl? importDecl* declaration* EOF ;

moduleDecl : MODULE qualified ;
importDecl : IMPORT qualified ( AS name )? ;

declaration
  : EXPORT? ( schemaDecl | claimsDecl | issuerDecl | issuerGroupDecl | enumDecl | tierDecl | toolDecl | tableDecl | defineDecl
            | ruleDecl | invariantDecl | fixtureDecl | testDecl )
  ;

// ---- names --------------------------------------------------------------------------------------

qualified : name ( DOT anyName )* ;

/// A name wherever one may stand: an identifier or any soft word.
name : IDENT | word | partWord ;
/// The soft words that start a part of an expectation.
partWord : FOR | FROM | SCOPES | AUDIENCE | SINGLE_USE | WITH | BECAUSE | BY | UNTIL ;
word
  : MODULE | IMPORT | AS | EXPORT | SCHEMA | CLAIMS | ISSUER | ENUM | TIER | TOOL | TABLE | DEFINE | PERMIT
  | DENY | REQUIRE | LIMIT | OBLIGE | INVARIANT | FIXTURE | TEST | EACH | EXTENDS | WHEN | GRANT
  | APPROVAL | APPROVALS | GROUP | WITHIN | TO | TTL
  | NEVER | NEEDS_APPROVAL | GIVEN | WITHOUT | CASES | EXPECT | MISSING | ALIAS | PARSE | PROOF
  | REQUIRED | SHARED | ROLE | FIRST | TYPE | MAX_AGE | LEEWAY | PARAMS | CSV | JSON | RECORD | LIST | SET | MAP | ONE_OR_MANY | MAX
  | CONTAINS | SUBSET | OF | OVERLAPS | LIKE | MATCHES | ON | EXACTLY | BINDING | THIS | REQUEST
  | MON | TUE | WED | THU | FRI | SAT | SUN
  ;

/// After a dot and as the name of a field even the hard words are plain names.
anyName : name | AND | OR | NOT | IN | IS | ANY | ALL | COUNT | TRUE | FALSE | NONE | SOME ;

strings : STRING ( COMMA STRING )* ;
names : name ( COMMA name )* ;
qualifieds : qualified ( COMMA qualified )* ;

// ---- types and fields ---------------------------------------------------------------------------

schemaDecl : SCHEMA name fields ;

fields : LBRACE ( field COMMA? )* RBRACE ;
field : fieldName COLON type fieldModifier* ;
fieldName : anyName | STRING ;
fieldModifier : OR NONE | FROM name | MAX INT ;

type
  : RECORD ( fields | OF name )
  | ( LIST | SET | ONE_OR_MANY ) LT type GT
  | MAP LT type COMMA type GT
  | qualified
  ;

// ---- declarations -------------------------------------------------------------------------------

claimsDecl : CLAIMS name ( SHARED strings? )? LBRACE ( claimsItem COMMA? )* RBRACE ;
claimsItem
  : field
  | ALIAS name ASSIGN aliasPath
  | PARSE aliasPath LBRACE STRING ( COMMA? STRING )* RBRACE
  | PROOF REQUIRED
  | TYPE strings
  | ROLE name roleClaim ( COMMA roleClaim )*
  | NEVER PERMIT BECAUSE STRING
  ;
// Lenient: which roles have values, and of which type, is checked later.
roleClaim : ( FIRST INT OF )? aliasPath ( IS roleValues )? ( NOT roleValues )? ;
roleValues : LBRACE ( strings | TRUE | FALSE ) RBRACE ;
aliasPath : ( name | STRING ) step* ;

issuerDecl : ISSUER name COLON qualified STRING LBRACE issuerItem* RBRACE ;
issuerItem : AUDIENCE strings | MAX_AGE DURATION | LEEWAY DURATION | TYPE strings | PROOF REQUIRED ;

issuerGroupDecl : ISSUER GROUP name ASSIGN qualifieds ;

enumDecl : ENUM name ASSIGN enumMember ( ( PIPE enumMember )+ | ( LT enumMember )+ )? ;
tierDecl : TIER tierMember ( LT tierMember )* ;
tierMember : enumMember ( ROLE name )* ;
enumMember : name | STRING ;

toolDecl : TOOL name STRING? LBRACE toolItem* RBRACE ;
toolItem : TIER name | AUDIENCE strings | SCOPES expr | PARAMS fields ;

tableDecl : TABLE name ASSIGN ( CSV | JSON ) STRING fields ;

defineDecl : DEFINE name ( LPAREN param ( COMMA param )* RPAREN )? ASSIGN expr ;
param : name COLON type ;

// ---- rules --------------------------------------------------------------------------------------

// Lenient: the order of clauses, and which belong to which kind, is checked later; an approval without `within` too.
ruleDecl : ( PERMIT | DENY | REQUIRE | LIMIT | OBLIGE ) name ruleClause* ;
ruleClause
  : FOR EACH name IN qualified
  | EXTENDS qualified
  | FOR TOOL qualifieds
  | WHEN expr
  | GRANT expr ( FOR expr )?
  | ( APPROVAL | INT APPROVALS ) FROM GROUP strings ( WITHIN expr )?
  | TO limitItem ( COMMA limitItem )*
  | WITH obligation ( COMMA obligation )*
  | BECAUSE STRING
  ;
limitItem : TTL expr | SCOPES expr | AUDIENCE expr | SINGLE_USE ;
obligation : name ( LPAREN ( argument ( COMMA argument )* )? RPAREN )? ;
argument : anyName COLON expr ;

invariantDecl : INVARIANT name COLON NEVER ( PERMIT | NEEDS_APPROVAL ) WHEN expr ;

// ---- fixtures and tests -------------------------------------------------------------------------

fixtureDecl : FIXTURE name ASSIGN ( JSON STRING | qualified ) change* ;
change : WITH assignment ( COMMA assignment )* | WITHOUT place ( COMMA place )* ;
assignment : place ASSIGN data ;
/// A path in a request, which may lead into a list.
place : name ( step | element )* ;
element : LBRACKET INT RBRACKET ;

testDecl : TEST STRING LBRACE GIVEN qualified change* ( cases | ( EXPECT expectation )+ ) RBRACE ;
cases : CASES place ( PIPE place )* PIPE EXPECT caseRow+ ;
/// The first cell follows the expectation of the row above, so no name in it starts like a part of one.
caseRow : ( literal | cellName ) ( PIPE data )* PIPE expectation ;
cellName : ( IDENT | word ) ( DOT anyName )* ;

// Lenient: which parts belong to which effect is checked while lowering.
expectation : ( PERMIT | DENY | NEEDS_APPROVAL ) expectPart* ;
expectPart
  : LBRACE strings? RBRACE
  | SCOPES qualified
  | FOR ( DURATION | qualified )
  | UNTIL ( STRING | qualified )
  | AUDIENCE ( strings | qualified )
  | SINGLE_USE
  | WITH ( EXACTLY? names | EXACTLY NONE )
  | BY ( EXACTLY? qualifieds | EXACTLY NONE )
  | BECAUSE EXACTLY? qualifieds
  | FROM EXACTLY? GROUP? strings
  ;

data : literal | qualified ;
literal
  : STRING
  | MINUS? ( INT | DECIMAL )
  | DURATION
  | TRUE | FALSE | NONE | MISSING
  | BINDING OF ( THIS REQUEST | qualified )
  | LBRACKET ( data ( COMMA data )* )? RBRACKET
  | LBRACE ( member ( COMMA member )* | data ( COMMA data )* )? RBRACE
  ;
member : fieldName COLON data ;

// ---- expressions --------------------------------------------------------------------------------

// `and` binds tighter than `or`, `not` tighter than both; lowering groups them. They stand side by
// side here because the body of a quantifier takes every `and` and `or` that follows: it can only
// come last, and saying so leaves nothing ambiguous.
expr : NOT* ( quantified | comparison ( connective NOT* comparison )* ( connective NOT* quantified )? ) ;
connective : AND | OR ;
quantified : ( ANY | ALL ) name IN sum COLON expr ;

// Lenient: a second comparison, `=`, `== none`, `is true`, `is "text"` and a window whose zone is missing or has no
// quotes are refused while lowering.
comparison : sum relation* ;
relation
  : ( EQ | NE | LT | LE | GT | GE | ASSIGN | CONTAINS | OVERLAPS ) ( sum | NONE | SOME )
  | SUBSET OF sum
  | NOT? IN ( window | sum )
  | ( LIKE | MATCHES ) STRING
  | IS NOT? ( NONE | SOME | TRUE | FALSE | STRING | qualified )
  ;
window : TIME DOTDOT TIME ( STRING | IDENT )? ( ON dayRange ( COMMA dayRange )* )? ;
dayRange : day ( DOTDOT day )? ;
day : MON | TUE | WED | THU | FRI | SAT | SUN ;

sum : product ( ( PLUS | MINUS | PIPE ) product )* ;
product : unary ( ( STAR | AMP ) unary )* ;
unary : MINUS* primary ;
primary
  : STRING | INT | DECIMAL | DURATION | TRUE | FALSE
  | LBRACE ( expr ( COMMA expr )* COMMA? )? RBRACE
  | LBRACKET ( expr ( COMMA expr )* COMMA? )? RBRACKET  // lenient: a set is written in braces
  | COUNT LPAREN name IN sum COLON expr RPAREN
  | path ( LPAREN ( expr ( COMMA expr )* )? RPAREN )?
  | LPAREN expr RPAREN
  ;
path : name step* ;
step : DOT ( anyName | STRING ) | LBRACKET STRING RBRACKET ;

// ---- tokens -------------------------------------------------------------------------------------

// Hard words: never a root name of an expression.
AND : 'and' ; OR : 'or' ; NOT : 'not' ; IN : 'in' ; IS : 'is' ; ANY : 'any' ; ALL : 'all' ;
COUNT : 'count' ; TRUE : 'true' ; FALSE : 'false' ; NONE : 'none' ; SOME : 'some' ;

// Soft words, all of which rule `name` lists.
MODULE : 'module' ; IMPORT : 'import' ; AS : 'as' ; EXPORT : 'export' ;
SCHEMA : 'schema' ; CLAIMS : 'claims' ; ISSUER : 'issuer' ; ENUM : 'enum' ; TIER : 'tier' ; TOOL : 'tool' ;
TABLE : 'table' ; DEFINE : 'define' ; PERMIT : 'permit' ; DENY : 'deny' ; REQUIRE : 'require' ;
LIMIT : 'limit' ; OBLIGE : 'oblige' ; INVARIANT : 'invariant' ; FIXTURE : 'fixture' ; TEST : 'test' ;
FOR : 'for' ; EACH : 'each' ; EXTENDS : 'extends' ; WHEN : 'when' ; GRANT : 'grant' ;
APPROVAL : 'approval' ; APPROVALS : 'approvals' ; FROM : 'from' ; GROUP : 'group' ; WITHIN : 'within' ;
TO : 'to' ; TTL : 'ttl' ; SCOPES : 'scopes' ; AUDIENCE : 'audience' ; SINGLE_USE : 'single_use' ;
WITH : 'with' ; BECAUSE : 'because' ; NEVER : 'never' ; NEEDS_APPROVAL : 'needs_approval' ;
GIVEN : 'given' ; WITHOUT : 'without' ; CASES : 'cases' ; EXPECT : 'expect' ; BY : 'by' ;
MISSING : 'missing' ; ALIAS : 'alias' ; PARSE : 'parse' ; PROOF : 'proof' ; REQUIRED : 'required' ;
SHARED : 'shared' ; ROLE : 'role' ; FIRST : 'first' ;
TYPE : 'type' ; MAX_AGE : 'max_age' ; LEEWAY : 'leeway' ; PARAMS : 'params' ; CSV : 'csv' ; JSON : 'json' ;
RECORD : 'record' ; LIST : 'list' ; SET : 'set' ; MAP : 'map' ; ONE_OR_MANY : 'one_or_many' ; MAX : 'max' ;
CONTAINS : 'contains' ; SUBSET : 'subset' ; OF : 'of' ; OVERLAPS : 'overlaps' ; LIKE : 'like' ;
MATCHES : 'matches' ; ON : 'on' ; UNTIL : 'until' ;
EXACTLY : 'exactly' ; BINDING : 'binding' ; THIS : 'this' ; REQUEST : 'request' ;
MON : 'mon' ; TUE : 'tue' ; WED : 'wed' ; THU : 'thu' ; FRI : 'fri' ; SAT : 'sat' ; SUN : 'sun' ;

LBRACE : '{' ; RBRACE : '}' ; LPAREN : '(' ; RPAREN : ')' ; LBRACKET : '[' ; RBRACKET : ']' ;
COMMA : ',' ; COLON : ':' ; DOTDOT : '..' ; DOT : '.' ;
EQ : '==' ; NE : '!=' ; LE : '<=' ; GE : '>=' ; LT : '<' ; GT : '>' ; ASSIGN : '=' ;
PLUS : '+' ; MINUS : '-' ; STAR : '*' ; AMP : '&' ; PIPE : '|' ;

STRING : '"' ( '\\' ~[\r\n] | ~["\\\r\n] )* '"' ;
TIME : DIGITS ':' DIGITS ( ':' DIGITS )? ;
INT : DIGITS ( '_' DIGITS )* ;
DECIMAL : DIGITS ( '_' DIGITS )* '.' DIGITS ( '_' DIGITS )* ;
DURATION : ( DIGITS ( 'ms' | [smhd] ) )+ ;
IDENT : [A-Za-z_] [A-Za-z0-9_]* ;

// Mistakes with one likely meaning; the token stream reports them and passes on what was meant.
AND_AND : '&&' ;
OR_OR : '||' ;
BANG : '!' ;
SINGLE_QUOTED : '\'' ~['\r\n]* '\'' ;
UNCLOSED : '"' ( '\\' ~[\r\n] | ~["\\\r\n] )* '\\'? ;
BAD_NUMBER : [0-9] [A-Za-z0-9_]* ( '.' [0-9] [A-Za-z0-9_]* )? ;

DOC : '///' ~[\r\n]* ;
COMMENT : '//' ~[\r\n]* -> skip ;
SPACE : [ \t\r\n]+ -> skip ;
NON_ASCII : '\u007F'+ ;
BAD : . ;

fragment DIGITS : [0-9]+ ;
