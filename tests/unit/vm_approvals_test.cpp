#include <doctest/doctest.h>

#include <deque>

#include "folder.h"
#include "source_root.h"
#include "vm_program.h"
#include "writ/tools.h"

using namespace writ;
using namespace writ::testing;
using Codes = std::vector<std::string>;
using Texts = std::vector<std::string_view>;

namespace {

constexpr std::int64_t kNow = kNowSeconds * kSecond;

/// One permit, one requirement of an approval from `leads` within 900 s, and approvals by name.
struct Case {
    TestProgram t;
    json::Value document = base_request();
    std::unique_ptr<Machine> machine;

    explicit Case(std::uint32_t count = 1) {
        t.permit("offer", {{Opcode::RetTrue}}, {"refund:create"}, 3600);
        t.require("approval", {{Opcode::RetTrue}}, {"leads", "owners"}, count, 900);
        set(document, "approvals", "[]");
    }
    Case& with(std::string_view path, std::string_view value) { return set(document, path, value), *this; }
    const Decision& decide() {
        machine = std::make_unique<Machine>(t);
        return machine->decide(document);
    }
    /// Adds an approval that counts, bound to the request in its present state.
    json::Value& approve(const std::string& approver, const std::string& at_and_exp = "") {
        json::Value plain = document;
        set(plain, "approvals", "[]");
        const std::string digest = Case(*this, plain).decide().binding_digest;
        auto made = json::parse(R"({"id": "x", "state": "approved", "approver": ")" + approver +
                                R"(", "groups": ["staff", "leads"], "requester": null, "binding_digest": ")" + digest +
                                R"(", "uses": 1, )" +
                                (at_and_exp.empty() ? R"("at": 1717408700, "exp": null)" : at_and_exp) + "}");
        REQUIRE(made);
        json::Value& list = *walk(document, "approvals", true);
        list.items.push_back(*made);
        return list.items.back();
    }

    Case(const Case& from) : t(from.t), document(from.document) {}

private:
    Case(const Case& from, json::Value plain) : t(from.t), document(std::move(plain)) {}
};

Codes objection(std::string_view member, std::string_view value) {
    Case c;
    json::Value& approval = c.approve("lea");
    if (value.empty())
        approval.remove(member);
    else
        set(approval, member, value);
    const Decision& d = c.decide();
    CHECK((d.effect == Effect::NeedsApproval) == (d.requirements.size() == 1));
    return codes(d);
}

const Codes kPermitted{"permitted#0"};

}  // namespace

TEST_CASE("approvals: what an approver would have to do") {
    Case c;
    const Decision& d = c.decide();
    CHECK(d.effect == Effect::NeedsApproval);
    CHECK(codes(d) == Codes{"approval_required#1"});
    REQUIRE(d.requirements.size() == 1);
    CHECK(d.requirements[0].rule == 1);
    CHECK(d.requirements[0].groups == Texts{"leads", "owners"});
    CHECK(d.requirements[0].needed == 1);
    CHECK(d.requirements[0].counted == 0);
    CHECK(d.requirements[0].within == 900);
    CHECK(d.requirements[0].expires == kNow + 900 * kSecond);
    CHECK(d.binding_digest.starts_with("v2;scopes=refund:create;audience=https:%2F%2Fpay.example,"));
    CHECK(d.grant.scopes.empty());
    CHECK(d.grant.ttl == 0);
}

TEST_CASE("approvals: one that counts permits, shortens the grant and is attributed") {
    Case c;
    c.approve("lea");
    const Decision& d = c.decide();
    CHECK(codes(d) == kPermitted);
    CHECK(d.grant.ttl == 800);  // at + within
    CHECK(d.attribution.approvers == Texts{"lea"});
    CHECK(d.binding_digest.starts_with("v2;"));

    Case expiring;
    expiring.approve("lea", R"("at": 1717408700, "exp": 1717408830)");
    CHECK(expiring.decide().grant.ttl == 30);
}

TEST_CASE("approvals: none stated, none at all") {
    Case c;
    CHECK(codes(c.with("approvals", "null").decide()) == Codes{"approval_required#1"});
    remove(c.document, "approvals");
    CHECK(codes(c.decide()) == Codes{"approval_required#1"});
}

TEST_CASE("approval_not_approved: another state, or none stated") {
    CHECK(objection("state", R"("pending")") == Codes{"approval_required#1", "approval_not_approved#1"});
    CHECK(objection("state", "") == Codes{"approval_required#1", "approval_not_approved#1"});
    CHECK(objection("state", R"("approved")") == kPermitted);
}

TEST_CASE("approval_expired: at its expiry, or when none is stated") {
    CHECK(objection("exp", std::to_string(kNowSeconds)) == Codes{"approval_required#1", "approval_expired#1"});
    CHECK(objection("exp", "") == Codes{"approval_required#1", "approval_expired#1"});
    CHECK(objection("exp", std::to_string(kNowSeconds + 1)) == kPermitted);
}

TEST_CASE("approval_stale: outside the window, in the future, or not stated") {
    CHECK(objection("at", std::to_string(kNowSeconds - 900)) == Codes{"approval_required#1", "approval_stale#1"});
    CHECK(objection("at", std::to_string(kNowSeconds + 1)) == Codes{"approval_required#1", "approval_stale#1"});
    CHECK(objection("at", "") == Codes{"approval_required#1", "approval_stale#1"});
    CHECK(objection("at", std::to_string(kNowSeconds)) == kPermitted);
    CHECK(objection("at", std::to_string(kNowSeconds - 899)) == kPermitted);
}

TEST_CASE("approval_group: any one of the asked groups") {
    CHECK(objection("groups", R"(["staff"])") == Codes{"approval_required#1", "approval_group#1"});
    CHECK(objection("groups", "") == Codes{"approval_required#1", "approval_group#1"});
    CHECK(objection("groups", R"(["owners"])") == kPermitted);
}

TEST_CASE("approval_not_independent: nobody involved may approve") {
    const Codes involved{"approval_required#1", "approval_not_independent#1"};
    const auto unstated = [](const std::string& fact) {
        return Codes{"approval_required#1", "approval_not_independent#1:" + fact};
    };
    for (const char* name : {"ursula", "ines", "olive", "a-1"})
        CHECK_MESSAGE(objection("approver", '"' + std::string(name) + '"') == involved, name);
    CHECK(objection("approver", "") == unstated("approvals.approver"));
    CHECK(objection("requester", R"("lea")") == involved);
    CHECK(objection("requester", "") == unstated("approvals.requester"));
    CHECK(objection("requester", R"("rita")") == kPermitted);

    Case chain;
    chain.with("delegation", R"({"originator": "otto", "actor": "a-3", "chain": [
        {"actor": "a-0", "initiator": null, "granted_scopes": ["refund:create"], "exp": null},
        {"actor": "lea", "initiator": "ida", "granted_scopes": ["refund:create"], "exp": null}]})");
    chain.approve("lea");
    CHECK(codes(chain.decide()) == involved);
    walk(chain.document, "delegation.chain", false)->items[1].remove("actor");
    CHECK(codes(chain.decide()) == unstated("delegation.chain.actor"));
    set(walk(chain.document, "delegation.chain", false)->items[1], "actor", R"("a-2")");
    CHECK(codes(chain.decide()) == kPermitted);
    // The initiators of parent runs are involved, and must be known.
    for (const std::string who : {"\"Lea\"", ""}) {
        Case parents = chain;
        json::Value& hop = walk(parents.document, "delegation.chain", false)->items[0];
        if (who.empty())
            hop.remove("initiator");
        else
            set(hop, "initiator", who);
        CHECK(codes(parents.decide()) == (who.empty() ? unstated("delegation.chain.initiator") : involved));
        Case first = chain;
        if (who.empty())
            remove(first.document, "delegation.originator");
        else
            set(first.document, "delegation.originator", who);
        CHECK(codes(first.decide()) == (who.empty() ? unstated("delegation.originator") : involved));
        Case delegated = chain;
        if (who.empty())
            remove(delegated.document, "delegation.actor");
        else
            set(delegated.document, "delegation.actor", who);
        CHECK(codes(delegated.decide()) == (who.empty() ? unstated("delegation.actor") : involved));
    }
}

TEST_CASE("approval_not_independent: one person in another spelling, or nobody can say") {
    const Codes involved{"approval_required#1", "approval_not_independent#1"};
    for (const char* name : {"Ursula", "URSULA", "ursula ", " ursula", "Ursula <lea>", "urs\u200bula", "ursul\u0430",
                             "lea ", "", "jose\u0301", "l\u0435a"})
        CHECK_MESSAGE(objection("approver", '"' + std::string(name) + '"') == involved, name);
    for (const char* name : {"Lea", "lea@acme.example", "L\u00e9a", "\u043b\u0435\u0430"})
        CHECK_MESSAGE(objection("approver", '"' + std::string(name) + '"') == kPermitted, name);
    // No one can be shown to differ from a person whose name cannot be compared.
    for (const char* path : {"user.id", "run.initiator", "agent.owner"}) {
        Case c;
        c.with(path, R"("Ursula <ursula@acme.example>")");
        c.approve("lea");
        CHECK_MESSAGE(codes(c.decide()) == involved, path);
    }
    CHECK(objection("requester", R"("LEA")") == involved);
}

TEST_CASE("approvals: an id says who the approver is, and makes nobody independent") {
    const Codes involved{"approval_required#1", "approval_not_independent#1"};
    const auto with_id = [](const std::string& approver, const std::string& id) {
        Case c;
        json::Value& approval = c.approve("lea");
        set(approval, "approver", approver);
        set(approval, "approver_id", id);
        return codes(c.decide());
    };
    CHECK(with_id(R"("lea")", R"("u-7")") == kPermitted);
    CHECK(with_id(R"("L\u0435a <lea@x>")", R"("u-7")") == kPermitted);  // the name need not be compared
    CHECK(with_id(R"("lea")", "null") == kPermitted);
    CHECK(with_id(R"("lea")", R"("URSULA")") == involved);
    CHECK(with_id(R"("ursula")", R"("u-7")") == involved);
    CHECK(with_id(R"("lea")", R"("u-7 ")") == involved);
    CHECK(with_id(R"("lea")", R"("")") == involved);
    CHECK(with_id(R"("")", R"("u-7")") == involved);

    const auto two = [](std::string one, std::string one_id, std::string other, std::string other_id) {
        Case c(2);
        c.approve(one);
        c.approve(other);
        json::Value& list = *walk(c.document, "approvals", false);
        if (!one_id.empty()) set(list.items[0], "approver_id", one_id);
        if (!other_id.empty()) set(list.items[1], "approver_id", other_id);
        return c.decide().effect == Effect::Permit;
    };
    CHECK(two("lea", "", "max", ""));
    CHECK(two("lea", "", "max", "null"));
    CHECK_FALSE(two("lea", "", "LEA", ""));
    CHECK_FALSE(two("lea", R"("u-7")", "max", R"("U-7")"));
    CHECK(two("lea", R"("u-7")", "lea", R"("u-8")"));
    // One is known by an id, the other by a name: they may be the same person.
    CHECK_FALSE(two("lea", R"("u-7")", "max", ""));
    CHECK_FALSE(two("lea", R"("u-7")", "max", "null"));
}

TEST_CASE("approval_not_independent: whoever is not stated may be the approver, and the fact is named") {
    for (const std::string path : {"run.initiator", "agent.owner"}) {
        Case c;
        c.approve("lea");
        remove(c.document, path);
        CHECK_MESSAGE(codes(c.decide()) == Codes({"approval_required#1", "approval_not_independent#1:" + path}), path);
        c.with(path, "null");
        CHECK_MESSAGE(codes(c.decide()) == kPermitted, path);
    }
    Case c;
    c.with("user", "null").approve("ursula");
    CHECK(codes(c.decide()) == kPermitted);
}

TEST_CASE("approval_unbound: bound to another request") {
    const Codes unbound{"approval_required#1", "approval_unbound#1"};
    CHECK(objection("binding_digest", R"("00")") == unbound);
    CHECK(objection("binding_digest", "") == unbound);
    for (const auto& [path, value] :
         std::vector<std::pair<std::string, std::string>>{{"agent.id", "\"a-2\""},
                                                          {"run.id", "\"r-2\""},
                                                          {"tenant", "\"globex\""},
                                                          {"user.id", "\"uwe\""},
                                                          {"user", "null"},
                                                          {"tool.operation", "null"},
                                                          {"resource.id", "\"o-2\""},
                                                          {"resource.type", "\"invoice\""},
                                                          {"resource.tenant", "null"},
                                                          {"resource.tenant", "\"globex\""},
                                                          {"tool.params.amount", "12.51"},
                                                          {"tool.params.extra.note", "\"n\""}}) {
        Case c;
        c.approve("lea");
        CHECK_MESSAGE(codes(c.with(path, value).decide()) == unbound, path);
    }
    Case same;
    same.approve("lea");
    same.with("tool.params", R"({"extra": {"note": null}, "currency": "EUR", "amount": 1250e-2})");
    CHECK(codes(same.decide()) == kPermitted);
}

TEST_CASE("approval_unbound: a fact that must be stated is not, and it is named") {
    for (const auto& [path, fact] :
         std::vector<std::pair<std::string, std::string>>{{"tool.operation", "tool.operation"},
                                                          {"tool.params.amount", "tool.params"},
                                                          {"tool.params.extra.note", "tool.params"},
                                                          {"tool.params", "tool.params"},
                                                          {"resource.type", "resource.type"},
                                                          {"resource.id", "resource.id"},
                                                          {"resource", "resource.type"}}) {
        const Codes unbound{"approval_required#1", "approval_unbound#1:" + fact};
        Case c;
        c.approve("lea");
        remove(c.document, path);
        CHECK_MESSAGE(codes(c.decide()) == unbound, path);
        // An approval that was bound while the fact was not stated does not count either, for this request or for one
        // that states it.
        Case without;
        remove(without.document, path);
        without.approve("lea");
        CHECK_MESSAGE(codes(without.decide()) == unbound, path);
        const json::Value approvals = *walk(without.document, "approvals", false);
        Case whole;
        *walk(whole.document, "approvals", true) = approvals;
        CHECK_MESSAGE(whole.decide().effect == Effect::NeedsApproval, path);
        // The reason appears before anyone approves.
        set(c.document, "approvals", "[]");
        CHECK_MESSAGE(codes(c.decide()) == unbound, path);
    }
}

TEST_CASE(
    "approval_unbound: a parameter that is a map binds only if it is none, and records in a list state all their "
    "fields") {
    const std::string example = source_root() + "/examples/refund/";
    auto sources = read_sources({example + "policy.writ"});
    REQUIRE(sources.has_value());
    std::string& text = sources->sources[0].text;
    const std::string was = "currency: string }";
    REQUIRE(text.find(was) != std::string::npos);
    text.replace(text.find(was), was.size(),
                 "currency: string  labels: map<string, string> or none  lines: list<record { sku: string  tags: "
                 "map<string, string> or none }> max 4 }");
    const Workspace workspace(*sources);
    json::Value document = *json::parse(read_bytes(example + "requests/needs_approval.json"));
    // explain() compares the machine's decision with the reference evaluator's.
    const auto decided = [&] {
        auto explained = workspace.explain(json::write(document));
        REQUIRE_MESSAGE(explained.has_value(), explained.error().message);
        return std::pair(codes(explained->decision), std::string(explained->decision.binding_digest));
    };
    /// Whether an approval counts that is bound to the request with these parameters.
    const auto counts = [&](std::string_view labels, std::string_view lines) {
        set(document, "approvals", "[]");
        set(document, "tool.params.labels", labels), set(document, "tool.params.lines", lines);
        const std::string digest = decided().second;
        set(document, "approvals",
            R"([{"id": "ap-1", "state": "approved", "approver": "lea@acme.example", "groups": ["refund-leads"],
            "requester": null, "at": 1790000000, "exp": null, "uses": 1, "binding_digest": ")" +
                digest + "\"}]");
        const Codes told = decided().first;
        if (told.front().starts_with("permitted")) return true;
        const bool unbound = std::any_of(told.begin(), told.end(),
                                         [](const std::string& each) { return each.starts_with("approval_unbound"); });
        CHECK_MESSAGE(unbound, labels << ' ' << lines);
        return false;
    };
    CHECK(counts("null", "[]"));
    CHECK(counts("null", R"([{"sku": "a", "tags": null}, {"sku": "b", "tags": null}])"));
    CHECK_FALSE(counts("{}", "[]"));
    CHECK_FALSE(counts(R"({"a": "b"})", "[]"));
    CHECK_FALSE(counts("null", R"([{"sku": "a", "tags": null}, {"sku": "b", "tags": {}}])"));
    CHECK_FALSE(counts("null", R"([{"sku": "a", "tags": null}, {"tags": null}])"));
    CHECK_FALSE(counts("null", R"([{"sku": "a", "tags": null}, {"sku": "b"}])"));
}

TEST_CASE("approvals: what was shown of the resource is bound, and no more") {
    const Codes unbound{"approval_required#1", "approval_unbound#1"};
    Case shown;
    shown.with("resource.path", R"("/one/../two")").with("resource.tags", R"({"team": "a", "x.y": "b"})");
    shown.approve("lea");
    CHECK(shown.decide().binding_digest.find(";resource=path,tags[team],tags[x.y],tenant;") != std::string::npos);
    CHECK(codes(shown.decide()) == kPermitted);
    for (const auto& [path, value] :
         std::vector<std::pair<std::string, std::string>>{{"resource.path", "\"/two\""},
                                                          {"resource.path", ""},
                                                          {"resource.tags", ""},
                                                          {"resource.tags", R"({"team": "a"})"},
                                                          {"resource.tags", R"({"team": "b", "x.y": "b"})"},
                                                          {"resource.tenant", ""},
                                                          {"resource.tenant", "null"}}) {
        Case c = shown;
        if (value.empty())
            remove(c.document, path);
        else
            set(c.document, path, value);
        CHECK_MESSAGE(codes(c.decide()) == unbound, path << " " << value);
    }
    Case more = shown;
    set(more.document, "resource.tags", R"({"team": "a", "x.y": "b", "more": "c"})");
    CHECK(codes(more.decide()) == kPermitted);

    // An approval of a request without a fact also counts if the fact is stated. An approval of none does not count if
    // it is missing.
    Case none, missing;
    remove(missing.document, "resource.tenant");
    missing.approve("lea");
    CHECK(codes(missing.decide()) == kPermitted);
    CHECK(codes(missing.with("resource.tenant", R"("acme")").decide()) == kPermitted);
    none.with("resource.tenant", "null").approve("lea");
    CHECK(codes(none.decide()) == kPermitted);
    remove(none.document, "resource.tenant");
    CHECK(codes(none.decide()) == unbound);
}

TEST_CASE("approvals: fewer scopes, less audience and a shorter ttl than was approved") {
    const Codes unbound{"approval_required#1", "approval_unbound#1"};
    const auto ask = [](std::string_view scopes, std::string_view audience, std::string_view ttl) {
        json::Value want = json::Value::object();
        want.set("scopes", *json::parse(scopes));
        if (!audience.empty()) want.set("audience", *json::parse(audience));
        if (!ttl.empty()) want.set("ttl", *json::parse(ttl));
        return json::write(want);
    };
    const auto decided = [](const std::string& approved, const std::string& asked) {
        Case c;
        c.t.permit("read", {{Opcode::RetTrue}}, {"refund:read"}, 3600);
        c.with("want", approved).approve("lea");
        c.with("want", asked);
        const Decision& d = c.decide();
        return d.effect == Effect::Permit ? std::to_string(d.grant.ttl) : std::string(codes(d)[1]);
    };
    const std::string one = R"(["refund:create"])", both = R"(["refund:read", "refund:create"])";
    CHECK(decided(ask(both, "", ""), ask(one, "", "")) == "800");
    CHECK(decided(ask(one, "", ""), ask(both, "", "")) == unbound[1]);
    CHECK(decided(ask(R"(["refund:read"])", "", ""), ask(one, "", "")) == unbound[1]);
    CHECK(decided(ask(one, "", ""), ask(one, R"(["https://pay.example"])", "")) == "800");
    CHECK(decided(ask(one, R"(["https://pay.example"])", ""), ask(one, "", "")) == unbound[1]);
    CHECK(decided(ask(one, R"(["https://pay.example", "urn:x"])", ""), ask(one, R"(["https://pay.example"])", "")) ==
          "800");
    // A request for a longer ttl gets the approved ttl.
    CHECK(decided(ask(one, "", "60"), ask(one, "", "30")) == "30");
    CHECK(decided(ask(one, "", "60"), ask(one, "", "90")) == "60");
    CHECK(decided(ask(one, "", "60"), ask(one, "", "")) == "60");
    CHECK(decided(ask(one, "", ""), ask(one, "", "90")) == "90");
}

TEST_CASE("approvals: the binding digest is a format") {
    // The hash of the lines in docs/decision-format.md, computed without the engine.
    const std::string hash = "a9bf2515e7ad3ac2adb1b6fe2fd2431f16d023e1a2ffb95b7530a50276f2cef7";
    Case c;
    const std::string plain =
        "v2;scopes=refund:create;audience=https:%2F%2Fpay.example,https:%2F%2Fpay2.example;ttl=policy;"
        "resource=tenant;sha256=" +
        hash;
    CHECK(c.decide().binding_digest == plain);
    c.with(
        "want",
        R"({"scopes": ["b, c;", "refund:create", "a%\u00e9", "b, c;"], "audience": ["https://pay2.example"], "ttl": "1500ms"})");
    CHECK(c.decide().binding_digest ==
          "v2;scopes=a%25%C3%A9,b%2C%20c%3B,refund:create;audience=https:%2F%2Fpay2.example;ttl=1;"
          "resource=tenant;sha256=" +
              hash);

    const auto counts = [&](std::string digest) {
        Case one;
        one.approve("lea").set("binding_digest", json::Value::of(std::string_view(digest)));
        return one.decide().effect == Effect::Permit;
    };
    const auto changed = [&](std::string_view from, std::string_view to) {
        std::string digest = plain;
        return digest.replace(digest.find(from), from.size(), to);
    };
    CHECK(counts(plain));
    CHECK(counts(changed("refund:create", "refund:create,zzz")));
    CHECK(counts(changed("policy", "3600")));
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"v2", "v1"},
                                                          {"v2;", "v2; "},
                                                          {"scopes=", "scopes=zzz,"},
                                                          {"refund:create", "refund:create,refund:create"},
                                                          {"refund:create", "refund:create,"},
                                                          {"refund:create", ",refund:create"},
                                                          {"refund:create", ""},
                                                          {"refund:create", "refund%3Acreate"},
                                                          {"%2F%2F", "%2f%2f"},
                                                          {";ttl=policy", ""},
                                                          {"policy", ""},
                                                          {"policy", "0"},
                                                          {"policy", "060"},
                                                          {"policy", "-1"},
                                                          {"policy", "+60"},
                                                          {"policy", "60s"},
                                                          {"policy", "99999999999999"},
                                                          {"resource=tenant", "resource="},
                                                          {"resource=tenant", "resource=path,tenant"},
                                                          {"resource=tenant", "resource=tenant,tenant"},
                                                          {";sha256=", ";SHA256="},
                                                          {hash, hash + "0"},
                                                          {hash, hash + ";x=1"},
                                                          {hash, hash.substr(1)},
                                                          {plain, hash}})
        CHECK_FALSE_MESSAGE(counts(changed(from, to)), from << " " << to);
}

TEST_CASE("approvals: facts that are stated one by one bind the same") {
    Case c;
    c.with("resource",
           R"({"type": "order", "id": "o-1", "tenant": null, "path": "/one", "tags": {"team": "a", "a b": "c"}})");
    Machine m(c.t);
    const std::string expected = m.decide(c.document).binding_digest;
    REQUIRE(expected.find(";resource=path,tags[a%20b],tags[team],tenant;") != std::string::npos);

    json::Value rest = c.document;
    rest.remove("resource");
    REQUIRE(m.bind(rest).empty());
    std::deque<Nodes> kept;  // text must live as long as the facts
    const auto put = [&](std::string_view path, std::string_view value, Provenance trust) {
        const auto place = m.facts.find(path);
        REQUIRE(place);
        REQUIRE(m.facts.put(*place, kept.emplace_back().of(*json::parse(value)), trust));
    };
    put("resource.path", R"("/zero")", Provenance::Broker);
    put("resource.path", R"("/none")", Provenance::Asserted);  // dropped, because its provenance is too weak
    put("resource.tags[\"a b\"]", R"("c")", Provenance::Broker);
    put("resource.path", R"("/one")", Provenance::Broker);
    put("resource.id", R"("o-1")", Provenance::Broker);
    put("resource.tenant", "null", Provenance::Broker);
    put("resource.tags[\"team\"]", R"("a")", Provenance::Broker);
    put("resource.type", R"("order")", Provenance::Broker);
    REQUIRE(m.facts.finish());
    vm::decide(*m.program, m.facts, m.interpreter, m.decision);
    CHECK(m.decision.binding_digest == expected);
}

TEST_CASE("approval_used: no uses left, or none stated") {
    CHECK(objection("uses", "0") == Codes{"approval_required#1", "approval_used#1"});
    CHECK(objection("uses", "") == Codes{"approval_required#1", "approval_used#1"});
    CHECK(objection("uses", "null") == kPermitted);
}

TEST_CASE("approval_used: uses that are counted, of an approval that does not say which it is") {
    const Codes used{"approval_required#1", "approval_used#1"};
    CHECK(objection("id", "") == used);
    for (const char* id : {R"("")", R"("x ")", R"("x\u200b")", R"("\u0430pr")"})
        CHECK_MESSAGE(objection("id", id) == used, id);
    for (const char* id : {R"("X")", R"("apr-1")", R"("9f0c6c1e-3f0e-4a51-8f4e-5d1d3a6c2b11")"})
        CHECK_MESSAGE(objection("id", id) == kPermitted, id);
    // Without a limit, uses are not counted.
    Case c;
    json::Value& approval = c.approve("lea");
    set(approval, "uses", "null");
    approval.remove("id");
    CHECK(c.decide().effect == Effect::Permit);
}

TEST_CASE("approvals: everything against one is told, in the order of the reasons") {
    Case c;
    json::Value& approval = c.approve("ursula");
    for (const char* member : {"uses", "binding_digest", "groups", "state"}) approval.remove(member);
    CHECK(codes(c.decide()) == Codes{"approval_required#1", "approval_not_approved#1", "approval_group#1",
                                     "approval_not_independent#1", "approval_unbound#1", "approval_used#1"});
}

TEST_CASE("approvals: two persons, the longest-lived approval of each") {
    Case c(2);
    c.approve("lea", R"("at": 1717408500, "exp": null)");
    c.approve("lea", R"("at": 1717408700, "exp": null)");
    const Decision& one = c.decide();
    CHECK(one.effect == Effect::NeedsApproval);
    REQUIRE(one.requirements.size() == 1);
    CHECK(one.requirements[0].needed == 2);
    CHECK(one.requirements[0].counted == 1);

    c.approve("max", R"("at": 1717408000, "exp": null)");
    c.approve("nils", R"("at": 1717408600, "exp": null)");
    const Decision& two = c.decide();
    CHECK(two.effect == Effect::Permit);
    CHECK(two.attribution.approvers == Texts{"lea", "nils"});
    CHECK(two.grant.ttl == 700);  // nils's, not max's
}

TEST_CASE("approvals: several requirements are met apart, codes by reason and then by rule") {
    Case c;
    c.t.require("second", {{Opcode::RetTrue}}, {"board"});
    c.t.require("third", {{Opcode::RetTrue}}, {"board"});
    c.t.require("idle", {{Opcode::RetFalse}}, {"board"});
    c.approve("lea");
    const Decision& d = c.decide();
    CHECK(codes(d) == Codes{"approval_required#2", "approval_required#3", "approval_group#2", "approval_group#3"});
    CHECK(d.requirements.size() == 2);
}

TEST_CASE("approvals: weak provenance is no approval") {
    Case c;
    c.approve("lea");
    c.with(
        "provenance",
        R"({"now": "broker", "token": "verified", "workload": "broker", "agent": "broker", "run": "broker", "tenant": "broker",
        "user": "broker", "delegation": "broker", "tool": "asserted", "resource": "broker", "approvals": "asserted"})");
    CHECK(codes(c.decide()) == Codes{"approval_required#1"});
    walk(c.document, "provenance", false)->set("approvals", json::Value::of("broker"));
    CHECK(codes(c.decide()) == kPermitted);
}
