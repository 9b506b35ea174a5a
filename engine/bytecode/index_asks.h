// The asks of a rule: tests of single facts each of which, if false, makes the whole condition false. Read from the
// code alone, so that building an index and checking one use the same asks.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "bytecode/program.h"

namespace writ::bytecode {

/// Stands for the request's tool in the facts of a group.
constexpr std::uint32_t kToolKey = kNone;

/// A test that is true whenever the condition is true. Independent of the row: rules
/// that share code have the same asks.
struct Ask {
    enum class Sort : std::uint8_t {
        Words,   ///< the fact is one of several constants
        Prefix,  ///< the fact's text has a literal prefix
        Range,   ///< the fact's integer is at least, or at most, a constant
    };
    Sort sort = Sort::Words;
    std::uint32_t fact = kToolKey;  ///< slot, or kToolKey
    const Instr* test = nullptr;
};

/// The first few asks in a block of code, in order.
class Asks {
public:
    static constexpr std::size_t kMost = 24;

    Asks() = default;
    /// Requires: verified code.
    Asks(const Program& program, std::span<const Instr> code) { read(program, code); }

    [[nodiscard]] std::span<const Ask> all() const { return {asks_.data(), count_}; }
    /// The first ask of a sort about a fact; null: there is none.
    [[nodiscard]] const Ask* find(Ask::Sort sort, std::uint32_t fact) const;

private:
    void read(const Program& program, std::span<const Instr> code);
    void add(const Program& program, const Instr& in);

    std::array<Ask, kMost> asks_;
    std::size_t count_ = 0;
};

/// Whether the constants of an ask are in the rule's row.
[[nodiscard]] bool is_in_row(const Ask& ask);

/// The constants of a Words ask as an index hashes them: text ids, integers, indices of tools.
struct Words {
    std::span<const std::uint32_t> items;  ///< items of a set
    const std::int64_t* ints = nullptr;    ///< items are indices into these
    std::uint64_t only = 0;                ///< the only constant, if it is not a set
    bool set = false;

    [[nodiscard]] std::size_t size() const { return set ? items.size() : 1; }
    [[nodiscard]] std::uint64_t operator[](std::size_t i) const {
        return !set ? only : ints != nullptr ? static_cast<std::uint64_t>(ints[items[i]]) : items[i];
    }
};
[[nodiscard]] Words words_of(const Program& program, const RuleRef& rule, const Ask& ask);

/// The literal prefix that a Prefix ask requires: the start of a constant text, never empty.
constexpr std::size_t kMaxPrefix = 255;  ///< its most bytes
struct Prefix {
    std::uint32_t text = 0, length = 0;
};
[[nodiscard]] Prefix prefix_of(const Program& program, const Ask& ask);

/// The range that a rule's Range asks allow for an integer, both ends included. Empty if low > high.
struct IntegerRange {
    std::int64_t low = INT64_MIN, high = INT64_MAX;
};
[[nodiscard]] IntegerRange range_of(const Program& program, const RuleRef& rule, const Asks& asks, std::uint32_t fact);

}  // namespace writ::bytecode
