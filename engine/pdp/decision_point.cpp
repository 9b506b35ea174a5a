#include "writ/decision_point.h"

#include <mutex>
#include <utility>

namespace writ {

namespace {

/// The objects that a thread uses to decide and record.
struct Seat {
    ledger::Recorder recorder;
    LiveEvaluator evaluator;
    Decision decision;
};

}  // namespace

// The members are destroyed in reverse order: the policy before the ledger.
struct DecisionPoint::Impl {
    ledger::Ledger ledger;
    ledger::RecordOptions record;
    RequestLimits limits;
    std::mutex shadow_lock;
    std::optional<ledger::Recorder> shadow;  ///< records the candidate's decisions
    std::optional<PolicyHandle> policy;
    std::mutex lock;
    std::vector<std::unique_ptr<Seat>> free;  ///< one for each thread that has decided at the same time

    Impl(ledger::Ledger opened, ledger::RecordOptions how, RequestLimits most)
        : ledger(std::move(opened)), record(std::move(how)), limits(most) {}

    Result<std::unique_ptr<Seat>> take() {
        {
            const std::lock_guard hold(lock);
            if (!free.empty()) {
                std::unique_ptr<Seat> seat = std::move(free.back());
                free.pop_back();
                return seat;
            }
        }
        auto recorder = ledger::Recorder::make(ledger, record);
        if (!recorder) return tl::unexpected(std::move(recorder.error()));
        return std::make_unique<Seat>(Seat{std::move(*recorder), LiveEvaluator(*policy), {}});
    }
    void give_back(std::unique_ptr<Seat> seat) {
        const std::lock_guard hold(lock);
        free.push_back(std::move(seat));
    }
};

DecisionPoint::DecisionPoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DecisionPoint::~DecisionPoint() = default;
DecisionPoint::DecisionPoint(DecisionPoint&&) noexcept = default;
DecisionPoint& DecisionPoint::operator=(DecisionPoint&&) noexcept = default;

Result<DecisionPoint> DecisionPoint::open(DecisionPointOptions options) {
    auto opened = ledger::Ledger::open(options.ledger, options.open);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    auto impl = std::make_unique<Impl>(std::move(*opened), std::move(options.record), options.limits);
    auto shadow = ledger::Recorder::make(impl->ledger, impl->record);
    if (!shadow) return tl::unexpected(std::move(shadow.error()));
    impl->shadow.emplace(std::move(*shadow));
    if (!options.follow.candidate.empty())
        options.follow.diverged = [self = impl.get(),
                                   then = std::move(options.follow.diverged)](const Divergence& each) {
            if (each.kind != DivergenceKind::Unreadable) {
                const std::lock_guard hold(self->shadow_lock);
                self->shadow->shadow(each.request, each.candidate, each.candidate_policy);
            }
            if (then) then(each);
        };
    auto policy = PolicyHandle::follow(std::move(options.follow));
    if (!policy) return tl::unexpected(std::move(policy.error()));
    impl->policy.emplace(std::move(*policy));
    return DecisionPoint(std::move(impl));
}

Decided DecisionPoint::decide(std::string_view request, std::string_view traceparent) {
    Decided out;
    auto seat = impl_->take();
    if (!seat) {
        Decision denied;
        denied.reasons.assign(1, Reason{.code = "audit_unavailable"});
        out.decision = DetachedDecision(denied);
        out.json = to_json(denied, out.layers, View::Operator);
        out.error = std::move(seat.error());
        return out;
    }
    auto& [recorder, evaluator, decision] = **seat;
    const auto read = evaluator.evaluate(request, decision, impl_->limits);
    if (read && !decision.bundle_digest.empty()) out.layers = evaluator.bundle();
    const ledger::Answer answer = read ? recorder.record(request, decision, out.layers, traceparent)
                                       : recorder.refuse(request, read.error(), traceparent);
    out.decision = DetachedDecision(answer.decision);
    out.json = ledger::to_json(answer, out.layers, View::Operator);
    out.record = answer.sequence;
    if (answer.earlier) out.earlier = answer.earlier->sequence;
    out.error = answer.error;
    impl_->give_back(std::move(*seat));
    return out;
}

const PolicyHandle& DecisionPoint::policy() const {
    return *impl_->policy;
}
ledger::Ledger& DecisionPoint::ledger() const {
    return impl_->ledger;
}

}  // namespace writ
