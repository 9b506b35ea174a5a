// Policy text with the same tokens in another layout, for testing the formatter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rng.h"

namespace writ::property {

/// A text in pieces: gaps and tokens alternate, with a gap at the start and the end.
struct Pieces {
    std::vector<std::string> gaps;  ///< one more than tokens
    std::vector<std::string> tokens;

    [[nodiscard]] std::string text() const;
};

/// Splits a text without lexical errors. Has its own tokenizer, independent of the tested grammar.
[[nodiscard]] Pieces cut(std::string_view text);

/// The comments of a text in order, without trailing blanks.
[[nodiscard]] std::vector<std::string> comments_of(const Pieces& pieces);

struct Mangling {
    bool comments = true;  ///< insert comments
    bool docs = false;     ///< insert doc comments too, which may change the tree
    bool stretch = false;  ///< make texts longer, so that lines break elsewhere; this changes the tree
};

/// Changes blanks, line ends and comments between tokens at random.
[[nodiscard]] std::string mangled(const Pieces& pieces, Mangling how, Rng& rng);

}  // namespace writ::property
