// What a request document says besides what the decision says: for the record, as it was stated, whatever
// its provenance. Nothing here is used to decide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/json_reader.h"
#include "writ/ledger.h"

namespace writ::ledger {

/// Fills in what the document and the catalogue say. Views into both.
void read_surroundings(const json::Node& request, const Layers& layers, Record& record);

/// Trace and span of a W3C traceparent; both empty if it is malformed or either is all zeros.
struct Trace {
    std::string_view trace_id, span_id;
};
[[nodiscard]] Trace read_traceparent(std::string_view header);

/// What was asked, apart from what differs when the same is asked again: the moment, the request's own
/// id, and which attempt it is.
[[nodiscard]] Hash ask_of(const json::Value& request);

/// Approvals that a permit uses up: those good for one use, by approvers it counted.
[[nodiscard]] std::vector<std::string> used_approvals(const json::Node& request, const Decision& decision);

}  // namespace writ::ledger
