#include <algorithm>
#include <limits>

#include "base/values.h"
#include "base/words.h"
#include "syntax/literal.h"
#include "syntax/lower.h"

namespace writ::syntax {

using antlr4::tree::TerminalNode;

// ---- common parts ---------------------------------------------------------------------------

ast::Name TreeLowering::field_name(Tree::FieldNameContext& tree) {
    if (auto* quoted = tree.STRING()) return {string(*quoted), span(tree)};
    return name(tree);
}

ast::QualifiedName TreeLowering::qualified(Tree::QualifiedContext& tree) {
    ast::QualifiedName out{{name(*tree.name())}, span(tree)};
    for (auto* part : tree.anyName()) out.parts.push_back(name(*part));
    return out;
}

std::string_view TreeLowering::joined(Tree::QualifiedContext& tree) {
    if (tree.anyName().empty()) return text(span(tree));
    std::string out;
    for (const ast::Name& part : qualified(tree).parts) {
        out += out.empty() ? "" : ".";
        out += part.text;
    }
    return arena_.copy(out);
}

std::string_view TreeLowering::string(antlr4::Token& token) {
    return decode_string(text(span(token)), span(token), arena_, report_);
}

TreeLowering::Texts TreeLowering::strings(Tree::StringsContext& tree) {
    Texts out;
    for (auto* node : tree.STRING()) out.emplace_back(string(*node), span(*node));
    return out;
}

ast::PathStep TreeLowering::step(Tree::StepContext& tree) {
    if (auto* plain = tree.anyName()) return {ast::StepKind::Name, text(span(*plain)), span(*plain)};
    TerminalNode& quoted = *tree.STRING();
    return {tree.DOT() != nullptr ? ast::StepKind::Quoted : ast::StepKind::Key, string(quoted), span(quoted)};
}

std::vector<ast::PathStep> TreeLowering::path(Tree::PathContext& tree) {
    const ast::Name root = name(*tree.name());
    std::vector<ast::PathStep> out{{ast::StepKind::Name, root.text, root.span}};
    for (auto* next : tree.step()) out.push_back(step(*next));
    return out;
}

std::vector<ast::PathStep> TreeLowering::place(Tree::PlaceContext& tree) {
    const ast::Name root = name(*tree.name());
    std::vector<ast::PathStep> out{{ast::StepKind::Name, root.text, root.span}};
    for (std::size_t i = 1; i < tree.children.size(); ++i) {
        if (auto* next = dynamic_cast<Tree::StepContext*>(tree.children[i])) {
            out.push_back(step(*next));
            continue;
        }
        TerminalNode& index = *static_cast<Tree::ElementContext*>(tree.children[i])->INT();
        out.push_back({ast::StepKind::Element, text(span(index)), span(index)});
    }
    const bool long_params = out.size() > 1 && out[0].text == "tool" && out[1].text == "params";
    if (long_params && out[1].kind != ast::StepKind::Element) {
        out.erase(out.begin());
        out[0].kind = ast::StepKind::Name;
    }
    return out;
}

std::int64_t TreeLowering::duration(TerminalNode& node) const {
    return parse_duration(text(span(node))).value_or(0);  // the token stream has reported a malformed one
}

std::int64_t TreeLowering::instant(TerminalNode& node) {
    const auto moment = parse_instant(string(node));
    if (!moment)
        report_.add(Code::MalformedLiteral, span(node), "this is not an instant", {},
                    "write it like \"2026-03-01T10:00:00Z\"");
    return moment.value_or(0);
}

bool TreeLowering::once(bool before, Span at, std::string_view what) {
    if (before)
        report_.add(Code::MalformedDeclaration, at, '`' + std::string(what) + "` is given twice", {},
                    "remove one of them");
    return !before;
}

// ---- types and fields -----------------------------------------------------------------------

std::vector<ast::Field> TreeLowering::fields(Tree::FieldsContext& tree) {
    std::vector<ast::Field> out;
    for (auto* one : tree.field()) out.push_back(field(*one));
    return out;
}

ast::Field TreeLowering::field(Tree::FieldContext& tree) {
    ast::Field out;
    out.name = field_name(*tree.fieldName());
    out.type = type(*tree.type());
    out.doc = tokens_.doc_before(tree.getStart()->getStartIndex());
    for (auto* modifier : tree.fieldModifier()) {
        if (auto* from = modifier->name()) {
            const ast::Name asked = name(*from);
            const auto known = provenance_of(asked.text);
            if (!known) {
                report_.add(Code::SyntaxError, asked.span, "unknown provenance " + quoted_excerpt(asked.text), {},
                            "the provenance of a field is `verified`, `broker`, `asserted` or `model`");
            } else if (once(out.from.has_value(), span(*modifier), "from")) {
                out.from = known;
            }
        } else if (auto* most = modifier->INT()) {
            const Span at = span(*most);
            const auto value = decode_int(text(at), false, at, report_);
            if (value && *value > std::numeric_limits<std::uint32_t>::max())
                report_.add(Code::MalformedLiteral, at, "`max` does not fit in 32 bits");
            else if (value && once(out.max.has_value(), span(*modifier), "max"))
                out.max = static_cast<std::uint32_t>(*value);
        } else if (once(out.or_none, span(*modifier), "or none")) {
            out.or_none = true;
        }
    }
    return out;
}

ast::TypeRef TreeLowering::type(Tree::TypeContext& tree) {
    ast::TypeRef out;
    out.span = span(tree);
    if (auto* plain = tree.qualified()) {
        out.name = joined(*plain);
        return out;
    }
    out.name = text(span(*tree.getStart()));
    if (auto* record = tree.fields()) out.fields = fields(*record);
    if (auto* list = tree.name()) out.of = name(*list).text;
    for (auto* argument : tree.type()) out.args.push_back(type(*argument));
    if (tree.MAP() != nullptr) {
        const ast::TypeRef key = std::move(out.args.front());
        out.args.erase(out.args.begin());
        if (key.name != "string")
            report_.add(Code::SyntaxError, key.span, "the keys of a map must be `string`").replacement = "string";
    }
    return out;
}

// ---- declarations ---------------------------------------------------------------------------

void TreeLowering::module_decl(Tree::ModuleDeclContext& tree) {
    file_.module = qualified(*tree.qualified());
}

void TreeLowering::import_decl(Tree::ImportDeclContext& tree) {
    ast::Import out{qualified(*tree.qualified()), {}};
    if (auto* alias = tree.name()) out.alias = name(*alias);
    file_.imports.push_back(std::move(out));
}

void TreeLowering::declaration(Tree::DeclarationContext& tree) {
    too_deep_ = false;
    ast::Decl out;
    out.span = span(tree);
    out.exported = tree.EXPORT() != nullptr;
    out.doc = tokens_.doc_before(tree.getStart()->getStartIndex());
    if (auto* rule_tree = tree.ruleDecl()) out.node = rule(*rule_tree);
    if (auto* schema_tree = tree.schemaDecl()) out.node = schema(*schema_tree);
    if (auto* claims_tree = tree.claimsDecl()) out.node = claims(*claims_tree);
    if (auto* issuer_tree = tree.issuerDecl()) out.node = issuer(*issuer_tree);
    if (auto* group_tree = tree.issuerGroupDecl()) out.node = issuer_group(*group_tree);
    if (auto* enum_tree = tree.enumDecl()) out.node = enumeration(*enum_tree);
    if (auto* tier_tree = tree.tierDecl()) out.node = tier(*tier_tree);
    if (auto* tool_tree = tree.toolDecl()) out.node = tool(*tool_tree);
    if (auto* table_tree = tree.tableDecl()) out.node = table(*table_tree);
    if (auto* define_tree = tree.defineDecl()) out.node = define(*define_tree);
    if (auto* invariant_tree = tree.invariantDecl()) out.node = invariant(*invariant_tree);
    if (auto* fixture_tree = tree.fixtureDecl()) out.node = fixture(*fixture_tree);
    if (auto* test_tree = tree.testDecl()) out.node = test(*test_tree);
    file_.decls.push_back(std::move(out));
}

ast::SchemaDecl TreeLowering::schema(Tree::SchemaDeclContext& tree) {
    return {name(*tree.name()), fields(*tree.fields())};
}

std::vector<ast::PathStep> TreeLowering::claim_path(Tree::AliasPathContext& tree) {
    auto* quoted = tree.STRING();
    const Span root = quoted != nullptr ? span(*quoted) : span(*tree.name());
    std::vector<ast::PathStep> out{{quoted != nullptr ? ast::StepKind::Quoted : ast::StepKind::Name,
                                    quoted != nullptr ? string(*quoted) : text(root), root}};
    for (auto* next : tree.step()) out.push_back(step(*next));
    return out;
}

ast::RoleValues TreeLowering::role_values(Tree::RoleValuesContext& tree) {
    if (auto* texts = tree.strings()) return {strings(*texts), false};
    return {{{tree.TRUE() != nullptr ? "true" : "false", span(tree)}}, true};
}

ast::RoleDecl TreeLowering::role(Tree::ClaimsItemContext& tree) {
    ast::RoleDecl out{name(*tree.name()), {}};
    for (auto* each : tree.roleClaim()) {
        ast::RoleClaim claim{claim_path(*each->aliasPath()), {}, {}, {}, span(*each)};
        for (auto* values : each->roleValues()) {
            const bool good = each->IS() != nullptr && values == each->roleValues(0);
            (good ? claim.good : claim.bad) = role_values(*values);
        }
        if (auto* count = each->INT()) claim.first = decode_int(text(span(*count)), false, span(*count), report_);
        out.claims.push_back(std::move(claim));
    }
    return out;
}

ast::ClaimsDecl TreeLowering::claims(Tree::ClaimsDeclContext& tree) {
    ast::ClaimsDecl out;
    out.name = name(*tree.name());
    out.shared = tree.SHARED() != nullptr;
    if (auto* urls = tree.strings()) out.shared_at = strings(*urls);
    for (auto* item : tree.claimsItem()) {
        if (auto* claim = item->field()) {
            out.fields.push_back(field(*claim));
        } else if (item->ALIAS() != nullptr) {
            out.aliases.push_back({name(*item->name()), claim_path(*item->aliasPath()), span(*item)});
        } else if (item->PARSE() != nullptr) {
            ast::ParseDecl parse{claim_path(*item->aliasPath()), {}};
            for (auto* pattern : item->STRING()) parse.patterns.emplace_back(string(*pattern), span(*pattern));
            out.parses.push_back(std::move(parse));
        } else if (item->ROLE() != nullptr) {
            out.roles.push_back(role(*item));
        } else if (item->NEVER() != nullptr) {
            if (once(out.never.has_value(), span(*item), "never permit")) out.never = string(*item->STRING(0));
        } else if (auto* types = item->strings()) {
            if (once(!out.types.empty(), span(*item), "type")) out.types = strings(*types);
        } else if (once(out.proof_required, span(*item), "proof required")) {
            out.proof_required = true;
        }
    }
    return out;
}

ast::IssuerDecl TreeLowering::issuer(Tree::IssuerDeclContext& tree) {
    ast::IssuerDecl out;
    out.name = name(*tree.name());
    out.kind = qualified(*tree.qualified());
    out.url = string(*tree.STRING());
    out.url_span = span(*tree.STRING());
    for (auto* item : tree.issuerItem()) {
        const Span at = span(*item);
        switch (item->getStart()->getType()) {
            case Lexer::AUDIENCE:
                if (once(!out.audiences.empty(), at, "audience")) out.audiences = strings(*item->strings());
                break;
            case Lexer::TYPE:
                if (once(!out.types.empty(), at, "type")) out.types = strings(*item->strings());
                break;
            case Lexer::MAX_AGE:
                if (once(out.max_age.has_value(), at, "max_age")) out.max_age = duration(*item->DURATION());
                break;
            case Lexer::LEEWAY:
                if (!once(out.leeway.has_value(), at, "leeway")) break;
                out.leeway = duration(*item->DURATION());
                out.leeway_span = span(*item->DURATION());
                break;
            default:
                if (once(out.proof_required, at, "proof required")) out.proof_required = true;
                break;
        }
    }
    return out;
}

ast::IssuerGroupDecl TreeLowering::issuer_group(Tree::IssuerGroupDeclContext& tree) {
    ast::IssuerGroupDecl out{name(*tree.name()), {}};
    for (auto* member : tree.qualifieds()->qualified()) out.members.push_back(qualified(*member));
    return out;
}

ast::Name TreeLowering::enum_member(Tree::EnumMemberContext& tree) {
    if (auto* quoted = tree.STRING()) return {string(*quoted), span(tree)};
    return name(tree);
}

ast::EnumDecl TreeLowering::enumeration(Tree::EnumDeclContext& tree) {
    ast::EnumDecl out{name(*tree.name()), !tree.LT().empty(), {}};
    for (auto* member : tree.enumMember()) out.members.push_back(enum_member(*member));
    return out;
}

/// `tier a < b` is an ordered enum with the name `tier`.
ast::EnumDecl TreeLowering::tier(Tree::TierDeclContext& tree) {
    const Span word = span(*tree.TIER());
    ast::EnumDecl out{{text(word), word}, true, {}};
    for (auto* member : tree.tierMember()) {
        for (auto* role : member->name()) out.roles.emplace_back(name(*role), out.members.size());
        out.members.push_back(enum_member(*member->enumMember()));
    }
    return out;
}

ast::ToolDecl TreeLowering::tool(Tree::ToolDeclContext& tree) {
    ast::ToolDecl out;
    out.name = name(*tree.name());
    if (auto* wire = tree.STRING()) out.wire_name = string(*wire);
    bool has_params = false;
    for (auto* item : tree.toolItem()) {
        const Span at = span(*item);
        if (auto* member = item->name()) {
            if (once(out.tier.has_value(), at, "tier")) out.tier = name(*member);
        } else if (auto* audiences = item->strings()) {
            if (once(!out.audiences.empty(), at, "audience")) out.audiences = strings(*audiences);
        } else if (auto* scopes = item->expr()) {
            if (once(out.scopes != nullptr, at, "scopes")) out.scopes = expression(*scopes);
        } else if (once(has_params, at, "params")) {
            out.params = fields(*item->fields());
            has_params = true;
        }
    }
    return out;
}

ast::TableDecl TreeLowering::table(Tree::TableDeclContext& tree) {
    ast::TableDecl out;
    out.name = name(*tree.name());
    out.format = tree.CSV() != nullptr ? "csv" : "json";
    out.path = string(*tree.STRING());
    out.path_span = span(*tree.STRING());
    out.columns = fields(*tree.fields());
    return out;
}

ast::DefineDecl TreeLowering::define(Tree::DefineDeclContext& tree) {
    ast::DefineDecl out;
    out.name = name(*tree.name());
    out.has_params = tree.LPAREN() != nullptr;
    for (auto* param : tree.param()) out.params.push_back({name(*param->name()), type(*param->type())});
    out.body = expression(*tree.expr());
    return out;
}

ast::InvariantDecl TreeLowering::invariant(Tree::InvariantDeclContext& tree) {
    return {name(*tree.name()), tree.NEEDS_APPROVAL() != nullptr, expression(*tree.expr())};
}

}  // namespace writ::syntax
