// Converts a pattern to a nondeterministic automaton over the bytes of UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pattern/syntax.h"

namespace writ::pattern {

struct Nfa {
    /// A transition on a byte in low..high.
    struct Edge {
        std::uint8_t low = 0, high = 0;
        std::uint32_t to = 0;
    };
    struct State {
        std::vector<Edge> edges;
        std::vector<std::uint32_t> free;  ///< states reached without reading a byte
    };
    static constexpr std::size_t kMaxStates = 16'384;

    std::vector<State> states;  ///< the first is the start state
    std::uint32_t accept = 0;

    /// Makes an automaton that accepts the texts of a pattern tree. Its answer for bytes that are not UTF-8 is
    /// unspecified: requests do not contain such text.
    /// None: it needs more than kMaxStates.
    [[nodiscard]] static std::optional<Nfa> of(const PatternNode& node);
};

}  // namespace writ::pattern
