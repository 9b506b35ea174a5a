// Which lints there are to be and what a finding of each is: for the verbs that lint.
#pragma once

#include "cli/command/command.h"
#include "writ/lint.h"

namespace writ::cli {

/// `--level NAME=LEVEL`, and `--fail-on LEVEL`: the least finding that fails.
void add_lint_levels(Command& verb, LintOptions& lint, LintLevel& fail_on);

}  // namespace writ::cli
