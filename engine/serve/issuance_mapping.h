// How a token request of an authorization server becomes one request document: the `issuance` member of a mapping.
// Not here: which questions are one token request, and what the decision answers (issuance.h).
// Source: docs/serve-issuance.md
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/approval_state.h"
#include "serve/directory.h"
#include "serve/rules.h"

namespace writ::serve {

/// Questions that one decision answers: those about one target.
struct TokenRequest {
    std::string_view target;      ///< the audience of the token
    std::string_view token_type;  ///< a URN
    /// The party that the token represents, and the one that asks for it. Null: there is no other one.
    const json::Value *subject = nullptr, *requesting = nullptr;
    std::vector<AccessQuestion> of_subject, of_requesting;  ///< all questions about each
    std::vector<AccessQuestion> scope_tuples, cells;
    std::optional<json::Value> approvals;  ///< that may be believed
};

/// A request document that was made from a token request.
struct FilledToken {
    std::string document;
    /// The scopes that each cell asks for.
    std::vector<std::vector<std::string>> of_cells;
    json::Value call;         ///< what would be done: the tool with its parameters, and the resource
    std::int64_t ends = 0;    ///< the first end of the token, the run and the session; INT64_MAX: none is stated
    bool delegated = false;   ///< a chain of delegation is stated
    std::size_t dropped = 0;  ///< properties of actions that no rule reads
    bool one_call = true;     ///< false: the scopes or the cells state different things; the request must be refused
};

class IssuanceMapping {
public:
    /// Private names of claims; empty: there is none.
    struct Claims {
        std::string call;        ///< what was permitted
        std::string single_use;  ///< that the token may be used once
        std::string duties;      ///< the obligations, for servers that do not know the extension
    };
    /// The service for access requests.
    struct Approvals {
        std::string endpoint, audience;
        std::int64_t seconds = 600;          ///< how long an access request may be made
        std::optional<ApprovalTrust> trust;  ///< none: no approval that a request has is believed
    };

    /// Reads the member.
    [[nodiscard]] static IssuanceMapping read(RuleReader& reader, const json::Value& from, const std::string& place);

    /// Whether a question about a resource of this type is part of a token request.
    [[nodiscard]] bool concerns(std::string_view resource_type) const;
    /// Whether tokens may be asked for by this gate.
    [[nodiscard]] bool allows(std::string_view gate) const;
    /// Whether there are rules for all parts of a request. If not, it cannot be permitted.
    [[nodiscard]] bool knows(const TokenRequest& request) const;
    /// Makes the request document. A field is stated only if every question that could state it states the same.
    /// Requires: knows(). Input: now: seconds since 1970.
    [[nodiscard]] FilledToken fill(const TokenRequest& request, const Directory& directory, std::int64_t now) const;

    [[nodiscard]] const Claims& claims() const { return claims_; }
    [[nodiscard]] const std::optional<Approvals>& approvals() const { return approvals_; }
    [[nodiscard]] std::vector<const MappingRules*> lists() const;

private:
    /// A type of `authorization_details`.
    struct Detail {
        MappingRules resource;
        Section actions;
    };
    void check(RuleReader& reader, const std::string& place) const;

    std::vector<std::string> gates_;
    MappingRules always_;
    Section subjects_, requesting_, targets_, scopes_;
    std::map<std::string, Detail, std::less<>> details_;
    Claims claims_;
    std::optional<Approvals> approvals_;
};

/// The URN of the type of token that a gate is for; empty: it is no gate, or the type is not known.
[[nodiscard]] std::string_view token_type_of(std::string_view gate);

}  // namespace writ::serve
