// Finds impossible results of conditions from the facts they read.
#pragma once

#include <vector>

#include "check/typed.h"
#include "reference/evaluation.h"
#include "writ/testing.h"

namespace writ::testing {

/// Whether the result of a condition depends only on the tool that a request names.
[[nodiscard]] bool reads_only_catalogue(const check::Policy& policy, const check::Expr& expr);
/// The result of such a condition for a tool.
[[nodiscard]] Truth result_for(const check::Policy& policy, const check::Tool& tool, const check::Expr& expr);

class OutcomeProof {
public:
    explicit OutcomeProof(const check::Policy& policy) : policy_(policy) {}

    /// Marks the results that no request can give if one of these rules runs. A result counts as possible unless
    /// proved impossible.
    void rule_out(const check::Expr& expr, const std::vector<const check::Rule*>& rules,
                  CoveredCondition& condition) const;

private:
    [[nodiscard]] bool known(const check::Expr& expr) const;
    [[nodiscard]] bool stated(const check::Expr& expr, bool or_none) const;
    void try_tools(const check::Expr& expr, const std::vector<const check::Rule*>& rules,
                   CoveredCondition& condition) const;

    const check::Policy& policy_;
};

}  // namespace writ::testing
