// Typed policy to a sealed program: shape and slots, constants, polarity, step bound.
#pragma once

#include <cstddef>
#include <vector>

#include "base/report.h"
#include "bytecode/program.h"
#include "check/typed.h"

namespace writ::compiler {

/// Lowers a checked policy.
/// Input:   policy, checked without error.
/// Output:  sealed bytes, ready for Program::open.
/// Errors:  E0503 more than a section can hold; E0504 the step bound does not fit 64 bits.
[[nodiscard]] std::vector<std::byte> lower(const check::Policy& policy, Report& report);

}  // namespace writ::compiler
