// The effects of rules: grants, approvals, limits and obligations. Private to check/.
#pragma once

#include "check/expr.h"

namespace writ::check {

/// Checks the effect clauses of the rule's kind and stores them in the rule.
/// Input:  rule: its kind, tools and table are set; base: the permit that it extends, or null.
void check_effect(Context& c, const ast::RuleDecl& decl, Scope& scope, const Rule* base, Rule& rule);

}  // namespace writ::check
