// The JSON of a recorded decision, for parts of the ledger that write it piece by piece.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "writ/ledger.h"

namespace writ::ledger {

/// Adds the members of the record to a decision that writ::to_json() wrote for the operator.
[[nodiscard]] std::string with_record(std::string json, std::optional<std::uint64_t> record,
                                      const std::optional<Earlier>& earlier);

}  // namespace writ::ledger
