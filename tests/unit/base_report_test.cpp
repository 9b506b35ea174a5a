#include "base/report.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "base/source.h"
#include "source_root.h"

using namespace writ;

TEST_CASE("base: a reason has letters or digits that people can read") {
    for (const std::string_view text :
         {"FIN-311", "7", "  x  ", "ä", "\u0416", "\u4e2d", "\u0e01", "(\uff21)", "\u00b2"}) {
        CAPTURE(text);
        CHECK(is_reason(text));
    }
    for (const std::string_view text : {"",           " ",
                                        ".",          "-- !?",
                                        "\t\r\n",     "\u00a0",
                                        "\u200b",     "\u2060\ufeff",
                                        "\u3164",     "\u115f\u1160",
                                        "\uffa0",     "\u2800",
                                        "\u0301",     "\u3000",
                                        "\u2014",     "\u00ad",
                                        "\u202e",     "\U000e0041",
                                        "\U0001f600", "\uff0e",
                                        "\xff\xfe",   "\xc3"}) {
        CAPTURE(text);
        CHECK_FALSE(is_reason(text));
    }
}

TEST_CASE("base: every code is known once, in order of its table, with a title and a page that mentions it") {
    std::string_view last;
    for (const CodeInfo& each : kCodes) {
        CAPTURE(each.code);
        CHECK(each.code > last);
        last = each.code;
        CHECK(each.code.size() == 5);
        CHECK_FALSE(each.title.empty());
        CHECK(std::set<int>{0, 1, 2, 3, 4, 70}.contains(each.exit));
        const auto found = find_code(each.code);
        REQUIRE(found);
        CHECK(code_name(*found) == each.code);
        CHECK((severity(*found) == Severity::Warning) == (each.exit == 0));
        std::ifstream page(source_root() + "/docs/" + std::string(each.page));
        const std::string text{std::istreambuf_iterator<char>(page), {}};
        CHECK(text.find(each.code) != std::string::npos);
    }
    CHECK(info(Code::UnknownCatalogueName).code == "E0203");
    CHECK(severity(Code::UnusedDefinition) == Severity::Warning);
    CHECK(exit_code(Code::ChannelMoved) == 1);
    for (const std::string_view none : {"", "A", "E", "E020", "E02031", "E0999", "Z0001"}) CHECK_FALSE(find_code(none));
}

TEST_CASE("base: a report carries code, severity and text") {
    Report report;
    Diagnostic& d = report.add(Code::UnknownName, {0, 4, 7}, "unknown name `abc`", "not found", "did you mean `abd`?");
    d.related.push_back({{0, 1, 2}, "declared here"});
    const auto items = report.take();
    REQUIRE(items.size() == 1);
    CHECK(items[0].code == "E0201");
    CHECK(items[0].severity == Severity::Error);
    CHECK(items[0].label == "not found");
    CHECK(items[0].help == "did you mean `abd`?");
    CHECK(items[0].related.size() == 1);
}

TEST_CASE("base: a report drops exact repeats and keeps near ones") {
    Report report;
    report.add(Code::UnknownName, {0, 4, 7}, "same");
    report.add(Code::UnknownName, {0, 4, 7}, "same");
    report.add(Code::UnknownName, {0, 4, 8}, "same");
    report.add(Code::UnknownField, {0, 4, 7}, "same");
    report.add(Code::UnknownName, {0, 4, 7}, "other");
    CHECK(report.error_count() == 4);
    CHECK(report.take().size() == 4);
}

TEST_CASE("base: a report stops at its limit, for errors and warnings apart") {
    Report report(3);
    for (std::uint32_t i = 0; i < 10; ++i) {
        report.add(Code::UnusedDefinition, {0, i, i}, "warning " + std::to_string(i));
        report.add(Code::UnknownName, {0, i, i}, "error " + std::to_string(i)).related.push_back({});
    }
    CHECK(report.full());
    CHECK(report.error_count() == 3);
    CHECK(report.take().size() == 6);
    CHECK_FALSE(report.full());
}

TEST_CASE("base: a mistake made at many places counts once, and keeps its places up to a limit") {
    Report report(2);
    for (std::uint32_t i = 0; i < 200; ++i) report.add(Code::UnknownName, {0, i, i}, "the same");
    CHECK_FALSE(report.full());
    report.add(Code::UnknownField, {0, 0, 0}, "the same");
    CHECK(report.full());
    report.add(Code::UnknownName, {0, 0, 0}, "a third");
    CHECK(report.error_count() == 201);
    for (std::uint32_t i = 0; i < 2 * Report::kMaxPlaces; ++i) report.add(Code::UnknownName, {1, i, i}, "the same");
    CHECK(report.take().size() == Report::kMaxPlaces + 1);
}

TEST_CASE("base: findings come out by source and position, ties in order of arrival") {
    Report report;
    report.add(Code::UnknownName, {1, 0, 1}, "third");
    report.add(Code::UnknownName, {0, 9, 10}, "second");
    report.add(Code::UnknownName, {0, 2, 3}, "first");
    report.add(Code::UnknownField, {1, 0, 1}, "fourth");
    const auto items = report.take();
    REQUIRE(items.size() == 4);
    CHECK(items[0].message == "first");
    CHECK(items[1].message == "second");
    CHECK(items[2].message == "third");
    CHECK(items[3].message == "fourth");
}

TEST_CASE("base: nearest finds typing slips and leaves the rest alone") {
    const std::vector<std::string_view> names = {"namespace", "service_account", "tenant", "id", "ref"};
    CHECK(nearest("namespcae", names) == "namespace");  // a swap of two adjacent characters is one edit
    CHECK(nearest("Tenant", names) == "tenant");
    CHECK(nearest("service_acount", names) == "service_account");
    CHECK(nearest("tenat", names) == "tenant");
    CHECK(nearest("rfe", names) == "ref");
    CHECK(nearest("environment", names).empty());
    CHECK(nearest("xy", names).empty());
    CHECK(nearest("", names).empty());
    CHECK(nearest("tenant", {"tenant"}).empty());  // a name is never suggested for itself
    CHECK(nearest(std::string(100'000, 'a'), names).empty());
}

TEST_CASE("base: a name that says the opposite is never suggested") {
    CHECK(nearest("unrevoked", {"revoked"}).empty());
    CHECK(nearest("inactive", {"active"}).empty());
    CHECK(nearest("verified", {"unverified"}).empty());
    CHECK(nearest("not_paused", {"paused"}).empty());
    CHECK(nearest("unrevoekd", {"unrevoked", "revoked"}) == "unrevoked");
    CHECK(nearest("actve", {"active"}) == "active");
}

TEST_CASE("base: positions are 1-based lines and byte columns") {
    const std::string_view text = "ab\ncd\n";
    CHECK(position_of(text, 0).line == 1);
    CHECK(position_of(text, 0).column == 1);
    CHECK(position_of(text, 2).column == 3);
    CHECK(position_of(text, 3).line == 2);
    CHECK(position_of(text, 3).column == 1);
    CHECK(position_of(text, 6).line == 3);
    CHECK(position_of(text, 999).line == 3);
    CHECK(position_of("", 5).column == 1);
}
