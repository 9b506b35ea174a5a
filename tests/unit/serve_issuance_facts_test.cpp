// Tests what token requests state: that missing facts never help, and what a mapping may not say.
#include <doctest/doctest.h>

#include <set>

#include "base/json.h"
#include "token_server.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;
using namespace writ::testing::tokens;
using json::Type;
using json::Value;

namespace {

/// Every member of a document, as the way to it.
void ways_of(const Value& value, std::vector<std::string>& way, std::vector<std::vector<std::string>>& out) {
    for (std::size_t i = 0; i < value.items.size(); ++i) {
        way.push_back(std::to_string(i));
        ways_of(value.items[i], way, out);
        way.pop_back();
    }
    for (const json::Member& each : value.members) {
        way.push_back(each.first);
        out.push_back(way);
        ways_of(each.second, way, out);
        way.pop_back();
    }
}

void remove_at(Value& document, const std::vector<std::string>& way) {
    Value* to = &document;
    for (std::size_t i = 0; i + 1 < way.size() && to != nullptr; ++i)
        to = to->type != Type::Array                 ? to->find(way[i])
             : to->items.size() > std::stoul(way[i]) ? &to->items[std::stoul(way[i])]
                                                     : nullptr;
    if (to != nullptr && to->type == Type::Object) to->remove(way.back());
}

/// What an answer gives: the items that are true, the lifetime, and the scopes that it names.
struct Given {
    std::string yes;
    std::int64_t lifetime = 0;
    std::set<std::string> scopes;
};

Given given_by(Server& server, const Value& body, std::size_t items) {
    Given out{std::string(items, '0'), 0, {}};
    HttpAnswer answer = server.post("evaluations", json::write(body));
    if (answer.status != 200) return out;
    const Value said = parsed(answer.body);
    const Value* list = said.find("evaluations");
    for (std::size_t i = 0; i < (list == nullptr ? 1 : list->items.size()); ++i) {
        const Value& each = list == nullptr ? said : list->items[i];
        if (!each.find("decision")->boolean) continue;
        REQUIRE(i < items);
        out.yes[i] = '1';
        const Value* context = each.find("context");
        const Value* issuance = context == nullptr ? nullptr : context->find("issuance");
        if (issuance == nullptr) continue;
        out.lifetime = issuance->find("token_lifetime")->integer;
        if (const Value* scopes = issuance->find("granted_scope")) {
            std::string rest = scopes->text;
            for (std::size_t blank; (blank = rest.find(' ')) != std::string::npos; rest.erase(0, blank + 1))
                out.scopes.insert(rest.substr(0, blank));
            if (!rest.empty()) out.scopes.insert(rest);
        }
    }
    return out;
}

}  // namespace

TEST_CASE("serve issuance: missing facts never help") {
    // A rule that narrows unless a fact is known.
    Files files;
    files.policy += "\nlimit weak when user is some and user.assurance == low to ttl 30s\n";
    files.mapping =
        replaced(files.mapping, R"({ "to": "run.id",)",
                 R"({ "to": "user.assurance", "from": "context.acr", "provenance": "broker" }, { "to": "run.id",)");
    Server server(files);
    const std::string sure =
        with_context(refund_body(), R"("acr": "high", "amr": ["otp", "pwd"], "supported_mandatory_extensions":
        ["obligations"], "supported_obligations": ["custom", "step-up"], "cnf": {"jkt": "x", "more": {"a": 1}})");
    CHECK(server.issuance(sure, "token_lifetime") == "120");
    CHECK(server.issuance(refund_body(), "token_lifetime") == "30");
    const std::string differing = with_item(refund_body(), cell_of(R"("amount": 50.0, "currency": "USD")")),
                      lacking = with_item(refund_body(), cell_of(R"("currency": "USD")")),
                      ending = replaced(refund_body(), "4102444800", "1790000105"),
                      stranger =
                          with_item(scopes_body(),
                                    R"({"subject": {"type": "user", "id": "carol"}, "action": {"name": "refund:read"},
                          "resource": {"type": "protected_resource", "id": "https://payments.example.com"}})");
    std::size_t tried = 0, permitted = 0;
    for (const std::string& text :
         {sure, refund_body(), large_body(), scopes_body(), gates_body(), differing, lacking, ending, stranger}) {
        const Value body = parsed(text);
        const std::size_t items = body.find("evaluations")->items.size();
        const Given whole = given_by(server, body, items);
        std::vector<std::string> way;
        std::vector<std::vector<std::string>> ways;
        ways_of(body, way, ways);
        for (std::size_t i = 0; i < ways.size(); ++i)
            for (std::size_t j = i; j < ways.size(); ++j) {
                Value less = body;
                remove_at(less, ways[j]);
                remove_at(less, ways[i]);
                const Given given = given_by(server, less, items);
                bool wider = given.lifetime > whole.lifetime && whole.lifetime != 0;
                for (std::size_t k = 0; k < items; ++k) wider = wider || (given.yes[k] == '1' && whole.yes[k] == '0');
                for (const std::string& scope : given.scopes) wider = wider || !whole.scopes.contains(scope);
                CHECK_MESSAGE(!wider, json::write(less));
                ++tried;
                permitted += given.yes.find('1') != std::string::npos;
            }
    }
    CHECK(tried > 3'000);
    CHECK(permitted > 50);
}

TEST_CASE("serve issuance: what a mapping may not say") {
    const auto refusal = [](const std::string& from, const std::string& to) {
        const auto read = Mapping::parse(replaced(example("mapping.json"), from, to), "m.json");
        if (read) return std::string();
        CHECK(read.error().code == "H0006");
        return read.error().context + " | " + read.error().message;
    };
    const auto has = [&](const std::string& from, const std::string& to, const std::string& part) {
        const std::string text = refusal(from, to);
        CHECK_MESSAGE(text.find(part) != std::string::npos, text);
    };
    for (const char* name : {"iss", "iat", "jti", "sub", "aud", "exp", "nbf", "scope", "client_id", "cnf", "act",
                             "authorization_details", "may_act"})
        has("acme_call", name,
            "m.json: $.issuance.claims.call | `" + std::string(name) + "` is a claim of the authorization");
    has("acme_once", "acme_call", "$.issuance.claims.single_use | two claims cannot have the same name");
    has(R"("acme_call")", "5", "$.issuance.claims.call | write a text");
    has(R"("call":)", R"("calls":)", "did you mean `call`?");
    has(R"("call": "acme_call", )", "", "$.issuance.claims | with `details`, name the claim");
    has(R"("gates": [)", R"("gates": ["issue:access_token", )", "`issue:access_token` is no gate");
    has(R"("gates": [)", R"("gates": ["issue:pass:token_exchange", )", "is no gate");
    has(R"("gates": [)", R"("gates": ["issue:access_token:Token", )", "is no gate");
    has(R"("gates": ["issue:access_token:token_exchange", "issue:access_token:client_credentials"])", R"("gates": [])",
        "$.issuance.gates | write what may be asked for");
    has(R"("gates")", R"("gate")", "$.issuance.gate | there is no such member; did you mean `gates`?");
    has(R"("from": "directory.roles")", R"("from": "properties.roles", "overlay": true)", "must not be filled in");
    has(R"({ "to": "run.id", "from": "context.run")", R"({ "to": "want.audience", "from": "context.run")",
        "the service itself states `want.audience`");
    has(R"({ "to": "run.id", "from": "context.run")", R"({ "to": "want.scopes", "from": "context.run")",
        "only the rules of a target, or of an action of `details`, name scopes");
    has(R"({ "to": "want.scopes", "value": ["refund:create"] })", R"({ "to": "want.ttl", "value": 5 })",
        "the rules of `refund` name no scope");
    has(R"({ "to": "want.scopes", "value": ["refund:create"] })",
        R"({ "to": "want.scopes", "from": "properties.scopes" })", "the rules of `refund` name no scope");
    has(R"({ "to": "want.scopes", "value": ["refund:read"] })", R"({ "to": "want.scopes", "value": "refund:read" })",
        "write the scopes as a constant");
    has(R"("to": "tool.params.amount")", R"("to": "tool.params")", "`tool.params.currency` is also stated");
    has(R"("to": "agent.owner")", R"("to": "user.id")",
        "`user.id` is also stated by the rule at $.issuance.subjects.user[0]");
    has(R"("to": "resource.tenant")", R"("to": "tool.name")", "`tool.name` is also stated");
    has(R"("to": "tool.name", "value": "refund_status" }],
      "refund:list")",
        R"("to": "tool", "value": {"name": "refund_status"} }],
      "refund:list")",
        "is also stated");
    has(R"("payment": {)", R"("audience": {"actions": {}}, "payment": {)", "this type is the one of gates or scopes");
    has(R"("https://approvals.example.com/)", R"("http://approvals.example.com/)", "write the https address");
    has(R"("audience": "https://approvals.example.com")", R"("seconds": 0)", "$.issuance.approvals.audience");
    has(R"("audience": "https://approvals.example.com")", R"("seconds": 0, "audience": "x")", "at most a day");
    has(R"("audience": "https://approvals.example.com")", R"("audience": "x", "key": "x")", "write the public key");
    has("{", R"({"subjects": {"a": []}, "resources": {"payment": []}, "actions": {"a": []},)",
        "$.resources.payment | questions about this type are token requests");
    has(R"("issuance": {)", R"("issuance": [], "x": {)", "");
    CHECK(Mapping::parse(R"({"issuance": []})", "m.json").error().context == "m.json: $.issuance");
    CHECK(Mapping::parse(R"({"issuance": {"gates": ["issue:access_token:x"]}})", "m.json")
              .error()
              .message.find("subject type") != std::string::npos);

    // It is compared with the policy as well.
    const auto fits = [](const std::string& from, const std::string& to) {
        const auto read = Mapping::parse(replaced(example("mapping.json"), from, to), "m.json");
        REQUIRE(read);
        const auto checked = read->check(Layers(policy_of(example("policy.writ"))));
        return checked ? std::string() : checked.error().context;
    };
    CHECK(fits("acme_call", "acme_call") == "");
    CHECK(fits("tool.params.amount", "tool.params.amuont") == "m.json: $.issuance.details.payment.actions.refund[1]");
    CHECK(fits(R"("refund_status" }],)", R"("refund_state" }],)").starts_with("m.json: $.issuance.scopes"));
    CHECK(fits("user.roles", "user.rolls") == "m.json: $.issuance.subjects.user[1]");
}
