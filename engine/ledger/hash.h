// SHA-256 for the ledger: OpenSSL's, which uses the processor's SHA instructions.
#pragma once

#include <initializer_list>
#include <string_view>

#include "writ/merkle.h"

namespace writ::ledger {

/// The digest of the concatenated parts.
[[nodiscard]] Hash sha256(std::initializer_list<std::string_view> parts);

[[nodiscard]] inline std::string_view bytes_of(const Hash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace writ::ledger
