// Lints about what a permit requires of a CI job besides its owner: ref, event, environment, runner and phase.
#include <algorithm>

#include "lint/cases.h"
#include "lint/suppose.h"

namespace writ::lint {

namespace {

using namespace check;

/// A test of a claim for constants or with a pattern, with the required text, or what is matched.
struct Asked {
    const Expr* place = nullptr;
    std::string_view text;
    bool pattern = false;
};

/// The requirements of a case for a claim, from all its top-level tests.
std::vector<Asked> asked_of(const Linter& l, const Case& c, std::uint32_t issuer, std::string_view claim) {
    std::vector<Asked> out;
    const auto is_it = [&](const Expr& value) {
        const Expr* fact = fact_in(value);
        return fact != nullptr && l.claim_of(fact->id) == claim &&
               l.policy.is_among(issuer, l.policy.facts[fact->id].issuer);
    };
    for (const Literal& literal : c.literals) {
        const Expr& e = *literal.test;
        if (literal.positive && e.op == Op::TextTest && is_it(*e.kids[0])) out.push_back({&e, e.matcher->text, true});
        const Pinned test = pinned(literal);
        if (test.value == nullptr || !is_it(*test.value)) continue;
        for (const Expr* constant : constants_of(*test.constant)) out.push_back({constant, constant->text, false});
    }
    return out;
}

bool asks(const std::vector<Asked>& asked, std::string_view text) {
    return !asked.empty() &&
           std::all_of(asked.begin(), asked.end(), [&](const Asked& each) { return each.text == text; });
}

/// Whether a required subject has `owner/repository` without identifiers.
bool is_old_form(std::string_view subject) {
    if (!subject.starts_with("repo:")) return false;
    subject.remove_prefix(5);
    const std::string_view owner = subject.substr(0, subject.find(':'));
    return owner.find('/') != std::string_view::npos && owner.find('@') == std::string_view::npos &&
           owner.find("**") == std::string_view::npos;
}

void github(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const std::string& name = l.name_of(c, issuer);
    const auto subjects = asked_of(l, c, issuer, "sub");
    const auto refs = asked_of(l, c, issuer, "ref");
    const bool only_tags = !refs.empty() && std::all_of(refs.begin(), refs.end(), [](const Asked& each) {
        return each.text.starts_with("refs/tags/");
    });
    if (l.restricts(c, issuer, {"ref"}) && !only_tags && !l.restricts(c, issuer, {"event_name", "sub_ref"}))
        l.report(Lint::RefWithoutEvent, rule.span, permit_of(rule) + " checks the ref but not the event",
                 "not only pushes run on a ref",
                 "`pull_request_target` runs on the base's ref, with content from strangers; also require `" + name +
                     ".event_name in { \"push\", \"workflow_dispatch\" }`");
    const bool environment = l.restricts(c, issuer, {"environment", "sub_environment"});
    const bool branch = l.restricts(c, issuer, {"sub_ref"}) ||
                        (!subjects.empty() && std::all_of(subjects.begin(), subjects.end(), [](const Asked& each) {
                            return each.text.find(":ref:") != std::string_view::npos;
                        }));
    if (environment && branch)
        l.report(Lint::SubjectNeverBoth, rule.span,
                 permit_of(rule) + " requires a subject with a ref, and an environment",
                 "the subject of a job with an environment has no ref",
                 "the permit never applies; read both from their own claims, " + quoted(name + ".ref") + " and " +
                     quoted(name + ".environment"));
}

/// Events that anyone can cause, and whose jobs run on the base's branch, with its tokens.
constexpr std::string_view kOpenEvents[] = {
    "pull_request_target", "workflow_run", "issue_comment", "issues", "discussion",
    "discussion_comment",  "fork",         "watch",         "gollum"};
/// Claims that say what runs, or that someone has approved the run.
constexpr std::string_view kRun[] = {"ref",
                                     "ref_type",
                                     "sub",
                                     "sub_ref",
                                     "sub_environment",
                                     "environment",
                                     "environment_node_id",
                                     "workflow",
                                     "workflow_ref",
                                     "workflow_sha",
                                     "workflow_file",
                                     "workflow_at",
                                     "job_workflow_ref",
                                     "job_workflow_sha",
                                     "job_workflow_file",
                                     "job_workflow_at",
                                     "sha",
                                     "head_ref",
                                     "base_ref"};

/// Claims that identify the owner of a job: if none is required, more than the event is left open.
constexpr std::string_view kWhose[] = {"repository_id", "repository_owner_id", "repository",   "repository_owner",
                                       "enterprise_id", "enterprise",          "sub_owner_id", "sub_repository_id",
                                       "sub_owner",     "sub_repository"};

void open_events(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    if (!l.acts(rule)) return;
    const auto event = std::find_if(c.read.begin(), c.read.end(), [&](std::uint32_t fact) {
        return l.policy.is_among(issuer, l.policy.facts[fact].issuer) && l.claim_of(fact) == "event_name";
    });
    // If the event is not required, a claim about what runs may be; a ref alone is reported by ref-without-event.
    if (event == c.read.end() && (l.restricts(c, issuer, kRun) || !l.restricts(c, issuer, kWhose))) return;
    const auto taken = std::find_if(std::begin(kOpenEvents), std::end(kOpenEvents), [&](std::string_view name) {
        Supposition supposition{issuer, {}};
        if (event != c.read.end()) supposition.facts[*event] = {Supposed::What::Text, Supposed::kTypical, name};
        return can_hold(l.policy, c, supposition);
    });
    if (taken == std::end(kOpenEvents)) return;
    const std::string& name = l.name_of(c, issuer);
    l.report(Lint::EventOfStrangers, rule.span,
             permit_of(rule) + " accepts jobs of " + quoted(*taken) + ", which anyone can trigger",
             event == c.read.end() ? "does not check the event" : "accepts events that strangers can trigger",
             "such a job has the repository's tokens, and may run or read content from strangers; require `" + name +
                 ".event_name in { \"push\", \"workflow_dispatch\" }`");
}

/// The form of subjects that a permit does not know, over all that it accepts.
void subject_form(Linter& l, const RuleView& view) {
    for (std::uint32_t issuer = 0; issuer < l.policy.issuers.size(); ++issuer) {
        if (l.kind_of(issuer) != "github") continue;
        const Expr* old = nullptr;
        std::string name;
        for (const Case& c : view.cases) {
            const auto asked = asked_of(l, c, issuer, "sub");
            if (asked.empty()) continue;
            if (!std::all_of(asked.begin(), asked.end(), [](const Asked& each) { return is_old_form(each.text); }))
                return;
            old = asked.front().place;
            name = l.name_of(c, issuer);
        }
        if (old == nullptr) continue;
        l.report(Lint::SubjectFormat, old->span, permit_of(*view.rule) + " accepts only subjects without identifiers",
                 "repositories created, renamed or moved after 2026-07-15 send `repo:OWNER@ID/REPOSITORY@ID:…`",
                 "jobs of such repositories are denied without explanation; require " +
                     quoted(name + ".repository_id") + ", " + quoted(name + ".ref") + " and similar claims instead");
    }
}

void gitlab(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const std::string& name = l.name_of(c, issuer);
    struct Pair {
        std::string_view what, flag;
        std::vector<std::string_view> claims;
    };
    static const std::vector<Pair> kPairs = {
        {"environment", "environment_protected", {"environment", "deployment_tier"}},
        {"ref", "ref_protected", {"ref", "ref_path", "sub_ref"}}};
    for (const Pair& pair : kPairs) {
        if (!l.restricts(c, issuer, std::span<const std::string_view>(pair.claims)) ||
            asks(asked_of(l, c, issuer, pair.flag), "true"))
            continue;
        l.report(Lint::EnvironmentUnprotected, rule.span,
                 permit_of(rule) + " trusts the name of " + (pair.what == "ref" ? "a ref" : "an environment") +
                     " that may be unprotected",
                 "anyone with push access can name one",
                 "a job that a developer wrote on their own branch gets the credential; also require `" + name + "." +
                     std::string(pair.flag) + " == \"true\"`");
        return;
    }
}

/// The text after the `@` of a workflow's reference is the version that ran.
void workflow_ref(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    for (const std::string_view claim : {"workflow_ref", "job_workflow_ref"}) {
        for (const Asked& each : asked_of(l, c, issuer, claim)) {
            const std::size_t at = each.text.find('@');
            const std::string_view ref = at == std::string_view::npos ? std::string_view() : each.text.substr(at + 1);
            const bool open = ref == "*" || ref == "**" || ref.starts_with("refs/heads/*") ||
                              ref.starts_with("refs/**") || (at == std::string_view::npos && each.text.ends_with("**"));
            if (!each.pattern || !open) continue;
            l.report(Lint::WorkflowRefWide, each.place->span, permit_of(rule) + " trusts a workflow at any ref",
                     "an unreviewed branch is enough",
                     "anyone with push access to the workflow's repository can change the workflow; require one "
                     "ref, such as "
                     "`@refs/heads/main`, or for its commit");
        }
    }
    for (const std::string prefix : {"workflow_", "job_workflow_"}) {
        const std::string file = prefix + "file", at = prefix + "at", sha = prefix + "sha", ref = prefix + "ref";
        if (!l.restricts(c, issuer, {file}) || l.restricts(c, issuer, {at, sha, ref, "ref"})) continue;
        l.report(Lint::WorkflowRefWide, rule.span, permit_of(rule) + " trusts a workflow at any ref",
                 "checks only the file",
                 "anyone with push access to the workflow's repository can change the workflow; also require " +
                     quoted(l.name_of(c, issuer) + "." + at));
    }
}

void actor(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    if (!l.restricts(c, issuer, ClaimRole::Actor)) return;
    l.report(Lint::ActorAuthority, rule.span, permit_of(rule) + " treats whoever started a job as its authority",
             "reads the actor",
             "a job can be started, or run again, in the name of somebody who never saw its code; check "
             "the repository, the ref "
             "and the event, and leave the actor to the audit record");
}

void runner(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const std::string& kind = l.kind_of(issuer);
    const std::string& name = l.name_of(c, issuer);
    if (kind == "circleci" && !l.restricts(c, issuer, {"oidc.circleci.com/ssh-rerun"}))
        l.report(Lint::SshRerunUnchecked, rule.span,
                 permit_of(rule) + " accepts jobs that somebody may be logged in to", "does not check `ssh_rerun`",
                 "anyone who reruns the job with SSH can run any command while it has the credential; require `" +
                     name + ".ssh_rerun == false`");
    const auto& roles = l.policy.kinds[l.policy.issuers[issuer].kind].roles;
    const auto machine =
        std::find_if(roles.begin(), roles.end(), [](const RoleClaim& each) { return each.role == ClaimRole::Runner; });
    if (machine != roles.end() && l.acts(rule) && !l.restricts(c, issuer, ClaimRole::Runner))
        l.report(Lint::RunnerUnchecked, rule.span, permit_of(rule) + " accepts any runner",
                 "does not check " + quoted(machine->written),
                 "a self-hosted machine may contain files of earlier jobs; require " +
                     quoted(name + "." + machine->written) + ", and accept machines that are new for each job");
    if (kind == "terraform" && l.acts(rule) &&
        !l.restricts(c, issuer,
                     {"terraform_run_phase", "terraform_operation", "sub_run_phase", "sub_operation", "sub"}))
        l.report(Lint::RunPhaseUnchecked, rule.span, permit_of(rule) + " grants a plan the same as an apply",
                 "does not check `run_phase`",
                 "a plan runs before any approval, on the content of a pull request; require `" + name +
                     ".run_phase == \"apply\"`, and let plans read");
}

}  // namespace

void lint_jobs(Linter& l) {
    each_trust(l, [&](const Rule& rule, const Case& c, std::uint32_t issuer) {
        const std::string& kind = l.kind_of(issuer);
        if (kind == "github") {
            github(l, rule, c, issuer);
            open_events(l, rule, c, issuer);
            workflow_ref(l, rule, c, issuer);
        }
        if (kind == "gitlab") gitlab(l, rule, c, issuer);
        actor(l, rule, c, issuer);
        runner(l, rule, c, issuer);
    });
    for (const RuleView& view : l.rules)
        if (view.given && view.rule->kind == RuleKind::Permit) subject_form(l, view);
}

}  // namespace writ::lint
