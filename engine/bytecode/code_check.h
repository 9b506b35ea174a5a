// Reads one rule's code: proves that it is well formed and bounds what it can cost. Shared by the
// verifier, which refuses, and step_bound, which has nothing left to refuse.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bytecode/layout.h"
#include "bytecode/opcode_info.h"
#include "bytecode/program.h"

namespace writ::bytecode {

/// Costs that do not fit 64 bits stay at the greatest number.
[[nodiscard]] constexpr std::uint64_t sat_plus(std::uint64_t a, std::uint64_t b) { return a + b < a ? UINT64_MAX : a + b; }
[[nodiscard]] constexpr std::uint64_t sat_times(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/// What a sound block of code needs and costs.
struct BlockFacts {
    std::uint64_t bound = 0;    ///< steps
    std::uint32_t temps = 0;
    std::uint32_t binders = 0;
    std::uint32_t memos = 0;
    std::uint64_t time_tests = 0;  ///< Time tests, counted once for each element they may run for
    bool reads_row = false;     ///< depends on the table of its rule
};

/// Reads blocks one after another, keeping its working memory.
class CodeCheck {
public:
    CodeCheck(const Program& program, const Layout& layout) : program_(program), layout_(layout) {}

    /// Errors:  B0016 with the instruction in `context`.
    /// Requires: everything but code verified; the rule's range and table in bounds.
    [[nodiscard]] Result<BlockFacts> read(const RuleRef& rule);

private:
    struct Level {
        std::uint32_t end = 0;   ///< of the body
        std::uint32_t id = 0;    ///< which body
        std::uint32_t base = 0;  ///< temporaries that belong to the code around it
        std::uint64_t times = 1; ///< how often the body may run
        bool once = false;       ///< of a Once, which binds nothing
    };
    /// The body of a memo, as the first Once that has it.
    struct Body {
        std::uint32_t first = 0, length = 0;
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
    std::uint64_t bound();
    bool refuse(const char* what);

    const Program& program_;
    const Layout& layout_;
    std::span<const Instr> code_;
    std::uint32_t first_ = 0;           // of the block in `code`
    std::uint32_t table_ = kNone;
    bool reads_row_ = false;
    std::uint32_t pc_ = 0;
    std::vector<std::uint32_t> body_;   // of each instruction; kBound for a Bound in its place
    std::vector<std::uint8_t> target_;  // something jumps here
    std::vector<std::uint64_t> size_;   // list a Value makes or a Quantify visits
    std::vector<std::uint64_t> cost_;
    std::vector<Level> levels_;
    std::vector<ValueType> binders_;
    std::vector<ValueType> temps_;      // readable now; see verify_code.cpp
    std::vector<Body> memos_;           // of all blocks
    const char* what_ = nullptr;
};

}  // namespace writ::bytecode
