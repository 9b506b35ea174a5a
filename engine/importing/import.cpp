#include "writ/import.h"

#include "importing/sources.h"
#include "writ/errors.h"

namespace writ {

Result<Imported> import_policy(ImportKind kind, std::string_view document, const ImportOptions& options) {
    if (!options.tiers.empty() && options.tiers.size() != 3)
        return fail(Code::NotImportable, "name three tiers: for tools that read, that write, and that destroy");
    importing::Draft draft(options);
    if (const std::string wrong = draft.tier_problem(); !wrong.empty())
        return fail(Code::NotImportable, "the names of tiers: " + wrong);
    const auto read = [&]() -> Result<void> {
        switch (kind) {
            case ImportKind::OpenApi: return importing::read_openapi(document, options, draft);
            case ImportKind::Mcp: return importing::read_mcp(document, options, draft);
            case ImportKind::AwsTrust: return importing::read_aws_trust(document, options, draft);
            case ImportKind::GithubOidc: return importing::read_github_oidc(document, options, draft);
            case ImportKind::Cedar: return importing::read_cedar(document, options, draft);
        }
        return {};
    }();
    if (!read) return tl::unexpected(read.error());
    return draft.finish();
}

}  // namespace writ

namespace writ::importing {

Result<json::Value> read_json(std::string_view text) {
    RequestLimits limits;
    limits.max_bytes = 64u << 20;
    limits.max_depth = 200;
    limits.max_members = 100'000;
    limits.max_string = 1u << 20;
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] != '{' && text[first] != '[')
        return fail(Code::NotImportable, "the document is not JSON; convert YAML to JSON first, as with `yq -o=json`");
    auto document = json::parse(text, limits);
    if (!document) return fail(Code::NotImportable, document.error().message, document.error().context);
    return std::move(*document);
}

std::string text_at(const json::Value& object, std::string_view member) {
    const json::Value* found = object.type == json::Type::Object ? object.find(member) : nullptr;
    return found != nullptr && found->type == json::Type::String ? found->text : std::string();
}

bool texts_at(const json::Value& value, std::vector<std::string>& to) {
    if (value.type == json::Type::String) return to.push_back(value.text), true;
    if (value.type != json::Type::Array || value.items.empty()) return false;
    for (const json::Value& each : value.items) {
        if (each.type != json::Type::String) return false;
        to.push_back(each.text);
    }
    return true;
}

}  // namespace writ::importing
