// The order of a decision: checks, rules, scopes, audience, permits, approvals, lifetime.
#include "base/access.h"
#include "base/values.h"
#include "bytecode/cost.h"
#include "vm/deciding.h"

namespace writ::vm {

namespace {

using bytecode::RuleRef;

/// Runs the rules that may narrow, in mode Possibly. A rule that begins to apply within a second applies already: no
/// credential lives shorter, so none could end before.
void run_narrowing(Deciding& deciding) {
    Outcomes& work = deciding.work;
    for (const std::uint32_t index : deciding.interpreter.candidates(deciding.facts, Want::Narrowing, Mode::Possibly)) {
        if (deciding.exhausted()) return;
        const RuleRef& rule = deciding.rule(index);
        if (!deciding.interpreter.holds(deciding.facts, rule, Mode::Possibly)) {
            const std::int64_t onset = deciding.interpreter.until(deciding.facts, rule, Mode::Possibly, false);
            if (onset == INT64_MAX) continue;
            if (sat_sub(onset, deciding.decision.now) >= kSecond) {
                work.dormant.push_back({index, onset});
                continue;
            }
        }
        switch (static_cast<RuleKind>(rule.kind)) {
            case RuleKind::Permit: break;  // never a candidate here
            case RuleKind::Deny: work.denies.push_back(index); break;
            case RuleKind::Require: work.requirements.push_back(index); break;
            case RuleKind::Limit: work.limits.push_back(index); break;
            case RuleKind::Oblige: work.obligations.push_back(index); break;
        }
    }
}

/// Runs the permits in mode Surely. A permit that ends within a second offers nothing.
void run_permits(Deciding& deciding) {
    for (const std::uint32_t index : deciding.interpreter.candidates(deciding.facts, Want::Permits, Mode::Surely)) {
        if (deciding.exhausted()) return;
        const RuleRef& rule = deciding.rule(index);
        if (!deciding.interpreter.holds(deciding.facts, rule, Mode::Surely)) continue;
        Match permit{.rule = index};
        permit.until = deciding.interpreter.until(deciding.facts, rule, Mode::Surely, true);
        permit.lifetime =
            std::min(deciding.program.grants[rule.effect].ttl, sat_sub(permit.until, deciding.decision.now));
        if (permit.lifetime >= kSecond)
            deciding.work.permits.push_back(permit);
        else
            deciding.work.brief.push_back(index);
    }
}

/// Whether a rule's condition is possibly true and not surely true.
bool in_doubt(Deciding& deciding, std::uint32_t index) {
    const RuleRef& rule = deciding.rule(index);
    return deciding.interpreter.holds(deciding.facts, rule, Mode::Possibly) &&
           !deciding.interpreter.holds(deciding.facts, rule, Mode::Surely);
}

/// Adds the reason why a rule is in doubt: a fact is missing, or only a moment is in the future. The latter is added
/// at the end, by tell_ahead(), to keep the order of reasons.def.
void tell_doubt(Deciding& deciding, std::uint32_t index) {
    bool ahead = false;
    if ((deciding.rule(index).flags & bytecode::kTimed) != 0) {
        deciding.interpreter.foresee(true);
        ahead = !in_doubt(deciding, index);
        deciding.interpreter.foresee(false);
    }
    if (ahead)
        deciding.work.ahead.push_back(index);
    else
        deciding.reason(ReasonCode::fact_missing, index);
}

void tell_ahead(Deciding& deciding) {
    for (const std::uint32_t index : deciding.work.ahead) deciding.reason(ReasonCode::time_in_future, index);
}

bool denied(Deciding& deciding) {
    if (deciding.work.denies.empty()) return false;
    for (const std::uint32_t index : deciding.work.denies) {
        if (deciding.exhausted()) break;
        const RuleRef& rule = deciding.rule(index);
        // A deny without tests of time is possibly true, or it would not apply. One with such tests may only be about
        // to become true.
        const bool doubtful = (rule.flags & bytecode::kTimed) != 0
                                  ? in_doubt(deciding, index)
                                  : !deciding.interpreter.holds(deciding.facts, rule, Mode::Surely);
        if (doubtful) tell_doubt(deciding, index);
    }
    tell_ahead(deciding);
    for (const std::uint32_t index : deciding.work.denies)
        deciding.decision.reasons.push_back({deciding.program.text(deciding.rule(index).effect), index, {}});
    return true;
}

bool without_permit(Deciding& deciding) {
    if (!deciding.work.permits.empty()) return false;
    const std::vector<std::uint32_t>& brief = deciding.work.brief;  // permits that are surely true
    // If nothing was unknown, no rule applies because of a missing fact.
    if (deciding.interpreter.doubted()) {
        for (const std::uint32_t index :
             deciding.interpreter.candidates(deciding.facts, Want::Permits, Mode::Possibly)) {
            if (deciding.exhausted()) break;
            if (std::binary_search(brief.begin(), brief.end(), index)) continue;
            if (deciding.interpreter.holds(deciding.facts, deciding.rule(index), Mode::Possibly))
                tell_doubt(deciding, index);
        }
    }
    tell_ahead(deciding);
    return deciding.deny(brief.empty() ? ReasonCode::no_permit : ReasonCode::ttl_exhausted);
}

/// Fills in effect, grant, reasons and requirements. Returns before the end if the decision is a deny.
void resolve(Deciding& deciding) {
    Decision& decision = deciding.decision;
    if (refused(deciding)) return;
    run_narrowing(deciding);
    if (denied(deciding)) return;
    run_permits(deciding);
    if (without_permit(deciding)) return;
    if (granted_plainly(deciding)) return;
    if (narrow_scopes(deciding) || narrow_audience(deciding)) return;
    choose_permits(deciding);
    count_approvals(deciding);
    collect_obligations(deciding);
    if (narrow_lifetime(deciding)) return;
    name_approvals(deciding);
    if (!deciding.work.unmet.empty()) {
        list_requirements(deciding);
        decision.effect = Effect::NeedsApproval;
        return;
    }
    for (const Match& permit : deciding.work.permits)
        if (permit.used) deciding.reason(ReasonCode::permitted, permit.rule);
    decision.effect = Effect::Permit;
}

}  // namespace

void decide(const bytecode::Program& program, const Facts& facts, Interpreter& interpreter, Decision& decision,
            const Revocations* revocations) {
    Access::restart(decision);  // attribute() and the lines below set the rest
    const std::uint64_t before = interpreter.steps();
    const Value& now = facts[bytecode::Builtin::Now];
    decision.now = now.present() ? now.integer : 0;
    decision.bundle_digest = program.digest();
    attribute(facts, decision.attribution);

    const std::uint64_t budget = program.manifest[0].step_bound;
    Deciding deciding{
        program, facts, interpreter, interpreter.outcomes(), decision, revocations, bytecode::sat_plus(before, budget)};
    deciding.work.clear();
    const Interpreter::Remembering remembering(interpreter, facts, budget);
    resolve(deciding);
    // The verified bound ensures that this never happens. If it did, the results so far would be invalid.
    if (deciding.exhausted()) {
        decision.effect = Effect::Deny;
        decision.reasons.clear();
        decision.clear_requirements();
        deciding.reason(ReasonCode::budget_exhausted);
    }
    if (decision.effect != Effect::Permit) decision.grant.clear();
    if (decision.effect == Effect::Deny) decision.binding_digest.clear();
    decision.steps = interpreter.steps() - before;
}

}  // namespace writ::vm
