// The state of the service, which its parts share. Private. service.cpp opens and ends it, routes.cpp finds what a
// request means; decisions.cpp, reports.cpp and operators.cpp answer.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/authzen.h"
#include "serve/console.h"
#include "serve/explainer.h"
#include "serve/metrics.h"
#include "serve/service.h"
#include "serve/spans.h"
#include "serve/watched.h"
#include "serve/worker.h"
#include "writ/keys.h"

namespace writ::serve {

/// One request, with what its handler needs.
struct Exchange {
    const HttpRequest& request;
    Reply reply;
};

/// Below this path a proxy asks about requests: what follows is the path that it received.
constexpr std::string_view kProxyPath = "/envoy";

struct Service::Impl {
    /// Who may ask over TCP.
    enum class Askers : std::uint8_t {
        Clients,
        Anybody,
        Proxies,  ///< clients with a certificate: the bearer key, if any, is that of the request they ask about
    };
    /// What a path and a method mean.
    struct Route {
        std::string_view method, path;  ///< method `*`: any
        std::string_view type;          ///< of the body; empty: any or none
        ClientRole role = ClientRole::Decide;
        void (Impl::*handle)(Exchange);
        Askers askers = Askers::Clients;
        bool below = false;         ///< also for paths that go on after a slash
        unsigned wrong_type = 415;  ///< status for a body of another type

        /// Whether it is at the path of a request; and whether it also has its method.
        [[nodiscard]] bool leads(const HttpHead& head) const;
        [[nodiscard]] bool takes(const HttpHead& head) const;
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
    mutable std::mutex problems_lock;
    std::string files_problem, mapping_problem;  ///< guarded by problems_lock; empty: none
    std::unique_ptr<DecisionPoint> point;
    std::optional<SecretKey> revocation_key;
    std::unique_ptr<Worker> store_changes;
    std::unique_ptr<Worker> searches;  ///< each makes many decisions
    std::unique_ptr<Spans> spans;      ///< none if no collector is named
    std::unique_ptr<HttpServer> server, admin;
    std::unique_ptr<Explainer> explainer;
    std::unique_ptr<Console> console;  ///< none unless the settings ask for it

    Impl(const Settings& chosen, EventLog to)
        : settings(chosen),
          log(std::move(to)),
          keys_files({chosen.keys}),
          tls_files({chosen.tls_certificate, chosen.tls_key, chosen.tls_client_ca}),
          mapping_files({chosen.mapping, chosen.directory, chosen.binding_key}) {}

    static const std::vector<Route>& routes();
    static const std::vector<Route>& admin_routes();
    /// Those of the admin listener, and the console's.
    static const std::vector<Route>& console_routes();
    std::optional<HttpAnswer> refusal(const std::vector<Route>& table, const HttpHead& head, const Peer& peer) const;
    /// The answer to a request that is refused before its body is read; none if it has a route and may take it.
    std::optional<HttpAnswer> admit(const std::vector<Route>& table, const HttpHead& head, const Peer& peer);
    /// Handles a request that was admitted.
    void route(const std::vector<Route>& table, const HttpRequest& request, Reply reply);

    /// Decides a document, records the decision, and counts it. `done` is called exactly once, from any thread, and
    /// also before this returns.
    void decide_recorded(std::string_view document, std::string_view trace, ledger::OnDecided done);

    void decide(Exchange exchange);
    void decide_batch(Exchange exchange);
    void search(Exchange exchange);
    void run_search(const std::string& text, const Reply& reply) const;
    /// Runs a search on its own thread, so that no decision waits for one.
    void search_later(const Exchange& exchange, std::function<void(const std::string&, const Reply&)> run);
    void explain(Exchange exchange);
    void revocations(Exchange exchange);
    void receipt(Exchange exchange);
    void use(Exchange exchange);
    void revoke(Exchange exchange);
    /// Answers 404 if there is no mapping.
    [[nodiscard]] bool lacks_authzen(const Exchange& exchange) const;
    /// Used while the exchange is handled.
    [[nodiscard]] DecideRecorded recorder_for(const Exchange& exchange);
    void evaluation(Exchange exchange);
    void evaluations(Exchange exchange);
    void search_subject(Exchange exchange);
    void search_resource(Exchange exchange);
    void search_action(Exchange exchange);
    void ext_authz(Exchange exchange);
    void authzen_metadata(Exchange exchange);
    void authzen_keys(Exchange exchange);
    void livez(Exchange exchange);
    void readyz(Exchange exchange);
    void show_metrics(Exchange exchange);
    void show_status(Exchange exchange);
    void show_console(Exchange exchange);

    [[nodiscard]] bool ready() const;
    [[nodiscard]] std::string status() const;
    void answered(const ledger::Decided& decided);
    [[nodiscard]] HttpAnswer answer_of(ledger::Decided decided) const;
    Result<void> read_clients();
    Result<void> read_revocation_key();
    Result<void> open_authzen();
    /// Errors: H0004.
    Result<void> open_spans();
    void check_mapping();
    [[nodiscard]] std::shared_ptr<const Clients> current_clients() const {
        const std::shared_lock hold(clients_lock);
        return clients;
    }
};

}  // namespace writ::serve
