// What one thread of mutation testing decides with: the policy without sources and tests, whose rules can be exchanged.
// Private to mutate*.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/arena.h"
#include "base/json.h"
#include "check/typed.h"
#include "reference/evaluation.h"
#include "writ/decision.h"

namespace writ::testing {

/// A rule for one row of its table, or a rule without a table, whose condition is not false, or can become true with
/// time alone.
struct RowState {
    std::uint32_t row = 0;
    Truth now = Truth::Unknown;  ///< at the moment of the request
    Truth any = Truth::Unknown;  ///< if that is not known
    friend bool operator==(const RowState&, const RowState&) = default;
};
using RowStates = std::vector<RowState>;

/// The rows of a rule with which it takes part in a decision.
struct RuleRows {
    const check::Rule* rule = nullptr;
    std::uint32_t index = 0;  ///< in Policy::rules
    const RowStates* rows = nullptr;
};

class Lab {
public:
    explicit Lab(const check::Policy& policy);

    /// The policy without the texts of its sources and without tests. Its rules are those of the last decision.
    [[nodiscard]] check::Policy& bare() { return bare_; }

    /// Evaluates a rule, of the policy or a changed one.
    [[nodiscard]] RowStates states_of(const check::Rule& rule, const reference::Facts& facts, Arena& arena);

    /// Decides with some rules, in the policy's order. Indices of rules in the decision are those of the bundle. Its
    /// views point into policy, document and arena, and into this object until the next decision.
    [[nodiscard]] Decision decide(const json::Value& document, const std::vector<RuleRows>& rules, Arena& arena);
    /// The same with all rules of the policy, and with the groups of issuers of bare().
    [[nodiscard]] Decision decide(const json::Value& document, Arena& arena);

    /// The rules that the bundle has because of the policy's rules up to this one: one for each row of a template.
    [[nodiscard]] std::uint32_t first_of(std::uint32_t rule) const { return first_[rule]; }

private:
    const check::Policy& policy_;
    check::Policy bare_;
    std::vector<std::uint32_t> first_;
};

}  // namespace writ::testing
