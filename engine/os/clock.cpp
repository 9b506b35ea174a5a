#include "os/clock.h"

#include <chrono>
#include <ctime>

#include "base/values.h"

namespace writ::os {

std::int64_t now_micros() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

std::int64_t boot_micros() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * kSecond + now.tv_nsec / 1000;
}

}  // namespace writ::os
