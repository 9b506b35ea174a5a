// Approvals that come back: what a service of access requests signed, as approvals of a request document. Not here:
// whether an approval counts, which the policy and the decision say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "os/keys.h"

namespace writ::serve {

/// Whom to believe.
struct ApprovalTrust {
    os::KeyBytes key{};  ///< of the service
    std::string issuer;  ///< the service's identifier
};

/// Reads `context.approval`: its `state` is a compact JWS with EdDSA. Only the signed part is believed.
/// Input: audience: the identifier of this decision point; now: seconds since 1970.
/// Output: an array for `approvals`, one for each approver; none if the approval cannot be believed.
[[nodiscard]] std::optional<json::Value> read_approval(const json::Value& approval, const ApprovalTrust& trust,
                                                       std::string_view audience, std::int64_t now);

}  // namespace writ::serve
