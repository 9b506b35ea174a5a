// Texts for people that reports share: counts, coverage, and results of a comparison. All reports and verdicts use
// them, so that the wording is the same everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diff.h"
#include "writ/testing.h"

namespace writ {

/// `1 entry`, `2 entries`. Without `many`, the plural is `one` with an s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});
/// A percentage: `66.6%`, rounded down.
[[nodiscard]] std::string percent_text(double percent);
/// The same of the conditions.
[[nodiscard]] std::string percent_text(const Coverage& coverage);

/// `3 decisions widen, 1 narrows, 40 stay the same`
[[nodiscard]] std::string headline(const PolicyDiff& diff);
/// `deny → permit`; `longer ttl, fewer scopes`
[[nodiscard]] std::string change_of(const DecisionGroup& group);
/// `ttl 2m → 10m`; `+ scope "a"`; `- condition x == y`
[[nodiscard]] std::string text_of(const PartChange& part);
/// The files whose text or name differs, one line each. If parts of the policy differ, only the renamed files and those
/// in which no word differs.
[[nodiscard]] std::vector<std::string> text_changes(const PolicyDiff& diff);
/// The headline for a change that cannot change a decision.
[[nodiscard]] std::string nothing_decides(const PolicyDiff& diff);

}  // namespace writ
