#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "example_request.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kPolicy = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" max_age 10m }
issuer ci: kubernetes "https://ci.example" { audience "https://broker.example" }
tier read < write
tool pay {
  tier     write
  audience "https://pay.example"
  scopes   { "pay:create", "pay:read" }
  params   { amount: decimal }
}
tool look { tier read audience "https://pay.example" scopes { "look" } }
define small(amount: decimal, most: decimal) = amount <= most
permit pay_own
  for tool pay
  when token.issuer is prod
   and small(params.amount, 500.00)   // the usual bound
   and user.roles contains "payer"
   and resource.tenant == tenant
   and (agent.class == "pay" or agent.class == "admin")
   and run.started < now
  grant { "pay:create", "pay:read" } for 20m
permit pay_more extends pay_own when params.amount <= 9000.00
require big for tool pay when params.amount > 100.00 approval from group "leads" within 15m
limit reads_only when agent.risk_tier >= high to scopes { "pay:read" }, ttl 5m
oblige record when tool.tier >= write with audit(level: "full")
deny tainted when any t in run.context_taint: t == "web"
  because "untrusted content"
deny foreign when user is some and user.tenant != tenant
deny later when now >= "2026-09-21T15:00:00Z"
)";
constexpr std::int64_t kNow = 1'790'000'000;  // 2026-09-21T14:13:20Z

SourceSet sources() {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(kPolicy)});
    return set;
}
const Workspace& workspace() {
    static const Workspace made(sources());
    REQUIRE(made.bundle());
    return made;
}

json::Value parsed(std::string_view text) {
    auto value = json::parse(text);
    INFO(text);
    if (!value) FAIL(value.error().code, " ", value.error().message, " ", value.error().context);
    return *value;
}

/// A permitted payment of 40, with changes: each is `path = JSON`, or a path to remove.
std::string request(std::initializer_list<std::string_view> changes = {}) {
    static const std::string base = writ::testing::example_request(
        R"({"iss":"https://issuer.example","aud":"https://broker.example","exp":1790003600,"iat":1790000000,"nbf":1790000000})",
        "kubernetes", kNow);
    json::Value document = parsed(base);
    const auto change = [&](std::string_view line) {
        const std::size_t equals = line.find(" = ");
        std::string_view path = line.substr(0, equals);
        json::Value* here = &document;
        for (std::size_t dot; (dot = path.find('.')) != std::string_view::npos; path.remove_prefix(dot + 1))
            here = here->find(path.substr(0, dot));
        if (equals == std::string_view::npos)
            here->remove(path);
        else
            here->set(path, parsed(line.substr(equals + 3)));
    };
    for (const std::string_view line :
         {R"(tool = {"name": "pay", "operation": null, "params": {"amount": 40.5}})",
          R"(want = {"scopes": ["pay:create"]})",
          R"(user = {"id": "u", "tenant": "t", "roles": ["payer"], "session_exp": null})", R"(tenant = "t")",
          R"(resource.tenant = "t")", R"(agent.class = "pay")", R"(agent.risk_tier = "low")",
          R"(agent.owner = "owner")", R"(run.initiator = "ina")", R"(run.started = 1789999990)"})
        change(line);
    for (const std::string_view line : changes) change(line);
    return json::write(document);
}

Explanation explain(std::initializer_list<std::string_view> changes = {}, std::string_view rule = {}) {
    const std::string text = request(changes);
    auto explained = workspace().explain(text, rule);
    if (!explained) FAIL(explained.error().code, " ", explained.error().message, " ", explained.error().context);
    // The decision must equal the evaluator's.
    Request same(*workspace().bundle());
    REQUIRE(same.parse(text));
    CHECK(to_json(explained->decision, *workspace().bundle(), View::Operator) ==
          to_json(Evaluator(*workspace().bundle()).evaluate(same), *workspace().bundle(), View::Operator));
    return std::move(*explained);
}

std::string facts_of(const std::vector<SeenFact>& facts) {
    std::string out;
    for (const SeenFact& fact : facts)
        out += (out.empty() ? "" : ", ") + fact.path + (fact.lack.empty() ? " is " + fact.value : ": " + fact.lack);
    return out;
}

/// `role kind name`, one line for each rule.
std::string roles(const Explanation& explanation) {
    std::string out;
    for (const SeenRule& rule : explanation.rules)
        out += (out.empty() ? "" : ", ") + std::string(role_name(rule.role)) + " " +
               std::string(explanation.bundle.rule(rule.rule).name);
    return out;
}

/// A condition of a rule, by its text.
const SeenCondition& condition(const SeenRule& rule, std::string_view text) {
    for (const SeenCondition& each : rule.conditions)
        if (each.text == text) return each;
    std::string all;
    for (const SeenCondition& each : rule.conditions) all += each.text + "\n";
    FAIL("no condition `", text, "` among\n", all);
    return rule.conditions.front();
}

std::string changes_of(const Nearest& nearest) {
    std::string out;
    for (const Change& each : nearest.changes)
        out += (out.empty() ? "" : ", ") + each.path + " " + (each.from.empty() ? "not stated" : each.from) + " -> " +
               each.to;
    return out;
}

/// The changes that lead to the nearest permit, after a check that they work.
std::string would_permit(std::initializer_list<std::string_view> changes) {
    const Explanation told = explain(changes);
    REQUIRE(told.decision.effect == Effect::Deny);
    REQUIRE_FALSE(told.nearest.empty());
    const Nearest& near = told.nearest.front();
    if (near.changes.empty()) {
        std::string open;
        for (const std::string& each : near.open) open += (open.empty() ? "" : "; ") + each;
        return "nothing: " + open;
    }
    json::Value document = parsed(request(changes));
    for (const Change& change : near.changes) {
        std::string_view path = change.path;
        json::Value* here = path.starts_with("params.") ? document.find("tool") : &document;
        for (std::size_t dot; (dot = path.find('.')) != std::string_view::npos; path.remove_prefix(dot + 1)) {
            const std::string_view step = path.substr(0, dot);
            json::Value* next = here->find(step);
            here = next != nullptr ? next : &here->set(step, json::Value::object());
        }
        here->set(path, parsed(change.to));
    }
    Request tried(*workspace().bundle());
    REQUIRE(tried.parse(json::write(document)));
    CHECK(Evaluator(*workspace().bundle()).evaluate(tried).effect == near.effect);
    CHECK(near.effect != Effect::Deny);
    return changes_of(near) + (near.effect == Effect::NeedsApproval ? ", then approval" : "");
}

}  // namespace

TEST_CASE("explain: a permit for several tools is told with the scopes of the request's") {
    SourceSet set = sources();
    set.sources[0].text += "permit both for tool pay, look when agent.class == \"pay\" grant tool.scopes for 5m\n";
    const Workspace both(std::move(set));
    REQUIRE(both.bundle());
    const auto told =
        both.explain(request({R"(tool = {"name": "look", "operation": null})", R"(want.scopes = ["look"])"}));
    REQUIRE(told);
    REQUIRE(!told->rules.empty());
    CHECK(told->rules[0].does == R"({ "look" } for 5m)");
}

TEST_CASE("explain: a permit, its conditions and what they saw") {
    const Explanation told = explain();
    CHECK(told.decision.effect == Effect::Permit);
    CHECK(roles(told) == "permits pay_own, obliges record");
    CHECK(told.checks.empty());
    CHECK(told.nearest.empty());
    const SeenRule& permit = told.rules.front();
    CHECK(permit.truth == Truth::True);
    CHECK(permit.does == R"({ "pay:create", "pay:read" } for 20m)");
    CHECK(told.rules[1].does == R"(audit {"level":"full"})");
    REQUIRE(permit.conditions.size() == 6);
    CHECK(facts_of(condition(permit, "token.issuer is prod").facts) == R"(token.issuer is "https://issuer.example")");
    CHECK(facts_of(condition(permit, "amount <= most").facts) == "params.amount is 40.5");
    CHECK(facts_of(condition(permit, "resource.tenant == tenant").facts) == R"(resource.tenant is "t", tenant is "t")");
    CHECK(facts_of(condition(permit, "run.started < now").facts) ==
          R"(now is "2026-09-21T14:13:20Z", run.started is "2026-09-21T14:13:10Z")");
    const SeenCondition& either = condition(permit, R"(agent.class == "pay" or agent.class == "admin")");
    REQUIRE(either.parts.size() == 2);
    CHECK(either.truth == Truth::True);
    CHECK(either.parts[0].truth == Truth::True);
    CHECK(either.parts[1].truth == Truth::False);
    CHECK(either.parts[1].text == R"(agent.class == "admin")");
    CHECK(workspace().diagnostics().sources[either.span.source].name == "policy.writ");
}

TEST_CASE("explain: what set the lifetime and the horizon, the shortest first") {
    const Explanation told = explain({"run.exp = 1790000900", R"(want.ttl = "30m")"});
    CHECK(told.decision.grant.ttl == 900);
    std::string bounds;
    for (const Bound& each : told.lifetimes)
        bounds += std::to_string(each.micros / 1'000'000) + " " +
                  (each.rule == kNoRule ? each.fact : std::string(told.bundle.rule(each.rule).name)) + "; ";
    CHECK(bounds == "900 run.exp; 1200 pay_own; 1800 want.ttl; 3600 token.exp; ");
    REQUIRE(told.horizons.size() == 1);
    CHECK(told.bundle.rule(told.horizons[0].rule).name == "later");
    CHECK(told.horizons[0].micros == *told.decision.grant.not_after);
}

TEST_CASE("explain: what is not granted, and what took it") {
    const Explanation told =
        explain({R"(want.scopes = ["pay:create", "pay:read", "pay:all"])", R"(agent.risk_tier = "high")"});
    CHECK(roles(told) == "permits pay_own, limits reads_only, obliges record");
    CHECK(told.rules[1].does == R"(ttl 5m, scopes { "pay:read" })");
    REQUIRE(told.dropped.size() == 2);
    CHECK(told.dropped[0].value == "pay:all");
    CHECK(told.dropped[0].by == "the tool does not have it");
    CHECK(told.dropped[1].value == "pay:create");
    CHECK(told.bundle.rule(told.dropped[1].rule).name == "reads_only");
    CHECK(told.lifetimes.front().micros == 300'000'000);
    CHECK(told.bundle.rule(told.lifetimes.front().rule).name == "reads_only");
}

TEST_CASE("explain: a permit for any tool grants what the tool has, and is near to none that has nothing of it") {
    constexpr std::string_view kAny = R"(
permit every when token.issuer is prod and agent.class == "pay" grant { "look", "pay:read" } for 5m
)";
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(kPolicy) + std::string(kAny)});
    const Workspace made(std::move(set));
    REQUIRE(made.bundle());
    const std::string_view looks = R"(tool = {"name": "look", "operation": null, "params": {}})";
    const auto granted = made.explain(request({looks, R"(want.scopes = ["look", "pay:read"])"}));
    REQUIRE(granted);
    CHECK(granted->decision.grant.scopes == std::vector<std::string_view>{"look"});
    REQUIRE(granted->dropped.size() == 1);
    CHECK(granted->dropped[0].value == "pay:read");
    CHECK(granted->dropped[0].by == "the tool does not have it");
    const auto denied = made.explain(request({looks, R"(want.scopes = ["pay:read"])"}));
    REQUIRE(denied);
    CHECK(denied->decision.reasons.at(0).code == "scope_not_offered");
    CHECK(denied->checks.at(0).note == R"(tool look has "look")");
    REQUIRE(denied->nearest.size() == 1);
    CHECK(changes_of(denied->nearest[0]) == R"(want.scopes ["pay:read"] -> ["look"])");
    const auto elsewhere = made.explain(request({R"(want.scopes = ["look"])"}));
    REQUIRE(elsewhere);
    CHECK(elsewhere->decision.reasons.at(0).code == "scope_not_offered");
    CHECK(changes_of(elsewhere->nearest.at(0)) == R"(want.scopes ["look"] -> ["pay:create","pay:read"])");
}

TEST_CASE("explain: a deny names the rules that denied, and the elements that made them") {
    const Explanation told = explain({R"(run.context_taint = ["mail", "web", "web"])"});
    CHECK(roles(told) == "denies tainted");
    const SeenCondition& any = told.rules[0].conditions.at(0);
    CHECK(any.truth == Truth::True);
    REQUIRE(any.parts.size() == 2);
    CHECK(any.parts[0].text == R"([1] t == "web")");
    CHECK(facts_of(any.parts[0].facts) == R"(t is "web")");
    const Explanation unsure = explain({"run.context_taint"});
    CHECK(roles(unsure) == "suspected tainted");
    CHECK(facts_of(unsure.rules[0].conditions.at(0).facts) == "run.context_taint: not stated");
}

TEST_CASE("explain: what is revoked is denied, and which revocation it was is said") {
    const auto under = [](std::vector<Revocation> items, std::initializer_list<std::string_view> changes = {}) {
        const std::string text = request(changes);
        auto revoked = std::make_shared<const Revocations>(std::move(items));
        auto told = workspace().explain(text, {}, {}, revoked);
        if (!told) FAIL(told.error().code, " ", told.error().message);
        Request same(*workspace().bundle());
        REQUIRE(same.parse(text));
        Evaluator evaluator(*workspace().bundle());
        evaluator.revoke(revoked);
        CHECK(to_json(told->decision, *workspace().bundle(), View::Operator) ==
              to_json(evaluator.evaluate(same), *workspace().bundle(), View::Operator));
        return std::move(*told);
    };
    const Explanation tool = under({{RevocationKind::Tool, "PAY", (kNow + 60) * 1'000'000}});
    CHECK(tool.decision.effect == Effect::Deny);
    REQUIRE(tool.checks.size() == 1);
    CHECK(tool.checks[0].code == "tool_revoked");
    CHECK(facts_of(tool.checks[0].facts) == R"(tool.name is "pay")");
    CHECK(tool.checks[0].note == R"(revoked: tool "pay" until 2026-09-21T14:14:20Z)");
    CHECK(tool.rules.empty());
    CHECK(tool.nearest.empty());
    CHECK(tool.lifetimes.empty());
    const Explanation both = under(
        {{RevocationKind::All, "prod", 0}, {RevocationKind::User, "ina", 0}, {RevocationKind::Agent, "nobody", 0}});
    REQUIRE(both.checks.size() == 2);
    CHECK(both.checks[0].note == R"(revoked: user "ina")");
    CHECK(both.checks[1].code == "channel_revoked");
    CHECK(both.checks[1].note == R"(revoked: all "prod")");
    // Revocations of another subject and expired revocations are not shown.
    CHECK(under({{RevocationKind::Tool, "look", 0}, {RevocationKind::Tool, "pay", kNow * 1'000'000}}).decision.effect ==
          Effect::Permit);
    // If a fact could be revoked, it must be stated.
    const Explanation unsaid = under({{RevocationKind::Deployment, "d", 0}}, {"agent.deployment_id"});
    CHECK(unsaid.decision.effect == Effect::Deny);
    CHECK(facts_of(unsaid.checks.at(0).facts) == "agent.deployment_id: not stated");
}

TEST_CASE("explain: an approval that is revoked does not count, and would not if it were given again") {
    const auto told = explain({R"(tool = {"name": "pay", "operation": null, "params": {"amount": 200}})"});
    REQUIRE(told.once_approved);
    CHECK(told.once_approved->effect == Effect::Permit);
    const std::string approved = request(
        {R"(tool = {"name": "pay", "operation": null, "params": {"amount": 200}})",
         R"(approvals = [{"id": "ap", "state": "approved", "approver": "lea", "groups": ["leads"], "requester": null, "at": 1790000000, "exp": null, "uses": null, "binding_digest": ")" +
             told.decision.binding_digest + R"("}])"});
    const auto free = workspace().explain(approved);
    REQUIRE(free);
    CHECK(free->decision.effect == Effect::Permit);
    const auto revoked = workspace().explain(
        approved, {}, {},
        std::make_shared<const Revocations>(std::vector<Revocation>{{RevocationKind::Approval, "AP", 0}}));
    REQUIRE(revoked);
    CHECK(revoked->decision.effect == Effect::NeedsApproval);
    CHECK(revoked->approvals.at(0).against == std::vector<std::string>{"approval_revoked"});
}

TEST_CASE("explain: why a fact is not known") {
    const auto lack = [](std::initializer_list<std::string_view> changes, std::string_view text) {
        const Explanation told = explain(changes, "pay_own");
        return facts_of(condition(told.rules.at(0), text).facts);
    };
    CHECK(lack({"tool.params.amount"}, "amount <= most") == "params.amount: not stated");
    CHECK(lack({"user = null"}, R"(user.roles contains "payer")") == "user.roles: user is none");
    CHECK(lack({R"(provenance.resource = "model")"}, "resource.tenant == tenant") ==
          R"(resource.tenant: stated, but only with provenance "model" ("broker" is required), tenant is "t")");
    CHECK(lack({"provenance.resource"}, "resource.tenant == tenant") ==
          R"(resource.tenant: stated, but without provenance ("broker" is required), tenant is "t")");
    CHECK(lack({"resource.tenant = null"}, "resource.tenant == tenant") == R"(resource.tenant is none, tenant is "t")");
    const std::string claim =
        "permit by_claim for tool pay when token.issuer is ci and ci.namespace == \"a\" and workload.spiffe_id like "
        "\"spiffe://x/**\" grant { \"pay:read\" } for 1m\n";
    SourceSet set = sources();
    set.sources[0].text += claim;
    const Workspace more(std::move(set));
    REQUIRE(more.bundle());
    const auto told = more.explain(request({R"(workload.spiffe_id = "spiffe://x/../y")"}), "by_claim");
    REQUIRE(told);
    CHECK(facts_of(condition(told->rules.at(0), R"(ci.namespace == "a")").facts) ==
          "ci.namespace: the token is not of issuer ci");
    CHECK(facts_of(told->rules.at(0).conditions.at(2).facts) == "workload.spiffe_id: stated, but not a valid spiffe");
}

TEST_CASE("explain: the smallest change that would have permitted, tried") {
    CHECK(would_permit({R"(user.roles = ["tickets"])"}) == R"(user.roles ["tickets"] -> ["tickets","payer"])");
    CHECK(would_permit({"tool.params.amount = 9000.01", R"(agent.class = "other")"}) ==
          R"(params.amount 9000.01 -> 500, agent.class "other" -> "pay", then approval)");
    CHECK(would_permit({"tool.params.amount"}) == "params.amount not stated -> 500, then approval");
    CHECK(would_permit({R"(resource.tenant = "x")"}) == R"(resource.tenant "x" -> "t")");
    CHECK(would_permit({R"(provenance.resource = "model")"}) == R"(provenance.resource "model" -> "broker")");
    CHECK(would_permit({R"(want.scopes = ["other"])"}) == R"(want.scopes ["other"] -> ["pay:create","pay:read"])");
    CHECK(would_permit({R"(want = {"scopes": ["other", "pay:read"], "all_or_nothing": true})"}) ==
          "want.all_or_nothing true -> false");
    CHECK(would_permit({R"(user.tenant = "x")"}) == R"(user.tenant "x" -> "t")");
    // A change that both the permit and the deny need is listed once.
    CHECK(would_permit({R"(user = {"id": "u", "tenant": "x", "roles": [], "session_exp": null})"}) ==
          R"(user.roles [] -> ["payer"], user.tenant "x" -> "t")");
    CHECK(would_permit({R"(run.context_taint = ["web"])"}) == "nothing: not tainted");
    CHECK(would_permit({"run.started = 1790000005"}) == "run.started 1790000005 -> 1789999999");
}

TEST_CASE("explain: the nearest permits are those with fewest conditions failing, and none that adds nothing") {
    const Explanation told = explain({"tool.params.amount = 700", R"(user.roles = [])"});
    // pay_more fails because of the roles; pay_own fails because of the roles and the amount.
    REQUIRE(told.nearest.size() == 1);
    CHECK(told.bundle.rule(told.nearest[0].rule.rule).name == "pay_more");
    CHECK(told.nearest[0].holding == 5);
    REQUIRE(told.nearest[0].rule.conditions.size() == 1);
    CHECK(told.nearest[0].rule.conditions[0].truth == Truth::False);
    CHECK(explain({R"(tool = {"name": "look"})"}).nearest.empty());
}

TEST_CASE("explain: needs approval, and what would come of one") {
    const Explanation told = explain({"tool.params.amount = 700"});
    CHECK(told.decision.effect == Effect::NeedsApproval);
    CHECK(roles(told) == "asks big, permits pay_more, obliges record");
    REQUIRE(told.approvals.size() == 1);
    CHECK(told.approvals[0].counted == 0);
    CHECK(told.approvals[0].groups == std::vector<std::string>{"leads"});
    REQUIRE(told.once_approved);
    CHECK(told.once_approved->effect == Effect::Permit);
    CHECK(told.once_approved->scopes == std::vector<std::string>{"pay:create"});
    CHECK(told.once_approved->ttl == 900);
    // The approver cannot be distinguished from the initiator, so no approval helps.
    const Explanation stuck = explain({"tool.params.amount = 700", "run.initiator"});
    REQUIRE(stuck.once_approved);
    CHECK(stuck.approvals[0].unstated == "run.initiator");
    CHECK(stuck.once_approved->effect == Effect::NeedsApproval);
    CHECK(stuck.once_approved->against == std::vector<std::string>{"approval_required", "approval_not_independent"});
    const Explanation met = explain(
        {"tool.params.amount = 700",
         R"(approvals = [{"state": "approved", "approver": "lea", "groups": ["leads"], "requester": null, "at": 1790000000, "exp": null, "uses": null, "binding_digest": ")" +
             told.decision.binding_digest + R"("}])"});
    CHECK(met.decision.effect == Effect::Permit);
    CHECK(roles(met) == "permits pay_more, met big, obliges record");
}

TEST_CASE("explain: the engine's own checks, with what they saw and what was expected") {
    const auto check = [](std::initializer_list<std::string_view> changes) {
        const Explanation told = explain(changes);
        REQUIRE(told.checks.size() == 1);
        CHECK(told.rules.empty());
        CHECK_FALSE(told.checks[0].what.empty());
        return told.checks[0].code + "; " + facts_of(told.checks[0].facts) + "; " + told.checks[0].note;
    };
    CHECK(check({R"(tool.name = "pya")"}) ==
          R"(unknown_tool; tool.name is "pya"; did you mean "pay"? declared: "pay", "look")");
    CHECK(
        check({R"(token.aud = "https://other.example")", "token.claims.aud"}) ==
        R"(audience_mismatch; token.aud is { "https://other.example" }; issuer prod accepts "https://broker.example")");
    CHECK(
        check({"now = 1790000700"}) ==
        R"(token_not_current; now is "2026-09-21T14:25:00Z", token.exp is "2026-09-21T15:13:20Z", )"
        R"(token.nbf is "2026-09-21T14:13:20Z", token.iat is "2026-09-21T14:13:20Z"; issuer prod accepts tokens for 10m after iat)");
    CHECK(check({"run.exp = 1789999999"}) ==
          R"(run_ended; now is "2026-09-21T14:13:20Z", run.exp is "2026-09-21T14:13:19Z"; )");
    CHECK(check({"tenant", "run.exp"}) == "fact_missing; run.exp: not stated, tenant: not stated; ");
    CHECK(explain({"want.scopes = []"}).checks.at(0).note == R"(tool pay has "pay:create", "pay:read")");
}

TEST_CASE("explain: one rule by name, whether or not it mattered") {
    const Explanation told = explain({}, "big");
    CHECK(roles(told) == "named big");
    CHECK(told.rules[0].truth == Truth::False);
    CHECK(told.rules[0].does == R"(approval from group "leads" within 15m)");
    CHECK(roles(explain({}, "main.pay_own")) == "permits pay_own");
    // The same if no rule ran.
    CHECK(roles(explain({R"(tool.name = "pya")"}, "tainted")) == "named tainted");
    CHECK_FALSE(explain({R"(tool = {"name": "look"})"}, "big").rules.at(0).for_tool);
    const auto unknown = workspace().explain(request(), "bigg");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == "K0004");
    CHECK(unknown.error().message == "there is no rule `bigg`; did you mean `big`?");
    CHECK(workspace().explain("{").error().code == "Q0001");
}

TEST_CASE("explain: a template's rule says for which row") {
    SourceSet set = sources();
    set.sources[0].text +=
        "table teams = csv \"teams.csv\" { team: string  most: decimal }\n"
        "permit by_team for each row in teams for tool pay when agent.class == row.team and params.amount <= row.most\n"
        "  grant { \"pay:read\" } for 1m\n";
    set.read = [](std::string_view, std::string_view) -> Result<std::string> {
        return std::string("team,most\nred,5\nblue,50\n");
    };
    const Workspace more(std::move(set));
    for (const Diagnostic& d : more.diagnostics().items) INFO(d.message);
    REQUIRE(more.bundle());
    const auto told = more.explain(request({R"(agent.class = "blue")", R"(want.scopes = ["pay:read"])"}));
    REQUIRE(told);
    REQUIRE(told->decision.effect == Effect::Permit);
    CHECK(told->rules[0].row == R"(team "blue", most 50)");
    CHECK(facts_of(condition(told->rules[0], "params.amount <= row.most").facts) ==
          "params.amount is 40.5, row.most is 50");
}

TEST_CASE("explain: as JSON, every part of it") {
    const auto document = parsed(to_json(explain({R"(user.roles = ["tickets"])"})));
    std::string keys;
    for (const json::Member& member : document.members) keys += member.first + " ";
    CHECK(keys == "schema_version decision checks rules lifetimes horizons dropped approvals nearest once_approved ");
    const json::Value& near = document.find("nearest")->items.at(0);
    CHECK(near.find("holding")->integer == 5);
    CHECK(json::write(*near.find("changes")) ==
          R"([{"path":"user.roles","from":["tickets"],"to":["tickets","payer"]}])");
    CHECK(near.find("effect")->text == "permit");
    const json::Value& failed = near.find("conditions")->items.at(0);
    CHECK(json::write(failed) ==
          R"({"text":"user.roles contains \"payer\"","file":"policy.writ","line":18,"truth":"false",)"
          R"("facts":[{"path":"user.roles","value":"{ \"tickets\" }","lack":null}],"parts":[]})");
    const auto waiting = parsed(to_json(explain({"tool.params.amount = 700"})));
    CHECK(json::write(*waiting.find("once_approved")) ==
          R"({"effect":"permit","scopes":["pay:create"],"ttl":900,"against":[]})");
}

TEST_CASE("tools: the page of a code, and none of another") {
    CHECK(error_page("E0203").starts_with("# E0203: "));
    CHECK(error_page("E9999").empty());
    CHECK(error_page("").empty());
}
