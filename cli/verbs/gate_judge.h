// What stands between a change of policy and production: one verdict of many checks. Computed here, drawn in
// cli/formats/gate.h, asked for in cli/verbs/gate.cpp. Reference: docs/gate.md.
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
    LintLevel lint_fails = LintLevel::Error;  ///< the least finding that fails
    double threshold = -1;                    ///< percent of conditions that tests must cover; less than 0: none
};

/// One check, in the order in which they are told.
struct GateCheck {
    std::string name;  ///< `style`, `lint`, …; stable
    bool failed = false;
    bool skipped = false;  ///< there was nothing to hold it against; not failed
    std::string summary;   ///< one line
};

struct GateResult {
    std::vector<GateCheck> checks;
    /// What failed and what is suspicious, by check; codes are the compiler's, the lints' and `gate-…`.
    Diagnostics findings;
    std::vector<SuppressedFinding> suppressed;
    TestRun tests;

    [[nodiscard]] bool passed() const;
};

/// Told how far it is, in steps that are about alike.
using JudgeProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Judges a policy by itself: style, lints, tests, coverage, invariants.
/// Requires: `policy` has a bundle. `sources` are those that it was made of.
[[nodiscard]] GateResult judge_policy(const Workspace& policy, const std::vector<Source>& sources,
                                      const GateRules& rules, const JudgeProgress& tell = {});

/// Judges what changed: what widens without being declared, new rules without a test, a raised step bound,
/// invariants that decisions break. What of the note is met is marked in it.
void judge_change(const DiffReport& change, ChangeNote& note, GateResult& result);

}  // namespace writ::cli
