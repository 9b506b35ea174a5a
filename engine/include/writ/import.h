// Makes a policy from a document of another system: a tool catalogue, or permits. The policy never permits more than
// the document: a permit with a condition that cannot be expressed becomes a comment. Not here: reading files and
// printing (cli/verbs/import.cpp). Reference: docs/import.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"

namespace writ {

enum class ImportKind : std::uint8_t {
    OpenApi,     ///< an OpenAPI 3 document, as JSON: tools
    Mcp,         ///< the result of MCP's `tools/list`, as JSON: tools
    AwsTrust,    ///< the trust policy of an AWS IAM role, as JSON: permits
    GithubOidc,  ///< patterns for GitHub's subject, one a line; or federated credentials of Microsoft Entra, as JSON:
                 ///< permits
    Cedar,       ///< Cedar policies, as text: tools, permits and denies
};

struct ImportOptions {
    std::string module = "imported";
    std::string issuer;         ///< URL of the issuer of tokens, if the document does not say it
    std::string audience;       ///< audience of these tokens: the broker, if the document does not say it
    std::string tool_audience;  ///< audience of the credentials for the tools, if the document does not say it
    std::string tool;           ///< the tool that the permits are for, if the document does not say it
    /// The names of existing tiers for tools that read, write and destroy. Empty: the policy declares its own three.
    std::vector<std::string> tiers;
};

/// A part of the document that the policy lacks, or contains in another form.
struct ImportGap {
    std::string where;      ///< its place in the document
    std::string reason;     ///< one lower-case sentence
    bool left_out = false;  ///< the whole tool or rule; otherwise it is in the policy, but narrower or with less detail
};

struct Imported {
    std::string policy;  ///< in canonical style; it compiles
    std::size_t tools = 0, rules = 0;
    std::vector<ImportGap> gaps;  ///< in the order of the document; each is a comment in the policy too
};

/// Imports a document.
/// Errors: K0007 the document is not of this kind, something is neither in it nor in the options, or `tiers` are not
/// three names.
[[nodiscard]] Result<Imported> import_policy(ImportKind kind, std::string_view document, const ImportOptions& options);

}  // namespace writ
