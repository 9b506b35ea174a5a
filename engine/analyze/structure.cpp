#include "analyze/structure.h"

#include <algorithm>

#include "analyze/expr_text.h"
#include "base/json.h"
#include "base/values.h"
#include "check/context.h"
#include "syntax/parse.h"

namespace writ::analyze {

namespace {

using check::Expr;
using check::Op;

std::vector<std::string> sorted(std::vector<std::string> items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
}

std::vector<std::string> quoted_all(const std::vector<std::string>& items) {
    std::vector<std::string> out;
    for (const std::string& each : items) out.push_back(literal(each));
    return sorted(std::move(out));
}

bool is_constant(const Expr& e) { return e.op == Op::Integer || e.op == Op::Text; }
bool is_constant_set(const Expr& e) {
    return e.op == Op::Set && std::all_of(e.kids.begin(), e.kids.end(), [](const Expr* kid) { return is_constant(*kid); });
}

Part plain(std::string name, std::string text, Direction gain) { return {.name = std::move(name), .text = std::move(text), .gain = gain}; }

/// A part of which there is at most one.
Part sole(std::string name, std::string text, Direction gain, Direction grow) {
    Part out = plain(std::move(name), std::move(text), gain);
    out.about = out.name;
    out.grow = grow;
    return out;
}

/// A set of which it is told what came and went.
Part several(std::string name, std::string_view each, std::vector<std::string> members, Direction gain, Direction grow) {
    Part out = sole(std::move(name), braced(members), gain, grow);
    out.members = std::move(members);
    out.each_member = each;
    return out;
}

// ---- rules ------------------------------------------------------------------------------------

class RuleParts {
public:
    RuleParts(const check::Policy& policy, const check::Rule& rule, const SharedNames& shared)
        : policy_(policy), rule_(rule), shared_(shared), looser_(rule.kind == RuleKind::Permit ? Direction::Wider : Direction::Narrower) {}

    std::vector<Part> parts() {
        if (rule_.each.valid()) add(sole("for each row of", told_name(policy_, policy_.tables[rule_.each.value], shared_.tables), Direction::Other, Direction::Other));
        if (!rule_.tools.empty()) {
            std::vector<std::string> tools;
            for (const check::ToolId id : rule_.tools) tools.push_back(told_name(policy_, policy_.tools[id.value], shared_.tools));
            add(several("tools", "tool", sorted(std::move(tools)), opposite(looser_), looser_));
        }
        if (rule_.when != nullptr) conditions(*rule_.when, looser_);
        switch (rule_.kind) {
            case RuleKind::Permit:
                scopes(Direction::Wider);
                duration("ttl", Direction::Wider, Direction::Wider);
                break;
            case RuleKind::Deny: break;
            case RuleKind::Require: {
                add(measured("approvals", std::to_string(rule_.approvals), rule_.approvals, Direction::Narrower, Direction::Narrower));
                add(several("groups", "group", quoted_all(rule_.groups), Direction::Narrower, Direction::Wider));
                duration("within", Direction::Narrower, Direction::Wider);
                break;
            }
            case RuleKind::Limit:
                duration("ttl", Direction::Narrower, Direction::Wider);
                scopes(Direction::Narrower);
                if (rule_.audience != nullptr) add(set("audience", "audience", *rule_.audience, Direction::Narrower));
                if (rule_.single_use) add(plain("single_use", "single_use", Direction::Narrower));
                break;
            case RuleKind::Oblige:
                for (const check::Obligation& each : rule_.obligations) add(plain("duty", duty(each), Direction::Narrower));
                break;
        }
        if (!rule_.because.empty()) add(sole("because", literal(rule_.because), Direction::Same, Direction::Same));
        return std::move(out_);
    }

    /// Each conjunct; `looser` is what it means for one to hold more often.
    void conditions(const Expr& when, Direction looser) {
        if (when.op != Op::And) return add(condition(when, looser));
        for (const Expr* each : when.kids) conditions(*each, looser);
    }
    std::vector<Part> take() { return std::move(out_); }

private:
    void add(Part part) { out_.push_back(std::move(part)); }
    std::string text(const Expr& e) const { return expr_text(policy_, e, rule_.each, shared_); }

    static Part measured(std::string name, std::string text, std::int64_t measure, Direction gain, Direction grow) {
        Part out = sole(std::move(name), std::move(text), gain, grow);
        out.measure = measure;
        return out;
    }

    void duration(std::string name, Direction gain, Direction grow) {
        if (rule_.ttl == nullptr) return;
        Part part = sole(std::move(name), text(*rule_.ttl), gain, grow);
        if (rule_.ttl->op == Op::Integer) part.measure = rule_.ttl->integer;
        add(std::move(part));
    }

    Part set(std::string name, std::string_view each, const Expr& e, Direction gain) const {
        if (!is_constant_set(e)) return sole(std::move(name), text(e), gain, Direction::Other);
        return several(std::move(name), each, texts_of(e), gain, Direction::Wider);
    }
    void scopes(Direction gain) {
        if (rule_.scopes != nullptr) add(set("scopes", "scope", *rule_.scopes, gain));
    }

    std::vector<std::string> texts_of(const Expr& e) const {
        std::vector<std::string> out;
        for (const Expr* each : e.kids) out.push_back(text(*each));
        return sorted(std::move(out));
    }

    std::string duty(const check::Obligation& duty) const {
        std::string args;
        for (const check::ObligationArg& each : duty.args)
            args.append(args.empty() ? "" : ", ").append(each.name).append(": ").append(text(*each.value));
        return duty.name + (args.empty() ? "" : "(" + args + ")");
    }

    Part condition(const Expr& e, Direction looser) const {
        Part out = plain("condition", text(e), opposite(looser));
        bool negated = false;
        const Expr* inner = &e;
        for (; inner->op == Op::Not; inner = inner->kids[0]) negated = !negated;
        bound(*inner, out);
        out.grow = out.grow == Direction::Other ? Direction::Other
                   : (out.grow == Direction::Wider) == negated ? opposite(looser)
                                                               : looser;
        if (negated && !out.about.empty()) out.about = "not " + out.about;
        return out;
    }

    /// What a condition bounds. `grow` is Wider where more makes it hold more often, Narrower where less often.
    void bound(const Expr& e, Part& out) const {
        const auto members = [&](const Expr& subject, std::string_view word, std::vector<std::string> items, Direction grow) {
            out.about = text(subject) + " " + std::string(word);
            out.members = std::move(items);
            out.grow = grow;
        };
        if (e.op == Op::Compare) {
            const bool turned = is_constant(*e.kids[0]);
            const Expr &subject = *e.kids[turned ? 1 : 0], &value = *e.kids[turned ? 0 : 1];
            if (!is_constant(value)) return;
            const Cmp cmp = turned ? check::flipped(e.cmp) : e.cmp;
            if (cmp == Cmp::Eq) return members(subject, "in", {text(value)}, Direction::Wider);
            if (cmp == Cmp::Ne) return members(subject, "not in", {text(value)}, Direction::Narrower);
            out.about = text(subject) + " " + std::string(check::spelling_of(cmp));
            if (value.op == Op::Integer) out.measure = value.integer;
            out.grow = cmp == Cmp::Lt || cmp == Cmp::Le ? Direction::Wider : Direction::Narrower;
        } else if (e.op == Op::In && is_constant_set(*e.kids[1])) {
            members(*e.kids[0], "in", texts_of(*e.kids[1]), Direction::Wider);
        } else if (e.op == Op::In && is_constant(*e.kids[0])) {
            out.about = text(*e.kids[1]) + " contains";
        } else if ((e.op == Op::SubsetOf || e.op == Op::Overlaps) && is_constant_set(*e.kids[1])) {
            members(*e.kids[0], e.op == Op::SubsetOf ? "subset of" : "overlaps", texts_of(*e.kids[1]), Direction::Wider);
        } else if (e.op == Op::Or) {
            out.about = "or";
            out.members = texts_of(e);
            out.grow = Direction::Wider;
        } else if (e.op == Op::Like || e.op == Op::Matches || e.op == Op::InWindow) {
            out.about = text(*e.kids[0]) + (e.op == Op::InWindow ? " in window" : " like");
        }
    }

    const check::Policy& policy_;
    const check::Rule& rule_;
    const SharedNames& shared_;
    Direction looser_;
    std::vector<Part> out_;
};

// ---- the rest ---------------------------------------------------------------------------------

class Things {
public:
    Things(const check::Policy& policy, const SharedNames& shared) : policy_(policy), shared_(shared) {
        for (std::uint32_t i = 0; i < policy.files.size(); ++i) modules_.push_back(module_of(policy, i));
    }

    std::vector<Thing> all() {
        for (const check::Rule& each : policy_.rules) {
            Thing& rule = add(ThingKind::Rule, spelling_of(each.kind), each.module + "." + each.name, each.span,
                              each.kind == RuleKind::Permit ? Direction::Wider : Direction::Narrower);
            rule.parts = RuleParts(policy_, each, shared_).parts();
        }
        for (const check::Tool& each : policy_.tools) tool(each);
        for (const check::Issuer& each : policy_.issuers) issuer(each);
        for (const check::Table& each : policy_.tables) table(each);
        for (const check::Invariant& each : policy_.invariants) invariant(each);
        for (const check::Fixture& each : policy_.fixtures) {
            Thing& fixture = add(ThingKind::Fixture, "fixture", each.module + "." + each.name, each.span, Direction::Same);
            flatten(fixture, "", each.document);
        }
        for (std::uint32_t i = 0; i < policy_.files.size(); ++i) {
            if (i < policy_.given_sources)
                for (const ast::Decl& each : policy_.files[i].decls) declaration(each);
            else if (modules_[i] != "std.request")
                add(ThingKind::Import, "import", modules_[i], {i, 0, 0}, Direction::Same);
        }
        return std::move(out_);
    }

private:
    Thing& add(ThingKind kind, std::string_view word, std::string name, Span span, Direction gain) {
        return out_.emplace_back(Thing{kind, std::string(word), std::move(name), span.source, span.begin, gain, {}});
    }
    std::string named(std::string_view name, Span span) const { return modules_[span.source] + "." + std::string(name); }

    void tool(const check::Tool& tool) {
        Thing& out = add(ThingKind::Tool, "tool", named(tool.name, tool.span), tool.span, Direction::Wider);
        out.parts.push_back(sole("name in requests", literal(tool.wire_name), Direction::Other, Direction::Other));
        if (policy_.tier.valid())
            out.parts.push_back(sole("tier", policy_.enums[policy_.tier.value].members[static_cast<std::size_t>(tool.tier)],
                                     Direction::Other, Direction::Other));
        // A rule may ask for the audiences themselves, and apply for want of one.
        const bool read = std::any_of(policy_.facts.begin(), policy_.facts.end(), [](const check::Fact& each) {
            return each.root == check::FactRoot::Catalog && each.catalog == check::CatalogFact::Audience;
        });
        out.parts.push_back(several("audience", "audience", quoted_all(tool.audiences), Direction::Other, read ? Direction::Other : Direction::Wider));
        out.parts.push_back(several("scopes", "scope", quoted_all(tool.scopes), Direction::Other, Direction::Other));
        fields(out, "param", tool.params);
    }

    void fields(Thing& out, const std::string& what, check::FieldId root) {
        for (const check::FieldId id : policy_.at(root).children) {
            const check::Field& field = policy_.at(id);
            out.parts.push_back(about(what, field.name, field.name + ": " + type_text(field)));
        }
    }
    /// A type with all that decides which values are admitted.
    std::string type_text(const check::Type& type) const {
        std::string out = check::describe(policy_, type);
        if (type.enumeration.valid()) {
            const check::EnumType& list = policy_.enums[type.enumeration.value];
            if (shared_.enums.contains(list.name)) out += members_text(list);
        }
        return type.max > 0 ? out + " max " + std::to_string(type.max) : out;
    }
    static std::string members_text(const check::EnumType& list) {
        std::string out;
        for (const std::string& each : list.members) out.append(out.empty() ? " (" : list.ordered ? " < " : " | ").append(each);
        return out + ")";
    }
    /// Its type, and those of the fields inside.
    std::string type_text(const check::Field& field) const {
        static constexpr std::string_view kFrom[] = {"", " from asserted", " from broker", " from verified"};
        std::string out = type_text(field.type);
        std::string inside;
        for (const check::FieldId id : field.children)
            inside.append(inside.empty() ? "" : ", ").append(policy_.at(id).name).append(": ").append(type_text(policy_.at(id)));
        if (!inside.empty()) out += " { " + inside + " }";
        // Whom a record is taken from, all in it is.
        if (field.weakest != policy_.at(field.parent).weakest) out += kFrom[static_cast<std::size_t>(field.weakest)];
        if (field.one_or_many) out += " or one";
        return field.or_none ? out + " or none" : out;
    }
    static Part about(const std::string& what, const std::string& name, std::string text) {
        Part out = plain(what, std::move(text), Direction::Other);
        out.about = what + " " + name;
        return out;
    }

    void issuer(const check::Issuer& issuer) {
        Thing& out = add(ThingKind::Issuer, "issuer", named(issuer.name, issuer.span), issuer.span, Direction::Wider);
        out.parts.push_back(sole("kind", kind_text(policy_.kinds[issuer.kind]), Direction::Other, Direction::Other));
        out.parts.push_back(sole("url", literal(issuer.url), Direction::Other, Direction::Other));
        out.parts.push_back(several("audience", "audience", quoted_all(issuer.audiences), Direction::Other, Direction::Wider));
        if (!issuer.types.empty())
            out.parts.push_back(several("types", "type", quoted_all(issuer.types), Direction::Narrower, Direction::Wider));
        const auto duration = [&](std::string name, std::int64_t micros, Direction gain) {
            Part part = sole(std::move(name), format_duration(micros), gain, Direction::Wider);
            part.measure = micros;
            out.parts.push_back(std::move(part));
        };
        if (issuer.max_age) duration("max_age", *issuer.max_age, Direction::Narrower);
        if (issuer.leeway > 0) duration("leeway", issuer.leeway, Direction::Wider);
        if (issuer.proof_required) out.parts.push_back(plain("proof", "required", Direction::Narrower));
    }

    /// The name of a kind, which says it all unless it, or one that its fields name, is shared.
    std::string kind_text(const check::IssuerKind& kind) const {
        if (!shared_.kinds.contains(kind.name) && shared_.enums.empty()) return kind.name;
        std::string out = kind.name + " { ";
        for (const check::FieldId id : policy_.at(kind.root).children) out += policy_.at(id).name + ": " + type_text(policy_.at(id)) + " ";
        for (const check::CaptureSpec& spec : kind.captures) {
            out += "parse " + policy_.at(spec.field).name + " { ";
            for (const auto& pattern : spec.patterns) {
                std::string text;
                for (const check::CapturePiece& each : pattern)
                    text += each.capture.empty() ? each.literal : "{" + each.capture + (each.rest ? "**}" : "}");
                out += literal(text) + " ";
            }
            out += "} ";
        }
        for (const std::string& each : sorted(kind.types)) out += "type " + literal(each) + " ";
        return out + (kind.proof_required ? "proof required }" : "}");
    }

    void table(const check::Table& table) {
        Thing& out = add(ThingKind::Table, "table", named(table.name, table.span), table.span, Direction::Same);
        for (const check::Column& each : table.columns)
            out.parts.push_back(about("column", each.name, each.name + ": " + type_text(each.type)));
        for (const auto& row : table.rows) {
            std::string text, key;
            for (std::size_t i = 0; i < row.size(); ++i) {
                const std::string cell = cell_text(policy_, table.columns[i].type, row[i]);
                text.append(i == 0 ? "" : ", ").append(cell);
                if (i == 0) key = cell;
            }
            out.parts.push_back(about("row", key, std::move(text)));
        }
    }

    void invariant(const check::Invariant& invariant) {
        Thing& out = add(ThingKind::Invariant, "invariant", invariant.module + "." + invariant.name, invariant.span, Direction::Narrower);
        out.parts.push_back(sole("never", invariant.never_needs_approval ? "needs_approval" : "permit", Direction::Other, Direction::Other));
        check::Rule none;
        RuleParts parts(policy_, none, shared_);
        parts.conditions(*invariant.when, Direction::Narrower);
        for (Part& each : parts.take()) out.parts.push_back(std::move(each));
    }

    void flatten(Thing& out, const std::string& path, const json::Value& value) {
        if (value.type != json::Type::Object || value.members.empty()) {
            out.parts.push_back(sole(path, json::canonical(value), Direction::Same, Direction::Same));
            return;
        }
        for (const json::Member& each : value.members) flatten(out, path.empty() ? each.first : path + "." + each.first, each.second);
    }

    /// What stands between the braces of a declaration.
    static std::string inside(const std::string& text) {
        const std::size_t begin = std::min(text.find(" { "), text.size());
        return text.substr(std::min(begin + 1, text.size()));
    }

    /// What the typed policy has no place for, or has written out where it is used.
    void declaration(const ast::Decl& decl) {
        const auto as_written = [&](ThingKind kind, std::string_view word, std::string_view name, std::string part,
                                    std::string text, Direction change) {
            Thing& out = add(kind, word, named(name, decl.span), decl.span, Direction::Same);
            Part means = sole(std::move(part), std::move(text), change, change);
            means.key = syntax::dump_ast(decl);
            // Its own name is no part of what it says.
            means.key.erase(0, means.key.find('\n') + 1);
            out.parts.push_back(std::move(means));
        };
        if (const auto* define = std::get_if<ast::DefineDecl>(&decl.node))
            as_written(ThingKind::Define, "define", define->name.text, "says",
                       define->body != nullptr ? source_line(policy_, define->body->span) : "", Direction::Same);
        if (const auto* claims = std::get_if<ast::ClaimsDecl>(&decl.node))
            as_written(ThingKind::Claims, "claims", claims->name.text, "says", inside(source_line(policy_, decl.span)), Direction::Other);
        if (const auto* test = std::get_if<ast::TestDecl>(&decl.node))
            as_written(ThingKind::Test, "test", test->name, "says", inside(source_line(policy_, decl.span)), Direction::Same);
        if (const auto* list = std::get_if<ast::EnumDecl>(&decl.node)) {
            std::string members;
            for (const ast::Name& each : list->members)
                members.append(members.empty() ? "" : list->ordered ? " < " : " | ").append(each.text);
            const bool tier = list->name.text == "tier";
            Thing& out = add(ThingKind::Enum, tier ? "tier" : "enum", named(list->name.text, decl.span), decl.span, Direction::Same);
            out.parts.push_back(sole("members", std::move(members), Direction::Other, Direction::Other));
        }
    }

    const check::Policy& policy_;
    const SharedNames& shared_;
    std::vector<std::string> modules_;  ///< by source
    std::vector<Thing> out_;
};

}  // namespace

std::vector<Thing> things_of(const check::Policy& policy, const SharedNames& shared) { return Things(policy, shared).all(); }

Direction opposite(Direction direction) {
    switch (direction) {
        case Direction::Wider: return Direction::Narrower;
        case Direction::Narrower: return Direction::Wider;
        case Direction::Same:
        case Direction::Other: break;
    }
    return direction;
}

}  // namespace writ::analyze
