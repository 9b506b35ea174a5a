// Words and signs of other languages, and what is written here instead. Only for messages: nothing here changes what a
// text means.
#pragma once

#include <string_view>

namespace writ::syntax {

struct Foreign {
    std::string_view word;
    std::string_view help;
    std::string_view replacement;  ///< in place of the word; empty where more than the word has to change
};

/// A word where a declaration starts. Null: not a word of other languages.
[[nodiscard]] const Foreign* foreign_declaration(std::string_view word);
/// A word or a sign inside of a rule or an expression. Null: not one of other languages.
[[nodiscard]] const Foreign* foreign_word(std::string_view word);
/// What helps with a character that no token starts with; empty if nothing does.
[[nodiscard]] std::string_view foreign_sign(std::string_view sign);

}  // namespace writ::syntax
