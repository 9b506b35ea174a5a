#include "serve/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <tuple>
#include <variant>

#include "base/json.h"
#include "serve/authzen.h"
#include "serve/metrics.h"
#include "serve/watched.h"
#include "writ/errors.h"
#include "writ/search.h"

namespace writ::serve {

namespace {

using std::chrono::steady_clock;

/// One request, with what its handler needs.
struct Exchange {
    const HttpRequest& request;
    Reply reply;
};

bool is_type(std::string_view given, std::string_view type) {
    given = given.substr(0, std::min(given.find(';'), given.size()));
    while (given.ends_with(' ') || given.ends_with('\t')) given.remove_suffix(1);
    return same_name(given, type);
}

}  // namespace

struct Service::Impl {
    /// What a path and a method mean.
    struct Route {
        std::string_view method, path;
        std::string_view type;  ///< of the body; empty: there is no body
        ClientRole role = ClientRole::Decide;
        void (Impl::*handle)(Exchange);
        bool open = false;          ///< for anybody; and the path may go on after a slash
        unsigned wrong_type = 415;  ///< status for a body of another type
    };

    Settings settings;
    EventLog log;
    Metrics metrics;
    std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
    std::atomic<std::int64_t> policy_seen{0};  ///< when a policy was accepted last, seconds since the epoch
    /// When a record failed last, nanoseconds of the steady clock; 0: the last one did not.
    std::atomic<std::int64_t> ledger_failed{0};
    std::atomic<bool> leaving{false};
    mutable std::shared_mutex clients_lock;
    std::shared_ptr<const Clients> clients = std::make_shared<Clients>();  ///< guarded by clients_lock
    WatchedFiles keys_files, tls_files, mapping_files;                     ///< used by one thread
    std::unique_ptr<AuthZen> authzen;                                      ///< none without a mapping
    std::string checked;  ///< the digest of the policy that the mapping was checked against
    std::unique_ptr<DecisionPoint> point;
    std::unique_ptr<HttpServer> server, admin;

    Impl(const Settings& chosen, EventLog to)
        : settings(chosen),
          log(std::move(to)),
          keys_files({chosen.keys}),
          tls_files({chosen.tls_certificate, chosen.tls_key, chosen.tls_client_ca}),
          mapping_files({chosen.mapping, chosen.directory}) {}

    static const std::vector<Route>& routes();
    static const std::vector<Route>& admin_routes();
    /// The route of a request; or why there is none.
    std::variant<const Route*, HttpAnswer> find(const std::vector<Route>& table, const HttpHead& head,
                                                const Peer& peer) const;
    /// The answer to a request that is refused before its body is read.
    std::optional<HttpAnswer> admit(const std::vector<Route>& table, const HttpHead& head, const Peer& peer);
    void route(const std::vector<Route>& table, const HttpRequest& request, Reply reply);

    /// Decides a document, records the decision, and counts it. `done` is called exactly once, from any thread, and
    /// also before this returns.
    void decide_recorded(std::string_view document, std::string_view trace, ledger::OnDecided done);

    void decide(Exchange exchange);
    void decide_batch(Exchange exchange);
    void search(Exchange exchange);
    void revocations(Exchange exchange);
    template <auto handle>
    void ask_authzen(Exchange exchange);
    void livez(Exchange exchange);
    void readyz(Exchange exchange);
    void show_metrics(Exchange exchange);
    void show_status(Exchange exchange);

    [[nodiscard]] bool ready() const;
    [[nodiscard]] std::string status() const;
    void answered(const ledger::Decided& decided);
    [[nodiscard]] HttpAnswer answer_of(ledger::Decided decided) const;
    Result<void> read_clients();
    Result<void> open_authzen();
    void check_mapping();
    [[nodiscard]] std::shared_ptr<const Clients> current_clients() const {
        const std::shared_lock hold(clients_lock);
        return clients;
    }
};

// ---- routing ------------------------------------------------------------------------------------

const std::vector<Service::Impl::Route>& Service::Impl::routes() {
    static const std::vector<Route> kAll = {
        {"POST", "/v1/decide", "application/json", ClientRole::Decide, &Impl::decide},
        {"POST", "/v1/decide/batch", "application/x-ndjson", ClientRole::Decide, &Impl::decide_batch},
        {"POST", "/v1/search", "application/json", ClientRole::Decide, &Impl::search},
        {"GET", "/v1/revocations", "", ClientRole::Operate, &Impl::revocations},
        {"POST", "/access/v1/evaluation", "application/json", ClientRole::Decide,
         &Impl::ask_authzen<&AuthZen::evaluation>, false, 400},
        {"POST", "/access/v1/evaluations", "application/json", ClientRole::Decide,
         &Impl::ask_authzen<&AuthZen::evaluations>, false, 400},
        {"POST", "/access/v1/search/subject", "application/json", ClientRole::Decide,
         &Impl::ask_authzen<&AuthZen::search_subject>, false, 400},
        {"POST", "/access/v1/search/resource", "application/json", ClientRole::Decide,
         &Impl::ask_authzen<&AuthZen::search_resource>, false, 400},
        {"POST", "/access/v1/search/action", "application/json", ClientRole::Decide,
         &Impl::ask_authzen<&AuthZen::search_action>, false, 400},
        {"GET", "/.well-known/authzen-configuration", "", ClientRole::Decide, &Impl::ask_authzen<&AuthZen::metadata>,
         true},
    };
    return kAll;
}

const std::vector<Service::Impl::Route>& Service::Impl::admin_routes() {
    static const std::vector<Route> kAll = {
        {"GET", "/livez", "", ClientRole::Decide, &Impl::livez},
        {"GET", "/readyz", "", ClientRole::Decide, &Impl::readyz},
        {"GET", "/metrics", "", ClientRole::Decide, &Impl::show_metrics},
        {"GET", "/v1/status", "", ClientRole::Decide, &Impl::show_status},
    };
    return kAll;
}

std::variant<const Service::Impl::Route*, HttpAnswer> Service::Impl::find(const std::vector<Route>& table,
                                                                          const HttpHead& head,
                                                                          const Peer& peer) const {
    const auto known = current_clients();
    const Client* const client = peer.local ? nullptr : known->find(peer, head.header("authorization"));
    const bool anybody = peer.local || &table == &admin_routes();
    std::string allowed;
    for (const Route& each : table) {
        const bool below = each.open && head.path.size() > each.path.size() && head.path.starts_with(each.path) &&
                           head.path[each.path.size()] == '/';
        if (each.path != head.path && !below) continue;
        if (!anybody && !each.open && client == nullptr) {
            HttpAnswer refused = problem(401, "no client certificate or bearer key of a known client");
            refused.headers.emplace_back("WWW-Authenticate", "Bearer");
            return refused;
        }
        if (each.method != head.method && !(each.method == "GET" && head.method == "HEAD")) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(each.method);
            continue;
        }
        if (!anybody && each.role == ClientRole::Operate && client->role != ClientRole::Operate)
            return problem(403, "this is for operators");
        if (!each.type.empty() && !is_type(head.header("content-type"), each.type))
            return problem(each.wrong_type, fmt::format("the body must be {}", each.type));
        return &each;
    }
    if (allowed.empty()) return problem(404, "there is nothing at this path");
    HttpAnswer refused = problem(405, "this path has another method");
    refused.headers.emplace_back("Allow", allowed);
    return refused;
}

std::optional<HttpAnswer> Service::Impl::admit(const std::vector<Route>& table, const HttpHead& head,
                                               const Peer& peer) {
    auto found = find(table, head, peer);
    if (std::holds_alternative<const Route*>(found)) return std::nullopt;
    HttpAnswer refused = std::get<HttpAnswer>(std::move(found));
    metrics.count_answer("refused", refused.status);
    if (const std::string_view id = head.header("x-request-id"); !id.empty())
        refused.headers.emplace_back("X-Request-ID", id);
    return refused;
}

void Service::Impl::route(const std::vector<Route>& table, const HttpRequest& request, Reply reply) {
    auto found = find(table, request.head, request.peer);
    // Admitted before, and refused now: a key was removed while the body arrived.
    if (HttpAnswer* refused = std::get_if<HttpAnswer>(&found)) return reply(std::move(*refused));
    const Route& route = *std::get<const Route*>(found);
    Reply answer = [this, path = route.path, id = std::string(request.head.header("x-request-id")),
                    reply = std::move(reply)](HttpAnswer out) {
        metrics.count_answer(path, out.status);
        if (!id.empty()) out.headers.emplace_back("X-Request-ID", id);
        reply(std::move(out));
    };
    (this->*route.handle)({request, std::move(answer)});
}

// ---- decisions ----------------------------------------------------------------------------------

void Service::Impl::answered(const ledger::Decided& decided) {
    metrics.decisions[static_cast<std::size_t>(decided.decision->effect)].fetch_add(1, std::memory_order_relaxed);
    if (!decided.record && decided.error && decided.error->code.starts_with('G')) {
        if (ledger_failed.exchange(steady_clock::now().time_since_epoch().count()) == 0)
            log({LogLine::Level::Error,
                 "ledger_failed",
                 {{"code", decided.error->code}, {"why", decided.error->message}}});
    } else if (decided.record && ledger_failed != 0 && ledger_failed.exchange(0) != 0) {
        log({LogLine::Level::Info, "ledger_recovered", {}});
    }
}

HttpAnswer Service::Impl::answer_of(ledger::Decided decided) const {
    HttpAnswer answer;
    answer.body = settings.reader == View::Operator ? std::move(decided.json)
                                                    : to_json(*decided.decision, decided.layers, View::Caller);
    answer.body += '\n';
    // Best effort permits what it could not record.
    if (!decided.error || decided.decision->effect != Effect::Deny) return answer;
    // The decision is a deny; the status tells whether asking again could help.
    const bool unreadable = decided.error->code.starts_with('Q');
    answer.status = unreadable ? 400 : 503;
    if (!unreadable) answer.headers.emplace_back("Retry-After", "1");
    json::Value body = json::Value::object();
    // What is wrong with the service is not for its callers.
    const bool told = unreadable || settings.reader == View::Operator;
    body.set("error",
             json::Value::of(told ? std::string_view(decided.error->message) : "the decision cannot be recorded"));
    body.set("code", json::Value::of(std::string_view(decided.error->code)));
    if (told && !decided.error->context.empty())
        body.set("where", json::Value::of(std::string_view(decided.error->context)));
    std::string text = json::write(body);
    text.back() = ',';  // the decision is its last member
    answer.body.pop_back();
    answer.body = text + "\"decision\":" + answer.body + "}\n";
    return answer;
}

void Service::Impl::decide_recorded(std::string_view document, std::string_view trace, ledger::OnDecided done) {
    const auto begin = steady_clock::now();
    std::optional<ledger::Decided> now = point->decide_async(
        document,
        [this, done, begin](ledger::Decided decided) {
            metrics.append.add(steady_clock::now() - begin);
            answered(decided);
            done(std::move(decided));
        },
        trace);
    metrics.decide.add(steady_clock::now() - begin);
    if (!now) return;
    answered(*now);
    done(std::move(*now));
}

void Service::Impl::decide(Exchange exchange) {
    decide_recorded(
        exchange.request.body, exchange.request.head.header("traceparent"),
        [this, reply = std::move(exchange.reply)](ledger::Decided decided) { reply(answer_of(std::move(decided))); });
}

namespace {

/// Answers to the lines of a batch, in their order. The last one to arrive sends all.
struct Batch {
    std::vector<std::string> lines;
    std::atomic<std::size_t> left{0};
    Reply reply;

    void arrived() {
        if (left.fetch_sub(1) != 1) return;
        HttpAnswer answer;
        answer.type = "application/x-ndjson";
        std::size_t size = 0;
        for (const std::string& line : lines) size += line.size();
        answer.body.reserve(size);
        for (const std::string& line : lines) answer.body += line;
        reply(std::move(answer));
    }
};

}  // namespace

void Service::Impl::decide_batch(Exchange exchange) {
    std::vector<std::string_view> documents;
    for (std::string_view rest = exchange.request.body; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) documents.push_back(line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (documents.size() > settings.max_batch)
        return exchange.reply(problem(413, fmt::format("a batch has at most {} requests", settings.max_batch)));
    if (documents.empty()) return exchange.reply(problem(400, "write one request document in each line"));
    auto batch = std::make_shared<Batch>();
    batch->lines.resize(documents.size());
    batch->left = documents.size();
    batch->reply = std::move(exchange.reply);
    const std::string_view trace = exchange.request.head.header("traceparent");
    for (std::size_t i = 0; i < documents.size(); ++i)
        decide_recorded(documents[i], trace, [this, batch, i](ledger::Decided decided) {
            batch->lines[i] = answer_of(std::move(decided)).body;
            batch->arrived();
        });
}

namespace {

/// A search without the rules of the policy.
std::string for_caller(const SearchResult& found) {
    json::Value items = json::Value::array();
    for (const SearchItem& each : found.items) {
        json::Value item = json::Value::object();
        item.set("name", json::Value::of(std::string_view(each.name)));
        item.set("answer", json::Value::of(answer_name(each.answer)));
        json::Value scopes = json::Value::array();
        for (const std::string& scope : each.scopes) scopes.items.push_back(json::Value::of(std::string_view(scope)));
        item.set("scopes", std::move(scopes));
        items.items.push_back(std::move(item));
    }
    json::Value out = json::Value::object();
    out.set("items", std::move(items));
    return json::write(out);
}

}  // namespace

void Service::Impl::search(Exchange exchange) {
    auto body = json::parse(exchange.request.body, {.max_bytes = settings.max_body});
    if (!body) return exchange.reply(problem(400, body.error()));
    const auto wrong = [&] {
        exchange.reply(problem(
            400, "write {\"open\": \"tool\", \"request\": {…}, \"candidates\": […]}; `candidates` may be left out"));
    };
    if (body->type != json::Type::Object) return wrong();
    const json::Value *open = body->find("open"), *request = body->find("request"),
                      *candidates = body->find("candidates");
    if (open == nullptr || request == nullptr || body->members.size() != (candidates != nullptr ? 3u : 2u))
        return wrong();
    std::optional<Open> field;
    if (open->text == "tool") field = Open::Tool;
    if (open->text == "scope") field = Open::Scope;
    if (open->text == "agent") field = Open::Agent;
    if (open->type != json::Type::String || !field)
        return exchange.reply(problem(400, "`open` is `tool`, `scope` or `agent`"));
    const auto enforced = point->policy().enforced();
    if (!enforced) return exchange.reply(problem(503, "no policy is active and fresh"));
    Evaluator evaluator(enforced->policy);
    evaluator.revoke(enforced->revocations);
    const auto found =
        writ::search(evaluator, json::write(*request), *field, candidates != nullptr ? json::write(*candidates) : "");
    if (!found) return exchange.reply(problem(400, found.error()));
    HttpAnswer answer;
    answer.body = settings.reader == View::Operator ? to_json(*found) : for_caller(*found);
    answer.body += '\n';
    exchange.reply(std::move(answer));
}

void Service::Impl::revocations(Exchange exchange) {
    const auto enforced = point->policy().enforced();
    if (!enforced) return exchange.reply(problem(503, "no policy is active and fresh"));
    json::Value list = json::Value::array();
    if (enforced->revocations != nullptr)
        for (const Revocation& each : enforced->revocations->items()) {
            json::Value item = json::Value::object();
            item.set("kind", json::Value::of(revocation_name(each.kind)));
            item.set("subject", json::Value::of(std::string_view(each.subject)));
            item.set("expires_at",
                     each.expires_at == 0 ? json::Value::null() : json::Value::of(each.expires_at / 1'000'000));
            list.items.push_back(std::move(item));
        }
    json::Value body = json::Value::object();
    body.set("revocations", std::move(list));
    HttpAnswer answer;
    answer.body = json::write(body) + "\n";
    exchange.reply(std::move(answer));
}

template <auto handle>
void Service::Impl::ask_authzen(Exchange exchange) {
    if (!authzen) return exchange.reply(problem(404, "there is nothing at this path"));
    const HttpHead& head = exchange.request.head;
    if constexpr (std::is_invocable_v<decltype(handle), const AuthZen&, std::string_view, const DecideRecorded&,
                                      Reply>) {
        const DecideRecorded decide = [this, trace = head.header("traceparent")](
                                          const std::string& document, std::function<void(ledger::Decided)> done) {
            decide_recorded(document, trace, std::move(done));
        };
        ((*authzen).*handle)(exchange.request.body, decide, std::move(exchange.reply));
    } else {
        ((*authzen).*handle)(head.method == "POST" ? exchange.request.body : head.path, exchange.reply);
    }
}

// ---- operators ----------------------------------------------------------------------------------

bool Service::Impl::ready() const {
    using namespace std::chrono_literals;
    // After a failed record, the next requests show whether the ledger can be written again.
    const std::int64_t failed = ledger_failed;
    const bool writable = failed == 0 || steady_clock::now().time_since_epoch() - steady_clock::duration(failed) > 5s;
    return !leaving && writable && point->policy().status().ready;
}

void Service::Impl::livez(Exchange exchange) {
    HttpAnswer answer;
    answer.type = "text/plain";
    answer.body = "alive\n";
    exchange.reply(std::move(answer));
}

void Service::Impl::readyz(Exchange exchange) {
    HttpAnswer answer;
    answer.type = "text/plain";
    const bool yes = ready();
    answer.status = yes ? 200 : 503;
    answer.body = yes       ? "ready\n"
                  : leaving ? "not ready: ending\n"
                            : "not ready: no policy, or the ledger cannot be written\n";
    exchange.reply(std::move(answer));
}

void Service::Impl::show_metrics(Exchange exchange) {
    HttpAnswer answer;
    answer.type = "text/plain; version=0.0.4";
    answer.body = metrics.text();
    const HandleStatus policy = point->policy().status();
    const ledger::Counts records = point->ledger().counts();
    const HttpCounts http = server->counts();
    answer.body += "# HELP writ_policy_info The active policy\n# TYPE writ_policy_info gauge\n";
    answer.body += fmt::format("writ_policy_info{{digest=\"{}\"}} {}\n", policy.digest, policy.ready ? 1 : 0);
    write_metric(answer.body, "writ_policy_last_success_timestamp_seconds", "gauge", "When a policy was accepted last",
                 static_cast<std::uint64_t>(policy_seen.load()));
    write_metric(answer.body, "writ_ledger_dropped_total", "counter", "Records that best effort dropped",
                 records.dropped);
    write_metric(answer.body, "writ_inflight", "gauge", "Requests without an answer", http.in_flight);
    write_metric(answer.body, "writ_http_connections", "gauge", "Open connections", http.connections);
    write_metric(answer.body, "writ_http_shed_total", "counter",
                 "Connections and requests refused because there were too many", http.shed);
    write_metric(answer.body, "writ_http_refused_total", "counter",
                 "Requests that were no proper HTTP, or too long or slow", http.refused);
    if (authzen)
        write_metric(answer.body, "writ_authzen_dropped_properties_total", "counter",
                     "Properties of AuthZEN actions that the mapping does not read", authzen->dropped());
    std::uint64_t differ = 0;
    for (const std::uint64_t each : policy.divergences) differ += each;
    write_metric(answer.body, "writ_candidate_compared_total", "counter",
                 "Decisions that were compared with the candidate's", policy.compared);
    write_metric(answer.body, "writ_candidate_differs_total", "counter", "Decisions in which the candidate differs",
                 differ);
    exchange.reply(std::move(answer));
}

std::string Service::Impl::status() const {
    const HandleStatus policy = point->policy().status();
    json::Value active = json::Value::object();
    active.set("digest", json::Value::of(std::string_view(policy.digest)));
    active.set("serial", json::Value::of(fmt::format("{}.{}", policy.serial.epoch, policy.serial.number).c_str()));
    active.set("fresh", json::Value::of(policy.ready));
    active.set("problem", policy.problem.code.empty() ? json::Value::null()
                                                      : json::Value::of(std::string_view(policy.problem.message)));
    json::Value effects = json::Value::object();
    constexpr const char* kNames[] = {"deny", "needs_approval", "permit"};
    for (std::size_t i = 0; i < 3; ++i)
        effects.set(kNames[i], json::Value::of(static_cast<std::int64_t>(metrics.decisions[i].load())));
    json::Value out = json::Value::object();
    out.set("ready", json::Value::of(ready()));
    out.set("version", json::Value::of(std::string_view(WRIT_VERSION)));
    out.set("started",
            json::Value::of(std::chrono::duration_cast<std::chrono::seconds>(started.time_since_epoch()).count()));
    out.set("policy", std::move(active));
    out.set("decisions", std::move(effects));
    out.set("connections", json::Value::of(static_cast<std::int64_t>(server->counts().connections)));
    return json::write(out);
}

void Service::Impl::show_status(Exchange exchange) {
    HttpAnswer answer;
    answer.body = status() + "\n";
    exchange.reply(std::move(answer));
}

// ---- opening and ending -------------------------------------------------------------------------

Result<void> Service::Impl::read_clients() {
    if (settings.keys.empty()) return {};
    keys_files.begin();
    auto read = Clients::read(settings.keys);
    if (!read) return tl::unexpected(std::move(read.error()));
    const std::lock_guard hold(clients_lock);
    clients = std::make_shared<const Clients>(std::move(*read));
    return {};
}

Result<void> Service::Impl::open_authzen() {
    if (settings.mapping.empty()) {
        if (settings.directory.empty() && settings.pdp_url.empty()) return {};
        return fail(Code::ConfigurationNotValid, "`directory` and `pdp-url` are of no use without `mapping`");
    }
    AuthZenOptions options;
    options.mapping = settings.mapping;
    options.directory = settings.directory;
    options.url = settings.pdp_url;
    options.max_batch = settings.max_batch;
    options.judge = [this]() -> DocumentJudge {
        const auto enforced = point->policy().enforced();
        return enforced ? judge_with(enforced->policy, enforced->revocations) : DocumentJudge();
    };
    mapping_files.begin();
    auto opened = AuthZen::open(std::move(options));
    if (!opened) return tl::unexpected(std::move(opened.error()));
    authzen = std::make_unique<AuthZen>(std::move(*opened));
    return {};
}

/// Reports a mapping that does not fit the active policy, once for each policy.
void Service::Impl::check_mapping() {
    if (!authzen) return;
    const auto enforced = point->policy().enforced();
    if (!enforced || enforced->policy.digest() == checked) return;
    checked = enforced->policy.digest();
    if (const auto fits = authzen->check(enforced->policy); !fits)
        log({LogLine::Level::Error,
             "mapping_does_not_fit",
             {{"code", fits.error().code}, {"why", fits.error().message}, {"file", fits.error().context}}});
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() {
    if (impl_ == nullptr) return;
    // Nobody may ask the decision point while it is destroyed; and what it answers then needs the server.
    if (impl_->server) impl_->server->stop();
    if (impl_->admin) impl_->admin->stop();
    impl_->point.reset();
}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;

namespace {

/// The sockets of the service. Errors: H0001, H0004.
Result<std::vector<ListenAddress>> addresses_of(const Settings& settings, const Clients& clients) {
    std::vector<ListenAddress> out;
    for (const int each : settings.passed) {
        ListenAddress address;
        address.kind = ListenAddress::Kind::Inherited;
        address.descriptor = each;
        out.push_back(address);
    }
    for (const std::string& each : settings.listen) {
        auto address = ListenAddress::read(each);
        if (!address) return tl::unexpected(std::move(address.error()));
        if (address->kind == ListenAddress::Kind::Tcp && clients.empty())
            return fail(Code::ConfigurationNotValid, "nobody could ask over TCP; set `keys` to a file of clients",
                        each);
        if (address->tls && (settings.tls_certificate.empty() || settings.tls_key.empty()))
            return fail(Code::ConfigurationNotValid, "TLS needs `tls-certificate` and `tls-key`", each);
        out.push_back(std::move(*address));
    }
    return out;
}

}  // namespace

Result<void> Service::check(const Settings& settings) {
    Impl impl(settings, {});
    if (const auto read = impl.read_clients(); !read) return read;
    const auto addresses = addresses_of(settings, *impl.clients);
    if (!addresses) return tl::unexpected(addresses.error());
    if (const auto read = impl.open_authzen(); !read) return read;
    if (!settings.tls_certificate.empty())
        return check_tls({settings.tls_certificate, settings.tls_key, settings.tls_client_ca});
    return {};
}

Result<Service> Service::open(const Settings& settings, EventLog log) {
    auto impl = std::make_unique<Impl>(settings, std::move(log));
    Impl* const self = impl.get();
    if (const auto read = impl->read_clients(); !read) return tl::unexpected(read.error());
    if (const auto read = impl->open_authzen(); !read) return tl::unexpected(read.error());

    HttpOptions http;
    auto addresses = addresses_of(settings, *impl->clients);
    if (!addresses) return tl::unexpected(std::move(addresses.error()));
    http.listen = std::move(*addresses);
    http.tls = {settings.tls_certificate, settings.tls_key, settings.tls_client_ca};
    http.most_body = [self](std::string_view path) {
        const bool batch = path == "/v1/decide/batch" || path == "/access/v1/evaluations";
        return static_cast<std::size_t>(batch ? self->settings.max_batch_body : self->settings.max_body);
    };
    http.admit = [self](const HttpHead& head, const Peer& peer) { return self->admit(Impl::routes(), head, peer); };
    http.connections = settings.max_connections;
    http.in_flight = settings.max_in_flight;
    http.read = std::chrono::seconds(settings.read_timeout);
    http.idle = std::chrono::seconds(settings.idle_timeout);

    DecisionPointOptions point;
    point.follow.store = settings.store;
    point.follow.space = settings.space;
    point.follow.channel = settings.channel;
    point.follow.candidate = settings.candidate;
    point.follow.max_staleness = std::chrono::seconds(settings.max_staleness);
    for (const std::string& each : settings.trust) {
        auto key = read_public_key(each);
        if (!key) return tl::unexpected(std::move(key.error()));
        point.follow.keys.push_back(std::move(*key));
    }
    point.follow.notice = [self](const Notice& notice) {
        if (notice.refused.code.empty() && notice.digest.empty()) return;  // a channel without an active version
        if (notice.refused.code.empty()) {
            self->policy_seen =
                std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                    .count();
            self->log({LogLine::Level::Info,
                       "policy_active",
                       {{"digest", notice.digest},
                        {"serial", fmt::format("{}.{}", notice.serial.epoch, notice.serial.number)}}});
        } else {
            self->metrics.count_reject(notice.refused.code);
            self->log({LogLine::Level::Error,
                       "policy_refused",
                       {{"code", notice.refused.code}, {"why", notice.refused.message}}});
        }
    };
    point.ledger = settings.ledger;
    point.record.durability = settings.durability;
    point.limits.max_bytes = settings.max_body;
    auto opened = DecisionPoint::open(std::move(point));
    if (!opened) return tl::unexpected(std::move(opened.error()));
    impl->point = std::make_unique<DecisionPoint>(std::move(*opened));
    impl->check_mapping();

    auto server = HttpServer::open(std::move(http), [self](const HttpRequest& request, Reply reply) {
        self->route(Impl::routes(), request, std::move(reply));
    });
    if (!server) return tl::unexpected(std::move(server.error()));
    impl->server = std::make_unique<HttpServer>(std::move(*server));
    impl->tls_files.begin();

    HttpOptions operators;
    if (!settings.admin.empty()) {
        auto address = ListenAddress::read(settings.admin);
        if (!address) return tl::unexpected(std::move(address.error()));
        operators.listen.push_back(std::move(*address));
    }
    operators.admit = [self](const HttpHead& head, const Peer& peer) {
        return self->admit(Impl::admin_routes(), head, peer);
    };
    operators.connections = 64;
    auto admin = HttpServer::open(std::move(operators), [self](const HttpRequest& request, Reply reply) {
        self->route(Impl::admin_routes(), request, std::move(reply));
    });
    if (!admin) return tl::unexpected(std::move(admin.error()));
    impl->admin = std::make_unique<HttpServer>(std::move(*admin));
    return Service(std::move(impl));
}

void Service::start() {
    const unsigned threads = impl_->settings.threads != 0 ? static_cast<unsigned>(impl_->settings.threads)
                                                          : std::max(1u, std::thread::hardware_concurrency());
    impl_->server->start(threads);
    impl_->admin->start(1);
}
bool Service::ready() const {
    return impl_->ready();
}
void Service::leave() {
    impl_->leaving = true;
    impl_->server->leave();
}
void Service::drain() {
    impl_->leaving = true;
    impl_->server->drain();
}
bool Service::drained() const {
    return impl_->server->drained();
}

void Service::reload(bool always) {
    const auto again = [&](WatchedFiles& files, const char* what, auto read) {
        if (!always && !files.changed() && files.failed.empty()) return;
        files.begin();
        Result<void> outcome = read();
        const std::string why = outcome ? std::string() : outcome.error().code + " " + outcome.error().message;
        if (outcome)
            impl_->log({LogLine::Level::Info, "reloaded", {{"what", what}}});
        else if (always || why != files.failed)  // it is tried again at each look, and told once
            impl_->log({LogLine::Level::Error,
                        "reload_failed",
                        {{"what", what}, {"why", why}, {"file", outcome.error().context}}});
        files.failed = why;
    };
    if (!impl_->settings.keys.empty()) again(impl_->keys_files, "keys", [&] { return impl_->read_clients(); });
    if (impl_->authzen)
        again(impl_->mapping_files, "mapping", [&] {
            impl_->checked.clear();
            return impl_->authzen->reload();
        });
    impl_->check_mapping();
    if (!impl_->settings.tls_certificate.empty())
        again(impl_->tls_files, "tls", [&] { return impl_->server->reload_tls(); });
}

std::vector<ListenAddress> Service::addresses() const {
    std::vector<ListenAddress> out = impl_->server->addresses();
    for (ListenAddress& each : impl_->admin->addresses()) out.push_back(std::move(each));
    return out;
}

std::string Service::status() const {
    return impl_->status();
}

}  // namespace writ::serve
