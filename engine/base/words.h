// The words for provenance and effects in documents, policies and texts. The reference evaluator
// has its own code for provenance.
#pragma once

#include <iterator>
#include <optional>
#include <string_view>

#include "writ/decision.h"
#include "writ/request.h"

namespace writ {

namespace words {
inline constexpr std::string_view kProvenance[] = {"model", "asserted", "broker", "verified"};
inline constexpr std::string_view kEffects[] = {"deny", "needs_approval", "permit"};
inline constexpr std::string_view kSpokenEffects[] = {"deny", "needs approval", "permit"};
}  // namespace words

constexpr std::string_view spelling_of(Provenance provenance) {
    return words::kProvenance[static_cast<unsigned>(provenance)];
}
/// The provenance that a word means; none if it means none.
constexpr std::optional<Provenance> provenance_of(std::string_view word) {
    for (unsigned i = 0; i < std::size(words::kProvenance); ++i)
        if (words::kProvenance[i] == word) return static_cast<Provenance>(i);
    return {};
}

/// What an effect is called in documents: "needs_approval".
constexpr std::string_view spelling_of(Effect effect) {
    return words::kEffects[static_cast<unsigned>(effect)];
}
/// The same for people: "needs approval".
constexpr std::string_view spoken(Effect effect) {
    return words::kSpokenEffects[static_cast<unsigned>(effect)];
}

}  // namespace writ
