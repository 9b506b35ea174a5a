// Gives altered bundle bytes a digest that fits, so that only the verifier stands in the way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/values.h"

namespace writ::testing {

inline std::vector<std::byte> reseal(std::vector<std::byte> bytes) {
    const std::size_t body = bytes.size() - 32;
    const std::string hex = sha256_hex({reinterpret_cast<const char*>(bytes.data()), body});
    for (std::size_t i = 0; i < 32; ++i)
        bytes[body + i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    return bytes;
}

}  // namespace writ::testing
