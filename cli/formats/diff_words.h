// The words of a comparison, which all renderings share.
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
/// "wider", "narrower", "cannot be said", or nothing where it decides nothing.
[[nodiscard]] std::string_view consequence(Direction direction);
/// The files whose text or name differs, a line each: of a change that decides nothing all of them, else those of which
/// nothing else is told.
[[nodiscard]] std::vector<std::string> text_changes(const PolicyDiff& diff);
/// What is said of a change in which nothing that decides differs.
[[nodiscard]] std::string nothing_decides(const PolicyDiff& diff);
/// Whether the digests differ and nothing was found that does.
[[nodiscard]] bool unexplained(const PolicyDiff& diff);
/// What was looked at, and what not: a sentence a line.
[[nodiscard]] std::vector<std::string> limits_of(const DiffReport& report);

/// Why the example of a group is decided as it is, on both sides; of a rule that is its first cause, that rule alone.
struct ExplainedExample {
    Result<Explanation> before, after;
};
[[nodiscard]] ExplainedExample explain_example(const DiffReport& report, const DecisionGroup& group);
/// Leaves out what both sides say alike, and of lifetimes all but the one that counts.
void shorten(ExplainedExample& example);

}  // namespace writ::cli
