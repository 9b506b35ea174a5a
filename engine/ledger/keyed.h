// Digests with a key (HMAC-SHA-256): equal values have equal digests, and without the key nobody can test values.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <sodium.h>

#include "writ/diagnostic.h"
#include "writ/merkle.h"

namespace writ::ledger {

class Keyed {
public:
    static constexpr std::size_t kKeyBytes = 32;

    /// Requires: a key of kKeyBytes.
    explicit Keyed(std::string_view key);
    /// The digest of the context, a zero byte and the value. A value has different digests in different contexts.
    [[nodiscard]] Hash digest(std::string_view context, std::string_view value) const;

private:
    crypto_auth_hmacsha256_state begun_{};  ///< initialised with the key
};

/// Writes a key of kKeyBytes to a file that read_mask_key() can read.
/// Errors: G0002.
[[nodiscard]] Result<void> write_key_file(const std::string& path, std::string_view key);

}  // namespace writ::ledger
