#include "testing/mutate_lab.h"

#include <algorithm>

#include "reference/reference.h"
#include "testing/mutant_proof.h"

namespace writ::testing {

Lab::Lab(const check::Policy& policy) : policy_(policy) {
    bare_.fields = policy.fields;
    bare_.request = policy.request;
    bare_.enums = policy.enums;
    bare_.tier = policy.tier;
    bare_.kinds = policy.kinds;
    bare_.issuers = policy.issuers;
    bare_.groups = policy.groups;
    bare_.tools = policy.tools;
    bare_.tables = policy.tables;
    bare_.zones = policy.zones;
    bare_.facts = policy.facts;
    bare_.given_sources = policy.given_sources;
    for (const Source& source : policy.sources) bare_.sources.push_back({source.name, {}, source.stored});
    std::uint32_t next = 0;
    for (const check::Rule& rule : policy.rules) {
        first_.push_back(next);
        next += rule.each.valid() ? static_cast<std::uint32_t>(policy.tables[rule.each.value].rows.size()) : 1;
    }
}

RowStates Lab::states_of(const check::Rule& rule, const reference::Facts& facts, Arena& arena) {
    const bool for_tool = rule.tools.empty() || std::ranges::any_of(rule.tools, [&](check::ToolId id) {
                              return &bare_.tools[id.value] == facts.tool();
                          });
    if (!for_tool) return {};
    const reference::Value now = facts.at("now");
    const auto* moment = now.as<std::int64_t>();
    const check::Table* table = rule.each.valid() ? &bare_.tables[rule.each.value] : nullptr;
    const std::size_t rows = table != nullptr ? table->rows.size() : 1;
    const bool timed = rule.when != nullptr && is_timed(*rule.when);
    RowStates out;
    for (std::size_t row = 0; row < rows; ++row) {
        RowState state{static_cast<std::uint32_t>(row), Truth::True, Truth::True};
        if (rule.when != nullptr) {
            const auto at = [&](std::optional<std::int64_t> when) {
                return reference::Evaluation(bare_, facts, arena, when, {table, row}).condition(*rule.when);
            };
            state.any = at(std::nullopt);
            state.now = timed && moment != nullptr ? at(*moment) : state.any;
        }
        if (state.any != Truth::False) out.push_back(state);
    }
    return out;
}

Decision Lab::decide(const json::Value& document, const std::vector<RuleRows>& rules, Arena& arena) {
    bare_.rules.clear();
    bare_.tables.resize(policy_.tables.size());
    bare_.tables.reserve(policy_.tables.size() + rules.size());
    std::vector<std::uint32_t> index;
    for (const RuleRows& each : rules) {
        check::Rule& rule = bare_.rules.emplace_back(*each.rule);
        for (const RowState& state : *each.rows) index.push_back(first_[each.index] + state.row);
        if (!rule.each.valid()) continue;
        // A table with only the rows that matter.
        const check::Table& all = policy_.tables[rule.each.value];
        check::Table& some = bare_.tables.emplace_back(check::Table{all.name, all.path, all.columns, {}, all.span});
        for (const RowState& state : *each.rows) some.rows.push_back(all.rows[state.row]);
        rule.each = check::TableId{static_cast<std::uint32_t>(bare_.tables.size() - 1)};
    }
    Decision decision = reference::decide(bare_, document, arena);
    for (Reason& reason : decision.reasons)
        if (reason.rule != kNoRule) reason.rule = index[reason.rule];
    for (Requirement& requirement : decision.requirements)
        if (requirement.rule != kNoRule) requirement.rule = index[requirement.rule];
    return decision;
}

Decision Lab::decide(const json::Value& document, Arena& arena) {
    bare_.rules = policy_.rules;
    bare_.tables.resize(policy_.tables.size());
    return reference::decide(bare_, document, arena);
}

}  // namespace writ::testing
