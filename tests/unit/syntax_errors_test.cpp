#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "syntax/parse.h"

using namespace writ;
using namespace writ::syntax;

namespace {

struct Outcome {
    std::vector<Diagnostic> items;
    std::string tree;
};

Outcome outcome(std::string_view text, std::uint32_t max_depth = 200) {
    Report report;
    const ast::SourceFile file = parse(0, text, max_depth, report);
    return {report.take(), dump_ast(file)};
}

/// The only finding.
Diagnostic only(std::string_view text) {
    const Outcome out = outcome(text);
    REQUIRE_MESSAGE(out.items.size() == 1, text);
    return out.items.front();
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("syntax: text that is no token reports E0101 and costs nothing else") {
    const Outcome out = outcome("deny a when b # c d\ndeny e when \xC3\xA9\xC3\xA9\ndeny f when g");
    REQUIRE(out.items.size() == 2);
    CHECK(out.items[0].code == "E0101");
    CHECK(out.items[0].help.find("//") != std::string::npos);
    CHECK(out.items[1].code == "E0101");
    CHECK(out.items[1].span.end - out.items[1].span.begin == 4);
    CHECK(out.tree.find("deny f") != std::string::npos);
}

TEST_CASE("syntax: text without a closing quote reports E0101 alone") {
    const Outcome out = outcome("deny a when b == \"open\ndeny c when \"d");
    REQUIRE(out.items.size() == 2);
    CHECK(out.items[0].code == "E0101");
    CHECK(out.items[0].span.begin == 17);
    CHECK(out.items[1].code == "E0101");
}

TEST_CASE("syntax: what was expected and found is said in E0102") {
    const Diagnostic d = only("table t = xml \"a\" {}");
    CHECK(d.code == "E0102");
    CHECK(d.message == "expected `csv` or `json`, found `xml`");
    CHECK(d.span.begin == 10);
    CHECK(d.span.end == 13);
    CHECK(only("deny a when (b").message == "expected an operator or `)`, found the end of the file");
    CHECK(only("define x =").message == "expected a condition, found the end of the file");
    CHECK(only("issuer i : k \"u\" { max_age ten }").message == "expected a duration such as `10m`, found `ten`");
    CHECK(only("deny a when b extra").message == "expected an operator, a clause or a declaration, found `extra`");
    CHECK(only("deny a when b\nextra").message == "expected a declaration, found `extra`");
    CHECK(only("deny a when any x in xs x").message == "expected an operator or `:`, found `x`");
}

TEST_CASE("syntax: one error a declaration, and the rest is read") {
    const Outcome out = outcome(
        "permit a when ) ( ] grant\n  {\n tier write }\n"
        "deny b when c\n"
        "tool t { tier }\n"
        "/// kept\n"
        "export deny e when f\n");
    REQUIRE(out.items.size() == 2);
    CHECK(out.items[0].code == "E0102");
    CHECK(out.items[1].code == "E0102");
    CHECK(out.tree == "deny b\n  when\n    path c\nexport deny e\n  doc \"kept\"\n  when\n    path f\n");
}

TEST_CASE("syntax: a declaration that stops short does not swallow the next") {
    const Outcome out = outcome("deny a when\ndeny b when c\ndeny d when any x in\ndeny e when f");
    REQUIRE(out.items.size() == 2);
    CHECK(out.items[0].message == "the declaration before this one is not complete");
    CHECK(out.items[0].span.begin == 12);
    CHECK(out.items[1].code == "E0102");
    CHECK(out.tree == "deny b\n  when\n    path c\ndeny e\n  when\n    path f\n");
}

TEST_CASE("syntax: a rule with text behind it is not kept in half") {
    CHECK(outcome("permit a when b c grant { \"s\" } for 1m").tree.empty());
}

TEST_CASE("syntax: `=` for `==` is E0102 with the fix") {
    const Outcome out = outcome("deny a when b = 1 and c = 2");
    REQUIRE(out.items.size() == 2);
    CHECK(out.items[0].code == "E0102");
    CHECK(out.items[0].replacement == "==");
    CHECK(out.items[0].span.begin == 14);
}

TEST_CASE("syntax: operators of other languages are E0102 with the fix") {
    const Outcome out = outcome("deny a when b && !c || d == 'e'");
    REQUIRE(out.items.size() == 4);
    CHECK(out.items[0].replacement == "and");
    CHECK(out.items[1].replacement == "not ");
    CHECK(out.items[2].replacement == "or");
    CHECK(out.items[3].replacement == "\"e\"");
    for (const Diagnostic& d : out.items) CHECK(d.code == "E0102");
    CHECK(out.tree.starts_with("deny a\n  when\n    or\n      and\n"));
}

TEST_CASE("syntax: comparisons do not chain") {
    for (const char* text : {"deny a when b < c < d", "deny a when b == c == d", "deny a when b in c in d"}) {
        const Diagnostic d = only(text);
        CHECK(d.code == "E0102");
        CHECK(d.help.find("and") != std::string::npos);
    }
}

TEST_CASE("syntax: a missing `when` is said") {
    const Diagnostic d = only("deny a for tool t user.id == \"x\"");
    CHECK(d.code == "E0102");
    CHECK(d.help == "a condition starts with `when`");
}

TEST_CASE("syntax: a misspelt word gets a suggestion") {
    Diagnostic d = only("deny a wehn b");
    CHECK(d.replacement == "when");
    CHECK(d.help == "did you mean `when`?");
    d = only("permti a when b");
    CHECK(d.replacement == "permit");
    d = only("tool t { teir write }");
    CHECK(d.replacement == "tier");
}

TEST_CASE("syntax: a fixture starts from a file or from another fixture") {
    CHECK(only("fixture x = { user: none }").help ==
          "start from a file or from another fixture: `fixture x = json \"…\"`");
}

TEST_CASE("syntax: positions and the names after `exactly` have one form") {
    CHECK(only("fixture x = f with approvals[-1].id = 1").help == "positions count from 0, from the first element on");
    CHECK(only("test \"t\" { given f expect permit with exactly { audit } }").help ==
          "write the names without braces: `exactly audit`");
    CHECK(
        only("test \"t\" { given f expect permit exactly { \"a\" } }").help ==
        "scopes, ttl and audience are compared as a whole anyway; `exactly` follows `with`, `because`, `by` or `from`");
    CHECK(only("test \"t\" { given f expect deny because exactly none }").help ==
          "a decision that is no permit always has a reason: name it");
    CHECK(only("test \"t\" { given f expect needs_approval from exactly none }").help ==
          "a requirement always has a group: name it");
    for (const char* part : {"with", "by"}) {
        const Diagnostic d = only("test \"t\" { given f expect permit " + std::string(part) + " none }");
        CHECK(d.help == "write `exactly none` if there must be none");
        CHECK(d.replacement == "exactly none");
    }
}

TEST_CASE("syntax: scopes and audiences of an expectation have one form") {
    CHECK(only("test \"t\" { given f expect permit audience { \"a\", \"b\" } }").help ==
          "write the audiences without braces: `audience \"a\", \"b\"`");
    CHECK(only("test \"t\" { given f expect permit scopes { \"a\" } }").help ==
          "write the scopes without the word: `{ \"a\" }`; a definition follows `scopes`");
    CHECK(only("test \"t\" { given f expect permit { reading } }").help ==
          "scopes in braces are text in double quotes; a definition follows `scopes`: `permit scopes NAME`");
}

TEST_CASE("syntax: a moment has quotes") {
    CHECK(only("define start = 2026-03-02T17:00:00Z").help ==
          "write a moment in double quotes: `\"2026-03-02T17:00:00Z\"`");
}

TEST_CASE("syntax: changes have commas between them, and no braces") {
    for (const char* text : {"fixture x = f with a = 1 and b = 2", "fixture x = f without a and b",
                             "test \"t\" { given f with a = 1 and b = 2 expect deny }"}) {
        const Diagnostic d = only(text);
        CHECK_MESSAGE(d.help == "write `,` between them", text);
        CHECK(d.replacement == ",");
    }
    const std::string_view bare = "write the changes without braces: `with user.id = \"b\"`";
    CHECK(only("fixture x = f with { user.id = \"b\" }").help == bare);
    CHECK(only("test \"t\" { given f with { user.id = \"b\" } expect deny }").help == bare);
    CHECK(only("test \"t\" { given { json \"f.json\" } expect deny }").help ==
          "name a fixture: `given base`; declare it outside of the test, `fixture base = json \"…\"`");
    for (const char* given : {"json \"f.json\"", "\"f.json\""})
        CHECK(only("test \"t\" { given " + std::string(given) + " expect deny }").help ==
              "name a fixture: `given base`; declare it outside of the test, `fixture base = json \"f.json\"`");
    // Only rules are said to have no braces.
    CHECK(only("deny d for tool { t } when a").help.find("rule has no braces") == std::string::npos);
    CHECK(only("deny d { when a }").help == "a rule has no braces: its clauses follow its name");
}

TEST_CASE("syntax: what an expectation is about follows `because` or `by`") {
    Diagnostic d = only("test \"t\" { given f expect deny no_permit }");
    CHECK(d.help == "the reason follows `because`: `deny because no_permit`");
    CHECK(d.replacement == "because no_permit");
    CHECK(only("test \"t\" { given f cases a | expect 1 | deny no_permit 2 | permit }").help == d.help);
    CHECK(only("test \"t\" { given f cases a | expect 1 | deny becaus no_permit }").help == "did you mean `because`?");
    d = only("test \"t\" { given f expect permit readers }");
    CHECK(d.help == "the rule that permits follows `by`: `permit by readers`; a definition of scopes follows `scopes`");
    CHECK(d.replacement == "by readers");
    d = only("test \"t\" { given f expect deny because \"no_permit\" }");
    CHECK(d.help == "write the name without quotes: `because no_permit`");
    CHECK(d.replacement == "no_permit");
    CHECK(only("test \"t\" { given f expect deny because exactly \"no_permit\" }").help ==
          "write the name without quotes: `exactly no_permit`");
    CHECK(only("test \"t\" { given f expect deny becaus no_permit }").replacement == "because");
}

TEST_CASE("syntax: an audience is text") {
    CHECK(only("issuer i: k \"u\" { audience broker_url }").help ==
          "an audience is text in double quotes, not a name: write it out for each issuer");
    CHECK(only("tool t { tier a audience broker_url }").help ==
          "an audience is text in double quotes, not a name: write it out for each tool");
}

TEST_CASE("syntax: the form of an issuer and of a group of issuers is shown") {
    CHECK(only("issuer group g = [eu, us]").help == "write the issuers without brackets: `issuer group g = eu, us`");
    CHECK(only("issuer group g = { eu, us }").help == "write the issuers without brackets: `issuer group g = eu, us`");
    const Diagnostic kind = only("issuer group g: kubernetes = eu, us");
    CHECK(kind.help == "a group has the kind of its issuers: remove `: kubernetes`");
    CHECK(kind.replacement.empty());
    CHECK(only("issuer group g { eu, us }").help == "write `issuer group g = eu, us`");
    CHECK(only("issuer group g eu, us").help == "write `issuer group g = eu, …`");
    const Diagnostic alone = only("group g = eu, us");
    CHECK(alone.help == "a group of issuers is declared with `issuer group NAME = a, b`");
    CHECK(alone.replacement == "issuer group");
    CHECK(only("issuer z: kubernetes { url \"https://z\" audience \"b\" }").help ==
          "the issuer's URL stands before the braces: `issuer z: KIND \"https://…\" { audience \"…\" }`");
    const std::string_view form = "write `issuer z: KIND \"https://…\" { audience \"…\" }`";
    CHECK(only("issuer z { url \"https://z\" }").help == form);
    CHECK(only("issuer z \"https://z\" { audience \"b\" }").help == form);
    CHECK(only("issuer z: \"https://z\" { audience \"b\" }").help == form);
}

TEST_CASE("syntax: hard words cannot be declared") {
    CHECK(only("define count = 3").help == "`count` is a keyword and cannot be a name here");
}

TEST_CASE("syntax: imports and module have their place") {
    CHECK(only("define x = 1\nimport a.b").help == "put imports before the first declaration");
    CHECK(only("import a.b\nmodule c").help == "`module` must come first in a file");
}

TEST_CASE("syntax: clauses of a rule keep their order") {
    const Diagnostic d = only("deny a when b for tool t");
    CHECK(d.code == "E0102");
    CHECK(d.message == "`for tool` comes before `when`");
}

TEST_CASE("syntax: a clause given twice reports E0412") {
    CHECK(only("deny a when b when c").code == "E0412");
    CHECK(only("tool t { tier a tier b }").message == "`tier` is given twice");
    CHECK(only("issuer i: k \"u\" { audience \"a\" audience \"b\" }").code == "E0412");
    CHECK(only("limit l when a to ttl 1m, ttl 2m").code == "E0412");
    CHECK(only("schema request { a: int max 1 max 2 }").code == "E0412");
}

TEST_CASE("syntax: a horizon that is no instant reports E0103") {
    CHECK(only("test \"t\" { given f expect permit until \"tomorrow\" }").code == "E0103");
}

TEST_CASE("syntax: expectations that make no sense report E0414") {
    CHECK(only("test \"t\" { given f expect deny until \"2026-03-02T18:00:00Z\" }").code == "E0414");
    CHECK(only("test \"t\" { given f expect deny for 2m }").code == "E0414");
    CHECK(only("test \"t\" { given f expect permit because x }").code == "E0414");
    CHECK(only("test \"t\" { given f expect deny from \"g\" }").code == "E0414");
}

TEST_CASE("syntax: a row of cases with the wrong width reports E0414") {
    const Outcome out = outcome("test \"t\" { given f cases a | b | expect 1 | deny 1 | 2 | deny }");
    REQUIRE(out.items.size() == 1);
    CHECK(out.items[0].code == "E0414");
    CHECK(out.tree == "test \"t\"\n  given f\n  case\n    a = 1\n    b = 2\n    expect deny\n");
}

TEST_CASE("syntax: malformed literals report E0103 and no more") {
    for (const char* text :
         {"define x = 5x", "define x = 1h1h", "define x = 30m1h", "define x = 1_", "define x = 0x1F", "define x = 1.5s",
          "define x = 99999999999999999999", "define x = 0.1234567", "define x = \"\\q\"",
          "deny a when now in 25:00..9:00 \"UTC\"", "deny a when now in 24:00..9:00 \"UTC\"",
          "limit l when a to ttl 5x", "issuer i: k \"u\" { max_age 5x }", "fixture f = g with a = 99999999999999999999",
          "schema request { a: int max 5000000000 }"})
        CHECK_MESSAGE(only(text).code == "E0103", text);
}

TEST_CASE("syntax: source with control characters is not read: E0104") {
    const Outcome out = outcome("deny a when b // \xE2\x80\xAE\n");
    REQUIRE(out.items.size() == 1);
    CHECK(out.items[0].code == "E0104");
    CHECK(out.tree.empty());
}

TEST_CASE("syntax: nesting over the limit reports E0111, whatever nests") {
    const std::string open = repeated("(", 100'000);
    for (const std::string& text :
         {"define x = " + open + "a" + repeated(")", 100'000), "define x = " + open,
          "define x = " + repeated("any a in b: ", 100'000) + "c", "define x = " + repeated("{", 100'000),
          "define x = " + repeated("f(", 100'000), "define x = " + repeated("not ", 100'000) + "a",
          "define x = 1" + repeated(" + a", 100'000), "define x = " + repeated("- ", 100'000) + "a",
          "schema request { a: " + repeated("list<", 100'000), "schema request { " + repeated("a: record {", 100'000),
          "fixture f = g with a = " + repeated("[", 100'000), "fixture f = g with a = " + repeated("{a: ", 100'000)}) {
        const Outcome out = outcome(text + "\ndeny after when b");
        REQUIRE(out.items.size() == 1);
        CHECK(out.items[0].code == "E0111");
        CHECK_FALSE(out.items[0].help.empty());
        CHECK(out.tree.find("deny after") != std::string::npos);
    }
}

TEST_CASE("syntax: nesting up to the limit is read") {
    CHECK(outcome("define x = ((((a))))", 4).items.empty());
    CHECK(outcome("define x = (((((a)))))", 4).items.size() == 1);
    CHECK(outcome("define x = not not not a", 4).items.empty());
    CHECK(outcome("define x = not not not not a", 4).items.size() == 1);
    CHECK(outcome("define x = (any a in b: c) and (any a in b: c) and (any a in b: c) and (any a in b: c)", 4)
              .items.empty());
    const std::string rule = "deny a when (b)\n";
    CHECK(outcome(repeated(rule, 50), 4).items.empty());
    const std::string breadth = "define x = a" + repeated(" and b", 5000);
    CHECK(outcome(breadth).items.empty());
}

TEST_CASE("syntax: a broken file costs at most the report's limit") {
    Report report(10);
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "deny a when b c" + std::to_string(i) + "\n";
    static_cast<void>(parse(0, text, 200, report));
    CHECK(report.take().size() == 10);
    // One mistake, repeated many times.
    static_cast<void>(parse(0, repeated("deny a when )\n", 3000), 200, report));
    CHECK(report.take().size() == Report::kMaxPlaces);
}
