// Compiles a typed policy to a sealed program: shape and slots, constants, polarity, step bound.
#pragma once

#include <cstddef>
#include <vector>

#include "base/report.h"
#include "bytecode/program.h"
#include "check/typed.h"

namespace writ::compiler {

/// Compiles a checked policy.
/// Input:   policy: checked without errors. max_steps: the limit for one request.
/// Output:  sealed bytes for Program::open.
/// Errors:  E0503 more than a section can hold; E0504 a request can cost too much.
[[nodiscard]] std::vector<std::byte> lower(const check::Policy& policy, std::uint64_t max_steps, Report& report);

}  // namespace writ::compiler
