// The possible results of a condition in requests for which rules run: facts that the engine requires are known, the
// token's issuer is declared, and the tool is in the catalogue.
#include "testing/coverage_proof.h"

#include <algorithm>
#include <string_view>

#include "base/builtin_facts.h"
#include "base/words.h"

namespace writ::testing {

using check::Expr;
using check::FactRoot;
using check::Op;

/// Whether a decision ends before any rule runs if the request does not state the fact.
bool OutcomeProof::stated(const Expr& expr, bool or_none) const {
    if (expr.op != Op::Fact) return false;
    const check::Fact& fact = policy_.facts[expr.id];
    if (fact.root == FactRoot::Catalog) return true;
    if (fact.root != FactRoot::Request) return false;
    return std::any_of(std::begin(builtin::kFacts), std::end(builtin::kFacts), [&](const BuiltinFact& each) {
        return each.path == fact.path &&
               (each.presence == Presence::Stated || (or_none && each.presence == Presence::OrNone));
    });
}

/// Whether an expression has a value, or a condition is true or false, for every request.
bool OutcomeProof::known(const Expr& expr) const {
    switch (check::info(expr.op).known) {
        case check::Known::Total:
            return std::all_of(expr.kids.begin(), expr.kids.end(), [&](const Expr* kid) { return known(*kid); });
        case check::Known::Partial: return false;
        case check::Known::Asked: break;
    }
    if (expr.op == Op::Fact) return stated(expr, false);
    // A list with an element that cannot be understood is not known itself; a field of an element may lack.
    if (expr.op == Op::Elem) return !expr.field.valid();
    return stated(*expr.kids[0], true);
}

namespace {

/// `bound`: the variables of the quantifiers around `expr`, as far as they are part of the condition.
bool only_catalogue(const check::Policy& policy, const Expr& expr, std::vector<std::uint32_t>& bound) {
    if (expr.op == Op::Fact) return policy.facts[expr.id].root == FactRoot::Catalog;
    if (expr.op == Op::Column || expr.op == Op::IssuerIs || check::class_of(expr.op) == check::OpClass::Clock)
        return false;
    if (expr.op == Op::Elem || expr.op == Op::ElemColumn) return std::ranges::find(bound, expr.id) != bound.end();
    const bool binds = check::class_of(expr.op) == check::OpClass::Quantifier;
    if (binds) bound.push_back(expr.id);
    const bool only = std::all_of(expr.kids.begin(), expr.kids.end(),
                                  [&](const Expr* kid) { return only_catalogue(policy, *kid, bound); });
    if (binds) bound.pop_back();
    return only;
}

}  // namespace

bool reads_only_catalogue(const check::Policy& policy, const Expr& expr) {
    std::vector<std::uint32_t> bound;
    return only_catalogue(policy, expr, bound);
}

Truth result_for(const check::Policy& policy, const check::Tool& tool, const Expr& expr) {
    json::Value named = json::Value::object();
    named.set("name", json::Value::of(tool.wire_name));
    json::Value document = json::Value::object();
    document.set("provenance", json::Value::of(spelling_of(Provenance::Verified)));
    document.set("tool", std::move(named));
    Arena arena;
    const reference::Facts facts(policy, document, arena);
    return reference::Evaluation(policy, facts, arena, std::nullopt, {}).condition(expr);
}

/// Each tool is one case: a result that no tool gives is impossible.
void OutcomeProof::try_tools(const Expr& expr, const std::vector<const check::Rule*>& rules,
                             CoveredCondition& condition) const {
    std::vector<bool> asked(policy_.tools.size(), false);
    for (const check::Rule* rule : rules) {
        if (rule->tools.empty()) asked.assign(asked.size(), true);
        for (const check::ToolId tool : rule->tools) asked[tool.value] = true;
    }
    std::array<bool, 3> found{};
    for (std::size_t i = 0; i < asked.size() && !(found[index_of(Truth::True)] && found[index_of(Truth::False)]); ++i) {
        if (!asked[i]) continue;
        found[index_of(result_for(policy_, policy_.tools[i], expr))] = true;
    }
    condition.possible = found;
    condition.because = "it reads only the catalogue";
}

void OutcomeProof::rule_out(const Expr& expr, const std::vector<const check::Rule*>& rules,
                            CoveredCondition& condition) const {
    const bool always_known = known(expr);
    if (always_known) {
        condition.possible[index_of(Truth::Unknown)] = false;
        condition.because = "all facts that it reads are always stated";
    }
    if (expr.op == Op::IssuerIs) {
        condition.because = "the issuer is always declared";
        if (policy_.issuers.size() == 1) {
            condition.possible[index_of(Truth::False)] = false;
            condition.because = "only one issuer is declared";
        }
    }
    if (always_known && reads_only_catalogue(policy_, expr)) try_tools(expr, rules, condition);
}

}  // namespace writ::testing
