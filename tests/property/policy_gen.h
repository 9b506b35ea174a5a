// Random well-typed policy text, kept as a tree of rules and conditions so that it can be shrunk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/kind.h"
#include "rng.h"

namespace writ::property {

/// A condition as text with gaps for its kids: `before` kids[0] `between` kids[1] … `after`.
struct Cond {
    enum class Shape : std::uint8_t { Leaf, Join, Not, Wrap };
    Shape shape = Shape::Leaf;
    std::string before, between, after;  ///< Leaf: the text is `before`
    std::vector<Cond> kids;

    [[nodiscard]] std::string render() const;
};

struct RuleText {
    RuleKind kind = RuleKind::Permit;
    std::string name;
    std::string head;        ///< clauses between the name and `when`
    std::vector<Cond> when;  ///< conjuncts
    std::string tail;        ///< clauses after the condition

    [[nodiscard]] std::string render() const;
};

/// The origin of a part of the text, for removing parts that the checker rejects.
struct Extent {
    std::size_t begin = 0, end = 0;
};

struct PolicyText {
    std::vector<std::string> defines;
    std::vector<RuleText> rules;

    /// The whole source; the extents of defines, then of rules, in *extents.
    [[nodiscard]] std::string render(std::vector<Extent>* extents = nullptr) const;
};

struct PolicyShape {
    std::size_t permits = 3, denies = 2, requires_ = 1, limits = 2, obliges = 1;
    std::size_t depth = 3;
    bool reads_want = true;  ///< conditions may read the requested scopes and audience
    bool indexable = false;  ///< many rules, with conditions by which an index finds rules
};

[[nodiscard]] PolicyShape random_shape(Rng& rng);
[[nodiscard]] PolicyText random_policy(Rng& rng, const PolicyShape& shape);
/// One more rule of a kind, with a new name.
[[nodiscard]] RuleText random_rule(Rng& rng, RuleKind kind, const std::string& name, const PolicyShape& shape);

/// Smaller versions of a policy, the smallest first.
[[nodiscard]] std::vector<PolicyText> smaller(const PolicyText& policy);

}  // namespace writ::property
