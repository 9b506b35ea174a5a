// SHA-256 as the ledger uses it: OpenSSL's, which takes the processor's own instructions.
#pragma once

#include <initializer_list>
#include <string_view>

#include "writ/merkle.h"

namespace writ::ledger {

/// The digest of the parts, one after the other.
[[nodiscard]] Hash sha256(std::initializer_list<std::string_view> parts);

[[nodiscard]] inline std::string_view bytes_of(const Hash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace writ::ledger
