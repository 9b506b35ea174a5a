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

enum class Scalar : std::uint8_t { Read, NotJson, TooLong };
/// Reads `null`, a boolean or a number of any size into an empty node.
[[nodiscard]] Scalar read_scalar(std::string_view word, std::size_t max_size, Node& node);

inline void put_text(Node& node, Type type, std::string_view text) {
    node.type = type;
    node.text_begin = text.data();
    node.text_size = static_cast<std::uint32_t>(text.size());
}

}  // namespace writ::json
