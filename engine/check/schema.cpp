// Types and fields: enums, the request schema, and the records declared by tools and claims.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "check/passes.h"

namespace writ::check {
namespace {

constexpr std::uint32_t kDefaultScalars = 64;
constexpr std::uint32_t kDefaultRecords = 16;

constexpr Kind kNamedKinds[] = {Kind::Bool,  Kind::Int,     Kind::Decimal, Kind::String, Kind::Duration, Kind::Instant,
                                Kind::Path,  Kind::Subject, Kind::Dotted,  Kind::Spiffe, Kind::Url,      Kind::Host,
                                Kind::Email, Kind::Arn,     Kind::Cidr,    Kind::Ip};

void report_malformed(Context& c, Span span, std::string message, std::string help = {}) {
    c.report.add(Code::MalformedDeclaration, span, std::move(message), {}, std::move(help));
}

/// A list, set, map or one_or_many, without its element's fields. Output: false after an
/// error, which has been reported.
bool resolve_container(Context& c, std::uint32_t module, const ast::TypeRef& type, FieldId self, Type& out,
                       bool& one_or_many) {
    if (type.args.empty()) {
        report_malformed(c, type.span, quoted(type.name) + " needs the type of its elements",
                         "write " + quoted(std::string(type.name) + "<string>"));
        return false;
    }
    const auto& arg = type.args.back();
    const bool map = type.name == "map";
    if (!arg.of.empty()) {
        report_malformed(c, arg.span, "`record of` cannot be an element", "put it in a field of a record");
        return false;
    }
    if (arg.name == "record") {
        if (type.name == "set" || type.name == "one_or_many") {
            report_malformed(c, arg.span, "records cannot be elements of " + quoted(type.name),
                             "use `list<record { … }>`");
            return false;
        }
        out.kind = map ? Kind::Map : Kind::List;
        out.elem = Kind::Record;
        out.record = self;
        return true;
    }
    if (arg.name == "list" || arg.name == "set" || arg.name == "map" || arg.name == "one_or_many") {
        report_malformed(c, arg.span,
                         "a " + std::string(type.name) + " cannot contain " + quoted(arg.name) + " directly",
                         "put it in a field of a record");
        return false;
    }
    Type element;
    if (!resolve_type(c, module, arg, element)) return false;
    if (type.name == "one_or_many") {
        one_or_many = true;
        if (!is_string_kind(element.kind)) {
            report_malformed(c, arg.span, "`one_or_many` contains only strings");
            return false;
        }
    }
    out = list_of(element, 0);
    if (map) out.kind = Kind::Map;
    return true;
}

void set_max(Context& c, const ast::Field& field, Type& type) {
    const bool many = type.kind == Kind::List || type.kind == Kind::Map, text = rep_of(type.kind) == Rep::Text;
    if (!many && !text) {
        if (field.max)
            report_malformed(c, field.name.span, "`max` belongs to text, lists, sets and maps",
                             "remove " + quoted("max " + std::to_string(*field.max)));
        return;
    }
    if (text)
        type.max = kDefaultText;
    else
        type.max = type.kind == Kind::Map || type.elem == Kind::Record ? kDefaultRecords : kDefaultScalars;
    if (!field.max) return;
    type.max = *field.max;
    const std::uint32_t most = text ? kMaxText : kMaxList;
    if (type.max < 1 || type.max > most) {
        c.report.add(Code::ValueOutOfRange, field.name.span,
                     "`max` of " + quoted(field.name.text) + " is " + std::to_string(type.max), {},
                     "it has to be from 1 to " + std::to_string(most) + (text ? " bytes" : ""));
        type.max = 1;
    }
}

/// The equivalent of a type of another language; empty if it is none.
std::string_view type_of_other_languages(std::string_view name) {
    for (const auto* text : {"str", "text", "String", "varchar", "char"})
        if (name == text) return "string";
    for (const auto* number : {"integer", "long", "number", "Int", "Long", "int64", "uint"})
        if (name == number) return "int";
    for (const auto* number : {"float", "double", "money", "Decimal"})
        if (name == number) return "decimal";
    for (const auto* moment : {"datetime", "timestamp", "date", "time"})
        if (name == moment) return "instant";
    if (name == "boolean" || name == "Bool") return "bool";
    if (name == "uri" || name == "URL") return "url";
    return {};
}

/// Whether a word is the name of a type.
bool is_type_word(std::string_view name) {
    if (name == "tool" || name == "issuer" || name == "record" || name == "set" || name == "list" || name == "map" ||
        name == "one_or_many")
        return true;
    return std::any_of(std::begin(kNamedKinds), std::end(kNamedKinds),
                       [&](Kind kind) { return spelling_of(kind) == name; });
}

/// The roles of tiers: those that are written, and those that a tier has by its name.
void assign_roles(Context& c, const ast::EnumDecl& decl, EnumType& type) {
    std::array<const ast::Name*, std::size(kTierRoles)> written{};
    const auto index_of = [&](std::string_view member) {
        return static_cast<std::uint32_t>(std::find(type.members.begin(), type.members.end(), member) -
                                          type.members.begin());
    };
    for (const auto& [role, member] : decl.roles) {
        const auto known = std::find(std::begin(kTierRoles), std::end(kTierRoles), role.text);
        if (known == std::end(kTierRoles)) {
            auto& diagnostic = c.report.add(Code::MalformedDeclaration, role.span,
                                            "there is no role " + quoted(role.text) + " of tiers", "not a role");
            suggest(c, diagnostic, role.text, {std::begin(kTierRoles), std::end(kTierRoles)});
            if (diagnostic.help.empty()) diagnostic.help = "the roles are `read` and `privileged`";
            continue;
        }
        const auto i = static_cast<std::size_t>(known - std::begin(kTierRoles));
        if (written[i] != nullptr) {
            auto& diagnostic =
                c.report.add(Code::MalformedDeclaration, role.span, "two tiers have the role " + quoted(role.text), {},
                             i == static_cast<std::size_t>(TierRole::Read)
                                 ? "give it to the highest tier whose tools only read; the tiers below it only read too"
                                 : "give it to the lowest privileged tier; the tiers above it are privileged too");
            diagnostic.related.push_back({written[i]->span, "the other one"});
            continue;
        }
        const bool other = decl.members[member].text != role.text && index_of(role.text) < type.members.size();
        if (other) {
            c.report.add(Code::MalformedDeclaration, role.span,
                         quoted(role.text) + " is the name of another tier, which has this role by its name", {},
                         "leave the role out, or give the other tier another name");
            continue;
        }
        written[i] = &role;
        type.roles[i] = index_of(decl.members[member].text);
    }
    for (std::size_t i = 0; i < std::size(kTierRoles); ++i)
        if (const std::uint32_t own = index_of(kTierRoles[i]); !type.roles[i] && own < type.members.size())
            type.roles[i] = own;
    const auto [read, privileged] = type.roles;
    if (read && privileged && *read >= *privileged)
        c.report.add(Code::MalformedDeclaration, decl.name.span, "the role `read` is not below the role `privileged`",
                     {},
                     "`read` is for the highest tier whose tools only read, `privileged` for the lowest whose tools "
                     "can do great harm");
}

}  // namespace

bool resolve_type(Context& c, std::uint32_t module, const ast::TypeRef& type, Type& out) {
    for (const auto kind : kNamedKinds) {
        if (type.name == spelling_of(kind)) {
            out = scalar(kind);
            return true;
        }
    }
    for (const auto names : {Referent::Tools, Referent::Issuers}) {
        if (type.name == noun_of(names)) {
            out = naming(names);
            return true;
        }
    }
    out = scalar(Kind::Enum);
    if (type.name == "tier") {
        out.enumeration = c.tier;
        return true;
    }
    const auto parts = split_name(type.name);
    const auto found = look_up(c, module, NameSort::Type, parts);
    if (found.miss == Miss::No) {
        out.enumeration = EnumId{found.entry->index};
        return true;
    }
    if (found.miss == Miss::Unknown) {
        if (may_be_broken(c, module, type.name)) return false;
        auto candidates = visible_names(c, module, NameSort::Type);
        for (const auto kind : kNamedKinds) candidates.push_back(spelling_of(kind));
        for (const auto* name : {"record", "set", "list", "map", "one_or_many", "tier", "tool", "issuer"})
            candidates.push_back(name);
        auto& diagnostic =
            c.report.add(Code::UnknownName, type.span, "there is no type " + quoted(type.name), "not a type");
        if (const auto meant = type_of_other_languages(type.name); !meant.empty()) {
            diagnostic.help = "write " + quoted(meant);
            diagnostic.replacement = meant;
        } else if (!suggest_import(c, diagnostic, module, NameSort::Type, type.name)) {
            suggest(c, diagnostic, type.name, candidates);
        }
    } else {
        report_miss(c, module, NameSort::Type, found, type.name, type.span, Code::UnknownName, "type");
    }
    return false;
}

FieldId add_root(Context& c, std::string_view name, Span span, FieldId holder) {
    const FieldId id{static_cast<std::uint32_t>(c.policy.fields.size())};
    Field root;
    root.name = name;
    root.type = scalar(Kind::Record);
    root.type.record = id;
    root.span = span;
    if (holder.valid()) root.weakest = c.policy.at(holder).weakest;
    c.policy.fields.push_back(std::move(root));
    return id;
}

/// Adds a copy of a field, with all below it, that the engine makes.
static void add_made(Context& c, FieldId from, FieldId parent) {
    const FieldId id{static_cast<std::uint32_t>(c.policy.fields.size())};
    Field field = c.policy.at(from);
    const std::vector<FieldId> children = std::move(field.children);
    field.children = {};
    field.parent = parent;
    field.made = true;
    if (field.type.record == from) field.type.record = id;
    c.policy.fields.push_back(std::move(field));
    c.policy.fields[parent.value].children.push_back(id);
    for (const FieldId child : children) add_made(c, child, id);
}

/// The fields of `record of LIST`: those of the elements of a list that was declared before, in the same record or
/// around it.
static void add_element(Context& c, FieldId record, const ast::TypeRef& type) {
    FieldId list;
    for (FieldId at = c.policy.at(record).parent; at.valid() && !list.valid(); at = c.policy.at(at).parent)
        list = child_of(c.policy, at, type.of);
    const bool records = list.valid() && c.policy.at(list).type.kind == Kind::List &&
                         c.policy.at(list).type.elem == Kind::Record && list != record;
    if (!records) {
        report_malformed(c, type.span, quoted(type.of) + " is not a list of records that is declared before this field",
                         "`record of LIST` is the type of the elements of LIST");
        return;
    }
    c.policy.fields[record.value].made = true;
    const std::vector<FieldId> children = c.policy.at(list).children;
    for (const FieldId child : children)
        if (c.policy.at(child).name != "position") add_made(c, child, record);
}

void add_fields(Context& c, std::uint32_t module, FieldId parent, const std::vector<ast::Field>& fields) {
    std::unordered_map<std::string_view, Span> seen;
    for (const auto& declared : fields) {
        const auto [first, added] = seen.try_emplace(declared.name.text, declared.name.span);
        if (!added) {
            report_twice(c, "field", declared.name.text, declared.name.span, first->second);
            continue;
        }
        const FieldId id{static_cast<std::uint32_t>(c.policy.fields.size())};
        Field field;
        field.name = declared.name.text;
        field.parent = parent;
        field.or_none = declared.or_none;
        field.span = declared.name.span;
        field.doc = declared.doc;
        field.weakest = std::max(c.policy.at(parent).weakest, declared.from.value_or(Provenance::Model));

        const auto& type = declared.type;
        const bool container =
            type.name == "list" || type.name == "set" || type.name == "map" || type.name == "one_or_many";
        const std::vector<ast::Field>* children = nullptr;
        if (type.name == "record") {
            field.type = scalar(Kind::Record);
            field.type.record = id;
            children = &type.fields;
        } else if (container) {
            if (!resolve_container(c, module, type, id, field.type, field.one_or_many)) {
                c.broken_fields.insert(broken_key(parent, declared.name.text));
                continue;
            }
            if (field.type.elem == Kind::Record) children = &type.args.back().fields;
        } else if (!resolve_type(c, module, type, field.type)) {
            c.broken_fields.insert(broken_key(parent, declared.name.text));
            continue;
        }
        set_max(c, declared, field.type);
        c.policy.fields.push_back(std::move(field));
        c.policy.fields[parent.value].children.push_back(id);
        if (!type.of.empty()) {
            if (c.modules[module].name == "std.request")
                add_element(c, id, type);
            else
                report_malformed(c, type.span, "`record of` outside of `std.request`", "write the fields out");
            continue;
        }
        if (children == nullptr) continue;
        add_fields(c, module, id, *children);
        // A list of such records is made with them.
        const auto& below = c.policy.at(id).children;
        c.policy.fields[id.value].made = !below.empty() && std::all_of(below.begin(), below.end(), [&](FieldId child) {
            return c.policy.at(child).made;
        });
    }
}

void check_enums(Context& c) {
    c.tier = EnumId{0};
    c.policy.enums.push_back({"tier", true, {}, {}});
    Span first_tier;
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::EnumDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        EnumType type{std::string(decl->name.text), decl->ordered, {}, decl->name.span};
        for (std::size_t i = 0; i < decl->members.size(); ++i) {
            const auto& member = decl->members[i];
            bool repeated = false;
            for (std::size_t j = 0; j < i && !repeated; ++j) {
                if (decl->members[j].text != member.text) continue;
                repeated = true;
                report_twice(c, "member", member.text, member.span, decl->members[j].span);
            }
            if (!repeated) type.members.emplace_back(member.text);
        }
        if (decl->name.text == "tier") {
            entry.index = c.tier.value;
            if (c.policy.tier.valid()) {
                report_twice(c, "enum", "tier", decl->name.span, first_tier);
                continue;
            }
            first_tier = decl->name.span;
            if (!decl->ordered && decl->members.size() > 1)
                report_malformed(c, decl->name.span, "tiers have an order", "write `tier read < write < privileged`");
            type.ordered = true;
            assign_roles(c, *decl, type);
            c.policy.tier = c.tier;
            c.policy.enums[c.tier.value] = std::move(type);
            continue;
        }
        if (is_type_word(decl->name.text))
            c.report.add(Code::DeclaredTwice, decl->name.span,
                         quoted(decl->name.text) + " is already the name of a type of the language", {},
                         "take another name");
        entry.index = static_cast<std::uint32_t>(c.policy.enums.size());
        c.policy.enums.push_back(std::move(type));
    }
}

void check_schema(Context& c) {
    const ast::SchemaDecl* schema = nullptr;
    for (std::uint32_t f = 0; f < c.policy.files.size(); ++f) {
        for (const auto& decl : c.policy.files[f].decls) {
            const auto* found = std::get_if<ast::SchemaDecl>(&decl.node);
            if (found == nullptr) continue;
            const auto module = c.file_modules[f];
            if (c.modules[module].name != "std.request") {
                report_malformed(c, found->name.span, "a request schema outside of `std.request`",
                                 "declare a `claims` schema, or parameters of a tool");
                continue;
            }
            if (schema != nullptr) {
                report_twice(c, "schema", found->name.text, found->name.span, schema->name.span);
                continue;
            }
            schema = found;
            c.policy.request = add_root(c, "request", found->name.span, {});
            add_fields(c, module, c.policy.request, found->fields);
        }
    }
    if (schema == nullptr) {
        c.policy.request = add_root(c, "request", {}, {});
        report_malformed(c, {}, "module `std.request` has no request schema");
        return;
    }
    const auto token = child_of(c.policy, c.policy.request, "token");
    const auto tool = child_of(c.policy, c.policy.request, "tool");
    if (token.valid()) c.claims = child_of(c.policy, token, "claims");
    if (tool.valid()) c.params = child_of(c.policy, tool, "params");
    if (const auto delegation = child_of(c.policy, c.policy.request, "delegation"); delegation.valid())
        if (const auto chain = child_of(c.policy, delegation, "chain"); chain.valid())
            c.position = child_of(c.policy, chain, "position");
    if (!c.claims.valid())
        c.report.add(Code::UnknownField, schema->name.span, "the request schema has no field `token.claims`");
    if (!c.params.valid())
        c.report.add(Code::UnknownField, schema->name.span, "the request schema has no field `tool.params`");

    // A define or an issuer with the name of a request group would hide it, or be hidden.
    for (const auto& entry : c.entries) {
        const bool define = std::holds_alternative<ast::DefineDecl>(entry.decl->node);
        if (!define && !names_issuers(entry) && !std::holds_alternative<ast::TableDecl>(entry.decl->node)) continue;
        const auto field = child_of(c.policy, c.policy.request, entry.name.text);
        if (!field.valid() && entry.name.text != "params") continue;
        const bool fact = field.valid() && c.policy.at(field).type.kind != Kind::Record;
        auto& diagnostic = c.report.add(Code::DeclaredTwice, entry.name.span,
                                        quoted(entry.name.text) + " is already the name of " +
                                            (fact ? "a fact of the request" : "a group of facts of the request"),
                                        {}, "take another name");
        // Its uses may be meant for the fact.
        if (define) c.defines[entry.index].used = true;
        if (field.valid()) diagnostic.related.push_back({c.policy.at(field).span, "declared in the request schema"});
    }
}

}  // namespace writ::check
