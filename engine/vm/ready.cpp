#include "vm/ready.h"

#include <algorithm>

#include "base/operators.h"
#include "bytecode/opcode_info.h"

namespace writ::vm {

using bytecode::Instr;
using bytecode::Opcode;
using bytecode::OpcodeClass;
using bytecode::OperandKind;

namespace {

/// Which of less, equal and greater a comparison accepts, one bit each.
constexpr std::uint32_t orders_of(Cmp cmp) {
    return (compares(cmp, 0, 1) ? 1u : 0u) | (compares(cmp, 0, 0) ? 2u : 0u) | (compares(cmp, 1, 0) ? 4u : 0u);
}

/// Whether a condition is one `and` of tests, and no test of time is in a quantifier. While it holds, every test
/// counts as true, so it ends when the first of its tests of time changes.
bool is_conjunction(std::span<const Instr> code) {
    const std::size_t size = code.size();
    if (size < 2 || code[size - 1].op != Opcode::RetFalse || code[size - 2].op != Opcode::RetTrue) return false;
    for (std::size_t at = 0; at + 2 < size;) {
        const Instr& in = code[at];
        const std::size_t next = at + bytecode::width(in);
        const OpcodeClass op_class = bytecode::info(in.op).op_class;
        if (op_class == OpcodeClass::End) return false;
        if (in.op == Opcode::Quantify && std::ranges::any_of(code.subspan(at, next - at), [](const Instr& each) {
                return bytecode::info(each.op).op_class == OpcodeClass::Time;
            }))
            return false;
        // A false test jumps to the RetFalse; a true one continues.
        if (op_class != OpcodeClass::Value && ((in.flags & bytecode::kJumpIf) != 0 || next + in.jump != size - 1))
            return false;
        at = next;
    }
    return true;
}

Ready ready(const Instr& in) {
    Ready out{Action::Other, in.flags, in.jump, bytecode::operand_index(in.a), bytecode::operand_index(in.b), in.c};
    const OperandKind a = bytecode::operand_kind(in.a), b = bytecode::operand_kind(in.b);
    const bool slot = a == OperandKind::Slot;
    switch (in.op) {
        case Opcode::RetTrue: out.action = Action::True; break;
        case Opcode::RetFalse: out.action = Action::False; break;
        case Opcode::TextEq:
            if (slot && b == OperandKind::Text) out.action = Action::SlotIsText;
            if (slot && b == OperandKind::RowColumn) out.action = Action::SlotIsCell;
            if (slot && b == OperandKind::Slot) out.action = Action::SlotIsSlot;
            break;
        case Opcode::TextIn:
            if (a == OperandKind::Text && b == OperandKind::Slot) out.action = Action::TextInSlot;
            break;
        case Opcode::IntCmp:
            out.c = orders_of(static_cast<Cmp>(in.c));
            if (slot && b == OperandKind::Int) out.action = Action::SlotCmpInt;
            if (slot && b == OperandKind::RowColumn) out.action = Action::SlotCmpCell;
            if (slot && b == OperandKind::Slot) out.action = Action::SlotCmpSlot;
            break;
        case Opcode::ToolIn:
            out.b = out.a;
            out.action = a == OperandKind::Set ? Action::ToolInSet : Action::ToolInCell;
            break;
        case Opcode::Truth:
            if (slot) out.action = Action::SlotTrue;
            break;
        case Opcode::IsNone:
            if (slot) out.action = Action::SlotNone;
            break;
        default: break;  // Other
    }
    return out;
}

}  // namespace

std::vector<Ready> make_ready(const bytecode::Program& program) {
    std::vector<Ready> out;
    out.reserve(program.code.size());
    for (const Instr& in : program.code) out.push_back(ready(in));
    for (const bytecode::RuleRef& rule : program.rules) {
        const auto code = std::span(out).subspan(rule.code, rule.code_length);
        if (std::none_of(code.begin(), code.end(), [](const Ready& in) { return in.action == Action::Other; }))
            code.front().flags |= kPlain;
        if ((rule.flags & bytecode::kTimed) != 0 && is_conjunction(program.code_of(rule)))
            code.front().flags |= kConjunction;
    }
    return out;
}

}  // namespace writ::vm
