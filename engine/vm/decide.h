// Facts to a decision: built-in checks, rules, the lattice, approvals, attribution.
#pragma once

#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"
#include "writ/decision.h"

namespace writ::vm {

/// Decides. Cannot fail. The order of everything in the decision is fixed by the program.
void decide(const bytecode::Program& program, const Facts& facts, Interpreter& interpreter,
            Decision& decision);

/// The meet of two decisions about one request, the platform's first, into `above`.
/// Requires: rules and requirements of `below` already carry their layer.
void meet(Decision& above, const Decision& below);

}  // namespace writ::vm
