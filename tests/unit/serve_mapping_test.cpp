// Tests how a question becomes a request document, and what a mapping and a directory may say.
#include <doctest/doctest.h>

#include "base/json.h"
#include "folder.h"
#include "serve/mapping.h"
#include "writ/bundle.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;

namespace {

Bundle policy() {
    SourceSet sources;
    sources.sources.push_back({"policy.writ", R"(
tier read < write
claims pep { sub: string }
issuer pep: pep "https://pep.example" { audience "pdp" }
tool pay { tier write  audience "https://pay.example"  scopes { "pay" }  params { amount: decimal  currency: string } }
permit p for tool pay when token.issuer is pep and user.roles contains "payer" grant { "pay" } for 1m
)"});
    auto bundle = compile(sources);
    REQUIRE(bundle);
    return *bundle;
}

constexpr const char* kDirectory =
    R"({"user": {"ann": {"role": "payer", "mail": {"work": "ann@example.com"}, "none": null}}})";

std::string mapping_with(const std::string& subject, const std::string& action = "", const std::string& always = "") {
    return R"({"always": [)" + always + R"(], "subjects": {"user": [)" + subject + R"(]}, "resources": {"bill": []},
               "actions": {"pay": [)" +
           action + "]}}";
}

json::Value parsed(const std::string& text) {
    auto value = json::parse(text);
    REQUIRE(value);
    return *value;
}

/// The document that a mapping makes of a question about ann, without its `now`.
std::string filled(const std::string& mapping, const std::string& subject = "", const std::string& action = "",
                   const std::string& context = "{}", std::size_t* dropped = nullptr) {
    const auto read = Mapping::parse(mapping, "m.json");
    const std::string refused = read ? "" : read.error().message + " " + read.error().context;
    REQUIRE(refused == "");
    const auto directory = Directory::parse(kDirectory, "d.json");
    REQUIRE(directory);
    const json::Value who = parsed(R"({"type": "user", "id": "ann")" + subject + "}");
    const json::Value what = parsed(R"({"name": "pay")" + action + "}");
    const json::Value which = parsed(R"({"type": "bill", "id": "b-1"})");
    const json::Value around = parsed(context);
    const Filled out = read->fill({who, what, which, &around}, *directory, 1'000);
    if (dropped != nullptr) *dropped = out.dropped;
    constexpr std::string_view kNow = R"(,"now":1000)";
    std::string document = out.document;
    REQUIRE(document.find(kNow) != std::string::npos);
    return document.erase(document.find(kNow), kNow.size());
}

/// Why a mapping is refused, with the place.
std::string refusal(const std::string& mapping) {
    const auto read = Mapping::parse(mapping, "m.json");
    if (read) return "";
    CHECK(read.error().code == "H0006");
    return read.error().context + " | " + read.error().message;
}

bool contains(const std::string& text, const std::string& part) {
    const bool found = text.find(part) != std::string::npos;
    if (!found) MESSAGE(text);
    return found;
}

}  // namespace

TEST_CASE("serve mapping: members of a question go where the rules say") {
    CHECK(filled(mapping_with(R"({"to": "user.id", "from": "id", "provenance": "broker"})")) ==
          R"({"provenance":{"now":"broker","user":"broker"},"user":{"id":"ann"}})");
    CHECK(filled(mapping_with(R"({"to": "user.id", "from": "type"})")) ==
          R"({"provenance":{"now":"broker","user":"asserted"},"user":{"id":"user"}})");
    CHECK(filled(mapping_with("", R"({"to": "tool.name", "from": "name"})")) ==
          R"({"provenance":{"now":"broker","tool":"asserted"},"tool":{"name":"pay"}})");
    CHECK(filled(mapping_with(
                     "", "",
                     R"({"to": "token.claims[\"a.b\"].c", "from": "context.deep[\"x.y\"]", "provenance": "verified"})"),
                 "", "", R"({"deep": {"x.y": [1]}})") ==
          R"({"provenance":{"now":"broker","token":"verified"},"token":{"claims":{"a.b":{"c":[1]}}}})");
    CHECK(filled(mapping_with("", "", R"({"to": "token.exp", "now_plus": 60}, {"to": "user", "value": null})")) ==
          R"({"provenance":{"now":"broker","token":"broker","user":"broker"},"token":{"exp":1060},"user":null})");
}

TEST_CASE("serve mapping: what is not there is left out") {
    const std::string rules = mapping_with(
        R"({"to": "user.tenant", "from": "properties.tenant"}, {"to": "user.email", "from": "directory.nothing"})", "",
        R"({"to": "tenant", "from": "context.tenant"})");
    CHECK(filled(rules) == R"({"provenance":{"now":"broker","tenant":"asserted","user":"asserted"}})");
    // A null in a question is not stated; only a constant, or the directory, says that there is none.
    CHECK(filled(rules, R"(, "properties": {"tenant": null})", "", R"({"tenant": null})") ==
          R"({"provenance":{"now":"broker","tenant":"asserted","user":"asserted"}})");
    CHECK(filled(rules, R"(, "properties": null)") ==
          R"({"provenance":{"now":"broker","tenant":"asserted","user":"asserted"}})");
    CHECK(filled(mapping_with(R"({"to": "user.email", "from": "directory.none"})")) ==
          R"({"provenance":{"now":"broker","user":"broker"},"user":{"email":null}})");
}

TEST_CASE("serve mapping: the directory, and what may overlay it") {
    const auto with = [](const char* rule, const char* properties) {
        return filled(mapping_with(rule), std::string(R"(, "properties": )") + properties);
    };
    const std::string of_directory = R"({"provenance":{"now":"broker","user":"broker"},"user":{"roles":["payer"]}})";
    const std::string of_request = R"({"provenance":{"now":"broker","user":"asserted"},"user":{"roles":["boss"]}})";
    CHECK(with(R"({"to": "user.roles", "from": "directory.role", "list": true})", R"({"role": "boss"})") ==
          of_directory);
    CHECK(with(R"({"to": "user.roles", "from": "properties.role", "list": true})", R"({"role": "boss"})") ==
          of_request);
    CHECK(with(R"({"to": "user.roles", "from": "properties.role", "list": true})", "{}") ==
          R"({"provenance":{"now":"broker","user":"asserted"}})");
    const char* overlay = R"({"to": "user.roles", "from": "properties.role", "list": true, "overlay": true})";
    CHECK(with(overlay, R"({"role": ["boss"]})") == of_request);
    CHECK(with(overlay, "{}") == of_directory);
    CHECK(with(overlay, R"({"role": null})") == of_directory);
    CHECK(with(R"({"to": "user.email", "from": "directory.mail.work"})", "{}") ==
          R"({"provenance":{"now":"broker","user":"broker"},"user":{"email":"ann@example.com"}})");
}

TEST_CASE("serve mapping: a group has the weakest provenance of its rules") {
    const std::string rules = mapping_with(R"({"to": "user.id", "from": "id", "provenance": "verified"},
        {"to": "user.tenant", "from": "properties.tenant", "provenance": "model"}, {"to": "user.roles", "from": "directory.role", "list": true})");
    CHECK(filled(rules, R"(, "properties": {"tenant": "t"})") ==
          R"({"provenance":{"now":"broker","user":"model"},"user":{"id":"ann","tenant":"t","roles":["payer"]}})");
    // What is left out does not make the rest more trusted.
    CHECK(filled(rules) == R"({"provenance":{"now":"broker","user":"model"},"user":{"id":"ann","roles":["payer"]}})");
}

TEST_CASE("serve mapping: parameters that no rule reads are dropped and counted") {
    std::size_t dropped = 0;
    CHECK(filled(mapping_with("", R"({"to": "tool.params.amount", "from": "properties.amount"})"), "",
                 R"(, "properties": {"amount": 1.50, "note": "x", "urgent": true})", "{}",
                 &dropped) == R"({"provenance":{"now":"broker","tool":"asserted"},"tool":{"params":{"amount":1.50}}})");
    CHECK(dropped == 2);
}

TEST_CASE("serve mapping: a type or an action without rules states nothing") {
    const auto read =
        Mapping::parse(R"({"always": [{"to": "tenant", "value": "t"}], "subjects": {"*": []}, "resources": {"bill": []},
        "actions": {"pay": [], "*": [{"to": "tool.name", "from": "name"}]}})",
                       "m.json");
    REQUIRE(read);
    const auto document = [&](const char* action, const char* type) {
        const json::Value who = parsed(R"({"type": "robot", "id": "r"})"),
                          what = parsed(std::string(R"({"name": ")") + action + "\"}");
        const json::Value which = parsed(std::string(R"({"id": "b", "type": ")") + type + "\"}");
        return read->fill({who, what, which}, Directory{}, 7).document;
    };
    CHECK(document("pay", "letter") == R"({"provenance":{"now":"broker"},"now":7})");
    CHECK(document("pay", "bill") == R"({"provenance":{"now":"broker","tenant":"broker"},"now":7,"tenant":"t"})");
    CHECK(
        document("see", "bill") ==
        R"({"provenance":{"now":"broker","tenant":"broker","tool":"asserted"},"now":7,"tenant":"t","tool":{"name":"see"}})");
    CHECK(read->actions() == std::vector<std::string_view>{"pay"});
}

TEST_CASE("serve mapping: MappingNotValid, with the place and what to write") {
    const auto subject = [](const std::string& rule) { return refusal(mapping_with(rule)); };
    CHECK(contains(refusal("{"), "m.json: "));
    CHECK(contains(refusal("[]"), "m.json: $ | a mapping is an object"));
    CHECK(contains(refusal(R"({"subjects": {"user": []}, "resources": {"bill": []}})"),
                   "m.json: $.actions | write an object"));
    CHECK(contains(refusal(R"({"subject": {}})"),
                   "m.json: $.subject | there is no such member; did you mean `subjects`?"));
    CHECK(contains(refusal(R"({"subjects": {"user": {}}, "resources": {"b": []}, "actions": {"a": []}})"),
                   "$.subjects.user | write an array"));
    CHECK(contains(subject("1"), "$.subjects.user[0] | a rule is an object"));
    CHECK(contains(subject(R"({"from": "id"})"), "$.subjects.user[0] | `to` is the path"));
    CHECK(contains(subject(R"({"to": "user..id", "from": "id"})"), "$.subjects.user[0].to | this is no path"));
    CHECK(contains(subject(R"({"to": "resource.tags.a\u0000", "from": "id"})"),
                   "$.subjects.user[0].to | this is no path"));
    CHECK(
        contains(subject(R"({"to": "now", "from": "id"})"), "$.subjects.user[0].to | the service itself states `now`"));
    CHECK(contains(subject(R"({"to": "provenance.user", "from": "id"})"), "the service itself states `provenance`"));
    CHECK(contains(subject(R"({"to": "user.id", "form": "id"})"),
                   "$.subjects.user[0].form | there is no such member; did you mean `from`?"));
    CHECK(contains(subject(R"({"to": "user.id"})"), "exactly one of `from`, `value` and `now_plus`"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "id", "value": 1})"), "exactly one of"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "name"})"),
                   "$.subjects.user[0].from | nothing has this name here; write `id`, `type`"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "properties"})"), "nothing has this name here"));
    CHECK(contains(subject(R"({"to": "user.id", "from": 1})"), "`from` is text"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "id", "provenance": "certain"})"),
                   "$.subjects.user[0].provenance | write `verified`, `broker`, `asserted` or `model`"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "directory.id", "provenance": "verified"})"),
                   "has provenance `broker`"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "id", "overlay": true})"),
                   "$.subjects.user[0].overlay | only `properties.NAME`"));
    CHECK(contains(subject(R"({"to": "user.id", "value": "x", "list": true})"),
                   "$.subjects.user[0].list | only for `from`"));
    CHECK(contains(subject(R"({"to": "user.id", "from": "id", "list": 1})"),
                   "$.subjects.user[0].list | write true or false"));
    CHECK(contains(refusal(mapping_with("", R"({"to": "tool.name", "from": "directory.x"})")),
                   "$.actions.pay[0].from | nothing"));
    CHECK(contains(refusal(mapping_with("", R"({"to": "tool.name", "from": "properties.x", "overlay": true})")),
                   "$.actions.pay[0].overlay"));
    CHECK(contains(refusal(mapping_with("", "", R"({"to": "tenant", "from": "id"})")),
                   "$.always[0].from | nothing has this name here; write `context.NAME`"));
    CHECK(contains(refusal(mapping_with("", "", R"({"to": "token.exp", "now_plus": "1m"})")),
                   "$.always[0].now_plus | write a number of seconds"));
    CHECK(Mapping::read("/nowhere/m.json").error().code == "H0006");
}

TEST_CASE("serve mapping: routes of a proxy") {
    const auto http = [](const std::string& member) {
        std::string mapping = mapping_with("", "");
        mapping.back() = ',';
        return refusal(mapping + R"("http": )" + member + "}");
    };
    const auto route = [&](const std::string& text) {
        return http(R"({"subject": {"type": "user", "header": "x-user"}, "resource": {"type": "bill", "id": "b"},
                        "routes": [{"method": "GET", "path": "/bills/{bill}", "action": "pay"})" +
                    text + "]}");
    };
    CHECK(contains(http("{}"), "m.json: $.http | write an object with `subject`"));
    CHECK(contains(http(R"({"subject": {"type": "user"}, "resource": {}, "routes": []})"),
                   R"($.http.subject | write an object with {"type", …, "header"})"));
    CHECK(
        contains(http(R"({"subject": {"type": "u", "header": "h"}, "resource": {"type": 1, "id": "b"}, "routes": []})"),
                 "$.http.resource | write"));
    CHECK(contains(route(R"(, {"path": "/"})"), "$.http.routes[1] | write"));
    for (const char* path : {"bills", "/a//b", "/a/", "/../a", "/a%20b", "/a?b", "/a;b"})
        CHECK(contains(route(R"(, {"method": "GET", "action": "pay", "path": ")" + std::string(path) + "\"}"),
                       "$.http.routes[1].path | write a path"));
    for (const char* path : {"/{}", "/{a}/{a}"})
        CHECK(contains(route(R"(, {"method": "GET", "action": "pay", "path": ")" + std::string(path) + "\"}"),
                       "$.http.routes[1].path | give each part"));
    CHECK(contains(route(R"(, {"method": "GET", "path": "/bills/{other}", "action": "pay"})"),
                   "$.http.routes[1] | it is never used: the route at $.http.routes[0] comes first"));
    CHECK(contains(route(R"(, {"method": "GET", "path": "/bills/all", "action": "pay"})"), "it is never used"));
    CHECK(
        route(
            R"(, {"method": "PUT", "path": "/bills/all", "action": "pay"}, {"method": "PUT", "path": "/bills/{bill}", "action": "pay"})") ==
        "");
    CHECK(contains(route(R"(, {"method": "PUT", "path": "/", "action": "pya"})"),
                   "$.http.routes[1].action | `actions` has no rules for `pya`"));
}

TEST_CASE("serve mapping: two rules cannot state the same field") {
    const std::string id = R"({"to": "user.id", "from": "id"})";
    CHECK(contains(refusal(mapping_with(id + "," + id)),
                   "$.subjects.user[1] | `user.id` is also stated by the rule at $.subjects.user[0]; remove"));
    CHECK(contains(refusal(mapping_with(id, "", R"({"to": "user", "value": null})")),
                   "$.subjects.user[0] | `user.id` is also stated by the rule at $.always[0], as `user`"));
    CHECK(contains(refusal(mapping_with(id, R"({"to": "user.id", "from": "name"})")),
                   "$.actions.pay[0] | `user.id` is also stated"));
    // Only one list of a section applies.
    CHECK(Mapping::parse(
        R"({"subjects": {"a": [)" + id + R"(], "*": [)" + id + R"(]}, "resources": {"b": []}, "actions": {"c": []}})",
        "m.json"));
}

TEST_CASE("serve mapping: it is checked against the policy") {
    const Layers layers(policy());
    const auto fits = [&](const std::string& mapping) -> std::string {
        const auto read = Mapping::parse(mapping, "m.json");
        REQUIRE(read);
        const auto checked = read->check(layers);
        if (checked) return "";
        CHECK(checked.error().code == "H0006");
        return checked.error().context + " | " + checked.error().message;
    };
    const std::string pay = R"({"to": "tool.name", "value": "pay"},)";
    CHECK(
        fits(mapping_with(
            R"({"to": "user.id", "from": "id"}, {"to": "user.roles", "value": ["a"]})",
            pay +
                R"({"to": "tool.params.amount", "from": "properties.amount"}, {"to": "want.scopes", "value": ["pay"]})",
            R"({"to": "token.claims.sub", "from": "context.sub"}, {"to": "delegation", "value": null})")) == "");
    CHECK(contains(fits(mapping_with(R"({"to": "user.name", "from": "id"})")),
                   "m.json: $.subjects.user[0] | the policy does not fit: "));
    CHECK(contains(fits(mapping_with("", "", R"({"to": "tenant", "value": null})")), "$.always[0]"));
    CHECK(contains(fits(mapping_with("", "", R"({"to": "agent.risk_tier", "value": "extreme"})")), "$.always[0]"));
    CHECK(contains(fits(mapping_with("", R"({"to": "tool.name", "value": "pya"})")),
                   "$.actions.pay[0] | the policy does not fit: it has no tool `pya`"));
    CHECK(contains(fits(mapping_with("", pay + R"({"to": "tool.params.amuont", "from": "properties.amount"})")),
                   "$.actions.pay[1]"));
    CHECK(contains(fits(mapping_with("", pay + R"({"to": "tool.params.currency", "value": 5})")), "$.actions.pay[1]"));
}

TEST_CASE("serve mapping: DirectoryNotValid, with the place") {
    const auto wrong = [](const char* text) {
        const auto read = Directory::parse(text, "d.json");
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "H0007");
        return read.error().context;
    };
    CHECK(wrong("[]") == "d.json: $");
    CHECK(wrong(R"({"user": []})") == "d.json: $.user");
    CHECK(wrong(R"({"user": {"ann": 1}})") == "d.json: $.user.ann");
    CHECK(contains(wrong(R"({"user": {"ann": {}, "ann": {}}})"), "d.json: $.user"));
    CHECK(Directory::read("/nowhere/d.json").error().code == "H0007");
    const auto read = Directory::parse(R"({"user": {"b": {}, "a": {"x": 1}}})", "d.json");
    REQUIRE(read);
    CHECK(read->ids("user") == std::vector<std::string_view>{"a", "b"});
    CHECK(read->ids("robot").empty());
    CHECK(read->find("user", "a")->find("x")->integer == 1);
    CHECK(read->find("user", "c") == nullptr);
    CHECK(read->find("robot", "a") == nullptr);
}
