// The intermediate form of conditions between the typed tree and code: negations are at the leaves, connectives are
// flattened, constants are folded, and cheap tests come first. One form for each kind of test of the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bytecode/program.h"
#include "compile/lowering.h"

namespace writ::compiler {

enum class Form : std::uint8_t { Constant, Test, Quantify, And, Or };

struct Condition {
    Form form = Form::Constant;
    bool holds = false;  ///< Constant
    std::uint32_t cost = 0;

    // Test: operands are values to compute, or words used unchanged.
    bytecode::Opcode op = bytecode::Opcode::RetFalse;
    bool negate = false;
    const check::Expr* a = nullptr;
    const check::Expr* b = nullptr;
    std::uint32_t word_a = 0, word_b = 0, c = 0;

    // Quantify
    bytecode::Quant quant = bytecode::Quant::Any;
    const check::Expr* list = nullptr;
    const check::Expr* bound = nullptr;  ///< at-least and at-most: this plus `more`
    std::int64_t more = 0;

    std::vector<std::uint32_t> kids;  ///< And, Or: two or more; Quantify: the body
};

/// A test of at least this cost is evaluated once per request if several rules have it.
constexpr std::uint32_t kDearCost = 12;
/// The cost of a test of time. It is evaluated again for the horizon, so sharing it saves nothing.
constexpr std::uint32_t kTimedCost = 1 << 20;

/// One rule's condition; the last node is the whole.
using Conditions = std::vector<Condition>;

/// With more nodes, jumps over the rule's code would not fit.
constexpr std::size_t kMaxConditions = 65'535;

/// Normalises `when` (null: always true), together with the tools of the rule (empty: any).
/// Output:  empty if there are more than kMaxConditions nodes.
[[nodiscard]] std::optional<Conditions> normalise(Lowering& lowering, const check::Expr* when,
                                                  const std::vector<check::ToolId>& tools);

enum class CodeProblem : std::uint8_t { None, TooLong, TooDeep };

/// The instructions of a condition.
struct Block {
    std::vector<bytecode::Instr> code;
    CodeProblem problem = CodeProblem::None;
    bool timed = false;
};
/// Counts the expensive tests of a rule with `instances` instances in the program. Tests that are counted twice are
/// evaluated once per request by the code from emit().
void count_shared(Lowering& lowering, const Conditions& conditions, std::size_t instances);
[[nodiscard]] Block emit(Lowering& lowering, const Conditions& conditions);

}  // namespace writ::compiler
