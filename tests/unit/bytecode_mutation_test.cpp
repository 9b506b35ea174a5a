// Damages bundles at random and seals them again: each is rejected, or safe to evaluate within its bound. Memory errors
// show only in a build with sanitizers.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "bytecode_everything.h"
#include "bytecode_reseal.h"
#include "json_nodes.h"
#include "vm/decide.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

using namespace writ;
using namespace writ::testing;
using namespace writ::bytecode;

namespace {

struct Tally {
    std::size_t refused = 0, evaluated = 0, refused_request = 0;
};

void evaluate(std::vector<std::byte> bytes, const std::vector<json::Value>& requests, Tally& tally) {
    const auto opened = Program::open(std::move(bytes));
    if (!opened) {
        CHECK(opened.error().code.starts_with("B00"));
        ++tally.refused;
        return;
    }
    const Program& program = **opened;
    (void)disassemble(program);
    vm::Facts facts(program);
    vm::Interpreter interpreter(program);
    Decision decision;
    for (const json::Value& request : requests) {
        testing::Nodes nodes;
        if (!facts.bind(nodes.of(request))) {
            ++tally.refused_request;
            continue;
        }
        interpreter.reset_steps();
        vm::decide(program, facts, interpreter, decision);
        CHECK(interpreter.steps() <= program.manifest[0].step_bound);
        ++tally.evaluated;
    }
}

std::vector<json::Value> requests() {
    std::vector<json::Value> out;
    for (const char* tool : {"refund", "data/lookup"}) {
        auto request = json::parse(kEverythingRequest);
        REQUIRE(request);
        request->find("tool")->set("name", json::Value::of(std::string_view(tool)));
        if (std::string_view(tool) != "refund") {
            json::Value params = json::Value::object();
            params.set("note", json::Value::of(std::string_view("please a.example")));
            params.set("limit", json::Value::of(std::int64_t{2}));
            request->find("tool")->set("params", params);
        }
        out.push_back(std::move(*request));
    }
    return out;
}

/// The sample without its sources, which are most of the bytes and do not matter here.
std::vector<std::byte> sample() {
    const FromText policy = everything();
    Sections sections = sections_of(*policy.program);
    sections.sources.clear();
    sections.source_text.clear();
    return Program::seal(sections);
}

struct Place {
    std::size_t begin, end;
};

/// The place of each section that is not empty.
std::vector<Place> places(const std::vector<std::byte>& bytes) {
    const auto opened = Program::open(bytes);
    REQUIRE(opened);
    std::vector<Place> out;
    const auto* base = reinterpret_cast<const char*>((*opened)->bytes().data());
    const auto add = [&](const void* data, std::size_t size) {
        const auto begin = static_cast<std::size_t>(static_cast<const char*>(data) - base);
        if (size != 0) out.push_back({begin, begin + size});
    };
#define SECTION(type, name) add((*opened)->name.data(), (*opened)->name.size_bytes());
#include "bytecode/sections.def"
#undef SECTION
    return out;
}

}  // namespace

TEST_CASE("verify: 20,000 mutated bundles are refused or evaluate within their bound") {
    const auto whole = sample();
    const auto asked = requests();
    const auto sections = places(whole);
    Tally sound;
    evaluate(whole, asked, sound);
    REQUIRE(sound.evaluated == asked.size());

    std::mt19937 random(20240603);
    const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
    Tally tally;
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = whole;
        const std::size_t changes = 1 + below(3) / 2;
        for (std::size_t k = 0; k < changes; ++k) {
            const Place& place = sections[below(sections.size())];
            if (below(3) == 0) {
                bytes[place.begin + below(place.end - place.begin)] ^= std::byte{1} << below(8);
                continue;
            }
            // The new word is a copy of a word nearby, or a likely limit.
            const std::size_t words = (place.end - place.begin) / 4;
            if (words == 0) continue;
            const std::size_t at = place.begin + 4 * below(words);
            constexpr std::uint32_t kEdges[] = {0, 1, 2, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFF};
            std::uint32_t word;
            std::memcpy(&word, &bytes[place.begin + 4 * below(words)], 4);
            switch (below(4)) {
                case 0: word = kEdges[below(std::size(kEdges))]; break;
                case 1: word += 1; break;
                case 2: word -= 1; break;
                default: break;
            }
            std::memcpy(&bytes[at], &word, 4);
        }
        CAPTURE(i);
        evaluate(reseal(std::move(bytes)), asked, tally);
    }
    // Some bundles are rejected and some are accepted.
    CHECK(tally.refused > 5'000);
    CHECK(tally.evaluated > 2'000);
    MESSAGE("refused " << tally.refused << ", evaluated " << tally.evaluated << ", requests refused "
                       << tally.refused_request);
}
