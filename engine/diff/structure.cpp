// Declarations as things.
#include "diff/structure.h"

#include <algorithm>

#include "base/joined.h"
#include "base/json.h"
#include "base/values.h"
#include "check/expr_text.h"
#include "check/types.h"
#include "diff/structure_parts.h"
#include "syntax/parse.h"

namespace writ::diff {

namespace {

/// A path with one more step; names that are not identifiers are quoted.
std::string below(std::string path, std::string_view name) {
    check::append_field(path, name);
    return path.starts_with('.') ? path.substr(1) : path;
}

class Things {
public:
    Things(const check::Policy& policy, const check::SharedNames& shared)
        : policy_(policy), shared_(shared), keys_(policy, shared) {
        for (std::uint32_t i = 0; i < policy.files.size(); ++i) modules_.push_back(check::module_of(policy, i));
    }

    std::vector<Thing> all() {
        for (const check::Rule& each : policy_.rules) {
            Thing& rule = add(ThingKind::Rule, spelling_of(each.kind), each.module, each.name, each.span,
                              each.kind == RuleKind::Permit ? Direction::Wider : Direction::Narrower);
            rule.parts = rule_parts(policy_, each, shared_);
        }
        schema();
        for (const check::Tool& each : policy_.tools) tool(each);
        for (const check::Issuer& each : policy_.issuers) issuer(each);
        for (const check::IssuerGroup& each : policy_.groups) group(each);
        for (const check::IssuerKind& each : policy_.kinds) claims(each);
        for (const check::EnumType& each : policy_.enums) members(each);
        for (const check::Table& each : policy_.tables) table(each);
        for (const check::Invariant& each : policy_.invariants) invariant(each);
        for (const check::Fixture& each : policy_.fixtures) {
            Thing& fixture = add(ThingKind::Fixture, "fixture", each.module, each.name, each.span, Direction::Same);
            flatten(fixture, {}, each.document);
        }
        for (std::uint32_t i = 0; i < policy_.files.size(); ++i) {
            for (const ast::Decl& each : policy_.files[i].decls) declaration(each, i < policy_.given_sources);
            if (i >= policy_.given_sources && modules_[i] != "std.request")
                add(ThingKind::Import, "import", "", modules_[i], {i, 0, 0}, Direction::Same);
        }
        return std::move(out_);
    }

private:
    Thing& add(ThingKind kind, std::string_view word, std::string_view module, std::string_view name, Span span,
               Direction gain) {
        std::string whole(module);
        if (!module.empty()) whole += '.';
        whole += name;
        return out_.emplace_back(
            Thing{kind, std::string(word), std::move(whole), module.size(), span.source, span.begin, gain, {}});
    }
    Thing& add(ThingKind kind, std::string_view word, std::string_view name, Span span, Direction gain) {
        return add(kind, word, modules_[span.source], name, span, gain);
    }

    // ---- schemas ------------------------------------------------------------------------------

    void schema() {
        const check::Field& root = policy_.at(policy_.request);
        Thing& out = add(ThingKind::Schema, "schema", root.name, root.span, Direction::Other);
        fields(out, "field", policy_.request, "");
    }

    /// The fields of a record and of those inside it, each by its path.
    void fields(Thing& out, const std::string& word, check::FieldId record, const std::string& path) {
        for (const check::FieldId id : policy_.at(record).children) {
            const check::Field& field = policy_.at(id);
            const std::string name = below(path, field.name);
            out.parts.push_back(this->field(word, name, field));
            fields(out, word, id, name);
        }
    }

    PolicyPart field(const std::string& word, const std::string& path, const check::Field& field) const {
        static constexpr std::string_view kFrom[] = {" from model", " from asserted", " from broker", " from verified"};
        // The fields of a record inherit its provenance.
        const bool says_from = field.weakest != policy_.at(field.parent).weakest;
        std::string text = path + ": " +
                           (field.one_or_many ? "one_or_many<" + std::string(spelling_of(field.type.elem)) + ">"
                                              : type_text(field.type));
        const bool usual = rep_of(field.type.kind) == Rep::Text && field.type.max == kDefaultText;
        if (field.type.max > 0 && !usual) text += " max " + std::to_string(field.type.max);
        if (field.or_none) text += " or none";
        if (says_from) text += kFrom[static_cast<std::size_t>(field.weakest)];
        Admits admits{keys_.type(field.type) + (field.one_or_many ? "*" : "") + (field.or_none ? "?" : ""),
                      field.weakest, field.type.max};
        PolicyPart out =
            plain(word,
                  joint_key({path, admits.key, std::to_string(field.type.max),
                             says_from ? std::string(kFrom[static_cast<std::size_t>(field.weakest)]) : ""}),
                  std::move(text), Direction::Other);
        out.about = word + " " + path;
        out.admits = std::move(admits);
        return out;
    }

    /// The name of a type, with the members of an enum that shares its name.
    std::string type_text(const check::Type& type) const {
        std::string out = check::describe(policy_, type);
        if (type.enumeration.valid()) {
            const check::EnumType& list = policy_.enums[type.enumeration.value];
            if (shared_.enums.contains(list.name)) out += " (" + members_text(list) + ")";
        }
        return out;
    }

    void claims(const check::IssuerKind& kind) {
        Thing& out = add(ThingKind::Claims, "claims", kind.name, kind.span, Direction::Same);
        fields(out, "claim", kind.root, "");
        for (const check::CaptureSpec& spec : kind.captures) {
            std::string text, key;
            for (const auto& pattern : spec.patterns) {
                std::string one;
                for (const check::CapturePiece& each : pattern) {
                    one += each.capture.empty() ? each.literal : "{" + each.capture + (each.rest ? "**}" : "}");
                    join_part(key, each.literal);
                    join_part(key, each.capture);
                    join_part(key, each.rest ? "rest" : "");
                }
                text.append(text.empty() ? "" : " ").append(check::literal(one));
                key += ';';
            }
            std::string name;
            for (const std::string_view step : check::field_steps(policy_, spec.field)) name = below(name, step);
            PolicyPart part = plain("parse", joint_key({name, key}), name + " { " + text + " }", Direction::Same);
            part.about = "parse " + name;
            out.parts.push_back(std::move(part));
        }
        // What lints ask of a kind; no decision does.
        if (kind.shared)
            out.parts.push_back(
                several("shared", "shared at", members_of(kind.shared_at), Direction::Same, Direction::Same));
        for (const check::RoleClaim& each : kind.roles) {
            const std::string role(check::kClaimRoles[static_cast<std::size_t>(each.role)]);
            std::string text =
                (each.segments > 0 ? "first " + std::to_string(each.segments) + " of " : "") + each.written;
            std::string values;
            for (const auto* list : {&each.good, &each.bad}) {
                values += ';';
                if (list->empty()) continue;
                text += list == &each.good ? " is" : " not";
                for (const std::string& value : *list) {
                    join_part(values, value);
                    text += " " + (each.of_bool ? value : check::literal(value));
                }
            }
            PolicyPart part = plain("role", joint_key({role, each.claim, std::to_string(each.segments), values}),
                                    role + " " + text, Direction::Same);
            part.about = "role " + role + " " + each.claim;
            part.grow = Direction::Same;
            out.parts.push_back(std::move(part));
        }
        // Each issuer declares which of these it accepts.
        if (!kind.types.empty())
            out.parts.push_back(several("types", "type", members_of(kind.types), Direction::Same, Direction::Same));
        if (kind.proof_required) out.parts.push_back(plain("proof", "", "required", Direction::Same));
        if (!kind.never.empty())
            out.parts.push_back(plain("never permit", kind.never, check::literal(kind.never), Direction::Same));
    }

    static std::string members_text(const check::EnumType& list) {
        std::string out;
        for (std::uint32_t i = 0; i < list.members.size(); ++i) {
            out.append(i == 0 ? "" : list.ordered ? " < " : " | ").append(below("", list.members[i]));
            for (std::size_t role = 0; role < list.roles.size(); ++role)
                if (list.roles[role] == i && list.members[i] != check::kTierRoles[role])
                    out.append(" role ").append(check::kTierRoles[role]);
        }
        return out;
    }
    void members(const check::EnumType& list) {
        const bool tier = list.name == "tier";
        if (tier && !policy_.tier.valid()) return;
        Thing& out = add(ThingKind::Enum, tier ? "tier" : "enum", list.name, list.span, Direction::Same);
        std::vector<std::string> key = list.members;
        for (const auto& role : list.roles) key.push_back(role ? std::to_string(*role) : "");
        out.parts.push_back(sole("members", (list.ordered ? "<" : "|") + joint_key(key), members_text(list),
                                 Direction::Other, Direction::Other));
    }

    // ---- the catalogue ------------------------------------------------------------------------

    void tool(const check::Tool& tool) {
        Thing& out = add(ThingKind::Tool, "tool", tool.name, tool.span, Direction::Wider);
        out.parts.push_back(sole_text("name in requests", tool.wire_name, Direction::Other, Direction::Other));
        if (policy_.tier.valid()) {
            const std::string& tier = policy_.enums[policy_.tier.value].members[static_cast<std::size_t>(tool.tier)];
            out.parts.push_back(sole("tier", tier, tier, Direction::Other, Direction::Other));
        }
        // A rule may read the audiences or scopes of the catalogue, and apply if one is missing.
        const auto grow = [&](check::CatalogFact fact) {
            const bool read = std::any_of(policy_.facts.begin(), policy_.facts.end(), [&](const check::Fact& each) {
                return each.root == check::FactRoot::Catalog && each.catalog == fact;
            });
            return read ? Direction::Other : Direction::Wider;
        };
        out.parts.push_back(several("audience", "audience", members_of(tool.audiences), Direction::Other,
                                    grow(check::CatalogFact::Audience)));
        out.parts.push_back(
            several("scopes", "scope", members_of(tool.scopes), Direction::Other, grow(check::CatalogFact::Scopes)));
        fields(out, "param", tool.params, "");
    }

    void issuer(const check::Issuer& issuer) {
        Thing& out = add(ThingKind::Issuer, "issuer", issuer.name, issuer.span, Direction::Wider);
        const std::string kind = check::told_name(policy_, policy_.kinds[issuer.kind], shared_.kinds);
        out.parts.push_back(sole("kind", kind, kind, Direction::Other, Direction::Other));
        out.parts.push_back(sole_text("url", issuer.url, Direction::Other, Direction::Other));
        out.parts.push_back(
            several("audience", "audience", members_of(issuer.audiences), Direction::Other, Direction::Wider));
        if (!issuer.types.empty())
            out.parts.push_back(
                several("types", "type", members_of(issuer.types), Direction::Narrower, Direction::Wider));
        const auto duration = [&](std::string name, std::int64_t micros, Direction gain) {
            PolicyPart part =
                sole(std::move(name), std::to_string(micros), format_duration(micros), gain, Direction::Wider);
            part.measure = micros;
            out.parts.push_back(std::move(part));
        };
        // With max_age, older tokens are denied, and tokens without an expiry are accepted.
        if (issuer.max_age) duration("max_age", *issuer.max_age, Direction::Other);
        if (issuer.leeway > 0) duration("leeway", issuer.leeway, Direction::Wider);
        if (issuer.proof_required) out.parts.push_back(plain("proof", "", "required", Direction::Narrower));
    }

    /// The members of a group determine to which tokens rules apply, and the rules may permit or deny. So the direction
    /// of a change is unknown.
    void group(const check::IssuerGroup& group) {
        Thing& out = add(ThingKind::IssuerGroup, "issuer group", group.name, group.span, Direction::Same);
        std::vector<PartMember> members;
        for (const std::uint32_t member : group.members) {
            const std::string name = check::told_name(policy_, policy_.issuers[member], shared_.issuers);
            members.push_back({name, name});
        }
        out.parts.push_back(
            several("members", "member", as_set(std::move(members)), Direction::Other, Direction::Other));
    }

    void table(const check::Table& table) {
        Thing& out = add(ThingKind::Table, "table", table.name, table.span, Direction::Same);
        for (const check::Column& each : table.columns) {
            PolicyPart part = plain("column", joint_key({each.name, keys_.type(each.type)}),
                                    below("", each.name) + ": " + type_text(each.type), Direction::Other);
            part.about = "column " + each.name;
            out.parts.push_back(std::move(part));
        }
        for (const auto& row : table.rows) {
            // A cell belongs to its column, whatever the order of columns.
            std::string text;
            std::vector<std::string> cells;
            for (std::size_t i = 0; i < row.size(); ++i) {
                text.append(i == 0 ? "" : ", ").append(check::cell_text(policy_, table.columns[i].type, row[i]));
                cells.push_back(joint_key({table.columns[i].name, keys_.cell(table.columns[i].type, row[i])}));
            }
            std::string about = row.empty() ? std::string() : "row " + cells[0];
            std::sort(cells.begin(), cells.end());
            PolicyPart part = plain("row", joint_key(cells), std::move(text), Direction::Other);
            part.about = std::move(about);
            out.parts.push_back(std::move(part));
        }
    }

    // ---- the rest -----------------------------------------------------------------------------

    void invariant(const check::Invariant& invariant) {
        Thing& out = add(ThingKind::Invariant, "invariant", invariant.module, invariant.name, invariant.span,
                         Direction::Narrower);
        const std::string effect = invariant.never_needs_approval ? "needs_approval" : "permit";
        out.parts.push_back(sole("never", effect, effect, Direction::Other, Direction::Other));
        for (PolicyPart& each : condition_parts(policy_, *invariant.when, Direction::Narrower, shared_))
            out.parts.push_back(std::move(each));
    }

    void flatten(Thing& out, const std::string& path, const json::Value& value) {
        if (value.type != json::Type::Object || value.members.empty()) {
            const std::string text = json::canonical(value);
            out.parts.push_back(sole(path, text, text, Direction::Same, Direction::Same));
            return;
        }
        for (const json::Member& each : value.members) flatten(out, below(path, each.first), each.second);
    }

    /// The text between the braces of a declaration.
    static std::string inside(const std::string& text) {
        const std::size_t begin = std::min(text.find(" { "), text.size());
        return text.substr(std::min(begin + 1, text.size()));
    }

    /// Declarations that the typed policy does not contain, or expands where they are used.
    void declaration(const ast::Decl& decl, bool given) {
        const auto as_written = [&](ThingKind kind, std::string_view word, std::string_view name, std::string text) {
            std::string key = syntax::dump_ast(decl);
            // The name of the declaration does not belong to its content.
            key.erase(0, key.find('\n') + 1);
            add(kind, word, name, decl.span, Direction::Same)
                .parts.push_back(sole("says", std::move(key), std::move(text), Direction::Same, Direction::Same));
        };
        if (const auto* claims = std::get_if<ast::ClaimsDecl>(&decl.node)) aliases(*claims, decl.span);
        if (!given) return;
        if (const auto* define = std::get_if<ast::DefineDecl>(&decl.node))
            as_written(ThingKind::Define, "define", define->name.text,
                       define->body != nullptr ? check::source_line(policy_, define->body->span) : "");
        if (const auto* test = std::get_if<ast::TestDecl>(&decl.node))
            as_written(ThingKind::Test, "test", test->name, inside(check::source_line(policy_, decl.span)));
    }

    /// Aliases of claims. In rules, they are replaced by the claims.
    void aliases(const ast::ClaimsDecl& claims, Span span) {
        const std::string name = modules_[span.source] + "." + std::string(claims.name.text);
        const auto thing = std::find_if(out_.begin(), out_.end(), [&](const Thing& each) {
            return each.kind == ThingKind::Claims && each.name == name;
        });
        if (thing == out_.end()) return;
        for (const ast::AliasDecl& alias : claims.aliases) {
            std::string target;
            for (const ast::PathStep& step : alias.target) target = below(std::move(target), step.text);
            PolicyPart part = plain("alias", joint_key({std::string(alias.name.text), target}),
                                    std::string(alias.name.text) + " = " + target, Direction::Same);
            part.about = "alias " + std::string(alias.name.text);
            part.grow = Direction::Same;
            thing->parts.push_back(std::move(part));
        }
    }

    const check::Policy& policy_;
    const check::SharedNames& shared_;
    PartKeys keys_;
    std::vector<std::string> modules_;  ///< by source
    std::vector<Thing> out_;
};

}  // namespace

std::vector<PartMember> as_set(std::vector<PartMember> members) {
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    return members;
}

std::vector<PartMember> members_of(const std::vector<std::string>& texts) {
    std::vector<PartMember> out;
    for (const std::string& each : texts) out.push_back({each, check::literal(each)});
    return as_set(std::move(out));
}

PolicyPart several(std::string name, std::string_view each, std::vector<PartMember> members, Direction gain,
                   Direction grow) {
    std::vector<std::string> keys, texts;
    for (const PartMember& member : members) {
        keys.push_back(member.key);
        texts.push_back(member.text);
    }
    std::sort(texts.begin(), texts.end());
    PolicyPart out = sole(std::move(name), joint_key(keys), check::braced(texts), gain, grow);
    out.members = std::move(members);
    out.each_member = each;
    return out;
}

std::vector<Thing> things_of(const check::Policy& policy, const check::SharedNames& shared) {
    return Things(policy, shared).all();
}

Direction opposite(Direction direction) {
    switch (direction) {
        case Direction::Wider: return Direction::Narrower;
        case Direction::Narrower: return Direction::Wider;
        case Direction::Same:
        case Direction::Other: break;
    }
    return direction;
}

}  // namespace writ::diff
