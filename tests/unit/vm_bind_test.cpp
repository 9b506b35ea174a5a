#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/json_reader.h"
#include "source_root.h"
#include "vm_program.h"
#include "writ/errors.h"

using namespace writ;
using namespace writ::testing;
using vm::State;

namespace {

struct Bound {
    TestProgram test;
    Machine machine{test};
    json::Value document = base_request();

    std::string bind() { return machine.bind(document); }
    std::string with(std::string_view path, std::string_view value) {
        set(document, path, value);
        return bind();
    }
    std::string message(std::string_view path, std::string_view value) {
        set(document, path, value);
        const auto bound = machine.facts.bind(machine.nodes.of(document));
        return bound ? "" : bound.error().message;
    }
    const vm::Value& at(const std::string& path) { return machine.facts[test.slot_index(path)]; }
};

}  // namespace

TEST_CASE("bind: a complete request fills its slots") {
    Bound b;
    REQUIRE(b.bind() == "");
    CHECK(b.at("now").integer == kNowSeconds * kSecond);
    CHECK(b.at("tenant").text() == "acme");
    CHECK(b.at("token.aud").length == 1);
    CHECK(b.at("token.aud").items[0].text() == "https://broker.example");
    CHECK(b.at("token.nbf").state == State::None);
    CHECK(b.at("agent.revoked").state == State::Missing);
    CHECK(b.at("user").state == State::Present);
    CHECK(b.at("delegation").state == State::None);
    CHECK(b.at("token.proof").integer == 1);
    CHECK(b.machine.facts.issuer() == 0);
    CHECK(b.machine.facts.tool() == 0);
}

TEST_CASE("bind: typed text is canonical in its slot") {
    Bound b;
    REQUIRE(b.with("user.email", R"("Ann@ACME.example")") == "");
    CHECK(b.at("user.email").text() == "Ann@acme.example");
}

TEST_CASE("bind: ambiguous typed text is missing, not an error") {
    Bound b;
    REQUIRE(b.with("workload.spiffe_id", R"("spiffe://acme.example/../a")") == "");
    CHECK(b.at("workload.spiffe_id").state == State::Missing);
}

TEST_CASE("bind: a list with an element that is not understood is missing") {
    Bound b;
    REQUIRE(b.with("egress", R"(["a.example", "b..example"])") == "");
    CHECK(b.at("egress").state == State::Missing);
    REQUIRE(b.with("egress", R"(["a.example", "B.example"])") == "");
    CHECK(b.at("egress").items[1].text() == "b.example");
}

TEST_CASE("bind: repetition in a set is not observable") {
    Bound b;
    REQUIRE(b.bind() == "");
    REQUIRE(b.at("user.roles").length == 2);
    CHECK(b.at("user.roles").items[1].text() == "support");
}

TEST_CASE("bind: texts that rules compare carry the id of the equal constant, others are not looked up") {
    TestProgram test;
    const std::uint32_t acme = test.text("acme");
    Machine machine(test);
    json::Value document = base_request();
    set(document, "run.id", R"("never mentioned")");
    set(document, "request_id", R"("acme")");
    REQUIRE(machine.bind(document) == "");
    CHECK(machine.facts[test.slot_index("tenant")].id == acme);
    CHECK(machine.facts[test.slot_index("run.id")].id == 0);
    CHECK(machine.facts[test.slot_index("request_id")].id == vm::Value::kUnbound);
}

TEST_CASE("bind: facts outlive the document") {
    Bound b;
    {
        json::Value document = base_request();
        set(document, "run.id", R"("a text that only the document holds")");
        REQUIRE(b.machine.bind(document) == "");
    }
    CHECK(b.at("run.id").text() == "a text that only the document holds");
}

TEST_CASE("bind: provenance by group, others are the model's") {
    Bound b;
    REQUIRE(b.with("provenance", R"({"now": "broker", "agent": "broker", "token": "broker", "tool": "asserted"})") ==
            "");
    CHECK(b.at("agent.id").present());
    CHECK(b.at("token.issuer").state == State::Missing);
    CHECK(b.at("prod.namespace").state == State::Missing);
    CHECK(b.at("tenant").state == State::Missing);
    CHECK(b.at("tool.name").present());
    CHECK(b.at("want.scopes").present());
    CHECK(b.machine.facts.issuer() == vm::kNotFound);
    CHECK(b.machine.facts.tool() == 0);
}

TEST_CASE("bind: without provenance everything is the model's") {
    Bound b;
    remove(b.document, "provenance");
    remove(b.document, "now");
    REQUIRE(b.bind() == "");
    CHECK(b.at("tool.name").state == State::Missing);
    CHECK(b.machine.facts.tool() == vm::kNotFound);
    CHECK(b.machine.facts.params() == nullptr);
}

TEST_CASE("bind: facts too weak to read are checked all the same") {
    Bound b;
    remove(b.document, "provenance");
    remove(b.document, "now");
    CHECK(b.with("agent.shared_count", "\"two\"") == "Q0010 $.agent.shared_count");
    Bound c;
    remove(c.document, "provenance");
    remove(c.document, "now");
    CHECK(c.with("token.claims.namespace", "7") == "Q0010 $.token.claims.namespace");
}

TEST_CASE("bind: Q0010 wrong types name what was expected and what came") {
    Bound b;
    CHECK(b.message("agent.shared_count", "1.5").find("expected int") == 0);
    CHECK(b.message("agent.shared_count", "1.5").find("got a number") != std::string::npos);
    CHECK(Bound().with("agent.revoked", "0") == "Q0010 $.agent.revoked");
    CHECK(Bound().with("tenant", "null") == "Q0010 $.tenant");
    CHECK(Bound().with("user", "[]") == "Q0010 $.user");
    CHECK(Bound().with("user.roles", "\"refunds\"") == "Q0010 $.user.roles");
    CHECK(Bound().with("user.roles", "[\"a\", null]") == "Q0010 $.user.roles[1]");
    CHECK(Bound().with("token.aud", "\"https://broker.example\"") == "");
    CHECK(Bound().with("spent", "\"1.0\"") == "Q0010 $.spent");
    CHECK(Bound().with("now", "true") == "Q0010 $.now");
    CHECK(Bound().with("want.ttl", "1.5") == "Q0010 $.want.ttl");
    CHECK(Bound().with("gates", R"({"other": {"result": 1}})") == "Q0010 $.gates.other.result");
    CHECK(Bound().with("gates", R"({"a b": 1})") == "Q0010 $.gates[\"a b\"]");
    CHECK(Bound().with("delegation", R"({"chain": [{"exp": []}]})") == "Q0010 $.delegation.chain[0].exp");
    CHECK(Bound().machine.bind(json::Value::array()) == "Q0010 $");
}

TEST_CASE("bind: Q0007 an int fits 64 bits, and a number that nobody reads need not") {
    CHECK(Bound().with("agent.shared_count", "9223372036854775807") == "");
    CHECK(Bound().with("agent.shared_count", "9223372036854775808") == "Q0007 $.agent.shared_count");
    CHECK(Bound().with("agent.shared_count", "-9223372036854775809") == "Q0007 $.agent.shared_count");
    CHECK(Bound().with("agent.shared_count", "1e3") == "Q0010 $.agent.shared_count");
    for (const char* any : {"18446744073709551615", "1e400", "0.000000001", "-1E-999"})
        CHECK_MESSAGE(Bound().with("token.claims.unheard_of", any) == "", any);
}

TEST_CASE("bind: Q0011 unknown fields are refused with the name that was meant") {
    CHECK(Bound().with("agnt", "{}") == "Q0011 $.agnt");
    CHECK(Bound().with("user.tennant", "\"x\"") == "Q0011 $.user.tennant");
    CHECK(Bound().message("user.tennant", "\"x\"").find("did you mean `tenant`") != std::string::npos);
    CHECK(Bound().message("provenence", "1").find("did you mean `provenance`") != std::string::npos);
    CHECK(Bound().with("tool.params.amuont", "1") == "Q0011 $.tool.params.amuont");
}

TEST_CASE("bind: unknown claims are ignored, known ones are checked") {
    CHECK(Bound().with("token.claims.later", "{\"x\": 1}") == "");
    CHECK(Bound().with("token.claims.exp", "\"soon\"") == "Q0015 $.token.claims.exp");
    CHECK(Bound().with("token.claims", R"({"kubernetes.io": {"pod": 1}})") ==
          "Q0010 $.token.claims[\"kubernetes.io\"].pod");
}

TEST_CASE("bind: claims of an unknown issuer and parameters of an unknown tool are not checked") {
    Bound b;
    set(b.document, "token.claims", R"({"namespace": 7})");
    CHECK(b.with("token.issuer", "\"https://else.example\"") == "");
    CHECK(b.machine.facts.issuer() == vm::kNotFound);
    Bound c;
    set(c.document, "tool.params", R"({"anything": [1]})");
    CHECK(c.with("tool.name", "\"unheard of\"") == "");
    CHECK(c.machine.facts.tool() == vm::kNotFound);
}

TEST_CASE("bind: an issuer is found by exact bytes, a tool by its wire name") {
    Bound b;
    remove(b.document, "token.claims");
    REQUIRE(b.with("token.issuer", "\"https://issuer.example/\"") == "");
    CHECK(b.machine.facts.issuer() == vm::kNotFound);
    Bound c;
    REQUIRE(c.with("tool.name", "\"refund\"") == "");
    CHECK(c.machine.facts.tool() == vm::kNotFound);
}

TEST_CASE("bind: Q0012 unknown members of an enum list the members") {
    CHECK(Bound().with("token.proof", "\"magic\"") == "Q0012 $.token.proof");
    CHECK(Bound().message("token.proof", "\"magic\"").find("`bearer`, `mtls`, `dpop`") != std::string::npos);
}

TEST_CASE("bind: Q0013 lists and maps longer than the schema allows") {
    CHECK(Bound().with("user.roles", R"(["1","2","3","4","5","6","7","8"])") == "");
    CHECK(Bound().with("user.roles", R"(["1","2","3","4","5","6","7","8","9"])") == "Q0013 $.user.roles");
    CHECK(Bound().with("gates", R"({"1":{},"2":{},"3":{},"4":{},"5":{},"6":{},"7":{},"8":{},"9":{}})") ==
          "Q0013 $.gates");
}

TEST_CASE("bind: Q0014 decimals are exact or refused") {
    Bound b;
    REQUIRE(b.with("spent", "0.000001") == "");
    CHECK(b.at("spent").integer == 1);
    REQUIRE(b.with("spent", "-12") == "");
    CHECK(b.at("spent").integer == -12'000'000);
    CHECK(b.with("spent", "0.0000001") == "Q0014 $.spent");
    CHECK(b.with("spent", "9223372036854775807") == "Q0014 $.spent");
}

TEST_CASE("bind: Q0015 instants and durations") {
    Bound b;
    REQUIRE(b.with("now", "\"2024-06-03T12:00:00+02:00\"") == "");
    CHECK(b.at("now").integer == kNowSeconds * kSecond);
    CHECK(b.with("now", "\"2024-06-03\"") == "Q0015 $.now");
    CHECK(Bound().with("now", "9223372036854775807") == "Q0015 $.now");
    CHECK(Bound().with("now", "1e400") == "Q0015 $.now");
    REQUIRE(b.with("now", "1717408800.0000019") == "");
    CHECK(b.at("now").integer == kNowSeconds * kSecond + 1);
    REQUIRE(b.with("now", "1.7174088e9") == "");
    CHECK(b.at("now").integer == kNowSeconds * kSecond);
    REQUIRE(b.with("token.nbf", "1717408700.0000011") == "");
    CHECK(b.at("token.nbf").integer == (kNowSeconds - 100) * kSecond + 2);
    REQUIRE(b.with("token.exp", "\"2024-06-03T11:00:00.9999999Z\"") == "");
    CHECK(b.at("token.exp").integer == (kNowSeconds + 3600) * kSecond + 999'999);
    Bound c;
    REQUIRE(c.with("want.ttl", "\"1h30m\"") == "");
    CHECK(c.at("want.ttl").integer == 5400 * kSecond);
    REQUIRE(c.with("want.ttl", "90") == "");
    CHECK(c.at("want.ttl").integer == 90 * kSecond);
    CHECK(c.with("want.ttl", "\"soon\"") == "Q0015 $.want.ttl");
}

TEST_CASE("bind: Q0016 the token's issuer and its iss claim are the same bytes") {
    CHECK(Bound().with("token.claims.iss", "\"https://issuer.example/\"") == "Q0016 $.token.claims.iss");
    Bound b;
    set(b.document, "token.claims", R"({"iss": 5})");
    CHECK(b.with("token.issuer", "\"https://else.example\"") == "Q0016 $.token.claims.iss");
}

TEST_CASE("bind: Q0017 depth is the length of the chain, and filled in from it") {
    Bound b;
    const std::string chain = R"([{"actor": "a"}, {"actor": "b"}])";
    REQUIRE(b.with("delegation", R"({"chain": )" + chain + "}") == "");
    CHECK(b.at("delegation.depth").integer == 2);
    CHECK(b.with("delegation", R"({"depth": 2, "chain": )" + chain + "}") == "");
    CHECK(b.with("delegation", R"({"depth": 1, "chain": )" + chain + "}") == "Q0017 $.delegation.depth");
}

TEST_CASE("bind: Q0018 provenance is one of four words, by known groups") {
    CHECK(Bound().with("provenance", "\"trusted\"") == "Q0018 $.provenance");
    CHECK(Bound().with("provenance", "7") == "Q0018 $.provenance");
    CHECK(Bound().with("provenance", R"({"agent": "very"})") == "Q0018 $.provenance.agent");
    CHECK(Bound().with("provenance", R"({"agnet": "broker"})") == "Q0018 $.provenance.agnet");
    CHECK(Bound().message("provenance", R"({"agnet": "broker"})").find("did you mean `agent`") != std::string::npos);
}

TEST_CASE("bind: Q0022 a token is not wider than its claims") {
    const auto bound = [](std::string_view fact, std::string_view stated, std::string_view claim,
                          std::string_view claimed) {
        Bound b;
        set(b.document, "token.claims." + std::string(claim), claimed);
        return b.with("token." + std::string(fact), stated);
    };
    CHECK(bound("exp", "1717412400", "exp", "1717412400") == "");
    CHECK(bound("exp", "1717412300", "exp", "1717412400") == "");  // narrower
    CHECK(bound("exp", "1717412401", "exp", "1717412400") == "");  // rounded
    CHECK(bound("exp", "1717412401.000001", "exp", "1717412400") == "Q0022 $.token.exp");
    CHECK(bound("exp", "1717412400", "exp", "1690000000") == "Q0022 $.token.exp");
    CHECK(bound("exp", "null", "exp", "1717412400") == "Q0022 $.token.exp");  // none counts as the latest time
    CHECK(bound("nbf", "1717408700", "nbf", "null") == "");
    CHECK(bound("nbf", "null", "nbf", "null") == "");
    CHECK(bound("nbf", "1717408700", "nbf", "1717408700") == "");
    CHECK(bound("nbf", "1717408750", "nbf", "1717408700") == "");
    CHECK(bound("nbf", "1717408698", "nbf", "1717408700") == "Q0022 $.token.nbf");
    CHECK(bound("nbf", "null", "nbf", "1717408700") == "Q0022 $.token.nbf");
    CHECK(bound("iat", "1717408690", "iat", "1717408700") == "");
    CHECK(bound("iat", "1717408702", "iat", "1717408700") == "Q0022 $.token.iat");
    CHECK(bound("iat", "null", "iat", "1717408700") == "");  // without iat the token is not younger
    CHECK(bound("iat", "1717408700", "iat", "\"2024-06-03T09:58:20.5Z\"") == "");
    CHECK(bound("iat", "1717408700", "iat", "[]") == "Q0022 $.token.claims.iat");  // not an instant
    CHECK(bound("aud", R"(["https://broker.example"])", "aud", R"("https://broker.example")") == "");
    CHECK(bound("aud", R"(["https://broker.example"])", "aud", R"(["urn:x", "https://broker.example"])") == "");
    CHECK(bound("aud", R"(["https://broker.example"])", "aud", R"("https://other.example")") == "Q0022 $.token.aud");
    CHECK(bound("aud", R"(["https://broker.example", "urn:x"])", "aud", R"(["https://broker.example"])") ==
          "Q0022 $.token.aud");
    CHECK(bound("aud", R"("https://broker.example")", "aud", "null") == "Q0022 $.token.aud");
    CHECK(bound("aud", "[]", "aud", R"("https://other.example")") == "");
    CHECK(bound("jti", R"("t-1")", "jti", R"("t-1")") == "");
    CHECK(bound("jti", R"("t-1")", "jti", "null") == "");
    CHECK(bound("jti", R"("t-2")", "jti", R"("t-1")") == "Q0022 $.token.jti");
    CHECK(bound("jti", "null", "jti", R"("t-1")") ==
          "Q0022 $.token.jti");  // otherwise a revocation of t-1 would not apply
    CHECK(bound("jti", R"("7")", "jti", "7") == "Q0022 $.token.jti");

    // The checks apply whether or not the issuer is known, and in any order of facts. A missing fact leads to a deny,
    // not to an error.
    Bound unknown;
    set(unknown.document, "token.claims", R"({"exp": 1690000000})");
    CHECK(unknown.with("token.issuer", R"("https://elsewhere.example")") == "Q0022 $.token.exp");
    Bound missing;
    set(missing.document, "token.claims.nbf", "1717408700");
    remove(missing.document, "token.nbf");
    CHECK(missing.bind() == "");
    Bound twice;
    set(twice.document, "token.claims.later", "7");
    REQUIRE(twice.bind() == "");
    set(twice.document, "token.exp", "1717412500");
    set(twice.document, "token.claims.later", "8");
    CHECK(twice.bind() == "");
}

TEST_CASE("bind: Q0023 the clock is the broker's") {
    for (const char* word : {"broker", "verified"}) {
        Bound b;
        CHECK(b.with("provenance", R"({"token": "verified", "now": ")" + std::string(word) + "\"}") == "");
        CHECK(b.at("now").present());
    }
    for (const char* weak : {R"({"token": "verified", "now": "asserted"})", R"({"token": "verified", "now": "model"})",
                             R"({"token": "verified"})", R"("asserted")", R"("model")"})
        CHECK_MESSAGE(Bound().with("provenance", weak) == "Q0023 $.now", weak);
    Bound none;
    remove(none.document, "provenance");
    CHECK(none.bind() == "Q0023 $.now");
    remove(none.document, "now");
    CHECK(none.bind() == "");
}

TEST_CASE("bind: a refused document leaves no facts") {
    Bound b;
    REQUIRE(b.bind() == "");
    REQUIRE(b.with("tenant", "5") != "");
    CHECK(b.at("agent.id").state == State::Missing);
    CHECK(b.machine.facts.tool() == vm::kNotFound);
    CHECK(b.machine.facts.issuer() == vm::kNotFound);
}

TEST_CASE("bind: what a document of the same form has otherwise is checked as before") {
    Bound b;
    json::Reader reader;
    std::string text;
    const auto read = [&](const json::Value& document) -> std::string {
        text = json::write(document);
        const auto nodes = reader.read(text);
        REQUIRE(nodes.has_value());
        const auto bound = b.machine.facts.bind(**nodes);
        return bound ? "" : bound.error().code;
    };
    const auto then = [&](std::string_view path, std::string_view value) {
        json::Value document = base_request();
        for (int i = 0; i < 3; ++i) REQUIRE(read(document) == "");
        set(document, path, value);
        return read(document);
    };
    CHECK(then("token.proof", R"("none at all")") == "Q0012");
    CHECK(then("token.exp", "99999999999999") == "Q0015");
    CHECK(then("tenant", "5") == "Q0010");
    CHECK(then("workload.spiffe_id", R"("spiffe://acme.example/b")") == "");
    CHECK(b.at("workload.spiffe_id").text() == "spiffe://acme.example/b");
    CHECK(then("workload.spiffe_id", R"("spiffe://acme.example/b/")") == "");
    CHECK(b.at("workload.spiffe_id").state == State::Missing);
}

TEST_CASE("bind: Q0005 text that rules read is no longer than its field allows") {
    Bound b;
    CHECK(b.with("tenant", '"' + std::string(kDefaultText, 'x') + '"') == "");
    CHECK(b.with("tenant", '"' + std::string(kDefaultText + 1, 'x') + '"') == "Q0005 $.tenant");
    CHECK(b.message("tenant", '"' + std::string(kDefaultText + 1, 'x') + '"').find("max 16384") != std::string::npos);
}

TEST_CASE("bind: Q0005 the texts of one list have a most together") {
    Bound b;
    const auto list = [](std::size_t count) {
        std::string out = "[";
        for (std::size_t i = 0; i < count; ++i)
            out += (i == 0 ? "\"" : ",\"") + std::to_string(i) + std::string(1'998, 'x') + '"';
        return out + ']';
    };
    CHECK(b.with("user.roles", list(8)) == "");
    CHECK(b.with("user.roles", list(9)).starts_with("Q00"));
}

TEST_CASE("bind: a list of many texts has each once") {
    json::Value document = base_request();
    TestProgram test;
    Machine machine{test};
    set(document, "want.scopes", R"(["a", "b", "a", "c", "b"])");
    REQUIRE(machine.bind(document) == "");
    CHECK(machine.facts[test.slot_index("want.scopes")].length == 3);
}

TEST_CASE("bind: facts are sound until something is wrong with them") {
    Bound b;
    REQUIRE(b.bind() == "");
    CHECK(b.machine.facts.sound());
    REQUIRE(b.with("token.exp", "1") == "");
    CHECK_FALSE(b.machine.facts.sound());
    REQUIRE(b.with("token.exp", std::to_string(kNowSeconds + 60)) == "");
    CHECK(b.machine.facts.sound());
    REQUIRE(b.with("tool.name", R"("no.such.tool")") == "");
    CHECK_FALSE(b.machine.facts.sound());
    b.machine.facts.clear();
    CHECK_FALSE(b.machine.facts.sound());
}

TEST_CASE("bind: a field is missing again when the next document lacks it") {
    Bound b;
    REQUIRE(b.bind() == "");
    REQUIRE(b.at("resource.id").present());
    remove(b.document, "resource.id");
    REQUIRE(b.bind() == "");
    CHECK(b.at("resource.id").state == State::Missing);
}

TEST_CASE("bind: elements of a list of records are rows, groups inside them flat") {
    Bound b;
    REQUIRE(b.with("delegation", R"({"chain": [
        {"actor": "a", "granted_scopes": ["x", "y"], "exp": null, "where": {"region": "eu"}},
        {"actor": "b", "where": null}]})") == "");
    const vm::Value& chain = b.at("delegation.chain");
    REQUIRE(chain.length == 2);
    const auto cell = [&](std::size_t row, const std::string& name) -> const vm::Value& {
        return chain.items[row * chain.id + b.test.column("delegation.chain", name)];
    };
    CHECK(cell(0, "actor").text() == "a");
    CHECK(cell(0, "granted_scopes").length == 2);
    CHECK(cell(0, "exp").state == State::None);
    CHECK(cell(0, "where").present());
    CHECK(cell(0, "where.region").text() == "eu");
    CHECK(cell(0, "where.zone").state == State::Missing);
    CHECK(cell(1, "actor").text() == "b");
    CHECK(cell(1, "granted_scopes").state == State::Missing);
    CHECK(cell(1, "where").state == State::None);
}

TEST_CASE("bind: maps fill the keys that are read") {
    Bound b;
    REQUIRE(b.with("gates", R"({"eval": {"result": "failed", "at": 5}, "lint": {"result": "passed"}})") == "");
    CHECK(b.at("gates.eval").present());
    CHECK(b.at("gates.eval.result").integer == 1);
    CHECK(b.at("gates.eval.at").integer == 5 * kSecond);
    REQUIRE(b.with("gates", R"({"lint": {"result": "passed"}})") == "");
    CHECK(b.at("gates.eval").state == State::Missing);
    CHECK(b.at("gates").present());
}

TEST_CASE("bind: the catalogue's facts come from the tool") {
    Bound b;
    REQUIRE(b.bind() == "");
    CHECK(b.at("tool.tier").integer == 1);
    CHECK(b.at("tool.scopes").length == 2);
    REQUIRE(b.at("tool.audience").length == 2);
    CHECK(b.at("tool.audience").items[0].text() == "https://pay.example");
    CHECK(b.at("refund.params.amount").integer == 12'500'000);
    CHECK(b.at("refund.params.extra.note").state == State::None);
}

TEST_CASE("bind: parameters have one canonical text, and none if they are not stated") {
    Bound b;
    REQUIRE(b.bind() == "");
    CHECK(b.machine.facts.params() != nullptr);
    std::string canonical;
    std::vector<const json::Node*> order;
    json::append_canonical(canonical, *b.machine.facts.params(), order);
    CHECK(canonical == R"({"amount":12.5,"currency":"EUR","extra":{"note":null}})");
    b.machine.facts.clear();
    CHECK(b.machine.facts.params() == nullptr);
}

TEST_CASE("bind: captures of the first pattern that matches the whole claim") {
    TestProgram test;
    test.parse("sub", {{"system:serviceaccount:", "{space}", ":", "{account}"}, {"repo:", "{repo**}", "#", "{tail}"}},
               {"space", "account", "repo", "tail"});
    Machine machine(test);
    json::Value document = base_request();
    const auto captured = [&](const std::string& name) { return machine.facts[test.slot_index("prod." + name)]; };
    REQUIRE(machine.bind(document) == "");
    CHECK(captured("space").text() == "support");
    CHECK(captured("account").text() == "bot");
    CHECK(captured("repo").state == State::Missing);

    set(document, "token.claims.sub", R"("repo:a/b:c#d#e")");
    REQUIRE(machine.bind(document) == "");
    CHECK(captured("space").state == State::Missing);
    CHECK(captured("repo").text() == "a/b:c#d");  // the longest possible text
    CHECK(captured("tail").text() == "e");

    for (const char* none : {R"("system:serviceaccount:a:b:c")", R"("system:serviceaccount::b")",
                             R"("xsystem:serviceaccount:a:b")", R"("system:serviceaccount:a@x:b")", R"("repo:#x")"}) {
        set(document, "token.claims.sub", none);
        REQUIRE(machine.bind(document) == "");
        CHECK_MESSAGE(captured("space").state == State::Missing, none);
        CHECK_MESSAGE(captured("repo").state == State::Missing, none);
    }
    set(document, "token.claims.sub", R"("system:serviceaccount:a:b")");
    set(document, "provenance", "\"broker\"");
    REQUIRE(machine.bind(document) == "");
    CHECK(captured("space").state == State::Missing);
}

namespace {

std::string read(const std::string& path) {
    std::ifstream in(source_root() + "/" + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("bind: docs/request-format.md has every code and every field of the schema") {
    const std::string page = read("docs/request-format.md"), schema = read("stdlib/request.writ");
    for (const CodeInfo& each : kCodes)
        CHECK_MESSAGE(
            (each.code.front() != 'Q' || page.find("| `" + std::string(each.code) + "` |") != std::string::npos),
            each.code);
    std::istringstream lines(schema.substr(schema.find("schema request")));
    int fields = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto start = line.find_first_not_of(' ');
        const auto colon = line.find(':');
        if (start == std::string::npos || line[start] == '/' || colon == std::string::npos) continue;
        const std::string name = line.substr(start, colon - start);
        CHECK_MESSAGE(page.find("`" + name + "`") != std::string::npos, name);
        ++fields;
    }
    CHECK(fields > 80);
}
