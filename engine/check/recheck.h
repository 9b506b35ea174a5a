// Checks a rule of a checked policy again after its typed tree was changed, so that nothing is tried that no author
// could write. Not here: making the change.
#pragma once

#include <optional>

#include "check/typed.h"
#include "writ/errors.h"

namespace writ::check {

/// Whether the rule would pass the check with its new condition: it has one where its kind needs one (E0406), what it
/// reads is guarded (E0405), and no part is always or never true (E0302, E0404).
/// Input:   policy: the rule's, checked without errors. Only its arena is changed.
/// Output:  the first error; none if the rule is valid.
[[nodiscard]] std::optional<Code> recheck(Policy& policy, const Rule& rule);

}  // namespace writ::check
