// What the verbs of `writ ledger` and `writ replay` share: which ledger, and how tables are shown.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command/command.h"
#include "cli/io.h"
#include "cli/render.h"
#include "writ/inquiry.h"

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

/// `--ledger DIR`.
Option& add_ledger_option(Command& verb, std::string& folder);

[[nodiscard]] std::string human(const ledger::Table& table, bool colour);
[[nodiscard]] nlohmann::ordered_json json_of(const ledger::Table& table);
/// `{"schema_version":1, …}` on one line.
[[nodiscard]] std::string json_line(nlohmann::ordered_json members);

/// A page of its own with everything in it: figures as bars, and every table.
[[nodiscard]] std::string html_page(const std::vector<ledger::Table>& tables, const std::string& subject, const std::string& made);

/// The *.bundle files of a folder and of folders below it; of a file, which is a store, its versions.
[[nodiscard]] Result<std::vector<Bundle>> bundles_in(const std::string& place);

}  // namespace writ::cli
