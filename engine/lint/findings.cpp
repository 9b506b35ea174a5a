#include "lint/findings.h"

#include <algorithm>
#include <utility>

#include "base/report.h"
#include "lint/cases.h"
#include "lint/suppose.h"

namespace writ::lint {

namespace {

using namespace check;

constexpr std::size_t kMostCases = 32;  // alternatives of one condition that are looked at one by one

using FactIds = std::vector<std::uint32_t>;

void unite(FactIds& into, const FactIds& more) {
    FactIds out;
    std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(out));
    into = std::move(out);
}

FactIds both(const FactIds& a, const FactIds& b) {
    FactIds out;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    return out;
}

/// The facts that an expression reads.
void add_facts(FactIds& out, const Expr& e) {
    if (e.op == Op::Fact) out.push_back(e.id);
    for (const Expr* kid : e.kids) add_facts(out, *kid);
}

FactIds facts_in(const std::vector<Literal>& literals) {
    FactIds out;
    for (const Literal& each : literals) add_facts(out, *each.test);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

/// The facts that a case restricts, so that it excludes the values of others.
FactIds restricted_by(const Policy& policy, const Case& c) {
    FactIds out;
    for (const std::uint32_t fact : c.read) {
        Supposition supposition;
        supposition.facts[fact] = {};
        if (!can_hold(policy, c, supposition)) out.push_back(fact);
    }
    return out;
}

/// The issuers that two tests allow together. If they allow none, all issuers of either test: the case is reported as
/// contradictory elsewhere.
FactIds issuers_of_both(const FactIds& a, const FactIds& b) {
    if (a.empty() || b.empty()) return a.empty() ? b : a;
    FactIds out = both(a, b);
    if (out.empty()) {
        out = a;
        unite(out, b);
    }
    return out;
}

/// The issuers whose token it can be if `e` has the outcome; empty: anyone's. A claim is unknown under any other.
FactIds issuers_of(const Policy& policy, const Expr& e, bool positive) {
    FactIds out;
    if (e.op == Op::Not) return issuers_of(policy, *e.kids[0], !positive);
    if (e.op == Op::And || e.op == Op::Or) {
        const bool all = (e.op == Op::And) == positive;
        out = issuers_of(policy, *e.kids[0], positive);
        for (const Expr* kid : e.kids.subspan(1)) {
            const FactIds more = issuers_of(policy, *kid, positive);
            if (all)
                out = issuers_of_both(out, more);
            else if (out.empty() || more.empty())
                out.clear();
            else
                unite(out, more);
        }
        return out;
    }
    if (e.op == Op::IssuerIs) return positive ? policy.members_of(IssuerId{e.id}) : out;
    FactIds facts;
    const bool quantified = e.op == Op::Any || e.op == Op::All;
    if (quantified) {
        add_facts(facts, *e.kids[0]);
        // The body is not evaluated for an empty list.
        if ((e.op == Op::Any) == positive) out = issuers_of(policy, *e.kids[1], positive);
    } else if (e.op == Op::Compare && e.kids[0]->op == Op::Count) {
        add_facts(facts, *e.kids[0]->kids[0]);
    } else {
        add_facts(facts, e);
    }
    for (const std::uint32_t fact : facts)
        if (policy.facts[fact].issuer.valid()) out = issuers_of_both(out, policy.members_of(policy.facts[fact].issuer));
    return out;
}

/// Replaces each case so far by its combinations with the cases of `e`. If these are too many, an alternative becomes
/// one literal.
void expand(std::vector<std::vector<Literal>>& cases, const Expr& e, bool positive) {
    if (e.op == Op::Not) return expand(cases, *e.kids[0], !positive);
    const bool joined = e.op == Op::And || e.op == Op::Or;
    if (joined && (e.op == Op::And) == positive) {
        for (const Expr* kid : e.kids) expand(cases, *kid, positive);
        return;
    }
    if (joined && cases.size() * e.kids.size() <= kMostCases) {
        std::vector<std::vector<Literal>> out;
        for (const Expr* kid : e.kids) {
            auto branch = cases;
            expand(branch, *kid, positive);
            out.insert(out.end(), std::make_move_iterator(branch.begin()), std::make_move_iterator(branch.end()));
        }
        if (out.size() <= kMostCases) {
            cases = std::move(out);
            return;
        }
    }
    for (auto& each : cases) each.push_back({&e, positive});
}

std::string claim_name(const Policy& policy, const Fact& fact) {
    if (fact.root == FactRoot::Capture) return fact.capture;
    if (fact.root != FactRoot::Claim) return {};
    std::string name;
    for (FieldId at = fact.field; at.valid() && policy.at(at).parent.valid(); at = policy.at(at).parent)
        name = policy.at(at).name + (name.empty() ? "" : "." + name);
    return name;
}

}  // namespace

Finding make_finding(Lint lint, Span span, std::string message, std::string label, std::string help) {
    Finding out;
    out.lint = lint;
    out.diagnostic.code = lint_rules()[static_cast<std::size_t>(lint)].name;
    out.diagnostic.span = span;
    out.diagnostic.message = std::move(message);
    out.diagnostic.label = std::move(label);
    out.diagnostic.help = std::move(help);
    return out;
}

const Expr* fact_in(const Expr& value) {
    if (class_of(value.op) == OpClass::TextFunction) return fact_in(*value.kids[0]);
    return value.op == Op::Fact ? &value : nullptr;
}

bool one_of(std::string_view text, std::span<const std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

std::vector<const Expr*> constants_of(const Expr& constant) {
    std::vector<const Expr*> out;
    if (is_literal(constant.op)) out.push_back(&constant);
    if (constant.op != Op::Set) return out;
    for (const Expr* kid : constant.kids) {
        if (!is_literal(kid->op)) return {};
        out.push_back(kid);
    }
    return out;
}

Pinned pinned(const Literal& literal) {
    const Expr& e = *literal.test;
    const bool equal = e.op == Op::Compare && e.cmp == (literal.positive ? Cmp::Eq : Cmp::Ne);
    if (!equal && !(e.op == Op::In && literal.positive)) return {};
    for (std::size_t side = 0; side < 2; ++side)
        if (fact_in(*e.kids[side]) != nullptr && !constants_of(*e.kids[1 - side]).empty())
            return {e.kids[side], e.kids[1 - side]};
    return {};
}

Pinned pinned_fact(const Literal& literal) {
    const Pinned out = pinned(literal);
    if (out.value == nullptr || out.value->op != Op::Fact || out.value->type.kind == Kind::List) return {};
    return out;
}

void each_test(const Expr& e, bool positive, const std::function<void(const Literal&)>& visit) {
    if (e.op == Op::Not) return each_test(*e.kids[0], !positive, visit);
    if (e.op == Op::And || e.op == Op::Or) {
        for (const Expr* kid : e.kids) each_test(*kid, positive, visit);
        return;
    }
    visit({&e, positive});
    if (e.op == Op::Any || e.op == Op::All) each_test(*e.kids[1], positive, visit);
}

void each_expr(const Expr& e, const std::function<void(const Expr&)>& visit) {
    visit(e);
    for (const Expr* kid : e.kids) each_expr(*kid, visit);
}

void each_trust(Linter& l, const std::function<void(const Rule&, const Case&, std::uint32_t)>& visit) {
    for (const RuleView& view : l.rules) {
        if (!view.given || view.rule->kind != RuleKind::Permit) continue;
        for (const Case& each : view.cases)
            for (const std::uint32_t issuer : each.issuers) visit(*view.rule, each, issuer);
    }
}

Linter::Linter(const Policy& of) : policy(of) {
    for (const ast::SourceFile& file : policy.files)
        for (const ast::Decl& decl : file.decls)
            std::visit(
                [&](const auto& node) {
                    if constexpr (requires { node.name.span; })
                        declarations_.emplace(std::pair(node.name.span.source, node.name.span.begin), &decl);
                },
                decl.node);
    for (const Fact& fact : policy.facts) claims_.push_back(claim_name(policy, fact));
    for (const Rule& rule : policy.rules) {
        RuleView& view = rules.emplace_back();
        view.rule = &rule;
        view.given = given(rule.span);
        std::vector<std::vector<Literal>> cases(1);
        if (rule.when != nullptr) expand(cases, *rule.when, true);
        for (auto& literals : cases) {
            Case& each = view.cases.emplace_back();
            each.literals = std::move(literals);
            each.read = facts_in(each.literals);
            each.restricted = restricted_by(policy, each);
            for (const Literal& literal : each.literals)
                each.issuers = issuers_of_both(each.issuers, issuers_of(policy, *literal.test, literal.positive));
        }
    }
}

const RoleClaim* Linter::role_of(std::uint32_t fact, std::uint32_t issuer, ClaimRole role) const {
    if (claims_[fact].empty() || !policy.is_among(issuer, policy.facts[fact].issuer)) return nullptr;
    const auto& roles = policy.kinds[policy.issuers[issuer].kind].roles;
    const auto found = std::find_if(roles.begin(), roles.end(), [&](const RoleClaim& each) {
        return each.role == role && each.claim == claims_[fact];
    });
    return found != roles.end() ? &*found : nullptr;
}

bool Linter::restricts(const Case& c, std::uint32_t issuer, ClaimRole role) const {
    return std::any_of(c.restricted.begin(), c.restricted.end(),
                       [&](std::uint32_t fact) { return role_of(fact, issuer, role) != nullptr; });
}

Finding* Linter::report(Lint lint, Span span, std::string message, std::string label, std::string help) {
    if (!given(span) || !seen_.emplace(lint, span.source, span.begin, span.end).second) return nullptr;
    return &findings_.emplace_back(make_finding(lint, span, std::move(message), std::move(label), std::move(help)));
}

std::uint32_t Linter::issuer_of(const Case& c, std::uint32_t fact) const {
    const IssuerId read = policy.facts[fact].issuer;
    for (const std::uint32_t issuer : c.issuers)
        if (policy.is_among(issuer, read)) return issuer;
    return policy.members_of(read).front();
}

const std::string& Linter::name_of(const Case& c, std::uint32_t issuer) const {
    const auto group = std::find_if(policy.groups.begin(), policy.groups.end(), [&](const IssuerGroup& each) {
        return each.kind && std::includes(each.members.begin(), each.members.end(), c.issuers.begin(), c.issuers.end());
    });
    return c.issuers.size() > 1 && group != policy.groups.end() ? group->name : policy.issuers[issuer].name;
}

bool Linter::restricts(const Case& c, std::uint32_t issuer, std::span<const std::string_view> claims) const {
    return std::any_of(c.restricted.begin(), c.restricted.end(), [&](std::uint32_t fact) {
        return !claims_[fact].empty() && policy.is_among(issuer, policy.facts[fact].issuer) &&
               one_of(claims_[fact], claims);
    });
}

bool Linter::acts(const Rule& rule) const {
    return rule.tools.empty() || std::any_of(rule.tools.begin(), rule.tools.end(),
                                             [&](ToolId id) { return policy.acts(policy.tools[id.value]); });
}

const ast::Decl* Linter::declaration_of(Span name) const {
    const auto at = declarations_.find({name.source, name.begin});
    return at == declarations_.end() ? nullptr : at->second;
}

std::string_view Linter::text_at(Span span) const {
    const std::string_view text = policy.sources[span.source].text;
    return span.end <= text.size() && span.begin <= span.end ? text.substr(span.begin, span.end - span.begin)
                                                             : std::string_view();
}

std::vector<Finding> Linter::take() {
    return std::move(findings_);
}

std::vector<Finding> lint(const Policy& policy) {
    Linter linter(policy);
    for (const auto find : {lint_trust, lint_jobs, lint_claims, lint_patterns, lint_never, lint_relations,
                            lint_approvals, lint_reach, lint_unused, lint_text})
        find(linter);
    return linter.take();
}

}  // namespace writ::lint

namespace writ {

std::span<const LintRule> lint_rules() {
    constexpr bool Safe = true, None = false;
    static constexpr LintRule kRules[] = {
#define LINT(enumerator, name, level, fix, catalogue, title) {name, LintLevel::level, fix, catalogue, title},
#include "lint/lints.def"
#undef LINT
    };
    return kRules;
}

std::string_view nearest_lint(std::string_view name) {
    std::vector<std::string_view> names;
    for (const LintRule& rule : lint_rules()) names.push_back(rule.name);
    return nearest(name, names);
}

}  // namespace writ
