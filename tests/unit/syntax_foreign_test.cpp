// Tests constructs from other languages: each is an error whose help says what to write instead.
#include <doctest/doctest.h>

#include <string>

#include "check_source.h"
#include "syntax/parse.h"

using namespace writ;
using namespace writ::syntax;

namespace {

std::vector<Diagnostic> findings(std::string_view text) {
    Report report;
    static_cast<void>(parse(0, text, 200, report));
    return report.take();
}

/// The help of the only finding; if there are several or none, a list of them.
std::string help(std::string_view text) {
    const auto items = findings(text);
    if (items.size() == 1) return items[0].help;
    std::string all = std::to_string(items.size()) + " findings:";
    for (const auto& item : items) all += " [" + item.code + " " + item.message + "]";
    return all;
}

bool helps(std::string_view text, std::string_view with) {
    const auto said = help(text);
    INFO(text, ": ", said);
    CHECK(said.find(with) != std::string::npos);
    return said.find(with) != std::string::npos;
}

/// The text with the only finding's replacement applied.
std::string mended(std::string_view text) {
    const auto items = findings(text);
    if (items.size() != 1) return help(text);
    const auto& d = items[0];
    return std::string(text.substr(0, d.span.begin)) + d.replacement + std::string(text.substr(d.span.end));
}

}  // namespace

TEST_CASE("syntax: `unless` is `when not`, and no suggestion says the opposite") {
    for (const char* text : {"permit p unless a", "deny d unless a", "deny d for tool t unless a",
                             "deny d when a unless b", "limit l unless a to ttl 1m", "deny d\n  unless a"}) {
        helps(text, "`unless X` is written `when not (X)`");
        CHECK(findings(text)[0].replacement.empty());
    }
}

TEST_CASE("syntax: rules of other languages start with another word") {
    CHECK(mended("allow p when a") == "permit p when a");
    CHECK(mended("Allow p when a") == "permit p when a");
    CHECK(mended("forbid p when a") == "deny p when a");
    CHECK(mended("define x = 1\nreject p when a") == "define x = 1\ndeny p when a");
    helps("policy p { }", "`permit NAME when …`");
    helps("if a then deny", "`permit NAME when …`");
    helps("default allow = false", "whatever no `permit` grants is denied");
    CHECK(mended("let x = 1") == "define x = 1");
    CHECK(mended("package a.b") == "module a.b");
}

TEST_CASE("syntax: conditions of other languages") {
    CHECK(mended("deny d if a") == "deny d when a");
    CHECK(mended("deny d for tool t where a") == "deny d for tool t when a");
    helps("deny d when a if b", "join conditions with `and`");
    helps("permit p when a then grant { \"s\" } for 1m", "the effect of the rule follows its condition");
    helps("permit p when a grant { \"s\" } for 1m else deny", "there is no `else`");
    helps("permit p when a grant { \"s\" } for 1m otherwise deny", "there is no `else`");
}

TEST_CASE("syntax: a comparison with nothing is `is none`") {
    CHECK(mended("deny d when user == none") == "deny d when user is none");
    CHECK(mended("deny d when user != none and b") == "deny d when user is some and b");
    CHECK(mended("deny d when user = none") == "deny d when user is none");
    CHECK(mended("deny d when user == some") == "deny d when user is some");
    CHECK(mended("deny d when user != some") == "deny d when user is none");
    helps("deny d when a contains none", "`x is none`");
    CHECK(mended("deny d when a.b is true") == "deny d when a.b");
    CHECK(mended("deny d when a.b is not true") == "deny d when not a.b");
    CHECK(mended("deny d when a.b is false") == "deny d when not a.b");
    CHECK(mended("deny d when a.b is not false") == "deny d when a.b");
    CHECK(mended("deny d when a is \"x\"") == "deny d when a == \"x\"");
    CHECK(mended("deny d when a is not \"x\"") == "deny d when a != \"x\"");
}

TEST_CASE("syntax: a list in brackets is a set in braces") {
    CHECK(mended("deny d when a in [\"x\", \"y\"]") == "deny d when a in {\"x\", \"y\"}");
    CHECK(mended("deny d when a subset of []") == "deny d when a subset of {}");
    CHECK(mended("permit p when a grant [\"s\"] for 1m") == "permit p when a grant {\"s\"} for 1m");
    CHECK(mended("tool t { tier w audience \"a\" scopes [\"s\"] }") ==
          "tool t { tier w audience \"a\" scopes {\"s\"} }");
    CHECK(mended("define x = [1, 2]") == "define x = {1, 2}");
    // A key in brackets is not a list, and data in tests has both forms.
    CHECK(findings("deny d when gates[\"a\"].result == passed").empty());
    CHECK(findings("fixture f = g with a = [1, 2]").empty());
}

TEST_CASE("syntax: signs of other languages") {
    helps("deny d when a / 2 > b", "there is no division: multiply the other side");
    helps("deny d when a % 2 == 0", "no remainder");
    helps("/ a comment\ndeny d when a", "a comment starts with `//`");
    helps("deny d when a ? b : c", "both cases with `and` and `or`");
    helps("deny d when $user == a", "without a mark");
    helps("deny d when a === b", "compare with `==`");
    helps("deny d when a !== b", "compare with `!=`");
    helps("deny d when a <> b", "compare with `!=`");
    CHECK(mended("define x == 3") == "define x = 3");
    helps("deny d when a eq b", "compare with `==`");
    helps("deny d when a between 1", "write both bounds");
    helps("tool t { tier: write }", "without `:` here");
    helps("tool t { audience = \"a\" }", "without `=` here");
    helps("issuer i: k \"u\" { max_age: 5m }", "without `:` here");
    helps("permit p { when a }", "a rule has no braces");
    helps("permit p when a grant scopes { \"s\" } for 1m", "`grant { \"…\" } for 5m`");
    CHECK(mended("permit p when a grant { \"s\" } ttl 5m") == "permit p when a grant { \"s\" } for 5m");
    helps("limit l when a to ttl 5 minutes", "write a duration like");
    helps("issuer i: k \"u\" { max_age 5 }", "write a duration like");
    helps("issuer i: k u { }", "write text in double quotes");
}

TEST_CASE("syntax: what other notations have in declarations and clauses") {
    CHECK(mended("limit l when a ttl 5m") == "limit l when a to ttl 5m");
    CHECK(mended("limit l when a single_use") == "limit l when a to single_use");
    helps("oblige o when a audit", "after `with`");
    CHECK(mended("require r when a two approvals from group \"g\" within 5m") ==
          "require r when a 2 approvals from group \"g\" within 5m");
    CHECK(mended("require r when a 2 approval from group \"g\" within 5m") ==
          "require r when a 2 approvals from group \"g\" within 5m");
    helps("enum e = a, b", "separate members with `|`");
    helps("tier a, b", "separate members with `|`, or with `<`");
    helps("tool t { tier w, audience \"a\" }", "without commas");
    helps("tool t { params { a: [string] } }", "`set<string>`");
    helps("tool t { params { a: string[] } }", "`set<string>`");
    helps("tool t { params { a: int? } }", "as `T or none`");
    helps("deny d when any(a, b)", "`any x in xs: …`");
    helps("deny d when count(user.roles) > 2", "`count(x in xs: …)`");
    helps("permit p for tool \"docs\" when a", "without quotes");
    helps("oblige o when a with audit(\"full\")", "`level: \"full\"`");
    CHECK(mended("permit p for docs when a") == "permit p for tool docs when a");
    helps("permit p tool docs when a", "`for tool`");
    helps("permit p when a for 5m", "`grant { \"…\" } for 5m`");
    CHECK(mended("deny d when now in 09:00-17:00 \"UTC\"") == "deny d when now in 09:00..17:00 \"UTC\"");
    CHECK(mended("deny d when now in 09:00..17:00 \"UTC\" on mon-fri") ==
          "deny d when now in 09:00..17:00 \"UTC\" on mon..fri");
    helps("deny d when a > 5,000", "`10_000`");
    CHECK(findings("deny d when a matches /x/")[0].help == "write a pattern in double quotes");
    CHECK(mended("deny d when a message \"x\"") == "deny d when a because \"x\"");
    helps("deny d: a", "a condition starts with `when`");
    helps("deny d when exists r in xs: r == \"x\"", "`any x in xs: …`");
    helps("require r when a approval by \"g\" within 5m", "`approval from group \"…\" within 15m`");
    helps("require r when a approval from \"g\" within 5m", "`approval from group \"…\" within 15m`");
    helps("invariant i: always deny when a", "`never permit when …`");
    CHECK(mended("test \"t\" { given f expect allow }") == "test \"t\" { given f expect permit }");
    CHECK(mended("test \"t\" { given f expect forbid }") == "test \"t\" { given f expect deny }");
    CHECK(mended("test \"t\" { given f with a: 1 expect deny }") == "test \"t\" { given f with a = 1 expect deny }");
    CHECK(mended("table t = \"t.csv\" { a: string }") == "table t = csv \"t.csv\" { a: string }");
    CHECK(mended("fixture f = \"r.json\"") == "fixture f = json \"r.json\"");
}

TEST_CASE("syntax: a missing name is missed") {
    helps("permit when a grant { \"s\" } for 1m", "the rule has no name: write `permit NAME when …`");
    helps("deny when a.b == c", "the rule has no name: write `deny NAME when …`");
    helps("deny for tool t when a", "the rule has no name: write `deny NAME for …`");
    helps("limit to ttl 5m", "the rule has no name: write `limit NAME to …`");
    helps("oblige with audit", "the rule has no name: write `oblige NAME with …`");
    helps("require approval from group \"g\" within 5m", "the rule has no name: write `require NAME approval …`");
    helps("require 2 approvals from group \"g\" within 5m", "the rule has no name: write `require NAME …`");
    helps("deny because \"x\"", "the rule has no name");
    helps("deny \"no writes\" when a", "write a name without quotes");
    helps("deny no-writes when a", "a name consists of letters, digits and `_`");
    // A rule may still have a keyword as its name.
    CHECK(findings("deny when when a").empty());
    CHECK(findings("deny for for tool t").empty());
}

TEST_CASE("syntax: a window has times, and a zone in quotes") {
    helps("deny d when now in 09:00..17:00", "\"Europe/Berlin\"");
    helps("deny d when now in 09:00..17:00 on mon..fri", "\"Europe/Berlin\"");
    helps("deny d when now not in 09:00..17:00 and a", "\"Europe/Berlin\"");
    helps("deny d when now in 09:00..17:00 UTC", "write a time zone in quotes");
    CHECK(mended("deny d when now in 09:00..17:00 UTC and a") == "deny d when now in 09:00..17:00 \"UTC\" and a");
    helps("deny d when now in 09:00..17:00 Europe/Berlin", "write a time zone in quotes");
    helps("deny d when now in 9..17 \"UTC\"", "a window with minutes and a zone");
    helps("deny d when now > 09:00", "write times of day as a window");
}

TEST_CASE("check: an approval without `within` reports E0407 and says where to write it") {
    for (const char* rule : {"require r when tool.tier >= write approval from group \"g\"",
                             "require r when tool.tier >= write 2 approvals from group \"g\", \"h\" because \"so\""}) {
        const auto checked = check_text(rule);
        REQUIRE(checked.codes() == "E0407");
        CHECK(checked.items[0].help == "add it after the groups: `within 15m`");
    }
}

TEST_CASE("check: `is missing` and its like say what can be asked") {
    const auto one = [](std::string_view condition) {
        auto checked = check_condition(condition);
        REQUIRE_MESSAGE(checked.items.size() == 1, condition, ": ", checked.codes());
        return checked.items[0];
    };
    CHECK(one("user is null").replacement == "none");
    CHECK(one("user.email is nil").replacement == "none");
    CHECK(one("user is not null").replacement == "none");
    CHECK(one("user is present").replacement == "some");
    CHECK(one("agent.owner is set").replacement == "some");
    for (const char* condition :
         {"user is missing", "user.id is missing", "agent.id is absent", "tenant is not missing"}) {
        CHECK(one(condition).replacement.empty());
        CHECK(one(condition).help.find("no test can detect a missing fact") != std::string::npos);
    }
    CHECK(one("want.scopes is empty").help.find("`x == { }`") != std::string::npos);
    CHECK(one("user == null").replacement == "user is none");
    CHECK(one("agent.owner != null").replacement == "agent.owner is some");
    CHECK(one("null == agent.owner").replacement == "agent.owner is none");
    CHECK(one("agent.owner in { null, \"a\" }").help.find("`x is none`") != std::string::npos);
    // A member of an enum may have this name.
    CHECK(check_text(
              "enum seen = set | missing\ntool x { tier read audience \"a\" scopes { \"s\" } params { s: seen } }\n"
              "deny d for tool x when params.s is missing or params.s == set")
              .codes()
              .empty());
}

TEST_CASE("check: functions, fields and types of other languages") {
    const auto said = [](std::string_view condition) {
        auto checked = check_condition(condition);
        REQUIRE_MESSAGE(checked.items.size() == 1, condition, ": ", checked.codes());
        return checked.items[0].help;
    };
    for (const char* condition : {"now.hour > 8", "run.started.weekday == 1", "hour(now) > 8"})
        CHECK(said(condition).find("`now in 09:00..17:00") != std::string::npos);
    CHECK(said("now() > run.started").find("without parentheses") != std::string::npos);
    CHECK(said("want.ttl.minutes > 5").find("`10m`") != std::string::npos);
    CHECK(said("agent.id.startsWith(\"a\")").find("`x like \"beginning**\"`") != std::string::npos);
    CHECK(said("startswith(agent.id, \"a\")").find("`x like \"beginning**\"`") != std::string::npos);
    CHECK(said("len(want.scopes) > 1").find("`count(x in xs: …)`") != std::string::npos);
    CHECK(said("has(user)").find("`x is some`") != std::string::npos);
    CHECK(said("refund").find("`tool.name is refund`") != std::string::npos);
    CHECK(said("tool == refund").find("`tool.name`") != std::string::npos);
    CHECK(said("issuer is prod") == "`token.issuer` is a fact of the request");
    CHECK(said("claims.namespace == \"a\"").find("`prod.namespace`") != std::string::npos);
    CHECK(said("tenant.lower() == \"a\"") == "write `lower(x)`");
    const auto wire =
        check_text("tool x \"x.run\" { tier read audience \"a\" scopes { \"s\" } }\ndeny d for tool x.run");
    REQUIRE(wire.codes() == "E0203");
    CHECK(wire.items[0].replacement == "x");
    const auto type = check_text("tool x { tier read audience \"a\" scopes { \"s\" } params { n: integer } }");
    REQUIRE(type.codes() == "E0201");
    CHECK(type.items[0].replacement == "int");
}

TEST_CASE("syntax: rules as Rego and Cedar write them get a rule to start from, and no half correction") {
    const std::string_view permit = "`permit NAME for tool TOOL when … grant { \"SCOPE\" } for 5m`";
    const std::string_view deny = "`deny NAME when …`";
    const auto starts = [](std::string_view text, std::string_view with) {
        helps(text, with);
        CHECK(findings(text)[0].replacement.empty());
    };
    starts("permit if { a == b }", permit);
    starts("permit (principal, action, resource) when { a == b }", permit);
    starts("permit(principal, action, resource)", permit);
    starts("allow if { a == b }", permit);
    starts("allow { a == b }", permit);
    starts("allow = true", permit);
    starts("deny if { a == b }", deny);
    starts("deny (principal, action, resource) when { a == b }", deny);
    starts("forbid (principal, action, resource)", deny);
    starts("limit (a) to ttl 5m", "`limit NAME when … to ttl 5m`");
    starts("require (a)", "`require NAME when … approval from group \"…\" within 15m`");
    starts("oblige (a)", "`oblige NAME when … with OBLIGATION`");
    starts("deny d if { a == b }", "no braces");
}

TEST_CASE("syntax: rules have no priority") {
    helps("deny a priority 10 when b", "rules have no priority: any deny that applies wins");
    helps("deny a when b priority 10", "rules have no priority");
    CHECK(findings("deny a priority 10 when b")[0].replacement.empty());
}

TEST_CASE("syntax: Rego's `some` and Cedar's entities") {
    helps("deny d when some x in user.roles { x == \"a\" }", "write `any x in user.roles: …`");
    helps("deny d when a and some x in xs: x == \"a\"", "write `any x in xs: …`");
    helps("deny d when some", "write `any x in xs: …`");
    for (const char* text : {"deny d when agent.id in Group::\"ops\"", "deny d when resource == File::\"a\""}) {
        helps(text, "there are no entities");
        CHECK(findings(text)[0].replacement.empty());
    }
    // A value after a single colon still gets a replacement.
    CHECK(mended("test \"t\" { given f with a: 1 expect deny }") == "test \"t\" { given f with a = 1 expect deny }");
}

TEST_CASE("check: methods of CEL and Cedar on sets") {
    const auto said = [](std::string_view condition) {
        auto checked = check_condition(condition);
        REQUIRE_MESSAGE(checked.items.size() == 1, condition, ": ", checked.codes());
        return checked.items[0].help;
    };
    CHECK(said("user.roles.exists(r, r == \"ops\")") == "write `any r in user.roles: r == \"ops\"`");
    CHECK(said("user.roles.all(r, r == \"ops\")") == "write `all r in user.roles: r == \"ops\"`");
    CHECK(said("user.roles.exists_one(r, r == \"ops\")") == "write `count(r in user.roles: r == \"ops\") == 1`");
    CHECK(said("user.roles.containsAny({ \"a\" })") == "write `user.roles overlaps { \"a\" }`");
    CHECK(said("user.roles.containsAll({ \"a\" })") == "write `{ \"a\" } subset of user.roles`");
    CHECK(said("user.roles.exists(r, r == \"a\"\n or r == \"b\")") == "write `any r in user.roles: …`");
    CHECK(said("exists(user.roles)") == "write `any x in xs: …`");
    // The suggested text is valid.
    for (const char* right : {"any r in user.roles: r == \"ops\"", "all r in user.roles: r == \"ops\"",
                              "count(r in user.roles: r == \"ops\") == 1", "user.roles overlaps { \"a\" }",
                              "{ \"a\" } subset of user.roles"})
        CHECK(check_condition(right).codes().empty());
}

TEST_CASE("check: whether a fact is there is not asked") {
    for (const char* asked : {"has(user.roles)", "defined(user.roles)", "isSet(user.roles)"}) {
        const auto checked = check_condition(asked);
        REQUIRE_MESSAGE(checked.codes() == "E0201", asked);
        CHECK(checked.items[0].help.starts_with("remove it: a permit does not apply if a fact is missing"));
    }
    helps("deny d when user has email", "remove it");
    const auto checked = check_condition("user.roles is some");
    REQUIRE(checked.codes() == "E0404");
    CHECK(checked.items[0].help.starts_with("leave this out"));
}

TEST_CASE("check: what other languages call the request names its groups") {
    for (const char* name : {"principal", "subject", "caller", "action", "input", "context", "request", "data", "env"})
        for (const std::string& condition : {std::string(name) + " == \"a\"", std::string(name) + ".id == \"a\""}) {
            const auto checked = check_condition(condition);
            REQUIRE_MESSAGE(checked.codes() == "E0201", condition);
            for (const char* group : {"`agent`", "`user`", "`token`", "`tool`", "`resource`", "`want`", "`params`"})
                CHECK_MESSAGE(checked.items[0].help.find(group) != std::string::npos, condition, group);
            CHECK(checked.items[0].replacement.empty());
        }
    // A policy may use the word.
    CHECK(check_text("define action = \"a\"\ndeny d when agent.id == action").codes().empty());
}

TEST_CASE("check: E0301 names its operands as they are written") {
    const auto message = [](std::string_view condition) {
        auto checked = check_condition(condition);
        REQUIRE_MESSAGE(checked.codes() == "E0301", condition, ": ", checked.codes());
        for (const auto& label : checked.items[0].related)
            if (label.text.starts_with("left is") || label.text.starts_with("right is"))
                CHECK((label.text.starts_with("left") ? label.span.begin : label.span.end) ==
                      (label.text.starts_with("left") ? checked.items[0].span.begin : checked.items[0].span.end));
        return checked.items[0].message;
    };
    CHECK(message("tenant == 3") == "`==` cannot be combined with `string` on the left and `int` on the right");
    CHECK(message("3 == tenant") == "`==` cannot be combined with `int` on the left and `string` on the right");
    CHECK(message("user.roles contains 3") ==
          "`contains` cannot be combined with `set<string>` on the left and `int` on the right");
    CHECK(message("3 in user.roles") ==
          "`in` cannot be combined with `int` on the left and `set<string>` on the right");
    CHECK(message("3 > age(run.started)") ==
          "`>` cannot be combined with `int` on the left and `duration` on the right");
    CHECK(message("age(run.started) > 3") ==
          "`>` cannot be combined with `duration` on the left and `int` on the right");
}
