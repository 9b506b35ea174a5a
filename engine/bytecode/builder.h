// Sections under construction, without duplicate constants, and with a table for finding texts. Used by the compiler,
// and by tests that build programs by hand. Does not seal.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bytecode/program.h"

namespace writ::bytecode {

class Builder {
public:
    Builder();

    Sections out;

    /// Id of a text; equal texts have the same id. Never 0.
    std::uint32_t text(std::string_view bytes);
    /// Index of an integer.
    std::uint32_t integer(std::int64_t value);
    /// Index of a set of texts. `ids` is sorted and duplicates are removed.
    std::uint32_t text_set(Kind elem, std::vector<std::uint32_t> ids);
    /// Index of a set of integers.
    std::uint32_t int_set(Kind elem, std::vector<std::int64_t> values);
    /// Index of a set of tools; the items are indices into tools.
    std::uint32_t tool_set(std::vector<std::uint32_t> tools);
    /// Index of an automaton; equal tables are stored once.
    std::uint32_t automaton(const Automaton& tables);
    /// Index of a matcher. Any part may be empty.
    std::uint32_t matcher(std::string_view pattern, std::string_view prefix, std::string_view suffix,
                          const Automaton& between, bool glob);
    /// Index of an origin.
    std::uint32_t origin(OriginRef origin);
    /// Appends words to `ids`; returns the index of the first.
    std::uint32_t ids(std::span<const std::uint32_t> words);
    /// Offset of instructions equal to `block`, which are appended if there are none. Blocks with different `tag`s
    /// are not shared.
    std::uint32_t code(std::span<const Instr> block, std::uint32_t tag);

private:
    std::uint32_t set(std::uint32_t elem, std::span<const std::uint32_t> items);
    void grow_text_table();

    std::vector<std::uint32_t> text_table_;  // ids, open addressing; 0: free
    struct Block {
        std::uint32_t first, length, tag;
    };
    std::unordered_map<std::int64_t, std::uint32_t> ints_;
    std::unordered_map<std::string, std::uint32_t> automata_;
    std::map<std::array<std::uint32_t, 5>, std::uint32_t> matchers_;
    std::map<std::array<std::uint32_t, 3>, std::uint32_t> origins_;
    std::unordered_multimap<std::uint64_t, std::uint32_t> sets_;
    std::unordered_multimap<std::uint64_t, Block> blocks_;
};

}  // namespace writ::bytecode
