#include "vm/interpreter.h"

#include <algorithm>
#include <charconv>

#include <re2/re2.h>

#include "base/values.h"
#include "base/window.h"
#include "bytecode/opcode_info.h"
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

constexpr std::int64_t kNever = INT64_MAX;
constexpr std::int64_t kMaxRegexMemory = 8 << 20;
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
                                                 memos(2 * std::size_t{of.manifest[0].memo_count}) {
        RE2::Options options(RE2::Quiet);
        options.set_max_mem(kMaxRegexMemory);
        regexes.reserve(of.regexes.size());
        for (const std::uint32_t id : of.regexes) {
            const std::string_view pattern = of.text(id);
            regexes.push_back(
                std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options));
        }
        outcomes.candidates.reserve(of.rules.size());
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
            case Opcode::Glob:
            case Opcode::Regex:
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
            case Opcode::Glob: {
                const Value a = load(in.a);
                if (!a.present()) return Truth::Unknown;
                return truth_of(
                    glob_match(program.text(in.b), a.text(), separators_of(static_cast<Kind>(in.c))));
            }
            case Opcode::Regex: {
                const Value a = load(in.a);
                const RE2& regex = *regexes[in.b];
                if (!a.present() || !regex.ok()) return Truth::Unknown;
                return truth_of(RE2::FullMatch(re2::StringPiece(a.chars, a.length), regex));
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
        if (!load_list(in.a, list)) return unknown;
        const Quant quant = bytecode::quant_of(in.c);
        // Any is at-least 1 true; all is at-most 0 false.
        std::int64_t wanted = quant == Quant::Any ? 1 : 0;
        if (quant == Quant::AtLeast || quant == Quant::AtMost) {
            const Value bound = load(code[at + 1].a);
            if (!bound.present()) return unknown;
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

    /// What a test's outcome counts as.
    static bool resolve(const Instr& in, Truth truth, bool unknown) {
        if (truth == Truth::Unknown) return unknown;
        return (truth == Truth::True) != ((in.flags & bytecode::kNegate) != 0);
    }

    /// Runs code[at, end). `unknown` is what an unknown test counts as.
    bool exec(std::size_t at, std::size_t end, bool unknown) {
        while (at < end) {
            const Instr& in = code[at++];
            ++steps;
            bool outcome = false;
            switch (in.op) {
                case Opcode::RetTrue:
                    return true;
                case Opcode::RetFalse:
                    return false;
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
                    compute(in);
                    continue;
                case Opcode::Bound:
                    continue;  // read by the instruction before it
                case Opcode::Quantify: {
                    const std::size_t next = at + 1 + in.b;
                    outcome = quantify(at - 1, next, unknown);
                    at = next;
                    break;
                }
                case Opcode::Once:
                    outcome = once(in, at, unknown);
                    at += in.b;
                    break;
                case Opcode::TextEq:
                    outcome = resolve(in, text_eq(in), unknown);
                    break;
                case Opcode::IntCmp:
                    outcome = resolve(in, int_cmp(in), unknown);
                    break;
                case Opcode::ToolIn:
                    outcome = resolve(in, tool_in(in), unknown);
                    break;
                case Opcode::TextCmp:
                case Opcode::TextIn:
                case Opcode::IntIn:
                case Opcode::Subset:
                case Opcode::Overlaps:
                case Opcode::ListEq:
                case Opcode::Glob:
                case Opcode::Regex:
                case Opcode::InCidr:
                case Opcode::Truth:
                case Opcode::IsNone:
                case Opcode::InWindow:
                case Opcode::NowCmp:
                case Opcode::AgeCmp:
                    outcome = resolve(in, test(in), unknown);
                    break;
            }
            if (outcome == ((in.flags & bytecode::kJumpIf) != 0)) at += in.jump;
        }
        return false;  // verified code ends in a Ret
    }

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
    std::vector<std::unique_ptr<RE2>> regexes;
    std::vector<Value> temps;
    std::vector<std::uint64_t> memos;  ///< by memo and mode: the request it is of, and the outcome in the lowest bit
    std::uint64_t request = 0;         ///< number of the one at hand, from 1
    bool remembers = false;
    Bound binders[bytecode::kMaxBinders];
    Scratch scratch;
    std::string room;  ///< for text that is made canonical
    Outcomes outcomes;

    // The run at hand.
    const Facts* facts = nullptr;
    const bytecode::RuleRef* rule = nullptr;
    const std::uint32_t* row_cells = nullptr;  ///< of its row
    std::span<const Instr> code;
    std::int64_t now = 0;
    bool timeless = false;  ///< leaves open what time it is: Time tests are unknown
    std::uint64_t steps = 0;
};

Interpreter::Interpreter(const bytecode::Program& program) : impl_(std::make_unique<Impl>(program)) {}
Interpreter::~Interpreter() = default;
Interpreter::Interpreter(Interpreter&&) noexcept = default;

Outcomes& Interpreter::outcomes() {
    return impl_->outcomes;
}

Interpreter::Remembering::Remembering(Interpreter& interpreter) : impl_(*interpreter.impl_) {
    ++impl_.request;
    impl_.remembers = true;
}
Interpreter::Remembering::~Remembering() {
    impl_.remembers = false;
}

bool Interpreter::holds(const Facts& facts, const bytecode::RuleRef& rule, Mode mode) {
    impl_->enter(facts, rule);
    const bool held = impl_->exec(0, impl_->code.size(), mode == Mode::Possibly);
    steps_ += impl_->steps;
    return held;
}

std::int64_t Interpreter::until(const Facts& facts, const bytecode::RuleRef& rule, Mode mode, bool held) {
    if ((rule.flags & bytecode::kTimed) == 0 || !facts[bytecode::Builtin::Now].present()) return kNever;
    impl_->enter(facts, rule);
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
