// Denies requests in which something is revoked, or could be.
#include <algorithm>

#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

/// Where subjects are in a request, apart from the hops of its delegation chain.
struct Revocable {
    RevocationKind kind;
    Builtin fact;
    std::string_view path;
    Builtin group = Builtin::Count;  ///< the group of the fact, if the group can be none
};
constexpr Revocable kRevocable[] = {
    {RevocationKind::Agent, Builtin::AgentId, "agent.id"},
    {RevocationKind::Agent, Builtin::DelegationActor, "delegation.actor", Builtin::Delegation},
    {RevocationKind::Deployment, Builtin::AgentDeployment, "agent.deployment_id"},
    {RevocationKind::Run, Builtin::RunId, "run.id"},
    {RevocationKind::Run, Builtin::RunParent, "run.parent_id"},
    {RevocationKind::Workload, Builtin::WorkloadSpiffeId, "workload.spiffe_id"},
    {RevocationKind::Workload, Builtin::WorkloadInstance, "workload.instance_id"},
    {RevocationKind::Key, Builtin::TokenKey, "token.key_id"},
    {RevocationKind::User, Builtin::UserId, "user.id", Builtin::User},
    {RevocationKind::User, Builtin::RunInitiator, "run.initiator"},
    {RevocationKind::User, Builtin::DelegationOriginator, "delegation.originator", Builtin::Delegation},
    {RevocationKind::Token, Builtin::TokenId, "token.jti"},
    {RevocationKind::Tool, Builtin::ToolName, "tool.name"},
    {RevocationKind::Issuer, Builtin::TokenIssuer, "token.issuer"},
    {RevocationKind::Tenant, Builtin::Tenant, "tenant"},
    {RevocationKind::Tenant, Builtin::UserTenant, "user.tenant", Builtin::User},
    {RevocationKind::Tenant, Builtin::ResourceTenant, "resource.tenant"},
};

/// Their places in each hop.
struct RevocableOfHop {
    RevocationKind kind;
    std::uint32_t Places::* column;
    std::string_view path;
};
constexpr RevocableOfHop kRevocableOfHop[] = {
    {RevocationKind::Agent, &Places::hop_actor, "delegation.chain.actor"},
    {RevocationKind::Run, &Places::hop_run, "delegation.chain.run"},
    {RevocationKind::User, &Places::hop_initiator, "delegation.chain.initiator"},
    {RevocationKind::Issuer, &Places::hop_issuer, "delegation.chain.issuer"},
    {RevocationKind::Tenant, &Places::hop_tenant, "delegation.chain.tenant"},
};

/// Calls `visit(kind, value, path)` for each fact that a revocation in force could concern.
template <class Visit>
void each_revocable(const Deciding& deciding, Visit visit) {
    const Facts& facts = deciding.facts;
    const auto any = [&](RevocationKind kind) { return deciding.revocations->any(kind, deciding.decision.now); };
    for (const Revocable& each : kRevocable) {
        const bool nobody = each.group != Builtin::Count && facts[each.group].state == State::None;
        if (any(each.kind) && !nobody) visit(each.kind, facts[each.fact], each.path);
    }
    each_row(facts[Builtin::DelegationChain], [&](const Value* hop) {
        for (const RevocableOfHop& each : kRevocableOfHop)
            if (any(each.kind)) visit(each.kind, column_of(hop, facts.places().*each.column), each.path);
    });
}

/// The reason for the kind of what is revoked.
constexpr ReasonCode reason_for(RevocationKind kind) {
    switch (kind) {
        case RevocationKind::Agent:
        case RevocationKind::Deployment:
        case RevocationKind::Run:
        case RevocationKind::Workload:
        case RevocationKind::Key: return ReasonCode::identity_revoked;
        case RevocationKind::Approval: return ReasonCode::approval_revoked;
        case RevocationKind::User: return ReasonCode::user_revoked;
        case RevocationKind::Token: return ReasonCode::token_revoked;
        case RevocationKind::Tool: return ReasonCode::tool_revoked;
        case RevocationKind::Issuer: return ReasonCode::issuer_revoked;
        case RevocationKind::Tenant: return ReasonCode::tenant_revoked;
        case RevocationKind::All: return ReasonCode::channel_revoked;
    }
    return ReasonCode::channel_revoked;
}

}  // namespace

void ask_for_revocable(Deciding& deciding) {
    each_revocable(deciding, [&](RevocationKind, const Value& value, std::string_view path) {
        const auto& reasons = deciding.decision.reasons;
        const bool told =
            std::any_of(reasons.begin(), reasons.end(), [&](const Reason& each) { return each.detail == path; });
        if (value.state == State::Missing && !told) deciding.reason(ReasonCode::fact_missing, kNoRule, path);
    });
}

void deny_revoked(Deciding& deciding) {
    const std::int64_t now = deciding.decision.now;
    each_revocable(deciding, [&](RevocationKind kind, const Value& value, std::string_view path) {
        if (value.present() && deciding.revocations->revoked(kind, value.text(), now, deciding.work.spelling))
            deciding.reason(reason_for(kind), kNoRule, path);
    });
    if (deciding.revocations->any(RevocationKind::All, now)) deciding.reason(ReasonCode::channel_revoked);
}

}  // namespace writ::vm
