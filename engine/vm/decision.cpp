// Emptying decisions for reuse without freeing memory.
#include "writ/decision.h"

#include <utility>

#include "base/access.h"

namespace writ {

void Decision::clear() {
    effect = Effect::Deny;
    grant.clear();
    reasons.clear();
    clear_requirements();
    binding_digest.clear();
    for (std::string_view* view :
         {&attribution.agent, &attribution.agent_class, &attribution.deployment, &attribution.run,
          &attribution.parent_run, &attribution.tenant, &attribution.user, &attribution.initiator,
          &attribution.workload, &attribution.issuer, &attribution.token_id, &attribution.tool, &attribution.resource})
        *view = {};
    attribution.chain.clear();
    attribution.approvers.clear();
    now = 0;
    bundle_digest = {};
    steps = 0;
}

void Decision::clear_requirements() {
    for (Requirement& each : requirements) spare_.push_back(std::move(each));
    requirements.clear();
}

Requirement& Access::add_requirement(Decision& decision) {
    Requirement fresh;
    auto& spare = decision.spare_;
    if (!spare.empty()) {
        fresh.groups = std::move(spare.back().groups);
        fresh.groups.clear();
        spare.pop_back();
    }
    decision.requirements.push_back(std::move(fresh));
    return decision.requirements.back();
}

}  // namespace writ
