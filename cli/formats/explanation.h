// An explanation as people read it.
#pragma once

#include <string>

#include "writ/explain.h"

namespace writ::cli {

/// Effect first; then what the engine's own checks found; the rules that mattered, each condition on a line
/// with what it came to and what it saw; what set the lifetime; what is not granted; and of a deny the
/// nearest permits with what would have permitted. Plain ASCII but for what policy and request say.
[[nodiscard]] std::string render_explanation(const Explanation& explanation, bool colour);

}  // namespace writ::cli
