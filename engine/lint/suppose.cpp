#include "lint/suppose.h"

#include <algorithm>
#include <vector>

#include "lint/heads.h"

namespace writ::lint {

namespace {

using namespace check;

constexpr std::size_t kMany = SIZE_MAX;

/// What is known about a value.
struct SupposedValue {
    enum class Sort : std::uint8_t {
        Unknown,   ///< it has none
        Any,       ///< the caller may choose it
        Named,     ///< not chosen by the caller, but by the author of a table or by the broker's records
        Stranger,  ///< as assumed in `of`
        Exact,     ///< this very text or number
    };
    Sort sort = Sort::Any;
    const Supposed* of = nullptr;
    bool part = false;  ///< computed from the value that `of` is about
    std::string_view text;
    std::int64_t integer = 0;
    // Lists: the sort of the elements; there are `least` to `most` of them. Exact lists: `items`.
    std::size_t least = 0, most = kMany;
    std::vector<SupposedValue> items;

    [[nodiscard]] bool empty() const { return most == 0; }
    [[nodiscard]] bool exact() const { return sort == Sort::Exact; }
    [[nodiscard]] bool named() const { return sort == Sort::Exact || sort == Sort::Named; }
    [[nodiscard]] bool stranger() const { return sort == Sort::Stranger; }
};

SupposedValue list_of(SupposedValue::Sort sort, std::size_t least, std::size_t most) {
    SupposedValue out;
    out.sort = sort;
    out.least = least;
    out.most = most;
    return out;
}

SupposedValue exact_list(std::vector<SupposedValue> items) {
    SupposedValue out = list_of(SupposedValue::Sort::Exact, items.size(), items.size());
    out.items = std::move(items);
    return out;
}

bool equal(const SupposedValue& a, const SupposedValue& b) {
    return a.text == b.text && a.integer == b.integer;
}
bool holds_item(const SupposedValue& list, const SupposedValue& item) {
    return std::any_of(list.items.begin(), list.items.end(),
                       [&](const SupposedValue& each) { return equal(each, item); });
}
bool is_within(const SupposedValue& a, const SupposedValue& b) {
    return std::all_of(a.items.begin(), a.items.end(), [&](const SupposedValue& each) { return holds_item(b, each); });
}

constexpr Can kUnknown{}, kEither{true, true}, kHolds{true, false}, kFails{false, true};
Can decided(bool holds) {
    return holds ? kHolds : kFails;
}
Can turned(Can can) {
    return {can.fail, can.hold};
}

/// Two values of which one is a stranger's and the other named: they are never equal, unless a name was taken over.
bool apart(const SupposedValue& a, const SupposedValue& b) {
    const SupposedValue& stranger = a.stranger() ? a : b;
    const SupposedValue& other = a.stranger() ? b : a;
    if (!stranger.stranger() || !other.named()) return false;
    return stranger.of->what == Supposed::What::Stranger || (other.exact() && has_identifiers(other.text));
}

/// Whether a fact is about somebody other than the caller: the broker knows it, and the caller cannot choose it.
bool is_of_others(const Fact& fact) {
    if (fact.root != FactRoot::Request) return fact.root == FactRoot::Catalog;
    const std::string_view group = std::string_view(fact.path).substr(0, fact.path.find_first_of(".["));
    return one_of(group, {"tenant", "user", "resource", "approvals", "gates", "sets", "host", "budget"});
}

class Supposing {
public:
    Supposing(const Policy& policy, const Supposition& supposition) : policy_(policy), supposition_(supposition) {}

    Can condition(const Expr& e) {
        switch (e.op) {
            case Op::And:
            case Op::Or: {
                const bool all = e.op == Op::And;
                Can out{all, !all};
                for (const Expr* kid : e.kids) {
                    const Can can = condition(*kid);
                    out.hold = all ? out.hold && can.hold : out.hold || can.hold;
                    out.fail = all ? out.fail || can.fail : out.fail && can.fail;
                }
                return out;
            }
            case Op::Not: return turned(condition(*e.kids[0]));
            case Op::Constant: return decided(e.integer != 0);
            case Op::IssuerIs:
                return supposition_.issuer ? decided(policy_.is_among(*supposition_.issuer, IssuerId{e.id})) : kEither;
            case Op::Truth: {
                const SupposedValue value = this->value(*e.kids[0]);
                if (value.sort == SupposedValue::Sort::Unknown || value.stranger()) return kUnknown;
                return value.exact() ? decided(value.integer != 0) : kEither;
            }
            case Op::Compare: return compare(e);
            case Op::In:
            case Op::SubsetOf:
            case Op::Overlaps: return membership(e);
            case Op::TextTest: return text_test(e);
            case Op::Any:
            case Op::All: return quantified(e);
            case Op::InCidr:
            case Op::InWindow: return value(*e.kids[0]).sort == SupposedValue::Sort::Unknown ? kUnknown : kEither;
            case Op::IsNone:
            case Op::IsSome: {
                const SupposedValue value = this->value(*e.kids[0]);
                if (value.sort == SupposedValue::Sort::Unknown) return kUnknown;
                const bool stated = e.kids[0]->op == Op::Fact && supposition_.facts.contains(e.kids[0]->id);
                return stated ? decided(e.op == Op::IsSome) : kEither;
            }
#define VALUE(name, ...) case Op::name:
#include "base/operators.def"
                return kEither;
        }
        return kEither;
    }

private:
    SupposedValue value(const Expr& e) {
        SupposedValue out;
        switch (e.op) {
            case Op::Integer:
                out.sort = SupposedValue::Sort::Exact;
                out.integer = e.integer;
                return out;
            case Op::Text:
                out.sort = SupposedValue::Sort::Exact;
                out.text = e.text;
                return out;
            case Op::Set: {
                std::vector<SupposedValue> items;
                for (const Expr* kid : e.kids) items.push_back(value(*kid));
                const auto all = [&](auto is) { return std::all_of(items.begin(), items.end(), is); };
                if (all([](const SupposedValue& each) { return each.exact(); })) return exact_list(std::move(items));
                const bool named = all([](const SupposedValue& each) { return each.named(); });
                return list_of(named ? SupposedValue::Sort::Named : SupposedValue::Sort::Any, 1, items.size());
            }
            case Op::Fact: return fact(e.id);
            case Op::Elem:
                if (e.field.valid() || e.id >= elements_.size()) return out;
                return elements_[e.id];
            case Op::Column:
            case Op::ElemColumn: out.sort = SupposedValue::Sort::Named; return out;
            case Op::TableColumn:
            case Op::TableRows: return list_of(SupposedValue::Sort::Named, 0, kMany);
            case Op::Words: {
                const SupposedValue text = value(*e.kids[0]);
                if (text.exact() && text.text.empty()) return exact_list({});
                SupposedValue words = text;
                if (words.exact()) words = list_of(SupposedValue::Sort::Named, 0, kMany);
                words.least = 0;
                words.most = text.of != nullptr && text.of->what == Supposed::What::One ? 1 : kMany;
                return words;
            }
            case Op::Lower:
            case Op::Convert:
            case Op::PartOf: {
                out = value(*e.kids[0]);
                out.part = out.part || e.op == Op::PartOf;
                if (out.exact() && e.op != Op::Convert) out.sort = SupposedValue::Sort::Named;
                return out;
            }
            case Op::Union:
            case Op::Intersect:
            case Op::Minus: return set_algebra(e);
            case Op::Now:
            case Op::Age:
            case Op::Add:
            case Op::Subtract:
            case Op::Multiply:
            case Op::Negate:
            case Op::Count:
#define CONDITION(name, ...) case Op::name:
#include "base/operators.def"
                return out;
        }
        return out;
    }

    SupposedValue fact(std::uint32_t id) const {
        const Fact& fact = policy_.facts[id];
        SupposedValue out;
        if (fact.issuer.valid() && supposition_.issuer && !policy_.is_among(*supposition_.issuer, fact.issuer)) {
            out.sort = SupposedValue::Sort::Unknown;
            return out;
        }
        if (supposition_.issuer && fact.root == FactRoot::Request && fact.path == "token.issuer") {
            out.sort = SupposedValue::Sort::Exact;
            out.text = policy_.issuers[*supposition_.issuer].url;
            return out;
        }
        const auto found = supposition_.facts.find(id);
        if (found == supposition_.facts.end()) {
            if (is_of_others(fact)) out.sort = SupposedValue::Sort::Named;
            return out;
        }
        const bool list = fact.type.kind == Kind::List;
        switch (found->second.what) {
            case Supposed::What::Stranger:
            case Supposed::What::Namesake: out.sort = SupposedValue::Sort::Stranger; break;
            case Supposed::What::Empty:
                if (list) return exact_list({});
                out.sort = SupposedValue::Sort::Exact;
                break;
            case Supposed::What::One:
                if (list) out.least = out.most = 1;
                break;
            case Supposed::What::Text:
                out.sort = SupposedValue::Sort::Exact;
                if (fact.type.kind == Kind::Bool)
                    out.integer = found->second.text == "true" ? 1 : 0;
                else
                    out.text = found->second.text;
                break;
        }
        out.of = &found->second;
        return out;
    }

    SupposedValue set_algebra(const Expr& e) {
        SupposedValue a = value(*e.kids[0]), b = value(*e.kids[1]);
        if (a.sort == SupposedValue::Sort::Unknown || b.sort == SupposedValue::Sort::Unknown)
            return a.sort == SupposedValue::Sort::Unknown ? a : b;
        const auto keep = [&](bool wanted) {
            std::vector<SupposedValue> items;
            for (const SupposedValue& each : a.items)
                if (holds_item(b, each) == wanted) items.push_back(each);
            return exact_list(std::move(items));
        };
        const bool both = a.exact() && b.exact();
        SupposedValue out = a;
        if (e.op == Op::Union) {
            if (a.empty()) return b;
            if (b.empty()) return a;
            if (both) {
                out = keep(false);
                out.items.insert(out.items.end(), b.items.begin(), b.items.end());
                return exact_list(std::move(out.items));
            }
            const bool named = a.named() && b.named();
            return list_of(named ? SupposedValue::Sort::Named : SupposedValue::Sort::Any, std::max(a.least, b.least),
                           a.most > kMany - b.most ? kMany : a.most + b.most);
        }
        if (e.op == Op::Intersect) {
            if (a.empty() || b.empty() || apart(a, b)) return exact_list({});
            if (both) return keep(true);
            return list_of(a.named() || b.named() ? SupposedValue::Sort::Named : SupposedValue::Sort::Any, 0,
                           std::min(a.most, b.most));
        }
        if (a.empty() || b.empty() || apart(a, b)) return a;
        if (both) return keep(false);
        out = list_of(a.named() ? SupposedValue::Sort::Named : a.sort, 0, a.most);
        out.of = a.of;
        return out;
    }

    Can compare(const Expr& e) {
        if (e.kids[0]->op == Op::Count) return compare_count(*e.kids[0], e.cmp, value(*e.kids[1]));
        const SupposedValue a = value(*e.kids[0]), b = value(*e.kids[1]);
        if (a.sort == SupposedValue::Sort::Unknown || b.sort == SupposedValue::Sort::Unknown) return kUnknown;
        const bool list = e.kids[0]->type.kind == Kind::List;
        if (e.cmp != Cmp::Eq && e.cmp != Cmp::Ne)
            return a.exact() && b.exact() ? decided(compares(e.cmp, a.integer, b.integer)) : kEither;
        // A bool has only two values, so a stranger's value is not known to differ.
        if (!list && e.kids[0]->type.kind == Kind::Bool && (a.stranger() || b.stranger())) return kUnknown;
        const Can same = list                     ? lists_equal(a, b)
                         : a.exact() && b.exact() ? decided(equal(a, b))
                         : apart(a, b)            ? kFails
                                                  : kEither;
        return e.cmp == Cmp::Eq ? same : turned(same);
    }

    static Can lists_equal(const SupposedValue& a, const SupposedValue& b) {
        if (a.exact() && b.exact()) return decided(is_within(a, b) && is_within(b, a));
        if (a.least > b.most || b.least > a.most) return kFails;
        // Two empty lists are equal, whoever they belong to.
        if (apart(a, b)) return a.least == 0 && b.least == 0 ? kEither : kFails;
        return kEither;
    }

    Can compare_count(const Expr& count, Cmp cmp, const SupposedValue& with) {
        const SupposedValue list = value(*count.kids[0]);
        if (list.sort == SupposedValue::Sort::Unknown || with.sort == SupposedValue::Sort::Unknown) return kUnknown;
        if (!with.exact()) return kEither;
        std::size_t least = 0, most = 0;
        if (list.exact()) {
            for (const SupposedValue& each : list.items) {
                const Can body = with_element(count, each);
                least += body.fail || !body.hold ? 0 : 1;
                most += body.hold ? 1 : 0;
            }
        } else {
            const Can body = with_element(count, element_of(list));
            least = body.hold && !body.fail ? list.least : 0;
            most = body.hold ? list.most : 0;
        }
        // The result of a comparison with a bound can change only at the limits of the count and at the bound itself.
        Can out;
        const auto bound = static_cast<std::size_t>(std::max<std::int64_t>(with.integer, 0));
        for (const std::size_t each :
             {least, most, std::clamp(bound, least, most), std::clamp(bound + 1, least, most)}) {
            const auto counted = static_cast<std::int64_t>(std::min<std::size_t>(each, INT64_MAX));
            (compares(cmp, counted, with.integer) ? out.hold : out.fail) = true;
        }
        return out;
    }

    Can membership(const Expr& e) {
        const SupposedValue a = value(*e.kids[0]), b = value(*e.kids[1]);
        if (a.sort == SupposedValue::Sort::Unknown || b.sort == SupposedValue::Sort::Unknown) return kUnknown;
        if (e.op == Op::In) {
            if (b.empty()) return kFails;
            const bool all_apart = b.exact() && !a.exact()
                                       ? std::all_of(b.items.begin(), b.items.end(),
                                                     [&](const SupposedValue& each) { return apart(a, each); })
                                       : apart(a, b);
            if (all_apart) return kFails;
            return a.exact() && b.exact() ? decided(holds_item(b, a)) : kEither;
        }
        const bool subset = e.op == Op::SubsetOf;
        if (a.empty()) return decided(subset);
        if (a.exact() && b.exact()) {
            if (subset) return decided(is_within(a, b));
            return decided(std::any_of(a.items.begin(), a.items.end(),
                                       [&](const SupposedValue& each) { return holds_item(b, each); }));
        }
        if (!b.empty() && !apart(a, b)) return kEither;
        return subset && a.least == 0 ? kEither : kFails;
    }

    Can text_test(const Expr& e) {
        const SupposedValue text = value(*e.kids[0]);
        if (text.sort == SupposedValue::Sort::Unknown) return kUnknown;
        if (text.exact()) return decided(e.matcher->matches(text.text));
        if (!text.stranger()) return kEither;
        // Any pattern for a part, such as the domain of an address, counts as naming something of the author's own.
        if (text.part) return {typical(e), true};
        return {leaves_room(e, *text.of), true};
    }

    /// Whether a pattern matches one of the texts that stand for anybody's values.
    static bool typical(const Expr& e) {
        static constexpr std::string_view kTypical[] = {"zq9",
                                                        "4815162342",
                                                        "zq9/zq9",
                                                        "zq9@zq9.example",
                                                        "zq9.example",
                                                        "spiffe://zq9.example/zq9",
                                                        "https://zq9.example/zq9",
                                                        "repo:zq9/zq9:ref:refs/heads/zq9",
                                                        "repo:zq9@4815162342/zq9@4815162342:ref:refs/heads/zq9",
                                                        "project_path:zq9/zq9:ref_type:branch:ref:zq9",
                                                        "organization:zq9:project:zq9:workspace:zq9:run_phase:apply",
                                                        "system:serviceaccount:zq9:zq9",
                                                        "zq9/zq9/.github/workflows/zq9.yml@refs/heads/zq9",
                                                        ("principal://iam.googleapis.com/projects/4815162342/locations/"
                                                         "global/workloadIdentityPools/zq9/subject/zq9")};
        return std::any_of(std::begin(kTypical), std::end(kTypical),
                           [&](std::string_view each) { return e.matcher->matches(each); });
    }

    /// Whether somebody else can get a value that matches.
    static bool leaves_room(const Expr& e, const Supposed& supposed) {
        if (supposed.segments == Supposed::kTypical) return typical(e);
        const auto heads = heads_of(e);
        return !heads || std::any_of(heads->begin(), heads->end(), [&](const Head& head) {
            if (!head.whole && !fixes(head.text, supposed.segments)) return true;
            return supposed.what == Supposed::What::Namesake && !has_identifiers(head.text);
        });
    }

    /// Whether a beginning contains so many complete segments.
    static bool fixes(std::string_view head, std::uint32_t segments) {
        std::uint32_t whole = 0;
        bool some = false;
        for (const char c : head) {
            const bool separator = c == '/' || c == ':';
            whole += separator && some ? 1 : 0;
            some = !separator;
        }
        return segments > 0 && whole >= segments;
    }

    Can quantified(const Expr& e) {
        const SupposedValue list = value(*e.kids[0]);
        if (list.sort == SupposedValue::Sort::Unknown) return kUnknown;
        const bool any = e.op == Op::Any;
        if (list.exact()) {
            Can out{!any, any};
            for (const SupposedValue& each : list.items) {
                const Can body = with_element(e, each);
                out.hold = any ? out.hold || body.hold : out.hold && body.hold;
                out.fail = any ? out.fail && body.fail : out.fail || body.fail;
            }
            return out;
        }
        const Can body = with_element(e, element_of(list));
        if (any) return {list.most > 0 && body.hold, list.least == 0 || body.fail};
        return {list.least == 0 || body.hold, list.most > 0 && body.fail};
    }

    static SupposedValue element_of(const SupposedValue& list) {
        SupposedValue out;
        out.sort = list.sort;
        out.of = list.of;
        return out;
    }
    Can with_element(const Expr& quantifier, const SupposedValue& element) {
        elements_.resize(std::max<std::size_t>(elements_.size(), quantifier.id + 1));
        elements_[quantifier.id] = element;
        return condition(*quantifier.kids[1]);
    }

    const Policy& policy_;
    const Supposition& supposition_;
    std::vector<SupposedValue> elements_;  ///< by binder
};

bool ends_in_number(std::string_view name) {
    const std::size_t at = name.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == name.size()) return false;
    return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(at) + 1, name.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Can can(const Policy& policy, const Expr& condition, const Supposition& supposition) {
    return Supposing(policy, supposition).condition(condition);
}

bool can_hold(const Policy& policy, const Case& c, const Supposition& supposition) {
    Supposing supposing(policy, supposition);
    return std::all_of(c.literals.begin(), c.literals.end(), [&](const Literal& literal) {
        const Can can = supposing.condition(*literal.test);
        return literal.positive ? can.hold : can.fail;
    });
}

bool has_identifiers(std::string_view subject) {
    constexpr std::string_view kKey = "repo:";
    if (!subject.starts_with(kKey)) return false;
    subject.remove_prefix(kKey.size());
    const std::size_t slash = subject.find('/');
    if (slash == std::string_view::npos || !ends_in_number(subject.substr(0, slash))) return false;
    const std::string_view rest = subject.substr(slash + 1);
    const std::size_t colon = rest.find(':');
    return colon != std::string_view::npos && ends_in_number(rest.substr(0, colon));
}

}  // namespace writ::lint
