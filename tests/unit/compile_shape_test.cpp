// Tests the request shape: fields become nodes, facts slots; claims and parameters have separate shapes.
#include <algorithm>

#include "compile_from_text.h"

using namespace writ;
using namespace writ::testing;
using namespace writ::bytecode;

namespace {

const ShapeNode* child(const Program& program, const ShapeNode& node, std::string_view name) {
    for (std::uint32_t i = 0; i < node.child_count; ++i)
        if (program.text(program.shape[node.first_child + i].name) == name) return &program.shape[node.first_child + i];
    return nullptr;
}

const ShapeNode* at(const Program& program, std::uint32_t root, std::initializer_list<std::string_view> path) {
    const ShapeNode* node = &program.shape[root];
    for (const std::string_view step : path) {
        if (node != nullptr) node = child(program, *node, step);
    }
    return node;
}

std::uint32_t slot_named(const Program& program, std::string_view path) {
    for (std::uint32_t i = 0; i < program.slots.size(); ++i)
        if (program.text(program.slots[i].path) == path) return i;
    return kNone;
}

}  // namespace

TEST_CASE("compile: the engine's facts have the first slots, in their order") {
    const auto policy = from_text("deny d when agent.capabilities contains \"x\"");
    const Program& program = *policy.program;
    constexpr std::string_view kPaths[] = {
#define FACT(name, path, ...) path,
#include "base/builtin_facts.def"
    };
    REQUIRE(program.slots.size() == std::size(kPaths) + 1);
    for (std::size_t i = 0; i < std::size(kPaths); ++i) CHECK(program.text(program.slots[i].path) == kPaths[i]);
    CHECK(slot_named(program, "agent.capabilities") == std::size(kPaths));
    const ShapeNode* node = at(program, program.manifest[0].request_shape, {"token", "exp"});
    REQUIRE(node != nullptr);
    CHECK(node->slot == static_cast<std::uint32_t>(Builtin::TokenExpires));
    CHECK(node->flags == kOrNone);
    CHECK(node->weakest == static_cast<std::uint8_t>(Provenance::Verified));
}

TEST_CASE("compile: facts that only invariants read have no slot, fields that nothing reads stay in the shape") {
    const auto policy = from_text("invariant i: never permit when agent.revoked\ndeny d when tenant == \"x\"");
    const Program& program = *policy.program;
    CHECK(slot_named(program, "agent.revoked") == kNone);
    const ShapeNode* node = at(program, program.manifest[0].request_shape, {"agent", "revoked"});
    REQUIRE(node != nullptr);
    CHECK(node->slot == kNone);
    CHECK(node->kind == static_cast<std::uint8_t>(Kind::Bool));
    CHECK(program.rules.size() == 1);
}

TEST_CASE("compile: elements of a list of records have a column for each leaf") {
    const auto policy = from_text("deny d when tenant == \"x\"");
    const Program& program = *policy.program;
    const ShapeNode* list = at(program, program.manifest[0].request_shape, {"delegation", "chain"});
    REQUIRE(list != nullptr);
    const ShapeNode& element = program.shape[list->first_child];
    CHECK(list->columns == element.child_count);
    CHECK(list->max == 8);
    for (std::uint32_t i = 0; i < element.child_count; ++i) {
        CHECK(program.shape[element.first_child + i].column == i);
        CHECK(program.shape[element.first_child + i].slot == kNone);
    }
}

TEST_CASE("compile: records in elements are flattened, lists in elements are columns") {
    const auto policy = from_text(R"(
        claims deep { jobs: list<record { name: string
                                          at: record { host: string  port: int or none } or none
                                          steps: list<record { a: string  b: int }> max 3
                                          tags: map<string, string>
                                          last: bool }> max 4 }
        issuer deep: deep "https://deep.example" { audience "b" }
        permit p when token.issuer is deep and any j in deep.jobs: j.last and j.at.port == 443
          and any s in j.steps: s.b == 1
        grant { "x" } for 1m)");
    const Program& program = *policy.program;
    const ShapeNode* list = at(program, program.issuers[2].claims, {"jobs"});
    REQUIRE(list != nullptr);
    const ShapeNode& element = program.shape[list->first_child];
    // name, at (may be none), at.host, at.port, steps, last; a map has no column.
    CHECK(list->columns == 6);
    CHECK(child(program, element, "at")->column == 1);
    CHECK(child(program, *child(program, element, "at"), "port")->column == 3);
    CHECK(child(program, element, "steps")->column == 4);
    CHECK(child(program, element, "steps")->columns == 2);
    CHECK(child(program, element, "tags")->column == kNone);
    CHECK(child(program, element, "last")->column == 5);
    CHECK(policy.code("p").find("Quantify deep.jobs") != std::string::npos);
    CHECK(policy.code("p").find("IntCmp #0.at.port, 443, ==") != std::string::npos);
    CHECK(policy.code("p").find("Quantify #0.steps, 3, any #1 | Bound | IntCmp #1.b, 1, ==") != std::string::npos);
}

TEST_CASE("compile: map keys that are read become nodes of their own") {
    const auto policy = from_text(
        "deny d when not (gates[\"eval\"].result == passed)\n"
        "deny e when gates[\"eval\"].commit == tenant or gates[\"scan\"].result == failed");
    const Program& program = *policy.program;
    const ShapeNode* map = at(program, program.manifest[0].request_shape, {"gates"});
    REQUIRE(map != nullptr);
    REQUIRE(map->key_count == 2);
    const ShapeNode& eval = program.shape[map->first_key];
    CHECK(program.text(eval.name) == "eval");
    CHECK(child(program, eval, "result")->slot == slot_named(program, "gates[\"eval\"].result"));
    CHECK(child(program, eval, "commit")->slot == slot_named(program, "gates[\"eval\"].commit"));
    CHECK(child(program, eval, "at")->slot == kNone);
    CHECK(child(program, program.shape[map->first_child], "result")->slot == kNone);
}

TEST_CASE("compile: each issuer has claims of its own") {
    const auto policy = from_text("permit p when token.issuer is prod and prod.level > 2 grant { \"x\" } for 1m");
    const Program& program = *policy.program;
    REQUIRE(program.issuers.size() == 2);
    CHECK(at(program, program.issuers[0].claims, {"level"})->slot == slot_named(program, "prod.level"));
    CHECK(at(program, program.issuers[1].claims, {"level"})->slot == kNone);
    CHECK(program.issuers[0].max_age == -1);
    CHECK(program.issuers[1].max_age == 600 * std::int64_t{1'000'000});
    CHECK(program.issuers[1].leeway == 30 * std::int64_t{1'000'000});
    CHECK(program.issuers[0].types == kNone);
}

TEST_CASE("compile: captures that are read carry their patterns") {
    const auto policy =
        from_text("permit p when token.issuer is ci and ci.name == \"n\" and ci.rest == \"r\" grant { \"x\" } for 1m");
    const Program& program = *policy.program;
    CHECK(program.issuers[0].capture_count == 0);
    REQUIRE(program.issuers[1].capture_count == 2);
    CHECK(program.capture_specs.size() == 1);
    const CaptureRef& capture = program.captures[program.issuers[1].first_capture];
    CHECK(program.text(capture.capture) == "name");
    CHECK(capture.slot == slot_named(program, "ci.name"));
    const CaptureSpecRef& spec = program.capture_specs[capture.spec];
    CHECK(&program.shape[spec.claim] == at(program, program.issuers[1].claims, {"sub"}));
    REQUIRE(spec.pattern_count == 2);
    // sa:{ns}:{name}
    const PatternRef& first = program.patterns[spec.first_pattern];
    REQUIRE(first.pieces == 4);
    CHECK(program.text(program.ids[first.first]) == "sa:");
    CHECK(program.text(program.ids[first.first + 4]) == "ns");
    CHECK(program.ids[first.first + 5] == 0);
    // svc:{rest**}
    const PatternRef& second = program.patterns[spec.first_pattern + 1];
    REQUIRE(second.pieces == 2);
    CHECK(program.ids[second.first + 3] == kNone);
    CHECK(program.ids[second.first + 5] == 1);
}

TEST_CASE("compile: a parameter that several tools share has one slot") {
    const auto policy = from_text(
        "deny d for tool refund, lookup when params.note == \"x\"\n"
        "deny e for tool refund when params.amount > 5.00\n"
        "deny f for tool lookup when params.limit > 5");
    const Program& program = *policy.program;
    const std::uint32_t note = slot_named(program, "params.note");
    CHECK(at(program, program.tools[0].params, {"note"})->slot == note);
    CHECK(at(program, program.tools[1].params, {"note"})->slot == note);
    CHECK(at(program, program.tools[0].params, {"amount"})->slot == slot_named(program, "params.amount"));
    CHECK(at(program, program.tools[1].params, {"limit"})->slot == slot_named(program, "params.limit"));
    CHECK(at(program, program.tools[0].params, {"tags"})->slot == kNone);
}

TEST_CASE("compile: the catalogue's facts are named in the manifest") {
    const auto none = from_text("deny d when tenant == \"x\"");
    CHECK(none.program->manifest[0].tier_slot == kNone);
    CHECK(none.program->manifest[0].tool_scopes_slot == kNone);
    const auto policy = from_text("deny d when tool.tier >= write and want.scopes overlaps tool.scopes");
    const Program& program = *policy.program;
    CHECK(program.manifest[0].tier_slot == slot_named(program, "tool.tier"));
    CHECK(program.manifest[0].tool_scopes_slot == slot_named(program, "tool.scopes"));
    CHECK(program.manifest[0].tool_audience_slot == kNone);
    REQUIRE(program.manifest[0].tier_enum != kNone);
    CHECK(program.enums[program.manifest[0].tier_enum].member_count == 3);
    CHECK(program.tools[0].tier == 1);
    CHECK(program.text(program.tools[1].wire_name) == "data/lookup");
}

TEST_CASE("compile: sources travel in the bundle") {
    const auto policy = from_text("deny d when tenant == \"x\"");
    const Program& program = *policy.program;
    REQUIRE(program.sources.size() == 2);
    CHECK(program.text(program.sources[0].name) == "policy.writ");
    CHECK(program.source_text().value().substr(0, program.sources[0].size).ends_with("deny d when tenant == \"x\""));
    CHECK(program.text(program.origins[program.rules[0].origin].file) == "policy.writ");
    CHECK(program.rules[0].line == 1 + std::count(kPreamble.begin(), kPreamble.end(), '\n'));
}

TEST_CASE("compile: a policy lowers to the same bytes every time") {
    constexpr std::string_view kRules =
        "deny d when agent.capabilities contains \"x\" and gates[\"b\"].commit == gates[\"a\"].commit";
    CHECK(from_text(kRules).bytes == from_text(kRules).bytes);
}
