// Source texts, kept during a compilation, and strong ids.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"

namespace writ {

/// A strong index: ids for different tables cannot be mixed up.
template <class Tag>
struct Id {
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    std::uint32_t value = kNone;
    [[nodiscard]] constexpr bool valid() const { return value != kNone; }
    friend constexpr bool operator==(Id, Id) = default;
    friend constexpr auto operator<=>(Id, Id) = default;
};

/// The smallest span that contains both. Requires: same source.
constexpr Span join(Span a, Span b) {
    return {a.source, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

/// 1-based line and column (in bytes) of an offset. Used only for output and for the lines of rules.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};
[[nodiscard]] Position position_of(std::string_view text, std::uint32_t offset);

/// The line ends of a file, and whether it starts with a byte order mark. Editors differ
/// in these; they have no meaning.
struct Ends {
    bool mark = false, crlf = false;
};
/// If a text has both kinds of line ends, the first one counts.
[[nodiscard]] Ends ends_of(std::string_view text);
/// The text without a byte order mark and with `\n` as line ends. All text that is compiled or stored has this form.
[[nodiscard]] std::string plain_text(std::string_view text);
/// Converts a plain text to other line ends.
[[nodiscard]] std::string with_ends(std::string_view plain, Ends ends);

}  // namespace writ
