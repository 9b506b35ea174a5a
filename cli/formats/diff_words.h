// Phrases that all formats of a comparison use. Those that a verdict uses too are in writ/words.h.
#pragma once

#include <string>
#include <vector>

#include "cli/formats/diff.h"

namespace writ::cli {

/// `permit a.b, permit a.c (gone)`
[[nodiscard]] std::string causes_of(const std::vector<Cause>& causes);
/// `permit a.old → a.new`
[[nodiscard]] std::string title_of(const ThingChange& change);
/// "wider", "narrower", "cannot be said"; empty if the change decides nothing.
[[nodiscard]] std::string_view consequence(Direction direction);
/// What was checked and what was not, one sentence per line.
[[nodiscard]] std::vector<std::string> limits_of(const DiffReport& report);

/// Explains the decisions on the example of a group, on both sides; if the first cause is a rule, only that rule.
struct ExplainedExample {
    Result<Explanation> before, after;
};
[[nodiscard]] ExplainedExample explain_example(const DiffReport& report, const DecisionGroup& group);
/// Removes what both sides have in common, and all lifetimes except the one that counts.
void shorten(ExplainedExample& example);

}  // namespace writ::cli
