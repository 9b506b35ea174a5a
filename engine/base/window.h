// Weekly time windows in a time zone. The transitions of the zone are stored in the bundle.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace writ {

/// From `at` (microseconds since the epoch), local time is UTC plus `offset` seconds.
struct Transition {
    std::int64_t at;
    std::int64_t offset;
};

/// A window of local time, half-open; `end` <= `start` wraps past midnight.
struct Window {
    std::uint32_t start = 0;  ///< seconds after local midnight
    std::uint32_t end = 0;
    std::uint8_t days = 0x7F;  ///< bit 0 = Monday; the day on which the window starts
};

/// Whether an instant is in the window. Transitions are in ascending order; before the first, its offset applies.
/// Requires: transitions is not empty.
[[nodiscard]] bool window_contains(const Window& window, std::span<const Transition> zone, std::int64_t instant);

/// The first moment after `instant` at which window_contains changes; INT64_MAX if it does not change within 400 days.
[[nodiscard]] std::int64_t window_next_change(const Window& window, std::span<const Transition> zone,
                                              std::int64_t instant);

}  // namespace writ
