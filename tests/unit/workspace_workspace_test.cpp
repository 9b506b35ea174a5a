#include <doctest/doctest.h>

#include <algorithm>

#include "base/json.h"
#include "example_request.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

using namespace writ;
using writ::testing::example_request;

namespace {

constexpr std::string_view kClaims = R"({
  "iss": "https://issuer.example", "aud": ["https://broker.example"], "sub": "system:serviceaccount:pay:agent",
  "exp": 1790003600, "iat": 1790000000, "nbf": 1790000000, "jti": "t-1",
  "kubernetes.io": { "namespace": "pay", "serviceaccount": { "name": "agent", "uid": "u-1" }, "pod": { "name": "p", "uid": "u-2" } }
})";
constexpr std::int64_t kNow = 1'790'000'000;

constexpr std::string_view kPolicy = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write
tool pay {
  tier     write
  audience "https://pay.example"
  scopes   { "pay:create", "pay:read" }
  params   { amount: decimal }
}
permit pay_own
  for tool pay
  when token.issuer is prod and prod.namespace == "pay" and params.amount <= 500.00
  grant { "pay:create", "pay:read" } for 2m
require big
  for tool pay
  when params.amount > 100.00
  approval from group "leads" within 15m
limit once when tool.tier >= write to single_use
oblige record when tool.tier >= write with audit(level: "full")
oblige tell when agent.class == "loud" with notify(to: "ops")
deny suspended when agent.revoked
tool see { tier read audience "https://see.example" scopes { "see" } }
permit see for tool see when token.issuer is prod grant { "see" } for 1m

fixture base = json "base.json"
fixture small = base with tool.name = "pay", params = { amount: 5 }, want.scopes = { "pay:create" }
)";

SourceSet sources(std::string text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::move(text)});
    set.read = [](std::string_view, std::string_view) -> Result<std::string> {
        return example_request(kClaims, "kubernetes", kNow);
    };
    return set;
}

Workspace with_tests(std::string_view tests) {
    return Workspace(sources(std::string(kPolicy) + std::string(tests)));
}

std::vector<TestCase> run(std::string_view tests, std::string_view filter = {}) {
    const Workspace workspace = with_tests(tests);
    for (const Diagnostic& d : workspace.diagnostics().items)
        if (d.severity == Severity::Error) FAIL_CHECK(d.code, " ", d.message);
    REQUIRE(workspace.bundle());
    return workspace.test({.filter = std::string(filter)}).cases;
}

/// The problem that one expectation has with the small request.
std::string problem(const std::string& given, const std::string& expect) {
    const auto cases = run("test \"t\" { given small" + given + " expect " + expect + " }");
    REQUIRE(cases.size() == 1);
    CHECK(cases[0].passed == cases[0].problem.empty());
    return cases[0].problem;
}

}  // namespace

TEST_CASE("tools: a policy's tests pass when every named part is right") {
    const auto cases = run(R"(
test "permitted" {
  given small
  expect permit { "pay:create" } for 2m audience "https://pay.example" single_use with audit by pay_own
}
test "approval" {
  given small with params.amount = 200
  expect needs_approval from "leads" because approval_required by big
}
test "suspended" { given small with agent.revoked = true expect deny because suspended by suspended }
test "boundary" {
  given small
  cases params.amount | expect
        100.00             | permit
        100.01             | needs_approval from "leads"
        500.01             | deny because no_permit
}
)");
    REQUIRE(cases.size() == 6);
    for (const TestCase& test : cases) CHECK_MESSAGE(test.passed, test.name, ": ", test.problem);
    CHECK(cases[0].expected ==
          R"(permit { "pay:create" } for 2m audience "https://pay.example" single_use with audit by pay_own)");
    CHECK(cases[0].actual.find(
              R"(permit { "pay:create" } for 2m audience "https://pay.example" single_use with audit by pay_own)") ==
          0);
    CHECK(cases[1].actual.find(R"(needs_approval from "leads")") == 0);
    CHECK(cases[2].actual == "deny because suspended by suspended");
}

TEST_CASE("tools: a failed test says which part differs") {
    CHECK(problem("", "deny") == "the effect is permit, not deny");
    CHECK(problem("", R"(permit { "pay:read" })") == R"(the scopes are { "pay:create" }, not { "pay:read" })");
    CHECK(problem("", "permit for 3m") == "the ttl is 2m, not 3m");
    CHECK(problem("", R"(permit audience "https://x.example")") ==
          R"(the audience is { "https://pay.example" }, not { "https://x.example" })");
    CHECK(problem("", "permit with notify") == "obligation `notify` is not among audit");
    CHECK(problem("", "permit by big").find("rule `big` is not among pay_own") == 0);
    CHECK(problem(" with agent.revoked = true", "deny because no_permit") ==
          "reason `no_permit` is not among suspended");
    CHECK(problem(" with params.amount = 200", R"(needs_approval from "chiefs")") ==
          "approval group `chiefs` is not among leads");
    CHECK(problem("", R"(permit until "2026-09-21T15:00:00Z")") ==
          R"(the horizon is none, not "2026-09-21T15:00:00Z")");
    CHECK(problem("", "permit single_use").empty());
    CHECK(problem(" with tool.name = \"see\", params = missing, want.scopes = { \"see\" }", "permit single_use") ==
          "the grant may be used again, not single_use");
    CHECK(problem("", R"(permit { "pay:read" } for 1m)") ==
          R"(the scopes are { "pay:create" }, not { "pay:read" }; the ttl is 2m, not 1m)");
}

TEST_CASE("tools: `exactly` makes the names all that there are") {
    CHECK(problem("", "permit with exactly audit by exactly pay_own").empty());
    CHECK(problem(" with agent.class = \"loud\"", "permit with exactly audit, notify").empty());
    CHECK(problem(" with agent.class = \"loud\"", "permit with audit").empty());
    CHECK(problem(" with agent.class = \"loud\"", "permit with exactly audit") ==
          "the obligations are audit, notify, not exactly audit");
    CHECK(problem("", "permit with exactly audit, notify") == "the obligations are audit, not exactly audit, notify");
    CHECK(problem("", "permit with exactly none") == "the obligations are audit, not exactly none");
    CHECK(problem("", "permit by exactly none") == "the rules are pay_own, not exactly none");
    const std::string twice = " with agent.revoked = true, agent.class = \"loud\", params.amount = 200";
    CHECK(problem(twice, "deny because exactly suspended by exactly main.suspended").empty());
    CHECK(problem(" with params.amount = 200",
                  "needs_approval from exactly \"leads\" because exactly "
                  "approval_required by exactly big")
              .empty());
    CHECK(problem(" with params.amount = 200", "needs_approval from exactly \"leads\", \"chiefs\"") ==
          "the groups are leads, not exactly chiefs, leads");
    const auto cases = run("test \"t\" { given small expect permit with exactly audit by exactly pay_own }");
    CHECK(cases.at(0).expected == "permit with exactly audit by exactly pay_own");
}

TEST_CASE("tools: an expectation names rules of its own policy, also below a layer") {
    std::string text(kPolicy);
    const std::string_view revoked = "deny suspended when agent.revoked";
    text.replace(text.find(revoked), revoked.size(), R"(
deny suspended for tool pay when params.amount > 400.00
deny too_much for tool pay when params.amount > 300.00
require more for tool pay when params.amount > 200.00 approval from group "chiefs" within 1h)");
    const Workspace above(sources(text));
    REQUIRE(above.bundle());
    const auto told = [&](const std::string& given, const std::string& expect) {
        const Workspace workspace = with_tests("test \"t\" { given small" + given + " expect " + expect + " }");
        REQUIRE(workspace.bundle());
        return workspace.test({.above = {*above.bundle()}}).cases.at(0).problem;
    };
    CHECK(told("", "permit by exactly pay_own with exactly audit").empty());
    // Of the platform's rules, only the effect and the grant are seen.
    CHECK(told(" with agent.revoked = true", "deny because exactly suspended by exactly suspended").empty());
    CHECK(told(" with params.amount = 350", "deny because exactly approval_required by exactly big").empty());
    CHECK(told(" with params.amount = 450", "deny because suspended") ==
          "reason `suspended` is not among approval_required");
    CHECK(told(" with params.amount = 450", "deny by suspended").starts_with("rule `suspended` is not among "));
    // Codes of the engine can be those of any layer, and groups are all those that are required.
    CHECK(
        told(" with params.amount = 250", "needs_approval because approval_required from exactly \"leads\", \"chiefs\"")
            .empty());
}

TEST_CASE("tools: several audiences are one expectation") {
    const std::string both = R"(
tool copy { tier read  audience "https://from.example", "https://to.example"  scopes { "copy" } }
permit copies for tool copy when token.issuer is prod grant { "copy" } for 1m
fixture copying = small with tool = { name: "copy", operation: none, params: { } }, want.scopes = { "copy" }
)";
    const auto audience = [&](const std::string& given, const std::string& expect) {
        return run(both + "test \"t\" { given copying " + given + " expect permit audience " + expect + " }").at(0);
    };
    CHECK(audience("", R"("https://to.example", "https://from.example")").passed);
    CHECK(audience("", R"("https://to.example", "https://from.example")").expected ==
          R"(permit audience "https://from.example", "https://to.example")");
    CHECK(audience("", R"("https://to.example")").problem ==
          R"(the audience is { "https://from.example", "https://to.example" }, not { "https://to.example" })");
    CHECK(audience(R"(with want.audience = { "https://to.example" })", R"("https://to.example")").passed);
    // A token can have two audiences too; its claim must say so.
    CHECK(audience(R"(with token.aud = { "https://broker.example", "https://other.example" })",
                   R"("https://from.example")")
              .problem.ends_with("; change both, or remove the claim: `without token.claims.aud`"));
}

TEST_CASE("tools: an approval can have the binding of its request") {
    const std::string approved = R"(
fixture approved = small
  with params.amount = 200,
       approvals = [ { id: "ap-1", state: "approved", approver: "lea", groups: { "leads" }, requester: none, at: now_is,
                       exp: none, uses: none, binding_digest: binding of this request } ]
define now_is = 1790000000
)";
    const auto passes = [&](const std::string& given, const std::string& expect) {
        const auto cases = run(approved + "test \"t\" { given approved " + given + " expect " + expect + " }");
        CHECK_MESSAGE(cases.at(0).passed, given, ": ", cases.at(0).actual);
    };
    passes("", "permit");
    // It is computed from the whole request of each test, also if the fixture states the rest later.
    passes("with params.amount = 300, want.ttl = 30s, agent.id = \"other\"", "permit for 30s");
    passes("with approvals[0].binding_digest = \"v2\"", "needs_approval because approval_unbound");
    passes("with approvals[1] = { binding_digest: binding of this request }, approvals[0].state = \"pending\"",
           "needs_approval because approval_not_approved");
    // An approval of another request.
    passes("with approvals[0].binding_digest = binding of approved", "permit");
    passes("with approvals[0].binding_digest = binding of approved, params.amount = 300",
           "needs_approval because approval_unbound");
    passes("with approvals[0].binding_digest = binding of small", "needs_approval because approval_unbound");
    // Without a fact that is bound there is no digest.
    passes("without resource.id", "needs_approval because approval_unbound");
    // The fixture by itself is a request too.
    const auto found = run(approved +
                           "test \"t\" { given approved cases params.amount | want.ttl | expect "
                           "200 | 1m | permit 450 | 2m | permit 500 | missing | permit }");
    REQUIRE(found.size() == 3);
    for (const TestCase& each : found) CHECK_MESSAGE(each.passed, each.name, ": ", each.actual);
}

TEST_CASE("tools: an approval that is bound to another request says how it differs") {
    const std::string bound =
        "v2;scopes=pay:read;audience=https:%2F%2Fpay.example;ttl=policy;resource=colour;sha256=00";
    const auto told = [](const std::string& digest, const std::string& more = {}) {
        const Workspace workspace = with_tests(
            "test \"t\" { given small with params.amount = 200, approvals = [ { "
            "id: \"ap-1\", state: \"approved\", approver: \"lea\", groups: { "
            "\"leads\" }, requester: none, at: 1790000000, exp: none, uses: none, "
            "binding_digest: \"" +
            digest + "\" } ] " + more + " expect permit }");
        const auto explained = workspace.explain(workspace.test().cases.at(0).request);
        REQUIRE(explained);
        REQUIRE(explained->approvals.size() == 1);
        std::string out;
        for (const Unbound& each : explained->approvals[0].unbound)
            for (const std::string& difference : each.differences)
                out += std::to_string(each.approval) + " " + difference + "\n";
        return out;
    };
    CHECK(told("nonsense") == "0 it is not a binding digest\n");
    CHECK(told(bound) == "0 scope pay:create is not approved\n0 resource.colour was approved and is not stated\n");
    CHECK(told("v2;scopes=pay:create;audience=;ttl=5;resource=;sha256=00") ==
          "0 audience https:%2F%2Fpay.example is not approved\n"
          "0 another agent, run, tenant, user, tool, operation, parameter or resource is approved\n");
    CHECK(told("nonsense", "without approvals[0].binding_digest") == "0 it has no digest\n");
    CHECK(told("nonsense", "without resource.id").empty());
}

TEST_CASE("tools: a failed case has each part that differs, and its request") {
    const auto parts = [](const std::string& given, const std::string& expect) {
        const auto cases = run("test \"t\" { given small" + given + " expect " + expect + " }");
        std::string out;
        for (const Difference& each : cases.at(0).differences)
            out += "-" + each.part + " " + each.expected + " +" + each.actual + "\n";
        CHECK(cases[0].request.empty() == cases[0].passed);
        return out;
    };
    CHECK(parts("", "permit").empty());
    CHECK(parts("", R"(permit { "pay:read" } for 1m with notify, audit)") ==
          "-scopes { \"pay:read\" } +{ \"pay:create\" }\n-ttl 1m +2m\n-obligations notify +audit\n");
    // With another effect, the rules and reasons are compared, but not the grant.
    CHECK(parts("", "deny because suspended by suspended, pay_own") ==
          "-effect deny +permit\n-reasons suspended +permitted\n-rules suspended +pay_own\n");
    CHECK(parts(" with agent.revoked = true", "permit for 5m") == "-effect permit +deny\n");
}

TEST_CASE("tools: time is a fact of the request like any other") {
    const auto cases = run(R"(
permit see_by_day for tool see when now in 09:00..17:00 "UTC" on mon..fri grant { "see" } for 30m
deny see_old when tool.tier == read and token.issuer is prod and now >= "2026-09-22T00:00:00Z"
test "by day" {
  given small with tool.name = "see", params = missing, want.scopes = { "see" }, want.ttl = 1h, token.claims = { },
    token.exp = "2026-09-23T00:00:00Z", token.nbf = none, token.iat = none
  cases now                    | expect
        "2026-09-21T08:59:59Z" | permit for 1m by see
        "2026-09-21T09:00:00Z" | permit for 30m until "2026-09-21T17:00:00Z"
        "2026-09-21T16:50:00Z" | permit for 10m until "2026-09-21T17:00:00Z"
        "2026-09-21T23:59:30Z" | permit for 30s until "2026-09-22T00:00:00Z"
        "2026-09-22T00:00:00Z" | deny because see_old
}
)");
    REQUIRE(cases.size() == 5);
    for (const TestCase& test : cases) CHECK_MESSAGE(test.passed, test.name, ": ", test.actual, " ", test.problem);
}

TEST_CASE("tools: several threads say what one says, in its order") {
    std::string text =
        "invariant nobody_writes: never permit when tool.tier >= write and params_big\n"
        "define params_big = want.ttl > 1m\ntest \"many\" {\n given small\n cases params.amount | want.ttl | "
        "expect\n";
    for (int i = 1; i < 300; ++i)
        text += std::to_string(i) + " | " + std::to_string(30 + i) + "s | " + (i % 7 == 0 ? "deny" : "permit") + "\n";
    const Workspace workspace = with_tests(text + "}\n");
    REQUIRE(workspace.bundle());
    const auto told = [](const TestRun& run) {
        std::string out;
        for (const auto* list : {&run.cases, &run.invariants.broken})
            for (const TestCase& test : *list)
                out += test.name + test.actual + test.problem + (test.passed ? "+" : "-") + "\n";
        for (const CoveredCondition& each : run.coverage.conditions)
            for (const std::size_t count : each.seen) out += std::to_string(count) + " ";
        for (const CoveredRule& each : run.coverage.rules) out += std::to_string(each.applied) + " ";
        return out + std::to_string(run.coverage.requests);
    };
    std::uint64_t last = 0;
    const auto progress = [&](std::uint64_t done, std::uint64_t all) {
        CHECK(all == 301);  // those of the cases and of two fixtures
        CHECK(done > last);
        last = done;
    };
    const TestRun one = workspace.test({.coverage = true, .progress = progress});
    CHECK(last == 301);
    CHECK(one.cases.size() == 299);
    CHECK(one.invariants.broken.size() > 50);
    CHECK(one.failed() > one.invariants.broken.size());
    CHECK_FALSE(one.passed());
    CHECK(told(one) == told(workspace.test({.threads = 4, .coverage = true})));
}

TEST_CASE("tools: a refused request fails its test with code and path") {
    const auto cases = run(R"(test "t" { given small with want.ttl = "soon" expect permit })");
    REQUIRE(cases.size() == 1);
    CHECK_FALSE(cases[0].passed);
    CHECK(cases[0].actual.find("refused Q") == 0);
    CHECK(cases[0].problem.find("$.want.ttl") != std::string::npos);
}

TEST_CASE("tools: a refused request is a failure even where a deny is expected") {
    const auto cases = run(R"(test "t" { given small with want.ttl = "soon" expect deny })");
    REQUIRE(cases.size() == 1);
    CHECK_FALSE(cases[0].passed);
}

TEST_CASE("tools: a filter picks tests by part of their name") {
    const std::string_view tests = R"(
test "one red" { given small expect permit }
test "two blue" { given small expect permit }
)";
    CHECK(run(tests).size() == 2);
    const auto blue = run(tests, "blue");
    REQUIRE(blue.size() == 1);
    CHECK(blue[0].name == "two blue");
    CHECK(run(tests, "green").empty());
}

TEST_CASE("tools: invariants are held against the requests of tests and fixtures") {
    const auto check = [](const std::string& text, std::string_view filter = {}) {
        const Workspace workspace = with_tests(text);
        REQUIRE(workspace.bundle());
        return workspace.test({.filter = std::string(filter)}).invariants;
    };
    const std::string held = R"(
test "small" { given small expect permit }
test "again" { given small expect permit expect permit by pay_own }
test "large" { given small with params.amount = 200 expect needs_approval }
)";
    const auto none = check(held);
    CHECK(none.invariants == 0);
    CHECK(none.broken.empty());

    // Three requests: `small`, which is in a test and a fixture; `large`; and the fixture `base`.
    const auto sound = check(held + R"(
invariant not_for_long: never permit when want.ttl > 1h
invariant small_ones: never permit when params_of_tool_unread
define params_of_tool_unread = agent.revoked and tool.tier >= write
)");
    CHECK(sound.invariants == 2);
    CHECK(sound.requests == 3);
    CHECK(sound.broken.empty());
    CHECK(sound.untried == std::vector<std::string>{"not_for_long", "small_ones"});

    const std::string broken = held + R"(
invariant nobody_writes: never permit
  when tool.tier >= write
   and tenant == "example-tenant"
invariant nobody_waits: never needs_approval when tool.tier >= write
)";
    const auto found = check(broken);
    CHECK(found.requests == 3);
    CHECK(found.untried.empty());
    REQUIRE(found.broken.size() == 2);
    CHECK(found.broken[0].name == "invariant nobody_writes on small");
    CHECK_FALSE(found.broken[0].passed);
    CHECK(found.broken[0].expected == R"(never permit when tool.tier >= write and tenant == "example-tenant")");
    CHECK(found.broken[0].actual.find(R"(permit { "pay:create" } for 2m)") == 0);
    CHECK(found.broken[0].problem ==
          "the condition is true for agent `example-agent`, run `example-run`, tenant `example-tenant`, tool `pay`, "
          "resource `example-resource`");
    CHECK(found.broken[1].name == "invariant nobody_waits on large");
    CHECK(found.broken[1].expected == "never needs_approval when tool.tier >= write");
    CHECK(found.broken[1].span.end > found.broken[1].span.begin);

    // A filter selects tests; fixtures are not tests.
    const auto picked = check(broken, "large");
    CHECK(picked.requests == 1);
    REQUIRE(picked.broken.size() == 1);
    CHECK(picked.broken[0].name == "invariant nobody_waits on large");
    const auto fixture = check("invariant nobody_writes: never permit when tool.tier >= write");
    REQUIRE(fixture.broken.size() == 1);
    CHECK(fixture.broken[0].name == "invariant nobody_writes on fixture small");
}

TEST_CASE("tools: an invariant is broken where its condition is true, not where it is unknown") {
    const auto broken = [](std::string_view given, std::string_view condition) {
        const Workspace workspace =
            with_tests("test \"t\" { given small " + std::string(given) + " expect permit }\n" +
                       "invariant i: never permit when tool.tier >= write and " + std::string(condition));
        REQUIRE(workspace.bundle());
        const TestRun run = workspace.test({.filter = "t"});
        REQUIRE(run.cases.at(0).passed);
        return !run.invariants.broken.empty();
    };
    CHECK(broken("", "run.background == false"));
    CHECK_FALSE(broken("without run.background", "run.background == false"));
    CHECK_FALSE(broken("", "user.tenant != tenant"));
    CHECK(broken("with user = { id: \"u\", tenant: \"other\", session_exp: none }", "user.tenant != tenant"));
    // A fact whose provenance is too weak is missing.
    CHECK(broken("", "resource.environment == prod"));
    CHECK_FALSE(broken("with provenance.resource = \"model\"", "resource.environment == prod"));
    CHECK(broken("with run.started = 1790000000", "age(run.started) < 5m"));
    CHECK_FALSE(broken("with run.started = 1790000061", "age(run.started) < 5m"));  // in the future
}

TEST_CASE("tools: a workspace with errors has findings, sources and no bundle") {
    const Workspace workspace(sources("permit p when nothing_known grant { \"a\" } for 1m"));
    CHECK_FALSE(workspace.bundle());
    CHECK(workspace.diagnostics().has_errors());
    REQUIRE_FALSE(workspace.diagnostics().sources.empty());
    CHECK(workspace.diagnostics().sources[0].name == "policy.writ");
    CHECK_FALSE(workspace.dump(Dump::Tokens).empty());
    CHECK_FALSE(workspace.dump(Dump::Ast).empty());
    CHECK(workspace.dump(Dump::Bytecode).empty());
}

TEST_CASE("tools: every intermediate form prints, several sources under their names") {
    SourceSet set = sources(std::string(kPolicy));
    const Workspace one(set);
    REQUIRE(one.bundle());
    for (const Dump form : {Dump::Tokens, Dump::Ast, Dump::Typed, Dump::Bytecode}) CHECK_FALSE(one.dump(form).empty());
    CHECK(one.dump(Dump::Ast).find("== ") != 0);
    set.sources.push_back({"more.writ", "define brief = 5m\n"});
    CHECK(Workspace(set).dump(Dump::Ast).find("== policy.writ\n") == 0);
}

TEST_CASE("tools: compile gives the bundle that a workspace has") {
    const SourceSet set = sources(std::string(kPolicy));
    Diagnostics warnings;
    const auto bundle = compile(set, {}, &warnings);
    REQUIRE(bundle);
    CHECK(bundle->digest() == Workspace(set).bundle()->digest());
    CHECK_FALSE(warnings.has_errors());
    const auto loaded = Bundle::load(bundle->bytes());
    REQUIRE(loaded);
    CHECK(loaded->digest() == bundle->digest());
    CHECK(loaded->step_bound() == bundle->step_bound());
    REQUIRE(loaded->rule_count() == 7);
    const RuleInfo rule = loaded->rule(0);
    CHECK(rule.kind == "permit");
    CHECK(rule.name == "pay_own");
    CHECK(rule.module == "main");
    CHECK(rule.file == "policy.writ");
    CHECK(rule.line == 11);
    const auto broken = compile(sources("permit"));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().has_errors());
}

TEST_CASE("tools: the reference evaluator answers as the bundle does") {
    const Workspace workspace = with_tests("");
    auto document = json::parse(example_request(kClaims, "kubernetes", kNow)).value();
    document.find("tool")->set("name", json::Value::of("pay"));
    document.find("tool")->find("params")->set("amount", json::Value::of(std::int64_t{5}));
    document.find("want")->find("scopes")->items[0] = json::Value::of("pay:create");
    for (const bool revoked : {false, true}) {
        document.find("agent")->set("revoked", json::Value::of(revoked));
        const std::string text = json::write(document);
        Request request(*workspace.bundle());
        REQUIRE(request.parse(text));
        Evaluator evaluator(*workspace.bundle());
        const Decision decision = evaluator.evaluate(request);
        CHECK(decision.effect == (revoked ? Effect::Deny : Effect::Permit));
        CHECK(workspace.reference(text).value() == to_json(decision, *workspace.bundle(), View::Operator));
    }
    CHECK_FALSE(workspace.reference("{"));
}

TEST_CASE("api: layers narrow and never widen") {
    const Bundle team = compile(sources(std::string(kPolicy))).value();
    std::string narrow(kPolicy);
    narrow.replace(narrow.find("for 2m"), 6, "for 1m");
    const Bundle platform = compile(sources(narrow)).value();
    const std::string text = json::write([] {
        auto document = json::parse(example_request(kClaims, "kubernetes", kNow)).value();
        document.find("tool")->set("name", json::Value::of("pay"));
        document.find("tool")->find("params")->set("amount", json::Value::of(std::int64_t{5}));
        document.find("want")->find("scopes")->items[0] = json::Value::of("pay:create");
        return document;
    }());
    const auto decide = [&](const Layers& layers) {
        Request request(layers);
        REQUIRE(request.parse(text));
        Evaluator evaluator(layers);
        Decision decision = evaluator.evaluate(request);
        return std::pair(decision.effect, decision.grant.ttl);
    };
    CHECK(decide(team) == std::pair(Effect::Permit, std::int64_t{120}));
    CHECK(decide(Layers({platform, team})) == std::pair(Effect::Permit, std::int64_t{60}));
    CHECK(decide(Layers({team, platform})) == std::pair(Effect::Permit, std::int64_t{60}));
    std::string closed(kPolicy);
    closed.replace(closed.find("deny suspended when agent.revoked"), 33, "deny suspended for tool pay      ");
    CHECK(decide(Layers({compile(sources(closed)).value(), team})).first == Effect::Deny);
}

TEST_CASE("api: a request bound to another bundle is denied with policy_error") {
    const Bundle bundle = compile(sources(std::string(kPolicy))).value();
    const Bundle other = compile(sources(std::string(kPolicy) + "define unused_word = 5m\n")).value();
    REQUIRE(bundle.digest() != other.digest());
    Request request(other);
    Evaluator evaluator(bundle);
    const Decision decision = evaluator.evaluate(request);
    CHECK(decision.effect == Effect::Deny);
    REQUIRE(decision.reasons.size() == 1);
    CHECK(decision.reasons[0].code == "policy_error");
    Evaluator nothing(Layers(std::vector<Bundle>{}));
    Request unbound(Layers(std::vector<Bundle>{}));
    CHECK(nothing.evaluate(unbound).effect == Effect::Deny);
    // The same bundle loaded again is the same bundle.
    Request again(Bundle::load(bundle.bytes()).value());
    CHECK(evaluator.evaluate(again).reasons.at(0).code != "policy_error");
}

TEST_CASE("api: a refused request is empty, whatever it held before") {
    const Bundle bundle = compile(sources(std::string(kPolicy))).value();
    Request request(bundle);
    REQUIRE(request.parse(example_request(kClaims, "kubernetes", kNow)));
    Evaluator evaluator(bundle);
    CHECK_FALSE(request.parse("{\"now\": \"never\"}"));
    const Decision decision = evaluator.evaluate(request);
    CHECK(decision.effect == Effect::Deny);
    CHECK(std::any_of(decision.reasons.begin(), decision.reasons.end(),
                      [](const Reason& r) { return r.code == "fact_missing"; }));
}

TEST_CASE("workspace: a digest is of what the sources say, not of where they lie or how their lines end") {
    const std::string text =
        "tier read < write\n// a comment\ndeny busy when run.attempt > 5\ntable t = csv \"t.csv\" { name: string }\n"
        "deny listed when agent.class in t.name\n";
    const auto digest = [](const Source& source, const std::string& data) {
        SourceSet set;
        set.sources.push_back(source);
        set.read = [data](std::string_view, std::string_view) -> Result<std::string> { return data; };
        const Workspace workspace(std::move(set));
        for (const Diagnostic& each : workspace.diagnostics().items) INFO(each.message);
        REQUIRE(workspace.bundle());
        return std::string(workspace.bundle()->digest());
    };
    const auto windows = [](const std::string& plain) {
        std::string out = "\xEF\xBB\xBF";
        for (const char c : plain) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
        return out;
    };
    const std::string data = "name\n\"a\nb\"\n", plain = digest({"policy.writ", text}, data);
    CHECK(digest({"/somewhere/else/policy.writ", text, "policy.writ"}, data) == plain);
    CHECK(digest({"policy.writ", windows(text)}, data) == plain);
    CHECK(digest({"policy.writ", text}, windows(data)) == plain);
    CHECK(digest({"policy.writ", text}, "name\n\"a b\"\n") != plain);
    CHECK(digest({"other.writ", text}, data) != plain);
    CHECK(digest({"policy.writ", text + "\n"}, data) != plain);

    // The sealed sources do not contain the folder's name, and compile to the same bundle.
    SourceSet set;
    set.sources.push_back({"/somewhere/else/policy.writ", windows(text), "policy.writ"});
    set.read = [data](std::string_view, std::string_view) -> Result<std::string> { return data; };
    const auto bundle = compile(set);
    REQUIRE(bundle);
    CHECK(bundle->rule(0).file == "policy.writ");
    CHECK(Workspace(bundle->sources().value()).bundle()->digest() == plain);
}

TEST_CASE("workspace: a URL is compared as a whole only without query and fragment") {
    const std::string policy = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example"  max_age 10m }
tier read
tool get { tier read  audience "https://get.example"  scopes { "get" }  params { u: url } }
permit get for tool get when token.issuer is prod and params.u.host == "a.example" grant { "get" } for 1m
deny exact for tool get when params.u == "https://a.example/secret"
deny below for tool get when params.u like "https://a.example/private/**"
deny listed for tool get when params.u in { "https://a.example/x", "https://a.example/y" }
permit by_query for tool get when token.issuer is prod and params.u.query == "token=1" and params.u.fragment == "top" grant { "get" } for 2m
fixture base = json "base.json"
test "urls" {
  given base with tool.name = "get", want.scopes = { "get" }
  cases params.u                             | expect
        "https://a.example/open"             | permit for 1m
        "https://a.example/secret"           | deny because exact
        "https://a.example/secret?x"         | deny because exact, fact_missing
        "https://a.example/private/a#x"      | deny because below, fact_missing
        "https://a.example/y?"               | deny because listed, fact_missing
        "https://b.example/open"             | deny because no_permit
}
)";
    const Workspace workspace(sources(policy));
    for (const Diagnostic& d : workspace.diagnostics().items) FAIL_CHECK(d.message << " " << d.help);
    REQUIRE(workspace.bundle());
    for (const TestCase& each : workspace.test().cases) CHECK_MESSAGE(each.passed, each.name << ": " << each.problem);

    const Workspace literal(sources(policy + "deny no for tool get when params.u == \"https://a.example/?q\"\n"));
    REQUIRE_FALSE(literal.diagnostics().items.empty());
    CHECK(literal.diagnostics().items[0].code == "E0303");
    CHECK(literal.diagnostics().items[0].help.find("`.query`") != std::string::npos);
}
