// One side of a comparison: a policy, and what becomes of a request under it. Private to diff*.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/typed.h"
#include "vm/interpreter.h"
#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/request.h"
#include "writ/tools.h"

namespace writ::tools {

using RuleId = std::uint32_t;  ///< names a rule of either side; one that was renamed is one rule

/// The rules that apply to a request, by kind, each once and sorted.
struct Applying {
    std::vector<RuleId> permits;  ///< that match
    std::vector<RuleId> used;     ///< of those, that grant
    std::vector<RuleId> denies, requirements, limits, duties;

    void clear();
    /// Those of one kind that shape a decision.
    [[nodiscard]] const std::vector<RuleId>& of(RuleKind kind) const;
};

/// Decides requests, and knows afterwards which rules of the policy itself, the lowest layer, applied.
class DiffSide {
public:
    DiffSide(const Workspace& workspace, const std::vector<Bundle>& above);

    /// Decides. A request that is not admitted is a deny; then `refusal` says why.
    void decide(std::string_view request);
    /// Reads off which rules applied to the request decided last.
    void read_applying();
    /// Fills in the permits that match, which a decision that ends in a deny rule never asks for.
    void read_permits();

    const Workspace& workspace;
    std::vector<RuleId> ids;  ///< by rule of the bundle; whoever makes this fills it in
    Decision decision;
    std::optional<Error> refusal;
    Applying applying;

    [[nodiscard]] const check::Policy& policy() const { return workspace.policy(); }
    [[nodiscard]] const Bundle& bundle() const { return *workspace.bundle(); }

private:
    template <class Rules>
    void read(const Rules& rules, std::vector<RuleId>& out) const;

    Request request_;
    std::vector<vm::Interpreter> interpreters_;  ///< one a layer
    Decision lower_;
};

}  // namespace writ::tools
