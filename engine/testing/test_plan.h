// The tests that a run uses, and the different requests that they make. Not here: running them (test_runner.h).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"
#include "check/typed.h"

namespace writ::testing {

/// A request of one or more tests or fixtures; decided once.
struct TestRequest {
    const json::Value* document = nullptr;
    std::string name;                ///< the first test or fixture with it
    std::string text;                ///< the document
    std::vector<std::size_t> cases;  ///< the cases with expectations for it; none: only a fixture has it
};

/// The cases that were picked, and the requests that they and the fixtures make, in the order of the first.
struct TestPlan {
    /// Input:  filter: only tests whose name contains it; empty: all, and the fixtures if there are invariants.
    TestPlan(const check::Policy& policy, const std::string& filter, unsigned threads);

    std::vector<const check::TestRow*> tests;
    std::vector<TestRequest> asked;
};

}  // namespace writ::testing
