// Finds the causes of a difference between two decisions. Private to diff/.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "diff/side.h"
#include "writ/compare.h"
#include "writ/diff.h"

namespace writ::diff {

/// The rules of both sides with common numbers, and their known changes.
class RuleBook {
public:
    /// Numbers the rules of both bundles. Input: changes from structural_changes().
    RuleBook(DiffSide& before, DiffSide& after, const std::vector<ThingChange>& changes);

    [[nodiscard]] const Cause& cause(RuleId id) const { return causes_[id]; }
    [[nodiscard]] std::size_t size() const { return causes_.size(); }
    /// The change of a rule between the sides; null: none.
    [[nodiscard]] const ThingChange* change(RuleId id) const { return changes_[id]; }

private:
    void number(DiffSide& side, bool new_side, const std::unordered_map<std::string, std::string>& renamed);

    std::unordered_map<std::string, RuleId> ids_;  ///< by word and name on the new side; if removed, on the old
    std::vector<Cause> causes_;
    std::vector<const ThingChange*> changes_;
};

/// The causes of a difference; at least one.
/// Requires: !shift.same(); both sides have decided the request.
[[nodiscard]] std::vector<Cause> causes_of(Shift shift, DiffSide& before, DiffSide& after, const RuleBook& book);

}  // namespace writ::diff
