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

    Result<void> evaluate(std::string_view request, const RequestLimits& limits) {
        return evaluator.evaluate(request, decision, limits);
    }
    /// The bundles that decided; empty if there was no policy or no request.
    [[nodiscard]] Layers layers(const Result<void>& read) const {
        if (!read || decision.bundle_digest.empty()) return Layers(std::vector<Bundle>{});
        return evaluator.bundle();
    }
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

namespace {

/// The answer if nobody could record.
Decided unavailable(Error why) {
    Decision denied;
    denied.reasons.assign(1, Reason{.code = "audit_unavailable"});
    return ledger::detach({denied, {}, {}, std::move(why)}, Layers(std::vector<Bundle>{}));
}

}  // namespace

Decided DecisionPoint::decide(std::string_view request, std::string_view traceparent) {
    auto seat = impl_->take();
    if (!seat) return unavailable(std::move(seat.error()));
    const auto read = (*seat)->evaluate(request, impl_->limits);
    const Layers layers = (*seat)->layers(read);
    ledger::Recorder& recorder = (*seat)->recorder;
    Decided out = ledger::detach(read ? recorder.record(request, (*seat)->decision, layers, traceparent)
                                      : recorder.refuse(request, read.error(), traceparent),
                                 layers);
    impl_->give_back(std::move(*seat));
    return out;
}

std::optional<Decided> DecisionPoint::decide_async(std::string_view request, ledger::OnDecided done,
                                                   std::string_view traceparent) {
    auto seat = impl_->take();
    if (!seat) return unavailable(std::move(seat.error()));
    const auto read = (*seat)->evaluate(request, impl_->limits);
    ledger::Recorder& recorder = (*seat)->recorder;
    auto out =
        read ? recorder.record_async(request, (*seat)->decision, (*seat)->layers(read), std::move(done), traceparent)
             : recorder.refuse_async(request, read.error(), std::move(done), traceparent);
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
