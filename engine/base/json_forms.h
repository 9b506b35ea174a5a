// A cache of document forms. A broker's requests have few forms: the same keys in the same places with
// different values. A document with a known form is read by filling in the values: its keys are only
// compared, and checks that depend on the form alone are not repeated. A form contains no values. If a
// document fits no form, it is read normally.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_tokens.h"

namespace writ::json {

class Forms {
public:
    /// The nodes of a document if it has a known form and every value is valid; otherwise null. Valid until the next
    /// call. Requires: no string has an escape.
    [[nodiscard]] const Node* fill(const Tokens& tokens, const RequestLimits& limits);
    /// Stores the form of a document that was read with these limits, unless forms rarely repeat.
    /// Input:  `at`: for each node, the token at which its value starts. No string has an escape.
    /// Output: the nodes as fill() would return them; or the given nodes, if the form is not stored.
    const Node* keep(const Tokens& tokens, const std::vector<Node>& nodes, const std::vector<std::uint32_t>& at,
                     const RequestLimits& limits);

private:
    struct Mark {
        std::uint32_t token = 0;
        char is = 0;
    };
    struct Form {
        std::uint32_t tokens = 0;
        std::vector<Mark> marks;  ///< separators and closing brackets; other tokens start keys and values
        std::string keys;  ///< in their quotes, one after the other, padded so that a whole word can be read at each
        std::vector<Node> nodes;
        std::vector<std::uint32_t> at;
    };
    [[nodiscard]] bool affords();
    [[nodiscard]] static bool fill(Form& form, Tokens tokens, std::size_t max_string);

    static constexpr int kMostWorth = 256;
    std::vector<Form> forms_;
    std::size_t latest_ = 0, replaced_ = 0;  ///< the form that matched last; the form that was replaced last
    int worth_ = kMostWorth;                 ///< remaining budget for storing forms; forms that repeat increase it
    std::size_t passed_ = 0;                 ///< documents whose form was not stored
    RequestLimits limits_;                   ///< the limits with which they were read
};

}  // namespace writ::json
