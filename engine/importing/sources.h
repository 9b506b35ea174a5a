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

/// The type of the language for a JSON schema; empty: there is none. Input: root: where its `$ref` leads. Adds what the
/// type does not say to `notes`.
[[nodiscard]] std::string type_of_schema(const json::Value& schema, const json::Value& root, const std::string& name,
                                         std::vector<std::string>& notes);
/// `params { … }` for the properties of a schema; empty if there are none.
[[nodiscard]] std::string params_of(const std::vector<std::pair<std::string, const json::Value*>>& properties,
                                    const json::Value& root, std::vector<std::string>& notes);
/// The properties of an object's schema, also of its `allOf`. Output: whether they are all there is to it.
[[nodiscard]] bool properties_of(const json::Value& schema, const json::Value& root,
                                 std::vector<std::pair<std::string, const json::Value*>>& to, int depth = 0);

Result<void> read_openapi(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_mcp(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_aws_trust(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_github_oidc(std::string_view text, const ImportOptions& options, Draft& draft);
Result<void> read_cedar(std::string_view text, const ImportOptions& options, Draft& draft);

}  // namespace writ::importing
