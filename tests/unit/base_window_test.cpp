#include "base/window.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "base/values.h"
#include "check/zone.h"

using namespace writ;

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t at(const char* text) {
    return parse_instant(text).value();
}
std::vector<Transition> zone(const char* name) {
    return check::load_zone(name).value();
}
const std::vector<Transition> kUtc = {{std::numeric_limits<std::int64_t>::min(), 0}};

constexpr std::uint8_t kWeekdays = 0x1F;
const Window kOffice{9 * 3600, 17 * 3600, kWeekdays};
const Window kNight{22 * 3600, 6 * 3600, 1 << 4};  // Friday night

}  // namespace

TEST_CASE("base: windows are half-open") {
    CHECK_FALSE(window_contains(kOffice, kUtc, at("2025-03-03T08:59:59.999999Z")));  // a Monday
    CHECK(window_contains(kOffice, kUtc, at("2025-03-03T09:00:00Z")));
    CHECK(window_contains(kOffice, kUtc, at("2025-03-03T16:59:59.999999Z")));
    CHECK_FALSE(window_contains(kOffice, kUtc, at("2025-03-03T17:00:00Z")));
}

TEST_CASE("base: windows hold on their days only") {
    CHECK(window_contains(kOffice, kUtc, at("2025-03-07T12:00:00Z")));
    CHECK_FALSE(window_contains(kOffice, kUtc, at("2025-03-08T12:00:00Z")));
    CHECK_FALSE(window_contains(kOffice, kUtc, at("2025-03-09T12:00:00Z")));
    CHECK(window_contains(kOffice, kUtc, at("1969-12-31T12:00:00Z")));  // a Wednesday before the epoch
    CHECK_FALSE(window_contains({0, 86'399, 0}, kUtc, at("2025-03-07T12:00:00Z")));
}

TEST_CASE("base: a wrapped window belongs to the day it starts") {
    CHECK_FALSE(window_contains(kNight, kUtc, at("2025-03-07T05:00:00Z")));
    CHECK(window_contains(kNight, kUtc, at("2025-03-07T22:00:00Z")));
    CHECK(window_contains(kNight, kUtc, at("2025-03-08T05:59:59Z")));
    CHECK_FALSE(window_contains(kNight, kUtc, at("2025-03-08T06:00:00Z")));
    CHECK_FALSE(window_contains(kNight, kUtc, at("2025-03-08T22:00:00Z")));
    const Window sunday{22 * 3600, 6 * 3600, 1 << 6};
    CHECK(window_contains(sunday, kUtc, at("2025-03-10T01:00:00Z")));  // Monday morning
}

TEST_CASE("base: equal ends mean a whole day from that time") {
    const Window from_noon{12 * 3600, 12 * 3600, 1 << 0};
    CHECK_FALSE(window_contains(from_noon, kUtc, at("2025-03-03T11:59:59Z")));
    CHECK(window_contains(from_noon, kUtc, at("2025-03-03T12:00:00Z")));
    CHECK(window_contains(from_noon, kUtc, at("2025-03-04T11:59:59Z")));
    CHECK_FALSE(window_contains(from_noon, kUtc, at("2025-03-04T12:00:00Z")));
}

TEST_CASE("base: the next change of a window is its end, or its next start") {
    CHECK(window_next_change(kOffice, kUtc, at("2025-03-03T12:00:00Z")) == at("2025-03-03T17:00:00Z"));
    CHECK(window_next_change(kOffice, kUtc, at("2025-03-03T17:00:00Z")) == at("2025-03-04T09:00:00Z"));
    CHECK(window_next_change(kOffice, kUtc, at("2025-03-07T17:00:00Z")) == at("2025-03-10T09:00:00Z"));
    CHECK(window_next_change(kNight, kUtc, at("2025-03-07T23:00:00Z")) == at("2025-03-08T06:00:00Z"));
    CHECK(window_next_change(kOffice, kUtc, at("2025-03-03T08:59:59.999999Z")) == at("2025-03-03T09:00:00Z"));
}

TEST_CASE("base: a window over whole days joins them") {
    const Window whole{0, 0, kWeekdays};
    CHECK(window_next_change(whole, kUtc, at("2025-03-03T12:00:00Z")) == at("2025-03-08T00:00:00Z"));
    CHECK(window_next_change({0, 0, 0x7F}, kUtc, 0) == kNever);
    CHECK(window_next_change({5, 9, 0}, kUtc, 0) == kNever);
}

TEST_CASE("base: a window at the end of time never changes") {
    CHECK(window_next_change(kOffice, kUtc, kNever) == kNever);
    CHECK(window_next_change(kOffice, kUtc, kNever - 1) == kNever);
    CHECK(window_next_change(kOffice, kUtc, std::numeric_limits<std::int64_t>::min()) >
          std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("base: windows follow the clock over a change to summer time") {
    const auto berlin = zone("Europe/Berlin");
    // 2025-03-30, 02:00 CET becomes 03:00 CEST.
    CHECK(window_contains(kOffice, berlin, at("2025-03-28T08:00:00Z")));
    CHECK_FALSE(window_contains(kOffice, berlin, at("2025-03-28T07:59:59Z")));
    CHECK(window_contains(kOffice, berlin, at("2025-03-31T07:00:00Z")));
    CHECK_FALSE(window_contains(kOffice, berlin, at("2025-03-31T06:59:59Z")));
    CHECK(window_next_change(kOffice, berlin, at("2025-03-28T16:00:00Z")) == at("2025-03-31T07:00:00Z"));
}

TEST_CASE("base: a start inside the skipped hour is the transition") {
    const auto berlin = zone("Europe/Berlin");
    const Window window{2 * 3600 + 1800, 4 * 3600, 0x7F};
    CHECK_FALSE(window_contains(window, berlin, at("2025-03-30T00:59:59Z")));
    CHECK(window_contains(window, berlin, at("2025-03-30T01:00:00Z")));
    CHECK(window_next_change(window, berlin, at("2025-03-30T00:00:00Z")) == at("2025-03-30T01:00:00Z"));
}

TEST_CASE("base: a window inside the repeated hour holds twice") {
    const auto berlin = zone("Europe/Berlin");
    // 2025-10-26, 03:00 CEST becomes 02:00 CET at 01:00Z.
    const Window window{2 * 3600 + 600, 2 * 3600 + 1200, 0x7F};
    CHECK(window_contains(window, berlin, at("2025-10-26T00:15:00Z")));
    CHECK_FALSE(window_contains(window, berlin, at("2025-10-26T00:30:00Z")));
    CHECK(window_contains(window, berlin, at("2025-10-26T01:15:00Z")));
    CHECK(window_next_change(window, berlin, at("2025-10-26T00:20:00Z")) == at("2025-10-26T01:10:00Z"));
}

TEST_CASE("base: the next change agrees with asking minute by minute") {
    const auto sydney = zone("Australia/Sydney");
    for (const Window& window : {kOffice, kNight, Window{2 * 3600, 3 * 3600, 0x7F}, Window{0, 0, 0x2A}}) {
        std::int64_t t = at("2026-04-02T00:00:00Z");
        const std::int64_t stop = at("2026-04-12T00:00:00Z");
        std::int64_t change = window_next_change(window, sydney, t);
        bool inside = window_contains(window, sydney, t);
        for (; t < stop; t += 60 * kSecond) {
            if (t >= change) {
                CHECK(window_contains(window, sydney, change) != inside);
                CHECK(window_contains(window, sydney, change - 1) == inside);
                inside = !inside;
                change = window_next_change(window, sydney, t);
            }
            CHECK(window_contains(window, sydney, t) == inside);
        }
    }
}
