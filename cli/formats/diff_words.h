// Phrases that all formats of a comparison use.
#pragma once

#include <string>
#include <vector>

#include "cli/formats/diff.h"

namespace writ::cli {

/// `3 decisions widen, 1 narrows, 40 stay the same`
[[nodiscard]] std::string headline(const PolicyDiff& diff);
/// `deny → permit`; `longer ttl, fewer scopes`
[[nodiscard]] std::string change_of(const DecisionGroup& group);
/// `permit a.b, permit a.c (gone)`
[[nodiscard]] std::string causes_of(const std::vector<Cause>& causes);
/// `permit a.old → a.new`
[[nodiscard]] std::string title_of(const ThingChange& change);
/// `ttl 2m → 10m`; `+ scope "a"`; `- condition x == y`
[[nodiscard]] std::string text_of(const PartChange& part);
/// "wider", "narrower", "cannot be said"; empty if the change decides nothing.
[[nodiscard]] std::string_view consequence(Direction direction);
/// The files whose text or name differs, one line each: all of them if the change decides nothing, otherwise those in
/// which nothing else differs.
[[nodiscard]] std::vector<std::string> text_changes(const PolicyDiff& diff);
/// The headline of a change in which nothing that decides differs.
[[nodiscard]] std::string nothing_decides(const PolicyDiff& diff);
/// Whether the digests differ although no difference was found.
[[nodiscard]] bool unexplained(const PolicyDiff& diff);
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
