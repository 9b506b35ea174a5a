// Finds conditions that are never true together, by the values that they leave for what they test: comparisons, sets,
// patterns, presence, and issuers with their groups. What several values have to do with each other is not examined.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "check/typed.h"

namespace writ::check {

/// A condition, and the outcome that it must have.
struct Demand {
    const Expr* test = nullptr;
    bool positive = true;
};

struct Contradiction {
    std::vector<const Expr*> before;  ///< none of which can be left out; empty: no tool has what `last` demands
    const Expr* last = nullptr;
};

/// What is known besides the demands.
struct Premises {
    /// An unknown condition is not true, as in a permit: a claim that is read says whose the token is.
    bool surely = false;
    std::span<const ToolId> tools;  ///< the request is for one of them; empty: for any
};

/// Demands that exclude each other; none if there are none, or if it cannot be seen.
[[nodiscard]] std::optional<Contradiction> contradiction(const Policy& policy, std::span<const Demand> demands,
                                                         const Premises& premises = {});

}  // namespace writ::check
