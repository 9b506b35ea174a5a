// Policy text with the same tokens in another layout: what a formatter must see through.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rng.h"

namespace writ::property {

/// A text in pieces: what stands between tokens and the tokens, in turn, beginning and ending with a gap.
struct Pieces {
    std::vector<std::string> gaps;  ///< one more than tokens
    std::vector<std::string> tokens;

    [[nodiscard]] std::string text() const;
};

/// Cuts a text that is free of lexical errors. Knows tokens on its own, not by the grammar under test.
[[nodiscard]] Pieces cut(std::string_view text);

/// The comments of a text, in order, without blanks at their ends.
[[nodiscard]] std::vector<std::string> comments_of(const Pieces& pieces);

struct Mangling {
    bool comments = true;  ///< put comments in
    bool docs = false;     ///< and doc comments: the tree may change
    bool stretch = false;  ///< make texts longer, so that lines end elsewhere: the tree changes
};

/// Changes blanks, line ends and comments between tokens at random.
[[nodiscard]] std::string mangled(const Pieces& pieces, Mangling how, Rng& rng);

}  // namespace writ::property
