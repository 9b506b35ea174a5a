// Checks of source text before tokens exist, and values of literals. Independent of the grammar.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/report.h"

namespace writ::syntax {

/// Whether the text may be read: UTF-8 without control characters and without characters
/// that change the displayed order.
/// Errors:   E0104, at most one per line.
[[nodiscard]] bool check_text(std::uint32_t source, std::string_view text, Report& report);

/// The value of a string literal with its quotes. A view into `literal` if it has no escape, otherwise into `arena`.
/// Errors:   E0103 unknown or malformed escape.
[[nodiscard]] std::string_view decode_string(std::string_view literal, Span span, Arena& arena, Report& report);

/// The value of `10_000`, optionally negated. Empty if malformed.
/// Errors:   E0103 does not fit 64 bits.
[[nodiscard]] std::optional<std::int64_t> decode_int(std::string_view literal, bool negative, Span span,
                                                     Report& report);

/// The value of `1_000.50` in millionths, optionally negated. Empty if malformed.
/// Errors:   E0103 more than six fraction digits, or does not fit.
[[nodiscard]] std::optional<std::int64_t> decode_decimal(std::string_view literal, bool negative, Span span,
                                                         Report& report);

/// Seconds after midnight of `09:00`. Empty if it is not of the form H:MM or HH:MM.
[[nodiscard]] std::optional<std::uint32_t> decode_time(std::string_view literal);

/// Source text in backticks for a message, shortened at a character boundary.
[[nodiscard]] std::string quoted_excerpt(std::string_view text);

/// A number literal in JSON's form: no underscores, no leading zeros.
[[nodiscard]] std::string json_number(std::string_view literal, bool negative);

}  // namespace writ::syntax
