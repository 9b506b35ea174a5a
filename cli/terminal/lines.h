// Splits sources into lines and converts offsets to lines and columns. Columns count characters.
// LineColumn counts from 0, Region from 1.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"

namespace writ::cli {

struct LineColumn {
    std::size_t line = 0;    ///< from 0
    std::size_t column = 0;  ///< characters, from 0
};

/// One source, split into lines. Requires: the text outlives it.
class Lines {
public:
    explicit Lines(std::string_view text);
    [[nodiscard]] std::size_t line_at(std::size_t offset) const;
    [[nodiscard]] std::size_t start(std::size_t line) const { return starts_[line]; }
    [[nodiscard]] std::string_view text(std::size_t line) const;
    [[nodiscard]] LineColumn place(std::size_t offset) const;

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

/// A span as lines and columns, from 1; the end is the position after the last character.
struct Region {
    std::size_t line = 1, column = 1, end_line = 1, end_column = 1;
};
[[nodiscard]] Region region_of(const Lines& lines, const Span& span);

[[nodiscard]] std::string_view severity_name(Severity severity);

}  // namespace writ::cli
