// Makes a decision from facts: built-in checks, rules, the lattice of effects, approvals, attribution.
#pragma once

#include "base/text_set.h"
#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"
#include "writ/decision.h"
#include "writ/revocations.h"

namespace writ::vm {

/// Decides. Cannot fail. The program determines the order of everything in the decision.
/// Input:   revocations: subjects that are denied before any rule; null: none.
void decide(const bytecode::Program& program, const Facts& facts, Interpreter& interpreter, Decision& decision,
            const Revocations* revocations = nullptr);

/// Combines the decisions of two layers on one request in `above`, the platform's: it becomes their meet.
/// Input:   known: working memory.
/// Requires: reasons and requirements of `below` have their layer set, and none in `above` has that layer.
void meet(Decision& above, const Decision& below, TextSet& known);

}  // namespace writ::vm
