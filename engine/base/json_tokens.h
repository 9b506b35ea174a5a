// The tokens of a JSON document, as found by simdjson, and the values of scalars. Private to json*.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json_reader.h"

namespace writ::json {

/// The start of each token. There is one more entry than tokens: the size of the text, where a NUL is.
struct Tokens {
    const char* text = nullptr;
    const std::uint32_t* begins = nullptr;
    std::uint32_t count = 0;

    /// The first character of a token; NUL after the last.
    [[nodiscard]] char first(std::uint32_t token) const { return text[begins[token]]; }
    /// The text of a scalar: up to the next token, without trailing white space. Requires: token < count.
    [[nodiscard]] std::string_view scalar(std::uint32_t token) const {
        const char* const begin = text + begins[token];
        const char* end = text + begins[token + 1];
        while (end > begin && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\t' || end[-1] == '\r')) --end;
        return {begin, static_cast<std::size_t>(end - begin)};
    }
};

/// Reads the most frequent numbers: whole, not negative, and few enough digits to fit.
/// Output: the end of the number, which may be followed by more of a word; `begin` if it is none of these.
/// Requires: a byte that is no digit at `begin` or after it.
inline const char* read_digits(const char* begin, std::int64_t& out) {
    constexpr std::ptrdiff_t kMost = 18;
    const char* at = begin;
    std::int64_t value = 0;
    for (; *at >= '0' && *at <= '9' && at - begin < kMost; ++at) value = 10 * value + (*at - '0');
    if (*begin == '0' && at > begin + 1) return begin;
    out = value;
    return at;
}

enum class Scalar : std::uint8_t { Read, NotJson, TooLong };
/// Reads `null`, a boolean or a number of any size into an empty node.
[[nodiscard]] Scalar read_scalar(std::string_view word, std::size_t max_size, Node& node);

inline void put_text(Node& node, Type type, std::string_view text) {
    node.type = type;
    node.text_begin = text.data();
    node.text_size = static_cast<std::uint32_t>(text.size());
}

}  // namespace writ::json
