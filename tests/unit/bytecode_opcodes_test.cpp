// Tests that every instruction occurs in a program that the verifier accepts, in its listing, and in the documentation.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "bytecode/opcode_info.h"
#include "bytecode_everything.h"
#include "source_root.h"
#include "vm_program.h"

using namespace writ;
using namespace writ::testing;

namespace {

std::set<bytecode::Opcode> used_in(const bytecode::Program& program) {
    std::set<bytecode::Opcode> used;
    for (const bytecode::Instr& instr : program.code) used.insert(instr.op);
    return used;
}

}  // namespace

TEST_CASE("bytecode: every opcode is verified and printed") {
    const FromText policy = everything();
    TestProgram by_hand;
    // Texts have no order in the language, but the machine has an instruction that orders them.
    by_hand.deny("d", TestProgram::all_of(
                          {TestProgram::cmp(Opcode::TextCmp, by_hand.slot("tenant"), by_hand.lit("a"), Cmp::Gt)}));
    const auto text_cmp = by_hand.seal();
    auto used = used_in(*policy.program);
    used.merge(used_in(*text_cmp));
    const std::string listing = policy.listing() + bytecode::disassemble(*text_cmp);
    for (std::size_t i = 0; i < bytecode::kOpcodeCount; ++i) {
        CAPTURE(bytecode::kOpcodes[i].name);
        CHECK(used.contains(static_cast<bytecode::Opcode>(i)));
        CHECK(listing.find(" " + std::string(bytecode::kOpcodes[i].name)) != std::string::npos);
    }
    CHECK(listing.find("TextCmp    tenant, \"a\", >  ->0002") != std::string::npos);
}

TEST_CASE("bytecode: every opcode is on its page as opcodes.def has it") {
    std::ifstream file(source_root() + "/docs/bytecode.md");
    REQUIRE(file.good());
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string_view rows[] = {
#define CELL(field) (std::string_view(#field) == "None" ? "" : #field)
#define OP(name, a, b, c, cls, prose) \
    "| " #name " | ", CELL(a), " | ", CELL(b), " | ", CELL(c), " | " #cls " | " prose " |\n",
#include "bytecode/opcodes.def"
#undef CELL
    };
    constexpr std::size_t kParts = 7;
    REQUIRE(std::size(rows) == kParts * bytecode::kOpcodeCount);
    for (std::size_t i = 0; i < std::size(rows); i += kParts) {
        std::string row;
        for (std::size_t part = 0; part < kParts; ++part) row += rows[i + part];
        CAPTURE(row);
        CHECK(page.find(row) != std::string::npos);
    }
}

TEST_CASE("bytecode: a listing names facts, columns and elements") {
    const std::string listing = everything().listing();
    for (const char* part :
         {"permit main.each_owner (policy.writ:", ") for each of 2 rows of owners\n", "TextEq     tenant, row[0]  ->",
          "TextEq     #0.tenant, tenant  ! ->", "Quantify   #0.granted_scopes, 3, all #1  ->",
          "InCidr     t0, 10.0.0.0/8  ->", "ToolIn     { refund }  ->",
          "grant { \"refund:create\", \"refund:read\" } for 10m", "1 from { \"chiefs\", \"leads\" } within 15m",
          "with audit {\"after\":\"15m\"", "single_use"}) {
        CAPTURE(part);
        CHECK(listing.find(part) != std::string::npos);
    }
}
