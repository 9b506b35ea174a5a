// Layers: what two bundles both allow.
#include <algorithm>

#include "vm/binding.h"
#include "vm/decide.h"
#include "vm/reason.h"

namespace writ::vm {

namespace {

void keep_common(std::vector<std::string_view>& above, const std::vector<std::string_view>& below) {
    std::erase_if(above, [&](std::string_view each) {
        return std::find(below.begin(), below.end(), each) == below.end();
    });
}

void add_reason(std::vector<Reason>& reasons, const Reason& more) {
    const bool there = std::any_of(reasons.begin(), reasons.end(), [&](const Reason& each) {
        return each.code == more.code && each.rule == more.rule && each.detail == more.detail &&
               each.layer == more.layer;
    });
    if (!there) reasons.push_back(more);
}

void meet_grants(Grant& above, const Grant& below) {
    keep_common(above.scopes, below.scopes);
    keep_common(above.audience, below.audience);
    above.ttl = std::min(above.ttl, below.ttl);
    if (below.not_after)
        above.not_after = above.not_after ? std::min(*above.not_after, *below.not_after) : *below.not_after;
    above.single_use = above.single_use || below.single_use;
    for (const Obligation& more : below.obligations) {
        const bool there = std::any_of(
            above.obligations.begin(), above.obligations.end(),
            [&](const Obligation& each) { return each.name == more.name && each.args == more.args; });
        if (!there) above.obligations.push_back(more);
    }
}

}  // namespace

void meet(Decision& above, const Decision& below) {
    above.effect = std::min(above.effect, below.effect);
    above.steps += below.steps;
    for (const Reason& more : below.reasons) add_reason(above.reasons, more);
    if (above.binding_digest.empty()) above.binding_digest = below.binding_digest;
    else if (!below.binding_digest.empty()) join_bindings(above.binding_digest, below.binding_digest);
    for (const std::string_view approver : below.attribution.approvers) {
        auto& approvers = above.attribution.approvers;
        if (std::find(approvers.begin(), approvers.end(), approver) == approvers.end())
            approvers.push_back(approver);
    }
    for (const Requirement& more : below.requirements) {
        const bool there = std::any_of(
            above.requirements.begin(), above.requirements.end(),
            [&](const Requirement& each) { return each.rule == more.rule && each.layer == more.layer; });
        if (there) continue;
        Requirement& added = above.add_requirement();
        added.groups.assign(more.groups.begin(), more.groups.end());
        added.rule = more.rule;
        added.layer = more.layer;
        added.needed = more.needed;
        added.counted = more.counted;
        added.within = more.within;
        added.expires = more.expires;
    }

    if (above.effect == Effect::Permit) {
        meet_grants(above.grant, below.grant);
        // Each layer grants something and the two have nothing in common.
        if (above.grant.scopes.empty()) {
            add_reason(above.reasons, {.code = name_of(ReasonCode::scope_limited)});
            above.effect = Effect::Deny;
        } else if (above.grant.audience.empty()) {
            add_reason(above.reasons, {.code = name_of(ReasonCode::audience_limited)});
            above.effect = Effect::Deny;
        }
    }
    if (above.effect != Effect::Permit) above.grant.clear();
    if (above.effect == Effect::Deny) {
        above.clear_requirements();
        above.binding_digest.clear();
        above.attribution.approvers.clear();
    }
}

}  // namespace writ::vm
