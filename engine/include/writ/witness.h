// An evaluator that also lists every rule that applied, even if it did not shape the decision. For tools that explain
// decisions; a broker does not need it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/request.h"

namespace writ {

/// Rules that applied, as ascending indices into their bundle. The steps after the one that ended the decision are
/// empty: no permit is tried if a deny applies.
struct Applying {
    std::vector<std::uint32_t> permits;  ///< permits that match
    std::vector<std::uint32_t> used;     ///< permits that match and grant
    std::vector<std::uint32_t> denies, requirements, limits, obligations;
};

/// A rule whose condition is not false.
struct Holding {
    std::uint32_t rule = 0;  ///< index into its bundle
    bool sure = false;  ///< the condition is true; otherwise it is unknown, and the rule applies only if it narrows
};

/// Not shared between threads.
class Witness {
public:
    explicit Witness(Layers layers);
    ~Witness();
    Witness(Witness&&) noexcept;
    Witness& operator=(Witness&&) noexcept;

    /// Decides as Evaluator::evaluate does. Requires: the request is bound to the same layers.
    void evaluate(const Request& request, Decision& decision);
    /// The rules of a layer that applied in the last decision. Requires: layer < number of layers.
    void read(std::size_t layer, Applying& out) const;
    /// The permits of a layer that match a request, even if a decision would not try them.
    void read_permits(const Request& request, std::size_t layer, std::vector<std::uint32_t>& out);
    /// Every rule of a layer whose condition is not false for a request, in ascending order, even if a decision would
    /// not try it.
    void read_holding(const Request& request, std::size_t layer, std::vector<Holding>& out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ
