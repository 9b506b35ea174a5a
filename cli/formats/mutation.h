// Formats the result of mutation testing: the changes that no test notices, as findings, and the totals.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/formats/places.h"
#include "writ/mutation.h"

namespace writ::cli {

/// A warning for each change that no test notices, and the run's remarks; without the sources. Its code is `mutate-`
/// with the name of the mutator.
[[nodiscard]] std::vector<Diagnostic> mutation_findings(const MutationRun& run);
/// The findings for people, at most so many as are useful, and the totals. Input: sources: those of the policy.
[[nodiscard]] std::string render_mutations(const MutationRun& run, const Diagnostics& sources, bool colour);
/// `28 changes: 17 noticed, 11 not noticed, 0 not valid (60.7%)`.
[[nodiscard]] std::string mutation_sums(const MutationRun& run);
[[nodiscard]] nlohmann::ordered_json mutations_json(const MutationRun& run, const FilePositions& places);

}  // namespace writ::cli
