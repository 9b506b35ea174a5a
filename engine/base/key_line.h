// Ed25519 keys as one line of text: `writ-ed25519-public:ID:BASE64`, or `-secret` with the seed. Not here: what is
// signed with them; the store and the ledger define that.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace writ {

using KeyBytes = std::array<unsigned char, 32>;

constexpr std::string_view kPublicLine = "writ-ed25519-public:", kSecretLine = "writ-ed25519-secret:";

/// The id of a key: the first 16 hex digits of the SHA-256 of the public key.
[[nodiscard]] std::string key_name(const KeyBytes& public_half);
/// The public key of a seed.
[[nodiscard]] KeyBytes public_half_of(const KeyBytes& seed);

/// The line, without a line end.
[[nodiscard]] std::string write_key_line(std::string_view prefix, std::string_view name, const KeyBytes& bytes);

/// The bytes and the id in a line with this prefix; the line end is optional.
struct KeyLine {
    KeyBytes bytes{};
    std::string name;
};
[[nodiscard]] std::optional<KeyLine> read_key_line(std::string_view text, std::string_view prefix);

}  // namespace writ
