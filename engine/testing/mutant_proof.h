// Proofs that a change of a policy changes nothing that a decision grants, so that no test can be asked to notice it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/typed.h"
#include "testing/mutants.h"

namespace writ::testing {

/// Whether a condition depends on the time.
[[nodiscard]] bool is_timed(const check::Expr& condition);

class EqualityProof {
public:
    /// policy: with the rules before the change. bare: the same policy, for compiling one rule at a time: its rules
    /// are overwritten, and its sources need no text.
    EqualityProof(const check::Policy& policy, check::Policy& bare) : policy_(policy), bare_(bare) {}

    /// Why the changed policy grants the same for every request; empty if that is not proved.
    [[nodiscard]] std::string why_equal(const Mutant& mutant);

private:
    using Sealed = std::vector<std::byte>;
    [[nodiscard]] Sealed compiled(const std::vector<check::Rule>& rules);
    [[nodiscard]] const Sealed& original(std::uint32_t rule);
    [[nodiscard]] bool compiles_alike(const Mutant& mutant);

    const check::Policy& policy_;
    check::Policy& bare_;
    std::optional<std::uint32_t> cached_;  ///< the rule that `sealed_` is
    Sealed sealed_;
};

}  // namespace writ::testing
