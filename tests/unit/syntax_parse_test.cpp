#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "base/operators.h"
#include "source_root.h"
#include "syntax/parse.h"

using namespace writ;
using namespace writ::syntax;

namespace {

/// The tree of text without errors.
std::string tree(std::string_view text) {
    Report report;
    const ast::SourceFile file = parse(0, text, 200, report);
    for (const Diagnostic& d : report.take()) FAIL_CHECK(d.code << ' ' << d.message << " at " << d.span.begin);
    return dump_ast(file);
}

/// The tree of one condition.
std::string condition(const std::string& text) {
    const std::string dump = tree("define x = " + text);
    const std::string start = "define x\n  body\n";
    REQUIRE(dump.starts_with(start));
    return dump.substr(start.size());
}

/// The part of the grammar between two texts.
std::string grammar(std::string_view from, std::string_view to) {
    std::ifstream file(source_root() + "/grammar/Writ.g4");
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    const std::size_t begin = all.find(from);
    REQUIRE(begin != std::string::npos);
    return all.substr(begin + from.size(), all.find(to, begin) - begin - from.size());
}

/// The words of the grammar's lines `NAME : 'word' ;`, by token.
std::map<std::string, std::string> words_of(const std::string& tokens) {
    std::map<std::string, std::string> out;
    std::istringstream in(tokens);
    for (std::string name, colon, word, end; in >> name >> colon >> word >> end;) {
        REQUIRE(word.size() > 2);
        out[name] = word.substr(1, word.size() - 2);
    }
    return out;
}

std::map<std::string, std::string> soft_words() {
    return words_of(grammar("// Soft words, all of which rule `name` lists.", "LBRACE :"));
}

}  // namespace

TEST_CASE("syntax: an empty file is a file") {
    CHECK(tree("") == "");
    CHECK(tree("// nothing but a comment\n\n") == "");
}

TEST_CASE("syntax: module and imports") {
    CHECK(tree("module acme.support import std.github import a.b as c") ==
          "module acme.support\nimport std.github\nimport a.b as c\n");
}

TEST_CASE("syntax: a permit with all its clauses") {
    CHECK(tree("export permit p for each row in tenants extends a.base for tool t, b.u\n"
               "  when row.x == 1 grant tool.scopes & { row.scope } for 2m because \"why\"") ==
          "export permit p\n"
          "  for-each row in tenants\n"
          "  extends a.base\n"
          "  for-tool t\n"
          "  for-tool b.u\n"
          "  when\n"
          "    ==\n"
          "      path row.x\n"
          "      int 1\n"
          "  grant\n"
          "    scopes\n"
          "      &\n"
          "        path tool.scopes\n"
          "        set\n"
          "          path row.scope\n"
          "    ttl\n"
          "      duration 2m\n"
          "  because \"why\"\n");
}

TEST_CASE("syntax: a grant without a lifetime is left to the checker") {
    CHECK(tree("permit p when a grant { \"x\" }") ==
          "permit p\n  when\n    path a\n  grant\n    scopes\n      set\n        string \"x\"\n");
}

TEST_CASE("syntax: rules that narrow") {
    CHECK(tree("deny d for tool t because \"no\"") == "deny d\n  for-tool t\n  because \"no\"\n");
    CHECK(tree("require r when a approval from group \"g\", \"h\" within 15m") ==
          "require r\n  when\n    path a\n  approval 1\n    group \"g\"\n    group \"h\"\n    within\n      "
          "duration 15m\n");
    CHECK(tree("require r when a > 3 2 approvals from group \"g\" within 1h") ==
          "require r\n  when\n    >\n      path a\n      int 3\n  approval 2\n    group \"g\"\n    within\n  "
          "    duration 1h\n");
    CHECK(tree("limit l when a to ttl 5m, scopes {}, audience { \"x\" }, single_use") ==
          "limit l\n  when\n    path a\n  to\n    ttl\n      duration 5m\n    scopes\n      set\n    "
          "audience\n      set\n"
          "        string \"x\"\n    single-use\n");
    CHECK(tree("oblige o when a with audit(level: \"full\", to: row.x), notify") ==
          "oblige o\n  when\n    path a\n  with audit\n    level\n      string \"full\"\n    to\n      path "
          "row.x\n"
          "  with notify\n");
}

TEST_CASE("syntax: and binds tighter than or, not tighter than both") {
    CHECK(condition("a or not b and c or d") ==
          "    or\n      path a\n      and\n        not\n          path b\n        path c\n      path d\n");
    CHECK(condition("(a or b) and c") == "    and\n      or\n        path a\n        path b\n      path c\n");
    CHECK(condition("a and b and c") == "    and\n      path a\n      path b\n      path c\n");
    CHECK(condition("not a == b") == "    not\n      ==\n        path a\n        path b\n");
}

TEST_CASE("syntax: a quantifier's body extends right as far as it can") {
    CHECK(condition("a and any x in xs: x.b and c or d") ==
          "    and\n      path a\n      any x\n        path xs\n        or\n          and\n            path "
          "x.b\n"
          "            path c\n          path d\n");
    CHECK(condition("(any x in xs | ys: b) or not all y in ys: c") ==
          "    or\n      any x\n        |\n          path xs\n          path ys\n        path b\n      not\n "
          "       all y\n"
          "          path ys\n          path c\n");
    CHECK(condition("count(x in xs: x.ok and y) >= 2") ==
          "    >=\n      count x\n        path xs\n        and\n          path x.ok\n          path y\n      "
          "int 2\n");
}

TEST_CASE("syntax: every comparison") {
    CHECK(condition("a != b") == "    !=\n      path a\n      path b\n");
    CHECK(condition("a <= b") == "    <=\n      path a\n      path b\n");
    CHECK(condition("a in b") == "    in\n      path a\n      path b\n");
    CHECK(condition("a not in b") == "    not\n      in\n        path a\n        path b\n");
    CHECK(condition("a contains b") == "    contains\n      path a\n      path b\n");
    CHECK(condition("a subset of b") == "    subset-of\n      path a\n      path b\n");
    CHECK(condition("a overlaps b") == "    overlaps\n      path a\n      path b\n");
    CHECK(condition("a like \"x/*\"") == "    like \"x/*\"\n      path a\n");
    CHECK(condition("a matches \"x+\"") == "    matches \"x+\"\n      path a\n");
    CHECK(condition("a is none") == "    is-none\n      path a\n");
    CHECK(condition("a is not none") == "    not\n      is-none\n        path a\n");
    CHECK(condition("a is some") == "    is-some\n      path a\n");
    CHECK(condition("token.issuer is not m.prod") == "    not\n      is m.prod\n        path token.issuer\n");
}

TEST_CASE("syntax: windows of time") {
    CHECK(condition("now in 09:00..17:30 \"Europe/Berlin\"") ==
          "    in-window 09:00..17:30 \"Europe/Berlin\"\n      path now\n");
    CHECK(condition("now not in 22:00..6:00 \"UTC\" on mon, wed, sat..sun") ==
          "    not\n      in-window 22:00..06:00 \"UTC\" on mon wed sat sun\n        path now\n");
    CHECK(condition("now in 00:00..24:00 \"UTC\" on sat..mon") ==
          "    in-window 00:00..24:00 \"UTC\" on mon sat sun\n      path now\n");
}

TEST_CASE("syntax: arithmetic and set algebra group to the left, products first") {
    CHECK(condition("a - b + c * d == e | f & g") ==
          "    ==\n      +\n        -\n          path a\n          path b\n        *\n          path c\n     "
          "     path d\n"
          "      |\n        path e\n        &\n          path f\n          path g\n");
    CHECK(condition("a - -b > -1h30m") ==
          "    >\n      -\n        path a\n        negate\n          path b\n      duration -1h30m\n");
}

TEST_CASE("syntax: literals") {
    CHECK(condition("{ 10_000, -9223372036854775808, 0.5, -1.25, 1h30m, 500ms, true, false, \"a\\n\", }") ==
          "    set\n      int 10000\n      int -9223372036854775808\n      decimal 0.5\n      decimal -1.25\n"
          "      duration 1h30m\n      duration 500ms\n      true\n      false\n      string \"a\\u{0A}\"\n");
}

TEST_CASE("syntax: paths and calls") {
    CHECK(condition("prod.\"kubernetes.io\".namespace == gates[\"eval\"].any") ==
          "    ==\n      path prod.\"kubernetes.io\".namespace\n      path gates[\"eval\"].any\n");
    CHECK(condition("words(a.b) contains lib.f(1, x)") ==
          "    contains\n      call words\n        path a.b\n      call lib.f\n        int 1\n        path "
          "x\n");
}

TEST_CASE("syntax: soft words are names wherever a name may stand") {
    CHECK(condition("tool.for == from and to.when in permit.grant") ==
          "    and\n      ==\n        path tool.for\n        path from\n      in\n        path to.when\n     "
          "   path permit.grant\n");
    CHECK(tree("define contains(max: int, from: tier) = limit.or") ==
          "define contains()\n  param max int\n  param from tier\n  body\n    path limit.or\n");
    CHECK(tree("schema request { tool: string for: int max 3 max: int from broker from: bool any: "
               "list<string> or: x or none }") ==
          "schema request\n  field \"tool\" string\n  field \"for\" int max 3\n  field \"max\" int from "
          "broker\n"
          "  field \"from\" bool\n  field \"any\" list<string>\n  field \"or\" x or none\n");
    CHECK(tree("permit deny when a deny permit when b") ==
          "permit deny\n  when\n    path a\ndeny permit\n  when\n    path b\n");
}

TEST_CASE("syntax: every soft word of the grammar is a name") {
    const auto words = soft_words();
    CHECK((words.contains("MODULE") && words.contains("SUN")));
    for (const auto& [token, word] : words)
        CHECK(condition(word + " == 1 and a." + word) ==
              "    and\n      ==\n        path " + word + "\n        int 1\n      path a." + word + "\n");
}

TEST_CASE("syntax: the grammar has exactly the tests of a text of operators.def") {
    const auto words = soft_words();
    // `( LIKE | MATCHES ) STRING`
    const std::string rule = grammar("\nrelation\n", ";");
    const std::size_t end = rule.find(") STRING"), begin = rule.rfind('(', end);
    REQUIRE(end != std::string::npos);
    std::istringstream in(rule.substr(begin + 1, end - begin - 1) + "|");
    std::set<std::string> written, listed;
    std::string sign;
    for (std::string token; in >> token;) {
        if (token == "|")
            written.insert(std::exchange(sign, {}));
        else
            sign += (sign.empty() ? "" : " ") + words.at(token);
    }
    const auto shown = [](const std::set<std::string>& tests) {
        std::string out;
        for (const std::string& each : tests) out += each + '\n';
        return out;
    };
    for (const operators::TextTestInfo& each : operators::kTextTests) {
        listed.insert(std::string(each.spelling));
        const std::string text(each.spelling);
        CHECK(condition("a " + text + " \"b\"") == "    " + text + " \"b\"\n      path a\n");
    }
    CHECK(shown(written) == shown(listed));
}

TEST_CASE("syntax: claims") {
    CHECK(tree("claims k {\n  /// who\n  /// it is\n  sub: subject, \"a.b\": record { n: string }\n  type: "
               "string\n"
               "  alias n = \"a.b\".n\n  parse sub { \"x:{a}\" \"y:{b**}\" }\n  proof required\n  type "
               "\"at+jwt\", \"jwt\"\n}") ==
          "claims k\n  field \"sub\" subject\n    doc \"who\\u{0A}it is\"\n  field \"a.b\" record\n    field "
          "\"n\" string\n"
          "  field \"type\" string\n  alias n = \"a.b\".n\n  parse sub\n    pattern \"x:{a}\"\n    pattern "
          "\"y:{b**}\"\n"
          "  type \"at+jwt\"\n  type \"jwt\"\n  proof-required\n");
}

TEST_CASE("syntax: issuers") {
    CHECK(tree("issuer p: std.k \"https://x\" { audience \"a\", \"b\" max_age 10m leeway 30s type \"jwt\" "
               "proof required }") ==
          "issuer p std.k \"https://x\"\n  audience \"a\"\n  audience \"b\"\n  type \"jwt\"\n  max-age 10m\n "
          " leeway 30s\n"
          "  proof-required\n");
}

TEST_CASE("syntax: enums and tiers") {
    CHECK(tree("enum e = a | b | \"c-d\" enum o = x < y tier read < write") ==
          "enum e\n  member \"a\"\n  member \"b\"\n  member \"c-d\"\nordered-enum o\n  member \"x\"\n  "
          "member \"y\"\n"
          "ordered-enum tier\n  member \"read\"\n  member \"write\"\n");
}

TEST_CASE("syntax: tools and tables") {
    CHECK(tree("tool t \"wire.name\" { tier write audience \"a\" scopes { \"s\" } params { n: decimal } }") ==
          "tool t \"wire.name\"\n  tier write\n  audience \"a\"\n  scopes\n    set\n      string \"s\"\n  "
          "field \"n\" decimal\n");
    CHECK(tree("table t = csv \"t.csv\" { a: string, b: set<string> }") ==
          "table t csv \"t.csv\"\n  field \"a\" string\n  field \"b\" set<string>\n");
}

TEST_CASE("syntax: types nest and take modifiers in any order") {
    CHECK(tree("schema request { a: list<record { b: map<string, set<ip>> max 3 }> max 8 from broker or none "
               "}") ==
          "schema request\n  field \"a\" list<record> or none from broker max 8\n    field \"b\" "
          "map<set<ip>> max 3\n");
}

TEST_CASE("syntax: invariants") {
    CHECK(tree("invariant i: never needs_approval when a") == "invariant i never needs-approval\n  when\n    path a\n");
    CHECK(tree("invariant i: never permit when a") == "invariant i never permit\n  when\n    path a\n");
}

TEST_CASE("syntax: fixtures and the data in them") {
    CHECK(tree("fixture f = json \"f.json\" fixture json = f with a.b = \"x\", c[\"k\"] = -1_0 without d, "
               "e.\"f g\"") ==
          "fixture f\n  json \"f.json\"\nfixture json\n  base f\n  with a.b = \"x\"\n  with c[\"k\"] = -10\n"
          "  with d = missing\n  with e.\"f g\" = missing\n");
    CHECK(tree("fixture f = g with a = { \"x\", none }, b = [true, 5m, 500ms, 1.50], c = { k: {}, \"q r\": "
               "missing }") ==
          "fixture f\n  base g\n  with a = array\n    \"x\"\n    none\n  with b = array\n    true\n    300\n "
          "   \"500ms\"\n    1.50\n"
          "  with c = object\n    \"k\" empty\n    \"q r\" missing\n");
}

TEST_CASE("syntax: tests") {
    CHECK(tree("test \"t\" { given m.f with a = 1 expect permit { \"s\" } for 2m until \"2026-03-02T18:00:00Z\" "
               "audience \"x\" single_use "
               "with audit by a, b.c\n"
               "  expect deny because no_permit, x by d expect needs_approval from \"g\", \"h\" }") ==
          "test \"t\"\n  given m.f\n  with a = 1\n  expect permit\n    scopes \"s\"\n    ttl 2m\n    "
          "until 2026-03-02T18:00:00Z\n    audience \"x\"\n    single-use\n"
          "    with audit\n    by a\n    by b.c\n  expect deny\n    by d\n    because no_permit\n    because "
          "x\n"
          "  expect needs_approval\n    from \"g\"\n    from \"h\"\n");
}

TEST_CASE("syntax: cases need no line ends") {
    CHECK(tree("test \"t\" { given f cases a.b | c | expect 1.00 | \"x\" | permit {} for 1m -2 | missing | "
               "deny because d\n"
               "  [\"p\"] | none | needs_approval from group \"g\" }") ==
          "test \"t\"\n  given f\n  case\n    a.b = 1.00\n    c = \"x\"\n    expect permit\n      scopes\n   "
          "   ttl 1m\n"
          "  case\n    a.b = -2\n    c = missing\n    expect deny\n      because d\n  case\n    a.b = "
          "array\n      \"p\"\n"
          "    c = none\n    expect needs_approval\n      from \"g\"\n");
}

TEST_CASE("syntax: doc comments belong to the next declaration") {
    CHECK(tree("/// of the file\nmodule a\n/// one\n///two\n// aside\nexport define x = 1 /// of y\ndefine y "
               "= 2 define z = 3") ==
          "module a\nexport define x\n  doc \"one\\u{0A}two\"\n  body\n    int 1\ndefine y\n  doc \"of y\"\n "
          " body\n    int 2\n"
          "define z\n  body\n    int 3\n");
}

TEST_CASE("syntax: spans are byte offsets of the source given") {
    const std::string_view text = "// \xC3\xA9\ndeny d when \"\xC3\xA9\" == (user.id)";
    Report report;
    const ast::SourceFile file = parse(7, text, 200, report);
    REQUIRE(file.decls.size() == 1);
    CHECK(file.decls[0].span.source == 7);
    CHECK(text.substr(file.decls[0].span.begin).starts_with("deny"));
    CHECK(file.decls[0].span.end == text.size());
    const auto& rule = std::get<ast::RuleDecl>(file.decls[0].node);
    REQUIRE(rule.when != nullptr);
    const auto slice = [&](Span span) { return text.substr(span.begin, span.end - span.begin); };
    CHECK(slice(rule.name.span) == "d");
    CHECK(slice(rule.when->span) == "\"\xC3\xA9\" == (user.id)");
    CHECK(slice(rule.when->op_span) == "==");
    REQUIRE(rule.when->kids.size() == 2);
    CHECK(slice(rule.when->kids[0]->span) == "\"\xC3\xA9\"");
    CHECK(slice(rule.when->kids[1]->span) == "(user.id)");
    CHECK(slice(rule.when->kids[1]->steps[1].span) == "id");
}

TEST_CASE("syntax: tokens are listed with line and column") {
    CHECK(dump_tokens("deny d\n  when 1h .. \"x\"") ==
          "1:1 DENY deny\n1:6 IDENT d\n2:3 WHEN when\n2:8 DURATION 1h\n2:11 DOTDOT ..\n2:14 STRING \"x\"\n");
    CHECK(dump_tokens("a # '") == "1:1 IDENT a\n1:3 BAD #\n1:5 BAD '\n");
}
