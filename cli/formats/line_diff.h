// Two texts line by line.
#pragma once

#include <string>
#include <string_view>

namespace writ::cli {

/// What to take out (`-`) and to put in (`+`), with three lines around, as `diff -u` shows it; empty if
/// the texts are equal. The fewest lines, unless the texts differ in more than some thousands: then all.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after, bool colour);

}  // namespace writ::cli
