// The reference evaluator: the language's semantics as plainly as they can be written. Walks the
// typed tree over the JSON document with three-valued logic spelled out; no index, no polarity
// trick, no interning, nothing shared with vm/. For tests, fuzzers and `writ eval --reference`.
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "check/typed.h"
#include "writ/decision.h"

namespace writ::analyze {

enum class Truth : std::uint8_t { False, Unknown, True };

/// Decides a request document that request binding has accepted.
/// Input:   arena: takes text that the decision needs and neither policy nor document holds
///          (canonical typed text, obligation arguments).
/// Output:  the decision; views point into policy, document and arena; rule indices count rule
///          instances as the compiled program does (templates expanded in row order, in place).
///          bundle_digest is left to the caller, who knows the bundle; steps stay 0.
[[nodiscard]] Decision reference_decide(const check::Policy& policy, const json::Value& document,
                                        Arena& arena);

/// Whether an invariant's condition holds for such a document; Unknown if it does not state `now`.
[[nodiscard]] Truth invariant_condition(const check::Policy& policy, const check::Invariant& invariant,
                                        const json::Value& document);

}  // namespace writ::analyze
