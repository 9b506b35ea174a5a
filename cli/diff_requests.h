// Where the requests of a comparison come from: files, and ledgers.
#pragma once

#include <cstdint>
#include <string>

#include "writ/audit.h"
#include "writ/diff.h"

namespace writ::cli {

/// Decides every request in a file or a folder: each *.json is one, each line of a *.jsonl is one.
/// Errors: F0001 a file that cannot be read, or none is there; Q0001 to Q0006 with the place: no request at all.
[[nodiscard]] Result<void> decide_files(Differ& differ, const std::string& path);

/// What of a ledger could not be decided again as it was.
struct LedgerGaps {
    std::uint64_t no_request = 0;  ///< recorded by digest, refused, or overruled
    std::uint64_t masked = 0;      ///< decided, but with values that are not what they were
};
/// Decides every request that a ledger recorded, shadow decisions aside.
/// Errors: those of reading it.
[[nodiscard]] Result<LedgerGaps> decide_ledger(Differ& differ, const std::string& folder, const ledger::Progress& progress);

}  // namespace writ::cli
