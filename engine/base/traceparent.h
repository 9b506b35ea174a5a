// The header `traceparent` of W3C Trace Context.
#pragma once

#include <string_view>

namespace writ {

/// Views into the header. Both ids are lower-case hex, and empty if the header is malformed or either is all zeros.
struct TraceContext {
    std::string_view trace_id, span_id;  ///< 32 and 16 digits
    bool sampled = false;                ///< the caller records this trace
};
[[nodiscard]] TraceContext read_traceparent(std::string_view header);

}  // namespace writ
