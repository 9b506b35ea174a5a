// The machine that runs the code of rules; the implementation of Interpreter. Private to vm. machine.cpp runs code,
// operands.cpp loads operands and computes values, horizon.cpp finds the moment at which a condition changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/operators.h"
#include "base/window.h"
#include "bytecode/cost.h"
#include "bytecode/opcode_info.h"
#include "vm/candidates.h"
#include "vm/interpreter.h"
#include "vm/lists.h"
#include "vm/outcomes.h"
#include "vm/ready.h"
#include "writ/decision.h"

namespace writ::vm {

constexpr Truth truth_of(bool value) {
    return value ? Truth::True : Truth::False;
}

/// Stands for the time of the request as an operand.
constexpr std::uint32_t kNowOperand =
    bytecode::operand(bytecode::OperandKind::Slot, static_cast<std::uint32_t>(bytecode::Builtin::Now));

struct Interpreter::Impl {
    explicit Impl(const bytecode::Program& of);

    /// The value of a quantifier's variable.
    struct Bound {
        const Value* row = nullptr;  ///< an element in the request: a record's columns or one scalar
        Value self;                  ///< an element of a constant set
        std::uint32_t table = 0, index = 0;
    };

    /// Starts a run of a plain rule, whose code reads only slots and the rule's row.
    void enter_plain(const Facts& of, const bytecode::RuleRef& instance) {
        facts = &of;
        row_cells = nullptr;
        if (instance.table != bytecode::kNoTable) {
            const bytecode::TableRef& table = program.tables[instance.table];
            row_cells = &program.cells[table.first_cell + std::size_t{instance.row} * table.columns];
        }
        steps = bytecode::kRuleSteps;
    }
    /// Starts a run of any rule.
    void enter(const Facts& of, const bytecode::RuleRef& instance) {
        enter_plain(of, instance);
        rule = &instance;
        code = program.code_of(instance);
        ready_code = made_ready.data() + instance.code;
        now = of[bytecode::Builtin::Now].integer;
        scratch.reset();
    }

    // ---- machine.cpp ----
    /// Runs code up to its Ret. `unknown` is the value of an unknown test. kPlainCode: the code is that of a plain
    /// rule, so that no state for nested bodies is needed.
    template <bool kPlainCode>
    [[nodiscard]] bool exec(const Ready* at, bool unknown);

    // ---- operands.cpp ----
    [[nodiscard]] Value load(std::uint32_t word) const;
    /// Output: false if the list is unknown.
    [[nodiscard]] bool load_list(std::uint32_t word, List& out) const;
    [[nodiscard]] std::uint32_t tool_set(std::uint32_t word) const;
    void bind_element(const List& list, std::size_t index, Bound& bound) const;
    /// Computes the temporary of a Value instruction.
    void compute(const bytecode::Instr& in);
    struct Zoned {
        Window window;
        std::span<const Transition> zone;
    };
    [[nodiscard]] Zoned window_of(const bytecode::Instr& in) const;

    // ---- horizon.cpp ----
    /// The first moment after `now` at which the condition differs from `held`; INT64_MAX if there is none within
    /// kMaxTtl. Requires: enter().
    [[nodiscard]] std::int64_t until(bool unknown, bool held);
    [[nodiscard]] std::int64_t next_change(std::size_t at, std::size_t end);
    [[nodiscard]] std::int64_t change(const bytecode::Instr& in) const;

    const bytecode::Program& program;
    std::vector<Value> temps;
    std::vector<Ready> made_ready;     ///< by index into the program's code
    std::vector<std::uint64_t> memos;  ///< by memo and mode: number of the request, and the outcome in the lowest bit
    std::uint64_t request = 0;         ///< number of the current request, from 1
    bool remembers = false;
    bool doubted = false;  ///< a test was unknown
    Bound binders[kMaxBinders];
    Scratch scratch;
    Hasher hasher;
    std::string room;  ///< for text that is made canonical
    Outcomes outcomes;
    Lookup lookup;
    Tags tags;

    // State of the current run.
    const Facts* facts = nullptr;
    const bytecode::RuleRef* rule = nullptr;
    const std::uint32_t* row_cells = nullptr;  ///< cells of the rule's row
    std::span<const bytecode::Instr> code;
    const Ready* ready_code = nullptr;  ///< the same code in Ready form
    std::int64_t now = 0;
    bool timeless = false;  ///< the time is open: Time tests are unknown
    bool foresees = false;  ///< moments in the future have a negative age
    std::uint64_t steps = 0;
    std::uint64_t budget = UINT64_MAX;  ///< for one run: beyond it quantifiers stop

private:
    /// The result of a decoded instruction: of a test, of a body, or none.
    enum class Said : std::uint8_t { False, Unknown, True, CountsFalse, CountsTrue, Nothing };
    Said decode(const Ready*& at, bool unknown);
    bool quantify(std::size_t at, bool unknown);
    bool once(std::size_t at, bool unknown);
    [[nodiscard]] Truth test(const bytecode::Instr& in);
    [[nodiscard]] bool is_text(const Value& fact, std::uint32_t id) const;

    [[nodiscard]] Value cell(std::uint32_t table, std::uint32_t row, std::uint32_t column) const;
    [[nodiscard]] Value instant(const bytecode::Instr& in) const {
        return in.a == kNowOperand ? Value::of(now) : load(in.a);
    }
};

using Machine = Interpreter::Impl;

extern template bool Machine::exec<true>(const Ready*, bool);
extern template bool Machine::exec<false>(const Ready*, bool);

}  // namespace writ::vm
