// The last good policy, saved by a reader, so that a restart keeps its position and has a policy.
// Format: docs/store.md, "Reader state".
#pragma once

#include <string>

#include "writ/store.h"

namespace writ::store {

struct ReaderState {
    Activation activation;
    std::string bundle;                   ///< its bytes
    std::vector<Revocation> revocations;  ///< in force when it was written
    LogHead log;                          ///< the end of the revocation log at that time
};

[[nodiscard]] std::string encode_state(const ReaderState& state);
/// Errors: S0069.
[[nodiscard]] Result<ReaderState> decode_state(std::string_view bytes);

/// Microseconds by the wall clock since the store was last reached, which is when the file was last touched; negative
/// if that is in the future. None: there is no file.
[[nodiscard]] std::optional<std::int64_t> state_age(const std::string& path);

}  // namespace writ::store
