// Paths: `a/b`, `/a/b`, `a/b/`. Which of them are one thing, whoever reads them.
#pragma once

#include <string_view>

namespace writ {

/// Whether a path names one place for every reader, so that what it begins with says where it is. One leading `/`
/// makes it absolute, one trailing `/` a folder. False for the segments `.` and `..`, an empty segment, `\`, NUL,
/// and a percent escape for `.`, `/`, `\`, NUL or `%` in either case.
[[nodiscard]] bool plain_path(std::string_view text);

/// `.` or `..`, also with the parameters of a URL behind it: `..;v=1`.
[[nodiscard]] bool is_dot_segment(std::string_view segment);

/// Where the first byte or escape is that plain_path() does not take; npos: there is none.
[[nodiscard]] std::size_t find_hidden(std::string_view text);

}  // namespace writ
