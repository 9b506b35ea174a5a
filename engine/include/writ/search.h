// Searches: a request with one open field. Which tools may this agent call, which scopes of this tool may it have,
// which agents may call this tool? The evaluator decides the request for each candidate.
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

/// The evaluator's answer with one candidate filled in: always (Permit), if approved (NeedsApproval) or never (Deny).
struct SearchItem {
    std::string name;  ///< of the tool, the scope or the agent; empty if a given agent states no id
    Effect answer = Effect::Deny;
    std::vector<std::string> scopes;  ///< scopes that would be granted; empty unless always
    std::vector<Reason> reasons;      ///< as in the decision
    /// Never, and only because facts are missing: each reason could go away if a fact were stated, or had a stronger
    /// provenance. If this is false, more facts cannot change the answer.
    bool wants_facts = false;
    Error refused;  ///< why the request with this candidate is rejected, so that the answer is never; otherwise empty
};

/// The views in the reasons point into the bundles of `layers`.
struct SearchResult {
    Open open = Open::Tool;
    Layers layers{std::vector<Bundle>{}};
    std::vector<SearchItem> items;  ///< in the order of the candidates
};

/// Tries every candidate for the open field.
/// Input:   request: a request document; each candidate replaces its open field.
/// candidates: a JSON array. A text is a tool's name (for `tool.name`), a scope, or an agent's id (for `agent.id`);
/// an object is a whole `tool` or `agent`. Empty text: every tool in the layers' catalogues, by name, or every scope
/// that they declare for the request's tool. Agents must be given. A search for tools requests the scopes in
/// `want.scopes`; if the request states none, all that the layers declare for the candidate.
/// Errors:  Q0001.. the request without its open field is refused; or `candidates` is, then `context` is for example
/// `candidates[3]`. Q0024 if candidates must be given, Q0004 for more than 100,000.
/// Source:  docs/search-format.md
[[nodiscard]] Result<SearchResult> search(Evaluator& evaluator, std::string_view request, Open open,
                                          std::string_view candidates = {}, const RequestLimits& limits = {});

/// One line of JSON, keys in a fixed order. For the operator: it names rules.
/// Source:  docs/search-format.md
[[nodiscard]] std::string to_json(const SearchResult& result);

/// "always", "if_approved" or "never".
[[nodiscard]] std::string_view answer_name(Effect answer);

}  // namespace writ
