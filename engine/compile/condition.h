// A condition between typed tree and code: negation at the leaves, connectives flattened, constants
// folded, cheap tests first. One form for each thing the machine can test.
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

    // Test: operands are values to compute, or else words as they are.
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

/// A test that costs this is worth being run once a request, if several rules have it.
constexpr std::uint32_t kDearCost = 12;
/// What a test of time costs: it is evaluated again for the horizon, and spares nothing.
constexpr std::uint32_t kTimedCost = 1 << 20;

/// One rule's condition; the last node is the whole.
using Conditions = std::vector<Condition>;

/// More nodes than this, and the rule's code could not be jumped over.
constexpr std::size_t kMaxConditions = 65'535;

/// Normalises `when` (null: always), together with the tools the rule is for (empty: any).
/// Output:  empty if there are more than kMaxConditions nodes.
[[nodiscard]] std::optional<Conditions> normalise(Lowering& lowering, const check::Expr* when,
                                                  const std::vector<check::ToolId>& tools);

enum class CodeProblem : std::uint8_t { None, TooLong, TooDeep };

/// Instructions for a condition.
struct Block {
    std::vector<bytecode::Instr> code;
    CodeProblem problem = CodeProblem::None;
    bool timed = false;
};
/// Counts the dear tests of a rule that stands `instances` times in the program. Of those counted twice emit()
/// makes one that is run once a request.
void count_shared(Lowering& lowering, const Conditions& conditions, std::size_t instances);
[[nodiscard]] Block emit(Lowering& lowering, const Conditions& conditions);

}  // namespace writ::compiler
