#include "base/window.h"

#include <algorithm>
#include <limits>

#include "base/values.h"

namespace writ {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kHorizonSeconds = 400 * kDay;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

/// The first transition after an instant.
std::span<const Transition>::iterator after(std::span<const Transition> zone, std::int64_t instant) {
    return std::upper_bound(zone.begin(), zone.end(), instant,
                            [](std::int64_t t, const Transition& tr) { return t < tr.at; });
}

std::int64_t offset_at(std::span<const Transition> zone, std::int64_t instant) {
    const auto next = after(zone, instant);
    return next == zone.begin() ? next->offset : std::prev(next)->offset;
}

}  // namespace

bool window_contains(const Window& window, std::span<const Transition> zone, std::int64_t instant) {
    const std::int64_t local = floor_div(instant, kSecond) + offset_at(zone, instant);
    const std::int64_t day = floor_div(local, kDay);
    const std::int64_t time = local - day * kDay;
    const std::int64_t weekday = ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    const auto starts_on = [&](std::int64_t d) { return (window.days >> d & 1) != 0; };
    if (window.start < window.end) return starts_on(weekday) && time >= window.start && time < window.end;
    return (time >= window.start && starts_on(weekday)) || (time < window.end && starts_on((weekday + 6) % 7));
}

std::int64_t window_next_change(const Window& window, std::span<const Transition> zone, std::int64_t instant) {
    if ((window.days & 0x7F) == 0) return kNever;
    if ((window.days & 0x7F) == 0x7F && window.start == window.end) return kNever;
    const bool inside = window_contains(window, zone, instant);
    const std::int64_t horizon = sat_add(instant, kHorizonSeconds * kSecond);
    // Nothing changes between two of these moments: midnight, start and end by local
    // time, and a transition of the zone.
    while (instant < horizon) {
        const std::int64_t offset = offset_at(zone, instant);
        const std::int64_t local = floor_div(instant, kSecond) + offset;
        const std::int64_t midnight = floor_div(local, kDay) * kDay;
        std::int64_t next = midnight + kDay;
        for (const std::int64_t time : {std::int64_t{window.start}, std::int64_t{window.end}})
            if (midnight + time > local) next = std::min(next, midnight + time);
        std::int64_t moment = sat_mul(next - offset, kSecond);
        const auto transition = after(zone, instant);
        if (transition != zone.end()) moment = std::min(moment, transition->at);
        if (moment == kNever) return kNever;
        if (window_contains(window, zone, moment) != inside) return moment;
        instant = moment;
    }
    return kNever;
}

}  // namespace writ
