// Ed25519 keys as a line of text: `writ-ed25519-public:ID:BASE64`, and `-secret` of the seed. Not here: what is signed
// with them, which each room says of its own.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace writ {

using KeyBytes = std::array<unsigned char, 32>;

constexpr std::string_view kPublicLine = "writ-ed25519-public:", kSecretLine = "writ-ed25519-secret:";

/// What a key is called: the first 16 digits of the SHA-256 of the public half, in hex.
[[nodiscard]] std::string key_name(const KeyBytes& public_half);
/// The public half of a seed.
[[nodiscard]] KeyBytes public_half_of(const KeyBytes& seed);

/// Without an end of line.
[[nodiscard]] std::string write_key_line(std::string_view prefix, std::string_view name, const KeyBytes& bytes);

/// The bytes of a line with this prefix, with or without its end, and the name that it gives them.
struct KeyLine {
    KeyBytes bytes{};
    std::string name;
};
[[nodiscard]] std::optional<KeyLine> read_key_line(std::string_view text, std::string_view prefix);

}  // namespace writ
