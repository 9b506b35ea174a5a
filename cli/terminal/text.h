// Text on a terminal: what may not be shown as it is, how wide it is, and colours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace writ::cli {

/// Escape sequences, or empty strings where there is no colour.
struct Palette {
    std::string_view error, warning, help, frame, good, bold, reset;
};
[[nodiscard]] Palette palette(bool colour);

/// One character as it is shown.
struct Cell {
    std::string text;
    std::uint32_t width = 1;   ///< columns
    std::uint32_t offset = 0;  ///< first byte of it in the line
};

/// Cuts a line into cells. Tabs become spaces up to the next multiple of four. Control characters,
/// those that turn the direction of text, and bytes that are not UTF-8 are spelled out (`<U+202E>`).
[[nodiscard]] std::vector<Cell> cells_of(std::string_view line);

/// RFC 3339 in UTC, to the second; microseconds since the epoch.
[[nodiscard]] std::string moment(std::int64_t micros);

/// Whether all of a text is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Text with everything spelled out that a terminal could obey; line ends too.
[[nodiscard]] std::string safe(std::string_view text);

/// A JSON document with the same characters written as escapes: the same document, and nothing that acts.
[[nodiscard]] std::string safe_json(std::string_view json);

/// Words in lines of at most so many columns, where words are short enough. What stands in backticks stays together.
[[nodiscard]] std::string filled(std::string_view text, std::size_t width);

/// `1 entry`, `2 entries`. Without `many`, it is `one` with an s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

/// A span of time in hours, minutes and seconds: `4m 27s`.
[[nodiscard]] std::string span_of(std::int64_t seconds);

}  // namespace writ::cli
