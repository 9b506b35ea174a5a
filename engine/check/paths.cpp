// Resolves paths: binders, parameters, rows, definitions, enum members, facts, claims, tables.
#include <algorithm>

#include "base/values.h"
#include "check/expr.h"
#include "syntax/foreign.h"

namespace writ::check {
namespace {

using PathSteps = std::span<const ast::PathStep>;

/// Applies the remaining steps as parts of typed text.
const Expr* apply_parts(Context& c, const Expr* value, PathSteps steps, std::size_t first, Span span) {
    for (std::size_t i = first; value != nullptr && i < steps.size(); ++i) {
        const auto& step = steps[i];
        const auto part = step.kind == ast::StepKind::Key || value->type.kind == Kind::List
                              ? std::optional<Part>{}
                              : find_part(value->type.kind, step.text);
        if (part) {
            auto* selected = node(c, Op::PartOf, scalar(kind_of(*part)), span);
            selected->index = static_cast<std::uint32_t>(*part);
            const Expr* kids[] = {value};
            selected->kids = c.policy.arena->copy(std::vector<const Expr*>(kids, kids + 1));
            value = selected;
            continue;
        }
        const auto what = describe_one(c.policy, value->type);
        if (value->type.kind == Kind::List) {
            const std::string list(text_at(c, Span{span.source, span.begin, steps[i - 1].span.end}));
            c.report.add(
                Code::UnknownField, step.span, what + " has no field " + quoted(step.text), {},
                "test its elements: " + quoted("any x in " + list + ": x." + std::string(step.text) + " == …"));
            return nullptr;
        }
        auto& diagnostic =
            c.report.add(Code::UnknownField, step.span, what + " has no field " + quoted(step.text), "no such field");
        if (value->type.kind == Kind::Instant)
            diagnostic.help = "use a window for hours and days: `now in 09:00..17:00 \"Europe/Berlin\" on mon..fri`";
        else if (value->type.kind == Kind::Duration)
            diagnostic.help = "compare it with a duration: `90s`, `10m`, `1h30m`";
        relate(c, diagnostic, *value);
        return nullptr;
    }
    return value;
}

const Expr* fact_node(Context& c, FactId id, const Type& type, Span span) {
    auto* fact = node(c, Op::Fact, type, span);
    fact->id = id.value;
    return fact;
}

const Expr* refuse_fact(Context& c, Span span) {
    c.report.add(Code::ConstantExpected, span, "expected a constant, but this is read from the request", {},
                 std::string(kWriteConstant));
    return nullptr;
}

const Expr* catalog_path(Context& c, Scope& s, const ast::Expr& e, CatalogFact which) {
    const auto parts = e.steps;
    if (which == CatalogFact::Tier) {
        if (s.constant) return refuse_fact(c, e.span);
        Type type = scalar(Kind::Enum);
        type.enumeration = c.tier;
        return apply_parts(c, fact_node(c, intern_catalog(c, which, type), type, e.span), parts, 2, e.span);
    }
    if (s.constant) {
        if (s.broken) return nullptr;
        if (s.tools.size() != 1 && (s.tools.empty() || !s.reduced)) {
            c.report.add(Code::ConstantExpected, e.span, "expected a constant, but this differs between the tools", {},
                         s.tools.empty() ? "name the rule's tools with `for tool NAME`, or write the values out"
                                         : "write the values out, or write one rule for each tool");
            return nullptr;
        }
        std::vector<std::string_view> values;
        for (const ToolId id : s.tools) {
            const auto& tool = c.policy.tools[id.value];
            for (const std::string& text : which == CatalogFact::Scopes ? tool.scopes : tool.audiences)
                if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
        }
        std::vector<const Expr*> kids;
        for (const std::string_view text : values)
            kids.push_back(text_node(c, scalar(Kind::String), e.span, c.policy.arena->copy(text)));
        return node(c, Op::Set, list_of(scalar(Kind::String), kids.size()), e.span, kids);
    }
    std::size_t max = 1;
    for (const auto& tool : c.policy.tools)
        max = std::max(max, which == CatalogFact::Scopes ? tool.scopes.size() : tool.audiences.size());
    const auto type = list_of(scalar(Kind::String), max);
    return apply_parts(c, fact_node(c, intern_catalog(c, which, type), type, e.span), parts, 2, e.span);
}

const Expr* request_path(Context& c, Scope& s, const ast::Expr& e, FieldId group) {
    const auto steps = e.steps;
    if (c.policy.at(group).name == "tool" && steps.size() > 1 && steps[1].kind == ast::StepKind::Name &&
        !child_of(c.policy, group, steps[1].text).valid()) {
        if (steps[1].text == "tier") return catalog_path(c, s, e, CatalogFact::Tier);
        if (steps[1].text == "scopes") return catalog_path(c, s, e, CatalogFact::Scopes);
        if (steps[1].text == "audience") return catalog_path(c, s, e, CatalogFact::Audience);
    }
    if (s.constant) return refuse_fact(c, e.span);
    Cursor cursor;
    cursor.field = group;
    const auto taken = walk(c, cursor, steps, 1);
    if (!taken) return nullptr;
    if (cursor.field == c.claims || cursor.field == c.params) {
        c.report.add(Code::OperationUndefined, e.span, "this record has no value of its own", {},
                     cursor.field == c.claims ? "read claims through the name of their issuer"
                                              : "read parameters as `params.x`");
        return nullptr;
    }
    const auto type = type_at(c, cursor);
    if (c.policy.at(cursor.field).name == "now" && c.policy.at(cursor.field).parent == c.policy.request)
        return apply_parts(c, node(c, Op::Now, type, e.span), steps, 1, e.span);
    return apply_parts(c, fact_node(c, intern(c, cursor), type, e.span), steps, 1 + *taken, e.span);
}

const Expr* params_path(Context& c, Scope& s, const ast::Expr& e) {
    const auto steps = e.steps;
    if (s.constant) return refuse_fact(c, e.span);
    if (s.tools.empty()) {
        if (!s.broken)
            c.report.add(Code::ParametersWithoutTool, steps[0].span,
                         "parameters belong to a tool, but this rule names no tool", {},
                         "add `for tool NAME` to the rule");
        return nullptr;
    }
    if (steps.size() == 1) {
        c.report.add(Code::OperationUndefined, e.span, "the parameters have no value of their own", {},
                     "read one: `params.x`");
        return nullptr;
    }
    Cursor first;
    first.root = FactRoot::Param;
    first.field = c.policy.tools[s.tools[0].value].params;
    const auto taken = walk(c, first, steps, 1);
    if (!taken) return nullptr;
    for (std::size_t t = 1; t < s.tools.size(); ++t) {
        const auto& tool = c.policy.tools[s.tools[t].value];
        Cursor other;
        other.root = FactRoot::Param;
        other.field = tool.params;
        bool there = true;
        for (std::size_t i = 1; there && i <= *taken; ++i) there = descend(c, other, steps[i]);
        if (there && other.shape == first.shape) continue;
        const auto path = path_of(c, first);
        auto& diagnostic = there ? c.report.add(Code::ParametersWithoutTool, e.span,
                                                quoted(path) + " is declared differently by the rule's tools",
                                                "type, `max` and `or none` must be the same")
                                 : c.report.add(Code::ParametersWithoutTool, e.span,
                                                "tool " + quoted(tool.name) + " has no parameter " + quoted(path),
                                                "every tool of the rule must declare it");
        diagnostic.related.push_back({c.policy.at(first.field).span, "declared here"});
        diagnostic.related.push_back({there ? c.policy.at(other.field).span : tool.span, "and here"});
        return nullptr;
    }
    return apply_parts(c, fact_node(c, intern(c, first), type_at(c, first), e.span), steps, 1 + *taken, e.span);
}

const Expr* claim_path(Context& c, Scope& s, const ast::Expr& e, const NamedDecl& entry, std::size_t root,
                       const Type* want) {
    const auto steps = e.steps;
    if (entry.index == kNoIndex) return nullptr;
    const IssuerId id{entry.index};
    const std::string& name = c.policy.name_of(id);
    const bool group = std::holds_alternative<ast::IssuerGroupDecl>(entry.decl->node);
    if (root + 1 >= steps.size()) {
        if (!group && want != nullptr && want->kind == Kind::String && want->names == Referent::Issuers)
            return text_node(c, *want, e.span,
                             c.policy.arena->copy(std::string_view(c.policy.issuers[entry.index].url)));
        c.report.add(Code::OperationUndefined, e.span,
                     quoted(name) + (group ? " is a group of issuers, not a value" : " is an issuer, not a value"), {},
                     "test it with " + quoted("token.issuer is " + name));
        return nullptr;
    }
    if (group && !c.policy.group_at(id).kind) {
        auto& diagnostic = c.report.add(Code::OperationUndefined, e.span,
                                        "the issuers of " + quoted(name) + " have claims of different kinds", {},
                                        "read the claims through each issuer, or through a group of one kind");
        for (const std::uint32_t member : c.policy.members_of(id)) {
            const Issuer& issuer = c.policy.issuers[member];
            diagnostic.related.push_back({issuer.span, "has claims " + quoted(c.policy.kinds[issuer.kind].name)});
        }
        return nullptr;
    }
    const std::uint32_t kind = c.policy.kind_of(id);
    if (s.constant) return refuse_fact(c, e.span);
    const auto& names = c.kind_names[kind];
    const auto& step = steps[root + 1];
    Cursor cursor;
    cursor.root = FactRoot::Claim;
    cursor.issuer = id;
    cursor.field = c.policy.kinds[kind].root;
    std::size_t next = root + 1;
    if (step.kind != ast::StepKind::Key && !child_of(c.policy, cursor.field, step.text).valid()) {
        const auto capture = names.captures.find(step.text);
        const auto alias = names.aliases.find(step.text);
        if (capture != names.captures.end()) {
            follow(c, cursor, c.policy.kinds[kind].captures[capture->second].field);
            const auto fact = intern_capture(c, cursor, capture->second, capture->first);
            return apply_parts(c, fact_node(c, fact, scalar(Kind::String), e.span), steps, next + 1, e.span);
        }
        if (alias == names.aliases.end()) {
            std::vector<std::string_view> more;
            for (const auto& [alias_name, field] : names.aliases) more.push_back(alias_name);
            for (const auto& [capture_name, spec] : names.captures) more.push_back(capture_name);
            std::sort(more.begin(), more.end());
            report_no_field(c, cursor.field, step, std::move(more));
            return nullptr;
        }
        follow(c, cursor, alias->second);
        ++next;
    }
    const auto taken = walk(c, cursor, steps, next);
    if (!taken) return nullptr;
    return apply_parts(c, fact_node(c, intern(c, cursor), type_at(c, cursor), e.span), steps, next + *taken, e.span);
}

std::optional<std::uint32_t> find_column(Context& c, const Table& table, const ast::PathStep& step) {
    std::vector<std::string_view> names;
    for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].name == step.text) return i;
        names.push_back(table.columns[i].name);
    }
    auto& diagnostic =
        c.report.add(Code::UnknownField, step.span,
                     "table " + quoted(table.name) + " has no column " + quoted(step.text), "no such column");
    suggest(c, diagnostic, step.text, names);
    return {};
}

/// `row.column` and further steps, for a rule's row or a quantifier's.
const Expr* row_path(Context& c, const ast::Expr& e, TableId id, const BoundVariable* binder) {
    const auto& table = c.policy.tables[id.value];
    if (e.steps.size() < 2) {
        c.report.add(Code::OperationUndefined, e.span, "a row has no value of its own", {},
                     "read a column: " + quoted(std::string(e.steps[0].text) + "." +
                                                (table.columns.empty() ? "x" : table.columns[0].name)));
        return nullptr;
    }
    const auto column = find_column(c, table, e.steps[1]);
    if (!column) return nullptr;
    auto* value = node(c, binder != nullptr ? Op::ElemColumn : Op::Column, table.columns[*column].type, e.span);
    value->id = binder != nullptr ? binder->id : *column;
    value->index = *column;
    return apply_parts(c, value, e.steps, 2, e.span);
}

const Expr* binder_path(Context& c, const ast::Expr& e, const BoundVariable& binder) {
    if (binder.table.valid()) return row_path(c, e, binder.table, &binder);
    Type type = binder.element;
    FieldId leaf;
    std::size_t i = 1;
    for (; i < e.steps.size() && type.kind == Kind::Record; ++i) {
        const auto& step = e.steps[i];
        const auto next = step.kind == ast::StepKind::Key ? FieldId{} : child_of(c.policy, type.record, step.text);
        if (!next.valid()) {
            report_no_field(c, type.record, step);
            return nullptr;
        }
        leaf = next;
        type = c.policy.at(leaf).type;
    }
    if (type.kind == Kind::Map) {
        c.report.add(Code::OperationUndefined, e.span, "maps inside lists cannot be read");
        return nullptr;
    }
    if (leaf.valid() && leaf == c.position) {
        c.report.add(Code::OperationUndefined, e.span, "the position of a hop cannot be read", {},
                     "read `delegation.first`, `delegation.last`, or neighbours: "
                     "`any pair in delegation.pairs: pair.before.tenant != pair.after.tenant`");
        return nullptr;
    }
    auto* value = node(c, Op::Elem, type, e.span);
    value->id = binder.id;
    value->field = leaf;
    return apply_parts(c, value, e.steps, i, e.span);
}

const Expr* argument_path(Context& c, Scope& s, const ast::Expr& e, Argument& argument, const Type* want) {
    argument.used = true;
    if (argument.value == nullptr) {
        // A placeholder that is not constant; the body is typed only for its errors.
        return apply_parts(c, node(c, Op::Column, argument.type, e.span), e.steps, 1, e.span);
    }
    auto& outer = *argument.scope;
    const auto depth = outer.depth;
    outer.depth = s.depth;
    const auto* value = type_expr(c, outer, *argument.value, &argument.type);
    outer.depth = depth;
    (void)want;
    return apply_parts(c, value, e.steps, 1, e.span);
}

const Expr* table_path(Context& c, const ast::Expr& e, const NamedDecl& entry, std::size_t root) {
    if (entry.index == kNoIndex) return nullptr;
    const auto& table = c.policy.tables[entry.index];
    if (root + 1 >= e.steps.size()) {
        Type type = scalar(Kind::List);
        type.elem = Kind::Record;
        type.max = static_cast<std::uint32_t>(std::max<std::size_t>(table.rows.size(), 1));
        auto* rows = node(c, Op::TableRows, type, e.span);
        rows->id = entry.index;
        return rows;
    }
    const auto column = find_column(c, table, e.steps[root + 1]);
    if (!column) return nullptr;
    const auto& type = table.columns[*column].type;
    if (type.kind == Kind::List) {
        c.report.add(Code::OperationUndefined, e.span, "a column of sets is not a set", {},
                     "test the rows: " + quoted("any row in " + table.name + ": …"));
        return nullptr;
    }
    auto* value = node(c, Op::TableColumn, list_of(type, std::max<std::size_t>(table.rows.size(), 1)), e.span);
    value->id = entry.index;
    value->index = *column;
    return apply_parts(c, value, e.steps, root + 2, e.span);
}

const Expr* value_entry(Context& c, Scope& s, const ast::Expr& e, const NamedDecl& entry, std::size_t root,
                        const Type* want) {
    if (std::holds_alternative<ast::DefineDecl>(entry.decl->node)) {
        auto& define = c.defines[entry.index];
        const auto* value = put_in(c, s, define, e.span, {}, false, root + 1 < e.steps.size() ? nullptr : want);
        return apply_parts(c, value, e.steps, root + 1, e.span);
    }
    if (names_issuers(entry)) return claim_path(c, s, e, entry, root, want);
    return table_path(c, e, entry, root);
}

/// The only visible enum with a member; reports an error if there are several.
const Expr* bare_member(Context& c, Scope& s, const ast::PathStep& step, bool& handled) {
    std::vector<EnumId> found;
    const auto look = [&](std::uint32_t module, bool exported_only) {
        for (const auto& [name, at] : c.modules[module].names[static_cast<std::size_t>(NameSort::Type)]) {
            const auto& entry = c.entries[at];
            if (entry.index == kNoIndex || (exported_only && !entry.decl->exported)) continue;
            const auto& members = c.policy.enums[entry.index].members;
            if (std::find(members.begin(), members.end(), step.text) != members.end())
                found.push_back(EnumId{entry.index});
        }
    };
    look(s.module, false);
    for (const auto& import : c.modules[s.module].imports)
        if (import.alias.empty()) look(import.module, true);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.empty()) return nullptr;
    handled = true;
    if (found.size() == 1) return enum_member(c, found[0], step.text, step.span);
    const auto& one = c.policy.enums[found[0].value].name;
    c.report.add(Code::AmbiguousName, step.span,
                 quoted(step.text) + " is a member of enum " + quoted(one) + " and of enum " +
                     quoted(c.policy.enums[found[1].value].name),
                 {}, "write " + quoted(one + "." + std::string(step.text)));
    return nullptr;
}

/// `enum.member`, or a value of another module with its full name or alias.
const Expr* qualified_path(Context& c, Scope& s, const ast::Expr& e, const Type* want, bool& handled) {
    std::vector<std::string_view> parts;
    for (const auto& step : e.steps) {
        if (step.kind != ast::StepKind::Name) break;
        parts.push_back(step.text);
    }
    if (parts.size() < 2) return nullptr;
    if (const auto type = look_up(c, s.module, NameSort::Type, parts[0]);
        type.entry != nullptr && e.steps.size() == 2) {
        handled = true;
        if (type.entry->index == kNoIndex) return nullptr;
        return enum_member(c, EnumId{type.entry->index}, parts[1], e.steps[1].span);
    }
    for (std::size_t n = parts.size(); n >= 2; --n) {
        const auto found = look_up(c, s.module, NameSort::Value, std::span(parts).first(n));
        if (found.miss == Miss::Unknown) continue;
        handled = true;
        if (found.miss == Miss::No) return value_entry(c, s, e, *found.entry, n - 1, want);
        report_miss(c, s.module, NameSort::Value, found, parts[n - 1], e.steps[n - 1].span, Code::UnknownName, "name");
        return nullptr;
    }
    return nullptr;
}

/// The equivalent of names for the request, or for its parts, in other languages.
bool is_request_word(std::string_view name) {
    constexpr std::string_view kWords[] = {"principal", "subject", "caller", "action", "input",
                                           "context",   "request", "data",   "env"};
    return std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
}

/// The groups of facts in a request, as a list of words.
std::string groups_of_request(const Context& c) {
    std::string out;
    for (const auto group : c.policy.at(c.policy.request).children)
        if (c.policy.at(group).type.kind == Kind::Record)
            out.append(out.empty() ? "" : ", ").append(quoted(c.policy.at(group).name));
    return out;
}

/// Reports a path through an issuer kind in place of an issuer: `kubernetes.namespace`. False: it is none.
bool report_kind(Context& c, std::uint32_t module, std::span<const ast::PathStep> steps) {
    std::vector<std::string_view> parts;
    for (std::size_t i = 0; i < steps.size() && steps[i].kind == ast::StepKind::Name; ++i) {
        parts.push_back(steps[i].text);
        const auto found = look_up(c, module, NameSort::Kind, parts);
        if (found.miss != Miss::No || found.entry->index == kNoIndex) continue;
        const Span span{steps[0].span.source, steps[0].span.begin, steps[i].span.end};
        const std::string_view claim = i + 1 < steps.size() ? steps[i + 1].text : "claim";
        c.report.add(Code::UnknownName, span, quoted(text_at(c, span)) + " is a kind of issuers, not an issuer",
                     "no issuer has this name", help_claim(c, module, claim, found.entry->index));
        return true;
    }
    return false;
}

void report_unknown_root(Context& c, Scope& s, const ast::Expr& e) {
    const auto& step = e.steps[0];
    if (may_be_broken(c, s.module, step.text) || report_kind(c, s.module, e.steps)) return;
    auto& diagnostic =
        c.report.add(Code::UnknownName, step.span, "there is no name " + quoted(step.text), "unknown name");
    if (c.report.full()) return;
    if (step.text == "claims") {
        diagnostic.help = "claims are read through the name of their issuer";
        if (e.steps.size() > 1) diagnostic.help += ": " + help_claim(c, s.module, e.steps[1].text);
        return;
    }
    if (syntax::is_null_word(step.text)) {
        diagnostic.help = "test for a value with `is`: `x is none`, `x is some`";
        return;
    }
    if (suggest_import(c, diagnostic, s.module, NameSort::Value, step.text)) return;
    if (is_request_word(step.text)) {
        diagnostic.help = "the facts of a request are in " + groups_of_request(c) +
                          ", and in `params` in a rule `for tool`: `agent.id == \"a\"`";
        return;
    }
    auto candidates = visible_names(c, s.module, NameSort::Value);
    for (const auto& binder : s.binders) candidates.push_back(binder.name);
    if (s.arguments != nullptr)
        for (const auto& argument : *s.arguments) candidates.push_back(argument.param->name.text);
    if (!s.row.empty()) candidates.push_back(s.row);
    for (const auto group : c.policy.at(c.policy.request).children) candidates.push_back(c.policy.at(group).name);
    if (!s.tools.empty()) candidates.push_back("params");
    suggest(c, diagnostic, step.text, candidates);
    if (!diagnostic.help.empty()) return;
    // If only one group has such a field, it may be the intended one.
    std::string only;
    for (const auto group : c.policy.at(c.policy.request).children) {
        if (c.policy.at(group).type.kind != Kind::Record || !child_of(c.policy, group, step.text).valid()) continue;
        if (!only.empty()) return;
        only = c.policy.at(group).name + "." + std::string(step.text);
    }
    if (!only.empty()) diagnostic.help = quoted(only) + " is a fact of the request";
}

}  // namespace

const Expr* type_path(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    if (e.steps.empty()) return nullptr;
    const auto& root = e.steps[0];
    if (root.kind != ast::StepKind::Name) {
        c.report.add(Code::UnknownName, root.span, "a path starts with a name");
        return nullptr;
    }
    const auto name = root.text;
    for (auto binder = s.binders.rbegin(); binder != s.binders.rend(); ++binder)
        if (binder->name == name) return binder_path(c, e, *binder);
    if (s.arguments != nullptr)
        for (auto& argument : *s.arguments)
            if (argument.param->name.text == name) return argument_path(c, s, e, argument, want);
    if (!s.row.empty() && s.row == name) {
        if (!s.table.valid()) return nullptr;
        return row_path(c, e, s.table, nullptr);
    }
    const auto value = look_up(c, s.module, NameSort::Value, name);
    const bool define = value.miss == Miss::No && std::holds_alternative<ast::DefineDecl>(value.entry->decl->node);
    if (define) return value_entry(c, s, e, *value.entry, 0, want);

    const bool single = e.steps.size() == 1;
    if (single && want != nullptr && want->kind == Kind::Enum) {
        const auto& members = c.policy.enums[want->enumeration.value].members;
        if (std::find(members.begin(), members.end(), name) != members.end())
            return enum_member(c, want->enumeration, name, e.span);
    }
    if (name == "params") return params_path(c, s, e);
    if (const auto group = child_of(c.policy, c.policy.request, name); group.valid())
        return request_path(c, s, e, group);
    if (value.miss == Miss::No) return value_entry(c, s, e, *value.entry, 0, want);

    bool handled = false;
    const auto* other = qualified_path(c, s, e, want, handled);
    if (handled) return other;
    if (value.miss != Miss::Unknown) {
        report_miss(c, s.module, NameSort::Value, value, name, root.span, Code::UnknownName, "name");
        return nullptr;
    }
    if (single && want != nullptr && want->kind == Kind::Enum) return enum_member(c, want->enumeration, name, e.span);
    const bool tool_wanted = want != nullptr && want->kind == Kind::String && want->names == Referent::Tools;
    if (single && !tool_wanted) other = bare_member(c, s, root, handled);
    if (handled) return other;
    if (single) {
        // A tool's name has its own type, so that it can be compared only with tools.
        const auto tool = look_up(c, s.module, NameSort::Tool, name);
        if (tool.miss == Miss::No) {
            const auto& wire = c.policy.tools[tool.entry->index].wire_name;
            return text_node(c, naming(Referent::Tools), e.span, c.policy.arena->copy(std::string_view(wire)));
        }
        if (tool_wanted) {
            report_miss(c, s.module, NameSort::Tool, tool, name, root.span, Code::UnknownCatalogueName, "tool");
            return nullptr;
        }
    }
    if (!c.broken_fields.contains(broken_key(c.policy.request, name))) report_unknown_root(c, s, e);
    return nullptr;
}

}  // namespace writ::check
