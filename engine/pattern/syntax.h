// What a pattern means, as a tree: regular expressions and globs are read into the same form.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "pattern/charset.h"

namespace writ::pattern {

struct Node {
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
    std::vector<Node> kids;
    std::uint32_t least = 0, most = 0;
    std::size_t begin = 0, end = 0;  ///< where a Repeat is written, in bytes

    [[nodiscard]] static Node of(CharSet set);
    [[nodiscard]] static Node repeat(Node kid, std::uint32_t least, std::uint32_t most);
    /// Kids that are sequences themselves are taken in.
    [[nodiscard]] static Node sequence(std::vector<Node> kids);
    [[nodiscard]] static Node either(std::vector<Node> kids);
};

/// Why a pattern is none.
struct Problem {
    std::string message;  ///< lower case, no period, user text in backticks
    std::string help;     ///< what to write instead; may be empty
};

/// The greatest count, and the greatest product of counts inside each other.
constexpr std::uint32_t kMaxCount = 1000;
/// Groups inside each other, at most.
constexpr std::size_t kMaxGroups = 100;

/// Reads a regular expression, which is for a whole text; docs/language.md has the syntax.
/// Input: UTF-8.
[[nodiscard]] tl::expected<Node, Problem> parse_regex(std::string_view text);

/// Reads a glob. `*` is text without a separator, at least one character if it is a whole segment; `**` is any
/// text; every other character is itself.
/// Input: UTF-8; ASCII separators, none if `*` is not allowed.
[[nodiscard]] tl::expected<Node, Problem> parse_glob(std::string_view text, std::string_view separators);

/// The character that begins at `at`, which is moved past it. Requires: valid UTF-8, at < text.size().
[[nodiscard]] std::uint32_t next_character(std::string_view text, std::size_t& at);
/// Appends one as UTF-8.
void append_character(std::string& out, std::uint32_t character);

}  // namespace writ::pattern
