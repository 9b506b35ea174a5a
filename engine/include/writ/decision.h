// The answer: an effect, a grant, and everything needed to explain and attribute it.
// A default-constructed Decision denies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace writ {

/// Ordered by authority: Deny < NeedsApproval < Permit. Zero denies.
enum class Effect : std::uint8_t { Deny = 0, NeedsApproval = 1, Permit = 2 };

constexpr std::uint32_t kNoRule = 0xFFFFFFFF;

/// A duty the broker must discharge. A broker that does not know the name must deny.
struct Obligation {
    std::string_view name;
    std::string_view args;  ///< canonical JSON object
};

/// What may be issued. Empty unless the effect is Permit.
struct Grant {
    std::vector<std::string_view> scopes;    ///< in the order they were asked for
    std::vector<std::string_view> audience;  ///< in the tool's order
    std::int64_t ttl = 0;                    ///< seconds
    std::optional<std::int64_t> not_after;   ///< horizon, microseconds since the epoch
    bool single_use = false;
    std::vector<Obligation> obligations;

    /// Back to nothing granted, keeping capacity.
    void clear() {
        scopes.clear();
        audience.clear();
        ttl = 0;
        not_after.reset();
        single_use = false;
        obligations.clear();
    }
};

/// Why: a stable code, the rule behind it if there is one, and the fact concerned if there is one.
struct Reason {
    std::string_view code;
    std::uint32_t rule = kNoRule;  ///< index into the rules of the layer's bundle
    std::string_view detail;
    std::uint32_t layer = 0;  ///< index into the layers; 0 where there is one bundle
};

/// What an approver would have to do.
struct Requirement {
    std::uint32_t rule = kNoRule;
    std::uint32_t layer = 0;
    std::vector<std::string_view> groups;  ///< any one of them
    std::uint32_t needed = 1;              ///< distinct approvers
    std::uint32_t counted = 0;             ///< approvals present that count
    std::int64_t within = 0;               ///< seconds an approval stays fresh
    std::int64_t expires = 0;              ///< now + within, microseconds since the epoch
};

/// Who the decision is about. Empty text: stated as none.
struct Attribution {
    std::string_view agent, agent_class, deployment, run, parent_run, tenant, user, initiator;
    std::vector<std::string_view> chain;  ///< actors, outermost first
    std::string_view workload, issuer, token_id, tool, resource;
    std::vector<std::string_view> approvers;  ///< of the approvals that were used
};

/// Views point into the bundles and the Request that made the decision, and live as long as both do.
struct Decision {
    Effect effect = Effect::Deny;
    Grant grant;
    std::vector<Reason> reasons;
    std::vector<Requirement> requirements;
    std::string binding_digest;  ///< what an approval has to be bound to; set when requirements are listed or approvals
                                 ///< were used
    Attribution attribution;
    std::int64_t now = 0;  ///< microseconds since the epoch
    std::string_view bundle_digest;
    std::uint64_t steps = 0;         ///< not part of the answer: differs between evaluators
    std::vector<Requirement> spare;  ///< not part of the answer: kept for the memory it holds

    /// Back to a deny with nothing in it, keeping capacity.
    void clear();
    /// Drops the requirements, keeping their memory.
    void clear_requirements();
    /// Adds a requirement with no groups, with memory of one dropped before.
    Requirement& add_requirement();
};

class Layers;

/// Which reader a rendering is for. Caller: effect, grant, requirements and nothing about policy.
enum class Audience : std::uint8_t { Caller, Operator };

/// Canonical JSON, one line, keys in a fixed order. `schema_version` is first.
/// Source: docs/decision-format.md
[[nodiscard]] std::string to_json(const Decision& decision, const Layers& layers, Audience reader);
/// The same into a string whose memory is used again.
void to_json(const Decision& decision, const Layers& layers, Audience reader, std::string& out);

}  // namespace writ
