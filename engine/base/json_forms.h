// Documents without their values. A broker's requests have few forms: the same keys in the same places,
// with other values. Once a form is known, a document that has it is read by filling in values: keys are
// compared and not looked up, and nothing is checked that has been found for the form.
// A form tells nothing about values. What does not fit one is read as if there were none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_tokens.h"

namespace writ::json {

class Forms {
public:
    /// The nodes of a document, if it has a known form and each value is good; else null. They live until
    /// the next call. Requires: no string has an escape.
    [[nodiscard]] const Node* fill(const Tokens& tokens, const RequestLimits& limits);
    /// Remembers the form of a document that was read under these limits, unless few come again.
    /// Input:  `at`, for each of its nodes, the token that its value begins with. No string has an escape.
    /// Output: its nodes, as fill() would give them; those that were given, if it is not remembered.
    const Node* keep(const Tokens& tokens, const std::vector<Node>& nodes, const std::vector<std::uint32_t>& at,
                     const RequestLimits& limits);

private:
    struct Mark {
        std::uint32_t token = 0;
        char is = 0;
    };
    struct Form {
        std::uint32_t tokens = 0;
        std::vector<Mark> marks;  ///< what separates and closes; other tokens begin keys and values
        std::string keys;         ///< in their quotes, one after the other, with room to read a word from each
        std::vector<Node> nodes;
        std::vector<std::uint32_t> at;
    };
    [[nodiscard]] bool affords();
    [[nodiscard]] static bool fill(Form& form, Tokens tokens, std::size_t max_string);

    static constexpr int kMostWorth = 256;
    std::vector<Form> forms_;
    std::size_t latest_ = 0, replaced_ = 0;  ///< that fitted; that was put in place of another
    int worth_ = kMostWorth;                 ///< what remembering may still cost: forms that come again pay for it
    std::size_t passed_ = 0;                 ///< documents whose form was not remembered
    RequestLimits limits_;                   ///< under which they were read
};

}  // namespace writ::json
