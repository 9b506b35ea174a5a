// Converts conditions to instructions: short-circuit tests with forward jumps only. Temporaries are a stack: the
// operands of a test are computed just before it and released after it (for a quantifier, after its body), as the
// verifier requires.
#include <algorithm>

#include "base/held.h"
#include "base/values.h"
#include "bytecode/opcode_info.h"
#include "compile/condition.h"

namespace writ::compiler {

using bytecode::Instr;
using bytecode::Opcode;
using bytecode::operand;
using bytecode::OperandKind;
using check::Expr;
using check::Op;

namespace {

constexpr std::size_t kMaxJump = UINT16_MAX;

class Emitter {
public:
    Emitter(Lowering& lowering, const Conditions& conditions) : lowering_(lowering), conditions_(conditions) {}

    Block run() {
        block(static_cast<std::uint32_t>(conditions_.size() - 1));
        for (const Instr& at : block_.code)
            block_.timed = block_.timed || bytecode::info(at.op).op_class == bytecode::OpcodeClass::Time;
        return std::move(block_);
    }

    /// The code of the condition alone, if it is expensive and depends neither on its rule nor on time.
    [[nodiscard]] std::optional<Block> alone(std::uint32_t index) {
        const Condition& condition = conditions_[index];
        const bool leaf = condition.form == Form::Test || condition.form == Form::Quantify;
        if (!leaf || condition.cost < kDearCost || condition.cost >= kTimedCost) return std::nullopt;
        Emitter emitter(lowering_, conditions_);
        emitter.alone_ = true;
        emitter.block(index);
        const auto& code = emitter.block_.code;
        if (emitter.stopped() || std::any_of(code.begin(), code.end(), reads_row)) return std::nullopt;
        return std::move(emitter.block_);
    }

private:
    /// Instructions that wait for a place to jump to.
    using Label = std::vector<std::size_t>;

    [[nodiscard]] std::size_t here() const { return block_.code.size(); }
    [[nodiscard]] bool stopped() const { return block_.problem != CodeProblem::None; }
    void stop(CodeProblem problem) {
        if (!stopped()) block_.problem = problem;
    }

    std::size_t put(Instr at) {
        if (here() > kMaxJump) stop(CodeProblem::TooLong);
        if (!stopped()) block_.code.push_back(at);
        return here() - 1;
    }

    void bind(const Label& label) {
        if (stopped()) return;
        for (const std::size_t from : label) {
            Instr& at = block_.code[from];
            const std::size_t next = from + bytecode::width(at);
            at.jump = static_cast<std::uint16_t>(here() - next);
        }
    }

    /// A whole rule, or the body of a quantifier.
    void block(std::uint32_t root) {
        const Condition& whole = conditions_[root];
        if (whole.form == Form::Constant) {
            put({whole.holds ? Opcode::RetTrue : Opcode::RetFalse});
            return;
        }
        Label fails;
        branch(root, false, fails);
        put({Opcode::RetTrue});
        bind(fails);
        put({Opcode::RetFalse});
    }

    /// Emits code that jumps to `label` if the condition's outcome is `when`, and otherwise falls through.
    void branch(std::uint32_t index, bool when, Label& label) {
        if (stopped()) return;
        const Condition& condition = conditions_[index];
        switch (condition.form) {
            // Constants are folded, except at the root of a block.
            case Form::Constant: return;
            case Form::Test:
                if (!once(index, when, label)) test(condition, when, label);
                return;
            case Form::Quantify:
                if (!once(index, when, label)) quantify(condition, when, label);
                return;
            case Form::And:
            case Form::Or: {
                // The outcome that decides the whole as soon as one part has it.
                const bool decisive = condition.form == Form::Or;
                if (when == decisive) {
                    for (const std::uint32_t kid : condition.kids) branch(kid, when, label);
                    return;
                }
                Label past;
                for (std::size_t i = 0; i + 1 < condition.kids.size(); ++i) branch(condition.kids[i], decisive, past);
                branch(condition.kids.back(), when, label);
                bind(past);
                return;
            }
        }
    }

    void test(const Condition& condition, bool when, Label& label) {
        const std::uint32_t before = temps_;
        Instr at{condition.op};
        at.a = condition.a != nullptr ? value(*condition.a) : condition.word_a;
        at.b = condition.b != nullptr ? value(*condition.b) : condition.word_b;
        at.c = condition.c;
        at.flags =
            static_cast<std::uint8_t>((condition.negate ? bytecode::kNegate : 0) | (when ? bytecode::kJumpIf : 0));
        label.push_back(put(at));
        temps_ = before;
    }

    /// A condition that other rules have as well. False: it is none.
    bool once(std::uint32_t index, bool when, Label& label) {
        if (alone_ || binders_ != 0) return false;
        const auto body = alone(index);
        const auto memo = body ? lowering_.shared.memo(body->code) : std::nullopt;
        if (!memo) return false;
        label.push_back(put({Opcode::Once, when ? bytecode::kJumpIf : std::uint8_t{0}, 0, *memo,
                             static_cast<std::uint32_t>(body->code.size())}));
        for (const Instr& at : body->code) put(at);
        return true;
    }

    static bool reads_row(const Instr& at) {
        const bytecode::OpcodeInfo& op = bytecode::info(at.op);
        const auto row = [](bytecode::Operand field, std::uint32_t word) {
            return (bytecode::is_value(field) || field == bytecode::Operand::BoundVal) &&
                   bytecode::operand_kind(word) == OperandKind::RowColumn;
        };
        return row(op.a, at.a) || row(op.b, at.b) || row(op.c, at.c);
    }

    void quantify(const Condition& condition, bool when, Label& label) {
        const std::uint32_t before = temps_;
        const std::uint32_t list = value(*condition.list);
        std::uint32_t count = 0;
        if (condition.bound != nullptr) count = plus(*condition.bound, condition.more);
        if (binders_ == kMaxBinders) stop(CodeProblem::TooDeep);
        const std::size_t from = put({Opcode::Quantify, when ? bytecode::kJumpIf : std::uint8_t{0}, 0, list, 0,
                                      bytecode::quant_code(condition.quant, binders_)});
        put({Opcode::Bound, 0, 0, count});
        ++binders_;
        block(condition.kids[0]);
        --binders_;
        temps_ = before;
        if (stopped()) return;
        block_.code[from].b = static_cast<std::uint32_t>(here() - from - 2);
        label.push_back(from);
    }

    std::uint32_t dest(Opcode op, std::uint32_t a, std::uint32_t b) {
        const std::uint32_t to = temps_++;
        put({op, 0, 0, a, b, to});
        return operand(OperandKind::Temp, to);
    }

    std::uint32_t integer(std::int64_t constant) {
        return operand(OperandKind::Int, lowering_.builder.integer(constant));
    }
    std::uint32_t text(std::string_view constant) {
        return operand(OperandKind::Text, lowering_.builder.text(constant));
    }

    std::uint32_t plus(const Expr& e, std::int64_t more) {
        if (e.op == Op::Integer) return integer(sat_add(e.integer, more));
        const std::uint32_t sum = value(e);
        return more == 0 ? sum : dest(Opcode::Add, sum, integer(more));
    }

    std::uint32_t arithmetic(const Expr& e) {
        const Expr& left = *e.kids[0];
        const Expr& right = *e.kids[1];
        const bool known = left.op == Op::Integer && right.op == Op::Integer;
        switch (e.op) {
            case Op::Add:
                if (known) return integer(sat_add(left.integer, right.integer));
                break;
            case Op::Subtract:
                if (known) return integer(sat_sub(left.integer, right.integer));
                break;
            default:
                if (known) return integer(sat_mul(left.integer, right.integer));
                break;
        }
        const std::uint32_t a = value(left), b = value(right);
        return dest(e.op == Op::Add ? Opcode::Add : e.op == Op::Subtract ? Opcode::Sub : Opcode::Mul, a, b);
    }

    std::uint32_t pair(Opcode op, const Expr& e) {
        const std::uint32_t a = value(*e.kids[0]), b = value(*e.kids[1]);
        return dest(op, a, b);
    }

    /// All constants of a set, with each column written separately.
    std::uint32_t set(const Expr& e) {
        const auto dynamic = [](const Expr* kid) { return !check::is_literal(kid->op); };
        const bool constants = e.kids.empty() || !std::all_of(e.kids.begin(), e.kids.end(), dynamic);
        std::optional<std::uint32_t> all;
        if (constants) all = operand(OperandKind::Set, lowering_.constants.set(e.type.elem, e.kids));
        for (const Expr* kid : e.kids) {
            if (!dynamic(kid)) continue;
            const bool is_text = rep_of(kid->type.kind) == Rep::Text;
            const std::uint32_t one = dest(is_text ? Opcode::SingleText : Opcode::SingleInt, value(*kid), 0);
            all = all ? dest(Opcode::Union, *all, one) : one;
        }
        return held(all);
    }

    std::uint32_t value(const Expr& e) {
        if (stopped()) return 0;
        const auto kind = static_cast<std::uint32_t>(e.type.kind);
        switch (e.op) {
            case Op::Integer: return integer(e.integer);
            case Op::Text: return text(e.text);
            case Op::Set: return set(e);
            case Op::Fact: return operand(OperandKind::Slot, lowering_.slots.of(check::FactId{e.id}));
            case Op::Elem:
                return operand(OperandKind::Elem, e.id,
                               e.field.valid() ? lowering_.slots.column(e.field) : bytecode::kElemSelf);
            case Op::Column: return operand(OperandKind::RowColumn, e.id);
            case Op::ElemColumn: return operand(OperandKind::ElemRow, e.id, e.index);
            case Op::TableColumn: {
                const std::uint32_t table = lowering_.constants.table_column(check::TableId{e.id}, e.index);
                return operand(OperandKind::TableColumn, (table << 12) | e.index);
            }
            case Op::TableRows: return operand(OperandKind::TableRows, lowering_.constants.table(check::TableId{e.id}));
            case Op::Now: return operand(OperandKind::Slot, Slots::of(bytecode::Builtin::Now));
            case Op::Age:
                return dest(Opcode::Sub, operand(OperandKind::Slot, Slots::of(bytecode::Builtin::Now)),
                            value(*e.kids[0]));
            case Op::Add:
            case Op::Subtract:
            case Op::Multiply: return arithmetic(e);
            case Op::Negate: return dest(Opcode::Sub, integer(0), value(*e.kids[0]));
            case Op::Union: return pair(Opcode::Union, e);
            case Op::Intersect: return pair(Opcode::Intersect, e);
            case Op::Minus: return pair(Opcode::Minus, e);
            case Op::Words: return dest(Opcode::Words, value(*e.kids[0]), 0);
            case Op::Lower: return dest(Opcode::Lower, value(*e.kids[0]), 0);
            case Op::Convert: return dest(Opcode::Convert, value(*e.kids[0]), kind);
            case Op::PartOf: {
                // The machine does not know the kind of a constant; a conversion gives it one.
                const Expr& whole = *e.kids[0];
                std::uint32_t from = value(whole);
                if (whole.op == Op::Text)
                    from = dest(Opcode::Convert, from, static_cast<std::uint32_t>(whole.type.kind));
                return dest(Opcode::PartOf, from, e.index);
            }
            // Conditions are not values, and a count is always a side of a comparison.
            case Op::Count:
#define CONDITION(name, ...) case Op::name:
#include "base/operators.def"
                return integer(0);
        }
        return 0;
    }

    Lowering& lowering_;
    const Conditions& conditions_;
    Block block_;
    std::uint32_t temps_ = 0, binders_ = 0;
    bool alone_ = false;
};

}  // namespace

void count_shared(Lowering& lowering, const Conditions& conditions, std::size_t instances) {
    Emitter emitter(lowering, conditions);
    std::vector<std::uint32_t> open{static_cast<std::uint32_t>(conditions.size() - 1)};
    while (!open.empty()) {
        const std::uint32_t index = open.back();
        open.pop_back();
        if (const auto body = emitter.alone(index)) lowering.shared.count(body->code, instances);
        // The body of a quantifier can have another result for each element.
        if (conditions[index].form != Form::Quantify)
            open.insert(open.end(), conditions[index].kids.begin(), conditions[index].kids.end());
    }
}

Block emit(Lowering& lowering, const Conditions& conditions) {
    return Emitter(lowering, conditions).run();
}

}  // namespace writ::compiler
