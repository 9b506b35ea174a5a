// Parts shared by the verbs of `writ store`: the store, the author, and output of records.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/json.h"
#include "cli/terminal/io.h"
#include "writ/store.h"

namespace writ::cli {

struct StoreArgs {
    std::string path = "writ.store", space = "default", author, message;
    Format format = Format::Human;
    Terminal terminal;  ///< set when a verb runs
};
using StoreVerb = std::function<Exit(const StoreArgs&)>;

/// The `store` verb while it is being set up; each file adds some of its verbs.
struct StoreApp {
    Command& command;
    StoreArgs& args;

    Command& add(const std::string& name, const std::string& what) const;
    /// The action of a verb, for Command::run.
    [[nodiscard]] std::function<Exit(const Terminal&)> runs(StoreVerb run) const;
    /// The same for an action on the opened store. Errors are reported.
    [[nodiscard]] std::function<Exit(const Terminal&)> opens(
        bool read_only, std::function<Result<Exit>(const StoreArgs&, Store&)> act) const;
};

void add_store_versions(const StoreApp& store);
void add_store_channels(const StoreApp& store);
void add_store_revocations(const StoreApp& store);
void add_store_keys(const StoreApp& store);
void add_store_keeping(const StoreApp& store);
void add_store_decide(const StoreApp& store);

/// Opens the store and runs an action on it; reports an error of either.
[[nodiscard]] Exit with_store(const StoreArgs& args, bool read_only, const std::function<Result<Exit>(Store&)>& act);

/// The author: `--author`, WRIT_AUTHOR, git's author, or the account's name.
[[nodiscard]] Origin origin_of(const StoreArgs& args);

/// Reads `2026-11-26T09:00:00Z`, or a time from now such as `30m`, `12h`, `7d`, as microseconds since the epoch. None
/// if it is neither.
[[nodiscard]] std::optional<std::int64_t> parse_when(const std::string& text);

/// Reads public keys, or reports the first one that cannot be read.
[[nodiscard]] std::variant<std::vector<PublicKey>, Exit> read_public_keys(const StoreArgs& args,
                                                                          const std::vector<std::string>& files);
/// Adds an option with key files, which may be repeated.
void add_key_files(Command& verb, const std::string& name, std::vector<std::string>& files, const std::string& what);

/// Formats a serial as `1.7`, and reads it; none if it is not valid.
[[nodiscard]] std::string text_of(Serial serial);
[[nodiscard]] std::optional<Serial> parse_serial(const std::string& text);
/// The first digits of a digest, or `-`.
[[nodiscard]] std::string brief(const std::string& digest);
/// A moment, or `-` for 0.
[[nodiscard]] std::string moment_or_none(std::int64_t micros);

[[nodiscard]] Json json_of(const Version& version);
[[nodiscard]] Json json_of(const Channel& channel);
[[nodiscard]] Json json_of(const Activation& activation);
/// A moment, or null.
[[nodiscard]] Json json_of(std::int64_t micros);
/// A text, or null.
[[nodiscard]] Json json_or_null(const std::string& text);
/// Prints `{"schema_version":1, …}` on one line.
void print_json(const Json& members);

}  // namespace writ::cli
