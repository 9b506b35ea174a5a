// Denies requests in which something is revoked, or could be.
#include <algorithm>

#include "reference/evaluation.h"

namespace writ::reference {

namespace {

/// A fact that names a subject that can be revoked.
struct Subject {
    RevocationKind kind;
    std::string_view path, reason;
    Value value;
};

/// The facts that a revocation in force could concern, in the order of reporting.
std::vector<Subject> subjects(const Facts& facts, const Revocations& revoked, std::int64_t now) {
    std::vector<Subject> out;
    const auto add = [&](RevocationKind kind, std::string_view path, std::string_view reason, const Value& value) {
        if (revoked.any(kind, now)) out.push_back({kind, path, reason, value});
    };
    const auto fact = [&](RevocationKind kind, std::string_view path, std::string_view reason) {
        add(kind, path, reason, facts.at(path));
    };
    const bool user = !facts.at("user").none(), delegated = !facts.at("delegation").none();
    fact(RevocationKind::Agent, "agent.id", "identity_revoked");
    if (delegated) fact(RevocationKind::Agent, "delegation.actor", "identity_revoked");
    fact(RevocationKind::Deployment, "agent.deployment_id", "identity_revoked");
    fact(RevocationKind::Run, "run.id", "identity_revoked");
    fact(RevocationKind::Run, "run.parent_id", "identity_revoked");
    fact(RevocationKind::Workload, "workload.spiffe_id", "identity_revoked");
    fact(RevocationKind::Workload, "workload.instance_id", "identity_revoked");
    fact(RevocationKind::Key, "token.key_id", "identity_revoked");
    if (user) fact(RevocationKind::User, "user.id", "user_revoked");
    fact(RevocationKind::User, "run.initiator", "user_revoked");
    if (delegated) fact(RevocationKind::User, "delegation.originator", "user_revoked");
    fact(RevocationKind::Token, "token.jti", "token_revoked");
    fact(RevocationKind::Tool, "tool.name", "tool_revoked");
    fact(RevocationKind::Issuer, "token.issuer", "issuer_revoked");
    fact(RevocationKind::Tenant, "tenant", "tenant_revoked");
    if (user) fact(RevocationKind::Tenant, "user.tenant", "tenant_revoked");
    fact(RevocationKind::Tenant, "resource.tenant", "tenant_revoked");
    const Value chain = facts.at("delegation.chain");
    if (const auto* hops = chain.as<List>())
        for (const Value& hop : *hops) {
            const Group& group = *hop.as<Group>();
            add(RevocationKind::Agent, "delegation.chain.actor", "identity_revoked", facts.member(group, "actor"));
            add(RevocationKind::Run, "delegation.chain.run", "identity_revoked", facts.member(group, "run"));
            add(RevocationKind::User, "delegation.chain.initiator", "user_revoked", facts.member(group, "initiator"));
            add(RevocationKind::Issuer, "delegation.chain.issuer", "issuer_revoked", facts.member(group, "issuer"));
            add(RevocationKind::Tenant, "delegation.chain.tenant", "tenant_revoked", facts.member(group, "tenant"));
        }
    return out;
}

}  // namespace

void need_revocable(const Facts& facts, const Revocations& revoked, std::int64_t now, std::vector<Reason>& reasons) {
    for (const Subject& each : subjects(facts, revoked, now)) {
        const bool told = std::any_of(reasons.begin(), reasons.end(),
                                      [&](const Reason& reason) { return reason.detail == each.path; });
        if (each.value.unknown() && !told) reasons.push_back({"fact_missing", kNoRule, each.path});
    }
}

void refuse_revoked(const Facts& facts, const Revocations& revoked, std::int64_t now, std::vector<Reason>& reasons,
                    std::vector<Revoked>& found) {
    for (const Subject& each : subjects(facts, revoked, now)) {
        const auto* subject = each.value.as<std::string_view>();
        if (subject == nullptr || !revoked.revoked(each.kind, *subject, now)) continue;
        reasons.push_back({each.reason, kNoRule, each.path});
        found.push_back({each.kind, std::string(*subject), each.reason});
    }
    if (!revoked.any(RevocationKind::All, now)) return;
    reasons.push_back({"channel_revoked", kNoRule, {}});
    for (const Revocation& each : revoked.items())
        if (each.kind == RevocationKind::All && (each.expires_at == 0 || now < each.expires_at))
            found.push_back({RevocationKind::All, each.subject, "channel_revoked"});
}

bool approval_revoked(const Facts& facts, const Group& approval, const Revocations& revoked, std::int64_t now) {
    const auto is = [&](RevocationKind kind, std::string_view name) {
        if (!revoked.any(kind, now)) return false;
        const Value subject = facts.member(approval, name);
        const auto* text = subject.as<std::string_view>();
        return subject.unknown() || (text != nullptr && revoked.revoked(kind, *text, now));
    };
    // The id is optional, because the name identifies the approver too.
    const bool by_id = facts.member(approval, "approver_id").known();
    return is(RevocationKind::Approval, "id") || is(RevocationKind::User, "approver") ||
           (by_id && is(RevocationKind::User, "approver_id"));
}

}  // namespace writ::reference
