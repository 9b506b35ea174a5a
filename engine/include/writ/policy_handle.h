// A reader of a channel, for brokers: it follows the channel, refuses what it must not accept, and gives every
// thread an evaluator that always uses one whole policy. Part of libwrit-store.
// Reference: docs/store.md, "Readers".
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/evaluator.h"
#include "writ/keys.h"
#include "writ/store.h"

namespace writ {

/// How a candidate's decision differs from the enforced one.
enum class DivergenceKind : std::uint8_t {
    Wider,         ///< the candidate's effect is greater
    Narrower,      ///< it is less
    Grant,         ///< both permit, with different grants
    Requirements,  ///< both need approvals, with different requirements
    Unreadable,    ///< the request does not fit the candidate's schema
};
constexpr std::size_t kDivergenceKinds = 5;
/// "wider", "narrower", …
[[nodiscard]] std::string_view divergence_name(DivergenceKind kind);

/// One difference; valid during the callback.
struct Divergence {
    DivergenceKind kind = DivergenceKind::Unreadable;
    std::string_view request;  ///< the document
    const Decision& enforced;
    const Bundle& policy;
    const Decision& candidate;  ///< empty if unreadable
    const Bundle& candidate_policy;
};
/// One line: `{"schema_version":1,"mode":"shadow","kind":…,"enforced":{…},"candidate":{…}|null}`.
[[nodiscard]] std::string divergence_json(const Divergence& divergence);

/// An event of a handle: it accepted an activation or revocations (`refused` has no code), refused them, or
/// could not read them.
struct Notice {
    Error refused;
    Serial serial;
    std::string digest;
};

struct FollowOptions {
    std::string store;  ///< the file of the store
    std::string space = "default";
    std::string channel;
    std::string candidate;               ///< a channel to decide with as well, never enforced; may be empty
    std::vector<PublicKey> keys;         ///< keys that may sign; empty: signatures are not required
    std::vector<PublicKey> on_call;      ///< further keys that may sign revocations; needs `keys`
    std::string state;                   ///< file that keeps the last good policy; may be empty
    std::chrono::milliseconds poll{10};  ///< how often to check for changes
    /// Longest time without an acceptable answer before everything is denied.
    std::chrono::milliseconds max_staleness{15 * 60 * 1000};
    std::function<void(const Notice&)> notice;        ///< called on the handle's own thread, or in follow()
    std::function<void(const Divergence&)> diverged;  ///< called on the thread that decided
};

/// The state of a handle.
struct HandleStatus {
    bool ready = false;  ///< a policy is loaded and fresh
    Serial serial;
    std::string digest;
    std::string key_id;
    std::size_t revocations = 0;
    Error problem;  ///< what is wrong with the content of the store, or why it cannot be read; no code: nothing
    std::array<std::uint64_t, kDivergenceKinds> divergences{};
    std::uint64_t compared = 0;
};

/// What decides at one moment.
struct Enforced {
    Bundle policy;
    std::shared_ptr<const Revocations> revocations;  ///< null: nothing is revoked
};

namespace store {
class Following;
}

/// Follows one channel on its own thread until it is destroyed. Any thread may use it.
class PolicyHandle {
public:
    /// Reads the state and the store once, then follows the channel. A store that cannot be read is not an error
    /// here: the handle denies, or uses the policy of the state, until it can read the store.
    /// Errors: S0020; S0069 the state is damaged or belongs to another channel; S0070
    /// on-call keys without channel keys.
    [[nodiscard]] static Result<PolicyHandle> follow(FollowOptions options);
    ~PolicyHandle();
    PolicyHandle(PolicyHandle&&) noexcept;
    PolicyHandle& operator=(PolicyHandle&&) noexcept;

    [[nodiscard]] HandleStatus status() const;
    /// The policy and the revocations; none if no policy is fresh.
    [[nodiscard]] std::optional<Enforced> enforced() const;
    /// Waits until the policy has at least this serial. Output: false if that did not happen in time.
    [[nodiscard]] bool wait(Serial serial, std::chrono::milliseconds most) const;

private:
    friend class LiveEvaluator;
    explicit PolicyHandle(std::shared_ptr<store::Following> following);
    std::shared_ptr<store::Following> following_;
};

/// Decides with the policy that the handle has accepted. Make one per thread. A decision loads one number that all
/// threads share; it takes a lock only when that number has changed, to fetch the new policy.
class LiveEvaluator {
public:
    /// May outlive the handle; its policy is then no longer fresh.
    explicit LiveEvaluator(const PolicyHandle& handle);
    ~LiveEvaluator();
    LiveEvaluator(LiveEvaluator&&) noexcept;
    LiveEvaluator& operator=(LiveEvaluator&&) noexcept;

    /// Reads a request and decides it with one policy, whose digest is in the decision. If no policy is fresh, the
    /// decision is a deny with reason `policy_stale`.
    /// Output:  views that are valid until the next call.
    /// Errors:  Q0001.. the request is refused; the decision denies.
    [[nodiscard]] Result<void> evaluate(std::string_view request, Decision& decision, const RequestLimits& limits = {});
    /// The bundle that the last decision names, for to_json(). Requires: it names one.
    [[nodiscard]] const Bundle& bundle() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ
