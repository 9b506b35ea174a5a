// Lints about what a permit requires of a CI job besides its owner: ref, event, environment, runner and phase.
#include <algorithm>

#include "check/expr_text.h"
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

/// The claims of an issuer with a role, in the order of their declaration.
std::vector<const RoleClaim*> claims_with(const Linter& l, std::uint32_t issuer, ClaimRole role) {
    std::vector<const RoleClaim*> out;
    for (const RoleClaim& each : l.policy.kinds[l.policy.issuers[issuer].kind].roles)
        if (each.role == role) out.push_back(&each);
    return out;
}

/// The test that requires the values to require: "`ci.event_name in { "push", "workflow_dispatch" }`".
std::string test_for(const std::string& issuer, const RoleClaim& claim) {
    std::string out = issuer + "." + claim.written;
    const auto text = [&](const std::string& value) { return claim.of_bool ? value : check::literal(value); };
    if (claim.good.size() == 1) return "`" + out + " == " + text(claim.good.front()) + "`";
    if (claim.good.empty()) return quoted(out);
    out += " in {";
    for (const std::string& each : claim.good) out += (&each == &claim.good.front() ? " " : ", ") + text(each);
    return "`" + out + " }`";
}

/// The first of the bad values of a role's claims that a case accepts. None: it accepts none of them, or restricts a
/// claim of the role whose values are not known.
const std::string* accepted(const Linter& l, const Case& c, std::uint32_t issuer, ClaimRole role) {
    std::vector<std::pair<std::uint32_t, const RoleClaim*>> read;
    for (const std::uint32_t fact : c.read)
        if (const RoleClaim* claim = l.role_of(fact, issuer, role)) read.emplace_back(fact, claim);
    for (const RoleClaim* each : claims_with(l, issuer, role))
        for (const std::string& value : each->bad) {
            Supposition supposition{issuer, {}};
            for (const auto& [fact, claim] : read)
                if (std::find(claim->bad.begin(), claim->bad.end(), value) != claim->bad.end())
                    supposition.facts[fact] = {Supposed::What::Text, Supposed::kTypical, value};
            const bool known = std::all_of(read.begin(), read.end(), [&](const auto& one) {
                return supposition.facts.contains(one.first) ||
                       std::find(c.restricted.begin(), c.restricted.end(), one.first) == c.restricted.end();
            });
            if (known && can_hold(l.policy, c, supposition)) return &value;
        }
    return nullptr;
}

bool reads(const Linter& l, const Case& c, std::uint32_t issuer, ClaimRole role) {
    return std::any_of(c.read.begin(), c.read.end(),
                       [&](std::uint32_t fact) { return l.role_of(fact, issuer, role) != nullptr; });
}

void trigger(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const auto claims = claims_with(l, issuer, ClaimRole::Trigger);
    if (claims.empty() || !l.acts(rule)) return;
    // If the trigger is not required, a claim about what runs may be; a ref alone is reported by ref-without-event. If
    // no owner is required, more than the trigger is left open.
    const bool read = reads(l, c, issuer, ClaimRole::Trigger);
    if (!read && (l.restricts(c, issuer, ClaimRole::Code) ||
                  (!l.restricts(c, issuer, ClaimRole::Owner) && !l.restricts(c, issuer, ClaimRole::OwnerName))))
        return;
    const std::string* taken = accepted(l, c, issuer, ClaimRole::Trigger);
    if (taken == nullptr) return;
    l.report(Lint::EventOfStrangers, rule.span,
             permit_of(rule) + " accepts jobs of " + quoted(*taken) + ", which anyone can trigger",
             read ? "accepts events that strangers can trigger" : "does not check the event",
             "such a job has the repository's tokens, and may run or read content from strangers; require " +
                 test_for(l.name_of(c, issuer), *claims.front()));
}

void phase(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const auto claims = claims_with(l, issuer, ClaimRole::Phase);
    if (claims.empty() || !l.acts(rule)) return;
    const std::string* taken = accepted(l, c, issuer, ClaimRole::Phase);
    if (taken == nullptr) return;
    const bool read = reads(l, c, issuer, ClaimRole::Phase);
    l.report(Lint::RunPhaseUnchecked, rule.span,
             permit_of(rule) + " accepts " + quoted(*taken) + ", where nobody has approved what runs",
             read ? "accepts " + quoted(*taken) : "does not check " + quoted(claims.front()->written),
             "a branch or a pull request decides what runs there; require " +
                 test_for(l.name_of(c, issuer), *claims.front()) + ", and let " + quoted(*taken) + " read");
}

void login(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const auto claims = claims_with(l, issuer, ClaimRole::Login);
    if (claims.empty()) return;
    const bool checked = l.restricts(c, issuer, ClaimRole::Login);
    if (checked && accepted(l, c, issuer, ClaimRole::Login) == nullptr) return;
    l.report(Lint::SshRerunUnchecked, rule.span, permit_of(rule) + " accepts jobs that somebody may be logged in to",
             checked ? "accepts a login" : "does not check " + quoted(claims.front()->written),
             "whoever is logged in can run any command while the job has the credential; require " +
                 test_for(l.name_of(c, issuer), *claims.front()));
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
    const std::string& name = l.name_of(c, issuer);
    const auto& roles = l.policy.kinds[l.policy.issuers[issuer].kind].roles;
    const auto machine =
        std::find_if(roles.begin(), roles.end(), [](const RoleClaim& each) { return each.role == ClaimRole::Runner; });
    if (machine != roles.end() && l.acts(rule) && !l.restricts(c, issuer, ClaimRole::Runner))
        l.report(Lint::RunnerUnchecked, rule.span, permit_of(rule) + " accepts any runner",
                 "does not check " + quoted(machine->written),
                 "a self-hosted machine may contain files of earlier jobs; require " +
                     quoted(name + "." + machine->written) + ", and accept machines that are new for each job");
}

}  // namespace

void lint_jobs(Linter& l) {
    each_trust(l, [&](const Rule& rule, const Case& c, std::uint32_t issuer) {
        const std::string& kind = l.kind_of(issuer);
        if (kind == "github") {
            github(l, rule, c, issuer);
            workflow_ref(l, rule, c, issuer);
        }
        if (kind == "gitlab") gitlab(l, rule, c, issuer);
        actor(l, rule, c, issuer);
        runner(l, rule, c, issuer);
        trigger(l, rule, c, issuer);
        phase(l, rule, c, issuer);
        login(l, rule, c, issuer);
    });
    for (const RuleView& view : l.rules)
        if (view.given && view.rule->kind == RuleKind::Permit) subject_form(l, view);
}

}  // namespace writ::lint
