// Shows what a request can cost, and which rules cost most.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "bytecode/cost.h"
#include "bytecode/index.h"

namespace writ::bytecode {

namespace {

std::string number(std::uint64_t steps) {
    return steps == UINT64_MAX ? "more than 64 bits" : std::to_string(steps);
}

/// Indices of the costs, the highest first, and equal ones in their order.
template <class Costs, class Cost>
std::vector<std::uint32_t> dearest_first(const Costs& costs, Cost cost) {
    std::vector<std::uint32_t> order(costs.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return cost(costs[a]) > cost(costs[b]); });
    return order;
}

}  // namespace

std::string describe_costs(const Program& program) {
    const Reach costs = reach(program);
    std::string out = fmt::format(
        "a request costs at most {} steps, or {} if it leaves out facts that rules are found by\n"
        "{} before any rule: binding, the checks that are built in, approvals, claims, and what rules share\n",
        number(costs.stated), number(costs.any), number(costs.itself));
    for (const std::uint32_t index : dearest_first(costs.groups, [](const Reach::Group& group) { return group.any; })) {
        const IndexGroupRef& group = program.index_groups[index];
        out += fmt::format("\n{}, or {}: {}\n", number(costs.groups[index].stated), number(costs.groups[index].any),
                           describe_group(program, group));
        const auto rules = program.index_rules.subspan(group.first_rule, group.rule_count);
        const auto order = dearest_first(rules, [&](std::uint32_t rule) { return costs.rules[rule]; });
        for (std::size_t i = 0, next = 0; i < order.size(); i = next) {
            // The instances of a template have the same code, and are shown once.
            const RuleRef& rule = program.rules[rules[order[i]]];
            const std::uint64_t steps = costs.rules[rules[order[i]]];
            while (next < order.size() && program.rules[rules[order[next]]].code == rule.code &&
                   costs.rules[rules[order[next]]] == steps)
                ++next;
            out += fmt::format("  {}  {}{}\n", number(steps), describe_rule(program, rule),
                               next - i > 1 ? fmt::format(", {} times", next - i) : "");
        }
    }
    return out;
}

}  // namespace writ::bytecode
