// Spans: one for each request of a trace, sent to an OpenTelemetry collector over OTLP/HTTP as JSON. A thread of its
// own sends them, so no request waits for the collector.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "writ/diagnostic.h"

namespace writ::serve {

/// What OpenTelemetry's standard variables of the environment say.
struct SpanSettings {
    std::string url;                                              ///< for traces; empty: there are no spans
    std::vector<std::string> headers;                             ///< `Name: value`
    std::vector<std::pair<std::string, std::string>> attributes;  ///< of this service
    std::chrono::milliseconds timeout{10'000};                    ///< for one batch
    std::chrono::milliseconds delay{5'000};                       ///< between two batches
    std::size_t queue = 2'048, batch = 512;                       ///< spans that wait, and those of one batch
    bool follow_caller = true;  ///< what the caller decided counts; otherwise, and for new traces, `share`
    double share = 1;           ///< of traces that are recorded

    using Variable = std::function<std::string(const char* name)>;  ///< empty: not set
    /// Errors: H0004.
    /// Source: docs/serve.md, "Traces"
    [[nodiscard]] static Result<SpanSettings> read(const Variable& variable);
};

/// A span that has begun.
struct OpenSpan {
    std::array<char, 32> trace_id{};
    std::array<char, 16> span_id{}, parent_id{};  ///< parent_id: zero bytes if there is none
    bool sampled = false;
    std::chrono::system_clock::time_point begin;

    /// The header `traceparent` that names this span.
    [[nodiscard]] std::string traceparent() const;
};

/// How a request ended. The texts must live as long as the program.
struct SpanEnd {
    std::string_view method, route;  ///< of the route; method `*`: any
    unsigned status = 0;
};

/// Any thread may call it.
class Spans {
public:
    /// Tells once why spans could not be sent, and, with an empty text, once that they can again.
    using Teller = std::function<void(const std::string& why)>;

    /// Requires: settings.url is not empty.
    Spans(SpanSettings settings, Teller tell);
    /// Sends what waits, for at most two seconds.
    ~Spans();
    Spans(const Spans&) = delete;
    Spans& operator=(const Spans&) = delete;

    /// Begins a span: in the caller's trace, or in a new one if the header is missing or malformed.
    [[nodiscard]] OpenSpan begin(std::string_view traceparent);
    /// Queues a span if it is sampled. Drops it if the queue is full.
    void end(const OpenSpan& span, const SpanEnd& how);
    /// Spans that were dropped, or that the collector did not take.
    [[nodiscard]] std::uint64_t dropped() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::serve
