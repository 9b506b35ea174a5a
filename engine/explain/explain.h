// Explains a decision. The decision comes from the evaluator, its reasons from the reference evaluator. Changes that
// would have permitted are tried with the evaluator before they are reported.
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
