// What claims and issuers mean: claims that grant nothing, text that is a set, and how issuers are declared.
#include <algorithm>

#include "lint/cases.h"
#include "lint/suppose.h"

namespace writ::lint {

namespace {

using namespace check;

/// `act` inside `act`: one who acted before.
bool is_nested_actor(std::string_view claim) {
    return claim.starts_with("act.act.") || claim == "act.act";
}

bool is_permission(std::string_view claim) {
    std::size_t at = 0;
    while (at <= claim.size()) {
        const std::size_t dot = std::min(claim.find('.', at), claim.size());
        const std::string_view name = claim.substr(at, dot - at);
        if (name == "may_act" || name.starts_with("approv")) return true;
        at = dot + 1;
    }
    return false;
}

/// Claims that are sets of words in one text.
bool is_words(std::string_view claim) {
    return one_of(claim, {"scope", "scp", "xms_act_fct", "xms_sub_fct", "xms_tnt_fct"});
}

void facts_of(Linter& l, const Rule& rule, const Case& c) {
    for (const std::uint32_t id : c.restricted) {
        const std::string& claim = l.claim_of(id);
        const std::string& path = l.policy.facts[id].path;
        if (is_nested_actor(claim))
            l.report(Lint::NestedActor, rule.span, permit_of(rule) + " reads " + quoted(path) + ", an earlier actor",
                     "earlier actors are history",
                     "the current actor can invent earlier actors, or use the token of an old chain; read "
                     "`act.sub`, the current actor, "
                     "and `delegation`, which the broker states (RFC 8693, section 4.1)");
        if (is_permission(claim))
            l.report(Lint::AssertedPermission, rule.span,
                     permit_of(rule) + " takes " + quoted(path) + " for a permission",
                     "it shows only what was once permitted",
                     "a token still has the permission after it was withdrawn; use the broker's own records: "
                     "`approvals`, with a `require` "
                     "rule, and `delegation`");
    }
}

void words(Linter& l, const Literal& literal) {
    const Expr& e = *literal.test;
    if (!narrows(e.op)) return;
    for (const Expr* kid : e.kids) {
        if (kid->op != Op::Fact || !is_words(l.claim_of(kid->id)) || l.policy.facts[kid->id].type.kind == Kind::List)
            continue;
        const std::string& path = l.policy.facts[kid->id].path;
        l.report(Lint::WordsAsText, e.span, quoted(path) + " is a set of words, but is compared as one text",
                 "matches only one order, or part of another word",
                 "words can be in any order, and `\"111\"` contains `11`; write `words(" + path + ") contains \"…\"`");
    }
}

void users(Linter& l, const Rule& rule, const Case& c, std::uint32_t issuer) {
    if (l.kind_of(issuer) != "aws_agentcore") return;
    if (l.restricts(c, issuer, {"user_id"})) {
        l.report(Lint::UserAssertionUnchecked, rule.span,
                 permit_of(rule) + " trusts a user that the caller may have made up", "`user_id` is never checked",
                 "a caller of AgentCore can state any text as `user_id`; require `" + l.name_of(c, issuer) +
                     ".user_iss`, `user_sub` and `user_assertion == \"jwt\"` instead");
        return;
    }
    if (!l.restricts(c, issuer, {"user_sub", "user_iss", "username", "sub", "cognito:groups"})) return;
    if (l.restricts(c, issuer, {"user_assertion"})) return;
    l.report(Lint::UserAssertionUnchecked, rule.span,
             permit_of(rule) + " trusts a user that the caller may have made up", "does not check `user_assertion`",
             "a caller of AgentCore can state any user as text; also require `" + l.name_of(c, issuer) +
                 ".user_assertion == \"jwt\"`");
}

/// The claims of a test that are sets: lists, and texts that are read as words.
std::vector<std::uint32_t> sets_in(const Linter& l, const Expr& test) {
    std::vector<std::uint32_t> out;
    each_expr(test, [&](const Expr& e) {
        const Expr* set = e.op == Op::Words ? e.kids[0] : &e;
        const bool is_set = set->op == Op::Fact && (set != &e || set->type.kind == Kind::List);
        if (is_set && !l.claim_of(set->id).empty() && std::find(out.begin(), out.end(), set->id) == out.end())
            out.push_back(set->id);
    });
    return out;
}

/// Tests of every element of a claim hold of a claim without elements, however they are written.
void empty_set(Linter& l, const Rule& rule, const Case& c) {
    for (const Literal& literal : c.literals)
        for (const std::uint32_t fact : sets_in(l, *literal.test)) {
            const std::uint32_t issuer = l.issuer_of(c, fact);
            const Supposition empty{issuer, {{fact, {Supposed::What::Empty}}}};
            const Supposition one{issuer, {{fact, {Supposed::What::One}}}};
            const auto asked = [&](const Supposition& supposition) {
                const Can out = can(l.policy, *literal.test, supposition);
                return literal.positive ? out : Can{out.fail, out.hold};
            };
            // True for no element, and open for one element; a condition that tests for an empty set is intended.
            const Can of_none = asked(empty), of_one = asked(one);
            if (!of_none.hold || of_none.fail || !of_one.hold || !of_one.fail) continue;
            if (!can_hold(l.policy, c, empty)) continue;
            l.report(Lint::AllOfEmpty, literal.test->span,
                     permit_of(rule) + " accepts an empty " + quoted(l.policy.facts[fact].path),
                     "true for a set without elements",
                     "a token with an empty set passes; also require an element: `any x in " +
                         l.policy.facts[fact].path + ": …`");
        }
}

void letter_case(Linter& l, const Rule& rule, const Literal& literal) {
    const Expr& e = *literal.test;
    // A regular expression can say itself that case does not matter.
    if (!narrows(e.op) || has_operand(e, TextOperand::Regex)) return;
    for (const Expr* kid : e.kids) {
        const Expr* fact = fact_in(*kid);
        if (fact == nullptr) continue;
        const std::string& claim = l.claim_of(fact->id);
        if (claim.empty()) continue;
        const bool arm = claim == "xms_mirid" || claim == "xms_az_rid";
        const std::string& path = l.policy.facts[fact->id].path;
        if (kid->op == Op::Lower && !arm && literal.positive && rule.kind == RuleKind::Permit)
            l.report(Lint::CaseFolded, kid->span, quoted(path) + " is compared ignoring case", "several names pass",
                     "the issuer may distinguish `OCTO-ORG` from `octo-org`, and somebody else may own the other "
                     "name; compare " +
                         quoted(path) + " unchanged");
        if (kid->op == Op::Fact && arm)
            l.report(Lint::CaseExactArm, e.span, quoted(path) + " is compared case-sensitively",
                     "ARM spells it in several ways",
                     "`resourceGroups` also occurs as `resourcegroups`, and this " +
                         std::string(rule.kind == RuleKind::Permit ? "permit" : "rule") +
                         " then misses it; compare `lower(" + path + ")` with text in lower case");
    }
}

bool has_user_info(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return false;
    const std::string_view rest = url.substr(scheme + 3);
    return rest.substr(0, rest.find('/')).find('@') != std::string_view::npos;
}

void issuers(Linter& l) {
    for (const Issuer& issuer : l.policy.issuers) {
        if (!l.given(issuer.span)) continue;
        const std::string& kind = l.policy.kinds[issuer.kind].name;
        const bool plain = issuer.url.starts_with("http://");
        if (plain || has_user_info(issuer.url))
            l.report(
                Lint::IssuerInsecure, issuer.span,
                "issuer " + quoted(issuer.name) + (plain ? " is reached without TLS" : " has a user's name in its URL"),
                plain ? "`http:`" : "text before the `@` is not the host",
                plain ? "anyone between it and the broker can supply keys in its name; declare "
                        "the `https:` URL that the "
                        "issuer puts into its tokens"
                      : "it looks like one host but is another; declare the URL that the issuer puts into "
                        "its tokens");
        if (kind == "kubernetes" && !issuer.max_age)
            l.report(Lint::TokenAgeUnlimited, issuer.span, "tokens of " + quoted(issuer.name) + " may have any age",
                     "has no `max_age`",
                     "a pod can request a token that is valid for years, and a copy of it works until it expires; add "
                     "`max_age 1h`");
        if (kind == "mcp" && issuer.types.empty())
            l.report(Lint::TokenTypeUnchecked, issuer.span,
                     "issuer " + quoted(issuer.name) + " accepts tokens of any type", "has no `type`",
                     "an ID token of the same issuer passes for an access token; add `type \"at+jwt\"`");
    }
}

void replay(Linter& l) {
    const auto reads = [&](const RuleView& view) {
        bool found = false;
        if (view.rule->kind == RuleKind::Deny && view.rule->when != nullptr)
            each_expr(*view.rule->when, [&](const Expr& e) {
                found = found || (e.op == Op::Fact && l.policy.facts[e.id].path == "host.replayed");
            });
        return found;
    };
    if (std::any_of(l.rules.begin(), l.rules.end(), reads)) return;
    const auto first = std::find_if(l.rules.begin(), l.rules.end(), [&](const RuleView& view) {
        return view.given && view.rule->kind == RuleKind::Permit && l.acts(*view.rule);
    });
    if (first != l.rules.end())
        l.report(Lint::ReplayUnchecked, first->rule->span, "no rule denies a token that was used before",
                 "permits to act",
                 "anyone who reads a token in a log can use it again until it expires; write `deny token_replayed "
                 "when host.replayed`, or "
                 "`import std.owasp`");
}

}  // namespace

void lint_claims(Linter& l) {
    for (const RuleView& view : l.rules) {
        if (!view.given || view.rule->when == nullptr) continue;
        const Rule& rule = *view.rule;
        each_test(*rule.when, true, [&](const Literal& literal) {
            words(l, literal);
            letter_case(l, rule, literal);
        });
        if (rule.kind != RuleKind::Permit) continue;
        for (const Case& each : view.cases) {
            facts_of(l, rule, each);
            empty_set(l, rule, each);
            for (const std::uint32_t issuer : each.issuers) users(l, rule, each, issuer);
        }
    }
    issuers(l);
    replay(l);
}

}  // namespace writ::lint
