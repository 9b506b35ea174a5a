// Formats a decision for people.
#pragma once

#include <string>

#include "writ/bundle.h"
#include "writ/decision.h"

namespace writ::cli {

/// The effect, then the grant or what is missing. For the operator also the reasons, the attribution and the bundle;
/// the caller learns nothing about the policy.
[[nodiscard]] std::string render_decision(const Decision& decision, const Layers& layers, View reader, bool colour);

}  // namespace writ::cli
