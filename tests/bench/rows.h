// One row of the race: a way to decide, verified against the expected answers, then timed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "allocations.h"

namespace bench {

/// The 99th percentile of decisions timed one by one, less what reading the clock twice costs. The first
/// pass only warms up.
template <class Decide>
double p99_ns(std::size_t count, Decide& decide) {
    using Clock = std::chrono::steady_clock;
    const auto percentile = [](std::vector<double>& values, double part) {
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size()));
        std::nth_element(values.begin(), at, values.end());
        return *at;
    };
    const auto time = [](auto&& what) {
        const auto started = Clock::now();
        what();
        return std::chrono::duration<double, std::nano>(Clock::now() - started).count();
    };
    std::vector<double> empty, taken;
    for (int i = 0; i < 1001; ++i) empty.push_back(time([] {}));
    for (int pass = 0; pass < 2; ++pass) {
        taken.clear();
        for (std::size_t repeat = 0; repeat < 1 + 5'000 / count; ++repeat)
            for (std::size_t i = 0; i < count; ++i)
                taken.push_back(time([&] { benchmark::DoNotOptimize(decide(i)); }));
    }
    return std::max(percentile(taken, 0.99) - percentile(empty, 0.5), 0.0);
}

/// One, but not before the answer is known: a decision that overlaps with the one before it would show
/// what a processor can do with many of them, and not how long one takes.
inline std::size_t after(bool answer) {
    std::size_t known = answer ? 1 : 0;
    asm volatile("" : "+r"(known));
    return 1 + (known >> 1);
}

/// Adds a benchmark NAME for `decide(i)`: whether request i of `expected.size()` is permitted.
/// Ends the program if one answer is not the expected one. With threads, `make()` gives each its own.
template <class Make>
void add_row(const std::string& name, const std::vector<bool>& expected, Make make, int threads = 1) {
    auto tried = make();
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (tried(i) == expected[i]) continue;
        std::fprintf(stderr, "%s: request %zu is not decided as expected\n", name.c_str(), i);
        std::exit(1);
    }
    const std::size_t count = expected.size();
    const double p99 = p99_ns(count, tried);
    const std::uint64_t before = allocations();
    for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(tried(i));
    const double allocated = static_cast<double>(allocations() - before) / static_cast<double>(count);

    auto run = [=](benchmark::State& state) {
        auto decide = make();
        for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(decide(i));
        // Each thread starts elsewhere, so that they do not run in step.
        std::size_t next = count / static_cast<std::size_t>(state.threads()) * state.thread_index();
        for (auto _ : state) {
            next += after(decide(next));
            if (next >= count) next = 0;
        }
        state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
        if (state.thread_index() != 0) return;
        state.counters["p99_ns"] = p99;
        state.counters["allocations"] = allocated;
    };
    auto* added = benchmark::RegisterBenchmark(name.c_str(), run);
    if (threads > 1) added->Threads(1)->Threads(threads)->UseRealTime();
}

}  // namespace bench
