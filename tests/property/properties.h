// What must hold of every policy and every request. Each takes one pair and says what is broken.
#pragma once

#include <optional>
#include <string>

#include "harness.h"

namespace writ::property {

/// The reference evaluator and the machine give the same decision, byte for byte.
[[nodiscard]] std::optional<std::string> same_decision(Subject& subject, const PolicyText& text,
                                                       const json::Value& document);
/// With its index and without, a program gives the same decision, byte for byte.
[[nodiscard]] std::optional<std::string> same_unindexed(Subject& subject, const PolicyText& text,
                                                        const json::Value& document);
/// No more steps than the bundle says.
[[nodiscard]] std::optional<std::string> within_step_bound(Subject& subject, const PolicyText& text,
                                                           const json::Value& document);
/// Granted scopes are among those asked for, those of the tool and those of every hop; the ttl is within every bound.
[[nodiscard]] std::optional<std::string> attenuated(Subject& subject, const PolicyText& text,
                                                    const json::Value& document);
/// The same document decided again gives the same bytes.
[[nodiscard]] std::optional<std::string> repeatable(Subject& subject, const PolicyText& text,
                                                    const json::Value& document);
/// `less` gives no more than `more`: effect, scopes, audience, obligations, reuse, and for each
/// scope the ttl that `more` gives when asked for that scope alone.
/// Output: what is wider; nothing if nothing is.
[[nodiscard]] std::optional<std::string> wider(const Outcome& less, const Outcome& more, Subject& more_subject,
                                               const json::Value& more_document);

}  // namespace writ::property
