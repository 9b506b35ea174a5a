// Converts spans to lines and columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/terminal/lines.h"
#include "writ/diagnostic.h"

namespace writ::cli {

/// A position in a file; lines and columns from 1, columns in characters.
struct FilePosition {
    std::string file;
    std::size_t line = 1, column = 1;
};

/// The positions of spans in the same sources, which must outlive it. Splits each source into lines once.
class FilePositions {
public:
    explicit FilePositions(const Diagnostics& sources);

    [[nodiscard]] FilePosition at(const Span& span) const;
    /// `file:line:column`, safe for a terminal.
    [[nodiscard]] std::string text(const Span& span) const;

private:
    const std::vector<Source>& sources_;
    std::vector<Lines> lines_;  ///< by source
};

}  // namespace writ::cli
