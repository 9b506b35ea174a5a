#include <doctest/doctest.h>

#include <algorithm>

#include "example_request.h"
#include "writ/diff.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kClaims = R"({
  "iss": "https://issuer.example", "aud": ["https://broker.example"], "sub": "system:serviceaccount:pay:agent",
  "exp": 1790003600, "iat": 1790000000, "nbf": 1790000000, "jti": "t-1",
  "kubernetes.io": { "namespace": "pay", "serviceaccount": { "name": "agent", "uid": "u-1" }, "pod": { "name": "p", "uid": "u-2" } }
})";
constexpr std::int64_t kNow = 1'790'000'000;

constexpr std::string_view kPolicy = R"(module m
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write
tool pay {
  tier     write
  audience "https://pay.example", "https://other.example"
  scopes   { "pay:create", "pay:read" }
  params   { amount: decimal }
}
permit pay_own
  for tool pay
  when token.issuer is prod and prod.namespace == "pay" and params.amount <= 500.00
  grant { "pay:create" } for 2m
require big
  for tool pay
  when params.amount > 100.00
  approval from group "leads" within 15m
limit once when tool.tier >= write to single_use
limit brief when tool.tier >= write to ttl 90s
limit narrow when tool.tier >= write to audience { "https://pay.example" }
oblige record when tool.tier >= write with audit(level: "full")
deny suspended when agent.revoked

invariant no_large: never permit when tool.name == "pay" and agent.class == "large"

fixture base = json "base.json"
fixture small = base with tool.name = "pay", params = { amount: 5 }, want.scopes = { "pay:create" }, agent.id = "a1"
fixture both = small with want.scopes = { "pay:create", "pay:read" }, agent.id = "a2"
fixture large = small with params.amount = 200
fixture huge = small with params.amount = 700
fixture gone = small with agent.revoked = true
)";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string out(text);
    const std::size_t at = out.find(what);
    REQUIRE(at != std::string::npos);
    return out.replace(at, what.size(), by);
}

Workspace policy(std::string text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::move(text)});
    set.read = [](std::string_view, std::string_view) -> Result<std::string> {
        return writ::testing::example_request(kClaims, "kubernetes", kNow);
    };
    Workspace out(std::move(set));
    for (const Diagnostic& d : out.diagnostics().items)
        if (d.severity == Severity::Error) FAIL_CHECK(d.code, " ", d.message);
    REQUIRE(out.bundle());
    return out;
}

PolicyDiff diff(const std::string& before, const std::string& after) {
    const Workspace old_side = policy(before), new_side = policy(after);
    Differ differ(old_side, new_side);
    differ.decide_own();
    return differ.finish();
}

/// `direction, part direction…: causes` of the only group.
std::string only(const PolicyDiff& diff) {
    if (diff.groups.size() != 1) return std::to_string(diff.groups.size()) + " groups";
    const DecisionGroup& group = diff.groups[0];
    std::string out(direction_name(group.shift.direction()));
    for (const PartShift& each : group.example.parts)
        out += " " + std::string(part_name(each.part)) + " " + each.before + " " + each.after;
    out += ":";
    for (const Cause& each : group.causes) out += " " + each.word + " " + each.name + (each.gone ? " gone" : "");
    return out;
}
/// The same for an edit; undoing it must give `back`.
std::string edited(std::string_view what, std::string_view by, const std::string& back) {
    const std::string other = replaced(kPolicy, what, by);
    CHECK(only(diff(other, std::string(kPolicy))) == back);
    return only(diff(std::string(kPolicy), other));
}

}  // namespace

TEST_CASE("diff: the same policy decides the same, each document once") {
    const PolicyDiff same = diff(std::string(kPolicy), std::string(kPolicy));
    CHECK(same.requests == 6);
    CHECK(same.same == 6);
    CHECK(same.groups.empty());
    CHECK(same.structure.empty());
    CHECK(same.unseen.empty());
    CHECK_FALSE(same.widens());
    CHECK(same.before.digest == same.after.digest);
    CHECK(same.after.rules == 7);
    CHECK(same.after.step_bound > 0);
    CHECK(same.invariants_held == 1);
}

TEST_CASE("diff: what flips is attributed to the permit that holds, or holds no longer") {
    CHECK(edited("<= 500.00", "<= 1000.00", "narrower effect needs_approval deny: permit m.pay_own") ==
          "wider effect deny needs_approval: permit m.pay_own");
    CHECK(edited("deny suspended when agent.revoked\n", "", "narrower effect permit deny: deny m.suspended") ==
          "wider effect deny permit: deny m.suspended gone");
    CHECK(edited("params.amount > 100.00", "params.amount > 300.00",
                 "narrower effect permit needs_approval: require m.big") ==
          "wider effect needs_approval permit: require m.big");
}

TEST_CASE("diff: a deny that goes and a permit that comes with it are both causes") {
    const std::string other = replaced(replaced(kPolicy, "deny suspended when agent.revoked\n", ""), "oblige record",
                                       "permit revoked_too for tool pay when agent.revoked and params.amount <= 9.00 "
                                       "grant { \"pay:read\" } for 2m\noblige record");
    const std::string asking =
        replaced(other, "fixture gone = small with agent.revoked = true",
                 "fixture gone = small with agent.revoked = true, want.scopes = { \"pay:read\" }");
    const std::string before =
        replaced(kPolicy, "fixture gone = small with agent.revoked = true",
                 "fixture gone = small with agent.revoked = true, want.scopes = { \"pay:read\" }");
    CHECK(only(diff(before, asking)) == "wider effect deny permit: deny m.suspended gone permit m.revoked_too");
}

TEST_CASE("diff: each part of a grant is attributed to the rule that sets it") {
    CHECK(edited("to ttl 90s", "to ttl 60s", "wider ttl 1m 1m30s: limit m.brief") ==
          "narrower ttl 1m30s 1m: limit m.brief");
    CHECK(edited("grant { \"pay:create\" } for 2m", "grant { \"pay:create\", \"pay:read\" } for 2m",
                 "narrower scopes { \"pay:create\", \"pay:read\" } { \"pay:create\" }: permit m.pay_own") ==
          "wider scopes { \"pay:create\" } { \"pay:create\", \"pay:read\" }: permit m.pay_own");
    CHECK(edited("audience { \"https://pay.example\" }",
                 "audience { \"https://pay.example\", \"https://other.example\" }",
                 "narrower audience { \"https://pay.example\", \"https://other.example\" } { \"https://pay.example\" "
                 "}: limit m.narrow") ==
          "wider audience { \"https://pay.example\" } { \"https://pay.example\", \"https://other.example\" }: limit "
          "m.narrow");
    CHECK(edited("limit once when tool.tier >= write to single_use\n", "",
                 "narrower single_use reusable single_use: limit m.once") ==
          "wider single_use single_use reusable: limit m.once gone");
    CHECK(edited("oblige record when tool.tier >= write with audit(level: \"full\")\n", "",
                 "narrower obligations none audit(level: \"full\"): oblige m.record") ==
          "wider obligations audit(level: \"full\") none: oblige m.record gone");
    CHECK(edited("group \"leads\" within", "group \"leads\", \"chiefs\" within",
                 "narrower requirements from group \"chiefs\", \"leads\" within 15m from group \"leads\" within 15m: "
                 "require m.big") ==
          "wider requirements from group \"leads\" within 15m from group \"chiefs\", \"leads\" within 15m: require "
          "m.big");
}

TEST_CASE("diff: a tool or an issuer that goes is the cause of what it denies") {
    const PolicyDiff refused = diff(std::string(kPolicy), replaced(kPolicy, "audience \"https://broker.example\"",
                                                                   "audience \"https://wrong.example\""));
    for (const DecisionGroup& each : refused.groups)
        CHECK(each.causes.at(0) == Cause{"issuer", "m.prod", "m.prod", false});
    CHECK(refused.narrower == 3);
}

TEST_CASE("diff: groups count, name agents and keep one example") {
    const PolicyDiff more =
        diff(std::string(kPolicy), replaced(kPolicy, "limit once when tool.tier >= write to single_use\n", ""));
    REQUIRE(more.groups.size() == 1);
    CHECK(more.wider == 2);
    CHECK(more.same == 4);
    CHECK(more.groups[0].decisions == 2);
    REQUIRE(more.groups[0].agents.size() == 2);
    CHECK(more.groups[0].agents[0].agent == "a1");
    CHECK(more.groups[0].agents[1].example == "fixture both");
    CHECK(more.groups[0].example.name == "fixture small");
    CHECK(more.groups[0].example.reasons_after == std::vector<std::string>{"permitted"});
    CHECK(more.groups[0].example.request.starts_with("{"));
    CHECK(more.widens());
}

TEST_CASE("diff: a renamed rule that also decides the same is no difference") {
    const PolicyDiff renamed = diff(std::string(kPolicy), replaced(kPolicy, "permit pay_own", "permit pay_mine"));
    CHECK(renamed.same == 6);
    CHECK(renamed.unseen.empty());
    // If the renamed rule also decides differently, both names are given.
    const PolicyDiff both = diff(std::string(kPolicy), replaced(replaced(kPolicy, "permit pay_own", "permit pay_mine"),
                                                                "to ttl 90s", "to ttl 80s"));
    CHECK(both.groups.at(0).causes.at(0).name == "m.brief");
}

TEST_CASE("diff: rules that differ and applied to nothing are named") {
    const PolicyDiff untried = diff(
        std::string(kPolicy),
        std::string(kPolicy) + "permit odd for tool pay when agent.class == \"odd\" grant { \"pay:create\" } for 5m\n");
    CHECK(untried.same == 6);
    REQUIRE(untried.unseen.size() == 1);
    CHECK(untried.unseen[0] == Cause{"permit", "m.odd", "", false});
}

TEST_CASE("diff: an invariant of either side is held against both") {
    const std::string with =
        replaced(kPolicy, "fixture both", "fixture wide = small with agent.class = \"large\"\nfixture both");
    const std::string guarded =
        replaced(with, "deny suspended", "deny large when agent.class == \"large\"\ndeny suspended");
    const PolicyDiff broken = diff(guarded, with);
    REQUIRE(broken.invariants.size() == 1);
    CHECK(broken.invariants[0].name == "m.no_large");
    CHECK(broken.invariants[0].text == "never permit when agent.class == \"large\" and tool.name == \"pay\"");
    CHECK(broken.invariants[0].broken_before == 0);
    CHECK(broken.invariants[0].broken_after == 1);
    CHECK(broken.invariants[0].example.name == "fixture wide");
    // Removing the invariant does not hide that it is broken.
    const std::string without =
        replaced(with, "invariant no_large: never permit when tool.name == \"pay\" and agent.class == \"large\"", "");
    const PolicyDiff removed = diff(guarded, without);
    REQUIRE(removed.invariants.size() == 1);
    CHECK(removed.invariants[0].stated_before);
    CHECK_FALSE(removed.invariants[0].stated_after);
    CHECK(removed.invariants[0].broken_after == 1);
    CHECK(diff(with, guarded).invariants.at(0).broken_before == 1);
}

TEST_CASE("diff: what one side does not admit is a deny there, what neither does is told") {
    const std::string typed = replaced(replaced(kPolicy, "amount: decimal }", "amount: decimal  note: string }"),
                                       "fixture both", "fixture noted = small with params.note = \"x\"\nfixture both");
    const Workspace before = policy(typed), after = policy(std::string(kPolicy));
    Differ differ(before, after);
    differ.decide_own();
    const auto neither = differ.decide("none", "{");
    REQUIRE_FALSE(neither.has_value());
    CHECK(neither.error().code == "Q0001");
    const PolicyDiff found = differ.finish();
    CHECK(found.requests == 7);
    CHECK(found.refused_after == 1);
    CHECK(found.refused_before == 0);
    CHECK(found.refused_both == 1);
    CHECK(found.narrower == 1);
    CHECK(only(found) == "narrower effect permit deny: reason Q0011");
    CHECK(found.groups.at(0).example.name == "fixture noted");
    CHECK(found.groups.at(0).example.reasons_after.at(0) == "Q0011 $.tool.params.note");
}

TEST_CASE("diff: a platform's layer stands above both sides") {
    const Workspace before = policy(std::string(kPolicy)),
                    after = policy(replaced(kPolicy, "to ttl 90s", "to ttl 100s"));
    const Workspace platform = policy(replaced(kPolicy, "to ttl 90s", "to ttl 30s"));
    Differ free(before, after), capped(before, after, {*platform.bundle()});
    free.decide_own();
    capped.decide_own();
    CHECK(free.finish().wider == 2);
    CHECK(capped.finish().wider == 0);
}

TEST_CASE("diff: what widens is behind a decision, or wider by its text, or not known to be none") {
    PolicyDiff both;
    const auto decided = [&](DecisionPart part, Direction direction, Cause cause) -> DecisionGroup& {
        DecisionGroup& group = both.groups.emplace_back();
        group.shift.add(part, direction);
        group.causes = {std::move(cause)};
        return group;
    };
    both.groups.reserve(3);
    decided(DecisionPart::Ttl, Direction::Narrower, {"limit", "m.less", "m.less", false});
    decided(DecisionPart::Ttl, Direction::Wider, {"limit", "m.scopes", "m.scopes", false})
        .shift.add(DecisionPart::Scopes, Direction::Narrower);
    decided(DecisionPart::Effect, Direction::Wider, {"deny", "m.gone", "m.gone", true});
    const auto changed = [&](ThingKind kind, std::string word, std::string name, Direction direction) {
        ThingChange& change = both.structure.emplace_back();
        change.kind = kind;
        change.word = std::move(word);
        (name == "m.gone" ? change.old_name : change.name) = std::move(name);
        change.direction = direction;
    };
    changed(ThingKind::Rule, "deny", "m.gone", Direction::Wider);
    changed(ThingKind::Rule, "deny", "m.more", Direction::Narrower);
    changed(ThingKind::Tool, "tool", "m.gone", Direction::Other);
    changed(ThingKind::Table, "table", "m.rows", Direction::Other);
    changed(ThingKind::Test, "test", "m.t", Direction::Same);
    const std::vector<Widening> found = widenings(both);
    std::string told;
    for (const Widening& each : found)
        told += each.word + " " + each.name + " " + std::to_string(each.decisions.size()) +
                (each.change != nullptr ? " by its text\n" : "\n");
    CHECK(told ==
          "deny m.gone 1 by its text\ntool m.gone 0 by its text\ntable m.rows 0 by its text\nlimit m.scopes 1\n");
}

TEST_CASE("diff: a change that the requests at hand do not show must be answered for") {
    const std::string other = replaced(kPolicy, "prod.namespace == \"pay\"", "lower(prod.namespace) == \"pay\"");
    const PolicyDiff unseen = diff(std::string(kPolicy), other);
    CHECK(unseen.same == 6);
    CHECK(unseen.unseen.empty());
    REQUIRE(widenings(unseen).size() == 1);
    CHECK(widenings(unseen)[0].name == "m.pay_own");
    // This does not apply to rules only.
    const PolicyDiff tier = diff(std::string(kPolicy), replaced(kPolicy, "tier     write", "tier     read"));
    const std::vector<Widening> found = widenings(tier);
    CHECK(std::any_of(found.begin(), found.end(),
                      [](const Widening& each) { return each.word == "tool" && each.name == "m.pay"; }));
}
