// Formats the coverage of tests.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/formats/places.h"
#include "cli/terminal/text.h"
#include "writ/testing.h"

namespace writ::cli {

/// One line for each rule, then each condition with a result that no test saw, and the totals. If there are many
/// rules, only those with incomplete coverage.
[[nodiscard]] std::string render_coverage(const Coverage& coverage, const FilePositions& places,
                                          const Palette& colours);
/// `coverage: 5 of 6 rules applied, 12 of 20 conditions seen in every way (60%)`.
[[nodiscard]] std::string coverage_sums(const Coverage& coverage);
[[nodiscard]] nlohmann::ordered_json coverage_json(const Coverage& coverage, const FilePositions& places);

}  // namespace writ::cli
