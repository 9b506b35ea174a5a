// The results of a policy's own tests: failed cases, broken invariants, and coverage of conditions. Made by
// Workspace::test, for authors and CI.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "writ/bundle.h"
#include "writ/diagnostic.h"
#include "writ/explain.h"

namespace writ {

/// A part of a decision that differs from what a test expects.
struct Difference {
    std::string part;  ///< "effect", "scopes", "ttl", "not_after", "audience", "single_use", "groups", "obligations",
                       ///< "reasons" or "rules"
    /// As in a policy. For names that must be among others, `expected` has the ones that are not; for names that must
    /// be all, it has all of them after "exactly".
    std::string expected, actual;
};

/// The result of one case of a test.
struct TestCase {
    std::string name;  ///< name of the test, with the case's values if it has any
    Span span;         ///< of the expectation
    bool passed = false;
    std::string expected;                 ///< as written, canonical
    std::string actual;                   ///< the decision in the same form
    std::string problem;                  ///< the parts that differ, or why the request was refused; one line
    std::vector<Difference> differences;  ///< empty if the request is refused or breaks an invariant
    std::string request;                  ///< the document, if the case failed; for `explain`
    std::int64_t nanos = 0;               ///< time taken
};

/// The place of a result in an array by Truth.
[[nodiscard]] constexpr std::size_t index_of(Truth truth) {
    return static_cast<std::size_t>(truth);
}

/// The results of the invariants on the policy's own requests: checked on these requests, not proved.
struct InvariantCheck {
    std::size_t invariants = 0, requests = 0;  ///< number checked, and on how many different requests
    std::vector<TestCase> broken;              ///< `invariant NAME on TEST`, or `… on fixture NAME`
    std::vector<std::string> untried;          ///< invariants whose condition was true for no request
};

/// A rule, or a template with all its rows. Requests for other tools are not counted.
struct CoveredRule {
    std::string name;  ///< `module.rule`
    std::string kind;  ///< "permit", …
    Span span;         ///< of the name
    /// By Truth: number of different requests for which the condition had that value; for a template, an upper bound.
    std::array<std::size_t, 3> seen{};
    std::size_t applied = 0;  ///< requests to which it applied: a permit if true, any other rule if not false
    std::vector<std::uint32_t> conditions;  ///< indices into Coverage::conditions, without repetition
};

/// A basic condition, joined to others by `and`, `or` and `not`, at the place where it is written: in a rule, or in a
/// definition, which counts for all its uses.
struct CoveredCondition {
    std::string text;  ///< each run of white space as one space
    Span span;
    /// By Truth: number of requests; one request can count for several values, by row or by use.
    std::array<std::size_t, 3> seen{};
    std::array<bool, 3> possible{true, true, true};  ///< false: no request that reaches a rule can give this value
    std::string because;                             ///< why a value is not possible; empty: all are possible

    [[nodiscard]] bool covered() const {
        for (std::size_t i = 0; i < seen.size(); ++i)
            if (possible[i] && seen[i] == 0) return false;
        return true;
    }
};

/// Coverage of the rules in the policy's own sources; rules of the standard library are not included.
struct Coverage {
    std::size_t requests = 0;  ///< number of different requests for which rules ran
    std::vector<CoveredRule> rules;
    std::vector<CoveredCondition> conditions;

    [[nodiscard]] std::size_t applied() const;  ///< number of rules that applied in some test
    [[nodiscard]] std::size_t covered() const;  ///< number of conditions seen with every possible value
    /// Percentage of the conditions; 100 if there are none.
    [[nodiscard]] double percent() const;
};

struct TestOptions {
    /// Run only tests whose name contains it; empty: all, and check invariants on the fixtures too.
    std::string filter;
    unsigned threads = 1;  ///< 0 is 1
    bool coverage = false;
    /// Layers above the policy, the platform's first. The decisions are those of all layers together; coverage is of
    /// the policy alone.
    std::vector<Bundle> above;
    /// Called from time to time on the calling thread with the numbers of requests done and of all; may be empty.
    std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

/// Independent of the number of threads, except for the times.
struct TestRun {
    std::vector<TestCase> cases;  ///< by source, then by position
    InvariantCheck invariants;
    Coverage coverage;  ///< filled in if requested

    /// Whether something was run and nothing failed.
    [[nodiscard]] bool passed() const;
    [[nodiscard]] std::size_t failed() const;  ///< number of failed cases and broken invariants
};

}  // namespace writ
