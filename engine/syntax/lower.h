// Converts parse trees to declarations. Uses the grammar's contexts only. Private to syntax/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/report.h"
#include "syntax/ast.h"
#include "syntax/tokens.h"

namespace writ::syntax {

/// Converts parse trees to the declarations of a file. The result does not point into a parse tree.
class TreeLowering {
public:
    TreeLowering(ast::SourceFile& file, const TokenWindow& tokens, std::uint32_t max_depth, Report& report)
        : file_(file), arena_(*file.arena), tokens_(tokens), max_depth_(max_depth), report_(report) {}

    void module_decl(Tree::ModuleDeclContext& tree);
    void import_decl(Tree::ImportDeclContext& tree);
    void declaration(Tree::DeclarationContext& tree);

private:
    /// An expression and its depth. Later phases recurse over the tree, so the depth is limited.
    struct Sub {
        const ast::Expr* expr = nullptr;
        std::uint32_t depth = 0;
    };
    using Texts = std::vector<std::pair<std::string, Span>>;

    // lower_expr.cpp
    const ast::Expr* expression(Tree::ExprContext& tree) { return condition(tree).expr; }
    Sub condition(Tree::ExprContext& tree);
    Sub quantified(Tree::QuantifiedContext& tree);
    Sub comparison(Tree::ComparisonContext& tree);
    Sub relation(const Sub& left, Tree::RelationContext& tree);
    Sub is_value(const Sub& left, Span whole, Tree::RelationContext& tree);
    Sub window(const Sub& left, Span whole, Tree::WindowContext& tree);
    Sub sum(Tree::SumContext& tree);
    Sub product(Tree::ProductContext& tree);
    Sub unary(Tree::UnaryContext& tree);
    Sub primary(Tree::PrimaryContext& tree, bool negative);
    Sub number(antlr4::Token& token, bool negative);
    Sub reference(Tree::PrimaryContext& tree);
    Sub nary(ast::ExprKind kind, const std::vector<Sub>& parts, Span op);
    /// Stores the kids and checks the depth.
    Sub finish(ast::Expr expr, const std::vector<Sub>& kids);
    Sub error(Span at);

    // lower_decl.cpp
    ast::SchemaDecl schema(Tree::SchemaDeclContext& tree);
    std::vector<ast::PathStep> claim_path(Tree::AliasPathContext& tree);
    ast::RoleValues role_values(Tree::RoleValuesContext& tree);
    ast::RoleDecl role(Tree::ClaimsItemContext& tree);
    ast::ClaimsDecl claims(Tree::ClaimsDeclContext& tree);
    ast::IssuerDecl issuer(Tree::IssuerDeclContext& tree);
    ast::IssuerGroupDecl issuer_group(Tree::IssuerGroupDeclContext& tree);
    ast::EnumDecl enumeration(Tree::EnumDeclContext& tree);
    ast::EnumDecl tier(Tree::TierDeclContext& tree);
    ast::ToolDecl tool(Tree::ToolDeclContext& tree);
    ast::TableDecl table(Tree::TableDeclContext& tree);
    ast::DefineDecl define(Tree::DefineDeclContext& tree);
    ast::InvariantDecl invariant(Tree::InvariantDeclContext& tree);
    std::vector<ast::Field> fields(Tree::FieldsContext& tree);
    ast::Field field(Tree::FieldContext& tree);
    ast::TypeRef type(Tree::TypeContext& tree);
    ast::Name enum_member(Tree::EnumMemberContext& tree);

    // lower_rule.cpp
    ast::RuleDecl rule(Tree::RuleDeclContext& tree);
    void clause(ast::RuleDecl& rule, Tree::RuleClauseContext& tree);
    ast::LimitClause limits(Tree::RuleClauseContext& tree);
    ast::FixtureDecl fixture(Tree::FixtureDeclContext& tree);
    ast::TestDecl test(Tree::TestDeclContext& tree);
    void cases(ast::TestDecl& test, Tree::CasesContext& tree);
    void changes(std::vector<ast::FixtureChange>& out, const std::vector<Tree::ChangeContext*>& trees);
    ast::Expectation expectation(Tree::ExpectationContext& tree);
    ast::Data data(Tree::DataContext& tree);
    ast::Data literal(Tree::LiteralContext& tree);

    // lower_decl.cpp: the small parts
    [[nodiscard]] Span span(const antlr4::Token& token) const { return tokens_.span(token); }
    [[nodiscard]] Span span(antlr4::tree::TerminalNode& node) const { return span(*node.getSymbol()); }
    [[nodiscard]] Span span(antlr4::ParserRuleContext& tree) const {
        return join(span(*tree.getStart()), span(*tree.getStop()));
    }
    [[nodiscard]] std::string_view text(Span span) const { return tokens_.slice(span); }
    [[nodiscard]] ast::Name name(antlr4::ParserRuleContext& tree) const { return {text(span(tree)), span(tree)}; }
    ast::Name field_name(Tree::FieldNameContext& tree);
    ast::QualifiedName qualified(Tree::QualifiedContext& tree);
    /// `a.b` as one text.
    std::string_view joined(Tree::QualifiedContext& tree);
    std::string_view string(antlr4::Token& token);
    std::string_view string(antlr4::tree::TerminalNode& node) { return string(*node.getSymbol()); }
    Texts strings(Tree::StringsContext& tree);
    ast::PathStep step(Tree::StepContext& tree);
    std::vector<ast::PathStep> path(Tree::PathContext& tree);
    std::vector<ast::PathStep> place(Tree::PlaceContext& tree);
    std::int64_t duration(antlr4::tree::TerminalNode& node) const;
    /// Microseconds since the epoch; reports text that is not an instant.
    std::int64_t instant(antlr4::tree::TerminalNode& node);
    /// Reports `what` as a duplicate if it was given before.
    bool once(bool before, Span at, std::string_view what);

    ast::SourceFile& file_;
    Arena& arena_;
    const TokenWindow& tokens_;
    std::uint32_t max_depth_;
    Report& report_;
    bool too_deep_ = false;  ///< reported for the current declaration
};

}  // namespace writ::syntax
