// The reference evaluator: the semantics of the language, written as plainly as possible. It walks the typed tree over
// the JSON document with explicit three-valued logic. It has no index, no polarity and no interning, and shares nothing
// with vm/. For tests, fuzzers, explanations and `writ eval --reference`.
#pragma once

#include <optional>
#include <vector>

#include "base/arena.h"
#include "base/json.h"
#include "check/typed.h"
#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/explain.h"
#include "writ/revocations.h"

namespace writ::reference {

using writ::Truth;

/// A rule, or a template's rule for one row, with its result.
struct Standing {
    const check::Rule* rule = nullptr;
    std::optional<std::size_t> row;  ///< row of the rule's table
    Truth truth = Truth::Unknown;
    bool applies = false;  ///< for a narrowing rule
};

/// A subject in the request that is revoked.
struct Revoked {
    RevocationKind kind;
    std::string subject;  ///< as in the request; for everything in a channel, the channel
    std::string_view reason;
};

/// The intermediate results of a decision, for explaining it.
struct Trace {
    std::vector<Standing> rules;      ///< by index; empty if no rule ran
    std::vector<std::uint32_t> used;  ///< permits that granted
    std::vector<Bound> lifetimes, horizons;
    std::vector<Dropped> dropped;
    std::vector<SeenApprovals> approvals;
    std::vector<Revoked> revoked;  ///< because of which the request was refused
};

/// Decides a request document that request binding has accepted.
/// Input:   arena: memory for text that is in neither policy nor document (canonical typed text, arguments of
/// obligations). revocations: null: nothing is revoked.
/// Output:  the decision; its views point into policy, document and arena. Rule indices count rule instances as the
/// compiled program does (templates expanded in place, in row order). The caller sets bundle_digest; steps stay 0.
/// *trace, if not null, has the intermediate results up to the step that ended the decision.
[[nodiscard]] Decision decide(const check::Policy& policy, const json::Value& document, Arena& arena,
                              Trace* trace = nullptr, const Revocations* revocations = nullptr);

/// The results of all rules, even if the decision ended before any of them ran. By index.
[[nodiscard]] std::vector<Standing> standings(const check::Policy& policy, const json::Value& document);

/// Whether an invariant's condition is true for such a document; Unknown if `now` is not stated.
[[nodiscard]] Truth invariant_condition(const check::Policy& policy, const check::Invariant& invariant,
                                        const json::Value& document);

/// Replaces the markers of `binding of …` in the documents of tests and fixtures by the digests of the documents. They
/// cover no approvals, so no digest depends on its own place. Where a document is not a request of the policy, or does
/// not state everything that is bound, there is no digest, and the approval's field is removed.
/// Requires: `bundle` is compiled from `policy`.
void state_bindings(check::Policy& policy, const Bundle& bundle);

}  // namespace writ::reference
