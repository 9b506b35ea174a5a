// writ healthcheck: asks a service whether it is ready. For containers and service managers.
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/verbs.h"

namespace writ::cli {

namespace {

constexpr int kSeconds = 2;

/// A connection, closed at the end.
class Probe {
public:
    Probe() = default;
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe() {
        if (socket_ >= 0) ::close(socket_);
    }

    bool open_unix(const std::string& path) {
        sockaddr_un address{};
        if (path.size() >= sizeof address.sun_path) return false;
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        return connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }

    bool open_tcp(const std::string& host, const std::string& port) {
        addrinfo hints{}, *found = nullptr;
        hints.ai_socktype = SOCK_STREAM;
        if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return false;
        bool connected = false;
        for (const addrinfo* each = found; each != nullptr && !connected; each = each->ai_next)
            connected = connect(each->ai_family, each->ai_addr, each->ai_addrlen);
        ::freeaddrinfo(found);
        return connected;
    }

    /// Sends a request and reads the answer to its end, or as much as says its status.
    std::string ask(std::string_view request) const {
        if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            return {};
        std::string answer;
        char room[512];
        const std::time_t end = std::time(nullptr) + kSeconds;
        for (ssize_t got = 0;
             answer.size() < 4096 && std::time(nullptr) <= end && (got = ::recv(socket_, room, sizeof room, 0)) > 0;)
            answer.append(room, static_cast<std::size_t>(got));
        return answer;
    }

private:
    bool connect(int family, const sockaddr* address, socklen_t size) {
        if (socket_ >= 0) ::close(socket_);
        socket_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval most{.tv_sec = kSeconds, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
        return ::connect(socket_, address, size) == 0;
    }

    int socket_ = -1;
};

Exit run(const std::string& address) {
    Probe connection;
    bool connected = false;
    if (address.starts_with("unix:")) {
        connected = connection.open_unix(address.substr(5));
    } else if (const std::size_t colon = address.rfind(':'); address.starts_with("tcp://") && colon > 5) {
        std::string host = address.substr(6, colon - 6);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        connected = connection.open_tcp(host, address.substr(colon + 1));
    } else {
        print_note("error: --admin: write the address of the admin listener, unix:PATH or tcp://HOST:PORT\n");
        return Exit::Usage;
    }
    if (!connected) {
        print_note(fmt::format("error: nobody answers at {}\n", safe(address)));
        return Exit::Io;
    }
    const std::string answer = connection.ask("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::size_t body = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 ") || body == std::string::npos) {
        print_note(fmt::format("error: {} does not answer as a service does\n", safe(address)));
        return Exit::Io;
    }
    std::string said = answer.substr(body + 4);
    while (said.ends_with('\n')) said.pop_back();
    print_result(safe(said) + "\n");
    return answer.compare(9, 3, "200") == 0 ? Exit::Ok : Exit::Negative;
}

}  // namespace

void add_healthcheck(Command& program) {
    Command& verb = program.verb("healthcheck", "Ask a service whether it is ready");
    auto& address = verb.make_values<std::string>();
    verb.text("--admin", "ADDRESS", "The service's admin listener: unix:PATH or tcp://HOST:PORT", address)
        .required()
        .or_variable("WRIT_SERVE_ADMIN");
    verb.run = [&address](const Terminal&) { return run(address); };
}

}  // namespace writ::cli
