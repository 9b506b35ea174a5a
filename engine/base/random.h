// Unpredictable bytes from the system. A call may be a system call, so deciding must not use it.
#pragma once

#include <cstddef>

namespace writ {

/// Output: false if the system has no random bytes; then nothing is written.
[[nodiscard]] bool fill_random(void* out, std::size_t size);
/// Makes a secret: a signing key, or the key of a hash table, so that nobody can choose texts that collide. Ends the
/// program if the system has no random bytes.
void fill_secret(void* out, std::size_t size);

}  // namespace writ
