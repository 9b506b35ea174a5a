#include "compile/blocks.h"

#include <algorithm>
#include <string_view>

#include "bytecode/opcode_info.h"

namespace writ::compiler {

using bytecode::Instr;
using bytecode::kNone;
using bytecode::Opcode;
using bytecode::Operand;
using bytecode::operand;
using bytecode::operand_index;
using bytecode::operand_kind;
using bytecode::OperandKind;

namespace {

/// If fewer rules share code, they keep their constants in their own code, which is as small.
constexpr std::size_t kFewest = 2;
/// The most columns of a table.
constexpr std::size_t kMaxColumns = 1u << 12;

/// Calls `visit(word, field)` for each constant that a row could hold. Not for sets that code iterates over or makes
/// lists of, because the step bound counts their elements; nor for constants in the body of a Once, which reads no row.
template <class Visit>
void each_constant(std::span<Instr> code, Visit visit) {
    for (std::size_t at = 0; at < code.size(); ++at) {
        Instr& in = code[at];
        if (in.op == Opcode::Once) {
            at += in.b;
            continue;
        }
        const bytecode::OpcodeInfo& op = bytecode::info(in.op);
        const bool sets = bytecode::is_test(op.op_class) && in.op != Opcode::Quantify;
        for (const auto& [field, word] : {std::pair(op.a, &in.a), std::pair(op.b, &in.b), std::pair(op.c, &in.c)}) {
            if (!bytecode::is_value(field) && field != Operand::BoundVal) continue;
            const OperandKind kind = operand_kind(*word);
            if (kind == OperandKind::Text || kind == OperandKind::Int || (kind == OperandKind::Set && sets))
                visit(*word, field);
        }
    }
}

/// The placeholder of a constant in a pattern: its operand kind, and the kind of a column for it.
std::uint32_t place_of(const bytecode::Sections& out, std::uint32_t word, Operand field) {
    const auto place = [&](Kind kind) { return operand(operand_kind(word), static_cast<std::uint32_t>(kind)); };
    if (operand_kind(word) == OperandKind::Int) return place(Kind::Int);
    if (operand_kind(word) == OperandKind::Set) return place(static_cast<Kind>(out.sets[operand_index(word)].elem));
    return place(field == Operand::IpVal ? Kind::Ip : field == Operand::CidrVal ? Kind::Cidr : Kind::String);
}

std::string_view bytes_of(std::span<const Instr> code) {
    return {reinterpret_cast<const char*>(code.data()), code.size_bytes()};
}

}  // namespace

void Blocks::add(std::uint32_t rule, std::span<const Instr> code) {
    bare_.assign(code.begin(), code.end());
    words_.clear();
    each_constant(bare_, [&](std::uint32_t& word, Operand field) {
        words_.push_back(word);
        word = place_of(builder_.out, word, field);
    });
    Pattern& its = pattern();
    its.rules.push_back(rule);
    its.words.insert(its.words.end(), words_.begin(), words_.end());
}

/// The pattern whose code is bare_.
Blocks::Pattern& Blocks::pattern() {
    const std::uint64_t hash = bytecode::text_hash(bytes_of(bare_));
    const auto [first, last] = known_.equal_range(hash);
    for (auto it = first; it != last; ++it)
        if (bytes_of(patterns_[it->second].code) == bytes_of(bare_)) return patterns_[it->second];
    known_.emplace(hash, patterns_.size());
    Pattern& made = patterns_.emplace_back();
    made.code = bare_;
    made.constants = words_.size();
    return made;
}

void Blocks::finish() {
    for (Pattern& pattern : patterns_) {
        const Columns columns = columns_of(pattern);
        const bool fits = columns.first.size() <= kMaxColumns && builder_.out.tables.size() < bytecode::kNoTable;
        if (columns.first.empty() || !fits || pattern.rules.size() < kFewest)
            write_each(pattern);
        else
            write_shared(pattern, columns);
    }
}

Blocks::Columns Blocks::columns_of(const Pattern& pattern) {
    Columns columns;
    std::vector<std::uint32_t> kinds;
    each_constant(bare(pattern), [&](std::uint32_t& word, Operand) { kinds.push_back(word); });
    const auto same = [&](std::size_t a, std::size_t b) {
        if (kinds[a] != kinds[b]) return false;
        for (std::size_t at = 0; at < pattern.words.size(); at += pattern.constants)
            if (pattern.words[at + a] != pattern.words[at + b]) return false;
        return true;
    };
    std::unordered_multimap<std::uint64_t, std::uint32_t> known;
    columns.of.assign(pattern.constants, kNone);
    for (std::size_t i = 0; i < pattern.constants; ++i) {
        bool differs = false;
        std::uint64_t hash = kinds[i];
        for (std::size_t at = i; at < pattern.words.size(); at += pattern.constants) {
            differs = differs || pattern.words[at] != pattern.words[i];
            hash = (hash ^ pattern.words[at]) * 0x9E3779B97F4A7C15;
        }
        if (!differs) continue;
        // A constant that occurs twice in a condition is one column.
        const auto [first, last] = known.equal_range(hash);
        const auto found =
            std::find_if(first, last, [&](const auto& entry) { return same(columns.first[entry.second], i); });
        columns.of[i] = found != last ? found->second : static_cast<std::uint32_t>(columns.first.size());
        if (found != last) continue;
        known.emplace(hash, columns.of[i]);
        columns.first.push_back(i);
        columns.kinds.push_back(kinds[i]);
    }
    return columns;
}

/// The code of a pattern, with placeholders.
std::span<Instr> Blocks::bare(const Pattern& pattern) {
    bare_ = pattern.code;
    return bare_;
}

void Blocks::write_each(const Pattern& pattern) {
    const std::uint32_t* word = pattern.words.data();
    for (const std::uint32_t index : pattern.rules) {
        each_constant(bare(pattern), [&](std::uint32_t& place, Operand) { place = *word++; });
        place(index, builder_.code(bare_, kNone));
    }
}

void Blocks::write_shared(const Pattern& pattern, const Columns& columns) {
    bytecode::Sections& out = builder_.out;
    std::size_t at = 0;
    each_constant(bare(pattern), [&](std::uint32_t& word, Operand) {
        word = columns.of[at] == kNone ? pattern.words[at] : operand(OperandKind::RowColumn, columns.of[at]);
        ++at;
    });
    const auto table = static_cast<std::uint16_t>(out.tables.size());
    const std::uint32_t code = builder_.code(bare_, table);

    bytecode::TableRef ref;
    ref.first_cell = static_cast<std::uint32_t>(out.cells.size());
    ref.rows = static_cast<std::uint32_t>(pattern.rules.size());
    ref.columns = static_cast<std::uint32_t>(columns.first.size());
    const auto list = static_cast<std::uint32_t>(Kind::List);
    std::vector<std::uint32_t> kinds;
    for (const std::uint32_t kind : columns.kinds)
        kinds.push_back(operand_kind(kind) == OperandKind::Set ? list : operand_index(kind));
    for (const std::uint32_t kind : columns.kinds)
        kinds.push_back(operand_kind(kind) == OperandKind::Set ? operand_index(kind) : 0);
    ref.first_kind = builder_.ids(kinds);
    ref.first_set = builder_.ids(std::vector<std::uint32_t>(columns.first.size(), kNone));
    out.tables.push_back(ref);

    const std::uint32_t* words = pattern.words.data();
    for (std::uint32_t row = 0; row < pattern.rules.size(); ++row, words += pattern.constants) {
        for (const std::size_t constant : columns.first) out.cells.push_back(operand_index(words[constant]));
        place(pattern.rules[row], code);
        out.rules[pattern.rules[row]].table = table;
        out.rules[pattern.rules[row]].row = row;
    }
}

void Blocks::place(std::uint32_t rule, std::uint32_t code) {
    builder_.out.rules[rule].code = code;
    builder_.out.rules[rule].code_length = static_cast<std::uint32_t>(bare_.size());
}

}  // namespace writ::compiler
