#include "bytecode/index_asks.h"

#include <algorithm>

#include "bytecode/opcode_info.h"

namespace writ::bytecode {

namespace {

/// The constant set of an operand; kNone: it is not a constant set.
std::uint32_t set_of(const Program& program, const RuleRef& rule, std::uint32_t word) {
    const std::uint32_t index = operand_index(word);
    if (operand_kind(word) == OperandKind::Set) return index;
    return operand_kind(word) == OperandKind::RowColumn ? program.cell(rule.table, rule.row, index) : kNone;
}

/// A scalar that does not depend on the request.
bool is_constant_scalar(std::uint32_t word) {
    const OperandKind kind = operand_kind(word);
    return kind == OperandKind::Text || kind == OperandKind::Int || kind == OperandKind::RowColumn;
}
bool is_constant_set(std::uint32_t word) {
    return operand_kind(word) == OperandKind::Set || operand_kind(word) == OperandKind::RowColumn;
}

std::int64_t integer_of(const Program& program, const RuleRef& rule, std::uint32_t word) {
    const std::uint32_t index = operand_index(word);
    return program.ints[operand_kind(word) == OperandKind::Int ? index : program.cell(rule.table, rule.row, index)];
}

}  // namespace

const Ask* Asks::find(Ask::Sort sort, std::uint32_t fact) const {
    const auto found =
        std::find_if(all().begin(), all().end(), [&](const Ask& ask) { return ask.sort == sort && ask.fact == fact; });
    return found == all().end() ? nullptr : &*found;
}

void Asks::read(const Program& program, std::span<const Instr> code) {
    // Code before `reach` may be skipped by a jump; code after it is on every path to RetTrue.
    std::size_t reach = 0;
    for (std::size_t at = 0, next = 0; at < code.size(); at = next) {
        const Instr& in = code[at];
        const OpcodeClass op_class = info(in.op).op_class;
        next = at + width(in);
        if (op_class == OpcodeClass::End) return;
        if (!is_test(op_class)) continue;
        const std::size_t target = next + in.jump;
        if (code[target].op != Opcode::RetFalse)
            reach = std::max(reach, target);
        else if (at < reach || (in.flags & kJumpIf) != 0)
            continue;
        else if (in.op == Opcode::Once)
            read(program, code.subspan(at + 1, in.b));
        else if ((in.flags & kNegate) == 0 || in.op == Opcode::Truth)
            add(program, in);
    }
}

void Asks::add(const Program& program, const Instr& in) {
    if (count_ == kMost) return;
    Ask ask{Ask::Sort::Words, kToolKey, &in};
    if (in.op != Opcode::ToolIn) {
        if (operand_kind(in.a) != OperandKind::Slot) return;
        ask.fact = operand_index(in.a);
        switch (in.op) {
            case Opcode::Truth:
                // Other integers may be true too.
                if (static_cast<Kind>(program.slots[ask.fact].kind) != Kind::Bool) return;
                break;
            case Opcode::TextEq:
                if (!is_constant_scalar(in.b)) return;
                break;
            case Opcode::IntCmp: {
                const Cmp cmp = static_cast<Cmp>(in.c);
                if (!is_constant_scalar(in.b) || cmp == Cmp::Ne) return;
                if (cmp != Cmp::Eq) ask.sort = Ask::Sort::Range;
                break;
            }
            case Opcode::TextIn:
            case Opcode::IntIn:
                if (!is_constant_set(in.b)) return;
                break;
            case Opcode::Match:
                if (program.matchers[in.b].prefix == 0) return;
                ask.sort = Ask::Sort::Prefix;
                break;
            case Opcode::ToolIn:
#define ASK(...)
#define OP(name, ...) case Opcode::name:
#include "bytecode/opcodes.def"
                return;
        }
    }
    // Several ranges of one fact are combined; of other sorts the first is enough.
    if (ask.sort == Ask::Sort::Range || find(ask.sort, ask.fact) == nullptr) asks_[count_++] = ask;
}

bool is_in_row(const Ask& ask) {
    const Instr& in = *ask.test;
    return in.op != Opcode::Truth && operand_kind(in.op == Opcode::ToolIn ? in.a : in.b) == OperandKind::RowColumn;
}

Words words_of(const Program& program, const RuleRef& rule, const Ask& ask) {
    const Instr& in = *ask.test;
    Words words;
    if (in.op == Opcode::TextEq) {
        const std::uint32_t index = operand_index(in.b);
        words.only = operand_kind(in.b) == OperandKind::Text ? index : program.cell(rule.table, rule.row, index);
    } else if (in.op == Opcode::IntCmp) {
        words.only = static_cast<std::uint64_t>(integer_of(program, rule, in.b));
    } else if (in.op == Opcode::Truth) {
        words.only = (in.flags & kNegate) != 0 ? 0 : 1;
    } else {
        words.set = true;
        words.items = program.items(set_of(program, rule, in.op == Opcode::ToolIn ? in.a : in.b));
        if (in.op == Opcode::IntIn) words.ints = program.ints.data();
    }
    return words;
}

Prefix prefix_of(const Program& program, const Ask& ask) {
    const std::uint32_t text = program.matchers[ask.test->b].prefix;
    return {text, static_cast<std::uint32_t>(std::min(program.text(text).size(), kMaxPrefix))};
}

IntegerRange range_of(const Program& program, const RuleRef& rule, const Asks& asks, std::uint32_t fact) {
    IntegerRange range;
    for (const Ask& ask : asks.all()) {
        if (ask.sort != Ask::Sort::Range || ask.fact != fact) continue;
        const std::int64_t limit = integer_of(program, rule, ask.test->b);
        // The ends are always included, even if the test excludes them: at most one more rule is tried.
        const Cmp cmp = static_cast<Cmp>(ask.test->c);
        if (cmp == Cmp::Gt || cmp == Cmp::Ge)
            range.low = std::max(range.low, limit);
        else
            range.high = std::min(range.high, limit);
    }
    return range;
}

}  // namespace writ::bytecode
