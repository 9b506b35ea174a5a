// Rules and conditions counted, request by request.
#include "analyze/coverage.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "analyze/coverage_proof.h"
#include "analyze/expr_text.h"
#include "analyze/reference_internal.h"

namespace writ::analyze {

using check::Expr;
using check::Op;

namespace {

constexpr std::size_t index_of(Truth truth) { return static_cast<std::size_t>(truth); }

bool joins(const Expr& expr) { return expr.op == Op::And || expr.op == Op::Or || expr.op == Op::Not; }

bool reads_row(const Expr& expr) {
    return expr.op == Op::Column || std::any_of(expr.kids.begin(), expr.kids.end(), [](const Expr* kid) { return reads_row(*kid); });
}

void keep_once(std::vector<std::uint32_t>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

// ---- the plan ---------------------------------------------------------------------------------

CoveragePlan::CoveragePlan(const check::Policy& policy) : policy_(policy), by_tool_(policy.tools.size()) {
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> places;
    std::unordered_map<const Expr*, std::uint32_t> slots;
    for (const check::Rule& rule : policy.rules)
        if (ours(rule.span)) add(rule);
    for (std::uint32_t i = 0; i < plans_.size(); ++i) {
        for (Leaf& leaf : plans_[i].leaves) {
            leaf.slot = slots.emplace(leaf.expr, static_cast<std::uint32_t>(slots.size())).first->second;
            if (!ours(leaf.expr->span)) continue;
            const Span at = leaf.expr->span;
            const auto [place, fresh] = places.emplace(std::tuple(at.source, at.begin, at.end), static_cast<std::uint32_t>(written_.size()));
            if (fresh) {
                written_.push_back(leaf.expr);
                users_.emplace_back();
            }
            leaf.condition = place->second;
            users_[leaf.condition].push_back(i);
        }
    }
    slots_ = slots.size();
}

void CoveragePlan::add(const check::Rule& rule) {
    const auto index = static_cast<std::uint32_t>(plans_.size());
    Plan& plan = plans_.emplace_back(Plan{&rule, {}});
    if (rule.when != nullptr) add_leaves(*rule.when, plan);
    for (const check::ToolId tool : rule.tools) by_tool_[tool.value].push_back(index);
    if (rule.tools.empty())
        for (auto& tool : by_tool_) tool.push_back(index);
}

void CoveragePlan::add_leaves(const Expr& expr, Plan& plan) {
    if (joins(expr)) {
        for (const Expr* kid : expr.kids) add_leaves(*kid, plan);
        return;
    }
    plan.leaves.push_back({&expr, kUncounted, 0, plan.rule->each.valid() && reads_row(expr)});
}

Coverage CoveragePlan::blank() const {
    Coverage out;
    for (const Plan& plan : plans_) {
        CoveredRule& rule = out.rules.emplace_back();
        rule.name = plan.rule->module + "." + plan.rule->name;
        rule.kind = spelling_of(plan.rule->kind);
        rule.span = plan.rule->span;
        for (const Leaf& leaf : plan.leaves)
            if (leaf.condition != kUncounted) rule.conditions.push_back(leaf.condition);
        keep_once(rule.conditions);
    }
    for (const Expr* expr : written_) {
        CoveredCondition& condition = out.conditions.emplace_back();
        condition.text = source_line(policy_, expr->span);
        condition.span = expr->span;
    }
    return out;
}

void CoveragePlan::rule_out(Coverage& coverage) const {
    const OutcomeProof proof(policy_);
    for (std::size_t i = 0; i < written_.size(); ++i) {
        CoveredCondition& condition = coverage.conditions[i];
        if (condition.covered()) continue;
        std::vector<const check::Rule*> rules;
        for (const std::uint32_t user : users_[i]) rules.push_back(plans_[user].rule);
        proof.rule_out(*written_[i], rules, condition);
    }
}

// ---- counting ---------------------------------------------------------------------------------

/// One document, with what its conditions came to.
class CoverageCount::Request {
public:
    Request(CoverageCount& count, const json::Value& document)
        : count_(count), plan_(count.plan_), facts_(plan_.policy_, document, arena_), seen_(plan_.written_.size()), cached_(plan_.slots_) {
        const reference::Value now = facts_.at("now");
        if (const auto* moment = now.as<std::int64_t>()) now_ = *moment;
    }

    void run() {
        if (facts_.tool() == nullptr || !reference::refusals(facts_, plan_.policy_).empty()) return;
        ++count_.counted_.requests;
        const auto tool = static_cast<std::size_t>(facts_.tool() - plan_.policy_.tools.data());
        for (const std::uint32_t rule : plan_.by_tool_[tool]) see(rule);
        for (const std::uint32_t condition : touched_)
            for (std::size_t truth = 0; truth < 3; ++truth)
                count_.counted_.conditions[condition].seen[truth] += (seen_[condition] >> truth) & 1U;
    }

private:
    using Plan = CoveragePlan::Plan;
    using Leaf = CoveragePlan::Leaf;

    void see(std::uint32_t index) {
        const Plan& plan = plan_.plans_[index];
        Truth most = Truth::False;
        if (!plan.rule->each.valid()) {
            most = truth_of(plan, {});
        } else {
            const check::Table& table = plan_.policy_.tables[plan.rule->each.value];
            for (std::size_t row = 0; row < table.rows.size(); ++row) most = std::max(most, truth_of(plan, {&table, row}));
        }
        CoveredRule& rule = count_.counted_.rules[index];
        ++rule.seen[index_of(most)];
        rule.applied += plan.rule->kind == RuleKind::Permit ? most == Truth::True : most != Truth::False;
    }

    Truth truth_of(const Plan& plan, reference::Row row) {
        if (plan.rule->when == nullptr) return Truth::True;
        reference::Evaluation evaluation(plan_.policy_, facts_, arena_, now_, row);
        const Leaf* next = plan.leaves.data();
        return walk(*plan.rule->when, next, evaluation);
    }

    /// The value of a tree, all of whose conditions are looked at.
    Truth walk(const Expr& expr, const Leaf*& next, reference::Evaluation& evaluation) {
        if (!joins(expr)) return leaf(*next++, evaluation);
        Truth out = walk(*expr.kids[0], next, evaluation);
        for (const Expr* kid : expr.kids.subspan(1)) {
            const Truth other = walk(*kid, next, evaluation);
            out = expr.op == Op::And ? std::min(out, other) : std::max(out, other);
        }
        return expr.op == Op::Not ? static_cast<Truth>(index_of(Truth::True) - index_of(out)) : out;
    }

    Truth leaf(const Leaf& leaf, reference::Evaluation& evaluation) {
        std::uint8_t& cached = cached_[leaf.slot];
        if (!leaf.by_row && cached != 0) return static_cast<Truth>(cached - 1);
        const Truth truth = evaluation.condition(*leaf.expr);
        cached = static_cast<std::uint8_t>(index_of(truth) + 1);
        if (leaf.condition == CoveragePlan::kUncounted) return truth;
        if (seen_[leaf.condition] == 0) touched_.push_back(leaf.condition);
        seen_[leaf.condition] |= static_cast<std::uint8_t>(1U << index_of(truth));
        return truth;
    }

    CoverageCount& count_;
    const CoveragePlan& plan_;
    Arena arena_;
    reference::Facts facts_;
    std::optional<std::int64_t> now_;
    std::vector<std::uint8_t> seen_;    ///< by condition: a bit for each outcome
    std::vector<std::uint8_t> cached_;  ///< by slot: one more than the outcome; 0: not looked at
    std::vector<std::uint32_t> touched_;
};

CoverageCount::CoverageCount(const CoveragePlan& plan) : plan_(plan) {
    counted_.rules.resize(plan.plans_.size());
    counted_.conditions.resize(plan.written_.size());
}

void CoverageCount::see(const json::Value& document) { Request(*this, document).run(); }

void CoverageCount::add_to(Coverage& coverage) const {
    const auto add = [](std::array<std::size_t, 3>& to, const std::array<std::size_t, 3>& more) {
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += more[i];
    };
    coverage.requests += counted_.requests;
    for (std::size_t i = 0; i < counted_.rules.size(); ++i) {
        add(coverage.rules[i].seen, counted_.rules[i].seen);
        coverage.rules[i].applied += counted_.rules[i].applied;
    }
    for (std::size_t i = 0; i < counted_.conditions.size(); ++i) add(coverage.conditions[i].seen, counted_.conditions[i].seen);
}

}  // namespace writ::analyze
