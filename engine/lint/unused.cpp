// Declarations that nothing names. Names are compared as written, whatever they resolve to, so that a
// used declaration is never reported.
#include <algorithm>
#include <unordered_set>

#include "lint/cases.h"

namespace writ::lint {

namespace {

using Names = std::unordered_set<std::string_view>;

void add_parts(Names& names, std::string_view text) {
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t dot = std::min(text.find('.', at), text.size());
        names.insert(text.substr(at, dot - at));
        at = dot + 1;
    }
}

void add(Names& names, const ast::QualifiedName& name) {
    for (const ast::Name& part : name.parts) names.insert(part.text);
}

void add(Names& names, const ast::TypeRef& type) {
    add_parts(names, type.name);
    for (const ast::TypeRef& arg : type.args) add(names, arg);
    for (const ast::Field& field : type.fields) add(names, field.type);
}

void add(Names& names, const std::vector<ast::Field>& fields) {
    for (const ast::Field& field : fields) add(names, field.type);
}

void add(Names& names, const std::vector<ast::PathStep>& path) {
    for (const ast::PathStep& step : path) names.insert(step.text);
}

void add(Names& names, const ast::Data& data) {
    add(names, data.name);
    for (const ast::Data& item : data.items) add(names, item);
    for (const ast::DataMember& member : data.members) add(names, member.second);
}

void add(Names& names, const std::vector<ast::FixtureChange>& changes) {
    for (const ast::FixtureChange& change : changes) {
        add(names, change.path);
        add(names, change.value);
    }
}

void add(Names& names, const ast::Expectation& expect) {
    for (const ast::QualifiedName& rule : expect.rules) add(names, rule);
    for (const ast::QualifiedName* value :
         {&expect.scopes_name, &expect.ttl_name, &expect.until_name, &expect.audience_name})
        add(names, *value);
}

/// The names in the parts of a declaration other than expressions.
struct Named {
    Names& names;

    void operator()(const ast::SchemaDecl& decl) const { add(names, decl.fields); }
    void operator()(const ast::ClaimsDecl& decl) const {
        add(names, decl.fields);
        for (const ast::AliasDecl& alias : decl.aliases) add(names, alias.target);
    }
    void operator()(const ast::IssuerDecl& decl) const { add(names, decl.kind); }
    void operator()(const ast::IssuerGroupDecl& decl) const {
        for (const ast::QualifiedName& member : decl.members) add(names, member);
    }
    void operator()(const ast::EnumDecl&) const {}
    void operator()(const ast::ToolDecl& decl) const { add(names, decl.params); }
    void operator()(const ast::TableDecl& decl) const { add(names, decl.columns); }
    void operator()(const ast::DefineDecl& decl) const {
        for (const ast::Param& param : decl.params) add(names, param.type);
    }
    void operator()(const ast::RuleDecl& decl) const {
        add(names, decl.table);
        if (decl.extends) add(names, *decl.extends);
        for (const ast::QualifiedName& tool : decl.tools) add(names, tool);
    }
    void operator()(const ast::InvariantDecl&) const {}
    void operator()(const ast::FixtureDecl& decl) const {
        if (decl.base) add(names, *decl.base);
        add(names, decl.changes);
    }
    void operator()(const ast::TestDecl& decl) const {
        add(names, decl.given);
        add(names, decl.changes);
        for (const auto& path : decl.case_paths) add(names, path);
        for (const ast::Expectation& expect : decl.expects) add(names, expect);
        for (const ast::CaseRow& row : decl.rows) {
            for (const ast::Data& value : row.values) add(names, value);
            add(names, row.expect);
        }
    }
};

void add(Names& names, const ast::Expr& e) {
    for (const ast::PathStep& step : e.steps) names.insert(step.text);
    if (e.kind == ast::ExprKind::Call || e.kind == ast::ExprKind::IsName) add_parts(names, e.text);
}

std::string_view noun_of(const ast::Decl& decl) {
    if (std::holds_alternative<ast::DefineDecl>(decl.node)) return "definition";
    if (std::holds_alternative<ast::TableDecl>(decl.node)) return "table";
    if (std::holds_alternative<ast::FixtureDecl>(decl.node)) return "fixture";
    if (std::holds_alternative<ast::EnumDecl>(decl.node)) return "enum";
    if (std::holds_alternative<ast::IssuerGroupDecl>(decl.node)) return "issuer group";
    if (std::holds_alternative<ast::ClaimsDecl>(decl.node)) return "claims";
    return {};
}

const ast::Name* name_of(const ast::Decl& decl) {
    return std::visit(
        [](const auto& node) -> const ast::Name* {
            if constexpr (requires { node.name.span; })
                return &node.name;
            else
                return nullptr;
        },
        decl.node);
}

/// Whether some permit accepts tokens of any issuer: then none is unused.
bool asks_for_no_issuer(const RuleView& view) {
    return view.rule->kind == RuleKind::Permit &&
           std::any_of(view.cases.begin(), view.cases.end(), [](const Case& each) { return each.issuers.empty(); });
}

void unused(Linter& l, const ast::Decl& decl, const Names& used, bool any_issuer) {
    const ast::Name* name = name_of(decl);
    if (name == nullptr || decl.exported || used.contains(name->text) || name->text == "tier") return;
    if (std::holds_alternative<ast::IssuerDecl>(decl.node)) {
        if (any_issuer) return;
        l.report(
            Lint::UnusedIssuer, name->span, "no rule uses tokens of " + quoted(name->text),
            "its tokens are accepted but get nothing",
            "the next permit without a test of the issuer accepts them too; remove the issuer if it is not needed");
        return;
    }
    const std::string_view noun = noun_of(decl);
    if (noun.empty()) return;
    Finding* found =
        l.report(Lint::UnusedDefinition, name->span, std::string(noun) + " " + quoted(name->text) + " is not used", "",
                 "usually a rule or a test should use it but does not; use it, remove "
                 "it, or put `export` before it");
    if (found != nullptr) found->fix = removal_of(l.policy.sources[name->span.source].text, decl.span);
}

std::string joined(const ast::QualifiedName& name) {
    std::string out;
    for (const ast::Name& part : name.parts) out.append(out.empty() ? "" : ".").append(part.text);
    return out;
}

/// Whether importing a module has an effect by itself, or something that it declares is used.
bool contributes(const ast::SourceFile& file, const Names& used) {
    return std::any_of(file.decls.begin(), file.decls.end(), [&](const ast::Decl& decl) {
        if (std::holds_alternative<ast::RuleDecl>(decl.node) || std::holds_alternative<ast::InvariantDecl>(decl.node))
            return true;
        if (const auto* members = std::get_if<ast::EnumDecl>(&decl.node))
            for (const ast::Name& member : members->members)
                if (used.contains(member.text)) return true;
        const ast::Name* name = name_of(decl);
        return name != nullptr && used.contains(name->text);
    });
}

}  // namespace

void each_written(const ast::Decl& decl, const std::function<void(const ast::Expr&)>& visit) {
    const std::function<void(const ast::Expr*)> walk = [&](const ast::Expr* e) {
        if (e == nullptr) return;
        visit(*e);
        for (const ast::Expr* kid : e->kids) walk(kid);
    };
    if (const auto* tool = std::get_if<ast::ToolDecl>(&decl.node)) walk(tool->scopes);
    if (const auto* define = std::get_if<ast::DefineDecl>(&decl.node)) walk(define->body);
    if (const auto* invariant = std::get_if<ast::InvariantDecl>(&decl.node)) walk(invariant->when);
    const auto* rule = std::get_if<ast::RuleDecl>(&decl.node);
    if (rule == nullptr) return;
    walk(rule->when);
    if (rule->grant) walk(rule->grant->scopes);
    if (rule->grant) walk(rule->grant->ttl);
    if (rule->approval) walk(rule->approval->within);
    if (rule->limit)
        for (const ast::Expr* each : {rule->limit->ttl, rule->limit->scopes, rule->limit->audience}) walk(each);
    for (const ast::ObligationClause& clause : rule->obligations)
        for (const auto& [name, value] : clause.args) walk(value);
}

void lint_unused(Linter& l) {
    Names used;
    for (std::size_t i = 0; i < l.policy.given_sources && i < l.policy.files.size(); ++i)
        for (const ast::Decl& decl : l.policy.files[i].decls) {
            std::visit(Named{used}, decl.node);
            each_written(decl, [&](const ast::Expr& e) { add(used, e); });
        }
    const bool any_issuer = std::any_of(l.rules.begin(), l.rules.end(), asks_for_no_issuer);
    std::map<std::string, std::vector<const ast::SourceFile*>> modules;
    for (const ast::SourceFile& file : l.policy.files)
        if (file.module) modules[joined(*file.module)].push_back(&file);
    for (std::size_t i = 0; i < l.policy.given_sources && i < l.policy.files.size(); ++i) {
        const ast::SourceFile& file = l.policy.files[i];
        for (const ast::Decl& decl : file.decls) unused(l, decl, used, any_issuer);
        for (const ast::Import& import : file.imports) {
            const std::string name = joined(import.module);
            const auto found = modules.find(name);
            if (found == modules.end() ||
                std::any_of(found->second.begin(), found->second.end(),
                            [&](const ast::SourceFile* each) { return contributes(*each, used); }))
                continue;
            Finding* finding =
                l.report(Lint::UnusedImport, import.module.span, "nothing of " + quoted(name) + " is used", "",
                         "readers expect an issuer that does not exist; remove it");
            if (finding == nullptr) continue;
            const std::string_view text = l.policy.sources[i].text;
            Span whole = import.module.span;
            if (import.alias) whole = join(whole, import.alias->span);
            const std::size_t word = text.rfind("import", whole.begin);
            if (word == std::string_view::npos) continue;
            whole.begin = static_cast<std::uint32_t>(word);
            finding->fix = removal_of(text, whole);
        }
    }
}

}  // namespace writ::lint
