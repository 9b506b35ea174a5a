// The decision: an effect, a grant, reasons, and the attribution.
// A default-constructed Decision denies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace writ {

/// Ordered by authority: Deny < NeedsApproval < Permit. Zero denies.
enum class Effect : std::uint8_t { Deny = 0, NeedsApproval = 1, Permit = 2 };

constexpr std::uint32_t kNoRule = 0xFFFFFFFF;

/// Whether a condition holds. Unknown: it depends on a fact that is not known.
enum class Truth : std::uint8_t { False, Unknown, True };

/// An obligation of the broker. A broker that does not know the name must deny.
struct Obligation {
    std::string_view name;
    std::string_view args;  ///< canonical JSON object
};

/// What the broker may issue. Empty unless the effect is Permit. `not_after` is the horizon: the first moment at which
/// the decision could become narrower if only the time changes.
struct Grant {
    std::vector<std::string_view> scopes;    ///< in the order of the request
    std::vector<std::string_view> audience;  ///< in the tool's order
    std::int64_t ttl = 0;                    ///< seconds
    std::optional<std::int64_t> not_after;   ///< microseconds since the epoch
    bool single_use = false;
    std::vector<Obligation> obligations;

    /// Empties the grant and keeps its memory.
    void clear() {
        scopes.clear();
        audience.clear();
        ttl = 0;
        not_after.reset();
        single_use = false;
        obligations.clear();
    }
};

/// A reason: a stable code, with its rule and its fact if there are any.
struct Reason {
    std::string_view code;
    std::uint32_t rule = kNoRule;  ///< index into the rules of the layer's bundle
    std::string_view detail;       ///< the fact; may be empty
    std::uint32_t layer = 0;       ///< index into the layers; 0 if there is one bundle
};

/// The approval that a request needs.
struct Requirement {
    std::uint32_t rule = kNoRule;
    std::uint32_t layer = 0;
    std::vector<std::string_view> groups;  ///< members of any one of them may approve
    std::uint32_t needed = 1;              ///< number of different approvers
    std::uint32_t counted = 0;             ///< number of different approvers whose approvals already count
    std::int64_t within = 0;               ///< seconds an approval stays fresh
    std::int64_t expires = 0;              ///< now + within, microseconds since the epoch
};

/// Who the decision is about. Empty text: not stated, or stated as none.
struct Attribution {
    std::string_view agent, agent_class, deployment, run, parent_run, tenant, user, initiator;
    std::vector<std::string_view> chain;  ///< actors, outermost first
    std::string_view workload, issuer, token_id, tool, resource;
    std::vector<std::string_view> approvers;  ///< approvers whose approvals were used
};

/// Views point into the bundles and the Request that made the decision, and are valid while both exist.
struct Decision {
    Effect effect = Effect::Deny;
    Grant grant;
    std::vector<Reason> reasons;
    std::vector<Requirement> requirements;
    /// What an approval must be bound to; set if requirements are listed or approvals were used.
    std::string binding_digest;
    Attribution attribution;
    std::int64_t now = 0;  ///< microseconds since the epoch
    std::string_view bundle_digest;
    std::uint64_t steps = 0;  ///< not part of the answer: evaluators differ in it

    /// Resets to an empty deny and keeps the memory.
    void clear();
    /// Removes the requirements and keeps their memory.
    void clear_requirements();

private:
    friend struct Access;
    std::vector<Requirement> spare_;  ///< keeps memory for reuse
};

/// A decision that owns its text, so that it needs neither the request nor the bundles. Denies if it is empty.
class DetachedDecision {
public:
    DetachedDecision() = default;
    explicit DetachedDecision(const Decision& decision);
    DetachedDecision(const DetachedDecision& other);
    DetachedDecision& operator=(const DetachedDecision& other);
    DetachedDecision(DetachedDecision&& other) noexcept;
    DetachedDecision& operator=(DetachedDecision&& other) noexcept;
    ~DetachedDecision() = default;

    [[nodiscard]] const Decision& operator*() const { return decision_; }
    [[nodiscard]] const Decision* operator->() const { return &decision_; }

private:
    std::unique_ptr<char[]> text_;
    Decision decision_;
};

class Layers;

/// For whom a decision is written. Caller: what an agent may see, nothing about the policy. Operator: everything.
enum class View : std::uint8_t { Caller, Operator };

/// Canonical JSON, one line, keys in a fixed order. `schema_version` is first.
/// Source: docs/decision-format.md
[[nodiscard]] std::string to_json(const Decision& decision, const Layers& layers, View reader);
/// The same, written into a string whose memory is reused.
void to_json(const Decision& decision, const Layers& layers, View reader, std::string& out);

}  // namespace writ
