// A decision as people read it.
#pragma once

#include <string>

#include "writ/bundle.h"
#include "writ/decision.h"

namespace writ::cli {

/// Effect first, then the grant or what is missing; for the operator also why, whom it is about and
/// under which bundle. The caller learns nothing about policy.
[[nodiscard]] std::string render_decision(const Decision& decision, const Layers& layers, Audience reader, bool colour);

}  // namespace writ::cli
