// A request that states all facts that a decision needs, with custom claims: for tests that change one fact.
#pragma once

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "writ/tools.h"

namespace writ::testing {

/// Facts that narrowing rules read have harmless values.
constexpr std::string_view kExampleFacts = R"({
  "request_id": "example-request", "broker": "example-broker",
  "token": { "typ": null, "proof": "bearer", "credential_kind": "federated" },
  "workload": { "environment": "prod", "attestation": null, "attested_at": null, "revoked": false },
  "agent": { "id": "example-agent", "class": "example-class", "owner": null, "deployment_id": "example-deployment",
             "risk_tier": "low", "shared_count": 1, "capabilities": [], "revoked": false },
  "run": { "id": "example-run", "parent_id": null, "thread_id": null, "initiator": null, "started": 1790000000, "exp": null,
           "background": false, "state": "running", "attempt": 1, "context_taint": [] },
  "tenant": "example-tenant",
  "user": null,
  "delegation": null,
  "tool": { "name": "example-tool", "operation": null, "params": {} },
  "resource": { "type": "example-type", "id": "example-resource", "tenant": "example-tenant", "environment": "prod",
                "owner": null, "path": null, "tags": {} },
  "want": { "scopes": ["example:scope"], "ttl": 300, "reuse_subject_token": false, "all_or_nothing": false },
  "approvals": null,
  "gates": {},
  "egress": [],
  "budget": null,
  "sets": {},
  "host": { "audit_available": true, "policy_signed": true, "replayed": false },
  "provenance": "verified"
})";

inline std::string example_request(std::string_view claims, std::string_view kind, std::int64_t now) {
    ClaimsInput input;
    input.claims = claims;
    input.kind = kind;
    input.now = now;
    input.verified = true;
    input.facts = kExampleFacts;
    auto made = request_from_claims(input);
    const std::string refused = made ? "" : made.error().message + " " + made.error().context;
    REQUIRE(refused == "");
    return made->document;
}

}  // namespace writ::testing
