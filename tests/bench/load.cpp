// A load generator for services that decide over HTTP/1.1. Checks every answer, and prints what it measured as JSON.
// Exit code: 0 if every answer was right, 1 if one was not.
//
// usage: load --to ADDRESS --request FILE[=TEXT]... [option VALUE]...
//
//   --to           unix:PATH, tcp:HOST:PORT or tls:HOST:PORT; the host is a numeric IPv4 address
//   --request      a request document, or with the suffix .jsonl one in each line; a right answer contains TEXT. They
//                  are sent in turn. The value of `request_id` is replaced by another one in each request
//   --path         /v1/decide, or with --batch /v1/decide/batch
//   --connections  how many send at the same time (1)
//   --threads      of the generator (1)
//   --seconds      how long to measure (5)
//   --warm         seconds before that, which are not counted (0.5)
//   --count        ends after this many requests, if the time is not over before
//   --rate         requests a second, sent when they are due. A latency then begins when the request was due, so a
//                  service that stalls cannot hide it. Without: each connection sends when its answer is there
//   --batch        documents in a request (none)
//   --policies     a file with lines `DIGEST TEXT`: each answer names one of these policies, and a permit contains its
//                  text. So an answer that was made by two policies is noticed
//   --permits      a file to which the request id and the record of each permit are written, in the order of answers
//   --ids          with which request ids begin (load)
//   --ca, --bearer the authority and the key for TLS
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "load_socket.h"
#include "load_tally.h"

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using std::chrono::nanoseconds;
using writ::bench::fail;
using writ::bench::Socket;
using writ::bench::Tally;

// ---- what is sent -------------------------------------------------------------------------------

constexpr std::size_t kDigits = 16;

/// A request document in one line. The request id is cut out.
struct Document {
    std::string before, after;
    bool has_id = false;
    std::string expected;  ///< a right answer contains it
};

/// Without white space between tokens.
std::string squeezed(std::string_view text) {
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
        if (c == '"') quoted = !quoted;
        out += c;
        if (quoted && c == '\\' && i + 1 < text.size()) out += text[++i];
    }
    return out;
}

Document document_of(std::string_view text, const std::string& expected) {
    static constexpr std::string_view kId = "\"request_id\":\"";
    Document out{squeezed(text), {}, false, expected};
    const std::size_t at = out.before.find(kId);
    if (at == std::string::npos) return out;
    const std::size_t begin = at + kId.size(), end = out.before.find('"', begin);
    if (end == std::string::npos) fail("a request id does not end");
    out.after = out.before.substr(end);
    out.before.resize(begin);
    out.has_id = true;
    return out;
}

struct Options {
    std::string to, path, ca, bearer, permits, ids = "load";
    std::vector<Document> documents;
    std::map<std::string, std::string, std::less<>> policies;
    std::size_t connections = 1, threads = 1, batch = 0;
    std::int64_t count = INT64_MAX;
    double seconds = 5, warm = 0.5, rate = 0;
};

// ---- connections --------------------------------------------------------------------------------

struct Connection {
    Socket socket;
    std::string out, in;
    std::size_t sent = 0;
    std::vector<std::pair<const Document*, std::uint64_t>> asked;  ///< documents of the request, and their numbers
    Time begin;                                                    ///< when the request was sent, or due
    bool open = true, waits_to_send = false;

    Connection(const std::string& to, SSL_CTX* context) : socket(to, context) {}
};

/// The value of a member of an answer; empty if there is none. In a string, no quote stands without an escape.
std::string_view member(std::string_view answer, std::string_view name, std::string_view end) {
    const std::size_t at = answer.find(name);
    if (at == std::string_view::npos) return {};
    answer.remove_prefix(at + name.size());
    return answer.substr(0, answer.find_first_of(end));
}

/// What all threads share.
struct Shared {
    Options options;
    std::atomic<std::int64_t> left{0};  ///< requests that may still be sent
    Time begin, end;                    ///< of what is measured
    std::mutex lock;
    std::FILE* permits = nullptr;  ///< guarded by lock
    SSL_CTX* context = nullptr;
};

/// One thread, with its share of the connections.
class Worker {
public:
    Worker(Shared& shared, std::size_t index, std::size_t connections)
        : shared_(shared), options_(shared.options), next_id_(std::uint64_t{index} << 48), next_document_(index) {
        for (std::size_t i = 0; i < connections; ++i)
            connections_.push_back(std::make_unique<Connection>(options_.to, shared.context));
        if (options_.rate > 0)
            interval_ =
                nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(options_.threads) / options_.rate));
        const std::string& path = options_.path;
        head_ = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                (options_.batch > 0 ? "application/x-ndjson" : "application/json") + "\r\n";
        if (!options_.bearer.empty()) head_ += "Authorization: Bearer " + options_.bearer + "\r\n";
        head_ += "Content-Length: ";
    }
    ~Worker() {
        ::close(epoll_);
        ::close(timer_);
    }
    Worker(const Worker&) = delete;

    void run() {
        watch(timer_, nullptr, EPOLL_CTL_ADD, EPOLLIN);
        for (const auto& each : connections_) watch(each->socket.descriptor(), each.get(), EPOLL_CTL_ADD, EPOLLIN);
        due_ = Clock::now();
        for (const auto& each : connections_) idle_.push_back(each.get());
        std::array<epoll_event, 256> events;
        for (;;) {
            const Time now = Clock::now();
            if (now >= shared_.end) stopped_ = true;
            if (stopped_ && (waiting_ == 0 || now >= shared_.end + std::chrono::seconds(5))) break;
            if (open() == 0) break;
            start(now);
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events[static_cast<std::size_t>(i)];
                if (auto* one = static_cast<Connection*>(event.data.ptr)) {
                    if (one->waits_to_send) send_rest(*one);
                    receive(*one);
                } else {
                    std::uint64_t ignored = 0;
                    if (::read(timer_, &ignored, sizeof ignored) < 0) continue;
                }
            }
        }
        for (std::size_t i = 0; i < waiting_; ++i) tally.error("no answer");
    }

    Tally tally;

private:
    void watch(int descriptor, Connection* one, int what, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = one;
        ::epoll_ctl(epoll_, what, descriptor, &event);
    }
    [[nodiscard]] std::size_t open() const { return connections_.size() - closed_; }

    /// Sends what is due over connections that are idle.
    void start(Time now) {
        while (!stopped_ && !idle_.empty() && (options_.rate == 0 || due_ <= now)) {
            if (shared_.left.fetch_sub(1) <= 0) {
                stopped_ = true;
                return;
            }
            Connection& one = *idle_.back();
            idle_.pop_back();
            send(one, options_.rate == 0 ? Clock::now() : due_);
            due_ += interval_;
        }
        if (options_.rate == 0 || idle_.empty() || stopped_) return;
        itimerspec at{};
        const auto since = std::chrono::duration_cast<nanoseconds>(due_.time_since_epoch()).count();
        at.it_value = {since / 1'000'000'000, since % 1'000'000'000};
        ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
    }

    void append(Connection& one, std::string& to) {
        const Document& document = options_.documents[next_document_++ % options_.documents.size()];
        const std::uint64_t id = next_id_++;
        one.asked.emplace_back(&document, id);
        to += document.before;
        if (document.has_id) to += id_of(id);
        to += document.after;
    }
    [[nodiscard]] std::string id_of(std::uint64_t id) const {
        char digits[kDigits + 1];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(id));
        return options_.ids + "-" + digits;
    }

    void send(Connection& one, Time begin) {
        one.begin = begin;
        one.asked.clear();
        body_.clear();
        append(one, body_);
        for (std::size_t i = 1; i < options_.batch; ++i) {
            body_ += '\n';
            append(one, body_);
        }
        one.out = head_;
        one.out += std::to_string(body_.size());
        one.out += "\r\n\r\n";
        one.out += body_;
        one.sent = 0;
        ++waiting_;
        send_rest(one);
    }

    void send_rest(Connection& one) {
        while (one.sent < one.out.size()) {
            const long done = one.socket.write(std::string_view(one.out).substr(one.sent));
            if (done == 0) return lost(one);
            if (done < 0) break;
            one.sent += static_cast<std::size_t>(done);
        }
        const bool waits = one.sent < one.out.size();
        if (waits == one.waits_to_send) return;
        one.waits_to_send = waits;
        watch(one.socket.descriptor(), &one, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    void receive(Connection& one) {
        while (one.open) {
            const long done = one.socket.read(buffer_.data(), buffer_.size());
            if (done == 0) return lost(one);
            if (done < 0) return;
            one.in.append(buffer_.data(), static_cast<std::size_t>(done));
            if (answered(one)) return;
        }
    }

    void lost(Connection& one) {
        if (!one.open) return;
        one.open = false;
        ++closed_;
        watch(one.socket.descriptor(), nullptr, EPOLL_CTL_DEL, 0);
        std::erase(idle_, &one);
        if (one.asked.empty()) return;
        --waiting_;
        tally.error("closed");
    }

    /// Output: whether the answer is whole.
    bool answered(Connection& one) {
        const std::string_view all = one.in;
        const std::size_t end = all.find("\r\n\r\n");
        if (end == std::string_view::npos) return false;
        const std::string_view head = all.substr(0, end + 2);
        std::size_t length = SIZE_MAX;
        for (std::size_t at = head.find("\r\n") + 2; at < head.size(); at = head.find("\r\n", at) + 2)
            if (::strncasecmp(head.data() + at, "content-length:", 15) == 0)
                length = std::strtoul(head.data() + at + 15, nullptr, 10);
        if (length == SIZE_MAX) fail("an answer without a length: " + std::string(head));
        if (all.size() < end + 4 + length) return false;
        const Time now = Clock::now();
        if (one.begin >= shared_.begin && now <= shared_.end) {
            tally.latency.add(now - one.begin);
            ++tally.requests;
            tally.answers += one.asked.size();
        }
        const std::string_view status = head.substr(9, 3), body = all.substr(end + 4, length);
        if (status != "200")
            tally.error("status " + std::string(status), body);
        else
            check(one, body);
        one.in.clear();
        one.asked.clear();
        --waiting_;
        if (head.find("Connection: close") != std::string_view::npos)
            lost(one);
        else
            idle_.push_back(&one);
        return true;
    }

    void check(const Connection& one, std::string_view body) {
        for (const auto& [document, id] : one.asked) {
            const std::string_view answer = options_.batch > 0 ? body.substr(0, body.find('\n')) : body;
            body.remove_prefix(std::min(answer.size() + 1, body.size()));
            if (answer.find(document->expected) == std::string_view::npos || answer.empty())
                tally.error("another answer", answer);
            const std::string_view digest = member(answer, "\"digest\":\"", "\"");
            if (!digest.empty() && !tally.digests.contains(digest)) tally.digests.emplace(digest);
            const bool permit = answer.find("\"effect\":\"permit\"") != std::string_view::npos;
            if (!options_.policies.empty()) {
                const auto policy = options_.policies.find(digest);
                if (policy == options_.policies.end() ||
                    (permit && answer.find(policy->second) == std::string_view::npos))
                    tally.error("mixed policies", answer);
            }
            if (!permit || shared_.permits == nullptr) continue;
            const std::string record(member(answer, "\"record\":", ",}"));
            const std::lock_guard hold(shared_.lock);
            std::fprintf(shared_.permits, "%s %s\n", id_of(id).c_str(), record.c_str());
        }
        if (options_.batch > 0 && !body.empty()) tally.error("another number of answers", body);
    }

    Shared& shared_;
    const Options& options_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> idle_;
    std::uint64_t next_id_;
    std::size_t next_document_, waiting_ = 0, closed_ = 0;
    nanoseconds interval_{0};
    Time due_;
    bool stopped_ = false;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC), timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    std::string head_, body_;
    std::array<char, 64u << 10> buffer_;
};

// ---- the command --------------------------------------------------------------------------------

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) fail("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

void add_documents(const std::string& given, std::vector<Document>& to) {
    const std::size_t mark = std::min(given.find('='), given.size());
    const std::string path = given.substr(0, mark), expected = given.substr(std::min(mark + 1, given.size()));
    const std::string text = slurp(path);
    if (!path.ends_with(".jsonl")) return to.push_back(document_of(text, expected));
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (!line.empty()) to.push_back(document_of(line, expected));
    }
}

Options options_of(int argc, char** argv) {
    Options out;
    using Reader = std::function<void(const std::string&)>;
    const auto text = [](std::string& to) -> Reader { return [&to](const std::string& value) { to = value; }; };
    const auto size = [](std::size_t& to) -> Reader {
        return [&to](const std::string& value) { to = std::stoul(value); };
    };
    const auto number = [](double& to) -> Reader { return [&to](const std::string& value) { to = std::stod(value); }; };
    const std::map<std::string, Reader> readers = {
        {"--to", text(out.to)},
        {"--request", [&](const std::string& value) { add_documents(value, out.documents); }},
        {"--path", text(out.path)},
        {"--connections", size(out.connections)},
        {"--threads", size(out.threads)},
        {"--seconds", number(out.seconds)},
        {"--warm", number(out.warm)},
        {"--count", [&](const std::string& value) { out.count = std::stoll(value); }},
        {"--rate", number(out.rate)},
        {"--batch", size(out.batch)},
        {"--policies",
         [&](const std::string& value) {
             std::ifstream in(value);
             for (std::string digest, shown; in >> digest && std::getline(in >> std::ws, shown);)
                 out.policies[digest] = shown;
         }},
        {"--permits", text(out.permits)},
        {"--ids", text(out.ids)},
        {"--ca", text(out.ca)},
        {"--bearer", text(out.bearer)},
    };
    for (int i = 1; i < argc; i += 2) {
        const auto found = readers.find(argv[i]);
        if (found == readers.end()) fail(std::string("unknown option ") + argv[i]);
        if (i + 1 == argc) fail(found->first + " needs a value");
        found->second(argv[i + 1]);
    }
    if (out.to.empty() || out.documents.empty()) fail("name --to and --request");
    if (out.path.empty()) out.path = out.batch > 0 ? "/v1/decide/batch" : "/v1/decide";
    out.threads = std::clamp<std::size_t>(out.threads, 1, out.connections);
    return out;
}

SSL_CTX* context_of(const Options& options) {
    if (!options.to.starts_with("tls:")) return nullptr;
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_load_verify_locations(context, options.ca.c_str(), nullptr) != 1) fail("cannot use " + options.ca);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return context;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    Shared shared;
    shared.options = options_of(argc, argv);
    const Options& options = shared.options;
    shared.left = options.count;
    shared.context = context_of(options);
    if (!options.permits.empty() && (shared.permits = std::fopen(options.permits.c_str(), "w")) == nullptr)
        fail("cannot write " + options.permits);
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::size_t i = 0; i < options.threads; ++i)
        workers.push_back(std::make_unique<Worker>(
            shared, i, options.connections / options.threads + (i < options.connections % options.threads ? 1 : 0)));
    const auto after = [](double seconds) { return nanoseconds(static_cast<std::int64_t>(seconds * 1e9)); };
    shared.begin = Clock::now() + after(options.warm);
    shared.end = shared.begin + after(options.seconds);
    std::vector<std::thread> threads;
    for (const auto& each : workers) threads.emplace_back([&each] { each->run(); });
    for (std::thread& each : threads) each.join();
    const double seconds = std::chrono::duration<double>(std::min(Clock::now(), shared.end) - shared.begin).count();
    if (shared.permits != nullptr && std::fclose(shared.permits) != 0) fail("cannot write " + options.permits);

    Tally total;
    for (const auto& each : workers) total.add(each->tally);
    nlohmann::ordered_json out;
    out["seconds"] = seconds;
    out["requests"] = total.requests;
    out["requests_per_s"] = static_cast<double>(total.requests) / seconds;
    out["decisions_per_s"] = static_cast<double>(total.answers) / seconds;
    for (const auto& [name, share] : {std::pair{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}})
        out[name] = total.latency.microseconds_at(share);
    out["max_us"] = total.latency.most();
    out["policies"] = total.digests.size();
    out["errors"] = total.errors;
    if (!total.example.empty()) out["example"] = total.example;
    std::printf("%s\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    if (shared.context != nullptr) SSL_CTX_free(shared.context);
    return total.errors.empty() ? 0 : 1;
}
