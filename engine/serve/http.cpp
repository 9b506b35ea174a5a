// The only file that includes Boost.
#include "serve/http.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include <openssl/x509.h>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "base/json.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::generic::stream_protocol;
using Strand = asio::strand<asio::io_context::executor_type>;
using Plain = beast::basic_stream<Protocol, Strand>;
using Secure = beast::ssl_stream<Plain>;
using TlsContext = std::shared_ptr<asio::ssl::context>;

/// Finds the end of a head: an empty line, also one that ends in a bare LF, so that it can be refused at once.
std::pair<asio::buffers_iterator<asio::const_buffer>, bool> ends_head(asio::buffers_iterator<asio::const_buffer> begin,
                                                                      asio::buffers_iterator<asio::const_buffer> end) {
    for (auto at = begin; at != end; ++at) {
        if (*at != '\n') continue;
        auto next = at + 1;
        if (next != end && *next == '\r') ++next;
        if (next != end && *next == '\n') return {next + 1, true};
    }
    return {end - std::min<std::ptrdiff_t>(2, end - begin), false};
}

constexpr std::size_t kMostBody = 64u << 10;
constexpr std::size_t kKept = 64u << 10;  ///< bytes of an answer's memory that an idle connection keeps

const char* phrase_of(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 431: return "Request Header Fields Too Large";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return status < 500 ? "Error" : "Internal Server Error";
    }
}

Result<TlsContext> read_tls(const TlsFiles& files) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    // Each connection proves its certificate anew.
    SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context->native_handle(), 0);
    boost::system::error_code error;
    const auto failed = [&](const std::string& file) {
        return fail(Code::TlsFileUnusable, "cannot be used: " + error.message(), file);
    };
    if (context->use_certificate_chain_file(files.certificate, error); error) return failed(files.certificate);
    if (context->use_private_key_file(files.key, asio::ssl::context::pem, error); error) return failed(files.key);
    if (SSL_CTX_check_private_key(context->native_handle()) != 1)
        return fail(Code::TlsFileUnusable, "the key does not belong to the certificate", files.key);
    if (files.client_ca.empty()) return context;
    if (context->load_verify_file(files.client_ca, error); error) return failed(files.client_ca);
    // Clients may also prove themselves by a key, so a certificate is asked for and not required.
    context->set_verify_mode(asio::ssl::verify_peer);
    return context;
}

}  // namespace

HttpAnswer problem(unsigned status, std::string_view why, std::string_view code, std::string_view where) {
    json::Value error = json::Value::object();
    error.set("error", json::Value::of(why));
    if (!code.empty()) error.set("code", json::Value::of(code));
    if (!where.empty()) error.set("where", json::Value::of(where));
    HttpAnswer answer;
    answer.status = status;
    answer.body = json::write(error) + "\n";
    if (status == 503) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

Result<void> check_tls(const TlsFiles& files) {
    const auto read = read_tls(files);
    return read ? Result<void>() : tl::unexpected(read.error());
}

// ---- addresses ----------------------------------------------------------------------------------

std::string ListenAddress::text() const {
    switch (kind) {
        case Kind::Unix: return "unix:" + path;
        case Kind::Inherited: return "fd:" + std::to_string(descriptor);
        case Kind::Tcp: break;
    }
    const bool six = host.find(':') != std::string::npos;
    return (tls ? "tls://" : "tcp://") + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenAddress> ListenAddress::read(std::string_view text) {
    const auto wrong = [&](const char* why) {
        return fail(
            Code::BadAddress,
            std::string(why) + "; write `unix:/run/writ/writ.sock`, `tls://192.0.2.1:8443` or `tcp://127.0.0.1:9180`",
            std::string(text));
    };
    ListenAddress out;
    if (text.starts_with("unix:")) {
        out.path = text.substr(5);
        if (out.path.empty()) return wrong("the path of the socket is missing");
        if (out.path.size() >= sizeof(sockaddr_un::sun_path)) return wrong("the path of the socket is too long");
        return out;
    }
    out.kind = Kind::Tcp;
    out.tls = text.starts_with("tls://");
    if (!out.tls && !text.starts_with("tcp://")) return wrong("not an address");
    text.remove_prefix(6);
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong("the port is missing");
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    asio::ip::make_address(std::string(host), error);
    if (error) return wrong("the host is not a numeric address");
    out.host = host;
    const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (bad != std::errc{} || end != port.data() + port.size()) return wrong("the port is not a number below 65536");
    return out;
}

// ---- the server ---------------------------------------------------------------------------------

struct HttpServer::Impl {
    /// A connection as far as the server needs it.
    struct Connection {
        virtual ~Connection() = default;
        virtual void close_if_idle() = 0;
    };
    struct Listener {
        ListenAddress address;
        asio::basic_socket_acceptor<Protocol, Strand> acceptor;
        asio::steady_timer pause;  ///< before the next attempt, if the process has too many files open
        /// Each listener has a limit of its own, so that strangers over TCP take no place of local users.
        std::atomic<std::uint64_t> connections{0};
        dev_t device = 0;  ///< Unix: of the socket that was made
        ino_t inode = 0;

        Listener(ListenAddress where, asio::basic_socket_acceptor<Protocol, Strand> from)
            : address(std::move(where)), acceptor(std::move(from)), pause(acceptor.get_executor()) {}
    };

    HttpOptions options;
    Handler handler;
    std::atomic<std::uint64_t> connections{0}, in_flight{0}, shed{0}, refused{0};
    std::atomic<bool> leaving{false}, draining{false};
    mutable std::mutex lock;
    TlsContext tls;                               ///< guarded by lock
    std::vector<std::weak_ptr<Connection>> open;  ///< guarded by lock
    // Destroyed before the above: what still waits in it refers to that.
    asio::io_context io;
    std::deque<Listener> listeners;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
    std::vector<std::thread> threads;

    Impl(HttpOptions chosen, Handler answers) : options(std::move(chosen)), handler(std::move(answers)) {}
    ~Impl() {
        stop();
        for (const Listener& each : listeners) {
            struct stat found{};  // another server may have replaced the socket
            if (each.address.kind == ListenAddress::Kind::Unix && ::stat(each.address.path.c_str(), &found) == 0 &&
                found.st_dev == each.device && found.st_ino == each.inode)
                ::unlink(each.address.path.c_str());
        }
    }

    void stop() {
        io.stop();
        for (std::thread& each : threads) each.join();
        threads.clear();
    }
    Result<void> bind(const ListenAddress& address);
    void accept(Listener& listener);
    void begin(asio::basic_stream_socket<Protocol, Strand> socket, Listener& listener);
    void remember(const std::shared_ptr<Connection>& connection) {
        const std::lock_guard hold(lock);
        if (open.size() >= 64 && open.size() >= 2 * connections.load())
            std::erase_if(open, [](const auto& each) { return each.expired(); });
        open.push_back(connection);
    }
};

namespace {

/// One connection: reads a request, has it handled, writes the answer, and starts again. Everything runs on its strand.
template <class Stream>
class Session : public HttpServer::Impl::Connection, public std::enable_shared_from_this<Session<Stream>> {
public:
    template <class... Args>
    Session(HttpServer::Impl& server, HttpServer::Impl::Listener& listener, bool local, Args&&... args)
        : server_(server),
          listener_(listener),
          stream_(std::forward<Args>(args)...),
          buffer_(server.options.limits.bytes + 1) {
        peer_.local = local;
        ++server_.connections, ++listener_.connections;
    }
    ~Session() override { --server_.connections, --listener_.connections; }

    void start() {
        if constexpr (std::is_same_v<Stream, Secure>) {
            plain().expires_after(server_.options.read);
            stream_.async_handshake(asio::ssl::stream_base::server, [self = this->shared_from_this()](auto error) {
                if (error) return;
                self->read_certificate();
                self->wait();
            });
        } else {
            asio::dispatch(plain().get_executor(), [self = this->shared_from_this()] { self->wait(); });
        }
    }

    void close_if_idle() override {
        asio::post(plain().get_executor(), [self = this->shared_from_this()] {
            boost::system::error_code ignored;
            // A request that has arrived is still answered.
            if (self->idle_ && self->plain().socket().available(ignored) == 0) self->plain().cancel();
        });
    }

private:
    Plain& plain() { return beast::get_lowest_layer(stream_); }

    void read_certificate() {
        if constexpr (std::is_same_v<Stream, Secure>) {
            X509* const certificate = SSL_get_peer_certificate(stream_.native_handle());
            if (certificate == nullptr) return;
            Digest digest{};
            if (X509_digest(certificate, EVP_sha256(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1)
                peer_.certificate = digest;
            X509_free(certificate);
        }
    }

    /// Waits for the first byte of a request.
    void wait() {
        parser_.reset();
        if (out_.capacity() > kKept) std::string().swap(out_);
        if (server_.draining && buffer_.size() == 0) return end();
        if (buffer_.size() > 0) return read_first();
        idle_ = true;
        plain().expires_after(server_.options.idle);
        stream_.async_read_some(buffer_.prepare(server_.options.limits.bytes),
                                [self = this->shared_from_this()](auto error, std::size_t size) {
                                    self->idle_ = false;
                                    if (error == asio::error::operation_aborted && self->server_.draining)
                                        return self->end();
                                    if (error) return;
                                    self->buffer_.commit(size);
                                    self->read_first();
                                });
    }

    /// From here on, the request must be whole within the time for reading; otherwise the connection is closed.
    void read_first() {
        plain().expires_after(server_.options.read);
        asio::async_read_until(stream_, buffer_, ends_head,
                               [self = this->shared_from_this()](auto error, std::size_t size) {
                                   if (error == asio::error::not_found)
                                       return self->refuse(431, "the head of the request is too long");
                                   if (error) return;
                                   self->read_body(size);
                               });
    }

    void read_body(std::size_t size) {
        text_.assign(static_cast<const char*>(buffer_.data().data()), size);
        auto read = read_head(text_, server_.options.limits);
        if (const HttpRefusal* refusal = std::get_if<HttpRefusal>(&read)) return refuse(refusal->status, refusal->why);
        head_ = std::get<HttpHead>(std::move(read));
        if (server_.options.admit)
            if (auto refused = server_.options.admit(head_, peer_)) {
                // Its body is not read, so nothing can follow on this connection.
                const bool bodiless = head_.length == 0 && !head_.has("transfer-encoding");
                if (bodiless) buffer_.consume(size);
                return write(std::move(*refused), bodiless && head_.keep_alive);
            }
        parser_ = std::make_unique<http::request_parser<http::string_body>>();
        const std::size_t most = server_.options.most_body ? server_.options.most_body(head_.path) : kMostBody;
        if (head_.length > most) return refuse(413, "the body is too long");
        parser_->body_limit(most);
        parser_->header_limit(static_cast<std::uint32_t>(server_.options.limits.bytes + 1));
        boost::system::error_code error;
        parser_->put(asio::buffer(text_), error);
        if (error || !parser_->is_header_done()) return refuse(400, "the head of the request is malformed");
        parser_->eager(true);
        buffer_.consume(size);
        if (parser_->is_done()) return handle();
        if (head_.expects_continue && buffer_.size() == 0) {
            static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            return asio::async_write(stream_, asio::buffer(kContinue),
                                     [self = this->shared_from_this()](auto failed, auto) {
                                         if (!failed) self->read_rest();
                                     });
        }
        read_rest();
    }

    void read_rest() {
        http::async_read(stream_, buffer_, *parser_, [self = this->shared_from_this()](auto error, auto) {
            if (error == http::error::body_limit) return self->refuse(413, "the body is too long");
            if (error == asio::error::eof || error == http::error::partial_message) return;
            if (error.category() == http::make_error_code(http::error::bad_chunk).category())
                return self->refuse(400, "the body is malformed");
            if (error) return;
            self->handle();
        });
    }

    void handle() {
        plain().expires_never();
        if (server_.in_flight.fetch_add(1) >= server_.options.in_flight) {
            --server_.in_flight;
            ++server_.shed;
            return write(problem(503, "too many requests at this moment"), head_.keep_alive);
        }
        server_.handler({head_, parser_->get().body(), peer_}, [self = this->shared_from_this()](HttpAnswer answer) {
            asio::dispatch(self->plain().get_executor(), [self, answer = std::move(answer)]() mutable {
                --self->server_.in_flight;
                self->write(std::move(answer), self->head_.keep_alive);
            });
        });
    }

    void refuse(unsigned status, std::string_view why) {
        ++server_.refused;
        head_ = {};
        write(problem(status, why), false);
    }

    void write(HttpAnswer answer, bool keep_alive) {
        keep_alive = keep_alive && !server_.leaving;
        out_ = "HTTP/1.1 " + std::to_string(answer.status) + ' ' + phrase_of(answer.status) + "\r\n";
        if (!answer.body.empty()) out_ += "Content-Type: " + answer.type + "\r\n";
        out_ += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
        for (const auto& [name, value] : answer.headers) out_ += name + ": " + value + "\r\n";
        if (!keep_alive) out_ += "Connection: close\r\n";
        out_ += "\r\n";
        if (head_.method != "HEAD") out_ += answer.body;
        plain().expires_after(server_.options.write);
        asio::async_write(stream_, asio::buffer(out_), [self = this->shared_from_this(), keep_alive](auto error, auto) {
            if (error) return;
            keep_alive ? self->wait() : self->end();
        });
    }

    /// Closes so that the client still reads the answer: what it has sent is read first, for a moment.
    void end() {
        if constexpr (std::is_same_v<Stream, Secure>) {
            plain().expires_after(std::chrono::seconds(1));
            stream_.async_shutdown([self = this->shared_from_this()](auto) { self->discard(0); });
        } else {
            boost::system::error_code ignored;
            plain().socket().shutdown(asio::socket_base::shutdown_send, ignored);
            plain().expires_after(std::chrono::seconds(1));
            discard(0);
        }
    }
    void discard(std::size_t read) {
        constexpr std::size_t kMost = 256u << 10;
        if (read > kMost) return plain().close();
        buffer_.clear();
        plain().async_read_some(buffer_.prepare(server_.options.limits.bytes),
                                [self = this->shared_from_this(), read](auto error, std::size_t size) {
                                    if (error) return self->plain().close();
                                    self->discard(read + size);
                                });
    }

    HttpServer::Impl& server_;
    HttpServer::Impl::Listener& listener_;
    Stream stream_;
    beast::flat_buffer buffer_;
    std::unique_ptr<http::request_parser<http::string_body>> parser_;
    std::string text_, out_;
    HttpHead head_;
    Peer peer_;
    bool idle_ = false;
};

}  // namespace

Result<void> HttpServer::Impl::bind(const ListenAddress& address) {
    const auto failed = [&](const boost::system::error_code& error) {
        return fail(Code::CannotListen, "cannot listen: " + error.message(), address.text());
    };
    boost::system::error_code error;
    Protocol::endpoint where;
    asio::basic_socket_acceptor<Protocol, Strand> acceptor(Strand(io.get_executor()));
    if (address.kind == ListenAddress::Kind::Inherited) {
        sockaddr_storage bound{};
        socklen_t size = sizeof bound;
        if (::getsockname(address.descriptor, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
            return failed({errno, boost::system::system_category()});
        // Over TCP, clients would have to prove who they are.
        if (bound.ss_family != AF_UNIX) return failed({EAFNOSUPPORT, boost::system::system_category()});
        (void)acceptor.assign(Protocol(bound.ss_family, SOCK_STREAM), address.descriptor, error);
        if (error) return failed(error);
        listeners.emplace_back(address, std::move(acceptor));
        return {};
    }
    if (address.kind == ListenAddress::Kind::Unix) {
        where = asio::local::stream_protocol::endpoint(address.path);
        // A socket that a killed server left behind: nobody accepts at it.
        struct stat found{};
        if (::stat(address.path.c_str(), &found) == 0) {
            if (!S_ISSOCK(found.st_mode)) return failed({EEXIST, boost::system::system_category()});
            asio::local::stream_protocol::socket probe(io);
            (void)probe.connect(asio::local::stream_protocol::endpoint(address.path), error);
            if (error != asio::error::connection_refused)
                return failed(error ? error : boost::system::error_code(EADDRINUSE, boost::system::system_category()));
            ::unlink(address.path.c_str());
            error.clear();
        }
    } else {
        where = asio::ip::tcp::endpoint(asio::ip::make_address(address.host), address.port);
    }
    (void)acceptor.open(where.protocol(), error);
    if (!error && address.kind == ListenAddress::Kind::Tcp)
        (void)acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) (void)acceptor.bind(where, error);
    // Nobody can connect before listen().
    if (!error && address.kind == ListenAddress::Kind::Unix && ::chmod(address.path.c_str(), 0660) != 0)
        error = {errno, boost::system::system_category()};
    if (!error) (void)acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed(error);
    ListenAddress bound = address;
    if (address.kind == ListenAddress::Kind::Tcp) {
        const auto local = acceptor.local_endpoint(error);
        const auto* raw = reinterpret_cast<const sockaddr_in*>(local.data());
        bound.port = ntohs(raw->sin_port);  // sockaddr_in6 has the port at the same place
    }
    listeners.emplace_back(bound, std::move(acceptor));
    struct stat made{};
    if (bound.kind == ListenAddress::Kind::Unix && ::stat(bound.path.c_str(), &made) == 0)
        listeners.back().device = made.st_dev, listeners.back().inode = made.st_ino;
    return {};
}

void HttpServer::Impl::accept(Listener& listener) {
    listener.acceptor.async_accept(
        Strand(io.get_executor()),
        [this, &listener](boost::system::error_code error, asio::basic_stream_socket<Protocol, Strand> socket) {
            if (error == asio::error::operation_aborted || draining) return;
            if (!error) {
                begin(std::move(socket), listener);
                return accept(listener);
            }
            listener.pause.expires_after(std::chrono::milliseconds(10));
            listener.pause.async_wait([this, &listener](auto) { accept(listener); });
        });
}

void HttpServer::Impl::begin(asio::basic_stream_socket<Protocol, Strand> socket, Listener& listener) {
    if (listener.connections >= options.connections || draining) {
        ++shed;
        boost::system::error_code ignored;
        (void)socket.close(ignored);
        return;
    }
    const bool local = listener.address.kind != ListenAddress::Kind::Tcp && !listener.address.tls;
    if (!listener.address.tls) {
        const auto session = std::make_shared<Session<Plain>>(*this, listener, local, std::move(socket));
        remember(session);
        return session->start();
    }
    TlsContext context;
    {
        const std::lock_guard hold(lock);
        context = tls;
    }
    // OpenSSL counts the references to a context, so a connection keeps the one that it began with.
    const auto session = std::make_shared<Session<Secure>>(*this, listener, local, Plain(std::move(socket)), *context);
    remember(session);
    session->start();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;

Result<HttpServer> HttpServer::open(HttpOptions options, Handler handler) {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
    for (const ListenAddress& each : impl->options.listen)
        if (const auto bound = impl->bind(each); !bound) return tl::unexpected(bound.error());
    HttpServer server(std::move(impl));
    if (const auto read = server.reload_tls(); !read) return tl::unexpected(read.error());
    return server;
}

void HttpServer::start(unsigned threads) {
    for (Impl::Listener& each : impl_->listeners) impl_->accept(each);
    impl_->work.emplace(impl_->io.get_executor());
    for (unsigned i = 0; i < threads; ++i) impl_->threads.emplace_back([self = impl_.get()] { self->io.run(); });
}

void HttpServer::leave() {
    impl_->leaving = true;
}

void HttpServer::drain() {
    impl_->leaving = impl_->draining = true;
    for (Impl::Listener& each : impl_->listeners)
        asio::post(each.acceptor.get_executor(), [&each] {
            boost::system::error_code ignored;
            (void)each.acceptor.close(ignored);
        });
    const std::lock_guard hold(impl_->lock);
    for (const auto& each : impl_->open)
        if (const auto connection = each.lock()) connection->close_if_idle();
}

void HttpServer::stop() {
    impl_->stop();
}

bool HttpServer::drained() const {
    return impl_->draining && impl_->connections == 0;
}

Result<void> HttpServer::reload_tls() {
    const auto uses = [](const Impl::Listener& each) { return each.address.tls; };
    if (std::none_of(impl_->listeners.begin(), impl_->listeners.end(), uses)) return {};
    auto read = read_tls(impl_->options.tls);
    if (!read) return tl::unexpected(std::move(read.error()));
    const std::lock_guard hold(impl_->lock);
    impl_->tls = std::move(*read);
    return {};
}

std::vector<ListenAddress> HttpServer::addresses() const {
    std::vector<ListenAddress> out;
    for (const Impl::Listener& each : impl_->listeners) out.push_back(each.address);
    return out;
}

HttpCounts HttpServer::counts() const {
    return {impl_->connections, impl_->in_flight, impl_->shed, impl_->refused};
}

}  // namespace writ::serve
