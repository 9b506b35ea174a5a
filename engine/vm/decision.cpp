// Emptying decisions for reuse without freeing memory.
#include "writ/decision.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/access.h"

namespace writ {

namespace {

/// Calls `visit` with each text of an attribution, except those in its lists.
template <class Visit>
void each_of(Attribution& who, Visit visit) {
    for (std::string_view* view :
         {&who.agent, &who.agent_class, &who.deployment, &who.run, &who.parent_run, &who.tenant, &who.user,
          &who.initiator, &who.workload, &who.issuer, &who.token_id, &who.tool, &who.resource})
        visit(*view);
}

}  // namespace

void Access::restart(Decision& decision) {
    decision.effect = Effect::Deny;
    decision.grant.clear();
    decision.reasons.clear();
    if (!decision.requirements.empty()) decision.clear_requirements();
    decision.binding_digest.clear();
    Attribution& who = decision.attribution;
    who.chain.clear();
    who.approvers.clear();
}

void Decision::clear() {
    Access::restart(*this);
    each_of(attribution, [](std::string_view& text) { text = {}; });
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

// ---- detached -----------------------------------------------------------------------------------

namespace {

/// Calls `visit` with every text that a decision views.
template <class Visit>
void each_text(Decision& decision, Visit visit) {
    const auto all = [&](std::vector<std::string_view>& list) {
        for (std::string_view& each : list) visit(each);
    };
    all(decision.grant.scopes);
    all(decision.grant.audience);
    for (Obligation& obligation : decision.grant.obligations) {
        visit(obligation.name);
        visit(obligation.args);
    }
    for (Reason& reason : decision.reasons) {
        visit(reason.code);
        visit(reason.detail);
    }
    for (Requirement& requirement : decision.requirements) all(requirement.groups);
    each_of(decision.attribution, visit);
    all(decision.attribution.chain);
    all(decision.attribution.approvers);
    visit(decision.bundle_digest);
}

}  // namespace

DetachedDecision::DetachedDecision(const Decision& decision) : decision_(decision) {
    std::size_t size = 0;
    each_text(decision_, [&](const std::string_view& text) { size += text.size(); });
    text_ = std::make_unique<char[]>(size);
    char* end = text_.get();
    each_text(decision_, [&](std::string_view& text) {
        char* const begin = end;
        end = std::copy(text.begin(), text.end(), begin);
        text = {begin, text.size()};
    });
}

DetachedDecision::DetachedDecision(const DetachedDecision& other) : DetachedDecision(other.decision_) {}
DetachedDecision& DetachedDecision::operator=(const DetachedDecision& other) {
    return *this = DetachedDecision(other);
}
// The moved-from decision must not view the text that was moved.
DetachedDecision::DetachedDecision(DetachedDecision&& other) noexcept
    : text_(std::move(other.text_)), decision_(std::exchange(other.decision_, {})) {}
DetachedDecision& DetachedDecision::operator=(DetachedDecision&& other) noexcept {
    text_ = std::move(other.text_);
    decision_ = std::exchange(other.decision_, {});
    return *this;
}

}  // namespace writ
