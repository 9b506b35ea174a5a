// An HTTP/1.1 server on Unix sockets and TCP with TLS. It reads whole requests within limits, hands each to a handler,
// and writes the answer, which may come later and from another thread. Not here: what paths mean (service.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "serve/head.h"
#include "writ/diagnostic.h"

namespace writ::serve {

/// Who sent a request, as far as the connection proves it.
struct Peer {
    bool local = false;                 ///< over a Unix socket: whoever may open it
    std::optional<Digest> certificate;  ///< SHA-256 of the DER of the verified client certificate
};

/// A whole request. The views are valid until the answer is given.
struct HttpRequest {
    const HttpHead& head;
    std::string_view body;
    const Peer& peer;
};

struct HttpAnswer {
    unsigned status = 200;
    std::string body;
    std::string type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;  ///< further ones
};

/// `{"error": …}`, with the code of an error and its context if they are given. A 503 asks to try again.
[[nodiscard]] HttpAnswer problem(unsigned status, std::string_view why, std::string_view code = {},
                                 std::string_view where = {});
[[nodiscard]] inline HttpAnswer problem(unsigned status, const Error& error) {
    return problem(status, error.message, error.code, error.context);
}

/// Appends the head of an answer.
void append_head(const HttpAnswer& answer, bool keep_alive, std::string& out);

/// Gives the answer. Must be called exactly once; any thread may call it.
using Reply = std::function<void(HttpAnswer)>;
/// Handles a request. Called on a thread of the server; must not throw. Requests of one connection come one after the
/// other.
using Handler = std::function<void(const HttpRequest&, Reply)>;

/// Where to listen.
struct ListenAddress {
    enum class Kind : std::uint8_t { Unix, Tcp, Inherited };
    Kind kind = Kind::Unix;
    std::string path;        ///< Unix: of the socket
    std::string host;        ///< Tcp: a numeric address
    std::uint16_t port = 0;  ///< Tcp; 0: any free one
    int descriptor = -1;     ///< Inherited: a listening socket, as systemd passes it
    bool tls = false;

    /// As a user writes it: `unix:/run/writ.sock`, `tls://[::1]:8443`, `tcp://127.0.0.1:9180`.
    [[nodiscard]] std::string text() const;
    /// Errors: H0001 it is no address.
    [[nodiscard]] static Result<ListenAddress> read(std::string_view text);
};

/// Files of TLS. They are read again when they change.
struct TlsFiles {
    std::string certificate, key;  ///< PEM: the server's chain, and its private key
    std::string client_ca;         ///< PEM: who signs client certificates; empty: clients need none
};

/// Reads files of TLS without using them. Errors: H0003.
[[nodiscard]] Result<void> check_tls(const TlsFiles& files);

struct HttpOptions {
    std::vector<ListenAddress> listen;
    TlsFiles tls;
    HeadLimits limits;
    /// Refuses a request before its body is read; no answer: it is read. Null: everything is read. Must not throw.
    std::function<std::optional<HttpAnswer>(const HttpHead& head, const Peer& peer)> admit;
    std::function<std::size_t(std::string_view path)> most_body;  ///< bytes of a body; null: 64 KiB. 413
    std::size_t connections = 1'024;                              ///< at each address; more are closed at once
    std::size_t in_flight = 1'024;                                ///< requests without an answer; more are answered 503
    std::size_t body_bytes = 64u << 20;      ///< of all requests without an answer; more are answered 503
    std::chrono::milliseconds read{5'000};   ///< from the first byte of a request to its last
    std::chrono::milliseconds idle{60'000};  ///< between requests
    std::chrono::milliseconds write{5'000};  ///< for an answer
};

struct HttpCounts {
    std::uint64_t connections = 0, in_flight = 0;  ///< at this moment
    std::uint64_t shed = 0;                        ///< connections and requests refused because there were too many
    std::uint64_t refused = 0;                     ///< requests whose head or body was refused
};

/// Any thread may call its functions.
class HttpServer {
public:
    /// Binds every address and reads the files of TLS.
    /// Errors: H0002 an address cannot be used; H0003 a file of TLS cannot be used.
    [[nodiscard]] static Result<HttpServer> open(HttpOptions options, Handler handler);
    /// Stops; waits for its threads.
    ~HttpServer();
    HttpServer(HttpServer&&) noexcept;
    HttpServer& operator=(HttpServer&&) noexcept;

    /// Starts to accept, on this many threads of its own.
    void start(unsigned threads);
    /// From now on, every answer closes its connection.
    void leave();
    /// Stops accepting, lets requests that are being read or answered end, and closes idle connections.
    void drain();
    /// Ends its threads. Answers that are given later are dropped.
    void stop();
    /// Whether drain() has been called and no connection is left.
    [[nodiscard]] bool drained() const;
    /// Reads the files of TLS again, for connections from now on. Errors: H0003; the earlier ones stay in use.
    [[nodiscard]] Result<void> reload_tls();

    /// The addresses with the ports that were chosen.
    [[nodiscard]] std::vector<ListenAddress> addresses() const;
    [[nodiscard]] HttpCounts counts() const;

    struct Impl;

private:
    explicit HttpServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::serve
