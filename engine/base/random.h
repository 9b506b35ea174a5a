// Random bytes of the system that nobody can foresee. Each call may be a system call: not for deciding.
#pragma once

#include <cstddef>

namespace writ {

/// Output: false if the system gives none; then nothing is written.
[[nodiscard]] bool fill_random(void* out, std::size_t size);
/// For what is no use if it can be foreseen: a secret key, or the key of a hash, which keeps whoever chooses what is
/// hashed from making collisions. Ends the program if the system gives no random bytes.
void fill_secret(void* out, std::size_t size);

}  // namespace writ
