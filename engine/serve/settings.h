// The settings of the service: one table of names, with how each value is read and where it is kept. The configuration
// file, the environment and the command's options all use it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "writ/decision_point.h"

namespace writ::serve {

constexpr std::string_view kDefaultListen = "unix:writ.sock";

/// Everything that the service can be told.
struct Settings {
    std::vector<std::string> listen;  ///< if this and `passed` are empty: kDefaultListen
    std::vector<int> passed;          ///< listening Unix sockets that systemd passed
    std::string admin;                ///< address of the second listener; empty: none
    bool console = false;             ///< whether it has a page for people
    std::string store, space = "default", channel, candidate;
    std::vector<std::string> trust;    ///< files of public keys that may sign
    std::string revocation_key;        ///< file of the secret key that signs revocations of operators; empty: none
    std::string state = "writ-serve";  ///< folder for the ledger, and for the store of a policy that is given as files
    std::string ledger;                ///< folder; empty: `ledger` in `state`
    ledger::Durability durability = ledger::Durability::Required;
    std::int64_t max_staleness = 900;  ///< seconds
    std::string tls_certificate, tls_key, tls_client_ca;
    std::string keys;           ///< file of bearer keys
    std::string mapping;        ///< file that maps questions of the AuthZEN API; empty: there is no such API
    std::string directory;      ///< file of attributes for it
    std::string pdp_url;        ///< its identifier
    std::string binding_key;    ///< file of a secret key, which signs what approvals are asked for with
    std::uint64_t threads = 0;  ///< 0: one for each processor
    std::uint64_t max_connections = 1'024, max_in_flight = 1'024;
    std::uint64_t max_body = 64u << 10, max_batch_body = 1u << 20, max_batch = 256, max_body_bytes = 64u << 20;
    std::int64_t read_timeout = 5, idle_timeout = 60, drain_delay = 2, drain_timeout = 10;  ///< seconds
    View reader = View::Operator;  ///< for whom answers are written
    bool json_logs = false;
};

/// One setting.
struct Setting {
    std::string_view name;   ///< as in the file and, with two dashes, on the command line: `max-body`
    std::string_view value;  ///< as shown in help: `BYTES`
    std::string_view help;   ///< one sentence without a final period
    bool repeats = false;    ///< a list of values
    /// Reads one value. Output: what is wrong with it, as words that follow the name; empty: nothing.
    std::function<std::string(Settings& to, const std::string& text)> read;

    /// Whether its values are paths: in a file, relative to the file's folder.
    [[nodiscard]] bool is_path() const { return value == "FILE" || value == "DIR"; }
};

/// Every setting, in the order of help.
[[nodiscard]] const std::vector<Setting>& all_settings();

/// The variable of the environment for a setting: `WRIT_SERVE_MAX_BODY`.
[[nodiscard]] std::string variable_of(const Setting& setting);

/// Reads a configuration file: one JSON object whose members are names of settings; numbers may be written as numbers,
/// and lists as arrays. Relative paths are relative to the file's folder.
/// Errors: F0001; H0004 it is not valid, with the member in `context`.
[[nodiscard]] Result<void> read_settings(const std::string& path, Settings& to);

}  // namespace writ::serve
