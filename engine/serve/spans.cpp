#include "serve/spans.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/json_writer.h"
#include "base/random.h"
#include "base/traceparent.h"
#include "writ/errors.h"

namespace writ::serve {

using std::chrono::milliseconds;
using std::chrono::system_clock;

// ---- settings -----------------------------------------------------------------------------------

namespace {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

std::string unescaped(const std::string& text) {
    int size = 0;
    char* const made = curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size);
    if (made == nullptr) return text;
    std::string out(made, static_cast<std::size_t>(size));
    curl_free(made);
    return out;
}

/// `name=value,name=value`, with escapes in values. Output: none if it is malformed.
std::optional<NamedTexts> list_of(std::string_view text) {
    NamedTexts out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        const std::size_t equals = item.find('=');
        if (equals == 0 || equals == std::string_view::npos) return {};
        std::string value = unescaped(std::string(item.substr(equals + 1)));
        const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
        if (std::any_of(item.begin(), item.begin() + static_cast<std::ptrdiff_t>(equals), control) ||
            std::any_of(value.begin(), value.end(), control))
            return {};
        out.emplace_back(item.substr(0, equals), std::move(value));
    }
    return out;
}

struct Sampler {
    std::string_view name;
    bool follow;
    std::optional<double> share;  ///< none: OTEL_TRACES_SAMPLER_ARG has it
};

constexpr Sampler kSamplers[] = {
    {"always_on", false, 1},
    {"always_off", false, 0},
    {"traceidratio", false, {}},
    {"parentbased_always_on", true, 1},
    {"parentbased_always_off", true, 0},
    {"parentbased_traceidratio", true, {}},
};

/// Reads the variables, and keeps the first error.
struct VariableReader {
    const SpanSettings::Variable& variable;
    std::optional<Error> error;

    void wrong(std::string_view name, std::string why) {
        if (!error) error = failure(Code::ConfigurationNotValid, std::string(name) + " " + std::move(why));
    }
    template <class Number>
    void number(const char* name, Number least, Number most, Number& to) {
        const std::string text = variable(name);
        if (text.empty()) return;
        Number read{};
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), read);
        if (failed != std::errc{} || end != text.data() + text.size() || !(read >= least && read <= most))
            return wrong(name, "is not a number from " + std::to_string(least) + " to " + std::to_string(most));
        to = read;
    }
    void span_of_time(const char* name, milliseconds& to) {
        std::int64_t count = to.count();
        number<std::int64_t>(name, 1, 3'600'000, count);
        to = milliseconds(count);
    }
    NamedTexts list(const char* name) {
        auto read = list_of(variable(name));
        if (!read) wrong(name, "is not a list such as `name=value,name=value`");
        return read ? std::move(*read) : NamedTexts();
    }
    void sampler(SpanSettings& to) {
        const std::string name = variable("OTEL_TRACES_SAMPLER");
        if (name.empty()) return;
        const auto* const found = std::find_if(std::begin(kSamplers), std::end(kSamplers),
                                               [&](const Sampler& each) { return each.name == name; });
        if (found == std::end(kSamplers))
            return wrong("OTEL_TRACES_SAMPLER", "is none of the samplers of OpenTelemetry that `writ serve` has");
        to.follow_caller = found->follow;
        to.share = found->share.value_or(1);
        if (!found->share) number<double>("OTEL_TRACES_SAMPLER_ARG", 0, 1, to.share);
    }
};

}  // namespace

Result<SpanSettings> SpanSettings::read(const Variable& variable) {
    SpanSettings out;
    if (variable("OTEL_SDK_DISABLED") == "true" || variable("OTEL_TRACES_EXPORTER") == "none") return out;
    VariableReader from{variable, {}};
    const auto either = [&](const char* traces, const char* all) {
        std::string found = variable(traces);
        return found.empty() ? variable(all) : found;
    };
    out.url = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    if (out.url.empty()) {
        out.url = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
        if (out.url.empty()) return out;
        out.url += out.url.ends_with('/') ? "v1/traces" : "/v1/traces";
    }
    if (!out.url.starts_with("http://") && !out.url.starts_with("https://"))
        from.wrong("OTEL_EXPORTER_OTLP_ENDPOINT", "is neither http:// nor https://");
    const std::string protocol = either("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
    if (!protocol.empty() && protocol != "http/json")
        from.wrong("OTEL_EXPORTER_OTLP_PROTOCOL", "is not `http/json`, the only protocol that `writ serve` has");
    const bool own_headers = !variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS").empty();
    for (const auto& [name, value] :
         from.list(own_headers ? "OTEL_EXPORTER_OTLP_TRACES_HEADERS" : "OTEL_EXPORTER_OTLP_HEADERS"))
        out.headers.push_back(name + ": " + value);
    out.attributes = from.list("OTEL_RESOURCE_ATTRIBUTES");
    std::erase_if(out.attributes, [](const auto& each) { return each.first == "service.name"; });
    const std::string service = variable("OTEL_SERVICE_NAME");
    out.attributes.emplace_back("service.name", service.empty() ? "writ" : service);
    from.span_of_time("OTEL_EXPORTER_OTLP_TIMEOUT", out.timeout);
    from.span_of_time("OTEL_BSP_SCHEDULE_DELAY", out.delay);
    from.number<std::size_t>("OTEL_BSP_MAX_QUEUE_SIZE", 1, 1'000'000, out.queue);
    from.number<std::size_t>("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 100'000, out.batch);
    from.sampler(out);
    if (from.error) return tl::unexpected(std::move(*from.error));
    return out;
}

// ---- one span -----------------------------------------------------------------------------------

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void write_hex(std::uint64_t value, char* to) {
    for (int i = 15; i >= 0; --i, value >>= 4) to[i] = kHexDigits[value & 15];
}

/// Spreads the bits of a counter, so that ids differ in all digits (SplitMix64).
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

std::string_view text_of(const auto& id) {
    return {id.data(), id.size()};
}

struct EndedSpan {
    OpenSpan span;
    SpanEnd how;
    system_clock::time_point end;
};

std::string nanoseconds(system_clock::time_point moment) {
    return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(moment.time_since_epoch()).count());
}

void write_text_attribute(json::Writer& to, std::string_view name, std::string_view value) {
    to.open('{');
    to.key("key"), to.text(name);
    to.next_key("value");
    to.open('{');
    to.key("stringValue"), to.text(value);
    to.close('}');
    to.close('}');
}

void write_span(json::Writer& to, const EndedSpan& each) {
    constexpr int kServer = 2, kError = 2;
    const bool any = each.how.method == "*";
    to.open('{');
    to.key("traceId"), to.text(text_of(each.span.trace_id));
    to.next_key("spanId"), to.text(text_of(each.span.span_id));
    if (each.span.parent_id[0] != '\0') to.next_key("parentSpanId"), to.text(text_of(each.span.parent_id));
    to.next_key("name"), to.text(std::string(any ? "HTTP" : each.how.method) + " " + std::string(each.how.route));
    to.next_key("kind"), to.number(kServer);
    to.next_key("startTimeUnixNano"), to.text(nanoseconds(each.span.begin));
    to.next_key("endTimeUnixNano"), to.text(nanoseconds(each.end));
    to.next_key("attributes");
    to.open('[');
    write_text_attribute(to, "http.request.method", any ? "_OTHER" : each.how.method);
    write_text_attribute(to, "http.route", each.how.route);
    to.open('{');
    to.key("key"), to.text("http.response.status_code");
    to.next_key("value");
    to.open('{');
    to.key("intValue"), to.text(std::to_string(each.how.status));
    to.close('}');
    to.close('}');
    to.close(']');
    if (each.how.status >= 500) {
        to.next_key("status");
        to.open('{');
        to.key("code"), to.number(kError);
        to.close('}');
    }
    to.close('}');
}

/// The body of an export.
std::string export_of(const std::vector<EndedSpan>& spans, const NamedTexts& attributes) {
    json::Writer to;
    to.open('{');
    to.key("resourceSpans");
    to.open('[');
    to.open('{');
    to.key("resource");
    to.open('{');
    to.key("attributes");
    to.open('[');
    for (const auto& [name, value] : attributes) write_text_attribute(to, name, value);
    to.close(']');
    to.close('}');
    to.next_key("scopeSpans");
    to.open('[');
    to.open('{');
    to.key("scope");
    to.open('{');
    to.key("name"), to.text("writ.serve");
    to.next_key("version"), to.text(WRIT_VERSION);
    to.close('}');
    to.next_key("spans");
    to.open('[');
    for (const EndedSpan& each : spans) write_span(to, each);
    to.close(']');
    to.close('}');
    to.close(']');
    to.close('}');
    to.close(']');
    to.close('}');
    return to.take();
}

/// One connection to the collector. Used by one thread.
class Collector {
public:
    /// Ends a transfer as soon as this moment has passed; 0: it does not end.
    std::atomic<std::int64_t> last{0};  ///< nanoseconds of the steady clock

    explicit Collector(const SpanSettings& settings) : curl_(curl_easy_init()) {
        curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, this);
        curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, &Collector::progress);
        headers_ = curl_slist_append(headers_, "Content-Type: application/json");
        for (const std::string& each : settings.headers) headers_ = curl_slist_append(headers_, each.c_str());
        curl_easy_setopt(curl_, CURLOPT_URL, settings.url.c_str());
        curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
        curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Collector::ignore);
        curl_easy_setopt(curl_, CURLOPT_MAXFILESIZE_LARGE, curl_off_t{1 << 20});
    }
    ~Collector() {
        curl_easy_cleanup(curl_);
        curl_slist_free_all(headers_);
    }
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    /// Output: why the collector did not take it; empty: it did.
    std::string send(const std::string& body, milliseconds most) {
        if (curl_ == nullptr) return "libcurl cannot be used";
        curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(most.count()));
        curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
        const CURLcode sent = curl_easy_perform(curl_);
        if (sent != CURLE_OK) return curl_easy_strerror(sent);
        long status = 0;
        curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
        return status / 100 == 2 ? "" : "the collector answered " + std::to_string(status);
    }

private:
    static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        const std::int64_t last = static_cast<Collector*>(self)->last;
        return last != 0 && std::chrono::steady_clock::now().time_since_epoch().count() > last ? 1 : 0;
    }
    static std::size_t ignore(const char*, std::size_t size, std::size_t count, void*) { return size * count; }

    CURL* curl_;
    curl_slist* headers_ = nullptr;
};

}  // namespace

std::string OpenSpan::traceparent() const {
    return "00-" + std::string(text_of(trace_id)) + "-" + std::string(text_of(span_id)) + (sampled ? "-01" : "-00");
}

// ---- sending ------------------------------------------------------------------------------------

struct Spans::Impl {
    SpanSettings settings;
    Teller tell;
    std::array<std::uint64_t, 2> seed{};
    std::atomic<std::uint64_t> made{0}, dropped{0};
    std::mutex lock;
    std::condition_variable changed;
    std::deque<EndedSpan> waiting;  // guarded by lock, as is `ending`
    bool ending = false;
    Collector collector{settings};
    std::thread thread;

    explicit Impl(SpanSettings given) : settings(std::move(given)) {}

    std::uint64_t new_id() { return mixed(seed[0] + made.fetch_add(1, std::memory_order_relaxed)) | 1; }

    /// The next batch, after a while or as soon as it is full. Output: empty at the end.
    std::vector<EndedSpan> next() {
        std::unique_lock hold(lock);
        const auto full = [this] { return ending || waiting.size() >= settings.batch; };
        do changed.wait_for(hold, settings.delay, full);
        while (waiting.empty() && !ending);
        const std::size_t count = std::min(waiting.size(), settings.batch);
        std::vector<EndedSpan> out(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
        return out;
    }

    void run() {
        std::string failed;
        for (;;) {
            const std::vector<EndedSpan> batch = next();
            if (batch.empty()) return;
            const std::string why = collector.send(export_of(batch, settings.attributes), settings.timeout);
            if (!why.empty()) dropped += batch.size();
            if (why.empty() != failed.empty()) tell(why);
            failed = why;
        }
    }
};

Spans::Spans(SpanSettings settings, Teller tell) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    impl_ = std::make_unique<Impl>(std::move(settings));
    impl_->tell = std::move(tell);
    fill_secret(impl_->seed.data(), sizeof impl_->seed);
    impl_->thread = std::thread([self = impl_.get()] { self->run(); });
}

Spans::~Spans() {
    const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    impl_->collector.last = last.time_since_epoch().count();
    {
        const std::lock_guard hold(impl_->lock);
        impl_->ending = true;
    }
    impl_->changed.notify_one();
    impl_->thread.join();
}

OpenSpan Spans::begin(std::string_view traceparent) {
    OpenSpan out;
    out.begin = system_clock::now();
    const TraceContext caller = read_traceparent(traceparent);
    if (!caller.trace_id.empty()) {
        caller.trace_id.copy(out.trace_id.data(), out.trace_id.size());
        caller.span_id.copy(out.parent_id.data(), out.parent_id.size());
    } else {
        write_hex(mixed(impl_->seed[1] ^ impl_->new_id()), out.trace_id.data());
        write_hex(impl_->new_id(), out.trace_id.data() + 16);
    }
    write_hex(impl_->new_id(), out.span_id.data());
    if (impl_->settings.follow_caller && !caller.trace_id.empty()) {
        out.sampled = caller.sampled;
    } else {
        // All services of a trace decide alike, by its id.
        std::uint64_t low = 0;
        std::from_chars(out.trace_id.data() + 16, out.trace_id.data() + 32, low, 16);
        constexpr double kAll = 18'446'744'073'709'551'616.0;  // 2^64
        out.sampled = static_cast<double>(low) < impl_->settings.share * kAll;
    }
    return out;
}

void Spans::end(const OpenSpan& span, const SpanEnd& how) {
    if (!span.sampled) return;
    {
        const std::lock_guard hold(impl_->lock);
        if (impl_->waiting.size() >= impl_->settings.queue) {
            ++impl_->dropped;
            return;
        }
        impl_->waiting.push_back({span, how, system_clock::now()});
        if (impl_->waiting.size() < impl_->settings.batch) return;
    }
    impl_->changed.notify_one();
}

std::uint64_t Spans::dropped() const {
    return impl_->dropped;
}

}  // namespace writ::serve
