// One side of a comparison: a policy, and its decision on the current request. Private to diff/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/access.h"
#include "base/held.h"
#include "check/typed.h"
#include "writ/decision.h"
#include "writ/request.h"
#include "writ/tools.h"
#include "writ/witness.h"

namespace writ::diff {

using RuleId = std::uint32_t;  ///< names a rule of either side; a renamed rule has one id

/// Decides requests, and knows afterwards which rules of the policy itself, the lowest layer, applied.
class DiffSide {
public:
    DiffSide(const Workspace& workspace, const std::vector<Bundle>& above);

    /// Decides. A request that is not admitted is a deny; then `refusal` says why.
    void decide(std::string_view request);
    /// Fills in the permits that match; a decision that ends with a deny rule does not compute them.
    void read_permits();
    /// The rules of one kind that shaped the last decision.
    [[nodiscard]] const std::vector<RuleId>& shaping(RuleKind kind) const;

    const Workspace& workspace;
    std::vector<RuleId> ids;  ///< by rule of the bundle; the caller fills it in
    Decision decision;
    std::optional<Error> refusal;
    Applying applying;  ///< the rules that applied in the last decision, as sorted ids without repetition

    [[nodiscard]] const check::Policy& policy() const { return Access::policy(workspace); }
    [[nodiscard]] const Bundle& bundle() const { return held(workspace.bundle()); }

private:
    void name(std::vector<std::uint32_t>& rules) const;

    Request request_;
    Witness witness_;
    std::size_t own_;  ///< the layer that is the policy itself
};

}  // namespace writ::diff
