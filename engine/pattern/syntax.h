// Parses regular expressions and globs to a common tree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "pattern/charset.h"

namespace writ::pattern {

struct PatternNode {
    enum class Form : std::uint8_t {
        Empty,     ///< the empty text
        Set,       ///< one character of a set
        Sequence,  ///< kids, one after the other
        Either,    ///< one of the kids
        Repeat,    ///< the kid, `least` to `most` times
    };
    static constexpr std::uint32_t kUnbounded = 0xFFFFFFFF;

    Form form = Form::Empty;
    CharSet set;
    std::vector<PatternNode> kids;
    std::uint32_t least = 0, most = 0;
    std::size_t begin = 0, end = 0;  ///< byte range of a Repeat in the pattern

    [[nodiscard]] static PatternNode of(CharSet set);
    [[nodiscard]] static PatternNode repeat(PatternNode kid, std::uint32_t least, std::uint32_t most);
    /// Makes a sequence; kids that are sequences are flattened into it.
    [[nodiscard]] static PatternNode sequence(std::vector<PatternNode> kids);
    [[nodiscard]] static PatternNode either(std::vector<PatternNode> kids);
};

/// Why a text is not a valid pattern.
struct Problem {
    std::string message;  ///< lower case, no period, user text in backticks
    std::string help;     ///< advice; may be empty
};

/// Largest count, and largest product of nested counts.
constexpr std::uint32_t kMaxCount = 1000;
/// Deepest nesting of groups.
constexpr std::size_t kMaxGroups = 100;

/// Parses a regular expression, which must match a whole text; docs/language.md has the syntax.
/// Input: UTF-8.
[[nodiscard]] tl::expected<PatternNode, Problem> parse_regex(std::string_view text);

/// Parses a glob. `*` matches text without a separator, and at least one character if it is a whole segment; `**`
/// matches any text; every other character matches itself.
/// Input: UTF-8; ASCII separators, empty if `*` is not allowed.
[[nodiscard]] tl::expected<PatternNode, Problem> parse_glob(std::string_view text, std::string_view separators);

/// Reads the character at `at` and moves `at` past it. Requires: valid UTF-8, at < text.size().
[[nodiscard]] std::uint32_t next_character(std::string_view text, std::size_t& at);
/// Appends a code point as UTF-8.
void append_character(std::string& out, std::uint32_t character);

}  // namespace writ::pattern
