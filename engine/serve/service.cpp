// Opening the service, reading its files again, and ending it.
#include "serve/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "serve/service_impl.h"
#include "writ/errors.h"
#include "writ/store.h"

namespace writ::serve {

Result<void> Service::Impl::read_clients() {
    if (settings.keys.empty()) return {};
    keys_files.begin();
    auto read = Clients::read(settings.keys);
    if (!read) return tl::unexpected(std::move(read.error()));
    const std::lock_guard hold(clients_lock);
    clients = std::make_shared<const Clients>(std::move(*read));
    return {};
}

Result<void> Service::Impl::read_revocation_key() {
    if (settings.revocation_key.empty()) return {};
    auto read = read_secret_key(settings.revocation_key);
    if (!read) return tl::unexpected(std::move(read.error()));
    revocation_key.emplace(std::move(*read));
    return {};
}

namespace {

Result<SpanSettings> span_settings() {
    return SpanSettings::read([](const char* name) {
        const char* const value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    });
}

}  // namespace

Result<void> Service::Impl::open_spans() {
    auto read = span_settings();
    if (!read) return tl::unexpected(std::move(read.error()));
    if (read->url.empty()) return {};
    spans = std::make_unique<Spans>(std::move(*read), [this](const std::string& why) {
        log(why.empty() ? LogLine{LogLine::Level::Info, "spans_sent", {}}
                        : LogLine{LogLine::Level::Warning, "spans_failed", {{"why", why}}});
    });
    return {};
}

Result<void> Service::Impl::open_authzen() {
    if (settings.mapping.empty()) {
        if (settings.directory.empty() && settings.pdp_url.empty() && settings.binding_key.empty()) return {};
        return fail(Code::ConfigurationNotValid,
                    "`directory`, `pdp-url` and `binding-key` are of no use without `mapping`");
    }
    AuthZenOptions options;
    options.mapping = settings.mapping;
    options.directory = settings.directory;
    options.url = settings.pdp_url;
    options.binding_key = settings.binding_key;
    options.max_batch = settings.max_batch;
    options.max_question = settings.max_body;
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
    const auto fits = authzen->check(enforced->policy);
    {
        const std::lock_guard hold(problems_lock);
        mapping_problem = fits ? "" : fits.error().context + ": " + fits.error().message;
    }
    if (!fits)
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
    impl_->searches.reset();
    impl_->store_changes.reset();
    impl_->console.reset();
    impl_->explainer.reset();
    impl_->point.reset();
}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;

namespace {

/// The sockets of the service. Errors: H0001, H0004.
Result<std::vector<ListenAddress>> addresses_of(const Settings& settings, const Clients& clients) {
    if (settings.console && settings.admin.empty())
        return fail(Code::ConfigurationNotValid, "`console` is of no use without `admin`");
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
        if (address->tls && clients.has_certificates() && settings.tls_client_ca.empty())
            return fail(Code::ConfigurationNotValid,
                        "a client proves itself by a certificate; set `tls-client-ca` to who signs it", settings.keys);
        if (address->tls && (settings.tls_certificate.empty() || settings.tls_key.empty()))
            return fail(Code::ConfigurationNotValid, "TLS needs `tls-certificate` and `tls-key`", each);
        out.push_back(std::move(*address));
    }
    return out;
}

}  // namespace

namespace {

/// The policy that the service would begin with.
Result<Bundle> followed_policy(const Settings& settings) {
    auto store = Store::open(settings.store, {.space = settings.space, .read_only = true});
    if (!store) return tl::unexpected(std::move(store.error()));
    const auto channel = store->channel(settings.channel);
    if (!channel) return tl::unexpected(channel.error());
    if (channel->digest.empty())
        return fail(Code::ConfigurationNotValid, "no version is active in the channel `" + settings.channel + "`",
                    settings.store);
    return store->bundle(channel->digest);
}

}  // namespace

Result<void> Service::check(const Settings& settings, const Bundle* files) {
    Impl impl(settings, {});
    if (const auto read = impl.read_clients(); !read) return read;
    if (const auto read = impl.read_revocation_key(); !read) return read;
    const auto addresses = addresses_of(settings, *impl.clients);
    if (!addresses) return tl::unexpected(addresses.error());
    if (const auto read = impl.open_authzen(); !read) return read;
    if (const auto read = span_settings(); !read) return tl::unexpected(read.error());
    const auto policy = files != nullptr ? Result<Bundle>(*files) : followed_policy(settings);
    if (!policy) return tl::unexpected(policy.error());
    if (impl.authzen)
        if (const auto fits = impl.authzen->check(*policy); !fits) return fits;
    if (!settings.tls_certificate.empty())
        return check_tls({settings.tls_certificate, settings.tls_key, settings.tls_client_ca});
    return {};
}

Result<Service> Service::open(const Settings& settings, EventLog log) {
    auto impl = std::make_unique<Impl>(settings, std::move(log));
    Impl* const self = impl.get();
    if (const auto read = impl->read_clients(); !read) return tl::unexpected(read.error());
    if (const auto read = impl->read_revocation_key(); !read) return tl::unexpected(read.error());
    if (const auto read = impl->open_authzen(); !read) return tl::unexpected(read.error());
    if (const auto opened = impl->open_spans(); !opened) return tl::unexpected(opened.error());
    impl->store_changes = std::make_unique<Worker>(16);
    impl->searches = std::make_unique<Worker>(8);

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
    http.body_bytes = settings.max_body_bytes;
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
    point.record.await_number = false;  // best effort does not wait for the disk
    point.limits.max_bytes = settings.max_body;
    auto opened = DecisionPoint::open(std::move(point));
    if (!opened) return tl::unexpected(std::move(opened.error()));
    impl->point = std::make_unique<DecisionPoint>(std::move(*opened));
    impl->explainer = std::make_unique<Explainer>(RequestLimits{.max_bytes = settings.max_body});
    if (settings.console)
        impl->console = std::make_unique<Console>(ConsoleOptions{settings.ledger, settings.store, settings.space},
                                                  *impl->point, *impl->explainer);
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
    const std::vector<Impl::Route>& table = settings.console ? Impl::console_routes() : Impl::admin_routes();
    operators.admit = [self, &table](const HttpHead& head, const Peer& peer) { return self->admit(table, head, peer); };
    operators.most_body = [self](std::string_view) { return static_cast<std::size_t>(self->settings.max_body); };
    operators.connections = 64;
    auto admin = HttpServer::open(std::move(operators), [self, &table](const HttpRequest& request, Reply reply) {
        self->route(table, request, std::move(reply));
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

void Service::report_files(const std::string& problem) {
    if (!problem.empty()) impl_->metrics.count_reject("files");
    const std::lock_guard hold(impl_->problems_lock);
    impl_->files_problem = problem;
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
            auto read = impl_->authzen->reload();
            if (read) impl_->checked.clear();
            return read;
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
