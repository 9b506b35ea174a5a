// The steps of a decision, one function each; decide.cpp calls them in order. Private to vm.
#pragma once

#include <algorithm>

#include "vm/decide.h"
#include "vm/outcomes.h"
#include "vm/reason.h"
#include "vm/values.h"
#include "writ/revocations.h"

namespace writ::vm {

/// The state of one decision.
struct Deciding {
    const bytecode::Program& program;
    const Facts& facts;
    Interpreter& interpreter;
    Outcomes& work;
    Decision& decision;
    const Revocations* revocations = nullptr;  ///< null: none
    std::uint64_t most_steps = UINT64_MAX;     ///< limit of the interpreter's step count
    std::int64_t lifetime = INT64_MAX;         ///< longest lifetime of a grant, in microseconds
    std::int64_t horizon = INT64_MAX;          ///< first moment at which the decision may become narrower

    [[nodiscard]] const bytecode::RuleRef& rule(std::uint32_t index) const { return program.rules[index]; }
    void reason(ReasonCode code, std::uint32_t rule_index = kNoRule, std::string_view detail = {}) {
        decision.reasons.push_back({name_of(code), rule_index, detail});
    }
    /// Adds a reason to deny; returns true, for the caller to return.
    bool deny(ReasonCode code) {
        reason(code);
        return true;
    }
    [[nodiscard]] bool exhausted() const { return interpreter.steps() > most_steps; }
    void at_most(std::int64_t micros) { lifetime = std::min(lifetime, micros); }
};

/// A column of an element in a list of records; missing if the program has no such column.
inline const Value& column_of(const Value* row, std::uint32_t column) {
    static constexpr Value kMissing{};
    return column == bytecode::kNone ? kMissing : row[column];
}

/// Calls `visit(row)` for each element in a list of records, if the list is stated.
template <class Visit>
void each_row(const Value& list, Visit visit) {
    for (std::uint32_t i = 0; list.present() && i < list.length; ++i)
        visit(list.items + static_cast<std::size_t>(i) * list.id);
}

/// Whether a list of texts in the request is stated and contains a text.
inline bool list_has(const Value& list, const Value& text) {
    return list.present() && repeated(list.items, list.length, text);
}

void attribute(const Facts& facts, Attribution& who);

/// The checks before any rule. Output: true if the request is refused; all reasons have been added.
[[nodiscard]] bool refused(Deciding& deciding);
/// The part of refused() for revocations. Each fact that a revocation in force could concern must be stated: an
/// unstated subject could be the revoked one.
void ask_for_revocable(Deciding& deciding);
/// Denies revoked subjects; the reason names the kind and the fact.
void deny_revoked(Deciding& deciding);

/// Permits by the usual grant: one permit offers all that is asked for, and no rule, chain or moment narrows it.
/// Output: false if the grant is not of this kind; then the decision was not changed.
[[nodiscard]] bool granted_plainly(Deciding& deciding);

// Computes the grant. Output: true if nothing is left; the reason has been added.
[[nodiscard]] bool narrow_scopes(Deciding& deciding);
[[nodiscard]] bool narrow_audience(Deciding& deciding);
void choose_permits(Deciding& deciding);
[[nodiscard]] bool narrow_lifetime(Deciding& deciding);
void collect_obligations(Deciding& deciding);

/// Counts approvals for every requirement that applies. Met requirements shorten the lifetime;
/// the others are listed in `unmet`.
void count_approvals(Deciding& deciding);
/// How long the approvals satisfy a requirement, in microseconds from now; -1 if too few count.
[[nodiscard]] std::int64_t approved_for(Deciding& deciding, std::uint32_t rule);
/// Adds the approvers and the binding digest, if approvals matter to the decision.
void name_approvals(Deciding& deciding);
/// Lists the unmet requirements, with the reasons why approvals do not count.
void list_requirements(Deciding& deciding);

}  // namespace writ::vm
