// writ serve: the decision point as a service; and writ healthcheck, which asks it whether it is ready.
#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/verbs.h"

#ifdef WRIT_WITHOUT_SERVE

namespace writ::cli {

void add_serve(Command& program) {
    Command& verb = program.verb("serve", "Answer requests at a socket");
    auto& ignored = verb.make_values<std::vector<std::string>>();
    verb.list("ARGUMENT", "", "Not used: this program was built without the service", ignored);
    verb.run = [](const Terminal&) {
        print_note(
            "error: this program was built without the service; install libboost1.81-dev and libcurl4-openssl-dev, and "
            "build it again\n");
        return Exit::Usage;
    };
}

}  // namespace writ::cli

#else

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "cli/formats/json.h"
#include "cli/terminal/watch.h"
#include "cli/verbs/workspace.h"
#include "os/files.h"
#include "serve/service.h"
#include "serve/systemd.h"
#include "writ/errors.h"
#include "writ/store.h"

namespace writ::cli {

namespace {

using serve::LogLine;
using serve::Service;
using serve::Setting;
using serve::Settings;

struct ServeArgs {
    std::vector<std::string> paths;
    std::string config;
    std::map<std::string_view, std::vector<std::string>> given;  ///< by name of the setting
    bool check = false, hash_key = false;
};

/// One line on stderr for each event.
serve::EventLog log_to_stderr(bool json) {
    return [json](const LogLine& line) {
        constexpr const char* kLevels[] = {"info", "warning", "error"};
        const char* const level = kLevels[static_cast<std::size_t>(line.level)];
        timespec now{};
        clock_gettime(CLOCK_REALTIME, &now);
        if (json) {
            Json out;
            out["time"] = now.tv_sec;
            out["level"] = level;
            out["event"] = line.what;
            for (const auto& [name, value] : line.more) out[name] = value;
            return print_note(json_line(out));
        }
        std::string out = fmt::format("{} {}", level, line.what);
        for (const auto& [name, value] : line.more) out += fmt::format(" {}={}", name, safe(value));
        print_note(out + "\n");
    };
}

/// A variable that looks like one of a setting, and is none: a typing mistake, or a setting of another version.
std::optional<Error> unknown_variable() {
    constexpr std::string_view kPrefix = "WRIT_SERVE_";
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view name = std::string_view(*each).substr(0, std::string_view(*each).find('='));
        if (!name.starts_with(kPrefix) || name == "WRIT_SERVE_CONFIG") continue;
        const auto& all = serve::all_settings();
        if (std::none_of(all.begin(), all.end(), [&](const Setting& one) { return serve::variable_of(one) == name; }))
            return failure(Code::ConfigurationNotValid, "no setting has this variable of the environment",
                           std::string(name));
    }
    return {};
}

/// The file first, then the environment and the line.
Result<Settings> settings_of(const ServeArgs& args) {
    if (auto unknown = unknown_variable()) return tl::unexpected(std::move(*unknown));
    Settings out;
    if (!args.config.empty())
        if (auto read = serve::read_settings(args.config, out); !read) return tl::unexpected(std::move(read.error()));
    for (const Setting& each : serve::all_settings()) {
        const auto found = args.given.find(each.name);
        if (found == args.given.end()) continue;
        if (each.name == "listen") out.listen.clear();
        for (const std::string& value : found->second) (void)each.read(out, value);  // read once before, by the parser
    }
    out.passed = serve::passed_sockets();
    if (out.listen.empty() && out.passed.empty()) out.listen.emplace_back(serve::kDefaultListen);
    if (out.ledger.empty()) out.ledger = (std::filesystem::path(out.state) / "ledger").string();
    return out;
}

/// A policy that is given as files: it is published to a store of the service's own, whose channel the service follows.
/// So a change of the files is an activation like any other.
class PolicyFiles {
public:
    PolicyFiles(std::vector<std::string> paths, const Terminal& terminal)
        : paths_(std::move(paths)), terminal_(terminal), watch_(paths_) {}

    static constexpr const char* kChannel = "live";

    /// Compiles the files. Output: the exit code of the error that was reported.
    std::variant<Bundle, Exit> compile() {
        watch_.begin();
        auto opened = open_named({}, paths_, terminal_, [&](const std::string& file) { watch_.add(file); });
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        const auto& policies = std::get<std::vector<NamedPolicy>>(opened);
        if (policies.size() != 1) {
            print_note(
                "error: the policy has layers, and the service decides with one policy; name the folder of one "
                "layer\n");
            return Exit::Usage;
        }
        return bundle_of(policies[0].workspace);
    }

    /// Makes a bundle the active version of the store.
    Result<void> publish(const Bundle& bundle, const std::string& store) {
        std::error_code exists;
        const Origin origin{.author = "writ serve", .message = "from files"};
        auto opened = std::filesystem::exists(store, exists) ? Store::open(store) : Store::init(store);
        if (!opened) return tl::unexpected(std::move(opened.error()));
        if (auto made = opened->protect(kChannel, false, 0, origin); !made)
            return tl::unexpected(std::move(made.error()));
        auto channel = opened->channel(kChannel);
        if (channel && channel->digest == bundle.digest()) return {};
        auto version = opened->publish(bundle, origin);
        if (!version) return tl::unexpected(std::move(version.error()));
        auto moved = opened->activate({.channel = kChannel, .version = version->digest, .origin = origin});
        if (!moved) return tl::unexpected(std::move(moved.error()));
        return {};
    }

    /// Compiles and publishes again if a file has changed and no file changes any more, or if `always`; tries again
    /// what could not be published.
    void follow(const std::string& store, Service& service, const serve::EventLog& log, bool always) {
        const std::string changed = watch_.settled();
        if (!changed.empty() || always) {
            auto compiled = compile();
            // A file that was changed while it was read is read again at the next look.
            if (!watch_.changed().empty()) return;
            waiting_.reset();
            told_.clear();
            if (Bundle* bundle = std::get_if<Bundle>(&compiled)) {
                waiting_ = std::move(*bundle);
                service.report_files("");
                log({LogLine::Level::Info, "reloaded", {{"what", "policy"}}});
            } else {
                service.report_files("the policy's files do not compile; the earlier policy stays active");
                log({LogLine::Level::Error,
                     "policy_refused",
                     {{"file", changed.empty() ? paths_.front() : changed},
                      {"why", "it does not compile; the earlier policy stays active"}}});
            }
        }
        if (!waiting_) return;
        const auto published = publish(*waiting_, store);
        if (published) {
            waiting_.reset();
            told_.clear();
        } else if (std::exchange(told_, published.error().code) != published.error().code) {
            log({LogLine::Level::Error,
                 "policy_refused",
                 {{"code", published.error().code}, {"why", published.error().message}}});
        }
    }

private:
    std::vector<std::string> paths_;
    const Terminal& terminal_;
    Watch watch_;
    std::optional<Bundle> waiting_;  ///< compiled, and not published yet
    std::string told_;               ///< why it could not be published
};

/// Waits for one of the signals of a service. Output: 0 if none arrived in time.
int wait_for_signal(std::chrono::milliseconds most) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, each);
    const timespec time{most.count() / 1000, most.count() % 1000 * 1'000'000};
    const int got = sigtimedwait(&signals, nullptr, &time);
    return got > 0 ? got : 0;
}

/// Answers until a signal ends the program.
void serve_until_ended(Service& service, PolicyFiles* files, const Settings& settings, const serve::EventLog& log) {
    using namespace std::chrono_literals;
    const auto watchdog = serve::watchdog_period();
    const std::chrono::milliseconds tick =
        watchdog ? std::min(500ms, std::chrono::duration_cast<std::chrono::milliseconds>(*watchdog)) : 500ms;
    for (;;) {
        const int signal = wait_for_signal(tick);
        if (signal == SIGTERM || signal == SIGINT) break;
        if (watchdog) serve::notify("WATCHDOG=1");
        service.reload(signal == SIGHUP);
        if (files != nullptr) files->follow(settings.store, service, log, signal == SIGHUP);
    }
    serve::notify("STOPPING=1");
    log({LogLine::Level::Info, "ending", {}});
    service.leave();  // balancers see that it is not ready, while it still answers
    // Output: false if a second signal asks to end at once.
    const auto wait = [](std::chrono::seconds most, auto done) {
        for (const auto end = std::chrono::steady_clock::now() + most;
             !done() && std::chrono::steady_clock::now() < end;)
            if (const int signal = wait_for_signal(20ms); signal == SIGTERM || signal == SIGINT) return false;
        return true;
    };
    if (!wait(std::chrono::seconds(settings.drain_delay), [] { return false; })) return;
    service.drain();
    (void)wait(std::chrono::seconds(settings.drain_timeout), [&] { return service.drained(); });
}

Exit hash_key(const Terminal& terminal) {
    auto key = read_input("-", 4096);
    if (!key) return report_error(key.error(), "", terminal);
    while (key->ends_with('\n') || key->ends_with('\r')) key->pop_back();
    if (key->size() < 32) {
        print_note("error: a key has at least 32 characters; `openssl rand -hex 32` makes one\n");
        return Exit::Invalid;
    }
    print_result(serve::hash_of_key(*key) + "\n");
    return Exit::Ok;
}

Exit run(const ServeArgs& args, const Terminal& terminal) {
    if (args.hash_key) return hash_key(terminal);
    auto settings = settings_of(args);
    if (!settings) return report_error(settings.error(), "", terminal);
    const bool channel = !settings->channel.empty() || !settings->store.empty();
    if (args.paths.empty() != channel || (channel && (settings->channel.empty() || settings->store.empty()))) {
        print_note(channel && !args.paths.empty()
                       ? "error: a policy's files and a store are both given; keep one of them\n"
                       : "error: name a policy's files, or a store and a channel to follow (--store, --channel)\n");
        return Exit::Usage;
    }
    // Threads inherit the mask, so signals arrive where they are waited for.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, each);
    sigprocmask(SIG_BLOCK, &signals, nullptr);

    std::optional<PolicyFiles> files;
    std::optional<Bundle> bundle;
    if (!args.paths.empty()) {
        files.emplace(args.paths, terminal);
        auto compiled = files->compile();
        if (const Exit* failed = std::get_if<Exit>(&compiled)) return *failed;
        bundle = std::get<Bundle>(std::move(compiled));
        settings->store = (std::filesystem::path(settings->state) / "policy.db").string();
        settings->channel = PolicyFiles::kChannel;
    }
    if (args.check) {
        if (const auto checked = Service::check(*settings, bundle ? &*bundle : nullptr); !checked)
            return report_error(checked.error(), "", terminal);
        print_result("ok\n");
        return Exit::Ok;
    }
    std::error_code error;
    if (std::filesystem::create_directories(settings->state, error))
        std::filesystem::permissions(settings->state, std::filesystem::perms::owner_all, error);
    // Two services that shared it would publish their policies to each other.
    const auto state = os::File::open(settings->state, os::OpenMode::Folder);
    const auto locked = state ? state->try_lock() : os::Expected<bool>(tl::unexpected(state.error()));
    if (!locked || !*locked) {
        print_note(fmt::format(
            "error: {}: {}\n", safe(settings->state),
            locked ? "another service uses this folder; wait until it has ended, or give this one another with --state"
                   : locked.error().reason));
        return Exit::Io;
    }

    const serve::EventLog log = log_to_stderr(settings->json_logs);
    // Before anything is decided: not even the first request may meet the policy of an earlier run.
    if (bundle && files)
        if (const auto published = files->publish(*bundle, settings->store); !published)
            return report_error(published.error(), "", terminal);
    auto service = Service::open(*settings, log);
    if (!service) return report_error(service.error(), "", terminal);
    service->start();
    for (const serve::ListenAddress& each : service->addresses())
        log({LogLine::Level::Info, "listening", {{"address", each.text()}}});
    serve::notify("READY=1");
    serve_until_ended(*service, files ? &*files : nullptr, *settings, log);
    return Exit::Ok;
}

}  // namespace

void add_serve(Command& program) {
    Command& verb = program.verb("serve", "Answer requests at a socket");
    auto& args = verb.make_values<ServeArgs>();
    verb.list("PATH", "", "Policy files or folders; they are read again when they change", args.paths);
    verb.text("--config", "FILE", "Settings as a JSON object; the names are those of the options below", args.config)
        .or_variable("WRIT_SERVE_CONFIG");
    verb.flag("--check", "Check the settings and the policy, and end", args.check);
    verb.flag("--hash-key", "Print what the file of `keys` needs for the key on standard input, and end",
              args.hash_key);
    for (const Setting& each : serve::all_settings()) {
        const auto read = [&args, &each](const std::string& text) {
            Settings probe;
            std::string wrong = each.read(probe, text);
            if (wrong.empty()) args.given[each.name].push_back(text);
            return wrong;
        };
        const std::string name = "--" + std::string(each.name);
        Option& option = each.repeats ? verb.reads_each(name, std::string(each.value), std::string(each.help), read)
                                      : verb.reads(name, std::string(each.value), std::string(each.help), read);
        option.or_variable(serve::variable_of(each));
    }
    verb.run = [&args](const Terminal& terminal) { return run(args, terminal); };
}

}  // namespace writ::cli

#endif
