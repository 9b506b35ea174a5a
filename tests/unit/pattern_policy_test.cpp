// Tests patterns and paths in complete policies: texts that evade a careless pattern do not evade a rule.
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "base/kind.h"
#include "source_root.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kRequest = R"json({
  "provenance": "verified", "now": 1790000060,
  "token": {"issuer": "https://idp.example", "aud": ["https://broker.example"], "iat": 1790000000, "nbf": null, "exp": 1790000600,
            "claims": {"sub": "repo:acme/app:x", "exp": 1790000600, "iat": 1790000000, "aud": ["https://broker.example"]}},
  "agent": {"id": "agent-1", "revoked": false},
  "run": {"id": "run-1", "parent_id": null, "exp": null},
  "tenant": "t1", "user": {"id": "ann", "tenant": "t1", "session_exp": null}, "delegation": null,
  "tool": {"name": "t", "operation": null, "params": {"s": "ok", "p": "x", "d": "a.b", "u": "https://a.example/x", "ps": ["x"]}},
  "resource": {"type": "bucket", "id": "b-1", "tenant": "t1"},
  "want": {"scopes": ["a:read"]}
})json";

constexpr std::string_view kPolicy = R"writ(
tier read < write
claims idp { sub: subject  exp: instant  iat: instant  aud: one_or_many<string> max 16 }
issuer p: idp "https://idp.example" { audience "https://broker.example" }
tool t {
  tier read
  audience "https://a.example"
  scopes { "a:read", "a:write" }
  params { s: string  p: path  d: dotted  u: url  m: email or none  ps: set<path> max 4 }
}
fixture f = json "request.json"
)writ";

/// Runs the tests of a policy; every one must pass.
void run(std::string_view rules) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(kPolicy) + std::string(rules)});
    set.read = [](std::string_view, std::string_view) -> Result<std::string> { return std::string(kRequest); };
    const Workspace workspace(std::move(set));
    for (const Diagnostic& d : workspace.diagnostics().items)
        if (d.severity == Severity::Error) FAIL_CHECK(d.code << " " << d.message << " " << d.help);
    REQUIRE(workspace.bundle());
    const TestRun out = workspace.test();
    CHECK(out.cases.size() > 3);
    for (const TestCase& test : out.cases) CHECK_MESSAGE(test.passed, test.name << ": " << test.problem);
}

}  // namespace

TEST_CASE("patterns: a line end hides nothing from a regular expression") {
    run(R"writ(
permit base for tool t when token.issuer is p grant { "a:read" } for 5m
deny word for tool t when params.s matches ".*secret.*"
deny path_any for tool t when params.p matches "/etc/.+"
deny name for tool t when params.s matches "root"
test "line ends" {
  given f
  cases params.s               | params.p        | expect
        "a secret b"           | "x"             | deny because word
        "\nsecret"             | "x"             | deny because word
        "secret\n"             | "x"             | deny because word
        "a\u{d}\nsecret"       | "x"             | deny because word
        "\u{2028}secret\u{85}" | "x"             | deny because word
        "\u{0}secret"          | "x"             | deny because word
        "x"                    | "/etc/passwd"   | deny because path_any
        "x"                    | "/etc/\np"      | deny because path_any
        "root"                 | "x"             | deny because name
        "root\n"               | "x"             | permit
        "ok"                   | "x"             | permit
}
)writ");
}

TEST_CASE("patterns: only ASCII letters have a case") {
    run(R"writ(
permit any_case for tool t when token.issuer is p and params.s matches "(?i)task-runner" grant { "a:read" } for 5m
deny not_letters for tool t when params.d matches "(?i)[a-z.]+"
test "look-alikes" {
  given f with params.d = "1"
  cases params.s             | params.d    | expect
        "TASK-runner"        | "1"         | permit
        "ta\u{17f}k-runner"  | "1"         | deny because no_permit
        "tas\u{212a}-runner" | "1"         | deny because no_permit
        "task-runne\u{72}\u{301}" | "1"    | deny because no_permit
        "task-runner"        | "A.b"       | deny because not_letters
        "task-runner"        | "\u{212a}"  | permit
}
)writ");
}

TEST_CASE("patterns: a path that climbs is unknown, whatever reads it") {
    run(R"writ(
permit below for tool t when token.issuer is p and params.p like "workspace/**" grant { "a:read" } for 5m
permit other for tool t when token.issuer is p and params.p != "secrets" and params.s == "ne" grant { "a:read" } for 5m
permit regex for tool t when token.issuer is p and params.p matches "(workspace|tmp)/.*" and params.s == "re" grant { "a:read" } for 5m
permit among for tool t when token.issuer is p and params.ps overlaps { "workspace/a" } and params.s == "set" grant { "a:read" } for 5m
deny keys for tool t when params.p == "workspace/keys"
test "permits" {
  given f
  cases params.s | params.p                      | expect
        "x"      | "workspace/a"                 | permit
        "x"      | "workspace/a/"                | permit
        "x"      | "workspace/keys"              | deny because keys
        "x"      | "workspace-evil/a"            | deny because no_permit
        "x"      | "/workspace/a"                | deny because no_permit
        "x"      | "workspace/../secrets/key"    | deny because keys, fact_missing
        "x"      | "workspace/a/../../secrets"   | deny because keys, fact_missing
        "x"      | "workspace/./keys"            | deny because keys, fact_missing
        "x"      | "workspace//keys"             | deny because keys, fact_missing
        "x"      | "workspace/.."                | deny because keys, fact_missing
        "x"      | "workspace/..\\..\\x"         | deny because keys, fact_missing
        "x"      | "workspace/\u{0}"             | deny because keys, fact_missing
        "x"      | "workspace/%2e%2e/x"          | deny because keys, fact_missing
        "x"      | "workspace/%2E%2e%2Fx"        | deny because keys, fact_missing
        "x"      | "workspace/a%5Cb"             | deny because keys, fact_missing
        "ne"     | "public"                      | permit
        "ne"     | "x/../secrets"                | deny because keys, fact_missing
        "re"     | "tmp/x"                       | permit
        "re"     | "tmp/../x"                    | deny because keys, fact_missing
        "set"    | "x"                           | deny because no_permit
}
test "a list with a path that climbs is unknown" {
  given f with params.s = "set"
  cases params.ps                        | expect
        { "workspace/a" }                | permit
        { "workspace/a", "b" }           | permit
        { "workspace/a", "../b" }        | deny because no_permit
        { "b" }                          | deny because no_permit
}
)writ");
}

TEST_CASE("patterns: a path that climbs is unknown in documents of one form, and stated by itself") {
    SourceSet set;
    set.sources.push_back(
        {"policy.writ", std::string(kPolicy) +
                            "permit below for tool t when token.issuer is p and params.p like \"workspace/**\" and "
                            "resource.path like \"docs/**\" grant { \"a:read\" } for 5m\n"});
    set.read = [](std::string_view, std::string_view) -> Result<std::string> { return std::string(kRequest); };
    const Workspace workspace(std::move(set));
    REQUIRE(workspace.bundle());
    Request request{*workspace.bundle()};
    Evaluator evaluator{*workspace.bundle()};
    const auto decide = [&](std::string_view param, std::string_view path) {
        std::string document(kRequest);
        document.replace(document.find("\"p\": \"x\""), 8, "\"p\": \"" + std::string(param) + "\"");
        document.replace(document.find("\"id\": \"b-1\""), 11,
                         "\"id\": \"b-1\", \"path\": \"" + std::string(path) + "\"");
        REQUIRE(request.parse(document).has_value());
        return evaluator.evaluate(request).effect == Effect::Permit;
    };
    for (int again = 0; again < 3; ++again) {
        CHECK(decide("workspace/a", "docs/a"));
        CHECK_FALSE(decide("workspace/../a", "docs/a"));
        CHECK_FALSE(decide("workspace/a", "docs/../a"));
        CHECK(decide("workspace/\xC3\xA9", "docs/b/"));
        CHECK_FALSE(decide("workspace/%2e%2e/a", "docs/a"));
    }
    for (const char* stated : {"docs/a", "docs/\xC3\xA9", "docs/../a", "docs//a", "docs/%5Ca"}) {
        Request fields{*workspace.bundle()};
        fields.begin(Provenance::Verified);
        const auto set_json = [&](const char* name, const std::string& json) {
            const auto field = fields.field(name);
            REQUIRE(field.has_value());
            fields.set_json(*field, json);
        };
        const auto set_text = [&](const char* name, std::string_view text) {
            const auto field = fields.field(name);
            REQUIRE(field.has_value());
            fields.set_text(*field, text);
        };
        fields.set_int(fields.field("now").value(), 1'790'000'060);
        set_text("token.issuer", "https://idp.example");
        set_json("token.aud", "[\"https://broker.example\"]");
        fields.set_int(fields.field("token.iat").value(), 1'790'000'000);
        fields.set_none(fields.field("token.nbf").value());
        fields.set_int(fields.field("token.exp").value(), 1'790'000'600);
        set_json("token.claims",
                 "{\"sub\": \"x\", \"aud\": [\"https://broker.example\"], \"exp\": 1790000600, \"iat\": 1790000000}");
        set_text("agent.id", "agent-1");
        set_text("run.id", "run-1");
        fields.set_none(fields.field("run.parent_id").value());
        fields.set_none(fields.field("run.exp").value());
        set_text("tenant", "t1");
        set_text("user.id", "ann");
        fields.set_none(fields.field("user.session_exp").value());
        fields.set_none(fields.field("delegation").value());
        set_text("tool.name", "t");
        set_json("tool.params", "{\"p\": \"workspace/a\"}");
        set_text("resource.path", stated);
        set_json("want.scopes", "[\"a:read\"]");
        REQUIRE(fields.finish().has_value());
        const bool plain = std::string_view(stated).find_first_of(".%") == std::string_view::npos &&
                           std::string_view(stated).find("//") == std::string_view::npos;
        CHECK_MESSAGE((evaluator.evaluate(fields).effect == Effect::Permit) == plain, stated);
    }
}

TEST_CASE("patterns: a star that is a whole segment is one name") {
    run(R"writ(
permit one for tool t when token.issuer is p and params.p like "repos/*" grant { "a:read" } for 5m
permit host for tool t when token.issuer is p and params.u.host like "*.example" and params.s == "host" grant { "a:read" } for 5m
permit label for tool t when token.issuer is p and params.d like "eu.*.1" and params.s == "dotted" grant { "a:read" } for 5m
permit subject for tool t when token.issuer is p and p.sub like "repo:*/*:**" and params.s == "sub" grant { "a:read" } for 5m
test "names" {
  given f
  cases params.s | params.p   | params.d   | token.claims.sub    | expect
        "x"      | "repos/x"  | "a"        | "o"                 | permit
        "x"      | "repos/"   | "a"        | "o"                 | deny because no_permit
        "x"      | "repos/."  | "a"        | "o"                 | deny because fact_missing
        "x"      | "repos/x/" | "a"        | "o"                 | deny because no_permit
        "dotted" | "x"        | "eu.w.1"   | "o"                 | permit
        "dotted" | "x"        | "eu..1"    | "o"                 | deny because no_permit
        "sub"    | "x"        | "a"        | "repo:a/b:ref:main" | permit
        "sub"    | "x"        | "a"        | "repo:/b:ref:main"  | deny because no_permit
        "sub"    | "x"        | "a"        | "repo:a/:ref:main"  | deny because no_permit
        "sub"    | "x"        | "a"        | "repo:a/..:x"       | permit
}
)writ");
}

TEST_CASE("patterns: an email is matched whole, or by its parts") {
    run(R"writ(
permit base for tool t when token.issuer is p grant { "a:read" } for 5m
deny contractors for tool t when params.m is some and params.m like "**@contractor.example"
deny below for tool t when params.m is some and params.m.domain like "*.vendor.example"
test "emails" {
  given f
  cases params.m                       | expect
        "a@contractor.example"         | deny because contractors
        "a.b@contractor.example"       | deny because contractors
        "a.b.c@CONTRACTOR.example"     | deny because contractors
        "a.b@x.vendor.example"         | deny because below
        "a.b@acme.example"             | permit
}
)writ");
}

TEST_CASE("patterns: the page on the language has the separators of every type") {
    std::ifstream file(source_root() + "/docs/language.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::size_t begin = page.find("| Type | Segments end at |"), end = page.find("\n\n", begin);
    REQUIRE(end != std::string::npos);
    const std::string table = page.substr(begin, end - begin);
    for (std::size_t i = 0; i < std::size(kinds::kNames); ++i) {
        const auto kind = static_cast<Kind>(i);
        if (rep_of(kind) != Rep::Text || kind == Kind::Ip || kind == Kind::Cidr) continue;
        const std::string_view separators = separators_of(kind);
        const std::size_t name = table.find("`" + std::string(spelling_of(kind)) + "`");
        REQUIRE_MESSAGE(name != std::string::npos, spelling_of(kind));
        const std::string row = table.substr(name, table.find('\n', name) - name);
        std::string wanted = "| nothing";
        if (!separators.empty())
            wanted = "| `" + std::string(1, separators[0]) +
                     (separators.size() > 1 ? "` and `" + std::string(1, separators[1]) : "") + "` |";
        CHECK_MESSAGE(row.find(wanted) != std::string::npos, row);
    }
}
