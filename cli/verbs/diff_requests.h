// Reads the requests of a comparison from files and ledgers.
#pragma once

#include <cstdint>
#include <string>

#include "writ/audit.h"
#include "writ/diff.h"

namespace writ::cli {

/// Decides every request in a file or a folder: each *.json is one, each line of a *.jsonl is one.
/// Errors: F0001 a file cannot be read, or there is none; Q0001 to Q0006, with the place: it is not a request.
[[nodiscard]] Result<void> decide_files(Differ& differ, const std::string& path);

/// The records of a ledger that could not be decided again.
struct LedgerGaps {
    std::uint64_t no_request = 0;  ///< recorded by digest only, or refused
    std::uint64_t overruled = 0;   ///< denied by the ledger, whatever the policy decided
    std::uint64_t repeated = 0;    ///< answers that repeat an earlier decision
    std::uint64_t undecided = 0;   ///< one of the policies reads values that were masked
};
/// Decides every request that a ledger recorded, except shadow decisions.
/// Input:  `policies`: every bundle of both sides.
/// Errors: those of reading the ledger.
[[nodiscard]] Result<LedgerGaps> decide_ledger(Differ& differ, const std::string& folder, const Layers& policies,
                                               const ledger::Progress& progress);

}  // namespace writ::cli
