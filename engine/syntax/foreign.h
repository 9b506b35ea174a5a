// Keywords and operators of other languages, with their equivalents in Writ. Used only in messages; this does not
// change the meaning of any text.
#pragma once

#include <string_view>

namespace writ::syntax {

struct Foreign {
    std::string_view word;
    std::string_view help;
    std::string_view replacement;  ///< text to put in place of the word; empty if more than the word must change
};

/// A keyword of another language at the start of a declaration; null: it is not one.
[[nodiscard]] const Foreign* foreign_declaration(std::string_view word);
/// A keyword or an operator of another language inside a rule or an expression; null: it is not one.
[[nodiscard]] const Foreign* foreign_word(std::string_view word);
/// Whether a word means none in other languages.
[[nodiscard]] bool is_null_word(std::string_view word);
/// Advice for a character that starts no token; empty if there is none.
[[nodiscard]] std::string_view foreign_sign(std::string_view sign);

}  // namespace writ::syntax
