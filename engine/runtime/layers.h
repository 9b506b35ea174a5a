// Decisions with several bundles. Private to runtime/.
#pragma once

#include <vector>

#include "runtime/request_facts.h"
#include "vm/decide.h"
#include "writ/bundle.h"
#include "writ/request.h"

namespace writ {

/// Working memory of decide_layers.
struct LayersMemory {
    Decision lower;  ///< the decision of a layer below the first
    TextSet known;
};

/// Decides with each layer; `decision` becomes the meet.
/// Requires: at least one layer; the request is bound to the layers; one interpreter per layer.
inline void decide_layers(const std::vector<Bundle>& bundles, const Request& request,
                          std::vector<vm::Interpreter>& interpreters, Decision& decision, LayersMemory& memory,
                          const Revocations* revocations) {
    Decision& lower = memory.lower;
    vm::decide(Access::program(bundles.front()), Access::facts(request, 0), interpreters.front(), decision,
               revocations);
    for (std::uint32_t layer = 1; layer < bundles.size(); ++layer) {
        vm::decide(Access::program(bundles[layer]), Access::facts(request, layer), interpreters[layer], lower,
                   revocations);
        for (Reason& reason : lower.reasons) reason.layer = layer;
        for (Requirement& requirement : lower.requirements) requirement.layer = layer;
        vm::meet(decision, lower, memory.known);
    }
}

}  // namespace writ
