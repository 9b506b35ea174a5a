// The parts of the service that need no socket. tests/serve has the rest.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "serve/clients.h"
#include "serve/head.h"
#include "serve/metrics.h"
#include "serve/origin.h"
#include "serve/query.h"
#include "serve/settings.h"
#include "serve/systemd.h"
#include "serve/watched.h"

using namespace writ;
using namespace writ::serve;

namespace {

unsigned refused(const std::string& text, const HeadLimits& limits = {}) {
    const auto read = read_head(text, limits);
    const HttpRefusal* refusal = std::get_if<HttpRefusal>(&read);
    return refusal != nullptr ? refusal->status : 0;
}

std::string file_with(const std::string& name, const std::string& text) {
    const std::string path = (std::filesystem::temp_directory_path() / ("writ-serve-" + name)).string();
    std::ofstream(path) << text;
    return path;
}

}  // namespace

TEST_CASE("serve: a head is read into its parts") {
    const std::string text =
        "POST /v1/decide?a=b HTTP/1.1\r\nHost: x:8443\r\nx-Request-ID:  a b \t\r\nContent-Length: 12\r\n\r\n";
    const auto read = read_head(text, {});
    REQUIRE(std::holds_alternative<HttpHead>(read));
    const HttpHead& head = std::get<HttpHead>(read);
    CHECK(head.method == "POST");
    CHECK(head.target == "/v1/decide?a=b");
    CHECK(head.path == "/v1/decide");
    CHECK(head.query == "a=b");
    CHECK(head.header("X-REQUEST-ID") == "a b");
    CHECK(head.header("none").empty());
    CHECK(head.length == 12);
    CHECK(head.keep_alive);
    CHECK_FALSE(head.expects_continue);
}

TEST_CASE("serve: what the client asks of the connection") {
    const auto keeps = [](const std::string& version, const std::string& more) {
        const std::string text = "GET / " + version + "\r\nHost: x\r\n" + more + "\r\n";
        const auto read = read_head(text, {});
        REQUIRE(std::holds_alternative<HttpHead>(read));
        return std::get<HttpHead>(read).keep_alive;
    };
    CHECK(keeps("HTTP/1.1", ""));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: foo, Close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.0", ""));
    CHECK_FALSE(keeps("HTTP/1.0", "Connection: keep-alive\r\n"));
}

TEST_CASE("serve: limits of a head") {
    const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
    CHECK(refused(start + "A: b\r\n\r\n", {.bytes = 100, .headers = 2}) == 0);
    CHECK(refused(start + "A: b\r\nC: d\r\n\r\n", {.bytes = 100, .headers = 2}) == 431);
    CHECK(refused(start + "A: b\r\n\r\n", {.bytes = 32, .headers = 2}) == 431);
    CHECK(refused(start + "\r\nmore") == 400);
    CHECK(refused(start) == 400);
    CHECK(refused("GET / HTTP/1.1\r\nHost: x\r\nA: \x80\r\n\r\n") == 400);
    CHECK(refused("G@T / HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(refused(start + "Content-Type: a\r\nContent-Type: a\r\n\r\n") == 400);
    CHECK(refused(start + "Authorization: a\r\nauthorization: a\r\n\r\n") == 400);
    CHECK(refused(start + "Content-Encoding: gzip\r\n\r\n") == 415);
    CHECK(refused("GET  / HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
}

TEST_CASE("serve: addresses H0001") {
    CHECK(ListenAddress::read("unix:/run/writ.sock")->path == "/run/writ.sock");
    CHECK(ListenAddress::read("tls://[::1]:8443")->text() == "tls://[::1]:8443");
    CHECK(ListenAddress::read("tcp://127.0.0.1:0")->port == 0);
    for (const char* wrong : {"", "unix:", "localhost:1", "tcp://localhost:1", "tcp://127.0.0.1",
                              "tls://127.0.0.1:65536", "tls://127.0.0.1:", "http://127.0.0.1:1"}) {
        CAPTURE(wrong);
        const auto read = ListenAddress::read(wrong);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "H0001");
    }
    CHECK(ListenAddress::read("unix:/" + std::string(200, 'a')).error().code == "H0001");
}

TEST_CASE("serve: what cannot be listened at H0002, and files of TLS that cannot be used H0003") {
    HttpOptions options;
    options.listen.push_back(*ListenAddress::read("unix:" + file_with("no-socket", "a file")));
    const auto taken = HttpServer::open(std::move(options), {});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == "H0002");
    const auto missing = check_tls({"/nowhere", "/nowhere", ""});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == "H0003");
    CHECK(missing.error().context == "/nowhere");
}

TEST_CASE("serve: a client is found by its key or its certificate H0005") {
    const std::string key(40, 'k'), certificate = sha256_hex("certificate");
    const auto clients = Clients::read(file_with(
        "keys", "# comment\nbroker decide " + hash_of_key(key) + "  # ours\n\nops operate cert:" + certificate + "\n"));
    REQUIRE(clients);
    REQUIRE(clients->find({}, "Bearer " + key) != nullptr);
    CHECK(clients->find({}, "bearer " + key)->name == "broker");
    CHECK(clients->find({}, "Bearer " + key)->role == ClientRole::Decide);
    CHECK(clients->find({}, key) == nullptr);
    CHECK(clients->find({}, "Bearer " + key + " ") == nullptr);
    CHECK(clients->find({}, "Basic " + key) == nullptr);
    CHECK(clients->find({}, "") == nullptr);
    CHECK(clients->find({.local = false, .certificate = sha256("certificate")}, "")->role == ClientRole::Operate);
    CHECK(clients->find({.local = false, .certificate = sha256("another")}, "") == nullptr);
    CHECK(clients->find({}, "Bearer " + certificate) == nullptr);
    for (const char* wrong : {"broker",
                              "broker admin "
                              "0",
                              "broker decide 00"}) {
        const auto read = Clients::read(file_with("keys", wrong));
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "H0005");
        CHECK(read.error().message.starts_with("line 1: "));
    }
    CHECK(Clients::read("/nowhere").error().code == "H0005");
}

TEST_CASE("serve: a configuration file H0004") {
    Settings settings;
    REQUIRE(read_settings(file_with("settings", R"({"listen": ["unix:a.sock"], "max-body": 2048, "store": "policies.db",
                                                    "durability": "best-effort", "reader": "caller"})"),
                          settings));
    const std::string folder = std::filesystem::temp_directory_path().string();
    CHECK(settings.listen == std::vector<std::string>{"unix:" + folder + "/a.sock"});
    CHECK(settings.max_body == 2048);
    CHECK(settings.store == folder + "/policies.db");
    CHECK(settings.durability == ledger::Durability::BestEffort);
    CHECK(settings.reader == View::Caller);
    const std::pair<const char*, const char*> wrong[] = {
        {"[]", "one JSON object"},
        {R"({"listn": []})", "did you mean `listen`?"},
        {R"({"max-body": 1})", "`max-body` is not a whole number from 1024"},
        {R"({"max-body": [2048]})", "`max-body` has one value"},
        {R"({"listen": "unix:a"})", "`listen` is a list"},
        {R"({"listen": ["tcp://127.0.0.1:1"]})", "TCP without TLS"},
        {R"({"durability": "none"})", "is not `required` or `best-effort`"},
        {R"({"admin": true})", "neither text nor a whole number"},
        {R"({"store": ""})", "`store` is empty"},
        {R"({"store": "a", "store": "b"})", "twice"},
    };
    for (const auto& [text, said] : wrong) {
        CAPTURE(text);
        Settings ignored;
        const auto read = read_settings(file_with("settings", text), ignored);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "H0004");
        CHECK(read.error().message.find(said) != std::string::npos);
    }
    CHECK(read_settings("/nowhere", settings).error().code == "F0001");
}

TEST_CASE("serve: each setting has a variable of its own") {
    std::vector<std::string> names;
    for (const Setting& each : all_settings()) names.push_back(variable_of(each));
    CHECK(std::find(names.begin(), names.end(), "WRIT_SERVE_MAX_BATCH_BODY") != names.end());
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("serve: metrics are sums") {
    using namespace std::chrono_literals;
    Metrics metrics;
    metrics.decide.add(4us);
    metrics.decide.add(5us);
    metrics.decide.add(60us);
    metrics.decide.add(10s);
    metrics.decisions[2] = 3;
    metrics.count_answer("/v1/decide", 200);
    metrics.count_answer("/v1/decide", 200);
    metrics.count_reject("S0062");
    const std::string text = metrics.text();
    CAPTURE(text);
    for (const char* line :
         {"writ_decide_duration_seconds_bucket{le=\"5e-06\"} 2\n",
          "writ_decide_duration_seconds_bucket{le=\"5e-05\"} 2\n",
          "writ_decide_duration_seconds_bucket{le=\"0.0001\"} 3\n",
          "writ_decide_duration_seconds_bucket{le=\"+Inf\"} 4\n", "writ_decide_duration_seconds_sum 10.000069000\n",
          "writ_decide_duration_seconds_count 4\n", "writ_decisions_total{effect=\"permit\"} 3\n",
          "writ_http_requests_total{route=\"/v1/decide\",code=\"200\"} 2\n",
          "writ_policy_rejects_total{code=\"S0062\"} 1\n", "writ_ledger_append_seconds_count 0\n"})
        CHECK(text.find(line) != std::string::npos);
}

TEST_CASE("serve: watched files have changed if any of them differs from what was read") {
    const std::string a = file_with("watched-a", "1"), b = file_with("watched-b", "1");
    WatchedFiles files({a, b, ""});
    CHECK(files.changed());
    files.begin();
    CHECK_FALSE(files.changed());
    // A file that is moved into place may be older than the one before.
    const std::string older = file_with("watched-c", "1");
    std::filesystem::last_write_time(older, std::filesystem::last_write_time(a) - std::chrono::hours(1));
    std::filesystem::rename(older, a);
    CHECK(files.changed());
    files.begin();
    std::filesystem::remove(b);
    CHECK(files.changed());
}

TEST_CASE("serve: systemd is asked only if it started the program") {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("LISTEN_PID");
    CHECK_FALSE(notify("READY=1"));
    CHECK_FALSE(watchdog_period());
    CHECK(passed_sockets().empty());
    setenv("WATCHDOG_USEC", "2000000", 1);
    CHECK(watchdog_period() == std::chrono::microseconds(1'000'000));
    setenv("WATCHDOG_PID", "1", 1);
    CHECK_FALSE(watchdog_period());
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

TEST_CASE("serve: this machine's own names") {
    for (const char* own :
         {"localhost", "LocalHost:9180", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]", "[::1]:9180"})
        CHECK_MESSAGE(is_own_host(own), own);
    for (const char* other :
         {"", "x", "example.com", "localhost.example.com", "127.0.0.1.example.com", "127.example.com", "127.0.0",
          "127.0.0.256", "127.0.0.1.1", "127.0.0.", "128.0.0.1", "10.0.0.1", "::1", "[::2]", "[::1]x",
          "localhost:", "localhost:x", "localhost:99999", "localhost:80:80"})
        CHECK_MESSAGE(!is_own_host(other), other);
}

TEST_CASE("serve: a page of another origin") {
    const auto crosses = [](const std::string& headers) {
        const std::string text = "GET / HTTP/1.1\r\nHost: localhost:9180\r\n" + headers + "\r\n";
        const auto read = read_head(text, {});
        REQUIRE(std::holds_alternative<HttpHead>(read));
        return is_cross_origin(std::get<HttpHead>(read));
    };
    for (const char* own : {"", "Origin: http://localhost:9180\r\n", "Origin: https://localhost:9180\r\n",
                            "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n"})
        CHECK_MESSAGE(!crosses(own), own);
    for (const char* other :
         {"Origin: http://localhost:9181\r\n", "Origin: http://example.com\r\n", "Origin: null\r\n", "Origin:\r\n",
          "Origin: http://localhost:9180.example.com\r\n", "Sec-Fetch-Site: cross-site\r\n",
          "Sec-Fetch-Site: same-site\r\n", "Origin: http://localhost:9180\r\nSec-Fetch-Site: cross-site\r\n"})
        CHECK_MESSAGE(crosses(other), other);
}

TEST_CASE("serve: the values of a query") {
    const auto values = QueryValues::read("effect=deny&agent=a+b%20%3Cscript%3E&empty=&alone");
    REQUIRE(values.has_value());
    CHECK(values->of("effect") == "deny");
    CHECK(values->of("agent") == "a b <script>");
    CHECK(values->of("empty").empty());
    CHECK(values->of("alone").empty());
    CHECK(values->of("other").empty());
    CHECK(QueryValues::read("").has_value());
    for (const char* wrong : {"a=%", "a=%4", "a=%zz", "a=%+1", "a=1&a=2", "%a=1"})
        CHECK_MESSAGE(!QueryValues::read(wrong).has_value(), wrong);
}
