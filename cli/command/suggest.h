// Suggestions for unknown words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace writ::cli {

/// `; did you mean …?`, or empty if no known word is similar.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace writ::cli
