// A random policy and the same with one thing changed, as someone who edits it would.
#pragma once

#include <string>

#include "policy_gen.h"
#include "writ/tools.h"

namespace writ::property {

/// A policy with all that it is made of: the schema of requests, its declarations and the rows of its tables too.
struct WholePolicy {
    std::string schema, preamble, tenants, nets;
    PolicyText text;

    explicit WholePolicy(PolicyText rules);
    [[nodiscard]] std::string render() const;
    [[nodiscard]] Workspace open() const;
};

/// Changes something that may matter, and says what. It may be that the result does not compile.
[[nodiscard]] std::string mutate(Rng& rng, WholePolicy& policy, const PolicyShape& shape);
/// Changes how it is written, and nothing else.
[[nodiscard]] std::string rewrite(Rng& rng, WholePolicy& policy);

}  // namespace writ::property
