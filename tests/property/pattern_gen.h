// Random regular expressions, and texts with difficult characters: line ends, separators, look-alikes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rng.h"

namespace writ::property {

/// UTF-8 of at most `most` characters, some of them line ends, NUL, backslashes, escapes, combining marks, and
/// letters that look like ASCII or fold to it.
[[nodiscard]] std::string random_text(Rng& rng, std::size_t most);
/// An expression with classes, counts, alternatives, groups up to `depth`, and flags. A few are invalid.
[[nodiscard]] std::string random_regex(Rng& rng, std::size_t depth);
/// An expression that the compiler accepts.
[[nodiscard]] std::string sound_regex(Rng& rng, std::size_t depth);
/// A text as a literal of the language, with quotes.
[[nodiscard]] std::string string_literal(std::string_view text);

}  // namespace writ::property
