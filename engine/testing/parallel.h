// Runs work for every index on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <vector>

namespace writ::testing {

/// Calls `work(index)` for each index below `count`, with one `make()` per thread. The calling thread takes part, and
/// calls `told(done)` after each of its own indices. An exception of any thread is rethrown here after all have ended.
template <class Make, class Told>
void in_parallel(unsigned threads, std::size_t count, Make make, Told told) {
    std::atomic<std::size_t> next{0}, done{0};
    const auto drain = [&](auto&& each) {
        auto work = make();
        for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            work(i);
            each(done.fetch_add(1) + 1);
        }
    };
    const std::size_t wanted = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(count, 1));
    std::vector<std::future<void>> others;  // the destructor waits
    for (std::size_t i = 1; i < wanted; ++i)
        others.push_back(std::async(std::launch::async, [&] { drain([](std::size_t) {}); }));
    drain(told);
    for (auto& other : others) other.get();
}

}  // namespace writ::testing
