// Decisions as JSON, as described in docs/decision-format.md.
#include <algorithm>
#include <string>

#include "base/words.h"
#include "vm/decision_json.h"
#include "vm/reason.h"
#include "writ/bundle.h"
#include "writ/decision.h"

namespace writ {

using json::Writer;

namespace vm {

void write_reasons(Writer& to, const std::vector<Reason>& reasons, const Layers& layers) {
    to.open('[');
    for (const Reason& each : reasons) {
        to.open('{');
        to.key("code"), to.text(each.code);
        to.next_text("fact", each.detail);
        to.next_key("rule"), write_rule(to, layers, each.layer, each.rule);
        to.close('}');
    }
    to.close(']');
}

}  // namespace vm

namespace {

using vm::write_reasons;
using vm::write_rule;

constexpr int kSchemaVersion = 1;

void write_grant(Writer& to, const Decision& decision) {
    if (decision.effect != Effect::Permit) return to.raw("null");
    const Grant& grant = decision.grant;
    to.open('{');
    to.key("scopes"), to.texts(grant.scopes);
    to.next_key("audience"), to.texts(grant.audience);
    to.next_key("ttl"), to.number(grant.ttl);
    to.next_key("not_after");
    if (grant.not_after)
        to.instant(*grant.not_after);
    else
        to.raw("null");
    to.next_key("single_use"), to.boolean(grant.single_use);
    to.next_key("obligations");
    to.open('[');
    for (const Obligation& obligation : grant.obligations) {
        to.open('{');
        to.key("name"), to.text(obligation.name);
        to.next_key("args"), to.raw(obligation.args);
        to.close('}');
    }
    to.close(']');
    to.close('}');
}

void write_requirements(Writer& to, const Decision& decision, const Layers& layers, View reader) {
    to.open('[');
    for (const Requirement& each : decision.requirements) {
        to.open('{');
        if (reader == View::Operator) to.key("rule"), write_rule(to, layers, each.layer, each.rule);
        to.key("groups"), to.texts(each.groups);
        to.next_key("needed"), to.number(each.needed);
        if (reader == View::Operator) {
            to.next_key("counted"), to.number(each.counted);
            to.next_key("within"), to.number(each.within);
        }
        to.next_key("expires"), to.instant(each.expires);
        to.close('}');
    }
    to.close(']');
}

void write_attribution(Writer& to, const Attribution& who) {
    to.open('{');
    to.key("agent"), to.text_or_null(who.agent);
    to.next_text("class", who.agent_class);
    to.next_text("deployment", who.deployment);
    to.next_text("run", who.run);
    to.next_text("parent_run", who.parent_run);
    to.next_text("tenant", who.tenant);
    to.next_text("user", who.user);
    to.next_text("initiator", who.initiator);
    to.next_key("chain"), to.texts(who.chain);
    to.next_text("workload", who.workload);
    to.next_text("issuer", who.issuer);
    to.next_text("token_id", who.token_id);
    to.next_text("tool", who.tool);
    to.next_text("resource", who.resource);
    to.next_key("approvers"), to.texts(who.approvers);
    to.close('}');
}

/// The reason that a caller may know: whether the token was at fault, and nothing about rules.
std::string_view reason_class(const Decision& decision) {
    using vm::ReasonCode;
    constexpr ReasonCode kToken[] = {ReasonCode::issuer_unknown,       ReasonCode::audience_mismatch,
                                     ReasonCode::token_not_current,    ReasonCode::token_type_mismatch,
                                     ReasonCode::token_without_expiry, ReasonCode::proof_missing};
    if (decision.effect == Effect::Permit) return "permitted";
    if (decision.effect == Effect::NeedsApproval) return "approval_required";
    for (const Reason& each : decision.reasons)
        for (const ReasonCode code : kToken)
            if (each.rule == kNoRule && each.code == vm::name_of(code)) return "token_rejected";
    return "not_permitted";
}

}  // namespace

namespace {
void write_decision(Writer& to, const Decision& decision, const Layers& layers, View reader) {
    to.open('{');
    to.key("schema_version"), to.number(kSchemaVersion);
    to.next_key("effect"), to.text(spelling_of(decision.effect));
    to.next_key("grant"), write_grant(to, decision);
    to.next_key("requirements"), write_requirements(to, decision, layers, reader);
    to.next_text("binding_digest", decision.binding_digest);
    if (reader == View::Caller) {
        to.next_key("reason"), to.text(reason_class(decision));
        to.close('}');
        return;
    }
    to.next_key("reasons"), write_reasons(to, decision.reasons, layers);
    to.next_key("attribution"), write_attribution(to, decision.attribution);
    to.next_key("now"), to.instant(decision.now);
    to.next_key("bundles");
    to.open('[');
    for (const Bundle& bundle : layers.bundles()) {
        to.open('{');
        to.key("digest"), to.text(bundle.digest());
        to.close('}');
    }
    to.close(']');
    to.close('}');
}
}  // namespace

std::string to_json(const Decision& decision, const Layers& layers, View reader) {
    Writer to;
    write_decision(to, decision, layers, reader);
    return to.take();
}

void to_json(const Decision& decision, const Layers& layers, View reader, std::string& out) {
    Writer to(out);
    write_decision(to, decision, layers, reader);
    to.finish();
}

}  // namespace writ
