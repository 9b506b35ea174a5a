#include "base/key_line.h"

#include <sodium.h>

#include "base/digest.h"

namespace writ {

static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(KeyBytes) && crypto_sign_SEEDBYTES == sizeof(KeyBytes));

std::string key_name(const KeyBytes& public_half) {
    return sha256_hex({reinterpret_cast<const char*>(public_half.data()), public_half.size()}).substr(0, 16);
}

KeyBytes public_half_of(const KeyBytes& seed) {
    KeyBytes out{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
    crypto_sign_seed_keypair(out.data(), secret.data(), seed.data());
    sodium_memzero(secret.data(), secret.size());
    return out;
}

std::string write_key_line(std::string_view prefix, std::string_view name, const KeyBytes& bytes) {
    constexpr int kForm = sodium_base64_VARIANT_ORIGINAL;
    std::string encoded(sodium_base64_ENCODED_LEN(sizeof(KeyBytes), kForm), '\0');
    sodium_bin2base64(encoded.data(), encoded.size(), bytes.data(), bytes.size(), kForm);
    encoded.pop_back();  // the NUL
    return std::string(prefix) + std::string(name) + ":" + encoded;
}

std::optional<KeyLine> read_key_line(std::string_view text, std::string_view prefix) {
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view encoded = text.substr(colon + 1);
    KeyLine out;
    out.name = text.substr(0, colon);
    std::size_t size = 0;
    const char* end = nullptr;
    const bool whole = sodium_base642bin(out.bytes.data(), out.bytes.size(), encoded.data(), encoded.size(), nullptr,
                                         &size, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                       size == out.bytes.size() && end == encoded.data() + encoded.size();
    return whole ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace writ
