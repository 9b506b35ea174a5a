// Tests conditions that several rules share: the compiler finds them, the verifier checks them, and
// they run once for each request.
#include <doctest/doctest.h>

#include "bytecode_everything.h"
#include "json_nodes.h"
#include "vm_program.h"

using namespace writ;
using namespace writ::testing;
using vm::Mode;

namespace {

/// The number of Once instructions in a rule's code.
std::size_t onces(const FromText& made, std::string_view rule) {
    const std::string code = made.code(rule);
    std::size_t count = 0;
    for (std::size_t at = code.find("Once"); at != std::string::npos; at = code.find("Once", at + 1)) ++count;
    return count;
}

json::Value asking(std::string_view deployment) {
    const std::string stated = deployment.empty() ? "" : R"(,"deployment_id":")" + std::string(deployment) + '"';
    const auto parsed = json::parse(
        R"({"now":1000,"provenance":"verified","token":{"issuer":"https://prod.example","aud":"broker","exp":9000,"nbf":null,"iat":900},
            "agent":{"id":"a1")" +
        stated + R"(},"run":{"id":"r1","parent_id":null,"exp":null,"attempt":1,"background":true},
            "tenant":"t","user":null,"delegation":null,"tool":{"name":"refund"},"want":{"scopes":["refund:read"]}})");
    REQUIRE(parsed.has_value());
    return *parsed;
}

}  // namespace

TEST_CASE("once: dear tests of two rules are shared, and nothing else") {
    const auto made = from_text(R"writ(
deny glob_a when tenant == "a" and agent.id like "x**y"
deny glob_b when agent.id like "x**y" or run.background
deny single when agent.id like "z**y"
deny cheap_a when agent.class == "c"
deny cheap_b when agent.class == "c" and run.background
deny set_a when want.scopes overlaps { "a", "b" }
deny set_b when want.scopes overlaps { "b", "a" }
deny made_a when lower(agent.class) == "d"
deny made_b when lower(agent.class) == "d"
deny each_a when any s in want.scopes: s like "a**"
deny each_b when any s in want.scopes: s like "a**"
deny in_each_a when all s in want.scopes: agent.class matches "o+"
deny in_each_b when any s in want.scopes: agent.class matches "o+"
deny timed_a when any s in want.scopes: s == "t" and age(run.started) > 1h
deny timed_b when any s in want.scopes: s == "t" and age(run.started) > 1h and run.background
)writ");
    for (const char* rule : {"glob_a", "glob_b", "set_a", "set_b", "made_a", "made_b", "each_a", "each_b"})
        CHECK_MESSAGE(onces(made, rule) == 1, rule);
    for (const char* rule : {"single", "cheap_a", "cheap_b", "in_each_a", "in_each_b", "timed_a", "timed_b"})
        CHECK_MESSAGE(onces(made, rule) == 0, rule);
    CHECK(made.program->manifest[0].memo_count == 4);
    CHECK(made.code("glob_a") ==
          "TextEq tenant, \"a\" | Once 0, 3 | Match agent.id, like \"x**y\" | RetTrue | RetFalse | RetTrue | RetFalse");
}

TEST_CASE("once: membership in a long list is shared, in a short one it is not") {
    const auto set = [](int count) {
        std::string out = "run.id in { ";
        for (int i = 0; i < count; ++i) out += (i > 0 ? ", \"r" : "\"r") + std::to_string(i) + "\"";
        return out + " }";
    };
    const auto made =
        from_text("deny long_a when " + set(40) + "\ndeny long_b when " + set(40) + " and run.background\n" +
                  "deny short_a when " + set(9) + "\ndeny short_b when " + set(9) + " and run.background\n");
    for (const char* rule : {"long_a", "long_b"}) CHECK(onces(made, rule) == 1);
    for (const char* rule : {"short_a", "short_b"}) CHECK(onces(made, rule) == 0);
}

TEST_CASE("once: what depends on the row is not shared, what a template's rules have in common is") {
    const auto made = from_text(R"writ(
table owners = csv "owners.csv" { tenant: string, roles: set<string> }
deny rows for each row in owners when tenant == row.tenant and agent.id like "a**b" and want.scopes overlaps row.roles
deny others for each row in owners when run.id == row.tenant and want.scopes overlaps row.roles
)writ",
                                data("tenant,roles\na,x;y\nb,z\n"));
    CHECK(onces(made, "rows") == 1);
    CHECK(onces(made, "others") == 0);
}

TEST_CASE("once: a body runs once in a request and mode, and again in the next") {
    std::string rules = "permit p for tool refund when run.attempt == 1 grant { \"refund:read\" } for 1m\n";
    constexpr int kRules = 50;
    for (int i = 0; i < kRules; ++i)
        rules += "deny d" + std::to_string(i) + " when agent.deployment_id like \"x**y\" and run.attempt != 1\n";
    for (int i = 0; i < kRules; ++i)
        rules += "limit l" + std::to_string(i) + " when agent.deployment_id like \"x**y\" to ttl " +
                 std::to_string(9 + i) + "s\n";
    const auto made = from_text(rules);
    testing::Nodes nodes;
    vm::Facts facts(*made.program);
    vm::Interpreter interpreter(*made.program);
    Decision decision;
    const auto decide = [&](std::string_view deployment) {
        const json::Value document = asking(deployment);
        REQUIRE(facts.bind(nodes.of(document)).has_value());
        vm::decide(*made.program, facts, interpreter, decision);
        REQUIRE(decision.effect == Effect::Permit);
        CHECK(decision.steps <= made.program->manifest[0].step_bound);
        return decision.grant.ttl;
    };
    // The same facts object and interpreter: the remembered outcome belongs to the previous request.
    CHECK(decide("xay") == 9);
    const std::uint64_t shared = decision.steps;
    CHECK(decide("xa") == 60);
    CHECK(decide("") == 9);  // unknown, so it counts as true
    CHECK(decide("xby") == 9);
    // The body runs two instructions in either case; all rules but one skip them.
    std::size_t bodies = 0;
    interpreter.reset_steps();
    for (const bytecode::RuleRef& rule : made.program->rules) {
        (void)interpreter.holds(facts, rule, Mode::Possibly);
        for (const bytecode::Instr& in : made.program->code_of(rule)) bodies += in.op == bytecode::Opcode::Once;
    }
    CHECK(bodies == 2 * kRules);
    const std::uint64_t apart = interpreter.steps();
    interpreter.reset_steps();
    {
        const vm::Interpreter::Remembering remembering(interpreter, facts, UINT64_MAX);
        for (const bytecode::RuleRef& rule : made.program->rules) (void)interpreter.holds(facts, rule, Mode::Possibly);
    }
    CHECK(apart - interpreter.steps() >= 2 * (kRules - 1));
    CHECK(shared <= apart);
}

TEST_CASE("once: each mode remembers for itself") {
    const auto made = from_text(
        "deny a when agent.deployment_id like \"x**y\"\ndeny b when agent.deployment_id like \"x**y\" and "
        "run.background\n");
    testing::Nodes nodes;
    vm::Facts facts(*made.program);
    vm::Interpreter interpreter(*made.program);
    const json::Value unknown = asking("");
    REQUIRE(facts.bind(nodes.of(unknown)).has_value());
    const vm::Interpreter::Remembering remembering(interpreter, facts, UINT64_MAX);
    for (int round = 0; round < 2; ++round)
        for (const bytecode::RuleRef& rule : made.program->rules) {
            CHECK(interpreter.holds(facts, rule, Mode::Possibly));
            CHECK_FALSE(interpreter.holds(facts, rule, Mode::Surely));
        }
}

TEST_CASE("once: without a Remembering nothing is remembered") {
    const auto made =
        from_text("deny a when agent.deployment_id like \"x**y\"\ndeny b when agent.deployment_id like \"x**y\"\n");
    testing::Nodes nodes;
    vm::Facts facts(*made.program);
    vm::Interpreter interpreter(*made.program);
    const json::Value is = asking("xy"), is_not = asking("xz");
    REQUIRE(facts.bind(nodes.of(is)).has_value());
    {
        const vm::Interpreter::Remembering remembering(interpreter, facts, UINT64_MAX);
        CHECK(interpreter.holds(facts, made.program->rules[0], Mode::Surely));
    }
    REQUIRE(facts.bind(nodes.of(is_not)).has_value());
    CHECK_FALSE(interpreter.holds(facts, made.program->rules[0], Mode::Surely));
}

TEST_CASE("once: a rule with a shared condition and a window has the same horizon") {
    const auto made = from_text(R"writ(
permit p for tool refund when run.attempt == 1 grant { "refund:read" } for 9h
deny a when agent.deployment_id like "x**y" and now in 01:00..02:00 "UTC"
limit b when agent.deployment_id like "x**y" and now in 03:00..04:00 "UTC" to ttl 1m
)writ");
    REQUIRE(onces(made, "a") == 1);
    testing::Nodes nodes;
    vm::Facts facts(*made.program);
    vm::Interpreter interpreter(*made.program);
    Decision decision;
    const json::Value is = asking("xy"), is_not = asking("x");
    REQUIRE(facts.bind(nodes.of(is)).has_value());
    vm::decide(*made.program, facts, interpreter, decision);
    REQUIRE(decision.grant.not_after.has_value());
    CHECK(*decision.grant.not_after == 3600 * kSecond);
    REQUIRE(facts.bind(nodes.of(is_not)).has_value());
    vm::decide(*made.program, facts, interpreter, decision);
    CHECK(decision.grant.not_after.value_or(0) != 3600 * kSecond);
}

TEST_CASE("once: a rule is indexed by what its shared test asks for") {
    std::string rules;
    for (int i = 0; i < 100; ++i) {
        const std::string test = "agent.deployment_id like \"d" + std::to_string(100 + i) + "**y\"";
        rules += "deny a" + std::to_string(i) + " when " + test + "\ndeny b" + std::to_string(i) + " when " + test +
                 " and run.background\n";
    }
    const auto made = from_text(rules);
    REQUIRE(onces(made, "a7") == 1);
    REQUIRE(made.program->index_groups.size() == 2);
    CHECK(made.program->index_prefixes.size() == 200);
}
