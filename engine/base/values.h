// Conversion of scalar values from and to text: decimals, durations, instants, and typed text. The parser, request
// binding, tables, tests and output all use these functions.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/kind.h"

namespace writ {

constexpr std::int64_t kDecimalUnit = 1'000'000;  ///< the integer that represents decimal 1
constexpr std::int64_t kSecond = 1'000'000;       ///< microseconds
constexpr std::int64_t kDay = 86'400;             ///< seconds
/// The longest ttl of a grant, in microseconds, and so how far ahead the horizon of a decision is searched.
constexpr std::int64_t kMaxTtl = kDay * kSecond;

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

/// Reads an exact decimal such as "500.00", "-0.5", "1e2" (JSON number syntax). Empty if it needs more than six
/// fraction digits or does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_decimal(std::string_view text);
/// The shortest form, with at least one digit before the point: "500", "0.5".
[[nodiscard]] std::string format_decimal(std::int64_t value);

/// Reads "1h30m", "90s", "500ms", "2m", "7d": units in descending order, each at most once. Empty if malformed.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text);
/// The same form with the largest possible units; "0s" for zero.
[[nodiscard]] std::string format_duration(std::int64_t micros);

/// How a moment between two microseconds is rounded.
enum class Rounding : std::uint8_t { Down, Up };
/// The rounding for a field, by its name: `nbf` starts something and rounds up, all others round down, so that
/// nothing lasts longer than stated.
[[nodiscard]] inline Rounding rounding_of(std::string_view field) {
    return field == "nbf" ? Rounding::Up : Rounding::Down;
}

/// Reads RFC 3339 with a zone, any number of fraction digits, and years 0001-9999. A leap second (23:59:60 UTC) is
/// the start of the next second. Output: microseconds since 1970; empty if malformed or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_instant(std::string_view text, Rounding rounding = Rounding::Down);
/// Reads a NumericDate (RFC 7519): seconds since 1970 as a JSON number, optionally with a fraction and an exponent.
/// Output: microseconds since 1970; empty if malformed or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_numeric_date(std::string_view number,
                                                             Rounding rounding = Rounding::Down);
/// RFC 3339 in UTC, with a fraction only if it is not zero.
[[nodiscard]] std::string format_instant(std::int64_t micros);
/// The same, written to memory that is large enough; returns the end.
constexpr std::size_t kInstantRoom = 32;
[[nodiscard]] char* write_instant(char* to, std::int64_t micros);

/// Checks typed text and makes it canonical. Kinds without a canonical form are returned unchanged.
/// Input:  a kind with rep Text.
/// Output: canonical bytes; empty if the text is invalid or ambiguous (userinfo in a URL, `..`, `//`, percent escapes
/// that hide a separator or dot, two `@`, a trailing dot). Paths: plain_path().
[[nodiscard]] std::optional<std::string> canonical_text(Kind kind, std::string_view text);
/// The same without allocating: the result views `text`, or `room`, which is overwritten.
[[nodiscard]] std::optional<std::string_view> canonical_text(Kind kind, std::string_view text, std::string& room);
/// The text as in a policy: converts ip and cidr from their raw form.
[[nodiscard]] std::string display_text(Kind kind, std::string_view canonical);

/// A part of canonical typed text; empty if the text has no such part. UrlPort is decimal digits.
[[nodiscard]] std::optional<std::string_view> part_of(Part part, std::string_view canonical);
/// The kind of a part's value, the kind that has the part, and the part of `kind` with a name.
[[nodiscard]] Kind kind_of(Part part);
[[nodiscard]] Kind owner_of(Part part);
[[nodiscard]] std::optional<Part> find_part(Kind kind, std::string_view name);

/// How far after `now` a moment may be and still count as past, in microseconds, because clocks differ. A moment
/// further ahead has no known age. Also the upper limit of an issuer's `leeway`.
constexpr std::int64_t kMostLeeway = 60 * kSecond;
/// Whether `moment` is so far after `now` that it has no age. Both in microseconds.
[[nodiscard]] inline bool is_ahead(std::int64_t moment, std::int64_t now) {
    return moment > sat_add(now, kMostLeeway);
}

/// Whether an ip (16 bytes) is in a cidr (17 bytes).
[[nodiscard]] bool cidr_contains(std::string_view cidr, std::string_view ip);

/// Whether the whole text is ASCII; checks sixteen bytes at a time.
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
    // The last words overlap those before them.
    std::uint64_t all = word_at(0) | word_at(text.size() - sizeof kHigh);
    if (text.size() > 2 * sizeof kHigh) {
        for (std::size_t at = sizeof kHigh; at + 2 * sizeof kHigh < text.size(); at += 2 * sizeof kHigh)
            all |= word_at(at) | word_at(at + sizeof kHigh);
        all |= word_at(text.size() - 2 * sizeof kHigh);
    }
    return (all & kHigh) == 0;
}

/// Whether a text is a SPIFFE id of the usual form, which canonical_text() returns
/// unchanged. If false, use that function.
[[nodiscard]] bool usual_spiffe(std::string_view text);

/// The text without a leading byte order mark.
[[nodiscard]] inline std::string_view without_mark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

/// Whether the whole text is valid UTF-8, without surrogates or overlong forms.
[[nodiscard]] bool valid_utf8(std::string_view text);

}  // namespace writ
