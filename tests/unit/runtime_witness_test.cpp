#include <doctest/doctest.h>

#include "base/access.h"
#include "base/json.h"
#include "check/typed.h"
#include "example_request.h"
#include "writ/evaluator.h"
#include "writ/tools.h"
#include "writ/witness.h"

using namespace writ;
using Rules = std::vector<std::uint32_t>;

namespace {

constexpr std::string_view kClaims = R"({
  "iss": "https://issuer.example", "aud": ["https://broker.example"], "sub": "system:serviceaccount:pay:agent",
  "exp": 1790003600, "iat": 1790000000, "nbf": 1790000000, "jti": "t-1",
  "kubernetes.io": { "namespace": "pay", "serviceaccount": { "name": "agent", "uid": "u-1" }, "pod": { "name": "p", "uid": "u-2" } }
})";

// Rules in order: 0 long, 1 short, 2 once, 3 record, 4 big, 5 suspended.
constexpr std::string_view kPolicy = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write
tool pay { tier write  audience "https://pay.example"  scopes { "pay:create" }  params { amount: decimal } }
permit long for tool pay when prod.namespace == "pay" grant { "pay:create" } for 5m
permit short for tool pay when prod.namespace == "pay" grant { "pay:create" } for 2m
limit once when tool.tier >= write to single_use
oblige record when tool.tier >= write with audit
require big for tool pay when params.amount > 100.00 approval from group "leads" within 15m
deny suspended when agent.revoked
fixture base = json "base.json"
fixture small = base with tool.name = "pay", params = { amount: 5 }, want.scopes = { "pay:create" }
)";

struct Seen {
    Decision decision;
    Applying applying;
    Rules permits;
    std::vector<Holding> holding;
};

/// What a witness reports about a request; its decision must equal the evaluator's.
Seen seen(const std::string& with, std::string policy = std::string(kPolicy)) {
    SourceSet set;
    set.sources.push_back({"policy.writ", policy + "fixture it = small with " + with + "\n"});
    set.read = [](std::string_view, std::string_view) -> Result<std::string> {
        return writ::testing::example_request(kClaims, "kubernetes", 1'790'000'000);
    };
    const Workspace workspace(std::move(set));
    REQUIRE(workspace.bundle());
    const Bundle& bundle = *workspace.bundle();
    Request request(bundle);
    REQUIRE(request.parse(json::write(Access::policy(workspace).fixtures.back().document)).has_value());
    Seen out;
    Witness witness(bundle);
    witness.evaluate(request, out.decision);
    witness.read(0, out.applying);
    witness.read_permits(request, 0, out.permits);
    witness.read_holding(request, 0, out.holding);
    CHECK(to_json(out.decision, bundle, View::Operator) ==
          to_json(Evaluator(bundle).evaluate(request), bundle, View::Operator));
    return out;
}

}  // namespace

TEST_CASE("witness: tells which rules applied, and which permit of several is used") {
    const Applying all = seen("params.amount = 200").applying;
    CHECK(all.permits == Rules{0, 1});
    CHECK(all.used == Rules{0});
    CHECK(all.limits == Rules{2});
    CHECK(all.obligations == Rules{3});
    CHECK(all.requirements == Rules{4});
    CHECK(all.denies.empty());
}

TEST_CASE("witness: where a deny ends a decision no permit was tried, and can be asked for") {
    const Seen denied = seen("agent.revoked = true");
    CHECK(denied.applying.denies == Rules{5});
    CHECK(denied.applying.permits.empty());
    CHECK(denied.permits == Rules{0, 1});
}

TEST_CASE("witness: tells of a decision by one permit and nothing else") {
    std::string policy(kPolicy);
    for (const std::string_view rule :
         {"limit once when tool.tier >= write to single_use\n", "oblige record when tool.tier >= write with audit\n",
          "require big for tool pay when params.amount > 100.00 approval from group \"leads\" within 15m\n",
          "permit short for tool pay when prod.namespace == \"pay\" grant { \"pay:create\" } for 2m\n"})
        policy.erase(policy.find(rule), rule.size());
    const Applying one = seen("params.amount = 5", policy).applying;
    CHECK(one.permits == Rules{0});
    CHECK(one.used == Rules{0});
    CHECK(seen("agent.revoked = true", policy).applying.used.empty());
}

TEST_CASE("witness: rules that hold, or may, are told whatever the decision tries") {
    const auto told = [](const std::string& with) {
        std::string out;
        for (const Holding& each : seen(with).holding) out += std::to_string(each.rule) + (each.sure ? "" : "?") + " ";
        return out;
    };
    CHECK(told("params.amount = 200") == "0 1 2 3 4 ");
    CHECK(told("params.amount = 5, agent.revoked = true") == "0 1 2 3 5 ");
    CHECK(told("params.amount = missing, agent.revoked = missing") == "0 1 2 3 4? 5? ");
}
