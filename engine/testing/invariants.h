// Invariants, held against decisions. Not a proof: what no test and no fixture asks is not looked at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "check/typed.h"
#include "writ/decision.h"
#include "writ/testing.h"

namespace writ::testing {

/// What one decision says of the invariants.
struct Held {
    std::vector<std::uint32_t> tried;  ///< invariants whose condition is true
    std::vector<TestCase> broken;
};
/// `name` says whose request it is.
[[nodiscard]] Held hold_invariants(const check::Policy& policy, const Bundle& bundle, const std::string& name,
                                   const json::Value& document, const Decision& decision);

}  // namespace writ::testing
