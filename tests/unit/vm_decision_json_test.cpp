#include <doctest/doctest.h>

#include <fstream>

#include "base/access.h"
#include "source_root.h"
#include "vm_program.h"
#include "writ/bundle.h"

using namespace writ;
using namespace writ::testing;

namespace {

/// The decision as JSON, with DIGEST for the bundle's digest, which does not matter here.
std::string rendered(const Machine& machine, View reader) {
    std::string text = to_json(machine.decision, Layers(Access::bundle(machine.program)), reader);
    const std::string digest(machine.program->digest());
    if (const auto at = text.find(digest); at != std::string::npos) text.replace(at, digest.size(), "DIGEST");
    return text;
}

}  // namespace

TEST_CASE("to_json: a permit for the operator, key by key") {
    TestProgram t;
    const std::uint32_t offer = t.permit("offer", {{Opcode::RetTrue}}, {"refund:create"});
    t.build.out.rules[offer].origin =
        t.build.origin({t.text("main"), t.text("policy.writ"), t.text("refunds are \"small\"")});
    t.oblige("record", {{Opcode::RetTrue}}, {{"audit", R"({"level":"full"})"}});
    t.permit(
        "later",
        TestProgram::all_of({TestProgram::cmp(Opcode::NowCmp, t.num(kNowSeconds * kSecond + 1'500'000), 0, Cmp::Lt)}),
        {"refund:read"}, 60);
    Machine m(t);
    json::Value document = base_request();
    set(document, "want.scopes", R"(["refund:create", "refund:read"])");
    m.decide(document);
    CHECK(
        rendered(m, View::Operator) ==
        R"({"schema_version":1,"effect":"permit","grant":{"scopes":["refund:create","refund:read"],)"
        R"("audience":["https://pay.example","https://pay2.example"],"ttl":1,"not_after":"2024-06-03T10:00:01.5Z",)"
        R"("single_use":false,"obligations":[{"name":"audit","args":{"level":"full"}}]},"requirements":[],)"
        R"("binding_digest":null,"reasons":[{"code":"permitted","fact":null,"rule":{"layer":0,"kind":"permit",)"
        R"("module":"main","name":"offer","file":"policy.writ","line":1,"because":"refunds are \"small\""}},{"code":"permitted",)"
        R"("fact":null,"rule":{"layer":0,"kind":"permit","module":"main","name":"later","file":"policy.writ","line":3,"because":null}}],)"
        R"("attribution":{"agent":"a-1","class":"support","deployment":"d-1","run":"r-1","parent_run":null,"tenant":"acme",)"
        R"("user":"ursula","initiator":"ines","chain":[],"workload":"spiffe://acme.example/support/bot",)"
        R"("issuer":"https://issuer.example","token_id":"t-1","tool":"write-refund","resource":"o-1","approvers":[]},)"
        R"("now":"2024-06-03T10:00:00Z","bundles":[{"digest":"DIGEST"}]})");
}

TEST_CASE("to_json: a caller learns of requirements, and nothing about policy") {
    TestProgram t;
    t.permit("offer", {{Opcode::RetTrue}}, {"refund:create"});
    t.require("secret_rule", {{Opcode::RetTrue}}, {"leads"}, 2, 900);
    Machine m(t);
    m.decide(base_request());
    CHECK(
        rendered(m, View::Caller) ==
        R"({"schema_version":1,"effect":"needs_approval","grant":null,"requirements":[{"groups":["leads"],"needed":2,)"
        R"("expires":"2024-06-03T10:15:00Z"}],"binding_digest":")" +
            m.decision.binding_digest + R"(","reason":"approval_required"})");
    const std::string full = rendered(m, View::Operator);
    CHECK(full.find(R"("requirements":[{"rule":{"layer":0,"kind":"require","module":"main","name":"secret_rule")") !=
          std::string::npos);
    CHECK(full.find(R"("counted":0,"within":900)") != std::string::npos);
}

TEST_CASE("to_json: a caller learns whether his token was at fault") {
    TestProgram t;
    t.permit("offer", {{Opcode::RetTrue}}, {"refund:create"});
    t.deny("token_not_current",
           TestProgram::all_of({TestProgram::test(Opcode::TextEq, t.slot("tenant"), t.lit("other"))}));
    Machine m(t);
    json::Value document = base_request();
    m.decide(document);
    CHECK(rendered(m, View::Caller).find(R"("reason":"permitted"})") != std::string::npos);
    set(document, "token.exp", "1");
    m.decide(document);
    CHECK(
        rendered(m, View::Caller) ==
        R"({"schema_version":1,"effect":"deny","grant":null,"requirements":[],"binding_digest":null,"reason":"token_rejected"})");
    document = base_request();
    set(document, "tenant", R"("other")");  // the name of a rule is not shown to the caller
    m.decide(document);
    CHECK(rendered(m, View::Caller).find(R"("reason":"not_permitted"})") != std::string::npos);
}

TEST_CASE("to_json: a reason says which fact is missing; what there is none of is null") {
    TestProgram t;
    Machine m(t);
    m.decide(json::Value::object());
    const std::string text = rendered(m, View::Operator);
    CHECK(text.find(R"({"code":"fact_missing","fact":"now","rule":null})") != std::string::npos);
    CHECK(text.find(R"("attribution":{"agent":null)") != std::string::npos);
    CHECK(json::parse(text).has_value());
    // An index that no layer has is ignored.
    m.decision.reasons.push_back({.code = "x", .rule = 99});
    m.decision.reasons.push_back({.code = "y", .rule = 0, .layer = 9});
    CHECK(rendered(m, View::Operator).find(R"({"code":"y","fact":null,"rule":null})") != std::string::npos);
}

TEST_CASE("to_json: docs/decision-format.md has every reason, in order") {
    std::ifstream in(source_root() + "/docs/decision-format.md");
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    std::size_t at = 0;
    for (const char* code : {
#define REASON(code, prose) #code,
#include "base/reasons.def"
#undef REASON
         }) {
        const std::size_t found = page.find("| `" + std::string(code) + "` |", at);
        REQUIRE_MESSAGE(found != std::string::npos, code);
        at = found;
    }
}
