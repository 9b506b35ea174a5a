// What differs between policies, as JSON members for the verbs that print some.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "cli/formats/diff.h"

namespace writ::cli {

/// A list with an object for each thing, as docs/diff.md has it.
[[nodiscard]] nlohmann::ordered_json json_of(const std::vector<ThingChange>& changes);
/// A whole comparison, likewise.
[[nodiscard]] nlohmann::ordered_json diff_json(const DiffReport& report);

}  // namespace writ::cli
