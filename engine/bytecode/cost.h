// The cost of operations, in steps. The static bound and the machine, which counts its steps, use the same table. A
// step takes at most about two nanoseconds, as tests/bench/worst measures, and at most five bytes of working memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace writ::bytecode {

class Program;

/// Saturating arithmetic: costs that do not fit 64 bits become the largest number.
[[nodiscard]] constexpr std::uint64_t sat_plus(std::uint64_t a, std::uint64_t b) {
    return a + b < a ? UINT64_MAX : a + b;
}
[[nodiscard]] constexpr std::uint64_t sat_times(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

constexpr std::uint64_t kRuleSteps = 12;    ///< finding a rule and starting to run it
constexpr std::uint64_t kDecodedSteps = 8;  ///< an instruction other than the usual tests, besides its one step
constexpr std::uint64_t kElementSteps = 8;  ///< an element that a quantifier visits
constexpr std::uint64_t kMemberSteps = 24;  ///< an element that is hashed, stored and looked up
constexpr std::uint64_t kWindowSteps =
    64;  ///< finding out whether a moment is in a weekly window, or when the window next changes
constexpr std::uint64_t kLookUpSteps = 24;  ///< a text or an integer looked for in a constant set

/// Text that is read byte by byte: matched, converted to lower case, split or checked.
[[nodiscard]] constexpr std::uint64_t scanned(std::uint64_t bytes) {
    return sat_times(2, bytes);
}
/// Text that is matched by an automaton with this many moves: each byte may load a new cache line of the table.
[[nodiscard]] constexpr std::uint64_t walked(std::uint64_t bytes, std::uint64_t moves) {
    constexpr std::uint64_t kLineSteps = 16, kMovesOfLine = 32;
    const std::uint64_t lines = moves / kMovesOfLine;
    return sat_times(kLineSteps, bytes < lines ? bytes : lines);
}
/// Text that is parsed by a pattern with this many pieces.
[[nodiscard]] constexpr std::uint64_t taken_apart(std::uint64_t bytes, std::uint64_t pieces) {
    return sat_times(sat_plus(bytes, 1), pieces) / 2;
}
/// Text that is hashed.
[[nodiscard]] constexpr std::uint64_t hashed(std::uint64_t bytes) {
    return bytes / 4;
}
/// Text that is compared with text of the same length.
[[nodiscard]] constexpr std::uint64_t compared(std::uint64_t bytes) {
    return bytes / 32;
}

/// Binding, the checks before the rules, and the digest that approvals are bound to.
constexpr std::uint64_t kRequestSteps = 2'000, kBindingSteps = 240'000;

/// The costs that count. All of them when a policy is admitted; tests switch off one to show what it prevents.
struct Charges {
    bool text = true;      ///< the length of what is read
    bool patterns = true;  ///< the size of an automaton
    bool nesting = true;   ///< the product of the lists that quantifiers visit; off: their sum
    bool captures = true;  ///< claims parsed by patterns
};

/// The highest cost of a request.
struct Reach {
    /// What one group of the index adds.
    struct Group {
        std::uint64_t stated = 0, any = 0;  ///< as below
    };
    std::uint64_t stated = 0;          ///< if it states every fact that the rule index uses
    std::uint64_t any = 0;             ///< for any request: if a fact is unknown, every rule found by it is a candidate
    std::uint64_t itself = 0;          ///< the part that no group adds
    std::vector<std::uint64_t> rules;  ///< code and effect of each rule
    std::vector<Group> groups;         ///< as index_groups

    /// The rule that costs most; the first of several. Requires: there is a rule.
    [[nodiscard]] std::uint32_t dearest() const;
};

/// reach() of program.h, optionally without some of the costs.
[[nodiscard]] Reach reach(const Program& program, const Charges& charges);

/// What a request can cost, as text: each group of rules and the rules in it, the most expensive first.
[[nodiscard]] std::string describe_costs(const Program& program);

}  // namespace writ::bytecode
