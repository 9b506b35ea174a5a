// Rules and invariants: which clauses are allowed, what `extends` inherits, and ranges of effects.
#include <algorithm>

#include "base/held.h"
#include "check/effects.h"
#include "check/expr.h"
#include "check/passes.h"

namespace writ::check {
namespace {

struct RuleWork {
    const NamedDecl* entry = nullptr;
    const ast::RuleDecl* decl = nullptr;
    VisitState state = VisitState::Untouched;
    std::uint32_t base = kNoIndex;
    std::string_view row;
    bool broken_scope = false;  ///< a tool or the table is unknown
};

/// Whether a conjunct is a bound of a fact: -1 from below, 1 from above, 0 neither.
int side_of(const Expr& e, std::uint32_t& fact) {
    if (e.op != Op::Compare || e.cmp == Cmp::Eq || e.cmp == Cmp::Ne) return 0;
    const auto bound = [](const Expr* side) { return side->op == Op::Integer || side->op == Op::Column; };
    const bool forward = e.kids[0]->op == Op::Fact && bound(e.kids[1]);
    if (!forward && !(e.kids[1]->op == Op::Fact && bound(e.kids[0]))) return 0;
    fact = e.kids[forward ? 0 : 1]->id;
    const bool upper = e.cmp == Cmp::Lt || e.cmp == Cmp::Le;
    return upper == forward ? 1 : -1;
}

/// "an `oblige` rule".
std::string one_rule(RuleKind kind) {
    return std::string(article_of(spelling_of(kind))) + ' ' + quoted(spelling_of(kind)) + " rule";
}

void append_conjuncts(std::vector<const Expr*>& out, const Expr* when) {
    if (when == nullptr) return;
    if (when->op == Op::And)
        out.insert(out.end(), when->kids.begin(), when->kids.end());
    else
        out.push_back(when);
}

class RuleCheck {
public:
    explicit RuleCheck(Context& c) : c_(c) {
        for (auto& entry : c.entries) {
            const auto* decl = std::get_if<ast::RuleDecl>(&entry.decl->node);
            if (decl == nullptr) continue;
            entry.index = static_cast<std::uint32_t>(work_.size());
            work_.push_back({&entry, decl, VisitState::Untouched, kNoIndex, {}, false});
        }
        c.policy.rules.resize(work_.size());
    }

    void run() {
        for (auto& work : work_) find_base(work);
        for (std::uint32_t i = 0; i < work_.size(); ++i) {
            // Bases first; iterative, because a chain may be long.
            std::vector<std::uint32_t> chain;
            auto at = i;
            for (; at != kNoIndex && work_[at].state == VisitState::Untouched; at = work_[at].base) {
                work_[at].state = VisitState::Busy;
                chain.push_back(at);
            }
            if (at != kNoIndex && work_[at].state == VisitState::Busy) {
                auto& work = work_[chain.back()];
                c_.report.add(Code::CircularDefinition, held(work.decl->extends).span,
                              "rule " + quoted(work.decl->name.text) + " extends itself indirectly",
                              "completes the cycle");
                work.base = kNoIndex;
            }
            for (auto next = chain.rbegin(); next != chain.rend(); ++next) build(*next);
        }
    }

private:
    void find_base(RuleWork& work) {
        const auto& decl = *work.decl;
        if (!decl.extends) return;
        if (decl.kind != RuleKind::Permit) {
            c_.report.add(Code::WrongClause, decl.extends->span, "only a permit can extend another rule", {},
                          "share conditions with a `define`");
            return;
        }
        const auto* base =
            require_name(c_, work.entry->module, NameSort::Rule, *decl.extends, Code::UnknownName, "rule");
        if (base == nullptr) return;
        const auto* rule = std::get_if<ast::RuleDecl>(&base->decl->node);
        if (rule != nullptr && rule->kind == RuleKind::Permit) {
            work.base = base->index;
            return;
        }
        auto& diagnostic =
            c_.report.add(Code::CannotExtend, decl.extends->span, quoted(base->name.text) + " is not a permit");
        diagnostic.related.push_back({base->name.span, "declared here"});
    }

    void build(std::uint32_t index) {
        auto& work = work_[index];
        const auto& decl = *work.decl;
        auto& rule = c_.policy.rules[index];
        rule.kind = decl.kind;
        rule.name = decl.name.text;
        rule.module = c_.modules[work.entry->module].name;
        rule.span = decl.name.span;
        if (decl.because) rule.because = *decl.because;
        const auto* base = work.base == kNoIndex ? nullptr : &c_.policy.rules[work.base];
        if (decl.extends && base == nullptr) work.broken_scope = true;
        resolve_table(work, rule, base);
        resolve_tools(work, rule, base);
        check_clauses(decl);

        Scope scope;
        scope.module = work.entry->module;
        scope.tools = rule.tools;
        scope.row = work.row;
        scope.table = rule.each;
        scope.broken = work.broken_scope;
        check_when(work, rule, base, scope);
        check_effect(c_, decl, scope, base, rule);
        work.state = VisitState::Done;
    }

    void resolve_table(RuleWork& work, Rule& rule, const Rule* base) {
        const auto& decl = *work.decl;
        if (base != nullptr) {
            rule.each = base->each;
            work.row = work_[work.base].row;
            work.broken_scope = work_[work.base].broken_scope;
        }
        if (!decl.row) return;
        if (base != nullptr && !work.row.empty()) {
            auto& diagnostic =
                c_.report.add(Code::CannotExtend, decl.row->span, "the extended rule has a `for each` already");
            diagnostic.related.push_back({base->span, "declared here"});
            return;
        }
        work.row = decl.row->text;
        const auto* entry =
            require_name(c_, work.entry->module, NameSort::Value, decl.table, Code::UnknownCatalogueName, "table");
        if (entry != nullptr && std::holds_alternative<ast::TableDecl>(entry->decl->node)) {
            if (entry->index != kNoIndex) rule.each = TableId{entry->index};
        } else if (entry != nullptr) {
            auto& diagnostic = c_.report.add(Code::UnknownCatalogueName, decl.table.span,
                                             quoted(entry->name.text) + " is not a table");
            diagnostic.related.push_back({entry->name.span, "declared here"});
        }
        if (!rule.each.valid()) work.broken_scope = true;
    }

    void resolve_tools(RuleWork& work, Rule& rule, const Rule* base) {
        for (const auto& name : work.decl->tools) {
            const auto* entry =
                require_name(c_, work.entry->module, NameSort::Tool, name, Code::UnknownCatalogueName, "tool");
            if (entry == nullptr) {
                work.broken_scope = true;
                continue;
            }
            const ToolId id{entry->index};
            if (std::find(rule.tools.begin(), rule.tools.end(), id) != rule.tools.end()) continue;
            if (base != nullptr && !base->tools.empty() &&
                std::find(base->tools.begin(), base->tools.end(), id) == base->tools.end()) {
                auto& diagnostic = c_.report.add(Code::CannotExtend, name.span,
                                                 "the extended rule is not for tool " + quoted(entry->name.text), {},
                                                 "an extension can remove tools, but not add them");
                diagnostic.related.push_back({base->span, "declared here"});
                continue;
            }
            rule.tools.push_back(id);
        }
        if (base != nullptr && work.decl->tools.empty()) rule.tools = base->tools;
    }

    void refuse_clause(const ast::RuleDecl& decl, Span span, std::string_view clause, std::string help) {
        c_.report.add(Code::WrongClause, span, quoted(clause) + " does not belong in " + one_rule(decl.kind), {},
                      std::move(help));
    }

    void check_clauses(const ast::RuleDecl& decl) {
        if (decl.grant && decl.kind != RuleKind::Permit)
            refuse_clause(decl, decl.grant->span, "grant", "only a `permit` grants");
        if (decl.approval && decl.kind != RuleKind::Require)
            refuse_clause(decl, decl.approval->span, "approval", "write a `require` rule beside this one");
        if (decl.limit && decl.kind != RuleKind::Limit)
            refuse_clause(decl, decl.limit->span, "to", "write a `limit` rule beside this one");
        if (!decl.obligations.empty() && decl.kind != RuleKind::Oblige)
            refuse_clause(decl, decl.obligations.front().span, "with", "write an `oblige` rule beside this one");
        const auto missing = [&](std::string_view what) {
            c_.report.add(Code::WrongClause, decl.name.span,
                          "rule " + quoted(decl.name.text) + " has no effect: " + one_rule(decl.kind) + " needs " +
                              std::string(what));
        };
        if (decl.kind == RuleKind::Require && !decl.approval) missing("`approval from group \"…\" within 15m`");
        if (decl.kind == RuleKind::Limit && !decl.limit) missing("`to ttl 5m` or another limit");
        if (decl.kind == RuleKind::Oblige && decl.obligations.empty()) missing("`with name(…)`");
    }

    void check_when(RuleWork& work, Rule& rule, const Rule* base, Scope& scope) {
        const auto& decl = *work.decl;
        if (decl.when == nullptr) {
            if (decl.kind == RuleKind::Permit && !decl.extends)
                c_.report.add(Code::ConditionMissing, decl.name.span,
                              "permit " + quoted(decl.name.text) + " has no condition", "would apply to everyone",
                              "add `when …`");
            if (decl.kind == RuleKind::Deny && decl.tools.empty())
                c_.report.add(Code::ConditionMissing, decl.name.span,
                              "deny " + quoted(decl.name.text) + " has no condition", "would deny everything",
                              "add `when …`, or `for tool …`");
            if (base != nullptr) rule.when = base->when;
            return;
        }
        const auto* own = type_whole_condition(c_, scope, *decl.when);
        if (own == nullptr) return;
        rule.when = own;
        if (decl.kind != RuleKind::Permit) check_guards(c_, decl.name, work.entry->decl->span, *own);
        if (base != nullptr) rule.when = merged(*own, base->when);
    }

    /// The base's conjuncts without the bounds that own ones replace, then the own ones.
    const Expr* merged(const Expr& own, const Expr* base) {
        std::vector<const Expr*> mine, out;
        append_conjuncts(mine, &own);
        std::vector<std::pair<std::uint32_t, int>> replaced;
        for (const auto* conjunct : mine) {
            std::uint32_t fact = 0;
            if (const int side = side_of(*conjunct, fact); side != 0) replaced.emplace_back(fact, side);
        }
        std::vector<const Expr*> inherited;
        append_conjuncts(inherited, base);
        for (const auto* conjunct : inherited) {
            std::uint32_t fact = 0;
            const int side = side_of(*conjunct, fact);
            if (side == 0 || std::find(replaced.begin(), replaced.end(), std::pair(fact, side)) == replaced.end())
                out.push_back(conjunct);
        }
        out.insert(out.end(), mine.begin(), mine.end());
        if (out.size() == 1) return out[0];
        if (report_contradiction(c_, out)) return nullptr;
        return node(c_, Op::And, scalar(Kind::Bool), own.span, out);
    }

    Context& c_;
    std::vector<RuleWork> work_;
};

/// Gives each deny the code of its reason.
void name_reasons(Policy& policy) {
    std::unordered_map<std::string_view, std::size_t> uses;
    for (const Rule& rule : policy.rules)
        if (rule.kind == RuleKind::Deny) ++uses[rule.name];
    for (Rule& rule : policy.rules)
        if (rule.kind == RuleKind::Deny) rule.code = uses[rule.name] > 1 ? rule.module + "." + rule.name : rule.name;
}

}  // namespace

void check_rules(Context& c) {
    RuleCheck(c).run();
    name_reasons(c.policy);
}

void check_invariants(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::InvariantDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        Invariant invariant;
        invariant.name = decl->name.text;
        invariant.module = c.modules[entry.module].name;
        invariant.span = decl->name.span;
        invariant.never_needs_approval = decl->never_needs_approval;
        Scope scope;
        scope.module = entry.module;
        if (decl->when != nullptr)
            invariant.when = type_whole_condition(c, scope, *decl->when);
        else
            c.report.add(Code::ConditionMissing, decl->name.span,
                         "invariant " + quoted(decl->name.text) + " has no condition");
        c.policy.invariants.push_back(std::move(invariant));
    }
}

}  // namespace writ::check
