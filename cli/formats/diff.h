// Formats a comparison of two policies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "writ/diff.h"
#include "writ/tools.h"

namespace writ::cli {

/// The records of a ledger that could not be decided again.
struct LedgerGaps {
    std::uint64_t no_request = 0;  ///< recorded by digest only, or refused
    std::uint64_t overruled = 0;   ///< denied by the ledger, whatever the policy decided
    std::uint64_t repeated = 0;    ///< answers that repeat an earlier decision
    std::uint64_t undecided = 0;   ///< one of the policies reads values that were masked
};

struct DiffReport {
    std::string before, after;  ///< the names of the sides as given
    PolicyDiff diff;
    LedgerGaps gaps;
    const Workspace& old_policy;  ///< for explaining the examples
    const Workspace& new_policy;
};

/// A headline, the changes of structure, the changes of decisions with one example per group, and what was not checked.
[[nodiscard]] std::string render_diff(const DiffReport& report, bool colour);
/// The same for a page or a comment: with tables, and with the examples folded.
[[nodiscard]] std::string render_diff_markdown(const DiffReport& report);
/// One line of JSON with keys in a fixed order. Source: docs/diff.md
[[nodiscard]] std::string render_diff_json(const DiffReport& report);

/// The changes of structure, one line per thing and one per part; at most `most` things.
[[nodiscard]] std::string render_structure(const std::vector<ThingChange>& changes, bool colour, std::size_t most);

}  // namespace writ::cli
