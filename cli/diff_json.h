// What differs between policies, as JSON members for the verbs that print some.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "writ/diff.h"

namespace writ::cli {

/// A list with an object for each thing, as docs/diff.md has it.
[[nodiscard]] nlohmann::ordered_json json_of(const std::vector<ThingChange>& changes);

}  // namespace writ::cli
