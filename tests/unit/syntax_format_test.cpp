// Tests the style, one construct in each case. tests/property/format_test.cpp tests that nothing is lost.
#include <doctest/doctest.h>

#include <string>

#include "syntax/format.h"
#include "writ/format.h"

using namespace writ;

namespace {

std::string formatted(const std::string& text) {
    const auto out = format({"policy.writ", text});
    if (out) return *out;
    for (const Diagnostic& d : out.error().items) FAIL_CHECK(d.code << ' ' << d.message << " at " << d.span.begin);
    return {};
}

std::string refusal(const std::string& text, const CompileOptions& options = {}) {
    const auto out = format({"policy.writ", text}, options);
    return out || out.error().items.empty() ? "" : out.error().items.front().code;
}

/// Checks that a text is already in canonical style.
void canonical(const std::string& text) {
    CHECK(formatted(text) == text);
}

std::string xs(std::size_t count) {
    return std::string(count, 'x');
}

}  // namespace

TEST_CASE("format: blanks, line ends and tabs") {
    CHECK(formatted("tier\tread<write\r\n\r\n\r\n\r\ndeny   a\n\twhen  x==1   ") ==
          "tier read < write\r\n\r\ndeny a\r\n  when x == 1\r\n");
    CHECK(formatted("tier\tread<write\n\r\n\r\ndeny   a\n\twhen  x==1   ") ==
          "tier read < write\n\ndeny a\n  when x == 1\n");
    CHECK(formatted("") == "");
    CHECK(formatted(" \n\n") == "");
}

TEST_CASE("format: how lines end, and a byte order mark, are no part of the style") {
    const std::string plain = "tier read < write\n\ndeny a\n  when x == 1  // why\n";
    std::string windows = "\xEF\xBB\xBF";
    for (const char c : plain) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    canonical(plain);
    canonical(windows);
    const auto wrong = format({"policy.writ", "tier read\r\ndeny a\r\n  whne x\r\n"});
    REQUIRE_FALSE(wrong);
    REQUIRE_FALSE(wrong.error().items.empty());
    const Span span = wrong.error().items[0].span;  // a place in the text that is returned with the error
    CHECK(wrong.error().sources[0].text.substr(span.begin, span.end - span.begin) == "whne");
}

TEST_CASE("format: one blank line between declarations, if one of them has several lines") {
    CHECK(formatted("tier read\ndeny a when x\ndeny b\n  when y\ndeny c when z") ==
          "tier read\ndeny a when x\n\ndeny b\n  when y\n\ndeny c when z\n");
    canonical("tier read\n\ndeny a when x\n");
}

TEST_CASE("format: module and imports") {
    CHECK(formatted("module a . b import c.d import e as f deny x when y") ==
          "module a.b\n\nimport c.d\nimport e as f\n\ndeny x when y\n");
    canonical("/// Of the file.\nmodule a\n\nimport c\n\nimport d\n");
}

TEST_CASE("format: a rule on one line stays there if it fits, else a clause a line") {
    canonical("permit a for tool t when x grant { \"s\" } for 5m\n");
    CHECK(formatted("permit a\nfor tool t when x grant { \"s\" } for 5m because \"so\"") ==
          "permit a\n  for tool t\n  when x\n  grant { \"s\" } for 5m\n  because \"so\"\n");
    CHECK(formatted("deny a when " + xs(60) + " == \"" + xs(40) + "\"") ==
          "deny a\n  when " + xs(60) + " == \"" + xs(40) + "\"\n");
}

TEST_CASE("format: what a rule extends stands with its name") {
    CHECK(formatted("permit a\n extends b\n for tool c") == "permit a extends b\n  for tool c\n");
    canonical("permit a\n  for each r in rows\n  extends b\n");
}

TEST_CASE("format: the clauses of every kind of rule") {
    canonical("require a\n  when x\n  2 approvals from group \"g\", \"h\" within 15m\n");
    canonical("limit a\n  when x\n  to ttl 5m, scopes { \"s\" }, audience { \"u\" }, single_use\n");
    canonical("oblige a\n  when x\n  with audit, log(level: \"full\"), mask(fields: { \"f\" })\n");
    canonical("deny a\n  for each r in rows\n  for tool t, u\n  when x\n  because \"so\"\n");
}

TEST_CASE("format: `and` and `or` stand under `when`, where the source has them or no more fits") {
    canonical("deny a\n  when x and y\n   and z\n    or not v\n");
    CHECK(formatted("deny a\n when x and\n y or\n z") == "deny a\n  when x\n   and y\n    or z\n");
    CHECK(formatted("deny a\n when " + xs(50) + " and " + xs(30) + " and b or c") ==
          "deny a\n  when " + xs(50) + " and " + xs(30) + " and b\n    or c\n");
    CHECK(formatted("deny a\n when " + xs(50) + " and " + xs(45) + " and b or c") ==
          "deny a\n  when " + xs(50) + "\n   and " + xs(45) + "\n   and b\n    or c\n");
}

TEST_CASE("format: conditions inside parentheses go on inside of them") {
    canonical("deny a\n  when x\n   and not (y\n            or z)\n");
    canonical("define f(a: int) = (a > 1 or a < -1) and not (a in { 1, 2 })\n");
}

TEST_CASE("format: the body of a quantifier stands below if it does not fit") {
    CHECK(formatted("deny a\n when x or any i in xs: i." + xs(50) + " and i." + xs(50)) ==
          "deny a\n  when x\n    or any i in xs:\n         i." + xs(50) + "\n         and i." + xs(50) + "\n");
}

TEST_CASE("format: expressions") {
    canonical("deny a when -1 - -x * 3 + (2 - y) > count(i in xs: i.ok) and t[\"k\"].\"q r\".z like \"a*\"\n");
    canonical("deny a when a not in { 1, 2 } and b is not none and c subset of {} and d overlaps e & f | g\n");
    canonical(
        "deny a when now not in 09:00..17:00 \"UTC\" on mon..fri, sun or f() != g(1, \"x\") or u matches \".\"\n");
    canonical("define f(x: list<record { a: string }>, y: map<string, set<int>>) = true\n");
}

TEST_CASE("format: literals keep their spelling") {
    canonical("deny a when x == 10_000.00 and y == 0_1 and age(t) > 90m and z == \"\\u{41}\\n\"\n");
}

TEST_CASE("format: a set that is open in the source has an element a line and a comma at its end") {
    CHECK(formatted("define s = {\n\"a\", \"b\" }") == "define s = {\n  \"a\",\n  \"b\",\n}\n");
    CHECK(formatted("define s = { \"a\", \"b\", }") == "define s = { \"a\", \"b\" }\n");
    CHECK(formatted("permit p\n grant { \"" + xs(50) + "\", \"" + xs(50) + "\" } for 5m") ==
          "permit p\n  grant { \"" + xs(50) + "\",\n          \"" + xs(50) + "\" } for 5m\n");
    canonical("deny a\n  when x in {\n         1,\n         2,\n       }\n   and y\n");
}

TEST_CASE("format: items that need no comma have none") {
    CHECK(formatted("schema s { a: int, b: list<int> max 3 or none from broker }") ==
          "schema s { a: int  b: list<int> max 3 or none from broker }\n");
    CHECK(formatted("schema s {\na: int, b: record { c: int, d: int } }") ==
          "schema s {\n  a: int\n  b: record { c: int  d: int }\n}\n");
    CHECK(formatted("claims c { parse sub { \"a\", \"b\" } alias x = y . z proof required type \"t\", \"u\" }") ==
          "claims c { parse sub { \"a\"  \"b\" }  alias x = y.z  proof required  type \"t\", \"u\" }\n");
}

TEST_CASE("format: issuers, tools and tables") {
    canonical("issuer i: std.k \"https://i.example\" {\n  audience \"a\", \"b\"\n  max_age 10m\n\n  leeway 30s\n}\n");
    canonical("tool t \"wire\" { tier read  audience \"u\"  scopes { \"s\" }  params { a: int } }\n");
    canonical("tool t {}\n");
    canonical("table t = csv \"t.csv\" { a: string  b: int }\n");
    CHECK(formatted("issuer i: k \"u\" { audience \"" + xs(50) + "\", \"" + xs(50) + "\" }") ==
          "issuer i: k \"u\" {\n  audience \"" + xs(50) + "\",\n           \"" + xs(50) + "\"\n}\n");
}

TEST_CASE("format: enums and tiers") {
    CHECK(formatted("export enum e=a|b|\"c d\"") == "export enum e = a | b | \"c d\"\n");
    CHECK(formatted("enum e = " + xs(45) + " | " + xs(40) + " | c") ==
          "enum e = " + xs(45) + " | " + xs(40) + "\n  | c\n");
}

TEST_CASE("format: defines and invariants that do not fit") {
    CHECK(formatted("define d = " + xs(50) + " or " + xs(50)) == "define d =\n  " + xs(50) + "\n  or " + xs(50) + "\n");
    CHECK(formatted("define d =\n  x") == "define d = x\n");
    CHECK(formatted("invariant i: never permit when " + xs(50) + " and " + xs(50)) ==
          "invariant i: never permit\n  when " + xs(50) + "\n   and " + xs(50) + "\n");
    canonical("invariant i: never needs_approval when x\n");
}

TEST_CASE("format: fixtures and what they change") {
    canonical(
        "fixture a = json \"a.json\"\nfixture b = a with x.\"y\" = [ 1, -2.5, { k: none, \"q r\": missing } ] without "
        "z, w\n");
    canonical("fixture b = a\n  with x = 1,\n       y = {}\n  without z\n");
}

TEST_CASE("format: parameters have their short name in fixtures and tests") {
    CHECK(formatted("fixture b = a with tool.params.x = 1 without tool . params, tool[\"params\"].y.params, "
                    "tool.\"params\"[0]\n") ==
          "fixture b = a with params.x = 1 without params, params.y.params, params[0]\n");
    CHECK(formatted("test \"t\" { given f cases tool.params.x | expect 1 | deny }") ==
          "test \"t\" {\n  given f\n  cases params.x | expect\n        1        | deny\n}\n");
    CHECK(formatted("fixture b = a\n  with // why\n    tool.params.x = 1\n") ==
          "fixture b = a\n  with  // why\n       params.x = 1\n");
    canonical(
        "fixture b = a without tool.x, tool.\"\\u{70}arams\", params.tool.params, tools.params, tool.parameters\n");
    canonical("deny a when tool.params.x == 1\n");
    const std::string comment = formatted("fixture b = a with tool. // why\n params.x = 1\n");
    CHECK(comment.find("why") != std::string::npos);
}

TEST_CASE("format: tests are open, and what does not fit goes on under its beginning") {
    CHECK(formatted("test \"t\" { given f with a = 1 expect permit { \"s\" } for 2m by r expect deny because x, y }") ==
          "test \"t\" {\n  given f with a = 1\n  expect permit { \"s\" } for 2m by r\n  expect deny because x, y\n}\n");
    CHECK(formatted("test \"t\" { given f with a = \"" + xs(50) + "\", b = \"" + xs(50) + "\" expect deny because " +
                    xs(50) + " by " + xs(50) + " }") ==
          "test \"t\" {\n  given f\n    with a = \"" + xs(50) + "\",\n         b = \"" + xs(50) +
              "\"\n  expect deny because " + xs(50) + "\n         by " + xs(50) + "\n}\n");
}

TEST_CASE("format: cases stand in columns") {
    CHECK(formatted("test \"t\" { given f cases a.b | c[\"d\"] | expect 1 | \"\xC3\xBC\" | permit  100 | [ 1 ] | deny "
                    "because x }") ==
          "test \"t\" {\n  given f\n  cases a.b | c[\"d\"] | expect\n        1   | \"\xC3\xBC\"    | permit\n        "
          "100 | [ 1 ]  | deny because x\n}\n");
}

TEST_CASE("format: comments before, behind and at the end") {
    canonical(
        "// of the file\n\n// of a\ndeny a\n  // of the condition\n  when x  // behind\n   // of y\n   and y\n  // "
        "last\n\n// at the end\n");
    canonical("schema s {\n  // first\n  a: int  // behind a\n\n  /// Doc of b.\n  b: int\n  // last\n}\n");
    canonical(
        "test \"t\" {\n  // given\n  given f\n  cases a | expect\n        // row\n        1 | deny  // behind\n        "
        "// last row\n        2 | deny\n  // end\n}\n");
    canonical("tool t {\n  // nothing yet\n}\n");
}

TEST_CASE("format: a comment behind a comma stays behind it") {
    CHECK(formatted("define s = {\n1 // one\n, 2 }") == "define s = {\n  1,  // one\n  2,\n}\n");
    CHECK(formatted("define s = { 1 // one\n, 2 }") == "define s = { 1,  // one\n             2 }\n");
    CHECK(formatted("schema s { a: int, // first\n b: int }") == "schema s {\n  a: int  // first\n  b: int\n}\n");
}

TEST_CASE("format: a comment inside of a row of cases stands above it") {
    CHECK(formatted("test \"t\" { given f cases a | expect 1 // why\n | deny }") ==
          "test \"t\" {\n  given f\n  cases a | expect\n        // why\n        1 | deny\n}\n");
}

TEST_CASE("format: a doc comment stands right above what it describes, and goes to nothing else") {
    CHECK(formatted("deny a when x /// Of b.\n\n\ndeny b when y") == "deny a when x\n/// Of b.\ndeny b when y\n");
    CHECK(formatted("schema s { a: int /// of nothing\n, b: int }") ==
          "schema s {\n  a: int\n  /// of nothing\n  ,\n  b: int\n}\n");
    CHECK(formatted("///x  \t\ntier read") == "///x\ntier read\n");
}

TEST_CASE("format: what does not parse is not formatted") {
    CHECK(refusal("deny a when") == "E0102");
    CHECK(refusal("deny a when x && y") == "E0102");
    CHECK(refusal("tier read // \xFF") == "E0104");
    CHECK(refusal("limit a to ttl 5m, ttl 6m") == "E0412");
    CHECK(refusal("deny a when " + std::string(300, '(') + "x" + std::string(300, ')')) == "E0111");
    CompileOptions small;
    small.max_source_bytes = 8;
    CHECK(refusal("tier read\n", small) == "E0110");
}

TEST_CASE("format: K0005 a defect of the formatter is seen") {
    const syntax::Reading before{"deny a when x\n", "deny a\n", {"// one", "\n", "// two"}};
    CHECK(syntax::fault_of(before, before).empty());
    syntax::Reading other = before;
    other.ast = "deny b\n";
    CHECK(syntax::fault_of(before, other) == "a declaration would change its meaning");
    for (const auto& comments :
         {std::vector<std::string>{"// one", "\n"}, {"// two", "\n", "// one"}, {"// one", "// two", "\n"}}) {
        other = before;
        other.comments = comments;
        CHECK(syntax::fault_of(before, other) == "a comment would be lost or moved");
    }
    other = before;
    other.formatted = "deny a\n  when x\n";
    CHECK(syntax::fault_of(before, other) == "formatting a second time would change it again");
}
