// Formats findings as SARIF 2.1.0 for code scanning. One line; the same input gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/lint.h"

namespace writ::cli {

/// One run. Its rules are the codes of the findings, with their pages (writ/tools.h, writ/lint.h) as help. Paths of
/// files in the current folder are relative to it. A fingerprint is made of the code, the file and the text of the
/// line, with a count if these are equal: it stays the same when lines move.
/// Input: suppressed: findings that the source suppresses.
[[nodiscard]] std::string render_sarif(const Diagnostics& diagnostics,
                                       const std::vector<SuppressedFinding>& suppressed = {});

}  // namespace writ::cli
