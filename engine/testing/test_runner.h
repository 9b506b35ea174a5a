// Runs the tests that a policy carries, and holds its invariants against the same requests. Not here: how an
// expectation is compared (expectation.h), or the documents, to which check/ has already applied every change.
#pragma once

#include "check/typed.h"
#include "writ/testing.h"

namespace writ::testing {

/// Implements Workspace::test.
[[nodiscard]] TestRun run_tests(const check::Policy& policy, const Bundle& bundle, const TestOptions& options);

}  // namespace writ::testing
