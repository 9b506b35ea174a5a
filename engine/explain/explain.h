// Explains a decision. The decision is the evaluator's own; the reference evaluator says what led there; what
// would have permitted is tried with the evaluator before it is said.
#pragma once

#include <memory>
#include <string_view>

#include "check/typed.h"
#include "writ/explain.h"
#include "writ/revocations.h"

namespace writ::explain {

/// Implements Workspace::explain.
[[nodiscard]] Result<Explanation> explain(const check::Policy& policy, const Bundle& bundle,
                                          std::string_view request_json, std::string_view rule,
                                          const RequestLimits& limits,
                                          const std::shared_ptr<const Revocations>& revocations);

}  // namespace writ::explain
