// The protocol between a service and systemd: readiness, the watchdog, and sockets that it passes. Does nothing if the
// program was not started by systemd. Source: sd_notify(3), sd_listen_fds(3).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace writ::serve {

/// Sends a state such as `READY=1` or `STOPPING=1`. Output: whether it was sent.
bool notify(std::string_view state);

/// How often the watchdog wants `WATCHDOG=1`; half of its limit. None: there is no watchdog.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period();

/// The listening sockets that were passed. They are closed in programs that this one starts.
[[nodiscard]] std::vector<int> passed_sockets();

}  // namespace writ::serve
