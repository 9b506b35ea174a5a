// Checks that a token agrees with its claims. The broker states its reading of `token.exp`, `nbf`, `iat` and `aud`.
// It may state less than the claims, which the issuer signed, and never more. Names must be equal.
#include "base/values.h"
#include "vm/binder.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

/// Brokers round moments to seconds, so the two may differ by one second.
constexpr std::int64_t kRounded = kSecond;

}  // namespace

/// If the claims name another issuer than the verifier stated, the token was not understood.
bool Binder::issuers_agree(const json::Node& claims) {
    const json::Node* iss = claims.find("iss");
    if (iss == nullptr || !facts_.issuer_name_.stated) return true;
    if (iss->type == json::Type::String && iss->text() == facts_.issuer_name_.text) return true;
    fail(Code::IssuersDiffer, "the claim `iss` and `token.issuer` differ");
    return within("iss");
}

/// Requires: the whole token is bound. A field that is missing or not trusted is denied later.
bool Binder::within_claims(const json::Node& claims) {
    return ends_within(claims) && starts_within(claims) && issued_within(claims) && audience_within(claims) &&
           id_agrees(claims);
}

bool Binder::wider(std::string_view field, std::string message) {
    fail(Code::TokenWiderThanClaims, std::move(message));
    return within(field);
}

/// A moment in the claims, even if the issuer's declaration does not have it. Absent or null: no bound.
bool Binder::claimed(const json::Node& claims, std::string_view name, std::optional<std::int64_t>& moment) {
    const json::Node* claim = claims.find(name);
    if (claim == nullptr || claim->type == json::Type::Null) return true;
    if (claim->type == json::Type::Int && claim->integer <= INT64_MAX / kSecond &&
        claim->integer >= -(INT64_MAX / kSecond))
        moment = claim->integer * kSecond;
    else if (claim->type == json::Type::Number)
        moment = parse_numeric_date(claim->text(), rounding_of(name));
    else if (claim->type == json::Type::String)
        moment = parse_instant(claim->text(), rounding_of(name));
    if (moment) return true;
    wider(name, "the claim is no moment that `token." + std::string(name) + "` could be compared with");
    return within("claims");
}

bool Binder::ends_within(const json::Node& claims) {
    const Value& exp = facts_[Builtin::TokenExpires];
    std::optional<std::int64_t> claim;
    if (exp.state == State::Missing) return true;
    if (!claimed(claims, "exp", claim)) return false;
    if (!claim || (exp.present() && exp.integer <= sat_add(*claim, kRounded))) return true;
    return wider("exp", "`token.exp` is later than the claim `exp`");
}

bool Binder::starts_within(const json::Node& claims) {
    const Value& nbf = facts_[Builtin::TokenNotBefore];
    std::optional<std::int64_t> claim;
    if (nbf.state == State::Missing) return true;
    if (!claimed(claims, "nbf", claim)) return false;
    if (!claim || (nbf.present() && nbf.integer >= sat_sub(*claim, kRounded))) return true;
    return wider("nbf", "`token.nbf` is earlier than the claim `nbf`");
}

/// A later `iat` would make a token younger than it is. Without `iat` its age is unknown.
bool Binder::issued_within(const json::Node& claims) {
    const Value& iat = facts_[Builtin::TokenIssued];
    std::optional<std::int64_t> claim;
    if (!iat.present()) return true;
    if (!claimed(claims, "iat", claim)) return false;
    if (!claim || iat.integer <= sat_add(*claim, kRounded)) return true;
    return wider("iat", "`token.iat` is later than the claim `iat`");
}

bool Binder::audience_within(const json::Node& claims) {
    const Value& audience = facts_[Builtin::TokenAudience];
    const json::Node* claim = claims.find("aud");
    if (!audience.present() || claim == nullptr) return true;
    const auto is_claimed = [&](std::string_view text) {
        if (claim->type == json::Type::String) return claim->text() == text;
        if (claim->type != json::Type::Array) return false;
        const json::Node* item = claim->first();
        for (std::uint32_t i = 0; i < claim->count; ++i, item = item->next())
            if (item->type == json::Type::String && item->text() == text) return true;
        return false;
    };
    for (std::uint32_t i = 0; i < audience.length; ++i)
        if (!is_claimed(audience.items[i].text()))
            return wider("aud", "`token.aud` has an audience that is not in the claim `aud`");
    return true;
}

/// A token with another id, or with none, would escape the revocation of its id.
bool Binder::id_agrees(const json::Node& claims) {
    const Value& id = facts_[Builtin::TokenId];
    const json::Node* claim = claims.find("jti");
    if (id.state == State::Missing || claim == nullptr || claim->type == json::Type::Null) return true;
    if (id.present() && claim->type == json::Type::String && claim->text() == id.text()) return true;
    return wider("jti", "`token.jti` differs from the claim `jti`");
}

}  // namespace writ::vm
