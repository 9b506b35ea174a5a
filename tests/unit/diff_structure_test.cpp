#include <doctest/doctest.h>

#include "check/expr_text.h"
#include "check_source.h"
#include "diff/structure.h"

using namespace writ;

namespace {

constexpr std::string_view kPermit = R"(
permit pay
  for tool refund
  when prod.namespace == "agents" and params.amount <= 500.00 and params.currency in { "USD", "EUR" }
  grant { "refund:create", "refund:read" } for 2m
)";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string out(text);
    const std::size_t at = out.find(what);
    REQUIRE(at != std::string::npos);
    return out.replace(at, what.size(), by);
}

std::vector<ThingChange> changes(std::vector<Source> before, std::vector<Source> after, const DataFiles& old_files = {},
                                 const DataFiles& new_files = {}, const DataFiles& new_standard = {}) {
    const CheckedText old_side = check_sources(std::move(before), old_files),
                      new_side = check_sources(std::move(after), new_files, {}, new_standard);
    CHECK(old_side.codes() == "");
    CHECK(new_side.codes() == "");
    return diff::structural_changes(*old_side.policy, *new_side.policy);
}
std::vector<ThingChange> changes(std::string_view before, std::string_view after) {
    return changes(std::vector<Source>{{"policy.writ", std::string(kPrelude) + std::string(before)}},
                   std::vector<Source>{{"policy.writ", std::string(kPrelude) + std::string(after)}});
}

/// The only change, as `fate word name direction: part; part`.
std::string only(const std::vector<ThingChange>& all) {
    REQUIRE(all.size() == 1);
    const ThingChange& one = all[0];
    std::string out = std::string(fate_name(one.fate)) + " " + one.word + " " +
                      (one.name.empty() ? one.old_name : one.name) + " " + std::string(direction_name(one.direction));
    for (const PartChange& each : one.parts)
        out += "; " + each.part + " [" + each.before + "] [" + each.after + "] " +
               std::string(direction_name(each.direction));
    return out;
}
std::string edited(std::string_view what, std::string_view by) {
    return only(changes(kPermit, replaced(kPermit, what, by)));
}

std::string condition(std::string_view text) {
    const CheckedText checked = check_condition(text);
    CAPTURE(text);
    REQUIRE(checked.codes() == "");
    return check::expr_text(*checked.policy, *checked.rule("it")->when);
}

}  // namespace

TEST_CASE("structure: formatting, comments and order are no change") {
    CHECK(changes(kPermit, R"(
// Nothing of this matters.
/// Nor this.
permit pay for tool refund
  when (params.currency in {"EUR", "USD",}) and params.amount <= 500.0   // here neither
   and "agents" == prod.namespace
  grant {"refund:read", "refund:create"} for 120s
)")
              .empty());
    CHECK(changes("define a = tool.tier >= write\ndeny d when a and params_known\ndefine params_known = user is none\n",
                  "define params_known = (user is none)\n\ndeny d when params_known\n and a\ndefine a =\n tool.tier >= "
                  "write // !\n")
              .empty());
}

TEST_CASE("structure: a condition of a permit that goes widens, of a deny it narrows") {
    CHECK(edited(" and params.amount <= 500.00", "") ==
          "changed permit main.pay wider; condition [params.amount <= 500] [] wider");
    CHECK(only(changes("deny d when tool.tier >= write and user is none", "deny d when tool.tier >= write")) ==
          "changed deny main.d narrower; condition [user is none] [] narrower");
    CHECK(only(changes("deny d when tool.tier >= write", "deny d when tool.tier >= write and user is none")) ==
          "changed deny main.d wider; condition [] [user is none] wider");
}

TEST_CASE("structure: a bound that moves is one change, with its direction") {
    CHECK(edited("<= 500.00", "<= 900.00") ==
          "changed permit main.pay wider; condition [params.amount <= 500] [params.amount <= 900] wider");
    CHECK(edited("<= 500.00", "<= 90.00") ==
          "changed permit main.pay narrower; condition [params.amount <= 500] [params.amount <= 90] narrower");
    CHECK(edited("{ \"USD\", \"EUR\" }", "{ \"USD\", \"EUR\", \"GBP\" }") ==
          "changed permit main.pay wider; condition [params.currency in { \"EUR\", \"USD\" }] [params.currency in { "
          "\"EUR\", \"GBP\", \"USD\" }] wider");
    CHECK(edited("params.currency in { \"USD\", \"EUR\" }", "params.currency == \"USD\"").find("narrower; condition") !=
          std::string::npos);
    CHECK(edited("prod.namespace == \"agents\"", "prod.namespace == \"other\"").find("main.pay other; condition") !=
          std::string::npos);
    // In narrowing rules and under `not`, the direction is the opposite.
    CHECK(only(changes("deny d when tool.tier >= write", "deny d when tool.tier >= privileged"))
              .starts_with("changed deny main.d wider;"));
    CHECK(edited("params.amount <= 500.00", "not (params.amount > 500.00)").find("main.pay other") !=
          std::string::npos);
    const std::string negated = replaced(kPermit, "params.amount <= 500.00", "not (params.amount > 500.00)");
    CHECK(only(changes(negated, replaced(negated, "> 500.00", "> 900.00")))
              .starts_with("changed permit main.pay wider;"));
    CHECK(only(changes("deny d when user is none or run.background",
                       "deny d when user is none or run.background or tool.tier >= write"))
              .starts_with("changed deny main.d narrower;"));
}

TEST_CASE("structure: each part of an effect is told, with its direction") {
    CHECK(edited("for 2m", "for 10m") == "changed permit main.pay wider; ttl [2m] [10m] wider");
    CHECK(edited(", \"refund:read\"", "") == "changed permit main.pay narrower; scope [\"refund:read\"] [] narrower");
    CHECK(edited("for 2m", "for 2m\n  because \"so\"") == "changed permit main.pay same; because [] [\"so\"] same");
    CHECK(only(changes("deny d when user is none", "deny d for tool refund when user is none")) ==
          "changed deny main.d wider; tools [] [{ refund }] wider");
    CHECK(
        only(changes("deny d for tool refund when user is none", "deny d for tool refund, lookup when user is none")) ==
        "changed deny main.d narrower; tool [] [lookup] narrower");
    const std::string_view require = "require r when tool.tier >= write 2 approvals from group \"a\" within 15m";
    CHECK(only(changes(require, replaced(require, "2 approvals", "approval"))) ==
          "changed require main.r wider; approvals [2] [1] wider");
    CHECK(only(changes(require, replaced(require, "\"a\"", "\"a\", \"b\""))) ==
          "changed require main.r wider; group [] [\"b\"] wider");
    CHECK(only(changes(require, replaced(require, "15m", "5m"))) ==
          "changed require main.r narrower; within [15m] [5m] narrower");
    const std::string_view limit =
        "limit l when tool.tier >= write to ttl 5m, scopes { \"x\" }, audience { \"y\" }, single_use";
    CHECK(only(changes(limit, replaced(limit, "ttl 5m", "ttl 6m"))) ==
          "changed limit main.l wider; ttl [5m] [6m] wider");
    CHECK(only(changes(limit, replaced(limit, "ttl 5m, ", ""))) == "changed limit main.l wider; ttl [5m] [] wider");
    CHECK(only(changes(limit, replaced(limit, "\"x\"", "\"x\", \"z\""))) ==
          "changed limit main.l wider; scope [] [\"z\"] wider");
    CHECK(only(changes(limit, replaced(limit, "\"y\"", "\"z\""))) ==
          "changed limit main.l other; audience [\"y\"] [] narrower; audience [] [\"z\"] wider");
    CHECK(only(changes(limit, replaced(limit, ", single_use", ""))) ==
          "changed limit main.l wider; single_use [single_use] [] wider");
    const std::string_view oblige = "oblige o when tool.tier >= write with audit(level: \"full\"), tell";
    CHECK(only(changes(oblige, replaced(oblige, ", tell", ""))) ==
          "changed oblige main.o wider; obligation [tell] [] wider");
    CHECK(only(changes(oblige, replaced(oblige, "full", "some"))) ==
          "changed oblige main.o other; obligation [audit(level: \"full\")] [] wider; obligation [] [audit(level: "
          "\"some\")] "
          "narrower");
}

TEST_CASE("structure: what comes widens if it permits and narrows if it does not") {
    CHECK(only(changes("", kPermit)).starts_with("added permit main.pay wider;"));
    CHECK(only(changes(kPermit, "")).starts_with("removed permit main.pay narrower;"));
    CHECK(only(changes("", "deny d when user is none")) ==
          "added deny main.d narrower; condition [] [user is none] same");
    CHECK(only(changes("deny d when user is none", "")).starts_with("removed deny main.d wider;"));
    // A rule of another kind is another rule.
    const auto turned = changes("limit d when user is none to single_use", "deny d when user is none");
    CHECK(turned.size() == 2);
}

TEST_CASE("structure: a rule with another name and the same content was renamed") {
    const auto renamed = changes(kPermit, replaced(kPermit, "permit pay", "permit reimburse"));
    CHECK(only(renamed) == "renamed permit main.reimburse same");
    CHECK(renamed[0].old_name == "main.pay");
    CHECK(changes(kPermit, replaced(replaced(kPermit, "permit pay", "permit reimburse"), "2m", "3m")).size() == 2);
}

TEST_CASE("structure: a rule in another file was moved, wherever the sides lie") {
    const auto side = [](const std::string& folder, std::string_view first, std::string_view second) {
        return std::vector<Source>{{folder + "a.writ", "module m\n" + std::string(kPrelude) + std::string(first)},
                                   {folder + "b.writ", "module m\n" + std::string(second)}};
    };
    CHECK(changes(side("old/x/", kPermit, ""), side("new/", kPermit, "")).empty());
    const auto moved = changes(side("old/", kPermit, ""), side("old/", "", kPermit));
    CHECK(only(moved) == "moved permit m.pay same");
    CHECK(moved[0].old_place == "old/a.writ:15");
    CHECK(moved[0].place == "old/b.writ:3");
    // Each side is one file; the file's name does not matter.
    CHECK(changes(std::vector<Source>{{"one.writ", std::string(kPrelude)}},
                  std::vector<Source>{{"two.writ", std::string(kPrelude)}})
              .empty());
}

TEST_CASE("structure: a definition is told, and so is every rule that it is written out in") {
    const auto both =
        changes("define big = run.attempt > 5\ndeny d when big", "define big = run.attempt > 6\ndeny d when big");
    REQUIRE(both.size() == 2);
    CHECK(both[0].word == "deny");
    CHECK(both[0].direction == Direction::Wider);
    CHECK(both[1].word == "define");
    CHECK(both[1].direction == Direction::Same);
    CHECK(both[1].parts.at(0).after == "run.attempt > 6");
    const auto renamed =
        changes("define big = run.attempt > 5\ndeny d when big", "define huge = run.attempt > 5\ndeny d when huge");
    CHECK(only(renamed) == "renamed define main.huge same");
}

TEST_CASE("structure: tools and issuers, and the order of tiers") {
    const auto prelude = [](std::string_view what, std::string_view by) {
        return only(changes(std::vector<Source>{{"policy.writ", std::string(kPrelude)}},
                            std::vector<Source>{{"policy.writ", replaced(kPrelude, what, by)}}));
    };
    CHECK(prelude("\"lookup:read\"", "\"lookup:read\", \"lookup:list\"") ==
          "changed tool main.lookup wider; scope [] [\"lookup:list\"] wider");
    CHECK(prelude("\"lookup:read\"", "\"lookup:list\"") ==
          "changed tool main.lookup other; scope [\"lookup:read\"] [] narrower; scope [] [\"lookup:list\"] wider");
    CHECK(prelude("\"https://lookup.example\"", "\"https://lookup.example\", \"https://second.example\"") ==
          "changed tool main.lookup wider; audience [] [\"https://second.example\"] wider");
    CHECK(prelude("tier read  audience", "tier write  audience") ==
          "changed tool main.lookup other; tier [read] [write] other");
    CHECK(prelude("{ amount: int  currency: string }", "{ amount: int }") ==
          "changed tool main.lookup other; param [currency: string] [] other");
    CHECK(prelude("githubusercontent.com\" { audience \"https://broker.example\"",
                  "githubusercontent.com\" { audience \"https://broker.example\" max_age 5m") ==
          "changed issuer main.ci other; max_age [] [5m] other");
    CHECK(prelude("https://cluster.example", "https://other.example") ==
          "changed issuer main.prod other; url [\"https://cluster.example\"] [\"https://other.example\"] other");
    CHECK(
        prelude("write < privileged", "write < admin < privileged") ==
        "changed tier main.tier other; members [read < write < privileged] [read < write < admin < privileged] other");
    // A permit for several tools is told with the scopes that each of them gets.
    const std::string_view both =
        "permit p for tool refund, lookup when prod.namespace == \"a\" grant tool.scopes for 2m";
    CHECK(only(changes(both, replaced(both, "tool.scopes", "{ \"refund:read\", \"lookup:read\" }"))) ==
          "changed permit main.p narrower; scope [\"refund:create\"] [] narrower; "
          "scopes of refund [{ \"refund:create\", \"refund:read\" }] [{ \"refund:read\" }] narrower");
    const std::string more = replaced(kPrelude, "{ \"lookup:read\" }", "{ \"lookup:read\", \"refund:read\" }");
    const auto shared = changes(std::vector<Source>{{"policy.writ", std::string(kPrelude) + std::string(both)}},
                                std::vector<Source>{{"policy.writ", more + std::string(both)}});
    REQUIRE(shared.size() == 2);
    CHECK(only({shared[0]}) ==
          "changed permit main.p wider; scopes of lookup [{ \"lookup:read\" }] [{ \"lookup:read\", \"refund:read\" }] "
          "wider");
    CHECK(only(changes(replaced(both, ", lookup", ""), both)) ==
          "changed permit main.p wider; tool [] [lookup] wider; scope [] [\"lookup:read\"] wider; "
          "scopes of refund [] [{ \"refund:create\", \"refund:read\" }] same; "
          "scopes of lookup [] [{ \"lookup:read\" }] same");
    CHECK(only(changes("", "tool more { tier read audience \"https://m.example\" scopes { \"m\" } }"))
              .starts_with("added tool main.more wider"));
}

TEST_CASE("structure: rows of a table are told by their first column") {
    const std::string text =
        "table tenants = csv \"t.csv\" { id: string  cap: int }\ndeny d when any t in tenants: t.id == tenant";
    const auto with = [&](const std::string& before, const std::string& after) {
        const std::vector<Source> source{{"policy.writ", std::string(kPrelude) + text}};
        return changes(source, source, {{"t.csv", "id,cap\n" + before}}, {{"t.csv", "id,cap\n" + after}});
    };
    CHECK(with("a,1\nb,2\n", "b,2\na,1\n").empty());
    CHECK(only(with("a,1\nb,2\n", "a,1\nb,3\nc,4\n")) ==
          "changed table main.tenants other; rows [2] [3] other; row [\"b\", 2] [\"b\", 3] other; row [] [\"c\", 4] "
          "other");
    std::string many;
    for (int i = 0; i < 150; ++i) many += "t" + std::to_string(i) + ",1\n";
    const auto cut = with("a,1\n", "a,1\n" + many);
    CHECK(cut.at(0).parts.size() == 101);
    CHECK(cut.at(0).parts[0].after == "151, 150 differ");
}

TEST_CASE("structure: an invariant that forbids less is wider") {
    const std::string_view one = "invariant i: never permit when user is none",
                           less = "invariant i: never permit when user is none and run.background";
    CHECK(only(changes(one, less)) == "changed invariant main.i wider; condition [] [run.background] wider");
    CHECK(only(changes(less, one)) == "changed invariant main.i narrower; condition [run.background] [] narrower");
    CHECK(only(changes(one, replaced(one, "permit", "needs_approval")))
              .starts_with("changed invariant main.i other; never"));
    CHECK(only(changes(one, "")).starts_with("removed invariant main.i wider"));
    CHECK(only(changes("", one)).starts_with("added invariant main.i narrower"));
}

TEST_CASE("structure: of names that modules share, it is told which one is meant") {
    const std::string shared = R"(
import t
export enum grade = low < high
export claims mine { iss: string  aud: one_or_many<string> max 4  exp: instant  team: string }
export issuer prod: mine "https://ISSUER.example" { audience "https://broker.example" }
export tool pay "pay-ISSUER" { tier read  audience "https://ISSUER.example"  scopes { "s" }  params { n: int } }
export table rows = csv "ISSUER.csv" { id: string }
)";
    const auto module = [&](const std::string& name) {
        std::string text = "module " + name + shared;
        for (std::size_t at; (at = text.find("ISSUER")) != std::string::npos;) text.replace(at, 6, name);
        return Source{name + ".writ", text};
    };
    const auto side = [&](const std::string& from, const std::string& rule) {
        return std::vector<Source>{module("a"),
                                   module("b"),
                                   {"m.writ", "module m\nimport " + from + "\n" + rule},
                                   {"t.writ", "module t\nexport tier read < write\n"}};
    };
    const DataFiles files{{"a.csv", "id\nx\n"}, {"b.csv", "id\ny\n"}};
    for (const std::string rule :
         {"deny d for tool pay when run.background", "deny d when token.issuer is prod",
          "deny d when token.issuer is prod and prod.team == \"x\"", "deny d when any r in rows: tenant == r.id",
          "deny d when tenant in rows.id", "deny d for each row in rows when tenant == row.id"}) {
        CAPTURE(rule);
        CHECK(changes(side("a", rule), side("a", rule), files, files).empty());
        const auto moved = changes(side("a", rule), side("b", rule), files, files);
        REQUIRE(moved.size() == 1);
        CHECK(moved[0].name == "m.d");
        CHECK(moved[0].direction == Direction::Other);
    }
    // The type of a column, and the kind of an issuer.
    for (const std::string thing :
         {"table own = csv \"a.csv\" { id: string, of: grade }",
          "issuer own: mine \"https://own.example\" { audience \"https://broker.example\" }"}) {
        CAPTURE(thing);
        auto before = side("a", thing), after = side("b", thing);
        before[1].text = replaced(before[1].text, "low < high", "high < low");
        before[1].text = replaced(before[1].text, "team: string", "team: string  unit: string");
        after[1].text = before[1].text;
        const DataFiles graded{{"a.csv", "id,of\nx,low\n"}, {"b.csv", "id\ny\n"}};
        const bool table = thing.starts_with("table");
        if (table) before[0].text = replaced(before[0].text, "\"a.csv\"", "\"b.csv\""), after[0].text = before[0].text;
        const auto moved = changes(before, after, graded, graded);
        REQUIRE(moved.size() == 1);
        CHECK(moved[0].direction == Direction::Other);
    }
}

TEST_CASE("structure: what takes the place of another of its name is not nothing") {
    const auto side = [](const std::string& module, const std::string& decl, const std::string& rule) {
        return std::vector<Source>{{"a.writ", "module " + module + "\n" + decl},
                                   {"m.writ", "module m\nimport " + module + "\n" + std::string(kPrelude) + rule}};
    };
    const auto other = [](const std::vector<ThingChange>& all) {
        return !all.empty() && std::any_of(all.begin(), all.end(),
                                           [](const ThingChange& each) { return each.direction == Direction::Other; });
    };
    const DataFiles files{{"x.csv", "id\nx\n"}, {"y.csv", "id\ny\n"}};
    const auto table = [](const std::string& file) {
        return "export table rows = csv \"" + file + ".csv\" { id: string }\n";
    };
    CHECK(other(changes(side("a", table("x"), "deny d when tenant in rows.id"),
                        side("b", table("y"), "deny d when tenant in rows.id"), files, files)));
    const auto moved = changes(side("a", table("x"), ""), side("b", table("x"), ""), files, files);
    CHECK_FALSE(other(moved));
    const std::string claims = "export claims mine { iss: string  aud: one_or_many<string> max 4  exp: instant }\n";
    CHECK(other(changes(side("a", claims, ""), side("b", replaced(claims, "max 4", "max 9"), ""))));
    CHECK(other(
        changes(side("a", "export enum grade = low < high", ""), side("b", "export enum grade = high < low", ""))));
    // A change cannot remove the claims of the standard library.
    const std::string own = replaced(kPrelude, "import std.github\n",
                                     "claims github { iss: string  aud: one_or_many<string> max 4  exp: instant }\n");
    CHECK(other(changes(std::vector<Source>{{"m.writ", std::string(kPrelude)}}, std::vector<Source>{{"m.writ", own}})));
    // A declaration with a new name replaces nothing.
    CHECK(only(changes("", "enum grade = low < high")).starts_with("added enum main.grade same"));
}

TEST_CASE("structure: how much of a list is admitted, and from whom, is part of a type") {
    const auto prelude = [](std::string_view what, std::string_view by) {
        return only(changes(std::vector<Source>{{"policy.writ", std::string(kPrelude)}},
                            std::vector<Source>{{"policy.writ", replaced(kPrelude, what, by)}}));
    };
    CHECK(prelude("max 4 }", "max 8 }").starts_with("changed tool main.refund wider; param"));
    CHECK(prelude("max 4 }", "max 3 }").starts_with("changed tool main.refund narrower; param"));
    CHECK(prelude("amount: decimal", "amount: decimal from broker") ==
          "changed tool main.refund narrower; param [amount: decimal] [amount: decimal from broker] narrower");
}

TEST_CASE("structure: the schema of requests is told field by field, and what is believed more easily is wider") {
    const auto schema = [](std::string_view what, std::string_view by, bool turned = false) {
        const DataFiles other{{"std.request", replaced(stdlib::module("std.request"), what, by)}};
        std::vector<Source> source{{"policy.writ", std::string(kPrelude)}};
        const CheckedText was = check_sources(source, {}, {}, turned ? other : DataFiles{}),
                          is = check_sources(source, {}, {}, turned ? DataFiles{} : other);
        CHECK(was.codes() == "");
        CHECK(is.codes() == "");
        return only(diff::structural_changes(*was.policy, *is.policy));
    };
    const std::string head = "changed schema std.request.request ";
    CHECK(schema("tenant: string from broker", "tenant: string from asserted") ==
          head + "wider; field [tenant: string from broker] [tenant: string from asserted] wider");
    CHECK(schema("tenant: string from broker", "tenant: string from asserted", true).starts_with(head + "narrower;"));
    CHECK(schema("tenant: string from broker", "tenant: string") ==
          head + "wider; field [tenant: string from broker] [tenant: string] wider");
    CHECK(schema("capabilities: set<string> max 64", "capabilities: set<string> max 65") ==
          head +
              "wider; field [agent.capabilities: set<string> max 64] [agent.capabilities: set<string> max 65] wider");
    CHECK(schema("aud: one_or_many<string> max 16", "aud: one_or_many<string> max 8").starts_with(head + "narrower;"));
    CHECK(schema("shared_count: int", "shared_count: int or none") ==
          head + "other; field [agent.shared_count: int] [agent.shared_count: int or none] other");
    CHECK(schema("shared_count: int", "shared_count: int or none", true).starts_with(head + "other;"));
    CHECK(schema("platform: string", "platform: path") ==
          head + "other; field [workload.platform: string] [workload.platform: path] other");
    CHECK(schema("platform: string", "platform: string  realm: string") ==
          head + "other; field [] [workload.realm: string] other");
    CHECK(schema("aud: one_or_many<string> max 16", "aud: set<string> max 16").starts_with(head + "other;"));
    CHECK(schema("assurance = low < substantial < high", "assurance = low < high < substantial") ==
          "changed enum std.request.assurance other; members [low < substantial < high] [low < high < substantial] "
          "other");
    // The provenance of a record applies to all its fields, and is reported once.
    CHECK(schema("    revoked: bool\n  } from broker\n\n  agent", "    revoked: bool\n  } from model\n\n  agent") ==
          head + "wider; field [workload: record from broker] [workload: record] wider");
}

TEST_CASE("structure: what the library has in a module is told where both sides import it") {
    const std::vector<Source> source{{"policy.writ", std::string(kPrelude)}};
    const auto github = [](std::string_view what, std::string_view by) {
        return DataFiles{{"std.github", replaced(stdlib::module("std.github"), what, by)}};
    };
    CHECK(only(changes(source, source, {}, {}, github("  repository_id: string", "  repository_id: path"))) ==
          "changed claims std.github.github other; claim [repository_id: string] [repository_id: path] other");
    const auto baseline = std::string(stdlib::module("std.baseline"));
    const std::vector<Source> imports{{"policy.writ", "import std.baseline\n" + std::string(kPrelude)}};
    CHECK(only(changes(imports, imports, {}, {},
                       {{"std.baseline", replaced(baseline, "deny run_paused", "deny run_held")}}))
              .starts_with("renamed deny std.baseline.run_held"));
}

TEST_CASE("structure: what is printed alike and means something else differs") {
    const std::string claims =
        "claims own { iss: string  aud: one_or_many<string> max 4  exp: instant  tenant: string }\n";
    const auto issuer = [&](const std::string& name) {
        return claims + "issuer " + name + ": own \"https://own.example\" { audience \"https://broker.example\" }\n";
    };
    const auto differ = [](const std::string& before, const std::string& after, const DataFiles& files = {}) {
        CAPTURE(before);
        CAPTURE(after);
        const auto side = [](const std::string& rest) {
            return std::vector<Source>{{"policy.writ", std::string(kPrelude) + rest}};
        };
        CHECK(changes(side(before), side(before), files, files).empty());
        const auto all = changes(side(before), side(after), files, files);
        REQUIRE(all.size() == 1);
        CHECK(all[0].word == "permit");
        CHECK(all[0].direction == Direction::Other);
        // The texts for people differ too.
        std::string was, is;
        for (const PartChange& each : all[0].parts) was += each.before, is += each.after;
        CHECK(was != is);
    };
    const auto permit = [](const std::string& condition) {
        return "permit p for tool refund when " + condition + " grant { \"refund:create\" } for 5m\n";
    };
    // The name of a quantifier's variable equals that of an issuer; one of the two does not occur in the body.
    for (const std::string name : {"x", "x1", "y"}) {
        const std::string nested = name == "y" ? "any z in delegation.chain: " : "";
        differ(issuer(name) + permit("token.issuer is " + name + " and (any hop in delegation.chain: " + nested +
                                     "hop.tenant == tenant)"),
               issuer(name) + permit("token.issuer is " + name + " and (any hop in delegation.chain: " + nested + name +
                                     ".tenant == tenant)"));
    }
    // A template's row variable has the name of a table.
    const DataFiles files{{"t.json", R"([{"id": "a", "all": ["t"]}])"}, {"u.json", R"([{"all": "t"}])"}};
    const std::string tables =
        "table many = json \"t.json\" { id: string, all: set<string> }\ntable row = json \"u.json\" { all: string }\n";
    const auto each = [](const std::string& condition) {
        return "permit p for each r in many for tool refund when tenant == r.id and " + condition +
               " grant { \"refund:create\" } for 5m\n";
    };
    differ(tables + each("user.tenant in r.all"), tables + each("user.tenant in row.all"), files);
    // The same last name in two records of an element.
    const std::string tool = R"(tool ship { tier write  audience "https://s.example"  scopes { "s" }
  params { items: list<record { from: record { id: string } to: record { id: string } }> max 4 } }
)";
    const auto ship = [](const std::string& side) {
        return "permit p for tool ship when (any i in params.items: i." + side +
               ".id == tenant) grant { \"s\" } for 5m\n";
    };
    differ(tool + ship("\"from\""), tool + ship("to"));
    // A cell or an enum member that looks like two of them.
    const std::string odd = "enum odd = a | \"b | c\"\n", even = "enum odd = a | b | c\n";
    CHECK(changes(odd, even).size() == 1);
}

TEST_CASE("structure: a test is told of by its module and its name, whatever dots are in them") {
    const auto side = [](bool both) {
        const std::string test = R"(fixture f = json "f.json"
test "b.c" { given f expect deny }
)";
        std::vector<Source> out{{"one.writ", "module a\n" + std::string(kPrelude) + test},
                                {"two.writ", "module a.b\n"}};
        if (both) out[1].text += "fixture g = json \"f.json\"\ntest \"c\" { given g expect deny }\n";
        return out;
    };
    const DataFiles files{{"f.json", R"({"now": 1})"}};
    const auto gone = changes(side(true), side(false), files, files);
    CHECK(std::count_if(gone.begin(), gone.end(), [](const ThingChange& each) {
              return each.kind == ThingKind::Test && each.fate == Fate::Removed;
          }) == 1);
}

TEST_CASE("structure: a file that differs in nothing that counts is told with how far it does") {
    const auto files = [](const std::string& before, const std::string& after,
                          const std::string& name = "policy.writ") {
        const CheckedText was = check_sources({{"policy.writ", std::string(kPrelude) + before}}),
                          is = check_sources({{name, std::string(kPrelude) + after}});
        std::string out;
        for (const FileChange& each : diff::file_changes(*was.policy, *is.policy))
            out += std::string(fate_name(each.fate)) + " " + each.old_name + " " + each.name + " " +
                   std::string(text_change_name(each.text)) + ";";
        return out;
    };
    const std::string rule = "deny d when user is none\n", other = "deny e when run.background\n";
    CHECK(files(rule, rule) == "");
    CHECK(files(rule, "// why\n" + rule) == "changed policy.writ policy.writ comments;");
    CHECK(files(rule, "/// why\n" + rule) == "changed policy.writ policy.writ comments;");
    CHECK(files(rule, "deny d\n  when user is none\n") == "changed policy.writ policy.writ layout;");
    CHECK(files("deny d when tenant == \"// a\"\n", "deny d when tenant == \"// b\"\n") ==
          "changed policy.writ policy.writ words;");
    CHECK(files(rule + other, other + rule) == "changed policy.writ policy.writ words;");
    CHECK(files(rule, rule, "other.writ") == "renamed policy.writ other.writ none;");
    const CheckedText was = check_sources({{"p/a.writ", std::string(kPrelude)}, {"p/b.writ", rule}}),
                      is = check_sources({{"q/a.writ", std::string(kPrelude)}, {"q/c.writ", rule}});
    const auto moved = diff::file_changes(*was.policy, *is.policy);
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].fate == Fate::Renamed);
    CHECK(moved[0].name == "q/c.writ");
}

TEST_CASE("structure: a tool with an audience less is narrower unless rules read audiences") {
    const std::string tool =
        "tool more { tier read audience \"https://m.example\", \"https://n.example\" scopes { \"m\" } }\n";
    const std::string less = replaced(tool, ", \"https://n.example\"", ""),
                      rule = "deny d when tool.audience contains \"https://n.example\"";
    CHECK(only(changes(tool, less)).starts_with("changed tool main.more narrower;"));
    CHECK(only(changes(tool + rule, less + rule)).starts_with("changed tool main.more other;"));
}

TEST_CASE("structure: the members of a group are compared, and rules that read through it stay equal") {
    const std::string west =
        "issuer west: kubernetes \"https://west.example\" { audience \"https://broker.example\" }\n"
        "issuer east: kubernetes \"https://east.example\" { audience \"https://broker.example\" }\n"
        "deny d when token.issuer is some_of and some_of.namespace == \"a\"\n";
    CHECK(only(changes(west + "issuer group some_of = west", west + "issuer group some_of = east, west")) ==
          "changed issuer group main.some_of other; member [] [east] other");
    CHECK(changes(west + "issuer group some_of = west, east", west + "issuer group some_of = east, west").empty());
}

TEST_CASE("structure: fixtures, tests, claims and imports decide nothing by themselves") {
    const std::string prelude(kPrelude);
    const auto imported = changes(std::vector<Source>{{"policy.writ", prelude}},
                                  std::vector<Source>{{"policy.writ", "import std.baseline\n" + prelude}});
    CHECK(imported.size() > 3);
    CHECK(std::count_if(imported.begin(), imported.end(),
                        [](const ThingChange& each) { return each.kind == ThingKind::Import; }) == 1);
    CHECK(std::any_of(imported.begin(), imported.end(), [](const ThingChange& each) {
        return each.kind == ThingKind::Rule && each.name == "std.baseline.run_paused" &&
               each.direction == Direction::Narrower;
    }));
    CHECK(only(changes("claims mine { team: string }", "claims mine { team: string  unit: string }")) ==
          "changed claims main.mine other; claim [] [unit: string] other");
    CHECK(only(changes("claims mine { team: string parse team { \"{a}:{b}\" } }",
                       "claims mine { team: string parse team { \"{a}:{b**}\" } }")) ==
          "changed claims main.mine other; parse [team { \"{a}:{b}\" }] [team { \"{a}:{b**}\" }] other");
    const std::string owned = "{ team: string  id: string  role owner id }";
    CHECK(only(changes("claims mine shared " + owned, "claims mine shared \"https://a.example\" " + owned)) ==
          "changed claims main.mine same; shared at [] [\"https://a.example\"] same");
    CHECK(only(changes("claims mine { team: string }", "claims mine { team: string  role workload team }")) ==
          "changed claims main.mine same; role [] [workload team] same");
    CHECK(only(changes("claims mine { team: path  role workload team }",
                       "claims mine { team: path  role workload first 1 of team }")) ==
          "changed claims main.mine same; role [workload team] [workload first 1 of team] same");
    CHECK(only(changes("claims mine { team: string alias a = team }", "claims mine { team: string alias b = team }"))
              .starts_with("changed claims main.mine same; alias"));
    const auto files = [](const std::string& user) {
        return DataFiles{{"f.json", R"({"now": 1, "tenant": ")" + user + R"("})"}};
    };
    const std::vector<Source> source{
        {"policy.writ", std::string(kPrelude) + "fixture f = json \"f.json\"\ntest \"t\" { given f expect deny }"}};
    CHECK(only(changes(source, source, files("a"), files("b"))) ==
          "changed fixture main.f same; tenant [\"a\"] [\"b\"] same");
    std::vector<Source> other = source;
    other[0].text = replaced(other[0].text, "expect deny", "expect deny because no_permit");
    CHECK(only(changes(source, other, files("a"), files("a"))).starts_with("changed test main.t same; says"));
}

TEST_CASE("structure: expressions have one text") {
    CHECK(condition("500.00 >= params.amount") == "params.amount <= 500");
    CHECK(condition("user.roles contains \"b\"") == "user.roles contains \"b\"");
    CHECK(condition("not (user is none or run.background)") == "not (run.background or user is none)");
    CHECK(condition("(run.background and user is none) or tool.tier >= write") ==
          "run.background and user is none or tool.tier >= write");
    CHECK(condition("any hop in delegation.chain: hop.tenant == tenant and user.roles overlaps { \"b\", \"a\" }") ==
          "any x in delegation.chain: user.roles overlaps { \"a\", \"b\" } and x.tenant == tenant");
    CHECK(condition("count(hop in delegation.chain: hop.tenant == tenant) >= 2") ==
          "count(x in delegation.chain: x.tenant == tenant) >= 2");
    CHECK(condition("now in 09:00..17:30 \"UTC\" on mon..wed, fri") == "now in 09:00..17:30 \"UTC\" on mon..wed, fri");
    CHECK(condition("resource.path like \"/pay/*\"") == "resource.path like \"/pay/*\"");
    CHECK(condition("age(gates[\"eval\"].at) <= 10m and gates[\"eval\"].result == passed") ==
          "age(gates[\"eval\"].at) <= 10m and gates[\"eval\"].result == passed");
    CHECK(condition("not (user is some)") == "not user is some");
    CHECK(condition("lower(params.currency) == \"usd\" and workload.spiffe_id.trust_domain == \"acme.example\"") ==
          "lower(params.currency) == \"usd\" and workload.spiffe_id.trust_domain == \"acme.example\"");
}
