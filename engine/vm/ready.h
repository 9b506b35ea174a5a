// Instructions in a form that is fast to run. The most frequent tests, with their most frequent operands, have actions
// of their own and need no decoding. Private to vm.
#pragma once

#include <cstdint>
#include <vector>

#include "bytecode/program.h"

namespace writ::vm {

enum class Action : std::uint8_t {
    True,
    False,
    SlotIsText,   ///< slot a is the text b
    SlotIsCell,   ///< slot a is the text in column b of the rule's row
    SlotIsSlot,   ///< slots a and b have equal texts
    SlotCmpInt,   ///< slot a is compared with integer b; c: the accepted orders
    SlotCmpCell,  ///< slot a is compared with the integer in column b
    SlotCmpSlot,  ///< slots a and b are compared as integers
    ToolInSet,    ///< the tool is in set b
    ToolInCell,   ///< the tool is in the set in column b
    TextInSlot,   ///< text a is in the list in slot b
    SlotTrue,
    SlotNone,
    Other,  ///< any other instruction, which is decoded
};

/// One instruction; it has the same index as the original, so that jumps stay the same.
struct Ready {
    Action action = Action::Other;
    std::uint8_t flags = 0;  ///< bytecode::kNegate, kJumpIf; in a rule's first instruction also the two flags below
    std::uint16_t jump = 0;
    std::uint32_t a = 0, b = 0, c = 0;
};
constexpr std::uint8_t kPlain = 0x80;        ///< no instruction of the rule is Other
constexpr std::uint8_t kConjunction = 0x40;  ///< the rule is one `and` of tests, and no test of time is in a quantifier

/// The code of a whole program.
[[nodiscard]] std::vector<Ready> make_ready(const bytecode::Program& program);

/// Whether a comparison accepts a pair of integers. `orders`: one bit each for less, equal, greater.
[[nodiscard]] inline bool accepts(std::uint32_t orders, std::int64_t a, std::int64_t b) {
    return (orders >> (1u + (a > b ? 1u : 0u) - (a < b ? 1u : 0u)) & 1) != 0;
}

}  // namespace writ::vm
