// The evaluator: one per thread, over one bundle or several layers. Never fails, never blocks.
#pragma once

#include <memory>
#include <span>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/request.h"
#include "writ/revocations.h"

namespace writ {

/// Decides requests bound to the same layers. Not shared between threads; make one per thread.
class Evaluator {
public:
    explicit Evaluator(Layers layers);
    ~Evaluator();
    Evaluator(Evaluator&&) noexcept;
    Evaluator& operator=(Evaluator&&) noexcept;

    /// From now on, denies what is revoked before any rule runs, and counts no revoked approval. Null:
    /// nothing is revoked. Where something of a kind is, a request that does not state the facts of that
    /// kind is denied as well: docs/store.md, "Revocations".
    void revoke(std::shared_ptr<const Revocations> revocations);

    /// Decides. A request bound to other bundles is denied with reason `policy_error`.
    /// Output:   views into the bundle and the request; see Decision.
    void evaluate(const Request& request, Decision& decision);
    [[nodiscard]] Decision evaluate(const Request& request);
    /// Decides requests[i] into decisions[i]; one that was refused, and so is empty, is a deny like any
    /// other and the rest go on. Decisions beyond the requests deny. No allocation once warm.
    /// Requires: decisions.size() >= requests.size().
    void evaluate_batch(std::span<const Request> requests, std::span<Decision> decisions);

    [[nodiscard]] const Layers& layers() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ
