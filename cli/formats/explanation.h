// Formats an explanation for people.
#pragma once

#include <string>
#include <string_view>

#include "writ/explain.h"

namespace writ::cli {

/// The effect; the engine's own checks; the rules that mattered, with one line per condition, its truth value and the
/// facts it read; what set the lifetime; what is not granted; for a deny, the nearest permits and what would have
/// permitted. ASCII only, except for text of the policy and the request.
[[nodiscard]] std::string render_explanation(const Explanation& explanation, bool colour);

/// `permit`, `needs approval` or `deny`, for people.
[[nodiscard]] std::string_view effect_text(Effect effect);

}  // namespace writ::cli
