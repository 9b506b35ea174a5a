// How a question of the AuthZEN Authorization API becomes a request document: a JSON file that operators write.
// Not here: the API itself (authzen.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/directory.h"
#include "serve/http_routes.h"
#include "serve/issuance_mapping.h"
#include "serve/rules.h"

namespace writ::serve {

/// A request document that was made from a question.
struct Filled {
    std::string document;
    std::vector<std::string> scopes;  ///< of `want.scopes`, as the document states them
    std::size_t dropped = 0;          ///< properties of the action that no rule of the mapping reads
};

/// One mapping file. Does not change once it is read.
class Mapping {
public:
    /// Reads a file of at most 1 MiB. Errors: H0006, with the file and the JSON path in `context`.
    /// Source: docs/serve-authzen.md
    [[nodiscard]] static Result<Mapping> read(const std::string& path);
    /// The same from text; `name` is shown in errors.
    [[nodiscard]] static Result<Mapping> parse(std::string_view text, const std::string& name);

    /// Checks that the policy has every field and parameter that the mapping states, and that its constants have the
    /// right types. Errors: H0006.
    [[nodiscard]] Result<void> check(const Layers& layers) const;

    /// Makes the request document. Facts that the question and the directory do not have are left out. If the mapping
    /// has no rules for the subject's type, the resource's type or the action, the document states only `now`, so that
    /// it is denied.
    /// Input: now: seconds since 1970.
    [[nodiscard]] Filled fill(const AccessQuestion& question, const Directory& directory, std::int64_t now) const;

    /// The names of actions that have rules of their own, in byte order.
    [[nodiscard]] std::vector<std::string_view> actions() const;
    /// Whether answers contain the codes of reasons.
    [[nodiscard]] bool explains() const { return explain_; }
    /// Whether every client fulfils an obligation with this name.
    [[nodiscard]] bool fulfils(std::string_view obligation) const;
    /// How requests of a proxy become questions; null if the mapping has none.
    [[nodiscard]] const HttpRoutes* http() const { return http_ ? &*http_ : nullptr; }
    /// How token requests become request documents; null: there are none. Questions that are part of a token request
    /// have no rules here.
    [[nodiscard]] const IssuanceMapping* issuance() const { return issuance_ ? &*issuance_ : nullptr; }
    /// The digest of the file, in hex.
    [[nodiscard]] const std::string& version() const { return version_; }

private:
    void read_http(const json::Value& from, RuleReader& reader);

    MappingRules always_;
    Section subjects_, resources_, actions_;
    std::optional<HttpRoutes> http_;
    std::vector<std::string> obligations_;
    bool explain_ = false;
    std::optional<IssuanceMapping> issuance_;
    std::string name_, version_;
};

}  // namespace writ::serve
