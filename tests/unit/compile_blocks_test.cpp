// Tests that rules that differ only in constants share code, with the constants in rows.
#include <doctest/doctest.h>

#include "bytecode/program.h"
#include "compile_from_text.h"

using namespace writ;
using namespace writ::testing;
using namespace writ::bytecode;

namespace {

const RuleRef& rule(const Program& program, std::string_view name) {
    for (const RuleRef& each : program.rules)
        if (program.text(each.name) == name) return each;
    FAIL("no such rule");
    return program.rules[0];
}

std::size_t columns(const Program& program, std::string_view name) {
    const RuleRef& ref = rule(program, name);
    return ref.table == kNoTable ? 0 : program.tables[ref.table].columns;
}

}  // namespace

TEST_CASE("compile: rules that differ in constants share code and have a row each") {
    const auto policy = from_text(R"(
        deny a for tool refund when tenant == "t1" and agent.shared_count <= 3
        deny b for tool lookup when tenant == "t2" and agent.shared_count <= 3
        deny c for tool refund, lookup when tenant == "t3" and agent.shared_count <= 4)");
    const Program& program = *policy.program;
    const RuleRef& first = rule(program, "a");
    for (const char* name : {"a", "b", "c"}) {
        CHECK(rule(program, name).code == first.code);
        CHECK(rule(program, name).table == first.table);
    }
    CHECK(rule(program, "c").row == 2);
    CHECK(program.code.size() == first.code_length);
    REQUIRE(program.tables.size() == 1);
    CHECK(program.tables[0].name == 0);
    CHECK(columns(program, "a") == 3);
    CHECK(program.find_text("t2") == program.cell(0, 1, 1));
    // A listing shows the constants of the rule.
    CHECK(policy.code("b") ==
          "ToolIn { lookup } | TextEq tenant, \"t2\" | IntCmp agent.shared_count, 3, <= | RetTrue | RetFalse");
    CHECK(policy.code("c") ==
          "ToolIn { refund, lookup } | TextEq tenant, \"t3\" | IntCmp agent.shared_count, 4, <= | RetTrue | RetFalse");
}

TEST_CASE("compile: constants that all rules agree on stay in the code") {
    const auto policy = from_text(R"(
        deny a when tenant == "t1" and agent.class == "x"
        deny b when tenant == "t2" and agent.class == "x")");
    CHECK(columns(*policy.program, "a") == 1);
    CHECK(policy.program->find_text("x") == operand_index(policy.program->code[1].b));
}

TEST_CASE("compile: a constant that is named twice is one column") {
    const auto policy = from_text(R"(
        deny a when tenant == "t1" or agent.class == "t1"
        deny b when tenant == "t2" or agent.class == "t2")");
    CHECK(columns(*policy.program, "a") == 1);
}

TEST_CASE("compile: a rule alone in its shape, or like another in all, has no row") {
    const auto policy = from_text(R"(
        deny a when tenant == "t1"
        deny b when tenant != "t1"
        deny c when agent.class == "x" and tenant == "t1"
        permit d for tool refund when agent.class == "x" and tenant == "t1" grant { "refund:read" } for 1m
        deny e when agent.class == "x" and tenant == "t1")");
    const Program& program = *policy.program;
    CHECK(program.tables.empty());
    CHECK(rule(program, "c").code == rule(program, "e").code);
}

TEST_CASE("compile: rows hold sets and networks as what they are compared as") {
    const auto policy = from_text(R"(
        deny a when ip(agent.id) in cidr("10.0.0.0/8") and tenant in { "x", "y" }
        deny b when ip(agent.id) in cidr("192.168.0.0/16") and tenant in { "z", "w", "x" })");
    const Program& program = *policy.program;
    CHECK(rule(program, "a").code == rule(program, "b").code);
    CHECK(columns(program, "a") == 2);
    CHECK(policy.code("b").find("192.168.0.0/16") != std::string::npos);
    CHECK(policy.code("b").find(R"({ "w", "x", "z" })") != std::string::npos);
}

TEST_CASE("compile: the sets that code makes lists of stay in it, as its bound counts them") {
    const auto policy = from_text(R"(
        deny a when (agent.capabilities | { "p" }) overlaps { "u", "v" }
        deny b when (agent.capabilities | { "p", "q" }) overlaps { "w", "x" })");
    const Program& program = *policy.program;
    CHECK(rule(program, "a").code != rule(program, "b").code);
    CHECK(step_bound(program, rule(program, "a")) < step_bound(program, rule(program, "b")));
}
