// Code sharing of rules that are not templates. Rules whose code differs only in constants share one block of code and
// keep their constants in rows, like the instances of a template.
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

    /// Adds the code of a rule that is already in the builder.
    void add(std::uint32_t rule, std::span<const bytecode::Instr> code);
    /// Writes code and tables, and stores their places in the rules.
    void finish();

private:
    /// Code without its constants, and the rules that have it, with their constants.
    struct Pattern {
        std::vector<bytecode::Instr> code;
        std::size_t constants = 0;
        std::vector<std::uint32_t> rules;
        std::vector<std::uint32_t> words;  ///< operands: `constants` for each rule
    };
    /// The constants of a pattern in which its rules differ.
    struct Columns {
        std::vector<std::uint32_t> of;     ///< by constant; kNone: all rules have the same
        std::vector<std::size_t> first;    ///< by column: a constant in it
        std::vector<std::uint32_t> kinds;  ///< by column: its placeholder in the code
    };

    [[nodiscard]] Pattern& pattern();
    [[nodiscard]] std::span<bytecode::Instr> bare(const Pattern& pattern);
    [[nodiscard]] Columns columns_of(const Pattern& pattern);
    void write_each(const Pattern& pattern);
    void write_shared(const Pattern& pattern, const Columns& columns);
    void place(std::uint32_t rule, std::uint32_t code);

    bytecode::Builder& builder_;
    std::vector<Pattern> patterns_;
    std::unordered_multimap<std::uint64_t, std::size_t> known_;  ///< by hash of the pattern's code
    std::vector<bytecode::Instr> bare_;                          ///< the current code
    std::vector<std::uint32_t> words_;
};

}  // namespace writ::compiler
