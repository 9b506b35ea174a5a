// Tests the rule index: where it puts rules, that its answer is a superset, and that wrong indexes are rejected.
#include "bytecode/index.h"

#include <cstddef>
#include <cstring>
#include <type_traits>

#include <doctest/doctest.h>

#include "base/access.h"
#include "bytecode_everything.h"
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
            "agent":{"id":"a1")" +
        stated + R"(},"run":{"id":"r1","parent_id":null,"exp":null,"attempt":1,"background":true},
            "tenant":")" +
        std::string(tenant) + R"(","user":null,"delegation":null,"tool":{"name":")" + std::string(tool) +
        R"("},"want":{"scopes":["refund:read"]}})");
    REQUIRE(parsed.has_value());
    return *parsed;
}

/// Names of the candidates, in order.
std::string candidates(const bytecode::Program& program, const json::Value& document, vm::Want want, vm::Mode mode) {
    vm::Facts facts(program);
    testing::Nodes nodes;
    REQUIRE(facts.bind(nodes.of(document)).has_value());
    vm::Interpreter interpreter(program);
    const vm::Interpreter::Remembering remembering(interpreter, facts, UINT64_MAX);
    std::string names;
    for (const std::uint32_t rule : interpreter.candidates(facts, want, mode))
        names += program.text(program.rules[rule].name);
    return names;
}

/// The number of rules that a request tries.
std::size_t tried(const bytecode::Program& program, const json::Value& document) {
    vm::Facts facts(program);
    testing::Nodes nodes;
    REQUIRE(facts.bind(nodes.of(document)).has_value());
    vm::Interpreter interpreter(program);
    const vm::Interpreter::Remembering remembering(interpreter, facts, UINT64_MAX);
    return interpreter.candidates(facts, vm::Want::Narrowing, vm::Mode::Possibly).size();
}

/// A request that states one field of its resource, and an attempt.
json::Value about(std::string_view resource, int attempt = 1, std::string_view tenant = "t1") {
    json::Value document = request(tenant, "refund", "x");
    json::Value fields = json::Value::object();
    fields.set("id", json::Value::of(resource));
    document.set("resource", std::move(fields));
    document.find("run")->set("attempt", json::Value::of(std::int64_t{attempt}));
    return document;
}

/// The size of the index in bytes for each rule.
double bytes_a_rule(const bytecode::Program& program) {
    const std::size_t bytes = program.index_groups.size_bytes() + program.index_keys.size_bytes() +
                              program.index_buckets.size_bytes() + program.index_rules.size_bytes() +
                              program.index_runs.size_bytes() + program.index_prefixes.size_bytes() +
                              program.index_ranges.size_bytes();
    return static_cast<double>(bytes) / static_cast<double>(program.rules.size());
}

/// `count` denies; `condition(i)` returns the condition of each.
template <class Condition>
FromText denies(std::size_t count, Condition condition) {
    std::string rules;
    for (std::size_t i = 0; i < count; ++i) rules += "deny d" + std::to_string(i) + " when " + condition(i) + "\n";
    return from_text(rules);
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
    CHECK(candidates(program, request("t1", "data/lookup", "x"), Want::Permits, Mode::Surely) == "ad");
    CHECK(candidates(program, request("t2", "refund", "x"), Want::Permits, Mode::Surely) == "bcd");
    // The tenant is enough to tell these permits apart, so the index does not use the tool.
    CHECK(candidates(program, request("t2", "data/lookup", "x"), Want::Permits, Mode::Surely) == "bd");
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
    const auto opened = bytecode::Program::open(bytecode::Program::seal(unindexed(sections_of(*made.program))));
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
                answers.push_back(to_json(decision, Layers(Access::bundle(program)), View::Operator));
            }
            answers[0].resize(answers[0].find("\"bundles\""));
            answers[1].resize(answers[1].find("\"bundles\""));
            CHECK(answers[0] == answers[1]);
        }
}

TEST_CASE("index: B0019 an index that would miss a rule is refused") {
    // Rules of every path, and buckets with one rule and with several.
    const auto made = from_text(std::string(kRules) + R"writ(
deny h when resource.id like "repo:a/**"
deny i when resource.id like "repo:a/b/**"
deny j when resource.id like "repo:b/**"
deny k when run.attempt >= 5 and run.attempt <= 9
deny l when run.attempt <= 7
deny ll when run.attempt <= 8
deny m for tool refund when agent.class == "m" and run.background
deny n for tool refund when agent.class == "m" and run.background
)writ");
    const auto sound = sections_of(*made.program);
    REQUIRE(sound.index_runs.size() >= 3);
    REQUIRE(sound.index_prefixes.size() == 3);
    REQUIRE(sound.index_ranges.size() >= 3);
    CHECK(refusal(sound) == "");
    for (std::size_t i = 0; i < sound.index_buckets.size(); ++i) {
        if (sound.index_buckets[i].rules == bytecode::kNone) continue;
        CAPTURE(i);
        auto emptied = sound;
        emptied.index_buckets[i].rules = bytecode::kNone;
        CHECK(refusal(emptied) == "B0019");
        auto retagged = sound;
        retagged.index_buckets[i].tag ^= 1;
        CHECK(refusal(retagged) == "B0019");
        auto elsewhere = sound;
        elsewhere.index_buckets[i].rules ^= 1;
        CHECK(refusal(elsewhere) == "B0019");
    }
    // Changes each word of groups and runs: then a rule is missed or a bound is exceeded.
    const auto each_word = [&](auto section, auto skip) {
        auto& records = sound.*section;
        using Record = typename std::remove_cvref_t<decltype(records)>::value_type;
        for (std::size_t i = 0; i < records.size(); ++i) {
            for (std::size_t at = 0; at + 4 <= sizeof(Record); at += 4) {
                if (skip(i, at)) continue;
                for (const std::uint32_t bits : {1u, 0x80000000u, 0xFFFFFFFFu}) {
                    auto changed = sound;
                    auto* bytes = reinterpret_cast<unsigned char*>((changed.*section).data() + i);
                    std::uint32_t word = 0;
                    std::memcpy(&word, bytes + at, 4);
                    word ^= bits;
                    std::memcpy(bytes + at, &word, 4);
                    CAPTURE(i);
                    CAPTURE(at);
                    CAPTURE(bits);
                    CHECK(refusal(changed) == "B0019");
                }
            }
        }
    };
    const auto never = [](std::size_t, std::size_t) { return false; };
    // A group without keys does not use the place of its keys.
    each_word(&bytecode::Sections::index_groups, [&](std::size_t i, std::size_t at) {
        return at == offsetof(bytecode::IndexGroupRef, first_key) && sound.index_groups[i].key_count == 0;
    });
    each_word(&bytecode::Sections::index_keys, never);
    each_word(&bytecode::Sections::index_rules, never);
    each_word(&bytecode::Sections::index_runs, never);
    // Another text with the same beginning is the same prefix.
    each_word(&bytecode::Sections::index_prefixes,
              [](std::size_t, std::size_t at) { return at == offsetof(bytecode::IndexPrefixRef, text); });
    each_word(&bytecode::Sections::index_ranges, never);
    auto dropped = sound;
    dropped.index_groups.pop_back();
    CHECK(refusal(dropped) == "B0019");
    auto surplus = sound;
    surplus.index_groups.resize(bytecode::kMaxGroups + 1, surplus.index_groups.back());
    CHECK(refusal(surplus) == "B0019");
}

TEST_CASE("index: B0019 a full table of one tag does not make checking quadratic") {
    auto crafted =
        sections_of(*denies(200, [](std::size_t i) { return "tenant == \"t" + std::to_string(i) + "\""; }).program);
    for (auto& bucket : crafted.index_buckets)
        if (bucket.rules != bytecode::kNone) bucket.tag = 7;
    CHECK(refusal(crafted) == "B0019");
}

TEST_CASE("index: a bool that is no bool is no key") {
    // Truth of an integer is also true above 1. Only the verifier of the index can find this.
    auto made = from_text("deny a when run.background\ndeny b when run.attempt == 1\n");
    auto sections = sections_of(*made.program);
    std::uint32_t attempt = bytecode::kNone;
    for (const auto& in : sections.code)
        if (in.op == bytecode::Opcode::IntCmp) attempt = in.a;
    for (auto& in : sections.code)
        if (in.op == bytecode::Opcode::Truth) in.a = attempt;
    CHECK(refusal(sections) == "B0019");
}

TEST_CASE("index: rules that differ in a literal beginning are not all tried") {
    const auto globs =
        denies(3000, [](std::size_t i) { return "resource.id like \"repo:acme/r" + std::to_string(i) + "/**\""; });
    CHECK(tried(*globs.program, about("repo:acme/r12/main")) == 1);
    CHECK(tried(*globs.program, about("repo:acme/r2999/x")) == 1);
    CHECK(tried(*globs.program, about("repo:acme/r0/x")) == 1);
    CHECK(tried(*globs.program, about("repo:acme/")) == 0);
    CHECK(tried(*globs.program, about("zzz")) == 0);
    CHECK(tried(*globs.program, about("")) == 0);
    CHECK(tried(*globs.program, request("t1", "refund", "x")) == 3000);  // not stated: any of them can apply
    CHECK(bytes_a_rule(*globs.program) < 40);

    // Nested conditions, and the same condition in several rules.
    const auto nested = denies(1000, [](std::size_t i) {
        return "resource.id like \"a/" + std::string(i % 10, 'b') + "**\" and run.attempt == " + std::to_string(i);
    });
    CHECK(tried(*nested.program, about("a/bbb", 13)) == 1);
    const auto shared =
        denies(40, [](std::size_t i) { return "resource.id like \"a/" + std::string(i % 10, 'b') + "**\""; });
    CHECK(tried(*shared.program, about("a/bbbc")) == 16);

    // All rules have one value in common; the prefix tells them apart.
    const auto keyed = denies(1000, [](std::size_t i) {
        return "tenant == \"t1\" and resource.id matches \"repo:acme/r" + std::to_string(i) + "/[a-z]+\"";
    });
    CHECK(tried(*keyed.program, about("repo:acme/r77/main")) == 1);
    CHECK(tried(*keyed.program, about("repo:acme/r77/main", 1, "t2")) == 0);
    CHECK(bytecode::describe_index(*keyed.program).find("found by tenant, then the prefix of resource.id\n") !=
          std::string::npos);
}

TEST_CASE("index: rules that differ in a threshold are found by it") {
    const auto at_most = denies(2000, [](std::size_t i) { return "run.attempt <= " + std::to_string(i); });
    CHECK(tried(*at_most.program, about("x", 1990)) == 10);
    CHECK(tried(*at_most.program, about("x", 2000)) == 0);
    const auto bands = denies(2000, [](std::size_t i) {
        return "run.attempt >= " + std::to_string(10 * i) + " and run.attempt < " + std::to_string(10 * i + 10);
    });
    CHECK(tried(*bands.program, about("x", 105)) == 1);
    CHECK(tried(*bands.program, about("x", 110)) == 2);  // both ends of a range are included
    CHECK(tried(*bands.program, about("x", 19'999)) == 1);
    CHECK(tried(*bands.program, about("x", 30'000)) == 0);
    CHECK(bytes_a_rule(*bands.program) < 48);
    CHECK(bytecode::describe_index(*bands.program).find("main.d7 (policy.writ:") != std::string::npos);
    CHECK(bytecode::describe_index(*bands.program).find(": 70..80\n") != std::string::npos);
}

TEST_CASE("index: shapes that cannot be told apart cost neither memory nor time") {
    // Rules with many different sets of facts share groups.
    std::string rules;
    const char* facts[] = {"tenant",        "run.id",     "agent.id", "agent.class", "agent.deployment_id",
                           "resource.type", "resource.id"};
    for (int shape = 1; shape < 128; ++shape) {
        rules += "deny d" + std::to_string(shape) + " when run.background";
        for (int bit = 0; bit < 7; ++bit)
            if ((shape >> bit & 1) != 0)
                rules += std::string(" and ") + facts[bit] + " == \"v" + std::to_string(shape) + "\"";
        rules += "\n";
    }
    const auto many = from_text(rules);
    CHECK(many.program->index_groups.size() <= 8);
    CHECK(tried(*many.program, about("v64")) <= 8);  // the request states few facts
    CHECK(bytes_a_rule(*many.program) < 64);

    // Each rule tests another fact, so there are more sets of facts than groups, and none is better than another.
    const auto tags =
        denies(200, [](std::size_t i) { return "resource.tags[\"k" + std::to_string(i) + "\"] == \"v\""; });
    CHECK(tags.program->index_groups.size() <= bytecode::kMaxGroups);
    CHECK(bytes_a_rule(*tags.program) < 64);

    // One huge `or`: no test is true in every case.
    std::string alternatives = "run.attempt == 0";
    for (int i = 1; i < 1000; ++i) alternatives += " or (run.attempt == " + std::to_string(i) + " and tenant == \"t\")";
    const auto giant = from_text("deny giant when " + alternatives + "\ndeny other when tenant == \"t1\"\n");
    CHECK(tried(*giant.program, about("x", 1, "t2")) == 1);
    CHECK(bytes_a_rule(*giant.program) < 128);
    const std::string told = bytecode::describe_index(*giant.program);
    CHECK(
        told.starts_with("rules 2, groups 2, tried on every request 1\n\n1 narrowing rule tried on every request\n  "
                         "main.giant (policy.writ:"));
    CHECK(told.find("): it does not in every case compare a fact with a constant, a literal prefix or a range\n") !=
          std::string::npos);

    // Rules with long sets are put under each value if they are few, but not if they are many.
    const auto set_of = [](std::size_t first, std::size_t count) {
        std::string set = "tenant in { ";
        for (std::size_t i = 0; i < count; ++i) set += (i > 0 ? ", \"t" : "\"t") + std::to_string(first + i) + "\"";
        return set + " }";
    };
    const auto some = denies(40, [&](std::size_t i) { return set_of(1000 * i, 1000); });
    CHECK(tried(*some.program, about("x", 1, "t7007")) == 1);
    const auto too_many = denies(150, [&](std::size_t i) { return set_of(i, 1000); });
    CHECK(tried(*too_many.program, about("x", 1, "none")) == 150);
    CHECK(bytes_a_rule(*too_many.program) < 16);
    CHECK(
        bytecode::describe_index(*too_many.program).find("): its sets are too long, or too few rules are similar\n") !=
        std::string::npos);
    const auto alike = denies(1000, [&](std::size_t) { return set_of(0, 16); });
    CHECK(tried(*alike.program, about("x", 1, "t3")) == 1000);
    CHECK(bytes_a_rule(*alike.program) < 80);
    // Few values and many rules: the verifier looks up every value for every rule and meets the same collisions.
    const auto crossed = denies(2000, [&](std::size_t i) { return set_of(i % 30, 16); });
    CHECK(tried(*crossed.program, about("x", 1, "t0")) == 67);
}

TEST_CASE("index: a test behind alternatives is asked of every match, one among them is not") {
    const auto made = from_text(R"writ(
deny a when (run.background or agent.class == "x") and resource.id like "a/**"
deny b when run.background or resource.id like "b/**"
deny c when not (run.background and resource.id like "c/**")
deny d when resource.id like "d/**"
)writ");
    CHECK(candidates(*made.program, about("z"), vm::Want::Narrowing, vm::Mode::Possibly) == "bc");
    CHECK(candidates(*made.program, about("a/1"), vm::Want::Narrowing, vm::Mode::Possibly) == "abc");
}

TEST_CASE("index: literal beginnings of patterns") {
    // The rules are found only by the prefix of a text: a rule is a candidate if its pattern can match.
    const auto made = from_text(R"writ(
deny a when resource.id matches "repo:acme/[a-z]+"
deny b when resource.id matches "repo:ac(me|x).*"
deny c when resource.id matches "repo:acme?"
deny d when resource.id like "repo:b/**"
deny e when resource.id matches "\\.hidden"
)writ");
    const auto found = [&](std::string_view id) {
        return candidates(*made.program, about(id), vm::Want::Narrowing, vm::Mode::Possibly);
    };
    CHECK(found("repo:acme/x") == "abc");
    CHECK(found("repo:acmx") == "bc");
    CHECK(found("repo:acx") == "b");
    CHECK(found("repo:b/x") == "d");
    CHECK(found(".hidden") == "e");
    CHECK(found("z").empty());
    // A pattern without a literal prefix is tried on every request.
    for (const char* none : {"a|b", "(?i)ab", "[ab]c", ".a", "(a|b)c", "a*b"}) {
        const auto all = from_text("deny a when resource.id matches \"" + std::string(none) +
                                   "\"\ndeny b when resource.id == \"q\"\n");
        CHECK_MESSAGE(candidates(*all.program, about("zz"), vm::Want::Narrowing, vm::Mode::Possibly) == "a", none);
    }
}
