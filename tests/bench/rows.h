// One row of the race: a way to decide, verified against the expected answers, then timed.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "allocations.h"

namespace bench {

/// A decider can prepare its requests outside of the measured time: then it has prepare(from, count), and decides only
/// these. The block is so small that it is still in the cache when it is decided.
constexpr std::size_t kBlock = 128;

template <class Decide>
constexpr bool kPrepared = requires(Decide& decide) { decide.prepare(0, 0); };

/// A decider can decide a whole block at once: then it has decide_block() too, and only reads the answers one by one.
template <class Decide>
constexpr bool kBatched = requires(Decide& decide) { decide.decide_block(); };

/// Calls `with(decisions, decide)` for every request, in order, or for every block; `decide()` makes the decisions.
template <class Decide, class With>
void for_all(std::size_t count, Decide& decide, With with) {
    for (std::size_t from = 0; from < count; from += kBlock) {
        const std::size_t block = std::min(kBlock, count - from);
        if constexpr (kPrepared<Decide>) decide.prepare(from, block);
        if constexpr (kBatched<Decide>) {
            with(block, [&] { decide.decide_block(); });
        } else {
            for (std::size_t i = from; i < from + block; ++i)
                with(std::size_t{1}, [&] { benchmark::DoNotOptimize(decide(i)); });
        }
    }
}

/// The first request that is not decided as expected; `expected.size()` if there is none.
template <class Decide>
std::size_t first_wrong(const std::vector<bool>& expected, Decide& decide) {
    for (std::size_t from = 0; from < expected.size(); from += kBlock) {
        const std::size_t block = std::min(kBlock, expected.size() - from);
        if constexpr (kPrepared<Decide>) decide.prepare(from, block);
        if constexpr (kBatched<Decide>) decide.decide_block();
        for (std::size_t i = from; i < from + block; ++i)
            if (decide(i) != expected[i]) return i;
    }
    return expected.size();
}

/// The 99th percentile of decisions that are timed one by one, minus the cost of reading the clock twice. The first
/// pass is only a warm-up.
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
            for_all(count, decide, [&](std::size_t decisions, auto&& run) {
                taken.push_back(time(run) / static_cast<double>(decisions));
            });
    }
    return std::max(percentile(taken, 0.99) - percentile(empty, 0.5), 0.0);
}

/// Allocations per decision, after every decision was made once.
template <class Decide>
double allocations_each(std::size_t count, Decide& decide) {
    std::uint64_t allocated = 0;
    for_all(count, decide, [&](std::size_t, auto&& run) {
        const std::uint64_t before = allocations();
        run();
        allocated += allocations() - before;
    });
    return static_cast<double>(allocated) / static_cast<double>(count);
}

/// Always one, but only once the answer is known. If decisions overlapped, the measurement would show the throughput of
/// the processor and not the time of one decision.
inline std::size_t after(bool answer) {
    std::size_t known = answer ? 1 : 0;
    asm volatile("" : "+r"(known));
    return 1 + (known >> 1);
}

/// Processor time of this thread in seconds; other work on the machine does not count.
inline double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Adds a benchmark NAME. `make()` returns a function `decide(i)` for each thread, which says whether request i of
/// `expected.size()` is permitted. Ends the program if an answer is not the expected one.
template <class Make>
void add_row(const std::string& name, const std::vector<bool>& expected, Make make, int threads = 1) {
    using Decide = decltype(make());
    auto tried = make();
    const std::size_t count = expected.size();
    if (const std::size_t wrong = first_wrong(expected, tried); wrong != count) {
        std::fprintf(stderr, "%s: request %zu is not decided as expected\n", name.c_str(), wrong);
        std::exit(1);
    }
    const double p99 = p99_ns(count, tried), allocated = allocations_each(count, tried);

    auto* added = benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        auto decide = make();
        for_all(count, decide, [](std::size_t, auto&& run) { run(); });
        // Each thread starts at another request, so that they do not run in step.
        std::size_t next = count / static_cast<std::size_t>(state.threads()) * state.thread_index();
        if constexpr (kPrepared<Decide>) {
            while (state.KeepRunningBatch(kBlock)) {
                if (next + kBlock > count) next = 0;
                decide.prepare(next, kBlock);
                const double started = thread_seconds();
                if constexpr (kBatched<Decide>) decide.decide_block();
                for (const std::size_t end = next + kBlock; next < end;) next += after(decide(next));
                state.SetIterationTime(thread_seconds() - started);
            }
        } else {
            for (auto _ : state) {
                next += after(decide(next));
                if (next >= count) next = 0;
            }
        }
        state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
        if (state.thread_index() != 0) return;
        state.counters["p99_ns"] = p99;
        state.counters["allocations"] = allocated;
    });
    if constexpr (kPrepared<Decide>) added->UseManualTime();
    if (threads > 1) added->Threads(1)->Threads(threads)->UseRealTime();
}

}  // namespace bench
