#include "serve/binding_token.h"

#include <algorithm>

#include "base/base64.h"
#include "base/digest.h"
#include "base/values.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::int64_t kExact = std::int64_t{1} << 53;  // integers of a double are exact up to here
constexpr std::ptrdiff_t kDigits = 15;                  // and so many digits are

std::string_view bytes_of(const auto& array) {
    return {reinterpret_cast<const char*>(array.data()), array.size()};
}

/// No control characters, which have several escapes.
bool is_plain(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool latin = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (byte < 0x20 || byte == 0x7F || latin) return false;
    }
    return true;
}

/// Keys are sorted by UTF-16 units, which differs from the order of bytes only beyond the basic plane.
bool is_plain_key(std::string_view text) {
    return is_plain(text) &&
           std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xF0; });
}

Value text(std::string_view value) {
    return Value::of(value);
}

}  // namespace

bool is_bindable(const Value& value) {
    switch (value.type) {
        case Type::Null:
        case Type::Bool: return true;
        case Type::Int: return value.integer <= kExact && value.integer >= -kExact;
        case Type::Number:
            return parse_decimal(value.text) && std::count_if(value.text.begin(), value.text.end(),
                                                              [](char c) { return c >= '0' && c <= '9'; }) <= kDigits;
        case Type::String: return is_plain(value.text);
        case Type::Array: return std::all_of(value.items.begin(), value.items.end(), is_bindable);
        case Type::Object:
            return std::all_of(value.members.begin(), value.members.end(), [](const json::Member& each) {
                return is_plain_key(each.first) && is_bindable(each.second);
            });
    }
    return false;
}

Result<BindingKey> BindingKey::read(const std::string& path) {
    auto seed = os::read_seed(path);
    if (!seed) return fail(Code::ConfigurationNotValid, "`binding-key`: " + seed.error().reason, path);
    BindingKey out(*seed);
    os::wipe(*seed);
    return out;
}

BindingKey::~BindingKey() {
    os::wipe(seed_);
}

BindingKey::BindingKey(BindingKey&& other) noexcept : seed_(other.seed_) {
    os::wipe(other.seed_);
}

std::optional<std::string> BindingKey::sign(const BoundDenial& binding) const {
    Value question = Value::object();
    Value subject = binding.subject;
    if (Value* properties = subject.find("properties"); properties != nullptr) properties->remove("act");
    question.set("subject", std::move(subject));
    question.set("resource", binding.resource);
    question.set("action", binding.action);
    question.set("context", Value::object());
    if (!is_bindable(question)) return {};

    Value claims = Value::object();
    claims.set("iss", text(binding.issuer));
    claims.set("aud", text(binding.audience));
    claims.set("iat", Value::of(binding.issued));
    claims.set("exp", Value::of(binding.ends));
    claims.set("jti", text(binding.evaluation_id));
    claims.set("denial_expires_at", text(format_instant(binding.ends * 1'000'000)));
    claims.set("evaluation_id", text(binding.evaluation_id));
    claims.set("binding_context_members", Value::array());
    claims.set("binding_hash", text(to_base64url(bytes_of(sha256(json::canonical(question))))));
    claims.set("writ_binding_digest", text(binding.digest));
    claims.set("writ_call", binding.call);
    claims.set("writ_requirements", binding.requirements);

    Value header = Value::object();
    header.set("alg", Value::of("EdDSA"));
    header.set("typ", Value::of("JWT"));
    header.set("kid", text(os::key_id(os::public_half_of(seed_))));
    const std::string signed_part = to_base64url(json::write(header)) + "." + to_base64url(json::write(claims));
    return signed_part + "." + to_base64url(os::sign(seed_, signed_part));
}

Value BindingKey::public_keys() const {
    const os::KeyBytes half = os::public_half_of(seed_);
    Value key = Value::object();
    for (const auto& [name, value] : {std::pair<const char*, std::string>{"kty", "OKP"},
                                      {"crv", "Ed25519"},
                                      {"alg", "EdDSA"},
                                      {"use", "sig"},
                                      {"kid", os::key_id(half)},
                                      {"x", to_base64url(bytes_of(half))}})
        key.set(name, text(value));
    Value keys = Value::array();
    keys.items.push_back(std::move(key));
    Value out = Value::object();
    out.set("keys", std::move(keys));
    return out;
}

}  // namespace writ::serve
