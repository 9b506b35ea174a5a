// What would have made another decision of a request: tried, value by value, with the evaluator.
#pragma once

#include <memory>
#include <vector>

#include "explain/seen.h"
#include "writ/evaluator.h"
#include "writ/explain.h"

namespace writ::explain {

/// A request that was decided, with what led there.
struct Decided {
    const check::Policy& policy;
    const Bundle& bundle;
    const json::Value& document;
    const Decision& decision;
    const reference::Trace& trace;
    const RequestLimits& limits;
    const std::shared_ptr<const Revocations>& revocations;  ///< null: nothing is revoked
};

/// The permits nearest to holding, at most three, none that fails for all that an earlier one fails for and more;
/// each with the fewest changes found that permit. Requires: the decision is a deny that rules made.
[[nodiscard]] std::vector<Nearest> nearest_permits(const Decided& decided);

/// What comes of the request with the approvals that it lacks. Requires: it needs approval.
[[nodiscard]] OnceApproved once_approved(const Decided& decided);

}  // namespace writ::explain
