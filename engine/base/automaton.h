// A deterministic automaton over bytes, as flat tables, and its matching loop. The room `pattern` builds automata,
// bundles store them, and the verifier checks every index before one is run.
#pragma once

#include <cstdint>
#include <string_view>

namespace writ {

/// Views tables that another object owns. A state is the offset of its row in `moves`. The states are in four groups,
/// in this order: states that never accept, states that reject, states that accept, and states that always accept.
struct Automaton {
    static constexpr std::uint32_t kMaxMoves = 1u << 16;  ///< rows times classes; offsets have 16 bits

    const std::uint8_t* classes = nullptr;  ///< 256 entries: the class of each byte, less than `width`
    const std::uint16_t* moves = nullptr;   ///< `size`: the next state, by state and class
    std::uint32_t width = 0;                ///< number of classes, which is the length of a row
    std::uint32_t size = 0;                 ///< length of `moves`
    std::uint32_t start = 0;
    std::uint32_t live = 0;       ///< the first state that can still accept
    std::uint32_t accepting = 0;  ///< the first state that accepts
    std::uint32_t settled = 0;    ///< the first state that always accepts; `size` if there is none

    /// Whether the automaton accepts a text. At most one step per byte. Requires: every
    /// index in the tables is in range.
    [[nodiscard]] bool accepts(std::string_view text) const {
        std::uint32_t state = start;
        for (const char c : text) {
            if (state - live >= settled - live) break;  // the rest cannot change the answer
            state = moves[state + classes[static_cast<unsigned char>(c)]];
        }
        return state >= accepting;
    }
};

}  // namespace writ
