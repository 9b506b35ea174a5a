// The edits of single nodes of a condition or a set, for mutants.cpp. Private to mutant*.cpp.
#pragma once

#include <string>
#include <vector>

#include "base/arena.h"
#include "check/typed.h"
#include "testing/mutants.h"

namespace writ::testing {

/// One way to change a node.
struct NodeEdit {
    MutatorKind kind = MutatorKind::Condition;
    unsigned variant = 0;  ///< tells edits of one kind at one node apart
    const check::Expr* node = nullptr;
    const check::Expr* now = nullptr;  ///< null: left out
    std::string after, needs;
};

/// Adds the edits of a node of a condition, without those of the nodes below it.
/// Input:  parent: the node above it; null: it is the whole condition.
void add_condition_edits(const check::Policy& policy, Arena& arena, const check::Expr& node, const check::Expr* parent,
                         std::vector<NodeEdit>& out);
/// Adds an edit for each literal of a set of several: the set loses it. `needs`: what comes before the literal in what
/// a test needs.
void add_set_edits(const check::Policy& policy, const check::Expr& set, MutatorKind kind, const std::string& needs,
                   std::vector<NodeEdit>& out);

}  // namespace writ::testing
