// The beginnings of the texts that a pattern matches. Private to lint/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/typed.h"

namespace writ::lint {

/// A beginning.
struct Head {
    std::string text;
    bool whole = true;  ///< it is a complete text
};

/// Beginnings, each as long as possible: every text that matches has one of them. None: there would be too many.
/// Requires: a TextTest.
[[nodiscard]] std::optional<std::vector<Head>> heads_of(const check::Expr& test);

}  // namespace writ::lint
