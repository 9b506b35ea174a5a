// Runs the tests that a policy carries, and holds its invariants against the same requests. Not here: the syntax of expectations (syntax/) or the
// documents, to which check/ has already applied every change.
#pragma once

#include <string_view>
#include <vector>

#include "check/typed.h"
#include "writ/tools.h"

namespace writ::tools {

/// Runs each test whose name contains `filter`, in order.
[[nodiscard]] std::vector<TestCase> run_tests(const check::Policy& policy, const Bundle& bundle,
                                              std::string_view filter);

/// Implements Workspace::check_invariants.
[[nodiscard]] InvariantCheck check_invariants(const check::Policy& policy, const Bundle& bundle,
                                              std::string_view filter);

/// An expectation in canonical form: `permit { "a" } for 2m by rule`.
[[nodiscard]] std::string describe(const ast::Expectation& expect);
/// A decision in the same form, with every part that applies.
[[nodiscard]] std::string describe(const Decision& decision, const Bundle& bundle);
/// The parts in which a decision differs from what is expected, joined by `; `. Empty: it holds.
[[nodiscard]] std::string difference(const ast::Expectation& expect, const Decision& decision, const Bundle& bundle);

}  // namespace writ::tools
