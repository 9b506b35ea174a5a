#include "diff/structure_key.h"

#include <algorithm>

#include "base/joined.h"
#include "check/types.h"

namespace writ::diff {

namespace {

using check::Expr;
using check::FactRoot;
using check::Op;
using check::Own;

/// Writes a tree in prefix order: what an operator is, its own values, the number of its kids, its kids. Every value
/// has its length before it, so that one text is one tree.
class PrefixWriter {
public:
    PrefixWriter(const check::Policy& policy, check::TableId row, const check::SharedNames& shared)
        : policy_(policy), row_(row), shared_(shared) {}

    std::string text(const Expr& e) {
        // The place in the expression distinguishes a bool value used as a condition from the value itself.
        if (e.op == Op::Truth) return text(*e.kids[0]);
        std::string out = std::to_string(static_cast<unsigned>(e.op)) + ";";
        values(e, out);
        std::vector<std::string> kids = kids_of(e);
        if (e.op == Op::And || e.op == Op::Or || e.op == Op::Set) std::sort(kids.begin(), kids.end());
        if (e.op == Op::Set) kids.erase(std::unique(kids.begin(), kids.end()), kids.end());
        out += std::to_string(kids.size()) + ";";
        for (const std::string& kid : kids) out += kid;
        return out;
    }

private:
    static void add(std::string& out, std::int64_t number) { join_part(out, std::to_string(number)); }

    std::vector<std::string> kids_of(const Expr& e) {
        if (check::class_of(e.op) == check::OpClass::Quantifier) {
            tables_.resize(std::max<std::size_t>(tables_.size(), e.id + 1));
            tables_[e.id] = e.kids[0]->op == Op::TableRows ? &policy_.tables[e.kids[0]->id] : nullptr;
        }
        std::vector<std::string> out;
        for (const Expr* kid : e.kids) out.push_back(text(*kid));
        if (turned(e)) std::swap(out[0], out[1]);
        return out;
    }
    /// A comparison with the constant on its left, which means the same the other way round.
    static bool turned(const Expr& e) {
        return e.op == Op::Compare && check::is_literal(e.kids[0]->op) && !check::is_literal(e.kids[1]->op);
    }

    void values(const Expr& e, std::string& out) const {
        switch (check::info(e.op).own) {
            case Own::Number:
                add(out, static_cast<std::int64_t>(e.type.kind));
                if (e.type.kind == Kind::Enum)
                    member(e, out);
                else
                    add(out, e.integer);
                return;
            case Own::Text: return join_part(out, e.text);
            case Own::Pattern: join_part(out, spelling_of(e.test)); return join_part(out, e.text);
            case Own::Fact: return fact(policy_.at(check::FactId{e.id}), out);
            case Own::Elem: add(out, e.id); return steps(e.field, out);
            case Own::Column: return column(row_.valid() ? &policy_.tables[row_.value] : nullptr, e.id, out);
            case Own::ElemColumn:
                add(out, e.id);
                return column(e.id < tables_.size() ? tables_[e.id] : nullptr, e.index, out);
            case Own::TableColumn:
                join_part(out, check::told_name(policy_, policy_.tables[e.id], shared_.tables));
                return column(&policy_.tables[e.id], e.index, out);
            case Own::Table: return join_part(out, check::told_name(policy_, policy_.tables[e.id], shared_.tables));
            case Own::Kind: return add(out, static_cast<std::int64_t>(e.type.kind));
            case Own::Part: return add(out, e.index);
            case Own::Comparison: return add(out, static_cast<std::int64_t>(turned(e) ? mirrored(e.cmp) : e.cmp));
            case Own::Window:
                for (const std::int64_t each :
                     {std::int64_t{e.window.start}, std::int64_t{e.window.end}, std::int64_t{e.window.days}})
                    add(out, each);
                return join_part(out, policy_.zones[e.id].name);
            case Own::Issuer: return join_part(out, check::told_issuer(policy_, check::IssuerId{e.id}, shared_));
            case Own::Binder: return add(out, e.id);
            case Own::Outcome: return add(out, e.integer);
            case Own::Nothing: return;
        }
    }

    void member(const Expr& e, std::string& out) const {
        const check::EnumType& list = policy_.enums[e.type.enumeration.value];
        join_part(out, check::told_name(policy_, list, shared_.enums));
        const auto at = static_cast<std::size_t>(e.integer);
        join_part(out, at < list.members.size() ? list.members[at] : std::to_string(at));
    }

    void fact(const check::Fact& fact, std::string& out) const {
        add(out, static_cast<std::int64_t>(fact.root));
        if (fact.root == FactRoot::Catalog) return add(out, static_cast<std::int64_t>(fact.catalog));
        if (fact.issuer.valid()) join_part(out, check::told_issuer(policy_, fact.issuer, shared_));
        steps(fact.field, out);
        for (const std::string& key : fact.keys) join_part(out, key);
        if (fact.root == FactRoot::Capture) join_part(out, fact.capture);
    }

    /// The names on the way to a field, from below the root or the list that holds it.
    void steps(check::FieldId field, std::string& out) const {
        const std::vector<std::string_view> names = check::field_steps(policy_, field);
        add(out, static_cast<std::int64_t>(names.size()));
        for (const std::string_view name : names) join_part(out, name);
    }

    static void column(const check::Table* table, std::uint32_t index, std::string& out) {
        join_part(out, table != nullptr && index < table->columns.size() ? table->columns[index].name
                                                                         : std::to_string(index));
    }

    const check::Policy& policy_;
    check::TableId row_;
    const check::SharedNames& shared_;
    std::vector<const check::Table*> tables_;  ///< by binder: whose rows it ranges over
};

}  // namespace

std::string PartKeys::expr(const Expr& expr, check::TableId row) const {
    return PrefixWriter(policy_, row, shared_).text(expr);
}

std::string PartKeys::type(const check::Type& type) const {
    std::string out;
    join_part(out, std::to_string(static_cast<unsigned>(type.kind)));
    if (type.kind == Kind::List || type.kind == Kind::Map)
        join_part(out, std::to_string(static_cast<unsigned>(type.elem)));
    if (type.names != check::Referent::Nothing)
        join_part(out, "names " + std::to_string(static_cast<unsigned>(type.names)));
    if (type.enumeration.valid())
        join_part(out, check::told_name(policy_, policy_.enums[type.enumeration.value], shared_.enums));
    return out;
}

std::string PartKeys::cell(const check::Type& type, const check::Cell& cell) const {
    if (type.kind == Kind::List) {
        std::vector<std::string> items = cell.set;
        std::sort(items.begin(), items.end());
        items.erase(std::unique(items.begin(), items.end()), items.end());
        return joint_key(items);
    }
    return rep_of(type.kind) == Rep::Text ? cell.text : check::scalar_text(policy_, type, cell.integer);
}

std::string joint_key(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) join_part(out, part);
    return out;
}

}  // namespace writ::diff
