// Compares two texts line by line.
#pragma once

#include <string>
#include <string_view>

namespace writ::cli {

/// The lines removed (`-`) and added (`+`), with three lines of context, as `diff -u` shows them; empty if the texts
/// are equal. The smallest difference; for very large differences, all lines removed and added.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after, bool colour);

}  // namespace writ::cli
