#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "source_root.h"
#include "vm_program.h"
#include "writ/evaluator.h"
#include "writ/revocations.h"
#include "writ/tools.h"

using namespace writ;
using namespace writ::testing;
using Codes = std::vector<std::string>;
using Kind_ = RevocationKind;

namespace {

constexpr std::int64_t kNow = kNowSeconds * kSecond;

/// A request that is permitted, or would be with an approval that counts.
struct Case {
    TestProgram t;
    json::Value document = base_request();
    std::unique_ptr<Machine> machine;
    Decision decision;

    explicit Case(bool approval = false) {
        t.permit("offer", {{Opcode::RetTrue}}, {"refund:create"}, 3600);
        if (approval) t.require("approval", {{Opcode::RetTrue}}, {"leads"}, 1, 900);
    }
    Case& with(std::string_view path, std::string_view value) { return set(document, path, value), *this; }
    const Decision& decide(const Revocations* revocations) {
        machine = std::make_unique<Machine>(t);
        decision = machine->decide(document, revocations);
        return decision;
    }
    Codes reasons(std::vector<Revocation> revoked) {
        const Revocations revocations(std::move(revoked));
        Codes out;
        for (const Reason& reason : decide(&revocations).reasons)
            out.push_back(std::string(reason.code) + (reason.detail.empty() ? "" : " " + std::string(reason.detail)));
        return out;
    }
};

const Codes kPermitted{"permitted"};
constexpr std::string_view kDelegated =
    R"({"originator": "oscar", "actor": "router", "chain": [{"actor": "planner", "run": "run-0", "issuer": "https://hop.example", "initiator": null,
        "tenant": "hop-tenant", "granted_scopes": ["refund:create"], "exp": null}]})";

}  // namespace

TEST_CASE("revocations: what is looked up is what was put in, until it ends") {
    std::vector<Revocation> many;
    for (int i = 0; i < 1000; ++i)
        many.push_back(
            {static_cast<Kind_>(i % kRevocationKinds), "subject-" + std::to_string(i), i % 2 == 0 ? 0 : kNow + i});
    const Revocations set(many);
    CHECK(set.items().size() == many.size());
    for (const Revocation& each : many) {
        CHECK(set.revoked(each.kind, each.subject, kNow));
        CHECK(set.revoked(each.kind, each.subject, kNow + 2000) == (each.expires_at == 0));
        if (each.expires_at != 0) {
            CHECK(set.revoked(each.kind, each.subject, each.expires_at - 1));
            CHECK_FALSE(set.revoked(each.kind, each.subject, each.expires_at));
        }
        const auto other = static_cast<Kind_>((static_cast<std::size_t>(each.kind) + 1) % kRevocationKinds);
        CHECK_FALSE(set.revoked(other, each.subject, kNow));
        CHECK_FALSE(set.revoked(each.kind, each.subject + "x", kNow));
    }
}

TEST_CASE("revocations: of several about one subject the one that ends last counts") {
    const Revocations set(
        {{Kind_::Agent, "a", kNow + 5}, {Kind_::Agent, "a", kNow + 9}, {Kind_::Agent, "a", kNow + 1}});
    CHECK(set.items().size() == 1);
    CHECK(set.revoked(Kind_::Agent, "a", kNow + 8));
    CHECK_FALSE(set.revoked(Kind_::Agent, "a", kNow + 9));
    CHECK_FALSE(set.any(Kind_::Agent, kNow + 9));
    const Revocations forever({{Kind_::Agent, "a", 0}, {Kind_::Agent, "a", kNow + 9}});
    CHECK(forever.revoked(Kind_::Agent, "a", INT64_MAX));
    CHECK(forever.any(Kind_::Agent, INT64_MAX));
    CHECK_FALSE(Revocations().any(Kind_::Agent, INT64_MIN));
}

TEST_CASE("revocations: names of kinds read back") {
    for (std::size_t i = 0; i < kRevocationKinds; ++i)
        CHECK(revocation_kind(revocation_name(static_cast<Kind_>(i))) == static_cast<Kind_>(i));
    CHECK_FALSE(revocation_kind("planet"));
}

TEST_CASE(
    "revocations: each kind denies where its facts name the subject, before any rule, with a reason that tells it") {
    Case c;
    c.with("run.parent_id", "\"run-0\"").with("delegation", kDelegated).with("token.key_id", "\"kid-1\"");
    c.with("agent.deployment_id", "\"d-1\"");
    c.with("workload", R"({"spiffe_id": "spiffe://example.org/a", "instance_id": "i-1"})");
    REQUIRE(c.reasons({}) == kPermitted);
    struct Row {
        Kind_ kind;
        const char* subject;
        const char* path;
        const char* code = "identity_revoked";
    };
    const std::string agent = walk(c.document, "agent.id", false)->text, run = walk(c.document, "run.id", false)->text;
    for (const Row& row :
         {Row{Kind_::Agent, agent.c_str(), "agent.id"}, Row{Kind_::Agent, "planner", "delegation.chain.actor"},
          Row{Kind_::Deployment, "d-1", "agent.deployment_id"}, Row{Kind_::Run, run.c_str(), "run.id"},
          Row{Kind_::Run, "run-0", "run.parent_id"},
          Row{Kind_::Workload, "spiffe://example.org/a", "workload.spiffe_id"},
          Row{Kind_::Workload, "i-1", "workload.instance_id"}, Row{Kind_::Key, "kid-1", "token.key_id"},
          Row{Kind_::Agent, "router", "delegation.actor"}, Row{Kind_::Token, "t-1", "token.jti", "token_revoked"},
          Row{Kind_::User, "ursula", "user.id", "user_revoked"},
          Row{Kind_::User, "ines", "run.initiator", "user_revoked"},
          Row{Kind_::User, "oscar", "delegation.originator", "user_revoked"},
          Row{Kind_::Tool, "write-refund", "tool.name", "tool_revoked"},
          Row{Kind_::Issuer, "https://issuer.example", "token.issuer", "issuer_revoked"},
          Row{Kind_::Issuer, "https://hop.example", "delegation.chain.issuer", "issuer_revoked"},
          Row{Kind_::Tenant, "acme", "tenant", "tenant_revoked"},
          Row{Kind_::Tenant, "hop-tenant", "delegation.chain.tenant", "tenant_revoked"}}) {
        CAPTURE(row.path);
        const Codes codes = c.reasons({{row.kind, row.subject, 0}});
        REQUIRE_FALSE(codes.empty());
        CHECK(codes[0] == row.code + (" " + std::string(row.path)));
        CHECK(c.decision.effect == Effect::Deny);
        CHECK(c.decision.grant.scopes.empty());
        // A revocation of another kind, of another name, or an expired one changes nothing.
        const auto other =
            static_cast<Kind_>((static_cast<std::size_t>(row.kind) + 1) % static_cast<std::size_t>(Kind_::All));
        CHECK(c.reasons({{other, "nobody", 0}}) == kPermitted);
        CHECK(c.reasons({{row.kind, std::string(row.subject) + "x", 0}}) == kPermitted);
        CHECK(c.reasons({{row.kind, row.subject, kNow}}) == kPermitted);
        CHECK(c.reasons({{row.kind, row.subject, kNow + 1}}) != kPermitted);
    }
}

TEST_CASE("revocations: a subject that is not stated could be the revoked one") {
    struct Row {
        Kind_ kind;
        const char* path;
    };
    for (const Row& row : {Row{Kind_::Deployment, "agent.deployment_id"}, Row{Kind_::Key, "token.key_id"},
                           Row{Kind_::Token, "token.jti"}, Row{Kind_::User, "run.initiator"},
                           Row{Kind_::User, "delegation.originator"}, Row{Kind_::Tenant, "user.tenant"},
                           Row{Kind_::Agent, "delegation.actor"}, Row{Kind_::Tenant, "resource.tenant"},
                           Row{Kind_::Workload, "workload.spiffe_id"}, Row{Kind_::Workload, "workload.instance_id"}}) {
        CAPTURE(row.path);
        Case c;
        c.with("run.parent_id", "\"run-0\"").with("delegation", kDelegated);
        c.with("workload", R"({"spiffe_id": null, "instance_id": null})").with("token.key_id", "null");
        c.with("agent.deployment_id", "\"d-1\"");
        REQUIRE(c.reasons({{row.kind, "somebody", 0}}) == kPermitted);  // stated as none, or as someone else
        const std::string path(row.path);
        const std::size_t dot = path.find('.');
        walk(c.document, path.substr(0, dot), false)->remove(path.substr(dot + 1));
        CHECK(c.reasons({{row.kind, "somebody", 0}}) == Codes{"fact_missing " + path});
        CHECK(c.reasons({{row.kind, "somebody", kNow}}) == kPermitted);  // no revocation is in force
    }
    Case c;
    c.with("delegation",
           R"({"originator": "o", "actor": "a", "chain": [{"granted_scopes": ["refund:create"], "exp": null}]})");
    CHECK(c.reasons({{Kind_::Agent, "somebody", 0}}) == Codes{"fact_missing delegation.chain.actor"});
    CHECK(c.reasons({{Kind_::Run, "somebody", 0}}) == Codes{"fact_missing delegation.chain.run"});
    CHECK(c.reasons({{Kind_::Issuer, "somebody", 0}}) == Codes{"fact_missing delegation.chain.issuer"});
    CHECK(c.reasons({{Kind_::Tenant, "somebody", 0}}) == Codes{"fact_missing delegation.chain.tenant"});
    // A fact that is missing anyway is reported once.
    Case without;
    walk(without.document, "agent", false)->remove("id");
    CHECK(without.reasons({{Kind_::Agent, "somebody", 0}}) == Codes{"fact_missing agent.id"});
}

TEST_CASE("revocations: approval_revoked does not count towards a requirement") {
    Case c(true);
    const std::string digest = c.decide(nullptr).binding_digest;
    REQUIRE(digest.starts_with("v2;"));
    const auto approve = [&](const std::string& id, const std::string& approver_id = "null") {
        c.with("approvals", R"([{)" + id + R"("state": "approved", "approver": "lea", "approver_id": )" + approver_id +
                                R"(, "groups": ["leads"], "requester": null,
            "at": 1717408700, "exp": null, "binding_digest": ")" +
                                digest + R"(", "uses": 1}])");
    };
    approve(R"("id": "ap-1", )");
    CHECK(c.reasons({}) == kPermitted);
    CHECK(c.reasons({{Kind_::Approval, "ap-2", 0}}) == kPermitted);
    CHECK(c.reasons({{Kind_::Approval, "ap-1", kNow}}) == kPermitted);
    CHECK(c.reasons({{Kind_::Approval, "ap-1", 0}}) == Codes{"approval_required", "approval_revoked"});
    CHECK(c.decision.effect == Effect::NeedsApproval);
    // An approval without an id does not count, because its uses cannot be counted either.
    approve("");
    CHECK(c.reasons({{Kind_::Approval, "ap-2", 0}}) == Codes{"approval_required", "approval_used", "approval_revoked"});
    // An approval from a revoked user does not count either.
    approve(R"("id": "ap-1", )");
    CHECK(c.reasons({{Kind_::User, "Lea", 0}}) == Codes{"approval_required", "approval_revoked"});
    CHECK(c.reasons({{Kind_::User, "leo", 0}}) == kPermitted);
    approve(R"("id": "ap-1", )", "\"u-7\"");
    CHECK(c.reasons({{Kind_::User, "U-7", 0}}) == Codes{"approval_required", "approval_revoked"});
}

TEST_CASE("revocations: one spelling on both sides, or refused with a reason") {
    struct Row {
        Kind_ kind;
        const char *subject, *canonical;  ///< empty: rejected
    };
    for (const Row& row : {Row{Kind_::Workload, "spiffe://example.org/ns/a/sa/b", "spiffe://example.org/ns/a/sa/b"},
                           Row{Kind_::Workload, "SPIFFE://Example.org/ns/a/sa/b", "spiffe://example.org/ns/a/sa/b"},
                           Row{Kind_::Workload, "spiffe://example.org/ns/a/sa/b/", ""},
                           Row{Kind_::Workload, "spiffe://example.org/ns/a/../a", ""},
                           Row{Kind_::Workload, "spiffe://example.org//a", ""},
                           Row{Kind_::Workload, "spiffe:example.org", ""},
                           Row{Kind_::Workload, "spiffe://example.org/a%62", ""},
                           Row{Kind_::Workload, "i-0AB", "i-0ab"},
                           Row{Kind_::Agent, "Refund-Agent", "refund-agent"},
                           Row{Kind_::Agent, "a ", ""},
                           Row{Kind_::Agent, " a", ""},
                           Row{Kind_::Agent, "a\tb", ""},
                           Row{Kind_::Agent, "", ""},
                           Row{Kind_::Agent, "a\nb", ""},
                           Row{Kind_::Agent, "a\u00a0", ""},
                           Row{Kind_::Agent, "a\u200bb", ""},
                           Row{Kind_::Agent, "a\xff", ""},
                           Row{Kind_::User, "j\u00f6rg", "j\u00f6rg"},
                           Row{Kind_::User, "J\u00d6RG", "j\u00f6rg"},
                           Row{Kind_::User, "\u0430nn", ""},
                           Row{Kind_::User, "jo\u0308rg", ""},
                           Row{Kind_::User, "\u212aim", ""},
                           Row{Kind_::Key, "Kid+/=", "kid+/="},
                           Row{Kind_::Issuer, "HTTPS://Idp.Example:443/", "https://idp.example"},
                           Row{Kind_::Issuer, "https://idp.example/a/", "https://idp.example/a"},
                           Row{Kind_::Issuer, "accounts.google.com", "accounts.google.com"},
                           Row{Kind_::Issuer, "https://user@idp.example", ""},
                           Row{Kind_::Issuer, "https://idp.example/a/../b", ""},
                           Row{Kind_::Token, "19A333F4", "19a333f4"},
                           Row{Kind_::Tool, "Refund", "refund"},
                           Row{Kind_::All, "prod", "prod"}}) {
        CAPTURE(row.subject);
        const auto made = canonical_subject(row.kind, row.subject);
        if (*row.canonical == '\0') {
            REQUIRE_FALSE(made);
            CHECK(made.error().code == "S0030");
            CHECK(made.error().message.find(": it ") != std::string::npos);
        } else {
            REQUIRE(made);
            CHECK(*made == row.canonical);
            CHECK(canonical_subject(row.kind, *made).value() == *made);
        }
    }
    CHECK_FALSE(canonical_subject(Kind_::Agent, std::string(4097, 'a')));
}

TEST_CASE("revocations: no spelling of a revoked subject gets through") {
    Case c;
    c.with("workload", R"({"spiffe_id": "spiffe://example.org/ns/a/sa/b", "instance_id": "i-1"})");
    for (const char* subject : {"spiffe://example.org/ns/a/sa/b", "SPIFFE://Example.org/ns/a/sa/b"})
        CHECK(c.reasons({{Kind_::Workload, subject, 0}}) == Codes{"identity_revoked workload.spiffe_id"});
    // A malformed subject revokes its whole kind. A fact without a canonical spelling counts as revoked too.
    CHECK(c.reasons({{Kind_::Workload, "spiffe://example.org/ns/a/sa/b ", 0}}) ==
          Codes{"identity_revoked workload.spiffe_id", "identity_revoked workload.instance_id"});
    CHECK(c.reasons({{Kind_::Workload, "spiffe://example.org/ns/a/sa/b ", kNow}}) == kPermitted);
    for (const char* id : {R"("A-1")", R"("a-1 ")", R"("a-1\u200b")"}) {
        c.with("agent.id", id);
        CHECK(c.reasons({{Kind_::Agent, "a-1", 0}}) == Codes{"identity_revoked agent.id"});
        CHECK(c.reasons({{Kind_::Tool, "other", 0}}) == kPermitted);
    }
    c.with("agent.id", "\"a-2\"");
    CHECK(c.reasons({{Kind_::Agent, "a-1", 0}}) == kPermitted);
}

TEST_CASE("revocations: channel_revoked denies everything in its channel") {
    Case c;
    CHECK(c.reasons({{Kind_::All, "prod", 0}}) == Codes{"channel_revoked"});
    CHECK(c.reasons({{Kind_::All, "prod", kNow}}) == kPermitted);
    const Revocations both({{Kind_::All, "prod", 0}, {Kind_::Agent, "x", 0}});
    CHECK(both.for_channel("prod").items().size() == 2);
    CHECK(both.for_channel("staging").items().size() == 1);
    CHECK_FALSE(both.for_channel("staging").any(Kind_::All, kNow));
}

TEST_CASE("revocations: taking a fact out never moves a decision up") {
    // Removes each fact alone and each pair of facts, with every kind of revocation.
    const json::Value base = [] {
        Case c;
        c.with("run.parent_id", "\"run-0\"").with("delegation", kDelegated).with("token.key_id", "\"kid-1\"");
        c.with("workload", R"({"spiffe_id": "spiffe://example.org/a", "instance_id": null})");
        return c.document;
    }();
    std::vector<std::string> paths;
    for (const json::Member& group : base.members) {
        if (group.second.type != json::Type::Object) continue;
        for (const json::Member& field : group.second.members) paths.push_back(group.first + "." + field.first);
    }
    std::vector<std::vector<Revocation>> sets;
    for (const char* subject : {"nobody", "a-1", "ursula", "ines", "t-1", "acme", "run-0"})
        for (std::size_t kind = 0; kind < static_cast<std::size_t>(Kind_::All); ++kind)
            sets.push_back({{static_cast<Kind_>(kind), subject, 0}});
    std::size_t permitted = 0;
    for (const auto& set : sets) {
        const Revocations revocations(set);
        Case c;
        c.document = base;
        const Effect whole = c.decide(&revocations).effect;
        permitted += whole == Effect::Permit ? 1 : 0;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            Case less;
            less.document = base;
            remove(less.document, paths[i]);
            const Effect one = less.decide(&revocations).effect;
            CHECK_MESSAGE(one <= whole, paths[i]);
            remove(less.document, paths[(i + 7) % paths.size()]);
            CHECK_MESSAGE(less.decide(&revocations).effect <= one, paths[i]);
        }
    }
    CHECK(permitted > 10);
}

TEST_CASE("revocations: whatever is revoked, no decision of the examples moves up") {
    namespace fs = std::filesystem;
    std::size_t narrowed = 0, same = 0;
    for (const char* example : {"refund", "delete-bucket", "github-write", "snowflake", "subagent"}) {
        const fs::path folder = fs::path(source_root()) / "examples" / example;
        auto sources = read_sources({folder.string()});
        REQUIRE(sources);
        const Workspace workspace(std::move(*sources));
        REQUIRE(workspace.bundle());
        Request request(*workspace.bundle());
        Evaluator evaluator(*workspace.bundle());
        for (const auto& file : fs::directory_iterator(folder / "requests")) {
            std::ifstream in(file.path(), std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(in), {}};
            REQUIRE(request.parse(text));
            evaluator.revoke(nullptr);
            const Decision plain = evaluator.evaluate(request);
            const Attribution& who = plain.attribution;
            std::vector<Revocation> subjects{{Kind_::Agent, std::string(who.agent), 0},
                                             {Kind_::Deployment, std::string(who.deployment), 0},
                                             {Kind_::Run, std::string(who.run), 0},
                                             {Kind_::Run, std::string(who.parent_run), 0},
                                             {Kind_::Workload, std::string(who.workload), 0}};
            for (const std::string_view actor : who.chain) subjects.push_back({Kind_::Agent, std::string(actor), 0});
            for (std::size_t kind = 0; kind < kRevocationKinds; ++kind)
                subjects.push_back({static_cast<Kind_>(kind), "nobody", 0});
            for (std::uint32_t chosen = 0; chosen < 1u << subjects.size(); chosen += 13) {
                std::vector<Revocation> some;
                for (std::size_t i = 0; i < subjects.size(); ++i)
                    if ((chosen >> i & 1) != 0) some.push_back(subjects[i]);
                evaluator.revoke(std::make_shared<const Revocations>(std::move(some)));
                const Decision decision = evaluator.evaluate(request);
                REQUIRE(decision.effect <= plain.effect);
                (decision.effect < plain.effect ? narrowed : same) += 1;
                if (decision.effect != Effect::Permit) continue;
                CHECK(decision.grant.scopes == plain.grant.scopes);
                CHECK(decision.grant.ttl == plain.grant.ttl);
            }
        }
    }
    CHECK(narrowed > 100);
    CHECK(same > 100);
}
