// What a request document says besides what the decision says: for the record, as it was stated, whatever
// its provenance. Nothing here is used to decide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "ledger/keyed.h"
#include "writ/ledger.h"

namespace writ::ledger {

/// Fills in what the document and the catalogue say. Views into both.
void read_surroundings(const json::Node& request, const Layers& layers, Record& record);

/// Trace and span of a W3C traceparent; both empty if it is malformed or either is all zeros.
struct Trace {
    std::string_view trace_id, span_id;
};
[[nodiscard]] Trace read_traceparent(std::string_view header);

/// Under what an idempotency key is looked up: it is a key of one tenant's one agent.
[[nodiscard]] Hash key_of(const Attribution& who, std::string_view key, const Keyed& keyed);
/// What is asked by whom: docs/ledger.md, "Once". All else may differ when the same is asked again.
[[nodiscard]] Hash ask_of(const json::Node& request, const Keyed& keyed);

/// Names of the approvals that a permit counts; of every approval where it cannot be told which were counted. An
/// approval's name is its id in the one spelling that revocations use, and nothing else that it says.
struct CountedApprovals {
    std::vector<std::string> used;    ///< good for one use: the permit uses them up
    std::vector<std::string> unused;  ///< all others: they must not have been used up before
};
[[nodiscard]] CountedApprovals counted_approvals(const json::Node& request, const Decision& decision,
                                                 const Keyed& keyed);

}  // namespace writ::ledger
