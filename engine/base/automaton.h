// A deterministic automaton over bytes, as flat tables, and how a text runs through it. The room `pattern`
// builds automata, a bundle holds them, and the verifier checks every index before one is run.
#pragma once

#include <cstdint>
#include <string_view>

namespace writ {

/// Views tables that somebody else owns. A state is the offset of its row in `moves`. States come in four
/// groups: those that never accept, those that reject, those that accept, and those that always accept.
struct Automaton {
    static constexpr std::uint32_t kMaxMoves = 1u << 16;  ///< rows times classes: an offset has 16 bits

    const std::uint8_t* classes = nullptr;  ///< 256: the class of each byte, below `width`
    const std::uint16_t* moves = nullptr;   ///< `size`: the next state, by state and class
    std::uint32_t width = 0;                ///< classes, and so the length of a row
    std::uint32_t size = 0;                 ///< of `moves`
    std::uint32_t start = 0;
    std::uint32_t live = 0;       ///< the first state that can still accept
    std::uint32_t accepting = 0;  ///< the first state that accepts
    std::uint32_t settled = 0;    ///< the first state that always accepts; `size` if there is none

    /// Whether a text is accepted. One step a byte at most. Requires: tables with every index in range.
    [[nodiscard]] bool accepts(std::string_view text) const {
        std::uint32_t state = start;
        for (const char c : text) {
            if (state - live >= settled - live) break;  // whatever follows, the answer is known
            state = moves[state + classes[static_cast<unsigned char>(c)]];
        }
        return state >= accepting;
    }
};

}  // namespace writ
