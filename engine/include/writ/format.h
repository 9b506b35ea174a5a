// Policy text in the one canonical style. Not here: what the style is (docs/style.md).
#pragma once

#include <string>

#include "writ/bundle.h"

namespace writ {

/// Lays out a policy source in canonical style. Only blanks, line ends and commas that the grammar leaves
/// open change; comments stay where they are. What came out is parsed again, and must say the same, with the
/// same comments, and be laid out already. How lines end, and a byte order mark, are no part of the style and stay as
/// they are. Errors:   E0101.. what is wrong with the text; K0005 the formatter
/// has a defect, and what it made is thrown away. Source:   docs/style.md
[[nodiscard]] Checked<std::string> format(const Source& source, const CompileOptions& options = {});

}  // namespace writ
