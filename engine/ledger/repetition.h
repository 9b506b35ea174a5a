// The answer to a repeated idempotency key: docs/ledger.md, "Once". It is the meet of the earlier grant and of what
// would be granted now. So later revocations apply, and the key gives no additional lifetime.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "writ/decision.h"

namespace writ::ledger {

/// The common part of the earlier grant and today's.
struct Meeting {
    std::string_view nothing;            ///< the reason code if nothing is left; the other members are then unused
    std::vector<bool> scopes, audience;  ///< which of today's remain
    std::int64_t ttl = 0;                ///< seconds from today's `now` to the end of the earlier grant at most
    std::optional<std::int64_t> not_after;
    bool single_use = false;
    std::vector<Obligation> added;  ///< obligations of the earlier grant that today's does not have
};

/// Requires: both permit. Both have the form of records, in which texts may be masked.
[[nodiscard]] Meeting meet(const Decision& earlier, const Decision& today);
/// Narrows a grant to the common part. Requires: !meeting.nothing, and the same scopes and audiences as `today`.
void narrow(Grant& grant, const Meeting& meeting);

/// Makes a decision a deny with one reason. Keeps the attribution.
void deny(Decision& decision, std::string_view code, std::string_view detail = {});

}  // namespace writ::ledger
