// Checks invariants on decisions. Not a proof: only the requests of tests and fixtures are checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "check/typed.h"
#include "writ/decision.h"
#include "writ/testing.h"

namespace writ::testing {

/// The results of the invariants for one decision.
struct Held {
    std::vector<std::uint32_t> tried;  ///< invariants whose condition is true
    std::vector<TestCase> broken;
};
/// `name`: the test or fixture of the request.
[[nodiscard]] Held hold_invariants(const check::Policy& policy, const Layers& layers, const std::string& name,
                                   const json::Value& document, const Decision& decision);

}  // namespace writ::testing
