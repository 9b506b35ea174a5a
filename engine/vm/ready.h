// Instructions made ready to run. The tests that most conditions consist of, with the operands they mostly have, get an
// action of their own, so that running one decodes nothing. Private to vm.
#pragma once

#include <cstdint>
#include <vector>

#include "bytecode/program.h"

namespace writ::vm {

enum class Action : std::uint8_t {
    True,
    False,
    SlotIsText,   ///< slot a against text b
    SlotIsCell,   ///< slot a against the text in column b of the rule's row
    SlotIsSlot,   ///< two texts
    SlotCmpInt,   ///< slot a against integer b; c: the orders that are accepted
    SlotCmpCell,  ///< slot a against the integer in column b
    SlotCmpSlot,  ///< two integers
    ToolInSet,    ///< the tool against set b
    ToolInCell,   ///< the tool against the set in column b
    TextInSlot,   ///< text a in the list of slot b
    SlotTrue,
    SlotNone,
    Other,  ///< anything else: the instruction itself is decoded
};

/// One instruction, at the same place as the one it is made of, so that jumps stay the same.
struct Ready {
    Action action = Action::Other;
    std::uint8_t flags = 0;  ///< bytecode::kNegate, kJumpIf; of a rule's first instruction also the two below
    std::uint16_t jump = 0;
    std::uint32_t a = 0, b = 0, c = 0;
};
constexpr std::uint8_t kPlain = 0x80;  ///< no instruction of the rule is Other
constexpr std::uint8_t kConjunction =
    0x40;  ///< the rule is one `and` of tests, and none in a quantifier asks for the time

/// The code of a whole program.
[[nodiscard]] std::vector<Ready> make_ready(const bytecode::Program& program);

/// Whether a comparison accepts a pair of integers. `orders`: a bit each for less, equal, greater.
[[nodiscard]] inline bool accepts(std::uint32_t orders, std::int64_t a, std::int64_t b) {
    return (orders >> (1u + (a > b ? 1u : 0u) - (a < b ? 1u : 0u)) & 1) != 0;
}

}  // namespace writ::vm
