// The lints: what compiles and is suspicious all the same, by name, with levels, suppressions and fixes.
// Not here: how findings are drawn (cli/formats) and the list of lints
// (lint/lints.def).
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

/// What a lint is. Its name is the code of its findings.
struct LintRule {
    std::string_view name;
    LintLevel level = LintLevel::Warning;  ///< unless LintOptions says otherwise
    bool safe_fix = false;                 ///< its fix changes no decision
    std::string_view catalogue;            ///< rows of the catalogue in docs/lint.md, or empty
    std::string_view title;
};
/// Every lint, in the order of the documentation.
[[nodiscard]] std::span<const LintRule> lint_rules();
/// The lint whose name is nearest to `name`, if any is near enough to be what was meant; else empty.
[[nodiscard]] std::string_view nearest_lint(std::string_view name);
/// The page of a lint, docs/lints/NAME.md; empty if there is none.
[[nodiscard]] std::string_view lint_page(std::string_view name);

struct LintOptions {
    std::map<std::string, LintLevel, std::less<>> levels;  ///< by name; names that are no lint are ignored
};

/// A finding that the source says is meant, and why.
struct SuppressedFinding {
    Diagnostic finding;
    std::string reason;
};

/// Text that, put in place of a span, fixes a finding and changes no decision.
struct LintFix {
    std::string lint;
    Span span;
    std::string text;
};

struct LintReport {
    Diagnostics findings;  ///< by place, with all sources; Diagnostic::code is the lint's name
    std::vector<SuppressedFinding> suppressed;
    std::vector<LintFix> fixes;  ///< of findings that are not suppressed
};

}  // namespace writ
