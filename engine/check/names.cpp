// Looks up names, and reports those that are not found.
#include <algorithm>

#include "check/context.h"

namespace writ::check {
namespace {

constexpr std::size_t kMaxCandidates = 4096;

/// A name of one module, as visible from another.
NameLookup look_inside(const Context& c, std::uint32_t from, std::uint32_t module, NameSort sort,
                       std::string_view name) {
    const auto& names = c.modules[module].names[static_cast<std::size_t>(sort)];
    const auto found = names.find(name);
    if (found == names.end()) return {};
    const auto& entry = c.entries[found->second];
    if (from != module && !entry.decl->exported) return {nullptr, Miss::Private, &entry};
    return {&entry, Miss::No, nullptr};
}

/// Names the issuer kinds that there are, and the modules that have more.
std::string help_kinds(Context& c, std::uint32_t module) {
    std::vector<std::string_view> modules;
    for (const auto& exported : library_exports(c))
        if (exported.sort == NameSort::Kind && look_up(c, module, NameSort::Kind, exported.name).miss != Miss::No)
            modules.push_back(exported.module);
    std::sort(modules.begin(), modules.end());
    modules.erase(std::unique(modules.begin(), modules.end()), modules.end());
    std::string out = name_all("the kind here is", "the kinds here are", visible_names(c, module, NameSort::Kind));
    if (!modules.empty()) out += (out.empty() ? "" : "; ") + name_all("import", "import one of", modules);
    return out;
}

}  // namespace

std::string name_all(std::string_view one, std::string_view several, const std::vector<std::string_view>& names) {
    std::string out(names.empty() ? std::string_view{} : names.size() == 1 ? one : several);
    for (std::size_t i = 0; i < names.size(); ++i) out.append(i == 0 ? " " : ", ").append(quoted(names[i]));
    return out;
}

NameLookup look_up(const Context& c, std::uint32_t module, NameSort sort, std::string_view name) {
    auto found = look_inside(c, module, module, sort, name);
    if (found.entry != nullptr) return found;
    for (const auto& import : c.modules[module].imports) {
        if (!import.alias.empty()) continue;
        const auto next = look_inside(c, module, import.module, sort, name);
        if (next.entry != nullptr) {
            if (found.entry != nullptr) return {found.entry, Miss::Ambiguous, next.entry};
            found = next;
        } else if (found.entry == nullptr && next.miss == Miss::Private) {
            found = next;
        }
    }
    return found;
}

NameLookup look_up(const Context& c, std::uint32_t module, NameSort sort, std::span<const std::string_view> parts) {
    if (parts.empty()) return {};
    if (parts.size() == 1) return look_up(c, module, sort, parts[0]);
    std::string prefix;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        if (i > 0) prefix += '.';
        prefix += parts[i];
    }
    if (c.modules[module].name == prefix) return look_inside(c, module, module, sort, parts.back());
    for (const auto& import : c.modules[module].imports)
        if (import.alias.empty() ? c.modules[import.module].name == prefix : import.alias == prefix)
            return look_inside(c, module, import.module, sort, parts.back());
    return {};
}

std::vector<std::string_view> visible_names(const Context& c, std::uint32_t module, NameSort sort) {
    std::vector<std::string_view> out;
    const auto at = static_cast<std::size_t>(sort);
    for (const auto& [name, entry] : c.modules[module].names[at])
        if (out.size() < kMaxCandidates) out.push_back(name);
    for (const auto& import : c.modules[module].imports) {
        if (!import.alias.empty()) continue;
        for (const auto& [name, entry] : c.modules[import.module].names[at])
            if (out.size() < kMaxCandidates && c.entries[entry].decl->exported) out.push_back(name);
    }
    // The order of a hash table must not affect a message.
    std::sort(out.begin(), out.end());
    return out;
}

bool may_be_broken(const Context& c, std::uint32_t module, std::string_view name) {
    if (c.modules[module].incomplete) return true;
    const auto parts = split_name(name);
    return c.broken_names.contains(parts.front()) || c.broken_names.contains(parts.back());
}

bool suggest_import(Context& c, Diagnostic& diagnostic, std::uint32_t module, NameSort sort, std::string_view name) {
    if (c.report.full()) return false;
    const auto parts = split_name(name);
    const auto last = parts.back();
    const auto prefix = parts.size() == 1 ? std::string_view{} : name.substr(0, name.size() - last.size() - 1);
    std::string from;
    for (const auto& entry : c.entries) {
        if (entry.name.text != last || !entry.decl->exported || entry.module == module) continue;
        const auto& names = c.modules[entry.module].names[static_cast<std::size_t>(sort)];
        const auto found = names.find(last);
        if (found == names.end() || &c.entries[found->second] != &entry) continue;
        if (prefix.empty() || prefix == c.modules[entry.module].name) from = c.modules[entry.module].name;
    }
    for (const auto& exported : library_exports(c))
        if (from.empty() && exported.sort == sort && exported.name == last &&
            (prefix.empty() || prefix == exported.module))
            from = exported.module;
    if (from.empty()) return false;
    for (const auto& import : c.modules[module].imports)
        if (c.modules[import.module].name == from && !import.alias.empty()) {
            diagnostic.help = quoted(from) + " is imported as " + quoted(import.alias) + ": write " +
                              quoted(std::string(import.alias) + "." + std::string(last));
            return true;
        }
    diagnostic.help = "write " + quoted("import " + from) + " at the top of the file";
    return true;
}

void suggest(const Context& c, Diagnostic& diagnostic, std::string_view name,
             const std::vector<std::string_view>& candidates) {
    if (c.report.full()) return;
    const auto near = nearest(name, candidates);
    if (near.empty()) return;
    diagnostic.help = "did you mean " + quoted(near) + "?";
    diagnostic.replacement = near;
}

void report_twice(Context& c, std::string_view noun, std::string_view name, Span span, Span first) {
    auto& diagnostic =
        c.report.add(Code::DeclaredTwice, span, std::string(noun) + " " + quoted(name) + " is declared twice",
                     "declared again here");
    diagnostic.related.push_back({first, "first declared here"});
}

void report_miss(Context& c, std::uint32_t module, NameSort sort, const NameLookup& found, std::string_view name,
                 Span span, Code unknown, std::string_view noun) {
    switch (found.miss) {
        case Miss::No: return;
        case Miss::Unknown: {
            if (may_be_broken(c, module, name)) return;
            auto& diagnostic =
                c.report.add(unknown, span, "there is no " + std::string(noun) + " " + quoted(name), "not declared");
            if (const auto tool = c.tools_by_wire.find(name); sort == NameSort::Tool && tool != c.tools_by_wire.end()) {
                const auto& policy_name = c.policy.tools[tool->second].name;
                diagnostic.help = "that is its name in requests; the policy calls it " + quoted(policy_name);
                diagnostic.replacement = policy_name;
                return;
            }
            if (suggest_import(c, diagnostic, module, sort, name) || c.report.full()) return;
            suggest(c, diagnostic, name, visible_names(c, module, sort));
            if (diagnostic.help.empty() && sort == NameSort::Kind) diagnostic.help = help_kinds(c, module);
            return;
        }
        case Miss::Private: {
            auto& diagnostic = c.report.add(Code::PrivateName, span,
                                            std::string(noun) + " " + quoted(name) + " is private to module " +
                                                quoted(c.modules[found.other->module].name),
                                            {}, "put `export` before its declaration");
            diagnostic.related.push_back({found.other->name.span, "declared here without `export`"});
            return;
        }
        case Miss::Ambiguous: {
            auto& diagnostic =
                c.report.add(Code::AmbiguousName, span, quoted(name) + " could be either of two imported names", {},
                             "write " + quoted(c.modules[found.entry->module].name + "." + std::string(name)));
            diagnostic.related.push_back({found.entry->name.span, "one is declared here"});
            diagnostic.related.push_back({found.other->name.span, "the other here"});
            return;
        }
    }
}

const NamedDecl* require_name(Context& c, std::uint32_t module, NameSort sort, const ast::QualifiedName& name,
                              Code unknown, std::string_view noun) {
    std::vector<std::string_view> parts;
    std::string text;
    for (const auto& part : name.parts) {
        parts.push_back(part.text);
        if (!text.empty()) text += '.';
        text += part.text;
    }
    const auto found = look_up(c, module, sort, parts);
    if (found.miss == Miss::No) return found.entry;
    report_miss(c, module, sort, found, text, name.span, unknown, noun);
    return nullptr;
}

std::string_view named_value(const Context& c, std::uint32_t module, Referent names, std::string_view text) {
    if (names == Referent::Tools) {
        if (const auto found = c.tools_by_wire.find(text); found != c.tools_by_wire.end()) return found->first;
        const auto found = look_up(c, module, NameSort::Tool, split_name(text));
        return found.miss != Miss::No ? std::string_view{} : c.policy.tools[found.entry->index].wire_name;
    }
    if (const auto found = c.issuers_by_url.find(text); found != c.issuers_by_url.end()) return found->first;
    const auto found = look_up(c, module, NameSort::Value, split_name(text));
    const auto* decl = found.miss != Miss::No ? nullptr : std::get_if<ast::IssuerDecl>(&found.entry->decl->node);
    return decl == nullptr ? std::string_view{} : decl->url;
}

std::vector<std::string_view> named_values(const Context& c, std::uint32_t module, Referent names) {
    std::vector<std::string_view> out;
    if (names == Referent::Tools) {
        out = visible_names(c, module, NameSort::Tool);
        for (const auto& tool : c.policy.tools)
            if (out.size() < kMaxCandidates) out.push_back(tool.wire_name);
        return out;
    }
    for (const auto name : visible_names(c, module, NameSort::Value)) {
        const auto entry = look_up(c, module, NameSort::Value, name).entry;
        const auto* decl = entry == nullptr ? nullptr : std::get_if<ast::IssuerDecl>(&entry->decl->node);
        if (decl == nullptr) continue;
        out.push_back(name);
        out.push_back(decl->url);
    }
    return out;
}

std::vector<std::string_view> split_name(std::string_view name) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto dot = name.find('.');
        parts.push_back(name.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        name.remove_prefix(dot + 1);
    }
}

std::string broken_key(FieldId parent, std::string_view name) {
    return std::to_string(parent.value) + "." + std::string(name);
}

std::string_view text_at(const Context& c, Span span) {
    if (span.source >= c.policy.sources.size()) return {};
    const std::string_view text = c.policy.sources[span.source].text;
    if (span.begin > text.size() || span.end < span.begin) return {};
    return text.substr(span.begin, span.end - span.begin);
}

}  // namespace writ::check
