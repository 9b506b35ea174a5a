// Facts to a decision: built-in checks, rules, the lattice, approvals, attribution.
#pragma once

#include "base/text_set.h"
#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"
#include "writ/decision.h"
#include "writ/revocations.h"

namespace writ::vm {

/// Decides. Cannot fail. The order of everything in the decision is fixed by the program.
/// Input:   revocations: what is refused before any rule; null where nothing is.
void decide(const bytecode::Program& program, const Facts& facts, Interpreter& interpreter, Decision& decision,
            const Revocations* revocations = nullptr);

/// The meet of two decisions about one request, the platform's first, into `above`.
/// Input:   known: working memory.
/// Requires: reasons and requirements of `below` already carry their layer, and none above is of that layer.
void meet(Decision& above, const Decision& below, TextSet& known);

}  // namespace writ::vm
