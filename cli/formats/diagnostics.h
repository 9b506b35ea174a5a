// Formats diagnostics for people and programs. Columns count characters from 1; a tab is one character.
#pragma once

#include <string>

#include "writ/diagnostic.h"

namespace writ::cli {

/// Every finding: code, message, place, source lines with labelled carets, help and replacement; at the end the
/// numbers of errors and warnings.
[[nodiscard]] std::string render_human(const Diagnostics& diagnostics, bool colour);

/// One line per finding: `file:line:column: error: message [E0201]`.
[[nodiscard]] std::string render_short(const Diagnostics& diagnostics);

/// A JSON array of findings on one line; spans in bytes, and in lines and columns.
[[nodiscard]] std::string render_json(const Diagnostics& diagnostics);

}  // namespace writ::cli
