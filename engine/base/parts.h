// The names of parts of typed text.
#pragma once

#include <string_view>

#include "base/kind.h"

namespace writ {

/// As in policies after the dot: `trust_domain`.
[[nodiscard]] std::string_view name_of(Part part);

}  // namespace writ
