#include <array>

#include "base/values.h"
#include "base/words.h"
#include "syntax/parse.h"

namespace writ::syntax {
namespace {

using ast::Expr;
using ast::ExprKind;

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::string text_literal(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += std::string("\\u{") + kHex[byte >> 4] + kHex[byte & 0xF] + '}';
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string path_text(std::span<const ast::PathStep> steps) {
    std::string out;
    for (const ast::PathStep& step : steps) {
        switch (step.kind) {
            case ast::StepKind::Name:
                out += out.empty() ? "" : ".";
                out += step.text;
                break;
            case ast::StepKind::Quoted:
                out += out.empty() ? "" : ".";
                out += text_literal(step.text);
                break;
            case ast::StepKind::Key: out += '[' + text_literal(step.text) + ']'; break;
            case ast::StepKind::Element: out += '[' + std::string(step.text) + ']'; break;
        }
    }
    return out;
}

std::string name_text(const ast::QualifiedName& name) {
    std::string out;
    for (const ast::Name& part : name.parts) {
        out += out.empty() ? "" : ".";
        out += part.text;
    }
    return out;
}

std::string clock(std::uint32_t seconds) {
    std::string out = "00:00";
    const std::array<std::uint32_t, 4> digits = {seconds / 36000, seconds / 3600 % 10, seconds / 600 % 6,
                                                 seconds / 60 % 10};
    constexpr std::array<std::size_t, 4> kAt = {0, 1, 3, 4};
    for (std::size_t i = 0; i < digits.size(); ++i) out[kAt[i]] = static_cast<char>('0' + digits[i]);
    return out;
}

/// A description of an expression without its kids.
std::string head(const Expr& e) {
    switch (e.kind) {
        case ExprKind::String: return "string " + text_literal(e.text);
        case ExprKind::Int: return "int " + std::to_string(e.integer);
        case ExprKind::Decimal: return "decimal " + format_decimal(e.integer);
        case ExprKind::Duration: return "duration " + format_duration(e.integer);
        case ExprKind::Bool: return e.integer != 0 ? "true" : "false";
        case ExprKind::Path: return "path " + path_text(e.steps);
        case ExprKind::Set: return "set";
        case ExprKind::Call: return "call " + std::string(e.text);
        case ExprKind::Count: return "count " + std::string(e.text);
        case ExprKind::Any: return "any " + std::string(e.text);
        case ExprKind::All: return "all " + std::string(e.text);
        case ExprKind::Not: return "not";
        case ExprKind::Negate: return "negate";
        case ExprKind::And: return "and";
        case ExprKind::Or: return "or";
        case ExprKind::Compare: return std::string(spelling_of(e.cmp));
        case ExprKind::In: return "in";
        case ExprKind::Contains: return "contains";
        case ExprKind::SubsetOf: return "subset-of";
        case ExprKind::Overlaps: return "overlaps";
        case ExprKind::TextTest: return std::string(spelling_of(e.test)) + ' ' + text_literal(e.text);
        case ExprKind::InWindow: {
            std::string out =
                "in-window " + clock(e.window.start) + ".." + clock(e.window.end) + ' ' + text_literal(e.text);
            if (e.window.days != 0x7F) out += " on";
            for (std::size_t day = 0; day < kDays.size(); ++day)
                if (e.window.days != 0x7F && (e.window.days >> day & 1) != 0) out += ' ' + std::string(kDays[day]);
            return out;
        }
        case ExprKind::IsNone: return "is-none";
        case ExprKind::IsSome: return "is-some";
        case ExprKind::IsName: return "is " + std::string(e.text);
        case ExprKind::Add: return "+";
        case ExprKind::Subtract: return "-";
        case ExprKind::Multiply: return "*";
        case ExprKind::Union: return "|";
        case ExprKind::Intersect: return "&";
        case ExprKind::Error: return "error";
    }
    return {};
}

/// Writes one construct per line, its parts indented by two columns.
class Dumper {
public:
    explicit Dumper(std::string& out) : out_(out) {}

    void file(const ast::SourceFile& file) {
        if (file.module) line("module " + name_text(*file.module));
        for (const ast::Import& import : file.imports)
            line("import " + name_text(import.module) + (import.alias ? " as " + std::string(import.alias->text) : ""));
        for (const ast::Decl& decl : file.decls) {
            prefix_ = decl.exported ? "export " : "";
            std::visit([&](const auto& node) { this->decl(node, decl.doc); }, decl.node);
        }
    }

    void bare(const ast::Decl& decl) {
        std::visit([&](const auto& node) { this->decl(node, {}); }, decl.node);
    }

private:
    void line(const std::string& text) { out_ += std::string(2 * indent_, ' ') + text + '\n'; }
    /// Writes a line and, indented, what `parts` writes.
    template <class Parts>
    void nest(const std::string& text, Parts parts) {
        line(text);
        ++indent_;
        parts();
        --indent_;
    }
    template <class Parts>
    void top(const std::string& text, const std::string& docs, Parts parts) {
        nest(std::exchange(prefix_, {}) + text, [&] {
            if (!docs.empty()) line("doc " + text_literal(docs));
            parts();
        });
    }
    void expr(const Expr& e) {
        nest(head(e), [&] {
            for (const Expr* kid : e.kids) expr(*kid);
        });
    }
    void part(const std::string& word, const Expr* e) {
        if (e != nullptr) nest(word, [&] { expr(*e); });
    }
    void texts(const std::string& word, const std::vector<std::pair<std::string, Span>>& items) {
        for (const auto& [text, span] : items) line(word + ' ' + text_literal(text));
    }
    static std::string type_text(const ast::TypeRef& type) {
        std::string out(type.name);
        if (!type.of.empty()) out += " of " + std::string(type.of);
        for (const ast::TypeRef& arg : type.args) out += '<' + type_text(arg) + '>';
        return out;
    }
    /// The fields of the record that a type is or contains.
    void type_fields(const ast::TypeRef& type) {
        fields(type.fields);
        for (const ast::TypeRef& arg : type.args) type_fields(arg);
    }
    void fields(const std::vector<ast::Field>& items) {
        for (const ast::Field& field : items) {
            std::string text = "field " + text_literal(field.name.text) + ' ' + type_text(field.type);
            if (field.or_none) text += " or none";
            if (field.from) text += " from " + std::string(spelling_of(*field.from));
            if (field.max) text += " max " + std::to_string(*field.max);
            nest(text, [&] {
                if (!field.doc.empty()) line("doc " + text_literal(field.doc));
                type_fields(field.type);
            });
        }
    }
    void data(const std::string& word, const ast::Data& value) {
        switch (value.kind) {
            case ast::DataKind::String: line(word + text_literal(value.text)); return;
            case ast::DataKind::Number: line(word + value.text); return;
            case ast::DataKind::Bool: line(word + (value.boolean ? "true" : "false")); return;
            case ast::DataKind::None: line(word + "none"); return;
            case ast::DataKind::Missing: line(word + "missing"); return;
            case ast::DataKind::Empty: line(word + "empty"); return;
            case ast::DataKind::Name: line(word + "name " + name_text(value.name)); return;
            case ast::DataKind::Binding:
                line(word + "binding" + (value.name.parts.empty() ? "" : " of " + name_text(value.name)));
                return;
            case ast::DataKind::Array:
                nest(word + "array", [&] {
                    for (const ast::Data& item : value.items) data("", item);
                });
                return;
            case ast::DataKind::Object:
                nest(word + "object", [&] {
                    for (const auto& [name, item] : value.members) data(text_literal(name.text) + " ", item);
                });
                return;
        }
    }
    void changes(const std::vector<ast::FixtureChange>& items) {
        for (const ast::FixtureChange& change : items) data("with " + path_text(change.path) + " = ", change.value);
    }
    /// Texts of an expectation, or the definition that has them.
    void expected(const std::string& word, const std::optional<std::vector<std::string>>& texts,
                  const ast::QualifiedName& name) {
        if (!name.parts.empty()) line(word + " name " + name_text(name));
        if (!texts) return;
        std::string text = word;
        for (const std::string& each : *texts) text += ' ' + text_literal(each);
        line(text);
    }
    void expectation(const ast::Expectation& e) {
        nest("expect " + e.effect, [&] {
            expected("scopes", e.scopes, e.scopes_name);
            expected("ttl", {}, e.ttl_name);
            expected("until", {}, e.until_name);
            if (e.ttl) line("ttl " + format_duration(*e.ttl));
            if (e.until) line("until " + format_instant(*e.until));
            expected("audience", e.audience, e.audience_name);
            if (e.single_use) line("single-use");
            if (e.only_obligations) line("only-with");
            if (e.only_rules) line("only-by");
            if (e.only_reasons) line("only-because");
            if (e.only_groups) line("only-from");
            for (const ast::Name& name : e.obligations) line("with " + std::string(name.text));
            for (const ast::QualifiedName& rule : e.rules) line("by " + name_text(rule));
            for (const ast::QualifiedName& reason : e.reasons) line("because " + name_text(reason));
            for (const std::string& group : e.groups) line("from " + text_literal(group));
        });
    }

    void decl(const ast::SchemaDecl& d, const std::string& docs) {
        top("schema " + std::string(d.name.text), docs, [&] { fields(d.fields); });
    }
    void decl(const ast::ClaimsDecl& d, const std::string& docs) {
        top("claims " + std::string(d.name.text), docs, [&] {
            if (d.shared) line("shared");
            texts("at", d.shared_at);
            fields(d.fields);
            for (const ast::AliasDecl& alias : d.aliases)
                line("alias " + std::string(alias.name.text) + " = " + path_text(alias.target));
            for (const ast::ParseDecl& parse : d.parses)
                nest("parse " + path_text(parse.path), [&] { texts("pattern", parse.patterns); });
            for (const ast::RoleDecl& role : d.roles)
                nest("role " + std::string(role.name.text), [&] {
                    for (const ast::RoleClaim& claim : role.claims)
                        nest("claim " + path_text(claim.path) +
                                 (claim.first ? " first " + std::to_string(*claim.first) : ""),
                             [&] {
                                 texts(claim.good.of_bool ? "good bool" : "good", claim.good.texts);
                                 texts(claim.bad.of_bool ? "bad bool" : "bad", claim.bad.texts);
                             });
                });
            texts("type", d.types);
            if (d.proof_required) line("proof-required");
            if (d.never) line("never-permit " + text_literal(*d.never));
        });
    }
    void decl(const ast::IssuerDecl& d, const std::string& docs) {
        top("issuer " + std::string(d.name.text) + ' ' + name_text(d.kind) + ' ' + text_literal(d.url), docs, [&] {
            texts("audience", d.audiences);
            texts("type", d.types);
            if (d.max_age) line("max-age " + format_duration(*d.max_age));
            if (d.leeway) line("leeway " + format_duration(*d.leeway));
            if (d.proof_required) line("proof-required");
        });
    }
    void decl(const ast::IssuerGroupDecl& d, const std::string& docs) {
        top("issuer-group " + std::string(d.name.text), docs, [&] {
            for (const ast::QualifiedName& member : d.members) line("member " + name_text(member));
        });
    }
    void decl(const ast::EnumDecl& d, const std::string& docs) {
        top(std::string(d.ordered ? "ordered-enum " : "enum ") + std::string(d.name.text), docs, [&] {
            for (const ast::Name& member : d.members) line("member " + text_literal(member.text));
            for (const auto& [role, member] : d.roles)
                line("role " + std::string(role.text) + " of " + text_literal(d.members[member].text));
        });
    }
    void decl(const ast::ToolDecl& d, const std::string& docs) {
        top("tool " + std::string(d.name.text) + (d.wire_name.empty() ? "" : ' ' + text_literal(d.wire_name)), docs,
            [&] {
                if (d.tier) line("tier " + std::string(d.tier->text));
                texts("audience", d.audiences);
                part("scopes", d.scopes);
                fields(d.params);
            });
    }
    void decl(const ast::TableDecl& d, const std::string& docs) {
        top("table " + std::string(d.name.text) + ' ' + d.format + ' ' + text_literal(d.path), docs,
            [&] { fields(d.columns); });
    }
    void decl(const ast::DefineDecl& d, const std::string& docs) {
        top("define " + std::string(d.name.text) + (d.has_params ? "()" : ""), docs, [&] {
            for (const ast::Param& param : d.params)
                nest("param " + std::string(param.name.text) + ' ' + type_text(param.type),
                     [&] { type_fields(param.type); });
            part("body", d.body);
        });
    }
    void decl(const ast::RuleDecl& d, const std::string& docs) {
        const std::string kind(spelling_of(d.kind));
        top(kind + ' ' + std::string(d.name.text), docs, [&] {
            if (d.row) line("for-each " + std::string(d.row->text) + " in " + name_text(d.table));
            if (d.extends) line("extends " + name_text(*d.extends));
            for (const ast::QualifiedName& tool : d.tools) line("for-tool " + name_text(tool));
            part("when", d.when);
            if (d.grant)
                nest("grant", [&] {
                    part("scopes", d.grant->scopes);
                    part("ttl", d.grant->ttl);
                });
            if (d.approval)
                nest("approval " + std::to_string(d.approval->count), [&] {
                    texts("group", d.approval->groups);
                    part("within", d.approval->within);
                });
            if (d.limit)
                nest("to", [&] {
                    part("ttl", d.limit->ttl);
                    part("scopes", d.limit->scopes);
                    part("audience", d.limit->audience);
                    if (d.limit->single_use) line("single-use");
                });
            for (const ast::ObligationClause& obligation : d.obligations)
                nest("with " + std::string(obligation.name.text), [&] {
                    for (const auto& [name, value] : obligation.args) part(std::string(name.text), value);
                });
            if (d.because) line("because " + text_literal(*d.because));
        });
    }
    void decl(const ast::InvariantDecl& d, const std::string& docs) {
        top("invariant " + std::string(d.name.text) +
                (d.never_needs_approval ? " never needs-approval" : " never permit"),
            docs, [&] { part("when", d.when); });
    }
    void decl(const ast::FixtureDecl& d, const std::string& docs) {
        top("fixture " + std::string(d.name.text), docs, [&] {
            if (d.json_path) line("json " + text_literal(*d.json_path));
            if (d.base) line("base " + name_text(*d.base));
            changes(d.changes);
        });
    }
    void decl(const ast::TestDecl& d, const std::string& docs) {
        top("test " + text_literal(d.name), docs, [&] {
            line("given " + name_text(d.given));
            changes(d.changes);
            for (const ast::Expectation& e : d.expects) expectation(e);
            for (const ast::CaseRow& row : d.rows)
                nest("case", [&] {
                    for (std::size_t i = 0; i < row.values.size(); ++i)
                        data(path_text(d.case_paths[i]) + " = ", row.values[i]);
                    expectation(row.expect);
                });
        });
    }

    std::string& out_;
    std::size_t indent_ = 0;
    std::string prefix_;
};

}  // namespace

std::string dump_ast(const ast::SourceFile& file) {
    std::string out;
    Dumper(out).file(file);
    return out;
}

std::string dump_ast(const ast::Decl& decl) {
    std::string out;
    Dumper(out).bare(decl);
    return out;
}

}  // namespace writ::syntax
