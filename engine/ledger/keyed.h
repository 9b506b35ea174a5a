// Digests under a key (HMAC-SHA-256): equal values have equal digests, and who lacks the key cannot try values.
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
    /// Of the context, a zero byte and the value. Digests of one value in two contexts are unlike.
    [[nodiscard]] Hash digest(std::string_view context, std::string_view value) const;

private:
    crypto_auth_hmacsha256_state begun_{};  ///< with the key in it
};

/// Writes a key of kKeyBytes to a file as read_mask_key() reads it.
/// Errors: G0002.
[[nodiscard]] Result<void> write_key_file(const std::string& path, std::string_view key);

}  // namespace writ::ledger
