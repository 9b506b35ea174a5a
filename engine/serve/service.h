// The decision point as a service: what each path means. Not here: sockets (http.h), and reading settings (settings.h).
#pragma once

#include <memory>
#include <string>

#include "serve/clients.h"
#include "serve/http.h"
#include "serve/settings.h"

namespace writ::serve {

/// A line for the log. Contains no secret and no claim.
struct LogLine {
    enum class Level : std::uint8_t { Info, Warning, Error } level = Level::Info;
    std::string what;  ///< a stable word: `listening`, `policy_active`
    std::vector<std::pair<std::string, std::string>> more;
};
using EventLog = std::function<void(const LogLine&)>;

/// Any thread may call it.
class Service {
public:
    /// Checks everything that can be checked without opening sockets and the ledger, and changes nothing.
    /// Input:   files: the policy, if it is given as files; otherwise the store's channel must have an active one.
    /// Errors:  H0001, H0003 to H0007; those of reading the store.
    [[nodiscard]] static Result<void> check(const Settings& settings, const Bundle* files);
    /// Opens the ledger, follows the channel, and binds the sockets. Serves nothing before start().
    /// Errors: those of DecisionPoint::open and HttpServer::open; H0005.
    [[nodiscard]] static Result<Service> open(const Settings& settings, EventLog log);
    ~Service();
    Service(Service&&) noexcept;
    Service& operator=(Service&&) noexcept;

    void start();
    /// Whether decisions can be given: a policy is active and fresh, the ledger can be written, and drain() was not
    /// called.
    [[nodiscard]] bool ready() const;
    /// From now on the service is not ready, but answers.
    void leave();
    /// Stops accepting; open requests are still answered.
    void drain();
    [[nodiscard]] bool drained() const;
    /// What is wrong with the policy's files, for the status page and the metrics; empty: nothing.
    void report_files(const std::string& problem);
    /// Reads the keys, and the files of TLS, again if they have changed or could not be used last time; or always. What
    /// cannot be used is logged, and what was read before stays in use. Called by one thread.
    void reload(bool always);

    /// The addresses in use: of the service, and then of the admin listener.
    [[nodiscard]] std::vector<ListenAddress> addresses() const;
    /// What the status page shows, as JSON.
    [[nodiscard]] std::string status() const;

private:
    struct Impl;
    explicit Service(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::serve
