// SHA-256, the one digest there is: bundles, their sources, approvals' bindings.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace writ {

using Digest = std::array<std::byte, 32>;

/// SHA-256 of the bytes. Allocates nothing.
[[nodiscard]] Digest sha256(std::string_view bytes);
/// Lower-case hex.
void append_hex(std::string& out, const Digest& digest);
[[nodiscard]] std::string hex(const Digest& digest);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace writ
