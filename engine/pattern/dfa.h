// Converts a nondeterministic automaton to the minimal deterministic one, as tables.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <tl/expected.hpp>

#include "base/automaton.h"
#include "pattern/nfa.h"

namespace writ::pattern {

/// An Automaton that owns its tables. Two that accept the same texts are equal, except for bytes that are not UTF-8.
struct Tables {
    std::array<std::uint8_t, 256> classes{};
    std::vector<std::uint16_t> moves;
    std::uint32_t width = 0, start = 0, live = 0, accepting = 0, settled = 0;

    [[nodiscard]] Automaton view() const {
        return {classes.data(), moves.data(), width,     static_cast<std::uint32_t>(moves.size()),
                start,          live,         accepting, settled};
    }
    friend bool operator==(const Tables&, const Tables&) = default;
};

/// Why no tables were made.
enum class TooLarge : std::uint8_t {
    States,  ///< more than kMaxStates
    Table,   ///< more than Automaton::kMaxMoves
    Work,    ///< determinization takes more than kMaxWork steps
};
/// Limit of states before minimization.
constexpr std::uint32_t kMaxStates = 4'000;
constexpr std::uint64_t kMaxWork = 16'000'000;

[[nodiscard]] tl::expected<Tables, TooLarge> determine(const Nfa& nfa);

}  // namespace writ::pattern
