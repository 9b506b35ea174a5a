// Scalar values as text and back: decimals, durations, instants, and typed text.
// One place for each format; parser, request binding, tables, tests and rendering all come here.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/kind.h"

namespace writ {

constexpr std::int64_t kDecimalUnit = 1'000'000;  ///< decimal 1 is this many
constexpr std::int64_t kSecond = 1'000'000;       ///< microseconds

// Saturating 64-bit arithmetic.
[[nodiscard]] inline std::int64_t sat_add(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    return __builtin_add_overflow(a, b, &out) ? (b < 0 ? INT64_MIN : INT64_MAX) : out;
}
[[nodiscard]] inline std::int64_t sat_sub(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    return __builtin_sub_overflow(a, b, &out) ? (b < 0 ? INT64_MAX : INT64_MIN) : out;
}
[[nodiscard]] std::int64_t sat_mul(std::int64_t a, std::int64_t b);

/// Exact decimal from text such as "500.00", "-0.5", "1e2" (JSON number syntax). Empty if it needs
/// more than six fraction digits or does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_decimal(std::string_view text);
/// Shortest form, at least one digit before the point: "500", "0.5".
[[nodiscard]] std::string format_decimal(std::int64_t value);

/// "1h30m", "90s", "500ms", "2m", "7d", units descending, each at most once. Empty if malformed.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text);
/// The same form, largest units first; "0s" for zero.
[[nodiscard]] std::string format_duration(std::int64_t micros);

/// Which microsecond a moment between two of them becomes.
enum class Rounding : std::uint8_t { Down, Up };
/// How a field's moments are rounded, by its name: `nbf` starts something and rounds up, all others round down,
/// so that nothing lasts longer than it was stated to.
[[nodiscard]] inline Rounding rounding_of(std::string_view field) {
    return field == "nbf" ? Rounding::Up : Rounding::Down;
}

/// RFC 3339 with zone, any number of fraction digits, years 0001-9999. A leap second (23:59:60 UTC) is the start
/// of the next second. Output: microseconds since 1970; empty if malformed or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_instant(std::string_view text, Rounding rounding = Rounding::Down);
/// A NumericDate (RFC 7519): seconds since 1970 as a JSON number, which may have a fraction and an exponent.
/// Output: microseconds since 1970; empty if malformed or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_numeric_date(std::string_view number,
                                                             Rounding rounding = Rounding::Down);
/// RFC 3339 in UTC, fraction only if there is one.
[[nodiscard]] std::string format_instant(std::int64_t micros);
/// The same into memory that has room for it; where it ends.
constexpr std::size_t kInstantRoom = 32;
[[nodiscard]] char* write_instant(char* to, std::int64_t micros);

/// Checks and canonicalises typed text. Kinds without canonical form are returned as they are.
/// Input:  kind with rep Text.
/// Output: canonical bytes; empty if the text is invalid or ambiguous (userinfo in a URL, `..`,
///         `//`, percent-escapes that hide a separator or dot, two `@`, a trailing dot). Paths: plain_path().
[[nodiscard]] std::optional<std::string> canonical_text(Kind kind, std::string_view text);
/// The same without memory of its own: views `text`, or `room`, which is overwritten.
[[nodiscard]] std::optional<std::string_view> canonical_text(Kind kind, std::string_view text, std::string& room);
/// What an author would write: undoes the raw form of ip and cidr.
[[nodiscard]] std::string display_text(Kind kind, std::string_view canonical);

/// A part of canonical typed text. UrlPort is decimal digits. Empty if that text has no such part.
[[nodiscard]] std::optional<std::string_view> part_of(Part part, std::string_view canonical);
/// The kind of a part's value, and the part of `kind` with this name.
[[nodiscard]] Kind kind_of(Part part);
[[nodiscard]] std::optional<Part> find_part(Kind kind, std::string_view name);

/// How far beyond `now` a moment may lie and still count as past, in microseconds: clocks differ. An age of
/// what lies further ahead is unknown. It is the most that an issuer's `leeway` can be.
constexpr std::int64_t kMostLeeway = 60 * kSecond;
/// Whether `moment` lies too far ahead of `now` to have an age. Both in microseconds.
[[nodiscard]] inline bool is_ahead(std::int64_t moment, std::int64_t now) {
    return moment > sat_add(now, kMostLeeway);
}

/// ip (16 bytes) inside cidr (17 bytes).
[[nodiscard]] bool cidr_contains(std::string_view cidr, std::string_view ip);

/// Whole text is ASCII; eight bytes at a time.
[[nodiscard]] inline bool is_ascii(std::string_view text) {
    constexpr std::uint64_t kHigh = 0x8080808080808080;
    const auto word_at = [&](std::size_t at) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + at, sizeof word);
        return word;
    };
    if (text.size() < sizeof kHigh) {
        unsigned all = 0;
        for (const char c : text) all |= static_cast<unsigned char>(c);
        return all < 0x80;
    }
    std::uint64_t all = word_at(text.size() - sizeof kHigh);
    for (std::size_t at = 0; at + sizeof kHigh < text.size(); at += sizeof kHigh) all |= word_at(at);
    return (all & kHigh) == 0;
}

/// Whether a text is a SPIFFE id of the usual form, which canonical_text() would return as it is. False: ask that.
[[nodiscard]] bool usual_spiffe(std::string_view text);

/// A text without the byte order mark that editors on Windows put before it.
[[nodiscard]] inline std::string_view without_mark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

/// Whole text is valid UTF-8 without surrogates or overlong forms.
[[nodiscard]] bool valid_utf8(std::string_view text);

}  // namespace writ
