#include <doctest/doctest.h>

#include <algorithm>

#include "base/json.h"
#include "example_request.h"
#include "workspace/kind_policy.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

using namespace writ;
using namespace writ::testing;
using Texts = std::vector<std::string>;

namespace {

constexpr std::int64_t kNow = 1'790'000'000;
constexpr std::string_view kClaims = R"({
  "iss": "https://issuer.example", "aud": ["https://broker.example"], "sub": "system:serviceaccount:pay:agent",
  "exp": 1790003600, "iat": 1790000000, "nbf": 1790000000, "jti": "t-1",
  "kubernetes.io": { "namespace": "pay", "serviceaccount": { "name": "agent", "uid": "u-1" }, "pod": { "name": "p", "uid": "u-2" } }
})";
/// A token from a service account's secret: it has no audience and never expires.
constexpr std::string_view kLegacy = R"({
  "iss": "https://issuer.example", "sub": "system:serviceaccount:pay:agent",
  "kubernetes.io/serviceaccount/namespace": "pay", "kubernetes.io/serviceaccount/service-account.name": "agent"
})";
constexpr std::string_view kPolicy = R"(
import std.baseline
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read
tool example_tool "example-tool" { tier read audience "https://pay.example" scopes { "example:scope" } }
permit anything for tool example_tool when token.issuer is prod grant { "example:scope" } for 2m
)";

ClaimsInput input(std::string_view claims, std::string_view kind = "kubernetes") {
    ClaimsInput out;
    out.claims = claims;
    out.kind = kind;
    out.now = kNow;
    out.verified = true;
    return out;
}

json::Value document(const ClaimsInput& input) {
    const auto made = request_from_claims(input);
    const std::string refused = made ? "" : made.error().message;
    REQUIRE(refused == "");
    auto read = json::parse(made->document);
    REQUIRE(read);
    return *read;
}

std::string refusal(const ClaimsInput& input) {
    const auto made = request_from_claims(input);
    return made ? "accepted" : made.error().code + " " + made.error().context;
}

Bundle bundle_of(std::string_view text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(text)});
    auto bundle = compile(set);
    REQUIRE(bundle);
    return *bundle;
}

Decision decide(const Bundle& bundle, std::string_view document, Request& request) {
    REQUIRE(request.parse(document));
    Evaluator evaluator(bundle);
    return evaluator.evaluate(request);
}

bool has_reason(const Decision& decision, std::string_view code, std::string_view detail = {}) {
    return std::any_of(decision.reasons.begin(), decision.reasons.end(), [&](const Reason& each) {
        return each.code == code && (detail.empty() || each.detail == detail);
    });
}

}  // namespace

TEST_CASE("request: states what the claims say and nothing else") {
    const json::Value made = document(input(kClaims));
    Texts names;
    for (const json::Member& each : made.members) names.push_back(each.first);
    CHECK(names == Texts{"now", "token", "workload", "provenance"});
    const json::Value& token = *made.find("token");
    CHECK(token.find("issuer")->text == "https://issuer.example");
    CHECK(token.find("exp")->integer == 1'790'003'600);
    CHECK(token.find("jti")->text == "t-1");
    CHECK(token.find("aud")->items[0].text == "https://broker.example");
    for (const char* invented : {"credential_kind", "proof", "typ", "key_id", "token_type"})
        CHECK(token.find(invented) == nullptr);
    const json::Value& workload = *made.find("workload");
    CHECK(workload.find("platform")->text == "kubernetes");
    CHECK(workload.find("namespace")->text == "pay");
    CHECK(workload.find("service_account")->text == "agent");
    CHECK(workload.find("instance_id")->text == "u-2");
    for (const char* invented : {"environment", "revoked", "spiffe_id"}) CHECK(workload.find(invented) == nullptr);
    CHECK(made.find("now")->integer == kNow);
    CHECK(made.find("provenance")->find("token")->text == "verified");
    CHECK(made.find("provenance")->find("workload")->text == "verified");
    CHECK(made.find("provenance")->find("now")->text == "broker");
}

TEST_CASE("request: registered claims that the document lacks are null, and an issuer or audience stays unknown") {
    const json::Value made = document(input("{}"));
    const json::Value& token = *made.find("token");
    for (const char* name : {"exp", "nbf", "iat", "jti"}) {
        REQUIRE(token.find(name) != nullptr);
        CHECK(token.find(name)->type == json::Type::Null);
    }
    CHECK(token.find("issuer") == nullptr);
    CHECK(token.find("aud") == nullptr);
}

TEST_CASE("request: a token is only asserted until somebody says that it was verified") {
    ClaimsInput unverified = input(kClaims);
    unverified.verified = false;
    unverified.facts = kExampleFacts;
    const Bundle bundle = bundle_of(kPolicy);
    Request request(bundle);
    const auto made = request_from_claims(unverified);
    REQUIRE(made);
    CHECK(json::parse(made->document)->find("provenance")->find("token")->text == "asserted");
    CHECK(decide(bundle, made->document, request).effect == Effect::Deny);
    // The facts cannot raise the provenance, but they can lower it.
    unverified.verified = true;
    CHECK(decide(bundle, request_from_claims(unverified)->document, request).effect == Effect::Permit);
    std::string weak(kExampleFacts);
    weak.replace(weak.find("\"verified\""), 10, "\"asserted\"");
    unverified.facts = weak;
    CHECK(json::parse(request_from_claims(unverified)->document)->find("provenance")->find("token")->text ==
          "asserted");
}

TEST_CASE("request: a legacy token that never expires does not pass the baseline") {
    const Bundle bundle = bundle_of(kPolicy);
    Request request(bundle);
    const Decision bare = decide(bundle, request_from_claims(input(kLegacy))->document, request);
    CHECK(bare.effect == Effect::Deny);
    CHECK(has_reason(bare, "fact_missing", "token.aud"));
    // The same if the broker labels everything except the token.
    std::string facts(kExampleFacts);
    const std::string kind = R"(, "credential_kind": "federated")";
    facts.erase(facts.find(kind), kind.size());
    ClaimsInput stated = input(kLegacy);
    stated.facts = facts;
    std::string aud(kLegacy);
    aud.insert(aud.find("\"sub\""), R"("aud": "https://broker.example", )");
    for (const std::string_view claims : {kLegacy, std::string_view(aud)}) {
        stated.claims = claims;
        CHECK(decide(bundle, request_from_claims(stated)->document, request).effect == Effect::Deny);
    }
}

TEST_CASE("request: facts are added, and do not say again what the claims say") {
    ClaimsInput both = input(kClaims);
    both.facts =
        R"({"token": {"proof": "dpop"}, "agent": {"id": "a"}, "provenance": {"token": "verified", "agent": "broker"}})";
    const json::Value made = document(both);
    CHECK(made.find("token")->find("proof")->text == "dpop");
    CHECK(made.find("token")->find("jti")->text == "t-1");
    CHECK(made.find("agent")->find("id")->text == "a");
    CHECK(made.find("provenance")->find("agent")->text == "broker");
    CHECK(made.find("provenance")->find("token")->text == "verified");
    both.facts_name = "facts.json";
    both.facts = R"({"token": {"exp": 1790009999}})";
    CHECK(refusal(both) == "K0006 facts.json: $.token.exp");
    both.facts = R"({"workload": {"namespace": "other"}})";
    CHECK(refusal(both) == "K0006 facts.json: $.workload.namespace");
    both.facts = R"({"agent": {"id": 7}})";
    CHECK(refusal(both) == "Q0010 facts.json: $.agent.id");
    both.facts = R"({"token": 7})";
    CHECK(refusal(both) == "Q0010 facts.json: $.token");
    // The declarations of a policy are not known here.
    both.facts = R"({"tool": {"name": "t", "params": {"amount": 1}}, "delegation": {"chain": [{"tier": "write"}]}})";
    CHECK(refusal(both) == "accepted");
    both.facts = "[]";
    CHECK(refusal(both) == "Q0010 facts.json: $");
    both.facts = R"({"agent": {"id": "a"}})";  // without provenance, so it counts as stated by a model
    CHECK(document(both).find("provenance")->find("agent")->text == "model");
}

TEST_CASE("request: says which facts are lacking, for the baseline or for one policy") {
    const auto bare = request_from_claims(input(kClaims));
    const auto lacks = [](const Result<DraftRequest>& draft, std::string_view path) {
        REQUIRE(draft);
        return std::find(draft->missing.begin(), draft->missing.end(), path) != draft->missing.end();
    };
    for (const char* path :
         {"agent.id", "agent.revoked", "run.id", "run.parent_id", "run.exp", "run.state", "run.background", "tenant",
          "user", "delegation", "tool.name", "want.scopes", "token.credential_kind", "workload.environment",
          "workload.revoked", "resource.tenant", "resource.environment", "want.reuse_subject_token"})
        CHECK_MESSAGE(lacks(bare, path), path);
    for (const char* path :
         {"token.exp", "token.jti", "now", "user.id", "workload.namespace", "request_id", "agent.class"})
        CHECK_MESSAGE(!lacks(bare, path), path);
    CHECK(lacks(request_from_claims(input("{}")), "token.aud"));
    const Bundle bundle = bundle_of(R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read
tool see { tier read audience "https://see.example" scopes { "see" } }
permit see for tool see when token.issuer is prod and agent.class == "x" and run.attempt < 3 grant { "see" } for 1m
)");
    ClaimsInput precise = input(kClaims);
    precise.policy = &bundle;
    const auto one = request_from_claims(precise);
    CHECK(one->issuer_declared);
    CHECK(lacks(one, "agent.class"));
    CHECK(lacks(one, "run.attempt"));
    CHECK_FALSE(lacks(one, "agent.revoked"));
    CHECK_FALSE(lacks(one, "token.credential_kind"));
    // Approvals need more facts, but only if the policy requires approvals.
    const Bundle asking = bundle_of(R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read
tool see { tier read audience "https://see.example" scopes { "see" } }
permit see for tool see when token.issuer is prod grant { "see" } for 1m
require ask for tool see approval from group "leads" within 5m
)");
    for (const char* path :
         {"run.initiator", "agent.owner", "agent.id", "tool.operation", "resource.type", "resource.id"}) {
        precise.policy = &asking;
        CHECK_MESSAGE(lacks(request_from_claims(precise), path), path);
        precise.policy = &bundle;
        if (path != std::string_view("agent.id")) CHECK_MESSAGE(!lacks(request_from_claims(precise), path), path);
    }
    precise.claims = R"({"iss": "https://other.example"})";
    CHECK_FALSE(request_from_claims(precise)->issuer_declared);
    ClaimsInput whole = input(kClaims);
    whole.facts = kExampleFacts;
    CHECK(request_from_claims(whole)->missing == Texts{});
}

TEST_CASE("request: tells claims that no schema declares") {
    CHECK(request_from_claims(input(kClaims))->undeclared == Texts{});
    CHECK(request_from_claims(input(R"({"groups": ["a"], "kubernetes.io": {"namespace": "n", "zone": "z"}})"))
              ->undeclared == Texts{"$.groups", R"($["kubernetes.io"].zone)"});
}

TEST_CASE("request: workloads of SPIFFE and GitHub are read from their claims") {
    const json::Value spiffe =
        document(input(R"({"sub":"spiffe://td.example/ns/pay/sa/agent","aud":"a","exp":1790003600})", "spiffe"));
    const json::Value& one = *spiffe.find("workload");
    CHECK(one.find("spiffe_id")->text == "spiffe://td.example/ns/pay/sa/agent");
    CHECK(one.find("namespace")->text == "pay");
    CHECK(one.find("service_account")->text == "agent");
    CHECK(one.find("instance_id") == nullptr);
    const json::Value github = document(
        input(R"({"iss":"https://g.example","aud":"a","repository_owner":"acme","run_id":"7","environment":"staging"})",
              "github"));
    const json::Value& two = *github.find("workload");
    CHECK(two.find("namespace")->text == "acme");
    CHECK(two.find("instance_id")->text == "7");
    CHECK(two.find("environment")->text == "staging");
    CHECK(github.find("token")->find("aud")->text == "a");
}

TEST_CASE("request: claims that do not fit their kind are refused with their path in the file") {
    const auto refused = [](std::string_view claims, std::string_view kind) {
        ClaimsInput given = input(claims, kind);
        given.claims_name = "claims.json";
        return refusal(given);
    };
    CHECK(refused(R"({"repository":5})", "github") == "Q0010 claims.json: $.repository");
    CHECK(refused(R"({"kubernetes.io":{"namespace":[]}})", "kubernetes") ==
          R"(Q0010 claims.json: $["kubernetes.io"].namespace)");
    CHECK(refused(R"({"exp":"soon"})", "spiffe") == "Q0015 claims.json: $.exp");
    CHECK(refused(R"({"jti":5})", "spiffe") == "Q0010 claims.json: $.jti");
    CHECK(refused(R"({"iss":5})", "github") == "Q0010 claims.json: $.iss");
    CHECK(refused("[]", "github") == "Q0010 claims.json: $");
    CHECK(refused("{", "github").substr(0, 5) == "Q0001");
    CHECK(refused(R"({"claim_of_our_own":{"any":1}})", "github") == "accepted");
    std::string kinds;
    for (const std::string& kind : issuer_kinds()) kinds += (kinds.empty() ? "" : ", ") + kind;
    CHECK(request_from_claims(input("{}", "gihub")).error().message ==
          "unknown issuer kind `gihub`; did you mean `github`? the kinds are " + kinds);
    CHECK(request_from_claims(input("{}", "github_actions")).error().message ==
          "unknown issuer kind `github_actions`; the kinds are " + kinds);
}

TEST_CASE("request: every kind of the standard library makes a request of empty claims") {
    const auto kinds = issuer_kinds();
    CHECK(kinds.size() >= 12);
    CHECK(std::is_sorted(kinds.begin(), kinds.end()));
    CHECK(std::find(kinds.begin(), kinds.end(), "kubernetes") != kinds.end());
    for (const std::string& kind : kinds) CHECK_MESSAGE(refusal(input("{}", kind)) == "accepted", kind);
}

TEST_CASE("claims: K0002 a kind whose module does not compile is no policy, and its error says why") {
    CHECK(policy_of_kind("kubernetes", "std.kubernetes").has_value());
    for (const auto& [kind, module, why] : {std::tuple{"kubernetes", "std.none", "there is no module `std.none`"},
                                            std::tuple{"none", "std.kubernetes", "expected a name, found `none`"}}) {
        const auto refused = policy_of_kind(kind, module);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == "K0002");
        CHECK(refused.error().message == std::string(why));
        CHECK(refused.error().context == kind);
    }
}
