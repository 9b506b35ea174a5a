#include "check/zone.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/values.h"
#include "check/zone_data.h"

using namespace writ;

namespace {

std::int64_t at(const char* text) {
    return parse_instant(text).value();
}
std::vector<Transition> zone(const char* name) {
    return check::load_zone(name).value();
}

std::int64_t offset_of(const std::vector<Transition>& zone, std::int64_t instant) {
    std::int64_t offset = zone.front().offset;
    for (const Transition& t : zone)
        if (t.at <= instant) offset = t.offset;
    return offset;
}

/// A zone file with a version 2 block without transitions and the given footer.
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

}  // namespace

TEST_CASE("check: zones are read with their history") {
    const auto berlin = zone("Europe/Berlin");
    CHECK(offset_of(berlin, at("2025-01-01T00:00:00Z")) == 3'600);
    CHECK(offset_of(berlin, at("2025-07-01T00:00:00Z")) == 7'200);
    CHECK(offset_of(berlin, at("1950-07-01T00:00:00Z")) == 3'600);
    CHECK(offset_of(berlin, at("1800-01-01T00:00:00Z")) == 3'208);  // local mean time
    CHECK(offset_of(zone("Asia/Kolkata"), at("2025-01-01T00:00:00Z")) == 19'800);
    CHECK(offset_of(zone("America/St_Johns"), at("2025-01-01T00:00:00Z")) == -12'600);
    CHECK(zone("UTC").size() == 1);
}

TEST_CASE("check: zone rules are expanded to the end of 2099") {
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

TEST_CASE("check: footers in every form of POSIX rule") {
    const auto load = [](const std::string& footer) { return check::read_zone(file_with_footer(footer, 0)); };
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
    const auto far = load("IST-2IDT,M3.4.4/50,M10.5.0");  // hours outside of the day
    REQUIRE(far);
    CHECK(offset_of(*far, at("2050-03-25T23:59:59Z")) == 7'200);
    CHECK(offset_of(*far, at("2050-03-26T00:00:00Z")) == 10'800);
    for (const char* bad : {"A0", "ABC", "ABC0DEF", "ABC0DEF,M3.2.0", "ABC0DEF,M13.2.0,M1.1.0", "ABC0DEF,M3.6.0,M1.1.0",
                            "ABC0DEF,J0,J1", "ABC0DEF,366,1", "ABC0DEF,1,2x", "<AB0", "ABC999", "ABC0:60"})
        CHECK_MESSAGE(!load(bad), bad);
}

TEST_CASE("check: zone names are those of the database, and none of a machine") {
    for (const char* known :
         {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT", "GMT", "Asia/Calcutta"})
        CHECK_MESSAGE(check::load_zone(known), known);
    for (const char* bad : {"", "localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin",
                            "tzdata.zi", "zone.tab", "../zoneinfo/UTC", "/etc/localtime", "Europe/../UTC", "Europe",
                            "europe/berlin", "UTC ", "no/such/zone"})
        CHECK_MESSAGE(!check::load_zone(bad), bad);
    const auto names = check::zone_names();
    CHECK(std::is_sorted(names.begin(), names.end()));
    for (const std::string_view name : names) CHECK_MESSAGE(check::load_zone(name), name);
    CHECK(check::kZonesVersion.size() >= 5);
}

TEST_CASE("check: damaged zone files are refused") {
    const std::string good = file_with_footer("ABC0", 0);
    CHECK(check::read_zone(good));
    for (std::size_t size = 0; size < good.size(); size += 3) CHECK_FALSE(check::read_zone(good.substr(0, size)));
    for (const std::size_t byte : {std::size_t{0}, std::size_t{4}, std::size_t{44}, std::size_t{48}, std::size_t{76}}) {
        std::string bad = good;
        bad[byte] = '\x01';
        CHECK_FALSE(check::read_zone(bad));
    }
    CHECK_FALSE(check::read_zone(file_with_footer("ABC0", 0, true)));
}
