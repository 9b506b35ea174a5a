// What the verbs of `writ ledger` and `writ replay` share: which ledger, and where its bundles are.
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

/// The `ledger` verb under construction, for the files that each add some of its verbs.
struct LedgerApp {
    Command& command;
    LedgerArgs& args;

    /// Adds a verb with `--format` and `--ledger`, which has to be said unless it `may_lack` one.
    Command& add(const std::string& name, const std::string& what, bool may_lack = false) const;
    /// What a verb does, for Command::run.
    [[nodiscard]] std::function<Exit(const Terminal&)> runs(LedgerVerb run) const;
};

void add_ledger_questions(const LedgerApp& ledger);
void add_ledger_records(const LedgerApp& ledger);
void add_ledger_audit(const LedgerApp& ledger);

/// Says on stderr, where an id means several decisions, which are there beside the first, which is shown.
void tell_others(const std::vector<std::uint64_t>& found, const Terminal& terminal);

/// `--ledger DIR`.
Option& add_ledger_option(Command& verb, std::string& folder);

/// The *.bundle files of a folder and of folders below it; of a file, which is a store, its versions.
[[nodiscard]] Result<std::vector<Bundle>> bundles_in(const std::string& place);

}  // namespace writ::cli
