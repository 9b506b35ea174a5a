// Tests token requests: which questions become one decision, and what is answered.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/json.h"
#include "token_server.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;
using namespace writ::testing::tokens;
using json::Value;

TEST_CASE("serve issuance: gates, scopes and details of one target are one decision") {
    Server server;
    const std::vector<Value> answer = server.ask(refund_body());
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
    CHECK(server.yes(scopes_body()) == "1110");
    CHECK(server.recorded.size() == 1);
    CHECK(server.issuance(scopes_body(), "token_lifetime") == "300");
    CHECK(server.issuance(scopes_body(), "granted_scope") == "");
    CHECK(server.issuance(scopes_body(), "crit") == R"(["acme_call"])");
    // The request asked for all or nothing.
    Files files;
    files.mapping =
        replaced(files.mapping, R"({ "to": "tool.operation", "value": null },)",
                 R"({ "to": "tool.operation", "value": null }, { "to": "want.all_or_nothing", "value": true },)");
    CHECK(Server(files).yes(scopes_body()) == "0000");
    // Without scopes and details, the ones of the target are asked for, and named in the answer.
    CHECK(server.yes(gates_body()) == "11");
    CHECK(server.issuance(gates_body(), "granted_scope") == R"("refund:read")");
    // The requesting party's own scopes are answered as those of the subject.
    const std::string own = R"({"subject": {"type": "workload", "id": "spiffe://example.com/refund-agent"},
        "action": {"name": "refund:read"}, "resource": {"type": "protected_resource", "id": "https://payments.example.com"}})";
    CHECK(server.yes(with_item(scopes_body(), own)) == "11101");
    // Gates may follow, but the first one names the party that the token is for.
    Value body = parsed(scopes_body());
    std::vector<Value>& items = body.find("evaluations")->items;
    std::rotate(items.begin(), items.begin() + 2, items.end());
    CHECK(server.yes(json::write(body)) == "1011");
    std::reverse(items.begin(), items.end());
    CHECK(server.yes(json::write(body)) == "0000");
}

TEST_CASE("serve issuance: a single evaluation is a token request too") {
    Server server;
    Value body = parsed(gates_body());
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
    CHECK(server.issuance(replaced(refund_body(), "4102444800", "1790000105"), "token_lifetime") == "45");
    CHECK(server.yes(replaced(refund_body(), "4102444800", "1790000060")) == "000");
    // A lifetime of 0 denies; the engine gives none, and an answer has none.
    server.spoil = [](ledger::Decided& decided) {
        Decision none = *decided.decision;
        none.grant.ttl = 0;
        decided.decision = DetachedDecision(none);
    };
    CHECK(server.yes(refund_body()) == "000");
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
            std::string body = refund_body();
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
    CHECK(why(with_item(refund_body(), "{}")) == "`evaluations[3]`: it is no question");
    CHECK(why(with_item(refund_body(), "1")) == "`evaluations[3]`: it is no question");
    CHECK(why(with_item(refund_body(), replaced(scope, "SCOPE", "two scopes"))) ==
          "`evaluations[3]`: the action is no scope");
    CHECK(why(with_item(refund_body(), replaced(scope, "SCOPE", ""))) == "`evaluations[3]`: the action is no scope");
    CHECK(why(with_item(refund_body(), replaced(scope, "SCOPE", "caf\u00e9"))) ==
          "`evaluations[3]`: the action is no scope");
    CHECK(why(with_item(refund_body(), replaced(scope, "payments", "other"))) ==
          "`evaluations[3]`: a token has one target");
    CHECK(
        why(with_item(refund_body(), replaced(scope, "alice", "carol"))).ends_with("or the gates have more than two"));
    CHECK(why(with_item(refund_body(), replaced(scope, "protected_resource", "invoice"))) ==
          "`evaluations[3]`: the mapping has no `details` of this type");
    CHECK(why(with_item(refund_body(), replaced(scope, "protected_resource", "audience"))) == "`SCOPE` is no gate");
    CHECK(why(with_item(refund_body(), replaced(cell_of(""), "\"refund\"", "\"cancel\""))) ==
          "the mapping has no rules for a subject, the target or a detail");
    CHECK(why(replaced(gates_body(), "https://payments", "https://other")) ==
          "the mapping has no rules for a subject, the target or a detail");
    CHECK(why("{\"evaluations\": [" + replaced(scope, "SCOPE", "refund:read") + "]}") ==
          "the mapping allows none of the gates");
    // A chain of actors that no rule states.
    const char* chain = "there is a chain of actors, and no rule states `delegation`";
    CHECK(why(with_context(refund_body(), R"("act": {"sub": "lead-agent"})")) == chain);
    CHECK(why(replaced(refund_body(), R"("id": "alice"})", R"("id": "alice", "properties": {"act": {"sub": "x"}}})")) ==
          chain);
    CHECK(server.yes(with_context(refund_body(), R"("act": null)")) == "111");
    // One answer for all: it has no end in between.
    HttpAnswer answer = server.post(
        "evaluations", replaced(refund_body(), "{", R"({"options": {"evaluations_semantic": "deny_on_first_deny"},)"));
    CHECK(answer.status == 400);
}

TEST_CASE("serve issuance: gates of other tokens are false, and the rest goes on") {
    Server server;
    const std::string refresh = R"({"subject": {"type": "user", "id": "alice"},
        "action": {"name": "issue:refresh_token:token_exchange"}})";
    CHECK(server.yes(with_item(scopes_body(), refresh)) == "11100");
    // An id_token has another target.
    CHECK(server.yes(with_item(
              scopes_body(), replaced(refresh, R"("action")",
                                      R"("resource": {"type": "audience", "id": "client-1"}, "action")"))) == "11100");
    CHECK(server.yes(with_item(scopes_body(), replaced(refresh, "refresh_token:token_exchange",
                                                       "access_token:client_credentials"))) == "11100");
    Files files;
    files.mapping = replaced(files.mapping, R"("gates": [)", R"("gates": ["issue:refresh_token:token_exchange", )");
    Server both(files);
    CHECK(both.yes(with_item(scopes_body(), refresh)) == "11100");  // the kind of the first gate
}

TEST_CASE("serve issuance: a field is stated only if every question states the same") {
    Server server;
    const auto params = [&](const std::string& item) {
        server.ask(with_item(refund_body(), item));
        const Value document = parsed(server.recorded.back());
        return text_of(document.find("tool")->find("params"));
    };
    CHECK(params(cell_of(R"("amount": 40.0, "currency": "USD")")) == R"({"amount":40.0,"currency":"USD"})");
    CHECK(server.yes(with_item(refund_body(), cell_of(R"("amount": 40.0, "currency": "USD")"))) == "1111");
    // One decision is about one call: cells that state different things refuse the request.
    for (const char* other : {R"("amount": 50.0, "currency": "USD")", R"("currency": "USD")", R"("amount": null)"}) {
        CHECK(server.yes(with_item(refund_body(), cell_of(other))) == "0000");
        CHECK(server.recorded.back() == R"({"provenance":{"now":"broker"},"now":1790000060})");
    }
    CHECK(server.yes(with_item(refund_body(), replaced(cell_of(R"("amount": 40.0, "currency": "USD")"), "pay-5512",
                                                       "pay-5513"))) == "0000");
    // A scope is no part of the call, and would outlive it.
    const std::string scope = R"({"subject": {"type": "user", "id": "alice"}, "action": {"name": "refund:read"},
        "resource": {"type": "protected_resource", "id": "https://payments.example.com"}})";
    CHECK(server.yes(with_item(refund_body(), scope)) == "1110");
    CHECK(server.yes(with_item(refund_body(), replaced(scope, "refund:read", "refund:create"))) == "1110");
    // A scope without rules does not ride on what the rules of another one state.
    CHECK(server.yes(with_item(scopes_body(), replaced(scope, "refund:read", "refund:other"))) == "00000");
    // The context of each question counts.
    CHECK(server.yes(with_item(scopes_body(), replaced(scope, "{", R"({"context": {"run": "run-2"}, )"))) == "00000");
    server.ask(with_item(scopes_body(), replaced(scope, "{", R"({"context": {"run": "run-2"}, )")));
    CHECK(parsed(server.recorded.back()).find("run")->find("id") == nullptr);
    // The provenance of a group does not rise because something is left out.
    Files files;
    files.mapping = replaced(
        files.mapping, R"({ "to": "user.roles", "from": "directory.roles" },)",
        R"({ "to": "user.roles", "from": "directory.roles" }, { "to": "user.email", "from": "properties.mail" },)");
    CHECK(Server(files).yes(refund_body()) == "000");
}

TEST_CASE("serve issuance: obligations need a server that knows them, or a claim") {
    Server server;
    const std::string known = with_context(
        refund_body(), R"("supported_mandatory_extensions": ["obligations"], "supported_obligations": ["custom"])");
    const Value first = server.ask(known)[0];
    CHECK(text_of(first.find("context")->find("obligations")) ==
          R"([{"id":"o1","type":"custom","properties":{"name":"audit","args":{"level":"full"}}}])");
    CHECK(text_of(first.find("context")->find("issuance")->find("crit")) == R"(["acme_call","acme_once"])");
    // Every question must say so: the context of one replaces the default.
    const std::string cell = cell_of(R"("amount": 40.0, "currency": "USD")");
    const auto mixed = [&](const std::string& all, const std::string& one) {
        const std::string context = R"({"context": )" + text_of(parsed(one).find("context")) + ",";
        return server.issuance(with_item(all, replaced(cell, "{", context)), "crit");
    };
    const std::string claimed = R"(["acme_call","acme_once","acme_duties"])";
    CHECK(mixed(known, refund_body()) == claimed);
    CHECK(mixed(refund_body(), known) == claimed);
    CHECK(mixed(known, known) == R"(["acme_call","acme_once"])");
    Files files;
    files.mapping = replaced(files.mapping, R"(, "duties": "acme_duties")", "");
    Server without(files);
    CHECK(without.yes(refund_body()) == "000");
    CHECK(without.yes(scopes_body()) == "1110");
    CHECK(without.yes(known) == "111");
    for (const char* half :
         {R"("supported_mandatory_extensions": ["obligations"])", R"("supported_obligations": ["custom"])",
          R"("supported_mandatory_extensions": "obligations", "supported_obligations": ["custom"])",
          R"("supported_mandatory_extensions": ["obligations"], "supported_obligations": ["step-up"])",
          R"("obligations_supported": ["custom"])"})
        CHECK(without.yes(with_context(refund_body(), half)) == "000");
}

TEST_CASE("serve issuance: a single use needs its claim and a record") {
    Server server;
    server.spoil = [](ledger::Decided& decided) { decided.record.reset(); };
    CHECK(server.yes(refund_body()) == "000");
    Files files;
    files.mapping = replaced(files.mapping, R"("single_use": "acme_once", )", "");
    CHECK(Server(files).yes(refund_body()) == "000");
    CHECK(Server(files).yes(scopes_body()) == "1110");
}

TEST_CASE("serve issuance: what could not be decided is no denial") {
    for (const char* code : {"policy_stale", "audit_unavailable", "policy_error", "budget_exhausted"}) {
        Server server;
        server.spoil = [&](ledger::Decided& decided) {
            Decision none;
            none.reasons.push_back({.code = code});
            decided.decision = DetachedDecision(none);
        };
        HttpAnswer answer = server.post("evaluations", refund_body());
        CHECK(answer.status == 503);
        CHECK(answer.headers == std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}});
    }
    Server server;
    server.spoil = [](ledger::Decided& decided) {
        decided.decision = DetachedDecision();
        decided.error = Error{"G0014", "full", ""};
    };
    CHECK(server.post("evaluations", refund_body()).status == 503);
}

TEST_CASE("serve issuance: without the member, gates are questions like others; with it, they are in no search") {
    Files files;
    files.mapping = R"({"subjects": {"*": []}, "resources": {"*": []}, "actions": {"*": []}})";
    Server plain(files);
    CHECK(plain.ask(refund_body()).size() == 3);
    CHECK(plain.recorded.size() == 3);
    // Rules for everything else, by which the question would be permitted.
    files.mapping = replaced(example("mapping.json"), "{", R"({"always": [
        {"to": "token.issuer", "value": "https://idp.example.com", "provenance": "verified"},
        {"to": "token.aud", "value": ["https://as.example.com"], "provenance": "verified"},
        {"to": "token.iat", "now_plus": 0, "provenance": "verified"}, {"to": "token.nbf", "now_plus": 0, "provenance": "verified"},
        {"to": "token.exp", "now_plus": 60, "provenance": "verified"}, {"to": "tenant", "value": "acme"},
        {"to": "agent.id", "value": "refund-agent"}, {"to": "run.id", "value": "run"}, {"to": "run.parent_id", "value": null},
        {"to": "run.exp", "value": null}, {"to": "delegation", "value": null}],
      "subjects": {"user": [{"to": "user.id", "from": "id", "provenance": "broker"},
        {"to": "user.roles", "from": "directory.roles"}, {"to": "user.session_exp", "value": null}]},
      "resources": {"*": []}, "actions": {"see": [{"to": "tool.name", "value": "refund_status"},
        {"to": "want.scopes", "value": ["refund:read"]}]},)");
    Server both(files);
    const auto found = [&](const std::string& type) {
        return both
            .post("action",
                  R"({"subject": {"type": "user", "id": "alice"}, "resource": {"type": ")" + type + R"(", "id": "x"}})")
            .body;
    };
    CHECK(found("record") == "{\"results\":[{\"name\":\"see\"}]}\n");
    for (const char* type : {"audience", "protected_resource", "payment"}) CHECK(found(type) == "{\"results\":[]}\n");
}
