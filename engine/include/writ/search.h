// A request with one field left open: which tools may this agent call, which scopes of this tool may it
// have, which agents may call this tool? Answered by the evaluator itself, candidate by candidate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "writ/evaluator.h"

namespace writ {

/// The field of a request document that a search fills in.
enum class Open : std::uint8_t {
    Tool,   ///< `tool`
    Scope,  ///< `want.scopes`, one at a time
    Agent,  ///< `agent`
};

/// What evaluate() says of the request with one candidate filled in: always (Permit), if approved
/// (NeedsApproval) or never (Deny).
struct SearchItem {
    std::string name;  ///< of the tool, the scope or the agent; empty if a given agent states no id
    Effect answer = Effect::Deny;
    std::vector<std::string> scopes;  ///< that would be granted; empty unless always
    std::vector<Reason> reasons;      ///< as in the decision
    /// Never only for want of facts: each reason against it is one that a fact not stated, or of too weak a
    /// provenance, might take away. Stating more may then change the answer; nothing else can.
    bool wants_facts = false;
    Error refused;  ///< why the request with this candidate is refused, which is never; no code: it is not
};

/// Views of the reasons point into the bundles of `layers`.
struct SearchResult {
    Open open = Open::Tool;
    Layers layers{std::vector<Bundle>{}};
    std::vector<SearchItem> items;  ///< in the order of the candidates
};

/// Tries every candidate for the open field.
/// Input:   request: a request document; what it states in the open field is what candidates replace.
///          candidates: a JSON array. A text is a tool's name (in place of `tool.name`), a scope or an agent's
///          id (`agent.id`); an object is a whole `tool` or `agent`. Empty text: every tool of the layers'
///          catalogues, by name, or every scope that they declare for the request's tool. Agents must be given.
///          A search for tools asks for `want.scopes` if the request states any, else for all that the
///          layers declare for the candidate.
/// Errors:  Q0001.. the request without its open field, or `candidates`, is refused; the latter with
///          `candidates[3]` in `context`. Q0001 also where candidates must be given, Q0004 beyond 100,000.
/// Source:  docs/search-format.md
[[nodiscard]] Result<SearchResult> search(Evaluator& evaluator, std::string_view request, Open open,
                                          std::string_view candidates = {}, const RequestLimits& limits = {});

/// One line of JSON, keys in a fixed order. For the operator: it names rules.
/// Source:  docs/search-format.md
[[nodiscard]] std::string to_json(const SearchResult& result);

/// "always", "if_approved" or "never".
[[nodiscard]] std::string_view answer_name(Effect answer);

}  // namespace writ
