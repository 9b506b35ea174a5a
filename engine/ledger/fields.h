// The order of a record's fields, for everything that writes, reads or changes them (`C`: Encoder, Decoder, or an
// editor of texts): docs/ledger.md, "Records". `R` is const for writing.
#pragma once

#include <type_traits>

#include "writ/record.h"

namespace writ::ledger {

template <class C, class R>
void rule_fields(C& c, R& rule) {
    c.small(rule.layer);
    c.small(rule.index);
    c.text(rule.kind);
    c.text(rule.module);
    c.text(rule.name);
    c.text(rule.file);
    c.small(rule.line);
    c.text(rule.because);
}

template <class C, class G>
void grant_fields(C& c, G& grant) {
    c.texts(grant.scopes);
    c.texts(grant.audience);
    c.signed_number(grant.ttl);
    bool bounded = grant.not_after.has_value();
    c.flag(bounded);
    if (bounded) {
        std::int64_t moment = grant.not_after.value_or(0);
        c.signed_number(moment);
        if constexpr (!std::is_const_v<G>) grant.not_after = moment;
    } else if constexpr (!std::is_const_v<G>) {
        grant.not_after.reset();
    }
    c.flag(grant.single_use);
    c.list(grant.obligations, [&c](auto& obligation) {
        c.text(obligation.name);
        c.text(obligation.args);
    });
}

/// The part of a decision that to_json() shows, without anything that may differ between two evaluators.
template <class C, class R>
void answer_fields(C& c, R& record) {
    auto& decision = record.decision;
    c.choice(decision.effect, Effect::Permit);
    grant_fields(c, decision.grant);
    c.list(decision.requirements, [&c](auto& each) {
        c.small(each.layer);
        c.small(each.rule);
        c.texts(each.groups);
        c.small(each.needed);
        c.small(each.counted);
        c.signed_number(each.within);
        c.signed_number(each.expires);
    });
    std::string_view binding = decision.binding_digest;
    c.text(binding);
    if constexpr (!std::is_const_v<R>) decision.binding_digest = binding;
    c.list(decision.reasons, [&c](auto& each) {
        c.text(each.code);
        c.small(each.layer);
        c.small(each.rule);
        c.text(each.detail);
    });
    c.list(record.rules, [&c](auto& rule) { rule_fields(c, rule); });
    auto& who = decision.attribution;
    for (auto* text : {&who.agent, &who.agent_class, &who.deployment, &who.run, &who.parent_run, &who.tenant, &who.user,
                       &who.initiator, &who.workload, &who.issuer, &who.token_id, &who.tool, &who.resource})
        c.text(*text);
    c.texts(who.chain);
    c.texts(who.approvers);
    c.signed_number(decision.now);
    c.texts(record.bundles);
}

template <class C, class R>
void surrounding_fields(C& c, R& around) {
    for (auto* text :
         {&around.request_id, &around.broker, &around.trace_id, &around.span_id, &around.idempotency_key, &around.key,
          &around.ask, &around.operation, &around.environment, &around.credential_kind, &around.proof, &around.tier})
        c.text(*text);
    c.small(around.tier_rank);
    c.small(around.tier_count);
    c.texts(around.approvals);
}

/// A decision record without its answer, which precedes it with its length.
template <class C, class R>
void other_fields(C& c, R& record) {
    c.number(record.decision.steps);
    c.flag(record.shadow);
    c.flag(record.overruled);
    bool repeats = record.repeats.has_value();
    c.flag(repeats);
    if (repeats) {
        std::uint64_t earlier = record.repeats.value_or(0);
        c.number(earlier);
        if constexpr (!std::is_const_v<R>) record.repeats = earlier;
    } else if constexpr (!std::is_const_v<R>) {
        record.repeats.reset();
    }
    surrounding_fields(c, record.around);
    c.text(record.request);
    c.text(record.request_digest);
    c.texts(record.masked);
    c.texts(record.uses);
}

template <class C, class R>
void receipt_fields(C& c, R& receipt) {
    c.number(receipt.decision);
    c.text(receipt.credential);
    c.text(receipt.resource);
    c.signed_number(receipt.issued_at);
    c.signed_number(receipt.accepted_at);
    c.signed_number(receipt.revoked_at);
}

}  // namespace writ::ledger
