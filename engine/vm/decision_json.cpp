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
        to.key("fact"), to.text_or_null(each.detail);
        to.key("rule"), write_rule(to, layers, each.layer, each.rule);
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
    to.key("audience"), to.texts(grant.audience);
    to.key("ttl"), to.number(grant.ttl);
    to.key("not_after");
    if (grant.not_after)
        to.instant(*grant.not_after);
    else
        to.raw("null");
    to.key("single_use"), to.boolean(grant.single_use);
    to.key("obligations");
    to.open('[');
    for (const Obligation& obligation : grant.obligations) {
        to.open('{');
        to.key("name"), to.text(obligation.name);
        to.key("args"), to.raw(obligation.args);
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
        to.key("needed"), to.number(each.needed);
        if (reader == View::Operator) {
            to.key("counted"), to.number(each.counted);
            to.key("within"), to.number(each.within);
        }
        to.key("expires"), to.instant(each.expires);
        to.close('}');
    }
    to.close(']');
}

void write_attribution(Writer& to, const Attribution& who) {
    to.open('{');
    to.key("agent"), to.text_or_null(who.agent);
    to.key("class"), to.text_or_null(who.agent_class);
    to.key("deployment"), to.text_or_null(who.deployment);
    to.key("run"), to.text_or_null(who.run);
    to.key("parent_run"), to.text_or_null(who.parent_run);
    to.key("tenant"), to.text_or_null(who.tenant);
    to.key("user"), to.text_or_null(who.user);
    to.key("initiator"), to.text_or_null(who.initiator);
    to.key("chain"), to.texts(who.chain);
    to.key("workload"), to.text_or_null(who.workload);
    to.key("issuer"), to.text_or_null(who.issuer);
    to.key("token_id"), to.text_or_null(who.token_id);
    to.key("tool"), to.text_or_null(who.tool);
    to.key("resource"), to.text_or_null(who.resource);
    to.key("approvers"), to.texts(who.approvers);
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
    to.key("effect"), to.text(spelling_of(decision.effect));
    to.key("grant"), write_grant(to, decision);
    to.key("requirements"), write_requirements(to, decision, layers, reader);
    to.key("binding_digest"), to.text_or_null(decision.binding_digest);
    if (reader == View::Caller) {
        to.key("reason"), to.text(reason_class(decision));
        to.close('}');
        return;
    }
    to.key("reasons"), write_reasons(to, decision.reasons, layers);
    to.key("attribution"), write_attribution(to, decision.attribution);
    to.key("now"), to.instant(decision.now);
    to.key("bundles");
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
