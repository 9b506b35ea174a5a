// Finds suspicious parts of policies that compile: mistakes of trust, rules that conflict, and unused declarations. Not
// here: lints that need the evaluator, levels and suppressions (lint.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/typed.h"
#include "writ/lint.h"

namespace writ::lint {

enum class Lint : std::uint8_t {
#define LINT(enumerator, name, level, fix, catalogue, title) enumerator,
#include "lint/lints.def"
#undef LINT
};

/// A replacement for a span that removes the finding.
struct TextEdit {
    Span span;
    std::string text;
};

struct Finding {
    Lint lint = Lint::SharedIssuerUnscoped;
    Diagnostic diagnostic;  ///< the caller sets the severity
    std::optional<TextEdit> fix;
};

[[nodiscard]] Finding make_finding(Lint lint, Span span, std::string message, std::string label, std::string help);

/// Every finding in the given sources that the typed policy shows; at most one per place and lint.
/// Requires: the policy compiles. Cost: near linear in the policy.
[[nodiscard]] std::vector<Finding> lint(const check::Policy& policy);

/// `// lint: allow NAME, NAME because REASON`. At the end of a line it covers that line; on its own line, the next
/// line that is not a comment, or the whole declaration that starts there.
struct Suppression {
    Lint lint = Lint::SharedIssuerUnscoped;
    Span at;      ///< the lint's name in the comment
    Span covers;  ///< findings that start inside are suppressed
    std::string reason;
};

/// Every suppression in the given sources. Comments with an unknown lint, or without a reason, become findings.
[[nodiscard]] std::vector<Suppression> suppressions(const check::Policy& policy, std::vector<Finding>& findings);

}  // namespace writ::lint
