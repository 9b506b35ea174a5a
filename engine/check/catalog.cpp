// The declarations a policy is about: issuer kinds, issuers and tools.
#include <algorithm>

#include "base/values.h"
#include "check/expr.h"
#include "check/passes.h"

namespace writ::check {
namespace {

constexpr std::int64_t kMaxSegments = 64;

using Texts = std::vector<std::pair<std::string, Span>>;

std::vector<std::string> unique_texts(const Texts& texts) {
    std::vector<std::string> out;
    for (const auto& [text, span] : texts)
        if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
    return out;
}

/// The field that a path of claims leads to, from the root or from an alias. None: reported.
FieldId find_field(Context& c, FieldId root, const KindNames& names, const std::vector<ast::PathStep>& path) {
    FieldId at = root;
    for (const auto& step : path) {
        const auto& field = c.policy.at(at);
        if (field.type.kind != Kind::Record || step.kind == ast::StepKind::Key) {
            c.report.add(Code::MalformedDeclaration, step.span, "a path of claims may go only through records",
                         quoted(field.name) + " is " + describe_one(c.policy, field.type));
            return {};
        }
        const auto alias = &step == &path.front() ? names.aliases.find(step.text) : names.aliases.end();
        const auto next = alias != names.aliases.end() ? alias->second : child_of(c.policy, at, step.text);
        if (!next.valid()) {
            report_no_field(c, at, step);
            return {};
        }
        at = next;
    }
    return at;
}

void add_aliases(Context& c, const ast::ClaimsDecl& decl, FieldId root, KindNames& names) {
    for (const auto& alias : decl.aliases) {
        const FieldId at = find_field(c, root, names, alias.target);
        if (!at.valid()) continue;
        if (const auto clash = child_of(c.policy, root, alias.name.text); clash.valid()) {
            report_twice(c, "claim", alias.name.text, alias.name.span, c.policy.at(clash).span);
            continue;
        }
        const auto [old, added] = names.aliases.try_emplace(alias.name.text, at);
        if (!added) {
            c.report.add(Code::DeclaredTwice, alias.name.span,
                         "alias " + quoted(alias.name.text) + " is declared twice");
            continue;
        }
        names.alias_of.try_emplace(at.value, alias.name.text);
    }
}

/// Splits `a:{b}:{c**}` into literals and captures. False: reported.
bool parse_pattern(Context& c, const std::string& text, Span span, std::vector<CapturePiece>& out) {
    const auto fail = [&](std::string message) {
        c.report.add(Code::MalformedDeclaration, span, std::move(message), {}, "a capture is `{name}` or `{name**}`");
        return false;
    };
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '}') return fail("`}` without `{` in a pattern");
        if (text[at] != '{') {
            const auto end = std::min(text.find_first_of("{}", at), text.size());
            out.push_back({text.substr(at, end - at), {}, false});
            at = end;
            continue;
        }
        const auto end = text.find('}', at);
        if (end == std::string::npos) return fail("`{` without `}` in a pattern");
        CapturePiece piece;
        piece.capture = text.substr(at + 1, end - at - 1);
        if (piece.capture.size() > 2 && piece.capture.ends_with("**")) {
            piece.rest = true;
            piece.capture.resize(piece.capture.size() - 2);
        }
        const bool word =
            !piece.capture.empty() && std::all_of(piece.capture.begin(), piece.capture.end(), [](char ch) {
                return ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
            });
        if (!word) return fail(quoted(piece.capture) + " is not a name for a capture");
        if (!out.empty() && out.back().literal.empty())
            return fail("two adjacent captures: it is unclear where the first one ends");
        for (const auto& other : out)
            if (other.capture == piece.capture) return fail("capture " + quoted(piece.capture) + " occurs twice");
        out.push_back(std::move(piece));
        at = end + 1;
    }
    if (out.empty()) return fail("an empty pattern");
    return true;
}

void add_captures(Context& c, const ast::ClaimsDecl& decl, FieldId root, IssuerKind& kind, KindNames& names) {
    for (const auto& parse : decl.parses) {
        const FieldId field = find_field(c, root, names, parse.path);
        if (!field.valid()) continue;
        const auto parsed = c.policy.at(field).type.kind;
        if (rep_of(parsed) != Rep::Text || parsed == Kind::Ip || parsed == Kind::Cidr) {
            c.report.add(Code::OperationUndefined, parse.path.back().span,
                         quoted(parse.path.back().text) + " cannot be parsed: it is " +
                             describe_one(c.policy, c.policy.at(field).type),
                         "only text can be parsed");
            continue;
        }
        CaptureSpec spec;
        spec.field = field;
        const auto index = static_cast<std::uint32_t>(kind.captures.size());
        for (const auto& [text, span] : parse.patterns) {
            std::vector<CapturePiece> pieces;
            if (!parse_pattern(c, text, span, pieces)) continue;
            for (const auto& piece : pieces) {
                if (piece.capture.empty()) continue;
                const auto clash = child_of(c.policy, root, piece.capture);
                // The table's keys have to outlive this spec, whose strings will move.
                const auto name = c.policy.arena->copy(std::string_view(piece.capture));
                const auto [old, added] = names.captures.try_emplace(name, index);
                if (clash.valid() || names.aliases.contains(name) || old->second != index)
                    c.report.add(Code::DeclaredTwice, span,
                                 "capture " + quoted(name) + " has the name of another claim");
            }
            spec.patterns.push_back(std::move(pieces));
        }
        kind.captures.push_back(std::move(spec));
    }
}

struct FoundClaim {
    std::string claim, written;
    bool text = true, boolean = false;
};

/// The claim that a path leads to: a field, by an alias or without, or a capture. None: reported.
std::optional<FoundClaim> find_claim(Context& c, FieldId root, const KindNames& names,
                                     const std::vector<ast::PathStep>& path) {
    const ast::PathStep& first = path.front();
    FoundClaim out;
    for (const auto& step : path)
        step.kind == ast::StepKind::Key ? append_key(out.written, step.text) : append_field(out.written, step.text);
    if (out.written.starts_with('.')) out.written.erase(0, 1);
    if (path.size() == 1 && names.captures.contains(first.text)) {
        out.claim = first.text;
        return out;
    }
    const FieldId at = find_field(c, root, names, path);
    if (!at.valid()) return std::nullopt;
    const Field& field = c.policy.at(at);
    out.text = rep_of(field.type.kind) == Rep::Text;
    out.boolean = field.type.kind == Kind::Bool;
    for (FieldId up = at; c.policy.at(up).parent.valid(); up = c.policy.at(up).parent)
        out.claim = c.policy.at(up).name + (out.claim.empty() ? "" : "." + out.claim);
    return out;
}

/// The values that a role states of a claim. None: reported.
std::optional<std::vector<std::string>> role_values(Context& c, const ast::RoleValues& values, ClaimRole role,
                                                    const FoundClaim& of) {
    if (values.texts.empty()) return std::vector<std::string>{};
    const Span at = values.texts.front().second;
    if (role != ClaimRole::Trigger && role != ClaimRole::Phase && role != ClaimRole::Login) {
        c.report.add(Code::MalformedDeclaration, at,
                     "the role " + quoted(kClaimRoles[static_cast<std::size_t>(role)]) + " has no values", {},
                     "`is { … }` and `not { … }` belong to the roles `trigger`, `phase` and `login`");
        return std::nullopt;
    }
    if (values.of_bool ? !of.boolean : !of.text) {
        c.report.add(Code::MalformedDeclaration, at,
                     quoted(of.written) + (values.of_bool ? " is not a `bool`" : " is not text"), {},
                     "write values that the claim can have");
        return std::nullopt;
    }
    return unique_texts(values.texts);
}

void add_role(Context& c, const ast::RoleDecl& decl, const KindNames& names, IssuerKind& kind, std::uint32_t item) {
    const auto known = std::find(std::begin(kClaimRoles), std::end(kClaimRoles), decl.name.text);
    if (known == std::end(kClaimRoles)) {
        auto& diagnostic = c.report.add(Code::UnknownName, decl.name.span, "there is no role " + quoted(decl.name.text),
                                        "not a role of a claim");
        suggest(c, diagnostic, decl.name.text, {std::begin(kClaimRoles), std::end(kClaimRoles)});
        return;
    }
    const auto role = static_cast<ClaimRole>(known - std::begin(kClaimRoles));
    for (const auto& claim : decl.claims) {
        const auto found = find_claim(c, kind.root, names, claim.path);
        if (!found) continue;
        if (claim.first && (!found->text || *claim.first < 1 || *claim.first > kMaxSegments)) {
            c.report.add(found->text ? Code::ValueOutOfRange : Code::MalformedDeclaration, claim.span,
                         found->text ? "`first` takes from 1 to " + std::to_string(kMaxSegments) + " segments"
                                     : "`first` belongs to text");
            continue;
        }
        if (std::any_of(kind.roles.begin(), kind.roles.end(),
                        [&](const RoleClaim& each) { return each.role == role && each.claim == found->claim; })) {
            c.report.add(Code::DeclaredTwice, claim.span,
                         quoted(found->written) + " has the role " + quoted(decl.name.text) + " twice");
            continue;
        }
        auto good = role_values(c, claim.good, role, *found), bad = role_values(c, claim.bad, role, *found);
        if (!good || !bad) continue;
        kind.roles.push_back({role, found->claim, found->written, static_cast<std::uint32_t>(claim.first.value_or(0)),
                              item, std::move(*good), std::move(*bad), found->boolean});
    }
}

void add_roles(Context& c, const ast::ClaimsDecl& decl, const KindNames& names, IssuerKind& kind) {
    kind.shared = decl.shared;
    kind.never = decl.never.value_or("");
    kind.shared_at = unique_texts(decl.shared_at);
    for (std::uint32_t i = 0; i < decl.roles.size(); ++i) add_role(c, decl.roles[i], names, kind, i);
    const auto owns = std::find_if(decl.roles.begin(), decl.roles.end(), [](const ast::RoleDecl& each) {
        return each.name.text == kClaimRoles[static_cast<std::size_t>(ClaimRole::Owner)];
    });
    // A shared kind needs a claim that identifies the owner; a kind that is not shared has one owner.
    if (decl.shared && owns == decl.roles.end())
        c.report.add(Code::MalformedDeclaration, decl.name.span,
                     quoted(decl.name.text) + " is shared, and no claim says whose a token is", {},
                     "add `role owner`, and the claims that are never given to anyone else");
    if (!decl.shared && owns != decl.roles.end())
        c.report.add(Code::MalformedDeclaration, owns->name.span,
                     "`role owner` belongs to a shared kind, and " + quoted(decl.name.text) + " is not", {},
                     "write `claims " + std::string(decl.name.text) + " shared { … }`, or leave the role out");
}

void check_tier(Context& c, const ast::ToolDecl& decl, Tool& tool) {
    if (!decl.tier) {
        c.report.add(Code::MalformedDeclaration, decl.name.span, "tool " + quoted(decl.name.text) + " has no tier", {},
                     "add `tier read`, or another tier");
        return;
    }
    const auto& members = c.policy.enums[c.tier.value].members;
    const auto found = std::find(members.begin(), members.end(), decl.tier->text);
    if (found != members.end()) {
        tool.tier = found - members.begin();
        return;
    }
    if (c.broken_names.contains("tier") ||
        std::any_of(c.modules.begin(), c.modules.end(), [](const Module& module) { return module.incomplete; }))
        return;
    auto& diagnostic = c.report.add(Code::UnknownCatalogueName, decl.tier->span,
                                    "there is no tier " + quoted(decl.tier->text), "not declared");
    if (!c.policy.tier.valid())
        diagnostic.help = "declare the tiers: `tier read < write < privileged`";
    else
        suggest(c, diagnostic, decl.tier->text, {members.begin(), members.end()});
    if (diagnostic.help.empty())
        diagnostic.help = name_all("the only tier is", "the tiers are", {members.begin(), members.end()});
}

void check_tool_scopes(Context& c, std::uint32_t module, const ast::ToolDecl& decl, Tool& tool) {
    if (decl.scopes == nullptr) {
        c.report.add(Code::MalformedDeclaration, decl.name.span, "tool " + quoted(decl.name.text) + " has no scopes",
                     {}, "add `scopes { \"…\" }`");
        return;
    }
    Scope scope;
    scope.module = module;
    scope.constant = true;
    const Type want = list_of(scalar(Kind::String), 0);
    start_work(c);
    const auto* set = type_constant(c, scope, *decl.scopes, &want);
    if (set == nullptr) return;
    if (set->kids.empty())
        c.report.add(Code::MalformedDeclaration, set->span, "tool " + quoted(decl.name.text) + " has no scopes");
    for (const auto* kid : set->kids) {
        if (kid->text.find('*') != std::string_view::npos)
            c.report.add(Code::WildcardScope, kid->span, "scope " + quoted(kid->text) + " has a `*`", {},
                         "list the scopes one by one; scopes are not patterns");
        tool.scopes.emplace_back(kid->text);
    }
}

}  // namespace

void check_kinds(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::ClaimsDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        entry.index = static_cast<std::uint32_t>(c.policy.kinds.size());
        IssuerKind kind;
        kind.name = decl->name.text;
        kind.span = decl->name.span;
        kind.root = add_root(c, "claims", decl->name.span, c.claims);
        add_fields(c, entry.module, kind.root, decl->fields);
        kind.types = unique_texts(decl->types);
        kind.proof_required = decl->proof_required;
        KindNames names;
        add_aliases(c, *decl, kind.root, names);
        add_captures(c, *decl, kind.root, kind, names);
        add_roles(c, *decl, names, kind);
        c.policy.kinds.push_back(std::move(kind));
        c.kind_names.push_back(std::move(names));
    }
}

void check_issuers(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::IssuerDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        const auto* kind =
            require_name(c, entry.module, NameSort::Kind, decl->kind, Code::UnknownCatalogueName, "issuer kind");
        if (decl->url.empty())
            c.report.add(Code::MalformedDeclaration, decl->url_span,
                         "issuer " + quoted(decl->name.text) + " has an empty URL");
        const auto [first, added] = c.issuers_by_url.try_emplace(decl->url, decl->url_span);
        if (!added) {
            auto& diagnostic =
                c.report.add(Code::DeclaredTwice, decl->url_span, "two issuers with the URL " + quoted(decl->url));
            diagnostic.related.push_back({first->second, "first declared here"});
        }
        if (decl->audiences.empty())
            c.report.add(Code::AudienceMissing, decl->name.span,
                         "issuer " + quoted(decl->name.text) + " has no audience",
                         "would accept tokens meant for other services", "add `audience \"https://…\"`");
        for (const auto& [audience, span] : decl->audiences)
            if (audience.empty()) c.report.add(Code::AudienceMissing, span, "an empty audience");
        if (decl->max_age && *decl->max_age <= 0)
            c.report.add(Code::ValueOutOfRange, decl->name.span, "`max_age` must be greater than zero");
        if (decl->leeway && (*decl->leeway < 0 || *decl->leeway > kMostLeeway))
            c.report.add(Code::ValueOutOfRange, decl->leeway_span,
                         "`leeway` can be at most " + std::to_string(kMostLeeway / kSecond) + "s",
                         "clocks that differ more must be corrected");
        // A broken issuer has no name in the tables, so that uses of its claims are not reported too.
        if (kind == nullptr) continue;
        Issuer issuer;
        issuer.name = decl->name.text;
        issuer.url = decl->url;
        issuer.kind = kind->index;
        issuer.audiences = unique_texts(decl->audiences);
        const auto& declared = c.policy.kinds[kind->index];
        issuer.types = decl->types.empty() ? declared.types : unique_texts(decl->types);
        issuer.max_age = decl->max_age;
        issuer.leeway = decl->leeway.value_or(0);
        issuer.proof_required = decl->proof_required || declared.proof_required;
        issuer.span = decl->name.span;
        entry.index = static_cast<std::uint32_t>(c.policy.issuers.size());
        c.policy.issuers.push_back(std::move(issuer));
    }
}

void check_issuer_groups(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::IssuerGroupDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        IssuerGroup group;
        group.name = decl->name.text;
        group.span = decl->name.span;
        bool whole = true;
        for (const auto& name : decl->members) {
            const auto* member =
                require_name(c, entry.module, NameSort::Value, name, Code::UnknownCatalogueName, "issuer");
            if (member != nullptr && !std::holds_alternative<ast::IssuerDecl>(member->decl->node)) {
                const bool nested = std::holds_alternative<ast::IssuerGroupDecl>(member->decl->node);
                c.report.add(Code::UnknownCatalogueName, name.span, quoted(member->name.text) + " is not an issuer",
                             "not an issuer", nested ? "list its members: a group has issuers, not groups" : "");
                member = nullptr;
            }
            // A group with a broken member gets no name in the tables, so that its uses are not reported too.
            if (member == nullptr || member->index == kNoIndex) {
                whole = false;
                continue;
            }
            if (std::find(group.members.begin(), group.members.end(), member->index) != group.members.end())
                c.report.add(Code::DeclaredTwice, name.span, quoted(member->name.text) + " is in the group twice");
            else
                group.members.push_back(member->index);
        }
        if (!whole) continue;
        std::sort(group.members.begin(), group.members.end());
        group.kind = c.policy.issuers[group.members.front()].kind;
        if (std::any_of(group.members.begin(), group.members.end(),
                        [&](std::uint32_t member) { return c.policy.issuers[member].kind != *group.kind; }))
            group.kind.reset();
        entry.index = static_cast<std::uint32_t>(c.policy.issuers.size() + c.policy.groups.size());
        c.policy.groups.push_back(std::move(group));
    }
}

void declare_tools(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::ToolDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        Tool tool;
        tool.name = decl->name.text;
        tool.wire_name = decl->wire_name.empty() ? tool.name : decl->wire_name;
        tool.span = decl->name.span;
        entry.index = static_cast<std::uint32_t>(c.policy.tools.size());
        const auto wire = c.policy.arena->copy(std::string_view(tool.wire_name));
        const auto [first, added] = c.tools_by_wire.try_emplace(wire, entry.index);
        if (!added) {
            auto& diagnostic =
                c.report.add(Code::DeclaredTwice, decl->name.span, "two tools are called " + quoted(wire));
            diagnostic.related.push_back({c.policy.tools[first->second].span, "the other one"});
        }
        c.policy.tools.push_back(std::move(tool));
    }
    for (std::uint32_t i = 0; i < c.policy.tools.size(); ++i) {
        const auto& tool = c.policy.tools[i];
        const auto other = c.tools_by_wire.find(tool.name);
        if (other == c.tools_by_wire.end() || other->second == i || tool.wire_name == tool.name) continue;
        auto& diagnostic = c.report.add(Code::DeclaredTwice, tool.span,
                                        "tool " + quoted(tool.name) + " has the name of another tool in requests", {},
                                        "rename one: a table that says " + quoted(tool.name) + " could mean either");
        diagnostic.related.push_back({c.policy.tools[other->second].span, "the other one"});
    }
}

void check_tools(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::ToolDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        auto& tool = c.policy.tools[entry.index];
        check_tier(c, *decl, tool);
        if (decl->audiences.empty())
            c.report.add(Code::AudienceMissing, decl->name.span, "tool " + quoted(decl->name.text) + " has no audience",
                         "a credential for it would be valid anywhere", "add `audience \"https://…\"`");
        for (const auto& [audience, span] : decl->audiences)
            if (audience.empty()) c.report.add(Code::AudienceMissing, span, "an empty audience");
        tool.audiences = unique_texts(decl->audiences);
        check_tool_scopes(c, entry.module, *decl, tool);
        tool.params = add_root(c, "params", decl->name.span, c.params);
        add_fields(c, entry.module, tool.params, decl->params);
    }
}

}  // namespace writ::check
