#include "cli/formats/diagnostics.h"

#include <doctest/doctest.h>

#include "cli/terminal/text.h"

using namespace writ;
using namespace writ::cli;

namespace {

Diagnostic finding(Span span, std::string label = {}) {
    Diagnostic d;
    d.code = "E0201";
    d.message = "unknown name `tenat`";
    d.span = span;
    d.label = std::move(label);
    return d;
}

std::string drawn(std::string text, Diagnostic d) {
    Diagnostics all;
    all.sources.push_back({"p.writ", std::move(text)});
    all.items.push_back(std::move(d));
    return render_human(all, false);
}

}  // namespace

TEST_CASE("cli: a diagnostic shows code, place, line and carets") {
    CHECK(drawn("one\n  when tenat == 1\n", finding({0, 11, 16}, "not found")) ==
          "error[E0201]: unknown name `tenat`\n"
          " --> p.writ:2:8\n"
          "  |\n"
          "2 |   when tenat == 1\n"
          "  |        ^^^^^ not found\n"
          "\n"
          "1 error\n");
}

TEST_CASE("cli: help shows the line as it would be") {
    Diagnostic d = finding({0, 5, 10});
    d.help = "did you mean `tenant`?\nor another";
    d.replacement = "tenant";
    CHECK(drawn("when tenat == 1", d) ==
          "error[E0201]: unknown name `tenat`\n"
          " --> p.writ:1:6\n"
          "  |\n"
          "1 | when tenat == 1\n"
          "  |      ^^^^^\n"
          "  |\n"
          "  = help: did you mean `tenant`?\n"
          "          or another\n"
          "  |\n"
          "1 | when tenant == 1\n"
          "  |      ~~~~~~\n"
          "\n"
          "1 error\n");
}

TEST_CASE("cli: help shows a replacement of several lines as such") {
    Diagnostic d = finding({0, 5, 10});
    d.help = "name it first";
    d.replacement = "tenant is some\n   and tenat";
    CHECK(drawn("when tenat == 1", d) ==
          "error[E0201]: unknown name `tenat`\n"
          " --> p.writ:1:6\n"
          "  |\n"
          "1 | when tenat == 1\n"
          "  |      ^^^^^\n"
          "  |\n"
          "  = help: name it first\n"
          "          tenant is some\n"
          "             and tenat\n"
          "\n"
          "1 error\n");
}

TEST_CASE("cli: long help is put in lines, and what can be typed stays together") {
    CHECK(filled("one two three", 7) == "one two\nthree");
    CHECK(filled("one two three", 80) == "one two three");
    CHECK(filled("write `a b c d` here", 10) == "write\n`a b c d`\nhere");
    CHECK(filled("äöü äöü", 7) == "äöü äöü");
    CHECK(filled("", 7).empty());
    Diagnostic d = finding({0, 5, 10});
    d.help = "a widening has to be declared, and a reader of the change has to see where and why it is\n  as it is";
    CHECK(drawn("when tenat == 1", d).find("has to see\n          where and why it is\n            as it is\n") !=
          std::string::npos);
}

TEST_CASE("cli: related places are drawn in order, with gaps and other files") {
    Diagnostics all;
    all.sources = {{"a.writ", "permit x\n2\n3\n4\npermit x\n"}, {"b.writ", "first\n"}};
    Diagnostic d = finding({0, 20 - 5, 20 - 3}, "again");
    d.severity = Severity::Warning;
    d.related.push_back({{1, 0, 5}, "elsewhere"});
    d.related.push_back({{0, 7, 8}, "here first"});
    all.items.push_back(d);
    CHECK(render_human(all, false) ==
          "warning[E0201]: unknown name `tenat`\n"
          " --> a.writ:5:1\n"
          "  |\n"
          "1 | permit x\n"
          "  |        - here first\n"
          "...\n"
          "5 | permit x\n"
          "  | ^^ again\n"
          " ::: b.writ:1:1\n"
          "  |\n"
          "1 | first\n"
          "  | ----- elsewhere\n"
          "\n"
          "1 warning\n");
}

TEST_CASE("cli: carets stand under what is meant, behind tabs and wide characters") {
    const std::string out = drawn(
        "\ta\xE6\x97\xA5\xC3\xA9"
        "e\xCC\x81 x",
        finding({0, 11, 12}));
    CHECK(out.find("1 |     a\xE6\x97\xA5\xC3\xA9"
                   "e\xCC\x81 x\n  |           ^\n") != std::string::npos);
    CHECK(out.find("p.writ:1:8") != std::string::npos);  // columns count characters, and the accent is one
}

TEST_CASE("cli: what a terminal would obey is spelled out") {
    CHECK(safe("a\x1b[31m\n\xE2\x80\xAE\xC2\x9B\xFF") == "a<U+001B>[31m<U+000A><U+202E><U+009B><FF>");
    CHECK(safe("caf\xC3\xA9") == "caf\xC3\xA9");
    CHECK(safe("\xE2\x82") == "<E2><82>");
    CHECK(safe("\xED\xA0\x80") == "<ED><A0><80>");
    Diagnostic d = finding({0, 0, 1}, "\x1b]0;x\x07");
    d.message = "bad \x1b[2J";
    d.help = "x\x1b";
    const std::string out = drawn("\x1b[31m", d);
    CHECK(out.find('\x1b') == std::string::npos);
    CHECK(out.find("1 | <U+001B>[31m\n  | ^^^^^^^^ ") != std::string::npos);
}

TEST_CASE("cli: carets stay on the line, whatever the span") {
    CHECK(drawn("ab", finding({0, 2, 2})).find("1 | ab\n  |   ^\n") != std::string::npos);       // the end of the text
    CHECK(drawn("ab\r\ncd", finding({0, 1, 6})).find("1 | ab\n  |  ^\n") != std::string::npos);  // across lines
    CHECK(drawn("", finding({0, 0, 0})).find("1 |\n  | ^\n") != std::string::npos);
    CHECK(drawn("ab", finding({0, 900, 999})).find("  |   ^\n") != std::string::npos);
    CHECK(drawn("ab", finding({7, 0, 1})) == "error[E0201]: unknown name `tenat`\n\n1 error\n");  // no such source
}

TEST_CASE("cli: a long line is cut around its carets") {
    const std::string out = drawn(std::string(5'000, 'a') + "X" + std::string(5'000, 'b'), finding({0, 5'000, 5'001}));
    const std::size_t line = out.find("1 | ...");
    REQUIRE(line != std::string::npos);
    const std::size_t caret = out.find('^');
    REQUIRE(caret != std::string::npos);
    const std::size_t row = out.rfind('\n', caret) + 1;
    CHECK(out[line + (caret - row)] == 'X');
    CHECK(out.size() < 500);
}

TEST_CASE("cli: colour only where it is asked for") {
    Diagnostics all;
    all.sources.push_back({"p.writ", "x"});
    all.items.push_back(finding({0, 0, 1}));
    CHECK(render_human(all, true).find("\x1b[1;31merror[E0201]") == 0);
    CHECK(render_human(all, false).find('\x1b') == std::string::npos);
    CHECK(palette(false).error.empty());
}

TEST_CASE("cli: the short form is one line a finding") {
    Diagnostics all;
    all.sources.push_back({"p.writ", "one\n  two"});
    all.items.push_back(finding({0, 6, 9}));
    all.items.push_back(finding({0, 0, 1}));
    all.items[1].severity = Severity::Warning;
    CHECK(render_short(all) ==
          "p.writ:2:3: error: unknown name `tenat` [E0201]\n"
          "p.writ:1:1: warning: unknown name `tenat` [E0201]\n");
}

TEST_CASE("cli: findings as JSON carry bytes, lines and columns") {
    Diagnostics all;
    all.sources.push_back({"p.writ", "\xC3\xA9 x\ny"});
    Diagnostic d = finding({0, 3, 4}, "l\xFF");
    d.related.push_back({{0, 5, 6}, "there"});
    d.help = "h";
    d.replacement = "r";
    all.items.push_back(d);
    CHECK(
        render_json(all) ==
        "[{\"code\":\"E0201\",\"severity\":\"error\",\"message\":\"unknown name `tenat`\","
        "\"span\":{\"file\":\"p.writ\",\"begin\":3,\"end\":4,\"line\":1,\"column\":3,\"end_line\":1,\"end_column\":4},"
        "\"label\":\"l\xEF\xBF\xBD\",\"related\":[{\"file\":\"p.writ\",\"begin\":5,\"end\":6,\"line\":2,\"column\":1,"
        "\"end_line\":2,\"end_column\":2,\"label\":\"there\"}],\"help\":\"h\",\"replacement\":\"r\"}]");
    CHECK(render_json({}) == "[]");
}

TEST_CASE("cli: a mistake made at many places is drawn once, with how many and where") {
    Diagnostics all;
    all.sources.push_back({"p.writ", "tenat\ntenat\ntenat\ntenat\ntenat\ntenat\ntenat\ntenat\n"});
    const auto times = [&](std::uint32_t n) {
        all.items.clear();
        for (std::uint32_t i = 0; i < n; ++i) all.items.push_back(finding({0, 6 * i, 6 * i + 5}));
        return render_human(all, false);
    };
    CHECK(times(8) ==
          "error[E0201]: unknown name `tenat`\n"
          " --> p.writ:1:1\n"
          "  |\n"
          "1 | tenat\n"
          "  | ^^^^^\n"
          "  = also: the same at 7 more places: p.writ:2:1, p.writ:3:1, p.writ:4:1,\n"
          "          p.writ:5:1, p.writ:6:1, …\n"
          "\n"
          "8 errors\n");
    // A few places are shown one by one, and machine-readable formats contain all of them.
    CHECK(times(3).find("more places") == std::string::npos);
    (void)times(8);
    CHECK(render_short(all).find("p.writ:8:1") != std::string::npos);
    CHECK(render_json(all).find("\"line\":8") != std::string::npos);
    // A finding with another message is another mistake.
    all.items[7].message = "unknown name `tennt`";
    CHECK(render_human(all, false).find("--> p.writ:8:1") != std::string::npos);
}

TEST_CASE("cli: counts at the end") {
    Diagnostics all;
    all.sources.push_back({"p.writ", "x"});
    CHECK(render_human(all, false).empty());
    for (int i = 0; i < 3; ++i) all.items.push_back(finding({0, 0, 1}));
    all.items[0].severity = Severity::Warning;
    const std::string out = render_human(all, false);
    CHECK(out.substr(out.size() - 20) == "2 errors, 1 warning\n");
}
