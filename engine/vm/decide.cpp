// The order of a decision: checks, rules, scopes, audience, permits, approvals, lifetime.
#include "vm/deciding.h"

namespace writ::vm {

namespace {

using bytecode::RuleRef;

/// The rules that may matter to these facts, ascending: a superset of those whose condition holds in
/// either mode, with every timed rule. Here: all of them.
std::span<const std::uint32_t> candidates(const Deciding& deciding) {
    return deciding.work.rules;
}

/// Runs every candidate, a permit to be sure and the others on suspicion.
void run_rules(Deciding& deciding) {
    Outcomes& work = deciding.work;
    for (const std::uint32_t index : candidates(deciding)) {
        const RuleRef& rule = deciding.rule(index);
        const auto kind = static_cast<RuleKind>(rule.kind);
        const Mode mode = kind == RuleKind::Permit ? Mode::Surely : Mode::Possibly;
        if (!deciding.interpreter.holds(deciding.facts, rule, mode)) {
            if (kind != RuleKind::Permit && (rule.flags & bytecode::kTimed) != 0)
                work.dormant.push_back(index);
            continue;
        }
        switch (kind) {
            case RuleKind::Permit:
                work.permits.push_back({.rule = index});
                break;
            case RuleKind::Deny:
                work.denies.push_back(index);
                break;
            case RuleKind::Require:
                work.requirements.push_back(index);
                break;
            case RuleKind::Limit:
                work.limits.push_back(index);
                break;
            case RuleKind::Oblige:
                work.duties.push_back(index);
                break;
        }
    }
}

bool denied(Deciding& deciding) {
    if (deciding.work.denies.empty()) return false;
    for (const std::uint32_t index : deciding.work.denies)
        if (!deciding.interpreter.holds(deciding.facts, deciding.rule(index), Mode::Surely))
            deciding.reason(ReasonCode::fact_missing, index);
    for (const std::uint32_t index : deciding.work.denies)
        deciding.decision.reasons.push_back({deciding.program.text(deciding.rule(index).name), index, {}});
    return true;
}

bool without_permit(Deciding& deciding) {
    if (!deciding.work.permits.empty()) return false;
    for (const std::uint32_t index : candidates(deciding)) {
        const RuleRef& rule = deciding.rule(index);
        if (static_cast<RuleKind>(rule.kind) == RuleKind::Permit &&
            deciding.interpreter.holds(deciding.facts, rule, Mode::Possibly))
            deciding.reason(ReasonCode::fact_missing, index);
    }
    return deciding.deny(ReasonCode::no_permit);
}

/// Fills in effect, grant, reasons and requirements. A return before the end is a deny.
void resolve(Deciding& deciding) {
    Decision& decision = deciding.decision;
    if (refused(deciding)) return;
    run_rules(deciding);
    if (denied(deciding) || without_permit(deciding)) return;
    if (narrow_scopes(deciding) || narrow_audience(deciding)) return;
    choose_permits(deciding);
    count_approvals(deciding);
    if (narrow_lifetime(deciding)) return;
    name_approvals(deciding);
    if (!deciding.work.unmet.empty()) {
        list_requirements(deciding);
        decision.effect = Effect::NeedsApproval;
        return;
    }
    collect_obligations(deciding);
    for (const Match& permit : deciding.work.permits)
        if (permit.used) deciding.reason(ReasonCode::permitted, permit.rule);
    decision.effect = Effect::Permit;
}

}  // namespace

void decide(const bytecode::Program& program, const Facts& facts, Interpreter& interpreter,
            Decision& decision) {
    decision.clear();
    const std::uint64_t before = interpreter.steps();
    const Value& now = facts[bytecode::Builtin::Now];
    decision.now = now.present() ? now.integer : 0;
    decision.bundle_digest = program.digest();
    attribute(facts, decision.attribution);

    Deciding deciding{program, facts, interpreter, interpreter.outcomes(), decision};
    deciding.work.clear();
    resolve(deciding);
    if (decision.effect != Effect::Permit) decision.grant.clear();
    if (decision.effect == Effect::Deny) decision.binding_digest.clear();
    decision.steps = interpreter.steps() - before;
}

}  // namespace writ::vm
