// Ed25519 keys: making them, text form, key files, signing and verifying, by libsodium. Not here: which bytes are
// signed and which keys are trusted; each folder defines that.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "os/failure.h"

namespace writ::os {

/// A public key, or the seed of a secret key.
using KeyBytes = std::array<unsigned char, 32>;
constexpr std::size_t kSignatureBytes = 64;

/// Overwrites data that must not stay in memory.
void wipe(KeyBytes& bytes);
void wipe(std::string& bytes);

[[nodiscard]] KeyBytes public_half_of(const KeyBytes& seed);
/// The id of a key: the first 16 hex digits of the SHA-256 of the public key. A name, not a proof.
[[nodiscard]] std::string key_id(const KeyBytes& public_half);

/// Output: kSignatureBytes.
[[nodiscard]] std::string sign(const KeyBytes& seed, std::string_view message);
[[nodiscard]] bool verifies(const KeyBytes& public_half, std::string_view message, std::string_view signature);

/// `writ-ed25519-public:ID:BASE64` and `writ-ed25519-secret:ID:BASE64`, without a line end.
[[nodiscard]] std::string public_line(const KeyBytes& public_half);
[[nodiscard]] std::string secret_line(const KeyBytes& seed);
/// Reads such a line; the line end is optional. None: it is malformed, or its id is not the key's.
[[nodiscard]] std::optional<KeyBytes> read_public_line(std::string_view text);
[[nodiscard]] std::optional<KeyBytes> read_secret_line(std::string_view text);

/// The content of a file that only its owner may use. Fails with What::Exposed if other users may use it.
[[nodiscard]] Expected<std::string> read_secret_file(const std::string& path, std::size_t limit);
/// The seed in the file of a secret key. Fails with What::Malformed if there is none.
[[nodiscard]] Expected<KeyBytes> read_seed(const std::string& path);
/// The public key in a file, or the public half of a secret key. Fails as read_seed().
[[nodiscard]] Expected<KeyBytes> read_public_half(const std::string& path);

}  // namespace writ::os
