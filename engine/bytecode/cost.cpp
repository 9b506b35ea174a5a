// The cost of a decision: each rule's code and effect, and the rules that one request can reach.
#include "bytecode/cost.h"

#include <algorithm>
#include <iterator>
#include <queue>
#include <utility>

#include "base/builtin_facts.h"
#include "bytecode/code_check.h"
#include "bytecode/index.h"

namespace writ::bytecode {

namespace {

ValueType type_of(const Layout& layout, Builtin fact) {
    return layout.slot(static_cast<std::uint32_t>(fact));
}

/// The cost of a rule's effect when it applies: scopes, limits and obligations are compared with each other,
/// and every approval with every requirement; once more if the rule will only apply later. `obligations`: of all rules.
std::uint64_t effect_steps(const Program& program, const Layout& layout, std::uint64_t obligations,
                           const RuleRef& rule) {
    const std::uint64_t scopes = type_of(layout, Builtin::WantScopes).max;
    switch (static_cast<RuleKind>(rule.kind)) {
        case RuleKind::Permit: return sat_times(4, scopes);
        case RuleKind::Deny: return 0;
        case RuleKind::Limit: return sat_times(8, scopes + type_of(layout, Builtin::WantAudience).max);
        case RuleKind::Oblige: return sat_times(program.obligations[rule.effect].count, obligations);
        case RuleKind::Require: {
            const std::uint64_t approvals = type_of(layout, Builtin::Approvals).max;
            return sat_times(2 * approvals, 24 + 6 * kLookUpSteps + 2 * approvals);
        }
    }
    return 0;
}

/// The cost of one group's rules for a request that states the group's facts: that of its most expensive bucket.
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
        for (const std::uint32_t rule : program_.index_rules.subspan(first, count))
            steps = sat_plus(steps, costs_[rule]);
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
    /// For prefixes, the most expensive set that one text can have: a prefix and those that it starts with, which
    /// come before it.
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
    /// For ranges, the most expensive set that contains one integer. They are sorted by their start.
    std::uint64_t crossing(const IndexRunRef& run) {
        using End = std::pair<std::int64_t, std::uint64_t>;
        std::priority_queue<End, std::vector<End>, std::greater<>> open;
        std::uint64_t steps = 0, most = 0;
        for (const IndexRangeRef& range : program_.index_ranges.subspan(run.first, run.count)) {
            for (; !open.empty() && open.top().first < range.low; open.pop()) steps -= open.top().second;
            const std::uint64_t cost =
                std::min(costs_[range.rule], UINT64_MAX / (std::uint64_t{run.count} + 1));  // so that sums fit
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
    // A verified program has a layout and valid code; anything else has no meaningful bound.
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

namespace {

/// Whether a fact is always known when rules run, because the checks before them deny a request that does not state it.
bool always_known(std::uint32_t fact) {
    return fact == kToolKey ||
           (fact < std::size(builtin::kFacts) && builtin::kFacts[fact].presence == Presence::Stated);
}

bool all_known(const Program& program, const IndexGroupRef& group) {
    const auto keys = program.index_keys.subspan(group.first_key, group.key_count);
    return (static_cast<Path>(group.path) == Path::List || always_known(group.ordered)) &&
           std::all_of(keys.begin(), keys.end(), always_known);
}

/// The only fact by which a group's rules are found; kNone if there are more.
std::uint32_t only_fact(const Program& program, const IndexGroupRef& group) {
    const bool ordered = static_cast<Path>(group.path) != Path::List;
    if (group.key_count + (ordered ? 1 : 0) != 1) return kNone;
    return ordered ? group.ordered : program.index_keys[group.first_key];
}

/// The cost of parsing claims, for the issuer whose claims are most expensive.
std::uint64_t capture_steps(const Program& program, const Layout& layout) {
    std::uint64_t most = 0;
    for (const IssuerRef& issuer : program.issuers) {
        std::uint64_t steps = 0;
        std::uint32_t before = kNone;
        for (const CaptureRef& capture : program.captures.subspan(issuer.first_capture, issuer.capture_count)) {
            if (std::exchange(before, capture.spec) == capture.spec) continue;
            const CaptureSpecRef& spec = program.capture_specs[capture.spec];
            const std::uint64_t text = layout.node_type(spec.claim).text;
            for (const PatternRef& pattern : program.patterns.subspan(spec.first_pattern, spec.pattern_count))
                steps = sat_plus(steps, taken_apart(text, pattern.pieces));
        }
        most = std::max(most, steps);
    }
    return most;
}

/// Reads each block of code once for each fact that is assumed to be unknown.
class Costs {
public:
    Costs(const Program& program, const Layout& layout, const Charges& charges) : check_(program, layout, charges) {}

    std::uint64_t of(const RuleRef& rule, std::uint32_t unknown) {
        const auto [found, added] = known_.try_emplace((std::uint64_t{unknown} << 32) | rule.code, UINT64_MAX);
        if (added)
            if (const auto facts = check_.read(rule, unknown)) found->second = rule_steps(*facts);
        return found->second;
    }
    [[nodiscard]] std::uint64_t shared() const { return check_.shared_steps(); }

private:
    CodeCheck check_;
    std::unordered_map<std::uint64_t, std::uint64_t> known_;
};

}  // namespace

Reach reach(const Program& program) {
    return reach(program, Charges{});
}

Reach reach(const Program& program, const Charges& charges) {
    Reach out{.stated = UINT64_MAX, .any = UINT64_MAX};
    const auto layout = Layout::make(program);
    if (!layout) return out;
    Costs costs(program, *layout, charges);
    std::uint64_t obligations = 0;
    for (const ObligationRef& obligation : program.obligations) obligations += obligation.count;
    std::vector<std::uint64_t> effects;
    for (const RuleRef& rule : program.rules) {
        effects.push_back(effect_steps(program, *layout, obligations, rule));
        out.rules.push_back(sat_plus(costs.of(rule, kNone), effects.back()));
    }
    out.itself = request_steps(program, costs.shared());
    if (charges.captures) out.itself = sat_plus(out.itself, capture_steps(program, *layout));
    if (program.index_groups.empty())
        for (const std::uint64_t steps : out.rules) out.itself = sat_plus(out.itself, steps);
    out.stated = out.any = out.itself;
    Heaviest heaviest(program, out.rules);
    for (const IndexGroupRef& group : program.index_groups) {
        const std::uint64_t found = heaviest.of(group);
        std::uint64_t all = 0;
        const std::uint32_t fact = only_fact(program, group);
        if (!all_known(program, group) || is_always(group))
            for (const std::uint32_t index : program.index_rules.subspan(group.first_rule, group.rule_count)) {
                // A permit found by an unknown fact is tried but does not apply.
                const std::uint64_t effect = group.permits == 1 ? 0 : effects[index];
                all = sat_plus(all, sat_plus(costs.of(program.rules[index], fact), effect));
            }
        out.groups.push_back({found, std::max(found, all)});
        out.stated = sat_plus(out.stated, found);
        out.any = sat_plus(out.any, out.groups.back().any);
    }
    return out;
}

std::uint32_t Reach::dearest() const {
    return static_cast<std::uint32_t>(std::max_element(rules.begin(), rules.end()) - rules.begin());
}

Reach reach(const Sections& sections) {
    return reach(Program(sections));
}

}  // namespace writ::bytecode
