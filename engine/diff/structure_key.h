// Keys for comparing parts of policies: parts with equal keys mean the same. A key is built from the tree, never from
// printed text, because different meanings may have the same text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/expr_text.h"
#include "check/typed.h"

namespace writ::diff {

/// Makes the keys of one policy. Keys of two policies are comparable if both were made with the same shared names.
/// Requires: policy and shared outlive this object.
class PartKeys {
public:
    PartKeys(const check::Policy& policy, const check::SharedNames& shared) : policy_(policy), shared_(shared) {}

    /// The key of an expression, with definitions expanded. The operands of `and` and `or`, the elements of sets and
    /// the sides of a comparison with a constant are sorted.
    /// Input:  row: the table whose columns the rule's own row has; none outside a template.
    [[nodiscard]] std::string expr(const check::Expr& expr, check::TableId row = {}) const;
    /// The key of a type, without `max`.
    [[nodiscard]] std::string type(const check::Type& type) const;
    [[nodiscard]] std::string cell(const check::Type& type, const check::Cell& cell) const;

private:
    const check::Policy& policy_;
    const check::SharedNames& shared_;
};

/// The key of a list of parts.
[[nodiscard]] std::string joint_key(const std::vector<std::string>& parts);

}  // namespace writ::diff
