// Reads the requests of a comparison from files and ledgers.
#pragma once

#include <string>

#include "cli/formats/diff.h"
#include "writ/audit.h"

namespace writ::cli {

/// Decides every request in a file or a folder: each *.json is one, each line of a *.jsonl is one.
/// Errors: F0001 a file cannot be read, or there is none; Q0001 to Q0006, with the place: it is not a request.
[[nodiscard]] Result<void> decide_files(Differ& differ, const std::string& path);

/// Decides every request that a ledger recorded, except shadow decisions.
/// Input:  `policies`: every bundle of both sides.
/// Errors: those of reading the ledger.
[[nodiscard]] Result<LedgerGaps> decide_ledger(Differ& differ, const std::string& folder, const Layers& policies,
                                               const ledger::ProgressTeller& progress);

}  // namespace writ::cli
