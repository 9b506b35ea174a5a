// Literals get the type of the value that they are compared with, and its canonical form.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/values.h"
#include "check/expr.h"

namespace writ::check {
namespace {

void report_bad_literal(Context& c, Span span, std::string_view text, std::string_view type, std::string help) {
    c.report.add(Code::LiteralNotOfType, span, quoted(text) + " is not a value of type " + quoted(type), {},
                 std::move(help));
}

std::string help_for(Kind kind) {
    if (kind == Kind::Instant) return "for example `2026-01-31T09:00:00Z`";
    switch (kind) {
        case Kind::Path: return "for example `docs/a.md`; no `.`, `..` or empty segment, no `\\`, no escape for one";
        case Kind::Spiffe: return "for example `spiffe://acme.example/ns/support`";
        case Kind::Url: return "for example `https://api.acme.example/v1`; no user, no `..`";
        case Kind::Host: return "for example `api.acme.example`; patterns go with `like`";
        case Kind::Email: return "for example `ann@acme.example`";
        case Kind::Arn: return "for example `arn:aws:iam::123456789012:role/reader`";
        case Kind::Ip: return "for example `10.0.0.1` or `2001:db8::1`";
        case Kind::Cidr: return "for example `10.0.0.0/8`; bits after the prefix are zero";
#define TYPED_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            return {};
    }
    return {};
}

}  // namespace

/// A role of tiers where a tier is expected. The module that declares the tiers uses their own names.
static const Expr* tier_with_role(Context& c, TierRole role, Span span) {
    const EnumType& tiers = c.policy.enums[c.tier.value];
    const std::string_view name = kTierRoles[static_cast<std::size_t>(role)];
    const auto& member = tiers.roles[static_cast<std::size_t>(role)];
    const std::uint32_t user = c.file_modules[span.source], owner = c.file_modules[tiers.span.source];
    if (member && user == owner) {
        auto& diagnostic = c.report.add(
            Code::UnknownName, span,
            quoted(name) + " is the role of tier " + quoted(tiers.members[*member]) + ", not the name of a tier",
            "not a tier", "this module calls it " + quoted(tiers.members[*member]));
        std::string own;
        append_field(own, tiers.members[*member]);
        diagnostic.replacement = std::move(own);
        return nullptr;
    }
    if (member) {
        Type result = scalar(Kind::Enum);
        result.enumeration = c.tier;
        return integer_node(c, result, span, *member);
    }
    if (std::exchange(c.roles_told[static_cast<std::size_t>(role)], true)) return nullptr;
    std::string list;
    const std::size_t meant = role == TierRole::Read ? 0 : tiers.members.size() - 1;
    for (std::size_t i = 0; i < tiers.members.size(); ++i)
        list.append(i == 0 ? "" : " < ")
            .append(tiers.members[i])
            .append(i == meant ? " role " + std::string(name) : std::string());
    auto& diagnostic = c.report.add(
        Code::RoleUnassigned, tiers.span,
        "no tier has the role " + quoted(name) + ", and module " + quoted(c.modules[user].name) + " asks for it", {},
        (role == TierRole::Read ? "give it to the highest tier whose tools only read: "
                                : "give it to the lowest tier whose tools can do great harm: ") +
            quoted("tier " + list));
    diagnostic.related.push_back({span, "asked here"});
    return nullptr;
}

const Expr* enum_member(Context& c, EnumId id, std::string_view name, Span span) {
    const auto& type = c.policy.enums[id.value];
    const auto found = std::find(type.members.begin(), type.members.end(), name);
    if (found != type.members.end()) {
        Type result = scalar(Kind::Enum);
        result.enumeration = id;
        return integer_node(c, result, span, found - type.members.begin());
    }
    if (id == c.tier && c.broken_names.contains("tier")) return nullptr;
    if (id == c.tier && c.policy.tier.valid())
        for (std::size_t i = 0; i < std::size(kTierRoles); ++i)
            if (kTierRoles[i] == name) return tier_with_role(c, static_cast<TierRole>(i), span);
    auto& diagnostic = c.report.add(Code::UnknownName, span,
                                    quoted(name) + " is not a member of enum " + quoted(type.name), "not a member");
    suggest(c, diagnostic, name, {type.members.begin(), type.members.end()});
    if (diagnostic.help.empty() && id == c.tier && !c.policy.tier.valid())
        diagnostic.help = "declare the tiers: `tier read < write < privileged`";
    return nullptr;
}

namespace {

/// A text that has to name a tool, in its form of requests, or an issuer, as its URL.
const Expr* naming_literal(Context& c, std::string_view text, Span span, const Type& want) {
    const bool tool = want.names == Referent::Tools;
    if (tool ? c.tools_by_wire.contains(text) : c.issuers_by_url.contains(text)) return text_node(c, want, span, text);
    if (tool && c.broken_tool) return nullptr;
    auto& diagnostic =
        c.report.add(Code::UnknownCatalogueName, span,
                     tool ? "there is no tool " + quoted(text) : "there is no issuer with the URL " + quoted(text),
                     tool ? "not in the catalogue" : "not declared",
                     tool ? std::string() : "declare it, and test it by name: `token.issuer is NAME`");
    std::vector<std::string_view> values;
    for (const auto& declared : c.policy.tools) {
        if (!tool) break;
        if (declared.name == text) {
            diagnostic.help = "requests call it " + quoted(declared.wire_name) + "; write its name without quotes";
            diagnostic.replacement = declared.name;
            return nullptr;
        }
        values.push_back(declared.wire_name);
    }
    for (const auto& issuer : c.policy.issuers) {
        if (tool) break;
        if (issuer.name == text) {
            diagnostic.help = "write the issuer's name without quotes";
            diagnostic.replacement = issuer.name;
            return nullptr;
        }
        values.push_back(issuer.url);
    }
    suggest(c, diagnostic, text, values);
    if (!diagnostic.replacement.empty()) diagnostic.replacement = "\"" + diagnostic.replacement + "\"";
    return nullptr;
}

}  // namespace

const Expr* literal_of(Context& c, std::string_view text, Span span, const Type& want) {
    if (want.kind == Kind::String && want.names != Referent::Nothing) return naming_literal(c, text, span, want);
    if (want.kind == Kind::Enum) return enum_member(c, want.enumeration, text, span);
    if (want.kind == Kind::Instant) {
        if (const auto value = parse_instant(text)) return integer_node(c, want, span, *value);
        report_bad_literal(c, span, text, spelling_of(want.kind), help_for(want.kind));
        return nullptr;
    }
    if (rep_of(want.kind) != Rep::Text) return text_node(c, scalar(Kind::String), span, text);
    auto canonical = canonical_text(want.kind, text);
    if (!canonical) {
        report_bad_literal(c, span, text, spelling_of(want.kind), help_for(want.kind));
        return nullptr;
    }
    if (want.kind == Kind::Url && canonical->find_first_of("?#") != std::string::npos) {
        c.report.add(Code::LiteralNotOfType, span, quoted(text) + " has a query or a fragment", {},
                     "compare the parts: `.host`, `.path`, `.query` and `.fragment`");
        return nullptr;
    }
    return text_node(c, scalar(want.kind), span, *canonical == text ? text : c.policy.arena->copy(*canonical));
}

const Expr* as_whole(Context& c, const Expr* value) {
    if (value == nullptr || value->type.kind != Kind::Url || value->op == Op::Text) return value;
    auto* whole = node(c, Op::PartOf, value->type, value->span);
    whole->index = static_cast<std::uint32_t>(Part::UrlWhole);
    whole->kids = c.policy.arena->copy(std::vector<const Expr*>{value});
    return whole;
}

const Expr* type_literal(Context& c, const ast::Expr& e, const Type* want) {
    if (e.kind == ast::ExprKind::String)
        return want != nullptr ? literal_of(c, e.text, e.span, *want)
                               : text_node(c, scalar(Kind::String), e.span, e.text);
    if (e.kind == ast::ExprKind::Decimal) return integer_node(c, scalar(Kind::Decimal), e.span, e.integer);
    if (e.kind == ast::ExprKind::Duration) return integer_node(c, scalar(Kind::Duration), e.span, e.integer);
    if (e.kind == ast::ExprKind::Bool) return integer_node(c, scalar(Kind::Bool), e.span, e.integer);
    if (want == nullptr || want->kind != Kind::Decimal) return integer_node(c, scalar(Kind::Int), e.span, e.integer);
    if (e.integer > std::numeric_limits<std::int64_t>::max() / kDecimalUnit ||
        e.integer < std::numeric_limits<std::int64_t>::min() / kDecimalUnit) {
        report_bad_literal(c, e.span, std::to_string(e.integer), "decimal", "it is too large");
        return nullptr;
    }
    return integer_node(c, *want, e.span, e.integer * kDecimalUnit);
}

const Expr* type_set(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    // Elements are bounded by the text; only what definitions multiply counts as work.
    const auto work = c.work;
    Type element;
    bool known = want != nullptr && want->kind == Kind::List;
    if (known) element = element_of(*want);
    const Expr* first = nullptr;
    std::vector<const Expr*> kids;
    std::unordered_set<std::string_view> texts;
    std::unordered_set<std::int64_t> integers;
    bool broken = false;
    for (const auto* item : e.kids) {
        const auto* kid = type_value(c, s, *item, known ? &element : nullptr);
        if (kid == nullptr) {
            broken = true;
            continue;
        }
        if (kid->type.kind == Kind::List) {
            c.report.add(Code::TypesDiffer, kid->span, "a set inside a set",
                         "this is " + describe_one(c.policy, kid->type), "join sets with `|`");
            broken = true;
            continue;
        }
        if (kid->op != Op::Integer && kid->op != Op::Text && kid->op != Op::Column && kid->op != Op::ElemColumn) {
            c.report.add(Code::ConstantExpected, kid->span, "elements of a set are constants", {},
                         "compare one by one: `x == a or x == b`");
            broken = true;
            continue;
        }
        if (first != nullptr && !comparable(first->type, kid->type)) {
            auto& diagnostic = c.report.add(Code::TypesDiffer, kid->span, "a set of different types",
                                            "this is " + describe_one(c.policy, kid->type));
            diagnostic.related.push_back({first->span, "this is " + describe_one(c.policy, first->type)});
            broken = true;
            continue;
        }
        if (first == nullptr) {
            first = kid;
            if (!known) element = kid->type;
            known = true;
        }
        const bool fresh = kid->op == Op::Text      ? texts.insert(kid->text).second
                           : kid->op == Op::Integer ? integers.insert(kid->integer).second
                                                    : true;
        if (fresh) kids.push_back(kid);
    }
    c.work = work;
    if (broken) return nullptr;
    if (first != nullptr) element = first->type;
    if (!known) element = scalar(Kind::String);
    return node(c, Op::Set, list_of(element, kids.size()), e.span, kids);
}

}  // namespace writ::check
