// Tables for people: aligned columns without lines between them.
#pragma once

#include <string>
#include <vector>

namespace writ::cli {

/// Formats rows under their headings. Unsafe characters are escaped; the last column is not padded.
[[nodiscard]] std::string table(const std::vector<std::string>& headings,
                                const std::vector<std::vector<std::string>>& rows);

}  // namespace writ::cli
