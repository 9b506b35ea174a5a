// What a test expects, and what was decided, in one form, and where they differ.
#pragma once

#include <string>
#include <vector>

#include "syntax/ast.h"
#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/testing.h"

namespace writ::testing {

/// An expectation in canonical form: `permit { "a" } for 2m by rule`.
[[nodiscard]] std::string describe(const ast::Expectation& expect);
/// A decision in the same form, with every part that applies.
[[nodiscard]] std::string describe(const Decision& decision, const Bundle& bundle);
/// The parts in which a decision is not as expected, the effect first. Where that is another, nothing is said of the
/// grant.
[[nodiscard]] std::vector<Difference> differences(const ast::Expectation& expect, const Decision& decision,
                                                  const Bundle& bundle);
/// The same in one line; where the effect is another, only that.
[[nodiscard]] std::string problem_of(const std::vector<Difference>& differences);

}  // namespace writ::testing
