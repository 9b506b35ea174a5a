// SHA-256 digests, and digests as hex. The ledger computes its own hashes (ledger/merkle.cpp, ledger/keyed.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace writ {

using Digest = std::array<std::byte, 32>;

/// SHA-256 of the bytes. Does not allocate.
[[nodiscard]] Digest sha256(std::string_view bytes);
/// Lower-case hex.
void append_hex(std::string& out, const Digest& digest);
[[nodiscard]] std::string hex(const Digest& digest);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace writ
