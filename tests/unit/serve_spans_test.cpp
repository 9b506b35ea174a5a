// Tests the settings of spans, their ids and who decides whether a trace is recorded.
#include <doctest/doctest.h>

#include <map>

#include "base/traceparent.h"
#include "serve/spans.h"

using namespace writ;
using namespace writ::serve;

namespace {

using Variables = std::map<std::string, std::string>;

Result<SpanSettings> settings_of(Variables variables) {
    return SpanSettings::read([&](const char* name) { return variables[name]; });
}

SpanSettings good(Variables variables) {
    variables.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    auto read = settings_of(std::move(variables));
    REQUIRE(read);
    return *read;
}

std::string refusal(Variables variables) {
    variables.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    const auto read = settings_of(std::move(variables));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == "H0004");
    return read.error().message;
}

const std::string kCaller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";

/// How many of 1,000 new traces are recorded.
int recorded(const Variables& variables) {
    Spans spans(good(variables), [](const std::string&) {});
    int out = 0;
    for (int i = 0; i < 1'000; ++i) out += spans.begin("").sampled ? 1 : 0;
    return out;
}

}  // namespace

TEST_CASE("serve spans: settings") {
    CHECK(settings_of({})->url.empty());
    CHECK(good({{"OTEL_SDK_DISABLED", "true"}}).url.empty());
    CHECK(good({{"OTEL_TRACES_EXPORTER", "none"}}).url.empty());
    CHECK(good({}).url == "http://127.0.0.1:9/v1/traces");
    CHECK(good({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/x/"}}).url == "https://c/x/v1/traces");
    CHECK(good({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c/t"}}).url == "https://c/t");
    CHECK(good({{"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20k, a=b"}}).headers ==
          std::vector<std::string>{"authorization: Bearer k", "a: b"});
    const auto attributes =
        good({{"OTEL_RESOURCE_ATTRIBUTES", "zone=a,service.name=x"}, {"OTEL_SERVICE_NAME", "pdp"}}).attributes;
    CHECK(attributes == std::vector<std::pair<std::string, std::string>>{{"zone", "a"}, {"service.name", "pdp"}});
    CHECK(good({{"OTEL_BSP_SCHEDULE_DELAY", "250"}}).delay.count() == 250);

    CHECK(refusal({{"OTEL_EXPORTER_OTLP_ENDPOINT", "file:///etc/passwd"}}).find("neither http://") !=
          std::string::npos);
    CHECK(refusal({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}).find("http/json") != std::string::npos);
    for (const char* headers : {"authorization", "=x", "a=b%0d%0ac: d"})
        CHECK(refusal({{"OTEL_EXPORTER_OTLP_HEADERS", headers}}).find("is not a list") != std::string::npos);
    CHECK(refusal({{"OTEL_BSP_MAX_QUEUE_SIZE", "0"}}).find("is not a number") != std::string::npos);
    CHECK(refusal({{"OTEL_EXPORTER_OTLP_TIMEOUT", "5s"}}).find("is not a number") != std::string::npos);
    CHECK(refusal({{"OTEL_TRACES_SAMPLER", "jaeger_remote"}}).find("none of the samplers") != std::string::npos);
    CHECK(refusal({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "nan"}})
              .find("is not a number") != std::string::npos);
}

TEST_CASE("serve spans: a span is in its caller's trace, or in a new one") {
    Spans spans(good({}), [](const std::string&) {});
    const OpenSpan in = spans.begin(kCaller + "1");
    CHECK(in.sampled);
    const std::string written = in.traceparent();
    CHECK(read_traceparent(written).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(read_traceparent(written).span_id != "00f067aa0ba902b7");
    CHECK(read_traceparent(written).sampled);
    CHECK(std::string_view(in.parent_id.data(), 16) == "00f067aa0ba902b7");
    for (const char* header : {"", "00-x"}) {
        const OpenSpan fresh = spans.begin(header);
        CHECK(fresh.sampled);
        CHECK(fresh.parent_id[0] == '\0');
        const std::string own = fresh.traceparent();
        CHECK(read_traceparent(own).trace_id.size() == 32);
        CHECK(spans.begin(header).traceparent() != own);
    }
}

TEST_CASE("serve spans: who decides whether a trace is recorded") {
    CHECK_FALSE(Spans(good({}), {}).begin(kCaller + "0").sampled);
    CHECK(Spans(good({{"OTEL_TRACES_SAMPLER", "always_on"}}), {}).begin(kCaller + "0").sampled);
    CHECK_FALSE(Spans(good({{"OTEL_TRACES_SAMPLER", "always_off"}}), {}).begin(kCaller + "1").sampled);
    CHECK(Spans(good({{"OTEL_TRACES_SAMPLER", "parentbased_always_off"}}), {}).begin(kCaller + "1").sampled);
    CHECK(recorded({{"OTEL_TRACES_SAMPLER", "parentbased_always_off"}}) == 0);
    const int tenth =
        recorded({{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.1"}});
    CHECK(tenth > 40);
    CHECK(tenth < 200);
}
