// writ store: versions of policies and the active ones. The verbs are in store_*.cpp.
#include "cli/verbs/store.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "os/clock.h"

namespace writ::cli {

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// The value of a git setting; empty without git or the setting.
std::string git_setting(const char* key) {
    const std::string command = std::string("git config --get ") + key + " 2>/dev/null";
    std::FILE* out = popen(command.c_str(), "r");
    if (out == nullptr) return {};
    std::array<char, 256> line{};
    std::string value;
    if (std::fgets(line.data(), line.size(), out) != nullptr) value = line.data();
    const bool found = pclose(out) == 0;
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return found ? value : std::string();
}

std::string named(std::string name, const std::string& email) {
    if (email.empty()) return name;
    return name.empty() ? "<" + email + ">" : name + " <" + email + ">";
}

std::string account() {
    const passwd* entry = getpwuid(getuid());
    return entry != nullptr && entry->pw_name[0] != '\0' ? entry->pw_name : variable("USER");
}

}  // namespace

Command& StoreApp::add(const std::string& name, const std::string& what) const {
    return command.verb(name, what);
}

std::function<Exit(const Terminal&)> StoreApp::runs(StoreVerb run) const {
    return [&shared = args, run = std::move(run)](const Terminal& terminal) {
        shared.terminal = terminal;
        return run(shared);
    };
}

std::function<Exit(const Terminal&)> StoreApp::opens(bool read_only,
                                                     std::function<Result<Exit>(const StoreArgs&, Store&)> act) const {
    return runs([read_only, act = std::move(act)](const StoreArgs& given) {
        return with_store(given, read_only, [&](Store& store) { return act(given, store); });
    });
}

Exit with_store(const StoreArgs& args, bool read_only, const std::function<Result<Exit>(Store&)>& act) {
    auto store = Store::open(args.path, {.space = args.space, .read_only = read_only});
    if (!store) return report_error(store.error(), "", args.terminal);
    auto done = act(*store);
    if (!done) return report_error(done.error(), "", args.terminal);
    return *done;
}

Origin origin_of(const StoreArgs& args) {
    std::string author = args.author;
    if (author.empty()) author = variable("WRIT_AUTHOR");
    if (author.empty()) author = named(variable("GIT_AUTHOR_NAME"), variable("GIT_AUTHOR_EMAIL"));
    if (author.empty()) author = named(git_setting("user.name"), git_setting("user.email"));
    if (author.empty()) author = account();
    return {author, args.message};
}

std::optional<std::int64_t> parse_when(const std::string& text) {
    constexpr std::int64_t kSecond = 1'000'000;
    std::tm fields{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &fields);
    if (end != nullptr && *end == '\0') return static_cast<std::int64_t>(timegm(&fields)) * kSecond;
    std::int64_t count = 0;
    std::size_t at = 0;
    while (at < text.size() && at < 9 && text[at] >= '0' && text[at] <= '9') count = count * 10 + (text[at++] - '0');
    if (at == 0 || at + 1 != text.size()) return {};
    const std::size_t unit = std::string_view("smhd").find(text[at]);
    constexpr std::int64_t kUnits[] = {1, 60, 3600, 86400};
    if (unit == std::string_view::npos) return {};
    return os::now_micros() + count * kUnits[unit] * kSecond;
}

std::variant<std::vector<PublicKey>, Exit> read_public_keys(const StoreArgs& args,
                                                            const std::vector<std::string>& files) {
    std::vector<PublicKey> keys;
    for (const std::string& file : files) {
        auto key = read_public_key(file);
        if (!key) return report_error(key.error(), "", args.terminal);
        keys.push_back(std::move(*key));
    }
    return keys;
}

void add_key_files(Command& verb, const std::string& name, std::vector<std::string>& files, const std::string& what) {
    verb.texts(name, "FILE", what, files);
}

std::string text_of(Serial serial) {
    return fmt::format("{}.{}", serial.epoch, serial.number);
}

std::optional<Serial> parse_serial(const std::string& text) {
    Serial out;
    int end = 0;
    if (std::sscanf(text.c_str(), "%lu.%lu%n", &out.epoch, &out.number, &end) != 2) return {};
    if (static_cast<std::size_t>(end) != text.size() || text_of(out) != text) return {};
    return out;
}

std::string brief(const std::string& digest) {
    return digest.empty() ? "-" : safe(digest.substr(0, 12));
}
std::string moment_or_none(std::int64_t micros) {
    return micros == 0 ? "-" : moment(micros);
}

Json json_of(std::int64_t micros) {
    return micros == 0 ? Json() : Json(moment(micros));
}
Json json_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json json_of(const Version& version) {
    return Json{{"version", version.number},
                {"digest", version.digest},
                {"parent", json_or_null(version.parent)},
                {"author", version.origin.author},
                {"message", version.origin.message},
                {"created_at", json_of(version.created_at)},
                {"engine", version.engine},
                {"collected", version.collected}};
}

Json json_of(const Channel& channel) {
    const bool active = !channel.digest.empty();
    return Json{{"channel", channel.name},
                {"serial", active ? Json(text_of(channel.serial)) : Json()},
                {"digest", json_or_null(channel.digest)},
                {"protected", channel.gated},
                {"approvals", channel.approvals}};
}

Json json_of(const Activation& activation) {
    return Json{{"channel", activation.channel},
                {"serial", text_of(activation.serial)},
                {"digest", activation.digest},
                {"parent", json_or_null(activation.parent)},
                {"kind", activation.rollback ? "rollback" : "activate"},
                {"author", activation.origin.author},
                {"message", activation.origin.message},
                {"created_at", json_of(activation.created_at)},
                {"not_after", json_of(activation.not_after)},
                {"key_id", json_or_null(activation.key_id)}};
}

void print_json(const Json& members) {
    print_result(json_line(members));
}

void add_store(Command& program) {
    Command& verb = program.verb("store", "Store versions of policies, and activate them in channels");
    auto& args = verb.make_values<StoreArgs>();
    verb.text("--store", "FILE", "The store's file (default: WRIT_STORE, or writ.store)", args.path)
        .or_variable("WRIT_STORE");
    verb.text("--namespace", "NAME", "The namespace (default: `default`)", args.space);
    verb.text("--author", "TEXT", "The author (default: WRIT_AUTHOR, git's author, or the account)", args.author);
    verb.text("-m,--message", "TEXT", "Why", args.message);
    add_format(verb, args.format);
    const StoreApp store{verb, args};
    add_store_versions(store);
    add_store_channels(store);
    add_store_revocations(store);
    add_store_keys(store);
    add_store_keeping(store);
    add_store_decide(store);
}

}  // namespace writ::cli
