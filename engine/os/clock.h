// What time it is.
#pragma once

#include <cstdint>

namespace writ::os {

/// Microseconds since the epoch, by the wall clock.
[[nodiscard]] std::int64_t now_micros();
/// Microseconds since the machine started, by a clock that nobody sets and that does not stop while the machine sleeps.
[[nodiscard]] std::int64_t boot_micros();

}  // namespace writ::os
