#include <algorithm>

#include "base/values.h"
#include "syntax/literal.h"
#include "syntax/lower.h"

namespace writ::syntax {
namespace {

/// The order of clauses in a rule; the effect clauses share one position.
enum class ClauseRank : std::uint8_t { Each, Extends, Tool, When, Effect, Because };

struct ClauseWord {
    ClauseRank rank;
    std::string_view word;
};

ClauseWord clause_word(Tree::RuleClauseContext& tree) {
    switch (tree.getStart()->getType()) {
        case Lexer::FOR:
            return tree.EACH() != nullptr ? ClauseWord{ClauseRank::Each, "for each"}
                                          : ClauseWord{ClauseRank::Tool, "for tool"};
        case Lexer::EXTENDS: return {ClauseRank::Extends, "extends"};
        case Lexer::WHEN: return {ClauseRank::When, "when"};
        case Lexer::BECAUSE: return {ClauseRank::Because, "because"};
        case Lexer::GRANT: return {ClauseRank::Effect, "grant"};
        case Lexer::TO: return {ClauseRank::Effect, "to"};
        case Lexer::WITH: return {ClauseRank::Effect, "with"};
        default: return {ClauseRank::Effect, "approval"};
    }
}

RuleKind kind_of(std::size_t type) {
    switch (type) {
        case Lexer::DENY: return RuleKind::Deny;
        case Lexer::REQUIRE: return RuleKind::Require;
        case Lexer::LIMIT: return RuleKind::Limit;
        case Lexer::OBLIGE: return RuleKind::Oblige;
        default: return RuleKind::Permit;
    }
}

}  // namespace

ast::RuleDecl TreeLowering::rule(Tree::RuleDeclContext& tree) {
    ast::RuleDecl out;
    out.kind = kind_of(tree.getStart()->getType());
    out.name = name(*tree.name());
    ClauseRank last = ClauseRank::Each;
    std::string_view last_word;
    for (auto* next : tree.ruleClause()) {
        const ClauseWord found = clause_word(*next);
        if (found.rank < last)
            report_.add(Code::SyntaxError, span(*next->getStart()),
                        '`' + std::string(found.word) + "` comes before `" + std::string(last_word) + '`', {},
                        "the order is `for each`, `extends`, `for tool`, `when`, the effect, `because`");
        last = std::max(last, found.rank);
        if (found.rank == last) last_word = found.word;
        clause(out, *next);
    }
    return out;
}

void TreeLowering::clause(ast::RuleDecl& rule, Tree::RuleClauseContext& tree) {
    const Span at = span(tree);
    const auto first = [&](bool before) { return once(before, at, clause_word(tree).word); };
    switch (tree.getStart()->getType()) {
        case Lexer::FOR:
            if (tree.EACH() != nullptr) {
                if (!first(rule.row.has_value())) return;
                rule.row = name(*tree.name());
                rule.table = qualified(*tree.qualified());
            } else if (first(!rule.tools.empty())) {
                for (auto* tool : tree.qualifieds()->qualified()) rule.tools.push_back(qualified(*tool));
            }
            return;
        case Lexer::EXTENDS:
            if (first(rule.extends.has_value())) rule.extends = qualified(*tree.qualified());
            return;
        case Lexer::WHEN:
            if (first(rule.when != nullptr)) rule.when = expression(*tree.expr(0));
            return;
        case Lexer::GRANT: {
            if (!first(rule.grant.has_value())) return;
            ast::GrantClause grant{expression(*tree.expr(0)), nullptr, at};
            if (tree.FOR() != nullptr) grant.ttl = expression(*tree.expr(1));
            rule.grant = grant;
            return;
        }
        case Lexer::TO:
            if (first(rule.limit.has_value())) rule.limit = limits(tree);
            return;
        case Lexer::WITH:
            if (!first(!rule.obligations.empty())) return;
            for (auto* each : tree.obligation()) {
                ast::ObligationClause obligation{name(*each->name()), {}, span(*each)};
                for (auto* argument : each->argument())
                    obligation.args.emplace_back(name(*argument->anyName()), expression(*argument->expr()));
                rule.obligations.push_back(std::move(obligation));
            }
            return;
        case Lexer::BECAUSE:
            if (first(rule.because.has_value())) rule.because = string(*tree.STRING());
            return;
        default: break;
    }
    if (!first(rule.approval.has_value())) return;
    ast::ApprovalClause approval;
    approval.span = at;
    if (auto* count = tree.INT())
        approval.count = decode_int(text(span(*count)), false, span(*count), report_).value_or(1);
    approval.groups = strings(*tree.strings());
    if (tree.WITHIN() != nullptr) approval.within = expression(*tree.expr(0));
    rule.approval = std::move(approval);
}

ast::LimitClause TreeLowering::limits(Tree::RuleClauseContext& tree) {
    ast::LimitClause out;
    out.span = span(tree);
    for (auto* item : tree.limitItem()) {
        const Span at = span(*item);
        if (item->TTL() != nullptr) {
            if (once(out.ttl != nullptr, at, "ttl")) out.ttl = expression(*item->expr());
        } else if (item->SCOPES() != nullptr) {
            if (once(out.scopes != nullptr, at, "scopes")) out.scopes = expression(*item->expr());
        } else if (item->AUDIENCE() != nullptr) {
            if (once(out.audience != nullptr, at, "audience")) out.audience = expression(*item->expr());
        } else if (once(out.single_use, at, "single_use")) {
            out.single_use = true;
        }
    }
    return out;
}

// ---- fixtures and tests ---------------------------------------------------------------------

ast::FixtureDecl TreeLowering::fixture(Tree::FixtureDeclContext& tree) {
    ast::FixtureDecl out;
    out.name = name(*tree.name());
    if (auto* file = tree.STRING()) {
        out.json_path = string(*file);
        out.path_span = span(*file);
    } else {
        out.base = qualified(*tree.qualified());
    }
    changes(out.changes, tree.change());
    return out;
}

void TreeLowering::changes(std::vector<ast::FixtureChange>& out, const std::vector<Tree::ChangeContext*>& trees) {
    for (auto* tree : trees) {
        for (auto* set : tree->assignment()) out.push_back({place(*set->place()), span(*set), data(*set->data())});
        for (auto* gone : tree->place()) {
            ast::Data missing;
            missing.kind = ast::DataKind::Missing;
            missing.span = span(*gone);
            out.push_back({place(*gone), span(*gone), std::move(missing)});
        }
    }
}

ast::Data TreeLowering::data(Tree::DataContext& tree) {
    if (auto* value = tree.literal()) return literal(*value);
    ast::Data out;
    out.kind = ast::DataKind::Name;
    out.span = span(tree);
    out.name = qualified(*tree.qualified());
    return out;
}

ast::Data TreeLowering::literal(Tree::LiteralContext& tree) {
    ast::Data out;
    out.span = span(tree);
    if (tree.BINDING() != nullptr) {
        out.kind = ast::DataKind::Binding;
        if (auto* fixture = tree.qualified()) out.name = qualified(*fixture);
        return out;
    }
    antlr4::Token& last = *tree.getStop();
    const std::string_view written = text(span(last));
    switch (last.getType()) {
        case Lexer::STRING:
            out.kind = ast::DataKind::String;
            out.text = string(last);
            return out;
        case Lexer::INT:
        case Lexer::DECIMAL: {
            const bool negative = tree.MINUS() != nullptr;
            out.kind = ast::DataKind::Number;
            out.text = json_number(written, negative);
            // Called only because it reports errors.
            if (last.getType() == Lexer::INT)
                static_cast<void>(decode_int(written, negative, out.span, report_));
            else
                static_cast<void>(decode_decimal(written, negative, out.span, report_));
            return out;
        }
        case Lexer::DURATION: {
            const std::int64_t micros = parse_duration(written).value_or(0);
            const bool whole = micros % kSecond == 0;
            out.kind = whole ? ast::DataKind::Number : ast::DataKind::String;
            out.text = whole ? std::to_string(micros / kSecond) : std::string(written);
            return out;
        }
        case Lexer::TRUE:
        case Lexer::FALSE:
            out.kind = ast::DataKind::Bool;
            out.boolean = last.getType() == Lexer::TRUE;
            return out;
        case Lexer::NONE: return out;
        case Lexer::MISSING: out.kind = ast::DataKind::Missing; return out;
        default: break;
    }
    const bool empty = tree.LBRACE() != nullptr && tree.member().empty() && tree.data().empty();
    out.kind = empty ? ast::DataKind::Empty : tree.member().empty() ? ast::DataKind::Array : ast::DataKind::Object;
    for (auto* item : tree.data()) out.items.push_back(data(*item));
    for (auto* member : tree.member())
        out.members.emplace_back(field_name(*member->fieldName()), data(*member->data()));
    return out;
}

ast::TestDecl TreeLowering::test(Tree::TestDeclContext& tree) {
    ast::TestDecl out;
    out.name = string(*tree.STRING());
    out.name_span = span(*tree.STRING());
    out.given = qualified(*tree.qualified());
    changes(out.changes, tree.change());
    for (auto* one : tree.expectation()) out.expects.push_back(expectation(*one));
    if (auto* table = tree.cases()) cases(out, *table);
    return out;
}

void TreeLowering::cases(ast::TestDecl& test, Tree::CasesContext& tree) {
    for (auto* column : tree.place()) {
        test.case_paths.push_back(place(*column));
        test.case_path_spans.push_back(span(*column));
    }
    for (auto* row : tree.caseRow()) {
        ast::CaseRow out;
        if (auto* value = row->literal()) {
            out.values.push_back(literal(*value));
        } else {
            auto& named = *row->cellName();
            ast::Data& cell = out.values.emplace_back();
            cell.kind = ast::DataKind::Name;
            cell.span = cell.name.span = span(named);
            const Span first = span(*named.getStart());
            cell.name.parts.push_back({text(first), first});
            for (auto* part : named.anyName()) cell.name.parts.push_back(name(*part));
        }
        for (auto* value : row->data()) out.values.push_back(data(*value));
        out.expect = expectation(*row->expectation());
        if (out.values.size() == test.case_paths.size()) {
            test.rows.push_back(std::move(out));
            continue;
        }
        Diagnostic& d = report_.add(Code::BadExpectation, span(*row),
                                    "row has " + std::to_string(out.values.size()) + " values for " +
                                        std::to_string(test.case_paths.size()) + " columns");
        d.related.push_back({join(test.case_path_spans.front(), test.case_path_spans.back()), "the columns"});
    }
}

ast::Expectation TreeLowering::expectation(Tree::ExpectationContext& tree) {
    ast::Expectation out;
    out.span = span(tree);
    out.effect = text(span(*tree.getStart()));
    const bool permit = tree.PERMIT() != nullptr;
    for (auto* part : tree.expectPart()) {
        const Span at = span(*part);
        const auto fits = [&](bool belongs, bool before) {
            const std::string_view word = part->LBRACE() != nullptr ? "{ … }" : text(span(*part->getStart()));
            if (belongs) return once(before, at, word);
            report_.add(Code::BadExpectation, at,
                        '`' + std::string(word) + "` cannot be used with `" + out.effect + '`', {},
                        permit ? "a permit has no unmet requirements and no reasons against it"
                               : "only a permit grants anything");
            return false;
        };
        const bool only = part->EXACTLY() != nullptr;
        /// Whether a value is the name of a definition, which is then kept.
        const auto named = [&](ast::QualifiedName& into) {
            if (part->qualified() != nullptr) into = qualified(*part->qualified());
            return part->qualified() != nullptr;
        };
        const auto texts = [&] {
            std::vector<std::string> list;
            if (auto* items = part->strings())
                for (auto& item : strings(*items)) list.push_back(std::move(item.first));
            return list;
        };
        switch (part->getStart()->getType()) {
            case Lexer::LBRACE:
            case Lexer::SCOPES:
                if (!fits(permit, out.scopes.has_value() || !out.scopes_name.parts.empty())) break;
                if (!named(out.scopes_name)) out.scopes = texts();
                break;
            case Lexer::FOR:
                if (!fits(permit, out.ttl.has_value() || !out.ttl_name.parts.empty())) break;
                if (!named(out.ttl_name)) out.ttl = duration(*part->DURATION());
                break;
            case Lexer::UNTIL:
                if (!fits(permit, out.until.has_value() || !out.until_name.parts.empty())) break;
                if (!named(out.until_name)) out.until = instant(*part->STRING());
                break;
            case Lexer::AUDIENCE:
                if (!fits(permit, out.audience.has_value() || !out.audience_name.parts.empty())) break;
                if (!named(out.audience_name)) out.audience = texts();
                break;
            case Lexer::SINGLE_USE:
                if (fits(permit, out.single_use)) out.single_use = true;
                break;
            case Lexer::WITH:
                if (!fits(permit, !out.obligations.empty() || out.only_obligations)) break;
                out.only_obligations = only;
                if (auto* names = part->names())
                    for (auto* each : names->name()) out.obligations.push_back(name(*each));
                break;
            case Lexer::BY:
                if (!fits(true, !out.rules.empty() || out.only_rules)) break;
                out.only_rules = only;
                if (auto* rules = part->qualifieds())
                    for (auto* rule : rules->qualified()) out.rules.push_back(qualified(*rule));
                break;
            case Lexer::BECAUSE:
                if (!fits(!permit, !out.reasons.empty())) break;
                out.only_reasons = only;
                for (auto* reason : part->qualifieds()->qualified()) out.reasons.push_back(qualified(*reason));
                break;
            default:
                if (!fits(tree.NEEDS_APPROVAL() != nullptr, !out.groups.empty())) break;
                out.only_groups = only;
                out.groups = texts();
                break;
        }
    }
    return out;
}

}  // namespace writ::syntax
