// Lints about trust: whether somebody else can get a token that a permit accepts.
#include <algorithm>
#include <set>

#include "lint/cases.h"
#include "lint/suppose.h"

namespace writ::lint {

namespace {

using namespace check;
/// Assumes that the claims of an issuer with a role have values of somebody else.
void suppose(const Linter& l, const Case& c, std::uint32_t issuer, ClaimRole role, Supposition& out) {
    for (const std::uint32_t fact : c.read)
        if (const RoleClaim* claim = l.role_of(fact, issuer, role))
            out.facts[fact] = {Supposed::What::Stranger, claim->segments};
}

/// The claims to test: those that the kind names first. "`ci.repository_owner_id` and `ci.repository_id`".
std::string pins_of(const Linter& l, const Case& c, std::uint32_t issuer) {
    std::string out;
    std::optional<std::uint32_t> item;
    for (const RoleClaim& each : l.policy.kinds[l.policy.issuers[issuer].kind].roles) {
        if (each.role != ClaimRole::Owner || item.value_or(each.item) != each.item) continue;
        item = each.item;
        out += (out.empty() ? "" : " and ") + quoted(l.name_of(c, issuer) + "." + each.written);
    }
    return out;
}

/// Whether a capture of a claim identifies the owner. The claim's text may then contain that identifier, or not.
bool may_hold_owner(const Linter& l, std::uint32_t fact, std::uint32_t issuer) {
    const Fact& of = l.policy.facts[fact];
    const IssuerKind& kind = l.policy.kinds[l.policy.issuers[issuer].kind];
    const auto owns = [&](const CapturePiece& piece) {
        return !piece.capture.empty() && std::any_of(kind.roles.begin(), kind.roles.end(), [&](const RoleClaim& each) {
            return each.role == ClaimRole::Owner && each.claim == piece.capture;
        });
    };
    return of.root == FactRoot::Claim &&
           std::any_of(kind.captures.begin(), kind.captures.end(), [&](const CaptureSpec& spec) {
               return spec.field == of.field &&
                      std::any_of(spec.patterns.begin(), spec.patterns.end(), [&](const auto& pattern) {
                          return std::any_of(pattern.begin(), pattern.end(), owns);
                      });
           });
}

bool is_shared(const Linter& l, std::uint32_t issuer) {
    const Issuer& of = l.policy.issuers[issuer];
    const IssuerKind& kind = l.policy.kinds[of.kind];
    return kind.shared && (kind.shared_at.empty() ||
                           std::find(kind.shared_at.begin(), kind.shared_at.end(), of.url) != kind.shared_at.end());
}

void shared_issuer(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    if (!is_shared(l, issuer)) return;
    // Somebody who has taken over every name, but not the numbers in a subject.
    Supposition namesake{issuer, {}};
    suppose(l, c, issuer, ClaimRole::Owner, namesake);
    for (const std::uint32_t fact : c.read)
        if (const RoleClaim* name = l.role_of(fact, issuer, ClaimRole::OwnerName);
            name != nullptr && may_hold_owner(l, fact, issuer))
            namesake.facts[fact] = {Supposed::What::Namesake, name->segments};
    if (!can_hold(l.policy, c, namesake)) return;
    const std::string& name = l.name_of(c, issuer);
    Supposition stranger{issuer, {}};
    suppose(l, c, issuer, ClaimRole::Owner, stranger);
    suppose(l, c, issuer, ClaimRole::OwnerName, stranger);
    if (!can_hold(l.policy, c, stranger)) {
        l.report(Lint::NameOnlyTrust, rule.span, permit_of(rule) + " identifies the owner of the token only by name",
                 "a name can be released and then claimed by somebody else",
                 "whoever takes over the name gets the credential; require " + pins_of(l, c, issuer) +
                     ", which is never reused");
        return;
    }
    suppose(l, c, issuer, ClaimRole::Workflow, stranger);
    if (!can_hold(l.policy, c, stranger)) {
        l.report(Lint::WorkflowCallerUnpinned, rule.span,
                 permit_of(rule) + " checks a reusable workflow but not the repository that calls it",
                 "any repository can call it",
                 "a job of any repository that calls the workflow gets the credential; also require " +
                     pins_of(l, c, issuer));
        return;
    }
    if (Finding* found = l.report(
            Lint::SharedIssuerUnscoped, rule.span,
            permit_of(rule) + " accepts tokens of " + quoted(name) + ", whoever they were issued to", "pins no owner",
            "whoever else gets tokens from this issuer gets this credential; require " + pins_of(l, c, issuer)))
        found->diagnostic.related.push_back({l.policy.issuers[issuer].span, "the issuer is shared"});
}

/// Kinds of tokens that no issuer can make acceptable.
void never(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const std::string& why = l.policy.kinds[l.policy.issuers[issuer].kind].never;
    if (why.empty()) return;
    l.report(Lint::TokenNeverAccepted, rule.span,
             permit_of(rule) + " accepts tokens of " + quoted(l.name_of(c, issuer)) + ", which are always denied",
             "never permits them", why);
}

/// Kinds whose issuer is one organisation's own, and what tells its workloads apart.
void workloads(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const std::string& kind = l.kind_of(issuer);
    const std::string& name = l.name_of(c, issuer);
    if (kind == "kubernetes") {
        if (l.restricts(c, issuer, {"sub", "kubernetes.io.serviceaccount.uid", "kubernetes.io.pod.uid"})) return;
        const bool account = l.restricts(c, issuer, {"kubernetes.io.serviceaccount.name", "sub_service_account"});
        if (l.restricts(c, issuer, {"kubernetes.io.namespace", "sub_namespace"})) return;
        l.report(Lint::WorkloadUnpinned, rule.span,
                 permit_of(rule) +
                     (account ? " names a service account but not its namespace" : " accepts every pod of the cluster"),
                 account ? "accounts of this name can be made in any namespace" : "does not check the namespace",
                 "anyone who can create a pod anywhere in the cluster gets the credential; also require " +
                     quoted(name + ".namespace") + " and " + quoted(name + ".service_account"));
        return;
    }
    // Under a shared issuer the owner matters more than the workload: shared_issuer().
    if (is_shared(l, issuer)) return;
    const auto& roles = l.policy.kinds[l.policy.issuers[issuer].kind].roles;
    const auto tells = std::find_if(roles.begin(), roles.end(),
                                    [](const RoleClaim& each) { return each.role == ClaimRole::Workload; });
    if (tells == roles.end()) return;
    const bool told = std::any_of(c.restricted.begin(), c.restricted.end(), [&](std::uint32_t fact) {
        return !l.claim_of(fact).empty() && l.policy.is_among(issuer, l.policy.facts[fact].issuer);
    });
    if (told) return;
    l.report(Lint::WorkloadUnpinned, rule.span, permit_of(rule) + " accepts every workload of " + quoted(name),
             "checks none of its claims",
             "any other workload of this issuer gets the credential; require " + quoted(name + "." + tells->written));
}

void default_account(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    for (const Literal& literal : c.literals) {
        const Pinned test = pinned(literal);
        if (test.value == nullptr) continue;
        const std::uint32_t fact = fact_in(*test.value)->id;
        const std::string& claim = l.claim_of(fact);
        const bool whole = claim == "sub";
        if (!whole && claim != "kubernetes.io.serviceaccount.name" && claim != "sub_service_account") continue;
        if (!l.policy.is_among(issuer, l.policy.facts[fact].issuer)) continue;
        for (const Expr* constant : constants_of(*test.constant))
            if (constant->text == "default" || (whole && constant->text.ends_with(":default")))
                l.report(Lint::DefaultServiceAccount, constant->span,
                         permit_of(rule) + " trusts the service account that every pod has by default",
                         "pods use it unless another account is chosen",
                         "any pod of the namespace gets the credential; give the agent a "
                         "service account of its own");
    }
}

void email(Linter& l, const Rule& rule, const Case& c) {
    for (const std::uint32_t id : c.restricted) {
        const Fact& fact = l.policy.facts[id];
        const bool claim = fact.root == FactRoot::Claim;
        if (fact.type.kind != Kind::Email || (!claim && fact.path != "user.email")) continue;
        const std::string base = fact.path.substr(0, fact.path.rfind('.') + 1);
        const auto asked = [&](std::string_view field) {
            return std::any_of(c.restricted.begin(), c.restricted.end(), [&](std::uint32_t other) {
                return l.policy.facts[other].path == base + std::string(field);
            });
        };
        if (asked(claim ? "sub" : "id") || asked("user_id") || asked("oid")) continue;
        const bool verified = asked("email_verified");
        l.report(Lint::EmailKeyed, rule.span, permit_of(rule) + " identifies its caller by " + quoted(fact.path),
                 verified ? "an address can be reassigned to somebody else" : "an address that may not be verified",
                 (verified ? "whoever gets the address next gets the credential; require "
                           : "whoever claims the address, or gets it next, gets the credential; require ") +
                     quoted(base + (claim ? "sub" : "id")) + " instead, or in addition");
    }
}

bool names_tenant(std::string_view url) {
    // A GUID: 8-4-4-4-12 hexadecimal digits.
    constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    constexpr std::string_view kHex = "0123456789abcdefABCDEF";
    for (std::size_t at = 0; at + kShape.size() <= url.size(); ++at) {
        const auto fits = [&](std::size_t i) {
            return kShape[i] == '-' ? url[at + i] == '-' : kHex.find(url[at + i]) != std::string_view::npos;
        };
        std::size_t i = 0;
        while (i < kShape.size() && fits(i)) ++i;
        if (i == kShape.size()) return true;
    }
    return false;
}

void entra(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    const std::string& kind = l.kind_of(issuer);
    if (kind != "entra" && kind != "entra_agent_id") return;
    const Issuer& of = l.policy.issuers[issuer];
    if (l.restricts(c, issuer, {"azp", "appid", "oid", "sub"}) &&
        !l.restricts(c, issuer, {"tid", "iss_tenant", "iss"}) && !names_tenant(of.url))
        l.report(Lint::EntraTenantMissing, rule.span, permit_of(rule) + " pins an application but not its tenant",
                 "an identifier is unique only within a tenant",
                 "an application in another tenant can have the same identifier; also require " +
                     quoted(of.name + ".tid") + ", or declare the issuer by its tenant's own URL");
    if (l.restricts(c, issuer, {"xms_par_app_azp"}) && !l.restricts(c, issuer, {"azp", "appid", "oid", "sub"}))
        l.report(Lint::BlueprintAuthority, rule.span,
                 permit_of(rule) + " trusts a blueprint, which several agents share",
                 "checks `xms_par_app_azp` but no agent",
                 "every agent made from the blueprint gets the credential; require " + quoted(of.name + ".oid"));
}

/// A permit that requires no issuer accepts the tokens of each one that its other conditions allow.
void any_issuer(Linter& l, const Rule& rule, const Case& c) {
    if (!c.issuers.empty()) return;
    // The broker's facts about a workload are valid only for its issuer.
    const auto told = std::find_if(c.restricted.begin(), c.restricted.end(), [&](std::uint32_t fact) {
        return one_of(l.policy.facts[fact].path, {"workload.namespace", "workload.service_account"});
    });
    const bool tested = std::any_of(c.literals.begin(), c.literals.end(), [&](const Literal& literal) {
        const Expr* fact = literal.test->op == Op::Compare ? fact_in(*literal.test->kids[0]) : nullptr;
        return fact != nullptr && l.policy.facts[fact->id].path == "token.issuer";
    });
    // Where no claim is read, issuers of one kind differ only in their names, and one finding is enough.
    const bool reads_claim = std::any_of(c.read.begin(), c.read.end(),
                                         [&](std::uint32_t fact) { return l.policy.facts[fact].issuer.valid(); });
    std::set<std::pair<std::uint32_t, bool>> seen;
    for (std::uint32_t issuer = 0; issuer < l.policy.issuers.size(); ++issuer) {
        const std::pair sort(l.policy.issuers[issuer].kind, is_shared(l, issuer));
        if ((!reads_claim && seen.contains(sort)) || !can_hold(l.policy, c, Supposition{issuer, {}})) continue;
        seen.insert(sort);
        shared_issuer(l, rule, c, issuer);
        if (told == c.restricted.end()) workloads(l, rule, c, issuer);
    }
    if (told == c.restricted.end()) return;
    if (tested || l.policy.issuers.size() < 2) return;
    l.report(Lint::IssuerUnpinned, rule.span,
             permit_of(rule) + " checks " + quoted(l.policy.facts[*told].path) + " but not the token's issuer",
             "other issuers can have the same name",
             "a workload with this name in another cluster gets the credential; also require `token.issuer is …`");
}

}  // namespace

void lint_trust(Linter& l) {
    each_trust(l, [&](const Rule& rule, const Case& c, std::uint32_t issuer) {
        shared_issuer(l, rule, c, issuer);
        workloads(l, rule, c, issuer);
        never(l, rule, c, issuer);
        if (l.kind_of(issuer) == "kubernetes") default_account(l, rule, c, issuer);
        entra(l, rule, c, issuer);
    });
    for (const RuleView& view : l.rules) {
        if (!view.given || view.rule->kind != RuleKind::Permit) continue;
        for (const Case& each : view.cases) {
            email(l, *view.rule, each);
            any_issuer(l, *view.rule, each);
        }
    }
}

}  // namespace writ::lint
