// The changes of a policy that mutation testing tries: each makes other rules of a few, on the typed tree.
// Not here: whether a change is valid (check/recheck.h), equal to the original (mutant_proof.h), or noticed (mutate.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "check/typed.h"
#include "writ/mutation.h"

namespace writ::testing {

/// The list is mutators.def.
enum class MutatorKind : std::uint8_t {
#define MUTATOR(kind, ...) kind,
#include "testing/mutators.def"
};

/// A rule with a change; none: it is left out.
struct ChangedRule {
    std::uint32_t index = 0;  ///< in Policy::rules
    std::optional<check::Rule> rule;
};

/// An edit of a node in the condition of a rule, for proofs that it changes nothing.
struct ConditionEdit {
    std::uint32_t rule = 0;  ///< in Policy::rules
    const check::Expr* was = nullptr;
    const check::Expr* now = nullptr;        ///< null: left out
    check::Op within = check::Op::Constant;  ///< `and` or `or` if it was an operand of that; else Constant
};

struct Mutant {
    MutatorKind kind = MutatorKind::Rule;
    Span span;
    std::string before, after, needs;  ///< as in Mutation
    std::vector<ChangedRule> rules;    ///< ascending; at least one, unless `lost`
    std::vector<ConditionEdit> edits;  ///< every one, if only conditions change; else empty
    struct Lost {
        std::uint32_t group = 0, issuer = 0;
    };
    std::optional<Lost> lost;  ///< a group of issuers loses a member
};

/// Refers to the policy.
struct Mutants {
    std::unique_ptr<Arena> arena = std::make_unique<Arena>();  ///< of changed expressions
    std::vector<Mutant> all;                                   ///< by source, then by position
};

/// Every change of the policy's own rules and groups of issuers. None gives a rule that is the same as before.
/// Input:  only: names of mutators; empty: all.
[[nodiscard]] Mutants make_mutants(const check::Policy& policy, const std::vector<std::string>& only);

}  // namespace writ::testing
