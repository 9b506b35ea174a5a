// Describes rules and checks for people: the facts that each condition read, and values that would change its result.
// Reads one document with the reference evaluator. The caller finds out how a change affects the decision.
#pragma once

#include <string>
#include <vector>

#include "reference/reference.h"

namespace writ::explain {

/// A rule as it is in a trace, with all its conditions. The caller sets `role`.
[[nodiscard]] SeenRule see_rule(const check::Policy& policy, const json::Value& document,
                                const reference::Standing& standing, std::uint32_t index);
/// The reasons that no rule gave.
[[nodiscard]] std::vector<SeenCheck> see_checks(const check::Policy& policy, const json::Value& document,
                                                const std::vector<Reason>& reasons);
/// The number of a rule's conditions that are not true. Requires: standing.rule is for the request's tool.
[[nodiscard]] std::size_t count_failing(const check::Policy& policy, const json::Value& document,
                                        const reference::Standing& standing);
[[nodiscard]] bool is_for_tool(const check::Policy& policy, const json::Value& document, const check::Rule& rule);
/// The scopes that a permit offers for the tool of the request; empty if the tool is not declared.
[[nodiscard]] std::vector<std::string> offered_scopes(const check::Policy& policy, const json::Value& document,
                                                      const reference::Standing& permit);

/// Sets a value in a request document, and makes the objects on the path.
struct Edit {
    std::vector<std::string> path;
    json::Value value;
};
void apply(const Edit& edit, json::Value& document);
/// The value at a path, or null.
[[nodiscard]] const json::Value* value_at(const json::Value& document, const std::vector<std::string>& path);

struct Edits {
    std::vector<Edit> edits;        ///< at different paths
    std::vector<std::string> open;  ///< conditions for which no value can be named
};
/// Values that bring a rule's conditions that are not `wanted` nearer to it: the nearest bound of a comparison, a
/// member of a set, a stronger provenance. A place that needs two changes gets them one after the other: apply the
/// first, and call this again.
[[nodiscard]] Edits edits_towards(const check::Policy& policy, const json::Value& document,
                                  const reference::Standing& standing, bool wanted);

}  // namespace writ::explain
