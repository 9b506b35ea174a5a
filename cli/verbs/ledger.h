// Parts shared by the verbs of `writ ledger` and by `writ replay`: the ledger, and where its bundles are found.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/json.h"
#include "cli/terminal/io.h"
#include "writ/bundle.h"

namespace writ::cli {

struct LedgerArgs {
    std::string folder;
    Format format = Format::Human;
    Terminal terminal;  ///< set when a verb runs
};
using LedgerVerb = std::function<Exit(const LedgerArgs&)>;

/// The `ledger` verb while it is being set up; each file adds some of its verbs.
struct LedgerApp {
    Command& command;
    LedgerArgs& args;

    /// Adds a verb with `--format` and `--ledger`, which is required unless `may_lack` is set.
    Command& add(const std::string& name, const std::string& what, bool may_lack = false) const;
    /// The action of a verb, for Command::run.
    [[nodiscard]] std::function<Exit(const Terminal&)> runs(LedgerVerb run) const;
};

void add_ledger_questions(const LedgerApp& ledger);
void add_ledger_records(const LedgerApp& ledger);
void add_ledger_audit(const LedgerApp& ledger);

/// If an id means several decisions, prints a note on stderr about those that are not shown.
void tell_others(const std::vector<std::uint64_t>& found, const Terminal& terminal);

/// Adds `--ledger DIR`.
Option& add_ledger_option(Command& verb, std::string& folder);

/// The *.bundle files in a folder and the folders below it; for a file, which is a store, the versions in it.
[[nodiscard]] Result<std::vector<Bundle>> bundles_in(const std::string& place);

}  // namespace writ::cli
