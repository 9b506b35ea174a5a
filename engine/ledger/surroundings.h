// Fields of a record that come from the request document and not from the decision: as stated, whatever their
// provenance. They are not used to decide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "ledger/keyed.h"
#include "writ/ledger.h"

namespace writ::ledger {

/// Fills in the fields from the document and the catalogue. Views into both.
void read_surroundings(const json::Node& request, const Layers& layers, Record& record);

/// The digest by which an idempotency key is looked up: it belongs to one agent of one tenant.
[[nodiscard]] Hash key_of(const Attribution& who, std::string_view key, const Keyed& keyed);
/// The digest of who requests what: docs/ledger.md, "Once". Everything else may differ when a request is repeated.
[[nodiscard]] Hash ask_of(const json::Node& request, const Keyed& keyed);

/// Names of the approvals that a permit counts; of all approvals if it is unknown which were counted. The name of an
/// approval is its id in the canonical spelling of revocations.
struct CountedApprovals {
    std::vector<std::string> used;    ///< with a single use, which the permit spends
    std::vector<std::string> unused;  ///< all others, which must not have been spent before
};
[[nodiscard]] CountedApprovals counted_approvals(const json::Node& request, const Decision& decision,
                                                 const Keyed& keyed);

}  // namespace writ::ledger
