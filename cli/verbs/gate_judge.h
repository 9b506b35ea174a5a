// The checks of `writ gate` and their verdict. Not here: output (cli/formats/gate.h) and options
// (cli/verbs/gate.cpp).
// Reference: docs/gate.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/formats/diff.h"
#include "cli/git/change_note.h"
#include "writ/lint.h"
#include "writ/tools.h"

namespace writ::cli {

struct GateRules {
    LintOptions lint;
    LintLevel lint_fails = LintLevel::Error;  ///< the lowest level of findings that fails the gate
    double threshold = -1;                    ///< percentage of conditions that tests must cover; negative: none
};

/// One check, in the order of output.
struct GateCheck {
    std::string name;  ///< `style`, `lint`, …; stable
    bool failed = false;
    bool skipped = false;  ///< there was nothing to check against; does not count as failed
    std::string summary;   ///< one line
};

struct GateResult {
    std::vector<GateCheck> checks;
    /// Errors and warnings, by check; codes are those of the compiler and the lints, and `gate-…`.
    Diagnostics findings;
    std::vector<SuppressedFinding> suppressed;
    TestRun tests;

    [[nodiscard]] bool passed() const;
};

/// Called with the progress, in steps of similar length.
using JudgeProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Checks a policy by itself: style, lints, tests, coverage, invariants.
/// Requires: `policy` has a bundle and was made from `sources`.
[[nodiscard]] GateResult judge_policy(const Workspace& policy, const std::vector<Source>& sources,
                                      const GateRules& rules, const JudgeProgress& tell = {});

/// Checks a change: undeclared widenings, new rules without a test, a raised step bound, and broken invariants. Marks
/// the declarations in the note that are met.
void judge_change(const DiffReport& change, ChangeNote& note, GateResult& result);

}  // namespace writ::cli
