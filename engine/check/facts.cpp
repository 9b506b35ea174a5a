// Paths into schemas, and the table of facts, which has every fact once.
#include <algorithm>

#include "base/builtin_facts.h"
#include "base/joined.h"
#include "check/expr.h"
#include "check/passes.h"

namespace writ::check {
namespace {

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> out;
    while (true) {
        const auto dot = path.find('.');
        out.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return out;
        path.remove_prefix(dot + 1);
    }
}

/// The properties that must be the same if a rule reads a parameter of several tools.
void append_shape(std::string& shape, const Field& field) {
    for (const auto part : {static_cast<std::uint32_t>(field.type.kind), static_cast<std::uint32_t>(field.type.elem),
                            field.type.enumeration.value, field.type.max, static_cast<std::uint32_t>(field.type.names),
                            static_cast<std::uint32_t>(field.or_none), static_cast<std::uint32_t>(field.weakest)}) {
        shape += std::to_string(part);
        shape += ',';
    }
    // Records in lists and maps belong to the tool that declares them.
    if (field.type.kind != Kind::Record && field.type.record.valid()) shape += std::to_string(field.type.record.value);
    shape += ';';
}

std::string key_of(const Context& c, const Cursor& cursor) {
    std::string key;
    if (cursor.root == FactRoot::Param) return "P" + path_of(c, cursor) + " " + cursor.shape;
    key = cursor.root == FactRoot::Request ? "R" : "C" + std::to_string(cursor.issuer.value) + ":";
    key += std::to_string(cursor.field.value);
    for (const auto& map_key : cursor.keys) join_part(key += ' ', map_key);
    return key;
}

FactId add_fact(Context& c, std::string key, Fact fact) {
    const FactId id{static_cast<std::uint32_t>(c.policy.facts.size())};
    c.policy.facts.push_back(std::move(fact));
    c.fact_ids.emplace(std::move(key), id);
    return id;
}

void report_no_step(Context& c, const Cursor& cursor, const ast::PathStep& step) {
    const auto type = type_at(c, cursor);
    const auto path = path_of(c, cursor);
    if (type.kind == Kind::Map) {
        c.report.add(Code::UnknownField, step.span, quoted(path) + " is a map: read its values by key", {},
                     "write " + quoted(path + "[\"" + std::string(step.text) + "\"]"));
        return;
    }
    if (step.kind == ast::StepKind::Key) {
        c.report.add(Code::UnknownField, step.span, quoted(path) + " is a record, not a map", {},
                     "write " + quoted(".\"" + std::string(step.text) + "\""));
        return;
    }
    report_no_field(c, type.record, step);
}

}  // namespace

Type type_at(const Context& c, const Cursor& cursor) {
    const auto& type = c.policy.at(cursor.field).type;
    return cursor.at_value ? element_of(type) : type;
}

std::string path_of(const Context& c, const Cursor& cursor) {
    std::string path;
    if (cursor.root == FactRoot::Param) path = "params";
    if (cursor.root == FactRoot::Claim || cursor.root == FactRoot::Capture) {
        path = c.policy.name_of(cursor.issuer);
        const auto& aliases = c.kind_names[c.policy.kind_of(cursor.issuer)].alias_of;
        if (const auto alias = aliases.find(cursor.field.value); alias != aliases.end() && cursor.keys.empty()) {
            append_field(path, alias->second);
            return path;
        }
    }
    std::vector<FieldId> chain;
    for (auto at = cursor.field; c.policy.at(at).parent.valid(); at = c.policy.at(at).parent) chain.push_back(at);
    std::size_t key = 0;
    for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
        const auto& field = c.policy.at(*at);
        append_field(path, field.name);
        if (field.type.kind == Kind::Map && key < cursor.keys.size()) append_key(path, cursor.keys[key++]);
    }
    return path;
}

bool descend(Context& c, Cursor& cursor, const ast::PathStep& step) {
    const auto type = type_at(c, cursor);
    const bool optional = !cursor.at_value && c.policy.at(cursor.field).or_none;
    if (type.kind == Kind::Map) {
        if (step.kind != ast::StepKind::Key) return false;
        if (optional) cursor.optionals.push_back(intern(c, cursor));
        cursor.keys.emplace_back(step.text);
        cursor.at_value = true;
        return true;
    }
    if (type.kind != Kind::Record || step.kind == ast::StepKind::Key) return false;
    const auto child = child_of(c.policy, type.record, step.text);
    if (!child.valid()) return false;
    if (optional) cursor.optionals.push_back(intern(c, cursor));
    cursor.field = child;
    cursor.at_value = false;
    if (cursor.root == FactRoot::Param) append_shape(cursor.shape, c.policy.at(child));
    return true;
}

/// Reports `tool.params`, the long name of `params`, with its replacement.
static void report_long_params(Context& c, std::span<const ast::PathStep> written) {
    const Span span{written.front().span.source, written.front().span.begin, written.back().span.end};
    auto& diagnostic = c.report.add(Code::UnknownField, span, "parameters are read through `params`", {},
                                    "write `params` in place of `tool.params`");
    diagnostic.replacement = "params";
}

std::optional<std::size_t> walk(Context& c, Cursor& cursor, std::span<const ast::PathStep> steps, std::size_t first) {
    std::size_t at = first;
    while (at < steps.size() && is_group(type_at(c, cursor))) {
        if (cursor.root == FactRoot::Request && cursor.field == c.claims) {
            c.report.add(Code::UnknownField, steps[at].span, "claims are read through the name of their issuer", {},
                         help_claim(c, c.file_modules[steps[at].span.source], steps[at].text));
            return {};
        }
        if (cursor.root == FactRoot::Request && cursor.field == c.params) {
            report_long_params(c, steps.first(at));
            return {};
        }
        if (!descend(c, cursor, steps[at])) {
            report_no_step(c, cursor, steps[at]);
            return {};
        }
        ++at;
    }
    return at - first;
}

std::string help_claim(const Context& c, std::uint32_t module, std::string_view claim,
                       std::optional<std::uint32_t> kind) {
    std::vector<std::string_view> issuers;
    std::vector<std::string> paths;
    for (const auto name : visible_names(c, module, NameSort::Value)) {
        const auto* entry = look_up(c, module, NameSort::Value, name).entry;
        if (entry == nullptr || !names_issuers(*entry) || entry->index == kNoIndex) continue;
        const IssuerId issuer{entry->index};
        if (entry->index >= c.policy.issuers.size() && !c.policy.group_at(issuer).kind) continue;
        const auto its = c.policy.kind_of(issuer);
        if (kind && its != *kind) continue;
        issuers.push_back(name);
        const auto& names = c.kind_names[its];
        if (names.aliases.contains(claim) || names.captures.contains(claim) ||
            child_of(c.policy, c.policy.kinds[its].root, claim).valid())
            append_field(paths.emplace_back(name), claim);
    }
    if (issuers.empty()) return "declare an issuer, then write " + quoted("name." + std::string(claim));
    if (paths.empty())
        return name_all("no such claim; the issuer is", "none has such a claim; the issuers are", issuers);
    constexpr std::size_t kMost = 3;
    const bool more = paths.size() > kMost;
    if (more) paths.resize(kMost);
    return name_all("write", "write one of", {paths.begin(), paths.end()}) + (more ? ", …" : "");
}

void follow(Context& c, Cursor& cursor, FieldId target) {
    std::vector<FieldId> chain;
    for (auto at = target; at != cursor.field; at = c.policy.at(at).parent) chain.push_back(at);
    for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
        const std::string name = c.policy.at(*at).name;
        if (!descend(c, cursor, {ast::StepKind::Name, name, {}})) return;
    }
}

FactId intern(Context& c, const Cursor& cursor) {
    auto key = key_of(c, cursor);
    if (const auto found = c.fact_ids.find(key); found != c.fact_ids.end()) return found->second;
    Fact fact;
    fact.root = cursor.root;
    fact.path = path_of(c, cursor);
    fact.type = type_at(c, cursor);
    fact.field = cursor.field;
    fact.keys = cursor.keys;
    fact.issuer = cursor.issuer;
    fact.optionals = cursor.optionals;
    return add_fact(c, std::move(key), std::move(fact));
}

FactId intern_capture(Context& c, const Cursor& parsed, std::uint32_t spec, std::string_view name) {
    std::string key = "X" + std::to_string(parsed.issuer.value) + ":" + std::to_string(spec) + ":" + std::string(name);
    if (const auto found = c.fact_ids.find(key); found != c.fact_ids.end()) return found->second;
    Fact fact;
    fact.root = FactRoot::Capture;
    fact.path = c.policy.name_of(parsed.issuer);
    append_field(fact.path, name);
    fact.type = scalar(Kind::String);
    fact.field = parsed.field;
    fact.issuer = parsed.issuer;
    fact.optionals = parsed.optionals;
    // Captures need the text.
    if (c.policy.at(parsed.field).or_none) fact.optionals.push_back(intern(c, parsed));
    fact.capture_spec = spec;
    fact.capture = name;
    return add_fact(c, std::move(key), std::move(fact));
}

FactId intern_catalog(Context& c, CatalogFact which, const Type& type) {
    std::string key = "T" + std::to_string(static_cast<unsigned>(which));
    if (const auto found = c.fact_ids.find(key); found != c.fact_ids.end()) return found->second;
    Fact fact;
    fact.root = FactRoot::Catalog;
    switch (which) {
        case CatalogFact::Tier: fact.path = "tool.tier"; break;
        case CatalogFact::Scopes: fact.path = "tool.scopes"; break;
        case CatalogFact::Audience: fact.path = "tool.audience"; break;
    }
    fact.type = type;
    fact.catalog = which;
    return add_fact(c, std::move(key), std::move(fact));
}

void report_no_field(Context& c, FieldId record, const ast::PathStep& step, std::vector<std::string_view> more) {
    if (c.broken_fields.contains(broken_key(record, step.text))) return;
    const auto& field = c.policy.at(record);
    auto candidates = std::move(more);
    for (const auto child : field.children) candidates.push_back(c.policy.at(child).name);
    const std::string_view noun = field.parent.valid()         ? "field"
                                  : record == c.policy.request ? "group"
                                  : field.name == "params"     ? "parameter"
                                                               : "claim";
    std::string message = "there is no " + std::string(noun) + " " + quoted(step.text);
    if (field.parent.valid()) message += " in " + quoted(field.name);
    auto& diagnostic = c.report.add(Code::UnknownField, step.span, std::move(message), "unknown " + std::string(noun));
    const auto near = nearest(step.text, candidates);
    if (near.empty()) {
        if (field.span.end > field.span.begin) diagnostic.related.push_back({field.span, "declared here"});
        return;
    }
    diagnostic.help = "did you mean " + quoted(near) + "?";
    // A replacement of the whole span would remove the quotes or the point.
    if (text_at(c, step.span) == step.text) {
        std::string replacement;
        append_field(replacement, near);
        diagnostic.replacement = std::move(replacement);
    }
}

void check_builtin_facts(Context& c) {
    for (const auto& [path, presence, type] : builtin::kFacts) {
        Cursor cursor;
        cursor.field = c.policy.request;
        bool there = true;
        for (const auto& name : split_path(path)) there = there && descend(c, cursor, {ast::StepKind::Name, name, {}});
        if (there) {
            (void)intern(c, cursor);
            continue;
        }
        c.report.add(Code::UnknownField, c.policy.at(c.policy.request).span,
                     "the request schema has no field " + quoted(path) + ", which the engine reads");
    }
}

}  // namespace writ::check
