// Random regular expressions, and texts with what hides from careless patterns: line ends, separators, look-alikes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rng.h"

namespace writ::property {

/// UTF-8 of at most `most` characters, of which some are line ends, a NUL, backslashes, escapes, combining marks, and
/// letters that only look like ASCII or fold to it.
[[nodiscard]] std::string random_text(Rng& rng, std::size_t most);
/// Classes, counts, alternatives, groups `depth` deep, flags. Few are no expression: ask the compiler.
[[nodiscard]] std::string random_regex(Rng& rng, std::size_t depth);
/// One that the compiler takes.
[[nodiscard]] std::string sound_regex(Rng& rng, std::size_t depth);
/// A text as a literal of the language, with its quotes.
[[nodiscard]] std::string string_literal(std::string_view text);

}  // namespace writ::property
