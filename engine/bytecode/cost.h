// What operations cost, in steps: one table for the static bound and for the machine, which counts what it does. A step
// is at most some two nanoseconds, as tests/bench/worst measures them, and stands for at most five bytes of working
// memory.
#pragma once

#include <cstdint>

namespace writ::bytecode {

class Program;

/// Costs that do not fit 64 bits stay at the greatest number.
[[nodiscard]] constexpr std::uint64_t sat_plus(std::uint64_t a, std::uint64_t b) {
    return a + b < a ? UINT64_MAX : a + b;
}
[[nodiscard]] constexpr std::uint64_t sat_times(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

constexpr std::uint64_t kRuleSteps = 12;    ///< finding a rule and beginning to run it
constexpr std::uint64_t kDecodedSteps = 8;  ///< an instruction that is no usual test, beside the one step of each
constexpr std::uint64_t kElementSteps = 8;  ///< an element that a quantifier visits
constexpr std::uint64_t kMemberSteps = 24;  ///< an element that is hashed, noted and asked for
constexpr std::uint64_t kWindowSteps =
    64;  ///< a moment held against a weekly window in its zone, or the next change of one
constexpr std::uint64_t kLookUpSteps = 24;  ///< a text or an integer looked for in a constant set

/// Text that is read byte by byte: matched, put into lower case, split or checked.
[[nodiscard]] constexpr std::uint64_t scanned(std::uint64_t bytes) {
    return sat_times(2, bytes);
}
/// Text that walks an automaton with a table of so many moves: each byte may be the first to read a line of it.
[[nodiscard]] constexpr std::uint64_t walked(std::uint64_t bytes, std::uint64_t moves) {
    constexpr std::uint64_t kLineSteps = 16, kMovesOfLine = 32;
    const std::uint64_t lines = moves / kMovesOfLine;
    return sat_times(kLineSteps, bytes < lines ? bytes : lines);
}
/// Text that is taken apart by a pattern of so many pieces.
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

/// What binding and the checks before any rule cost in deciding, and the digest that approvals are bound to.
constexpr std::uint64_t kRequestSteps = 2'000, kBindingSteps = 240'000;

/// What is charged for when a policy is admitted: everything. Off, to show what each keeps out.
struct Charges {
    bool text = true;      ///< the length of what is read
    bool patterns = true;  ///< the size of an automaton
    bool nesting = true;   ///< the product of the lists that quantifiers visit; off: their sum
    bool captures = true;  ///< claims that are taken apart
};

/// The most that one request can cost.
struct Reach {
    std::uint64_t stated = 0;  ///< if it states every fact that rules are found by
    std::uint64_t any = 0;  ///< whatever it states: a fact that is not known makes every rule found by it a candidate
    std::uint32_t dearest = 0;  ///< the rule that costs most, the first of several
    std::uint64_t dearest_steps = 0;
};

/// reach() of program.h, of which some charges can be left out.
[[nodiscard]] Reach reach(const Program& program, const Charges& charges);

}  // namespace writ::bytecode
