// Explains a decision: the rules that mattered, their conditions with the facts they read, what set the lifetime,
// and for a deny what would have permitted. Made by Workspace::explain, for people and tools.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/diagnostic.h"
#include "writ/request.h"

namespace writ {

/// A fact that a condition or a check reads.
struct SeenFact {
    std::string path;   ///< as in a policy: `user.tenant`, `prod.namespace`, `gates["eval"].at`
    std::string value;  ///< as in a policy, including `none`; `stated` for a group; empty: unknown
    std::string lack;   ///< why it is unknown: "not stated", …; empty: it is known
};

/// A condition of a rule, or a part of one.
struct SeenCondition {
    std::string text;  ///< as written, with each run of white space as one space
    Span span;         ///< in the policy's sources; inside a definition's body if the condition uses one
    Truth truth = Truth::Unknown;
    std::vector<SeenFact> facts;       ///< facts that it reads; empty if the parts list them
    std::vector<SeenCondition> parts;  ///< of `and`, `or` and `not`; of `any` and `all`, some elements
};

/// Why a rule is listed, in the order in which rules are listed.
enum class Role : std::uint8_t {
    Denies,     ///< a deny that applies
    Suspected,  ///< a deny that may apply: its condition is unknown
    Asks,       ///< a require whose approvals are missing
    Permits,    ///< a permit that is used, or would be used
    Met,        ///< a require whose approvals are present
    Limits,     ///< a limit that applies
    Obliges,    ///< an oblige that applies
    Nearest,    ///< a permit that nearly holds
    Named,      ///< none of these; the caller asked for it
};

struct SeenRule {
    std::uint32_t rule = kNoRule;  ///< index into the bundle's rules
    Role role = Role::Named;
    Truth truth = Truth::Unknown;
    bool for_tool = true;                   ///< false: it is for other tools, and so does not apply
    std::string row;                        ///< of a template: `tenant "t1", limit 5`
    std::string does;                       ///< its effect when it applies: `{ "a" } for 2m`; empty for a deny
    std::vector<SeenCondition> conditions;  ///< all of them must be true; none: the rule always applies
};

/// A reason without a rule: a check by the engine itself, or the absence of a rule.
struct SeenCheck {
    std::string code;  ///< the reason
    std::string what;  ///< the meaning of the code
    std::vector<SeenFact> facts;
    std::string note;  ///< what was expected, or which revocation applied; may be empty
};

/// A bound of the grant's lifetime: from a rule, or from an expiry in a fact.
struct Bound {
    std::int64_t micros = 0;       ///< a lifetime; for a horizon, the moment
    std::uint32_t rule = kNoRule;  ///< the rule, if a rule sets it
    std::string fact;              ///< the fact, if a fact sets it
};

/// A scope or audience that was requested or offered, and is not granted.
struct Dropped {
    bool audience = false;
    std::string value;
    std::uint32_t rule = kNoRule;  ///< the limit that removed it
    std::string by;                ///< otherwise the cause: "no permit offers it", `delegation.chain[0]`, …
};

/// An approval that is bound to another request.
struct Unbound {
    std::uint32_t approval = 0;            ///< its position in the request's list
    std::vector<std::string> differences;  ///< for each part of the binding that does not fit, how; for people
};

/// The approvals for a require.
struct SeenApprovals {
    std::uint32_t rule = kNoRule;
    std::uint32_t needed = 1, counted = 0;
    std::vector<std::string> groups;
    std::int64_t within = 0;           ///< microseconds
    std::vector<std::string> against;  ///< reason codes of approvals that are present and do not count
    std::string unstated;              ///< the fact without which no approval can count; empty: there is none
    std::vector<Unbound> unbound;
};

/// A change of one value in the request.
struct Change {
    std::string path;      ///< as a fixture names it: `user.roles`
    std::string from, to;  ///< JSON; `from` empty: not stated
};

/// A permit that nearly applied.
struct Nearest {
    SeenRule rule;            ///< only with the conditions that are not true
    std::size_t holding = 0;  ///< number of conditions that are true
    /// The smallest set of changes found for which the evaluator decides `effect`; empty: none was found.
    std::vector<Change> changes;
    Effect effect = Effect::Deny;
    std::vector<std::string> open;  ///< conditions for which no value can be named, as written
};

/// The grant once the required approvals are present; computed with made-up approvers.
struct OnceApproved {
    Effect effect = Effect::Deny;
    std::vector<std::string> scopes;
    std::int64_t ttl = 0;              ///< seconds
    std::vector<std::string> against;  ///< reason codes, if it would still not be permitted
};

/// The request owns the text that the decision views. Rule indices refer to `bundle`.
struct Explanation {
    Bundle bundle;
    Request request;
    Decision decision;
    Diagnostics sources;  ///< the sources that spans point into; without items
    std::vector<SeenCheck> checks;
    std::vector<SeenRule> rules;
    std::vector<Bound> lifetimes;  ///< shortest first: the first one set the ttl. Empty if there can be no grant
    std::vector<Bound> horizons;   ///< earliest first: the first one set `not_after`
    std::vector<Dropped> dropped;
    std::vector<SeenApprovals> approvals;
    std::vector<Nearest> nearest;               ///< for a deny: the permits with the fewest false conditions
    std::optional<OnceApproved> once_approved;  ///< for needs_approval
};

/// One line of JSON with keys in a fixed order. For the operator.
/// Source: docs/explain-format.md
[[nodiscard]] std::string to_json(const Explanation& explanation);

/// "denies", "suspected", "asks", "permits", "met", "limits", "obliges", "nearest" or "named".
[[nodiscard]] std::string_view role_name(Role role);
/// "true", "false" or "unknown".
[[nodiscard]] std::string_view truth_name(Truth truth);

}  // namespace writ
