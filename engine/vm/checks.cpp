// The checks before any rule: required facts, the token and its issuer's declaration, the tool, the requested scopes,
// and expiries. Every failed check adds a reason.
#include <algorithm>
#include <array>
#include <iterator>

#include "base/builtin_facts.h"
#include "base/values.h"
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

/// One pass of the checks. Without a decision for the reasons, it only finds out whether any check fails.
struct Checks {
    const Facts& facts;
    Decision* decision = nullptr;
    bool wrong = false;

    void reason(ReasonCode code, std::string_view detail = {}) {
        wrong = true;
        if (decision != nullptr) decision->reasons.push_back({name_of(code), kNoRule, detail});
    }
    void missing(std::string_view path) { reason(ReasonCode::fact_missing, path); }

    [[nodiscard]] bool all_stated() const;
    void stated();
    void hops(std::string_view path);
    void token();
    [[nodiscard]] bool token_current(const bytecode::IssuerRef* issuer) const;
    [[nodiscard]] bool audience_fits(const bytecode::IssuerRef& issuer) const;
    void ask();
    void ended();
    [[nodiscard]] bool passed(const Value& expiry) const {
        const Value& now = facts[Builtin::Now];
        return now.present() && expiry.present() && expiry.integer <= now.integer;
    }
};

/// The facts whose presence is checked in one way.
template <Presence asked>
constexpr auto facts_asked() {
    using builtin::kFacts;
    constexpr auto is = [](const BuiltinFact& each) { return each.presence == asked; };
    std::array<std::uint32_t, static_cast<std::size_t>(std::count_if(std::begin(kFacts), std::end(kFacts), is))> out{};
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < std::size(kFacts); ++i)
        if (is(kFacts[i])) out[count++] = i;
    return out;
}

/// Whether every required fact is stated: the usual case, decided without listing the missing ones.
bool Checks::all_stated() const {
    const auto present = [&](const auto& slots) {
        bool all = true;
        for (const std::uint32_t slot : slots) all = all & (facts[slot].state == State::Present);
        return all;
    };
    const auto stated = [&](const auto& slots) {
        bool all = true;
        for (const std::uint32_t slot : slots) all = all & (facts[slot].state != State::Missing);
        return all;
    };
    if (facts[Builtin::Delegation].present()) return false;  // hops are checked one by one
    if (!present(facts_asked<Presence::Stated>()) || !stated(facts_asked<Presence::OrNone>())) return false;
    return !facts[Builtin::User].present() ||
           (present(facts_asked<Presence::UserStated>()) && stated(facts_asked<Presence::UserOrNone>()));
}

void Checks::stated() {
    if (all_stated()) return;
    const bool user = facts[Builtin::User].present();
    for (std::uint32_t i = 0; i < std::size(builtin::kFacts); ++i) {
        const BuiltinFact& asked = builtin::kFacts[i];
        const Value& value = facts[i];
        switch (asked.presence) {
            case Presence::Stated:
                if (!value.present()) missing(asked.path);
                break;
            case Presence::OrNone:
                if (value.state == State::Missing) missing(asked.path);
                break;
            case Presence::UserStated:
                if (user && !value.present()) missing(asked.path);
                break;
            case Presence::UserOrNone:
                if (user && value.state == State::Missing) missing(asked.path);
                break;
            case Presence::Hops:
                if (facts[Builtin::Delegation].present()) hops(asked.path);
                break;
            case Presence::Optional: break;
        }
    }
}

void Checks::hops(std::string_view path) {
    const Value& chain = facts[Builtin::DelegationChain];
    if (!chain.present() || chain.length == 0) missing(path);
    bool scopes = true, expires = true;
    each_row(chain, [&](const Value* hop) {
        scopes = scopes && column_of(hop, facts.places().hop_scopes).present();
        expires = expires && column_of(hop, facts.places().hop_expires).state != State::Missing;
    });
    if (!scopes) missing("delegation.chain.granted_scopes");
    if (!expires) missing("delegation.chain.exp");
}

bool Checks::audience_fits(const bytecode::IssuerRef& issuer) const {
    const Value& aud = facts[Builtin::TokenAudience];
    const auto ours = facts.program().items(issuer.audiences);
    return aud.length > 0 && std::all_of(aud.items, aud.items + aud.length,
                                         [&](const Value& each) { return set_has_text(facts.program(), ours, each); });
}

bool Checks::token_current(const bytecode::IssuerRef* issuer) const {
    if (!facts[Builtin::Now].present()) return true;  // reported as fact_missing
    const std::int64_t now = facts[Builtin::Now].integer;
    const std::int64_t leeway = issuer != nullptr ? issuer->leeway : 0;
    const Value& exp = facts[Builtin::TokenExpires];
    const Value& nbf = facts[Builtin::TokenNotBefore];
    const Value& iat = facts[Builtin::TokenIssued];
    if (exp.present() && sat_add(exp.integer, leeway) <= now) return false;
    if (nbf.present() && nbf.integer > sat_add(now, leeway)) return false;
    if (iat.present() && iat.integer > sat_add(now, leeway)) return false;
    if (issuer == nullptr || issuer->max_age < 0) return true;
    if (iat.state == State::None) return false;  // its age is unknown
    return !iat.present() || sat_sub(now, iat.integer) <= sat_add(issuer->max_age, leeway);
}

void Checks::token() {
    const bool known = facts.issuer() != kNotFound;
    const bytecode::IssuerRef* issuer = known ? &facts.program().issuers[facts.issuer()] : nullptr;
    if (!known && facts[Builtin::TokenIssuer].present()) reason(ReasonCode::issuer_unknown);
    if (known && facts[Builtin::TokenAudience].present() && !audience_fits(*issuer))
        reason(ReasonCode::audience_mismatch);
    if (!token_current(issuer)) reason(ReasonCode::token_not_current);
    if (facts[Builtin::TokenExpires].state == State::None && facts.token_end() == INT64_MAX)
        reason(ReasonCode::token_without_expiry);
    if (!known) return;
    if (issuer->types != bytecode::kNone) {
        const Value& type = facts[Builtin::TokenType];
        if (!type.present() || !set_has_text(facts.program(), facts.program().items(issuer->types), type))
            reason(ReasonCode::token_type_mismatch);
    }
    // A bearer token proves no possession.
    const Value& proof = facts[Builtin::TokenProof];
    if (issuer->proof_required != 0 && (!proof.present() || proof.integer == facts.places().bearer))
        reason(ReasonCode::proof_missing);
}

void Checks::ask() {
    if (facts[Builtin::RunParent].present() && facts[Builtin::Delegation].state == State::None)
        reason(ReasonCode::delegation_missing);
    if (facts[Builtin::ToolName].present() && facts.tool() == kNotFound) reason(ReasonCode::unknown_tool);
    const Value& scopes = facts[Builtin::WantScopes];
    if (scopes.present() && scopes.length == 0) reason(ReasonCode::nothing_requested);
}

void Checks::ended() {
    if (passed(facts[Builtin::RunExpires])) reason(ReasonCode::run_ended);
    if (passed(facts[Builtin::UserSessionExpires])) reason(ReasonCode::user_session_ended);
    bool parent = false;
    each_row(facts[Builtin::DelegationChain],
             [&](const Value* hop) { parent = parent || passed(column_of(hop, facts.places().hop_expires)); });
    if (parent) reason(ReasonCode::parent_expired);
}

}  // namespace

bool refused(Deciding& deciding) {
    if (deciding.facts.sound() && deciding.revocations == nullptr) [[likely]]
        return false;
    Checks checks{deciding.facts, &deciding.decision};
    checks.stated();
    if (deciding.revocations != nullptr) ask_for_revocable(deciding);
    checks.token();
    checks.ask();
    checks.ended();
    if (deciding.revocations != nullptr) deny_revoked(deciding);
    return !deciding.decision.reasons.empty();
}

bool nothing_wrong(const Facts& facts) {
    Checks checks{facts};
    checks.stated();
    checks.token();
    checks.ask();
    checks.ended();
    return !checks.wrong;
}

}  // namespace writ::vm
