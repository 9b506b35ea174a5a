#include "serve/settings.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/json.h"
#include "base/report.h"
#include "os/files.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

using Read = std::function<std::string(Settings&, const std::string&)>;

Read text(std::string Settings::* to) {
    return [to](Settings& settings, const std::string& value) -> std::string {
        if (value.empty()) return "is empty";
        settings.*to = value;
        return {};
    };
}

Read texts(std::vector<std::string> Settings::* to) {
    return [to](Settings& settings, const std::string& value) -> std::string {
        if (value.empty()) return "is empty";
        (settings.*to).push_back(value);
        return {};
    };
}

template <class Number>
Read number(Number Settings::* to, std::int64_t least, std::int64_t most) {
    return [to, least, most](Settings& settings, const std::string& value) -> std::string {
        std::int64_t read = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
        if (error != std::errc{} || end != value.data() + value.size() || read < least || read > most)
            return "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        settings.*to = static_cast<Number>(read);
        return {};
    };
}

template <class T>
Read word(T Settings::* to, std::vector<std::pair<std::string_view, T>> words) {
    return [to, words = std::move(words)](Settings& settings, const std::string& value) -> std::string {
        std::string known;
        for (const auto& [name, meaning] : words) {
            if (name == value) {
                settings.*to = meaning;
                return {};
            }
            known += (known.empty() ? "`" : " or `") + std::string(name) + "`";
        }
        return "is not " + known;
    };
}

/// The admin listener has no authentication.
std::string admin_address(Settings& settings, const std::string& value) {
    const auto read = ListenAddress::read(value);
    if (!read) return "is not an address: " + read.error().message;
    const bool near = read->host == "::1" || read->host.starts_with("127.");
    if (read->kind == ListenAddress::Kind::Tcp && (read->tls || !near))
        return "can be reached by others and has no authentication; write unix:PATH or tcp://127.0.0.1:PORT";
    settings.admin = value;
    return {};
}

constexpr std::int64_t kDay = 86'400;

std::string rebased(const std::string& value, const std::filesystem::path& folder) {
    const auto below = [&](std::string_view path) { return (folder / path).lexically_normal().string(); };
    if (value.starts_with("unix:") && !value.starts_with("unix:/"))
        return "unix:" + below(std::string_view(value).substr(5));
    return value;
}

}  // namespace

const std::vector<Setting>& all_settings() {
    static const std::vector<Setting> kAll = {
        {"listen", "ADDRESS", "Where to answer: unix:PATH, or tls://HOST:PORT", true,
         [](Settings& to, const std::string& value) -> std::string {
             const auto read = ListenAddress::read(value);
             if (!read) return "is not an address: " + read.error().message;
             if (read->kind == ListenAddress::Kind::Tcp && !read->tls)
                 return "is TCP without TLS: anybody on the network could ask and read; write tls://";
             to.listen.push_back(value);
             return {};
         }},
        {"admin", "ADDRESS", "Where operators find /livez, /readyz, /metrics and /v1/status", false, admin_address},
        {"console", "on|off", "Whether the admin listener has a page that shows what is decided", false,
         word<bool>(&Settings::console, {{"on", true}, {"off", false}})},
        {"store", "FILE", "The store whose channel is followed", false, text(&Settings::store)},
        {"namespace", "NAME", "The namespace of the store", false, text(&Settings::space)},
        {"channel", "NAME", "The channel to follow", false, text(&Settings::channel)},
        {"candidate", "NAME", "A channel to decide with as well, never enforced", false, text(&Settings::candidate)},
        {"trust", "FILE", "A public key that may sign activations", true, texts(&Settings::trust)},
        {"revocation-key", "FILE", "The secret key that signs what operators revoke with /v1/revocations", false,
         text(&Settings::revocation_key)},
        {"state", "DIR", "Folder for what the service keeps (writ-serve)", false, text(&Settings::state)},
        {"ledger", "DIR", "The ledger", false, text(&Settings::ledger)},
        {"durability", "required|best-effort", "Whether a permit waits until its record is durable (required)", false,
         word<ledger::Durability>(&Settings::durability, {{"required", ledger::Durability::Required},
                                                          {"best-effort", ledger::Durability::BestEffort}})},
        {"max-staleness", "SECONDS", "How long to decide without reading the store (900)", false,
         number(&Settings::max_staleness, 1, 30 * kDay)},
        {"tls-certificate", "FILE", "The server's certificate chain, PEM", false, text(&Settings::tls_certificate)},
        {"tls-key", "FILE", "The server's private key, PEM", false, text(&Settings::tls_key)},
        {"tls-client-ca", "FILE", "Who signs client certificates, PEM", false, text(&Settings::tls_client_ca)},
        {"keys", "FILE", "The bearer keys of clients, hashed", false, text(&Settings::keys)},
        {"mapping", "FILE", "How questions of the AuthZEN API become requests; without it there is no such API", false,
         text(&Settings::mapping)},
        {"directory", "FILE", "Attributes of subjects and resources, for the AuthZEN API", false,
         text(&Settings::directory)},
        {"pdp-url", "URL", "The identifier of this decision point, for AuthZEN clients", false,
         text(&Settings::pdp_url)},
        {"binding-key", "FILE", "The secret key that signs binding tokens, for approvals of token requests", false,
         text(&Settings::binding_key)},
        {"threads", "N", "Threads that answer; 0: one for each processor", false, number(&Settings::threads, 0, 256)},
        {"max-connections", "N", "Connections at a time; more are closed (1024)", false,
         number(&Settings::max_connections, 1, 100'000)},
        {"max-in-flight", "N", "Requests at a time; more are answered 503 (1024)", false,
         number(&Settings::max_in_flight, 1, 100'000)},
        {"max-body", "BYTES", "Longest body of a request (65536)", false, number(&Settings::max_body, 1'024, 1 << 20)},
        {"max-batch-body", "BYTES", "Longest body of a batch (1048576)", false,
         number(&Settings::max_batch_body, 1'024, 64 << 20)},
        {"max-body-bytes", "BYTES", "All bodies at a time; more are answered 503 (67108864)", false,
         number(&Settings::max_body_bytes, 1 << 16, std::int64_t{1} << 40)},
        {"max-batch", "N", "Requests in a batch (256)", false, number(&Settings::max_batch, 1, 4'096)},
        {"read-timeout", "SECONDS", "For a request to arrive (5)", false, number(&Settings::read_timeout, 1, 300)},
        {"idle-timeout", "SECONDS", "For the next request of a connection (60)", false,
         number(&Settings::idle_timeout, 1, 3'600)},
        {"drain-delay", "SECONDS", "Between not being ready and not accepting, at the end (2)", false,
         number(&Settings::drain_delay, 0, 300)},
        {"drain-timeout", "SECONDS", "For open requests, at the end (10)", false,
         number(&Settings::drain_timeout, 0, 300)},
        {"reader", "operator|caller", "For whom decisions are written (operator)", false,
         word<View>(&Settings::reader, {{"operator", View::Operator}, {"caller", View::Caller}})},
        {"log", "text|json", "How the log is written (text)", false,
         word<bool>(&Settings::json_logs, {{"text", false}, {"json", true}})},
    };
    return kAll;
}

std::string variable_of(const Setting& setting) {
    std::string out = "WRIT_SERVE_";
    for (const char c : setting.name)
        out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
}

Result<void> read_settings(const std::string& path, Settings& to) {
    auto content = os::read_file(path, 1u << 20);
    if (!content) return fail(Code::FileUnusable, content.error().reason, path);
    const auto document = json::parse(*content, {.max_bytes = 1u << 20});
    if (!document)
        return fail(Code::ConfigurationNotValid, document.error().message, path + ": " + document.error().context);
    if (document->type != json::Type::Object)
        return fail(Code::ConfigurationNotValid, "a configuration is one JSON object", path);
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    for (const auto& [name, value] : document->members) {
        const auto wrong = [&](std::string why) {
            return fail(Code::ConfigurationNotValid, "`" + name + "` " + std::move(why), path);
        };
        const auto& all = all_settings();
        const auto setting =
            std::find_if(all.begin(), all.end(), [&](const Setting& each) { return each.name == name; });
        if (setting == all.end()) {
            std::vector<std::string_view> names;
            for (const Setting& each : all) names.push_back(each.name);
            const std::string_view near = nearest(name, names);
            return wrong("is no setting" +
                         (near.empty() ? std::string() : "; did you mean `" + std::string(near) + "`?"));
        }
        if ((value.type == json::Type::Array) != setting->repeats)
            return wrong(setting->repeats ? "is a list; write an array" : "has one value");
        // The file replaces the default; later values add to the list.
        if (setting->name == "listen") to.listen.clear();
        const std::vector<json::Value> one{value};
        for (const json::Value& each : setting->repeats ? value.items : one) {
            if (each.type != json::Type::String && each.type != json::Type::Int)
                return wrong("is neither text nor a whole number");
            std::string given = rebased(each.text, folder);
            if (setting->is_path() && !given.empty()) given = (folder / given).lexically_normal().string();
            if (std::string why = setting->read(to, given); !why.empty()) return wrong(std::move(why));
        }
    }
    return {};
}

}  // namespace writ::serve
