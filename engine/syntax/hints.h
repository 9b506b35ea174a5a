// Help for syntax errors in fixtures, tests, tools, issuers and groups of issuers. The help for rules is in parse.cpp.
// Used only in messages. Private to syntax.
#pragma once

#include <string>

#include "syntax/tokens.h"

namespace writ::syntax {

/// Where a declaration stopped making sense.
struct ErrorPlace {
    const TokenWindow& tokens;                  ///< the declaration
    Span at;                                    ///< the token that was found; it belongs to `tokens`
    std::size_t type = 0;                       ///< of this token
    const antlr4::misc::IntervalSet& expected;  ///< the types that were possible in its place
};

struct Hint {
    std::string help;         ///< empty: there is none for this place
    std::string replacement;  ///< text to put in place of the token; empty if more than the token must change
};

/// What to write instead, judged by the kind of declaration and the tokens around the error.
[[nodiscard]] Hint hint_at(const ErrorPlace& place);

}  // namespace writ::syntax
