#include "base/digest.h"

// OpenSSL marks the functions below EVP as deprecated. But only these can neither fail nor allocate, and they take
// half the time for a message of a few hundred bytes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace writ {

Digest sha256(std::string_view bytes) {
    static_assert(sizeof(Digest) == SHA256_DIGEST_LENGTH);
    Digest digest{};
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
    return digest;
}

void append_hex(std::string& out, const Digest& digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const std::byte byte : digest) {
        out += kDigits[std::to_integer<unsigned>(byte >> 4)];
        out += kDigits[std::to_integer<unsigned>(byte & std::byte{15})];
    }
}

std::string hex(const Digest& digest) {
    std::string out;
    out.reserve(2 * digest.size());
    append_hex(out, digest);
    return out;
}

std::string sha256_hex(std::string_view bytes) {
    return hex(sha256(bytes));
}

}  // namespace writ
