// The facts that conditions read, as text.
#include "explain/reader.h"

#include <algorithm>

#include "base/values.h"
#include "base/words.h"
#include "check/expr_text.h"

namespace writ::explain {

using check::Expr;
using check::FieldId;
using check::Op;

json::Value DocumentReader::trusted(const json::Value& document) {
    json::Value out = document;
    out.set("provenance", json::Value::of(spelling_of(Provenance::Verified)));
    return out;
}

std::optional<std::int64_t> DocumentReader::now() const {
    const Value now = facts_.at("now");
    const auto* moment = now.as<std::int64_t>();
    return moment != nullptr ? std::optional(*moment) : std::nullopt;
}

Row DocumentReader::row_of(const check::Policy& policy, const reference::Standing& standing) {
    if (!standing.row) return {};
    return {&policy.tables[standing.rule->each.value], *standing.row};
}

Evaluation DocumentReader::evaluation(const reference::Standing& standing) const {
    return {policy_, facts_, arena_, now(), row_of(policy_, standing)};
}
Evaluation DocumentReader::trusting(const reference::Standing& standing) const {
    return {policy_, trusted_, arena_, now(), row_of(policy_, standing)};
}

std::vector<const Expr*> DocumentReader::conjuncts(const check::Rule& rule) {
    if (rule.when == nullptr) return {};
    if (rule.when->op != Op::And) return {rule.when};
    return {rule.when->kids.begin(), rule.when->kids.end()};
}

// ---- text -------------------------------------------------------------------------------------

std::string DocumentReader::show_scalar(const check::Type& type, Kind kind, const Value& value) const {
    std::string out;
    if (const auto* text = value.as<std::string_view>()) {
        json::append_quoted(out, display_text(kind, *text));
        return out;
    }
    if (value.as<Group>() != nullptr) return "stated";
    const auto* integer = value.as<std::int64_t>();
    if (integer == nullptr) return value.none() ? "none" : "";
    check::Type scalar = type;
    scalar.kind = kind;
    return check::scalar_text(policy_, scalar, *integer);
}

std::string DocumentReader::show(const check::Type& type, const Value& value) const {
    const auto* list = value.as<List>();
    if (list == nullptr) {
        const bool element = (type.kind == Kind::List || type.kind == Kind::Map) && value.known();
        return show_scalar(type, element ? type.elem : type.kind, value);
    }
    constexpr std::size_t kMost = 8;
    std::string out;
    if (type.elem == Kind::Record) return std::to_string(list->size()) + (list->size() == 1 ? " element" : " elements");
    const List items = distinct(*list);
    for (std::size_t i = 0; i < items.size() && i < kMost; ++i)
        out += (i > 0 ? ", " : "") + show_scalar(type, type.elem, items[i]);
    if (items.size() > kMost) out += ", ... (" + std::to_string(items.size()) + ")";
    return items.empty() ? "{}" : "{ " + out + " }";
}

// ---- facts ------------------------------------------------------------------------------------

std::vector<std::string> DocumentReader::place_of(const check::Fact& fact) const {
    std::vector<std::string> out;
    switch (fact.root) {
        case check::FactRoot::Request:
            if (policy_.at(fact.field).made) return {};
            break;
        case check::FactRoot::Claim: out = {"token", "claims"}; break;
        case check::FactRoot::Param: out = {"tool", "params"}; break;
        case check::FactRoot::Capture:
        case check::FactRoot::Catalog: return {};
    }
    std::vector<FieldId> way;
    for (FieldId at = fact.field; at.valid() && policy_.at(at).parent.valid(); at = policy_.at(at).parent)
        way.insert(way.begin(), at);
    auto key = fact.keys.begin();
    for (const FieldId at : way) {
        out.push_back(policy_.at(at).name);
        if (policy_.at(at).type.kind == Kind::Map && key != fact.keys.end()) out.push_back(*key++);
    }
    return out;
}

std::string DocumentReader::group_of(const check::Fact& fact) {
    switch (fact.root) {
        case check::FactRoot::Request: return fact.path.substr(0, fact.path.find_first_of(".["));
        case check::FactRoot::Claim:
        case check::FactRoot::Capture: return "token";
        case check::FactRoot::Param:
        case check::FactRoot::Catalog: return "tool";
    }
    return {};
}

std::string DocumentReader::provenance_of(const std::string& group) const {
    const json::Value* stated = document_.find("provenance");
    if (stated != nullptr && stated->type == json::Type::Object) stated = stated->find(group);
    return stated != nullptr && stated->type == json::Type::String ? stated->text : std::string();
}

bool DocumentReader::too_weak(const check::Fact& fact) const {
    return facts_.fact(fact).unknown() && !trusted_.fact(fact).unknown();
}

std::string DocumentReader::lack_of(const check::Fact& fact) const {
    const bool of_issuer = fact.root == check::FactRoot::Claim || fact.root == check::FactRoot::Capture;
    if (of_issuer && !facts_.is_of(fact.issuer))
        return "the token is not of " + std::string(fact.issuer.value < policy_.issuers.size() ? "issuer " : "group ") +
               policy_.name_of(fact.issuer);
    if (too_weak(fact)) {
        const std::string given = provenance_of(group_of(fact));
        return std::string("stated, but ") +
               (given.empty() ? "without provenance" : "only with provenance \"" + given + "\"") + " (\"" +
               std::string(spelling_of(policy_.at(fact.field).weakest)) + "\" is required)";
    }
    for (const check::FactId group : fact.optionals)
        if (facts_.fact(policy_.at(group)).none()) return policy_.at(group).path + " is none";
    const std::vector<std::string> place = place_of(fact);
    const json::Value* stated = place.empty() ? nullptr : value_at(document_, place);
    if (stated != nullptr && stated->type != json::Type::Null)
        return "stated, but not a valid " + std::string(writ::spelling_of(fact.type.kind));
    return "not stated";
}

SeenFact DocumentReader::fact(const check::Fact& fact) const {
    const Value value = facts_.fact(fact);
    if (value.unknown()) return {fact.path, {}, lack_of(fact)};
    return {fact.path, show(fact.type, value), {}};
}

SeenFact DocumentReader::fact_at(std::string_view path) const {
    for (const check::Fact& each : policy_.facts)
        if (each.root == check::FactRoot::Request && each.path == path) return fact(each);
    // A field of a list's elements: it has a value in each element, so only the path is given.
    return {std::string(path), {}, "not stated"};
}

// ---- conditions -------------------------------------------------------------------------------

void DocumentReader::read(const Expr& expr, Evaluation& evaluation, std::vector<SeenFact>& out) const {
    const auto add = [&](SeenFact seen) {
        const bool there =
            std::any_of(out.begin(), out.end(), [&](const SeenFact& each) { return each.path == seen.path; });
        if (!there) out.push_back(std::move(seen));
    };
    const auto add_value = [&](std::string path, const check::Type& type) {
        const Value value = evaluation.value(expr);
        add({std::move(path), show(type, value), value.unknown() ? "not stated" : ""});
    };
    const Op op = expr.op;
    if (op == Op::Fact) return add(fact(policy_.facts[expr.id]));
    if (op == Op::Elem || op == Op::Column || op == Op::ElemColumn) return add_value(text_of(expr.span), expr.type);
    if (op == Op::Now) return add_value("now", {.kind = Kind::Instant});
    if (op == Op::IssuerIs) return add(fact_at("token.issuer"));
    if (op == Op::Age) {
        if (evaluation.value(expr).known()) return add_value(text_of(expr.span), {.kind = Kind::Duration});
        const Value moment = evaluation.value(*expr.kids[0]);
        if (moment.known())
            return add(
                {text_of(expr.span), "", "of " + show({.kind = Kind::Instant}, moment) + ", which is in the future"});
    }
    if (check::class_of(op) == check::OpClass::Quantifier) return read(*expr.kids[0], evaluation, out);
    for (const Expr* kid : expr.kids) read(*kid, evaluation, out);
}

/// Some of the elements that determined the result of a quantifier.
void DocumentReader::elements(const Expr& expr, Evaluation& evaluation, SeenCondition& out) const {
    constexpr std::size_t kMost = 5;
    const Value over = evaluation.value(*expr.kids[0]);
    const auto* list = over.as<List>();
    for (std::size_t i = 0; list != nullptr && i < list->size() && out.parts.size() < kMost; ++i) {
        evaluation.bind(expr.id, (*list)[i]);
        SeenCondition element = condition(*expr.kids[1], evaluation);
        if (element.truth != out.truth) continue;
        element.text = "[" + std::to_string(i) + "] " + element.text;
        out.parts.push_back(std::move(element));
    }
}

/// Without the parentheses around the whole.
static std::string without_parens(std::string text) {
    while (text.size() > 2 && text.front() == '(') {
        std::size_t depth = 0, at = 0;
        for (bool quoted = false; at < text.size(); ++at) {
            if (quoted && text[at] == '\\')
                ++at;
            else if (text[at] == '"')
                quoted = !quoted;
            else if (!quoted && text[at] == '(')
                ++depth;
            else if (!quoted && text[at] == ')' && --depth == 0)
                break;
        }
        if (at + 1 != text.size()) break;
        text = text.substr(1, text.size() - 2);
    }
    return text;
}

SeenCondition DocumentReader::condition(const Expr& expr, Evaluation& evaluation) const {
    SeenCondition out;
    out.text = without_parens(text_of(expr.span));
    out.span = expr.span;
    out.truth = evaluation.condition(expr);
    if (expr.op == Op::And || expr.op == Op::Or) {
        for (const Expr* kid : expr.kids) out.parts.push_back(condition(*kid, evaluation));
    } else if (expr.op == Op::Any || expr.op == Op::All) {
        elements(expr, evaluation, out);
        if (out.parts.empty()) read(expr, evaluation, out.facts);
    } else if (expr.op == Op::Not) {
        SeenCondition inner = condition(*expr.kids[0], evaluation);
        if (inner.parts.empty())
            out.facts = std::move(inner.facts);
        else
            out.parts.push_back(std::move(inner));
    } else {
        read(expr, evaluation, out.facts);
    }
    return out;
}

// ---- effects ----------------------------------------------------------------------------------

static void append(std::string& out, const std::string& part) {
    if (!out.empty()) out += ", ";
    out += part;
}

static std::string groups_text(const std::vector<std::string>& groups) {
    std::string out;
    for (const std::string& group : groups) {
        if (!out.empty()) out += " or ";
        json::append_quoted(out, group);
    }
    return out;
}

std::string DocumentReader::effect(const reference::Standing& standing) const {
    const check::Rule& rule = *standing.rule;
    Evaluation evaluation = this->evaluation(standing);
    const auto set = [&](const Expr& expr) { return show(expr.type, evaluation.value(expr)); };
    const auto duration = [&](const Expr& expr) { return show({.kind = Kind::Duration}, evaluation.value(expr)); };
    // A permit for several tools offers each only scopes of its own.
    const auto granted = [&] {
        Value offered = evaluation.value(*rule.scopes);
        List* const list = std::get_if<List>(&offered.is);
        const check::Tool* const tool = facts_.tool();
        if (list != nullptr && tool != nullptr && rule.tools.size() > 1)
            std::erase_if(*list, [&](const Value& scope) {
                return std::ranges::find(tool->scopes, *scope.as<std::string_view>()) == tool->scopes.end();
            });
        return show(rule.scopes->type, offered);
    };
    std::string out;
    switch (rule.kind) {
        case RuleKind::Permit: return granted() + " for " + duration(*rule.ttl);
        case RuleKind::Deny: return out;
        case RuleKind::Require:
            return (rule.approvals > 1 ? std::to_string(rule.approvals) + " approvals" : std::string("approval")) +
                   " from group " + groups_text(rule.groups) + " within " + duration(*rule.ttl);
        case RuleKind::Limit:
            if (rule.ttl != nullptr) append(out, "ttl " + duration(*rule.ttl));
            if (rule.scopes != nullptr) append(out, "scopes " + set(*rule.scopes));
            if (rule.audience != nullptr) append(out, "audience " + set(*rule.audience));
            if (rule.single_use) append(out, "single_use");
            return out;
        case RuleKind::Oblige:
            for (const check::Obligation& obligation : rule.obligations)
                append(out,
                       obligation.name + " " + render_args(obligation, policy_, evaluation, row_of(policy_, standing)));
            return out;
    }
    return out;
}

std::string DocumentReader::row(const reference::Standing& standing) const {
    const Row row = row_of(policy_, standing);
    std::string out;
    if (row.table == nullptr) return out;
    for (std::size_t column = 0; column < row.table->columns.size(); ++column) {
        const check::Column& each = row.table->columns[column];
        append(out, each.name + " " + show(each.type, facts_.cell(*row.table, row.index, column)));
    }
    return out;
}

}  // namespace writ::explain
