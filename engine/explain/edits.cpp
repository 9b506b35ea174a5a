// Changes of a request that would give a condition another result.
#include <algorithm>
#include <optional>

#include "base/values.h"
#include "base/words.h"
#include "explain/reader.h"

namespace writ::explain {

using check::Expr;
using check::Op;

const json::Value* value_at(const json::Value& document, const std::vector<std::string>& path) {
    const json::Value* here = &document;
    for (const std::string& step : path) {
        if (here->type != json::Type::Object) return nullptr;
        here = here->find(step);
        if (here == nullptr) return nullptr;
    }
    return here;
}

void apply(const Edit& edit, json::Value& document) {
    json::Value* here = &document;
    for (const std::string& step : edit.path) {
        if (here->type != json::Type::Object) *here = json::Value::object();
        json::Value* next = here->find(step);
        here = next != nullptr ? next : &here->set(step, json::Value::null());
    }
    *here = edit.value;
}

namespace {

using Wish = std::optional<std::vector<Edit>>;  ///< none: no value can be named

std::optional<json::Value> json_of(const check::Policy& policy, const check::Type& type, Kind kind,
                                   const Value& value) {
    if (value.none()) return json::Value::null();
    if (const auto* text = value.as<std::string_view>())
        return json::Value::of(std::string_view(display_text(kind, *text)));
    const auto* integer = value.as<std::int64_t>();
    if (integer == nullptr) return std::nullopt;
    if (kind == Kind::Bool) return json::Value::of(*integer != 0);
    if (kind == Kind::Decimal) return json::Value::number(format_decimal(*integer));
    if (kind == Kind::Instant) {
        if (*integer % kSecond == 0) return json::Value::of(*integer / kSecond);
        return json::Value::of(std::string_view(format_instant(*integer)));
    }
    if (kind == Kind::Duration) return json::Value::of(std::string_view(format_duration(*integer)));
    if (kind != Kind::Enum) return json::Value::of(*integer);
    const auto& members = policy.enums[type.enumeration.value].members;
    if (*integer < 0 || static_cast<std::size_t>(*integer) >= members.size()) return std::nullopt;
    return json::Value::of(std::string_view(members[static_cast<std::size_t>(*integer)]));
}

/// The distance from a bound to the value that is suggested beyond it.
std::int64_t step_of(Kind kind) {
    if (kind == Kind::Decimal) return kDecimalUnit / 100;
    if (kind == Kind::Instant || kind == Kind::Duration) return kSecond;
    return 1;
}

/// The number of changes. One that removes a value, and perhaps a whole group, costs so much that it is tried last.
std::size_t cost_of(const std::vector<Edit>& edits) {
    constexpr std::size_t kTakenAway = 100;
    std::size_t cost = edits.size();
    for (const Edit& edit : edits)
        if (edit.value.type == json::Type::Null) cost += kTakenAway;
    return cost;
}

class Wisher {
public:
    Wisher(const DocumentReader& reader, const reference::Standing& standing)
        : reader_(reader),
          policy_(reader.policy()),
          seen_(reader.evaluation(standing)),
          trusted_(reader.trusting(standing)) {}

    Wish wish(const Expr& expr, bool wanted) {
        const Truth due = reference::truth_of(wanted);
        if (seen_.condition(expr) == due) return std::vector<Edit>{};
        if (trusted_.condition(expr) == due) {
            std::vector<Edit> edits;
            believe(expr, edits);
            return edits;
        }
        switch (expr.op) {
            case Op::And: return wanted ? every(expr, true) : one(expr, false);
            case Op::Or: return wanted ? one(expr, true) : every(expr, false);
            case Op::Not: return wish(*expr.kids[0], !wanted);
            case Op::Truth: return set(*expr.kids[0], {std::int64_t{wanted}});
            case Op::Compare: return compare(*expr.kids[0], *expr.kids[1], wanted ? expr.cmp : negated(expr.cmp));
            case Op::In: return in(*expr.kids[0], *expr.kids[1], wanted);
            case Op::SubsetOf: return wanted ? without_others(*expr.kids[0], *expr.kids[1]) : std::nullopt;
            case Op::Overlaps: return overlap(*expr.kids[0], *expr.kids[1], wanted);
            case Op::IsNone: return wanted ? set(*expr.kids[0], {reference::None{}}) : std::nullopt;
            case Op::IsSome: return wanted ? std::nullopt : set(*expr.kids[0], {reference::None{}});
            case Op::TextTest:
                if (!wanted || !expr.matcher->is_one_text()) return std::nullopt;
                return set(*expr.kids[0], {std::string_view(expr.matcher->text)});
            case Op::InCidr:
            case Op::InWindow:
            case Op::IssuerIs:
            case Op::Any:
            case Op::All:
            case Op::Constant:
#define VALUE(name, ...) case Op::name:
#include "base/operators.def"
                return std::nullopt;
        }
        return std::nullopt;
    }

private:
    /// The provenance that the weak facts of a condition need.
    void believe(const Expr& expr, std::vector<Edit>& edits) const {
        if (expr.op == Op::Fact && reader_.too_weak(policy_.facts[expr.id])) believe(policy_.facts[expr.id], edits);
        for (const Expr* kid : expr.kids) believe(*kid, edits);
    }
    void believe(const check::Fact& fact, std::vector<Edit>& edits) const {
        const std::string group = DocumentReader::group_of(fact);
        const json::Value* stated = reader_.document().find("provenance");
        // A single provenance for all groups is not changed, because that would also affect other facts.
        if (stated != nullptr && stated->type == json::Type::String) return;
        const Provenance due = policy_.at(fact.field).weakest;
        const auto given = writ::provenance_of(reader_.provenance_of(group));
        if (given && *given >= due) return;
        const bool there =
            std::any_of(edits.begin(), edits.end(), [&](const Edit& each) { return each.path.back() == group; });
        if (!there) edits.push_back({{"provenance", group}, json::Value::of(spelling_of(due))});
    }

    Wish every(const Expr& expr, bool wanted) {
        std::vector<Edit> all;
        for (const Expr* kid : expr.kids) {
            const Wish each = wish(*kid, wanted);
            if (!each) return std::nullopt;
            all.insert(all.end(), each->begin(), each->end());
        }
        return all;
    }
    Wish one(const Expr& expr, bool wanted) {
        Wish best;
        for (const Expr* kid : expr.kids) {
            Wish each = wish(*kid, wanted);
            if (each && (!best || cost_of(*each) < cost_of(*best))) best = std::move(each);
        }
        return best;
    }

    /// The fact that an expression is, if it has a place in the document.
    const check::Fact* fact_of(const Expr& expr) const {
        if (expr.op != Op::Fact) return nullptr;
        const check::Fact& fact = policy_.facts[expr.id];
        return reader_.place_of(fact).empty() ? nullptr : &fact;
    }
    Wish set_json(const check::Fact& fact, json::Value value) const {
        std::vector<Edit> edits{{reader_.place_of(fact), std::move(value)}};
        believe(fact, edits);
        return edits;
    }
    Wish set(const Expr& expr, const Value& value) const {
        const check::Fact* fact = fact_of(expr);
        if (fact == nullptr) return std::nullopt;
        const bool element = fact->type.kind == Kind::Map;
        auto json = json_of(policy_, fact->type, element ? fact->type.elem : fact->type.kind, value);
        if (!json) return std::nullopt;
        return set_json(*fact, std::move(*json));
    }
    Wish set_list(const Expr& expr, const List& items) const {
        const check::Fact* fact = fact_of(expr);
        if (fact == nullptr) return std::nullopt;
        json::Value array = json::Value::array();
        for (const Value& item : reference::distinct(items)) {
            auto json = json_of(policy_, fact->type, fact->type.elem, item);
            if (!json) return std::nullopt;
            array.items.push_back(std::move(*json));
        }
        return set_json(*fact, std::move(array));
    }

    Wish compare(const Expr& left, const Expr& right, Cmp cmp) {
        if (Wish moved = move(left, right, cmp)) return moved;
        return move(right, left, mirrored(cmp));
    }
    /// The value of `of` nearest to the bound `with` for which the comparison is true.
    Wish move(const Expr& of, const Expr& with, Cmp cmp) {
        const Value bound = seen_.value(with);
        if (const auto* list = bound.as<List>()) return cmp == Cmp::Eq ? set_list(of, *list) : std::nullopt;
        if (!bound.known() || cmp == Cmp::Ne) return std::nullopt;
        const auto* limit = bound.as<std::int64_t>();
        if (limit == nullptr) return cmp == Cmp::Eq ? set(of, bound) : std::nullopt;
        const std::int64_t step = step_of(of.type.kind);
        std::int64_t value = *limit;
        if (cmp == Cmp::Lt) value = sat_sub(value, step);
        if (cmp == Cmp::Gt) value = sat_add(value, step);
        if (of.op == Op::Fact) return set(of, {value});
        if (of.op != Op::Age) return std::nullopt;
        const Value now = reader_.facts().at("now");
        const auto* moment = now.as<std::int64_t>();
        if (moment == nullptr) return std::nullopt;
        // An age at the bound itself would be too old a moment later, so the youngest possible age is suggested.
        const bool young = cmp == Cmp::Lt || cmp == Cmp::Le;
        return set(*of.kids[0], {young ? *moment : sat_sub(*moment, value)});
    }

    Wish in(const Expr& item, const Expr& list, bool wanted) {
        const Value all = seen_.value(list);
        const auto* members = all.as<List>();
        if (wanted && members != nullptr && !members->empty() && fact_of(item) != nullptr)
            return set(item, members->front());
        const Value one = seen_.value(item);
        if (!one.known()) return std::nullopt;
        List changed = members != nullptr ? *members : List{};
        if (wanted)
            changed.push_back(one);
        else
            std::erase_if(changed, [&](const Value& each) { return reference::same(each, one); });
        return set_list(list, changed);
    }
    Wish without_others(const Expr& items, const Expr& list) {
        const Value mine = seen_.value(items), theirs = seen_.value(list);
        const auto *some = mine.as<List>(), *all = theirs.as<List>();
        if (some == nullptr || all == nullptr) return std::nullopt;
        List kept = *some;
        std::erase_if(kept, [&](const Value& each) { return !reference::holds(*all, each); });
        return set_list(items, kept);
    }
    Wish overlap(const Expr& left, const Expr& right, bool wanted) {
        for (const auto& [mine, other] : {std::pair(&left, &right), std::pair(&right, &left)}) {
            const Value theirs = seen_.value(*other), ours = seen_.value(*mine);
            const auto *all = theirs.as<List>(), *some = ours.as<List>();
            if (fact_of(*mine) == nullptr || all == nullptr || all->empty()) continue;
            List changed = some != nullptr ? *some : List{};
            if (wanted)
                changed.push_back(all->front());
            else
                std::erase_if(changed, [&](const Value& each) { return reference::holds(*all, each); });
            return set_list(*mine, changed);
        }
        return std::nullopt;
    }

    const DocumentReader& reader_;
    const check::Policy& policy_;
    Evaluation seen_, trusted_;
};

}  // namespace

Edits edits_towards(const check::Policy& policy, const json::Value& document, const reference::Standing& standing,
                    bool wanted) {
    const DocumentReader reader(policy, document);
    Edits out;
    const auto take = [&](const std::vector<Edit>& more) {
        for (const Edit& edit : more) {
            const bool there = std::any_of(out.edits.begin(), out.edits.end(),
                                           [&](const Edit& each) { return each.path == edit.path; });
            if (!there) out.edits.push_back(edit);
        }
    };
    std::vector<Wish> wishes;
    for (const Expr* condition : DocumentReader::conjuncts(*standing.rule)) {
        Wish each = Wisher(reader, standing).wish(*condition, wanted);
        if (wanted && each) take(*each);
        if (wanted && !each) out.open.push_back(reader.text_of(condition->span));
        wishes.push_back(std::move(each));
    }
    if (wanted) return out;
    // One condition that does not hold is enough.
    const std::vector<Edit>* best = nullptr;
    for (const Wish& each : wishes)
        if (each && (best == nullptr || cost_of(*each) < cost_of(*best))) best = &*each;
    if (best != nullptr)
        take(*best);
    else
        out.open.push_back("not " + standing.rule->name);
    return out;
}

}  // namespace writ::explain
