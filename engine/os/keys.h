// Ed25519 keys: made, written as a line of text, read from files; and what they sign. The one signature scheme, by
// libsodium. Not here: which bytes are signed, and who trusts which key; each room says that of its own.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "os/failure.h"

namespace writ::os {

/// A public key, or the seed that a secret one is made from.
using KeyBytes = std::array<unsigned char, 32>;
constexpr std::size_t kSignatureBytes = 64;

/// Bytes that nobody can guess. Output: whether the system gives any.
[[nodiscard]] bool fill_random(void* out, std::size_t size);
/// Overwrites what must not stay in memory.
void wipe(KeyBytes& bytes);
void wipe(std::string& bytes);

[[nodiscard]] KeyBytes public_half_of(const KeyBytes& seed);
/// What a key is called: the first 16 digits of the SHA-256 of the public half, in hex. A name, not a proof.
[[nodiscard]] std::string key_id(const KeyBytes& public_half);

/// Output: kSignatureBytes.
[[nodiscard]] std::string sign(const KeyBytes& seed, std::string_view message);
[[nodiscard]] bool verifies(const KeyBytes& public_half, std::string_view message, std::string_view signature);

/// `writ-ed25519-public:ID:BASE64` and `writ-ed25519-secret:ID:BASE64`, without an end of line.
[[nodiscard]] std::string public_line(const KeyBytes& public_half);
[[nodiscard]] std::string secret_line(const KeyBytes& seed);
/// Reads such a line, with or without its end. Nothing: it is none, or names another key than it holds.
[[nodiscard]] std::optional<KeyBytes> read_public_line(std::string_view text);
[[nodiscard]] std::optional<KeyBytes> read_secret_line(std::string_view text);

/// The whole of a file that is for its owner alone. Fails with What::Exposed if others may use it.
[[nodiscard]] Outcome<std::string> read_secret_file(const std::string& path, std::size_t limit);
/// The seed in a file of a secret key. Fails with What::Malformed if there is none in it.
[[nodiscard]] Outcome<KeyBytes> read_seed(const std::string& path);
/// The public key in a file, or the public half of a secret one. Fails as read_seed().
[[nodiscard]] Outcome<KeyBytes> read_public_half(const std::string& path);

}  // namespace writ::os
