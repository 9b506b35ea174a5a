// Formats text in the style of docs/style.md, and checks that only the layout changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/report.h"

namespace writ::syntax {

/// The content of a text, and the formatted text.
struct Reading {
    std::string formatted;
    std::string ast;                    ///< from dump_ast
    std::vector<std::string> comments;  ///< in order, with a line end after those of each declaration
};

/// Parses and formats a text.
/// Output:   none if there are errors.
/// Errors:   as parse().
[[nodiscard]] std::optional<Reading> lay_out(std::uint32_t source, std::string_view text, std::uint32_t max_depth,
                                             Report& report);

/// How the formatted text differs in meaning; empty if it does not.
/// Input:    before: of the original text; after: of the formatted text.
[[nodiscard]] std::string fault_of(const Reading& before, const Reading& after);

}  // namespace writ::syntax
