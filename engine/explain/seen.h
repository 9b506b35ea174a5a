// Rules and checks told for people: what each condition saw, and what to state so that it came out
// otherwise. Reads one document with the reference evaluator; what a change does to a decision is for the
// caller to try.
#pragma once

#include <string>
#include <vector>

#include "reference/reference.h"

namespace writ::explain {

/// One rule, by its standing in a trace, with all of its conditions. `role` is left to the caller.
[[nodiscard]] SeenRule see_rule(const check::Policy& policy, const json::Value& document,
                                const reference::Standing& standing, std::uint32_t index);
/// The reasons that no rule gave.
[[nodiscard]] std::vector<SeenCheck> see_checks(const check::Policy& policy, const json::Value& document,
                                                const std::vector<Reason>& reasons);
/// How many of a rule's conditions are not true. Requires: standing.rule is for the request's tool.
[[nodiscard]] std::size_t count_failing(const check::Policy& policy, const json::Value& document,
                                        const reference::Standing& standing);
[[nodiscard]] bool is_for_tool(const check::Policy& policy, const json::Value& document, const check::Rule& rule);
/// The scopes that a permit offers to the tool of the request; none if that is not declared.
[[nodiscard]] std::vector<std::string> offered_scopes(const check::Policy& policy, const json::Value& document,
                                                      const reference::Standing& permit);

/// A value put at a place of a request document, with the objects on the way to it.
struct Edit {
    std::vector<std::string> path;
    json::Value value;
};
void apply(const Edit& edit, json::Value& document);
/// What stands at a place, or null.
[[nodiscard]] const json::Value* value_at(const json::Value& document, const std::vector<std::string>& path);

struct Edits {
    std::vector<Edit> edits;        ///< of different places
    std::vector<std::string> open;  ///< conditions for which no value can be named
};
/// Values with which a rule's conditions that are not `wanted` come nearer to being so: the nearest bound of a
/// comparison, a member of a set, a stronger provenance. One that needs two changes of one place gets them in
/// turn: apply, and ask again.
[[nodiscard]] Edits edits_towards(const check::Policy& policy, const json::Value& document,
                                  const reference::Standing& standing, bool wanted);

}  // namespace writ::explain
