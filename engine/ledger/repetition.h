// What a repeated idempotency key gives: docs/ledger.md, "Once". The meet of the grant of then and of what
// would be granted now, so that neither a revocation since nor a second key's worth of time is passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "writ/decision.h"

namespace writ::ledger {

/// What is left of today's grant.
struct Meeting {
    std::string_view nothing;            ///< the reason code if nothing is left; then the rest says nothing
    std::vector<bool> scopes, audience;  ///< which of today's stay
    std::int64_t ttl = 0;                ///< seconds from today's `now`, up to the end of the earlier grant
    std::optional<std::int64_t> not_after;
    bool single_use = false;
    std::vector<Obligation> added;  ///< duties of then that today does not have
};

/// Requires: both permit. Both are in the form of records, in which texts may be masked.
[[nodiscard]] Meeting meet(const Decision& earlier, const Decision& today);
/// Narrows a grant to what is left. Requires: !meeting.nothing, and the same scopes and audiences as `today`.
void narrow(Grant& grant, const Meeting& meeting);

/// Makes a decision a deny with one reason. Keeps who it is about.
void deny(Decision& decision, std::string_view code, std::string_view detail = {});

}  // namespace writ::ledger
