// Work that is done once for every index, by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <vector>

namespace writ::testing {

/// Calls `work(index)` for each index below `count`, with one `make()` for each thread. The calling thread is one of
/// them, and calls `told(done)` after each of its own. What a thread throws is thrown here, when all have ended.
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
    std::vector<std::future<void>> others;  // waits for them when it goes
    for (std::size_t i = 1; i < wanted; ++i)
        others.push_back(std::async(std::launch::async, [&] { drain([](std::size_t) {}); }));
    drain(told);
    for (auto& other : others) other.get();
}

}  // namespace writ::testing
