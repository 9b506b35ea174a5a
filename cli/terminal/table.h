// Lists as people read them: columns that line up, no lines between.
#pragma once

#include <string>
#include <vector>

namespace writ::cli {

/// Rows under their headings. Text is made safe; the last column is not padded.
[[nodiscard]] std::string table(const std::vector<std::string>& headings,
                                const std::vector<std::vector<std::string>>& rows);

}  // namespace writ::cli
