// Effects of rules. They are constant once a template's row is known, so a template's are checked
// for every row of its table.
#include "check/effects.h"

#include <algorithm>

#include "base/values.h"

namespace writ::check {
namespace {

using TableRow = std::vector<Cell>;
using Scopes = std::vector<std::string_view>;

bool contains(const Scopes& scopes, std::string_view scope) {
    return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

/// The set of an effect for one row; null: there is no row.
Scopes evaluate(const Expr& e, const TableRow* row) {
    Scopes out;
    if (e.op == Op::Text) out.push_back(e.text);
    if (e.op == Op::Column && row != nullptr) {
        const auto& cell = (*row)[e.id];
        if (e.type.kind == Kind::List)
            out.assign(cell.set.begin(), cell.set.end());
        else
            out.push_back(cell.text);
    }
    if (e.op == Op::Set)
        for (const auto* kid : e.kids)
            for (const auto scope : evaluate(*kid, row)) out.push_back(scope);
    if (class_of(e.op) != OpClass::SetAlgebra) return out;
    const auto left = evaluate(*e.kids[0], row), right = evaluate(*e.kids[1], row);
    for (const auto scope : left)
        if (e.op == Op::Union || contains(right, scope) == (e.op == Op::Intersect)) out.push_back(scope);
    if (e.op == Op::Union) out.insert(out.end(), right.begin(), right.end());
    return out;
}

class EffectCheck {
public:
    EffectCheck(Context& c, const ast::RuleDecl& decl, Scope& scope, Rule& rule)
        : c_(c), decl_(decl), scope_(scope), rule_(rule) {
        scope_.constant = true;
        if (rule.each.valid()) table_ = &c.policy.tables[rule.each.value];
    }

    void permit(const Rule* base) {
        const auto* grant = decl_.grant ? &*decl_.grant : nullptr;
        if (base != nullptr) {
            rule_.scopes = base->scopes;
            rule_.ttl = base->ttl;
        }
        if (grant != nullptr && grant->scopes != nullptr) rule_.scopes = scopes(*grant->scopes);
        if (grant != nullptr && grant->ttl != nullptr) rule_.ttl = duration(*grant->ttl, kMaxTtl);
        const bool inherits = decl_.extends.has_value();
        if (!inherits && (grant == nullptr || grant->scopes == nullptr))
            c_.report.add(Code::TtlOrGrantMissing, decl_.name.span,
                          "permit " + quoted(decl_.name.text) + " grants no scopes", {},
                          "add `grant { \"…\" } for 5m`");
        else if (!inherits && grant->ttl == nullptr)
            c_.report.add(Code::TtlOrGrantMissing, grant->span, "the grant has no ttl",
                          "would last as long as all other limits allow", "add `for 5m`");
        if (rule_.scopes == nullptr) return;
        const bool own = grant != nullptr && grant->scopes != nullptr;
        const Span at = own ? rule_.scopes->span : decl_.name.span;
        if (own && rule_.scopes->op == Op::Set && rule_.scopes->kids.empty())
            c_.report.add(Code::TtlOrGrantMissing, at, "the grant has no scopes", "an empty set");
        check_offered(at);
    }

    void require() {
        if (!decl_.approval) return;
        const auto& approval = *decl_.approval;
        std::int64_t most = kMaxList;
        if (const auto approvals = child_of(c_.policy, c_.policy.request, "approvals"); approvals.valid())
            most = c_.policy.at(approvals).type.max;
        if (approval.count < 1 || approval.count > most)
            c_.report.add(Code::ValueOutOfRange, approval.span,
                          std::to_string(approval.count) + " approvals cannot be required", {},
                          "require 1 to " + std::to_string(most));
        else
            rule_.approvals = static_cast<std::uint32_t>(approval.count);
        for (const auto& [group, span] : approval.groups) {
            if (group.empty()) c_.report.add(Code::ValueOutOfRange, span, "an empty group name");
            if (std::find(rule_.groups.begin(), rule_.groups.end(), group) == rule_.groups.end())
                rule_.groups.push_back(group);
        }
        if (approval.within != nullptr)
            rule_.ttl = duration(*approval.within, 0);
        else
            c_.report.add(Code::WrongClause, approval.span, "the approval has no `within`", "how long does it count?",
                          "add it after the groups: `within 15m`");
    }

    void limit() {
        if (!decl_.limit) return;
        const auto& limit = *decl_.limit;
        if (limit.ttl != nullptr) rule_.ttl = duration(*limit.ttl, 0);
        if (limit.scopes != nullptr) rule_.scopes = scopes(*limit.scopes);
        if (limit.audience != nullptr) rule_.audience = texts(*limit.audience);
        rule_.single_use = limit.single_use;
    }

    void oblige() {
        for (const auto& clause : decl_.obligations) {
            Obligation obligation;
            obligation.name = clause.name.text;
            for (std::size_t i = 0; i < clause.args.size(); ++i) {
                const auto& [name, value] = clause.args[i];
                for (std::size_t j = 0; j < i; ++j)
                    if (clause.args[j].first.text == name.text)
                        report_twice(c_, "argument", name.text, name.span, clause.args[j].first.span);
                start_work(c_);
                const auto* typed = type_constant(c_, scope_, *value, nullptr);
                if (typed == nullptr) continue;
                const bool algebra = class_of(typed->op) == OpClass::SetAlgebra;
                if (algebra)
                    c_.report.add(Code::ConstantExpected, typed->span, "an argument is a literal, a set or a column",
                                  {}, "write the set out, or give the table a column of it");
                else
                    obligation.args.push_back({std::string(name.text), typed});
            }
            std::sort(obligation.args.begin(), obligation.args.end(),
                      [](const ObligationArg& a, const ObligationArg& b) { return a.name < b.name; });
            rule_.obligations.push_back(std::move(obligation));
        }
    }

private:
    /// Scopes or audiences. The engine gives each tool only its own.
    const Expr* texts(const ast::Expr& e) {
        const Type want = list_of(scalar(Kind::String), 0);
        start_work(c_);
        scope_.reduced = true;
        const auto* set = type_constant(c_, scope_, e, &want);
        scope_.reduced = false;
        return set;
    }

    /// Calls `see` with the set's value in each row, or once without rows, until it returns false.
    template <class See>
    void each_value(const Expr& set, See see) {
        if (is_constant(set) || table_ == nullptr) {
            (void)see(evaluate(set, nullptr), std::string{});
            return;
        }
        for (std::size_t i = 0; i < table_->rows.size(); ++i)
            if (!see(evaluate(set, &table_->rows[i]),
                     "in row " + std::to_string(i + 1) + " of table " + quoted(table_->name)))
                return;
    }

    const Expr* scopes(const ast::Expr& e) {
        const auto* set = texts(e);
        if (set == nullptr) return nullptr;
        each_value(*set, [&](const Scopes& values, std::string where) {
            for (const auto scope : values) {
                if (scope.find('*') == std::string_view::npos) continue;
                c_.report.add(Code::WildcardScope, span_of(*set, scope), "scope " + quoted(scope) + " has a `*`",
                              std::move(where), "list the scopes one by one; scopes are not patterns");
                return false;
            }
            return true;
        });
        return set;
    }

    static Span span_of(const Expr& set, std::string_view scope) {
        for (const auto* kid : set.kids)
            if (kid->op == Op::Text && kid->text == scope) return kid->span;
        return set.span;
    }

    void check_offered(Span at) {
        if (scope_.broken) return;  // the unknown tool might offer them
        Scopes offered;
        for (const auto id : rule_.tools) {
            const auto& tool = c_.policy.tools[id.value];
            if (tool.scopes.empty()) return;  // reported at the tool
            offered.insert(offered.end(), tool.scopes.begin(), tool.scopes.end());
        }
        if (offered.empty()) return;
        std::unordered_set<std::string_view> index(offered.begin(), offered.end());
        const bool own = at.begin == rule_.scopes->span.begin && at.source == rule_.scopes->span.source;
        each_value(*rule_.scopes, [&](const Scopes& values, std::string where) {
            bool right = true;
            for (const auto scope : values) {
                if (index.contains(scope) || scope.find('*') != std::string_view::npos) continue;
                right = false;
                if (where.empty()) where = "not in the catalogue";
                auto& diagnostic =
                    c_.report.add(Code::ScopeNotInCatalogue, own ? span_of(*rule_.scopes, scope) : at,
                                  "scope " + quoted(scope) + " is not offered by the rule's tools", where);
                for (const auto id : rule_.tools)
                    diagnostic.related.push_back({c_.policy.tools[id.value].span, "the tool is declared here"});
                suggest(c_, diagnostic, scope, offered);
                if (diagnostic.replacement.empty()) continue;
                if (text_at(c_, diagnostic.span).starts_with('"'))
                    diagnostic.replacement = "\"" + diagnostic.replacement + "\"";
                else
                    diagnostic.replacement.clear();
            }
            return right;
        });
    }

    /// A duration above zero, and of at most `most`; 0: without limit.
    const Expr* duration(const ast::Expr& e, std::int64_t most) {
        const Type want = scalar(Kind::Duration);
        start_work(c_);
        const auto* value = type_constant(c_, scope_, e, &want);
        if (value == nullptr) return nullptr;
        const auto check = [&](std::int64_t micros, const std::string& where) {
            if (micros > 0 && (most == 0 || micros <= most)) return true;
            c_.report.add(Code::ValueOutOfRange, value->span, quoted(format_duration(micros)) + " is out of range",
                          where,
                          most == 0 ? "it must be greater than zero"
                                    : "it must be greater than zero and at most " + format_duration(most));
            return false;
        };
        if (value->op == Op::Integer) (void)check(value->integer, {});
        if (value->op == Op::Column && table_ != nullptr)
            for (std::size_t i = 0; i < table_->rows.size(); ++i)
                if (!check(table_->rows[i][value->id].integer,
                           "in row " + std::to_string(i + 1) + " of table " + quoted(table_->name)))
                    break;
        return value;
    }

    Context& c_;
    const ast::RuleDecl& decl_;
    Scope& scope_;
    Rule& rule_;
    const Table* table_ = nullptr;
};

}  // namespace

void check_effect(Context& c, const ast::RuleDecl& decl, Scope& scope, const Rule* base, Rule& rule) {
    EffectCheck check(c, decl, scope, rule);
    switch (decl.kind) {
        case RuleKind::Permit: return check.permit(base);
        case RuleKind::Require: return check.require();
        case RuleKind::Limit: return check.limit();
        case RuleKind::Oblige: return check.oblige();
        case RuleKind::Deny: return;
    }
}

}  // namespace writ::check
