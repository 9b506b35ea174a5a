// Why a decision is what it is: the rules that mattered, their conditions with what they saw, what set the
// lifetime, and for a deny what would have permitted. Made by Workspace::explain, for people and their tools.
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

enum class Truth : std::uint8_t { False, Unknown, True };

/// A fact that a condition or a check reads.
struct SeenFact {
    std::string path;   ///< as an author writes it: `user.tenant`, `prod.namespace`, `gates["eval"].at`
    std::string value;  ///< as an author writes it, `none` included; a group is `stated`; empty: it is not known
    std::string lack;   ///< why it is not known: "not stated", …; empty: it is
};

/// A condition of a rule, or a part of one.
struct SeenCondition {
    std::string text;  ///< as written, white space runs as one space
    Span span;         ///< in the policy's sources; of a definition's body where it uses one
    Truth truth = Truth::Unknown;
    std::vector<SeenFact> facts;       ///< what it reads; empty where the parts say
    std::vector<SeenCondition> parts;  ///< of `and`, `or`, `not`; of `any` and `all` some elements
};

/// Why a rule is told of, in the order in which rules are told.
enum class Role : std::uint8_t {
    Denies,     ///< a deny that applies
    Suspected,  ///< a deny that is not known not to apply
    Asks,       ///< a require whose approvals are not there
    Permits,    ///< a permit that is used, or would be
    Met,        ///< a require whose approvals are there
    Limits,     ///< a limit that applies
    Obliges,    ///< an oblige that applies
    Nearest,    ///< a permit that nearly holds
    Named,      ///< none of these; it was asked for
};

struct SeenRule {
    std::uint32_t rule = kNoRule;  ///< index into the bundle's rules
    Role role = Role::Named;
    Truth truth = Truth::Unknown;
    bool for_tool = true;                   ///< false: it is about other tools, and so does not apply
    std::string row;                        ///< of a template: `tenant "t1", limit 5`
    std::string does;                       ///< when it applies: `{ "a" } for 2m`; empty for a deny
    std::vector<SeenCondition> conditions;  ///< all of them must hold; none: it always does
};

/// A reason that no rule gave: a check of the engine's own, or what the rules left.
struct SeenCheck {
    std::string code;  ///< the reason
    std::string what;  ///< what the code means
    std::vector<SeenFact> facts;
    std::string note;  ///< what was expected, or which revocation it is; may be empty
};

/// Something that ends the grant: a rule, or an expiry among the facts.
struct Bound {
    std::int64_t micros = 0;       ///< a lifetime, or of a horizon the moment
    std::uint32_t rule = kNoRule;  ///< the rule, or
    std::string fact;              ///< the fact
};

/// A scope or an audience that was asked for, or offered, and is not granted.
struct Dropped {
    bool audience = false;
    std::string value;
    std::uint32_t rule = kNoRule;  ///< the limit that took it
    std::string by;                ///< else what: "no permit offers it", `delegation.chain[0]`, …
};

/// Approvals that a require has, or lacks.
struct SeenApprovals {
    std::uint32_t rule = kNoRule;
    std::uint32_t needed = 1, counted = 0;
    std::vector<std::string> groups;
    std::int64_t within = 0;           ///< microseconds
    std::vector<std::string> against;  ///< reason codes of those present that do not count
    std::string unstated;              ///< the fact for want of which none can count; empty if there is none
};

/// One value in the request that could be another.
struct Change {
    std::string path;      ///< in the request document: `user.roles`
    std::string from, to;  ///< JSON; `from` empty: not stated
};

/// How a decision came near to permitting.
struct Nearest {
    SeenRule rule;            ///< with those of its conditions that do not hold
    std::size_t holding = 0;  ///< conditions that do
    /// The fewest changes found with which the evaluator says `effect`; empty: none were found.
    std::vector<Change> changes;
    Effect effect = Effect::Deny;
    std::vector<std::string> open;  ///< conditions for which no value can be named, as written
};

/// What would be granted if the approvals that are asked for were there; tried, with made-up approvers.
struct OnceApproved {
    Effect effect = Effect::Deny;
    std::vector<std::string> scopes;
    std::int64_t ttl = 0;              ///< seconds
    std::vector<std::string> against;  ///< reason codes, if it would still not be permitted
};

/// The request owns the text that the decision views. Rules are those of `bundle`.
struct Explanation {
    Bundle bundle;
    Request request;
    Decision decision;
    Diagnostics sources;  ///< what spans point into; no items
    std::vector<SeenCheck> checks;
    std::vector<SeenRule> rules;
    std::vector<Bound> lifetimes;  ///< shortest first: the first set the ttl. Empty unless there is a grant to be had
    std::vector<Bound> horizons;   ///< earliest first: the first set `not_after`
    std::vector<Dropped> dropped;
    std::vector<SeenApprovals> approvals;
    std::vector<Nearest> nearest;               ///< of a deny: the permits with fewest conditions failing
    std::optional<OnceApproved> once_approved;  ///< of needs_approval
};

/// One line of JSON, keys in a fixed order. For the operator.
/// Source: docs/explain-format.md
[[nodiscard]] std::string to_json(const Explanation& explanation);

/// "denies", "suspected", "asks", "permits", "met", "limits", "obliges", "nearest" or "named".
[[nodiscard]] std::string_view role_name(Role role);
/// "true", "false" or "unknown".
[[nodiscard]] std::string_view truth_name(Truth truth);

}  // namespace writ
