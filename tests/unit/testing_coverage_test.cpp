#include <doctest/doctest.h>

#include <algorithm>

#include "example_request.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kPolicy = R"(
import std.kubernetes
import std.github
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write < privileged
tool pay { tier write audience "https://pay.example" scopes { "pay" } params { amount: decimal } }
tool see { tier read audience "https://see.example" scopes { "see" } }
fixture base = json "base.json"
fixture small = base with tool.name = "pay", params = { amount: 5 }, want.scopes = { "pay" }
)";

TestRun run(std::string_view text, std::string_view table = {}, std::string_view import = {}) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(import) + std::string(kPolicy) + std::string(text)});
    set.read = [table](std::string_view, std::string_view path) -> Result<std::string> {
        if (path == "rows.csv") return std::string(table);
        return writ::testing::example_request(
            R"({"iss":"https://issuer.example","aud":"https://broker.example","sub":"system:serviceaccount:a:b",
            "exp":1790003600,"iat":1790000000,"nbf":1790000000,"jti":"t",
            "kubernetes.io":{"namespace":"a","serviceaccount":{"name":"b","uid":"u"}}})",
            "kubernetes", 1'790'000'000);
    };
    const Workspace workspace(std::move(set));
    for (const Diagnostic& d : workspace.diagnostics().items)
        if (d.severity == Severity::Error) FAIL_CHECK(d.code, " ", d.message, " ", d.label);
    REQUIRE(workspace.bundle());
    TestRun out = workspace.test({.coverage = true});
    for (const TestCase& test : out.cases) CHECK_MESSAGE(test.passed, test.name, ": ", test.problem);
    return out;
}

const CoveredCondition& condition(const Coverage& coverage, std::string_view text) {
    const auto found = std::find_if(coverage.conditions.begin(), coverage.conditions.end(),
                                    [&](const CoveredCondition& each) { return each.text == text; });
    REQUIRE_MESSAGE(found != coverage.conditions.end(), text);
    return *found;
}

/// The counts of true, false and unknown; `-` if a result is impossible.
std::string counts(const Coverage& coverage, std::string_view text) {
    const CoveredCondition& of = condition(coverage, text);
    std::string out;
    for (const Truth truth : {Truth::True, Truth::False, Truth::Unknown}) {
        const auto i = static_cast<std::size_t>(truth);
        out += (out.empty() ? "" : " ") + (of.possible[i] ? std::to_string(of.seen[i]) : "-");
        CHECK((of.possible[i] || of.seen[i] == 0));
    }
    return out;
}

}  // namespace

TEST_CASE("coverage: every condition is looked at, whatever the others say") {
    const TestRun out = run(R"(
permit pay for tool pay when agent.class == "payer" and (params.amount < 10.00 or not run.background) grant { "pay" } for 1m
deny never_asked for tool see when agent.class == "x"
test "t" {
  given small with agent.class = "payer"
  cases params.amount | agent.class | run.background | expect
        5                  | "payer"     | true           | permit
        50                 | "payer"     | true           | deny
        50                 | "payer"     | false          | permit
        missing            | "other"     | missing        | deny
        missing            | missing     | true           | deny
}
)");
    const Coverage& coverage = out.coverage;
    CHECK(coverage.requests == 5);
    CHECK(counts(coverage, "agent.class == \"payer\"") == "3 1 1");
    CHECK(counts(coverage, "params.amount < 10.00") == "1 2 2");
    CHECK(counts(coverage, "run.background") == "3 1 1");
    CHECK(counts(coverage, "agent.class == \"x\"") == "0 0 0");
    REQUIRE(coverage.rules.size() == 2);
    CHECK(coverage.rules[0].name == "main.pay");
    CHECK(coverage.rules[0].kind == "permit");
    CHECK(coverage.rules[0].applied == 2);
    CHECK(coverage.rules[0].seen == std::array<std::size_t, 3>{2, 1, 2});
    CHECK(coverage.rules[0].conditions.size() == 3);
    // For a rule for other tools, nothing is counted.
    CHECK(coverage.rules[1].applied == 0);
    CHECK(coverage.rules[1].seen == std::array<std::size_t, 3>{});
    CHECK(coverage.applied() == 1);
    CHECK(coverage.covered() == 3);
    CHECK(coverage.percent() == 75.0);
}

TEST_CASE("coverage: a rule that narrows applies unless it is false") {
    const TestRun out = run(R"(
permit pay for tool pay when tenant != "x" grant { "pay" } for 1m
deny revoked when agent.revoked
test "t" {
  given small
  cases agent.revoked | tenant           | expect
        true          | "example-tenant" | deny
        false         | "example-tenant" | permit
        missing       | "x"              | deny
}
)");
    CHECK(out.coverage.rules.at(0).applied == 2);
    CHECK(out.coverage.rules.at(1).applied == 2);
    CHECK(counts(out.coverage, "agent.revoked") == "1 1 1");
    CHECK(out.coverage.percent() == 100.0);
}

TEST_CASE(
    "coverage: requests that are refused, or denied before any rule, count for nothing; the same one counts once") {
    const TestRun out = run(R"(
permit pay for tool pay when agent.class == "payer" grant { "pay" } for 1m
test "denied before" { given small cases want.scopes | expect missing | deny because fact_missing }
test "twice" { given small with agent.class = "payer" expect permit expect permit by pay }
)");
    CHECK(out.coverage.requests == 1);
    CHECK(counts(out.coverage, "agent.class == \"payer\"") == "1 0 0");
}

TEST_CASE("coverage: a condition counts where it is written, for all rules that use it") {
    const TestRun out = run(R"(
define payer = agent.class == "payer"
define under(amount: decimal, bound: decimal) = amount < bound
permit pay for tool pay when payer and under(params.amount, 10.00) and resource.id == "r" grant { "pay" } for 1m
permit more extends pay when run.background
limit brief for tool pay when payer and under(params.amount, 3.00) to ttl 30s
test "t" { given small with agent.class = "payer", resource.id = "r" expect permit for 1m }
)");
    CHECK(out.coverage.conditions.size() == 4);
    CHECK(counts(out.coverage, "agent.class == \"payer\"") == "1 0 0");
    // One request with two uses that have different results.
    CHECK(counts(out.coverage, "amount < bound") == "1 1 0");
    CHECK(counts(out.coverage, "resource.id == \"r\"") == "1 0 0");
    CHECK(out.coverage.rules.at(1).conditions.size() == 4);
    CHECK(out.coverage.rules.at(2).conditions.size() == 2);
}

TEST_CASE("coverage: a template counts once, over its rows") {
    const TestRun out = run(R"(
table rows = csv "rows.csv" { class: string, most: decimal }
permit pay for each row in rows for tool pay when agent.class == row.class and params.amount <= row.most grant { "pay" } for 1m
test "t" {
  given small
  cases agent.class | params.amount | expect
        "a"         | 5                  | permit
        "b"         | 50                 | permit
        "c"         | 5                  | deny
}
)",
                            "class,most\na,10\nb,100\n");
    REQUIRE(out.coverage.rules.size() == 1);
    CHECK(out.coverage.rules[0].applied == 2);
    CHECK(out.coverage.rules[0].seen == std::array<std::size_t, 3>{1, 0, 2});
    CHECK(counts(out.coverage, "agent.class == row.class") == "2 3 0");
    CHECK(counts(out.coverage, "params.amount <= row.most") == "3 1 0");
}

TEST_CASE("coverage: the standard library's rules and conditions are its own") {
    const TestRun out = run(R"(
permit pay for tool pay when tenant == "x" grant { "pay" } for 1m
test "t" { given small with agent.revoked = true expect deny because identity_revoked }
)",
                            {}, "import std.baseline");
    CHECK(out.coverage.rules.size() == 1);
    CHECK(out.coverage.conditions.size() == 1);
}

TEST_CASE("coverage: an outcome that cannot be is not asked for") {
    const auto possible = [](const std::string& condition_text, const std::string& more = {}) {
        const TestRun out = run("permit p when agent.id == \"x\" grant { \"pay\" } for 1m\n" + more + "oblige o when " +
                                condition_text + " with audit\n");
        const CoveredCondition& of = condition(out.coverage, condition_text);
        CHECK(of.because.empty() == (of.possible == std::array<bool, 3>{true, true, true}));
        std::string ways;
        if (of.possible[static_cast<std::size_t>(Truth::True)]) ways += 'T';
        if (of.possible[static_cast<std::size_t>(Truth::False)]) ways += 'F';
        if (of.possible[static_cast<std::size_t>(Truth::Unknown)]) ways += 'U';
        return ways;
    };
    // A fact that the engine requires before any rule runs is known.
    CHECK(possible("tenant == \"t\"") == "TF");
    CHECK(possible("now in 09:00..17:00 \"UTC\"") == "TF");
    CHECK(possible("now >= \"2026-01-01T00:00:00Z\"") == "TF");
    CHECK(possible("user is none") == "TF");
    CHECK(possible("any s in want.scopes: lower(s) == \"pay\"") == "TF");
    CHECK(possible("count(s in want.scopes: s == \"pay\") >= 1") == "TF");
    CHECK(possible("lower(agent.id) == \"x\"") == "TF");
    // A fact that it does not require, one in a group, and one that can be invalid may be unknown.
    CHECK(possible("agent.class == \"t\"") == "TFU");
    CHECK(possible("tenant == resource.id") == "TFU");
    CHECK(possible("approvals is none") == "TFU");
    CHECK(possible("any s in egress: s == \"a.example\"") == "TFU");
    CHECK(possible("spiffe(agent.id) like \"spiffe://a/**\"") == "TFU");
    CHECK(possible("age(run.started) < 5m") == "TFU");
    // For the catalogue, only values that some tool has are possible; no tool is privileged.
    CHECK(possible("tool.tier >= write") == "TF");
    CHECK(possible("tool.tier == privileged") == "F");
    // There is always an issuer, and here only one.
    CHECK(possible("token.issuer is prod") == "T");
    CHECK(possible("token.issuer is prod", "issuer ci: github \"https://ci.example\" { audience \"a\" }\n") == "TF");
}
