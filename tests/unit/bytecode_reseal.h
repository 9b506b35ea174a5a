// Gives altered bundle bytes a valid digest, so that only the verifier can reject them.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "base/digest.h"
#include "bytecode/header.h"

namespace writ::testing {

inline std::vector<std::byte> reseal(std::vector<std::byte> bytes) {
    bytecode::Header header;
    if (bytes.size() < sizeof header) return bytes;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.sealed > bytes.size() || bytes.size() - header.sealed < sizeof(Digest)) return bytes;
    const Digest digest = sha256({reinterpret_cast<const char*>(bytes.data()), header.sealed});
    std::memcpy(&bytes[header.sealed], digest.data(), sizeof digest);
    return bytes;
}

}  // namespace writ::testing
