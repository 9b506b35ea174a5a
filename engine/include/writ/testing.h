// What a policy's own tests say of it: which hold, which invariants their requests break, and which of its
// conditions they never saw come out one way or another. Made by Workspace::test, for authors and CI.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/explain.h"

namespace writ {

/// A part of a decision that is not what a test expects.
struct Difference {
    std::string part;  ///< "effect", "scopes", "ttl", "not_after", "audience", "single_use", "groups", "obligations",
                       ///< "reasons" or "rules"
    std::string expected, actual;  ///< as an author writes them; of names that must be among others, those that are not
};

/// How one case of one test went.
struct TestCase {
    std::string name;  ///< test name, and the case's values if it has any
    Span span;         ///< of the expectation
    bool passed = false;
    std::string expected;                 ///< as written, canonical
    std::string actual;                   ///< the decision in the same form
    std::string problem;                  ///< which parts differ, or why the request was refused; one line
    std::vector<Difference> differences;  ///< empty where the request is refused, or breaks an invariant
    std::string request;                  ///< the document, if the case failed: what to explain
    std::int64_t nanos = 0;               ///< what it took
};

/// What the requests that a policy carries say of its invariants: checked on these, not proved for all.
struct InvariantCheck {
    std::size_t invariants = 0, requests = 0;  ///< checked, and on how many different ones
    std::vector<TestCase> broken;              ///< `invariant NAME on TEST`, or `… on fixture NAME`
    std::vector<std::string> untried;          ///< invariants whose condition is true for none of them
};

/// A rule, or a template over all of its rows. Requests for other tools are not counted.
struct CoveredRule {
    std::string name;  ///< `module.rule`
    std::string kind;  ///< "permit", …
    Span span;         ///< of the name
    /// By Truth: in how many of the tests' different requests its condition came out so; of a template, at most so.
    std::array<std::size_t, 3> seen{};
    std::size_t applied = 0;                ///< a permit: true; any other: not false
    std::vector<std::uint32_t> conditions;  ///< indices into Coverage::conditions, each once
};

/// A condition that `and`, `or` and `not` join, where it is written: in a rule, or in a definition, for all that use
/// it.
struct CoveredCondition {
    std::string text;  ///< white space runs as one space
    Span span;
    std::array<std::size_t, 3> seen{};  ///< by Truth: in how many requests; one can count for several, by row or by use
    std::array<bool, 3> possible{true, true, true};  ///< false: no request that reaches a rule can make it so
    std::string because;                             ///< why an outcome is not possible; empty: all are

    [[nodiscard]] bool covered() const {
        for (std::size_t i = 0; i < seen.size(); ++i)
            if (possible[i] && seen[i] == 0) return false;
        return true;
    }
};

/// What the tests saw of the rules in the policy's own sources; rules of the standard library are left out.
struct Coverage {
    std::size_t requests = 0;  ///< different ones for which rules ran
    std::vector<CoveredRule> rules;
    std::vector<CoveredCondition> conditions;

    [[nodiscard]] std::size_t applied() const;  ///< rules that some test saw apply
    [[nodiscard]] std::size_t covered() const;  ///< conditions seen in every way that is possible
    /// Of the conditions; 100 if there are none.
    [[nodiscard]] double percent() const;
};

struct TestOptions {
    std::string filter;    ///< run tests whose name contains it; empty: all, and fixtures are held against invariants
    unsigned threads = 1;  ///< 0 is 1
    bool coverage = false;
    /// Told now and then, on the calling thread, how many of how many requests are done; may be empty.
    std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

/// The same, in the same order, whatever the number of threads; times apart.
struct TestRun {
    std::vector<TestCase> cases;  ///< by source, then position
    InvariantCheck invariants;
    Coverage coverage;  ///< if it was asked for

    /// Whether something was run, and nothing failed.
    [[nodiscard]] bool passed() const;
    [[nodiscard]] std::size_t failed() const;  ///< cases, and invariants broken
};

}  // namespace writ
