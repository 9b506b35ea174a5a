// What deciding one request can cost: each rule's code and effect, and which rules one request can reach.
#include "bytecode/cost.h"

#include <algorithm>
#include <queue>

#include "bytecode/code_check.h"
#include "bytecode/index.h"

namespace writ::bytecode {

namespace {

ValueType type_of(const Layout& layout, Builtin fact) { return layout.slot(static_cast<std::uint32_t>(fact)); }

/// What a rule that applies adds to the work on the grant: scopes, limits and duties are held against each other, and
/// every approval against every requirement, once more where the rule only will apply. `duties`: of all rules.
std::uint64_t effect_steps(const Program& program, const Layout& layout, std::uint64_t duties, const RuleRef& rule) {
    const std::uint64_t scopes = type_of(layout, Builtin::WantScopes).max;
    switch (static_cast<RuleKind>(rule.kind)) {
        case RuleKind::Permit: return sat_times(4, scopes);
        case RuleKind::Deny: return 0;
        case RuleKind::Limit: return sat_times(8, scopes + type_of(layout, Builtin::WantAudience).max);
        case RuleKind::Oblige: return sat_times(program.duties[rule.effect].count, duties);
        case RuleKind::Require: {
            const std::uint64_t approvals = type_of(layout, Builtin::Approvals).max;
            return sat_times(2 * approvals, 24 + 6 * kLookUpSteps + 2 * approvals);
        }
    }
    return 0;
}

/// What the rules of one group cost a request that states the group's facts: those of its dearest bucket.
class Heaviest {
public:
    Heaviest(const Program& program, std::span<const std::uint64_t> costs) : program_(program), costs_(costs) {}

    std::uint64_t of(const IndexGroupRef& group) {
        if (is_always(group)) return sum(group.first_rule, group.rule_count);
        std::uint64_t most = 0;
        for (std::uint32_t i = 0; i <= group.bucket_mask; ++i) {
            const std::uint32_t rules = program_.index_buckets[group.first_bucket + i].rules;
            if (rules != kNone) most = std::max(most, bucket(static_cast<Path>(group.path), rules));
        }
        return most;
    }

private:
    std::uint64_t sum(std::uint32_t first, std::uint32_t count) const {
        std::uint64_t steps = 0;
        for (const std::uint32_t rule : program_.index_rules.subspan(first, count)) steps = sat_plus(steps, costs_[rule]);
        return steps;
    }
    std::uint64_t listed(std::uint32_t rules) const {
        if ((rules & kRun) == 0) return costs_[rules];
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        return sum(run.first, run.count);
    }
    std::uint64_t bucket(Path path, std::uint32_t rules) {
        if ((rules & kRun) == 0) return costs_[rules];
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        switch (path) {
            case Path::List: return listed(rules);
            case Path::Prefix: return chain(run);
            case Path::Range: return crossing(run);
        }
        return UINT64_MAX;
    }
    /// Of prefixes that one text can have: one and those that it begins with, which stand before it.
    std::uint64_t chain(const IndexRunRef& run) {
        std::vector<std::uint64_t> upto(run.count);
        std::uint64_t most = 0;
        for (std::uint32_t i = 0; i < run.count; ++i) {
            const IndexPrefixRef& entry = program_.index_prefixes[run.first + i];
            const std::uint64_t above = entry.parent == kNone ? 0 : upto[entry.parent - run.first];
            upto[i] = sat_plus(above, listed(entry.rules));
            most = std::max(most, upto[i]);
        }
        return most;
    }
    /// Of ranges that one integer lies in. They ascend by where they begin.
    std::uint64_t crossing(const IndexRunRef& run) {
        using End = std::pair<std::int64_t, std::uint64_t>;
        std::priority_queue<End, std::vector<End>, std::greater<>> open;
        std::uint64_t steps = 0, most = 0;
        for (const IndexRangeRef& range : program_.index_ranges.subspan(run.first, run.count)) {
            for (; !open.empty() && open.top().first < range.low; open.pop()) steps -= open.top().second;
            const std::uint64_t cost = std::min(costs_[range.rule], UINT64_MAX / (std::uint64_t{run.count} + 1));  // sums fit
            open.emplace(range.high, cost);
            most = std::max(most, steps += cost);
        }
        return most;
    }

    const Program& program_;
    std::span<const std::uint64_t> costs_;
};

}  // namespace

std::uint64_t step_bound(const Program& program, const RuleRef& rule) {
    // A verified program has a layout and sound code; anything else has no bound to speak of.
    const auto layout = Layout::make(program);
    if (!layout) return UINT64_MAX;
    CodeCheck check(program, *layout);
    const auto facts = check.read(rule);
    return facts ? sat_times(facts->bound, rule_runs(facts->time_tests)) : UINT64_MAX;
}

std::uint64_t request_steps(const Program& program, std::uint64_t shared) {
    const bool approvals = std::any_of(program.rules.begin(), program.rules.end(), [](const RuleRef& rule) {
        return static_cast<RuleKind>(rule.kind) == RuleKind::Require;
    });
    return sat_plus(kRequestSteps + (approvals ? kBindingSteps : 0), shared);
}

Reach reach(const Program& program) {
    Reach out{UINT64_MAX, UINT64_MAX, 0, 0};
    const auto layout = Layout::make(program);
    if (!layout) return out;
    CodeCheck check(program, *layout);
    std::vector<std::uint64_t> costs;
    std::unordered_map<std::uint32_t, BlockFacts> blocks;
    std::uint64_t all = program.manifest[0].step_bound, duties = 0;
    for (const DutyRef& duty : program.duties) duties += duty.count;
    for (const RuleRef& rule : program.rules) {
        const auto [block, added] = blocks.try_emplace(rule.code);
        if (added) {
            const auto facts = check.read(rule);
            if (!facts) return out;
            block->second = *facts;
        }
        const std::uint64_t effect = effect_steps(program, *layout, duties, rule);
        costs.push_back(sat_plus(rule_steps(block->second), effect));
        // A permit that is found by a fact that is not known does not apply.
        if (static_cast<RuleKind>(rule.kind) != RuleKind::Permit) all = sat_plus(all, effect);
        if (costs.back() <= out.dearest_steps) continue;
        out.dearest_steps = costs.back();
        out.dearest = static_cast<std::uint32_t>(costs.size() - 1);
    }
    out.stated = request_steps(program, check.shared_steps());
    Heaviest heaviest(program, costs);
    for (const IndexGroupRef& group : program.index_groups) out.stated = sat_plus(out.stated, heaviest.of(group));
    if (program.index_groups.empty()) out.stated = sat_plus(out.stated, all);
    out.any = std::max(all, out.stated);
    return out;
}

Reach reach(const Sections& sections) { return reach(Program(sections)); }

}  // namespace writ::bytecode
