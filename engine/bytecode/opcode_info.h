// The instructions of opcodes.def, and operands.def, as data: operands, class and description. Used by the compiler,
// the verifier, the cost bound, the index, the disassembler and the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bytecode/program.h"

namespace writ::bytecode {

/// The list is operands.def.
enum class Operand : std::uint8_t {
#define OPERAND(name) name,
#include "bytecode/operands.def"
};

enum class OpcodeClass : std::uint8_t { Test, Time, Value, End };

struct OpcodeInfo {
    std::string_view name;
    Operand a, b, c;
    OpcodeClass op_class;
    std::string_view prose;
};

inline constexpr OpcodeInfo kOpcodes[] = {
#define OP(name, a, b, c, cls, prose) {#name, Operand::a, Operand::b, Operand::c, OpcodeClass::cls, prose},
#include "bytecode/opcodes.def"
};
inline constexpr std::size_t kOpcodeCount = sizeof(kOpcodes) / sizeof(kOpcodes[0]);

/// Requires: a valid opcode.
constexpr const OpcodeInfo& info(Opcode op) {
    return kOpcodes[static_cast<std::size_t>(op)];
}

constexpr bool is_test(OpcodeClass op_class) {
    return op_class == OpcodeClass::Test || op_class == OpcodeClass::Time;
}

/// The number of instructions of an instruction with its body.
constexpr std::size_t width(const Instr& in) {
    return in.op == Opcode::Quantify ? 2 + std::size_t{in.b} : in.op == Opcode::Once ? 1 + std::size_t{in.b} : 1;
}

inline constexpr bool kReads[] = {
#define READS(name) true,
#define OPERAND(name) false,
#include "bytecode/operands.def"
};
/// Whether an operand is a value that the instruction reads.
constexpr bool is_value(Operand field) {
    return kReads[static_cast<std::size_t>(field)];
}

}  // namespace writ::bytecode
