// What is suspicious in a policy that compiles: mistakes of trust, rules that stand in each other's way,
// and what nothing uses. Not here: what needs the evaluator or the caller's wishes (tools/lint).
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

/// Text to put in place of a span, and of nothing else, so that the finding is gone.
struct Edit {
    Span span;
    std::string text;
};

struct Finding {
    Lint lint = Lint::SharedIssuerUnscoped;
    Diagnostic diagnostic;  ///< severity is left to whoever knows the levels
    std::optional<Edit> fix;
};

[[nodiscard]] Finding make_finding(Lint lint, Span span, std::string message, std::string label, std::string help);

/// Every finding in the given sources that can be seen in the typed policy; one a place and lint.
/// Requires: the policy compiles. Cost: near linear in the policy.
[[nodiscard]] std::vector<Finding> lint(const check::Policy& policy);

/// `// lint: allow NAME, NAME because REASON`, at the end of a line for that line, or on lines of its own for
/// the next line that is not a comment; for a whole declaration, if it begins there.
struct Suppression {
    Lint lint = Lint::SharedIssuerUnscoped;
    Span at;      ///< of the lint's name in the comment
    Span covers;  ///< findings that begin inside are meant
    std::string reason;
};

/// Every suppression of the given sources. Comments that ask for no lint there is, and those without
/// a reason, become findings.
[[nodiscard]] std::vector<Suppression> suppressions(const check::Policy& policy, std::vector<Finding>& findings);

}  // namespace writ::lint
