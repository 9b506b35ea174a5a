// A policy that uses every section of a bundle and every instruction, and a request for it. The verifier's tests damage
// it piece by piece.
#pragma once

#include "bytecode_sections.h"
#include "compile_from_text.h"

namespace writ::testing {

constexpr std::string_view kEverything = R"writ(
table owners = csv "owners.csv" { tenant: string, owner: string, limit: decimal, since: instant, roles: set<string>,
                                  host: host, net: cidr, level: int }
define issuer_url = url(token.issuer)
define soon(t: duration) = age(run.started) <= t

permit each_owner for each row in owners
  for tool refund
  when tenant == row.tenant and agent.owner == row.owner and params.amount * 2 <= row.limit + 1.50 - 0.25
   and user.roles overlaps row.roles and row.since <= run.started
  grant { "refund:create" } for 2m

permit claims for tool refund
  when token.issuer is prod and prod.namespace == "support" and prod.ns == "a" and prod.name == "bot"
   and prod.level >= 3 and "dev" in prod.groups
  grant tool.scopes for 10m because "the right workload"

permit time for tool lookup
  when now in 09:00..17:00 "Europe/Berlin" on mon..fri and soon(1h) and now < token.exp
   and run.started in 22:00..06:00 "UTC"
  grant { "data:read" } for 1h

permit words for tool lookup
  when words(params.note) contains "please" and lower(agent.class) == "support" and agent.id matches "[a-z]+-[0-9]+"
   and agent.deployment_id like "d-**" and host(params.note) == "a.example"
   and workload.spiffe_id.trust_domain == "acme.example" and issuer_url.port == 443
   and (want.scopes | { "x" }) & tool.scopes subset of (tool.scopes - { "y" }) and want.scopes == { "data:read" }
   and params.limit in { 1, 2, 3 } and not agent.revoked and ip(agent.id) in cidr("10.0.0.0/8")
  grant { "data:read" } for 1m

permit rows for tool lookup
  when agent.deployment_id like "d-**" and any row in owners: row.tenant == tenant and row.level > 1 and { row.owner } subset of user.roles
   and { row.level, 7 } overlaps { 1, 2 } and workload.spiffe_id.trust_domain == row.host and tenant in owners.tenant
  grant { "data:read" } for 1m

deny hops when delegation is some and
  any hop in delegation.chain: hop.tenant != tenant and all s in hop.granted_scopes: s in agent.capabilities
deny gate when not (gates["eval"].result == passed) or resource.tags["env"] == "prod" or user is none
require two for tool refund
  when params.amount > 500.00 and (approvals is some and count(a in approvals: a.state == approved and age(a.at) < 1h) <= agent.shared_count)
  approval from group "leads", "chiefs" within 15m
limit brief for tool refund when tool.tier >= write to ttl 5m, scopes { "refund:create", "data:read" }, audience tool.audience, single_use
oblige audit when tool.tier >= write with audit(level: "full", after: 15m, share: 0.5, to: { "a", "b" })
)writ";

constexpr std::string_view kOwners =
    "tenant,owner,limit,since,roles,host,net,level\n"
    "acme,olive,100.50,2024-01-01T00:00:00Z,refunds;support,acme.example,10.0.0.0/8,2\n"
    "globex,olga,20,2024-02-01T00:00:00Z,refunds,globex.example,192.168.0.0/16,1\n";

constexpr std::string_view kEverythingRequest = R"json({
  "provenance": "verified", "now": 1717408800,
  "token": {"issuer": "https://prod.example", "aud": ["broker"], "exp": 1717412400, "nbf": null, "iat": 1717408700,
            "claims": {"sub": "sa:a:bot", "namespace": "support", "level": 4, "groups": ["dev", "ops"]}},
  "workload": {"spiffe_id": "spiffe://acme.example/support/bot"},
  "agent": {"id": "a-1", "class": "Support", "owner": "olive", "deployment_id": "d-1"},
  "run": {"id": "r-1", "parent_id": null, "initiator": "ines", "started": 1717408000, "exp": null},
  "tenant": "acme",
  "user": {"id": "ursula", "tenant": "acme", "roles": ["refunds", "support"], "session_exp": null},
  "delegation": {"depth": 2, "chain": [
     {"actor": "x", "tenant": "acme", "granted_scopes": ["refund:create", "data:read"], "exp": null},
     {"actor": "y", "tenant": "acme", "granted_scopes": ["refund:create", "data:read"], "exp": 1717412400}]},
  "tool": {"name": "refund", "operation": "create", "params": {"amount": 12.50, "note": "please", "tags": ["t"]}},
  "resource": {"type": "order", "id": "o-1", "tenant": "acme", "tags": {"env": "dev"}},
  "want": {"scopes": ["refund:create"]},
  "gates": {"eval": {"result": "passed", "at": 1717408000}},
  "approvals": [{"id": "1", "state": "approved", "approver": "ann", "groups": ["leads"], "requester": null,
                 "at": 1717408000, "exp": null, "uses": null, "binding_digest": "no"}]
})json";

inline FromText everything() {
    return from_text(kEverything, data(std::string(kOwners)));
}

}  // namespace writ::testing
