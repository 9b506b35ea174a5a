// Patterns made ready: a literal beginning, a literal end, and an automaton for what is between them. Most
// patterns are mostly literal, so that many of them share one small automaton.
#pragma once

#include <string>
#include <string_view>

#include "pattern/dfa.h"

namespace writ::pattern {

struct Matcher {
    std::string text;  ///< the pattern, as it was written
    std::string prefix, suffix;
    Tables between;
    bool glob = false;

    /// Whether the whole of a text matches. Requires: valid UTF-8.
    [[nodiscard]] bool matches(std::string_view of) const {
        return of.size() >= prefix.size() + suffix.size() && of.starts_with(prefix) && of.ends_with(suffix) &&
               between.view().accepts(of.substr(prefix.size(), of.size() - prefix.size() - suffix.size()));
    }
};

/// Errors: the syntax, as parse_regex() says; an automaton that would be too large.
[[nodiscard]] tl::expected<Matcher, Problem> make_regex(std::string_view text);
/// Errors: as parse_glob() says; an automaton that would be too large.
[[nodiscard]] tl::expected<Matcher, Problem> make_glob(std::string_view text, std::string_view separators);

}  // namespace writ::pattern
