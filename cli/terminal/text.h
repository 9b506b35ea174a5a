// Text on a terminal: escaping of unsafe characters, width, and colours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace writ::cli {

/// Escape sequences, or empty strings if colour is off.
struct Palette {
    std::string_view error, warning, help, frame, good, bold, reset;
};
[[nodiscard]] Palette palette(bool colour);

/// One character as displayed.
struct Glyph {
    std::string text;
    std::uint32_t width = 1;   ///< columns
    std::uint32_t offset = 0;  ///< its first byte in the line
};

/// Splits a line into glyphs. Tabs become spaces up to the next multiple of four. Control characters, characters that
/// change the direction of text, and invalid UTF-8 are spelled out (`<U+202E>`).
[[nodiscard]] std::vector<Glyph> glyphs_of(std::string_view line);
/// Number of columns that a line takes.
[[nodiscard]] std::size_t columns_of(std::string_view line);

/// RFC 3339 in UTC, to the second. Input: microseconds since the epoch.
[[nodiscard]] std::string moment(std::int64_t micros);

/// Whether the whole text is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Whether a character is invisible and acts on a terminal or on the direction of text; a line end too.
[[nodiscard]] bool is_hidden(std::uint32_t character);
/// Text in which everything that a terminal could interpret is spelled out, line ends too.
[[nodiscard]] std::string safe(std::string_view text);

/// A JSON document in which these characters are written as escapes. Its value is the same.
[[nodiscard]] std::string safe_json(std::string_view json);

/// Wraps words into lines of at most `columns` columns, unless a word is longer. Text in backticks is not broken.
[[nodiscard]] std::string filled(std::string_view text, std::size_t width);

/// The texts with a separator between them.
[[nodiscard]] std::string joined(const std::vector<std::string>& texts, std::string_view by);

/// A duration in hours, minutes and seconds: `4m 27s`.
[[nodiscard]] std::string span_of(std::int64_t seconds);

}  // namespace writ::cli
