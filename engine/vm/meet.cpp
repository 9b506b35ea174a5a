// The meet of the decisions of two layers.
#include <algorithm>

#include "base/access.h"
#include "base/text_set.h"
#include "vm/binding.h"
#include "vm/decide.h"
#include "vm/reason.h"

namespace writ::vm {

namespace {

void keep_common(std::vector<std::string_view>& above, const std::vector<std::string_view>& below, TextSet& known) {
    known.clear();
    for (const std::string_view each : below) known.add(each);
    known.sort();
    std::erase_if(above, [&](std::string_view each) { return !known.has(each); });
}

/// Appends the reasons of a layer. None in `above` has this layer, so only reasons without a rule can repeat: for
/// example two hops that are revoked in the same way. There are few of these.
void add_reasons(std::vector<Reason>& above, const std::vector<Reason>& below) {
    const auto first = static_cast<std::ptrdiff_t>(above.size());
    for (const Reason& more : below) {
        const bool there =
            more.rule == kNoRule && std::any_of(above.begin() + first, above.end(), [&](const Reason& each) {
                return each.rule == kNoRule && each.code == more.code && each.detail == more.detail;
            });
        if (!there) above.push_back(more);
    }
}

void meet_grants(Grant& above, const Grant& below, TextSet& known) {
    keep_common(above.scopes, below.scopes, known);
    keep_common(above.audience, below.audience, known);
    above.ttl = std::min(above.ttl, below.ttl);
    if (below.not_after)
        above.not_after = above.not_after ? std::min(*above.not_after, *below.not_after) : *below.not_after;
    above.single_use = above.single_use || below.single_use;
    known.clear();
    for (const Obligation& obligation : above.obligations) known.add(obligation.name, obligation.args);
    known.sort();
    for (const Obligation& more : below.obligations)
        if (!known.has(more.name, more.args)) above.obligations.push_back(more);
}

}  // namespace

void meet(Decision& above, const Decision& below, TextSet& known) {
    above.effect = std::min(above.effect, below.effect);
    above.steps += below.steps;
    add_reasons(above.reasons, below.reasons);
    if (above.binding_digest.empty())
        above.binding_digest = below.binding_digest;
    else if (!below.binding_digest.empty())
        join_bindings(above.binding_digest, below.binding_digest);
    for (const std::string_view approver : below.attribution.approvers) {
        auto& approvers = above.attribution.approvers;
        if (std::find(approvers.begin(), approvers.end(), approver) == approvers.end()) approvers.push_back(approver);
    }
    for (const Requirement& more : below.requirements) {
        Requirement& added = Access::add_requirement(above);
        added.groups.assign(more.groups.begin(), more.groups.end());
        added.rule = more.rule;
        added.layer = more.layer;
        added.needed = more.needed;
        added.counted = more.counted;
        added.within = more.within;
        added.expires = more.expires;
    }

    if (above.effect == Effect::Permit) {
        meet_grants(above.grant, below.grant, known);
        // Each layer grants something, but they have nothing in common.
        if (above.grant.scopes.empty()) {
            above.reasons.push_back({.code = name_of(ReasonCode::scope_limited)});
            above.effect = Effect::Deny;
        } else if (above.grant.audience.empty()) {
            above.reasons.push_back({.code = name_of(ReasonCode::audience_limited)});
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
