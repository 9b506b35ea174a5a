#include "serve/metrics.h"

#include <fmt/format.h>

namespace writ::serve {

namespace {

constexpr std::string_view kEffects[] = {"deny", "needs_approval", "permit"};

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void Histogram::add(std::chrono::nanoseconds duration) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && duration.count() > kBounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    nanoseconds_.fetch_add(duration.count(), std::memory_order_relaxed);
}

void Histogram::write(std::string& out, std::string_view name) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        sum += counts_[i].load(std::memory_order_relaxed);
        const std::string bound =
            i < kBounds.size() ? fmt::format("{}", static_cast<double>(kBounds[i]) / 1e9) : "+Inf";
        out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, bound, sum);
    }
    out += fmt::format("{}_sum {:.9f}\n{}_count {}\n", name, static_cast<double>(nanoseconds_.load()) / 1e9, name, sum);
}

void Metrics::count_answer(std::string_view route, unsigned status) {
    const std::lock_guard hold(lock_);
    ++answers_[{std::string(route), status}];
}

void Metrics::count_reject(std::string_view code) {
    const std::lock_guard hold(lock_);
    ++rejects_[std::string(code)];
}

std::string Metrics::text() const {
    std::string out;
    head(out, "writ_decisions_total", "counter", "Decisions that were given out");
    for (std::size_t i = 0; i < decisions.size(); ++i)
        out += fmt::format("writ_decisions_total{{effect=\"{}\"}} {}\n", kEffects[i], decisions[i].load());
    head(out, "writ_decide_duration_seconds", "histogram", "From a whole request to its decision");
    decide.write(out, "writ_decide_duration_seconds");
    head(out, "writ_ledger_append_seconds", "histogram", "From a whole request to its durable record");
    append.write(out, "writ_ledger_append_seconds");
    const std::lock_guard hold(lock_);
    head(out, "writ_http_requests_total", "counter", "Requests that were answered");
    for (const auto& [key, count] : answers_)
        out += fmt::format("writ_http_requests_total{{route=\"{}\",code=\"{}\"}} {}\n", key.first, key.second, count);
    head(out, "writ_policy_rejects_total", "counter", "Activations and revocations that were refused");
    for (const auto& [code, count] : rejects_)
        out += fmt::format("writ_policy_rejects_total{{code=\"{}\"}} {}\n", code, count);
    return out;
}

void write_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                  std::uint64_t value) {
    head(out, name, type, help);
    out += fmt::format("{} {}\n", name, value);
}

}  // namespace writ::serve
