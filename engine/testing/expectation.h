// Compares the expectation of a test with the decision, in a common form.
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
/// A decision in the same form, with all its parts.
[[nodiscard]] std::string describe(const Decision& decision, const Layers& layers);
/// The parts in which a decision differs from the expectation, the effect first. If the effect
/// differs, the grant is not compared.
[[nodiscard]] std::vector<Difference> differences(const ast::Expectation& expect, const Decision& decision,
                                                  const Layers& layers);
/// The same on one line; if the effect differs, only that.
[[nodiscard]] std::string problem_of(const std::vector<Difference>& differences);

}  // namespace writ::testing
