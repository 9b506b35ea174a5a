// A pattern as a nondeterministic automaton over the bytes of UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pattern/syntax.h"

namespace writ::pattern {

struct Nfa {
    /// Taken by a byte of low..high.
    struct Edge {
        std::uint8_t low = 0, high = 0;
        std::uint32_t to = 0;
    };
    struct State {
        std::vector<Edge> edges;
        std::vector<std::uint32_t> free;  ///< states reached without a byte
    };
    static constexpr std::size_t kMaxStates = 16'384;

    std::vector<State> states;  ///< the first is where it starts
    std::uint32_t accept = 0;

    /// Accepts the texts that a tree stands for. For bytes that are not UTF-8 it says nothing in particular: no text
    /// with such bytes gets into a request.
    /// None: it needs more than kMaxStates.
    [[nodiscard]] static std::optional<Nfa> of(const Node& node);
};

}  // namespace writ::pattern
