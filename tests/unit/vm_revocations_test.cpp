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

/// A request that is permitted, or would be if its approval counted.
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
    R"({"chain": [{"actor": "planner", "run": "run-0", "granted_scopes": ["refund:create"], "exp": null}]})";

}  // namespace

TEST_CASE("revocations: what is looked up is what was put in, until it ends") {
    std::vector<Revocation> many;
    for (int i = 0; i < 1000; ++i)
        many.push_back({static_cast<Kind_>(i % kRevocationKinds), "subject-" + std::to_string(i), i % 2 == 0 ? 0 : kNow + i});
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
    const Revocations set({{Kind_::Agent, "a", kNow + 5}, {Kind_::Agent, "a", kNow + 9}, {Kind_::Agent, "a", kNow + 1}});
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
    CHECK_FALSE(revocation_kind("user"));
}

TEST_CASE("revocations: identity_revoked for each subject, before any rule") {
    Case c;
    c.with("run.parent_id", "\"run-0\"").with("delegation", kDelegated).with("token.key_id", "\"kid-1\"");
    c.with("agent.deployment_id", "\"d-1\"");
    c.with("workload", R"({"spiffe_id": "spiffe://example.org/a", "instance_id": "i-1"})");
    REQUIRE(c.reasons({}) == kPermitted);
    struct Row {
        Kind_ kind;
        const char* subject;
        const char* path;
    };
    const std::string agent = walk(c.document, "agent.id", false)->text, run = walk(c.document, "run.id", false)->text;
    for (const Row& row : {Row{Kind_::Agent, agent.c_str(), "agent.id"}, Row{Kind_::Agent, "planner", "delegation.chain.actor"},
                           Row{Kind_::Deployment, "d-1", "agent.deployment_id"}, Row{Kind_::Run, run.c_str(), "run.id"},
                           Row{Kind_::Run, "run-0", "run.parent_id"}, Row{Kind_::Workload, "spiffe://example.org/a", "workload.spiffe_id"},
                           Row{Kind_::Workload, "i-1", "workload.instance_id"}, Row{Kind_::Key, "kid-1", "token.key_id"}}) {
        CAPTURE(row.path);
        const Codes codes = c.reasons({{row.kind, row.subject, 0}});
        REQUIRE_FALSE(codes.empty());
        CHECK(codes[0] == "identity_revoked " + std::string(row.path));
        CHECK(c.decision.effect == Effect::Deny);
        CHECK(c.decision.grant.scopes.empty());
        // Of another kind, of another name, or over: nothing changes.
        const auto other = static_cast<Kind_>((static_cast<std::size_t>(row.kind) + 1) % (kRevocationKinds - 1));
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
                           Row{Kind_::Workload, "workload.spiffe_id"}, Row{Kind_::Workload, "workload.instance_id"}}) {
        CAPTURE(row.path);
        Case c;
        c.with("workload", R"({"spiffe_id": null, "instance_id": null})").with("token.key_id", "null");
        c.with("agent.deployment_id", "\"d-1\"");
        REQUIRE(c.reasons({{row.kind, "somebody", 0}}) == kPermitted);  // stated as none, or as someone else
        const std::string path(row.path);
        const std::size_t dot = path.find('.');
        walk(c.document, path.substr(0, dot), false)->remove(path.substr(dot + 1));
        CHECK(c.reasons({{row.kind, "somebody", 0}}) == Codes{"fact_missing " + path});
        CHECK(c.reasons({{row.kind, "somebody", kNow}}) == kPermitted);  // none in force
    }
    Case c;
    c.with("delegation", R"({"chain": [{"granted_scopes": ["refund:create"], "exp": null}]})");
    CHECK(c.reasons({{Kind_::Agent, "somebody", 0}}) == Codes{"fact_missing delegation.chain.actor"});
    CHECK(c.reasons({{Kind_::Run, "somebody", 0}}) == Codes{"fact_missing delegation.chain.run"});
    // What is missing anyway is said once.
    Case without;
    walk(without.document, "agent", false)->remove("id");
    CHECK(without.reasons({{Kind_::Agent, "somebody", 0}}) == Codes{"fact_missing agent.id"});
}

TEST_CASE("revocations: approval_revoked does not count towards a requirement") {
    Case c(true);
    const std::string digest = c.decide(nullptr).binding_digest;
    REQUIRE(digest.starts_with("v2;"));
    const auto approve = [&](const std::string& id) {
        c.with("approvals", R"([{)" + id + R"("state": "approved", "approver": "lea", "groups": ["leads"], "requester": null,
            "at": 1717408700, "exp": null, "binding_digest": ")" + digest + R"(", "uses": 1}])");
    };
    approve(R"("id": "ap-1", )");
    CHECK(c.reasons({}) == kPermitted);
    CHECK(c.reasons({{Kind_::Approval, "ap-2", 0}}) == kPermitted);
    CHECK(c.reasons({{Kind_::Approval, "ap-1", kNow}}) == kPermitted);
    CHECK(c.reasons({{Kind_::Approval, "ap-1", 0}}) == Codes{"approval_required", "approval_revoked"});
    CHECK(c.decision.effect == Effect::NeedsApproval);
    approve("");
    CHECK(c.reasons({{Kind_::Approval, "ap-2", 0}}) == Codes{"approval_required", "approval_revoked"});
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
            std::vector<Revocation> subjects{{Kind_::Agent, std::string(who.agent), 0}, {Kind_::Deployment, std::string(who.deployment), 0},
                                             {Kind_::Run, std::string(who.run), 0},     {Kind_::Run, std::string(who.parent_run), 0},
                                             {Kind_::Workload, std::string(who.workload), 0}};
            for (const std::string_view actor : who.chain) subjects.push_back({Kind_::Agent, std::string(actor), 0});
            for (std::size_t kind = 0; kind < kRevocationKinds; ++kind) subjects.push_back({static_cast<Kind_>(kind), "nobody", 0});
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
