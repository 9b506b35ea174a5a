// Findings as SARIF 2.1.0, for code scanning. One line; the same input gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/lint.h"

namespace writ::cli {

/// One run. Its rules are the codes that occur, with their pages (writ/tools.h, writ/lint.h) as help.
/// Places are relative to the current folder where a file lies in it. Fingerprints are made of the code, the
/// file and the finding's line as text, with a count where those are equal: they stay when lines move. Input:
/// suppressed: findings that the source says are meant.
[[nodiscard]] std::string render_sarif(const Diagnostics& diagnostics,
                                       const std::vector<SuppressedFinding>& suppressed = {});

}  // namespace writ::cli
