// The rule index: what it files, that it is a superset, and that a wrong one is refused.
#include "bytecode/index.h"

#include <doctest/doctest.h>

#include "compile_from_text.h"
#include "json_nodes.h"
#include "vm/candidates.h"
#include "vm/decide.h"
#include "writ/bundle.h"
#include "writ/decision.h"

using namespace writ;
using namespace writ::testing;

namespace {

constexpr const char* kRules = R"writ(
permit a for tool refund, lookup when tenant == "t1" and token.issuer is prod grant { "refund:read" } for 1m
permit b for tool refund when tenant == "t2" and token.issuer is prod grant { "refund:read" } for 1m
permit c for tool refund when run.attempt <= 3 grant { "refund:read" } for 1m
permit d when run.attempt >= 3 or tenant == "t1" grant { "data:read" } for 1m
deny e when agent.class == "x" and run.background
deny f when agent.class in { "y", "z" } and run.background
limit g when run.attempt > 2 to single_use
)writ";

json::Value request(std::string_view tenant, std::string_view tool, std::string_view agent_class) {
    const std::string stated = agent_class.empty() ? "" : R"(,"class":")" + std::string(agent_class) + '"';
    const auto parsed = json::parse(
        R"({"now":1000,"provenance":"verified","token":{"issuer":"https://prod.example","aud":"broker","exp":9000,"nbf":null,"iat":900},
            "agent":{"id":"a1")" + stated + R"(},"run":{"id":"r1","parent_id":null,"exp":null,"attempt":1,"background":true},
            "tenant":")" + std::string(tenant) + R"(","user":null,"delegation":null,"tool":{"name":")" + std::string(tool) +
        R"("},"want":{"scopes":["refund:read"]}})");
    REQUIRE(parsed.has_value());
    return *parsed;
}

/// Names of the candidates, in order.
std::string candidates(const bytecode::Program& program, const json::Value& document, vm::Want want, vm::Mode mode) {
    vm::Facts facts(program);
    testing::Nodes nodes;
    REQUIRE(facts.bind(nodes.of(document)).has_value());
    std::vector<std::uint32_t> found;
    vm::find_candidates(program, facts, want, mode, found);
    std::sort(found.begin(), found.end());
    std::string names;
    for (const std::uint32_t rule : found) names += program.text(program.rules[rule].name);
    return names;
}

bytecode::Sections sections_of(const bytecode::Program& program) {
    bytecode::Sections out;
#define SECTION(type, name) out.name.assign(program.name.begin(), program.name.end());
#include "bytecode/sections.def"
#undef SECTION
    out.source_text = program.source_text().value();
    return out;
}

std::string refusal(const bytecode::Sections& sections) {
    const auto opened = bytecode::Program::open(bytecode::Program::seal(sections));
    return opened ? "" : opened.error().code;
}

}  // namespace

TEST_CASE("index: only rules that may match are tried") {
    const auto made = from_text(kRules);
    const auto& program = *made.program;
    using vm::Mode, vm::Want;
    CHECK(candidates(program, request("t1", "refund", "x"), Want::Permits, Mode::Surely) == "acd");
    CHECK(candidates(program, request("t2", "refund", "x"), Want::Permits, Mode::Surely) == "bcd");
    CHECK(candidates(program, request("t2", "data/lookup", "x"), Want::Permits, Mode::Surely) == "d");
    CHECK(candidates(program, request("t3", "refund", "x"), Want::Narrowing, Mode::Possibly) == "eg");
    CHECK(candidates(program, request("t3", "refund", "z"), Want::Narrowing, Mode::Possibly) == "fg");
    CHECK(candidates(program, request("t3", "refund", "w"), Want::Narrowing, Mode::Possibly) == "g");
}

TEST_CASE("index: a fact that is not known hides no rule that applies on suspicion") {
    const auto made = from_text(kRules);
    CHECK(candidates(*made.program, request("t1", "refund", ""), vm::Want::Narrowing, vm::Mode::Possibly) == "efg");
}

TEST_CASE("index: a program without its index decides alike") {
    const auto made = from_text(kRules);
    auto bare = sections_of(*made.program);
    bare.index_groups.clear();
    bare.index_keys.clear();
    bare.index_buckets.clear();
    bare.index_rules.clear();
    const auto opened = bytecode::Program::open(bytecode::Program::seal(bare));
    REQUIRE(opened.has_value());
    for (const char* tenant : {"t1", "t2", "t3"})
        for (const char* agent_class : {"", "x", "y", "w"}) {
            std::vector<std::string> answers;
            for (const auto& program : {made.program, *opened}) {
                vm::Facts facts(*program);
                testing::Nodes nodes;
                REQUIRE(facts.bind(nodes.of(request(tenant, "refund", agent_class))).has_value());
                vm::Interpreter interpreter(*program);
                Decision decision;
                vm::decide(*program, facts, interpreter, decision);
                decision.bundle_digest = {};
                answers.push_back(to_json(decision, Layers(Bundle(program)), Audience::Operator));
            }
            answers[0].resize(answers[0].find("\"bundles\""));
            answers[1].resize(answers[1].find("\"bundles\""));
            CHECK(answers[0] == answers[1]);
        }
}

TEST_CASE("index: B0019 an index that would miss a rule is refused") {
    const auto made = from_text(kRules);
    const auto sound = sections_of(*made.program);
    CHECK(refusal(sound) == "");
    // Every single change of a filed rule, key or bound is found out, or files a rule once more.
    for (std::size_t i = 0; i < sound.index_buckets.size(); ++i) {
        if (sound.index_buckets[i].rules == bytecode::kNone) continue;
        auto emptied = sound;
        emptied.index_buckets[i].rules = bytecode::kNone;
        CHECK(refusal(emptied) == "B0019");
        auto retagged = sound;
        retagged.index_buckets[i].tag ^= 1;
        CHECK(refusal(retagged) == "B0019");
    }
    auto dropped = sound;
    dropped.index_groups.pop_back();
    CHECK(refusal(dropped) == "B0019");
    auto other_key = sound;
    other_key.index_keys[0] = 0;
    CHECK(refusal(other_key) == "B0019");
}

TEST_CASE("index: rules of many shapes share groups, and rules with many values are found by fewer") {
    std::string rules;
    const char* facts[] = {"tenant", "run.id", "agent.id", "agent.class", "agent.deployment_id", "resource.type", "resource.id"};
    for (int shape = 1; shape < 128; ++shape) {
        rules += "deny d" + std::to_string(shape) + " when run.background";
        for (int bit = 0; bit < 7; ++bit)
            if ((shape >> bit & 1) != 0) rules += std::string(" and ") + facts[bit] + " == \"v" + std::to_string(shape) + "\"";
        rules += "\n";
    }
    rules += "deny many when agent.class in { ";
    for (int i = 0; i < 40; ++i) rules += (i > 0 ? ", \"" : "\"") + std::string("c") + std::to_string(i) + "\"";
    rules += " }\n";
    const auto made = from_text(rules);
    CHECK(made.program->index_groups.size() <= 48);
    CHECK(bytecode::describe_index(*made.program).find("narrowing rule") != std::string::npos);
    CHECK(candidates(*made.program, request("t", "refund", "c7"), vm::Want::Narrowing, vm::Mode::Possibly).find("many") !=
          std::string::npos);
}
