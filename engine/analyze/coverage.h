// How the rules of a policy and their conditions come out for requests, by the word of the reference evaluator: every
// condition is looked at, whatever the others beside it say. Not here: which requests, or what is enough.
#pragma once

#include <cstdint>
#include <vector>

#include "analyze/reference.h"
#include "base/json.h"
#include "check/typed.h"
#include "writ/testing.h"

namespace writ::analyze {

/// What there is to cover: the rules of the policy's own sources, each with its conditions, found once. Conditions
/// are told apart by where they are written. May be shared by threads.
class CoveragePlan {
public:
    explicit CoveragePlan(const check::Policy& policy);

    /// The rules and conditions, with nothing seen yet.
    [[nodiscard]] Coverage blank() const;
    /// Says of each condition that lacks an outcome whether it can have it, and if not, why.
    void rule_out(Coverage& coverage) const;

private:
    friend class CoverageCount;
    static constexpr std::uint32_t kUncounted = UINT32_MAX;  ///< what the standard library wrote is its own to test
    struct Leaf {
        const check::Expr* expr = nullptr;
        std::uint32_t condition = kUncounted;  ///< index into Coverage::conditions
        std::uint32_t slot = 0;                ///< the same for the same expression
        bool by_row = false;                   ///< it reads the row
    };
    struct Plan {
        const check::Rule* rule = nullptr;
        std::vector<Leaf> leaves;  ///< as a walk through `when` meets them
    };

    void add(const check::Rule& rule);
    void add_leaves(const check::Expr& expr, Plan& plan);
    [[nodiscard]] bool ours(Span span) const { return span.source < policy_.given_sources; }

    const check::Policy& policy_;
    std::vector<Plan> plans_;
    std::vector<std::vector<std::uint32_t>> by_tool_;  ///< the rules for each tool, those for any included
    std::vector<const check::Expr*> written_;          ///< one expression for each condition
    std::vector<std::vector<std::uint32_t>> users_;    ///< rules, for each condition
    std::size_t slots_ = 0;
};

/// Counts for one thread.
class CoverageCount {
public:
    explicit CoverageCount(const CoveragePlan& plan);
    /// Requires: request binding has accepted the document. Counts nothing if no rule runs.
    void see(const json::Value& document);
    /// Adds what this has counted.
    void add_to(Coverage& coverage) const;

private:
    class Request;
    const CoveragePlan& plan_;
    Coverage counted_;
};

}  // namespace writ::analyze
