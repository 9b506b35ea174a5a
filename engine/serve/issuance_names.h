// The names that the drafts of AuthZEN define: token issuance, token exchange, obligations, and access request and
// approval. They still change; nothing else in the code spells them.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace writ::serve::draft {

// What is asked.
constexpr std::string_view kGate = "issue:";  ///< `issue:TOKEN_TYPE:GRANT_TYPE`
constexpr std::string_view kAudience = "audience", kProtectedResource = "protected_resource";
constexpr std::string_view kActor = "act";  ///< the chain of actors, in `context` and in a subject's `properties`

/// Types of tokens, and their URNs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTokenTypes = {{
    {"access_token", "urn:ietf:params:oauth:token-type:access_token"},
    {"refresh_token", "urn:ietf:params:oauth:token-type:refresh_token"},
    {"id_token", "urn:ietf:params:oauth:token-type:id_token"},
    {"id_jag", "urn:ietf:params:oauth:token-type:id-jag"},
    {"txn_token", "urn:ietf:params:oauth:token-type:txn_token"},
    {"jwt", "urn:ietf:params:oauth:token-type:jwt"},
    {"saml1", "urn:ietf:params:oauth:token-type:saml1"},
    {"saml2", "urn:ietf:params:oauth:token-type:saml2"},
}};

// What is answered: the members of `context.issuance`.
constexpr std::string_view kIssuance = "issuance", kTokenLifetime = "token_lifetime", kGrantedScope = "granted_scope",
                           kClaims = "claims", kCrit = "crit";
/// Claims that a decision point must not set.
constexpr std::array<std::string_view, 13> kReservedClaims = {
    "iss",    "iat", "jti", "sub", "aud", "exp", "nbf", "scope", "client_id", "cnf", "act", "authorization_details",
    "may_act"};

// Obligations.
constexpr std::string_view kSupportedExtensions = "supported_mandatory_extensions",
                           kSupportedObligations = "supported_obligations", kObligations = "obligations",
                           kCustom = "custom";

// Access request and approval.
constexpr std::string_view kAccessRequest = "access_request", kExpiresAt = "expires_at",
                           kBindingToken = "binding_token", kEvaluationId = "evaluation_id",
                           kEvaluatedAt = "evaluated_at", kReason = "reason", kApprovalRequired = "approval_required";
// … and its way back.
constexpr std::string_view kApproval = "approval", kApprovedUntil = "approved_until", kNextAction = "next_action",
                           kRequestAgain = "request", kNone = "none", kOutOfScope = "out_of_scope",
                           kApprovalExpired = "approval_expired", kUnverifiable = "approval_unverifiable";

// Metadata.
constexpr std::string_view kIssuanceCapability = "urn:openid:authzen:capability:token-issuance",
                           kObligationsCapability = "urn:openid:authzen:capability:obligations",
                           kAccessRequestCapability = "urn:openid:authzen:capability:access-request",
                           kAccessRequestEndpoint = "access_request_endpoint", kJwksUri = "jwks_uri";

}  // namespace writ::serve::draft
