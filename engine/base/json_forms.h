// A cache of document forms. A broker's requests have few forms: the same text apart from the values of strings,
// numbers and booleans. A document with a known form is read in one pass: the text between its values must equal the
// form's, byte for byte, and only the values are checked. The rest is then the same JSON as in the document that the
// form was made from, so no other rule needs to be checked again. A form contains no values. If a document fits no
// form, it is read normally.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/json_tokens.h"

namespace writ::json {

class Forms {
public:
    /// Bytes after a document that must be readable.
    static constexpr std::size_t kPadding = 16;

    /// The nodes of a document if it has a known form and every value is valid; otherwise null. Valid until the next
    /// call. Requires: a NUL and kPadding readable bytes after the text.
    [[nodiscard]] const Node* fill(std::string_view text, const RequestLimits& limits);
    /// Stores the form of a document that was read with these limits, unless forms rarely repeat.
    /// Input:  `at`: for each node, the token at which its value starts. No string has an escape.
    /// Output: the nodes as fill() would return them; or the given nodes, if the form is not stored.
    const Node* keep(const Tokens& tokens, const std::vector<Node>& nodes, const std::vector<std::uint32_t>& at,
                     const RequestLimits& limits);

private:
    /// The place of a value that is not an object or an array.
    struct Blank {
        std::uint32_t node = 0;
        std::uint32_t before = 0;  ///< bytes of text between it and the value before it
        bool quoted = false;       ///< a string; the quotes belong to the text around it
    };
    struct Form {
        std::vector<char> text;  ///< without the values; padded so that a whole word can be read at each byte
        std::vector<Blank> blanks;
        std::uint32_t after = 0;  ///< bytes of text after the last value
        std::vector<Node> nodes;
    };
    [[nodiscard]] bool affords();
    /// Reads a document with a form. `at`: its begin; becomes the place up to which it was read.
    [[nodiscard]] static bool fill(Form& form, std::string_view text, std::size_t max_string, const char*& at);

    static constexpr int kMostWorth = 256;
    std::vector<Form> forms_;
    std::size_t latest_ = 0, replaced_ = 0;  ///< the form that matched last; the form that was replaced last
    int worth_ = kMostWorth;                 ///< remaining budget for storing forms; forms that repeat increase it
    std::size_t passed_ = 0;                 ///< documents whose form was not stored
    RequestLimits limits_;                   ///< the limits with which they were read
    std::vector<std::size_t> keys_;  ///< working memory: for each node with a key, where that is in a form's text
};

}  // namespace writ::json
