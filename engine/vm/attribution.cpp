// Who a decision is about, from whatever the request states.
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

std::string_view text_of(const Value& value) {
    return value.present() ? value.text() : std::string_view{};
}
/// The same of a slot that holds text or nothing: one that holds nothing is all zeros but for its state and id.
std::string_view text_in(const Value& slot) { return slot.text(); }

}  // namespace

void attribute(const Facts& facts, Attribution& who) {
    who.agent = text_in(facts[Builtin::AgentId]);
    who.agent_class = text_in(facts[Builtin::AgentClass]);
    who.deployment = text_in(facts[Builtin::AgentDeployment]);
    who.run = text_in(facts[Builtin::RunId]);
    who.parent_run = text_in(facts[Builtin::RunParent]);
    who.tenant = text_in(facts[Builtin::Tenant]);
    who.user = text_in(facts[Builtin::UserId]);
    who.initiator = text_in(facts[Builtin::RunInitiator]);
    each_row(facts[Builtin::DelegationChain], [&](const Value* hop) {
        who.chain.push_back(text_of(column_of(hop, facts.places().hop_actor)));
    });
    const Value& spiffe = facts[Builtin::WorkloadSpiffeId];
    who.workload = text_in(spiffe.present() ? spiffe : facts[Builtin::WorkloadInstance]);
    who.issuer = text_in(facts[Builtin::TokenIssuer]);
    who.token_id = text_in(facts[Builtin::TokenId]);
    who.tool = text_in(facts[Builtin::ToolName]);
    who.resource = text_in(facts[Builtin::ResourceId]);
}

}  // namespace writ::vm
