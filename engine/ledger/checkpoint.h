// Storage of a ledger's checkpoints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/segment.h"
#include "writ/checkpoint.h"

namespace writ::ledger {

[[nodiscard]] std::string origin_of(const LedgerId& id);
[[nodiscard]] std::string checkpoint_path(const std::string& folder, std::uint64_t size);
/// Sizes of the checkpoints in a ledger's folder, ascending; empty if there are none.
[[nodiscard]] Result<std::vector<std::uint64_t>> checkpoints_in(const std::string& folder);

/// The ledger's own checkpoint at a size, signed or not.
/// Errors: G0002, G0040.
[[nodiscard]] Result<Checkpoint> own_checkpoint(const std::string& folder, std::uint64_t size);

}  // namespace writ::ledger
