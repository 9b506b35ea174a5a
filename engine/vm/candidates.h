// Which rules to try: the index's answer for one request, a superset of those whose condition is not
// known to be false. Without an index in the program: all.
#pragma once

#include <cstdint>
#include <vector>

#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

namespace writ::vm {

enum class Want : std::uint8_t { Permits, Narrowing };

/// Appends the rules of one sort that may hold in a mode. Order is the index's.
void find_candidates(const bytecode::Program& program, const Facts& facts, Want want, Mode mode,
                     std::vector<std::uint32_t>& out);

}  // namespace writ::vm
