// A broker's end of a channel: follows it, refuses what it should not accept, and gives every thread an
// evaluator that is always under one whole policy. Part of libwrit-store.
// Reference: docs/store.md, "Readers".
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "writ/evaluator.h"
#include "writ/keys.h"
#include "writ/store.h"

namespace writ {

/// How the decision of a candidate differs from the one that stands.
enum class DivergenceKind : std::uint8_t {
    Wider,         ///< the candidate's effect is greater
    Narrower,      ///< it is less
    Grant,         ///< both permit, and not the same
    Requirements,  ///< both need approvals, and not the same
    Unreadable,    ///< the request does not fit the candidate's schema
};
constexpr std::size_t kDivergenceKinds = 5;
/// "wider", "narrower", …
[[nodiscard]] std::string_view divergence_name(DivergenceKind kind);

/// One difference, for as long as the call that is told of it.
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

/// Something a handle did: accepted an activation or revocations (`refused` has no code), or refused or
/// failed to read what it says.
struct Notice {
    Error refused;
    Serial serial;
    std::string digest;
};

struct FollowOptions {
    std::string store;  ///< the store's file
    std::string space = "default";
    std::string channel;
    std::string candidate;               ///< a channel that is decided by beside, and never enforced; may be empty
    std::vector<PublicKey> keys;         ///< who may sign; empty: signatures are not asked for
    std::vector<PublicKey> on_call;      ///< who else may sign revocations; needs `keys`
    std::string state;                   ///< the file that keeps the last good policy; may be empty
    std::chrono::milliseconds poll{10};  ///< how often to ask whether something changed
    std::chrono::milliseconds max_staleness{15 * 60 * 1000};  ///< without an acceptable answer: deny
    std::function<void(const Notice&)> notice;                ///< on the handle's own thread, or follow()'s
    std::function<void(const Divergence&)> diverged;          ///< on the thread that decided
};

/// How a handle does.
struct HandleStatus {
    bool ready = false;  ///< a policy is at hand and fresh
    Serial serial;
    std::string digest;
    std::string key_id;
    std::size_t revocations = 0;
    Error problem;  ///< what is wrong with what the store says, or why it cannot be read; no code: nothing
    std::array<std::uint64_t, kDivergenceKinds> divergences{};
    std::uint64_t compared = 0;
};

namespace store {
class Following;
}

/// Follows one channel with a thread of its own, until it goes. Any thread may use it.
class PolicyHandle {
public:
    /// Reads the state and the store once, then follows. A store that cannot be read is no error here: the
    /// handle denies, or goes on with the state, until it can.
    /// Errors: S0020; S0069 the state is damaged, or of another channel; S0070 on-call keys alone.
    [[nodiscard]] static Result<PolicyHandle> follow(FollowOptions options);
    ~PolicyHandle();
    PolicyHandle(PolicyHandle&&) noexcept;
    PolicyHandle& operator=(PolicyHandle&&) noexcept;

    [[nodiscard]] HandleStatus status() const;
    /// Waits until the policy is at least at `serial`. False: it was not within that time.
    [[nodiscard]] bool wait(Serial serial, std::chrono::milliseconds most) const;

private:
    friend class LiveEvaluator;
    explicit PolicyHandle(std::shared_ptr<store::Following> following);
    std::shared_ptr<store::Following> following_;
};

/// Decides by whatever policy the handle has accepted. Make one per thread. A decision costs one load of
/// a number that all threads share; only when that has changed, a lock is taken to fetch the new policy.
class LiveEvaluator {
public:
    /// May outlive the handle; the policy is then never fresh.
    explicit LiveEvaluator(const PolicyHandle& handle);
    ~LiveEvaluator();
    LiveEvaluator(LiveEvaluator&&) noexcept;
    LiveEvaluator& operator=(LiveEvaluator&&) noexcept;

    /// Reads a request and decides it, all under one policy, whose digest the decision names. Without a
    /// policy that is fresh: a deny with reason `policy_stale`.
    /// Output:  views that live until the next call.
    /// Errors:  Q0001.. the request is refused; the decision denies.
    [[nodiscard]] Result<void> evaluate(std::string_view request, Decision& decision, const RequestLimits& limits = {});
    /// The bundle that the last decision names, for to_json(). Requires: it names one.
    [[nodiscard]] const Bundle& bundle() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ
