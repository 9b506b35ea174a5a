// Explains decisions: which rules mattered, and what would have led to a permit. Nothing is recorded.
#pragma once

#include <list>
#include <string>

#include "serve/http.h"
#include "serve/worker.h"
#include "writ/policy_handle.h"
#include "writ/tools.h"

namespace writ::serve {

/// Compiles a policy's sources again, which an explanation needs, and keeps them for later explanations. It has a
/// thread of its own and explains one request after the other. Any thread may call it.
class Explainer {
public:
    explicit Explainer(const RequestLimits& limits) : limits_(limits) {}

    /// Explains the decision of a policy on a request document. The answer is the explanation as one line of JSON; 400
    /// if the document is refused, 501 if the bundle's sources do not make the same bundle, 503 if too many wait.
    void explain(Enforced with, std::string request, const Reply& reply);

private:
    /// A bundle compiled again.
    struct Reopened {
        std::string digest;
        Result<Workspace> workspace;
    };
    const Reopened& reopened(const Bundle& bundle);
    [[nodiscard]] HttpAnswer answer(const Enforced& with, const std::string& request);

    const RequestLimits limits_;
    std::list<Reopened> kept_;  ///< the last one used is first. Used by the worker
    Worker worker_{8};          ///< ends before what it uses
};

}  // namespace writ::serve
