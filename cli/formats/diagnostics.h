// Diagnostics as people and machines read them. Columns count characters from 1; a tab is one.
#pragma once

#include <string>

#include "writ/diagnostic.h"

namespace writ::cli {

/// Every finding: code, message, place, source lines with labelled carets, help with what to write
/// instead, and a count of errors and warnings at the end.
[[nodiscard]] std::string render_human(const Diagnostics& diagnostics, bool colour);

/// One line a finding: `file:line:column: error: message [E0201]`.
[[nodiscard]] std::string render_short(const Diagnostics& diagnostics);

/// A JSON array of findings, one line; spans in bytes, and in lines and columns.
[[nodiscard]] std::string render_json(const Diagnostics& diagnostics);

}  // namespace writ::cli
