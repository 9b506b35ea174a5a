// Findings as workflow commands of GitHub Actions, which shows them beside the lines of a change.
#pragma once

#include <string>

#include "writ/diagnostic.h"

namespace writ::cli {

/// One `::error file=…::message` or `::warning …` a finding, errors first. GitHub shows ten of a level for a
/// step: the rest is one `::notice` that counts them.
[[nodiscard]] std::string render_github(const Diagnostics& diagnostics);

}  // namespace writ::cli
