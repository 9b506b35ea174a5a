// Tool catalogues: OpenAPI documents, and the tools of an MCP server.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/values.h"
#include "importing/sources.h"
#include "writ/errors.h"
#include "writ/words.h"

namespace writ::importing {

namespace {

using Properties = Schemas::Properties;

constexpr std::pair<std::string_view, Draft::Tier> kMethods[] = {
    {"get", Draft::Tier::Read},    {"head", Draft::Tier::Read},        {"options", Draft::Tier::Read},
    {"trace", Draft::Tier::Read},  {"put", Draft::Tier::Write},        {"post", Draft::Tier::Write},
    {"patch", Draft::Tier::Write}, {"delete", Draft::Tier::Privileged}};

/// A tool, and what belongs to it.
struct NewTool {
    std::string wire, about, audience;
    Draft::Tier tier = Draft::Tier::Privileged;
    std::vector<std::string> scopes;
    std::string params;
};

void write_tool(const NewTool& tool, Draft& draft, DraftPart& piece) {
    if (!is_plain(tool.wire)) {
        piece.reason = "its name is not plain text";
        return;
    }
    std::vector<std::string> scopes = tool.scopes;
    if (scopes.empty()) {
        scopes.push_back(tool.wire);
        piece.notes.emplace_back("no scope is stated; this one has the tool's name: write what the server checks");
    }
    if (!std::all_of(scopes.begin(), scopes.end(), is_plain)) {
        piece.reason = "a scope is not plain text";
        return;
    }
    const std::string about = in_one_line(tool.about);
    piece.text = (about.empty() ? "" : "/// " + about + "\n") +
                 fmt::format("export tool {} {} {{\n  tier {}\n  audience {}\n  scopes {{ {} }}\n{}}}",
                             draft.name_for(tool.wire), literal_of(tool.wire), draft.name_of(tool.tier),
                             literal_of(tool.audience), literals_of(scopes), tool.params);
}

/// `https://api.example.com` of a server's URL; empty: it is no URL of a web server with a plain host.
std::string origin_of(std::string_view url) {
    const auto canonical = canonical_text(Kind::Url, url);
    if (!canonical || !(canonical->starts_with("https://") || canonical->starts_with("http://"))) return {};
    return canonical->substr(0, canonical->find('/', canonical->find("://") + 3));
}

/// The origin of an OpenAPI server; variables have their default values. Empty: it has no host.
std::string origin_of(const json::Value& server) {
    std::string url = text_at(server, "url");
    const json::Value* const variables = server.find("variables");
    for (std::size_t at = 0; (at = url.find('{', at)) != std::string::npos;) {
        const std::size_t end = url.find('}', at);
        const json::Value* const variable = variables != nullptr && end != std::string::npos
                                                ? variables->find(url.substr(at + 1, end - at - 1))
                                                : nullptr;
        if (variable == nullptr) break;
        const std::string value = text_at(*variable, "default");
        url.replace(at, end + 1 - at, value);
        at += value.size();
    }
    return origin_of(std::string_view(url));
}

class OpenApi {
public:
    OpenApi(const json::Value& root, const ImportOptions& options, Draft& draft)
        : root_(root), schemas_(root), options_(options), draft_(draft) {}

    Result<void> read() {
        if (!text_at(root_, "openapi").starts_with("3."))
            return fail(Code::NotImportable, "this is not an OpenAPI 3 document: it has no `openapi` with a version 3");
        const Servers own = servers_of(root_);
        audience_ = options_.tool_audience.empty() ? own.first : options_.tool_audience;
        more_servers_ = options_.tool_audience.empty() ? own.others : 0;
        if (audience_.empty())
            return fail(
                Code::NotImportable,
                "the first server of the document has no host; give the audience of the tools with --tool-audience");
        const json::Value* paths = root_.find("paths");
        if (paths == nullptr || paths->type != json::Type::Object)
            return fail(Code::NotImportable, "the document has no `paths`");
        for (const json::Member& path : paths->members)
            for (const json::Member& each : path.second.members)
                for (const auto& [method, tier] : kMethods)
                    if (each.first == method) operation(path.first, path.second, method, tier, each.second);
        return {};
    }

private:
    /// The servers of a document, a path or an operation.
    struct Servers {
        bool stated = false;
        std::string first;       ///< the origin of the first one; empty: it has no host
        std::size_t others = 0;  ///< further servers with other origins
    };
    static Servers servers_of(const json::Value& holder) {
        Servers out;
        const json::Value* const list = holder.find("servers");
        if (list == nullptr || list->items.empty()) return out;
        out.stated = true;
        out.first = origin_of(list->items.front());
        for (const json::Value& each : list->items) out.others += origin_of(each) != out.first;
        return out;
    }
    /// The audience of an operation: its server, or its path's, or the document's. Output: false if it has no host.
    bool audience(const json::Value& path, const json::Value& operation, DraftPart& piece, NewTool& tool) const {
        Servers servers = servers_of(operation);
        if (!servers.stated) servers = servers_of(path);
        if (!servers.stated) servers = {true, audience_, more_servers_};
        if (servers.others > 0)
            piece.notes.push_back("the audience is the first server's; there " +
                                  (servers.others == 1 ? "is another" : fmt::format("are {} others", servers.others)));
        tool.audience = servers.first;
        return !servers.first.empty();
    }

    void operation(const std::string& path, const json::Value& shared, std::string_view method, Draft::Tier tier,
                   const json::Value& operation) {
        std::string upper(method);
        for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
        const std::string where = upper + " " + path;
        DraftPart& piece = draft_.add(Sort::Tool, where, where);
        if (operation.type != json::Type::Object) {
            piece.reason = "it is not an object";
            return;
        }
        NewTool tool;
        tool.wire = text_at(operation, "operationId");
        if (tool.wire.empty()) tool.wire = where;
        if (!wires_.insert(tool.wire).second) {
            piece.reason = "another operation has the same `operationId`";
            return;
        }
        tool.about = text_at(operation, "summary");
        tool.tier = tier;
        if (!audience(shared, operation, piece, tool)) {
            piece.reason =
                "its own server has no host, or one with a variable without a default, so its audience is not known";
            return;
        }
        security(operation, piece, tool);
        Properties properties;
        std::vector<std::string> notes;
        for (const json::Value* holder : {&shared, &operation})
            if (const json::Value* list = holder->find("parameters"))
                for (const json::Value& each : list->items) parameter(each, properties, notes);
        if (const json::Value* body = operation.find("requestBody")) request_body(*body, properties, notes);
        tool.params = schemas_.params(properties, notes);
        piece.notes.insert(piece.notes.end(), notes.begin(), notes.end());
        write_tool(tool, draft_, piece);
    }

    void parameter(const json::Value& given, Properties& properties, std::vector<std::string>& notes) const {
        const json::Value* found = schemas_.resolved(&given);
        const std::string name = found != nullptr ? text_at(*found, "name") : "";
        const std::string in = found != nullptr ? text_at(*found, "in") : "";
        const json::Value* schema = found != nullptr ? found->find("schema") : nullptr;
        if (in != "path" && in != "query")
            notes.push_back(fmt::format("parameter `{}`: it is in the {}", name, in.empty() ? "unknown" : in));
        else if (schema == nullptr)
            notes.push_back(fmt::format("parameter `{}`: it has no schema", name));
        else {
            // A parameter of the operation replaces one of the path.
            std::erase_if(properties, [&](const auto& each) { return each.first == name; });
            properties.emplace_back(name, schema);
        }
    }

    void request_body(const json::Value& given, Properties& properties, std::vector<std::string>& notes) {
        const json::Value* body = schemas_.resolved(&given);
        const json::Value* content = body != nullptr ? body->find("content") : nullptr;
        const json::Value* media = content != nullptr ? content->find("application/json") : nullptr;
        const json::Value* schema = media != nullptr ? media->find("schema") : nullptr;
        if (schema == nullptr)
            notes.emplace_back("the body: it is not JSON with a schema");
        else if (!schemas_.properties(*schema, properties))
            notes.emplace_back("the body: its schema has alternatives, or members that it does not list");
    }

    /// The scopes of the first alternative that has some.
    void security(const json::Value& operation, DraftPart& piece, NewTool& tool) const {
        const json::Value* all = operation.find("security");
        if (all == nullptr) all = root_.find("security");
        if (all == nullptr || all->type != json::Type::Array) return;
        std::size_t others = 0;
        for (const json::Value& alternative : all->items) {
            std::vector<std::string> scopes;
            for (const json::Member& scheme : alternative.members)
                for (const json::Value& scope : scheme.second.items)
                    if (scope.type == json::Type::String &&
                        std::find(scopes.begin(), scopes.end(), scope.text) == scopes.end())
                        scopes.push_back(scope.text);
            if (scopes.empty()) continue;
            if (tool.scopes.empty())
                tool.scopes = std::move(scopes);
            else
                ++others;
        }
        if (others > 0)
            piece.notes.push_back(counted(others, "other way", "other ways") +
                                  " to be authorised; these are the first one's scopes");
    }

    const json::Value& root_;
    Schemas schemas_;
    const ImportOptions& options_;
    Draft& draft_;
    std::string audience_;          ///< of operations without a server of their own
    std::size_t more_servers_ = 0;  ///< further servers of the document
    std::set<std::string> wires_;
};

bool hint(const json::Value* annotations, std::string_view name, bool otherwise) {
    const json::Value* found = annotations != nullptr ? annotations->find(name) : nullptr;
    return found != nullptr && found->type == json::Type::Bool ? found->boolean : otherwise;
}

}  // namespace

Result<void> read_openapi(std::string_view text, const ImportOptions& options, Draft& draft) {
    const auto document = read_json(text);
    if (!document) return tl::unexpected(document.error());
    return OpenApi(*document, options, draft).read();
}

Result<void> read_mcp(std::string_view text, const ImportOptions& options, Draft& draft) {
    const auto document = read_json(text);
    if (!document) return tl::unexpected(document.error());
    // The whole answer, or its result.
    const json::Value* result = document->type == json::Type::Object ? document->find("result") : nullptr;
    const json::Value& holder = result != nullptr ? *result : *document;
    const json::Value* tools = holder.type == json::Type::Object ? holder.find("tools") : nullptr;
    if (tools == nullptr || tools->type != json::Type::Array)
        return fail(Code::NotImportable, "this is not a result of `tools/list`: it has no list `tools`");
    if (options.tool_audience.empty())
        return fail(Code::NotImportable, "the document does not name the server; give its URL with --tool-audience");
    if (const json::Value* next = holder.find("nextCursor"); next != nullptr && next->type == json::Type::String) {
        DraftPart& piece = draft.add(Sort::Tool, "the tools of further pages", "nextCursor");
        piece.reason = "the document is only one page of the list";
    }
    std::set<std::string> wires;
    Schemas schemas(*tools);
    for (const json::Value& each : tools->items) {
        const std::string name = text_at(each, "name");
        DraftPart& piece = draft.add(Sort::Tool, name, name);
        if (name.empty() || !wires.insert(name).second) {
            piece.reason = name.empty() ? "it has no name" : "another tool has the same name";
            continue;
        }
        NewTool tool;
        tool.wire = name;
        tool.about = text_at(each, "title").empty() ? text_at(each, "description") : text_at(each, "title");
        tool.audience = options.tool_audience;
        // Without hints a tool may destroy, by the protocol. The hints are the server's own words.
        const json::Value* annotations = each.find("annotations");
        const bool object = annotations != nullptr && annotations->type == json::Type::Object;
        const bool reads = object && hint(annotations, "readOnlyHint", false);
        const bool keeps = object && !hint(annotations, "destructiveHint", true);
        tool.tier = reads ? Draft::Tier::Read : keeps ? Draft::Tier::Write : Draft::Tier::Privileged;
        if (reads || keeps)
            piece.notes.emplace_back("the tier is from hints of the server, which it may set as it likes: check it");
        if (const json::Value* schema = each.find("inputSchema");
            schema != nullptr && schema->type == json::Type::Object) {
            Properties properties;
            schemas.set_root(*schema);
            if (!schemas.properties(*schema, properties))
                piece.notes.emplace_back("its schema has alternatives, or members that it does not list");
            tool.params = schemas.params(properties, piece.notes);
        }
        write_tool(tool, draft, piece);
    }
    return {};
}

}  // namespace writ::importing
