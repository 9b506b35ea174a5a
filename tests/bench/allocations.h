// Counts calls of operator new. Linking allocations.cpp replaces it in the whole program.
#pragma once

#include <cstdint>

namespace bench {

/// Allocations by this thread so far.
[[nodiscard]] std::uint64_t allocations();

}  // namespace bench
