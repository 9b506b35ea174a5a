// The syntax tree of a source file: names are not resolved, types are as written. One struct for each construct.
// Expressions are allocated in the module's arena; views point into it or into the source text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "base/kind.h"
#include "base/operators.h"
#include "base/source.h"
#include "base/window.h"

namespace writ::ast {

struct Name {
    std::string_view text;
    Span span;
};

/// `a.b.c`; for modules and qualified references.
struct QualifiedName {
    std::vector<Name> parts;
    Span span;
};

// ---- expressions ----------------------------------------------------------------------------

enum class ExprKind : std::uint8_t {
    String,    ///< text: decoded
    Int,       ///< integer
    Decimal,   ///< integer: count of 10^-6
    Duration,  ///< integer: microseconds
    Bool,      ///< integer: 0 or 1
    Path,      ///< steps: name, then .name / ."quoted" / ["key"]
    Set,       ///< kids: the elements
    Call,      ///< text: function; kids: arguments
    Count,     ///< text: binder; kids: list, body
    Any,       ///< text: binder; kids: list, body
    All,
    Not,  ///< kids: operand
    Negate,
    And,  ///< kids: two or more
    Or,
    Compare,   ///< cmp; kids: left, right
    In,        ///< kids: item, list
    Contains,  ///< kids: list, item
    SubsetOf,
    Overlaps,
    TextTest,  ///< test; kids: subject; text: pattern
    InWindow,  ///< kids: instant; window, text: zone
    IsNone,    ///< kids: subject
    IsSome,
    IsName,  ///< kids: subject; text: the issuer or enum name
    Add,
    Subtract,
    Multiply,
    Union,
    Intersect,
    Error,  ///< could not be parsed; already reported
};

/// One value that is written out.
constexpr bool is_literal(ExprKind kind) {
    return kind == ExprKind::String || kind == ExprKind::Int || kind == ExprKind::Decimal ||
           kind == ExprKind::Duration || kind == ExprKind::Bool;
}
/// A value made of values of its own kind.
constexpr bool is_algebra(ExprKind kind) {
    return kind == ExprKind::Negate || kind == ExprKind::Add || kind == ExprKind::Subtract ||
           kind == ExprKind::Multiply || kind == ExprKind::Union || kind == ExprKind::Intersect;
}

/// Element: a position in a list, only in fixtures and tests.
enum class StepKind : std::uint8_t { Name, Quoted, Key, Element };

struct PathStep {
    StepKind kind = StepKind::Name;
    std::string_view text;
    Span span;
};

struct Expr {
    ExprKind kind = ExprKind::Error;
    Cmp cmp = Cmp::Eq;
    writ::TextTest test{};
    Span span;
    Span op_span;  ///< the operator, binder or function name
    std::string_view text;
    std::int64_t integer = 0;
    std::span<const Expr* const> kids;
    std::span<const PathStep> steps;
    Window window{};
};

// ---- types and fields -----------------------------------------------------------------------

struct Field;

struct TypeRef {
    std::string_view name;  ///< "string", "record", "list", "set", "map", "one_or_many", or an enum
    Span span;
    std::vector<TypeRef> args;  ///< element of list and set, value of map
    std::vector<Field> fields;  ///< of a record
    std::string_view of;        ///< `record of LIST`
};

struct Field {
    Name name;
    TypeRef type;
    bool or_none = false;
    std::optional<Provenance> from;
    std::optional<std::uint32_t> max;
    std::string doc;
};

// ---- data in tests and fixtures -------------------------------------------------------------

/// Empty: `{ }`, an object or a list depending on the schema. Name: a definition. Binding: `binding of …`.
enum class DataKind : std::uint8_t { String, Number, Bool, None, Missing, Array, Object, Empty, Name, Binding };

struct DataMember;

/// A JSON value as written in a policy.
struct Data {
    DataKind kind = DataKind::None;
    Span span;
    std::string text;  ///< String: decoded; Number: in JSON's form
    bool boolean = false;
    QualifiedName name;  ///< Name; Binding: a fixture, or without parts for the request itself
    std::vector<Data> items;
    std::vector<DataMember> members;
};

struct DataMember {
    Name first;
    Data second;
};

/// `with path = value`; `without path` is a value of kind Missing.
struct FixtureChange {
    std::vector<PathStep> path;
    Span span;
    Data value;
};

// ---- declarations ---------------------------------------------------------------------------

struct SchemaDecl {
    Name name;
    std::vector<Field> fields;
};

struct AliasDecl {
    Name name;
    std::vector<PathStep> target;
    Span span;
};

/// `parse FIELD { "pattern" … }`
struct ParseDecl {
    std::vector<PathStep> path;
    std::vector<std::pair<std::string, Span>> patterns;
};

/// `{ "a", "b" }`, `{ true }`
struct RoleValues {
    std::vector<std::pair<std::string, Span>> texts;  ///< a bool: "true" or "false"
    bool of_bool = false;
};

/// `owner`, `first 2 of sub`, `phase is { "apply" } not { "plan" }`
struct RoleClaim {
    std::vector<PathStep> path;
    std::optional<std::int64_t> first;
    RoleValues good, bad;  ///< no texts: not stated
    Span span;
};

/// `role NAME claim, …`
struct RoleDecl {
    Name name;
    std::vector<RoleClaim> claims;
};

struct ClaimsDecl {
    Name name;
    bool shared = false;
    std::vector<std::pair<std::string, Span>> shared_at;  ///< URLs of the shared issuers; empty: all are shared
    std::vector<Field> fields;
    std::vector<AliasDecl> aliases;
    std::vector<ParseDecl> parses;
    std::vector<RoleDecl> roles;
    std::vector<std::pair<std::string, Span>> types;
    bool proof_required = false;
    std::optional<std::string> never;  ///< `never permit because "…"`
};

struct IssuerDecl {
    Name name;
    QualifiedName kind;
    std::string url;
    Span url_span;
    std::vector<std::pair<std::string, Span>> audiences;
    std::vector<std::pair<std::string, Span>> types;
    std::optional<std::int64_t> max_age;  ///< microseconds
    std::optional<std::int64_t> leeway;
    Span leeway_span;
    bool proof_required = false;
};

/// `issuer group NAME = …`
struct IssuerGroupDecl {
    Name name;
    std::vector<QualifiedName> members;
};

struct EnumDecl {
    Name name;
    bool ordered = false;
    std::vector<Name> members;
    /// `role NAME` behind a tier, with the index of the tier.
    std::vector<std::pair<Name, std::size_t>> roles;
};

struct ToolDecl {
    Name name;
    std::string wire_name;  ///< empty: equals the name
    std::optional<Name> tier;
    std::vector<std::pair<std::string, Span>> audiences;
    const Expr* scopes = nullptr;
    std::vector<Field> params;
};

struct TableDecl {
    Name name;
    std::string format;  ///< "csv" or "json"
    std::string path;
    Span path_span;
    std::vector<Field> columns;
};

struct Param {
    Name name;
    TypeRef type;
};

struct DefineDecl {
    Name name;
    bool has_params = false;
    std::vector<Param> params;
    const Expr* body = nullptr;
};

struct GrantClause {
    const Expr* scopes = nullptr;
    const Expr* ttl = nullptr;  ///< null: not written
    Span span;
};

struct ApprovalClause {
    std::int64_t count = 1;
    std::vector<std::pair<std::string, Span>> groups;
    const Expr* within = nullptr;
    Span span;
};

struct LimitClause {
    const Expr* ttl = nullptr;
    const Expr* scopes = nullptr;
    const Expr* audience = nullptr;
    bool single_use = false;
    Span span;
};

struct ObligationClause {
    Name name;
    std::vector<std::pair<Name, const Expr*>> args;
    Span span;
};

struct RuleDecl {
    RuleKind kind = RuleKind::Permit;
    Name name;
    std::optional<Name> row;  ///< `for each ROW in TABLE`
    QualifiedName table;
    std::optional<QualifiedName> extends;
    std::vector<QualifiedName> tools;
    const Expr* when = nullptr;
    std::optional<GrantClause> grant;
    std::optional<ApprovalClause> approval;
    std::optional<LimitClause> limit;
    std::vector<ObligationClause> obligations;
    std::optional<std::string> because;
};

struct InvariantDecl {
    Name name;
    bool never_needs_approval = false;  ///< otherwise: never permit
    const Expr* when = nullptr;
};

struct FixtureDecl {
    Name name;
    std::optional<std::string> json_path;
    Span path_span;
    std::optional<QualifiedName> base;
    std::vector<FixtureChange> changes;
};

struct Expectation {
    Span span;
    std::string effect;  ///< "permit", "deny", "needs_approval"
    std::optional<std::vector<std::string>> scopes;
    std::optional<std::int64_t> ttl;    ///< microseconds
    std::optional<std::int64_t> until;  ///< `not_after`, microseconds since the epoch
    std::optional<std::vector<std::string>> audience;
    /// Definitions that have these values; without parts if the value is written out or not expected.
    QualifiedName scopes_name, ttl_name, until_name, audience_name;
    bool single_use = false;
    /// Whether the names that follow are all that the decision has, and not only among them.
    bool only_obligations = false, only_rules = false, only_reasons = false, only_groups = false;
    std::vector<Name> obligations;
    std::vector<QualifiedName> rules;
    std::vector<QualifiedName> reasons;
    std::vector<std::string> groups;
};

struct CaseRow {
    std::vector<Data> values;
    Expectation expect;
};

struct TestDecl {
    std::string name;
    Span name_span;
    QualifiedName given;
    std::vector<FixtureChange> changes;
    std::vector<Expectation> expects;  ///< if there are no `cases`
    std::vector<std::vector<PathStep>> case_paths;
    std::vector<Span> case_path_spans;
    std::vector<CaseRow> rows;
};

struct Import {
    QualifiedName module;
    std::optional<Name> alias;
};

struct Decl {
    Span span;
    bool exported = false;
    std::string doc;
    std::variant<SchemaDecl, ClaimsDecl, IssuerDecl, IssuerGroupDecl, EnumDecl, ToolDecl, TableDecl, DefineDecl,
                 RuleDecl, InvariantDecl, FixtureDecl, TestDecl>
        node;
};

/// The name that a declaration with a syntax error would have declared, so that its uses are not reported too.
struct BrokenDecl {
    std::string_view name;
    bool tool = false;
};

/// One source file.
struct SourceFile {
    std::uint32_t source = 0;
    std::optional<QualifiedName> module;
    std::vector<Import> imports;
    std::vector<Decl> decls;  ///< in source order
    std::vector<BrokenDecl> broken;
    bool unread = false;  ///< the text could not be read at all
    std::unique_ptr<Arena> arena = std::make_unique<Arena>();
};

}  // namespace writ::ast
