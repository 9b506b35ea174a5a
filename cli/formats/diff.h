// A comparison of two policies as people and programs read it.
#pragma once

#include <string>

#include "cli/verbs/diff_requests.h"
#include "writ/diff.h"
#include "writ/tools.h"

namespace writ::cli {

struct DiffReport {
    std::string before, after;  ///< the sides as they were named
    PolicyDiff diff;
    LedgerGaps gaps;
    const Workspace& old_policy;  ///< for explaining examples
    const Workspace& new_policy;
};

/// A headline, what the policy is made of, what it decides with one example a group, and what was not looked at.
[[nodiscard]] std::string render_diff(const DiffReport& report, bool colour);
/// The same for a page or a comment: tables, examples folded away.
[[nodiscard]] std::string render_diff_markdown(const DiffReport& report);
/// One line of JSON, keys in a fixed order. Source: docs/diff.md
[[nodiscard]] std::string render_diff_json(const DiffReport& report);

/// What differs of what policies are made of, a line a thing and a line a part; `most` things at most.
[[nodiscard]] std::string render_structure(const std::vector<ThingChange>& changes, bool colour, std::size_t most);

}  // namespace writ::cli
