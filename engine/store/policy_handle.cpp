// Handles, and the evaluators that follow them.
#include "writ/policy_handle.h"
#include "base/held.h"

#include "base/access.h"
#include "store/following.h"
#include "writ/compare.h"

namespace writ {

using store::Following;
using store::Snapshot;

// ---- handle -----------------------------------------------------------------------------------

PolicyHandle::PolicyHandle(std::shared_ptr<Following> following) : following_(std::move(following)) {}
PolicyHandle::PolicyHandle(PolicyHandle&&) noexcept = default;
PolicyHandle& PolicyHandle::operator=(PolicyHandle&& other) noexcept {
    if (following_ != nullptr && this != &other) following_->stop();
    following_ = std::move(other.following_);
    return *this;
}
PolicyHandle::~PolicyHandle() {
    if (following_ != nullptr) following_->stop();
}

Result<PolicyHandle> PolicyHandle::follow(FollowOptions options) {
    auto following = std::make_shared<Following>(std::move(options));
    if (auto started = following->start(); !started) return tl::unexpected(std::move(started.error()));
    return PolicyHandle(std::move(following));
}

std::optional<Enforced> PolicyHandle::enforced() const {
    if (!following_->fresh()) return std::nullopt;
    const std::shared_ptr<const Snapshot> snapshot = following_->snapshot();
    const std::optional<Bundle>& policy = snapshot->policy;
    if (!policy) return std::nullopt;
    return Enforced{*policy, snapshot->revocations};
}
HandleStatus PolicyHandle::status() const {
    return following_->status();
}
bool PolicyHandle::wait(Serial serial, std::chrono::milliseconds most) const {
    return following_->wait(serial, most);
}

// ---- deciding ---------------------------------------------------------------------------------

namespace {

/// One policy with what is needed to decide with it.
struct Seat {
    Bundle policy;
    Request request;
    Evaluator evaluator;
    explicit Seat(const Bundle& bundle) : policy(bundle), request(bundle), evaluator(bundle) {}
};

/// Keeps a seat that has this policy already, because its memory is warm.
void take(std::optional<Seat>& seat, const std::optional<Bundle>& policy,
          const std::shared_ptr<const Revocations>& revocations) {
    if (!policy)
        seat.reset();
    else if (!seat || &Access::program(seat->policy) != &Access::program(*policy))
        seat.emplace(*policy);
    if (seat) seat->evaluator.revoke(revocations);
}

/// A deny because no policy is fresh. Keeps the attribution.
void withdraw(Decision& decision) {
    decision.effect = Effect::Deny;
    decision.grant.clear();
    decision.clear_requirements();
    decision.binding_digest.clear();
    decision.attribution.approvers.clear();
    decision.reasons.assign(1, Reason{.code = "policy_stale"});
}

/// How a candidate's decision differs, if it does. Different reasons alone do not count.
std::optional<DivergenceKind> divergence(const Decision& enforced, const Decision& candidate) {
    const Shift shift = compare(enforced, candidate);
    if (shift.same()) return {};
    switch (shift.of(DecisionPart::Effect)) {
        case Direction::Wider: return DivergenceKind::Wider;
        case Direction::Narrower: return DivergenceKind::Narrower;
        case Direction::Same:
        case Direction::Other: break;
    }
    return enforced.effect == Effect::Permit ? DivergenceKind::Grant : DivergenceKind::Requirements;
}

}  // namespace

std::string_view divergence_name(DivergenceKind kind) {
    switch (kind) {
        case DivergenceKind::Wider: return "wider";
        case DivergenceKind::Narrower: return "narrower";
        case DivergenceKind::Grant: return "grant";
        case DivergenceKind::Requirements: return "requirements";
        case DivergenceKind::Unreadable: return "unreadable";
    }
    return "";
}

std::string divergence_json(const Divergence& divergence) {
    std::string out = R"({"schema_version":1,"mode":"shadow","kind":")";
    out.append(divergence_name(divergence.kind));
    out += R"(","enforced":)" + to_json(divergence.enforced, divergence.policy, View::Operator) + R"(,"candidate":)";
    out += divergence.kind == DivergenceKind::Unreadable
               ? "null"
               : to_json(divergence.candidate, divergence.candidate_policy, View::Operator);
    return out + "}";
}

struct LiveEvaluator::Impl {
    std::shared_ptr<Following> following;
    std::uint64_t generation = 0;
    std::optional<Seat> seat, candidate;
    Decision shadow;

    void follow() {
        if (following->generation() == generation) return;
        const std::shared_ptr<const Snapshot> snapshot = following->snapshot();
        generation = snapshot->generation;
        shadow.clear();
        take(seat, snapshot->policy, snapshot->revocations);
        take(candidate, snapshot->candidate, snapshot->revocations);
    }

    /// Decides with the candidate too. This does not affect the answer.
    void compare(Seat& own, std::string_view request, const RequestLimits& limits, const Bundle& policy,
                 const Decision& enforced) {
        shadow.clear();
        std::optional<DivergenceKind> kind = DivergenceKind::Unreadable;
        if (own.request.parse(request, limits)) {
            own.evaluator.evaluate(own.request, shadow);
            kind = divergence(enforced, shadow);
        }
        following->compared.fetch_add(1, std::memory_order_relaxed);
        if (!kind) return;
        following->divergences[static_cast<std::size_t>(*kind)].fetch_add(1, std::memory_order_relaxed);
        const auto& diverged = following->options().diverged;
        if (diverged) diverged({*kind, request, enforced, policy, shadow, own.policy});
    }
};

LiveEvaluator::LiveEvaluator(const PolicyHandle& handle) : impl_(std::make_unique<Impl>()) {
    impl_->following = handle.following_;
}
LiveEvaluator::~LiveEvaluator() = default;
LiveEvaluator::LiveEvaluator(LiveEvaluator&&) noexcept = default;
LiveEvaluator& LiveEvaluator::operator=(LiveEvaluator&&) noexcept = default;

Result<void> LiveEvaluator::evaluate(std::string_view request, Decision& decision, const RequestLimits& limits) {
    decision.clear();  // before the objects that it views are destroyed
    impl_->follow();
    std::optional<Seat>& seat = impl_->seat;
    std::optional<Seat>& candidate = impl_->candidate;
    if (!seat) {
        withdraw(decision);
        return {};
    }
    if (auto read = seat->request.parse(request, limits); !read) return read;
    seat->evaluator.evaluate(seat->request, decision);
    if (!impl_->following->fresh())
        withdraw(decision);
    else if (candidate)
        impl_->compare(*candidate, request, limits, seat->policy, decision);
    return {};
}

const Bundle& LiveEvaluator::bundle() const {
    return held(impl_->seat).policy;
}

}  // namespace writ
