// The names of the parts of typed text.
#pragma once

#include <string_view>

#include "base/kind.h"

namespace writ {

/// As an author writes it after the dot: `trust_domain`.
[[nodiscard]] std::string_view name_of(Part part);

}  // namespace writ
