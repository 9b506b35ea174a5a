#include "testing/invariants.h"

#include <string_view>

#include "check/expr_text.h"
#include "reference/reference.h"
#include "testing/expectation.h"

namespace writ::testing {

namespace {

/// Who requested what, as far as it is stated.
std::string context_of(const Attribution& who) {
    std::string out;
    const auto add = [&](std::string_view what, std::string_view name) {
        if (name.empty()) return;
        out.append(out.empty() ? "" : ", ").append(what).append(" `").append(name).append("`");
    };
    add("agent", who.agent);
    add("run", who.run);
    add("tenant", who.tenant);
    add("user", who.user);
    add("tool", who.tool);
    add("resource", who.resource);
    return out;
}

}  // namespace

Held hold_invariants(const check::Policy& policy, const Layers& layers, const std::string& name,
                     const json::Value& document, const Decision& decision) {
    Held out;
    for (std::uint32_t i = 0; i < policy.invariants.size(); ++i) {
        const check::Invariant& invariant = policy.invariants[i];
        if (reference::invariant_condition(policy, invariant, document) != Truth::True) continue;
        out.tried.push_back(i);
        const Effect forbidden = invariant.never_needs_approval ? Effect::NeedsApproval : Effect::Permit;
        if (decision.effect != forbidden) continue;
        const std::string effect = invariant.never_needs_approval ? "needs_approval" : "permit";
        TestCase& broken = out.broken.emplace_back();
        broken.name = "invariant " + invariant.name + " on " + name;
        broken.span = invariant.span;
        broken.expected = "never " + effect + " when " + check::source_line(policy, invariant.when->span);
        broken.actual = describe(decision, layers);
        broken.problem = "the condition is true for " + context_of(decision.attribution);
    }
    return out;
}

}  // namespace writ::testing
