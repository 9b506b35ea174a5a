// A random policy, and the same policy with one edit.
#pragma once

#include <string>

#include "policy_gen.h"
#include "writ/tools.h"

namespace writ::property {

/// A policy with everything it consists of: the request schema, its declarations, the module that it imports and the
/// rows of its tables.
struct WholePolicy {
    std::string schema, preamble, common, tenants, nets;
    PolicyText text;

    explicit WholePolicy(PolicyText rules);
    [[nodiscard]] std::string render() const;
    [[nodiscard]] Workspace open() const;
};

/// Makes an edit that may matter, and returns its description. The result may not compile.
[[nodiscard]] std::string mutate(Rng& rng, WholePolicy& policy, const PolicyShape& shape);
/// Changes only how the policy is written.
[[nodiscard]] std::string rewrite(Rng& rng, WholePolicy& policy);

}  // namespace writ::property
