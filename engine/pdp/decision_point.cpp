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

/// Records the candidate's decisions, which the threads that decide hand over.
struct Shadow {
    std::mutex lock;
    ledger::Recorder recorder;

    explicit Shadow(ledger::Recorder made) : recorder(std::move(made)) {}
};

}  // namespace

// The members are destroyed in reverse order: the policy before the ledger.
struct DecisionPoint::Impl {
    std::unique_ptr<ledger::Ledger> ledger;
    ledger::RecordOptions record;
    RequestLimits limits;
    std::unique_ptr<Shadow> shadow;
    PolicyHandle policy;
    std::mutex lock;
    std::vector<std::unique_ptr<Seat>> free;  ///< one for each thread that has decided at the same time

    Impl(std::unique_ptr<ledger::Ledger> opened, ledger::RecordOptions how, RequestLimits most,
         std::unique_ptr<Shadow> candidate, PolicyHandle followed)
        : ledger(std::move(opened)),
          record(std::move(how)),
          limits(most),
          shadow(std::move(candidate)),
          policy(std::move(followed)) {}

    Result<std::unique_ptr<Seat>> take() {
        {
            const std::lock_guard hold(lock);
            if (!free.empty()) {
                std::unique_ptr<Seat> seat = std::move(free.back());
                free.pop_back();
                return seat;
            }
        }
        auto recorder = ledger::Recorder::make(*ledger, record);
        if (!recorder) return tl::unexpected(std::move(recorder.error()));
        return std::make_unique<Seat>(Seat{std::move(*recorder), LiveEvaluator(policy), {}});
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
    auto ledger = std::make_unique<ledger::Ledger>(std::move(*opened));  // where it stays: recorders refer to it
    auto recorder = ledger::Recorder::make(*ledger, options.record);
    if (!recorder) return tl::unexpected(std::move(recorder.error()));
    auto shadow = std::make_unique<Shadow>(std::move(*recorder));
    if (!options.follow.candidate.empty())
        options.follow.diverged = [to = shadow.get(),
                                   then = std::move(options.follow.diverged)](const Divergence& each) {
            if (each.kind != DivergenceKind::Unreadable) {
                const std::lock_guard hold(to->lock);
                to->recorder.shadow(each.request, each.candidate, each.candidate_policy);
            }
            if (then) then(each);
        };
    auto policy = PolicyHandle::follow(std::move(options.follow));
    if (!policy) return tl::unexpected(std::move(policy.error()));
    return DecisionPoint(std::make_unique<Impl>(std::move(ledger), std::move(options.record), options.limits,
                                                std::move(shadow), std::move(*policy)));
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
    return impl_->policy;
}
ledger::Ledger& DecisionPoint::ledger() const {
    return *impl_->ledger;
}

}  // namespace writ
