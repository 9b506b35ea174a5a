#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/access.h"
#include "base/report.h"
#include "bytecode/program.h"
#include "compile/compile.h"
#include "example_request.h"
#include "source_root.h"
#include "testing/mutants.h"
#include "testing/mutate_lab.h"
#include "writ/mutation.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kPolicy = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
issuer east: kubernetes "https://east.example" { audience "https://broker.example" }
issuer group clusters = prod, east
tier read < write < privileged
tool pay { tier write audience "https://pay.example" scopes { "pay", "list" } params { amount: decimal } }
tool see { tier read audience "https://see.example" scopes { "see" } }
fixture whole = json "base.json"
fixture base = whole without token.claims.iss
fixture small = base with tool.name = "pay", params = { amount: 5 }, want.scopes = { "pay" }
)";

Workspace workspace_of(std::string_view text) {
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(kPolicy) + std::string(text)});
    set.read = [](std::string_view, std::string_view path) -> Result<std::string> {
        if (path == "rows.csv") return std::string("tenant,most\nt1,5.00\nt2,7.00\n");
        return writ::testing::example_request(
            R"({"iss":"https://issuer.example","aud":"https://broker.example","sub":"system:serviceaccount:a:b",
            "exp":1790090000,"iat":1790000000,"nbf":1790000000,"jti":"t",
            "kubernetes.io":{"namespace":"a","serviceaccount":{"name":"b","uid":"u"}}})",
            "kubernetes", 1'790'000'000);
    };
    Workspace workspace(std::move(set));
    for (const Diagnostic& d : workspace.diagnostics().items)
        if (d.severity == Severity::Error) FAIL_CHECK(d.code, " ", d.message, " ", d.label);
    REQUIRE(workspace.bundle());
    for (const TestCase& test : workspace.test({}).cases) CHECK_MESSAGE(test.passed, test.name, ": ", test.problem);
    return workspace;
}

MutationRun run(std::string_view text, std::vector<std::string> only = {}, const std::string& filter = {}) {
    MutationOptions options;
    options.only = std::move(only);
    options.filter = filter;
    return workspace_of(text).mutate(options);
}

/// `before -> after` of each change with a fate, in order; left out: without the arrow.
std::vector<std::string> with_fate(const MutationRun& run, MutationFate fate) {
    std::vector<std::string> out;
    for (const Mutation& each : run.mutations)
        if (each.fate == fate) out.push_back(each.after.empty() ? each.before : each.before + " -> " + each.after);
    return out;
}
std::vector<std::string> missed(const MutationRun& run) {
    return with_fate(run, MutationFate::NotNoticed);
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("mutate: a comparison without a test at its bound") {
    const std::string rule = R"(
permit pay for tool pay when params.amount <= 5.00 grant { "pay" } for 1m
test "t" { given small cases params.amount | expect
        4.00 | permit
        6.00 | deny
)";
    const MutationRun loose = run(rule + "}", {"comparison", "bound"});
    CHECK(missed(loose) ==
          Texts{"params.amount <= 5.00 -> params.amount < 5.00", "params.amount <= 5.00 -> params.amount <= 5.01"});
    CHECK(loose.mutations[0].needs == "params.amount = 5.00");
    CHECK(loose.mutations[1].needs == "params.amount = 5.01");
    CHECK(loose.mutations[0].rules == Texts{"permit main.pay"});
    CHECK(loose.percent() == 0);
    const MutationRun tight = run(rule + "        5.00 | permit\n 5.01 | deny\n}", {"comparison", "bound"});
    CHECK(missed(tight).empty());
    CHECK(tight.percent() == 100);
    CHECK(tight.mutations[1].by == "t [5.01]");
}

TEST_CASE("mutate: bounds move by the least step of what is written") {
    const MutationRun out = run(R"(
deny late when age(run.started) > 8h or now >= "2027-01-01T00:00:00Z" or 7 < count(s in want.scopes: s == "x")
deny risky when agent.risk_tier >= high or want.scopes overlaps { "a" } or tool.tier < privileged
test "t" { given small without run.started expect deny }
)",
                                {"bound"});
    Texts after;
    for (const Mutation& each : out.mutations) after.push_back(each.after);
    CHECK(after == Texts{"age(run.started) > 8h1s", "now >= \"2026-12-31T23:59:59Z\"",
                         "count(s in want.scopes: s == \"x\") > 8", "agent.risk_tier >= medium", "tool.tier < write"});
}

TEST_CASE("mutate: an approval can have the binding of its request") {
    const MutationRun out = run(R"(
permit pay for tool pay when token.issuer is prod grant { "pay" } for 1m
require humans when tool.tier >= write approval from group "leads" within 15m
fixture approved = small
  with approvals = [ { id: "a", state: "approved", approver: "lea", groups: { "leads" }, requester: none, at: 1790000000,
                       exp: none, uses: none, binding_digest: binding of this request } ]
test "approved" { given approved expect permit }
)",
                                {"rule"});
    REQUIRE(out.mutations.size() == 2);
    CHECK(out.mutations[0].rules == Texts{"permit main.pay"});
    CHECK(out.mutations[0].fate == MutationFate::Noticed);
    CHECK(out.mutations[0].by == "approved");
    CHECK(out.mutations[1].fate == MutationFate::NotNoticed);
    CHECK(out.mutations[1].reached == "approved");
}

TEST_CASE("mutate: equality, quantifiers, negation and connectives") {
    const std::string tests = R"(
test "t" { given small cases agent.class | want.scopes | expect
        "payer" | { "pay" }         | permit
        "other" | { "pay" }         | deny
        "payer" | { "list" }        | deny
)";
    const std::string rule = R"(
permit pay for tool pay when agent.class == "payer" and any s in want.scopes: s == "pay" grant { "pay", "list" } for 1m
)";
    CHECK(missed(run(rule + tests + "}", {"comparison", "quantifier", "negation", "connective", "condition"})) ==
          Texts{"any s in want.scopes: s == \"pay\" -> all s in want.scopes: s == \"pay\""});
    CHECK(missed(run(rule + tests + "        \"payer\" | { \"list\", \"pay\" } | permit\n}", {"quantifier"})).empty());
}

TEST_CASE("mutate: conditions that are left out, and sets that lose a member") {
    const std::string rules = R"(
permit pay for tool pay when token.issuer is clusters and agent.class in { "x", "y" } grant { "pay" } for 1m
deny busy when run.background and agent.class not in { "x", "w" }
)";
    const MutationRun loose = run(rules + R"(
test "t" { given small cases run.background | agent.class | expect
        false | "x" | permit
        false | "z" | deny
        true  | "z" | deny because busy
}
)",
                                  {"condition", "member", "negation"});
    CHECK(missed(loose) == Texts{"\"y\"", "run.background", "agent.class not in { \"x\", \"w\" }", "\"x\"", "\"w\""});
    // Another issuer would be denied before any rule runs: every declared one is in the group.
    CHECK(with_fate(loose, MutationFate::Equal) == Texts{"token.issuer is clusters"});
    CHECK(missed(run(rules + R"(
test "t" { given small cases run.background | agent.class | expect
        false | "x" | permit
        false | "y" | permit
        false | "z" | deny
        true  | "x" | permit
        true  | "y" | deny because busy
        true  | "w" | deny because no_permit
}
)",
                     {"condition", "member", "negation"}))
              .empty());
}

TEST_CASE("mutate: time windows at their edges and on their days") {
    const std::string rule = R"(
permit pay for tool pay when agent.class == "x" and now in 08:00..18:00 "UTC" on mon..fri grant { "pay" } for 1m
test "t" { given small with agent.class = "x", token.iat = "2026-09-10T12:00:00Z", token.nbf = none, token.exp = "2026-10-01T00:00:00Z",
  token.claims.exp = missing, token.claims.iat = missing, token.claims.nbf = missing
  cases now | expect
        "2026-09-21T12:00:00Z" | permit
        "2026-09-20T12:00:00Z" | deny
)";
    const std::string window = "now in 08:00..18:00 \"UTC\" on mon..fri";
    const MutationRun loose = run(rule + "}", {"window", "days"});
    CHECK(missed(loose) == Texts{window + " -> now in 07:59..18:00 \"UTC\" on mon..fri",
                                 window + " -> now in 08:01..18:00 \"UTC\" on mon..fri",
                                 window + " -> now in 08:00..17:59 \"UTC\" on mon..fri",
                                 window + " -> now in 08:00..18:01 \"UTC\" on mon..fri",
                                 window + " -> now in 08:00..18:00 \"UTC\" on mon..thu",
                                 window + " -> now in 08:00..18:00 \"UTC\" on mon..sat"});
    CHECK(loose.mutations[0].needs == "now at 07:59 \"UTC\"");
    CHECK(loose.mutations[3].needs == "now at 18:00 \"UTC\"");
    CHECK(missed(run(rule + R"(        "2026-09-21T07:59:59Z" | deny
        "2026-09-21T08:00:00Z" | permit
        "2026-09-21T17:59:00Z" | permit
        "2026-09-21T18:00:00Z" | deny
        "2026-09-25T12:00:00Z" | permit
        "2026-09-26T12:00:00Z" | deny
})",
                     {"window", "days"}))
              .empty());
    // An edge that no request lies at is still noticed by its effect on the horizon.
    CHECK(missed(run(rule + "        \"2026-09-21T17:50:00Z\" | permit until \"2026-09-21T18:00:00Z\"\n}",
                     {"window"})) == Texts{window + " -> now in 07:59..18:00 \"UTC\" on mon..fri",
                                           window + " -> now in 08:01..18:00 \"UTC\" on mon..fri"});
}

TEST_CASE("mutate: rules, grants, limits, approvals, tools and obligations") {
    const MutationRun out = run(R"(
permit pay for tool pay, see when agent.class == "x" grant { "pay", "list", "see" } for 1m
limit brief when run.background to ttl 30s, single_use
require two for tool pay when params.amount > 100.00 2 approvals from group "a", "b" within 15m
oblige log when run.background with audit, notify
test "t" { given small with agent.class = "x" cases run.background | params.amount | expect
        false | 5.00   | permit
        true  | 5.00   | permit single_use
        false | 101.00 | needs_approval from "a"
}
)",
                                {"rule", "scope", "limit", "approvals", "tool", "ttl", "obligation"});
    CHECK(missed(out) == Texts{"see", "\"list\"", "\"see\"", "1m -> 1m1s", "30s -> 31s", "30s",
                               "2 approvals from group \"a\", \"b\" within 15m -> 3 approvals",
                               "2 approvals from group \"a\", \"b\" within 15m -> 1 approval", "\"b\"", "15m -> 15m1s",
                               "oblige log", "audit", "notify"});
    CHECK(missed(run(R"(
permit pay for tool pay, see when agent.class == "x" grant { "pay", "list", "see" } for 1m
limit brief when run.background to ttl 30s, single_use
oblige log when run.background with audit, notify
test "t" { given small with agent.class = "x" cases run.background | want.scopes | expect
        false | { "pay", "list" } | permit { "pay", "list" } for 1m
        true  | { "pay" } | permit for 30s single_use with audit, notify
}
test "see" { given base with agent.class = "x", tool = { name: "see", params: { } }, want.scopes = { "see" } expect permit }
)",
                     {"rule", "scope", "limit", "tool", "ttl", "obligation"}))
              .empty());
}

TEST_CASE("mutate: a group of issuers loses a member") {
    const std::string rule = R"(
permit pay for tool pay when clusters.namespace == "a" grant { "pay" } for 1m
test "t" { given small cases token.issuer | expect
        "https://issuer.example" | permit
)";
    CHECK(missed(run(rule + "}", {"issuer"})) == Texts{"east"});
    CHECK(missed(run(rule + "\"https://east.example\" | permit\n}", {"issuer"})).empty());
    // Nothing reads the group.
    CHECK(with_fate(run(R"(
permit pay for tool pay when token.issuer is prod grant { "pay" } for 1m
test "t" { given small expect permit })",
                        {"issuer"}),
                    MutationFate::Equal) == Texts{"prod", "east"});
}

TEST_CASE("mutate: what is equal, and what the compiler would refuse") {
    const MutationRun out = run(R"(
permit pay for tool pay when token.issuer is prod and prod.namespace == "a" grant { "pay" } for 1m
deny other when user is some and user.tenant != tenant
deny rich for tool pay when params.amount > 9.00 and tool.tier >= write
test "t" { given small cases user | params.amount | expect
        none | 5.00 | permit
        { id: "u", tenant: "t9", session_exp: none } | 5.00 | deny
        none | 9.01 | deny because rich
        none | 9.00 | permit
}
)",
                                {"condition", "bound", "comparison"});
    const auto because = [&](MutationFate fate, const std::string& before) {
        Texts found;
        for (const Mutation& each : out.mutations)
            if (each.fate == fate && each.before == before) found.push_back(each.because);
        return found;
    };
    CHECK(because(MutationFate::Equal, "token.issuer is prod") ==
          Texts{"another condition of the permit needs the same"});
    CHECK(because(MutationFate::NotValid, "user is some") == Texts{"E0405"});
    // `>= read` is always true; `> write` is noticed; without it, nothing changes for the only tool.
    CHECK(because(MutationFate::NotValid, "tool.tier >= write") == Texts{"E0404"});
    CHECK(because(MutationFate::Equal, "tool.tier >= write") == Texts{"no tool of the rule tells them apart"});
    // One without a condition is refused.
    const MutationRun bare = run(R"(
permit pay for tool pay when token.issuer is prod grant { "pay" } for 1m
test "t" { given small expect permit })",
                                 {"condition"});
    CHECK(bare.count(MutationFate::NotValid) == 1);
    CHECK(bare.mutations[0].because == "E0406");
}

TEST_CASE("mutate: a changed rule keeps its place, so the same permit is used as by the changed policy") {
    const MutationRun out = run(R"(
permit few for tool pay when params.amount <= 5.00 grant { "pay" } for 1m
permit many extends few when params.amount <= 9.00
test "t" { given small cases params.amount | expect
        5.00 | permit by few
        5.01 | permit by many
        9.00 | permit
        9.01 | deny
})",
                                {"bound", "comparison"});
    CHECK(missed(out) == Texts{});
}

TEST_CASE("mutate: the variable of a quantifier is not part of the catalogue") {
    const MutationRun out = run(R"(
table rows = csv "rows.csv" { tenant: string most: decimal }
permit pay for tool pay when token.issuer is prod grant { "pay" } for 1m
deny odd when any scope in want.scopes: scope == "odd" or scope == "even"
deny listed when any row in rows: row.tenant == "t9" or row.tenant == "t8"
test "t" { given small expect permit }
)",
                                {"condition"});
    CHECK(missed(out) ==
          Texts{"scope == \"odd\"", "scope == \"even\"", "row.tenant == \"t9\"", "row.tenant == \"t8\""});
}

TEST_CASE("mutate: a condition of a permit that a deny repeats") {
    const auto why = [&](const std::string& deny, const std::string& before) {
        const MutationRun out = run(R"(
permit pay for tool pay when token.issuer is prod and prod.namespace == "a" and params.amount <= 9.00
  and tenant == "example-tenant" and user is none and age(run.started) <= 1h grant { "pay" } for 1m
test "t" { given small with run.started = 1789999999 expect permit }
)" + deny,
                                    {"condition"});
        for (const Mutation& each : out.mutations)
            if (each.before == before) return each.because;
        return std::string("no such change");
    };
    const std::string same = "a deny says the same", amount = "params.amount <= 9.00",
                      mine = "tenant == \"example-tenant\"";
    CHECK(why("", amount).empty());
    CHECK(why("deny d for tool pay when params.amount > 9.00", amount) == same);
    CHECK(why("deny d for tool pay when not (params.amount <= 9.00)", amount) == same);
    CHECK(why("deny d for tool pay when params.amount > 9.00 or run.background", amount) == same);
    CHECK(why("deny d for tool pay when not (params.amount <= 9.00 and not run.background)", amount) == same);
    CHECK(why("deny d for tool pay, see when tenant != \"example-tenant\"", mine) == same);
    CHECK(why("deny d when tenant != \"example-tenant\"", mine) == same);
    // What else the deny needs, the permit needs too.
    CHECK(why("deny d for tool pay when user is none and params.amount > 9.00", amount) == same);
    // It applies to less.
    CHECK(why("deny d for tool pay when params.amount > 9.01", amount).empty());
    CHECK(why("deny d for tool pay when params.amount >= 9.00", amount).empty());
    CHECK(why("deny d for tool pay when params.amount > 9.00 and run.background", amount).empty());
    CHECK(why("deny d for tool pay when not (params.amount <= 9.00 or run.background)", amount).empty());
    CHECK(why("deny d for tool see when tenant != \"example-tenant\"", mine).empty());
    CHECK(why("limit d for tool pay when params.amount > 9.00 to ttl 30s", amount).empty());
    // An age also ends the grant.
    CHECK(why("deny d for tool pay when age(run.started) > 1h", "age(run.started) <= 1h").empty());
}

TEST_CASE("mutate: changes of templates, definitions and bases count once") {
    const MutationRun out = run(R"(
table rows = csv "rows.csv" { tenant: string  most: decimal }
define few = agent.shared_count <= 4
permit pay for each row in rows for tool pay when tenant == row.tenant and params.amount <= row.most and agent.class == "x" grant { "pay" } for 1m
permit more extends pay when agent.risk_tier == low
permit other for tool pay when agent.class == "y" and few grant { "pay" } for 1m
permit another for tool pay when agent.class == "z" and few grant { "pay" } for 1m
test "t" { given small with tenant = "t2", agent.class = "x" cases params.amount | expect
        7.00 | permit by pay
        7.01 | deny
}
test "y" { given small with agent.class = "y" cases agent.shared_count | expect
        4 | permit by other
        5 | deny
}
)",
                                {"comparison", "bound", "condition"});
    std::size_t seen = 0;
    for (const Mutation& each : out.mutations) {
        if (each.before == "agent.shared_count <= 4" && each.mutator != "condition") {
            CHECK(each.rules == Texts{"permit main.other", "permit main.another"});
            CHECK(each.fate == MutationFate::Noticed);
            ++seen;
        }
        if (each.before == "agent.shared_count <= 4" && each.mutator == "condition") {
            CHECK(each.rules.size() == 1);
            CHECK((each.fate == MutationFate::Noticed) == (each.rules[0] == "permit main.other"));
            ++seen;
        }
        if (each.before == "params.amount <= row.most") {
            CHECK(each.rules == Texts{"permit main.pay", "permit main.more"});
            CHECK(each.fate == MutationFate::Noticed);
            ++seen;
        }
    }
    CHECK(seen == 6);
}

TEST_CASE("mutate: invariants notice too, and the result does not depend on threads") {
    const std::string text = R"(
permit pay for tool pay when agent.class == "x" and not run.background grant { "pay" } for 1m
invariant calm: never permit when run.background
fixture busy = small with run.background = true, agent.class = "x"
test "t" { given small with agent.class = "x" expect permit }
)";
    const MutationRun out = run(text, {"condition"});
    CHECK(missed(out) == Texts{"agent.class == \"x\""});
    CHECK(out.mutations[1].by == "invariant calm on fixture busy");
    MutationOptions options;
    const Workspace workspace = workspace_of(text);
    const MutationRun one = workspace.mutate(options);
    options.threads = 4;
    const MutationRun four = workspace.mutate(options);
    REQUIRE(one.mutations.size() == four.mutations.size());
    for (std::size_t i = 0; i < one.mutations.size(); ++i) {
        CHECK(one.mutations[i].fate == four.mutations[i].fate);
        CHECK(one.mutations[i].by == four.mutations[i].by);
    }
}

TEST_CASE("mutate: a filter chooses tests, and the rules that they reach") {
    const std::string text = R"(
permit pay for tool pay when params.amount <= 5.00 grant { "pay" } for 1m
deny sees for tool see when agent.class == "x"
test "pay" { given small cases params.amount | expect
        5.00 | permit
        5.01 | deny
}
test "see" { given base with tool = { name: "see", params: { } }, want.scopes = { "see" }, agent.class = "x" expect deny because sees }
)";
    const MutationRun out = run(text, {"rule"}, "pay");
    REQUIRE(out.mutations.size() == 1);
    CHECK(out.mutations[0].before == "permit pay");
    CHECK(run(text, {"rule"}).mutations.size() == 2);
}

TEST_CASE("mutate: comments accept changes") {
    const auto fates = [](std::string_view comment) {
        return run(std::string(comment) + R"(
permit pay for tool pay when params.amount <= 5.00 grant { "pay" } for 1m
test "t" { given small cases params.amount | expect
        4.00 | permit
        6.00 | deny
})",
                   {"comparison", "bound"});
    };
    const MutationRun accepted = fates("// mutate: allow bound because cents do not matter");
    CHECK(with_fate(accepted, MutationFate::Accepted).size() == 1);
    CHECK(missed(accepted).size() == 1);
    CHECK(accepted.mutations[1].because == "cents do not matter");
    CHECK(accepted.remarks.empty());
    for (const std::string_view wrong :
         {"// mutate: allow bound", "// mutate: allow bounds because so it is", "// mutate: cents do not matter"}) {
        const MutationRun out = fates(wrong);
        CHECK(missed(out).size() == 2);
        CHECK(out.remarks.size() == 1);
    }
    CHECK(run(R"(
// mutate: allow rule because it is not needed
permit pay for tool pay when token.issuer is prod grant { "pay" } for 1m
test "t" { given small expect permit })")
              .remarks.size() == 1);
}

TEST_CASE("mutate: a test that comes as far but expects too little is named") {
    const MutationRun out = run(R"(
permit pay for tool pay when token.issuer is prod grant { "pay" } for 1m
test "t" { given small expect permit })",
                                {"ttl"});
    REQUIRE(out.mutations.size() == 1);
    CHECK(out.mutations[0].reached == "t");
    CHECK(out.mutations[0].decided.find("for 1m ") != std::string::npos);
    CHECK(out.mutations[0].decides.find("for 1m1s") != std::string::npos);
}

TEST_CASE("mutate: every changed policy of the examples compiles or is refused") {
    std::size_t compiled = 0;
    for (const char* example : {"refund", "github-write", "delete-bucket", "snowflake", "subagent", "starter"}) {
        CAPTURE(example);
        auto sources = read_sources({source_root() + "/examples/" + example});
        REQUIRE(sources);
        const Workspace workspace(std::move(*sources));
        const check::Policy& policy = Access::policy(workspace);
        writ::testing::Lab lab(policy);
        for (const writ::testing::Mutant& mutant : writ::testing::make_mutants(policy, {}).all) {
            check::Policy& bare = lab.bare();
            bare.rules = policy.rules;
            for (auto changed = mutant.rules.rbegin(); changed != mutant.rules.rend(); ++changed)
                if (changed->rule)
                    bare.rules[changed->index] = *changed->rule;
                else
                    bare.rules.erase(bare.rules.begin() + changed->index);
            Report report;
            std::vector<std::byte> sealed = compiler::lower(bare, 500'000, report);
            if (report.error_count() > 0) continue;
            CHECK_MESSAGE(bytecode::Program::open(std::move(sealed)), mutant.before, " -> ", mutant.after);
            ++compiled;
        }
    }
    CHECK(compiled > 150);
}

TEST_CASE("mutate: the documentation has the table of changes") {
    std::ifstream file(source_root() + "/docs/testing.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    for (const Mutator& each : mutators())
        CHECK_MESSAGE(
            page.find("| `" + std::string(each.name) + "` | " + std::string(each.what) + " |") != std::string::npos,
            each.name);
}
