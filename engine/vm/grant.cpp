// What is granted: the ask, narrowed by permits, limits, the delegation chain and every expiry.
#include "base/values.h"
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

const bytecode::LimitRef& limit_of(const Deciding& deciding, std::uint32_t rule) {
    return deciding.program.limits[deciding.rule(rule).effect];
}

const bytecode::GrantRef& grant_of(const Deciding& deciding, const Match& permit) {
    return deciding.program.grants[deciding.rule(permit.rule).effect];
}

bool offers(const Deciding& deciding, const Match& permit, const Value& scope) {
    const auto& program = deciding.program;
    return set_has_text(program, program.items(grant_of(deciding, permit).scopes), scope);
}

}  // namespace

bool narrow_scopes(Deciding& deciding) {
    const bytecode::Program& program = deciding.program;
    const Facts& facts = deciding.facts;
    const Value& asked = facts[Builtin::WantScopes];
    auto& granted = deciding.work.granted;
    const auto& permits = deciding.work.permits;
    for (std::uint32_t i = 0; i < asked.length; ++i) {
        const Value& scope = asked.items[i];
        if (std::any_of(permits.begin(), permits.end(),
                        [&](const Match& permit) { return offers(deciding, permit, scope); }))
            granted.push_back(&scope);
    }
    if (granted.empty()) return deciding.deny(ReasonCode::scope_not_offered);

    for (const std::uint32_t rule : deciding.work.limits) {
        const std::uint32_t scopes = limit_of(deciding, rule).scopes;
        if (scopes == bytecode::kNone) continue;
        std::erase_if(granted, [&](const Value* scope) {
            return !set_has_text(program, program.items(scopes), *scope);
        });
    }
    if (granted.empty()) return deciding.deny(ReasonCode::scope_limited);

    each_row(facts[Builtin::DelegationChain], [&](const Value* hop) {
        const Value& held = column_of(hop, facts.places().hop_scopes);
        std::erase_if(granted, [&](const Value* scope) { return !list_has(held, *scope); });
    });
    if (granted.empty()) return deciding.deny(ReasonCode::scope_exceeds_parent);

    const Value& all_or_nothing = facts[Builtin::WantAllOrNothing];
    if (all_or_nothing.present() && all_or_nothing.integer != 0 && granted.size() < asked.length)
        return deciding.deny(ReasonCode::partial_grant);
    for (const Value* scope : granted) deciding.decision.grant.scopes.push_back(scope->text());
    return false;
}

bool narrow_audience(Deciding& deciding) {
    const bytecode::Program& program = deciding.program;
    const bytecode::ToolRef& tool = program.tools[deciding.facts.tool()];
    const Value& asked = deciding.facts[Builtin::WantAudience];
    auto& audience = deciding.decision.grant.audience;
    bool offered = false;
    for (const std::uint32_t id : program.ids.subspan(tool.audience, tool.audience_count)) {
        const Value each = Value::of(program.text(id), id);
        if (asked.present() && !list_has(asked, each)) continue;
        offered = true;
        const auto& limits = deciding.work.limits;
        const bool kept = std::all_of(limits.begin(), limits.end(), [&](std::uint32_t rule) {
            const std::uint32_t set = limit_of(deciding, rule).audience;
            return set == bytecode::kNone || set_has_text(program, program.items(set), each);
        });
        if (kept) audience.push_back(each.text());
    }
    if (!audience.empty()) return false;
    return deciding.deny(offered ? ReasonCode::audience_limited : ReasonCode::audience_not_offered);
}

/// For each scope the permit that offers it for longest is used. With any other choice a fact more
/// could make a second permit match and shorten the grant's life, and a fact less lengthen it.
void choose_permits(Deciding& deciding) {
    const std::int64_t now = deciding.decision.now;
    auto& permits = deciding.work.permits;
    for (Match& permit : permits) {
        permit.until =
            deciding.interpreter.until(deciding.facts, deciding.rule(permit.rule), Mode::Surely, true);
        permit.lifetime = std::min(grant_of(deciding, permit).ttl, sat_sub(permit.until, now));
    }
    for (const Value* scope : deciding.work.granted) {
        Match* best = nullptr;
        for (Match& permit : permits)
            if ((best == nullptr || permit.lifetime > best->lifetime) && offers(deciding, permit, *scope))
                best = &permit;
        if (best != nullptr) best->used = true;
    }
    for (const Match& permit : permits) {
        if (!permit.used) continue;
        deciding.at_most(grant_of(deciding, permit).ttl);
        deciding.horizon = std::min(deciding.horizon, permit.until);
    }
    // A narrowing rule that would start to apply ends the grant; one that would lapse does not.
    for (const std::uint32_t index : deciding.work.dormant)
        deciding.horizon =
            std::min(deciding.horizon,
                     deciding.interpreter.until(deciding.facts, deciding.rule(index), Mode::Possibly, false));
}

bool narrow_lifetime(Deciding& deciding) {
    const Facts& facts = deciding.facts;
    Grant& grant = deciding.decision.grant;
    const std::int64_t now = deciding.decision.now;
    if (const Value& asked = facts[Builtin::WantTtl]; asked.present()) deciding.at_most(asked.integer);
    for (const std::uint32_t rule : deciding.work.limits) {
        const bytecode::LimitRef& limit = limit_of(deciding, rule);
        if (limit.ttl >= 0) deciding.at_most(limit.ttl);
        grant.single_use = grant.single_use || limit.single_use != 0;
    }
    const auto ends = [&](const Value& expiry) {
        if (expiry.present()) deciding.at_most(sat_sub(expiry.integer, now));
    };
    ends(facts[Builtin::TokenExpires]);
    ends(facts[Builtin::RunExpires]);
    ends(facts[Builtin::UserSessionExpires]);
    each_row(facts[Builtin::DelegationChain],
             [&](const Value* hop) { ends(column_of(hop, facts.places().hop_expires)); });
    if (deciding.horizon != INT64_MAX) {
        deciding.at_most(sat_sub(deciding.horizon, now));
        grant.not_after = deciding.horizon;
    }
    grant.ttl = deciding.lifetime / kSecond;
    return deciding.lifetime < kSecond && deciding.deny(ReasonCode::ttl_exhausted);
}

void collect_obligations(Deciding& deciding) {
    const bytecode::Program& program = deciding.program;
    auto& duties = deciding.decision.grant.obligations;
    for (const std::uint32_t rule : deciding.work.duties) {
        const bytecode::DutyRef& duty = program.duties[deciding.rule(rule).effect];
        for (std::uint32_t i = 0; i < duty.count; ++i) {
            const Obligation more{program.text(program.ids[duty.first + 2 * i]),
                                  program.text(program.ids[duty.first + 2 * i + 1])};
            // Texts are interned: the same text is at the same place.
            const bool there = std::any_of(duties.begin(), duties.end(), [&](const Obligation& each) {
                return each.name.data() == more.name.data() && each.args.data() == more.args.data();
            });
            if (!there) duties.push_back(more);
        }
    }
}

}  // namespace writ::vm
