// One reader for each kind of document. Each fills a draft, or says why it cannot.
#pragma once

#include <string_view>

#include "base/json.h"
#include "importing/draft.h"

namespace writ::importing {

/// A document as JSON; larger ones than requests are accepted. Errors: K0007.
[[nodiscard]] Result<json::Value> read_json(std::string_view text);
/// The text of a member; empty if there is none.
[[nodiscard]] std::string text_at(const json::Value& object, std::string_view member);
/// The texts of a member that is one text or a list of them. None: it is something else.
[[nodiscard]] bool texts_at(const json::Value& value, std::vector<std::string>& to);

/// The JSON schemas of a document. References can multiply them without end, so the number that is read is limited: for
/// one parameter or body, and for all.
class Schemas {
public:
    using Properties = std::vector<std::pair<std::string, const json::Value*>>;

    explicit Schemas(const json::Value& root) : root_(&root) {}
    /// Reads references in another document from now on.
    void set_root(const json::Value& root) { root_ = &root; }

    /// Follows references inside the document; null if one leads nowhere.
    [[nodiscard]] const json::Value* resolved(const json::Value* value) const;
    /// The type of the language; empty: there is none. Adds what the type does not say to `notes`.
    [[nodiscard]] std::string type(const json::Value& schema, const std::string& name, std::vector<std::string>& notes);
    /// The properties of an object's schema, also of its `allOf`. Output: whether the schema has nothing else.
    [[nodiscard]] bool properties(const json::Value& schema, Properties& to);
    /// `params { … }` for properties; empty if there are none.
    [[nodiscard]] std::string params(const Properties& properties, std::vector<std::string>& notes);

private:
    friend class SchemaReader;

    const json::Value* root_;
    std::size_t left_ = 1'000'000;
};

Result<void> read_openapi(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_mcp(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_aws_trust(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_github_oidc(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_cedar(std::string_view text, const ImportOptions& options, Draft& draft);

}  // namespace writ::importing
