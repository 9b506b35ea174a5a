#include "vm/machine.h"

#include <algorithm>

#include "base/values.h"
#include "bytecode/cost.h"

namespace writ::vm {

using bytecode::Instr;
using bytecode::Opcode;
using bytecode::Quant;

namespace {

/// Whether a test's result depends on the time.
bool depends_on_now(const Instr& in) {
    return in.op == Opcode::NowCmp || in.op == Opcode::AgeCmp || (in.op == Opcode::InWindow && in.a == kNowOperand);
}

}  // namespace

Machine::Impl(const bytecode::Program& of)
    : program(of),
      temps(of.manifest[0].temp_count),
      made_ready(make_ready(of)),
      memos(2 * std::size_t{of.manifest[0].memo_count}),
      lookup(of) {
    outcomes.candidates.reserve(of.rules.size());
}

template <bool kPlainCode>
[[gnu::hot]] bool Machine::exec(const Ready* at, const bool unknown) {
    const Value* const slots = facts->slots();
    const std::uint32_t* const cells = row_cells;
    const Ready* first = at;  // moved forward by skipped instructions: `at - first` were run
    bool doubt = false, outcome = false;
    const auto ended = [&](bool holds) {
        steps += static_cast<std::uint64_t>(at - first) + 1;
        doubted = doubted || doubt;
        return holds;
    };
    for (;; ++at) {
        const Ready& in = *at;
        Truth truth = Truth::Unknown;
        switch (in.action) {
            case Action::True: return ended(true);
            case Action::False: return ended(false);
            case Action::SlotIsText: {
                const Value& fact = slots[in.a];
                if (fact.present())
                    truth = truth_of(fact.id != Value::kUnbound ? fact.id == in.b : is_text(fact, in.b));
                break;
            }
            case Action::SlotIsCell: {
                const Value& fact = slots[in.a];
                if (!fact.present()) break;
                const std::uint32_t id = cells[in.b];
                truth = truth_of(fact.id != Value::kUnbound && id != 0 ? fact.id == id : is_text(fact, id));
                break;
            }
            case Action::SlotIsSlot: {
                const Value &fact = slots[in.a], &other = slots[in.b];
                if (fact.present() && other.present()) truth = truth_of(same_text(fact, other));
                break;
            }
            case Action::SlotCmpInt: {
                const Value& fact = slots[in.a];
                if (fact.present()) truth = truth_of(accepts(in.c, fact.integer, program.ints[in.b]));
                break;
            }
            case Action::SlotCmpCell: {
                const Value& fact = slots[in.a];
                if (fact.present()) truth = truth_of(accepts(in.c, fact.integer, program.ints[cells[in.b]]));
                break;
            }
            case Action::SlotCmpSlot: {
                const Value &fact = slots[in.a], &other = slots[in.b];
                if (fact.present() && other.present()) truth = truth_of(accepts(in.c, fact.integer, other.integer));
                break;
            }
            case Action::ToolInSet:
            case Action::ToolInCell:
                if (facts->tool() == kNotFound) break;
                truth =
                    truth_of(has_id(program.items(in.action == Action::ToolInSet ? in.b : cells[in.b]), facts->tool()));
                break;
            case Action::TextInSlot: {
                const Value& fact = slots[in.b];
                if (fact.present())
                    truth = truth_of(repeated(fact.items, fact.length, Value::of(program.text(in.a), in.a)));
                break;
            }
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
            case Action::Other: {
                if constexpr (kPlainCode) return ended(false);  // plain code has none
                const Ready* last = at;
                const Said said = decode(last, unknown);
                first += last - at;
                at = last;
                if (said == Said::Nothing) continue;
                if (said == Said::CountsFalse || said == Said::CountsTrue) {
                    outcome = said == Said::CountsTrue;
                    goto counted;
                }
                truth = static_cast<Truth>(said);
                break;
            }
        }
        if (truth == Truth::Unknown) [[unlikely]] {
            doubt = true;
            outcome = unknown;
        } else {
            outcome = (truth == Truth::True) != ((in.flags & bytecode::kNegate) != 0);
        }
    counted:
        if (outcome == ((in.flags & bytecode::kJumpIf) != 0)) {
            at += in.jump;
            first += in.jump;
        }
    }
}

template bool Machine::exec<true>(const Ready*, bool);
template bool Machine::exec<false>(const Ready*, bool);

/// Compares by bytes, because the fact was not looked up in the constants when it was bound.
[[gnu::noinline]] bool Machine::is_text(const Value& fact, std::uint32_t id) const {
    return same_text(fact, Value::of(program.text(id), id));
}

/// Runs the instruction of `at`. Moves `at` to the last instruction that belongs to it.
[[gnu::noinline]] Machine::Said Machine::decode(const Ready*& at, bool unknown) {
    steps += bytecode::kDecodedSteps;
    const auto pc = static_cast<std::size_t>(at - ready_code);
    const Instr& in = code[pc];
    const bytecode::OpcodeClass op_class = bytecode::info(in.op).op_class;
    if (op_class == bytecode::OpcodeClass::Value) {
        compute(in);
        return Said::Nothing;
    }
    at += bytecode::width(in) - 1;
    if (in.op == Opcode::Quantify) return quantify(pc, unknown) ? Said::CountsTrue : Said::CountsFalse;
    if (in.op == Opcode::Once) return once(pc, unknown) ? Said::CountsTrue : Said::CountsFalse;
    return static_cast<Said>(test(in));
}

/// Evaluates a Quantify, at `at`.
bool Machine::quantify(std::size_t at, bool unknown) {
    const Instr& in = code[at];
    List list;
    const auto lost = [&] {
        doubted = true;
        return unknown;
    };
    if (!load_list(in.a, list)) return lost();
    const Quant quant = bytecode::quant_of(in.c);
    // Any is at-least 1 true; all is at-most 0 false.
    std::int64_t wanted = quant == Quant::Any ? 1 : 0;
    if (quant == Quant::AtLeast || quant == Quant::AtMost) {
        const Value bound = load(code[at + 1].a);
        if (!bound.present()) return lost();
        wanted = bound.integer;
    }
    const bool counts = quant == Quant::Any || quant == Quant::AtLeast;  // the outcome that is counted
    std::int64_t count = 0;
    if (counts && wanted <= 0) return true;
    if (!counts && wanted < 0) return false;
    Bound& element = binders[bytecode::quant_depth(in.c)];
    // The body's temporaries are valid for one element.
    const Scratch::Mark mark = scratch.mark();
    for (std::size_t i = 0; i < list.count && steps <= budget; ++i) {
        steps += bytecode::kElementSteps;
        scratch.release(mark);
        bind_element(list, i, element);
        if (exec<false>(ready_code + at + 2, unknown) != counts) continue;
        ++count;
        if (counts && count >= wanted) return true;
        if (!counts && count > wanted) return false;
    }
    return !counts;
}

/// The outcome of the body of the Once at `at`; run unless it is remembered. The body reads neither row nor time, so
/// its outcome is the same for every rule of a request and at any time.
bool Machine::once(std::size_t at, bool unknown) {
    const Ready* const body = ready_code + at + 1;
    if (!remembers) return exec<false>(body, unknown);
    std::uint64_t& memo = memos[2 * std::size_t{code[at].a} + (unknown ? 1 : 0)];
    if (memo >> 1 != request) memo = request << 1 | (exec<false>(body, unknown) ? 1 : 0);
    return (memo & 1) != 0;
}

/// Requires: `in` is a Test or Time instruction without a body.
Truth Machine::test(const Instr& in) {
    if (timeless && depends_on_now(in)) return Truth::Unknown;
    switch (in.op) {
        case Opcode::TextEq: {
            const Value a = load(in.a), b = load(in.b);
            return a.present() && b.present() ? truth_of(same_text(a, b)) : Truth::Unknown;
        }
        case Opcode::IntCmp: {
            const Value a = load(in.a), b = load(in.b);
            return a.present() && b.present() ? truth_of(compares(static_cast<Cmp>(in.c), a.integer, b.integer))
                                              : Truth::Unknown;
        }
        case Opcode::ToolIn:
            if (facts->tool() == kNotFound) return Truth::Unknown;
            return truth_of(has_id(program.items(tool_set(in.a)), facts->tool()));
        case Opcode::TextCmp: {
            const Value a = load(in.a), b = load(in.b);
            if (!a.present() || !b.present()) return Truth::Unknown;
            return truth_of(compares(static_cast<Cmp>(in.c), a.text(), b.text()));
        }
        case Opcode::TextIn:
        case Opcode::IntIn: {
            const Value a = load(in.a);
            List b;
            if (!a.present() || !load_list(in.b, b)) return Truth::Unknown;
            if (b.form == List::Form::Values) steps += b.count;
            return truth_of(Members(program, b, 1, scratch, hasher).has(a));
        }
        case Opcode::Subset:
        case Opcode::Overlaps:
        case Opcode::ListEq: {
            List a, b;
            if (!load_list(in.a, a) || !load_list(in.b, b)) return Truth::Unknown;
            steps += bytecode::kMemberSteps * (a.count + b.count);
            if (in.op == Opcode::Overlaps) return truth_of(overlap(program, a, b, scratch, hasher));
            const bool subset = subset_of(program, a, b, scratch, hasher);
            return truth_of(subset && (in.op == Opcode::Subset || subset_of(program, b, a, scratch, hasher)));
        }
        case Opcode::Match: {
            const Value a = load(in.a);
            if (!a.present()) return Truth::Unknown;
            steps += bytecode::scanned(a.length) +
                     bytecode::walked(a.length, program.automata[program.matchers[in.b].automaton].size);
            return truth_of(program.matches(in.b, a.text()));
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
            return a.present() ? truth_of(compares(static_cast<Cmp>(in.c), now, a.integer)) : Truth::Unknown;
        }
        case Opcode::AgeCmp: {
            const Value a = load(in.a), b = load(in.b);
            if (!a.present() || !b.present()) return Truth::Unknown;
            if (!foresees && is_ahead(a.integer, now)) return Truth::Unknown;
            return truth_of(compares(static_cast<Cmp>(in.c), sat_sub(now, a.integer), b.integer));
        }
        // Not tests, or tests with a body.
        case Opcode::Quantify:
        case Opcode::Once:
#define TEST(...)
#define TIME(...)
#define OP(name, ...) case Opcode::name:
#include "bytecode/opcodes.def"
            break;
    }
    return Truth::Unknown;
}

}  // namespace writ::vm
