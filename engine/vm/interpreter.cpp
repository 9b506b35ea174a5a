#include "vm/interpreter.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/values.h"
#include "base/window.h"
#include "bytecode/opcode_info.h"
#include "vm/candidates.h"
#include "vm/lists.h"
#include "vm/outcomes.h"

namespace writ::vm {

using bytecode::Instr;
using bytecode::Opcode;
using bytecode::OperandKind;
using bytecode::Quant;

namespace {

enum class Truth : std::uint8_t { False, True, Unknown };

constexpr Truth truth_of(bool value) {
    return value ? Truth::True : Truth::False;
}

/// An instruction made ready: the tests that conditions mostly consist of, with the operands they mostly have, have an
/// action of their own. At the same place as the one it is made of, so that jumps are the same.
enum class Action : std::uint8_t {
    True, False,
    SlotIsText,   ///< slot a against text b
    SlotIsCell,   ///< slot a against the text in column b
    SlotCmpInt,   ///< slot a against integer b; c: outcome by order
    SlotCmpCell,  ///< slot a against the integer in column b
    ToolInSet,    ///< the tool against set b
    ToolInCell,   ///< the tool against the set in column b
    SlotTrue,
    SlotNone,
    SlotIsSlot,   ///< texts
    SlotCmpSlot,  ///< integers; c: outcome by order
    TextInSlot,   ///< text a in the list of slot b
    Test,         ///< another test without a body
    Other,
};
struct Ready {
    Action action = Action::Other;
    std::uint8_t flags = 0;
    std::uint16_t jump = 0;
    std::uint32_t a = 0, b = 0, c = 0;
};
static_assert(sizeof(Ready) == sizeof(Instr));
constexpr std::uint8_t kPlain = 0x80;  ///< flag of a rule's first instruction: none of its code is Other

constexpr std::uint8_t kConjunction = 0x40;  ///< flag of a rule's first instruction: see is_conjunction()

/// Whether a condition is one `and` of tests, of which those of time are in no quantifier: it ends to hold when the first
/// of these changes.
bool is_conjunction(std::span<const Instr> code) {
    if (code.size() < 2 || code.back().op != Opcode::RetFalse || code[code.size() - 2].op != Opcode::RetTrue) return false;
    for (std::size_t at = 0; at + 2 < code.size();) {
        const Instr& in = code[at];
        const std::size_t width = bytecode::width(in);
        if (in.op == Opcode::RetTrue || in.op == Opcode::RetFalse) return false;
        if (in.op == Opcode::Quantify)
            for (std::size_t i = at; i < at + width; ++i)
                if (bytecode::info(code[i].op).op_class == bytecode::OpClass::Time) return false;
        if (bytecode::info(in.op).op_class != bytecode::OpClass::Value &&
            ((in.flags & bytecode::kJumpIf) != 0 || at + width + in.jump != code.size() - 1))
            return false;
        at += width;
    }
    return true;
}

/// Which of less, equal and greater a comparison accepts, a bit each.
constexpr std::uint32_t orders(Cmp cmp) {
    switch (cmp) {
        case Cmp::Eq: return 2;
        case Cmp::Ne: return 5;
        case Cmp::Lt: return 1;
        case Cmp::Le: return 3;
        case Cmp::Gt: return 4;
        case Cmp::Ge: return 6;
    }
    return 0;
}

Ready ready(const Instr& in) {
    Ready out{Action::Other, in.flags, in.jump, bytecode::operand_index(in.a), bytecode::operand_index(in.b), in.c};
    const bool slot = bytecode::operand_kind(in.a) == OperandKind::Slot;
    const OperandKind b = bytecode::operand_kind(in.b);
    switch (in.op) {
        case Opcode::RetTrue: out.action = Action::True; break;
        case Opcode::RetFalse: out.action = Action::False; break;
        case Opcode::TextEq:
            if (slot && b == OperandKind::Text && out.b != 0) out.action = Action::SlotIsText;
            if (slot && b == OperandKind::RowColumn) out.action = Action::SlotIsCell;
            if (slot && b == OperandKind::Slot) out.action = Action::SlotIsSlot;
            break;
        case Opcode::TextIn:
            if (bytecode::operand_kind(in.a) == OperandKind::Text && b == OperandKind::Slot) out.action = Action::TextInSlot;
            break;
        case Opcode::IntCmp:
            out.c = orders(static_cast<Cmp>(in.c));
            if (slot && b == OperandKind::Int) out.action = Action::SlotCmpInt;
            if (slot && b == OperandKind::RowColumn) out.action = Action::SlotCmpCell;
            if (slot && b == OperandKind::Slot) out.action = Action::SlotCmpSlot;
            break;
        case Opcode::ToolIn:
            out.b = out.a;
            out.action = bytecode::operand_kind(in.a) == OperandKind::Set ? Action::ToolInSet : Action::ToolInCell;
            break;
        case Opcode::Truth:
            if (slot) out.action = Action::SlotTrue;
            break;
        case Opcode::IsNone:
            if (slot) out.action = Action::SlotNone;
            break;
        case Opcode::TextCmp:
        case Opcode::IntIn:
        case Opcode::Subset:
        case Opcode::Overlaps:
        case Opcode::ListEq:
        case Opcode::Match:
        case Opcode::InCidr:
        case Opcode::InWindow:
        case Opcode::NowCmp:
        case Opcode::AgeCmp: out.action = Action::Test; break;
        default: break;
    }
    if (in.op == Opcode::TextIn && out.action == Action::Other) out.action = Action::Test;
    return out;
}

constexpr std::int64_t kNever = INT64_MAX;
constexpr std::uint32_t kNowOperand =
    bytecode::operand(OperandKind::Slot, static_cast<std::uint32_t>(bytecode::Builtin::Now));

template <class T>
bool compare(Cmp cmp, const T& a, const T& b) {
    switch (cmp) {
        case Cmp::Eq:
            return a == b;
        case Cmp::Ne:
            return a != b;
        case Cmp::Lt:
            return a < b;
        case Cmp::Le:
            return a <= b;
        case Cmp::Gt:
            return a > b;
        case Cmp::Ge:
            return a >= b;
    }
    return false;
}

/// The first moment after `now` at which `moment-in-time CMP limit` changes its answer.
std::int64_t flip(Cmp cmp, std::int64_t limit, std::int64_t now) {
    const bool at_limit = cmp != Cmp::Le && cmp != Cmp::Gt;
    const bool after_limit = cmp != Cmp::Lt && cmp != Cmp::Ge;
    if (at_limit && limit > now) return limit;
    const std::int64_t after = sat_add(limit, 1);
    return after_limit && after > now ? after : kNever;
}

/// Whether a test's outcome depends on what time it is.
bool depends_on_now(const Instr& in) {
    return in.op == Opcode::NowCmp || in.op == Opcode::AgeCmp || (in.op == Opcode::InWindow && in.a == kNowOperand);
}

bool is_time(Opcode op) {
    return bytecode::info(op).op_class == bytecode::OpClass::Time;
}

}  // namespace

struct Interpreter::Impl {
    explicit Impl(const bytecode::Program& of) : program(of), temps(of.manifest[0].temp_count),
                                                 memos(2 * std::size_t{of.manifest[0].memo_count}), rule_index(of) {
        outcomes.candidates.reserve(of.rules.size());
        made_ready.reserve(of.code.size());
        for (const Instr& in : of.code) made_ready.push_back(ready(in));
        for (const bytecode::RuleRef& each : of.rules) {
            const auto begin = made_ready.begin() + each.code;
            if (std::none_of(begin, begin + each.code_length, [](const Ready& in) { return in.action == Action::Other || in.action == Action::Test; }))
                begin->flags |= kPlain;
        }
        for (const bytecode::RuleRef& each : of.rules)
            if ((each.flags & bytecode::kTimed) != 0 && is_conjunction(of.code_of(each))) made_ready[each.code].flags |= kConjunction;
        quick_fits = std::all_of(of.rules.begin(), of.rules.end(), [&](const bytecode::RuleRef& each) {
            const RuleKind kind = static_cast<RuleKind>(each.kind);
            return (kind == RuleKind::Permit || kind == RuleKind::Deny) && (made_ready[each.code].flags & kPlain) != 0 &&
                   (each.flags & bytecode::kTimed) == 0;
        });
    }

    /// What a quantifier's variable stands for.
    struct Bound {
        const Value* row = nullptr;  ///< an element of the request's, a record's columns or one scalar
        Value self;                  ///< an element of a constant set
        std::uint32_t table = 0, index = 0;
    };

    // ---- operands ----

    Value cell(std::uint32_t table, std::uint32_t row, std::uint32_t column) const {
        const std::uint32_t word = program.cell(table, row, column);
        if (rep_of(program.column_kind(table, column)) == Rep::I64) return Value::of(program.ints[word]);
        return Value::of(program.text(word), word);
    }
    std::uint32_t row_cell(std::uint32_t column) const { return row_cells[column]; }

    Value load(std::uint32_t word) const {
        const std::uint32_t index = bytecode::operand_index(word);
        switch (bytecode::operand_kind(word)) {
            case OperandKind::Slot:
                return (*facts)[index];
            case OperandKind::Text:
                return Value::of(program.text(index), index);
            case OperandKind::Int:
                return Value::of(program.ints[index]);
            case OperandKind::Temp:
                return temps[index];
            case OperandKind::Elem: {
                const Bound& bound = binders[index >> 24];
                const std::uint32_t column = index & 0xFFFFFF;
                return bound.row[column == bytecode::kElemSelf ? 0 : column];
            }
            case OperandKind::RowColumn:
                return cell(rule->table, rule->row, index);
            case OperandKind::ElemRow: {
                const Bound& bound = binders[index >> 24];
                return cell(bound.table, bound.index, index & 0xFFFFFF);
            }
            case OperandKind::Set:
            case OperandKind::TableColumn:
            case OperandKind::TableRows:
                break;
        }
        return {};
    }

    std::uint32_t tool_set(std::uint32_t word) const {
        const std::uint32_t index = bytecode::operand_index(word);
        return bytecode::operand_kind(word) == OperandKind::Set ? index : row_cell(index);
    }

    /// False: the list is unknown.
    bool load_list(std::uint32_t word, List& out) const {
        const std::uint32_t index = bytecode::operand_index(word);
        switch (bytecode::operand_kind(word)) {
            case OperandKind::Set:
                out = List::of_set(program, index);
                return true;
            case OperandKind::RowColumn:
                out = List::of_set(program, row_cell(index));
                return true;
            case OperandKind::ElemRow: {
                const Bound& bound = binders[index >> 24];
                out = List::of_set(program, program.cell(bound.table, bound.index, index & 0xFFFFFF));
                return true;
            }
            case OperandKind::TableColumn:
                out = List::of_set(program,
                                   program.ids[program.tables[index >> 12].first_set + (index & 0xFFF)]);
                return true;
            case OperandKind::TableRows:
                out = List::of_rows(program, index);
                return true;
            case OperandKind::Slot:
            case OperandKind::Temp:
            case OperandKind::Elem: {
                const Value list = load(word);
                if (!list.present()) return false;
                out = List::of(list);
                return true;
            }
            case OperandKind::Text:
            case OperandKind::Int:
                break;
        }
        return false;
    }

    Value instant(const Instr& in) const { return in.a == kNowOperand ? Value::of(now) : load(in.a); }

    // ---- instructions ----

    /// Writes the temporary of a Value instruction. Requires: it is one, and not Bound.
    void compute(const Instr& in) {
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
                out = in.op == Opcode::Union ? union_of(program, a, b, scratch)
                                             : filtered(program, a, b, in.op == Opcode::Intersect, scratch);
                steps += out.length;
                return;
            }
            case Opcode::Words: {
                const Value a = load(in.a);
                out = a.present() ? words_of(program, a.text(), scratch) : Value{};
                if (out.present()) steps += out.length;
                return;
            }
            case Opcode::Lower: {
                const Value a = load(in.a);
                if (!a.present()) {
                    out = {};
                    return;
                }
                char* text = scratch.array<char>(a.length);
                std::transform(a.chars, a.chars + a.length, text, [](char c) {
                    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
                });
                out = Value::of(std::string_view(text, a.length));
                return;
            }
            case Opcode::Convert: {
                const Value a = load(in.a);
                const auto text =
                    a.present() ? canonical_text(static_cast<Kind>(in.b), a.text(), room) : std::nullopt;
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
                ++steps;
                return;
            }
            // These write no temporary.
            case Opcode::RetTrue:
            case Opcode::RetFalse:
            case Opcode::TextEq:
            case Opcode::TextCmp:
            case Opcode::IntCmp:
            case Opcode::TextIn:
            case Opcode::IntIn:
            case Opcode::Subset:
            case Opcode::Overlaps:
            case Opcode::ListEq:
            case Opcode::Match:
            case Opcode::InCidr:
            case Opcode::Truth:
            case Opcode::IsNone:
            case Opcode::ToolIn:
            case Opcode::InWindow:
            case Opcode::NowCmp:
            case Opcode::AgeCmp:
            case Opcode::Quantify:
            case Opcode::Bound:
            case Opcode::Once:
                return;
        }
    }

    static Value digits(std::string_view text) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc{} && end == text.data() + text.size() ? Value::of(number) : Value{};
    }

    // The tests that conditions mostly consist of are met in exec(), with the operands they mostly have: a fact
    // of the request against a constant of the code or of the rule's row.

    const Value* slot_of(std::uint32_t word) const {
        return bytecode::operand_kind(word) == OperandKind::Slot ? &(*facts)[bytecode::operand_index(word)] : nullptr;
    }

    Truth text_eq(const Instr& in) const {
        const Value* fact = slot_of(in.a);
        const OperandKind kind = bytecode::operand_kind(in.b);
        if (fact != nullptr && (kind == OperandKind::Text || kind == OperandKind::RowColumn)) {
            const std::uint32_t index = bytecode::operand_index(in.b);
            const std::uint32_t id = kind == OperandKind::Text ? index : row_cell(index);
            if (!fact->present()) return Truth::Unknown;
            // The constant's bytes are not even looked at.
            if (id != 0 && fact->id != Value::kUnbound) return truth_of(fact->id == id);
        }
        const Value a = load(in.a), b = load(in.b);
        return a.present() && b.present() ? truth_of(same_text(a, b)) : Truth::Unknown;
    }

    Truth int_cmp(const Instr& in) const {
        const Value* fact = slot_of(in.a);
        const OperandKind kind = bytecode::operand_kind(in.b);
        const Cmp cmp = static_cast<Cmp>(in.c);
        if (fact != nullptr && (kind == OperandKind::Int || kind == OperandKind::RowColumn)) {
            const std::uint32_t index = bytecode::operand_index(in.b);
            if (!fact->present()) return Truth::Unknown;
            return truth_of(compare(cmp, fact->integer, program.ints[kind == OperandKind::Int ? index : row_cell(index)]));
        }
        const Value a = load(in.a), b = load(in.b);
        return a.present() && b.present() ? truth_of(compare(cmp, a.integer, b.integer)) : Truth::Unknown;
    }

    Truth tool_in(const Instr& in) const {
        if (facts->tool() == kNotFound) return Truth::Unknown;
        return truth_of(has_id(program.items(tool_set(in.a)), facts->tool()));
    }

    /// Requires: `in` is a Test or Time instruction, not one with a body, and not one of the three above.
    Truth test(const Instr& in) {
        if (timeless && depends_on_now(in)) return Truth::Unknown;
        switch (in.op) {
            case Opcode::TextCmp: {
                const Value a = load(in.a), b = load(in.b);
                if (!a.present() || !b.present()) return Truth::Unknown;
                return truth_of(compare(static_cast<Cmp>(in.c), a.text(), b.text()));
            }
            case Opcode::TextIn:
            case Opcode::IntIn: {
                const Value a = load(in.a);
                List b;
                if (!a.present() || !load_list(in.b, b)) return Truth::Unknown;
                return truth_of(Members(program, b, 1, scratch).has(a));
            }
            case Opcode::Subset:
            case Opcode::Overlaps:
            case Opcode::ListEq: {
                List a, b;
                if (!load_list(in.a, a) || !load_list(in.b, b)) return Truth::Unknown;
                if (in.op == Opcode::Overlaps) return truth_of(overlap(program, a, b, scratch));
                const bool subset = subset_of(program, a, b, scratch);
                return truth_of(subset && (in.op == Opcode::Subset || subset_of(program, b, a, scratch)));
            }
            case Opcode::Match: {
                const Value a = load(in.a);
                return a.present() ? truth_of(program.matches(in.b, a.text())) : Truth::Unknown;
            }
            case Opcode::InCidr: {
                const Value a = load(in.a), b = load(in.b);
                if (!a.present() || !b.present()) return Truth::Unknown;
                return truth_of(cidr_contains(b.text(), a.text()));
            }
            case Opcode::Truth: {
                const Value a = load(in.a);
                return a.present() ? truth_of(a.integer != 0) : Truth::Unknown;
            }
            case Opcode::IsNone: {
                const Value a = load(in.a);
                return a.state == State::Missing ? Truth::Unknown : truth_of(a.state == State::None);
            }
            case Opcode::InWindow: {
                const Value a = instant(in);
                if (!a.present()) return Truth::Unknown;
                const auto [window, zone] = window_of(in);
                return truth_of(window_contains(window, zone, a.integer));
            }
            case Opcode::NowCmp: {
                const Value a = load(in.a);
                return a.present() ? truth_of(compare(static_cast<Cmp>(in.c), now, a.integer))
                                   : Truth::Unknown;
            }
            case Opcode::AgeCmp: {
                const Value a = load(in.a), b = load(in.b);
                if (!a.present() || !b.present()) return Truth::Unknown;
                if (!foresees && is_ahead(a.integer, now)) return Truth::Unknown;
                return truth_of(compare(static_cast<Cmp>(in.c), sat_sub(now, a.integer), b.integer));
            }
            // No tests, or run by exec.
            case Opcode::TextEq:
            case Opcode::IntCmp:
            case Opcode::ToolIn:
            case Opcode::RetTrue:
            case Opcode::RetFalse:
            case Opcode::Quantify:
            case Opcode::Bound:
            case Opcode::Once:
            case Opcode::Add:
            case Opcode::Sub:
            case Opcode::Mul:
            case Opcode::Union:
            case Opcode::Intersect:
            case Opcode::Minus:
            case Opcode::Words:
            case Opcode::Lower:
            case Opcode::Convert:
            case Opcode::PartOf:
            case Opcode::SingleText:
            case Opcode::SingleInt:
                break;
        }
        return Truth::Unknown;
    }

    struct Zoned {
        Window window;
        std::span<const Transition> zone;
    };
    Zoned window_of(const Instr& in) const {
        const bytecode::WindowRef& ref = program.windows[in.b];
        return {Window{ref.start, ref.end, static_cast<std::uint8_t>(ref.days)},
                program.transitions.subspan(ref.zone_first, ref.zone_count)};
    }

    void bind_element(const List& list, std::size_t index, Bound& bound) const {
        switch (list.form) {
            case List::Form::Values:
                bound.row = list.items + index * list.stride;
                return;
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

    /// Decides a list by its elements. `at` is the Quantify; its body runs up to `end`.
    bool quantify(std::size_t at, std::size_t end, bool unknown) {
        const Instr& in = code[at];
        List list;
        if (!load_list(in.a, list)) {
            doubted = 1;
            return unknown;
        }
        const Quant quant = bytecode::quant_of(in.c);
        // Any is at-least 1 true; all is at-most 0 false.
        std::int64_t wanted = quant == Quant::Any ? 1 : 0;
        if (quant == Quant::AtLeast || quant == Quant::AtMost) {
            const Value bound = load(code[at + 1].a);
            if (!bound.present()) {
                doubted = 1;
                return unknown;
            }
            wanted = bound.integer;
        }
        const bool counts = quant == Quant::Any || quant == Quant::AtLeast;  // the outcome counted
        std::int64_t count = 0;
        if (counts && wanted <= 0) return true;
        if (!counts && wanted < 0) return false;
        Bound& element = binders[bytecode::quant_depth(in.c)];
        for (std::size_t i = 0; i < list.count; ++i) {
            ++steps;
            bind_element(list, i, element);
            if (exec(at + 2, end, unknown) != counts) continue;
            ++count;
            if (counts && count >= wanted) return true;
            if (!counts && count > wanted) return false;
        }
        return !counts;
    }

    /// The outcome of the body at `at`, run unless it is remembered. It reads neither row nor time, so that it is
    /// the same for every rule of a request, and whatever the time is taken to be.
    bool once(const Instr& in, std::size_t at, bool unknown) {
        if (!remembers) return exec(at, at + in.b, unknown);
        std::uint64_t& memo = memos[2 * std::size_t{in.a} + (unknown ? 1 : 0)];
        if (memo >> 1 != request) memo = request << 1 | (exec(at, at + in.b, unknown) ? 1 : 0);
        return (memo & 1) != 0;
    }

    /// Runs code[at, end). `unknown` is what an unknown test counts as.
    bool exec(std::size_t at, const std::size_t end, const bool unknown) {
        const Ready* const first = ready_code;
        const Value* const slots = facts->slots();
        std::uint64_t done = 0;
        bool outcome = false;
        while (at < end) {
            const Ready& in = first[at++];
            ++done;
            Truth truth = Truth::Unknown;
            switch (in.action) {
                case Action::True: steps += done; return true;
                case Action::False: steps += done; return false;
                case Action::SlotIsText:
                case Action::SlotIsCell: {
                    const Value& fact = slots[in.a];
                    if (!fact.present()) break;
                    const std::uint32_t id = in.action == Action::SlotIsText ? in.b : row_cells[in.b];
                    truth = truth_of(id != 0 && fact.id != Value::kUnbound ? fact.id == id : same_text(fact, Value::of(program.text(id), id)));
                    break;
                }
                case Action::SlotCmpInt:
                case Action::SlotCmpCell: {
                    const Value& fact = slots[in.a];
                    if (!fact.present()) break;
                    const std::int64_t other = program.ints[in.action == Action::SlotCmpInt ? in.b : row_cells[in.b]];
                    const unsigned order = 1u + (fact.integer > other ? 1u : 0u) - (fact.integer < other ? 1u : 0u);
                    truth = truth_of((in.c >> order & 1) != 0);
                    break;
                }
                case Action::ToolInSet:
                case Action::ToolInCell:
                    if (facts->tool() == kNotFound) break;
                    truth = truth_of(has_id(program.items(in.action == Action::ToolInSet ? in.b : row_cells[in.b]), facts->tool()));
                    break;
                case Action::SlotTrue: {
                    const Value& fact = slots[in.a];
                    if (fact.present()) truth = truth_of(fact.integer != 0);
                    break;
                }
                case Action::SlotNone: {
                    const Value& fact = slots[in.a];
                    if (fact.state != State::Missing) truth = truth_of(fact.state == State::None);
                    break;
                }
                case Action::SlotIsSlot: {
                    const Value &fact = slots[in.a], &other_fact = slots[in.b];
                    if (fact.present() && other_fact.present()) truth = truth_of(same_text(fact, other_fact));
                    break;
                }
                case Action::SlotCmpSlot: {
                    const Value &fact = slots[in.a], &other_fact = slots[in.b];
                    if (!fact.present() || !other_fact.present()) break;
                    const unsigned order = 1u + (fact.integer > other_fact.integer ? 1u : 0u) - (fact.integer < other_fact.integer ? 1u : 0u);
                    truth = truth_of((in.c >> order & 1) != 0);
                    break;
                }
                case Action::TextInSlot: {
                    const Value& fact = slots[in.b];
                    if (fact.present()) truth = truth_of(repeated(fact.items, fact.length, Value::of(program.text(in.a), in.a)));
                    break;
                }
                case Action::Test:
                    truth = test(code[at - 1]);
                    break;
                case Action::Other: {
                    steps += done - 1;
                    done = 0;
                    const int said = other(at, unknown, outcome);
                    if (said == 0) continue;      // no test
                    if (said == 1) goto settled;  // `outcome` is what it counts as
                    truth = said == 2 ? Truth::Unknown : said == 3 ? Truth::True : Truth::False;
                    break;
                }
            }
            if (truth == Truth::Unknown) {
                doubted = 1;
                outcome = unknown;
            } else {
                outcome = (truth == Truth::True) != ((in.flags & bytecode::kNegate) != 0);
            }
        settled:
            if (outcome == ((in.flags & bytecode::kJumpIf) != 0)) at += in.jump;
        }
        steps += done;
        return false;  // verified code ends in a Ret
    }

    /// exec() for a whole condition that is plain: calls nothing but where a text was not looked up.
    /// Output: whether it holds, and in the second bit whether something was unknown.
    [[gnu::hot]] unsigned exec_plain(const Ready* in, const std::uint32_t* const cells, const bool unknown) {
        const Value* const slots = facts->slots();
        const Ready* const first = in;
        unsigned doubt = 0;
        bool outcome = false;
        for (;; ++in) {
            switch (in->action) {
                case Action::True: steps += static_cast<std::uint64_t>(in - first) + 1; return 1 | doubt;
                case Action::False: steps += static_cast<std::uint64_t>(in - first) + 1; return doubt;
                case Action::SlotIsText: {
                    const Value& fact = slots[in->a];
                    if (!fact.present()) goto unclear;
                    if (fact.id == Value::kUnbound) goto text;
                    outcome = fact.id == in->b;
                    break;
                }
                case Action::SlotIsCell: {
                    const Value& fact = slots[in->a];
                    if (!fact.present()) goto unclear;
                    const std::uint32_t id = cells[in->b];
                    if (fact.id == Value::kUnbound || id == 0) goto text;
                    outcome = fact.id == id;
                    break;
                }
                case Action::SlotCmpInt: {
                    const Value& fact = slots[in->a];
                    if (!fact.present()) goto unclear;
                    const std::int64_t other = program.ints[in->b];
                    outcome = (in->c >> (1u + (fact.integer > other ? 1u : 0u) - (fact.integer < other ? 1u : 0u)) & 1) != 0;
                    break;
                }
                case Action::SlotCmpCell: {
                    const Value& fact = slots[in->a];
                    if (!fact.present()) goto unclear;
                    const std::int64_t other = program.ints[cells[in->b]];
                    outcome = (in->c >> (1u + (fact.integer > other ? 1u : 0u) - (fact.integer < other ? 1u : 0u)) & 1) != 0;
                    break;
                }
                case Action::ToolInSet:
                    if (facts->tool() == kNotFound) goto unclear;
                    outcome = has_tool(in->b);
                    break;
                case Action::ToolInCell:
                    if (facts->tool() == kNotFound) goto unclear;
                    outcome = has_tool(cells[in->b]);
                    break;
                case Action::SlotTrue: {
                    const Value& fact = slots[in->a];
                    if (!fact.present()) goto unclear;
                    outcome = fact.integer != 0;
                    break;
                }
                case Action::SlotNone: {
                    const Value& fact = slots[in->a];
                    if (fact.state == State::Missing) goto unclear;
                    outcome = fact.state == State::None;
                    break;
                }
                case Action::SlotIsSlot: {
                    const Value &fact = slots[in->a], &other = slots[in->b];
                    if (!fact.present() || !other.present()) goto unclear;
                    outcome = same_bytes(fact, other);
                    break;
                }
                case Action::SlotCmpSlot: {
                    const Value &fact = slots[in->a], &other = slots[in->b];
                    if (!fact.present() || !other.present()) goto unclear;
                    outcome = (in->c >> (1u + (fact.integer > other.integer ? 1u : 0u) - (fact.integer < other.integer ? 1u : 0u)) & 1) != 0;
                    break;
                }
                case Action::TextInSlot: {
                    const Value& fact = slots[in->b];
                    if (!fact.present()) goto unclear;
                    outcome = listed(fact, in->a);
                    break;
                }
                case Action::Test:
                case Action::Other: return doubt;  // not in plain code
            }
        known:
            outcome = outcome != ((in->flags & bytecode::kNegate) != 0);
        settled:
            if (outcome == ((in->flags & bytecode::kJumpIf) != 0)) in += in->jump;
            continue;
        unclear:
            doubt = 2;
            outcome = unknown;
            goto settled;
        text:
            outcome = equal_text(slots[in->a], in->action == Action::SlotIsText ? in->b : cells[in->b]);
            goto known;
        }
    }
    [[gnu::noinline]] static bool same_bytes(const Value& a, const Value& b) { return same_text(a, b); }
    [[gnu::noinline]] bool listed(const Value& list, std::uint32_t id) const {
        return repeated(list.items, list.length, Value::of(program.text(id), id));
    }
    [[gnu::noinline, gnu::cold]] bool equal_text(const Value& fact, std::uint32_t id) const { return same_text(fact, Value::of(program.text(id), id)); }
    bool has_tool(std::uint32_t set) const {
        const bytecode::SetRef& of = program.sets[set];
        const std::uint32_t* const items = program.set_items.data() + of.first;
        const std::uint32_t tool = facts->tool();
        if (of.count > 8) return has_id({items, of.count}, tool);
        bool found = false;
        for (std::uint32_t i = 0; i < of.count; ++i) found = found | (items[i] == tool);
        return found;
    }

    /// The rest of the instructions. `at` is the one after it. 0: no test; 1: `outcome` is what it counts as;
    /// 2, 3, 4: unknown, true, false.
    [[gnu::noinline]] int other(std::size_t& at, bool unknown, bool& outcome) {
        const Instr& in = code[at - 1];
        ++steps;
        switch (in.op) {
            case Opcode::Add:
            case Opcode::Sub:
            case Opcode::Mul:
            case Opcode::Union:
            case Opcode::Intersect:
            case Opcode::Minus:
            case Opcode::Words:
            case Opcode::Lower:
            case Opcode::Convert:
            case Opcode::PartOf:
            case Opcode::SingleText:
            case Opcode::SingleInt: compute(in); return 0;
            case Opcode::Bound: return 0;  // read by the instruction before it
            case Opcode::Quantify: {
                const std::size_t next = at + 1 + in.b;
                outcome = quantify(at - 1, next, unknown);
                at = next;
                return 1;
            }
            case Opcode::Once:
                outcome = once(in, at, unknown);
                at += in.b;
                return 1;
            case Opcode::TextEq: return answer(text_eq(in));
            case Opcode::IntCmp: return answer(int_cmp(in));
            case Opcode::ToolIn: return answer(tool_in(in));
            default: return answer(test(in));
        }
    }
    static int answer(Truth truth) { return truth == Truth::Unknown ? 2 : truth == Truth::True ? 3 : 4; }

    // ---- time ----

    /// When a Time test next changes its answer, for the operands as they are now.
    std::int64_t change(const Instr& in) const {
        if (in.op == Opcode::InWindow) {
            if (in.a != kNowOperand) return kNever;
            const auto [window, zone] = window_of(in);
            return window_next_change(window, zone, now);
        }
        const Value a = load(in.a);
        if (!a.present()) return kNever;
        if (in.op == Opcode::NowCmp) return flip(static_cast<Cmp>(in.c), a.integer, now);
        const Value b = load(in.b);
        return b.present() ? flip(static_cast<Cmp>(in.c), sat_add(a.integer, b.integer), now) : kNever;
    }

    /// The least change of every Time test in code[at, end), run or not, for every element.
    std::int64_t next_change(std::size_t at, std::size_t end) {
        std::int64_t next = kNever;
        while (at < end) {
            const Instr& in = code[at++];
            ++steps;
            if (is_time(in.op)) {
                next = std::min(next, change(in));
            } else if (in.op == Opcode::Once) {
                at += in.b;  // nothing in it changes with time
            } else if (in.op == Opcode::Quantify) {
                const std::size_t body = at + 1;
                at = body + in.b;
                const bool timed = std::any_of(code.begin() + body, code.begin() + at,
                                               [](const Instr& each) { return is_time(each.op); });
                List list;
                if (!timed || !load_list(in.a, list)) continue;
                Bound& element = binders[bytecode::quant_depth(in.c)];
                for (std::size_t i = 0; i < list.count; ++i) {
                    ++steps;
                    bind_element(list, i, element);
                    next = std::min(next, next_change(body, at));
                }
            } else if (bytecode::info(in.op).op_class == bytecode::OpClass::Value) {
                compute(in);
            }
        }
        return next;
    }

    void enter(const Facts& of, const bytecode::RuleRef& instance) {
        facts = &of;
        row_cells = nullptr;
        if (instance.table != bytecode::kNoTable) {
            const bytecode::TableRef& table = program.tables[instance.table];
            row_cells = &program.cells[table.first_cell + std::size_t{instance.row} * table.columns];
        }
        rule = &instance;
        code = program.code_of(instance);
        ready_code = made_ready.data() + instance.code;
        now = of[bytecode::Builtin::Now].integer;
        scratch.reset();
        steps = 0;
    }

    std::int64_t until(bool unknown, bool held) {
        // Never, if the other facts settle the rule whatever the time.
        timeless = true;
        const bool settled = exec(0, code.size(), false) || !exec(0, code.size(), true);
        timeless = false;
        if (settled) return kNever;
        // As far as a grant can live, and no less: a cap on the number of changes would let a request
        // that leaves out a fact, and its changes, see further.
        const std::int64_t last = sat_add(now, bytecode::kLookAhead);
        for (;;) {
            scratch.reset();
            std::fill(temps.begin(), temps.end(), Value{});
            now = next_change(0, code.size());
            if (now > last || now == kNever) return kNever;
            scratch.reset();
            if (exec(0, code.size(), unknown) != held) return now;
        }
    }

    const bytecode::Program& program;
    std::vector<Value> temps;
    std::vector<Ready> made_ready;  ///< by index into the program's code
    std::vector<std::uint64_t> memos;  ///< by memo and mode: the request it is of, and the outcome in the lowest bit
    std::uint64_t request = 0;         ///< number of the one at hand, from 1
    bool remembers = false;
    Bound binders[bytecode::kMaxBinders];
    Scratch scratch;
    std::string room;  ///< for text that is made canonical
    Outcomes outcomes;
    Lookup rule_index;

    // The run at hand.
    const Facts* facts = nullptr;
    const bytecode::RuleRef* rule = nullptr;
    const std::uint32_t* row_cells = nullptr;  ///< of its row
    std::span<const Instr> code;
    const Ready* ready_code = nullptr;  ///< the same
    unsigned doubted = 0;
    bool quick_fits = false;  ///< every rule permits or denies, and is plain
    std::int64_t now = 0;
    bool timeless = false;  ///< leaves open what time it is: Time tests are unknown
    bool foresees = false;  ///< what lies ahead has an age, which is below zero
    std::uint64_t steps = 0;
};

Interpreter::Interpreter(const bytecode::Program& program) : impl_(std::make_unique<Impl>(program)) {}
Interpreter::~Interpreter() = default;
Interpreter::Interpreter(Interpreter&&) noexcept = default;

Outcomes& Interpreter::outcomes() {
    return impl_->outcomes;
}

const Lookup& Interpreter::lookup() const { return impl_->rule_index; }

Interpreter::Remembering::Remembering(Interpreter& interpreter) : impl_(*interpreter.impl_) {
    ++impl_.request;
    impl_.remembers = true;
}
Interpreter::Remembering::~Remembering() {
    impl_.remembers = false;
}

void Interpreter::doubt(bool was) { impl_->doubted = was ? 1 : 0; }
void Interpreter::foresee(bool ahead) { impl_->foresees = ahead; }
bool Interpreter::doubted() const { return impl_->doubted != 0; }

std::uint32_t Interpreter::quick(const Facts& facts) {
    Impl& impl = *impl_;
    if (!impl.quick_fits) return kUnclear;
    const bytecode::Program& program = impl.program;
    impl.facts = &facts;
    impl.steps = 0;
    bool all_known = true;
    unsigned doubt = 0;
    const auto cells_of = [&](const bytecode::RuleRef& rule) -> const std::uint32_t* {
        if (rule.table == bytecode::kNoTable) return nullptr;
        const bytecode::TableRef& table = program.tables[rule.table];
        return &program.cells[table.first_cell + std::size_t{rule.row} * table.columns];
    };
    for (const std::uint32_t index : impl.rule_index.find(facts, Want::Narrowing, Mode::Possibly, impl.outcomes.candidates, all_known)) {
        const bytecode::RuleRef& rule = program.rules[index];
        if ((impl.exec_plain(impl.made_ready.data() + rule.code, cells_of(rule), true) & 1) != 0) return kUnclear;
    }
    std::uint32_t permit = kNoPermit;
    for (const std::uint32_t index : impl.rule_index.find(facts, Want::Permits, Mode::Surely, impl.outcomes.candidates, all_known)) {
        const bytecode::RuleRef& rule = program.rules[index];
        const unsigned said = impl.exec_plain(impl.made_ready.data() + rule.code, cells_of(rule), false);
        doubt |= said >> 1;
        if ((said & 1) == 0) continue;
        if (permit != kNoPermit) return kUnclear;
        permit = index;
    }
    if (permit == kNoPermit && (doubt != 0 || !all_known)) return kUnclear;
    steps_ += impl.steps;
    return permit;
}

bool Interpreter::holds(const Facts& facts, const bytecode::RuleRef& rule, Mode mode) {
    if (const Ready* const begin = impl_->made_ready.data() + rule.code; (begin->flags & kPlain) != 0) {
        const bytecode::Program& program = impl_->program;
        const std::uint32_t* cells = nullptr;
        if (rule.table != bytecode::kNoTable) {
            const bytecode::TableRef& table = program.tables[rule.table];
            cells = &program.cells[table.first_cell + std::size_t{rule.row} * table.columns];
        }
        impl_->facts = &facts;
        impl_->steps = 0;
        const unsigned said = impl_->exec_plain(begin, cells, mode == Mode::Possibly);
        steps_ += impl_->steps;
        impl_->doubted |= said >> 1;
        return (said & 1) != 0;
    }
    impl_->enter(facts, rule);
    const bool held = impl_->exec(0, impl_->code.size(), mode == Mode::Possibly);
    steps_ += impl_->steps;
    return held;
}

std::int64_t Interpreter::timed_until(const Facts& facts, const bytecode::RuleRef& rule, Mode mode, bool held) {
    if (!facts[bytecode::Builtin::Now].present()) return kNever;
    impl_->enter(facts, rule);
    if (held && (impl_->made_ready[rule.code].flags & kConjunction) != 0) {
        const std::int64_t ends = impl_->next_change(0, impl_->code.size());
        steps_ += impl_->steps;
        return ends > sat_add(impl_->now, bytecode::kLookAhead) ? kNever : ends;
    }
    const std::int64_t moment = impl_->until(mode == Mode::Possibly, held);
    steps_ += impl_->steps;
    return moment;
}

Outcome Interpreter::run(const Facts& facts, const bytecode::RuleRef& rule, Mode mode) {
    Outcome outcome;
    outcome.holds = holds(facts, rule, mode);
    outcome.until = until(facts, rule, mode, outcome.holds);
    return outcome;
}

}  // namespace writ::vm
