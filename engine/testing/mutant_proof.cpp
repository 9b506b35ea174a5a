#include "testing/mutant_proof.h"

#include <algorithm>
#include <limits>

#include "base/report.h"
#include "check/expr_same.h"
#include "compile/compile.h"
#include "testing/coverage_proof.h"

namespace writ::testing {

using check::Expr;
using check::IssuerId;
using check::Op;
using check::Rule;

bool is_timed(const check::Expr& condition) {
    return condition.op == Op::Now || condition.op == Op::Age ||
           std::ranges::any_of(condition.kids, [](const check::Expr* kid) { return is_timed(*kid); });
}

namespace {

constexpr std::uint64_t kAnySteps = std::numeric_limits<std::uint64_t>::max();

/// Whether a condition that is left out, or its new form, has the same result for every tool of a rule.
bool same_for_tools(const check::Policy& policy, const Rule& rule, const ConditionEdit& edit) {
    const auto same = [&](const check::Tool& tool) {
        const Truth now = edit.now != nullptr     ? result_for(policy, tool, *edit.now)
                          : edit.within == Op::Or ? Truth::False
                                                  : Truth::True;
        return result_for(policy, tool, *edit.was) == now;
    };
    if (!reads_only_catalogue(policy, *edit.was)) return false;
    if (edit.now != nullptr && !reads_only_catalogue(policy, *edit.now)) return false;
    if (rule.tools.empty()) return std::ranges::all_of(policy.tools, same);
    return std::ranges::all_of(rule.tools, [&](check::ToolId id) { return same(policy.tools[id.value]); });
}

bool is_any_issuer(const check::Policy& policy, const Expr& test) {
    return test.op == Op::IssuerIs && policy.members_of(IssuerId{test.id}).size() == policy.issuers.size();
}

/// Whether a condition can be true only if a fact is known for which `implied` is true.
template <class Implied>
bool surely_reads(const Expr& e, Implied implied) {
    switch (check::class_of(e.op)) {
        case check::OpClass::Connective:
            return e.op == Op::And &&
                   std::ranges::any_of(e.kids, [&](const Expr* kid) { return surely_reads(*kid, implied); });
        case check::OpClass::Presence: return false;
        case check::OpClass::Fact: return e.op == Op::Fact && implied(e);
        case check::OpClass::Quantifier: return surely_reads(*e.kids[0], implied);
        case check::OpClass::SetAlgebra: return false;  // nothing is said of a part of a set
        default: break;
    }
    return std::ranges::any_of(e.kids, [&](const Expr* kid) { return surely_reads(*kid, implied); });
}

/// Whether another conjunct of a permit is true only if this one is, because it reads a claim of the issuer that is
/// tested, or a fact in the group that is tested to be there.
bool is_implied(const check::Policy& policy, const Rule& permit, const Expr& test) {
    const Expr& when = *permit.when;
    if (permit.kind != RuleKind::Permit || when.op != Op::And) return false;
    if (std::ranges::find(when.kids, &test) == when.kids.end()) return false;
    const bool presence = test.op == Op::IsSome && test.kids[0]->op == Op::Fact;
    if (!presence && test.op != Op::IssuerIs) return false;
    const auto implied = [&](const Expr& read) {
        const check::Fact& fact = policy.facts[read.id];
        if (presence)
            return read.id == test.kids[0]->id ||
                   std::ranges::find(fact.optionals, check::FactId{test.kids[0]->id}) != fact.optionals.end();
        if (!fact.issuer.valid()) return false;
        return std::ranges::all_of(policy.members_of(fact.issuer),
                                   [&](std::uint32_t member) { return policy.is_among(member, IssuerId{test.id}); });
    };
    return std::ranges::any_of(when.kids, [&](const Expr* kid) { return kid != &test && surely_reads(*kid, implied); });
}

/// Whether `e` is not true if `test` is not.
bool needs(const Expr& e, const Expr& test) {
    const auto needed = [&](const Expr* kid) { return needs(*kid, test); };
    if (e.op == Op::And) return std::ranges::any_of(e.kids, needed);
    if (e.op == Op::Or) return std::ranges::all_of(e.kids, needed);
    return check::same(e, test);
}

/// Whether `e` is not false if an operand of a permit's condition is not true and the others are.
bool follows(const Expr& e, const Expr& test, const Expr& when) {
    const auto each = [&](const Expr* kid) { return follows(*kid, test, when); };
    if (e.op == Op::And) return std::ranges::all_of(e.kids, each);
    if (e.op == Op::Or) return std::ranges::any_of(e.kids, each);
    if (e.op == Op::Not) return needs(*e.kids[0], test);
    if (e.op == Op::Compare && test.op == Op::Compare) {
        Expr opposite = e;
        opposite.cmp = negated(e.cmp);
        if (check::same(opposite, test)) return true;
    }
    return std::ranges::any_of(when.kids, [&](const Expr* kid) { return kid != &test && check::same(*kid, e); });
}

/// Whether a deny says the same as an operand of a permit's condition: it applies to every request that only this
/// operand keeps from the permit. Nothing is said of operands that depend on the time: they also end a grant.
bool is_denied(const check::Policy& policy, const Rule& permit, const Expr& test) {
    const Expr& when = *permit.when;
    if (permit.kind != RuleKind::Permit || when.op != Op::And || is_timed(test)) return false;
    if (std::ranges::find(when.kids, &test) == when.kids.end()) return false;
    return std::ranges::any_of(policy.rules, [&](const Rule& deny) {
        if (deny.kind != RuleKind::Deny || deny.each.valid() || deny.when == nullptr) return false;
        const auto reached = [&](check::ToolId tool) {
            return std::ranges::find(deny.tools, tool) != deny.tools.end();
        };
        if (!deny.tools.empty() && (permit.tools.empty() || !std::ranges::all_of(permit.tools, reached))) return false;
        return follows(*deny.when, test, when);
    });
}

}  // namespace

/// Empty: they cannot be compiled.
EqualityProof::Sealed EqualityProof::compiled(const std::vector<Rule>& rules) {
    bare_.rules = rules;
    Report report;
    Sealed sealed = compiler::lower(bare_, kAnySteps, report);
    return report.error_count() > 0 ? Sealed() : sealed;
}

/// The changes of one rule come one after the other, so the last rule is kept.
const EqualityProof::Sealed& EqualityProof::original(std::uint32_t rule) {
    if (cached_ != rule) sealed_ = compiled({policy_.rules[rule]});
    cached_ = rule;
    return sealed_;
}

bool EqualityProof::compiles_alike(const Mutant& mutant) {
    if (mutant.lost) {
        const Sealed before = compiled(policy_.rules);
        const auto groups = bare_.groups;
        std::erase(bare_.groups[mutant.lost->group].members, mutant.lost->issuer);
        const Sealed now = compiled(policy_.rules);
        bare_.groups = groups;
        return !before.empty() && before == now;
    }
    // Another effect, or none, is other code.
    return !mutant.edits.empty() && std::ranges::all_of(mutant.rules, [&](const ChangedRule& changed) {
        const Sealed& before = original(changed.index);
        return !before.empty() && before == compiled({*changed.rule});
    });
}

std::string EqualityProof::why_equal(const Mutant& mutant) {
    const auto everywhere = [&](auto same) {
        return !mutant.edits.empty() && std::ranges::all_of(mutant.edits, [&](const ConditionEdit& edit) {
            return same(policy_.rules[edit.rule], edit);
        });
    };
    const auto left_out = [](const ConditionEdit& edit) { return edit.now == nullptr && edit.within == Op::And; };
    if (everywhere([&](const Rule& rule, const ConditionEdit& edit) { return same_for_tools(policy_, rule, edit); }))
        return "no tool of the rule tells them apart";
    if (everywhere([&](const Rule&, const ConditionEdit& edit) {
            return left_out(edit) && is_any_issuer(policy_, *edit.was);
        }))
        return "there is no other issuer";
    if (everywhere([&](const Rule& rule, const ConditionEdit& edit) {
            return left_out(edit) && is_implied(policy_, rule, *edit.was);
        }))
        return "another condition of the permit needs the same";
    if (everywhere([&](const Rule& rule, const ConditionEdit& edit) {
            return left_out(edit) && is_denied(policy_, rule, *edit.was);
        }))
        return "a deny says the same";
    if (compiles_alike(mutant)) return "it compiles to the same code";
    return {};
}

}  // namespace writ::testing
