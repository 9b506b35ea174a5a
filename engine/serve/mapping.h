// How a question of the AuthZEN Authorization API becomes a request document: a JSON file that operators write.
// Not here: the API itself (authzen.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "serve/directory.h"
#include "serve/http_routes.h"
#include "writ/bundle.h"
#include "writ/request.h"

namespace writ::serve {

/// May this subject do this to this resource? Every entity is an object with its required members; `context` is an
/// object or null.
struct AccessQuestion {
    const json::Value& subject;
    const json::Value& action;
    const json::Value& resource;
    const json::Value* context = nullptr;
};

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
    /// The digest of the file, in hex.
    [[nodiscard]] const std::string& version() const { return version_; }

private:
    using Path = std::vector<std::string>;
    enum class Source : std::uint8_t { Value, Clock, Member, Properties, Directory, Context };
    /// States one field.
    struct Rule {
        Path to;
        std::string to_text, place;  ///< as written; the JSON path of the rule
        Source source = Source::Value;
        Path from;          ///< Member: one step. Otherwise the steps below `properties`, `directory`, `context`
        json::Value value;  ///< Value; Clock: the number of seconds to add
        Provenance provenance = Provenance::Asserted;  ///< of what does not come from the directory
        bool overlay = false;  ///< Properties: the directory's attribute, if the request has none
        bool list = false;     ///< a value that is no array becomes an array with it
    };
    using Rules = std::vector<Rule>;
    using Section = std::map<std::string, Rules, std::less<>>;
    struct Reader;

    [[nodiscard]] static const Rules* rules_of(const Section& section, std::string_view name);
    [[nodiscard]] std::optional<Error> conflict() const;
    void read_http(const json::Value& from, Reader& reader);

    Rules always_;
    Section subjects_, resources_, actions_;
    std::optional<HttpRoutes> http_;
    std::vector<std::string> obligations_;
    bool explain_ = false;
    std::string name_, version_;
};

}  // namespace writ::serve
