// Tests token requests: which questions become one decision, and what is answered.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "os/keys.h"
#include "token_server.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;
using json::Value;

TEST_CASE("serve issuance: gates, scopes and details of one target are one decision") {
    Server server;
    const std::vector<Value> answer = server.ask(kRefund);
    REQUIRE(server.recorded.size() == 1);
    CHECK(json::write(answer[0]) ==
          R"({"decision":true,"context":{"issuance":{"token_lifetime":120,"granted_scope":"","claims":{)"
          R"("acme_call":{"tool":"refund","operation":null,"params":{"amount":40.0,"currency":"USD"},)"
          R"("resource":{"id":"pay-5512","tenant":"acme","type":"payment"}},"acme_once":"grant:1",)"
          R"("acme_duties":[{"name":"audit","args":{"level":"full"}}]},)"
          R"("crit":["acme_call","acme_once","acme_duties"]}}})");
    CHECK(json::write(answer[1]) == R"({"decision":true})");
    CHECK(json::write(answer[2]) == R"({"decision":true})");
    const Value document = parsed(server.recorded[0]);
    CHECK(text_of(document.find("want")) ==
          R"({"scopes":["refund:create"],"audience":["https://payments.example.com"],)"
          R"("token_type":"urn:ietf:params:oauth:token-type:access_token","reuse_subject_token":false})");
    CHECK(text_of(document.find("agent")) == R"({"id":"refund-agent","owner":"team-support"})");
    CHECK(text_of(document.find("provenance")) ==
          R"({"now":"broker","agent":"broker","delegation":"broker","resource":"broker","run":"broker",)"
          R"("tenant":"broker","token":"verified","tool":"asserted","user":"broker","workload":"broker"})");
}

TEST_CASE("serve issuance: scopes are answered one by one, and shaped once") {
    Server server;
    CHECK(server.yes(kScopes) == "1110");
    CHECK(server.recorded.size() == 1);
    CHECK(server.issuance(kScopes, "token_lifetime") == "300");
    CHECK(server.issuance(kScopes, "granted_scope") == "");
    CHECK(server.issuance(kScopes, "crit") == R"(["acme_call"])");
    // The request asked for all or nothing.
    Files files;
    files.mapping =
        replaced(files.mapping, R"({ "to": "tool.operation", "value": null },)",
                 R"({ "to": "tool.operation", "value": null }, { "to": "want.all_or_nothing", "value": true },)");
    CHECK(Server(files).yes(kScopes) == "0000");
    // Without scopes and details, the ones of the target are asked for, and named in the answer.
    CHECK(server.yes(kGates) == "11");
    CHECK(server.issuance(kGates, "granted_scope") == R"("refund:read")");
    // The order of the evaluations does not matter.
    Value body = parsed(kScopes);
    std::reverse(body.find("evaluations")->items.begin(), body.find("evaluations")->items.end());
    CHECK(server.yes(json::write(body)) == "0011" + std::string());
}

TEST_CASE("serve issuance: a single evaluation is a token request too") {
    Server server;
    Value body = parsed(kGates);
    const Value gate = body.find("evaluations")->items[0];
    body.remove("evaluations");
    body.set("subject", *gate.find("subject"));
    body.set("action", *gate.find("action"));
    // Nobody asks for the token: who the agent is, is not known.
    HttpAnswer answer = server.post("evaluation", json::write(body));
    CHECK(answer.body == "{\"decision\":false}\n");
    CHECK(server.recorded.size() == 1);
    CHECK(answer.headers == std::vector<std::pair<std::string, std::string>>{{"Cache-Control", "no-store"}});
    Files files;
    files.mapping = replaced(files.mapping, R"({ "to": "run.parent_id")",
                             R"({ "to": "agent.id", "value": "refund-agent" }, { "to": "run.parent_id")");
    files.mapping = replaced(files.mapping, R"({ "to": "agent.id", "from": "directory.agent" },)", "");
    CHECK(Server(files)
              .post("evaluation", json::write(body))
              .body.starts_with(R"({"decision":true,"context":{"issuance":{"token_lifetime":300,)"));
}

TEST_CASE("serve issuance: nothing outlives the session") {
    Server server;
    CHECK(server.issuance(replaced(kRefund, "4102444800", "1790000105"), "token_lifetime") == "45");
    CHECK(server.yes(replaced(kRefund, "4102444800", "1790000060")) == "000");
    // A lifetime of 0 denies; the engine gives none, and an answer has none.
    server.spoil = [](ledger::Decided& decided) {
        Decision none = *decided.decision;
        none.grant.ttl = 0;
        decided.decision = DetachedDecision(none);
    };
    CHECK(server.yes(kRefund) == "000");
}

TEST_CASE("serve issuance: both gates of a denial have the same bytes, whoever is the reason") {
    for (const char* explain : {"", R"("explain": true,)"}) {
        Files files;
        files.mapping = replaced(files.mapping, "{", std::string("{") + explain);
        Server server(files);
        const auto denied = [&](const std::string& body) {
            const std::vector<Value> answer = server.ask(body);
            for (const Value& each : answer) CHECK(json::write(each) == json::write(answer[0]));
            return json::write(answer[0]);
        };
        const auto swapped = [&](const char* from, const char* to) {
            std::string body = kRefund;
            for (std::size_t place; (place = body.find(from)) != std::string::npos;)
                body.replace(place, std::string(from).size(), to);
            return body;
        };
        const std::string no =
            explain[0] != 0 ? R"({"decision":false,"context":{"reasons":["no_permit"]}})" : R"({"decision":false})";
        CHECK(denied(swapped("\"alice\"", "\"carol\"")) == no);
        CHECK(denied(swapped("USD", "EUR")) == no);
        CHECK(denied(swapped("\"acme\"", "\"other\"")) == no);
        CHECK(denied(swapped("refund-agent\"}", "other\"}")).starts_with(R"({"decision":false)"));
        CHECK(denied(swapped("\"workload\"", "\"device\"")).starts_with(R"({"decision":false)"));
    }
}

TEST_CASE("serve issuance: what is not understood refuses the request, and is recorded as a deny") {
    Files files;
    files.mapping = replaced(files.mapping, "{", R"({"explain": true,)");
    Server server(files);
    const auto why = [&](const std::string& body) {
        const std::size_t before = server.recorded.size();
        const std::vector<Value> answer = server.ask(body);
        CHECK(server.recorded.size() == before + 1);
        CHECK(server.recorded.back() == R"({"provenance":{"now":"broker"},"now":1790000060})");
        for (const Value& each : answer) {
            CHECK_FALSE(each.find("decision")->boolean);
            CHECK(json::write(each) == json::write(answer[0]));
        }
        const Value* context = answer[0].find("context");
        REQUIRE(context != nullptr);
        REQUIRE(context->find("error") != nullptr);
        return context->find("error")->find("message")->text;
    };
    const std::string scope = R"({"subject": {"type": "user", "id": "alice"}, "action": {"name": "SCOPE"},
        "resource": {"type": "protected_resource", "id": "https://payments.example.com"}})";
    CHECK(why(with_item(kRefund, "{}")) == "`evaluations[3]`: it is no question");
    CHECK(why(with_item(kRefund, "1")) == "`evaluations[3]`: it is no question");
    CHECK(why(with_item(kRefund, replaced(scope, "SCOPE", "two scopes"))) ==
          "`evaluations[3]`: the action is no scope");
    CHECK(why(with_item(kRefund, replaced(scope, "SCOPE", ""))) == "`evaluations[3]`: the action is no scope");
    CHECK(why(with_item(kRefund, replaced(scope, "SCOPE", "caf\u00e9"))) == "`evaluations[3]`: the action is no scope");
    CHECK(why(with_item(kRefund, replaced(scope, "payments", "other"))) == "`evaluations[3]`: a token has one target");
    CHECK(why(with_item(kRefund, replaced(scope, "alice", "carol"))).ends_with("or the gates have more than two"));
    CHECK(why(with_item(kRefund, replaced(scope, "protected_resource", "invoice"))) ==
          "`evaluations[3]`: the mapping has no `details` of this type");
    CHECK(why(with_item(kRefund, replaced(scope, "protected_resource", "audience"))) == "`SCOPE` is no gate");
    CHECK(why(with_item(kRefund, replaced(cell_of(""), "\"refund\"", "\"cancel\""))) ==
          "the mapping has no rules for a subject, the target or a detail");
    CHECK(why(replaced(kGates, "https://payments", "https://other")) ==
          "the mapping has no rules for a subject, the target or a detail");
    CHECK(why("{\"evaluations\": [" + replaced(scope, "SCOPE", "refund:read") + "]}") ==
          "the mapping allows none of the gates");
    // A chain of actors that no rule states.
    const char* chain = "there is a chain of actors, and no rule states `delegation`";
    CHECK(why(with_context(kRefund, R"("act": {"sub": "lead-agent"})")) == chain);
    CHECK(why(replaced(kRefund, R"("id": "alice"})", R"("id": "alice", "properties": {"act": {"sub": "x"}}})")) ==
          chain);
    CHECK(server.yes(with_context(kRefund, R"("act": null)")) == "111");
    // One answer for all: it has no end in between.
    HttpAnswer answer = server.post(
        "evaluations", replaced(kRefund, "{", R"({"options": {"evaluations_semantic": "deny_on_first_deny"},)"));
    CHECK(answer.status == 400);
}

TEST_CASE("serve issuance: gates of other tokens are false, and the rest goes on") {
    Server server;
    const std::string refresh = R"({"subject": {"type": "user", "id": "alice"},
        "action": {"name": "issue:refresh_token:token_exchange"}})";
    CHECK(server.yes(with_item(kScopes, refresh)) == "11100");
    // An id_token has another target.
    CHECK(server.yes(with_item(kScopes, replaced(refresh, R"("action")",
                                                 R"("resource": {"type": "audience", "id": "client-1"}, "action")"))) ==
          "11100");
    CHECK(server.yes(with_item(kScopes, replaced(refresh, "refresh_token:token_exchange",
                                                 "access_token:client_credentials"))) == "11100");
    Files files;
    files.mapping = replaced(files.mapping, R"("gates": [)", R"("gates": ["issue:refresh_token:token_exchange", )");
    Server both(files);
    CHECK(both.yes(with_item(kScopes, refresh)) == "11100");  // the kind of the first gate
}

TEST_CASE("serve issuance: a field is stated only if every question states the same") {
    Server server;
    const auto params = [&](const std::string& item) {
        server.ask(with_item(kRefund, item));
        const Value document = parsed(server.recorded.back());
        return text_of(document.find("tool")->find("params"));
    };
    CHECK(params(cell_of(R"("amount": 40.0, "currency": "USD")")) == R"({"amount":40.0,"currency":"USD"})");
    CHECK(params(cell_of(R"("amount": 50.0, "currency": "USD")")) == R"({"currency":"USD"})");
    CHECK(params(cell_of(R"("currency": "USD")")) == R"({"currency":"USD"})");
    CHECK(params(cell_of(R"("amount": null)")) == "");
    CHECK(server.yes(with_item(kRefund, cell_of(R"("amount": 40.0, "currency": "USD")"))) == "1111");
    CHECK(server.yes(with_item(kRefund, cell_of(R"("amount": 50.0, "currency": "USD")"))) == "0000");
    CHECK(server.yes(with_item(kRefund, cell_of(R"("currency": "USD")"))) == "0000");
    // Two tools.
    const std::string scope = R"({"subject": {"type": "user", "id": "alice"}, "action": {"name": "refund:read"},
        "resource": {"type": "protected_resource", "id": "https://payments.example.com"}})";
    CHECK(server.yes(with_item(kRefund, scope)) == "0000");
    // The context of each question counts.
    CHECK(server.yes(with_item(kScopes, replaced(scope, "{", R"({"context": {"run": "run-2"}, )"))) == "00000");
    server.ask(with_item(kScopes, replaced(scope, "{", R"({"context": {"run": "run-2"}, )")));
    CHECK(parsed(server.recorded.back()).find("run")->find("id") == nullptr);
    // The provenance of a group does not rise because something is left out.
    Files files;
    files.mapping = replaced(
        files.mapping, R"({ "to": "user.roles", "from": "directory.roles" },)",
        R"({ "to": "user.roles", "from": "directory.roles" }, { "to": "user.email", "from": "properties.mail" },)");
    CHECK(Server(files).yes(kRefund) == "000");
}

TEST_CASE("serve issuance: obligations need a server that knows them, or a claim") {
    Server server;
    const std::string known = with_context(
        kRefund, R"("supported_mandatory_extensions": ["obligations"], "supported_obligations": ["custom"])");
    const Value first = server.ask(known)[0];
    CHECK(text_of(first.find("context")->find("obligations")) ==
          R"([{"id":"o1","type":"custom","properties":{"name":"audit","args":{"level":"full"}}}])");
    CHECK(text_of(first.find("context")->find("issuance")->find("crit")) == R"(["acme_call","acme_once"])");
    // Every question must say so: the context of one replaces the default.
    CHECK(
        server.issuance(with_item(known, replaced(cell_of(R"("amount": 40.0, "currency": "USD")"), "{",
                                                  R"({"context": )" + text_of(parsed(kRefund).find("context")) + ",")),
                        "crit") == R"(["acme_call","acme_once","acme_duties"])");
    Files files;
    files.mapping = replaced(files.mapping, R"(, "duties": "acme_duties")", "");
    Server without(files);
    CHECK(without.yes(kRefund) == "000");
    CHECK(without.yes(kScopes) == "1110");
    CHECK(without.yes(known) == "111");
    for (const char* half :
         {R"("supported_mandatory_extensions": ["obligations"])", R"("supported_obligations": ["custom"])",
          R"("supported_mandatory_extensions": "obligations", "supported_obligations": ["custom"])",
          R"("supported_mandatory_extensions": ["obligations"], "supported_obligations": ["step-up"])",
          R"("obligations_supported": ["custom"])"})
        CHECK(without.yes(with_context(kRefund, half)) == "000");
}

TEST_CASE("serve issuance: a single use needs its claim and a record") {
    Server server;
    server.spoil = [](ledger::Decided& decided) { decided.record.reset(); };
    CHECK(server.yes(kRefund) == "000");
    Files files;
    files.mapping = replaced(files.mapping, R"("single_use": "acme_once", )", "");
    CHECK(Server(files).yes(kRefund) == "000");
    CHECK(Server(files).yes(kScopes) == "1110");
}

TEST_CASE("serve issuance: what could not be decided is no denial") {
    for (const char* code : {"policy_stale", "audit_unavailable", "policy_error", "budget_exhausted"}) {
        Server server;
        server.spoil = [&](ledger::Decided& decided) {
            Decision none;
            none.reasons.push_back({.code = code});
            decided.decision = DetachedDecision(none);
        };
        HttpAnswer answer = server.post("evaluations", kRefund);
        CHECK(answer.status == 503);
        CHECK(answer.headers == std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}});
    }
    Server server;
    server.spoil = [](ledger::Decided& decided) {
        decided.decision = DetachedDecision();
        decided.error = Error{"G0014", "full", ""};
    };
    CHECK(server.post("evaluations", kRefund).status == 503);
}

namespace {

/// The bytes of text in base64 for URLs.
std::string from_url(std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    const auto bytes = from_base64(text);
    REQUIRE(bytes);
    return *bytes;
}

/// A server with a key.
struct Signing {
    Folder folder;
    os::KeyBytes seed{};
    std::optional<Server> server;

    explicit Signing(Files files = {}) {
        seed.fill(7);
        files.key = folder.at("key");
        write_bytes(files.key, os::secret_line(seed) + "\n");
        REQUIRE(::chmod(files.key.c_str(), 0600) == 0);
        server.emplace(files);
    }
};

}  // namespace

TEST_CASE("serve issuance: a request for an approval, bound by a signed token") {
    CHECK(Server().context(kLarge) == "");
    Signing with;
    CHECK(with.server->yes(kLarge) == "000");
    const std::vector<Value> answer = with.server->ask(kLarge);
    CHECK(json::write(answer[1]) == R"({"decision":false})");
    CHECK(json::write(answer[2]) == R"({"decision":false})");
    const Value& context = *answer[0].find("context");
    CHECK(context.find("reason")->text == "approval_required");
    CHECK(context.find("evaluation_id")->text == "2");
    CHECK(context.find("evaluated_at")->text == "2026-09-21T14:14:20Z");
    const Value& request = *context.find("access_request");
    CHECK(request.find("expires_at")->text == "2026-09-21T14:24:20Z");
    CHECK(request.find("endpoint")->text == "https://approvals.example.com/access/v1/requests");

    const std::string token = request.find("binding_token")->text;
    const std::size_t dot = token.find('.'), second = token.find('.', dot + 1);
    const os::KeyBytes half = os::public_half_of(with.seed);
    CHECK(os::verifies(half, token.substr(0, second), from_url(token.substr(second + 1))));
    CHECK(from_url(token.substr(0, dot)) == R"({"alg":"EdDSA","typ":"JWT","kid":")" + os::key_id(half) + "\"}");
    const Value claims = parsed(from_url(token.substr(dot + 1, second - dot - 1)));
    CHECK(claims.find("iss")->text == "https://pdp.example.com");
    CHECK(claims.find("aud")->text == "https://approvals.example.com");
    CHECK(claims.find("iat")->integer == kNow);
    CHECK(claims.find("exp")->integer == kNow + 600);
    CHECK(claims.find("denial_expires_at")->text == "2026-09-21T14:24:20Z");
    CHECK(claims.find("evaluation_id")->text == "2");
    CHECK(text_of(claims.find("binding_context_members")) == "[]");
    CHECK(text_of(claims.find("writ_requirements")) == R"([{"groups":["refund-leads"],"needed":1}])");
    CHECK(claims.find("writ_binding_digest")->text.starts_with("v2;scopes=refund:create;audience="));
    CHECK(text_of(claims.find("writ_call")->find("params")) == R"({"amount":900.0,"currency":"USD"})");
    // Written by hand from RFC 8785.
    const Digest hash = sha256(R"({"action":{"name":"issue:access_token:token_exchange"},"context":{},)"
                               R"("resource":{"id":"https://payments.example.com","type":"audience"},)"
                               R"("subject":{"id":"alice","type":"user"}})");
    CHECK(from_url(claims.find("binding_hash")->text) == std::string(reinterpret_cast<const char*>(hash.data()), 32));

    const Value keys = parsed(with.server->post("/access/v1/keys", "").body);
    const Value& key = keys.find("keys")->items[0];
    CHECK(from_url(key.find("x")->text) == std::string(reinterpret_cast<const char*>(half.data()), 32));
    CHECK(key.find("kid")->text == os::key_id(half));
    CHECK(Server().post("/access/v1/keys", "").status == 404);
}

TEST_CASE("serve issuance: no request for an approval that could not count or be bound") {
    Signing with;
    CHECK(with.server->context(replaced(kLarge, "4102444800", "1790000100")).find("T14:15:00Z") != std::string::npos);
    // A fact that an approval is bound to is not stated.
    CHECK(with.server->context(replaced(kLarge, R"("payment": "pay-5512", )", "")) == "");
    // Text and numbers that not everybody writes in the same way.
    const auto bound = [&](const std::string& properties) {
        return !with.server
                    ->context(replaced(kLarge, R"({"type": "user", "id": "alice"})",
                                       R"({"type": "user", "id": "alice", "properties": )" + properties + "}"))
                    .empty();
    };
    CHECK(bound(R"({"a": [1, -2.5, null, true, "é"]})"));
    CHECK_FALSE(bound(R"({"a": 9007199254740993})"));
    CHECK_FALSE(bound(R"({"a": 0.12345678})"));
    CHECK_FALSE(bound(R"({"a": 1234567890123.4567})"));
    CHECK_FALSE(bound(R"({"a": "\n"})"));
    CHECK_FALSE(bound(R"({"a": "\u0085"})"));
    CHECK_FALSE(bound(R"({"😀": 1})"));
    with.server->spoil = [](ledger::Decided& decided) { decided.record.reset(); };
    CHECK(with.server->context(kLarge) == "");
    Files files;
    const std::size_t from = files.mapping.find(",\n    \"approvals\""), to = files.mapping.find('\n', from + 2);
    files.mapping.erase(from, to - from);
    CHECK(Signing(files).server->context(kLarge) == "");
}

TEST_CASE("serve issuance: the metadata say what is configured") {
    const auto metadata = [](Server& server) {
        return parsed(server.post("/.well-known/authzen-configuration", "").body);
    };
    Server server;
    CHECK(text_of(metadata(server).find("capabilities")) ==
          R"(["urn:openid:authzen:capability:token-issuance","urn:openid:authzen:capability:obligations"])");
    CHECK(text_of(metadata(server).find("supported_obligations")) == R"(["custom"])");
    CHECK(metadata(server).find("access_request_endpoint") == nullptr);
    Signing with;
    const Value all = metadata(*with.server);
    CHECK(all.find("capabilities")->items[2].text == "urn:openid:authzen:capability:access-request");
    CHECK(all.find("access_request_endpoint")->text == "https://approvals.example.com/access/v1/requests");
    CHECK(all.find("jwks_uri")->text == "https://pdp.example.com/access/v1/keys");
    Files files;
    files.mapping = read_bytes(source_root() + "/examples/authzen/certification/mapping.json");
    Server plain(files);
    CHECK(metadata(plain).find("capabilities") == nullptr);
    CHECK(metadata(plain).find("supported_obligations") == nullptr);
}

TEST_CASE("serve issuance: without the member, gates are questions like others; with it, they are in no search") {
    Files files;
    files.mapping = R"({"subjects": {"*": []}, "resources": {"*": []}, "actions": {"*": []}})";
    Server plain(files);
    CHECK(plain.ask(kRefund).size() == 3);
    CHECK(plain.recorded.size() == 3);
    files.mapping = replaced(example("mapping.json"), "{",
                             R"({"subjects": {"*": []}, "resources": {"*": []}, "actions": {"see": [], "*": []},)");
    Server both(files);
    CHECK(both.post("action", R"({"subject": {"type": "user", "id": "alice"},
        "resource": {"type": "audience", "id": "https://payments.example.com"}})")
              .body == "{\"results\":[]}\n");
}

TEST_CASE("serve issuance: a key that cannot be used") {
    AuthZenOptions options;
    options.mapping = source_root() + "/examples/authzen/issuance/mapping.json";
    options.binding_key = "/nowhere/key";
    CHECK(AuthZen::open(options).error().message == "`binding-key` signs as `pdp-url`; set both");
    options.url = "https://pdp.example.com";
    const auto opened = AuthZen::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == "H0004");
    CHECK(opened.error().message.starts_with("`binding-key`: "));
}
