// Compares the running time of two functions.
#pragma once

#include <algorithm>
#include <ctime>
#include <limits>

namespace writ::testing {

/// Processor time of this thread for one call, in seconds: the smallest of several, so that
/// load on the machine does not count.
template <class Call>
double least_time(Call call) {
    const auto now = [] {
        timespec at{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
    };
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i < 15; ++i) {
        const double before = now();
        call();
        least = std::min(least, now() - before);
    }
    return least;
}

/// The time of `larger` as a multiple of that of `smaller`.
template <class Smaller, class Larger>
double times_as_long(Smaller smaller, Larger larger) {
    return least_time(larger) / least_time(smaller);
}

}  // namespace writ::testing
