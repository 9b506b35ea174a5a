// Decides like an Evaluator, and tells afterwards which rules applied, whether or not they shaped the decision.
// For tools that ask why; a broker needs none of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/request.h"

namespace writ {

/// Rules that applied, by index in their bundle, ascending. What comes after the step that ended a decision is
/// empty: no permit is tried where a deny applies.
struct Applying {
    std::vector<std::uint32_t> permits;  ///< that match
    std::vector<std::uint32_t> used;     ///< of those, that grant
    std::vector<std::uint32_t> denies, requirements, limits, obligations;
};

/// A rule whose condition is not false.
struct Holding {
    std::uint32_t rule = 0;  ///< by index in its bundle
    bool sure = false;       ///< true; else unknown, and then only what narrows applies
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
    /// What applied of one layer in the decision made last. Requires: layer < number of layers.
    void read(std::size_t layer, Applying& out) const;
    /// The permits of a layer that match a request, also where a decision would never try them.
    void read_permits(const Request& request, std::size_t layer, std::vector<std::uint32_t>& out);
    /// Every rule of a layer that holds for a request, or may, whatever a decision would try; ascending.
    void read_holding(const Request& request, std::size_t layer, std::vector<Holding>& out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ
