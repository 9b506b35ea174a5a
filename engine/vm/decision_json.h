// Parts of a decision as JSON, for documents that hold them too. The whole is to_json().
#pragma once

#include <vector>

#include "base/json_writer.h"
#include "writ/bundle.h"
#include "writ/decision.h"

namespace writ::vm {

/// A rule as docs/decision-format.md describes it, or null if there is no such one.
void write_rule(json::Writer& to, const Layers& layers, std::uint32_t layer, std::uint32_t index);
void write_reasons(json::Writer& to, const std::vector<Reason>& reasons, const Layers& layers);

}  // namespace writ::vm
