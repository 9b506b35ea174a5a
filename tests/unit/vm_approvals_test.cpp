#include <doctest/doctest.h>

#include "vm_program.h"

using namespace writ;
using namespace writ::testing;
using Codes = std::vector<std::string>;
using Texts = std::vector<std::string_view>;

namespace {

constexpr std::int64_t kNow = kNowSeconds * kSecond;

/// One permit, one requirement of an approval by `leads` within 900 s, and approvals by name.
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
    /// Adds an approval that counts, by someone, bound to the request as it is now.
    json::Value& approve(const std::string& approver, const std::string& at_and_exp = "") {
        json::Value plain = document;
        set(plain, "approvals", "[]");
        const std::string digest = Case(*this, plain).decide().binding_digest;
        auto made = json::parse(R"({"id": "x", "state": "approved", "approver": ")" + approver +
                                R"(", "groups": ["staff", "leads"], "requester": null, "binding_digest": ")" +
                                digest + R"(", "uses": 1, )" +
                                (at_and_exp.empty() ? R"("at": 1717408700, "exp": null)" : at_and_exp) + "}");
        REQUIRE(made);
        json::Value& list = *walk(document, "approvals", true);
        list.items.push_back(*made);
        return list.items.back();
    }

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
    CHECK(d.binding_digest.size() == 64);
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
    CHECK(d.binding_digest.size() == 64);

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
    CHECK(objection("exp", std::to_string(kNowSeconds)) ==
          Codes{"approval_required#1", "approval_expired#1"});
    CHECK(objection("exp", "") == Codes{"approval_required#1", "approval_expired#1"});
    CHECK(objection("exp", std::to_string(kNowSeconds + 1)) == kPermitted);
}

TEST_CASE("approval_stale: outside the window, in the future, or not stated") {
    CHECK(objection("at", std::to_string(kNowSeconds - 900)) ==
          Codes{"approval_required#1", "approval_stale#1"});
    CHECK(objection("at", std::to_string(kNowSeconds + 1)) ==
          Codes{"approval_required#1", "approval_stale#1"});
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
    for (const char* name : {"ursula", "ines", "olive", "a-1"})
        CHECK_MESSAGE(objection("approver", '"' + std::string(name) + '"') == involved, name);
    CHECK(objection("approver", "") == involved);
    CHECK(objection("requester", R"("lea")") == involved);
    CHECK(objection("requester", "") == involved);
    CHECK(objection("requester", R"("rita")") == kPermitted);

    Case chain;
    chain.with("delegation", R"({"chain": [{"actor": "a-0", "granted_scopes": ["refund:create"], "exp": null},
                                           {"actor": "lea", "granted_scopes": ["refund:create"], "exp": null}]})");
    chain.approve("lea");
    CHECK(codes(chain.decide()) == involved);
    walk(chain.document, "delegation.chain", false)->items[1].remove("actor");
    CHECK(codes(chain.decide()) == involved);
    set(walk(chain.document, "delegation.chain", false)->items[1], "actor", R"("a-2")");
    CHECK(codes(chain.decide()) == kPermitted);
}

TEST_CASE("approval_not_independent: whoever is not stated may be the approver") {
    for (const char* path : {"run.initiator", "agent.owner"}) {
        Case c;
        c.approve("lea");
        remove(c.document, path);
        CHECK_MESSAGE(codes(c.decide()) == Codes({"approval_required#1", "approval_not_independent#1"}),
                      path);
        c.with(path, "null");
        CHECK_MESSAGE(codes(c.decide()) == kPermitted, path);
    }
    Case c;
    c.approve("ursula");
    c.with("user", "null");
    CHECK(codes(c.decide()) == kPermitted);
}

TEST_CASE("approval_unbound: bound to another request") {
    const Codes unbound{"approval_required#1", "approval_unbound#1"};
    CHECK(objection("binding_digest", R"("00")") == unbound);
    CHECK(objection("binding_digest", "") == unbound);
    for (const auto& [path, value] :
         std::vector<std::pair<std::string, std::string>>{{"agent.id", "\"a-2\""},
                                                          {"tool.operation", "null"},
                                                          {"resource.id", "\"o-2\""},
                                                          {"resource.type", "\"invoice\""},
                                                          {"resource.tenant", "null"},
                                                          {"tool.params.amount", "12.51"},
                                                          {"tool.params", "{}"}}) {
        Case c;
        c.approve("lea");
        CHECK_MESSAGE(codes(c.with(path, value).decide()) == unbound, path);
    }
    Case same;
    same.approve("lea");
    same.with("tool.params", R"({"extra": {"note": null}, "currency": "EUR", "amount": 1250e-2})");
    CHECK(codes(same.with("run.id", R"("r-2")").decide()) == kPermitted);
}

TEST_CASE("approvals: the binding digest is a format") {
    Case c;
    // Length-prefixed fields, little-endian; computed apart from the engine.
    CHECK(c.decide().binding_digest == "f654dd2056b7018bcd2200ba626d3b31924ca4d1bc46a0e2d8e9d1a8549b73c1");
}

TEST_CASE("approval_used: no uses left, or none stated") {
    CHECK(objection("uses", "0") == Codes{"approval_required#1", "approval_used#1"});
    CHECK(objection("uses", "") == Codes{"approval_required#1", "approval_used#1"});
    CHECK(objection("uses", "null") == kPermitted);
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
    CHECK(codes(d) ==
          Codes{"approval_required#2", "approval_required#3", "approval_group#2", "approval_group#3"});
    CHECK(d.requirements.size() == 2);
}

TEST_CASE("approvals: weak provenance is no approval") {
    Case c;
    c.approve("lea");
    c.with(
        "provenance",
        R"({"token": "verified", "workload": "broker", "agent": "broker", "run": "broker", "tenant": "broker",
        "user": "broker", "delegation": "broker", "tool": "asserted", "resource": "broker", "approvals": "asserted"})");
    CHECK(codes(c.decide()) == Codes{"approval_required#1"});
    walk(c.document, "provenance", false)->set("approvals", json::Value::of("broker"));
    CHECK(codes(c.decide()) == kPermitted);
}
