// Tests the gate: what passes, what fails and why, and what a note allows.
#include <doctest/doctest.h>

#include <algorithm>

#include "example_request.h"
#include "writ/gate.h"
#include "writ/store.h"

using namespace writ;

namespace {

constexpr std::string_view kClaims = R"({
  "iss": "https://issuer.example", "aud": ["https://broker.example"], "sub": "system:serviceaccount:pay:agent",
  "exp": 1790003600, "iat": 1790000000, "nbf": 1790000000, "jti": "t-1",
  "kubernetes.io": { "namespace": "pay", "serviceaccount": { "name": "agent", "uid": "u-1" }, "pod": { "name": "p", "uid": "u-2" } }
})";
constexpr std::int64_t kNow = 1'790'000'000;

/// In canonical style, without lint findings, and tested.
constexpr std::string_view kPolicy = R"(module m

import std.kubernetes

issuer prod: kubernetes "https://issuer.example" {
  audience "https://broker.example"
  max_age 1h
}

tier read

tool pay {
  tier read
  audience "https://pay.example"
  scopes { "pay:create" }
  params { amount: decimal }
}

permit pay_own
  for tool pay
  when prod.namespace == "pay"
   and prod.service_account == "agent"
   and params.amount <= 500.00
  grant { "pay:create" } for 2m

deny suspended
  when agent.revoked

invariant no_large: never permit when tool.name == "pay" and agent.class == "large"

fixture base = json "base.json"

fixture small = base
  with tool.name = "pay", params = { amount: 5 }, want.scopes = { "pay:create" }

test "a small sum is paid" {
  given small
  expect permit { "pay:create" }
}

test "one beyond the limit is not" {
  given small with params.amount = 501
  expect deny
}

test "an agent that is suspended gets nothing" {
  given small with agent.revoked = true
  expect deny by suspended
}
)";

Workspace policy(std::string_view text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(text)});
    set.read = [](std::string_view, std::string_view) -> Result<std::string> {
        return writ::testing::example_request(kClaims, "kubernetes", kNow);
    };
    return Workspace(std::move(set));
}

std::string with(std::string_view what, std::string_view by, std::string_view text = kPolicy) {
    std::string out(text);
    const std::size_t at = out.find(what);
    REQUIRE(at != std::string::npos);
    return out.replace(at, what.size(), by);
}

GateVerdict alone(std::string_view text, const GateRules& rules = {}) {
    return judge(policy(text), rules, nullptr, {});
}

GateVerdict changed(std::string_view before, std::string_view after, std::string_view note = {}) {
    const Workspace old_side = policy(before), new_side = policy(after);
    REQUIRE(old_side.bundle());
    REQUIRE(new_side.bundle());
    Differ differ(old_side, new_side);
    differ.decide_own();
    const PolicyDiff diff = differ.finish();
    ChangeNote read;
    if (!note.empty()) read_note(note, "note", read);
    return judge(new_side, {}, &diff, std::move(read));
}

/// The names of the checks that failed.
std::string failed(const GateVerdict& verdict) {
    std::string out;
    for (const GateCheck& each : verdict.checks)
        if (each.failed) out += (out.empty() ? "" : " ") + each.name;
    CHECK(verdict.passed() == out.empty());
    return out;
}

/// All findings as `code: message`, one per line.
std::string findings(const GateVerdict& verdict) {
    std::string out;
    for (const Diagnostic& each : verdict.findings.items) out += each.code + ": " + each.message + "\n";
    return out;
}

const GateCheck& check_of(const GateVerdict& verdict, std::string_view name) {
    const auto at = std::find_if(verdict.checks.begin(), verdict.checks.end(),
                                 [&](const GateCheck& each) { return each.name == name; });
    REQUIRE(at != verdict.checks.end());
    return *at;
}

}  // namespace

TEST_CASE("gate: a sound policy passes by itself, and unchanged") {
    const GateVerdict first = alone(kPolicy);
    CHECK(findings(first) == "");
    CHECK(failed(first) == "");
    CHECK(check_of(first, "change").skipped);
    const GateVerdict same = changed(kPolicy, kPolicy);
    CHECK(failed(same) == "");
    CHECK(check_of(same, "note").skipped);
    CHECK(check_of(same, "widening").summary == "nothing widens; 4 decisions stay the same");
}

TEST_CASE("gate: each check of a policy fails by itself") {
    CHECK(failed(alone(with("permit pay_own", "permit  pay_own"))) == "style");
    GateRules strict;
    strict.lint_fails = LintLevel::Warning;
    CHECK(failed(alone(kPolicy, strict)) == "");
    CHECK(failed(alone(with("\n  max_age 1h", ""), strict)) == "lint");
    CHECK(failed(alone(with("expect deny by suspended", "expect permit"))) == "tests");
    CHECK(failed(alone(with("agent.class == \"large\"", "agent.class == \"example-class\""))) == "invariants");
    GateRules rules;
    rules.threshold = 100;
    CHECK(failed(alone(kPolicy, rules)) == "coverage");
    const std::string untested = std::string(kPolicy.substr(0, kPolicy.find("fixture base")));
    CHECK(failed(alone(untested.substr(0, untested.size() - 1))) == "tests");
}

TEST_CASE("gate: of a policy that does not compile nothing else is judged") {
    const GateVerdict verdict = alone(with("agent.revoked", "agent.revokd"));
    CHECK(failed(verdict) == "policy");
    CHECK(verdict.checks.size() == 1);
    CHECK_FALSE(verdict.findings.items.empty());
}

TEST_CASE("gate: what widens is declared, with a reason, or does not pass") {
    const std::string wider = with("for 2m", "for 9m");
    const GateVerdict undeclared = changed(kPolicy, wider);
    CHECK(failed(undeclared) == "widening");
    CHECK(findings(undeclared) ==
          "gate-widening: `permit m.pay_own` widens what the policy allows, but the change does not declare it\n");
    const GateVerdict declared = changed(kPolicy, wider, "widens: pay_own because finance asked");
    CHECK(failed(declared) == "");
    REQUIRE(declared.note.declarations.size() == 1);
    CHECK(declared.note.declarations[0].met);
    CHECK(check_of(declared, "widening").summary == "1 widening declared; 1 decision widens, 3 stay the same");
    CHECK(failed(changed(kPolicy, wider, "widens: pay_own")) == "widening note");
    CHECK(failed(changed(wider, kPolicy)) == "");
}

TEST_CASE("gate: a note that the change does not meet is told, and does no harm") {
    const GateVerdict idle = changed(kPolicy, kPolicy, "widens: pay_own because finance asked");
    CHECK(failed(idle) == "");
    CHECK_FALSE(idle.note.declarations[0].met);
    CHECK(findings(idle) == "gate-note: the note declares that the change widens `pay_own`, but it does not\n");
}

TEST_CASE("gate: a new rule is tested, and a raised step bound declared") {
    const std::string more =
        with("invariant no_large", "deny in_june\n  when agent.id == \"june\"\n\ninvariant no_large");
    CHECK(failed(changed(kPolicy, more)) == "new rules steps");
    CHECK(failed(changed(kPolicy, more, "raises: steps because of june")) == "new rules");
    const std::string tested = more + R"(
test "june gets nothing" {
  given small with agent.id = "june"
  expect deny by in_june
}
)";
    CHECK(failed(changed(kPolicy, tested, "raises: steps because of june")) == "");
}

TEST_CASE("gate: an invariant of the old side still holds") {
    const std::string broken = with("tool.name == \"pay\" and agent.class == \"large\"",
                                    "tool.name == \"pay\" and agent.class == \"example-class\"");
    // The invariant was broken before, and the change removes it.
    const std::string out =
        with(broken.substr(broken.find("invariant"), broken.find("fixture") - broken.find("invariant")), "", broken);
    const GateVerdict verdict = changed(broken, out, "widens: no_large because it was wrong");
    CHECK(failed(verdict) == "invariants of both");
}

TEST_CASE("gate: a test that the change takes out is told") {
    const std::string test =
        "test \"one beyond the limit is not\" {\n  given small with params.amount = 501\n  expect deny\n}\n\n";
    const GateVerdict verdict = changed(kPolicy, with(test, ""));
    CHECK(failed(verdict) == "");
    CHECK(findings(verdict) ==
          "gate-test: the change removes test `m.one beyond the limit is not` of policy.writ:41\n");
}

TEST_CASE("gate: a version is what its sources say, and its tests hold") {
    const Workspace sound = policy(kPolicy), failing = policy(with("expect deny by suspended", "expect permit"));
    const VersionCheck good = check_version(*sound.bundle());
    CHECK(good.passed);
    CHECK(good.summary == "3 test cases and 1 invariants, 0 failed");
    const VersionCheck bad = check_version(*failing.bundle());
    CHECK_FALSE(bad.passed);
    CHECK(bad.problems.size() == 1);
}

TEST_CASE("gate: a new policy is declared, and each of its rules is tested") {
    const auto added = [](std::string_view text, std::string_view note) {
        ChangeNote read;
        read_note(note, "note", read);
        return judge_added(policy(text), {}, "support", std::move(read));
    };
    CHECK(failed(added(kPolicy, "")) == "widening");
    CHECK(findings(added(kPolicy, "")) ==
          "gate-widening: the policy `support` is new, but the change does not declare it\n");
    CHECK(failed(added(kPolicy, "widens: policy support because of May")) == "");
    CHECK(failed(added(kPolicy, "widens: policy other because of May")) == "widening");
    CHECK(failed(added(kPolicy, "widens: support because of May")) == "widening");
    const std::string untested =
        with("expect deny by suspended", "expect deny",
             with("with agent.revoked = true", "with agent.class = \"b\", params.amount = 900"));
    CHECK(failed(added(untested, "widens: policy support because of May")) == "new rules");
    CHECK(failed(added("nonsense", "widens: policy support because of May")) == "policy");
}

TEST_CASE("gate: a layer that a manifest no longer names is a widening, and a new one is not") {
    const Workspace side = policy(kPolicy);
    const auto verdict = [&](const std::vector<std::string>& before, const std::vector<std::string>& after,
                             std::string_view note) {
        Differ differ(side, side);
        differ.compare_layers(before, after);
        differ.decide_own();
        const PolicyDiff diff = differ.finish();
        ChangeNote read;
        read_note(note, "note", read);
        return failed(judge(side, {}, &diff, std::move(read)));
    };
    CHECK(verdict({"../top"}, {"../top"}, "") == "");
    CHECK(verdict({}, {"../top"}, "") == "");
    CHECK(verdict({"../top"}, {}, "") == "widening");
    CHECK(verdict({"../top"}, {"../new"}, "") == "widening");
    CHECK(verdict({"../top"}, {}, "widens: layer ../top because it is empty") == "");
}

TEST_CASE("gate: what several policies have in common is judged together") {
    ChangeNote note;
    read_note("widens: pay_own because of May\nwidens: nothing because of June\n", "note", note);
    const Workspace before = policy(kPolicy), after = policy(with("= 501", "= 601", with("500.00", "600.00")));
    Differ differ(before, after);
    differ.decide_own();
    const PolicyDiff diff = differ.finish();
    GateRules rules;
    rules.note_is_shared = true;
    const GateVerdict wide = judge(after, rules, &diff, note.for_policy("a"));
    const GateVerdict same = judge(before, rules, nullptr, note.for_policy("b"));
    CHECK(failed(wide) == "");

    const GateVerdict one = judge_together({{"a", &wide}, {"b", &same}}, {}, {"gone"}, note);
    CHECK(failed(one) == "");
    CHECK(findings(one) ==
          "gate-change: the change removes the policy `gone`\n"
          "gate-note: the note declares that the change widens `nothing`, but it does not\n");
    CHECK(one.note.declarations[0].met);

    const GateVerdict twice = judge_together({{"a", &wide}, {"b", &wide}}, {}, {}, note);
    CHECK(failed(twice) == "note");
    CHECK(findings(twice).find("write `pay_own in a` or `pay_own in b`") != std::string::npos);

    Diagnostics problems;
    problems.items.emplace_back();
    CHECK(failed(judge_together({{"a", &wide}}, problems, {}, note)) == "files");
    const GateVerdict undeclared = judge(after, rules, &diff, {});
    CHECK(failed(judge_together({{"a", &undeclared}}, {}, {}, {})) == "policies");
}
