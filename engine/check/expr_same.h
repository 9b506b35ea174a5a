// Whether two expressions of one policy are the same, wherever they are.
#pragma once

#include <cstdint>

#include "check/typed.h"

namespace writ::check {

/// Equal expressions have equal hashes.
[[nodiscard]] std::uint64_t hash_of(const check::Expr& e);
[[nodiscard]] bool same(const check::Expr& a, const check::Expr& b);

}  // namespace writ::check
