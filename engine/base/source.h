// Source text held for the length of a compilation, and the strong ids that name things in it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"

namespace writ {

/// A strong index: ids of different tables do not mix.
template <class Tag>
struct Id {
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    std::uint32_t value = kNone;
    [[nodiscard]] constexpr bool valid() const { return value != kNone; }
    friend constexpr bool operator==(Id, Id) = default;
    friend constexpr auto operator<=>(Id, Id) = default;
};

/// The smallest span that covers both. Requires: same source.
constexpr Span join(Span a, Span b) {
    return {a.source, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

/// 1-based line and column (in bytes) of an offset. Only rendering and rule locations need it.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};
[[nodiscard]] Position position_of(std::string_view text, std::uint32_t offset);

/// How a file's lines end, and whether it begins with a byte order mark: what editors differ in, and what says nothing.
struct Ends {
    bool mark = false, crlf = false;
};
/// Of a text with both kinds of line end, the first counts.
[[nodiscard]] Ends ends_of(std::string_view text);
/// The text without a mark, its lines ending with `\n` alone. All that is compiled and kept is of this form.
[[nodiscard]] std::string plain_text(std::string_view text);
/// A plain text with the ends of another.
[[nodiscard]] std::string with_ends(std::string_view plain, Ends ends);

}  // namespace writ
