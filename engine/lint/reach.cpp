// Rules with little or no effect: tools that no permit grants, limits above every grant, tiers
// that should not share a permit.
#include <algorithm>
#include <array>

#include "lint/cases.h"

namespace writ::lint {

namespace {

using namespace check;

constexpr std::string_view kReasons[] = {
#define REASON(code, prose) #code,
#include "base/reasons.def"
#undef REASON
};

/// The most that the permits for a tool offer.
struct Offer {
    bool granted = false;
    bool unknown = false;  ///< some permit takes its grant out of a table
    std::int64_t ttl = 0;
    std::set<std::string_view> scopes;
};

bool has_scope(const Tool& tool, std::string_view scope) {
    return std::find(tool.scopes.begin(), tool.scopes.end(), scope) != tool.scopes.end();
}

/// Whether a rule can apply to a tool, and a permit grant something for it, as far as the catalogue tells.
bool reaches(const Linter& l, const RuleView& view, std::uint32_t tool) {
    const Rule& rule = *view.rule;
    if (rule.kind == RuleKind::Permit && rule.scopes != nullptr) {
        const auto scopes = constants_of(*rule.scopes);
        if (!scopes.empty() && std::none_of(scopes.begin(), scopes.end(), [&](const Expr* scope) {
                return has_scope(l.policy.tools[tool], scope->text);
            }))
            return false;
    }
    if (!rule.tools.empty() && std::find(rule.tools.begin(), rule.tools.end(), ToolId{tool}) == rule.tools.end())
        return false;
    return std::any_of(view.cases.begin(), view.cases.end(), [&](const Case& c) {
        return std::all_of(c.literals.begin(), c.literals.end(), [&](const Literal& literal) {
            const FactBound bound = bound_of(literal);
            if (bound.fact == nullptr) return true;
            const Fact& fact = l.policy.facts[bound.fact->id];
            const bool tier = fact.root == FactRoot::Catalog && fact.catalog == CatalogFact::Tier;
            return !tier || compares(bound.cmp, l.policy.tools[tool].tier, bound.value);
        });
    });
}

std::vector<std::uint32_t> tools_of(const Linter& l, const RuleView& view) {
    std::vector<std::uint32_t> out;
    if (view.rule->tools.empty()) {
        for (std::uint32_t i = 0; i < l.policy.tools.size(); ++i)
            if (reaches(l, view, i)) out.push_back(i);
    } else {
        for (const ToolId id : view.rule->tools)
            if (reaches(l, view, id.value)) out.push_back(id.value);
    }
    return out;
}

void add_offer(Offer& offer, const Rule& rule, const Tool& tool) {
    offer.granted = true;
    const auto constants = rule.scopes == nullptr ? std::vector<const Expr*>() : constants_of(*rule.scopes);
    if (rule.ttl == nullptr || rule.ttl->op != Op::Integer || constants.empty()) {
        offer.unknown = true;
        return;
    }
    offer.ttl = std::max(offer.ttl, rule.ttl->integer);
    for (const Expr* scope : constants)
        if (has_scope(tool, scope->text)) offer.scopes.insert(scope->text);
}

void narrowing(Linter& l, const RuleView& view, const std::vector<Offer>& offers) {
    const Rule& rule = *view.rule;
    const auto tools = tools_of(l, view);
    const bool granted =
        std::any_of(tools.begin(), tools.end(), [&](std::uint32_t tool) { return offers[tool].granted; });
    const std::string name = std::string(spelling_of(rule.kind)) + " " + quoted(rule.name);
    if (!rule.tools.empty() && !granted) {
        l.report(Lint::RuleWithoutPermit, rule.span, name + " applies only to tools that no permit grants",
                 "no permit grants anything for its tools",
                 "it looks as if the tool were in use and guarded, but its conditions were never used; "
                 "remove it, or write the permit");
        return;
    }
    if (rule.kind != RuleKind::Limit || rule.audience != nullptr || rule.single_use || !granted) return;
    for (const std::uint32_t tool : tools) {
        const Offer& offer = offers[tool];
        if (!offer.granted) continue;
        if (offer.unknown) return;
        if (rule.ttl != nullptr && (rule.ttl->op != Op::Integer || rule.ttl->integer < offer.ttl)) return;
        if (rule.scopes == nullptr) continue;
        const auto kept = constants_of(*rule.scopes);
        for (const std::string_view scope : offer.scopes)
            if (std::none_of(kept.begin(), kept.end(), [&](const Expr* each) { return each->text == scope; })) return;
    }
    l.report(Lint::LimitIdle, rule.span, name + " limits nothing",
             rule.ttl != nullptr ? "no permit has a longer ttl" : "no permit grants anything else",
             "it looks like a bound but has no effect until a permit exceeds it; lower it, or remove it");
}

void tiers(Linter& l, const RuleView& view, const std::vector<RuleView>& all) {
    const auto tools = tools_of(l, view);
    const auto lowest = std::find_if(tools.begin(), tools.end(),
                                     [&](std::uint32_t tool) { return !l.policy.acts(l.policy.tools[tool]); });
    const auto acting = std::find_if(tools.begin(), tools.end(),
                                     [&](std::uint32_t tool) { return l.policy.acts(l.policy.tools[tool]); });
    if (lowest == tools.end() || acting == tools.end()) return;
    const bool approved = std::any_of(all.begin(), all.end(), [&](const RuleView& other) {
        if (other.rule->kind != RuleKind::Require) return false;
        return std::all_of(tools.begin(), tools.end(), [&](std::uint32_t tool) {
            return !l.policy.acts(l.policy.tools[tool]) || reaches(l, other, tool);
        });
    });
    if (approved) return;
    const auto& read = l.policy.tools[*lowest];
    const auto& act = l.policy.tools[*acting];
    const auto& members = l.policy.enums[l.policy.tier.value].members;
    Finding* found = l.report(Lint::MixedTiers, view.rule->span,
                              "permit " + quoted(view.rule->name) +
                                  " is for reading and for acting: " + quoted(read.name) + " and " + quoted(act.name),
                              "",
                              "an agent that was admitted to read can act without an approval; write a "
                              "permit for each tier, or a `require` "
                              "rule for the higher one");
    if (found == nullptr) return;
    found->diagnostic.related.push_back({read.span, "tier " + quoted(members[static_cast<std::size_t>(read.tier)])});
    found->diagnostic.related.push_back({act.span, "tier " + quoted(members[static_cast<std::size_t>(act.tier)])});
}

}  // namespace

void lint_reach(Linter& l) {
    std::vector<Offer> offers(l.policy.tools.size());
    bool permits = false;
    for (const RuleView& view : l.rules) {
        if (view.rule->kind != RuleKind::Permit) continue;
        permits = true;
        for (const std::uint32_t tool : tools_of(l, view)) add_offer(offers[tool], *view.rule, l.policy.tools[tool]);
    }
    for (const RuleView& view : l.rules) {
        if (!view.given) continue;
        const Rule& rule = *view.rule;
        if (rule.kind == RuleKind::Permit)
            tiers(l, view, l.rules);
        else if (permits)
            narrowing(l, view, offers);
        if (rule.kind == RuleKind::Deny &&
            std::find(std::begin(kReasons), std::end(kReasons), rule.name) != std::end(kReasons))
            l.report(Lint::ReasonName, rule.span,
                     "deny " + quoted(rule.name) + " has the name of a reason of the engine",
                     "two different reasons have this code",
                     "readers of the record may confuse the two; name it after what it denies");
    }
    // A module that permits nothing is there to be imported.
    for (std::size_t i = 0; permits && i < offers.size(); ++i) {
        const Tool& tool = l.policy.tools[i];
        const ast::Decl* decl = l.declaration_of(tool.span);
        if (offers[i].granted || decl == nullptr || decl->exported) continue;
        l.report(Lint::UnusedTool, tool.span, "tool " + quoted(tool.name) + " is granted by no permit",
                 "requests for it are denied",
                 "agents may be expected to use it, so a permit may be missing; write the "
                 "permit, or remove the tool");
    }
}

}  // namespace writ::lint
