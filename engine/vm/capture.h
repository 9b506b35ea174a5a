// Captures of claims: matches a `parse` pattern against a whole text.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "bytecode/program.h"

namespace writ::vm {

/// Matches. Each capture in turn takes the longest text for which the rest can match.
/// Output:  (capture name, text) in order, views into `text`; valid only if it matches.
/// Cost:    pieces × text. `feasible` is working memory.
[[nodiscard]] bool match_pattern(const bytecode::Program& program, const bytecode::PatternRef& pattern,
                                 std::string_view text, std::vector<unsigned char>& feasible,
                                 std::vector<std::pair<std::uint32_t, std::string_view>>& captured);

}  // namespace writ::vm
