// Checks that a path is read in only one way: `a/b`, `/a/b`, `a/b/`.
#pragma once

#include <string_view>

namespace writ {

/// Whether every reader takes a path for the same place, so that a prefix determines where it is. One leading `/`
/// makes it absolute, one trailing `/` a folder. False for the segments `.` and `..`, an empty segment, `\`, NUL, and
/// a percent escape for `.`, `/`, `\`, NUL or `%` in either case.
[[nodiscard]] bool plain_path(std::string_view text);

/// `.` or `..`, also followed by URL parameters: `..;v=1`.
[[nodiscard]] bool is_dot_segment(std::string_view segment);

/// Offset of the first byte or escape that plain_path() rejects; npos: there is none.
[[nodiscard]] std::size_t find_hidden(std::string_view text);

}  // namespace writ
