// Counters and histograms of the service, as Prometheus text. No label names a principal.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace writ::serve {

/// Counts durations. Any thread may add.
class Histogram {
public:
    void add(std::chrono::nanoseconds duration);
    /// Appends `NAME_bucket{le="…"}`, `_sum` and `_count`, in seconds.
    void write(std::string& out, std::string_view name) const;

private:
    static constexpr std::array<std::int64_t, 12> kBounds{5'000,     10'000,    25'000,     50'000,
                                                          100'000,   250'000,   500'000,    1'000'000,
                                                          2'500'000, 5'000'000, 10'000'000, 100'000'000};
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
    std::atomic<std::int64_t> nanoseconds_{0};
};

class Metrics {
public:
    std::array<std::atomic<std::uint64_t>, 3> decisions{};  ///< by Effect
    Histogram decide;                                       ///< from the request's last byte to the decision
    Histogram append;                                       ///< from the request's last byte to its durable record

    void count_answer(std::string_view route, unsigned status);
    void count_reject(std::string_view code);
    /// `writ_http_requests_total` and `writ_policy_rejects_total`, and the above.
    [[nodiscard]] std::string text() const;

private:
    mutable std::mutex lock_;
    std::map<std::pair<std::string, unsigned>, std::uint64_t> answers_;
    std::map<std::string, std::uint64_t> rejects_;
};

/// Appends `# HELP`, `# TYPE` and one line without labels.
void write_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                  std::uint64_t value);

}  // namespace writ::serve
