// Formats differences between policies as JSON members.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "cli/formats/diff.h"

namespace writ::cli {

/// An array with one object per thing, as in docs/diff.md.
[[nodiscard]] nlohmann::ordered_json json_of(const std::vector<ThingChange>& changes);
/// A whole comparison, as in docs/diff.md.
[[nodiscard]] nlohmann::ordered_json diff_json(const DiffReport& report);

}  // namespace writ::cli
