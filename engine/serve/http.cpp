// The only file that includes Boost.
#include "serve/http.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
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
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>

#include "serve/body.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

namespace asio = boost::asio;
using Protocol = asio::generic::stream_protocol;
using Strand = asio::strand<asio::io_context::executor_type>;
using Plain = asio::basic_stream_socket<Protocol, Strand>;
using Secure = asio::ssl::stream<Plain>;
using TlsContext = std::shared_ptr<asio::ssl::context>;

constexpr std::chrono::milliseconds kTick{100};  ///< how exactly times of connections are kept
constexpr std::size_t kMostBody = 64u << 10;
constexpr std::size_t kKept = 64u << 10;  ///< bytes of a body's and an answer's memory that an idle connection keeps

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

Result<void> check_tls(const TlsFiles& files) {
    const auto read = read_tls(files);
    return read ? Result<void>() : tl::unexpected(read.error());
}

// ---- the server ---------------------------------------------------------------------------------

struct HttpServer::Impl {
    /// A connection as far as the server needs it.
    struct Connection {
        virtual ~Connection() = default;
        virtual void close_if_idle() = 0;
        virtual void close_if_late(std::int64_t tick) = 0;
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
    std::atomic<std::size_t> body_bytes{0};  ///< of requests without an answer
    std::atomic<bool> leaving{false}, draining{false};
    std::atomic<std::int64_t> tick{0};  ///< counts kTick since the start
    mutable std::mutex lock;
    TlsContext tls;                               ///< guarded by lock
    std::vector<std::weak_ptr<Connection>> open;  ///< guarded by lock
    // Destroyed before the above: what still waits in it refers to that.
    asio::io_context io;
    std::deque<Listener> listeners;
    asio::steady_timer ticker{io};
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
    /// Output: false if all bodies together would be too large. One alone never is.
    bool take_bytes(std::size_t size) {
        const std::size_t before = body_bytes.fetch_add(size);
        if (before == 0 || before + size <= options.body_bytes) return true;
        body_bytes -= size;
        return false;
    }
    Result<void> bind(const ListenAddress& address);
    void accept(Listener& listener);
    /// Closes connections whose time is over, again and again. One timer for all of them costs less than one for each
    /// read and write.
    void watch_time();
    void begin(Plain socket, Listener& listener);
    void remember(const std::shared_ptr<Connection>& connection) {
        const std::lock_guard hold(lock);
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
          buffer_(server.options.limits.bytes + 1, '\0') {
        peer_.local = local;
        ++server_.connections, ++listener_.connections;
    }
    ~Session() override {
        release_body();
        --server_.connections, --listener_.connections;
    }

    void start() {
        if constexpr (std::is_same_v<Stream, Secure>) {
            ends_after(server_.options.read);
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
            if (self->idle_ && self->plain().available(ignored) == 0) self->plain().cancel(ignored);
        });
    }

    void close_if_late(std::int64_t tick) override {
        if (tick <= deadline_) return;
        asio::post(plain().get_executor(), [self = this->shared_from_this()] {
            if (self->server_.tick > self->deadline_) self->close();
        });
    }

private:
    Plain& plain() {
        if constexpr (std::is_same_v<Stream, Secure>)
            return stream_.next_layer();
        else
            return stream_;
    }
    /// What waits then ends with an error.
    void close() {
        boost::system::error_code ignored;
        (void)plain().close(ignored);
    }
    /// The connection is closed unless another time is set before.
    void ends_after(std::chrono::milliseconds time) { deadline_ = server_.tick + time / kTick; }
    void ends_never() { deadline_ = INT64_MAX; }

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
        release_body();
        if (out_.capacity() > kKept) std::string().swap(out_);
        if (const std::size_t usual = server_.options.limits.bytes + 1; buffer_.size() > usual && begin_ == end_) {
            begin_ = end_ = 0;
            buffer_.resize(usual);
            buffer_.shrink_to_fit();
        }
        if (!arrived().empty()) return read_first();
        if (server_.draining) return end();
        idle_ = true;
        ends_after(server_.options.idle);
        read_some([](Session& self, auto error) {
            self.idle_ = false;
            if (error == asio::error::operation_aborted && self.server_.draining) return self.end();
            if (!error) self.read_first();
        });
    }

    /// What was read, and belongs to a request.
    [[nodiscard]] std::string_view arrived() const { return std::string_view(buffer_).substr(begin_, end_ - begin_); }
    [[nodiscard]] asio::mutable_buffer room() {
        std::copy(buffer_.begin() + begin_, buffer_.begin() + end_, buffer_.begin());
        end_ -= std::exchange(begin_, 0);
        return asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
    }
    /// Reads more, then calls `then(*this, error)`.
    template <class Then>
    void read_some(Then then) {
        stream_.async_read_some(room(), [self = this->shared_from_this(), then](auto error, std::size_t size) {
            self->end_ += size;
            then(*self, error);
        });
    }

    /// From here on, the request must be whole within the time for reading; otherwise the connection is closed.
    void read_first() {
        ends_after(server_.options.read);
        read_head_on();
    }

    void read_head_on() {
        if (const std::size_t size = end_of_head(arrived()); size > 0) return begin_body(size);
        if (arrived().size() == buffer_.size()) return refuse(431, "the head of the request is too long");
        read_some([](Session& self, auto error) {
            if (!error) self.read_head_on();
        });
    }

    void begin_body(std::size_t size) {
        text_.assign(arrived().substr(0, size));
        auto read = read_head(text_, server_.options.limits);
        if (const HttpRefusal* refusal = std::get_if<HttpRefusal>(&read)) return refuse(refusal->status, refusal->why);
        head_ = std::get<HttpHead>(std::move(read));
        const bool chunked = head_.has("transfer-encoding");
        begin_ += size;
        if (server_.options.admit)
            if (auto refused = server_.options.admit(head_, peer_))
                // Its body is not read, so nothing can follow on this connection.
                return write(std::move(*refused), !chunked && head_.length == 0 && head_.keep_alive);
        const std::size_t most = server_.options.most_body ? server_.options.most_body(head_.path) : kMostBody;
        if (head_.length > most) return refuse(413, "the body is too long");
        if (!server_.take_bytes(chunked ? most : head_.length)) {
            ++server_.shed;
            return write(problem(503, "the bodies of too many requests are in memory at this moment"), false);
        }
        charged_ = chunked ? most : head_.length;
        body_.begin(head_, most, server_.options.limits);
        if (charged_ > buffer_.size()) buffer_.resize(std::min(charged_, kKept));  // fewer reads
        if (head_.expects_continue && (chunked || head_.length > 0) && arrived().empty()) {
            static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            return asio::async_write(stream_, asio::buffer(kContinue),
                                     [self = this->shared_from_this()](auto failed, auto) {
                                         if (!failed) self->read_body_on();
                                     });
        }
        read_body_on();
    }

    void read_body_on() {
        std::string_view rest = arrived();
        const BodyReader::Step step = body_.read(rest);
        begin_ = end_ - rest.size();
        switch (step) {
            case BodyReader::Step::Done: return handle();
            case BodyReader::Step::TooLong: return refuse(413, "the body is too long");
            case BodyReader::Step::Malformed: return refuse(400, "the body is malformed");
            case BodyReader::Step::More: break;
        }
        read_some([](Session& self, auto error) {
            if (!error) self.read_body_on();
        });
    }

    void release_body() {
        server_.body_bytes -= std::exchange(charged_, 0);
        body_.shrink(kKept);
    }

    void handle() {
        ends_never();
        if (server_.in_flight.fetch_add(1) >= server_.options.in_flight) {
            --server_.in_flight;
            ++server_.shed;
            return write(problem(503, "too many requests at this moment"), head_.keep_alive);
        }
        server_.handler({head_, body_.body(), peer_}, [self = this->shared_from_this()](HttpAnswer answer) {
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
        out_.clear();
        append_head(answer, keep_alive, out_);
        if (head_.method != "HEAD") out_ += answer.body;
        ends_after(server_.options.write);
        asio::async_write(stream_, asio::buffer(out_), [self = this->shared_from_this(), keep_alive](auto error, auto) {
            if (error) return;
            keep_alive ? self->wait() : self->end();
        });
    }

    /// Closes so that the client still reads the answer: what it has sent is read first, for a moment.
    void end() {
        if constexpr (std::is_same_v<Stream, Secure>) {
            ends_after(std::chrono::seconds(1));
            stream_.async_shutdown([self = this->shared_from_this()](auto) { self->discard(0); });
        } else {
            boost::system::error_code ignored;
            plain().shutdown(asio::socket_base::shutdown_send, ignored);
            ends_after(std::chrono::seconds(1));
            discard(0);
        }
    }
    void discard(std::size_t read) {
        constexpr std::size_t kMost = 256u << 10;
        if (read > kMost) return close();
        plain().async_read_some(asio::buffer(buffer_),
                                [self = this->shared_from_this(), read](auto error, std::size_t size) {
                                    if (error) return self->close();
                                    self->discard(read + size);
                                });
    }

    HttpServer::Impl& server_;
    HttpServer::Impl::Listener& listener_;
    Stream stream_;
    std::atomic<std::int64_t> deadline_{INT64_MAX};  ///< a tick
    std::string buffer_;
    std::size_t begin_ = 0, end_ = 0;  ///< in the buffer: what has arrived
    BodyReader body_;
    std::size_t charged_ = 0;  ///< for the body, of the bytes that all may have
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
    listener.acceptor.async_accept(Strand(io.get_executor()),
                                   [this, &listener](boost::system::error_code error, Plain socket) {
                                       if (error == asio::error::operation_aborted || draining) return;
                                       if (!error) {
                                           begin(std::move(socket), listener);
                                           return accept(listener);
                                       }
                                       listener.pause.expires_after(std::chrono::milliseconds(10));
                                       listener.pause.async_wait([this, &listener](auto) { accept(listener); });
                                   });
}

void HttpServer::Impl::watch_time() {
    ticker.expires_after(kTick);
    ticker.async_wait([this](boost::system::error_code error) {
        if (error) return;
        ++tick;
        std::vector<std::shared_ptr<Connection>> all;
        {
            const std::lock_guard hold(lock);
            std::erase_if(open, [](const auto& each) { return each.expired(); });
            for (const auto& each : open)
                if (auto connection = each.lock()) all.push_back(std::move(connection));
        }
        for (const auto& each : all) each->close_if_late(tick);
        watch_time();
    });
}

void HttpServer::Impl::begin(Plain socket, Listener& listener) {
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
    const auto session = std::make_shared<Session<Secure>>(*this, listener, local, std::move(socket), *context);
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
    impl_->watch_time();
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
