// Operands and computed values.
#include <algorithm>
#include <charconv>

#include "base/values.h"
#include "bytecode/cost.h"
#include "vm/machine.h"

namespace writ::vm {

using bytecode::Instr;
using bytecode::Opcode;
using bytecode::OperandKind;

namespace {

Value digits(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? Value::of(number) : Value{};
}

}  // namespace

Value Machine::cell(std::uint32_t table, std::uint32_t row, std::uint32_t column) const {
    const std::uint32_t word = program.cell(table, row, column);
    if (rep_of(program.column_kind(table, column)) == Rep::I64) return Value::of(program.ints[word]);
    return Value::of(program.text(word), word);
}

Value Machine::load(std::uint32_t word) const {
    const std::uint32_t index = bytecode::operand_index(word);
    switch (bytecode::operand_kind(word)) {
        case OperandKind::Slot: return (*facts)[index];
        case OperandKind::Text: return Value::of(program.text(index), index);
        case OperandKind::Int: return Value::of(program.ints[index]);
        case OperandKind::Temp: return temps[index];
        case OperandKind::Elem: {
            const Bound& bound = binders[index >> 24];
            const std::uint32_t column = index & 0xFFFFFF;
            return bound.row[column == bytecode::kElemSelf ? 0 : column];
        }
        case OperandKind::RowColumn: return cell(rule->table, rule->row, index);
        case OperandKind::ElemRow: {
            const Bound& bound = binders[index >> 24];
            return cell(bound.table, bound.index, index & 0xFFFFFF);
        }
        case OperandKind::Set:
        case OperandKind::TableColumn:
        case OperandKind::TableRows: break;
    }
    return {};
}

std::uint32_t Machine::tool_set(std::uint32_t word) const {
    const std::uint32_t index = bytecode::operand_index(word);
    return bytecode::operand_kind(word) == OperandKind::Set ? index : row_cells[index];
}

bool Machine::load_list(std::uint32_t word, List& out) const {
    const std::uint32_t index = bytecode::operand_index(word);
    switch (bytecode::operand_kind(word)) {
        case OperandKind::Set: out = List::of_set(program, index); return true;
        case OperandKind::RowColumn: out = List::of_set(program, row_cells[index]); return true;
        case OperandKind::ElemRow: {
            const Bound& bound = binders[index >> 24];
            out = List::of_set(program, program.cell(bound.table, bound.index, index & 0xFFFFFF));
            return true;
        }
        case OperandKind::TableColumn:
            out = List::of_set(program, program.ids[program.tables[index >> 12].first_set + (index & 0xFFF)]);
            return true;
        case OperandKind::TableRows: out = List::of_rows(program, index); return true;
        case OperandKind::Slot:
        case OperandKind::Temp:
        case OperandKind::Elem: {
            const Value list = load(word);
            if (!list.present()) return false;
            out = List::of(list);
            return true;
        }
        case OperandKind::Text:
        case OperandKind::Int: break;
    }
    return false;
}

void Machine::bind_element(const List& list, std::size_t index, Bound& bound) const {
    switch (list.form) {
        case List::Form::Values: bound.row = list.items + index * list.stride; return;
        case List::Form::Texts:
        case List::Form::Ints:
            bound.self = list.at(program, index);
            bound.row = &bound.self;
            return;
        case List::Form::Rows:
            bound.table = list.table;
            bound.index = static_cast<std::uint32_t>(index);
            return;
    }
}

Machine::Zoned Machine::window_of(const Instr& in) const {
    const bytecode::WindowRef& ref = program.windows[in.b];
    return {Window{ref.start, ref.end, static_cast<std::uint8_t>(ref.days)},
            program.transitions.subspan(ref.zone_first, ref.zone_count)};
}

void Machine::compute(const Instr& in) {
    Value& out = temps[in.c];
    switch (in.op) {
        case Opcode::Add:
        case Opcode::Sub:
        case Opcode::Mul: {
            const Value a = load(in.a), b = load(in.b);
            if (!a.present() || !b.present()) {
                out = {};
                return;
            }
            if (in.op == Opcode::Add)
                out = Value::of(sat_add(a.integer, b.integer));
            else if (in.op == Opcode::Sub)
                out = Value::of(sat_sub(a.integer, b.integer));
            else
                out = Value::of(sat_mul(a.integer, b.integer));
            return;
        }
        case Opcode::Union:
        case Opcode::Intersect:
        case Opcode::Minus: {
            List a, b;
            if (!load_list(in.a, a) || !load_list(in.b, b)) {
                out = {};
                return;
            }
            steps += bytecode::kMemberSteps * (a.count + b.count);
            out = in.op == Opcode::Union ? union_of(program, a, b, scratch, hasher)
                                         : filtered(program, a, b, in.op == Opcode::Intersect, scratch, hasher);
            return;
        }
        case Opcode::Words: {
            const Value a = load(in.a);
            out = a.present() ? words_of(program, a.text(), scratch, hasher) : Value{};
            if (a.present()) steps += bytecode::scanned(a.length);
            if (out.present()) steps += bytecode::kMemberSteps * out.length;
            return;
        }
        case Opcode::Lower: {
            const Value a = load(in.a);
            if (!a.present()) {
                out = {};
                return;
            }
            steps += bytecode::scanned(a.length);
            char* text = scratch.array<char>(a.length);
            std::transform(a.chars, a.chars + a.length, text,
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
            out = Value::of(std::string_view(text, a.length));
            return;
        }
        case Opcode::Convert: {
            const Value a = load(in.a);
            const auto text = a.present() ? canonical_text(static_cast<Kind>(in.b), a.text(), room) : std::nullopt;
            out = text ? Value::of(std::string_view(scratch.copy(*text), text->size())) : Value{};
            return;
        }
        case Opcode::PartOf: {
            const Part part = static_cast<Part>(in.b);
            const Value a = load(in.a);
            const auto text = a.present() ? part_of(part, a.text()) : std::nullopt;
            out = !text ? Value{} : rep_of(kind_of(part)) == Rep::I64 ? digits(*text) : Value::of(*text);
            return;
        }
        case Opcode::SingleText:
        case Opcode::SingleInt: {
            const Value a = load(in.a);
            if (!a.present()) {
                out = {};
                return;
            }
            Value* only = scratch.array<Value>(1);
            *only = a;
            out = Value::list(only, 1, 1);
            return;
        }
        // These write no temporary.
        case Opcode::Bound:
#define VALUE(...)
#define OP(name, ...) case Opcode::name:
#include "bytecode/opcodes.def"
            return;
    }
}

}  // namespace writ::vm
