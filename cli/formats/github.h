// Formats findings as workflow commands of GitHub Actions, which shows them next to the changed lines.
#pragma once

#include <string>

#include "writ/diagnostic.h"

namespace writ::cli {

/// One `::error file=…::message` or `::warning …` per finding, errors first. GitHub shows ten of a level per step:
/// one `::notice` gives the number of the others.
[[nodiscard]] std::string render_github(const Diagnostics& diagnostics);

}  // namespace writ::cli
