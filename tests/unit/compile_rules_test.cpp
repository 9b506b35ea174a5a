// Tests effects, templates and tables, and that the time to compile grows linearly.
#include <algorithm>
#include <ctime>

#include "bytecode/cost.h"
#include "compile_from_text.h"

using namespace writ;
using namespace writ::testing;
using namespace writ::bytecode;

namespace {

std::vector<std::string> texts_of(const Program& program, std::uint32_t set) {
    std::vector<std::string> out;
    for (const std::uint32_t id : program.items(set)) out.emplace_back(program.text(id));
    std::sort(out.begin(), out.end());
    return out;
}

using Texts = std::vector<std::string>;

constexpr std::string_view kRows =
    "table rows = csv \"rows.csv\" { tenant: string, ttl: duration, scopes: set<string>, n: int }\n";

}  // namespace

TEST_CASE("compile: effects of each kind of rule") {
    const auto policy = from_text(R"(
        permit p for tool refund when tenant == "a" grant tool.scopes - { "refund:read" } for 90s because "why"
        require r when tenant == "a" 2 approvals from group "g", "f" within 15m
        limit l when tenant == "a" to ttl 5m, scopes { }, audience { "x" }, single_use
        limit m when tenant == "a" to ttl 1h
        oblige o when tenant == "a" with audit(z: true, a: 5, d: 2.50, t: 1h30m, s: { "b", "a", "b" }), notify())");
    const Program& program = *policy.program;
    REQUIRE(program.rules.size() == 5);
    const RuleRef& permit = program.rules[0];
    CHECK(program.text(program.origins[permit.origin].because) == "why");
    CHECK(texts_of(program, program.grants[permit.effect].scopes) == Texts{"refund:create"});
    CHECK(program.grants[permit.effect].ttl == 90 * std::int64_t{1'000'000});
    const RequirementRef& requirement = program.requirements[program.rules[1].effect];
    CHECK(requirement.count == 2);
    CHECK(texts_of(program, requirement.groups) == Texts{"f", "g"});
    CHECK(requirement.within == 900 * std::int64_t{1'000'000});
    const LimitRef& limit = program.limits[program.rules[2].effect];
    CHECK(limit.ttl == 300 * std::int64_t{1'000'000});
    CHECK(texts_of(program, limit.scopes).empty());
    CHECK(texts_of(program, limit.audience) == Texts{"x"});
    CHECK(limit.single_use == 1);
    const LimitRef& other = program.limits[program.rules[3].effect];
    CHECK(other.scopes == kNone);
    CHECK(other.audience == kNone);
    CHECK(other.single_use == 0);
    const ObligationRef& obligation = program.obligations[program.rules[4].effect];
    REQUIRE(obligation.count == 2);
    CHECK(program.text(program.ids[obligation.first]) == "audit");
    CHECK(program.text(program.ids[obligation.first + 1]) == R"({"a":5,"d":2.5,"s":["a","b"],"t":"1h30m","z":true})");
    CHECK(program.text(program.ids[obligation.first + 3]) == "{}");
}

TEST_CASE("compile: a template is one block of code and a rule for each row") {
    const auto policy = from_text(std::string(kRows) + R"(
        permit p for each row in rows when tenant == row.tenant grant row.scopes | { "all" } for row.ttl
        deny d when tenant == "z")",
                                  data("tenant,ttl,scopes,n\na,1m,x;y,1\nb,2m,x,2\nc,1m,x;y,3\n"));
    const Program& program = *policy.program;
    REQUIRE(program.rules.size() == 4);
    for (std::uint32_t i = 0; i < 3; ++i) {
        CHECK(program.rules[i].code == program.rules[0].code);
        CHECK(program.rules[i].row == i);
        CHECK(program.rules[i].table == 0);
    }
    CHECK(policy.code("p") == "TextEq tenant, row[0] | RetTrue | RetFalse");
    CHECK(texts_of(program, program.grants[program.rules[0].effect].scopes) == Texts{"all", "x", "y"});
    CHECK(texts_of(program, program.grants[program.rules[1].effect].scopes) == Texts{"all", "x"});
    CHECK(program.grants[program.rules[1].effect].ttl == 120 * std::int64_t{1'000'000});
    // Rows with the same grant share it.
    CHECK(program.rules[2].effect == program.rules[0].effect);
    CHECK(program.rules[3].table == kNoTable);
}

TEST_CASE("compile: set algebra over a row is done for each row") {
    const auto policy = from_text(std::string(kRows) + R"(
        permit minus for each row in rows when tenant == row.tenant grant row.scopes - { "x" } for row.ttl
        permit both for each row in rows when tenant == row.tenant grant row.scopes & { "x", "y" } for row.ttl
        limit one for each row in rows when tenant == row.tenant to scopes { row.tenant, "z" })",
                                  data("tenant,ttl,scopes,n\na,1m,x;y;w,1\nb,2m,y,2\n"));
    const Program& program = *policy.program;
    REQUIRE(program.rules.size() == 6);
    const auto granted = [&](std::size_t rule) {
        return texts_of(program, program.grants[program.rules[rule].effect].scopes);
    };
    CHECK(granted(0) == Texts{"w", "y"});
    CHECK(granted(1) == Texts{"y"});
    CHECK(granted(2) == Texts{"x", "y"});
    CHECK(granted(3) == Texts{"y"});
    CHECK(texts_of(program, program.limits[program.rules[4].effect].scopes) == Texts{"a", "z"});
    CHECK(texts_of(program, program.limits[program.rules[5].effect].scopes) == Texts{"b", "z"});
}

TEST_CASE("compile: a template over no rows leaves nothing") {
    const auto policy = from_text(std::string(kRows) + "deny d for each row in rows when tenant == row.tenant",
                                  data("tenant,ttl,scopes,n\n"));
    CHECK(policy.program->rules.empty());
    CHECK(policy.program->code.empty());
    CHECK(policy.program->manifest[0].step_bound == bytecode::kRequestSteps);
}

TEST_CASE("compile: columns of a table as lists") {
    const auto policy =
        from_text(std::string(kRows) + "deny d when tenant in rows.tenant or agent.shared_count in rows.n",
                  data("tenant,ttl,scopes,n\nb,1m,x,5\na,1m,x,-1\nb,1m,x,5\n"));
    const Program& program = *policy.program;
    CHECK(policy.code("d") == "TextIn tenant, rows[0] | IntIn agent.shared_count, rows[3] | RetTrue | RetFalse");
    const TableRef& table = program.tables[0];
    CHECK(texts_of(program, program.ids[table.first_set]) == Texts{"a", "b"});
    CHECK(program.ids[table.first_set + 1] == kNone);
    const SetRef& numbers = program.sets[program.ids[table.first_set + 3]];
    REQUIRE(numbers.count == 2);
    CHECK(program.ints[program.set_items[numbers.first]] == -1);
}

TEST_CASE("compile: tables that no rule reads are left out") {
    const auto policy =
        from_text(std::string(kRows) + "deny d when tenant == \"x\"", data("tenant,ttl,scopes,n\na,1m,x,1\n"));
    CHECK(policy.program->tables.empty());
    CHECK(policy.program->find_text("rows") == 0);
}

TEST_CASE("compile: 100,000 rows are data") {
    std::string csv = "tenant,ttl,scopes,n\n";
    for (int i = 0; i < 100'000; ++i)
        csv += "tenant-" + std::to_string(i) + ",1m,s" + std::to_string(i % 50) + "," + std::to_string(i) + "\n";
    const auto policy = from_text(
        std::string(kRows) +
            "permit p for each row in rows for tool refund when tenant == row.tenant grant tool.scopes for row.ttl",
        data(std::move(csv)));
    CHECK(policy.program->rules.size() == 100'000);
    CHECK(policy.program->code.size() == 4);
    CHECK(policy.program->grants.size() == 1);
    CHECK(policy.program->manifest[0].step_bound ==
          bytecode::kRequestSteps + 100'000 * 2 * (bytecode::kRuleSteps + 4 + bytecode::kElementSteps));
}

TEST_CASE("compile: 20,000 rules take no longer each than 2,000") {
    const auto lower = [](int count) {
        std::string rules;
        for (int i = 0; i < count; ++i) {
            const std::string n = std::to_string(i);
            rules +=
                "deny d" + n + " when tenant == \"t" + n + "\" and agent.id in { \"a" + n + "\", \"b" + n + "\" }\n";
        }
        SourceSet sources;
        sources.sources.push_back({"policy.writ", std::string(kPreamble) + rules});
        Report report;
        const auto policy =
            check::check(check::parse(sources, [](std::string_view name) { return stdlib::module(name); }, {}, report));
        REQUIRE(report.error_count() == 0);
        // The least processor time of three runs, so that other work on the machine matters less.
        double least = 1e9;
        for (int run = 0; run < 3; ++run) {
            const std::clock_t start = std::clock();
            const auto bytes = compiler::lower(*policy, UINT64_MAX, report);
            least = std::min(least, static_cast<double>(std::clock() - start));
            CHECK(!bytes.empty());
        }
        return least / count;
    };
    const double few = lower(2'000), many = lower(20'000);
    CHECK(many < 4 * few);
}
