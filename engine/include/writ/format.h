// Formats policy text in the canonical style. Not here: the style itself (docs/style.md).
#pragma once

#include <string>

#include "writ/bundle.h"

namespace writ {

/// Formats a policy source in the canonical style. Only blanks, line ends and optional commas change; comments stay
/// where they are. The result is parsed again: it must have the same tree and the same comments, and formatting it
/// again must not change it. The kind of line ends and a byte order mark are kept.
/// Errors:   E0101.. the text has errors; K0005 the formatter has a defect, and its result is discarded.
/// Source:   docs/style.md
[[nodiscard]] Checked<std::string> format(const Source& source, const CompileOptions& options = {});

}  // namespace writ
