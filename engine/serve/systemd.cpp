#include "serve/systemd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace writ::serve {

namespace {

/// The number in a variable of the environment; none if it is not set or no number.
std::optional<long> number_in(const char* name) {
    const char* const text = std::getenv(name);
    long number = 0;
    if (text == nullptr) return {};
    const auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
    return error == std::errc{} && *end == '\0' ? std::optional(number) : std::nullopt;
}

}  // namespace

bool notify(std::string_view state) {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return false;
    const std::size_t length = std::strlen(path);
    sockaddr_un address{};
    if (length >= sizeof address.sun_path) return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return false;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    const ssize_t sent =
        ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
    ::close(socket);
    return sent == static_cast<ssize_t>(state.size());
}

std::optional<std::chrono::microseconds> watchdog_period() {
    const auto limit = number_in("WATCHDOG_USEC"), process = number_in("WATCHDOG_PID");
    if (!limit || *limit <= 0 || (process && *process != ::getpid())) return {};
    return std::chrono::microseconds(*limit / 2);
}

std::vector<int> passed_sockets() {
    constexpr int kFirst = 3;
    std::vector<int> out;
    const auto process = number_in("LISTEN_PID"), count = number_in("LISTEN_FDS");
    if (!process || *process != ::getpid() || !count || *count < 0 || *count > 64) return out;
    for (int i = 0; i < *count; ++i) {
        ::fcntl(kFirst + i, F_SETFD, FD_CLOEXEC);
        out.push_back(kFirst + i);
    }
    return out;
}

}  // namespace writ::serve
