// The tokens of one JSON document, as simdjson finds them, and what its scalars are. Private to the reader.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json_reader.h"

namespace writ::json {

/// Where tokens begin in a text. There is one more begin than there are tokens: the size of the text, where
/// a NUL stands.
struct Tokens {
    const char* text = nullptr;
    const std::uint32_t* begins = nullptr;
    std::uint32_t count = 0;

    /// The first character of a token; NUL for the one past the last.
    [[nodiscard]] char first(std::uint32_t token) const { return text[begins[token]]; }
    /// A scalar's text: up to the next token, without the space between. Requires: token < count.
    [[nodiscard]] std::string_view scalar(std::uint32_t token) const {
        const char* const begin = text + begins[token];
        const char* end = text + begins[token + 1];
        while (end > begin && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\t' || end[-1] == '\r')) --end;
        return {begin, static_cast<std::size_t>(end - begin)};
    }
};

enum class Scalar : std::uint8_t { Read, NotJson, TooLong };
/// Reads `null`, a boolean or a number of any size into a node that has nothing in it.
[[nodiscard]] Scalar read_scalar(std::string_view word, std::size_t max_size, Node& node);

inline void put_text(Node& node, Type type, std::string_view text) {
    node.type = type;
    node.text_begin = text.data();
    node.text_size = static_cast<std::uint32_t>(text.size());
}

}  // namespace writ::json
