// Which lints there are to be and what a finding of each is: for the verbs that lint.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "writ/lint.h"

namespace writ::cli {

/// `--level NAME=LEVEL`, and `--fail-on LEVEL`: the least finding that fails.
void add_lint_levels(CLI::App& verb, std::vector<std::string>& levels, LintLevel& fail_on);

/// What the levels come to. Throws what the command line is refused with, with the nearest name where there is no
/// such lint.
[[nodiscard]] LintOptions lint_options(const std::vector<std::string>& levels);

}  // namespace writ::cli
