// Compiled patterns: a literal prefix, a literal suffix, and an automaton for the middle. Most patterns are mostly
// literal, so many patterns share a few small automata.
#pragma once

#include <string>
#include <string_view>

#include "pattern/dfa.h"

namespace writ::pattern {

struct Matcher {
    std::string text;  ///< the glob or the regular expression
    std::string prefix, suffix;
    Tables between;
    bool glob = false;

    /// Whether it is a glob without a star, which matches only itself.
    [[nodiscard]] bool is_one_text() const { return glob && text.find('*') == std::string::npos; }
    /// Whether the whole text matches. Requires: valid UTF-8.
    [[nodiscard]] bool matches(std::string_view of) const {
        return of.size() >= prefix.size() + suffix.size() && of.starts_with(prefix) && of.ends_with(suffix) &&
               between.view().accepts(of.substr(prefix.size(), of.size() - prefix.size() - suffix.size()));
    }
};

/// Errors: as parse_regex(); an automaton that is too large.
[[nodiscard]] tl::expected<Matcher, Problem> make_regex(std::string_view text);
/// Errors: as parse_glob(); an automaton that is too large.
[[nodiscard]] tl::expected<Matcher, Problem> make_glob(std::string_view text, std::string_view separators);

}  // namespace writ::pattern
