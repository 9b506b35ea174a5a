// Conditions that exclude each other, beyond those that the checker reports: with alternatives, with what the catalogue
// says of a rule's tools, and with the claims that a permit reads.
#include <algorithm>

#include "base/values.h"
#include "check/contradiction.h"
#include "lint/cases.h"

namespace writ::lint {

namespace {

using namespace check;

std::optional<Contradiction> conflict_of(const Linter& l, const Rule& rule, const Case& c) {
    std::vector<Demand> demands;
    for (const Literal& literal : c.literals) demands.push_back({literal.test, literal.positive});
    return contradiction(l.policy, demands, {rule.kind == RuleKind::Permit, rule.tools});
}

}  // namespace

void lint_never(Linter& l) {
    for (const RuleView& view : l.rules) {
        if (!view.given || view.rule->when == nullptr) continue;
        std::optional<Contradiction> first;
        const bool never = std::all_of(view.cases.begin(), view.cases.end(), [&](const Case& each) {
            auto found = conflict_of(l, *view.rule, each);
            if (!first) first = found;
            return found.has_value();
        });
        if (!never || !first) continue;
        const bool permit = view.rule->kind == RuleKind::Permit;
        Finding* found =
            l.report(Lint::NeverMatches, view.rule->span,
                     std::string(spelling_of(view.rule->kind)) + " " + quoted(view.rule->name) +
                         (permit ? " never applies: its conditions contradict each other"
                                 : " is true for no request: its conditions contradict each other"),
                     "",
                     permit ? "everyone who needs it is denied, and the next change to it may permit more than it "
                              "seems; join alternatives with `or`"
                            : "requests that it should deny pass; join alternatives with `or`");
        if (found == nullptr) continue;
        for (const Expr* each : first->before) found->diagnostic.related.push_back({each->span, "this"});
        found->diagnostic.related.push_back(
            {first->last->span, first->before.empty() ? "none of its tools" : "and this exclude each other"});
    }
}

}  // namespace writ::lint
