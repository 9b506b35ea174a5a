#include "writ/evaluator.h"

#include <algorithm>

#include "base/access.h"
#include "bytecode/program.h"
#include "runtime/layers.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

namespace writ {

namespace {

/// Bundles with equal digests are the same bundle, even if loaded twice.
bool same_bundles(const Layers& a, const Layers& b) {
    return std::equal(a.bundles().begin(), a.bundles().end(), b.bundles().begin(), b.bundles().end(),
                      [](const Bundle& x, const Bundle& y) {
                          return &Access::program(x) == &Access::program(y) || x.digest() == y.digest();
                      });
}

}  // namespace

struct Evaluator::Impl {
    Layers layers;
    std::vector<vm::Interpreter> interpreters;  ///< one per layer
    LayersMemory memory;
    std::shared_ptr<const Revocations> revocations;

    explicit Impl(Layers all) : layers(std::move(all)) {
        for (const Bundle& bundle : layers.bundles()) interpreters.emplace_back(Access::program(bundle));
    }
};

Evaluator::Evaluator(Layers layers) : impl_(std::make_unique<Impl>(std::move(layers))) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

void Evaluator::revoke(std::shared_ptr<const Revocations> revocations) {
    if (revocations != nullptr && revocations->empty()) revocations = nullptr;
    impl_->revocations = std::move(revocations);
}

void Evaluator::evaluate(const Request& request, Decision& decision) {
    const std::vector<Bundle>& bundles = impl_->layers.bundles();
    const std::vector<Bundle>& bound = request.layers().bundles();
    if (bundles.size() == 1 && bound.size() == 1 &&
        &Access::program(bundles.front()) == &Access::program(bound.front())) [[likely]]
        return vm::decide(Access::program(bundles.front()), Access::facts(request, 0), impl_->interpreters.front(),
                          decision, impl_->revocations.get());
    if (bundles.empty() || !same_bundles(impl_->layers, request.layers())) {
        decision.clear();
        Reason& reason = decision.reasons.emplace_back();
        reason.code = "policy_error";
        if (!bundles.empty()) decision.bundle_digest = bundles.front().digest();
        return;
    }
    decide_layers(bundles, request, impl_->interpreters, decision, impl_->memory, impl_->revocations.get());
}

Decision Evaluator::evaluate(const Request& request) {
    Decision decision;
    evaluate(request, decision);
    return decision;
}

void Evaluator::evaluate_batch(std::span<const Request> requests, std::span<Decision> decisions) {
    for (std::size_t i = 0; i < decisions.size(); ++i)
        if (i < requests.size())
            evaluate(requests[i], decisions[i]);
        else
            decisions[i].clear();
}

const Layers& Evaluator::layers() const {
    return impl_->layers;
}

}  // namespace writ
