#include "base/window.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "base/values.h"

using namespace writ;

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
const std::string kZoneinfo = "/usr/share/zoneinfo";

std::int64_t at(const char* text) { return parse_instant(text).value(); }
std::vector<Transition> zone(const char* name) { return load_zone(kZoneinfo, name).value(); }
const std::vector<Transition> kUtc = {{std::numeric_limits<std::int64_t>::min(), 0}};

constexpr std::uint8_t kWeekdays = 0x1F;
const Window kOffice{9 * 3600, 17 * 3600, kWeekdays};
const Window kNight{22 * 3600, 6 * 3600, 1 << 4};  // Friday night

std::int64_t offset_of(const std::vector<Transition>& zone, std::int64_t instant) {
    std::int64_t offset = zone.front().offset;
    for (const Transition& t : zone)
        if (t.at <= instant) offset = t.offset;
    return offset;
}

/// A zone file made of a version 2 block without transitions and the footer given.
std::string file_with_footer(const std::string& footer, std::int32_t offset, bool leap = false) {
    const auto u32 = [](std::uint32_t v) {
        return std::string{static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
                           static_cast<char>(v)};
    };
    const std::string head = "TZif2" + std::string(15, '\0');
    const std::string empty = head + u32(0) + u32(0) + u32(0) + u32(0) + u32(0) + u32(0);
    const std::string counts = head + u32(0) + u32(0) + u32(leap ? 1 : 0) + u32(0) + u32(1) + u32(4);
    const std::string type = u32(static_cast<std::uint32_t>(offset)) + std::string(2, '\0');
    return empty + counts + type + std::string("ABC\0", 4) + std::string(leap ? 12 : 0, '\0') + "\n" + footer + "\n";
}

struct ZoneDir {
    std::filesystem::path path;
    explicit ZoneDir(const std::string& bytes) {
        path = std::filesystem::temp_directory_path() / ("writ-zone-" + std::to_string(std::hash<std::string>{}(bytes)));
        std::filesystem::create_directories(path / "inner");
        std::ofstream(path / "Test", std::ios::binary) << bytes;
    }
    ~ZoneDir() { std::filesystem::remove_all(path); }
};

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
    CHECK(window_next_change(kOffice, kUtc, std::numeric_limits<std::int64_t>::min()) > std::numeric_limits<std::int64_t>::min());
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

TEST_CASE("base: zones are read with their history") {
    const auto berlin = zone("Europe/Berlin");
    CHECK(offset_of(berlin, at("2025-01-01T00:00:00Z")) == 3'600);
    CHECK(offset_of(berlin, at("2025-07-01T00:00:00Z")) == 7'200);
    CHECK(offset_of(berlin, at("1950-07-01T00:00:00Z")) == 3'600);
    CHECK(offset_of(berlin, at("1800-01-01T00:00:00Z")) == 3'208);  // local mean time
    CHECK(offset_of(zone("Asia/Kolkata"), at("2025-01-01T00:00:00Z")) == 19'800);
    CHECK(offset_of(zone("America/St_Johns"), at("2025-01-01T00:00:00Z")) == -12'600);
    CHECK(zone("UTC").size() == 1);
    CHECK(load_zone("/nonexistent", "UTC"));
}

TEST_CASE("base: zone rules are expanded to the end of 2099") {
    const auto berlin = zone("Europe/Berlin");
    CHECK(offset_of(berlin, at("2099-03-29T00:59:59Z")) == 3'600);
    CHECK(offset_of(berlin, at("2099-03-29T01:00:00Z")) == 7'200);
    CHECK(offset_of(berlin, at("2099-10-25T01:00:00Z")) == 3'600);
    const auto york = zone("America/New_York");
    CHECK(offset_of(york, at("2080-03-10T06:59:59Z")) == -18'000);
    CHECK(offset_of(york, at("2080-03-10T07:00:00Z")) == -14'400);
    const auto dublin = zone("Europe/Dublin");  // summer is its standard time
    CHECK(offset_of(dublin, at("2070-07-01T00:00:00Z")) == 3'600);
    CHECK(offset_of(dublin, at("2070-12-01T00:00:00Z")) == 0);
    const auto sydney = zone("Australia/Sydney");
    CHECK(offset_of(sydney, at("2070-01-01T00:00:00Z")) == 39'600);
    CHECK(offset_of(sydney, at("2070-07-01T00:00:00Z")) == 36'000);
    for (std::size_t i = 1; i < berlin.size(); ++i) {
        CHECK(berlin[i - 1].at < berlin[i].at);
        CHECK(berlin[i - 1].offset != berlin[i].offset);
    }
}

TEST_CASE("base: footers in every form of POSIX rule") {
    const auto load = [](const std::string& footer) {
        const ZoneDir dir(file_with_footer(footer, 0));
        return load_zone(dir.path.string(), "Test");
    };
    const auto julian = load("ABC0DEF,J60/0,J305/0");  // 1 March, leap year or not
    REQUIRE(julian);
    CHECK(offset_of(*julian, at("2024-02-29T23:59:59Z")) == 0);
    CHECK(offset_of(*julian, at("2024-03-01T00:00:00Z")) == 3'600);
    CHECK(offset_of(*julian, at("2025-03-01T00:00:00Z")) == 3'600);
    const auto days = load("<-03>3<-02>,59/0,304/0");  // day 59 counts 29 February
    REQUIRE(days);
    CHECK(offset_of(*days, at("2024-02-29T02:59:59Z")) == -10'800);
    CHECK(offset_of(*days, at("2024-02-29T03:00:00Z")) == -7'200);
    const auto all_year = load("XXX3EDT4,0/0,J365/23");
    REQUIRE(all_year);
    CHECK(offset_of(*all_year, at("2040-01-01T12:00:00Z")) == -14'400);
    CHECK(offset_of(*all_year, at("2040-12-31T12:00:00Z")) == -14'400);
    const auto far = load("IST-2IDT,M3.4.4/50,M10.5.0");  // hours beyond the day
    REQUIRE(far);
    CHECK(offset_of(*far, at("2050-03-25T23:59:59Z")) == 7'200);
    CHECK(offset_of(*far, at("2050-03-26T00:00:00Z")) == 10'800);
    for (const char* bad : {"A0", "ABC", "ABC0DEF", "ABC0DEF,M3.2.0", "ABC0DEF,M13.2.0,M1.1.0", "ABC0DEF,M3.6.0,M1.1.0",
                            "ABC0DEF,J0,J1", "ABC0DEF,366,1", "ABC0DEF,1,2x", "<AB0", "ABC999", "ABC0:60"})
        CHECK_MESSAGE(!load(bad), bad);
}

TEST_CASE("base: a zone name cannot leave the database") {
    const ZoneDir dir(file_with_footer("ABC0", 0));
    CHECK(load_zone(dir.path.string(), "Test"));
    CHECK(load_zone(dir.path.string() + "/inner", "Test").has_value() == false);
    for (const char* bad : {"", "../Test", "/Test", "inner/../Test", "./Test", "Test/", "inner//Test", "inner", "..",
                            "Te.st", "Test\n", "%54est", "no/such/zone"}) {
        const auto result = load_zone(dir.path.string(), bad);
        CHECK_MESSAGE(!result, bad);
        if (!result) CHECK(result.error().code == "Z0001");
    }
    CHECK_FALSE(load_zone(dir.path.string(), std::string_view("Test\0", 5)));
    CHECK_FALSE(load_zone(dir.path.string(), std::string(100, 'a')));
}

TEST_CASE("base: damaged zone files are refused") {
    const std::string good = file_with_footer("ABC0", 0);
    for (std::size_t size = 0; size < good.size(); size += 3) {
        const ZoneDir dir(good.substr(0, size));
        CHECK_FALSE(load_zone(dir.path.string(), "Test"));
    }
    for (const std::size_t byte : {std::size_t{0}, std::size_t{4}, std::size_t{44}, std::size_t{48}, std::size_t{76}}) {
        std::string bad = good;
        bad[byte] = '\x01';
        const ZoneDir dir(bad);
        CHECK_FALSE(load_zone(dir.path.string(), "Test"));
    }
    const ZoneDir leap(file_with_footer("ABC0", 0, true));
    CHECK_FALSE(load_zone(leap.path.string(), "Test"));
}
