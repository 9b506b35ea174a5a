// What there is to cover.
#include "testing/coverage.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "check/expr_same.h"
#include "check/expr_text.h"
#include "check/types.h"
#include "testing/coverage_plan.h"
#include "testing/coverage_proof.h"

namespace writ::testing {

using check::Expr;
using check::Op;

namespace {

bool joins(const Expr& expr) {
    return check::class_of(expr.op) == check::OpClass::Connective;
}

bool reads_row(const Expr& expr) {
    return expr.op == Op::Column ||
           std::any_of(expr.kids.begin(), expr.kids.end(), [](const Expr* kid) { return reads_row(*kid); });
}

template <class T>
void keep_once(std::vector<T>& items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
}

void read_inputs(const Expr& expr, Inputs& out) {
    if (expr.op == Op::Fact) out.facts.push_back(expr.id);
    out.now = out.now || expr.op == Op::Now || expr.op == Op::Age;
    out.issuer = out.issuer || expr.op == Op::IssuerIs;
    for (const Expr* kid : expr.kids) read_inputs(*kid, out);
}

Inputs inputs_of(const Expr& expr) {
    Inputs out;
    read_inputs(expr, out);
    keep_once(out.facts);
    return out;
}

/// Whether a value is one fact that is neither a list nor a group.
bool is_scalar_fact(const Expr& expr) {
    return expr.op == Op::Fact && rep_of(expr.type.kind) != Rep::Group;
}

void take(ConstantTest& out, const Expr& constant) {
    out.text = constant.op == Op::Text;
    if (out.text)
        out.texts.push_back(constant.text);
    else
        out.integers.push_back(constant.integer);
}

/// The constants that a condition compares its fact with, if it is such a comparison.
std::optional<ConstantTest> constants_in(const Expr& e, const check::Table* table) {
    const auto is_constant = [](const Expr& each) { return check::is_literal(each.op); };
    ConstantTest out;
    if (e.op == Op::In && is_scalar_fact(*e.kids[0]) && e.kids[1]->op == Op::Set) {
        const Expr& set = *e.kids[1];
        if (set.kids.empty() ||
            !std::all_of(set.kids.begin(), set.kids.end(), [&](const Expr* kid) { return is_constant(*kid); }))
            return {};
        for (const Expr* kid : set.kids) take(out, *kid);
    } else if (e.op == Op::Compare) {
        const bool turned = !is_scalar_fact(*e.kids[0]);
        const Expr &fact = *e.kids[turned ? 1 : 0], &other = *e.kids[turned ? 0 : 1];
        if (!is_scalar_fact(fact)) return {};
        out.cmp = turned ? mirrored(e.cmp) : e.cmp;
        out.each = true;
        if (is_constant(other)) {
            take(out, other);
        } else if (other.op == Op::Column && table != nullptr && rep_of(other.type.kind) != Rep::Group) {
            out.text = rep_of(other.type.kind) == Rep::Text;
            for (const auto& row : table->rows) {
                if (out.text)
                    out.texts.push_back(row[other.id].text);
                else
                    out.integers.push_back(row[other.id].integer);
            }
        } else {
            return {};
        }
    } else {
        return {};
    }
    keep_once(out.integers);
    keep_once(out.texts);
    return out;
}

}  // namespace

void Inputs::add(const Inputs& more) {
    facts.insert(facts.end(), more.facts.begin(), more.facts.end());
    keep_once(facts);
    now = now || more.now;
    issuer = issuer || more.issuer;
}

bool Use::is_for(std::uint32_t tool) const {
    return std::binary_search(tools.begin(), tools.end(), tool) ||
           std::binary_search(tools.begin(), tools.end(), kAnyTool);
}

class CoveragePlan::Impl::Builder {
public:
    explicit Builder(Impl& out) : out_(out), policy_(out.policy) {}

    void run() {
        for (const check::Rule& rule : policy_.rules) {
            const bool ours = rule.span.source < policy_.given_sources;
            const std::size_t instances = rule.each.valid() ? policy_.tables[rule.each.value].rows.size() : 1;
            out_.rule_of.insert(out_.rule_of.end(), instances,
                                ours ? static_cast<std::uint32_t>(out_.rules.size()) : kNone);
            if (ours) add(rule);
        }
        for (std::uint32_t i = 0; i < out_.written.size(); ++i) finish(i);
        for (auto& of_tool : out_.by_tool) keep_once(of_tool);
        keep_once(out_.any_tool);
    }

private:
    void add(const check::Rule& rule) {
        PlannedRule& planned = out_.rules.emplace_back();
        planned.rule = &rule;
        // Of a template without rows nothing is ever looked at, but its conditions are there.
        const check::Table* table = rule.each.valid() ? &policy_.tables[rule.each.value] : nullptr;
        if (rule.when != nullptr) leaves(*rule.when, rule, table, planned);
        keep_once(planned.conditions);
    }

    void leaves(const Expr& expr, const check::Rule& rule, const check::Table* table, PlannedRule& planned) {
        if (joins(expr)) {
            for (const Expr* kid : expr.kids) leaves(*kid, rule, table, planned);
            return;
        }
        // Conditions of the standard library are not counted.
        if (expr.span.source >= policy_.given_sources) return;
        const Span at = expr.span;
        const auto [place, fresh] =
            places_.emplace(std::tuple(at.source, at.begin, at.end), static_cast<std::uint32_t>(out_.written.size()));
        if (fresh) out_.written.push_back({&expr, {}, {}});
        Written& leaf = out_.written[place->second];
        leaf.rules.push_back(static_cast<std::uint32_t>(out_.rules.size() - 1));
        planned.conditions.push_back(place->second);
        if (table != nullptr && table->rows.empty()) return;
        const std::uint32_t slot = slot_of(expr, table != nullptr && reads_row(expr) ? table : nullptr);
        auto use = std::find_if(leaf.uses.begin(), leaf.uses.end(), [&](const Use& each) { return each.slot == slot; });
        if (use == leaf.uses.end()) use = leaf.uses.insert(leaf.uses.end(), {slot, {}});
        for (const check::ToolId tool : rule.tools) use->tools.push_back(tool.value);
        if (rule.tools.empty()) use->tools.push_back(kAnyTool);
    }

    std::uint32_t slot_of(const Expr& expr, const check::Table* table) {
        std::vector<std::uint32_t>& alike = by_hash_[hash_of(expr)];
        for (const std::uint32_t slot : alike)
            if (out_.slots[slot].table == table && same(*out_.slots[slot].expr, expr)) return slot;
        const auto slot = static_cast<std::uint32_t>(out_.slots.size());
        alike.push_back(slot);
        out_.slots.push_back({&expr, table, family_of(inputs_of(expr)), constants_in(expr, table)});
        if (!out_.slots[slot].constants) out_.families[out_.slots[slot].family].slots.push_back(slot);
        return slot;
    }

    std::uint32_t family_of(Inputs inputs) {
        const auto [at, fresh] = families_.emplace(inputs, static_cast<std::uint32_t>(out_.families.size()));
        if (fresh) out_.families.push_back({std::move(inputs), {}, {}});
        return at->second;
    }

    /// Combines the inputs of all uses of a condition.
    void finish(std::uint32_t index) {
        Written& condition = out_.written[index];
        keep_once(condition.rules);
        for (Use& use : condition.uses) {
            keep_once(use.tools);
            if (use.tools.back() == kAnyTool) use.tools = {kAnyTool};
        }
        Inputs all;
        for (const Use& use : condition.uses) all.add(out_.families[out_.slots[use.slot].family].inputs);
        const bool several = condition.uses.size() > 1;
        const std::uint32_t family = several ? family_of(std::move(all)) : 0;
        if (several) out_.families[family].written.push_back(index);
        out_.by_tool.resize(policy_.tools.size());
        for (const Use& use : condition.uses)
            for (const std::uint32_t tool : use.tools)
                (tool == kAnyTool ? out_.any_tool : out_.by_tool[tool])
                    .push_back(several ? family : out_.slots[use.slot].family);
    }

    Impl& out_;
    const check::Policy& policy_;
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> places_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_hash_;
    std::map<Inputs, std::uint32_t> families_;
};

CoveragePlan::Impl::Impl(const check::Policy& of) : policy(of), by_tool(of.tools.size()) {
    Builder(*this).run();
}

CoveragePlan::CoveragePlan(const check::Policy& policy) : impl_(std::make_unique<Impl>(policy)) {}
CoveragePlan::~CoveragePlan() = default;

Coverage CoveragePlan::blank() const {
    Coverage out;
    for (const Impl::PlannedRule& planned : impl_->rules) {
        CoveredRule& rule = out.rules.emplace_back();
        rule.name = planned.rule->module + "." + planned.rule->name;
        rule.kind = spelling_of(planned.rule->kind);
        rule.span = planned.rule->span;
        rule.conditions = planned.conditions;
    }
    for (const Written& written : impl_->written) {
        CoveredCondition& condition = out.conditions.emplace_back();
        condition.text = check::source_line(impl_->policy, written.expr->span);
        condition.span = written.expr->span;
    }
    return out;
}

void CoveragePlan::rule_out(Coverage& coverage) const {
    const OutcomeProof proof(impl_->policy);
    for (std::size_t i = 0; i < impl_->written.size(); ++i) {
        CoveredCondition& condition = coverage.conditions[i];
        if (condition.covered()) continue;
        std::vector<const check::Rule*> rules;
        for (const std::uint32_t user : impl_->written[i].rules) rules.push_back(impl_->rules[user].rule);
        proof.rule_out(*impl_->written[i].expr, rules, condition);
    }
}

}  // namespace writ::testing
