// Finds changes of a request that would have changed the decision, by trying values with the evaluator.
#pragma once

#include <memory>
#include <vector>

#include "explain/seen.h"
#include "writ/evaluator.h"
#include "writ/explain.h"

namespace writ::explain {

/// A decided request, with its trace.
struct TracedDecision {
    const check::Policy& policy;
    const Bundle& bundle;
    const json::Value& document;
    const Decision& decision;
    const reference::Trace& trace;
    const RequestLimits& limits;
    const std::shared_ptr<const Revocations>& revocations;  ///< null: nothing is revoked
};

/// The permits that nearly apply, at most three, without those that fail for all reasons of an earlier one and more.
/// Each has the fewest changes found that permit. Requires: the decision is a deny made by rules.
[[nodiscard]] std::vector<Nearest> nearest_permits(const TracedDecision& decided);

/// The decision with the missing approvals added. Requires: it needs approval.
[[nodiscard]] OnceApproved once_approved(const TracedDecision& decided);

}  // namespace writ::explain
