// Properties of every policy and request. Each checks one pair and describes the violation.
#pragma once

#include <optional>
#include <string>

#include "harness.h"

namespace writ::property {

/// The reference evaluator and the machine give the same decision, byte for byte.
[[nodiscard]] std::optional<std::string> same_decision(Subject& subject, const PolicyText& text,
                                                       const json::Value& document);
/// With and without its index, a program gives the same decision, byte for byte.
[[nodiscard]] std::optional<std::string> same_unindexed(Subject& subject, const PolicyText& text,
                                                        const json::Value& document);
/// No run costs more steps than the bundle declares.
[[nodiscard]] std::optional<std::string> within_step_bound(Subject& subject, const PolicyText& text,
                                                           const json::Value& document);
/// Granted scopes were requested, and the tool and every hop have them; the ttl is within every bound.
[[nodiscard]] std::optional<std::string> attenuated(Subject& subject, const PolicyText& text,
                                                    const json::Value& document);
/// Deciding a document twice gives the same bytes.
[[nodiscard]] std::optional<std::string> repeatable(Subject& subject, const PolicyText& text,
                                                    const json::Value& document);
/// `less` grants no more than `more`: effect, scopes, audience, obligations, reuse, and for each scope the ttl that
/// `more` gives if that scope alone is requested.
/// Output: what is wider; none if nothing is.
[[nodiscard]] std::optional<std::string> wider(const Outcome& less, const Outcome& more, Subject& more_subject,
                                               const json::Value& more_document);

}  // namespace writ::property
