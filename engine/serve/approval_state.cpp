#include "serve/approval_state.h"

#include <algorithm>

#include "base/base64.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::int64_t kLatest = 253'402'300'799;  // the end of the year 9999
constexpr std::size_t kMostState = 32u << 10;

std::optional<Value> object_in(std::string_view encoded) {
    const auto bytes = from_base64url(encoded);
    if (!bytes) return {};
    auto value = json::parse(*bytes, {.max_bytes = kMostState});
    if (!value || value->type != Type::Object) return {};
    return std::move(*value);
}

bool is_text(const Value& object, std::string_view name, std::string_view expected) {
    const Value* found = object.find(name);
    return found != nullptr && found->type == Type::String && found->text == expected;
}

/// The claims of a JWS, if the key signed it.
std::optional<Value> verified(std::string_view jws, const os::KeyBytes& key) {
    const std::size_t first = jws.find('.'), second = jws.find('.', std::min(first, jws.size() - 1) + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return {};
    const auto header = object_in(jws.substr(0, first));
    // An unknown extension must be understood; there are none here.
    if (!header || !is_text(*header, "alg", "EdDSA") || header->find("crit") != nullptr) return {};
    const auto signature = from_base64url(jws.substr(second + 1));
    if (!signature || signature->size() != os::kSignatureBytes || !os::verifies(key, jws.substr(0, second), *signature))
        return {};
    return object_in(jws.substr(first + 1, second - first - 1));
}

bool is_for(const Value* audience, std::string_view self) {
    if (audience == nullptr || self.empty()) return false;
    const auto same = [&](const Value& each) { return each.type == Type::String && each.text == self; };
    return same(*audience) ||
           (audience->type == Type::Array && std::any_of(audience->items.begin(), audience->items.end(), same));
}

}  // namespace

std::optional<Value> read_approval(const Value& approval, const ApprovalTrust& trust, std::string_view audience,
                                   std::int64_t now) {
    const Value *id = approval.find("id"), *state = approval.find("state");
    if (id == nullptr || id->type != Type::String || state == nullptr || state->type != Type::String ||
        state->text.empty() || state->text.size() > kMostState)
        return {};
    const auto claims = verified(state->text, trust.key);
    if (!claims || !is_text(*claims, "iss", trust.issuer) || !is_for(claims->find("aud"), audience) ||
        !is_text(*claims, "approval_id", id->text))
        return {};
    // Every claim is needed: an approval without an end, or without its uses, would be a wider one. It has one
    // approver: its uses and its revocation belong to its id, so it must not become several approvals.
    const Value *end = claims->find("exp"), *digest = claims->find("writ_binding_digest"),
                *requester = claims->find("writ_requester"), *uses = claims->find("writ_uses"),
                *approvers = claims->find("writ_approvers"), *begin = claims->find("nbf");
    if (begin != nullptr && (begin->type != Type::Int || begin->integer > now)) return {};
    if (end == nullptr || end->type != Type::Int || end->integer <= now || end->integer > kLatest ||
        digest == nullptr || digest->type != Type::String || requester == nullptr || uses == nullptr ||
        approvers == nullptr || approvers->type != Type::Array || approvers->items.size() != 1 ||
        approvers->items.front().type != Type::Object)
        return {};
    Value one = Value::object();
    one.set("id", *id);
    one.set("state", Value::of("approved"));
    for (const char* name : {"approver", "approver_id", "groups", "at"})
        if (const Value* found = approvers->items.front().find(name); found != nullptr) one.set(name, *found);
    one.set("requester", *requester);
    one.set("exp", *end);
    one.set("binding_digest", *digest);
    one.set("uses", *uses);
    Value out = Value::array();
    out.items.push_back(std::move(one));
    return out;
}

}  // namespace writ::serve
