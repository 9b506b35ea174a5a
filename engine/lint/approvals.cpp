// Denies that test for an approval: a `require` asks for it.
#include <algorithm>

#include "lint/cases.h"

namespace writ::lint {

namespace {

using namespace check;

bool is_approvals(const Linter& l, const Expr& e) {
    return e.op == Op::Fact && l.policy.facts[e.id].root == FactRoot::Request &&
           l.policy.facts[e.id].path == "approvals";
}

/// The test in `e` that one more approval can make differ from what it must be for `e` to be `wanted`; null if there is
/// none.
const Expr* lifted(const Linter& l, const Expr& e, bool wanted) {
    if (class_of(e.op) == OpClass::Connective) {
        const bool inner = e.op == Op::Not ? !wanted : wanted;
        for (const Expr* kid : e.kids)
            if (const Expr* found = lifted(l, *kid, inner); found != nullptr) return found;
        return nullptr;
    }
    const Expr* list = e.kids.empty() ? nullptr : e.kids[0];
    bool falls = false;  // one more approval can change the result
    if (e.op == Op::IsNone || e.op == Op::All) falls = wanted;
    if (e.op == Op::IsSome || e.op == Op::Any) falls = !wanted;
    if (e.op == Op::Compare && list->op == Op::Count) {
        falls = wanted ? e.cmp == Cmp::Lt || e.cmp == Cmp::Le || e.cmp == Cmp::Eq
                       : e.cmp == Cmp::Gt || e.cmp == Cmp::Ge || e.cmp == Cmp::Ne;
        list = list->kids[0];
    }
    return falls && is_approvals(l, *list) ? &e : nullptr;
}

}  // namespace

void lint_approvals(Linter& l) {
    for (const RuleView& view : l.rules) {
        const Rule& rule = *view.rule;
        if (!view.given || rule.kind != RuleKind::Deny || rule.when == nullptr) continue;
        const Expr* test = lifted(l, *rule.when, true);
        if (test == nullptr) continue;
        Finding* found = l.report(Lint::ApprovalLiftsDeny, rule.span,
                                  "deny " + quoted(rule.name) + " waits for an approval", "a `require` asks for it",
                                  "the answer is a deny, so nobody is asked, and a test of `approvals` does not check "
                                  "what was approved, by whom "
                                  "and when; write `require " +
                                      rule.name + " when … approval from group \"…\" within 15m` without this test");
        if (found != nullptr) found->diagnostic.related.push_back({test->span, "an approval makes this false"});
    }
}

}  // namespace writ::lint
