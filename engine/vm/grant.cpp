// Computes the grant: the request, narrowed by permits, limits, the delegation chain and every expiry.
#include "base/values.h"
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;
using bytecode::RuleRef;

namespace {

const bytecode::LimitRef& limit_of(const Deciding& deciding, std::uint32_t rule) {
    return deciding.program.limits[deciding.rule(rule).effect];
}

const bytecode::GrantRef& grant_of(const Deciding& deciding, const Match& permit) {
    return deciding.program.grants[deciding.rule(permit.rule).effect];
}

/// Texts are interned: equal texts have the same address.
bool has_obligation(const Grant& grant, std::string_view name, std::string_view args) {
    return std::any_of(grant.obligations.begin(), grant.obligations.end(), [&](const Obligation& each) {
        return each.name.data() == name.data() && each.args.data() == args.data();
    });
}

bool offers(const Deciding& deciding, const Match& permit, const Value& scope) {
    const auto& program = deciding.program;
    return set_has_text(program, program.items(grant_of(deciding, permit).scopes), scope);
}

/// A grant lives no longer than was asked for, and than what the request is made with.
void end_with_request(Deciding& deciding) {
    const Facts& facts = deciding.facts;
    const auto ends = [&](const Value& expiry) {
        if (expiry.present()) deciding.at_most(sat_sub(expiry.integer, deciding.decision.now));
    };
    if (const Value& asked = facts[Builtin::WantTtl]; asked.present()) deciding.at_most(asked.integer);
    deciding.at_most(sat_sub(facts.token_end(), deciding.decision.now));
    ends(facts[Builtin::RunExpires]);
    ends(facts[Builtin::UserSessionExpires]);
    each_row(facts[Builtin::DelegationChain],
             [&](const Value* hop) { ends(column_of(hop, facts.places().hop_expires)); });
}

}  // namespace

bool granted_plainly(Deciding& deciding) {
    const bytecode::Program& program = deciding.program;
    const Facts& facts = deciding.facts;
    auto& permits = deciding.work.permits;
    const bytecode::ToolRef& tool = program.tools[facts.tool()];
    if (permits.size() != 1 || permits.front().until != INT64_MAX || deciding.work.narrows() ||
        facts[Builtin::DelegationChain].present() || facts[Builtin::WantAudience].present() || tool.audience_count == 0)
        return false;
    const bytecode::GrantRef& offer = grant_of(deciding, permits.front());
    Grant& grant = deciding.decision.grant;
    const Value& asked = facts[Builtin::WantScopes];
    const auto offered = program.items(offer.scopes), declared = program.items(tool.scopes);
    for (std::uint32_t i = 0; i < asked.length; ++i) {
        if (!set_has_text(program, offered, asked.items[i]) || !set_has_text(program, declared, asked.items[i])) {
            grant.scopes.clear();
            return false;
        }
        grant.scopes.push_back(asked.items[i].text());
    }
    deciding.at_most(offer.ttl);
    end_with_request(deciding);
    if (deciding.lifetime < kSecond) {
        grant.scopes.clear();
        return false;
    }
    for (const std::uint32_t id : program.ids.subspan(tool.audience, tool.audience_count))
        grant.audience.push_back(program.text(id));
    grant.ttl = deciding.lifetime / kSecond;
    permits.front().used = true;
    deciding.reason(ReasonCode::permitted, permits.front().rule);
    deciding.decision.effect = Effect::Permit;
    return true;
}

bool narrow_scopes(Deciding& deciding) {
    const bytecode::Program& program = deciding.program;
    const Facts& facts = deciding.facts;
    const Value& asked = facts[Builtin::WantScopes];
    const auto declared = program.items(program.tools[facts.tool()].scopes);
    auto& granted = deciding.work.granted;
    const auto& permits = deciding.work.permits;
    for (std::uint32_t i = 0; i < asked.length; ++i) {
        const Value& scope = asked.items[i];
        // A permit for several tools may list scopes that this tool does not have.
        if (!set_has_text(program, declared, scope)) continue;
        if (std::any_of(permits.begin(), permits.end(),
                        [&](const Match& permit) { return offers(deciding, permit, scope); }))
            granted.push_back(&scope);
    }
    if (granted.empty()) return deciding.deny(ReasonCode::scope_not_offered);

    for (const std::uint32_t rule : deciding.work.limits) {
        const std::uint32_t scopes = limit_of(deciding, rule).scopes;
        if (scopes == bytecode::kNone) continue;
        std::erase_if(granted,
                      [&](const Value* scope) { return !set_has_text(program, program.items(scopes), *scope); });
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

/// For each scope the permit that offers it longest is used. With any other choice, one more fact could make a second
/// permit match and shorten the grant's life, and one fact less could lengthen it.
void choose_permits(Deciding& deciding) {
    auto& permits = deciding.work.permits;
    const auto longer = [](const Match& a, const Match& b) {
        return a.lifetime != b.lifetime ? a.lifetime > b.lifetime : a.until > b.until;
    };
    for (const Value* scope : deciding.work.granted) {
        Match* best = nullptr;
        for (Match& permit : permits)
            if ((best == nullptr || longer(permit, *best)) && offers(deciding, permit, *scope)) best = &permit;
        if (best != nullptr) best->used = true;
    }
    for (const Match& permit : permits) {
        if (!permit.used) continue;
        deciding.at_most(grant_of(deciding, permit).ttl);
        deciding.horizon = std::min(deciding.horizon, permit.until);
    }
}

namespace {

/// How long a grant may live with a rule that will apply later, in microseconds; -1 if the rule would change the grant.
std::int64_t lifetime_under(Deciding& deciding, std::uint32_t index) {
    const bytecode::Program& program = deciding.program;
    const RuleRef& rule = deciding.rule(index);
    const Grant& grant = deciding.decision.grant;
    const auto all_in = [&](std::uint32_t set, const auto& texts, auto value_of) {
        return set == bytecode::kNone || std::all_of(texts.begin(), texts.end(), [&](const auto& each) {
                   return set_has_text(program, program.items(set), value_of(each));
               });
    };
    switch (static_cast<RuleKind>(rule.kind)) {
        case RuleKind::Permit:
        case RuleKind::Deny: return -1;
        case RuleKind::Require: return approved_for(deciding, index);
        case RuleKind::Limit: {
            const bytecode::LimitRef& limit = program.limits[rule.effect];
            const bool same =
                (limit.single_use == 0 || grant.single_use) &&
                all_in(limit.scopes, deciding.work.granted, [](const Value* scope) { return *scope; }) &&
                all_in(limit.audience, grant.audience, [](std::string_view each) { return Value::of(each); });
            if (!same) return -1;
            return limit.ttl >= 0 ? limit.ttl : INT64_MAX;
        }
        case RuleKind::Oblige: {
            const bytecode::ObligationRef& obligation = program.obligations[rule.effect];
            for (std::uint32_t i = 0; i < obligation.count; ++i)
                if (!has_obligation(grant, program.text(program.ids[obligation.first + 2 * i]),
                                    program.text(program.ids[obligation.first + 2 * i + 1])))
                    return -1;
            return INT64_MAX;
        }
    }
    return -1;
}

/// Rules that will apply later: the grant ends when it would change, unless it already satisfies them. If this end
/// were stricter than the rule, one fact less could make the rule apply now and so lengthen the grant.
void foresee(Deciding& deciding) {
    const std::int64_t now = deciding.decision.now;
    for (const Dormant& rule : deciding.work.dormant) {
        const std::int64_t under = lifetime_under(deciding, rule.rule);
        if (under < 0)
            deciding.horizon = std::min(deciding.horizon, rule.onset);
        else
            deciding.at_most(std::max(under, sat_sub(rule.onset, now)));
    }
}

}  // namespace

bool narrow_lifetime(Deciding& deciding) {
    Grant& grant = deciding.decision.grant;
    const std::int64_t now = deciding.decision.now;
    for (const std::uint32_t rule : deciding.work.limits) {
        const bytecode::LimitRef& limit = limit_of(deciding, rule);
        if (limit.ttl >= 0) deciding.at_most(limit.ttl);
        grant.single_use = grant.single_use || limit.single_use != 0;
    }
    foresee(deciding);
    end_with_request(deciding);
    if (deciding.horizon != INT64_MAX) {
        deciding.at_most(sat_sub(deciding.horizon, now));
        grant.not_after = deciding.horizon;
    }
    grant.ttl = deciding.lifetime / kSecond;
    return deciding.lifetime < kSecond && deciding.deny(ReasonCode::ttl_exhausted);
}

void collect_obligations(Deciding& deciding) {
    const bytecode::Program& program = deciding.program;
    auto& obligations = deciding.decision.grant.obligations;
    for (const std::uint32_t rule : deciding.work.obligations) {
        const bytecode::ObligationRef& obligation = program.obligations[deciding.rule(rule).effect];
        for (std::uint32_t i = 0; i < obligation.count; ++i) {
            const Obligation more{program.text(program.ids[obligation.first + 2 * i]),
                                  program.text(program.ids[obligation.first + 2 * i + 1])};
            if (!has_obligation(deciding.decision.grant, more.name, more.args)) obligations.push_back(more);
        }
    }
}

}  // namespace writ::vm
