// Checks the code of one rule and bounds its cost. Used by the verifier, which reports errors, and by step_bound, for
// which the code is already verified.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bytecode/cost.h"
#include "bytecode/layout.h"
#include "bytecode/opcode_info.h"
#include "bytecode/program.h"

namespace writ::bytecode {

/// The requirements and the cost of a valid block of code.
struct BlockFacts {
    std::uint64_t bound = 0;   ///< steps of one run
    std::uint64_t shared = 0;  ///< of these, steps in bodies whose outcome is remembered
    std::uint32_t temps = 0;
    std::uint32_t binders = 0;
    std::uint32_t memos = 0;
    std::uint64_t time_tests = 0;  ///< Time tests, counted once for each element for which they may run
    bool reads_row = false;        ///< reads the row of its rule
};

/// Checks blocks one after another and keeps its working memory.
class CodeCheck {
public:
    CodeCheck(const Program& program, const Layout& layout, const Charges& charges = {})
        : program_(program), layout_(layout), charges_(charges) {}

    /// Errors:  B0016 with the instruction in `context`.
    /// Requires: everything but code verified; the rule's range and table in bounds.
    /// Input:   unknown: a slot that counts as unknown, so that tests of it cost little; kNone: none.
    [[nodiscard]] Result<BlockFacts> read(const RuleRef& rule, std::uint32_t unknown = kNone);
    /// Steps of the remembered bodies in all blocks read so far: each runs at most once in each mode.
    [[nodiscard]] std::uint64_t shared_steps() const;

private:
    struct Level {
        std::uint32_t end = 0;    ///< end of the body
        std::uint32_t id = 0;     ///< number of the body
        std::uint32_t base = 0;   ///< temporaries that belong to the code around the body
        std::uint64_t times = 1;  ///< how often the body may run
        bool once = false;        ///< the body of a Once, which binds no element
    };
    /// The body of a memo, as at the first Once with it.
    struct Body {
        std::uint32_t first = 0, length = 0;
        std::uint64_t steps = 0;
    };

    bool structure();
    bool values(const RuleRef& rule, BlockFacts& facts);
    bool instruction(const Instr& at, BlockFacts& facts);
    bool field(Operand field, const Instr& at, std::uint32_t word, ValueType& type);
    bool resolve(std::uint32_t word, ValueType& type);
    bool column(std::uint32_t table, std::uint32_t column, ValueType& type) const;
    bool fits(Operand field, std::uint32_t word, const ValueType& type, std::uint32_t part) const;
    bool write(const Instr& at, const ValueType& a, const ValueType& b);
    bool enter_quantifier(const Instr& at, const ValueType& list, BlockFacts& facts);
    bool enter_once(const Instr& at, BlockFacts& facts);
    [[nodiscard]] bool in_once() const { return levels_.size() > 1 && levels_[1].once; }
    [[nodiscard]] std::uint64_t cost_of(const Instr& at, ValueType a, ValueType b) const;
    void bound(BlockFacts& facts);
    bool refuse(const char* what);

    const Program& program_;
    const Layout& layout_;
    Charges charges_;
    std::span<const Instr> code_;
    std::uint32_t first_ = 0;  // first instruction of the block in `code`
    std::uint32_t table_ = kNone;
    std::uint32_t unknown_ = kNone;  // slot
    bool reads_row_ = false;
    std::uint32_t pc_ = 0;
    std::vector<std::uint32_t> body_;   // for each instruction; kBound stands for a Bound
    std::vector<std::uint8_t> target_;  // whether something jumps to it
    std::vector<std::uint64_t> size_;   // size of the list that a Quantify visits
    std::vector<std::uint64_t> own_;    // steps of an instruction without its body
    std::vector<std::uint64_t> cost_;
    std::vector<Level> levels_;
    std::vector<ValueType> binders_;
    std::vector<ValueType> temps_;  // the readable ones at this point; see code_check.cpp
    std::vector<Body> memos_;       // for all blocks
    const char* what_ = nullptr;
};

/// The part of a rule's code in the bound of a request: each run is counted, without the remembered bodies.
[[nodiscard]] constexpr std::uint64_t rule_steps(const BlockFacts& block) {
    return sat_times(block.bound - block.shared, rule_runs(block.time_tests));
}
/// The cost of every request apart from its rules. `shared`: CodeCheck::shared_steps().
[[nodiscard]] std::uint64_t request_steps(const Program& program, std::uint64_t shared);

}  // namespace writ::bytecode
