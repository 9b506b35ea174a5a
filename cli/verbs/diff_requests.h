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
    std::uint64_t no_request = 0;  ///< recorded by digest, or refused
    std::uint64_t overruled = 0;   ///< denied by the ledger, whatever the policy says
    std::uint64_t repeated = 0;    ///< what was left of an earlier decision
    std::uint64_t undecided = 0;   ///< one of the policies reads what was masked
};
/// Decides every request that a ledger recorded, shadow decisions aside.
/// Input:  `policies`, every bundle of either side.
/// Errors: those of reading it.
[[nodiscard]] Result<LedgerGaps> decide_ledger(Differ& differ, const std::string& folder, const Layers& policies,
                                               const ledger::Progress& progress);

}  // namespace writ::cli
