// Tests the bytes of a bundle: the layout, the digest, the text table, and values that must not change by accident.
#include <doctest/doctest.h>

#include <cstring>
#include <iterator>

#include "bytecode/opcode_info.h"
#include "bytecode_reseal.h"
#include "vm_program.h"

using namespace writ;
using namespace writ::testing;
using bytecode::Program;

namespace {

std::vector<std::byte> sample() {
    TestProgram test;
    test.permit("p", TestProgram::all_of({test.test(Opcode::TextEq, test.slot("tenant"), test.lit("acme"))}),
                {"refund:create"});
    const auto program = test.seal();
    return {program->bytes().begin(), program->bytes().end()};
}

std::string refusal(std::vector<std::byte> bytes) {
    const auto opened = Program::open(std::move(bytes));
    return opened ? "opened" : opened.error().code;
}

}  // namespace

TEST_CASE("bytecode: sealed bytes open again, equal and with the same digest") {
    const auto bytes = sample();
    const auto first = Program::open(bytes), second = Program::open(bytes);
    REQUIRE(first);
    REQUIRE(second);
    CHECK((*first)->digest() == (*second)->digest());
    CHECK((*first)->digest().size() == 64);
    CHECK(std::equal(bytes.begin(), bytes.end(), (*first)->bytes().begin(), (*first)->bytes().end()));
    CHECK((*first)->rules.size() == 1);
    CHECK((*first)->text((*first)->rules[0].name) == "p");
}

TEST_CASE("bytecode: B0001 bytes that are no bundle of this format") {
    auto bytes = sample();
    CHECK(refusal({}) == "B0001");
    CHECK(refusal({bytes.begin(), bytes.begin() + 100}) == "B0001");
    CHECK(refusal({bytes.begin(), bytes.end() - 16}) == "B0001");
    for (const std::size_t at : {0, 8, 12, 16, 24}) {  // magic, version, sections, the two lengths
        auto altered = bytes;
        altered[at] ^= std::byte{0x11};
        CAPTURE(at);
        CHECK(refusal(reseal(altered)) == "B0001");
    }
}

TEST_CASE("bytecode: B0002 every altered byte is noticed") {
    const auto bytes = sample();
    for (std::size_t at = 32; at < bytes.size(); at += 7) {
        auto altered = bytes;
        altered[at] ^= std::byte{0x10};
        CAPTURE(at);
        REQUIRE(refusal(altered) == "B0002");
    }
}

TEST_CASE("bytecode: B0003 sections are where they must be, with zeros between them") {
    const auto bytes = sample();
    // The entry of section i: the offset is at 64 + 16 i, the count 8 bytes later.
    auto moved = bytes;
    moved[64] ^= std::byte{16};
    CHECK(refusal(reseal(moved)) == "B0003");
    auto longer = bytes;
    std::memset(&longer[64 + 8], 0xFF, 8);
    CHECK(refusal(reseal(longer)) == "B0003");
    // Sixteen more zeros before the digest, with a header that counts them.
    auto trailing = bytes;
    bytecode::Header header;
    std::memcpy(&header, trailing.data(), sizeof header);
    trailing.insert(trailing.begin() + static_cast<std::ptrdiff_t>(header.sealed), 16, std::byte{0});
    header.sealed += 16;
    std::memcpy(trailing.data(), &header, sizeof header);
    CHECK(refusal(reseal(trailing)) == "B0003");
    // The chars are contiguous; the bytes between them and the next section are padding.
    const auto opened = Program::open(bytes);
    REQUIRE(opened);
    const auto end = static_cast<std::size_t>(reinterpret_cast<const std::byte*>((*opened)->chars.data()) -
                                              (*opened)->bytes().data()) +
                     (*opened)->chars.size();
    if (end % 16 != 0) {
        auto padding = bytes;
        padding[end] = std::byte{1};
        CHECK(refusal(reseal(padding)) == "B0003");
    }
}

TEST_CASE("bytecode: every constant text is found, and nothing else is") {
    TestProgram test;
    std::vector<std::string> added{std::string()};
    for (int i = 0; i < 2000; ++i)
        added.push_back("text-" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 40), 'x'));
    for (const std::string& text : added) test.text(text);
    const auto program = test.seal();
    for (std::uint32_t id = 1; id < program->texts.size(); ++id) REQUIRE(program->find_text(program->text(id)) == id);
    for (const std::string& text : added) CHECK(program->find_text(text) != 0);
    CHECK(program->find_text("text-2000") == 0);
    CHECK(program->find_text(std::string(3, '\0')) == 0);
}

TEST_CASE("bytecode: numbers of instructions are part of the format") {
    constexpr std::string_view kOrder[] = {
        "RetTrue",  "RetFalse", "TextEq", "TextCmp",    "IntCmp",    "TextIn", "IntIn",     "Subset", "Overlaps",
        "ListEq",   "Match",    "InCidr", "Truth",      "IsNone",    "ToolIn", "InWindow",  "NowCmp", "AgeCmp",
        "Quantify", "Bound",    "Add",    "Sub",        "Mul",       "Union",  "Intersect", "Minus",  "Words",
        "Lower",    "Convert",  "PartOf", "SingleText", "SingleInt", "Once"};
    REQUIRE(bytecode::kOpcodeCount == std::size(kOrder));
    for (std::size_t i = 0; i < std::size(kOrder); ++i) CHECK(bytecode::kOpcodes[i].name == kOrder[i]);
}

TEST_CASE("bytecode: sections, their order and their records are part of the format") {
    struct Expected {
        std::string_view name;
        std::size_t size;
    };
    constexpr Expected kSections[] = {
        {"manifest", 48},   {"texts", 8},      {"chars", 1},           {"ints", 8},         {"sets", 12},
        {"set_items", 4},   {"ids", 4},        {"matchers", 20},       {"automata", 28},    {"byte_classes", 1},
        {"moves", 2},       {"windows", 20},   {"transitions", 16},    {"shape", 44},       {"enums", 12},
        {"slots", 12},      {"captures", 12},  {"capture_specs", 12},  {"patterns", 8},     {"copies", 8},
        {"issuers", 56},    {"tools", 40},     {"cells", 4},           {"tables", 24},      {"origins", 12},
        {"rules", 32},      {"grants", 16},    {"requirements", 16},   {"limits", 24},      {"obligations", 8},
        {"sources", 16},    {"code", 16},      {"index_groups", 32},   {"index_keys", 4},   {"index_buckets", 8},
        {"index_rules", 4}, {"index_runs", 8}, {"index_prefixes", 16}, {"index_ranges", 32}};
    using namespace bytecode;
    std::size_t at = 0;
#define SECTION(type, section)             \
    REQUIRE(at < std::size(kSections));    \
    CHECK(kSections[at].name == #section); \
    CHECK(kSections[at++].size == sizeof(type));
#include "bytecode/sections.def"
#undef SECTION
    CHECK(at == std::size(kSections));
    CHECK(kFormatVersion == 5);
}

TEST_CASE("bytecode: a bundle has the digest it always had") {
    bytecode::Sections sections;
    sections.texts = {{0, 0}, {0, 5}};
    sections.chars = {'h', 'e', 'l', 'l', 'o'};
    sections.ints = {42};
    sections.code = {{Opcode::TextEq, bytecode::kNegate, 1, 2, 3, 4}, {Opcode::RetTrue}};
    sections.rules.resize(1);
    sections.sources = {{1, bytecode::SourceRef::kGiven, 4}};
    sections.source_text = "text";
    const auto sealed = Program::seal(sections);
    CHECK(sha256_hex({reinterpret_cast<const char*>(sealed.data()), sealed.size()}) ==
          "6c46fbc53c7fc7720d9883e9292c326e33fd3689800ef5f2f3b5d4781f92c2be");
}

TEST_CASE("bytecode: equal constants are one constant") {
    bytecode::Builder build;
    CHECK(build.text("a") == build.text("a"));
    CHECK(build.text("") != 0);
    CHECK(build.integer(5) == build.integer(5));
    const auto a = build.text("a"), b = build.text("b");
    CHECK(build.text_set(Kind::String, {a, b, a}) == build.text_set(Kind::String, {b, a}));
    CHECK(build.text_set(Kind::String, {a}) != build.text_set(Kind::Host, {a}));
    const auto set = build.int_set(Kind::Int, {9, -4, 9});
    REQUIRE(build.out.sets[set].count == 2);
    CHECK(build.out.ints[build.out.set_items[build.out.sets[set].first]] == -4);
    const std::vector<Instr> code{{Opcode::RetTrue}};
    CHECK(build.code(code, 0) == build.code(code, 0));
    CHECK(build.code(code, 0) != build.code(code, 1));
}
