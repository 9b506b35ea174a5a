// Tests names that are unknown, private, ambiguous, declared twice or circular, and the suggestions for them.
#include <doctest/doctest.h>

#include "check_source.h"

using namespace writ;

TEST_CASE("check: unknown name reports E0201 with the nearest name and its replacement") {
    const auto checked = check_condition("tenat == \"a\"");
    REQUIRE(checked.codes() == "E0201");
    CHECK(checked.text_at(checked.items[0].span) == "tenat");
    CHECK(checked.items[0].replacement == "tenant");
}

TEST_CASE("check: unknown enum member reports E0201 with the nearest member") {
    const auto checked = check_condition("run.state == runing");
    REQUIRE(checked.codes() == "E0201");
    CHECK(checked.items[0].replacement == "running");
}

TEST_CASE("check: unknown function reports E0201") {
    const auto checked = check_condition("word(tenant) contains \"a\"");
    REQUIRE(checked.codes() == "E0201");
    CHECK(checked.items[0].replacement == "words");
}

TEST_CASE("check: unknown type reports E0201 once, and its uses stay silent") {
    const auto checked = check_text(R"(
tool t { tier read audience "a" scopes { "s" } params { x: strin } }
permit p for tool t when params.x == "a" grant { "s" } for 5m
)");
    REQUIRE(checked.codes() == "E0201");
    CHECK(checked.items[0].replacement == "string");
}

TEST_CASE("check: unknown field reports E0202 with the nearest field") {
    const auto checked = check_condition("user.tenent == \"a\"");
    REQUIRE(checked.codes() == "E0202");
    CHECK(checked.text_at(checked.items[0].span) == "tenent");
    CHECK(checked.items[0].replacement == "tenant");
}

TEST_CASE("check: unknown claim reports E0202 with aliases among the candidates") {
    const auto checked = check_condition("prod.namespac == \"a\"");
    REQUIRE(checked.codes() == "E0202");
    CHECK(checked.items[0].replacement == "namespace");
}

TEST_CASE("check: field of a list reports E0202 and names `any`") {
    const auto checked = check_condition("delegation.chain.tenant == \"a\"");
    REQUIRE(checked.codes() == "E0202");
    CHECK(checked.items[0].help.find("any x in delegation.chain: x.tenant") != std::string::npos);
}

TEST_CASE("check: map without a key reports E0202 and shows the key") {
    const auto checked = check_condition("gates.eval.result == passed");
    REQUIRE(checked.codes() == "E0202");
    CHECK(checked.items[0].help.find("gates[\"eval\"]") != std::string::npos);
}

TEST_CASE("check: claims and parameters cannot be read as request fields") {
    CHECK(check_condition("token.claims.sub == \"a\"").codes() == "E0202");
    const auto params = check_condition("tool.params.amount == 1.0");
    REQUIRE(params.codes() == "E0202");
    CHECK(params.text_at(params.items[0].span) == "tool.params");
    CHECK(params.items[0].replacement == "params");
    CHECK(check_condition("any x in token.claims: true").codes() == "E0304");
}

TEST_CASE("check: a claim without an issuer names the issuers that have it") {
    const auto help = [](std::string_view condition) {
        const auto checked = check_condition(condition);
        REQUIRE(checked.items.size() == 1);
        return checked.items[0].help;
    };
    CHECK(help("token.claims.namespace == \"a\"") == "write `prod.namespace`");
    CHECK(help("token.claims.sub == \"a\"") == "write one of `ci.sub`, `prod.sub`");
    CHECK(help("token.claims.nothing == \"a\"") == "none has such a claim; the issuers are `ci`, `prod`");
    CHECK(help("claims.namespace == \"a\"") ==
          "claims are read through the name of their issuer: write `prod.namespace`");
    const auto kind = check_condition("kubernetes.namespace == \"a\"");
    REQUIRE(kind.codes() == "E0201");
    CHECK(kind.items[0].message == "`kubernetes` is a kind of issuers, not an issuer");
    CHECK(kind.items[0].help == "write `prod.namespace`");
    CHECK(help("std.kubernetes.kubernetes.namespace == \"a\"") == "write `prod.namespace`");
    const auto none = check_sources({{"a.writ", "import std.github\ndeny d when github.ref == \"a\""}});
    REQUIRE(none.codes() == "E0201");
    CHECK(none.items[0].help == "declare an issuer, then write `name.ref`");
}

TEST_CASE("check: a request schema without a fact the engine reads reports E0202") {
    SourceSet sources;
    sources.sources = {{"a.writ", ""}};
    Report report;
    CheckedText checked;
    checked.policy = check::check(check::parse(
        sources,
        [](std::string_view name) {
            return std::string_view(name == "std.request" ? "module std.request schema request { now: instant }" : "");
        },
        {}, report));
    checked.items = report.take();
    REQUIRE(checked.find("E0202") != nullptr);
    CHECK(std::any_of(checked.items.begin(), checked.items.end(), [](const Diagnostic& d) {
        return d.message.find("`token.issuer`, which the engine reads") != std::string::npos;
    }));
}

TEST_CASE("check: unknown tool, tier, issuer, issuer kind and table report E0203") {
    const auto tool = check_text("deny d for tool refnd");
    REQUIRE(tool.codes() == "E0203");
    CHECK(tool.items[0].replacement == "refund");
    const auto tier = check_text("tool t { tier wrte audience \"a\" scopes { \"s\" } }");
    REQUIRE(tier.codes() == "E0203");
    CHECK(tier.items[0].replacement == "write");
    const auto issuer = check_condition("token.issuer is prdo");
    REQUIRE(issuer.codes() == "E0203");
    CHECK(issuer.items[0].replacement == "prod");
    CHECK(issuer.text_at(issuer.items[0].span) == "prdo");
    CHECK(check_text("issuer x: kubernets \"https://x\" { audience \"a\" }").codes() == "E0203");
    // If none is similar, all are named.
    CHECK(check_text("tool t { tier admin audience \"a\" scopes { \"s\" } }").items.at(0).help ==
          "the tiers are `read`, `write`, `privileged`");
    const auto kind = check_text("issuer x: sso \"https://x\" { audience \"a\" }");
    REQUIRE(kind.codes() == "E0203");
    CHECK(
        kind.items[0].help.starts_with("the kinds here are `github`, `kubernetes`, `kubernetes_legacy`; "
                                       "import one of `std.aws`, `std.azure_devops`, "));
    CHECK(check_text("deny d for each row in rows when row.x == tenant").codes() == "E0203");
}

TEST_CASE("check: unknown tool name or issuer URL as text reports E0203") {
    const auto tool = check_condition("tool.name == \"refnd\"");
    REQUIRE(tool.codes() == "E0203");
    CHECK(tool.items[0].replacement == "\"refund\"");
    CHECK(check_condition("tool.name in { \"refund\", \"lokup\" }").codes() == "E0203");
    CHECK(check_condition("token.issuer == \"https://cluster.example/\"").codes() == "E0203");
    CHECK(check_condition("token.issuer == \"https://cluster.example\"").codes().empty());
}

namespace {

/// Without std.baseline and std.request, or with others in their place, this policy would trust and permit everything.
constexpr std::string_view kUsesBaseline =
    "import std.baseline\nimport std.kubernetes\ntier read < write\n"
    "issuer prod: kubernetes \"https://k\" { audience \"a\" }\n";

CheckedText beside(std::string_view module, std::string_view more = {}) {
    return check_sources({{"own.writ", "module " + std::string(module) + "\n" + std::string(more)},
                          {"main.writ", std::string(kUsesBaseline)}});
}

}  // namespace

TEST_CASE("check: a module name of the standard library reports E0210, and the library's module stays in force") {
    for (const char* name : {"std.baseline", "std.request", "std.kubernetes", "std", "std.baseline.more", "std.mine",
                             "STD.baseline", "Std.Baseline", "sTd"}) {
        const auto checked = beside(name, "deny nothing when run.background");
        REQUIRE_MESSAGE(checked.codes() == "E0210", name);
        CHECK(checked.text_at(checked.items[0].span) == name);
        CHECK(checked.items[0].help.find("`acme") != std::string::npos);
        CHECK(checked.rule("run_paused") != nullptr);
        CHECK(checked.rule("nothing") == nullptr);
    }
    CHECK(beside("std.baseline").codes() == "E0210");  // also if it is empty
    CHECK(beside("std.request", "export schema request { now: instant }").codes() == "E0210");
    for (const char* name : {"stdlib.baseline", "acme.std", "std_baseline", "baseline"})
        CHECK(beside(name).codes().empty());
}

TEST_CASE("check: no alias stands for the standard library or for another module in use") {
    const Source own{"own.writ", "module acme.kinds\nexport claims github { sub: string }"};
    CHECK(check_sources({own, {"main.writ", "import acme.kinds as std"}}).codes() == "E0210");
    CHECK(check_sources({own, {"main.writ", "import acme.kinds as STD"}}).codes() == "E0210");
    const Source other{"other.writ", "module other\nexport claims gitlab { sub: string }"};
    CHECK(check_sources({own, other, {"main.writ", "import other\nimport acme.kinds as other"}}).codes() == "E0205");
    CHECK(check_sources({own, other, {"o.writ", "module o\nimport acme.kinds as o"}}).codes() == "E0205");
    CHECK(check_sources({own, other, {"main.writ", "import other\nimport acme.kinds as k"}}).codes().empty());
}

TEST_CASE("check: a second schema is refused, exported or not") {
    for (const char* text : {"schema request { now: instant }", "export schema request { now: instant }",
                             "module acme.request\nexport schema request { now: instant }"})
        CHECK(check_sources({{"a.writ", text}}).codes() == "E0412");
}

TEST_CASE("check: a declaration that hides an imported name reports E0211") {
    const Source own{"own.writ",
                     "module own\nexport define scopes_of = { \"a\" }\nexport enum colour = red | green\n"
                     "tier read\nexport tool hammer { tier read audience \"a\" scopes { \"s\" } }"};
    const auto with = [&](std::string_view text) {
        return check_sources({own, {"main.writ", std::string(text)}}).codes();
    };
    CHECK(with("import std.github\nclaims github { sub: string }") == "E0211");
    CHECK(with("import own\nexport define scopes_of = { \"b\" }") == "E0211");
    CHECK(with("import own\nenum colour = blue | black") == "E0211");
    CHECK(with("import own\ntool hammer { tier read audience \"a\" scopes { \"s\" } }").starts_with("E0211"));
    // The names of the request schema are visible in every module.
    CHECK(with("enum environment = a | b") == "E0211");
    CHECK(with("enum run_state = ended | running") == "E0211");
    // With an alias, each use names the module; a name that is not exported is not hidden.
    CHECK(with("import std.github as gh\nclaims github { sub: string }").empty());
    CHECK(check_sources(
              {{"a.writ", "module a\ndefine x = 1\nexport define y = x"}, {"b.writ", "import a\nexport define x = y"}})
              .codes()
              .empty());
    // Without an import there is nothing to hide.
    CHECK(with("claims github { sub: string }").empty());
}

TEST_CASE("check: an enum with the name of a type reports E0205") {
    for (const char* name : {"string", "host", "tool", "issuer", "set", "path"})
        CHECK(check_sources({{"a.writ", "enum " + std::string(name) + " = a | b"}}).codes() == "E0205");
}

TEST_CASE("check: a name that an import would bring says which import") {
    const auto kind = check_sources({{"a.writ", "issuer ci: github \"u\" { audience \"a\" }"}});
    REQUIRE(kind.codes() == "E0203");
    CHECK(kind.items[0].help == "write `import std.github` at the top of the file");
    const auto full = check_sources({{"a.writ", "issuer ci: std.gitlab.gitlab \"u\" { audience \"a\" }"}});
    REQUIRE(full.codes() == "E0203");
    CHECK(full.items[0].help == "write `import std.gitlab` at the top of the file");
    const auto alias =
        check_sources({{"a.writ", "import std.github as gh\nissuer ci: github \"u\" { audience \"a\" }"}});
    REQUIRE(alias.codes() == "E0203");
    CHECK(alias.items[0].help == "`std.github` is imported as `gh`: write `gh.github`");
    const auto own = check_sources({{"a.writ", "module acme.teams\nexport define oncall = { \"a\" }"},
                                    {"b.writ", "deny d when user is none or not (user.roles overlaps oncall)"}});
    REQUIRE(own.codes() == "E0201");
    CHECK(own.items[0].help == "write `import acme.teams` at the top of the file");
}

TEST_CASE("check: a declaration with a syntax error is reported once, and its uses are not") {
    const std::string uses =
        "\npermit p for tool hammer when params.n > 1 and token.issuer is shop and shop.team == \"a\" grant { \"s\" } "
        "for 5m\n"
        "deny t when tool.name in { hammer, \"hammer.run\" }\ndeny w when tool.tier >= write\n";
    const std::string tool =
        "tool hammer \"hammer.run\" {\n  tier write\n  audience \"a\"\n  scopes { \"s\" }\n  params { n: int }\n}\n";
    const std::string kind = "claims store {\n  sub: string\n  team: string\n}\n";
    const std::string issuer = "issuer shop: store \"u\" {\n  audience \"a\"\n}\n";
    const std::string tier = "tier read < write\n";
    const auto with = [&](std::string text, std::string_view right, std::string_view wrong) {
        const auto at = text.find(right);
        REQUIRE(at != std::string::npos);
        return check_sources({{"a.writ", text.replace(at, right.size(), wrong)}}).codes();
    };
    const std::string all = tier + tool + kind + issuer + uses;
    CHECK(with(all, "tier read", "tier read").empty());
    CHECK(with(all, "  tier write", "  tier: write") == "E0102");
    CHECK(with(all, "n: int", "n int") == "E0102");
    CHECK(with(all, "team: string", "team string") == "E0102");
    CHECK(with(all, "team: string\n}", "team: string") == "E0102");
    CHECK(with(all, "u\" {", "u\" [") == "E0102");
    CHECK(with(all, "read < write", "read, write") == "E0102");
    CHECK(check_sources({{"a.writ",
                          "import std.githb\nissuer ci: github \"u\" { audience \"a\" }\ndeny d when token.issuer is "
                          "ci and ci.sub == \"x\""}})
              .codes() == "E0204");
}

TEST_CASE("check: unknown module reports E0204 with the nearest module") {
    const auto checked = check_text("");
    CHECK(checked.codes().empty());
    const auto wrong = check_sources({{"a.writ", "import std.githb"}});
    REQUIRE(wrong.codes() == "E0204");
    CHECK(wrong.items[0].replacement == "std.github");
}

TEST_CASE("check: two declarations with one name report E0205 and show the first") {
    const auto checked = check_text("deny d for tool refund\ndeny d for tool lookup");
    REQUIRE(checked.codes() == "E0205");
    REQUIRE(checked.items[0].related.size() == 1);
    CHECK(checked.items[0].related[0].span.begin < checked.items[0].span.begin);
    CHECK(checked.items[0].message == "rule `d` is declared twice");
    const auto other = check_text("issuer group ci = prod");
    REQUIRE(other.codes() == "E0205");
    CHECK(other.items[0].message == "`ci` is already the name of an issuer");
}

TEST_CASE("check: names may repeat in different modules") {
    const auto checked = check_sources(
        {{"a.writ", "module a deny d when workload.revoked"}, {"b.writ", "module b deny d when agent.revoked"}});
    CHECK(checked.codes().empty());
    CHECK(checked.policy->rules.size() == 2);
}

TEST_CASE("check: twice the same issuer URL, wire name, tier, member, field or alias report E0205") {
    CHECK(check_text("issuer other: github \"https://cluster.example\" { audience \"a\" }").codes() == "E0205");
    CHECK(check_text("tool t \"refund\" { tier read audience \"a\" scopes { \"s\" } }").codes() == "E0205");
    CHECK(check_sources({{"a.writ", "module a tier x < y"}, {"b.writ", "module b tier z < w"}}).codes() == "E0205");
    CHECK(check_text("export enum e = a | b | a").codes() == "E0205");
    CHECK(check_text("claims k { sub: string sub: string }").codes() == "E0205");
    CHECK(check_text("claims k { sub: string alias sub = sub }").codes() == "E0205");
    CHECK(check_text("claims k { sub: string parse sub { \"{sub}:x\" } }").codes() == "E0205");
}

TEST_CASE("check: a definition named like a request group reports E0205") {
    CHECK(check_text("export define user = tenant == \"a\"").codes() == "E0205");
    CHECK(check_text("issuer group user = prod, ci").items.at(0).message ==
          "`user` is already the name of a group of facts of the request");
    // Whether it is used is not known.
    const auto fact = check_text("define broker = \"a\"");
    REQUIRE(fact.codes() == "E0205");
    CHECK(fact.items[0].message == "`broker` is already the name of a fact of the request");
}

TEST_CASE("check: private name reports E0206 and shows the declaration") {
    const auto checked = check_sources({{"a.writ", "module a define busy = run.background deny x when busy"},
                                        {"b.writ", "module b import a deny d when busy"}});
    REQUIRE(checked.codes() == "E0206");
    REQUIRE(checked.items[0].related.size() == 1);
    CHECK(checked.items[0].related[0].span.source == 0);
}

TEST_CASE("check: exported names are reached bare, by module and by alias") {
    const auto checked = check_sources({{"a.writ", "module a.b export define busy = run.background"},
                                        {"b.writ", "module b import a.b deny d when busy deny e when a.b.busy"},
                                        {"c.writ", "module c import a.b as n deny d when n.busy"}});
    CHECK(checked.codes().empty());
    CHECK(check_sources({{"a.writ", "module a export define busy = run.background"},
                         {"c.writ", "module c import a as n deny d when busy"}})
              .codes() == "E0201");
}

TEST_CASE("check: name exported by two imports reports E0207") {
    const auto checked = check_sources({{"a.writ", "module a export define busy = run.background"},
                                        {"b.writ", "module b export define busy = not run.background"},
                                        {"c.writ", "module c import a import b deny d when busy"}});
    REQUIRE(checked.codes() == "E0207");
    CHECK(checked.items[0].related.size() == 2);
}

TEST_CASE("check: bare member of several enums reports E0207, its full name does not") {
    CHECK(check_text("export define s = { running }").codes() == "E0207");
    CHECK(check_text("define s = { run_state.running }\ndeny d when run.state in s").codes().empty());
}

TEST_CASE("check: circles of definitions, imports, rules and fixtures report E0208") {
    CHECK(check_text("define a = not b\ndefine b = not a\ndeny d when a").codes() == "E0208");
    CHECK(check_sources({{"a.writ", "module a import b"}, {"b.writ", "module b import a"}}).codes() == "E0208");
    CHECK(check_text("permit a extends b when run.background\npermit b extends a when agent.revoked").codes() ==
          "E0208");
    CHECK(check_text("fixture a = b\nfixture b = a").codes() == "E0208");
}

TEST_CASE("check: unused parameter reports E0209") {
    const auto checked = check_text("define f(x: string, y: string) = tenant == x\ndeny d when f(\"a\", \"b\")");
    REQUIRE(checked.codes() == "E0209");
    CHECK(checked.text_at(checked.items[0].span) == "y");
}

TEST_CASE("check: unused private definition reports W0601, an exported one does not") {
    const auto checked = check_text("define lonely = run.background\nexport define shared = run.background");
    REQUIRE(checked.codes() == "W0601");
    CHECK(checked.text_at(checked.items[0].span) == "lonely");
    CHECK(checked.items[0].severity == Severity::Warning);
    // A declaration that is not understood may use it.
    CHECK(check_text("define url = \"https://a\"\nissuer i: kubernetes \"https://i\" { audience url }").codes() ==
          "E0102");
}

TEST_CASE("check: one wrong name gives one finding, however much is above it") {
    CHECK(check_condition("not (userr.x == 1 and any y in tenantt.list: y.z > y.w) or run.background").codes() ==
          "E0201 E0201");
    CHECK(check_text("permit p for tool nope when params.x == 1 and tool.scopes == params.y grant tool.scopes for 5m")
              .codes() == "E0203");
    CHECK(check_text("define broken = nope == 1\ndeny d when broken and broken").codes() == "E0201");
}

TEST_CASE("check: errors of every declaration are reported in one run") {
    CHECK(check_text("deny a when nope\ndeny b when tenant.x == 1\npermit c when run.background grant { \"s\" }")
              .codes() == "E0201 E0202 E0401");
}

TEST_CASE("check: keys of maps inside each other are told apart, whatever characters are in them") {
    const CheckedText checked = check_text(R"(
claims own { iss: string  aud: one_or_many<string> max 4  exp: instant  m: map<string, record { n: map<string, string> max 4 }> max 4 }
issuer o: own "https://own.example" { audience "https://broker.example" }
permit p for tool refund when token.issuer is o and o.m["a\u{0}b"].n["c"] == "x" and o.m["a"].n["b\u{0}c"] == "y" grant { "refund:create" } for 5m
)");
    CHECK(checked.codes() == "");
    CHECK(std::count_if(checked.policy->facts.begin(), checked.policy->facts.end(),
                        [](const check::Fact& each) { return each.keys.size() == 2; }) == 2);
}
