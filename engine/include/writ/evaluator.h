// The evaluator: one per thread, for one bundle or several layers. It never fails and never blocks.
#pragma once

#include <memory>
#include <span>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/request.h"
#include "writ/revocations.h"

namespace writ {

/// Decides requests that are bound to the same layers. Not shared between threads.
class Evaluator {
public:
    explicit Evaluator(Layers layers);
    ~Evaluator();
    Evaluator(Evaluator&&) noexcept;
    Evaluator& operator=(Evaluator&&) noexcept;

    /// Sets the revocations. From then on, whatever is revoked is denied before any rule runs, and revoked approvals
    /// do not count. While a subject of some kind is revoked, a request that does not state the facts of that kind is
    /// denied too: docs/store.md, "Revocations". Null: nothing is revoked.
    void revoke(std::shared_ptr<const Revocations> revocations);

    /// Decides a request. A request bound to other bundles is denied with reason `policy_error`.
    /// Output:   views into the bundle and the request; see Decision.
    void evaluate(const Request& request, Decision& decision);
    [[nodiscard]] Decision evaluate(const Request& request);
    /// Decides requests[i] into decisions[i]. A request that was refused is empty, and its decision is a deny; the
    /// others are decided normally. Surplus decisions are set to deny. Does not allocate once warm.
    /// Requires: decisions.size() >= requests.size().
    void evaluate_batch(std::span<const Request> requests, std::span<Decision> decisions);

    [[nodiscard]] const Layers& layers() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ
