#include "base/traceparent.h"

#include <algorithm>

namespace writ {

namespace {

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

TraceContext read_traceparent(std::string_view header) {
    constexpr std::size_t kLength = 55;  // version 00; later versions may be longer, with the same start
    if (header.size() < kLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
    const std::string_view version = header.substr(0, 2), trace = header.substr(3, 32), span = header.substr(36, 16),
                           flags = header.substr(53, 2);
    if (!is_hex(version) || !is_hex(trace) || !is_hex(span) || !is_hex(flags)) return {};
    if (version == "ff" || all_zero(trace) || all_zero(span)) return {};
    if (header.size() > kLength && (version == "00" || header[kLength] != '-')) return {};
    constexpr std::string_view kOdd = "13579bdf";  // the last bit is `sampled`
    return {trace, span, kOdd.find(flags[1]) != std::string_view::npos};
}

}  // namespace writ
