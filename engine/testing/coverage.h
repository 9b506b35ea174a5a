// How the rules of a policy and their conditions come out for requests: every condition is looked at, whatever the
// others beside it say. Work grows with the requests and with what they state, not with rules times requests: a
// condition is evaluated once for the values that it reads, and those that compare a fact with constants are counted
// from the values alone. Not here: which requests, which rules hold (the evaluator knows), or what is enough.
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

/// What there is to cover: the rules of the policy's own sources, each with its conditions, found once. Conditions
/// are told apart by where they are written. May be shared by threads.
class CoveragePlan {
public:
    explicit CoveragePlan(const check::Policy& policy);
    ~CoveragePlan();

    /// The rules and conditions, with nothing seen yet.
    [[nodiscard]] Coverage blank() const;
    /// Says of each condition that lacks an outcome whether it can have it, and if not, why.
    void rule_out(Coverage& coverage) const;

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

/// Counts for one thread.
class CoverageCount {
public:
    explicit CoverageCount(const CoveragePlan& plan);
    ~CoverageCount();
    CoverageCount(CoverageCount&&) noexcept;

    /// Counts a request; nothing if no rule runs.
    /// Input:    holding: the rules whose condition is not false, ascending by their index in the bundle.
    /// Requires: request binding has accepted the document, which outlives this.
    void see(const json::Value& document, std::span<const Holding> holding);
    /// Takes over what another one has counted of the same plan.
    void add(const CoverageCount& other);
    /// Says what was counted. Input: a blank one.
    void tell(Coverage& coverage) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::testing
