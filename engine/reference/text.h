// What patterns and paths mean, for the reference: RE2 matches, and nothing is shared with the engine's automata.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <re2/re2.h>

#include "check/typed.h"

namespace writ::reference {

/// A glob in RE2's syntax.
[[nodiscard]] std::string glob_for_re2(std::string_view glob, std::string_view separators);
/// The same for a regular expression of the language: without flags, and every character by its number.
[[nodiscard]] std::string regex_for_re2(std::string_view text);
/// For what these two return: `.` is every character.
[[nodiscard]] RE2::Options re2_options();

/// The patterns of one evaluation, compiled when they are met.
class Patterns {
public:
    /// Requires: a TextTest.
    [[nodiscard]] const RE2& of(const check::Expr& expr);

private:
    std::map<const check::Expr*, std::unique_ptr<RE2>> known_;
};

/// Whether a path says one thing.
[[nodiscard]] bool is_one_path(std::string_view path);

}  // namespace writ::reference
