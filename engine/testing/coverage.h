// Coverage of rules and conditions: every condition is evaluated, whatever the others in its rule give. The work grows
// with the requests and the facts they state, not with rules times requests: a condition is evaluated once for equal
// values of its facts, and conditions that compare a fact with constants are counted from the values alone.
// Not here: which requests to use, which rules apply (from the evaluator), and how much coverage is enough.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/json.h"
#include "check/typed.h"
#include "writ/testing.h"
#include "writ/witness.h"

namespace writ::testing {

/// The plan: the rules in the policy's own sources with their conditions, computed once. Conditions are identified by
/// their place. May be shared by threads.
class CoveragePlan {
public:
    explicit CoveragePlan(const check::Policy& policy);
    ~CoveragePlan();

    /// The rules and conditions with all counts zero.
    [[nodiscard]] Coverage blank() const;
    /// For each condition without some result: finds out whether the result is possible, and if not, why.
    void rule_out(Coverage& coverage) const;

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

/// The counts of one thread.
class CoverageCount {
public:
    explicit CoverageCount(const CoveragePlan& plan);
    ~CoverageCount();
    CoverageCount(CoverageCount&&) noexcept;

    /// Counts a request; does nothing if no rule runs.
    /// Input:    holding: the rules whose condition is not false, in ascending order of their index in the bundle.
    /// Requires: request binding has accepted the document, which outlives this object.
    void see(const json::Value& document, std::span<const Holding> holding);
    /// Adds the counts of another object with the same plan.
    void add(const CoverageCount& other);
    /// Writes the counts. Input: the coverage without counts.
    void tell(Coverage& coverage) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::testing
