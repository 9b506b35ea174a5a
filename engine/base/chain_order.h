// The facts that are made from the delegation chain, in its order.
#pragma once

#include <string_view>

namespace writ {

/// Fields of `delegation`: the outermost hop, the one that started this run, and each hop with the next.
inline constexpr std::string_view kFirstHop = "first", kLastHop = "last", kHopPairs = "pairs";
/// Fields of a pair.
inline constexpr std::string_view kHopBefore = "before", kHopAfter = "after";

}  // namespace writ
