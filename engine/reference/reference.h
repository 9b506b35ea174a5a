// The reference evaluator: the language's semantics as plainly as they can be written. Walks the
// typed tree over the JSON document with three-valued logic spelled out; no index, no polarity
// trick, no interning, nothing shared with vm/. For tests, fuzzers and `writ eval --reference`.
#pragma once

#include <optional>
#include <vector>

#include "base/arena.h"
#include "base/json.h"
#include "check/typed.h"
#include "writ/decision.h"
#include "writ/explain.h"
#include "writ/revocations.h"

namespace writ::reference {

using writ::Truth;

/// A rule, or a template's rule for one row, and how it stood.
struct Standing {
    const check::Rule* rule = nullptr;
    std::optional<std::size_t> row;  ///< of the rule's table
    Truth truth = Truth::Unknown;
    bool applies = false;  ///< of a rule that narrows
};

/// Something that the request names and that is revoked.
struct Revoked {
    RevocationKind kind;
    std::string subject;  ///< as the request names it; of everything in a channel, the channel
    std::string_view reason;
};

/// What a decision was made of, beside the decision: for explaining it.
struct Trace {
    std::vector<Standing> rules;      ///< by index; empty if no rule ran
    std::vector<std::uint32_t> used;  ///< permits
    std::vector<Bound> lifetimes, horizons;
    std::vector<Dropped> dropped;
    std::vector<SeenApprovals> approvals;
    std::vector<Revoked> revoked;  ///< for which the request was refused
};

/// Decides a request document that request binding has accepted.
/// Input:   arena: takes text that the decision needs and neither policy nor document holds
///          (canonical typed text, obligation arguments). revocations: null: nothing is revoked.
/// Output:  the decision; views point into policy, document and arena; rule indices count rule
///          instances as the compiled program does (templates expanded in row order, in place).
///          bundle_digest is left to the caller, who knows the bundle; steps stay 0. *trace, if any,
///          is what led there, up to the step that ended it.
[[nodiscard]] Decision decide(const check::Policy& policy, const json::Value& document, Arena& arena,
                              Trace* trace = nullptr, const Revocations* revocations = nullptr);

/// How every rule stands, even where the decision ended before any of them ran. By index.
[[nodiscard]] std::vector<Standing> standings(const check::Policy& policy, const json::Value& document);

/// Whether an invariant's condition holds for such a document; Unknown if it does not state `now`.
[[nodiscard]] Truth invariant_condition(const check::Policy& policy, const check::Invariant& invariant,
                                        const json::Value& document);

}  // namespace writ::reference
