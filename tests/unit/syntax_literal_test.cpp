#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "syntax/literal.h"

using namespace writ;
using namespace writ::syntax;

namespace {

/// The code of the only finding, or "" if there is none.
std::string only_code(Report& report) {
    const auto items = report.take();
    REQUIRE(items.size() <= 1);
    return items.empty() ? std::string{} : items.front().code;
}

std::string text_code(std::string_view text) {
    Report report;
    const bool good = check_text(0, text, report);
    const std::string code = only_code(report);
    CHECK(good == code.empty());
    return code;
}

std::string decoded(std::string_view literal, std::string_view expected_code = {}) {
    Arena arena;
    Report report;
    std::string out(decode_string(literal, {0, 0, static_cast<std::uint32_t>(literal.size())}, arena, report));
    CHECK(only_code(report) == expected_code);
    return out;
}

}  // namespace

TEST_CASE("syntax: ordinary text may be read") {
    CHECK(text_code("") == "");
    CHECK(text_code("permit a\r\n\twhen \"caf\xC3\xA9 \xF0\x9F\x94\x92\"") == "");
}

TEST_CASE("syntax: text that is not UTF-8 reports E0104 at the byte") {
    Report report;
    CHECK_FALSE(check_text(0, "a\nb\xC3\xA9\xFF c", report));
    const auto items = report.take();
    REQUIRE(items.size() == 1);
    CHECK(items[0].code == "E0104");
    CHECK(items[0].span.begin == 5);
    CHECK(items[0].span.end == 6);
    CHECK(text_code("cut short \xE2\x82") == "E0104");
    CHECK(text_code("surrogate \xED\xA0\x80") == "E0104");
    CHECK(text_code("overlong \xC0\xAF") == "E0104");
}

TEST_CASE("syntax: control characters report E0104") {
    using namespace std::string_view_literals;
    CHECK(text_code("a\0b"sv) == "E0104");
    CHECK(text_code("a\x1B[31mb") == "E0104");
    CHECK(text_code("a\x7F") == "E0104");
    CHECK(text_code("a\xC2\x85") == "E0104");
    CHECK(text_code("hides what was\rbefore") == "E0104");
}

TEST_CASE("syntax: characters that turn the reading order report E0104") {
    CHECK(text_code("a \xE2\x80\xAE b") == "E0104");  // U+202E
    CHECK(text_code("a \xE2\x81\xA6 b") == "E0104");  // U+2066
    CHECK(text_code("a \xE2\x80\x8B b") == "E0104");  // U+200B
    CHECK(text_code("\xEF\xBB\xBFmodule a") == "E0104");
    Report report;
    CHECK_FALSE(check_text(0, "\"\xE2\x80\xAE\"", report));
    CHECK(report.take().at(0).message.find("U+202E") != std::string::npos);
}

TEST_CASE("syntax: a string without escapes is a view of its literal") {
    const std::string_view literal = "\"plain\"";
    Arena arena;
    Report report;
    CHECK(decode_string(literal, {0, 0, 7}, arena, report).data() == literal.data() + 1);
    CHECK(decoded("\"plain\"") == "plain");
    CHECK(decoded("\"\"") == "");
}

TEST_CASE("syntax: every escape decodes") {
    CHECK(decoded(R"("a\"b\\c\nd\te")") == "a\"b\\c\nd\te");
    CHECK(decoded(R"("\u{41}\u{e9}\u{20AC}\u{1F512}")") == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x92");
}

TEST_CASE("syntax: bad escapes report E0103") {
    for (const char* literal : {R"("\q")", R"("\u")", R"("\u{}")", R"("\u{110000}")", R"("\u{D800}")", R"("\u{12")",
                                R"("\u{zz}")", R"("\u{1234567}")"})
        decoded(literal, "E0103");
}

TEST_CASE("syntax: ints are exact up to both ends of 64 bits") {
    Report report;
    CHECK(decode_int("10_000", false, {}, report) == 10'000);
    CHECK(decode_int("9223372036854775807", false, {}, report) == std::numeric_limits<std::int64_t>::max());
    CHECK(decode_int("9223372036854775808", true, {}, report) == std::numeric_limits<std::int64_t>::min());
    CHECK(report.error_count() == 0);
    CHECK_FALSE(decode_int("9223372036854775808", false, {}, report).has_value());
    CHECK(only_code(report) == "E0103");
    CHECK_FALSE(decode_int("99999999999999999999999", true, {}, report).has_value());
    CHECK(only_code(report) == "E0103");
}

TEST_CASE("syntax: decimals have six digits after the point and no more") {
    Report report;
    CHECK(decode_decimal("500.00", false, {}, report) == 500'000'000);
    CHECK(decode_decimal("1_000.000001", true, {}, report) == -1'000'000'001);
    CHECK(decode_decimal("007.5", false, {}, report) == 7'500'000);
    CHECK(report.error_count() == 0);
    CHECK_FALSE(decode_decimal("0.1234567", false, {}, report).has_value());
    CHECK(only_code(report) == "E0103");
    CHECK_FALSE(decode_decimal("9999999999999999.0", false, {}, report).has_value());
    CHECK(only_code(report) == "E0103");
}

TEST_CASE("syntax: times of day end at 24:00") {
    CHECK(decode_time("00:00") == 0U);
    CHECK(decode_time("9:30") == 34'200U);
    CHECK(decode_time("23:59") == 86'340U);
    CHECK(decode_time("24:00") == 86'400U);
    for (const char* literal : {"24:01", "25:00", "12:60", "123:00", "1:5", "09:00:00"})
        CHECK_FALSE(decode_time(literal).has_value());
}

TEST_CASE("syntax: numbers turn into JSON's form") {
    CHECK(json_number("10_000", false) == "10000");
    CHECK(json_number("007", true) == "-7");
    CHECK(json_number("000", false) == "0");
    CHECK(json_number("00.50", false) == "0.50");
    CHECK(json_number("500.00", false) == "500.00");
}

TEST_CASE("syntax: long source text is cut between characters") {
    CHECK(quoted_excerpt("short") == "`short`");
    const std::string head(39, 'a');
    CHECK(quoted_excerpt(head + "\xC3\xA9 and more") == "`" + head + "\xE2\x80\xA6`");
    CHECK(quoted_excerpt(head + "b and more") == "`" + head + "b\xE2\x80\xA6`");
}
