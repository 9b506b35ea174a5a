// The lints: findings in policies that compile but are suspicious, with levels, suppressions and fixes.
// Not here: how findings are displayed (cli/formats) and the list of lints (lint/lints.def).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/tools.h"

namespace writ {

enum class LintLevel : std::uint8_t { Off, Warning, Error };

/// A lint. Its name is the code of its findings.
struct LintRule {
    std::string_view name;
    LintLevel level = LintLevel::Warning;  ///< the default; LintOptions can change it
    bool safe_fix = false;                 ///< whether its fix never changes a decision
    std::string_view catalogue;            ///< its rows of the catalogue in docs/lint.md, or empty
    std::string_view title;
};
/// Every lint, in the order of the documentation.
[[nodiscard]] std::span<const LintRule> lint_rules();
/// The lint whose name is most similar to `name`; empty if none is similar enough.
[[nodiscard]] std::string_view nearest_lint(std::string_view name);
/// The page of a lint, docs/lints/NAME.md; empty if there is none.
[[nodiscard]] std::string_view lint_page(std::string_view name);

struct LintOptions {
    std::map<std::string, LintLevel, std::less<>> levels;  ///< by name; unknown names are ignored
};

/// A finding that the source suppresses, with the reason.
struct SuppressedFinding {
    Diagnostic finding;
    std::string reason;
};

/// A replacement for a span that fixes a finding and changes no decision.
struct LintFix {
    std::string lint;
    Span span;
    std::string text;
};

struct LintReport {
    Diagnostics findings;  ///< sorted by place, with all sources; Diagnostic::code is the lint's name
    std::vector<SuppressedFinding> suppressed;
    std::vector<LintFix> fixes;  ///< of findings that are not suppressed
};

}  // namespace writ
