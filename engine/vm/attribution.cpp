// Whom a decision is about, from the facts that the request states.
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

/// Requires: text, or a value without text, which has length 0.
std::string_view text_of(const Value& value) {
    return value.text();
}

}  // namespace

void attribute(const Facts& facts, Attribution& who) {
    who.agent = text_of(facts[Builtin::AgentId]);
    who.agent_class = text_of(facts[Builtin::AgentClass]);
    who.deployment = text_of(facts[Builtin::AgentDeployment]);
    who.run = text_of(facts[Builtin::RunId]);
    who.parent_run = text_of(facts[Builtin::RunParent]);
    who.tenant = text_of(facts[Builtin::Tenant]);
    who.user = text_of(facts[Builtin::UserId]);
    who.initiator = text_of(facts[Builtin::RunInitiator]);
    each_row(facts[Builtin::DelegationChain],
             [&](const Value* hop) { who.chain.push_back(text_of(column_of(hop, facts.places().hop_actor))); });
    const Value& spiffe = facts[Builtin::WorkloadSpiffeId];
    who.workload = text_of(spiffe.present() ? spiffe : facts[Builtin::WorkloadInstance]);
    who.issuer = text_of(facts[Builtin::TokenIssuer]);
    who.token_id = text_of(facts[Builtin::TokenId]);
    who.tool = text_of(facts[Builtin::ToolName]);
    who.resource = text_of(facts[Builtin::ResourceId]);
}

}  // namespace writ::vm
