// Tests rules and declarations: clauses, effects, `extends`, templates, the catalogue.
#include <doctest/doctest.h>

#include "check_source.h"

using namespace writ;

namespace {

const DataFiles kTenants = {
    {"tenants.csv", "tenant,scope,ttl,extra\nacme,refund:create,5m,{}\nglobex,refund:read,90s,{}\n"},
    {"wide.csv", "tenant,scope,ttl\nacme,refund:create,5m\nglobex,refund:*,5m\n"},
    {"long.csv", "tenant,scope,ttl\nacme,refund:create,5m\nglobex,refund:read,25h\n"},
    {"other.csv", "tenant,scope,ttl\nacme,refund:create,5m\nglobex,lookup:read,5m\n"},
};

std::string tenants(std::string_view file) {
    return "table tenants = csv \"" + std::string(file) + "\" { tenant: string, scope: string, ttl: duration }\n";
}

constexpr std::string_view kTemplate = R"(
permit it for each row in tenants for tool refund
  when tenant == row.tenant
  grant { row.scope } for row.ttl
)";

}  // namespace

TEST_CASE("check: permit without a grant or a ttl reports E0401") {
    CHECK(check_text("permit p for tool refund when run.background").codes() == "E0401");
    CHECK(check_text("permit p for tool refund when run.background grant { } for 5m").codes() == "E0401");
}

TEST_CASE("check: issuer or tool without an audience reports E0402") {
    const auto issuer = check_text("issuer x: github \"https://x.example\" { }");
    REQUIRE(issuer.codes() == "E0402");
    CHECK(issuer.text_at(issuer.items[0].span) == "x");
    CHECK(check_text("tool t { tier read scopes { \"s\" } }").codes() == "E0402");
}

TEST_CASE("check: scope with a `*` reports E0403 in grants, limits, tools and template rows") {
    const auto grant = check_text("permit p when run.background grant { \"a\", \"repo:*\" } for 5m");
    REQUIRE(grant.codes() == "E0403");
    CHECK(grant.text_at(grant.items[0].span) == "\"repo:*\"");
    CHECK(check_text("limit l when run.background to scopes { \"*\" }").codes() == "E0403");
    CHECK(check_text("tool t { tier read audience \"a\" scopes { \"x:*\" } }").codes() == "E0403");
    const auto row = check_text(tenants("wide.csv") + std::string(kTemplate), kTenants);
    REQUIRE(row.codes() == "E0403");
    CHECK(row.items[0].label.find("row 2") != std::string::npos);
}

TEST_CASE("check: permit or deny without a condition reports E0406") {
    CHECK(check_text("permit p for tool refund grant { \"refund:read\" } for 5m").codes() == "E0406");
    CHECK(check_text("deny d").codes() == "E0406");
    CHECK(check_text("deny d for tool refund").codes().empty());
    CHECK(check_text("limit l to ttl 5m").codes().empty());
}

TEST_CASE("check: clause of another kind of rule reports E0407") {
    CHECK(check_text("deny d when run.background grant { \"s\" } for 5m").find("E0407") != nullptr);
    CHECK(check_text("permit p when run.background grant { \"s\" } for 5m to ttl 5m").find("E0407") != nullptr);
    CHECK(check_text("deny d extends e when run.background\ndeny e when agent.revoked").find("E0407") != nullptr);
}

TEST_CASE("check: parameters without `for tool`, or that tools declare differently, report E0408") {
    CHECK(check_text("permit p when params.amount < 5 grant { \"s\" } for 5m").codes() == "E0408");
    const auto types = check_text("deny d for tool refund, lookup when params.amount > 5");
    REQUIRE(types.codes() == "E0408");
    CHECK(types.items[0].related.size() == 2);
    CHECK(check_text("deny d for tool refund, lookup when params.count > 5").codes() == "E0408");
    CHECK(check_text("deny d for tool refund, lookup when params.currency == \"EUR\"").codes().empty());
}

TEST_CASE("check: a parameter that tools share is one fact, one of another type is another") {
    const auto checked = check_text(
        "deny a for tool refund, lookup when params.currency == \"EUR\"\n"
        "deny b for tool lookup when params.currency == \"USD\" or params.amount > 5\n"
        "deny c for tool refund when params.amount > 5.0");
    REQUIRE(checked.codes().empty());
    int currency = 0, amount = 0;
    for (const auto& fact : checked.policy->facts) {
        currency += fact.path == "params.currency" ? 1 : 0;
        amount += fact.path == "params.amount" ? 1 : 0;
    }
    CHECK(currency == 1);
    CHECK(amount == 2);
}

TEST_CASE("check: what cannot be extended reports E0409") {
    CHECK(check_text("permit p extends d when run.background\ndeny d when agent.revoked").codes() == "E0409");
    CHECK(check_text("permit a for tool refund when run.background grant { \"refund:read\" } for 5m\n"
                     "permit b extends a for tool lookup when agent.revoked")
              .codes() == "E0409");
    CHECK(check_text(tenants("tenants.csv") + std::string(kTemplate) +
                         "permit b for each r in tenants extends it when run.background",
                     kTenants)
              .codes() == "E0409");
    CHECK(check_text("permit p extends nope when run.background").codes() == "E0201");
}

TEST_CASE("check: extends inherits tools, conditions and grant, and replaces bounds on the same side") {
    const auto checked = check_text(
        "permit a for tool refund\n"
        "  when user.roles contains \"x\" and params.amount >= 1 and params.amount <= 500\n"
        "  grant { \"refund:create\" } for 2m\n"
        "permit b extends a when params.amount < 10_000 and run.background");
    REQUIRE(checked.codes().empty());
    const auto* rule = checked.rule("b");
    CHECK(rule->tools.size() == 1);
    CHECK(rule->ttl->integer == 120'000'000);
    REQUIRE(rule->when->kids.size() == 4);
    CHECK(rule->when->kids[0]->op == check::Op::In);
    CHECK(rule->when->kids[1]->cmp == Cmp::Ge);
    CHECK(rule->when->kids[2]->cmp == Cmp::Lt);
    CHECK(rule->when->kids[2]->kids[1]->integer == 10'000'000'000);
}

TEST_CASE("check: extends cannot contradict what it inherits") {
    CHECK(check_text("permit a when tenant == \"a\" grant { \"s\" } for 2m\npermit b extends a when tenant == \"b\"")
              .codes() == "E0302");
}

TEST_CASE("check: scope that the rule's tools do not offer reports E0410") {
    const auto checked = check_text("permit p for tool refund when run.background grant { \"refund:creat\" } for 5m");
    REQUIRE(checked.codes() == "E0410");
    CHECK(checked.items[0].replacement == "\"refund:create\"");
    CHECK(check_text("permit p when run.background grant { \"anything\" } for 5m").codes().empty());
    CHECK(check_text(tenants("other.csv") + std::string(kTemplate), kTenants).codes() == "E0410");
}

TEST_CASE("check: value out of range reports E0411") {
    CHECK(check_text("permit p when run.background grant { \"s\" } for 25h").codes() == "E0411");
    CHECK(check_text("permit p when run.background grant { \"s\" } for 0s").codes() == "E0411");
    CHECK(check_text("permit p when run.background grant { \"s\" } for 24h").codes().empty());
    CHECK(check_text("limit l to ttl 0s").codes() == "E0411");
    CHECK(check_text("require r 99 approvals from group \"g\" within 5m").codes() == "E0411");
    CHECK(check_text("issuer x: github \"https://x.example\" { audience \"a\" leeway 61s }").codes() == "E0411");
    CHECK(check_text("issuer x: github \"https://x.example\" { audience \"a\" max_age 0s }").codes() == "E0411");
    CHECK(check_text("claims k { a: set<string> max 5000 }").codes() == "E0411");
    CHECK(check_text(tenants("long.csv") + std::string(kTemplate), kTenants).codes() == "E0411");
}

TEST_CASE("check: a shared kind says whose a token is, by claims that it has and in roles that there are") {
    const auto codes = [](const std::string& mark, const std::string& items) {
        return check_text("claims k " + mark +
                          " { sub: subject  n: int  r: record { id: string }  alias id = r.id  parse sub { "
                          "\"a:{b}\" } " +
                          items + " }")
            .codes();
    };
    CHECK(codes("shared", "role owner first 2 of sub, b, r.id, n role actor id") == "");
    CHECK(codes("shared \"https://a.example\", \"https://b.example\"", "role owner sub") == "");
    CHECK(codes("", "role workload sub") == "");
    CHECK(codes("shared", "") == "E0412");
    CHECK(codes("", "role owner sub") == "E0412");
    CHECK(codes("shared", "role owner sub role ownr b") == "E0201");
    CHECK(codes("shared", "role owner sub, x") == "E0202");
    CHECK(codes("shared", "role owner r.x") == "E0202");
    CHECK(codes("shared", "role owner id, r.id") == "E0205");
    CHECK(codes("shared", "role owner first 1 of n") == "E0412");
    CHECK(codes("shared", "role owner first 0 of sub") == "E0411");
    CHECK(codes("", "role trigger sub is { \"push\" } not { \"comment\", \"fork\" }, b role phase id not { \"x\" }") ==
          "");
    CHECK(codes("", "role workload sub is { \"a\" }") == "E0412");
    CHECK(codes("", "role phase sub not { true }") == "E0412");
    CHECK(codes("", "role phase n is { \"1\" }") == "E0412");
    CHECK(codes("", "never permit because \"a\"") == "");
    CHECK(codes("", "never permit because \"a\" never permit because \"b\"") != "");
    // These keywords can be names elsewhere.
    CHECK(check_text(
              "claims shared { role: string  first: string  shared: string  role workload role, first 1 of first }")
              .codes()
              .empty());
}

TEST_CASE("check: malformed declaration reports E0412") {
    CHECK(check_text("tool t { audience \"a\" scopes { \"s\" } }").codes() == "E0412");
    CHECK(check_text("tool t { tier read audience \"a\" }").codes() == "E0412");
    CHECK(check_text("tool t { tier read audience \"a\" scopes { } }").codes() == "E0412");
    CHECK(check_text("issuer x: github \"\" { audience \"a\" }").codes() == "E0412");
    CHECK(check_text("claims k { sub: string parse sub { \"{a}{b}\" } }").codes() == "E0412");
    CHECK(check_text("claims k { sub: string parse sub { \"x:{a\" } }").codes() == "E0412");
    CHECK(check_text("claims k { a: int max 5 }").codes() == "E0412");
    CHECK(check_text("claims k { a: map<string, set<string>> }").codes() == "E0412");
    CHECK(check_text("schema request { a: string }").codes() == "E0412");
    CHECK(check_text("table t = csv \"t.csv\" { a: string or none }").codes() == "E0412");
}

TEST_CASE("check: tools without declared tiers are told how to declare them") {
    const auto checked = check_sources({{"a.writ", "tool t { tier read audience \"a\" scopes { \"s\" } }"}});
    REQUIRE(checked.codes() == "E0203");
    CHECK(checked.items[0].help.find("tier read < write") != std::string::npos);
    CHECK_FALSE(checked.policy->tier.valid());
}

TEST_CASE("check: template reads its row in conditions and effects") {
    const auto checked = check_text(tenants("tenants.csv") + std::string(kTemplate) +
                                        "oblige o for each row in tenants when tenant == row.tenant with "
                                        "note(who: row.tenant, at: \"x\")",
                                    kTenants);
    REQUIRE(checked.codes().empty());
    const auto* rule = checked.rule("it");
    CHECK(rule->each.valid());
    CHECK(rule->when->kids[1]->op == check::Op::Column);
    CHECK(rule->scopes->kids[0]->op == check::Op::Column);
    CHECK(rule->ttl->op == check::Op::Column);
    const auto& args = checked.rule("o")->obligations.at(0).args;
    REQUIRE(args.size() == 2);
    CHECK(args[0].name == "at");
    CHECK(args[1].value->op == check::Op::Column);
}

TEST_CASE("check: text where a set is due reports E0301 and puts it in braces") {
    const auto checked = check_text("permit p when run.background grant \"s\" for 5m");
    REQUIRE(checked.codes() == "E0301");
    CHECK(checked.items[0].replacement == "{ \"s\" }");
}

TEST_CASE("check: issuers take token types and proof from their kind") {
    const auto checked =
        check_sources({{"a.writ", "import std.wimse\nissuer w: wimse \"https://w.example\" { audience \"a\" }"}});
    REQUIRE(checked.codes().empty());
    const auto& issuer = checked.policy->issuers.back();
    CHECK(issuer.types == std::vector<std::string>{"wit+jwt"});
    CHECK(issuer.proof_required);
}

TEST_CASE("check: facts the engine reads come first, in the order of their table") {
    const auto checked = check_text("");
    constexpr std::string_view kPaths[] = {
#define FACT(name, path, ...) path,
#include "base/builtin_facts.def"
    };
    REQUIRE(checked.policy->facts.size() == std::size(kPaths));
    for (std::size_t i = 0; i < std::size(kPaths); ++i) CHECK(checked.policy->facts[i].path == kPaths[i]);
}

TEST_CASE("check: facts are unique, and claims go through aliases and captures") {
    const auto checked = check_condition(
        "prod.namespace == \"a\" and prod.\"kubernetes.io\".namespace != \"b\" and prod.sub_namespace == "
        "\"a\" "
        "and resource.tags[\"team\"] == \"x\" and user.tenant == tenant");
    REQUIRE(checked.codes().empty());
    const auto kids = checked.rule("it")->when->kids;
    CHECK(kids[0]->kids[0]->id == kids[1]->kids[0]->id);
    REQUIRE(checked.fact("prod.namespace") != nullptr);
    CHECK(checked.policy->at(checked.fact("prod.namespace")->field).name == "namespace");
    REQUIRE(checked.fact("prod.sub_namespace") != nullptr);
    CHECK(checked.fact("prod.sub_namespace")->root == check::FactRoot::Capture);
    REQUIRE(checked.fact("resource.tags[\"team\"]") != nullptr);
    CHECK(checked.fact("resource.tags[\"team\"]")->keys == std::vector<std::string>{"team"});
    REQUIRE(checked.fact("user.tenant")->optionals.size() == 1);
    CHECK(checked.policy->at(checked.fact("user.tenant")->optionals[0]).path == "user");
}

TEST_CASE("check: provenance on the way down holds for claims and parameters") {
    const auto checked = check_condition("prod.namespace == \"a\" and params.currency == \"EUR\"");
    REQUIRE(checked.codes().empty());
    CHECK(checked.policy->at(checked.fact("prod.namespace")->field).weakest == Provenance::Verified);
    CHECK(checked.policy->at(checked.fact("params.currency")->field).weakest == Provenance::Asserted);
    CHECK(checked.policy
              ->at(checked.fact("user.tenant") == nullptr ? checked.fact("user.id")->field
                                                          : checked.fact("user.tenant")->field)
              .weakest == Provenance::Broker);
}

TEST_CASE("check: every standard module checks without a finding") {
    std::string text = "tier read < write < privileged\n";
    for (const auto name : stdlib::modules())
        if (name != "std.request") text = "import " + std::string(name) + "\n" + text;
    CHECK(check_sources({{"all.writ", text}}).codes().empty());
}

TEST_CASE("check: dump lists typed rules") {
    const auto checked = check_text("limit l when tool.tier >= privileged to ttl 5m, single_use");
    CHECK(check::dump_typed(*checked.policy) ==
          "limit main.l\n  when\n    compare >=\n      fact tool.tier: tier\n      integer privileged: tier\n"
          "  ttl\n    integer 5m: duration\n  single_use\n");
}

TEST_CASE("check: a group has issuers, each once, and claims if all are of one kind") {
    const std::string west =
        "issuer west: kubernetes \"https://west.example\" { audience \"https://broker.example\" }\n";
    const auto codes = [&](std::string_view text) { return check_text(west + std::string(text)).codes(); };
    const auto checked = check_text(west +
                                    "issuer group clusters = west, prod\n"
                                    "invariant i: never permit when clusters.namespace == \"a\"");
    REQUIRE(checked.codes().empty());
    REQUIRE(checked.policy->groups.size() == 1);
    const check::Fact* fact = checked.fact("clusters.namespace");
    REQUIRE(fact != nullptr);
    CHECK(checked.policy->members_of(fact->issuer) == checked.policy->groups[0].members);
    CHECK(checked.policy->is_among(0, fact->issuer));
    CHECK_FALSE(checked.policy->is_among(1, fact->issuer));

    CHECK(codes("issuer group g = west, west") == "E0205");
    CHECK(codes("issuer group west = prod") == "E0205");
    CHECK(codes("issuer group g = west, wset") == "E0203");
    CHECK(codes("issuer group g = west\nissuer group h = g") == "E0203");
    CHECK(codes("define d = 1\nissuer group g = d") == "W0601 E0203");
    CHECK(codes("issuer group g = west, ci\ndeny d when token.issuer is g").empty());
    const auto mixed = check_text(west +
                                  "issuer group g = west, ci\npermit p for tool lookup when g.sub == \"a\" "
                                  "grant { \"lookup:read\" } for 5m");
    REQUIRE(mixed.codes() == "E0304");
    CHECK(mixed.items[0].related.size() == 2);
    // A group is not a single value.
    CHECK(codes("issuer group g = west, prod\ndeny d when token.issuer in { g }") == "E0304");
    const auto mended = [&](std::string_view condition) {
        const auto in_set = check_text(west + "issuer group g = west, prod\ndeny d when " + std::string(condition));
        REQUIRE(in_set.codes() == "E0304");
        CHECK(in_set.items[0].help == "write `" + in_set.items[0].replacement + "`");
        CHECK(codes("issuer group g = west, prod\ndeny d when " + in_set.items[0].replacement).empty());
        return in_set.items[0].replacement;
    };
    CHECK(mended("token.issuer in { g, ci }") == "(token.issuer is g or token.issuer is ci)");
    CHECK(mended("token.issuer not in { ci, g }") == "not (token.issuer is ci or token.issuer is g)");
    CHECK(mended("token.issuer in { g }") == "token.issuer is g");
    CHECK(codes("issuer group g = west, prod\ndeny d when token.issuer == g") == "E0304");
}

TEST_CASE("check: quoted, aliased and nested claims can be parsed") {
    const std::string before =
        "claims mine { \"a b:sub\": subject  x: record { y: record { z: string } or none }  "
        "m: map<string, string> max 4  list: list<record { q: string }> max 4  alias short = x.y\n";
    const std::string after =
        "}\nissuer own: mine \"https://own.example\" { audience \"https://broker.example\" }\n"
        "permit p for tool lookup when own.part == \"a\" grant { \"lookup:read\" } for 5m\n";
    const auto codes = [&](std::string_view parse) { return check_text(before + std::string(parse) + after).codes(); };
    CHECK(codes("parse \"a b:sub\" { \"{part}:{rest**}\" }").empty());
    CHECK(codes("parse x.y.z { \"{part}:{rest**}\" }").empty());
    CHECK(codes("parse short.z { \"{part}:{rest**}\" }").empty());
    CHECK(codes("parse x.y { \"{part}\" }") == "E0304 E0202");
    CHECK(codes("parse m[\"k\"] { \"{part}\" }") == "E0412 E0202");
    CHECK(codes("parse list.q { \"{part}\" }") == "E0412 E0202");
    CHECK(codes("parse x.w { \"{part}\" }") == "E0202 E0202");
    // A part of a field in a group that may be none is unknown if there is none, so a narrowing rule needs a guard.
    const auto nested = check_text(before + "parse short.z { \"{part}:{rest**}\" }" + after +
                                   "deny d when token.issuer is own and own.part == \"b\"");
    CHECK(nested.codes() == "E0405");
}

TEST_CASE("check: the code of a deny is its name, with the module where the name alone says less than one") {
    const auto two = check_sources(
        {{"a.writ",
          "module acme.a\n" + std::string(kPrelude) +
              "deny frozen when run.background\ndeny no_permit when "
              "run.background\ndeny own when run.background\nrequire frozen_too when run.background approval from "
              "group \"g\" within 5m\n"},
         {"b.writ", "module acme.b\ndeny frozen when run.background\ndeny frozen_too when run.background\n"}});
    REQUIRE(two.policy != nullptr);
    std::string codes;
    for (const check::Rule& rule : two.policy->rules) codes += rule.code + " ";
    CHECK(codes == "acme.a.frozen no_permit own  acme.b.frozen frozen_too ");
}

TEST_CASE("check: tiers have roles, and modules that ask for one get the tier that has it") {
    const auto tiers = [](std::string_view declared, std::string_view more = "") {
        return check_sources({{"policy.writ", "import std.owasp\n" + std::string(declared) + "\n" + std::string(more)}},
                             {});
    };
    const auto bound_of = [](const CheckedText& checked) {
        return checked.rule("privileged_is_brief")->when->kids[1]->integer;
    };
    const auto own = tiers("tier look role read < touch < smash role privileged < wreck");
    REQUIRE(own.codes() == "");
    CHECK(bound_of(own) == 2);
    CHECK(own.rule("audit_unavailable")->when->kids[0]->kids[1]->integer == 0);
    // A tier has the role of its name, even if another tier has the other role.
    CHECK(bound_of(tiers("tier read < write < privileged")) == 2);
    CHECK(bound_of(tiers("tier read < write < admin role privileged")) == 2);
    // The module of the tiers uses their names.
    const auto long_name =
        tiers("tier look role read < touch < smash role privileged", "deny d when tool.tier >= privileged");
    REQUIRE(long_name.codes() == "E0201");
    CHECK(long_name.items[0].replacement == "smash");
}

TEST_CASE("check: a role that no tier has reports E0212 once, at the tiers") {
    const auto checked =
        check_sources({{"policy.writ", "import std.baseline\nimport std.owasp\ntier look < touch < smash"}}, {});
    REQUIRE(checked.codes() == "E0212 E0212");
    CHECK(checked.text_at(checked.items[0].span) == "tier");
    CHECK(checked.items[0].message == "no tier has the role `read`, and module `std.baseline` asks for it");
    CHECK(checked.items[0].help ==
          "give it to the highest tier whose tools only read: `tier look role read < touch < smash`");
    CHECK(checked.items[1].help ==
          "give it to the lowest tier whose tools can do great harm: `tier look < touch < smash role privileged`");
}

TEST_CASE("check: roles of tiers that do not fit report E0412") {
    const auto only = [](std::string_view tiers) {
        const auto checked = check_sources({{"policy.writ", std::string(tiers)}}, {});
        return checked.codes() == "E0412" ? checked.items[0].message : checked.codes();
    };
    CHECK(only("tier a role reed < b") == "there is no role `reed` of tiers");
    CHECK(only("tier a role read < b role read") == "two tiers have the role `read`");
    CHECK(only("tier a role privileged < privileged") ==
          "`privileged` is the name of another tier, which has this role by its name");
    CHECK(only("tier a role privileged < b role read") == "the role `read` is not below the role `privileged`");
    CHECK(only("tier a role read < b role privileged < c") == "");
}
