// Conditions and values in three-valued logic: a test with an unknown operand is unknown; `and`, `or`, `not`, `any`,
// `all` and counting can still have a known result.
#include <algorithm>
#include <charconv>

#include "base/held.h"
#include "base/values.h"
#include "base/window.h"
#include "reference/evaluation.h"

namespace writ::reference {

using check::Expr;
using check::Op;

// ---- the tables -------------------------------------------------------------------------------

//   and | F U T      or | F U T      not |
//   F   | F F F      F  | F U T      F   | T
//   U   | F U U      U  | U U T      U   | U
//   T   | F U T      T  | T T T      T   | F
// With False < Unknown < True these are the lesser, the greater, and the mirror image.
static Truth both(Truth a, Truth b) {
    return std::min(a, b);
}
static Truth either(Truth a, Truth b) {
    return std::max(a, b);
}
static Truth opposite(Truth a) {
    switch (a) {
        case Truth::False: return Truth::True;
        case Truth::Unknown: return Truth::Unknown;
        case Truth::True: return Truth::False;
    }
    return Truth::Unknown;
}

template <class T>
static bool compared(Cmp cmp, const T& a, const T& b) {
    switch (cmp) {
        case Cmp::Eq: return a == b;
        case Cmp::Ne: return a != b;
        case Cmp::Lt: return a < b;
        case Cmp::Le: return a <= b;
        case Cmp::Gt: return a > b;
        case Cmp::Ge: return a >= b;
    }
    return false;
}

static bool subset(const List& a, const List& b) {
    return std::all_of(a.begin(), a.end(), [&](const Value& item) { return holds(b, item); });
}

// ---- conditions -------------------------------------------------------------------------------

Truth Evaluation::condition(const Expr& expr) {
    switch (expr.op) {
        case Op::Constant: return truth_of(expr.integer != 0);
        case Op::Truth: {
            const Value value = this->value(*expr.kids[0]);
            const auto* flag = value.as<std::int64_t>();
            return flag != nullptr ? truth_of(*flag != 0) : Truth::Unknown;
        }
        case Op::And: {
            Truth all = Truth::True;
            for (const Expr* kid : expr.kids)
                if (all != Truth::False) all = both(all, condition(*kid));
            return all;
        }
        case Op::Or: {
            Truth any = Truth::False;
            for (const Expr* kid : expr.kids)
                if (any != Truth::True) any = either(any, condition(*kid));
            return any;
        }
        case Op::Not: return opposite(condition(*expr.kids[0]));
        case Op::Any:
        case Op::All: return quantify(expr);
        case Op::Compare: return compare(expr);
        case Op::In:
        case Op::SubsetOf:
        case Op::Overlaps: return membership(expr);
        case Op::TextTest: return text_test(expr);
        case Op::InCidr: return in_block(expr);
        case Op::InWindow: {
            const Value value = this->value(*expr.kids[0]);
            const auto* instant = value.as<std::int64_t>();
            if (instant == nullptr) return Truth::Unknown;
            return truth_of(window_contains(expr.window, policy_.zones[expr.id].transitions, *instant));
        }
        case Op::IsNone:
        case Op::IsSome: {
            const Value value = this->value(*expr.kids[0]);
            if (value.unknown()) return Truth::Unknown;
            return truth_of(value.none() == (expr.op == Op::IsNone));
        }
        case Op::IssuerIs: {
            const Value stated = facts_.at("token.issuer");
            const auto* url = stated.as<std::string_view>();
            if (url == nullptr) return Truth::Unknown;
            const std::vector<std::uint32_t> members = policy_.members_of(check::IssuerId{expr.id});
            return truth_of(std::any_of(members.begin(), members.end(),
                                        [&](std::uint32_t member) { return *url == policy_.issuers[member].url; }));
        }
#define VALUE(name, ...) case Op::name:
#include "base/operators.def"
            return Truth::Unknown;  // the checker allows no value here
    }
    return Truth::Unknown;
}

void Evaluation::bind(std::uint32_t binder, const Value& element) {
    if (binders_.size() <= binder) binders_.resize(binder + 1);
    binders_[binder] = element;
}

Truth Evaluation::quantify(const Expr& expr) {
    const Value over = value(*expr.kids[0]);
    const auto* list = over.as<List>();
    if (list == nullptr) return Truth::Unknown;
    const bool any = expr.op == Op::Any;
    Truth result = any ? Truth::False : Truth::True;
    for (const Value& element : *list) {
        bind(expr.id, element);
        const Truth here = condition(*expr.kids[1]);
        result = any ? either(result, here) : both(result, here);
    }
    return result;
}

Evaluation::Range Evaluation::range(const Expr& expr) {
    if (expr.op != Op::Count) {
        const Value single = value(expr);
        const auto* integer = single.as<std::int64_t>();
        return integer != nullptr ? Range{true, *integer, *integer} : Range{};
    }
    const Value over = value(*expr.kids[0]);
    const auto* list = over.as<List>();
    if (list == nullptr) return {};
    Range count{true, 0, 0};
    for (const Value& element : distinct(*list)) {
        bind(expr.id, element);
        const Truth here = condition(*expr.kids[1]);
        count.low += here == Truth::True;
        count.high += here != Truth::False;
    }
    return count;
}

Truth Evaluation::compare(const Expr& expr) {
    const Expr &left = *expr.kids[0], &right = *expr.kids[1];
    if (left.op == Op::Count || right.op == Op::Count) {
        const Range a = range(left), b = range(right);
        if (!a.known || !b.known) return Truth::Unknown;
        const bool less = a.high < b.low, less_or_equal = a.high <= b.low;
        const bool greater = a.low > b.high, greater_or_equal = a.low >= b.high;
        const bool equal = less_or_equal && greater_or_equal;
        const auto pick = [](bool surely, bool surely_not) {
            return surely ? Truth::True : surely_not ? Truth::False : Truth::Unknown;
        };
        switch (expr.cmp) {
            case Cmp::Eq: return pick(equal, less || greater);
            case Cmp::Ne: return pick(less || greater, equal);
            case Cmp::Lt: return pick(less, greater_or_equal);
            case Cmp::Le: return pick(less_or_equal, greater);
            case Cmp::Gt: return pick(greater, less_or_equal);
            case Cmp::Ge: return pick(greater_or_equal, less);
        }
        return Truth::Unknown;
    }
    const Value a = value(left), b = value(right);
    if (a.as<std::int64_t>() != nullptr && b.as<std::int64_t>() != nullptr)
        return truth_of(compared(expr.cmp, *a.as<std::int64_t>(), *b.as<std::int64_t>()));
    if (a.as<std::string_view>() != nullptr && b.as<std::string_view>() != nullptr)
        return truth_of(compared(expr.cmp, *a.as<std::string_view>(), *b.as<std::string_view>()));
    if (a.as<List>() != nullptr && b.as<List>() != nullptr) {
        const bool equal = subset(*a.as<List>(), *b.as<List>()) && subset(*b.as<List>(), *a.as<List>());
        return truth_of(equal == (expr.cmp == Cmp::Eq));
    }
    return Truth::Unknown;
}

Truth Evaluation::membership(const Expr& expr) {
    const Value a = value(*expr.kids[0]), b = value(*expr.kids[1]);
    const auto* list = b.as<List>();
    if (!a.known() || list == nullptr) return Truth::Unknown;
    if (expr.op == Op::In) return truth_of(holds(*list, a));
    const auto* items = a.as<List>();
    if (items == nullptr) return Truth::Unknown;
    if (expr.op == Op::SubsetOf) return truth_of(subset(*items, *list));
    return truth_of(std::any_of(items->begin(), items->end(), [&](const Value& item) { return holds(*list, item); }));
}

Truth Evaluation::text_test(const Expr& expr) {
    const Value subject = value(*expr.kids[0]);
    const auto* text = subject.as<std::string_view>();
    if (text == nullptr) return Truth::Unknown;
    const RE2& pattern = patterns_.of(expr);
    return pattern.ok() ? truth_of(RE2::FullMatch(*text, pattern)) : Truth::Unknown;
}

Truth Evaluation::in_block(const Expr& expr) {
    const Value address = value(*expr.kids[0]), block = value(*expr.kids[1]);
    const auto* text = address.as<std::string_view>();
    const auto* cidr = block.as<std::string_view>();
    return text != nullptr && cidr != nullptr ? truth_of(cidr_contains(*cidr, *text)) : Truth::Unknown;
}

// ---- values -----------------------------------------------------------------------------------

Value Evaluation::value(const Expr& expr) {
    switch (expr.op) {
        case Op::Integer: return {expr.integer};
        case Op::Text: return {expr.text};
        case Op::Set: {
            List list;
            for (const Expr* kid : expr.kids) list.push_back(value(*kid));
            return {std::move(list)};
        }
        case Op::Fact: return facts_.fact(policy_.facts[expr.id]);
        case Op::Elem: return element(expr);
        case Op::Column: return facts_.cell(*row_.table, row_.index, expr.id);
        case Op::ElemColumn: {
            const auto* row = binders_[expr.id].as<Row>();
            return row != nullptr ? facts_.cell(*row->table, row->index, expr.index) : Value{Unknown{}};
        }
        case Op::TableColumn: {
            const check::Table& table = policy_.tables[expr.id];
            List list;
            for (std::size_t row = 0; row < table.rows.size(); ++row) {
                const Value cell = facts_.cell(table, row, expr.index);
                if (const auto* set = cell.as<List>())
                    list.insert(list.end(), set->begin(), set->end());
                else
                    list.push_back(cell);
            }
            return {std::move(list)};
        }
        case Op::TableRows: {
            const check::Table& table = policy_.tables[expr.id];
            List list;
            for (std::size_t row = 0; row < table.rows.size(); ++row) list.push_back({Row{&table, row}});
            return {std::move(list)};
        }
        case Op::Now: return now_ ? Value{*now_} : Value{Unknown{}};
        case Op::Age:
        case Op::Add:
        case Op::Subtract:
        case Op::Multiply:
        case Op::Negate: return arithmetic(expr);
        case Op::Union:
        case Op::Intersect:
        case Op::Minus: return set_algebra(expr);
        case Op::Words:
        case Op::Lower:
        case Op::Convert:
        case Op::PartOf: return text_function(expr);
        case Op::Count:
#define CONDITION(name, ...) case Op::name:
#include "base/operators.def"
            return {Unknown{}};  // the checker allows no condition and no count here
    }
    return {Unknown{}};
}

Value Evaluation::element(const Expr& expr) {
    const Value& bound = binders_[expr.id];
    if (!expr.field.valid()) return bound;
    const auto* group = bound.as<Group>();
    return group != nullptr ? facts_.below(*group, expr.field) : Value{Unknown{}};
}

Value Evaluation::arithmetic(const Expr& expr) {
    const Value first = value(*expr.kids[0]);
    const auto* a = first.as<std::int64_t>();
    if (a == nullptr) return {Unknown{}};
    if (expr.op == Op::Age) {
        // The age of an instant in the future is unknown.
        if (!now_ || (!foresees_ && is_ahead(*a, *now_))) return {Unknown{}};
        return {sat_sub(*now_, *a)};
    }
    if (expr.op == Op::Negate) return {sat_sub(0, *a)};
    const Value second = value(*expr.kids[1]);
    const auto* b = second.as<std::int64_t>();
    if (b == nullptr) return {Unknown{}};
    if (expr.op == Op::Add) return {sat_add(*a, *b)};
    if (expr.op == Op::Subtract) return {sat_sub(*a, *b)};
    return {sat_mul(*a, *b)};
}

Value Evaluation::set_algebra(const Expr& expr) {
    const Value first = value(*expr.kids[0]), second = value(*expr.kids[1]);
    const auto *a = first.as<List>(), *b = second.as<List>();
    if (a == nullptr || b == nullptr) return {Unknown{}};
    List out;
    if (expr.op == Op::Union) {
        out = *a;
        out.insert(out.end(), b->begin(), b->end());
        return {std::move(out)};
    }
    for (const Value& item : *a)
        if (holds(*b, item) == (expr.op == Op::Intersect)) out.push_back(item);
    return {std::move(out)};
}

Value Evaluation::text_function(const Expr& expr) {
    const Value subject = value(*expr.kids[0]);
    const auto* text = subject.as<std::string_view>();
    if (text == nullptr) return {Unknown{}};
    if (expr.op == Op::Words) {
        List words;
        for (std::size_t at = 0; at < text->size();) {
            const std::size_t end = std::min(text->find(' ', at), text->size());
            if (end > at) words.push_back({text->substr(at, end - at)});
            at = end + 1;
        }
        return {std::move(words)};
    }
    if (expr.op == Op::Lower) {
        std::string lower(*text);
        for (char& c : lower)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return {arena_.copy(lower)};
    }
    if (expr.op == Op::Convert) {
        const auto canonical = canonical_text(expr.type.kind, *text);
        return canonical ? Value{arena_.copy(*canonical)} : Value{Unknown{}};
    }
    const auto part = part_of(static_cast<Part>(expr.index), *text);
    if (!part) return {Unknown{}};
    if (expr.type.kind != Kind::Int) return {*part};
    std::int64_t port = 0;
    const auto [end, error] = std::from_chars(part->data(), part->data() + part->size(), port);
    if (error != std::errc{} || end != part->data() + part->size()) return {Unknown{}};
    return {port};
}

// ---- time -------------------------------------------------------------------------------------

/// `now CMP t` and `age(t) CMP d`, which is `now CMP t + d`, can only change at that moment or just after it.
std::int64_t Evaluation::change_of_compare(const Expr& expr) {
    const bool clock_left = expr.kids[0]->op == Op::Now || expr.kids[0]->op == Op::Age;
    const Expr &clock = *expr.kids[clock_left ? 0 : 1], &other = *expr.kids[clock_left ? 1 : 0];
    if (clock.op != Op::Now && clock.op != Op::Age) return kNever;
    const Value limit = value(other);
    const auto* bound = limit.as<std::int64_t>();
    if (bound == nullptr) return kNever;
    std::int64_t moment = *bound;
    if (clock.op == Op::Age) {
        const Value since = value(*clock.kids[0]);
        const auto* start = since.as<std::int64_t>();
        if (start == nullptr) return kNever;
        moment = sat_add(*start, *bound);
    }
    const auto at = [&](std::int64_t now) {
        return clock_left ? compared(expr.cmp, now, moment) : compared(expr.cmp, moment, now);
    };
    for (const std::int64_t change : {moment, sat_add(moment, 1)})
        if (change > held(now_) && at(change) != at(sat_sub(change, 1))) return change;
    return kNever;
}

std::int64_t Evaluation::next_change(const Expr& expr) {
    if (expr.op == Op::Compare) {
        std::int64_t next = change_of_compare(expr);
        for (const Expr* kid : expr.kids) next = std::min(next, next_change(*kid));
        return next;
    }
    if (expr.op == Op::InWindow && expr.kids[0]->op == Op::Now)
        return window_next_change(expr.window, policy_.zones[expr.id].transitions, held(now_));
    std::int64_t next = kNever;
    if (expr.op == Op::Any || expr.op == Op::All || expr.op == Op::Count) {
        const Value over = value(*expr.kids[0]);
        const auto* list = over.as<List>();
        for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
            bind(expr.id, (*list)[i]);
            next = std::min(next, next_change(*expr.kids[1]));
        }
        return next;
    }
    for (const Expr* kid : expr.kids) next = std::min(next, next_change(*kid));
    return next;
}

}  // namespace writ::reference
