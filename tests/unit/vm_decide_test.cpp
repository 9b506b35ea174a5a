#include <doctest/doctest.h>

#include "vm_program.h"

using namespace writ;
using namespace writ::testing;
using Codes = std::vector<std::string>;
using Texts = std::vector<std::string_view>;

namespace {

constexpr std::int64_t kNow = kNowSeconds * kSecond;

/// A program under construction, and its decisions on the base request with changes.
struct Case {
    TestProgram t;
    json::Value document = base_request();
    std::unique_ptr<Machine> machine;

    Case& with(std::string_view path, std::string_view value) { return set(document, path, value), *this; }
    Case& without(std::string_view path) { return remove(document, path), *this; }
    const Decision& decide() {
        machine = std::make_unique<Machine>(t);
        return machine->decide(document);
    }
    /// A permit that always matches.
    std::uint32_t offer(const std::vector<std::string>& scopes, std::int64_t ttl = 120,
                        std::string_view name = "offer") {
        return t.permit(name, always(), scopes, ttl);
    }
    static std::vector<Instr> always() { return {{Opcode::RetTrue}}; }
    /// A test of resource.path; unknown if the request does not state it.
    std::vector<Instr> path_is(std::string_view path) {
        return TestProgram::all_of({TestProgram::test(Opcode::TextEq, t.slot("resource.path"), t.lit(path))});
    }
    std::vector<Instr> before(std::int64_t instant) {
        return TestProgram::all_of({TestProgram::cmp(Opcode::NowCmp, t.num(instant), 0, Cmp::Lt)});
    }
    std::vector<Instr> from(std::int64_t instant) {
        return TestProgram::all_of({TestProgram::cmp(Opcode::NowCmp, t.num(instant), 0, Cmp::Ge)});
    }
};

Codes refusals(std::string_view path, std::string_view value) {
    Case c;
    c.offer({"refund:create"});
    return codes(c.with(path, value).decide());
}
Codes refusals_without(std::string_view path) {
    Case c;
    c.offer({"refund:create"});
    return codes(c.without(path).decide());
}

}  // namespace

TEST_CASE("decide: a permit grants what was asked and offered") {
    Case c;
    c.offer({"refund:create", "refund:read"});
    const Decision& d = c.decide();
    CHECK(d.effect == Effect::Permit);
    CHECK(d.grant.scopes == Texts{"refund:create"});
    CHECK(d.grant.audience == Texts{"https://pay.example", "https://pay2.example"});
    CHECK(d.grant.ttl == 120);
    CHECK_FALSE(d.grant.not_after);
    CHECK_FALSE(d.grant.single_use);
    CHECK(codes(d) == Codes{"permitted#0"});
    CHECK(d.now == kNow);
    CHECK(d.bundle_digest == c.machine->program->digest());
    CHECK(d.binding_digest.empty());
}

TEST_CASE("decide: no rule, no credential") {
    Case c;
    const Decision& d = c.decide();
    CHECK(d.effect == Effect::Deny);
    CHECK(codes(d) == Codes{"no_permit"});
}

TEST_CASE("check fact_missing: every fact that must be stated") {
    for (const char* path :
         {"now", "agent.id", "run.id", "run.parent_id", "run.exp", "tenant", "user.id", "user.session_exp", "tool.name",
          "want.scopes", "token.aud", "token.exp", "token.nbf", "token.iat"}) {
        const Codes found = refusals_without(path);
        CHECK_MESSAGE(found == Codes{"fact_missing:" + std::string(path)}, path);
    }
    CHECK(refusals_without("user") == Codes{"fact_missing:user"});
    CHECK(refusals_without("delegation") == Codes{"fact_missing:delegation"});
    CHECK(refusals_without("token.issuer") == Codes{"fact_missing:token.issuer"});
    CHECK(refusals("delegation", "{}") == Codes{"fact_missing:delegation.chain"});
    CHECK(refusals("delegation", R"({"chain": []})") == Codes{"fact_missing:delegation.chain"});
    CHECK(refusals("delegation",
                   R"({"chain": [{"actor": "a", "granted_scopes": ["refund:create"], "exp": null}, {}]})") ==
          Codes{"fact_missing:delegation.chain.granted_scopes", "fact_missing:delegation.chain.exp"});
}

TEST_CASE("check fact_missing: weak provenance counts as missing, all are told") {
    Case c;
    c.offer({"refund:create"});
    const Decision& d =
        c.with("provenance", R"({"now": "broker", "token": "verified", "agent": "asserted", "run": "broker",
        "user": "broker", "delegation": "broker", "tool": "asserted"})")
            .decide();
    CHECK(codes(d) == Codes{"fact_missing:agent.id", "fact_missing:tenant"});
}

TEST_CASE("check issuer_unknown: and nothing that its declaration would say") {
    Case c;
    c.offer({"refund:create"});
    c.without("token.claims").with("token.aud", "[]");
    CHECK(codes(c.with("token.issuer", R"("https://issuer.example/")").decide()) == Codes{"issuer_unknown"});
}

TEST_CASE("check audience_mismatch: none, or one that is not the issuer's") {
    CHECK(refusals("token.aud", "[]") == Codes{"audience_mismatch"});
    CHECK(refusals("token.aud", R"(["https://broker.example", "https://other.example"])") ==
          Codes{"audience_mismatch"});
    CHECK(refusals("token.aud", R"(["https://second.example", "https://broker.example"])") == Codes{"permitted#0"});
}

TEST_CASE("check token_not_current: expiry, not before, issued, age, with leeway") {
    const auto at = [](std::int64_t seconds) { return std::to_string(kNowSeconds + seconds); };
    const Codes stale{"token_not_current"};
    CHECK(refusals("token.exp", at(-5)) == stale);
    CHECK(refusals("token.exp", at(-4)) == Codes{"ttl_exhausted"});  // within the leeway, but no lifetime is left
    CHECK(refusals("token.nbf", at(6)) == stale);
    CHECK(refusals("token.nbf", at(5)) == Codes{"permitted#0"});
    CHECK(refusals("token.iat", at(6)) == stale);
    CHECK(refusals("token.iat", at(5)) == Codes{"permitted#0"});
    CHECK(refusals("token.iat", at(-606)) == stale);
    CHECK(refusals("token.iat", at(-605)) == Codes{"permitted#0"});
    CHECK(refusals("token.iat", "null") == stale);  // the issuer declares a maximum age
    Case c;
    c.offer({"refund:create"});
    c.t.issuers[0].max_age = -1;
    CHECK(codes(c.with("token.iat", "null").decide()) == Codes{"permitted#0"});
}

TEST_CASE("check token_without_expiry: none, and no age that would end it") {
    const Codes endless{"token_without_expiry"};
    Case c;
    c.offer({"refund:create"}, 3600);
    c.with("token.exp", "null");  // iat is 100 seconds ago, and tokens are valid for 600
    CHECK(codes(c.decide()) == Codes{"permitted#0"});
    CHECK(c.decide().grant.ttl == 500);
    c.t.issuers[0].max_age = -1;
    CHECK(codes(c.decide()) == endless);
    CHECK(codes(c.with("token.iat", "null").decide()) == endless);
    Case aged;
    aged.offer({"refund:create"});
    CHECK(codes(aged.with("token.exp", "null").with("token.iat", "null").decide()) ==
          Codes{"token_not_current", "token_without_expiry"});
    // Missing is not none: the only reason is the missing fact.
    CHECK(refusals_without("token.exp") == Codes{"fact_missing:token.exp"});
    Case other;
    other.offer({"refund:create"});
    other.without("token.claims").with("token.exp", "null").with("token.issuer", R"("https://else.example")");
    CHECK(codes(other.decide()) == Codes{"issuer_unknown", "token_without_expiry"});
}

TEST_CASE("check token_type_mismatch: another type, or none stated") {
    Case c;
    c.offer({"refund:create"});
    c.t.issuers[0].types = c.t.set({"at+jwt"});
    CHECK(codes(c.decide()) == Codes{"token_type_mismatch"});
    CHECK(codes(c.with("token.typ", R"("JWT")").decide()) == Codes{"token_type_mismatch"});
    CHECK(codes(c.without("token.typ").decide()) == Codes{"token_type_mismatch"});
    CHECK(codes(c.with("token.typ", R"("at+jwt")").decide()) == Codes{"permitted#0"});
}

TEST_CASE("check proof_missing: not stated, or a bearer token") {
    Case c;
    c.offer({"refund:create"});
    c.t.issuers[0].proof_required = 1;
    CHECK(codes(c.decide()) == Codes{"permitted#0"});
    CHECK(codes(c.with("token.proof", R"("bearer")").decide()) == Codes{"proof_missing"});
    CHECK(codes(c.without("token.proof").decide()) == Codes{"proof_missing"});
}

TEST_CASE("check delegation_missing: a run with a parent and no chain") {
    CHECK(refusals("run.parent_id", R"("r-0")") == Codes{"delegation_missing"});
}

TEST_CASE("check unknown_tool, nothing_requested: told together") {
    CHECK(refusals("tool.name", R"("refund")") == Codes{"unknown_tool"});
    CHECK(refusals("want.scopes", "[]") == Codes{"nothing_requested"});
    Case c;
    c.offer({"refund:create"});
    c.with("want.scopes", "[]").with("tool.name", R"("x")").without("agent.id");
    CHECK(codes(c.decide()) == Codes{"fact_missing:agent.id", "unknown_tool", "nothing_requested"});
}

TEST_CASE("check run_ended, user_session_ended, parent_expired: at the moment itself") {
    const std::string now = std::to_string(kNowSeconds);
    CHECK(refusals("run.exp", now) == Codes{"run_ended"});
    CHECK(refusals("user.session_exp", now) == Codes{"user_session_ended"});
    CHECK(refusals("delegation", R"({"chain": [{"actor": "a", "granted_scopes": ["refund:create"], "exp": null},
        {"actor": "b", "granted_scopes": ["refund:create"], "exp": )" +
                                     now + "}]}") == Codes{"parent_expired"});
}

TEST_CASE("check: refused requests run no rule") {
    Case c;
    c.t.deny("never_seen", Case::always());
    const Decision& d = c.with("want.scopes", "[]").decide();
    CHECK(codes(d) == Codes{"nothing_requested"});
    CHECK(d.steps == 0);
}

TEST_CASE("decide: every deny that applies is told, and whether a fact was missing") {
    Case c;
    c.offer({"refund:create"});
    c.t.deny("sure", Case::always());
    c.t.deny("suspicion", c.path_is("x"));
    c.t.deny("idle", {{Opcode::RetFalse}});
    const Decision& d = c.decide();
    CHECK(d.effect == Effect::Deny);
    CHECK(codes(d) == Codes{"fact_missing#2", "sure#1", "suspicion#2"});
    CHECK(d.grant.scopes.empty());
    CHECK(codes(c.with("resource.path", R"("y")").decide()) == Codes{"sure#1"});
}

TEST_CASE("decide: permits that a fact could make match are named") {
    Case c;
    c.t.permit("unsure", c.path_is("x"), {"refund:create"});
    c.t.permit("not", {{Opcode::RetFalse}}, {"refund:create"});
    CHECK(codes(c.decide()) == Codes{"fact_missing#0", "no_permit"});
    CHECK(codes(c.with("resource.path", R"("y")").decide()) == Codes{"no_permit"});
    CHECK(codes(c.with("resource.path", R"("x")").decide()) == Codes{"permitted#0"});
}

TEST_CASE("time_in_future: a rule in doubt only because a moment has not come yet") {
    Case c;
    const auto aged = [&](Cmp cmp) {
        return TestProgram::all_of(
            {TestProgram::cmp(Opcode::AgeCmp, c.t.slot("gates.eval.at"), c.t.num(600 * kSecond), cmp)});
    };
    const auto at = [&](std::int64_t seconds) {
        return codes(
            c.with("gates", R"({"eval": {"result": "passed", "at": )" + std::to_string(kNowSeconds + seconds) + "}}")
                .decide());
    };
    c.t.permit("fresh", aged(Cmp::Le), {"refund:create"});
    CHECK(at(-599) == Codes{"permitted#0"});
    CHECK(at(-600) == Codes{"ttl_exhausted"});  // no time is left
    CHECK(at(-601) == Codes{"no_permit"});
    CHECK(at(60) == Codes{"permitted#0"});
    CHECK(at(61) == Codes{"time_in_future#0", "no_permit"});
    CHECK(at(9'000'000'000) == Codes{"time_in_future#0", "no_permit"});
    CHECK(codes(c.with("gates", R"({"eval": {}})").decide()) == Codes{"fact_missing#0", "no_permit"});
    c.t.deny("suspicion", c.path_is("x"));
    c.t.deny("stale", aged(Cmp::Gt));
    CHECK(at(61) == Codes{"fact_missing#1", "time_in_future#2", "suspicion#1", "stale#2"});
    // Each rule by itself is assumed to change when its time comes.
    c.t.deny("older", aged(Cmp::Gt));
    CHECK(at(61) ==
          Codes{"fact_missing#1", "time_in_future#2", "time_in_future#3", "suspicion#1", "stale#2", "older#3"});
}

TEST_CASE("scopes: in the order asked, each once, of all matching permits") {
    Case c;
    c.offer({"refund:create"}, 120, "one");
    c.offer({"refund:read"}, 120, "two");
    const Decision& d = c.with("want.scopes", R"(["refund:read", "x", "refund:create", "refund:read"])").decide();
    CHECK(d.grant.scopes == Texts{"refund:read", "refund:create"});
    CHECK(codes(d) == Codes{"permitted#0", "permitted#1"});
}

TEST_CASE("scopes: none that the tool does not have, whatever a permit lists") {
    Case c;
    c.offer({"refund:create", "data:read"});
    c.with("want.scopes", R"(["data:read", "refund:create"])");
    CHECK(c.decide().grant.scopes == Texts{"refund:create"});
    CHECK(codes(c.with("want.all_or_nothing", "true").decide()) == Codes{"partial_grant"});
    CHECK(codes(c.without("want.all_or_nothing").with("want.scopes", R"(["data:read"])").decide()) ==
          Codes{"scope_not_offered"});
    // The permit with the longer ttl lists no scope of this tool, so it is not used and its ttl does not count.
    Case two;
    two.offer({"refund:create"}, 60, "own");
    two.offer({"data:read"}, 900, "foreign");
    two.with("want.scopes", R"(["refund:create", "data:read"])");
    CHECK(two.decide().grant.ttl == 60);
    CHECK(codes(two.decide()) == Codes{"permitted#0"});
}

TEST_CASE("scope_not_offered, scope_limited, scope_exceeds_parent: who took the last") {
    Case offered;
    offered.offer({"other"});
    CHECK(codes(offered.decide()) == Codes{"scope_not_offered"});

    Case limited;
    limited.offer({"refund:create", "refund:read"});
    limited.t.limit("narrow", Case::always(), {.scopes = limited.t.set({"refund:read"})});
    CHECK(codes(limited.decide()) == Codes{"scope_limited"});
    CHECK(limited.with("want.scopes", R"(["refund:create", "refund:read"])").decide().grant.scopes ==
          Texts{"refund:read"});

    Case parent;
    parent.offer({"refund:create", "refund:read"});
    parent.with("delegation",
                R"({"chain": [{"actor": "a", "granted_scopes": ["refund:create", "refund:read"], "exp": null},
                                            {"actor": "b", "granted_scopes": ["refund:read"], "exp": null}]})");
    CHECK(codes(parent.decide()) == Codes{"scope_exceeds_parent"});
    CHECK(parent.with("want.scopes", R"(["refund:read"])").decide().effect == Effect::Permit);
}

TEST_CASE("scopes: a limit on suspicion narrows too") {
    Case c;
    c.offer({"refund:create"});
    c.t.limit("narrow", c.path_is("x"), {.scopes = c.t.set({})});
    CHECK(codes(c.decide()) == Codes{"scope_limited"});
    CHECK(c.with("resource.path", R"("y")").decide().effect == Effect::Permit);
}

TEST_CASE("partial_grant: all or nothing") {
    Case c;
    c.offer({"refund:create"});
    c.with("want.scopes", R"(["refund:create", "refund:read"])").with("want.all_or_nothing", "true");
    CHECK(codes(c.decide()) == Codes{"partial_grant"});
    CHECK(c.with("want.all_or_nothing", "false").decide().effect == Effect::Permit);
    CHECK(c.with("want.scopes", R"(["refund:create", "refund:create"])")
              .with("want.all_or_nothing", "true")
              .decide()
              .effect == Effect::Permit);
}

TEST_CASE("audience: what was asked, in the tool's order, within limits") {
    Case c;
    c.offer({"refund:create"});
    CHECK(c.with("want.audience", R"(["https://pay2.example", "https://x.example"])").decide().grant.audience ==
          Texts{"https://pay2.example"});
    CHECK(codes(c.with("want.audience", R"(["https://x.example"])").decide()) == Codes{"audience_not_offered"});
    CHECK(codes(c.with("want.audience", "[]").decide()) == Codes{"audience_not_offered"});

    Case m;
    m.offer({"data:read"});
    m.with("want.scopes", R"(["data:read"])").with("tool.params", "{}").with("tool.name", "\"mute\"");
    CHECK(codes(m.decide()) == Codes{"audience_not_offered"});

    Case l;
    l.offer({"refund:create"});
    l.t.limit("narrow", Case::always(), {.audience = l.t.set({"https://pay2.example"})});
    CHECK(l.decide().grant.audience == Texts{"https://pay2.example"});
    CHECK(codes(l.with("want.audience", R"(["https://pay.example"])").decide()) == Codes{"audience_limited"});
}

TEST_CASE("permits: of several that offer a scope the longest-lived is used") {
    Case c;
    c.offer({"refund:create"}, 60, "short");
    c.offer({"refund:create"}, 90, "long");
    c.offer({"refund:create"}, 90, "as_long");
    const Decision& d = c.decide();
    CHECK(d.grant.ttl == 90);
    CHECK(codes(d) == Codes{"permitted#1"});
}

TEST_CASE("permits: how long one lives counts its horizon") {
    Case c;
    c.t.permit("ends", c.before(kNow + 30 * kSecond), {"refund:create"}, 600);
    c.offer({"refund:create"}, 60, "stays");
    const Decision& d = c.decide();
    CHECK(codes(d) == Codes{"permitted#1"});
    CHECK(d.grant.ttl == 60);
    CHECK_FALSE(d.grant.not_after);
}

TEST_CASE("ttl: the least of everything that ends, in whole seconds") {
    Case c;
    c.offer({"refund:create"}, 3600);
    CHECK(c.decide().grant.ttl == 3600);
    CHECK(c.with("token.exp", std::to_string(kNowSeconds + 3000)).decide().grant.ttl == 3000);
    CHECK(c.with("user.session_exp", std::to_string(kNowSeconds + 2500)).decide().grant.ttl == 2500);
    CHECK(c.with("run.exp", std::to_string(kNowSeconds + 2000)).decide().grant.ttl == 2000);
    CHECK(c.with("want.ttl", "\"1800s900ms\"").decide().grant.ttl == 1800);
    c.with("delegation", R"({"chain": [{"actor": "a", "granted_scopes": ["refund:create"], "exp": )" +
                             std::to_string(kNowSeconds + 1500) + "}]}");
    CHECK(c.decide().grant.ttl == 1500);
    c.t.limit("brief", Case::always(), {.ttl = 1000 * kSecond});
    CHECK(c.decide().grant.ttl == 1000);
    CHECK(c.with("want.ttl", "\"500s900ms\"").decide().grant.ttl == 500);
}

TEST_CASE("ttl_exhausted: less than a second, and nothing else is said") {
    Case c;
    c.offer({"refund:create"});
    c.t.require("approval", Case::always(), {"leads"});
    const Decision& d = c.with("want.ttl", "\"999ms\"").decide();
    CHECK(codes(d) == Codes{"ttl_exhausted"});
    CHECK(d.effect == Effect::Deny);
    CHECK(d.requirements.empty());
    CHECK(d.binding_digest.empty());
    CHECK(c.with("want.ttl", "\"1s\"").decide().effect == Effect::NeedsApproval);
}

TEST_CASE("horizon: when a used permit stops, or a narrowing rule starts, but not when one lapses") {
    Case permit;
    permit.t.permit("ends", permit.before(kNow + 90 * kSecond), {"refund:create"}, 600);
    CHECK(permit.decide().grant.not_after == kNow + 90 * kSecond);
    CHECK(permit.decide().grant.ttl == 90);

    Case deny;
    deny.offer({"refund:create"}, 600);
    deny.t.deny("closing", deny.from(kNow + 70 * kSecond));
    CHECK(deny.decide().grant.not_after == kNow + 70 * kSecond);
    CHECK(deny.decide().grant.ttl == 70);

    Case oblige;
    oblige.offer({"refund:create"}, 600);
    oblige.t.oblige("later", oblige.from(kNow + 50 * kSecond), {{"audit", "{}"}});
    CHECK(oblige.decide().grant.ttl == 50);
    CHECK(oblige.decide().grant.obligations.empty());

    Case lapses;
    lapses.offer({"refund:create"}, 600);
    lapses.t.limit("until_then", lapses.before(kNow + 50 * kSecond), {.ttl = 300 * kSecond});
    CHECK(lapses.decide().grant.ttl == 300);
    CHECK_FALSE(lapses.decide().grant.not_after);
}

TEST_CASE("limits: reuse") {
    Case c;
    c.offer({"refund:create"});
    c.t.limit("once", c.path_is("x"), {.single_use = 1});
    CHECK(c.decide().grant.single_use);
    CHECK_FALSE(c.with("resource.path", R"("y")").decide().grant.single_use);
}

TEST_CASE("obligations: in rule order, each once") {
    Case c;
    c.offer({"refund:create"});
    c.t.oblige("one", Case::always(), {{"audit", R"({"level":"full"})"}, {"notify", "{}"}});
    c.t.oblige("two", Case::always(), {{"notify", "{}"}, {"audit", R"({"level":"some"})"}});
    c.t.oblige("idle", {{Opcode::RetFalse}}, {{"never", "{}"}});
    const Decision& d = c.decide();
    REQUIRE(d.grant.obligations.size() == 3);
    CHECK(d.grant.obligations[0].args == R"({"level":"full"})");
    CHECK(d.grant.obligations[1].name == "notify");
    CHECK(d.grant.obligations[2].args == R"({"level":"some"})");
}

TEST_CASE("attribution: whatever is stated, of denials too") {
    Case c;
    c.with(
        "delegation",
        R"({"chain": [{"actor": "outer", "granted_scopes": [], "exp": null}, {"granted_scopes": [], "exp": null}]})");
    const Attribution& who = c.with("run.parent_id", R"("r-0")").decide().attribution;
    CHECK(who.agent == "a-1");
    CHECK(who.agent_class == "support");
    CHECK(who.deployment == "d-1");
    CHECK(who.run == "r-1");
    CHECK(who.parent_run == "r-0");
    CHECK(who.tenant == "acme");
    CHECK(who.user == "ursula");
    CHECK(who.initiator == "ines");
    CHECK(who.chain == Texts{"outer", ""});
    CHECK(who.workload == "spiffe://acme.example/support/bot");
    CHECK(who.issuer == kIssuer);
    CHECK(who.token_id == "t-1");
    CHECK(who.tool == "write-refund");
    CHECK(who.resource == "o-1");
    CHECK(c.with("workload", R"({"spiffe_id": null, "instance_id": "i-1"})").decide().attribution.workload == "i-1");
}

TEST_CASE("decide: a decision used again keeps nothing of the one before") {
    Case c;
    c.offer({"refund:create"});
    c.t.require("approval", c.path_is("x"), {"b", "a"});
    c.t.oblige("obligation", Case::always(), {{"audit", "{}"}});
    c.decide();
    Machine& m = *c.machine;
    REQUIRE(m.decision.effect == Effect::NeedsApproval);
    REQUIRE(m.decision.requirements.size() == 1);
    set(c.document, "resource.path", R"("y")");
    REQUIRE(m.decide(c.document).effect == Effect::Permit);
    CHECK(m.decision.requirements.empty());
    CHECK(m.decision.binding_digest.empty());
    CHECK(codes(m.decision) == Codes{"permitted#0"});
    set(c.document, "tenant", R"("other")");
    remove(c.document, "resource.path");
    m.decide(c.document);
    CHECK(m.decision.requirements.size() == 1);
    CHECK(m.decision.requirements[0].groups == Texts{"a", "b"});
    CHECK(m.decision.grant.obligations.empty());
    m.decision.clear();
    CHECK(m.decision.effect == Effect::Deny);
    CHECK(m.decision.requirements.empty());
    CHECK(m.decision.reasons.empty());
    CHECK(m.decision.attribution.tenant.empty());
}

TEST_CASE("decide: steps stay within the program's bound") {
    Case c;
    c.t.permit("ends", c.before(kNow + 90 * kSecond), {"refund:create"}, 600);
    c.t.deny("closing", c.from(kNow + 70 * kSecond));
    const Decision& d = c.decide();
    std::uint64_t bound = 0;
    for (const auto& rule : c.machine->program->rules) bound += bytecode::step_bound(*c.machine->program, rule);
    CHECK(d.steps > 0);
    CHECK(d.steps <= bound);
}

TEST_CASE("decide: budget_exhausted beyond the declared bound, and nothing else then") {
    Case c;
    c.offer({"refund:create"});
    CHECK(c.decide().effect == Effect::Permit);
    // A verified program never declares less than its code can cost, so the bytes are changed after verification.
    const_cast<bytecode::ManifestRef&>(c.machine->program->manifest[0]).step_bound = 1;
    const Decision& d = c.machine->decide(c.document);
    CHECK(d.effect == Effect::Deny);
    CHECK(codes(d) == Codes{"budget_exhausted"});
    CHECK(d.grant.scopes.empty());
}

TEST_CASE("missing facts never help: each fact of a request, taken out") {
    Case c;
    auto& t = c.t;
    t.permit("by_role",
             TestProgram::all_of({TestProgram::test(Opcode::TextIn, t.lit("refunds"), t.slot("user.roles"))}),
             {"refund:create", "refund:read"}, 300);
    t.permit("short", Case::always(), {"refund:read"}, 60);
    t.deny("other_tenant", TestProgram::all_of({TestProgram::no(
                               TestProgram::test(Opcode::TextEq, t.slot("user.tenant"), t.slot("tenant")))}));
    t.limit("shared",
            TestProgram::all_of({TestProgram::cmp(Opcode::IntCmp, t.slot("agent.shared_count"), t.num(1), Cmp::Gt)}),
            {.ttl = 30 * kSecond, .single_use = 1});
    t.require("elsewhere",
              TestProgram::all_of(
                  {TestProgram::no(TestProgram::test(Opcode::TextEq, t.slot("resource.tenant"), t.lit("acme")))}),
              {"leads"});
    t.oblige("class",
             TestProgram::all_of(
                 {TestProgram::no(TestProgram::test(Opcode::TextEq, t.slot("agent.class"), t.lit("support")))}),
             {{"audit", "{}"}});
    c.with("want.scopes", R"(["refund:read", "refund:create"])");
    Machine m(t);
    const Decision full = m.decide(c.document);
    REQUIRE(full.effect == Effect::Permit);
    const auto scopes = full.grant.scopes.size(), obligations = full.grant.obligations.size();
    int narrower = 0;
    for (const char* path : {"token", "token.exp", "token.claims", "workload", "agent", "agent.shared_count",
                             "agent.class", "run", "run.exp", "tenant", "user", "user.roles", "user.tenant",
                             "delegation", "tool.params", "resource", "resource.tenant"}) {
        json::Value less = c.document;
        remove(less, path);
        const Decision& d = m.decide(less);
        CHECK_MESSAGE(d.effect <= Effect::Permit, path);
        if (d.effect == Effect::Permit) {
            CHECK_MESSAGE(d.grant.scopes.size() <= scopes, path);
            CHECK_MESSAGE(d.grant.ttl <= 300, path);
            CHECK_MESSAGE(d.grant.obligations.size() >= obligations, path);
        } else {
            ++narrower;
        }
    }
    CHECK(narrower == 11);
    remove(c.document, "provenance");  // without the provenance of the clock: an error
    CHECK(m.bind(c.document) == "Q0023 $.now");
}
