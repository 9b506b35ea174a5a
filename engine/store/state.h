// The last good policy as a reader keeps it, so that a restart neither forgets how far it was nor stands
// without a policy. Format: docs/store.md, "Reader state".
#pragma once

#include <string>

#include "writ/store.h"

namespace writ::store {

struct ReaderState {
    Activation activation;
    std::string bundle;                   ///< its bytes
    std::vector<Revocation> revocations;  ///< in force when it was written
    LogHead log;                          ///< how far the revocation log was
};

[[nodiscard]] std::string encode_state(const ReaderState& state);
/// Errors: S0069.
[[nodiscard]] Result<ReaderState> decode_state(std::string_view bytes);

/// Microseconds by the wall clock since the store was reached, which is when the file was last touched; negative if
/// that lies in the future. Nothing: no file.
[[nodiscard]] std::optional<std::int64_t> state_age(const std::string& path);

}  // namespace writ::store
