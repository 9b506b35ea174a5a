// Code of the rules that are written one by one. Those whose code differs only in constants share one block
// of it and keep their constants in rows, as the instances of a template do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "bytecode/builder.h"

namespace writ::compiler {

class Blocks {
public:
    explicit Blocks(bytecode::Builder& builder) : builder_(builder) {}

    /// Takes the code of a rule that the builder has already.
    void add(std::uint32_t rule, std::span<const bytecode::Instr> code);
    /// Writes code and tables, and tells the rules where theirs are.
    void finish();

private:
    /// Code without its constants, and the rules that have it with theirs.
    struct Pattern {
        std::vector<bytecode::Instr> code;
        std::size_t constants = 0;
        std::vector<std::uint32_t> rules;
        std::vector<std::uint32_t> words;  ///< operands: `constants` a rule
    };
    /// Those of a pattern's constants that its rules do not agree on.
    struct Columns {
        std::vector<std::uint32_t> of;     ///< of each constant; kNone: all rules have the same
        std::vector<std::size_t> first;    ///< of each column: a constant that is in it
        std::vector<std::uint32_t> kinds;  ///< of each column: what stands for it in the code
    };

    [[nodiscard]] Pattern& pattern();
    [[nodiscard]] std::span<bytecode::Instr> bare(const Pattern& pattern);
    [[nodiscard]] Columns columns_of(const Pattern& pattern);
    void write_each(const Pattern& pattern);
    void write_shared(const Pattern& pattern, const Columns& columns);
    void place(std::uint32_t rule, std::uint32_t code);

    bytecode::Builder& builder_;
    std::vector<Pattern> patterns_;
    std::unordered_multimap<std::uint64_t, std::size_t> known_;  ///< hash of a pattern's code
    std::vector<bytecode::Instr> bare_;                          ///< the code at hand
    std::vector<std::uint32_t> words_;
};

}  // namespace writ::compiler
