// Compares the reference evaluator with decisions worked out by hand. Without this, the machine and the reference could
// have the same error.
#include <doctest/doctest.h>

#include "base/report.h"
#include "base/values.h"
#include "check/check.h"
#include "reference/reference.h"
#include "stdlib/stdlib.h"

namespace writ {
namespace {

constexpr std::int64_t kNow = 1772452800;  // 2026-03-02T12:00:00Z, a Monday

constexpr std::string_view kPreamble = R"writ(
tier read < write < privileged
claims k { iss: string  level: int  sub: subject  parse sub { "sa:{ns}:{name}" } }
issuer main: k "https://issuer.example" { audience "broker"  max_age 10m  leeway 30s }
issuer other: k "https://other.example" { audience "broker" }
tool t { tier write  audience "api"  scopes { "a", "b", "c" }  params { amount: decimal } }
)writ";

constexpr std::string_view kRequest = R"json({
  "provenance": "verified", "now": 1772452800,
  "token": {"issuer": "https://issuer.example", "aud": "broker", "exp": 1772456400, "nbf": null,
            "iat": 1772452800, "claims": {"level": 3, "sub": "sa:prod:runner"}},
  "agent": {"id": "agent", "owner": "olga", "class": "support"},
  "run": {"id": "run", "parent_id": null, "exp": null, "initiator": "ina", "started": 1772452500},
  "tenant": "acme",
  "user": {"id": "ulf", "tenant": "acme", "session_exp": null, "roles": ["r1", "r2"]},
  "delegation": null, "tool": {"name": "t", "operation": null, "params": {"amount": 5.25}},
  "resource": {"type": "order", "id": "o-1"},
  "want": {"scopes": ["a", "b"]}
})json";

struct Decided {
    std::unique_ptr<check::Policy> policy;
    json::Value document;
    std::unique_ptr<Arena> arena = std::make_unique<Arena>();
    Decision decision;

    [[nodiscard]] std::string reasons() const {
        std::string out;
        for (const Reason& reason : decision.reasons) {
            out += (out.empty() ? "" : " ") + std::string(reason.code);
            if (!reason.detail.empty()) out += "(" + std::string(reason.detail) + ")";
        }
        return out;
    }
    [[nodiscard]] std::string scopes() const {
        std::string out;
        for (std::string_view scope : decision.grant.scopes) out += scope;
        return out;
    }
};

/// A change is `path = JSON`, or `path` to remove the fact.
Decided decide(std::string_view rules, std::initializer_list<std::string_view> changes = {}) {
    Decided out;
    SourceSet sources;
    sources.sources.push_back({"t.writ", std::string(kPreamble) + std::string(rules)});
    Report report;
    out.policy =
        check::check(check::parse(sources, [](std::string_view name) { return stdlib::module(name); }, {}, report));
    for (const Diagnostic& d : report.take()) {
        CAPTURE(d.message);
        REQUIRE(d.severity == Severity::Warning);
    }
    out.document = *json::parse(kRequest);
    for (std::string_view change : changes) {
        const std::size_t equals = change.find(" = ");
        std::string_view path = change.substr(0, equals);
        json::Value* at = &out.document;
        for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
            at = at->find(path.substr(0, dot));
            path.remove_prefix(dot + 1);
        }
        if (equals == std::string_view::npos)
            at->remove(path);
        else
            at->set(path, *json::parse(change.substr(equals + 3)));
    }
    out.decision = reference::decide(*out.policy, out.document, *out.arena);
    return out;
}

/// The effect of a policy whose only permit has this condition: Permit if it is surely true.
bool surely(const std::string& condition, std::initializer_list<std::string_view> changes = {}) {
    return decide("permit p for tool t when " + condition + " grant { \"a\" } for 5m", changes).decision.effect ==
           Effect::Permit;
}

/// Whether a deny with this condition applies: unless it is surely false.
bool possibly(const std::string& condition, std::initializer_list<std::string_view> changes = {}) {
    return decide("permit p for tool t when tenant == \"acme\" grant { \"a\" } for 5m\ndeny d when " + condition,
                  changes)
               .decision.effect == Effect::Deny;
}

constexpr std::string_view kPermit = "permit p for tool t when tenant == \"acme\" grant { \"a\", \"b\" } for 5m\n";

TEST_CASE("reference: grants what is asked for and offered") {
    const Decided d = decide(kPermit, {"want.scopes = [\"c\", \"b\"]"});
    CHECK(d.decision.effect == Effect::Permit);
    CHECK(d.scopes() == "b");
    CHECK(d.decision.grant.audience == std::vector<std::string_view>{"api"});
    CHECK(d.decision.grant.ttl == 300);
    CHECK_FALSE(d.decision.grant.not_after.has_value());
    CHECK(d.reasons() == "permitted");
    CHECK(d.decision.attribution.agent == "agent");
    CHECK(d.decision.attribution.user == "ulf");
}

TEST_CASE("reference: not, and, or follow Kleene's tables") {
    // `agent.class` is support; `agent.trust_score` is not stated: unknown.
    CHECK(surely("agent.class == \"support\" or agent.trust_score > 1"));
    CHECK_FALSE(surely("agent.class == \"other\" or agent.trust_score > 1"));
    CHECK_FALSE(surely("agent.class == \"support\" and agent.trust_score > 1"));
    CHECK_FALSE(surely("not (agent.trust_score > 1)"));
    CHECK(surely("not (agent.class == \"other\" and agent.trust_score > 1)"));
    CHECK(possibly("agent.trust_score > 1"));
    CHECK(possibly("not (agent.trust_score > 1)"));
    CHECK_FALSE(possibly("agent.class == \"other\" and agent.trust_score > 1"));
    CHECK(possibly("agent.class == \"other\" or agent.trust_score > 1"));
}

TEST_CASE("reference: quantifiers over a missing list are unknown, over an empty one they are not") {
    CHECK(surely("any r in user.roles: r == \"r2\""));
    CHECK_FALSE(surely("all r in user.roles: r == \"r2\""));
    CHECK_FALSE(surely("all r in user.roles: r == \"r2\"", {"user.roles"}));
    CHECK(surely("all r in user.roles: r == \"r2\"", {"user.roles = []"}));
    CHECK_FALSE(possibly("(user is some and (any r in user.roles: r == \"r2\"))", {"user.roles = []"}));
    CHECK(possibly("(user is some and (any r in user.roles: r == \"r9\"))", {"user.roles"}));
}

TEST_CASE("reference: a count with unknown elements is a range") {
    const std::string_view chain =
        "delegation = {\"chain\": [{\"actor\": \"x\", \"tenant\": \"acme\", \"granted_scopes\": [\"a\"], "
        "\"exp\": null}, {\"actor\": \"y\", \"granted_scopes\": [\"a\"], \"exp\": null}]}";
    // One hop is of acme and the other does not state its tenant, so the count is between one and two.
    CHECK(surely("count(h in delegation.chain: h.tenant == \"acme\") >= 1", {chain}));
    CHECK_FALSE(surely("count(h in delegation.chain: h.tenant == \"acme\") >= 2", {chain}));
    CHECK(surely("count(h in delegation.chain: h.tenant == \"acme\") <= 2", {chain}));
    CHECK_FALSE(surely("count(h in delegation.chain: h.tenant == \"acme\") == 1", {chain}));
    CHECK(surely("count(h in delegation.chain: h.tenant == \"acme\") != 0", {chain}));
    CHECK(surely("count(r in user.roles: r != \"\") == 2", {"user.roles = [\"r1\", \"r1\", \"r2\"]"}));
}

TEST_CASE("reference: none is a fact, and reading through it is unknown") {
    CHECK(surely("user is none", {"user = null"}));
    CHECK_FALSE(surely("user is some", {"user = null"}));
    CHECK_FALSE(surely("user.tenant == \"acme\"", {"user = null"}));
    CHECK_FALSE(surely("not (user.tenant == \"acme\")", {"user = null"}));
    CHECK_FALSE(surely("user.email is none"));  // missing is not none
    CHECK(surely("user.email is none", {"user.email = null"}));
}

TEST_CASE("reference: a claim is unknown under another issuer's token") {
    CHECK(surely("main.level >= 3"));
    CHECK_FALSE(surely("main.level >= 3", {"token.issuer = \"https://other.example\""}));
    CHECK(surely("main.ns == \"prod\" and main.name == \"runner\""));
    CHECK_FALSE(surely("main.ns == \"prod\"", {"token.claims.sub = \"sa:prod\""}));
}

TEST_CASE("reference: weak provenance reads as missing") {
    const std::string_view weak =
        "provenance = {\"now\": \"broker\", \"token\": \"verified\", \"agent\": \"asserted\", \"run\": \"broker\", "
        "\"tenant\": \"broker\", \"user\": \"broker\", \"delegation\": \"broker\", \"tool\": \"asserted\"}";
    const Decided d = decide(kPermit, {weak});
    CHECK(d.decision.effect == Effect::Deny);
    CHECK(d.reasons() == "fact_missing(agent.id)");
}

TEST_CASE("reference: typed text that is ambiguous is unknown") {
    CHECK(surely("workload.spiffe_id.trust_domain == \"acme.example\"",
                 {"workload = {\"spiffe_id\": \"spiffe://acme.example/x\"}"}));
    CHECK_FALSE(surely("workload.spiffe_id.trust_domain != \"other.example\"",
                       {"workload = {\"spiffe_id\": \"spiffe://acme.example/../x\"}"}));
}

TEST_CASE("reference: the built-in checks come before rules, all of them reported") {
    CHECK(decide(kPermit, {"token.aud = \"elsewhere\"", "token.iat = 1772452100"}).reasons() ==
          "audience_mismatch token_not_current");
    CHECK(decide(kPermit, {"token.issuer = \"https://unknown.example\""}).reasons() == "issuer_unknown");
    CHECK(decide(kPermit, {"token.exp = 1772452771"}).decision.effect ==
          Effect::Deny);  // in the leeway, but no time is left
    CHECK(decide(kPermit, {"token.exp = 1772452771"}).reasons() == "ttl_exhausted");
    CHECK(decide(kPermit, {"token.exp = 1772452770"}).reasons() == "token_not_current");
    CHECK(decide(kPermit, {"run.parent_id = \"up\""}).reasons() == "delegation_missing");
    CHECK(decide(kPermit, {"tool.name = \"hammer\"", "want.scopes = []"}).reasons() ==
          "unknown_tool nothing_requested");
    CHECK(decide(kPermit, {"run.exp = 1772452800", "user.session_exp = 1772452800"}).reasons() ==
          "run_ended user_session_ended");
    CHECK(decide(kPermit, {"run.exp"}).reasons() == "fact_missing(run.exp)");
}

TEST_CASE("reference: a deny that may apply wins, and says if it was for want of a fact") {
    const std::string rules = std::string(kPermit) + "deny low when agent.trust_score < 5";
    CHECK(decide(rules, {"agent.trust_score = 7"}).decision.effect == Effect::Permit);
    CHECK(decide(rules, {"agent.trust_score = 3"}).reasons() == "low");
    CHECK(decide(rules).reasons() == "fact_missing low");
}

TEST_CASE("reference: without a permit it says which could have been") {
    CHECK(decide("permit p when agent.trust_score > 5 grant { \"a\" } for 5m").reasons() == "fact_missing no_permit");
    CHECK(decide("permit p when tenant == \"globex\" grant { \"a\" } for 5m").reasons() == "no_permit");
}

TEST_CASE("reference: scopes shrink by permits, limits and hops, each with a reason of its own") {
    const std::string_view hop =
        "delegation = {\"chain\": [{\"actor\": \"x\", \"granted_scopes\": [\"a\"], \"exp\": null}]}";
    CHECK(decide(kPermit, {"want.scopes = [\"c\"]"}).reasons() == "scope_not_offered");
    CHECK(decide("permit p when tenant == \"acme\" grant { \"a\", \"z\" } for 5m", {"want.scopes = [\"a\", \"z\"]"})
              .scopes() == "a");
    CHECK(decide("permit p when tenant == \"acme\" grant { \"z\" } for 5m", {"want.scopes = [\"z\"]"}).reasons() ==
          "scope_not_offered");
    CHECK(decide(std::string(kPermit) + "limit l for tool t to scopes { \"c\" }").reasons() == "scope_limited");
    CHECK(decide(kPermit, {hop}).scopes() == "a");
    CHECK(decide(kPermit, {hop, "want.scopes = [\"b\"]"}).reasons() == "scope_exceeds_parent");
    CHECK(decide(kPermit, {hop, "want.all_or_nothing = true"}).reasons() == "partial_grant");
    CHECK(decide(kPermit, {"want.audience = [\"elsewhere\"]"}).reasons() == "audience_not_offered");
    CHECK(decide(std::string(kPermit) + "limit l for tool t to audience { \"x\" }").reasons() == "audience_limited");
}

TEST_CASE("reference: the ttl is the least of everything that ends") {
    const std::string two =
        "permit p when tenant == \"acme\" grant { \"a\" } for 5m\n"
        "permit q when tenant == \"acme\" grant { \"a\", \"b\" } for 1m\n";
    CHECK(decide(two, {"want.scopes = [\"a\"]"}).decision.grant.ttl ==
          300);  // the longest ttl of the permits that offer it
    CHECK(decide(two).decision.grant.ttl == 60);
    CHECK(decide(kPermit, {"want.ttl = 7"}).decision.grant.ttl == 7);
    CHECK(decide(kPermit, {"token.exp = 1772452810"}).decision.grant.ttl == 10);
    CHECK(decide(kPermit, {"run.exp = 1772452811"}).decision.grant.ttl == 11);
    CHECK(decide(kPermit, {"user.session_exp = 1772452812"}).decision.grant.ttl == 12);
    CHECK(decide(std::string(kPermit) + "limit l for tool t to ttl 9s, single_use").decision.grant.ttl == 9);
    CHECK(decide(std::string(kPermit) + "limit l for tool t to ttl 9s, single_use").decision.grant.single_use);
}

TEST_CASE("reference: the horizon is when a permit ends or a narrowing rule begins") {
    const auto horizon = [](const std::string& rules) {
        return decide(rules).decision.grant.not_after.value_or(0) / kSecond - kNow;
    };
    CHECK(horizon("permit p when now < \"2026-03-02T12:01:00Z\" grant { \"a\" } for 5m") == 60);
    CHECK(horizon("permit p when now in 09:00..12:02 \"UTC\" grant { \"a\" } for 5m") == 120);
    CHECK(horizon("permit p when age(run.started) < 6m grant { \"a\" } for 5m") == 60);
    CHECK(horizon(std::string(kPermit) + "deny d when now >= \"2026-03-02T12:00:30Z\"") == 30);
    CHECK(decide(std::string(kPermit) + "deny d when now >= \"2026-03-02T12:00:30Z\"").decision.grant.ttl == 30);
    // A limit that will end does not shorten the horizon.
    CHECK_FALSE(decide(std::string(kPermit) + "limit l when now < \"2026-03-02T12:00:30Z\" to single_use")
                    .decision.grant.not_after.has_value());
}

std::string approval(std::string_view digest, std::string_view changed = {}, std::string_view to = {}) {
    std::string out = "{";
    const std::pair<std::string_view, std::string> fields[] = {{"id", "\"ap-1\""},
                                                               {"state", "\"approved\""},
                                                               {"approver", "\"lea\""},
                                                               {"groups", "[\"leads\"]"},
                                                               {"requester", "null"},
                                                               {"at", "1772452790"},
                                                               {"exp", "1772452900"},
                                                               {"binding_digest", "\"" + std::string(digest) + "\""},
                                                               {"uses", "1"}};
    for (const auto& [name, value] : fields) {
        if (name == changed && to.empty()) continue;
        out +=
            (out.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + (name == changed ? std::string(to) : value);
    }
    return out + "}";
}

TEST_CASE("reference: an approval counts only if everything about it does") {
    const std::string rules = std::string(kPermit) + "require r for tool t approval from group \"leads\" within 1m";
    const Decided unmet = decide(rules);
    REQUIRE(unmet.decision.effect == Effect::NeedsApproval);
    CHECK(unmet.reasons() == "approval_required");
    CHECK(unmet.decision.grant.scopes.empty());
    REQUIRE(unmet.decision.requirements.size() == 1);
    CHECK(unmet.decision.requirements[0].within == 60);
    const std::string digest = unmet.decision.binding_digest;
    REQUIRE(digest.starts_with("v2;scopes=a,b;audience=api;ttl=policy;resource=;sha256="));

    const auto with = [&](const std::string& list) { return decide(rules, {"approvals = [" + list + "]"}); };
    const Decided met = with(approval(digest));
    CHECK(met.decision.effect == Effect::Permit);
    CHECK(met.decision.grant.ttl == 50);  // valid for a minute after `at`
    CHECK(met.decision.attribution.approvers == std::vector<std::string_view>{"lea"});

    const auto against = [&](std::string_view field, std::string_view value) {
        return with(approval(digest, field, value)).reasons();
    };
    CHECK(against("state", "\"pending\"") == "approval_required approval_not_approved");
    CHECK(against("exp", "1772452800") == "approval_required approval_expired");
    CHECK(against("exp", "") == "approval_required approval_expired");
    CHECK(against("at", "1772452740") == "approval_required approval_stale");
    CHECK(against("at", "1772452801") == "approval_required approval_stale");
    CHECK(against("groups", "[\"ops\"]") == "approval_required approval_group");
    for (std::string_view involved : {"\"ulf\"", "\"ina\"", "\"olga\"", "\"agent\""})
        CHECK(against("approver", involved) == "approval_required approval_not_independent");
    CHECK(against("approver", "") == "approval_required approval_not_independent(approvals.approver)");
    CHECK(against("requester", "") == "approval_required approval_not_independent(approvals.requester)");
    for (const std::string fact : {"run.initiator", "agent.owner"}) {
        const Decided unstated = decide(rules, {fact, "approvals = [" + approval(digest) + "]"});
        CHECK(unstated.reasons() == "approval_required approval_not_independent(" + fact + ")");
    }
    CHECK(against("requester", "\"lea\"") == "approval_required approval_not_independent");
    CHECK(against("binding_digest", "\"00\"") == "approval_required approval_unbound");
    CHECK(against("uses", "0") == "approval_required approval_used");
    CHECK(against("uses", "") == "approval_required approval_used");
    for (std::string_view id : {"", "\"\"", "\"ap-1 \""}) CHECK(against("id", id) == "approval_required approval_used");
    CHECK(with(approval(digest, "uses", "null")).decision.effect == Effect::Permit);
}

TEST_CASE("reference: two approvals are from two people") {
    const std::string rules = std::string(kPermit) + "require r for tool t 2 approvals from group \"leads\" within 1m";
    const std::string digest = decide(rules).decision.binding_digest;
    const std::string one = approval(digest), two = approval(digest, "approver", "\"max\"");
    CHECK(decide(rules, {"approvals = [" + one + "," + one + "]"}).decision.effect == Effect::NeedsApproval);
    CHECK(decide(rules, {"approvals = [" + one + "," + two + "]"}).decision.effect == Effect::Permit);
    CHECK(decide(rules, {"approvals = [" + one + "," + one + "]"}).decision.requirements[0].counted == 1);
    const std::string again = approval(digest, "approver", "\"LEA\"");
    const Decided twice = decide(rules, {"approvals = [" + one + "," + again + "]"});
    REQUIRE(twice.decision.requirements.size() == 1);
    CHECK(twice.decision.requirements[0].counted == 1);
}

TEST_CASE("reference: the binding digest covers tool, resource and parameters") {
    const std::string rules = std::string(kPermit) + "require r for tool t approval from group \"leads\" within 1m";
    const std::string digest = decide(rules).decision.binding_digest;
    CHECK(decide(rules, {"want.ttl = 3"}).decision.binding_digest.find(";ttl=3;") != std::string::npos);
    CHECK(decide(rules, {"tool.params.amount = 5.250"}).decision.binding_digest == digest);
    CHECK(decide(rules, {"tool.params.amount = 5.26"}).decision.binding_digest != digest);
    CHECK(decide(rules, {"resource.id = \"x\""}).decision.binding_digest != digest);
    CHECK(decide(rules, {"resource.id"}).reasons() == "approval_required approval_unbound(resource.id)");
    CHECK(decide(rules, {"tool.params.amount"}).reasons() == "approval_required approval_unbound(tool.params.amount)");
    CHECK(decide(rules, {"agent.id = \"agent2\""}).decision.binding_digest != digest);
}

TEST_CASE("reference: obligations are a union, arguments in canonical JSON") {
    const Decided d =
        decide(std::string(kPermit) +
               "oblige x for tool t with audit(to: { \"z\", \"b\" }, level: \"full\", keep: 15m, rate: 2.50)\n"
               "oblige y for tool t with audit(level: \"full\", keep: 900s, rate: 2.5, to: { \"b\", \"z\" }), notify");
    REQUIRE(d.decision.grant.obligations.size() == 2);
    CHECK(d.decision.grant.obligations[0].args == R"({"keep":"15m","level":"full","rate":2.5,"to":["b","z"]})");
    CHECK(d.decision.grant.obligations[1].name == "notify");
    CHECK(d.decision.grant.obligations[1].args == "{}");
}

}  // namespace
}  // namespace writ
