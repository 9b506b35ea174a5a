#include "base/digest.h"
#include "base/values.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace writ;

namespace {
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
}  // namespace

TEST_CASE("base: arithmetic saturates on the side the exact result lies") {
    CHECK(sat_add(kMax, 1) == kMax);
    CHECK(sat_add(kMin, -1) == kMin);
    CHECK(sat_sub(kMin, 1) == kMin);
    CHECK(sat_sub(0, kMin) == kMax);
    CHECK(sat_mul(kMax, 2) == kMax);
    CHECK(sat_mul(kMax, -2) == kMin);
    CHECK(sat_mul(kMin, -1) == kMax);
    CHECK(sat_add(2, 3) == 5);
    CHECK(sat_sub(2, 3) == -1);
    CHECK(sat_mul(-2, 3) == -6);
}

TEST_CASE("base: decimals are exact to six places") {
    CHECK(parse_decimal("500.00") == 500'000'000);
    CHECK(parse_decimal("-0.5") == -500'000);
    CHECK(parse_decimal("1e2") == 100'000'000);
    CHECK(parse_decimal("12.5E-1") == 1'250'000);
    CHECK(parse_decimal("0.000001") == 1);
    CHECK(parse_decimal("0.1000000000") == 100'000);  // trailing zeros do not count as digits
    CHECK(parse_decimal("0e99999999999999999999") == 0);
    CHECK(parse_decimal("-0.0") == 0);
    CHECK(parse_decimal("1000000e-6") == 1'000'000);
}

TEST_CASE("base: decimals that need a seventh place are refused") {
    CHECK_FALSE(parse_decimal("0.0000001"));
    CHECK_FALSE(parse_decimal("1e-7"));
    CHECK_FALSE(parse_decimal("500.0000001"));
    CHECK_FALSE(parse_decimal("1e-99999999999999999999"));
}

TEST_CASE("base: decimals end where 64 bits do") {
    CHECK(parse_decimal("9223372036854.775807") == kMax);
    CHECK_FALSE(parse_decimal("9223372036854.775808"));
    CHECK(parse_decimal("-9223372036854.775808") == kMin);
    CHECK_FALSE(parse_decimal("-9223372036854.775809"));
    CHECK_FALSE(parse_decimal("1e13"));
    CHECK(parse_decimal("9e12") == 9'000'000'000'000'000'000);
    CHECK_FALSE(parse_decimal("1e99999999999999999999"));
}

TEST_CASE("base: decimals are JSON numbers and nothing else") {
    for (const char* bad :
         {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", " 1", "1_000", "NaN", "1.2.3", "--1"})
        CHECK_MESSAGE(!parse_decimal(bad), bad);
}

TEST_CASE("base: decimals are written in their shortest form") {
    CHECK(format_decimal(0) == "0");
    CHECK(format_decimal(500'000'000) == "500");
    CHECK(format_decimal(500'000) == "0.5");
    CHECK(format_decimal(-1) == "-0.000001");
    CHECK(format_decimal(kMax) == "9223372036854.775807");
    CHECK(format_decimal(kMin) == "-9223372036854.775808");
}

TEST_CASE("base: durations take units in descending order, each once") {
    CHECK(parse_duration("90s") == 90 * kSecond);
    CHECK(parse_duration("1h30m") == 5'400 * kSecond);
    CHECK(parse_duration("7d") == 604'800 * kSecond);
    CHECK(parse_duration("500ms") == 500'000);
    CHECK(parse_duration("1d2h3m4s5ms6us") == 93'784'005'006);
    CHECK(parse_duration("0s") == 0);
    for (const char* bad : {"", "s", "10", "30m1h", "1h1h", "1m 2s", "-1s", "1.5s", "1w", "1H", "1mss", "1s2"})
        CHECK_MESSAGE(!parse_duration(bad), bad);
}

TEST_CASE("base: durations beyond 64 bits are refused") {
    CHECK(parse_duration("106751991d") == 106'751'991 * std::int64_t{86'400} * kSecond);
    CHECK_FALSE(parse_duration("106751992d"));
    CHECK_FALSE(parse_duration("99999999999999999999s"));
    CHECK_FALSE(parse_duration("106751991d24h"));
}

TEST_CASE("base: durations are written as they are read") {
    for (const char* text : {"0s", "90m", "1h", "1d", "2m", "1h30m", "500ms", "1us", "106751991d4h54s775ms807us"}) {
        const auto value = parse_duration(text);
        REQUIRE(value);
        CHECK(parse_duration(format_duration(*value)) == value);
    }
    CHECK(format_duration(5'400 * kSecond) == "1h30m");
    CHECK(format_duration(0) == "0s");
    CHECK(format_duration(-kSecond) == "-1s");
    CHECK_FALSE(format_duration(kMin).empty());
}

TEST_CASE("base: instants are RFC 3339 with a zone") {
    CHECK(parse_instant("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_instant("2024-02-29T12:00:00.5+02:00") == 1'709'200'800'500'000);
    CHECK(parse_instant("1969-12-31t23:59:59.999999z") == -1);
    CHECK(parse_instant("0001-01-01T00:00:00Z") == -62'135'596'800'000'000);
    CHECK(parse_instant("9999-12-31T23:59:59.999999Z") == 253'402'300'799'999'999);
    for (const char* bad : {"",
                            "2024-01-01",
                            "2024-01-01T00:00:00",
                            "2023-02-29T00:00:00Z",
                            "2024-13-01T00:00:00Z",
                            "2024-00-01T00:00:00Z",
                            "2024-01-32T00:00:00Z",
                            "2024-01-01T24:00:00Z",
                            "2024-01-01T00:60:00Z",
                            "2016-12-31T23:58:60Z",
                            "2016-12-31T23:59:61Z",
                            "2016-12-31T23:59:60+01:00",
                            "9999-12-31T23:59:60Z",
                            "2024-01-01T00:00:00.Z",
                            "2024-01-01 00:00:00Z",
                            "0000-01-01T00:00:00Z",
                            "2024-01-01T00:00:00+24:00",
                            "2024-01-01T00:00:00+0100",
                            "2024-01-01T00:00:00ZZ",
                            "1900-02-29T00:00:00Z",
                            "0001-01-01T00:00:00+01:00",
                            "9999-12-31T23:59:59-01:00"})
        CHECK_MESSAGE(!parse_instant(bad), bad);
}

TEST_CASE("base: a fraction of any length is cut to the microsecond, or rounded up where something starts") {
    const std::int64_t at = parse_instant("2026-09-21T14:14:20Z").value();
    CHECK(parse_instant("2026-09-21T14:14:20.123456789Z") == at + 123'456);
    CHECK(parse_instant("2026-09-21T14:14:20.1234567Z") == at + 123'456);
    CHECK(parse_instant("2026-09-21T14:14:20.123456000000000000000Z") == at + 123'456);
    CHECK(parse_instant("2026-09-21T14:14:20.1234567Z", Rounding::Up) == at + 123'457);
    CHECK(parse_instant("2026-09-21T14:14:20.1234560Z", Rounding::Up) == at + 123'456);
    CHECK(parse_instant("2026-09-21T14:14:20.9999999Z", Rounding::Up) == at + kSecond);
    CHECK(rounding_of("nbf") == Rounding::Up);
    for (const char* down : {"exp", "iat", "now", "at", ""}) CHECK(rounding_of(down) == Rounding::Down);
}

TEST_CASE("base: a leap second is the start of the next second") {
    CHECK(parse_instant("2016-12-31T23:59:60Z") == parse_instant("2017-01-01T00:00:00Z"));
    CHECK(parse_instant("2016-12-31T23:59:60.75Z") == parse_instant("2017-01-01T00:00:00Z"));
    CHECK(parse_instant("2017-01-01T00:59:60+01:00") == parse_instant("2017-01-01T00:00:00Z"));
    CHECK(parse_instant("2016-12-31T18:59:60-05:00") == parse_instant("2017-01-01T00:00:00Z"));
}

TEST_CASE("base: a NumericDate is any number, cut to the microsecond") {
    CHECK(parse_numeric_date("1790000600") == 1'790'000'600 * kSecond);
    CHECK(parse_numeric_date("1790000600.0") == 1'790'000'600 * kSecond);
    CHECK(parse_numeric_date("1790000600.25") == 1'790'000'600 * kSecond + 250'000);
    CHECK(parse_numeric_date("1.7900006e9") == 1'790'000'600 * kSecond);
    CHECK(parse_numeric_date("17900006000000000E-7") == 1'790'000'600 * kSecond);
    CHECK(parse_numeric_date("1.0000019") == 1'000'001);
    CHECK(parse_numeric_date("1.0000019", Rounding::Up) == 1'000'002);
    CHECK(parse_numeric_date("1.000001", Rounding::Up) == 1'000'001);
    CHECK(parse_numeric_date("-1.0000019") == -1'000'002);
    CHECK(parse_numeric_date("-1.0000019", Rounding::Up) == -1'000'001);
    CHECK(parse_numeric_date("1e-400") == 0);
    CHECK(parse_numeric_date("1e-400", Rounding::Up) == 1);
    CHECK(parse_numeric_date("-1e-400") == -1);
    CHECK(parse_numeric_date("0.000") == 0);
    for (const char* bad :
         {"", "-", "1.", ".5", "01", "1e", "1e400", "9223372036855", "-9223372036855", "0x10", "1 ", "NaN", "Infinity"})
        CHECK_MESSAGE(!parse_numeric_date(bad), bad);
}

TEST_CASE("base: what lies more than a minute ahead is ahead") {
    CHECK_FALSE(is_ahead(60 * kSecond, 0));
    CHECK(is_ahead(60 * kSecond + 1, 0));
    CHECK_FALSE(is_ahead(-5, 0));
    CHECK_FALSE(is_ahead(INT64_MAX, INT64_MAX));
}

TEST_CASE("base: instants are written in UTC, with a fraction only if there is one") {
    CHECK(format_instant(0) == "1970-01-01T00:00:00Z");
    CHECK(format_instant(-1) == "1969-12-31T23:59:59.999999Z");
    CHECK(format_instant(1'709'200'800'500'000) == "2024-02-29T10:00:00.5Z");
    CHECK(format_instant(253'402'300'799'999'999) == "9999-12-31T23:59:59.999999Z");
    CHECK_FALSE(format_instant(kMin).empty());
    CHECK_FALSE(format_instant(kMax).empty());
    for (std::int64_t day = -200'000; day < 200'000; day += 97) {
        const std::int64_t at = day * 86'400 * kSecond + 123'456;
        CHECK(parse_instant(format_instant(at)) == at);
    }
}

TEST_CASE("base: UTF-8 is checked to the last byte") {
    CHECK(valid_utf8(""));
    CHECK(valid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    CHECK(valid_utf8("\xF4\x8F\xBF\xBF"));
    CHECK_FALSE(valid_utf8("\x80"));
    CHECK_FALSE(valid_utf8("\xC0\xAF"));          // overlong
    CHECK_FALSE(valid_utf8("\xE0\x80\xAF"));      // overlong
    CHECK_FALSE(valid_utf8("\xF0\x80\x80\xAF"));  // overlong
    CHECK_FALSE(valid_utf8("\xED\xA0\x80"));      // surrogate
    CHECK_FALSE(valid_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
    CHECK_FALSE(valid_utf8("\xE2\x82"));
    CHECK_FALSE(valid_utf8("\xC3("));
    CHECK_FALSE(valid_utf8("\xFF"));
}

TEST_CASE("base: SHA-256 is the standard's") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("base: one byte beyond ASCII is found wherever it is") {
    for (std::size_t size = 0; size <= 70; ++size) {
        std::string text(size, 'a');
        CHECK(is_ascii(text));
        for (std::size_t at = 0; at < size; ++at) {
            text[at] = '\x80';
            CHECK_MESSAGE(!is_ascii(text), size << ' ' << at);
            text[at] = '\x7F';
        }
        CHECK(is_ascii(text));
    }
}
