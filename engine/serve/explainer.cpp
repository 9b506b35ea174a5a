#include "serve/explainer.h"

#include <algorithm>
#include <utility>

namespace writ::serve {

void Explainer::explain(Enforced with, std::string request, const Reply& reply) {
    const bool waits = worker_.run(
        [this, with = std::move(with), request = std::move(request), reply] { reply(answer(with, request)); });
    if (!waits) reply(problem(503, "too many explanations wait"));
}

const Explainer::Reopened& Explainer::reopened(const Bundle& bundle) {
    constexpr std::size_t kMost = 2;  // the active version, and the one that decided a record
    const auto known =
        std::find_if(kept_.begin(), kept_.end(), [&](const Reopened& each) { return each.digest == bundle.digest(); });
    if (known != kept_.end()) {
        kept_.splice(kept_.begin(), kept_, known);
    } else {
        if (kept_.size() == kMost) kept_.pop_back();
        kept_.push_front({std::string(bundle.digest()), Workspace::reopen(bundle)});
    }
    return kept_.front();
}

HttpAnswer Explainer::answer(const Enforced& with, const std::string& request) {
    const Reopened& policy = reopened(with.policy);
    if (!policy.workspace) return problem(501, policy.workspace.error());
    const std::optional<Bundle>& compiled = policy.workspace->bundle();
    if (!compiled || compiled->digest() != policy.digest)
        return problem(501,
                       "the policy was sealed by another version of Writ: this one does not make the same bundle of "
                       "its sources, and so cannot explain its decisions");
    const auto explanation = policy.workspace->explain(request, {}, limits_, with.revocations);
    if (!explanation) return problem(explanation.error().code.starts_with('Q') ? 400 : 500, explanation.error());
    HttpAnswer out;
    out.body = to_json(*explanation) + "\n";
    return out;
}

}  // namespace writ::serve
