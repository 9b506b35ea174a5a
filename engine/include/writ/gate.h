// The two gates of a policy.
//
//   judge()          decides whether a change may become a version. It reads the sources of both sides, before a merge.
//   check_version()  decides whether a version may become active. It reads the bundle alone, when a gated channel of a
//                    store moves.
//
// A version was judged when it was a change. Before it becomes active, two things are checked again: its sources
// compile to this bundle with the standard library of the program that activates it, and its tests pass. Not here: the
// comparison (writ/diff.h), where sides and notes come from, and output (cli). Reference: docs/gate.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/diagnostic.h"
#include "writ/diff.h"
#include "writ/lint.h"
#include "writ/testing.h"
#include "writ/tools.h"

namespace writ {

// ---- the declarations of a change -------------------------------------------------------------

/// One declaration in a note.
struct Declaration {
    std::string name;  ///< the name of a rule, tool, table, …; may have its module and a word such as `tool` before it;
                       ///< `steps` for a raised step bound; `policy FOLDER` for a new policy
    std::string policy;   ///< the only policy that it is about; empty: any
    bool raises = false;  ///< `raises:`; otherwise `widens:`
    std::string because;
    std::string where;  ///< `file:line`, or a commit
    bool met = false;   ///< the change does what is declared
};

/// A line that looks like a declaration and is not valid.
struct NoteProblem {
    std::string where;  ///< `file:line`, or a commit
    std::string text;   ///< the error
};

/// The declarations of a change: its intended widenings, with reasons.
struct ChangeNote {
    std::vector<Declaration> declarations;
    std::vector<NoteProblem> problems;
    std::vector<Source> texts;  ///< the texts that were read, under the names used in `where`

    /// Finds out which widenings are declared, and marks the declarations as met. A name that fits several widenings
    /// declares none of them, and is a problem.
    [[nodiscard]] std::vector<bool> declared(const std::vector<Widening>& all);
    /// Whether a raised step bound is declared; if so, marks the declaration as met.
    [[nodiscard]] bool declares_steps();
    /// Whether a new policy is declared; if so, marks the declaration as met.
    [[nodiscard]] bool declares_policy(std::string_view name);

    /// What a note for several policies declares for one of them, without `problems`. Input: name: PolicyFolder::name.
    [[nodiscard]] ChangeNote for_policy(std::string_view name) const;
};

/// A name that declares this widening and no other. Requires: `all` is sorted by name, as from widenings().
[[nodiscard]] std::string name_for(const std::vector<Widening>& all, std::size_t at);

/// Reads the declarations in the lines of a text: `widens: NAME, NAME because REASON` and `raises: steps because
/// REASON`, optionally after a bullet. A NAME may be `NAME in POLICY`. All other lines are ignored, and so is quoted
/// text: in a fence, in an HTML comment, or indented by four blanks or a tab.
void read_note(std::string_view text, std::string_view where, ChangeNote& note);

// ---- whether a change may pass ----------------------------------------------------------------

struct GateRules {
    LintOptions lint;
    LintLevel lint_fails = LintLevel::Error;  ///< the lowest level of findings that fails the gate
    double threshold = -1;                    ///< percentage of conditions that tests must cover; negative: none
    bool note_is_shared = false;              ///< the note is for_policy() of one that judge_together() checks
};

/// One check, in the order of output.
struct GateCheck {
    std::string name;  ///< `style`, `lint`, …; stable
    bool failed = false;
    bool skipped = false;  ///< there was nothing to check against; does not count as failed
    std::string summary;   ///< one line
};

struct GateVerdict {
    std::vector<GateCheck> checks;
    /// Errors and warnings, by check; codes are those of the compiler and the lints, and `gate-…`.
    Diagnostics findings;
    std::vector<SuppressedFinding> suppressed;
    TestRun tests;
    ChangeNote note;  ///< as given; declarations that the change meets are marked

    [[nodiscard]] bool passed() const;
};

/// Called with the progress, in steps of similar length.
using JudgeProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Checks a policy by itself (style, lints, tests, coverage, invariants), then the change: undeclared
/// widenings, new rules without a test, a raised step bound, and broken invariants. A policy with errors fails,
/// and nothing else of it is checked.
/// Input: change: the difference from the base to `policy`; null: there is no base. note:
/// the declarations of the change.
[[nodiscard]] GateVerdict judge(const Workspace& policy, const GateRules& rules, const PolicyDiff* change,
                                ChangeNote note, const JudgeProgress& tell = {});

/// Checks a policy that the base does not have: by itself, that each of its rules applies in a test, and that a note
/// declares it. Everything that it permits is new.
/// Input: name: PolicyFolder::name.
[[nodiscard]] GateVerdict judge_added(const Workspace& policy, const GateRules& rules, std::string_view name,
                                      ChangeNote note, const JudgeProgress& tell = {});

/// A policy of a change, by PolicyFolder::name.
struct JudgedPolicy {
    std::string name;
    const GateVerdict* verdict = nullptr;
};
/// Checks what concerns several policies: policies that were removed, files without a policy, and the note. It is a
/// problem of the note if several policies meet one declaration; the declaration must then name its policy.
/// Input: problems: as in PolicyFolders. removed: policies that only the base has. note: of the whole change.
[[nodiscard]] GateVerdict judge_together(const std::vector<JudgedPolicy>& policies, const Diagnostics& problems,
                                         const std::vector<std::string>& removed, ChangeNote note);

// ---- whether a version may become active ------------------------------------------------------

struct VersionCheck;
/// Recompiles a version from its own sources, which must give the same bundle, and runs their tests and invariants. A
/// version without tests does not pass. Can be the gate of a Move (store.h).
[[nodiscard]] VersionCheck check_version(const Bundle& bundle);

}  // namespace writ
