// The C interface: reading a decision.
#include "c/handles.h"

using namespace writ::c;

namespace {

/// A list of the decision, for accessors by count and by index.
template <class List>
std::size_t size_of(const writ_decision* decision, List list) {
    return decision == nullptr ? 0 : list(decision->decision).size();
}

template <class List>
writ_text text_at(const writ_decision* decision, List list, std::size_t index) {
    return index < size_of(decision, list) ? text(list(decision->decision)[index]) : text({});
}

/// Fills in *out with the member at `index`, converted by `convert`.
template <class List, class Struct, class Convert>
writ_status fill_at(const writ_decision* decision, List list, std::size_t index, Struct* out, Convert convert) {
    if (index >= size_of(decision, list)) return WRIT_ERROR_ARGUMENT;
    return fill_struct(out, convert(list(decision->decision)[index])) ? WRIT_OK : WRIT_ERROR_ARGUMENT;
}

const auto& scopes(const writ::Decision& decision) {
    return decision.grant.scopes;
}
const auto& audience(const writ::Decision& decision) {
    return decision.grant.audience;
}
const auto& obligations(const writ::Decision& decision) {
    return decision.grant.obligations;
}
const auto& reasons(const writ::Decision& decision) {
    return decision.reasons;
}
const auto& requirements(const writ::Decision& decision) {
    return decision.requirements;
}

}  // namespace

writ_decision* writ_decision_new(void) {
    return new (std::nothrow) writ_decision;
}
void writ_decision_free(writ_decision* decision) {
    delete decision;
}

writ_effect writ_decision_effect(const writ_decision* decision) {
    return decision == nullptr ? WRIT_DENY : static_cast<writ_effect>(decision->decision.effect);
}

// ---- the grant ----------------------------------------------------------------------------------

std::size_t writ_decision_scope_count(const writ_decision* decision) {
    return size_of(decision, scopes);
}
writ_text writ_decision_scope(const writ_decision* decision, std::size_t index) {
    return text_at(decision, scopes, index);
}

std::size_t writ_decision_audience_count(const writ_decision* decision) {
    return size_of(decision, audience);
}
writ_text writ_decision_audience(const writ_decision* decision, std::size_t index) {
    return text_at(decision, audience, index);
}

std::int64_t writ_decision_ttl(const writ_decision* decision) {
    return decision == nullptr ? 0 : decision->decision.grant.ttl;
}

bool writ_decision_not_after(const writ_decision* decision, std::int64_t* micros) {
    if (decision == nullptr || !decision->decision.grant.not_after) return false;
    if (micros != nullptr) *micros = *decision->decision.grant.not_after;
    return true;
}

bool writ_decision_single_use(const writ_decision* decision) {
    return decision != nullptr && decision->decision.grant.single_use;
}

std::size_t writ_decision_obligation_count(const writ_decision* decision) {
    return size_of(decision, obligations);
}

writ_status writ_decision_obligation(const writ_decision* decision, std::size_t index, writ_obligation* out) {
    return fill_at(decision, obligations, index, out, [](const writ::Obligation& obligation) {
        return writ_obligation{0, text(obligation.name), text(obligation.args)};
    });
}

// ---- reasons and requirements ---------------------------------------------------------------------

std::size_t writ_decision_reason_count(const writ_decision* decision) {
    return size_of(decision, reasons);
}

writ_status writ_decision_reason(const writ_decision* decision, std::size_t index, writ_reason* out) {
    return fill_at(decision, reasons, index, out, reason_of);
}

std::size_t writ_decision_requirement_count(const writ_decision* decision) {
    return size_of(decision, requirements);
}

writ_status writ_decision_requirement(const writ_decision* decision, std::size_t index, writ_requirement* out) {
    return fill_at(decision, requirements, index, out, [](const writ::Requirement& each) {
        return writ_requirement{0,           each.layer,   each.rule,         each.needed, each.counted,
                                each.within, each.expires, each.groups.size()};
    });
}

writ_text writ_decision_requirement_group(const writ_decision* decision, std::size_t index, std::size_t group) {
    if (index >= size_of(decision, requirements)) return text({});
    const auto& groups = requirements(decision->decision)[index].groups;
    return group < groups.size() ? text(groups[group]) : text({});
}

writ_text writ_decision_binding_digest(const writ_decision* decision) {
    return decision == nullptr ? text({}) : text(decision->decision.binding_digest);
}

writ_text writ_decision_json(writ_decision* decision, int reader) {
    if (decision == nullptr) return text({});
    if (reader == WRIT_READER_OPERATOR && !decision->recorded.empty()) return text(decision->recorded);
    const writ_status status = guarded(nullptr, [&] {
        const writ::View view = reader == WRIT_READER_OPERATOR ? writ::View::Operator : writ::View::Caller;
        const writ::Layers none{std::vector<writ::Bundle>{}};
        decision->json = writ::to_json(decision->decision, decision->layers ? *decision->layers : none, view);
        return WRIT_OK;
    });
    return status == WRIT_OK ? text(decision->json) : text({});
}

// ---- without its request --------------------------------------------------------------------------

writ_status writ_decision_detach(writ_decision* decision) {
    if (decision == nullptr) return WRIT_ERROR_ARGUMENT;
    const writ_status status = guarded(nullptr, [&] {
        writ::DetachedDecision own(decision->decision);
        decision->decision = *own;
        decision->own = std::move(own);
        return WRIT_OK;
    });
    if (status != WRIT_OK) decision->reset();
    return status;
}

bool writ_decision_record(const writ_decision* decision, std::uint64_t* record) {
    if (decision == nullptr || !decision->record) return false;
    if (record != nullptr) *record = *decision->record;
    return true;
}
