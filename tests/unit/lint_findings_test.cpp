// Tests each lint: what it must find and what it must not report. The pages in docs/lints, which tests/docs.py checks,
// contain one example of each.
#include <doctest/doctest.h>

#include <algorithm>

#include "writ/lint.h"

using namespace writ;

namespace {

constexpr std::string_view kStart = R"(
import std.github
import std.kubernetes
import std.gitlab
import std.terraform
import std.circleci
import std.gcp
import std.entra
import std.oauth
import std.spiffe
import std.mcp
import std.aws
import std.wimse
tier read < write < privileged
issuer ci: github "https://token.actions.githubusercontent.com" { audience "https://broker.example" }
issuer gl: gitlab "https://gitlab.com" { audience "https://broker.example" }
issuer own_gl: gitlab "https://gitlab.example" { audience "https://broker.example" }
issuer tfc: terraform "https://app.terraform.io" { audience "https://broker.example" }
issuer circle: circleci "https://oidc.circleci.com/org/1" { audience "https://broker.example" }
issuer google: gcp "https://accounts.google.com" { audience "https://broker.example" }
issuer azure: entra "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0" { audience "https://broker.example" }
issuer agents: entra_agent_id "https://login.microsoftonline.com/common/v2.0" { audience "https://broker.example" }
issuer exchange: oauth_token_exchange "https://issuer.example" { audience "https://broker.example" }
issuer mesh: spiffe "spiffe://example.org" { audience "https://broker.example" }
issuer core: aws_agentcore "https://core.example" { audience "https://broker.example" }
issuer prod: kubernetes "https://k8s.example" { audience "https://broker.example"  max_age 1h }
tool act { tier write  audience "https://act.example"  scopes { "act", "act:more" }  params { amount: int } }
tool look { tier read  audience "https://look.example"  scopes { "look" } }
)";

/// The findings of a policy.
struct Found {
    LintReport report;

    [[nodiscard]] std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(std::count_if(report.findings.items.begin(), report.findings.items.end(),
                                                      [&](const Diagnostic& d) { return d.code == name; }));
    }
    [[nodiscard]] bool has(std::string_view name) const { return count(name) > 0; }
    [[nodiscard]] const Diagnostic& first(std::string_view name) const {
        return *std::find_if(report.findings.items.begin(), report.findings.items.end(),
                             [&](const Diagnostic& d) { return d.code == name; });
    }
    [[nodiscard]] std::string text_at(const Span& span) const {
        return report.findings.sources.at(span.source).text.substr(span.begin, span.end - span.begin);
    }
};

Workspace workspace_of(std::string text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::move(text)});
    Workspace out(std::move(set));
    for (const Diagnostic& d : out.diagnostics().items)
        if (d.severity == Severity::Error) FAIL(d.message);
    return out;
}

LintOptions all_on() {
    LintOptions options;
    for (const LintRule& rule : lint_rules()) options.levels.emplace(rule.name, LintLevel::Warning);
    return options;
}

Found lint_text(const std::string& text) {
    return {workspace_of(std::string(kStart) + text).lint(all_on())};
}

/// A permit with this condition for a tool that acts.
Found permit(const std::string& condition) {
    return lint_text("permit it\n  for tool act\n  when " + condition + "\n  grant { \"act\" } for 5m\n");
}

/// A condition, and whether the lint reports a permit with it.
struct Try {
    std::string_view condition;
    bool found;
};
void tries(std::string_view name, std::initializer_list<Try> all) {
    for (const Try& each : all) {
        CAPTURE(each.condition);
        CHECK(permit(std::string(each.condition)).has(name) == each.found);
    }
}

}  // namespace

TEST_CASE("lint: names are unique, in words and hyphens, and have a page with their title") {
    std::vector<std::string_view> seen;
    for (const LintRule& rule : lint_rules()) {
        CAPTURE(rule.name);
        CHECK(std::find(seen.begin(), seen.end(), rule.name) == seen.end());
        seen.push_back(rule.name);
        CHECK(rule.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
        CHECK(lint_page(rule.name).starts_with("# " + std::string(rule.name) + ": " + std::string(rule.title) + "\n"));
    }
    CHECK(lint_page("no-such-lint").empty());
    CHECK(nearest_lint("subject-wid") == "subject-wide");
    CHECK(nearest_lint("something-else-altogether").empty());
}

TEST_CASE("lint: \"shared-issuer-unscoped\" sees through alternatives, sets and captures") {
    tries("shared-issuer-unscoped",
          {
              {"token.issuer is ci and ci.ref == \"refs/heads/main\"", true},
              {"token.issuer is ci and ci.repository_owner_id != \"66\"", true},
              {"token.issuer is ci and (ci.repository_id == \"74\" or ci.ref == \"refs/heads/main\")", true},
              {"token.issuer is ci and not (ci.repository_id != \"74\")", false},
              {"token.issuer is ci and (ci.repository_id == \"74\" or ci.sub_repository_id == \"75\")", false},
              {"(token.issuer is ci and ci.repository_id in { \"74\", \"75\" }) or (token.issuer is prod and "
               "prod.namespace == \"a\")",
               false},
              {"ci.ref == \"refs/heads/main\"", true},
              {"token.issuer is gl and gl.ref_protected == \"true\"", true},
              {"token.issuer is own_gl and own_gl.ref_protected == \"true\"", false},
              {"token.issuer is tfc and tfc.run_phase == \"apply\"", true},
              {"token.issuer is google and google.hd == \"acme.example\"", false},
              {"token.issuer is google and tenant == \"t1\"", true},
              {"token.issuer is azure and azure.tid == \"1\"", true},
              {"token.issuer is azure and azure.roles contains \"Agent\"", false},
              {"token.issuer is prod and prod.namespace == \"a\"", false},
              {"resource.id == ci.repository_id", false},
              {"ci.repository_owner_id == tenant", false},
              // A value that everyone has, or that the caller can choose, identifies nobody.
              {"ci.event_name != \"x\"", true},
              {"ci.repository_owner_id != \"\"", true},
              {"ci.repository_owner_id like \"**\"", true},
              {"ci.repository_owner_id like \"6**\"", true},
              {"ci.repository_id matches \".*\"", true},
              {"ci.repository_owner_id matches \"[0-9]+\"", true},
              {"ci.repository_owner_id matches \"65.*\"", true},
              {"ci.repository_owner_id matches \"65|66\"", false},
              {"ci.repository_id in want.scopes", true},
              {"any s in want.scopes: s == ci.repository_id", true},
              {"ci.repository_owner_id == agent.id", true},
              {"ci.repository_id == ci.actor_id", true},
              {"(ci.repository_id == \"74\" or ci.repository_id like \"**\")", true},
              {"(ci.repository_id == \"74\" or ci.repository_id matches \"75\")", false},
              {"not (ci.repository_id != \"74\" and ci.repository_owner_id != \"65\")", false},
              {"ci.repository like \"**\"", true},
              {"ci.repository like \"octo-org**\"", true},
              {"ci.repository like \"octo-org/*\"", false},
              {"ci.repository matches \"octo-org/.*\"", false},
              {"ci.repository matches \"octo-org.*\"", true},
              {"ci.repository matches \"(octo-org|other)/.*\"", false},
              {"ci.repository matches \"(octo-org|other.*)/.*\"", true},
              {"ci.repository matches \"octo-org/?.*\"", true},
              {"ci.repository_id matches \"7[45]\"", false},
              {"ci.repository_id matches \"7[0-9]*\"", true},
              {"ci.sub like \"repo:**\"", true},
              {"ci.sub like \"repo:octo-org*/app:**\"", true},
              {"ci.sub like \"repo:octo-org/**\"", false},
              {"ci.sub matches \"repo:octo-org/app:.*\"", false},
              {"azure.tid == \"1\" and azure.roles overlaps { \"a\" }", false},
              {"azure.tid == \"1\" and azure.roles subset of { \"a\" }", true},
              {"azure.tid == \"1\" and (any r in azure.roles: r == \"a\")", false},
              {"azure.tid == \"1\" and (any r in azure.roles: r != \"a\")", true},
              {"azure.tid == \"1\" and count(r in azure.roles: r == \"a\") >= 1", false},
              {"azure.tid == \"1\" and count(r in azure.roles: r == \"a\") < 5", true},
              {"azure.tid == \"1\" and azure.roles & { \"a\" } != { }", false},
              {"azure.tid == \"1\" and azure.roles & { \"a\" } == { \"a\" }", false},
          });
    const Found found = permit("token.issuer is ci and ci.ref == \"refs/heads/main\"");
    const Diagnostic& d = found.first("shared-issuer-unscoped");
    CHECK(found.text_at(d.span) == "it");
    REQUIRE(d.related.size() == 1);
    CHECK(found.text_at(d.related[0].span) == "ci");
}

TEST_CASE("lint: more alternatives than are looked at one by one are asked for what they have in common") {
    std::string all = "ci.repository_id == \"0\"";
    for (int i = 1; i < 40; ++i) all += " or ci.repository_id == \"" + std::to_string(i) + "\"";
    CHECK_FALSE(permit("token.issuer is ci and (" + all + ")").has("shared-issuer-unscoped"));
    CHECK(
        permit("token.issuer is ci and (" + all + " or ci.ref == \"refs/heads/main\")").has("shared-issuer-unscoped"));
}

TEST_CASE("lint: \"workflow-caller-unpinned\" and \"name-only-trust\" instead of the former") {
    const Found workflow =
        permit("token.issuer is ci and ci.job_workflow_ref == \"o/r/.github/workflows/a.yml@refs/heads/main\"");
    CHECK(workflow.has("workflow-caller-unpinned"));
    CHECK_FALSE(workflow.has("shared-issuer-unscoped"));
    CHECK_FALSE(permit("token.issuer is ci and ci.job_workflow_owner == \"o\" and ci.repository_owner_id == \"1\"")
                    .has("workflow-caller-unpinned"));
    const Found name = permit("token.issuer is ci and ci.repository == \"o/r\"");
    CHECK(name.has("name-only-trust"));
    CHECK_FALSE(name.has("shared-issuer-unscoped"));
    CHECK_FALSE(permit("token.issuer is ci and ci.repository == \"o/r\" and ci.repository_id == \"74\"")
                    .has("name-only-trust"));
    // Numbers in a subject are identifiers. If only one of the two is a number, the other is still a name.
    tries("name-only-trust",
          {{"ci.sub == \"repo:octo-org@65/octo-repo@74:ref:refs/heads/main\"", false},
           {"ci.sub like \"repo:octo-org@65/octo-repo@74:**\"", false},
           {"ci.sub in { \"repo:octo-org@65/octo-repo@74:ref:refs/heads/main\" }", false},
           {"ci.sub == \"repo:octo-org/octo-repo:ref:refs/heads/main\"", true},
           {"ci.sub == \"repo:octo-org@65/octo-repo:ref:refs/heads/main\"", true},
           {"ci.sub == \"repo:octo-org@x/octo-repo@74:ref:refs/heads/main\"", true},
           {"ci.sub like \"repo:octo-org@65/octo-repo@7*:ref:refs/heads/main\"", true},
           {"ci.sub in { \"repo:o@65/r@74:ref:refs/heads/main\", \"repo:o/r:ref:refs/heads/main\" }", true}});
}

TEST_CASE("lint: a kind of one's own that is declared shared is linted like the library's") {
    const std::string kind = R"(
claims acme shared "https://ci.acme.example" {
  sub: subject
  org: string
  org_id: string
  project: path
  job: path
  starter: string
  machine: string
  parse sub { "org:{sub_org}@{sub_org_id}:{sub_rest**}" "org:{sub_org}:{sub_rest**}" }
  role owner      org_id
  role owner      sub_org_id
  role owner_name org, first 1 of project, first 2 of sub
  role workflow   first 1 of job
  role actor      starter
  role runner     machine
}
issuer acme: acme "https://ci.acme.example" { audience "https://broker.example" }
issuer own: acme "https://ci.own.example" { audience "https://broker.example" }
)";
    const auto of = [&](const std::string& condition) {
        return lint_text(kind + "permit it for tool act when " + condition + " grant { \"act\" } for 5m");
    };
    const auto only = [&](const std::string& condition) {
        std::string out;
        for (const std::string_view name :
             {"shared-issuer-unscoped", "name-only-trust", "workflow-caller-unpinned", "actor-authority"})
            if (of(condition).has(name)) out += (out.empty() ? "" : " ") + std::string(name);
        return out;
    };
    CHECK(only("acme.machine == \"m\"") == "shared-issuer-unscoped");
    CHECK(only("acme.project like \"p**\"") == "shared-issuer-unscoped");
    CHECK(only("acme.project like \"p/**\"") == "name-only-trust");
    CHECK(only("acme.org == \"o\"") == "name-only-trust");
    CHECK(only("acme.sub == \"org:o:main\"") == "name-only-trust");
    CHECK(only("acme.job like \"j/**\"") == "workflow-caller-unpinned");
    CHECK(only("acme.org_id == \"1\"") == "");
    CHECK(only("acme.org_id == \"1\" and acme.starter == \"ada\"") == "actor-authority");
    CHECK(only("own.machine == \"m\"") == "");
    CHECK(of("acme.machine == \"m\"").first("shared-issuer-unscoped").help.ends_with("require `acme.org_id`"));
}

TEST_CASE("lint: a permit that requires no issuer is linted for each issuer that it accepts") {
    const auto of = [](const std::string& condition) {
        return lint_text("permit it for tool act when " + condition + " grant { \"act\" } for 5m");
    };
    // Another condition more must not make a worse permit.
    for (const char* condition : {"tenant == \"t1\"", "agent.id == \"refund-agent\"", "user.roles contains \"ops\"",
                                  "tenant == \"t1\" and token.issuer is ci", "token.issuer is not prod"}) {
        CAPTURE(condition);
        CHECK(of(condition).has("shared-issuer-unscoped"));
    }
    CHECK(of("tenant == \"t1\"").has("workload-unpinned"));
    CHECK_FALSE(of("tenant == \"t1\" and token.issuer is prod").has("shared-issuer-unscoped"));
    CHECK_FALSE(of("ci.repository_id == \"74\"").has("shared-issuer-unscoped"));
    // What the broker states of a workload is valid for its issuer only, which is another lint.
    CHECK_FALSE(of("workload.namespace == \"a\"").has("workload-unpinned"));
}

TEST_CASE("lint: a subject of Kubernetes is wide where its namespace is open") {
    const auto of = [](const std::string& condition) {
        return lint_text("permit it for tool act when token.issuer is prod and " + condition +
                         " grant { \"act\" } for 5m");
    };
    CHECK(of("prod.sub like \"system:serviceaccount:agents-*:*\"").has("subject-wide"));
    CHECK(of("prod.sub like \"system:**\"").has("subject-wide"));
    CHECK_FALSE(of("prod.sub like \"system:serviceaccount:agents:*\"").has("subject-wide"));
    CHECK_FALSE(of("prod.namespace == \"a\" and prod.sub like \"system:**\"").has("subject-wide"));
}

TEST_CASE("lint: what is read through a group is found once, and called by the group's name") {
    const std::string groups =
        "issuer west: kubernetes \"https://west.example\" { audience \"https://broker.example\" max_age 1h }\n"
        "issuer east: kubernetes \"https://east.example\" { audience \"https://broker.example\" max_age 1h }\n"
        "issuer group clusters = west, east\n";
    const auto of = [&](const std::string& condition) {
        return lint_text(groups + "permit it for tool act when " + condition + " grant { \"act\" } for 5m");
    };
    CHECK(of("token.issuer is clusters")
              .first("workload-unpinned")
              .help.ends_with("require `clusters.namespace` and `clusters.service_account`"));
    CHECK_FALSE(of("clusters.namespace == \"agents\"").has("workload-unpinned"));
    CHECK(of("clusters.namespace == \"agents\" and token.issuer is prod").has("never-matches"));
    CHECK_FALSE(of("clusters.namespace == \"agents\" and token.issuer is east").has("never-matches"));
}

TEST_CASE("lint: a kind of one's own with workloads is linted like a trust domain") {
    const std::string kind = R"(
claims mesh_like { sub: string  zone: string  role workload sub }
issuer own: mesh_like "https://own.example" { audience "https://broker.example" }
)";
    const auto of = [&](const std::string& condition) {
        return lint_text(kind + "permit it for tool act when " + condition + " grant { \"act\" } for 5m");
    };
    CHECK(of("token.issuer is own and tenant == \"t1\"").first("workload-unpinned").help.ends_with("`own.sub`"));
    CHECK_FALSE(of("own.zone == \"a\"").has("workload-unpinned"));
}

TEST_CASE("lint: \"issuer-unpinned\" where the broker's word is taken for any issuer's workload") {
    tries("issuer-unpinned", {{"workload.namespace == \"a\"", true},
                              {"workload.service_account in { \"a\", \"b\" }", true},
                              {"token.issuer is prod and workload.namespace == \"a\"", false},
                              {"token.issuer == \"https://k8s.example\" and workload.namespace == \"a\"", false},
                              {"agent.class == \"support\"", false}});
}

TEST_CASE("lint: \"workload-unpinned\" and \"default-service-account\" of a cluster") {
    tries("workload-unpinned", {{"token.issuer is prod and tenant == \"t1\"", true},
                                {"token.issuer is prod and prod.service_account == \"a\"", true},
                                {"token.issuer is prod and prod.namespace == \"a\"", false},
                                {"token.issuer is prod and prod.sub == \"system:serviceaccount:a:b\"", false},
                                {"token.issuer is mesh and tenant == \"t1\"", true},
                                {"token.issuer is mesh and mesh.sub.path == \"/ns/a/sa/b\"", false}});
    tries("default-service-account",
          {{"prod.namespace == \"a\" and prod.service_account == \"default\"", true},
           {"prod.namespace == \"a\" and prod.sub_service_account in { \"b\", \"default\" }", true},
           {"prod.sub == \"system:serviceaccount:a:default\"", true},
           {"prod.namespace == \"a\" and prod.sub_service_account != \"default\"", false},
           {"prod.namespace == \"default\" and prod.service_account == \"b\"", false}});
}

TEST_CASE("lint: \"email-keyed\" of claims and of users") {
    tries("email-keyed", {{"google.email == \"a@b.example\"", true},
                          {"google.email == \"a@b.example\" and google.email_verified", true},
                          {"google.email == \"a@b.example\" and google.sub == \"1\"", false},
                          {"user is some and user.email == \"a@b.example\"", true},
                          {"user is some and user.email == \"a@b.example\" and user.id == \"alice\"", false}});
}

TEST_CASE("lint: \"entra-tenant-missing\" where the issuer's URL names no tenant, and \"blueprint-authority\"") {
    tries("entra-tenant-missing", {{"agents.azp == \"1\"", true},
                                   {"agents.azp == \"1\" and agents.tid == \"2\"", false},
                                   {"azure.azp == \"1\"", false}});
    tries("blueprint-authority",
          {{"agents.tid == \"2\" and agents.xms_par_app_azp == \"1\"", true},
           {"agents.tid == \"2\" and agents.xms_par_app_azp == \"1\" and agents.oid == \"3\"", false}});
}

TEST_CASE("lint: \"subject-format\" if every subject asked for is of the old form") {
    tries("subject-format",
          {{"ci.sub == \"repo:o/r:ref:refs/heads/main\"", true},
           {"ci.sub like \"repo:o/r:**\"", true},
           {"ci.sub == \"repo:o@1/r@2:ref:refs/heads/main\"", false},
           {"ci.sub in { \"repo:o/r:ref:refs/heads/main\", \"repo:o@1/r@2:ref:refs/heads/main\" }", false},
           {"ci.sub == \"repo:o/r:pull_request\" or ci.sub == \"repo:o@1/r@2:pull_request\"", false},
           {"ci.sub like \"repo:**\"", false}});
}

TEST_CASE("lint: \"ref-without-event\", not for tags") {
    tries("ref-without-event",
          {{"ci.repository_id == \"1\" and ci.ref == \"refs/heads/main\"", true},
           {"ci.repository_id == \"1\" and ci.ref like \"refs/heads/*\"", true},
           {"ci.repository_id == \"1\" and ci.ref like \"refs/tags/*\"", false},
           {"ci.repository_id == \"1\" and ci.ref matches \"refs/tags/v[0-9]+\"", false},
           {"ci.repository_id == \"1\" and ci.ref == \"refs/heads/main\" and ci.event_name == \"push\"", false}});
}

TEST_CASE("lint: \"event-of-strangers\" of permits to act") {
    const auto with = [](const std::string& event) {
        return "ci.repository_id == \"1\" and ci.ref == \"refs/heads/main\" and " + event;
    };
    for (const std::string_view event :
         {"ci.event_name == \"pull_request_target\"", "ci.event_name in { \"push\", \"workflow_run\" }",
          "ci.event_name != \"pull_request\"", "ci.event_name like \"pull_request**\"",
          "not (ci.event_name == \"push\")", "(ci.event_name == \"push\" or ci.event_name == \"issue_comment\")",
          "ci.event_name matches \".*\""}) {
        CAPTURE(event);
        CHECK(permit(with(std::string(event))).has("event-of-strangers"));
    }
    for (const std::string_view event :
         {"ci.event_name == \"push\"", "ci.event_name in { \"push\", \"workflow_dispatch\" }",
          "ci.event_name == \"pull_request\"", "ci.event_name like \"push**\" and ci.event_name != \"x\"",
          "ci.actor != \"x\""}) {
        CAPTURE(event);
        CHECK_FALSE(permit(with(std::string(event))).has("event-of-strangers"));
    }
    tries("event-of-strangers",
          {{"ci.repository_id == \"1\"", true},
           {"ci.repository_id == \"1\" and ci.environment == \"prod\"", false},
           {"ci.repository_id == \"1\" and ci.workflow_ref like \"o/r/.github/workflows/*@refs/heads/main\"", false},
           {"prod.namespace == \"a\"", false}});
    CHECK_FALSE(lint_text("permit see for tool look when ci.repository_id == \"1\" and ci.event_name == "
                          "\"pull_request_target\" grant { \"look\" } for 5m")
                    .has("event-of-strangers"));
}

TEST_CASE("lint: \"subject-never-both\"") {
    tries("subject-never-both",
          {{"ci.sub_repository_id == \"1\" and ci.sub_ref == \"refs/heads/main\" and ci.environment == "
            "\"prod\"",
            true},
           {"ci.sub like \"repo:o@1/r@2:ref:*\" and ci.sub_environment == \"prod\"", true},
           {"ci.repository_id == \"1\" and ci.ref == \"refs/heads/main\" and ci.environment == \"prod\"", false}});
}

TEST_CASE("lint: \"environment-unprotected\"") {
    tries("environment-unprotected",
          {{"own_gl.project_id == \"1\" and own_gl.environment == \"prod\"", true},
           {"own_gl.project_id == \"1\" and own_gl.environment == \"prod\" and own_gl.environment_protected "
            "== \"false\"",
            true},
           {"own_gl.project_id == \"1\" and own_gl.environment == \"prod\" and own_gl.environment_protected "
            "== \"true\"",
            false},
           {"own_gl.project_id == \"1\" and own_gl.ref_path == \"refs/heads/main\"", true},
           {"own_gl.project_id == \"1\"", false}});
}

TEST_CASE("lint: \"workflow-ref-wide\" and \"actor-authority\"") {
    tries("workflow-ref-wide",
          {{"ci.repository_id == \"1\" and ci.job_workflow_ref like \"o/r/.github/workflows/a.yml@*\"", true},
           {"ci.repository_id == \"1\" and ci.job_workflow_file == \"a.yml\"", true},
           {"ci.repository_id == \"1\" and ci.job_workflow_file == \"a.yml\" and ci.job_workflow_at == "
            "\"refs/heads/main\"",
            false},
           {"ci.repository_id == \"1\" and ci.workflow_ref like \"o/r/.github/workflows/*@refs/heads/main\"", false}});
    tries("actor-authority", {{"ci.repository_id == \"1\" and ci.actor == \"alice\"", true},
                              {"own_gl.project_id == \"1\" and own_gl.user_login == \"alice\"", true},
                              {"ci.repository_id == \"1\" and ci.actor != \"dependabot[bot]\"", false}});
}

TEST_CASE("lint: \"ssh-rerun-unchecked\", \"runner-unchecked\", \"run-phase-unchecked\"") {
    tries("ssh-rerun-unchecked", {{"circle.project_id == \"1\"", true},
                                  {"circle.project_id == \"1\" and not circle.ssh_rerun", false},
                                  {"circle.project_id == \"1\" and circle.ssh_rerun == false", false},
                                  {"circle.project_id == \"1\" and circle.ssh_rerun", true},
                                  {"circle.project_id == \"1\" and circle.ssh_rerun != false", true}});
    tries("runner-unchecked", {{"ci.repository_id == \"1\"", true},
                               {"ci.repository_id == \"1\" and ci.runner_environment == \"github-hosted\"", false}});
    tries(
        "run-phase-unchecked",
        {{"tfc.workspace_id == \"1\"", true},
         {"tfc.workspace_id == \"1\" and tfc.run_phase == \"apply\"", false},
         {"tfc.workspace_id == \"1\" and tfc.run_phase in { \"plan\", \"apply\" }", true},
         {"tfc.workspace_id == \"1\" and tfc.run_phase != \"apply\"", true},
         {"tfc.workspace_id == \"1\" and tfc.sub_operation == \"apply\"", false},
         {"tfc.workspace_id == \"1\" and tfc.sub == \"organization:o:project:p:workspace:w:run_phase:apply\"", false}});
    CHECK_FALSE(lint_text("permit plans for tool look when tfc.workspace_id == \"1\" grant { \"look\" } for 5m")
                    .has("run-phase-unchecked"));
}

namespace {

constexpr std::string_view kPlatforms = R"(
import std.azure_devops
import std.bitbucket
import std.fly
import std.modal
import std.oauth
import std.oidc
import std.vercel
tier read < write
issuer any_vercel: vercel "https://oidc.vercel.com" { audience "https://vercel.com/acme" }
issuer acme_vercel: vercel "https://oidc.vercel.com/acme" { audience "https://vercel.com/acme" }
issuer bb: bitbucket "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc" { audience "a" }
issuer ado: azure_devops "https://vstoken.dev.azure.com/1" { audience "api://AzureADTokenExchange" }
issuer machines: fly "https://oidc.fly.io/acme" { audience "a" }
issuer functions: modal "https://oidc.modal.com" { audience "oidc.modal.com" }
issuer google: oidc_user "https://accounts.google.com" { audience "a" }
issuer login: oidc_user "https://login.example" { audience "a" }
issuer idp: id_jag "https://idp.example" { audience "a" }
tool act { tier write  audience "https://act.example"  scopes { "act" } }
tool look { tier read  audience "https://look.example"  scopes { "look" } }
)";

/// The findings of a permit to act with this condition, under issuers of platforms and of people.
Found on_platform(std::string_view condition) {
    return {workspace_of(std::string(kPlatforms) + "permit it\n  for tool act\n  when " + std::string(condition) +
                         "\n  grant { \"act\" } for 5m\n")
                .lint(all_on())};
}

}  // namespace

TEST_CASE("lint: whose token it is, under the issuers of platforms") {
    struct Case {
        std::string_view condition, finding;
    };
    for (const Case& each : std::initializer_list<Case>{
             {"token.issuer is any_vercel and any_vercel.environment == \"production\"", "shared-issuer-unscoped"},
             {"any_vercel.sub == \"owner:acme:project:a:environment:production\"", "name-only-trust"},
             {"any_vercel.sub like \"owner:acme:**\"", "name-only-trust"},
             {"any_vercel.sub like \"owner:acme*:**\"", "shared-issuer-unscoped"},
             {"any_vercel.owner == \"acme\"", "name-only-trust"},
             {"token.issuer is acme_vercel", "workload-unpinned"},
             {"any_vercel.owner_id == \"t\" and any_vercel.user_id == \"u\"", "actor-authority"},
             {"token.issuer is bb", "workload-unpinned"},
             {"token.issuer is ado", "workload-unpinned"},
             {"token.issuer is machines", "workload-unpinned"},
             {"token.issuer is functions and functions.app_name == \"a\"", "shared-issuer-unscoped"},
             {"functions.sub like \"modal:**\"", "shared-issuer-unscoped"},
             {"functions.sub like \"modal:workspace_id:ac-1*:**\"", "shared-issuer-unscoped"},
             {"token.issuer is google and google.groups contains \"support\"", "shared-issuer-unscoped"},
             {"google.email == \"a@acme.example\" and google.email_verified", "email-keyed"},
             {"token.issuer is idp", "workload-unpinned"},
             {"idp.client_id == \"c\" and idp.email == \"a@acme.example\"", "email-keyed"},
             {"idp.client_id == \"c\" and idp.scope == \"a\"", "words-as-text"},
         }) {
        CAPTURE(each.condition);
        CHECK(on_platform(each.condition).has(each.finding));
    }
    // Others decide what a preview runs.
    for (const auto& [condition, found] : std::initializer_list<std::pair<std::string_view, bool>>{
             {"any_vercel.owner_id == \"t\"", true},
             {"any_vercel.owner_id == \"t\" and any_vercel.environment == \"production\"", false},
             {"any_vercel.owner_id == \"t\" and any_vercel.environment == \"staging\"", false},
             {"any_vercel.owner_id == \"t\" and any_vercel.environment != \"development\"", true},
             {"any_vercel.owner_id == \"t\" and any_vercel.sub_environment == \"production\"", false},
             {"any_vercel.owner_id == \"t\" and any_vercel.environment in { \"production\", \"preview\" }", true}}) {
        CAPTURE(condition);
        CHECK(on_platform(condition).has("run-phase-unchecked") == found);
    }
    const Found preview = on_platform("any_vercel.owner_id == \"t\"");
    CHECK(preview.first("run-phase-unchecked").message ==
          "permit `it` accepts `preview`, where nobody has approved what runs");
    CHECK(preview.first("run-phase-unchecked").help.find("any_vercel.environment == \"production\"") !=
          std::string::npos);
    // A shared issuer has one finding: whose, not which.
    CHECK_FALSE(on_platform("token.issuer is any_vercel").has("workload-unpinned"));
    for (const std::string_view pinned :
         {"any_vercel.owner_id == \"t\"", "any_vercel.project_id == \"p\"", "acme_vercel.project_id == \"p\"",
          "bb.repository_uuid == \"{r}\"", "ado.sub == \"sc://a/b/c\"", "ado.pipeline_id == \"1\"",
          "machines.app_id == \"1\"", "functions.workspace_id == \"ac-1\"",
          "functions.sub like \"modal:workspace_id:ac-1:**\"", "google.sub == \"1\"", "login.sub == \"1\"",
          "login.groups contains \"support\"", "idp.client_id == \"c\""}) {
        CAPTURE(pinned);
        const Found found = on_platform(pinned);
        for (const std::string_view name :
             {"shared-issuer-unscoped", "name-only-trust", "workload-unpinned", "email-keyed"})
            CHECK_FALSE(found.has(name));
    }
}

TEST_CASE("lint: what a kind of one's own says about its jobs, and \"token-never-accepted\"") {
    const auto own = [](std::string_view condition) -> Found {
        return {workspace_of("claims acme_ci shared {\n  org: string\n  event: string\n  stage: string\n  shell: bool\n"
                             "  branch: string\n  role owner org\n"
                             "  role trigger event is { \"push\" } not { \"comment\" }\n"
                             "  role phase stage not { \"draft\" }\n  role login shell is { false } not { true }\n"
                             "  role code branch\n}\n"
                             "claims old { iss: string  never permit because \"ask for new ones\" }\n"
                             "tier read < write\n"
                             "issuer ci: acme_ci \"https://ci.example\" { audience \"a\" }\n"
                             "issuer past: old \"https://old.example\" { audience \"a\" }\n"
                             "tool act { tier write  audience \"https://act.example\"  scopes { \"act\" } }\n"
                             "permit it for tool act when " +
                             std::string(condition) + " grant { \"act\" } for 5m\n")
                    .lint(all_on())};
    };
    const Found open = own("ci.org == \"1\"");
    CHECK(open.has("event-of-strangers"));
    CHECK(open.has("run-phase-unchecked"));
    CHECK(open.has("ssh-rerun-unchecked"));
    CHECK_FALSE(open.has("token-never-accepted"));
    CHECK(open.first("event-of-strangers").help.find("`ci.event == \"push\"`") != std::string::npos);
    CHECK(open.first("run-phase-unchecked").help.find("require `ci.stage`") != std::string::npos);
    CHECK(open.first("ssh-rerun-unchecked").help.find("`ci.shell == false`") != std::string::npos);
    CHECK_FALSE(own("ci.org == \"1\" and ci.branch == \"main\"").has("event-of-strangers"));
    CHECK(own("ci.org == \"1\" and ci.branch == \"main\" and ci.event != \"push\"").has("event-of-strangers"));
    const Found closed = own("ci.org == \"1\" and ci.event == \"push\" and ci.stage == \"live\" and ci.shell == false");
    for (const std::string_view name : {"event-of-strangers", "run-phase-unchecked", "ssh-rerun-unchecked"})
        CHECK_FALSE(closed.has(name));
    CHECK(own("token.issuer is past").first("token-never-accepted").help == "ask for new ones");
}

TEST_CASE("lint: \"nested-actor\" and \"asserted-permission\", in permits only") {
    tries("nested-actor", {{"exchange.act.act.sub == \"a\"", true}, {"exchange.act.sub == \"a\"", false}});
    tries("asserted-permission", {{"exchange.may_act.sub == \"a\"", true}, {"exchange.sub == \"a\"", false}});
    CHECK_FALSE(
        lint_text("deny past when token.issuer is exchange and exchange.act.act.sub == \"a\"").has("nested-actor"));
}

TEST_CASE("lint: \"words-as-text\", \"user-assertion-unchecked\", \"all-of-empty\"") {
    tries("words-as-text", {{"exchange.scope == \"a\"", true},
                            {"agents.xms_act_fct matches \".*11.*\"", true},
                            {"words(exchange.scope) contains \"a\"", false}});
    tries("user-assertion-unchecked",
          {{"core.workload_name == \"a\" and core.user_sub == \"alice\"", true},
           {"core.workload_name == \"a\" and core.user_sub == \"alice\" and core.user_assertion == \"jwt\"", false},
           // Nobody checks this one, whatever the assertion is.
           {"core.workload_name == \"a\" and core.user_id == \"alice\" and core.user_assertion == \"jwt\"", true}});
    tries("all-of-empty", {{"circle.project_id == \"1\" and (all c in circle.context_ids: c == \"a\")", true},
                           {"circle.project_id == \"1\" and circle.context_ids subset of { \"a\" }", true},
                           {"circle.project_id == \"1\" and circle.context_ids contains \"a\" and "
                            "circle.context_ids subset of { \"a\" }",
                            false},
                           {"prod.namespace == \"a\" and egress subset of { host(\"a.example\") }", false}});
    // The same condition in several spellings.
    const auto roles = [](std::string_view test, bool found) {
        CAPTURE(test);
        CHECK(permit("azure.oid == \"o\" and " + std::string(test)).has("all-of-empty") == found);
    };
    for (const std::string_view test :
         {"(all r in azure.roles: r == \"a\")", "not (any r in azure.roles: r != \"a\")",
          "azure.roles subset of { \"a\" }", "count(r in azure.roles: r != \"a\") == 0",
          "count(r in azure.roles: r != \"a\") < 1", "not (count(r in azure.roles: r != \"a\") > 0)",
          "0 == count(r in azure.roles: r != \"a\")", "azure.roles - { \"a\" } == { }",
          "azure.roles | { \"a\" } == { \"a\" }", "azure.roles & { \"bad\" } == { }",
          "not (azure.roles - { \"a\" } != { })", "azure.roles - { \"a\" } subset of { }",
          "not (azure.roles - { \"a\" } overlaps { \"b\" })", "words(azure.scp) subset of { \"x\" }",
          "(all w in words(azure.scp): w == \"x\")", "not (words(azure.scp) overlaps { \"y\" })"})
        roles(test, true);
    for (const std::string_view test :
         {"azure.roles overlaps { \"a\" }", "azure.roles == { \"a\" }", "azure.roles & { \"a\" } == { \"a\" }",
          "azure.roles | { \"a\" } != { \"a\" }", "count(r in azure.roles: r == \"a\") >= 1",
          "count(r in azure.roles: r == \"a\") <= 3", "azure.roles == { }",
          "azure.roles subset of { \"a\" } and azure.roles != { }",
          "azure.roles subset of { \"a\" } and count(r in azure.roles: r == \"a\") == 1", "azure.scp == \"x\"",
          "azure.scp != \"x\"", "words(azure.scp) subset of { \"x\" } and words(azure.scp) contains \"x\""})
        roles(test, false);
}

TEST_CASE("lint: \"case-folded\" names and \"case-exact-arm\" identifiers") {
    tries("case-folded", {{"ci.repository_id == \"1\" and lower(ci.repository) == \"o/r\"", true},
                          {"azure.oid == \"1\" and lower(azure.xms_mirid) == \"/a\"", false},
                          {"prod.namespace == \"a\" and lower(agent.class) == \"x\"", false}});
    tries("case-exact-arm", {{"azure.oid == \"1\" and azure.xms_mirid == \"/a\"", true},
                             {"azure.oid == \"1\" and lower(azure.xms_mirid) == \"/a\"", false}});
}

TEST_CASE(
    "lint: \"token-type-unchecked\", \"token-age-unlimited\", \"issuer-insecure\", \"mixed-scripts\", of "
    "issuers") {
    const Found found = lint_text(
        "issuer server: mcp \"https://as.example\" { audience \"a\" }\n"
        "issuer old: kubernetes \"https://old.example\" { audience \"a\" }\n"
        "issuer plain: kubernetes \"http://plain.example\" { audience \"a\" max_age 1h }\n"
        "issuer named: kubernetes \"https://good.example@evil.example\" { audience \"a\" max_age 1h }\n"
        "issuer alike: kubernetes \"https://k8s.ex\u0430mple\" { audience \"a\" max_age 1h }\n");
    CHECK(found.text_at(found.first("token-type-unchecked").span) == "server");
    CHECK(found.count("token-age-unlimited") == 1);
    CHECK(found.text_at(found.first("token-age-unlimited").span) == "old");
    CHECK(found.count("issuer-insecure") == 2);
    CHECK(found.count("mixed-scripts") == 1);
    // A text in one script other than Latin is not suspicious.
    CHECK_FALSE(permit("prod.namespace == \"a\" and resource.id == \"\u041F\u0440\u0438\u0432\u0435\u0442\"")
                    .has("mixed-scripts"));
}

TEST_CASE("lint: \"replay-unchecked\" once, unless a rule denies it") {
    CHECK(permit("prod.namespace == \"a\"").count("replay-unchecked") == 1);
    CHECK_FALSE(lint_text("permit it for tool act when prod.namespace == \"a\" grant { \"act\" } for "
                          "5m\ndeny again when host.replayed")
                    .has("replay-unchecked"));
}

TEST_CASE("lint: \"subject-wide\" unless another claim says what the pattern leaves open") {
    tries("subject-wide",
          {{"ci.sub like \"repo:octo-org*/*:ref:refs/heads/main\"", true},
           {"ci.sub like \"repo:octo-org/*:ref:refs/heads/main\"", true},
           {"ci.sub like \"repo:octo-org/app:*\"", true},
           {"ci.sub like \"repo:octo-org/app:**\"", true},
           {"ci.sub like \"repo:octo-org/app:ref:refs/heads/*\"", true},
           {"ci.sub like \"**:ref:refs/heads/main\"", true},
           {"ci.sub like \"repo:octo-org/app:ref:refs/tags/*\"", false},
           {"ci.repository_id == \"1\" and ci.event_name == \"push\" and ci.sub like \"repo:octo-org/*:**\"", false},
           {"ci.sub like \"repo:octo-org@1/app@*:ref:refs/heads/main\"", false},
           {"tfc.sub like \"organization:*:project:p:workspace:w:run_phase:apply\"", true},
           {"tfc.organization_id == \"1\" and tfc.sub like "
            "\"organization:*:project:p:workspace:w:run_phase:apply\"",
            false}});
}

TEST_CASE("lint: \"spiffe-wide\"") {
    tries("spiffe-wide", {{"mesh.sub like \"spiffe://example.org/ns/prod*\"", true},
                          {"mesh.sub like \"spiffe://example.*/ns/prod\"", true},
                          {"mesh.sub.path like \"/ns/prod*\"", true},
                          {"mesh.sub like \"spiffe://example.org/ns/prod/**\"", false},
                          {"mesh.sub.path like \"/ns/prod/sa/*\"", false}});
}

TEST_CASE("lint: \"regex-dot\", \"regex-glob\", \"glob-regex\"") {
    tries("regex-dot", {{"resource.id matches \"a.example\"", true},
                        {"resource.id matches \"a\\\\.example\"", false},
                        {"ci.repository_id == \"1\" and ci.ref matches \"refs/tags/.*\"", true},
                        {"ci.repository_id == \"1\" and not (ci.ref matches \"refs/pull/.*\")", false},
                        {"resource.id matches \"a.*b\"", false},
                        {"resource.id matches \"[a.b]+\"", false}});
    tries("regex-glob", {{"ci.ref matches \"refs/tags/*\"", true}, {"ci.ref matches \"refs/tags/[^/]*\"", false}});
    tries("glob-regex", {{"ci.ref like \"refs/tags/v[0-9]*\"", true},
                         {"ci.ref like \"refs/.*\"", true},
                         {"ci.ref like \"refs/tags/v1.*\"", false},
                         {"ci.ref like \"refs/tags/*\"", false}});
}

TEST_CASE("lint: \"regex-literal\" with what to write instead") {
    const Found found = permit("ci.repository_id == \"1\" and ci.ref matches \"refs/heads/main|refs/heads/dev\"");
    REQUIRE(found.has("regex-literal"));
    CHECK(found.first("regex-literal").replacement == "ci.ref in { \"refs/heads/main\", \"refs/heads/dev\" }");
    CHECK(permit("ci.ref matches \"refs/heads/main\"").first("regex-literal").replacement ==
          "ci.ref == \"refs/heads/main\"");
    tries("regex-literal", {{"ci.ref matches \"refs/heads/(main|dev)\"", false}, {"ci.ref matches \"a|\"", false}});
}

TEST_CASE("lint: \"never-matches\" over alternatives, tools and the claims that a permit reads") {
    tries("never-matches",
          {{"(tenant == \"a\" and run.background or tenant == \"b\" and run.attempt == 1) and tenant == \"c\"", true},
           {"(tenant == \"a\" and run.background or tenant == \"b\" and run.attempt == 1) and tenant == \"b\"", false},
           {"token.issuer is prod and ci.repository_id == \"1\"", true},
           {"token.issuer is prod and lower(ci.repository) like \"o/**\"", true},
           {"prod.namespace == \"a\" and ci.repository_id == \"1\"", true},
           {"token.issuer is not ci and not (ci.repository_id == \"1\")", true},
           {"(token.issuer is prod or token.issuer is ci) and ci.repository_id == \"1\"", false},
           {"prod.namespace == \"a\" and tool.tier < write", true},
           {"prod.namespace == \"a\" and tool.tier >= write", false},
           {"prod.namespace == \"a\" and tool.name != \"act\"", true},
           {"prod.namespace == \"a\" and tool.name is act", false},
           {"prod.namespace == \"a\" and agent.owner is none and agent.owner == \"x\"", true},
           {"prod.namespace == \"a\" and agent.owner is some and agent.owner == \"x\"", false},
           {"user is some and user.roles contains \"a\" and user.roles contains \"b\"", false}});
}

TEST_CASE("lint: \"duplicate-rule\", \"shadowed-permit\", \"redundant-deny\", \"denied-permit\"") {
    const auto two = [](const std::string& a, const std::string& b) {
        return lint_text("permit one for tool act when prod.namespace == \"a\" and " + a +
                         "\npermit two for tool act when prod.namespace == \"a\" and " + b + "\n");
    };
    const Found twice = two("tenant == \"t\" grant { \"act\" } for 5m", "tenant == \"t\" grant { \"act\" } for 5m");
    CHECK(twice.count("duplicate-rule") == 1);
    CHECK(twice.text_at(twice.first("duplicate-rule").span) == "two");
    CHECK_FALSE(twice.has("shadowed-permit"));
    const Found narrower = two("tenant == \"t\" grant { \"act\" } for 5m",
                               "tenant in { \"s\", \"t\" } grant { \"act\", \"act:more\" } for 9m");
    CHECK(narrower.text_at(narrower.first("shadowed-permit").span) == "one");
    CHECK(two("params.amount <= 5 grant { \"act\" } for 5m", "params.amount < 9 grant { \"act\" } for 5m")
              .has("shadowed-permit"));
    CHECK_FALSE(two("params.amount < 9 grant { \"act\" } for 5m", "params.amount <= 9 grant { \"act\" } for 4m")
                    .has("shadowed-permit"));
    CHECK_FALSE(two("tenant == \"t\" grant { \"act\" } for 5m", "tenant == \"s\" grant { \"act\" } for 5m")
                    .has("shadowed-permit"));
    CHECK_FALSE(
        two("tenant == \"t\" grant { \"act:more\" } for 5m", "tenant in { \"s\", \"t\" } grant { \"act\" } for 9m")
            .has("shadowed-permit"));
    CHECK_FALSE(lint_text("permit one for tool act when prod.namespace == \"a\" and params.amount <= 5 grant "
                          "{ \"act\" } for 5m\n"
                          "permit two extends one when params.amount <= 9")
                    .has("shadowed-permit"));
    const Found denies =
        lint_text("deny wide when tenant == \"t\"\ndeny narrow for tool act when tenant == \"t\" and run.background\n");
    CHECK(denies.text_at(denies.first("redundant-deny").span) == "narrow");
    CHECK(denies.count("redundant-deny") == 1);
    const Found denied = lint_text(
        "permit one for tool act when prod.namespace == \"a\" and tenant == \"t\" grant { \"act\" } for 5m\n"
        "deny all_of_t when tenant in { \"s\", \"t\" }\n");
    CHECK(denied.has("denied-permit"));
    CHECK_FALSE(lint_text("permit one for tool act when prod.namespace == \"a\" and tenant in { \"s\", \"t\" "
                          "} grant { \"act\" } for 5m\n"
                          "deny all_of_t when tenant == \"t\"\n")
                    .has("denied-permit"));
    CHECK(lint_text("permit one for tool act when prod.namespace == \"a\" grant { \"act\" } for 5m\ndeny "
                    "act_at_all for tool act\n")
              .has("denied-permit"));
}

TEST_CASE("lint: \"approval-lifts-deny\"") {
    const auto found = [](std::string_view condition) {
        return lint_text("deny d for tool act when " + std::string(condition) + "\n").has("approval-lifts-deny");
    };
    for (const char* lifts : {
             "approvals is none",
             "not (approvals is some)",
             "tenant == \"t\" and (approvals is none or run.background)",
             "approvals is none or not (any a in approvals: a.state == approved)",
             "approvals is some and all a in approvals: a.state != approved",
             "approvals is some and count(a in approvals: a.state == approved) < 2",
             "approvals is some and not (count(a in approvals: a.state == approved) >= 1)",
         }) {
        INFO(lifts);
        CHECK(found(lifts));
    }
    for (const char* stays : {
             "approvals is some",
             "approvals is some and any a in approvals: a.state == rejected",
             "approvals is some and count(a in approvals: a.state == rejected) >= 1",
             "approvals is some and not (all a in approvals: a.state == approved)",
             "user is none",
         }) {
        INFO(stays);
        CHECK_FALSE(found(stays));
    }
    CHECK_FALSE(lint_text("invariant i: never permit when tool.tier >= write and approvals is none\n")
                    .has("approval-lifts-deny"));
}

TEST_CASE("lint: \"rule-without-permit\", \"limit-idle\", \"unused-tool\", \"mixed-tiers\", \"reason-name\"") {
    const std::string permits = "permit one for tool act when prod.namespace == \"a\" grant { \"act\" } for 5m\n";
    const Found found = lint_text(permits +
                                  "oblige noted for tool look with audit(level: \"full\")\nlimit long to ttl "
                                  "1h\nlimit short to ttl 4m\n"
                                  "limit kept to scopes { \"act\" }\nlimit once to ttl 1h, single_use\ndeny "
                                  "run_ended when run.state == ended\n");
    CHECK(found.text_at(found.first("rule-without-permit").span) == "noted");
    CHECK(found.count("limit-idle") == 2);
    CHECK(found.text_at(found.first("limit-idle").span) == "long");
    CHECK(found.text_at(found.first("unused-tool").span) == "look");
    CHECK(found.text_at(found.first("reason-name").span) == "run_ended");
    // A module of rules that others import.
    CHECK_FALSE(lint_text("oblige noted for tool look with audit(level: \"full\")\n").has("rule-without-permit"));
    CHECK_FALSE(lint_text("oblige noted for tool look with audit(level: \"full\")\n").has("unused-tool"));
    CHECK(
        lint_text("permit every when prod.namespace == \"a\" grant { \"act\", \"look\" } for 5m\n").has("mixed-tiers"));
    // A permit does not grant scopes that its tools do not declare: this one grants "look", and a
    // limit to "act" limits nothing else.
    const Found own = lint_text("permit every when prod.namespace == \"a\" grant { \"look\" } for 5m\n");
    CHECK_FALSE(own.has("mixed-tiers"));
    CHECK(own.text_at(own.first("unused-tool").span) == "act");
    CHECK(lint_text("permit every when prod.namespace == \"a\" grant { \"act\", \"look\" } for 5m\n"
                    "limit acts for tool act to scopes { \"act\" }\n")
              .has("limit-idle"));
    CHECK_FALSE(lint_text("permit every when prod.namespace == \"a\" and tool.tier == read grant { \"look\" } for 5m\n")
                    .has("mixed-tiers"));
    CHECK_FALSE(lint_text("permit every when prod.namespace == \"a\" grant { \"act\", \"look\" } for 5m\n"
                          "require asked when tool.tier > read approval from group \"g\" within 5m\n")
                    .has("mixed-tiers"));
}

TEST_CASE("lint: \"untested-rule\" once without tests, else each rule that none applies") {
    CHECK(permit("prod.namespace == \"a\"").count("untested-rule") == 1);
}

TEST_CASE("lint: \"unused-definition\", \"unused-issuer\", \"unused-import\", \"duplicate-element\"") {
    const Found found = lint_text(
        "define lonely = run.background\nexport define shared = run.background\n"
        "define quiet = run.background\ndeny at_rest when quiet\nenum colour = red | green\n"
        "permit one for tool act when prod.namespace in { \"a\", \"b\", \"a\" } grant { \"act\" } for 5m\n");
    CHECK(found.count("unused-definition") == 2);
    CHECK(found.text_at(found.first("unused-definition").span) == "lonely");
    CHECK(found.has("unused-issuer"));
    CHECK(found.count("duplicate-element") == 1);
    CHECK(permit("run.background in { true, true }").count("duplicate-element") == 1);
    CHECK_FALSE(permit("agent.class == \"support\"").has("unused-issuer"));
    // The start of the policy uses the imports, except std.wimse. std.mcp has a rule.
    CHECK(found.count("unused-import") == 1);
    CHECK(found.text_at(found.first("unused-import").span) == "std.wimse");
}

TEST_CASE("lint: suppressions at the line, above it, and above a declaration; with a reason") {
    const std::string condition = "token.issuer is ci and ci.ref == \"refs/heads/main\"";
    const std::string rest = "\n  for tool act\n  when " + condition + "\n  grant { \"act\" } for 5m\n";
    const auto allow = [](const std::string& what) { return "// lint: allow " + what + "\n"; };
    const Found above = lint_text(allow("shared-issuer-unscoped, ref-without-event because it is a toy") +
                                  "/// Documentation.\npermit it" + rest);
    CHECK_FALSE(above.has("shared-issuer-unscoped"));
    CHECK_FALSE(above.has("ref-without-event"));
    REQUIRE(above.report.suppressed.size() == 2);
    CHECK(above.report.suppressed[0].reason == "it is a toy");
    CHECK_FALSE(lint_text("permit it // lint: allow shared-issuer-unscoped because it is a toy" + rest)
                    .has("shared-issuer-unscoped"));
    const Found other = lint_text("permit it // lint: allow subject-wide because it is a toy" + rest);
    CHECK(other.has("shared-issuer-unscoped"));
    CHECK(other.text_at(other.first("suppression-unused").span) == "subject-wide");
    const Found mute = lint_text(allow("shared-issuer-unscoped") + "permit it" + rest);
    CHECK(mute.has("shared-issuer-unscoped"));
    CHECK(mute.has("suppression-unexplained"));
    for (const std::string nothing : {"because", "because .", "because \u00a0", "because --"})
        CHECK(
            lint_text(allow("shared-issuer-unscoped " + nothing) + "permit it" + rest).has("suppression-unexplained"));
    const Found slip = lint_text(allow("shared-isuer-unscoped because it is a toy") + "permit it" + rest);
    CHECK(slip.first("suppression-unused").help == "did you mean `shared-issuer-unscoped`?");
    // In a string it is not a suppression.
    CHECK_FALSE(permit("prod.namespace == \"// lint: nothing\"").has("suppression-unexplained"));
}

TEST_CASE("lint: levels turn findings off, and into errors; what is off is not called unused") {
    const Workspace workspace =
        workspace_of(std::string(kStart) +
                     "// lint: allow runner-unchecked because the machines are new each time\npermit it for "
                     "tool act when ci.repository_id == \"1\" grant { \"act\" } for 5m\n");
    LintOptions options;
    options.levels["untested-rule"] = LintLevel::Error;
    options.levels["unused-issuer"] = LintLevel::Off;
    const Found found{workspace.lint(options)};
    CHECK(found.first("untested-rule").severity == Severity::Error);
    CHECK_FALSE(found.has("unused-issuer"));
    CHECK_FALSE(found.has("suppression-unused"));
    options.levels["runner-unchecked"] = LintLevel::Warning;
    CHECK(workspace.lint(options).suppressed.size() == 1);
}

TEST_CASE("lint: fixes leave a policy that compiles, and say nothing else") {
    const std::string text = std::string(kStart) +
                             "/// Gone with it.\ndefine lonely = run.background\n\npermit one\n  for tool "
                             "act\n  when prod.namespace in { \"a\", \"b\", \"a\" }\n"
                             "   and resource.id matches \"x|y\"\n  grant { \"act\" } for 5m\n\npermit two\n "
                             " for tool act\n  when prod.namespace in { \"a\", \"b\" }\n"
                             "   and resource.id matches \"x|y\"\n  grant { \"act\" } for 5m\n";
    const Workspace workspace = workspace_of(text);
    const auto changed = workspace.apply_fixes(workspace.lint(all_on()), all_on());
    REQUIRE(changed.size() == 1);
    std::string wanted = text;
    const auto cut = [&](const std::string& what, const std::string& with) {
        wanted.replace(wanted.find(what), what.size(), with);
    };
    cut("import std.wimse\n", "");
    cut("/// Gone with it.\ndefine lonely = run.background\n", "");
    cut(", \"a\" }", " }");
    cut("resource.id matches \"x|y\"", "resource.id in { \"x\", \"y\" }");
    CHECK(changed[0].text.substr(0, wanted.find("permit two")) == wanted.substr(0, wanted.find("permit two")));
    const Workspace after = workspace_of(changed[0].text);
    for (const char* name : {"unused-import", "unused-definition", "duplicate-element", "regex-literal"})
        CHECK_FALSE(Found{after.lint(all_on())}.has(name));
}

TEST_CASE("lint: a duplicate that a test names is left") {
    const std::string rule = "  for tool act\n  when prod.namespace == \"a\"\n  grant { \"act\" } for 5m\n";
    const Workspace alone = workspace_of(std::string(kStart) + "permit one\n" + rule + "permit two\n" + rule);
    const auto changed = alone.apply_fixes(alone.lint({}), {});
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].text.find("permit two") == std::string::npos);
    const Workspace named = workspace_of(std::string(kStart) + "permit one\n" + rule + "permit two\n" + rule +
                                         "permit three extends two when tenant == \"t\"\n");
    const auto kept = named.apply_fixes(named.lint({}), {});
    for (const Source& each : kept) CHECK(each.text.find("permit two") != std::string::npos);
}

TEST_CASE("lint: a permit for one text is covered by one for texts of its pattern, whatever the test is written with") {
    const auto covered = [](const std::string& pattern, const std::string& text) {
        const std::string rest = "\n  grant { \"act\" } for 5m\n";
        return lint_text(
                   "permit wide\n  for tool act\n  when prod.namespace == \"a\" and resource.id " + pattern + rest +
                   "permit narrow\n  for tool act\n  when prod.namespace == \"a\" and resource.id == " + text + rest)
            .has("shadowed-permit");
    };
    for (const char* pattern : {"like \"ab**\"", "matches \"ab.*\""}) {
        CHECK(covered(pattern, "\"abc\""));
        CHECK_FALSE(covered(pattern, "\"ba\""));
    }
}
