// The load generator's sockets.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace writ::bench {

/// Ends the program.
[[noreturn]] inline void fail(const std::string& why) {
    std::fprintf(stderr, "load: %s\n", why.c_str());
    std::exit(2);
}

/// A socket that does not wait, with or without TLS.
class Socket {
public:
    /// Input: to: as the option `--to`; context: for TLS; null: without.
    Socket(const std::string& to, SSL_CTX* context) {
        if (to.starts_with("unix:")) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            to.copy(address.sun_path, sizeof address.sun_path - 1, 5);
            connect(&address, sizeof address, AF_UNIX);
        } else {
            const std::size_t colon = to.rfind(':');
            if (colon < 5) fail("no address: " + to);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(to.substr(colon + 1))));
            if (::inet_pton(AF_INET, to.substr(4, colon - 4).c_str(), &address.sin_addr) != 1)
                fail("no address: " + to);
            connect(&address, sizeof address, AF_INET);
            const int yes = 1;
            ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        }
        if (context != nullptr) {
            tls_ = SSL_new(context);
            SSL_set_fd(tls_, socket_);
            if (SSL_connect(tls_) != 1) fail("no TLS with " + to);
        }
        timeval none{};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
        ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    }
    Socket(const Socket&) = delete;
    ~Socket() {
        if (tls_ != nullptr) SSL_free(tls_);
        ::close(socket_);
    }

    [[nodiscard]] int descriptor() const { return socket_; }
    /// Output: bytes; 0: closed; -1: not now.
    long read(char* to, std::size_t size) {
        if (tls_ != nullptr) return outcome(SSL_read(tls_, to, static_cast<int>(size)));
        return outcome(::recv(socket_, to, size, 0));
    }
    long write(std::string_view data) {
        if (tls_ != nullptr) return outcome(SSL_write(tls_, data.data(), static_cast<int>(data.size())));
        return outcome(::send(socket_, data.data(), data.size(), MSG_NOSIGNAL));
    }

private:
    void connect(const void* address, socklen_t size, int family) {
        socket_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(socket_, static_cast<const sockaddr*>(address), size) != 0)
            fail(std::string("cannot connect: ") + std::strerror(errno));
    }
    long outcome(long done) const {
        if (done > 0) return done;
        if (tls_ != nullptr) {
            const int why = SSL_get_error(tls_, static_cast<int>(done));
            ERR_clear_error();
            return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1 : 0;
        }
        return done < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : 0;
    }

    int socket_ = -1;
    SSL* tls_ = nullptr;
};

}  // namespace writ::bench
