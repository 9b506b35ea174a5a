// Text to text in the one style of docs/style.md, and the proof that only the layout changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/report.h"

namespace writ::syntax {

/// What a formatter reads in a text, and what it makes of it.
struct Reading {
    std::string formatted;
    std::string ast;                    ///< dump_ast
    std::vector<std::string> comments;  ///< in order, and a line end after those of each declaration
};

/// Reads a text and lays it out anew.
/// Output:   nothing if there are errors.
/// Errors:   as parse().
[[nodiscard]] std::optional<Reading> lay_out(std::uint32_t source, std::string_view text, std::uint32_t max_depth,
                                             Report& report);

/// In which way a text, laid out, says something else; empty if it does not.
/// Input:    before: of the text; after: of what was made of it.
[[nodiscard]] std::string fault_of(const Reading& before, const Reading& after);

}  // namespace writ::syntax
