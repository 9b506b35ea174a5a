// Tests the changes that fixtures and tests make: names of definitions, places in lists, files with changes.
#include <doctest/doctest.h>

#include "base/json.h"
#include "check_source.h"

using namespace writ;

namespace {

const DataFiles kFiles = {
    {"r.json", R"({"now": 1, "user": null, "tool": {"name": "refund", "params": {"items": [{"sku": "a"}]}},)"
               R"( "approvals": [{"id": "1", "groups": ["x"]}, {"id": "2"}]})"}};

CheckedText with_change(std::string_view change, std::string_view more = {}) {
    return check_text("deny d when run.background\nfixture r = json \"r.json\"\n" + std::string(more) +
                          "\ntest \"t\" { given r " + std::string(change) + " expect deny }",
                      kFiles);
}

/// The part of the test's document.
std::string part(const CheckedText& checked, std::string_view group) {
    REQUIRE(checked.codes().empty());
    const json::Value* found = checked.policy->tests.at(0).document.find(group);
    return found == nullptr ? "missing" : json::write(*found);
}

Diagnostic only(const CheckedText& checked) {
    REQUIRE(checked.codes().find(' ') == std::string::npos);
    REQUIRE(checked.items.size() == 1);
    return checked.items[0];
}

}  // namespace

TEST_CASE("check: the value of a change may be a definition") {
    const std::string_view definitions =
        "export define scopes = { \"refund:create\" } | { \"refund:read\" }\n"
        "export define brief = 2m\nexport define odd = 1500ms\nexport define start = \"2026-03-02T17:00:00Z\"\nexport "
        "define most = 2.50\n"
        "export define yes = true\nexport define count_of = 3\nexport define who = \"ana\"\nexport define stage = "
        "staging\nexport define source = "
        "\"broker\"\n"
        "export define our_tool = refund\n";
    const auto changed = [&](std::string_view change, std::string_view group) {
        return part(with_change(change, definitions), group);
    };
    CHECK(changed("with want.scopes = scopes, want.ttl = brief", "want") ==
          R"({"scopes":["refund:create","refund:read"],"ttl":120})");
    CHECK(changed("with want.ttl = odd", "want") == R"({"ttl":"1s500ms"})");
    CHECK(changed("with now = count_of, want.ttl = count_of", "now") == "3");
    CHECK(changed("with now = start", "now") == R"("2026-03-02T17:00:00Z")");
    CHECK(changed("with params = { amount: most, count: count_of }", "tool") ==
          R"({"name":"refund","params":{"amount":2.5,"count":3}})");
    CHECK(changed("with run.background = yes", "run") == R"({"background":true})");
    CHECK(changed("with user = { id: who, roles: { \"a\", who } }", "user") == R"({"id":"ana","roles":["a","ana"]})");
    CHECK(changed("with resource.environment = stage", "resource") == R"({"environment":"staging"})");
    CHECK(changed("with provenance.user = source", "provenance") == R"({"user":"broker"})");
    CHECK(changed("with tool.name = our_tool without params", "tool") == R"({"name":"refund"})");
    const auto cases = check_text(
        "export define brief = 2m\nfixture r = json \"r.json\"\n"
        "test \"t\" { given r cases want.ttl | expect brief | deny 1m | deny }",
        kFiles);
    CHECK(part(cases, "want") == R"({"ttl":120})");
    CHECK(cases.policy->tests.at(0).name == "t [brief]");
}

TEST_CASE("check: a definition from another module needs its name or its export") {
    const auto checked = check_sources({{"a.writ",
                                         "module a\nexport define brief = 2m\ndefine hidden = 3m\n"
                                         "limit l when run.background to ttl hidden"},
                                        {"b.writ",
                                         "module b\nimport a as x\nfixture r = json \"r.json\"\n"
                                         "test \"t\" { given r with want.ttl = x.brief expect deny }"}},
                                       kFiles);
    CHECK(part(checked, "want") == R"({"ttl":120})");
    const auto hidden = check_sources({{"a.writ",
                                        "module a\ndefine hidden = 3m\n"
                                        "limit l when run.background to ttl hidden"},
                                       {"b.writ",
                                        "module b\nimport a as x\nfixture r = json \"r.json\"\n"
                                        "test \"t\" { given r with want.ttl = x.hidden expect deny }"}},
                                      kFiles);
    CHECK(only(hidden).code == "E0206");
}

TEST_CASE("check: a value that names no constant says what to write") {
    const auto error = [](std::string_view change, std::string_view more = {}) {
        return only(with_change(change, more));
    };
    Diagnostic d = error("with user.id = bob");
    CHECK(d.code == "E0201");
    CHECK(d.message == "there is no definition `bob`");
    CHECK(d.help == "write text in double quotes: `\"bob\"`");
    CHECK(d.replacement == "\"bob\"");
    CHECK(error("with user.roles = { ops }").help == "write text in double quotes: `\"ops\"`");
    d = error("with user.roles = ops");
    CHECK(d.help == "write text in double quotes: `{ \"ops\" }`");
    CHECK(d.replacement == "{ \"ops\" }");
    CHECK(error("with user.roles = { \"a\", few }", "export define few = { \"b\" }").help ==
          "this is a whole set; it cannot be an element of one");
    for (const char* change : {"with user.roles = null", "with user.roles = { null }", "with user = nil"}) {
        d = error(change);
        CHECK_MESSAGE(d.help == "write `none`", change);
        CHECK(d.replacement == "none");
    }
    d = error("with token.issuer = prod");
    CHECK(d.help == "write the issuer's URL in double quotes, as requests state it");
    CHECK(d.replacement == "\"https://cluster.example\"");
    d = error("with tool.name = lookup");
    CHECK(d.help == "write the tool's name in double quotes, as requests state it");
    CHECK(d.replacement == "\"lookup\"");
    CHECK(error("with tool = refund").help == "set the tool's name, as requests state it: `tool.name = \"…\"`");
    CHECK(error("with approvals[0].binding_digest = binding").help == "write `binding of this request`");
    CHECK(error("with approvals[0].binding_digest = binding of request").help == "write `binding of this request`");
    const std::string_view brief = "export define brief = 2m";
    d = error("with want.ttl = breif", brief);
    CHECK(d.help == "did you mean the definition `brief`?");
    CHECK(d.replacement == "brief");
    d = error("with want.scopes = brief", brief);
    CHECK(d.code == "E0301");
    CHECK(d.message == "expected a set<string>, not a duration");
    d = error("with want.scopes = one", "export define one = \"refund:read\"");
    CHECK(d.help == "put it in braces");
    CHECK(d.replacement == "{ one }");
    CHECK(error("with user.id = who", "export define who = run.id").code == "E0311");
    d = error("with run.background = late", "export define late = run.background or user is none");
    CHECK(d.code == "E0311");
    CHECK(error("with want.ttl = f", "export define f(x: int) = x == 1").code == "E0305");
}

TEST_CASE("check: an expectation may name definitions") {
    const auto checked = check_text(
        "define scopes = { \"refund:read\" }\ndefine brief = 2m\ndefine end = \"2026-03-02T17:00:00Z\"\n"
        "define pay = \"https://payments.example\"\ndefine both = { \"https://a\", \"https://b\" }\n"
        "fixture r = json \"r.json\"\n"
        "test \"t\" { given r expect permit scopes scopes for brief until end audience pay expect permit audience both "
        "}",
        kFiles);
    REQUIRE(checked.codes().empty());
    REQUIRE(checked.policy->tests.size() == 2);
    const ast::Expectation& expect = *checked.policy->tests[0].expect;
    CHECK(expect.scopes == std::vector<std::string>{"refund:read"});
    CHECK(expect.ttl == 120'000'000);
    CHECK(expect.until == 1'772'470'800'000'000);
    CHECK(expect.audience == std::vector<std::string>{"https://payments.example"});
    CHECK(checked.policy->tests[1].expect->audience == std::vector<std::string>{"https://a", "https://b"});
    const auto wrong = [](std::string_view part) {
        return only(
            check_text("export define brief = 2m\nfixture r = json \"r.json\"\n"
                       "test \"t\" { given r expect permit " +
                           std::string(part) + " }",
                       kFiles));
    };
    CHECK(wrong("scopes brief").message == "expected a set<string>, not a duration");
    CHECK(wrong("audience brief").message == "expected a string or a set<string>, not a duration");
    CHECK(wrong("until brief").code == "E0301");
    CHECK(wrong("for breif").help == "did you mean the definition `brief`?");
    const Diagnostic scope = wrong("scopes reading");
    CHECK(scope.help == "write scopes that have no definition without the word: `{ \"reading\" }`");
    CHECK(scope.replacement.empty());
    CHECK(wrong("audience docs").replacement == "\"docs\"");
    CHECK(wrong("with exactly").help == "write the names after `exactly`");
    CHECK(wrong("by exactly").help == "write the names after `exactly`");
}

TEST_CASE("check: a change goes into a list by position") {
    const auto changed = [](std::string_view change, std::string_view group = "approvals") {
        return part(with_change(change), group);
    };
    CHECK(changed("with approvals[0].approver = \"ana\"") ==
          R"([{"id":"1","groups":["x"],"approver":"ana"},{"id":"2"}])");
    CHECK(changed("with approvals[1] = { id: \"3\" }") == R"([{"id":"1","groups":["x"]},{"id":"3"}])");
    CHECK(changed("with approvals[2] = { id: \"3\", groups: { } }") ==
          R"([{"id":"1","groups":["x"]},{"id":"2"},{"id":"3","groups":[]}])");
    CHECK(changed("without approvals[0]") == R"([{"id":"2"}])");
    CHECK(changed("without approvals[1], approvals[0].groups[0]") == R"([{"id":"1","groups":[]}])");
    CHECK(changed("without approvals[0].approver") == R"([{"id":"1","groups":["x"]},{"id":"2"}])");
    CHECK(changed("with params.items[0].sku = \"b\"", "tool") ==
          R"({"name":"refund","params":{"items":[{"sku":"b"}]}})");
    CHECK(changed("with delegation.chain[0] = { actor: \"a\" }", "delegation") == R"({"chain":[{"actor":"a"}]})");
    const auto cases = check_text(
        "fixture r = json \"r.json\"\n"
        "test \"t\" { given r cases approvals[0].id | approvals[1] | expect \"9\" | missing | deny }",
        kFiles);
    CHECK(part(cases, "approvals") == R"([{"id":"9","groups":["x"]}])");
}

TEST_CASE("check: a position that does not exist is an error that says how long the list is") {
    const auto error = [](std::string_view change) {
        const Diagnostic d = only(with_change(change));
        CHECK(d.code == "E0414");
        return d;
    };
    Diagnostic d = error("with approvals[2].approver = \"ana\"");
    CHECK(d.message == "`approvals[2]` is beyond the end of `approvals`, which has 2 elements");
    CHECK(d.help == "append a whole element first: `approvals[2] = { … }`");
    d = error("with approvals[7] = { id: \"3\" }");
    CHECK(d.message == "`approvals[7]` is beyond the end of `approvals`, which has 2 elements");
    CHECK(d.help == "the first free position is 2");
    CHECK(error("without approvals[2]").message ==
          "`approvals[2]` is beyond the end of `approvals`, which has 2 elements");
    CHECK(error("without approvals[99999999999999999999999]").message.find("has 2 elements") != std::string::npos);
    CHECK(error("with approvals[0].groups[3] = \"b\"").message ==
          "`approvals[0].groups[3]` is beyond the end of `approvals[0].groups`, which has 1 element");
    d = error("with approvals = none, approvals[0].id = \"3\"");
    CHECK(d.message == "there is no list `approvals`: the fixture has none there");
    CHECK(d.help == "set the whole list: `approvals = [ … ]`");
    d = error("with approvals.approver = \"ana\"");
    CHECK(d.help == "name an element by its position, from 0: `approvals[0].approver`");
    CHECK(error("with approvals[\"1\"].approver = \"ana\"").help ==
          "name an element by its position, from 0: `approvals[1]`");
    CHECK(error("with user[0] = \"ana\"").message == "a record has no positions; only a list has");
    CHECK(error("with now[0] = 1").help == "set it as a whole");
}

TEST_CASE("check: a fixture from a file may have changes") {
    const auto checked = check_text(
        "fixture r = json \"r.json\" with tenant = \"a\" without approvals\n"
        "test \"t\" { given r expect deny }",
        kFiles);
    CHECK(part(checked, "tenant") == "\"a\"");
    CHECK(part(checked, "approvals") == "missing");
}

TEST_CASE("check: only the digest of an approval is the binding of the request") {
    for (const char* change : {"with approvals[0].binding_digest = binding of this request",
                               "with approvals = [ { binding_digest: binding of this request } ]",
                               "with approvals[2] = { binding_digest: binding of this request }",
                               "with approvals[1].binding_digest = binding of r"}) {
        const auto checked = with_change(change);
        REQUIRE_MESSAGE(checked.codes().empty(), change);
        CHECK(checked.policy->tests.at(0).binds);
    }
    CHECK_FALSE(with_change("without approvals").policy->tests.at(0).binds);
    for (const char* change :
         {"with user.id = binding of this request", "with approvals[0].id = binding of this request",
          "with approvals = [ { id: binding of this request } ]", "with params.x = binding of this request"}) {
        const Diagnostic d = only(with_change(change));
        CHECK_MESSAGE(d.message == "only an approval is bound to a request", change);
        CHECK(d.help.find("approvals[0].binding_digest = binding of this request") != std::string::npos);
    }
}
