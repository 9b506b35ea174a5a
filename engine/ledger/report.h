// The queries about all decisions.
#pragma once

#include <cstdint>
#include <vector>

#include "ledger/index.h"

namespace writ::ledger {

[[nodiscard]] Result<std::vector<InquiryTable>> report_on(Index& index, std::int64_t since);

}  // namespace writ::ledger
