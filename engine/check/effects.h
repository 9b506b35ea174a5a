// What a rule does when it applies: grants, approvals, limits and obligations. Private to check/.
#pragma once

#include "check/expr.h"

namespace writ::check {

/// Checks the effect clauses that belong to the rule's kind and fills them in.
/// Input:  rule: its kind, tools and table are set; base: the permit it extends, or null.
void check_effect(Context& c, const ast::RuleDecl& decl, Scope& scope, const Rule* base, Rule& rule);

}  // namespace writ::check
