#include "check/recheck.h"

#include "check/expr.h"
#include "check/passes.h"

namespace writ::check {

namespace {

/// Compares again what a comparison compares, and conjuncts with each other.
void check_parts(Context& c, const Expr& e) {
    if (e.op == Op::Compare) (void)compare(c, e.cmp, e.span, e.kids[0], e.kids[1]);
    if (e.op == Op::And) (void)report_contradiction(c, e.kids);
    for (const auto* kid : e.kids) check_parts(c, *kid);
}

bool needs_condition(const Rule& rule) {
    return rule.kind == RuleKind::Permit || (rule.kind == RuleKind::Deny && rule.tools.empty());
}

}  // namespace

std::optional<Code> recheck(Policy& policy, const Rule& rule) {
    if (rule.when == nullptr) return needs_condition(rule) ? std::optional(Code::ConditionMissing) : std::nullopt;
    Report report(1);
    static const SourceSet kNoSources;
    static const StandardModule kNoModules;
    static const CompileOptions kOptions;
    Context c{.policy = policy, .sources = kNoSources, .standard = kNoModules, .options = kOptions, .report = report};
    check_parts(c, *rule.when);
    if (rule.kind != RuleKind::Permit) check_guards(c, {rule.name, rule.span}, rule.span, *rule.when);
    for (const Diagnostic& error : report.take()) {
        if (error.severity != Severity::Error) continue;
        return find_code(error.code);
    }
    return std::nullopt;
}

}  // namespace writ::check
