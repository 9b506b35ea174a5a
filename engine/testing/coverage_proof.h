// Finds impossible results of conditions from the facts they read. Private to coverage*.cpp.
#pragma once

#include <vector>

#include "check/typed.h"
#include "reference/evaluation.h"
#include "writ/testing.h"

namespace writ::testing {

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
    [[nodiscard]] bool reads_only_catalogue(const check::Expr& expr) const;
    void try_tools(const check::Expr& expr, const std::vector<const check::Rule*>& rules,
                   CoveredCondition& condition) const;

    const check::Policy& policy_;
};

}  // namespace writ::testing
