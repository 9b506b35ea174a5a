#include <algorithm>
#include <iterator>

#include "base/values.h"
#include "compile/lowering.h"

namespace writ::compiler {

using bytecode::kNone;
using check::Expr;
using check::Op;

namespace {

bool reads_row(const Expr* e) {
    if (e == nullptr) return false;
    return e->op == Op::Column ||
           std::any_of(e->kids.begin(), e->kids.end(), [](const Expr* kid) { return reads_row(kid); });
}

/// Sorts the elements and removes repetitions, which do not matter in a set.
template <class T>
void normalise(std::vector<T>& items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
}

template <class T>
std::vector<T> combine(Op op, const std::vector<T>& a, const std::vector<T>& b) {
    std::vector<T> out;
    if (op == Op::Union) std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    if (op == Op::Intersect) std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    if (op == Op::Minus) std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    return out;
}

bool is_combination(Op op) {
    return check::class_of(op) == check::OpClass::SetAlgebra;
}

/// Index of `record` in a section, appended unless an equal one is known by `key`.
template <class Key, class Record>
std::uint32_t place(std::map<Key, std::uint32_t>& known, Key key, std::vector<Record>& section, Record record) {
    const auto [found, added] = known.try_emplace(std::move(key), static_cast<std::uint32_t>(section.size()));
    if (added) section.push_back(record);
    return found->second;
}

}  // namespace

bool Effects::same_for_all(const check::Rule& rule) {
    if (reads_row(rule.scopes) || reads_row(rule.ttl) || reads_row(rule.audience)) return false;
    for (const check::Obligation& obligation : rule.obligations)
        for (const check::ObligationArg& arg : obligation.args)
            if (reads_row(arg.value)) return false;
    return true;
}

std::vector<std::string_view> Effects::texts(const Expr& set, Row row) const {
    std::vector<std::string_view> out;
    if (is_combination(set.op)) return combine(set.op, texts(*set.kids[0], row), texts(*set.kids[1], row));
    auto take = [&](const Expr& e) {
        if (e.op == Op::Text) out.push_back(e.text);
        if (e.op != Op::Column) return;
        const check::Cell& cell = (*row)[e.id];
        if (e.type.kind == Kind::List)
            out.insert(out.end(), cell.set.begin(), cell.set.end());
        else
            out.push_back(cell.text);
    };
    take(set);
    for (const Expr* kid : set.kids) take(*kid);
    normalise(out);
    return out;
}

std::vector<std::int64_t> Effects::integers(const Expr& set, Row row) const {
    std::vector<std::int64_t> out;
    if (is_combination(set.op)) return combine(set.op, integers(*set.kids[0], row), integers(*set.kids[1], row));
    for (const Expr* kid : set.kids) out.push_back(integer(*kid, row));
    normalise(out);
    return out;
}

std::uint32_t Effects::text_set(const Expr& set, Row row) {
    std::vector<std::uint32_t> ids;
    for (const std::string_view text : texts(set, row)) ids.push_back(builder_.text(text));
    return builder_.text_set(Kind::String, std::move(ids));
}

std::int64_t Effects::integer(const Expr& value, Row row) {
    return value.op == Op::Column ? (*row)[value.id].integer : value.integer;
}

json::Value Effects::argument(const Expr& value, Row row) const {
    const check::Type& type = value.type;
    auto scalar = [&](Kind kind, std::int64_t integer, std::string_view text) {
        switch (kind) {
            case Kind::Bool: return json::Value::of(integer != 0);
            case Kind::Int: return json::Value::of(integer);
            case Kind::Decimal: return json::Value::number(format_decimal(integer));
            case Kind::Duration: return json::Value::of(std::string_view(format_duration(integer)));
            case Kind::Instant: return json::Value::of(std::string_view(format_instant(integer)));
            case Kind::Enum:
                return json::Value::of(
                    std::string_view(policy_.enums[type.enumeration.value].members[static_cast<std::size_t>(integer)]));
#define TEXT_KIND(name, ...) case Kind::name:
#include "base/kinds.def"
                return json::Value::of(std::string_view(display_text(kind, text)));
            case Kind::Record:
            case Kind::List:
            case Kind::Map: break;
        }
        return json::Value::null();
    };
    if (type.kind == Kind::List) {
        json::Value list = json::Value::array();
        if (rep_of(type.elem) == Rep::Text)
            for (const std::string_view text : texts(value, row)) list.items.push_back(scalar(type.elem, 0, text));
        else
            for (const std::int64_t item : integers(value, row)) list.items.push_back(scalar(type.elem, item, {}));
        std::sort(list.items.begin(), list.items.end(),
                  [](const json::Value& a, const json::Value& b) { return json::write(a) < json::write(b); });
        return list;
    }
    if (value.op == Op::Column) return scalar(type.kind, (*row)[value.id].integer, (*row)[value.id].text);
    return scalar(type.kind, value.integer, value.text);
}

std::uint32_t Effects::obligations(const check::Rule& rule, Row row) {
    std::vector<std::uint32_t> pairs;
    for (const check::Obligation& obligation : rule.obligations) {
        json::Value args = json::Value::object();
        for (const check::ObligationArg& arg : obligation.args) args.set(arg.name, argument(*arg.value, row));
        pairs.push_back(builder_.text(obligation.name));
        pairs.push_back(builder_.text(json::canonical(args)));
    }
    const auto known = obligations_.find(pairs);
    if (known != obligations_.end()) return known->second;
    const bytecode::ObligationRef obligation{builder_.ids(pairs), static_cast<std::uint32_t>(pairs.size() / 2)};
    return place(obligations_, std::move(pairs), builder_.out.obligations, obligation);
}

std::uint32_t Effects::of(const check::Rule& rule, const std::vector<check::Cell>* row) {
    bytecode::Sections& out = builder_.out;
    // A row may contain a negative duration, which counts as zero.
    const std::int64_t ttl = rule.ttl == nullptr ? -1 : std::max<std::int64_t>(0, integer(*rule.ttl, row));
    switch (rule.kind) {
        case RuleKind::Permit: {
            const std::uint32_t scopes = text_set(*rule.scopes, row);
            return place(grants_, {scopes, ttl}, out.grants, {scopes, 0, ttl});
        }
        case RuleKind::Deny: return builder_.text(rule.code);
        case RuleKind::Require: {
            std::vector<std::uint32_t> ids;
            for (const std::string& group : rule.groups) ids.push_back(builder_.text(group));
            const std::uint32_t groups = builder_.text_set(Kind::String, std::move(ids));
            return place(requirements_, {groups, rule.approvals, ttl}, out.requirements, {groups, rule.approvals, ttl});
        }
        case RuleKind::Limit: {
            const std::uint32_t scopes = rule.scopes == nullptr ? kNone : text_set(*rule.scopes, row);
            const std::uint32_t audience = rule.audience == nullptr ? kNone : text_set(*rule.audience, row);
            const std::uint32_t single_use = rule.single_use ? 1 : 0;
            return place(limits_, {ttl, scopes, audience, single_use}, out.limits,
                         {ttl, scopes, audience, single_use, 0});
        }
        case RuleKind::Oblige: return obligations(rule, row);
    }
    return 0;
}

}  // namespace writ::compiler
