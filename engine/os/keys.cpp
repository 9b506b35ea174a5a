#include "os/keys.h"

#include <cstring>

#include <sodium.h>

#include "base/base64.h"
#include "base/digest.h"
#include "os/files.h"

namespace writ::os {

namespace {

constexpr std::string_view kPublic = "writ-ed25519-public:", kSecret = "writ-ed25519-secret:";
constexpr std::size_t kMostText = 64u << 10;  // limit of a file; the line of a key is far shorter

static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(KeyBytes) && crypto_sign_SEEDBYTES == sizeof(KeyBytes) &&
              crypto_sign_BYTES == kSignatureBytes);

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string line(std::string_view prefix, const std::string& id, const KeyBytes& bytes) {
    std::string encoded = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::string out = std::string(prefix) + id + ":" + encoded;
    wipe(encoded);
    return out;
}

/// The bytes and the id in a line with this prefix.
struct Line {
    KeyBytes bytes{};
    std::string_view id;
};

std::optional<Line> read_line(std::string_view text, std::string_view prefix) {
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    auto bytes = from_base64(text.substr(colon + 1));
    if (!bytes || bytes->size() != sizeof(KeyBytes)) return std::nullopt;
    Line out{{}, text.substr(0, colon)};
    std::memcpy(out.bytes.data(), bytes->data(), out.bytes.size());
    wipe(*bytes);
    return out;
}

tl::unexpected<Failure> malformed(const char* which, const std::string& path) {
    return tl::unexpected(
        Failure{What::Malformed, std::string("not a ") + which + " key in the format of `writ keys generate`", path});
}

}  // namespace

void wipe(KeyBytes& bytes) {
    sodium_memzero(bytes.data(), bytes.size());
}
void wipe(std::string& bytes) {
    sodium_memzero(bytes.data(), bytes.size());
}

KeyBytes public_half_of(const KeyBytes& seed) {
    KeyBytes out{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
    crypto_sign_seed_keypair(out.data(), secret.data(), seed.data());
    sodium_memzero(secret.data(), secret.size());
    return out;
}

std::string key_id(const KeyBytes& public_half) {
    return sha256_hex({reinterpret_cast<const char*>(public_half.data()), public_half.size()}).substr(0, 16);
}

std::string sign(const KeyBytes& seed, std::string_view message) {
    KeyBytes public_half{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
    crypto_sign_seed_keypair(public_half.data(), secret.data(), seed.data());
    std::string out(kSignatureBytes, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(out.data()), nullptr, raw(message), message.size(),
                         secret.data());
    sodium_memzero(secret.data(), secret.size());
    return out;
}

bool verifies(const KeyBytes& public_half, std::string_view message, std::string_view signature) {
    return signature.size() == kSignatureBytes &&
           crypto_sign_verify_detached(raw(signature), raw(message), message.size(), public_half.data()) == 0;
}

std::string public_line(const KeyBytes& public_half) {
    return line(kPublic, key_id(public_half), public_half);
}

std::string secret_line(const KeyBytes& seed) {
    return line(kSecret, key_id(public_half_of(seed)), seed);
}

std::optional<KeyBytes> read_public_line(std::string_view text) {
    const auto read = read_line(text, kPublic);
    if (!read || key_id(read->bytes) != read->id) return std::nullopt;
    return read->bytes;
}

std::optional<KeyBytes> read_secret_line(std::string_view text) {
    auto read = read_line(text, kSecret);
    if (!read) return std::nullopt;
    std::optional<KeyBytes> out;
    if (key_id(public_half_of(read->bytes)) == read->id) out = read->bytes;
    wipe(read->bytes);
    return out;
}

Expected<std::string> read_secret_file(const std::string& path, std::size_t limit) {
    if (open_to_others(path))
        return tl::unexpected(
            Failure{What::Exposed, "users other than its owner can read this secret key; run `chmod 600` on it", path});
    return read_file(path, limit);
}

Expected<KeyBytes> read_seed(const std::string& path) {
    auto text = read_secret_file(path, kMostText);
    if (!text) return failure_of(text);
    const auto seed = read_secret_line(*text);
    wipe(*text);
    if (!seed) return malformed("secret", path);
    return *seed;
}

Expected<KeyBytes> read_public_half(const std::string& path) {
    auto text = read_file(path, kMostText);
    if (!text) return failure_of(text);
    if (text->starts_with(kSecret)) {
        wipe(*text);
        auto seed = read_seed(path);
        if (!seed) return failure_of(seed);
        const KeyBytes out = public_half_of(*seed);
        wipe(*seed);
        return out;
    }
    const auto key = read_public_line(*text);
    if (!key) return malformed("public", path);
    return *key;
}

}  // namespace writ::os
