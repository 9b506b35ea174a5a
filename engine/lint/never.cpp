// Conditions that exclude each other, beyond those that the checker reports: with alternatives, sets and patterns.
#include <algorithm>
#include <map>

#include "base/values.h"
#include "lint/cases.h"

namespace writ::lint {

namespace {

using namespace check;

/// Two tests of which one is false whenever the other is true.
struct Conflict {
    const Expr* first = nullptr;
    const Expr* second = nullptr;
};

/// The values of one fact that the tests so far allow.
struct Left {
    const Expr* by = nullptr;  ///< the test that said which constants there are
    std::vector<const Expr*> constants;
    std::vector<const Literal*> others;  ///< bounds, patterns and exclusions
};

bool same_value(const Expr& a, const Expr& b) {
    return a.op == Op::Text ? a.text == b.text : a.integer == b.integer;
}

bool is_in(const Expr& constant, const std::vector<const Expr*>& all) {
    return std::any_of(all.begin(), all.end(), [&](const Expr* each) { return same_value(constant, *each); });
}

/// Whether the constant can pass the test; true if it is unknown.
bool passes(const Expr& constant, const Literal& literal) {
    const Expr& e = *literal.test;
    if (const FactBound bound = bound_of(literal); bound.fact != nullptr)
        return compares(bound.cmp, constant.integer, bound.value);
    if (constant.op != Op::Text) return true;
    if (e.matcher != nullptr) return e.matcher->matches(constant.text) == literal.positive;
    // `!=` and `not in`.
    const Pinned excluded = pinned_fact({literal.test, !literal.positive});
    return excluded.value == nullptr || !is_in(constant, constants_of(*excluded.constant));
}

Conflict conflict_of_facts(const Case& c) {
    std::map<std::uint32_t, Left> facts;
    for (const Literal& literal : c.literals) {
        const Pinned test = pinned_fact(literal);
        if (test.value != nullptr) {
            Left& left = facts[test.value->id];
            auto constants = constants_of(*test.constant);
            if (left.by != nullptr)
                std::erase_if(constants, [&](const Expr* each) { return !is_in(*each, left.constants); });
            if (constants.empty()) return {left.by, literal.test};
            left.by = literal.test;
            left.constants = std::move(constants);
            continue;
        }
        const Expr& e = *literal.test;
        const Expr* fact = narrows(e.op) ? fact_in(*e.kids[0]) : nullptr;
        if (fact != nullptr && fact == e.kids[0] && fact->type.kind != Kind::List)
            facts[fact->id].others.push_back(&literal);
    }
    for (const auto& [id, left] : facts) {
        if (left.by == nullptr) {
            std::int64_t low = INT64_MIN, high = INT64_MAX;
            const Expr* before = nullptr;
            for (const Literal* other : left.others) {
                const FactBound bound = bound_of(*other);
                if (bound.fact == nullptr || bound.cmp == Cmp::Ne) continue;
                if (bound.cmp == Cmp::Ge) low = std::max(low, bound.value);
                if (bound.cmp == Cmp::Gt) low = std::max(low, sat_add(bound.value, 1));
                if (bound.cmp == Cmp::Le) high = std::min(high, bound.value);
                if (bound.cmp == Cmp::Lt) high = std::min(high, sat_sub(bound.value, 1));
                if (low > high && before != nullptr) return {before, other->test};
                before = other->test;
            }
            continue;
        }
        for (const Literal* other : left.others)
            if (std::none_of(left.constants.begin(), left.constants.end(),
                             [&](const Expr* each) { return passes(*each, *other); }))
                return {left.by, other->test};
    }
    return {};
}

Conflict conflict_of_issuers(const Linter& l, const Case& c, bool permit) {
    const Expr* first = nullptr;
    std::vector<std::uint32_t> left;
    for (const Literal& literal : c.literals) {
        std::vector<IssuerId> asked;
        if (literal.test->op == Op::IssuerIs && literal.positive) asked.push_back(IssuerId{literal.test->id});
        if (const Pinned test = pinned(literal); permit && test.value != nullptr) {
            const std::uint32_t fact = fact_in(*test.value)->id;
            if (!l.claim_of(fact).empty()) asked.push_back(l.policy.facts[fact].issuer);
        }
        for (const IssuerId each : asked) {
            if (first == nullptr) {
                first = literal.test;
                left = l.policy.members_of(each);
            }
            std::erase_if(left, [&](std::uint32_t issuer) { return !l.policy.is_among(issuer, each); });
            if (left.empty()) return {first, literal.test};
        }
    }
    return {};
}

Conflict conflict_of_tools(const Linter& l, const Rule& rule, const Case& c) {
    if (rule.tools.empty()) return {};
    for (const Literal& literal : c.literals) {
        const FactBound bound = bound_of(literal);
        if (bound.fact == nullptr) continue;
        const Fact& fact = l.policy.facts[bound.fact->id];
        if (fact.root != FactRoot::Catalog || fact.catalog != CatalogFact::Tier) continue;
        const bool some = std::any_of(rule.tools.begin(), rule.tools.end(), [&](ToolId id) {
            return compares(bound.cmp, l.policy.tools[id.value].tier, bound.value);
        });
        if (!some) return {literal.test, literal.test};
    }
    return {};
}

Conflict conflict_of_opposites(const Case& c) {
    std::map<std::uint64_t, const Literal*> seen;
    for (const Literal& literal : c.literals) {
        const auto [at, added] = seen.emplace(hash_of(*literal.test), &literal);
        if (!added && at->second->positive != literal.positive && same(*at->second->test, *literal.test))
            return {at->second->test, literal.test};
    }
    return {};
}

Conflict conflict_of(const Linter& l, const Rule& rule, const Case& c) {
    const bool permit = rule.kind == RuleKind::Permit;
    for (const Conflict& found : {conflict_of_facts(c), conflict_of_issuers(l, c, permit),
                                  conflict_of_tools(l, rule, c), conflict_of_opposites(c)})
        if (found.first != nullptr) return found;
    return {};
}

}  // namespace

void lint_never(Linter& l) {
    for (const RuleView& view : l.rules) {
        if (!view.given || view.rule->when == nullptr) continue;
        Conflict first;
        const bool never = std::all_of(view.cases.begin(), view.cases.end(), [&](const Case& each) {
            const Conflict found = conflict_of(l, *view.rule, each);
            if (first.first == nullptr) first = found;
            return found.first != nullptr;
        });
        if (!never) continue;
        const bool permit = view.rule->kind == RuleKind::Permit;
        Finding* found =
            l.report(Lint::NeverMatches, view.rule->span,
                     std::string(spelling_of(view.rule->kind)) + " " + quoted(view.rule->name) +
                         (permit ? " never applies: its conditions contradict each other"
                                 : " is true for no request: its conditions contradict each other"),
                     "",
                     permit ? "everyone who needs it is denied, and the next change to it may permit more than it "
                              "seems; join alternatives with `or`"
                            : "requests that it should deny pass; join alternatives with `or`");
        if (found == nullptr) continue;
        found->diagnostic.related.push_back(
            {first.first->span, first.first == first.second ? "none of its tools" : "this"});
        if (first.first != first.second)
            found->diagnostic.related.push_back({first.second->span, "and this exclude each other"});
    }
}

}  // namespace writ::lint
