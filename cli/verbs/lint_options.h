// Options of the verbs that lint: the level of each lint.
#pragma once

#include "cli/command/command.h"
#include "writ/lint.h"

namespace writ::cli {

/// Adds `--level NAME=LEVEL` and `--fail-on LEVEL`, the lowest level of findings that fails.
void add_lint_levels(Command& verb, LintOptions& lint, LintLevel& fail_on);

}  // namespace writ::cli
