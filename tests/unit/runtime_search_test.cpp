#include <doctest/doctest.h>

#include "base/json.h"
#include "example_request.h"
#include "writ/search.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kPolicy = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write
tool look { tier read   audience "https://a.example"  scopes { "look:all" } }
tool pay  { tier write  audience "https://a.example"  scopes { "pay:create", "pay:read" }  params { amount: decimal } }
tool wipe { tier write  audience "https://a.example"  scopes { "wipe" } }
permit looks for tool look when tenant != "t9" grant { "look:all" } for 1m
permit pays for tool pay when params.amount <= 500.00 grant { "pay:create" } for 1m
require careful for tool wipe when tenant != "t9" approval from group "leads" within 15m
permit wipes for tool wipe when agent.class == "ops" grant { "wipe" } for 1m
deny loud when agent.trust_score < 10
)";

Bundle bundle_of(std::string text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::move(text)});
    const auto bundle = compile(set);
    REQUIRE(bundle);
    return *bundle;
}

/// A request that states an agent with a score, no user, and a tool without scopes.
json::Value request() {
    auto document = json::parse(writ::testing::example_request(
        R"({"iss":"https://issuer.example","aud":"https://broker.example","exp":1790003600})", "kubernetes",
        1'790'000'000));
    REQUIRE(document);
    document->find("agent")->set("trust_score", json::Value::of(std::int64_t{50}));
    document->find("want")->remove("scopes");
    return *document;
}

/// `name: answer` for each item, with its other properties.
std::string answers(const Result<SearchResult>& result) {
    REQUIRE(result);
    std::string out;
    for (const SearchItem& item : result->items) {
        out += (out.empty() ? "" : ", ") + item.name + ": " + std::string(answer_name(item.answer));
        for (const std::string& scope : item.scopes) out += " " + scope;
        if (item.wants_facts) out += " (wants facts)";
        if (!item.refused.code.empty()) out += " " + item.refused.code;
    }
    return out;
}

struct Searching {
    Evaluator evaluator{bundle_of(std::string(kPolicy))};
    json::Value document = request();

    std::string operator()(Open open, std::string_view candidates = {}) {
        return answers(search(evaluator, json::write(document), open, candidates));
    }
    Error error(Open open, std::string_view candidates, std::string_view text = {}) {
        const auto result =
            search(evaluator, text.empty() ? json::write(document) : std::string(text), open, candidates);
        REQUIRE_FALSE(result);
        return result.error();
    }
};

}  // namespace

TEST_CASE("search: tools are the catalogue's, each asked for all of its scopes") {
    Searching find;
    CHECK(find(Open::Tool) == "look: always look:all, pay: never (wants facts), wipe: never");
    find.document.find("agent")->set("class", json::Value::of("ops"));
    find.document.find("tool")->find("params")->set("amount", json::Value::of(std::int64_t{5}));
    CHECK(find(Open::Tool) == "look: never Q0011, pay: always pay:create, wipe: never Q0011");
    find.document.find("tool")->remove("params");
    CHECK(find(Open::Tool, R"(["wipe", "look", {"name": "pay", "params": {"amount": 501}}, "fly"])") ==
          "wipe: if_approved, look: always look:all, pay: never, fly: never");
    // If the request states scopes, the search uses them.
    json::Value scopes = json::Value::array();
    scopes.items.push_back(json::Value::of("wipe"));
    find.document.find("want")->set("scopes", scopes);
    CHECK(find(Open::Tool) == "look: never, pay: never (wants facts), wipe: if_approved");
}

TEST_CASE("search: scopes are those of the request's tool, each asked for alone") {
    Searching find;
    json::Value& tool = *find.document.find("tool");
    tool.set("name", json::Value::of("pay"));
    tool.find("params")->set("amount", json::Value::of(std::int64_t{5}));
    CHECK(find(Open::Scope) == "pay:create: always pay:create, pay:read: never");
    CHECK(find(Open::Scope, R"(["pay:read", "other", "pay:create"])") ==
          "pay:read: never, other: never, pay:create: always pay:create");
    tool.remove("params");
    CHECK(find(Open::Scope) == "pay:create: never (wants facts), pay:read: never (wants facts)");
    tool.set("name", json::Value::of("fly"));
    CHECK(find(Open::Scope).empty());
}

TEST_CASE("search: agents are given, by id or whole") {
    Searching find;
    find.document.find("tool")->set("name", json::Value::of("look"));
    json::Value scopes = json::Value::array();
    scopes.items.push_back(json::Value::of("look:all"));
    find.document.find("want")->set("scopes", scopes);
    CHECK(
        find(Open::Agent, R"(["a1", {"id": "a2"}, {"id": "a3", "trust_score": 3}, {"trust_score": 30}, {"id": 4}])") ==
        "a1: always look:all, a2: never (wants facts), a3: never, : never (wants facts), : never Q0010");
}

TEST_CASE("search: a deny is not for want of facts if anything else stands against it") {
    Searching find;
    find.document.find("tool")->remove("params");
    find.document.find("agent")->set("trust_score", json::Value::of(std::int64_t{3}));
    CHECK(find(Open::Tool, R"(["pay"])") == "pay: never");
    find.document.find("agent")->remove("trust_score");
    CHECK(find(Open::Tool, R"(["pay", "fly"])") == "pay: never (wants facts), fly: never");
}

TEST_CASE("search: layers meet, and their catalogues are joined") {
    const Bundle below = bundle_of(R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write
tool look { tier read  audience "https://a.example"  scopes { "look:all", "look:more" } }
tool dig  { tier read  audience "https://a.example"  scopes { "dig" } }
permit looks for tool look when run.attempt < 5 grant { "look:all", "look:more" } for 1m
permit digs for tool dig when tenant != "t9" grant { "dig" } for 1m
)");
    Evaluator evaluator(Layers({bundle_of(std::string(kPolicy)), below}));
    json::Value document = request();
    CHECK(answers(search(evaluator, json::write(document), Open::Tool)) ==
          "dig: never, look: always look:all, pay: never, wipe: never");
    document.find("run")->remove("attempt");
    const auto result = search(evaluator, json::write(document), Open::Tool, R"(["look"])");
    CHECK(answers(result) == "look: never (wants facts)");
    CHECK(result->items[0].reasons.back().layer == 1);
    document.find("tool")->set("name", json::Value::of("look"));
    document.find("run")->set("attempt", json::Value::of(std::int64_t{1}));
    CHECK(answers(search(evaluator, json::write(document), Open::Scope)) ==
          "look:all: always look:all, look:more: never");
}

TEST_CASE("search: what is wrong with the request or the candidates is said, and nothing is answered") {
    Searching find;
    CHECK(find.error(Open::Tool, {}, "{").code == "Q0001");
    CHECK(find.error(Open::Tool, {}, "[]").code == "Q0010");
    CHECK(find.error(Open::Tool, {}, R"({"nonsense": 1})").context == "$.nonsense");
    CHECK(find.error(Open::Scope, {}, R"({"want": 5})").context == "$.want");
    CHECK(find.error(Open::Tool, {}, R"({"tool": 5})").context == "$.tool");
    const Error none = find.error(Open::Agent, {});
    CHECK(none.code == "Q0024");
    CHECK(none.context == "candidates");
    CHECK(find.error(Open::Tool, "{}").code == "Q0010");
    const Error third = find.error(Open::Scope, R"(["a", "b", {}])");
    CHECK(third.code == "Q0010");
    CHECK(third.context == "candidates[2]");
    const Error malformed = find.error(Open::Tool, R"(["a", {"b": 1, "b": 2}])");
    CHECK(malformed.code == "Q0006");
    CHECK(malformed.context.starts_with("candidates[1]"));
    std::string many = "[";
    for (int i = 0; i <= 100'000; ++i) many += i == 0 ? "\"a\"" : ",\"a\"";
    CHECK(find.error(Open::Tool, many + "]").code == "Q0004");
}

TEST_CASE("search: what is revoked for its evaluator is never the answer") {
    Searching find;
    const auto answer = [&](std::vector<Revocation> revoked) {
        find.evaluator.revoke(std::make_shared<const Revocations>(std::move(revoked)));
        return answers(search(find.evaluator, json::write(find.document), Open::Tool, R"(["look"])"));
    };
    CHECK(answer({}) == "look: always look:all");
    CHECK(answer({{RevocationKind::Tool, "look", 0}}) == "look: never");
    CHECK(answer({{RevocationKind::Tool, "pay", 0}}) == "look: always look:all");
    CHECK(answer({{RevocationKind::Agent, "example-agent", 0}}) == "look: never");
}

TEST_CASE("search: as JSON") {
    Searching find;
    find.document.find("tool")->remove("params");
    const auto result =
        search(find.evaluator, json::write(find.document), Open::Tool, R"(["look", {"name": "pay", "params": 4}])");
    REQUIRE(result);
    CHECK(to_json(*result) ==
          R"({"schema_version":1,"open":"tool","items":[{"name":"look","answer":"always","scopes":["look:all"],)"
          R"("wants_facts":false,"reasons":[{"code":"permitted","fact":null,"rule":{"layer":0,"kind":"permit",)"
          R"("module":"main","name":"looks","file":"policy.writ","line":8,"because":null}}],"refused":null},)"
          R"({"name":"pay","answer":"never","scopes":[],"wants_facts":false,"reasons":[],"refused":{"code":"Q0010",)"
          R"("path":"$.tool.params","message":")" +
              result->items[1].refused.message + R"("}}]})");
}
