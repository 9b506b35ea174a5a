// What the load generator counts: latencies, answers, and what was wrong.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace writ::bench {

/// Counts durations, with an error of at most one per cent.
class Histogram {
public:
    void add(std::chrono::nanoseconds duration) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
        ++counts_[index_of(value)];
        ++total_;
        most_ = std::max(most_, value);
    }
    void add(const Histogram& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        total_ += other.total_;
        most_ = std::max(most_, other.most_);
    }
    [[nodiscard]] double microseconds_at(double share) const {
        auto left = static_cast<std::uint64_t>(share * static_cast<double>(total_));
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > left) return static_cast<double>(value_of(i)) / 1e3;
            left -= counts_[i];
        }
        return most();
    }
    [[nodiscard]] double most() const { return static_cast<double>(most_) / 1e3; }

private:
    static constexpr unsigned kBits = 7;  ///< of each value, after its highest
    static std::size_t index_of(std::uint64_t value) {
        if (value < (1u << kBits)) return value;
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
        return ((std::size_t{shift} + 1) << kBits) + ((value >> shift) & ((1u << kBits) - 1));
    }
    static std::uint64_t value_of(std::size_t index) {
        if (index < (1u << kBits)) return index;
        const auto shift = static_cast<unsigned>(index >> kBits) - 1;
        return ((1ull << kBits) + (index & ((1u << kBits) - 1))) << shift;
    }

    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(std::size_t{58} << kBits);
    std::uint64_t total_ = 0, most_ = 0;
};

struct Tally {
    Histogram latency;
    std::uint64_t requests = 0, answers = 0;
    std::map<std::string, std::uint64_t> errors;
    std::string example;  ///< of the first error
    std::set<std::string, std::less<>> digests;

    void error(const std::string& what, std::string_view more = {}) {
        ++errors[what];
        if (example.empty()) example = what + ": " + std::string(more.substr(0, 400));
    }
    void add(const Tally& other) {
        latency.add(other.latency);
        requests += other.requests;
        answers += other.answers;
        for (const auto& [what, count] : other.errors) errors[what] += count;
        if (example.empty()) example = other.example;
        digests.insert(other.digests.begin(), other.digests.end());
    }
};

}  // namespace writ::bench
