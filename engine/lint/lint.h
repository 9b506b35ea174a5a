// Lints a checked policy with levels, suppressions, and rules without tests.
// Not here: the lints themselves (findings.h).
#pragma once

#include "check/typed.h"
#include "lint/findings.h"
#include "writ/bundle.h"
#include "writ/lint.h"

namespace writ::lint {

/// Implements Workspace::lint. Input: bundle: the compiled policy.
[[nodiscard]] LintReport lint(const check::Policy& policy, const Bundle& bundle, const LintOptions& options);

/// Implements Workspace::apply_fixes.
[[nodiscard]] std::vector<Source> fixed_sources(const Workspace& workspace, const SourceSet& sources,
                                                const CompileOptions& compile, const LintReport& report,
                                                const LintOptions& options);

}  // namespace writ::lint
