// Comparisons and membership: types that fit, orders that exist, conditions that facts can change.
#include <algorithm>
#include <optional>

#include "base/values.h"
#include "check/expr.h"
#include "syntax/foreign.h"

namespace writ::check {
namespace {

bool is_special(const Expr& e) {
    return e.op == Op::Now || e.op == Op::Age || e.op == Op::Count;
}

/// Reports a `*` in a compared text, which was meant as a pattern. True: reported.
bool report_star(Context& c, const Expr& text) {
    if (text.op != Op::Text || !is_string_kind(text.type.kind) || text.text.find('*') == std::string_view::npos)
        return false;
    c.report.add(Code::NeverHolds, text.span, "equality compares " + quoted(text.text) + " literally, including `*`",
                 "not a pattern here", "use `like " + std::string(text_at(c, text.span)) + "`");
    return true;
}

struct Range {
    std::int64_t low = 0, high = 0;
};

/// The values that an expression can have, if they are a short range.
std::optional<Range> range_of(const Context& c, const Expr& e) {
    // The number of rows is data, so it does not make a policy wrong.
    if (e.op == Op::Count && (e.kids[0]->op == Op::TableRows || e.kids[0]->op == Op::TableColumn)) return {};
    if (e.op == Op::Count) return Range{0, static_cast<std::int64_t>(e.kids[0]->type.max)};
    if (e.type.kind != Kind::Enum) return {};
    const auto members = c.policy.enums[e.type.enumeration.value].members.size();
    // A rule that is written for several tiers is also useful in a policy with one tier.
    if (members < 2) return {};
    return Range{0, static_cast<std::int64_t>(members) - 1};
}

/// Whether a comparison has one outcome over a whole range.
std::optional<bool> settled(Cmp cmp, const Range& range, std::int64_t bound) {
    if (cmp == Cmp::Eq || cmp == Cmp::Ne)
        return bound >= range.low && bound <= range.high ? std::optional<bool>{} : cmp == Cmp::Ne;
    const bool low = compares(cmp, range.low, bound), high = compares(cmp, range.high, bound);
    return low == high ? std::optional<bool>{low} : std::optional<bool>{};
}

bool has_order(const Context& c, const Type& type) {
    if (type.kind == Kind::Enum) return c.policy.enums[type.enumeration.value].ordered;
    return type.kind == Kind::Int || type.kind == Kind::Decimal || type.kind == Kind::Duration ||
           type.kind == Kind::Instant;
}

/// The author can give an order to an enum of the policy, and not to one of the standard library.
void help_unordered(Context& c, Diagnostic& diagnostic, EnumId id) {
    diagnostic.help = "compare with `==`, or list the members: `in { … }`";
    for (const auto& entry : c.entries) {
        if (!std::holds_alternative<ast::EnumDecl>(entry.decl->node) || entry.index != id.value ||
            entry.name.span.source >= c.sources.sources.size())
            continue;
        diagnostic.help = "if its members have an order, declare them with `<` in place of `|`";
        diagnostic.related.push_back({entry.name.span, "declared here without an order"});
    }
}

const Expr* refuse_order(Context& c, Cmp cmp, Span span, const Expr& value) {
    const auto type = describe(c.policy, value.type);
    auto& diagnostic =
        c.report.add(Code::OperationUndefined, span, quoted(spelling_of(cmp)) + " is not defined for " + quoted(type),
                     "values of this type have no order");
    relate(c, diagnostic, value);
    if (value.type.kind == Kind::Enum)
        help_unordered(c, diagnostic, value.type.enumeration);
    else if (value.type.kind == Kind::List)
        diagnostic.help = "compare sets with `subset of`";
    return nullptr;
}

bool same_fact(const Expr& a, const Expr& b) {
    return a.op == b.op && (a.op == Op::Fact || a.op == Op::Elem) && a.id == b.id && a.field == b.field;
}

/// Elements of a constant set are never repeated.
bool same_elements(const Expr& a, const Expr& b) {
    const ConstantIndex index(b);
    return a.kids.size() == b.kids.size() &&
           std::all_of(a.kids.begin(), a.kids.end(), [&](const Expr* kid) { return index.has(*kid); });
}

const Expr* refuse_container(Context& c, const ast::Expr& e, const Expr& list) {
    auto& diagnostic =
        c.report.add(Code::OperationUndefined, list.span, describe_one(c.policy, list.type) + " has no elements",
                     "this is " + describe_one(c.policy, list.type));
    if (list.op == Op::Text || list.op == Op::Integer)
        diagnostic.help = "put it in braces: " + quoted("{ " + std::string(text_at(c, list.span)) + " }");
    else if (e.kind == ast::ExprKind::Contains && is_string_kind(list.type.kind))
        diagnostic.help = "for words in a text write `words(…) contains …`; for a part of it, `like \"**part**\"`";
    relate(c, diagnostic, list);
    return nullptr;
}

Pair type_members(Context& c, Scope& s, const ast::Expr& item, const ast::Expr& list) {
    Pair pair;
    if (!is_flexible(c, s, list) || is_flexible(c, s, item)) {
        pair.right = type_value(c, s, list, nullptr);
        if (pair.right == nullptr) {
            if (!is_flexible(c, s, item)) (void)type_value(c, s, item, nullptr);
            return pair;
        }
        Type want = pair.right->type.kind == Kind::Cidr ? scalar(Kind::Ip) : pair.right->type;
        if (want.kind == Kind::List) want = element_of(want);
        pair.left = as_whole(c, type_value(c, s, item, &want));
        return pair;
    }
    pair.left = as_whole(c, type_value(c, s, item, nullptr));
    if (pair.left == nullptr) return pair;
    const bool block = list.kind == ast::ExprKind::String && pair.left->type.kind == Kind::Ip;
    const Type want = block ? scalar(Kind::Cidr) : list_of(pair.left->type, 0);
    pair.right = type_value(c, s, list, &want);
    return pair;
}

}  // namespace

const Expr* refuse_settled(Context& c, Span span, bool always, std::string help) {
    if (always)
        c.report.add(Code::ConstantCondition, span, "this part of the condition is always true", "decides nothing",
                     std::move(help));
    else
        c.report.add(Code::NeverHolds, span, "this comparison is never true", "never true", std::move(help));
    return nullptr;
}

const Expr* compare(Context& c, Cmp cmp, Span span, const Expr* left, const Expr* right) {
    if (is_special(*left) && is_special(*right)) {
        // One of them must be a plain value; this also rejects `now == now` and two counts.
        (void)refuse_special(c, *right);
        return nullptr;
    }
    if (!comparable(left->type, right->type)) {
        report_mismatch(c, span, spelling_of(cmp), *left, *right);
        return nullptr;
    }
    if (is_special(*right)) {
        std::swap(left, right);
        cmp = mirrored(cmp);
    }
    const bool equality = cmp == Cmp::Eq || cmp == Cmp::Ne;
    if (!equality && !has_order(c, left->type)) return refuse_order(c, cmp, span, *left);

    if (is_constant(*left) && is_constant(*right)) {
        if (left->type.kind == Kind::List)
            return constant_node(c, span, same_elements(*left, *right) == (cmp == Cmp::Eq));
        if (left->op == Op::Text) return constant_node(c, span, (left->text == right->text) == (cmp == Cmp::Eq));
        return constant_node(c, span, compares(cmp, left->integer, right->integer));
    }
    if (equality) {
        if (report_star(c, *left) || report_star(c, *right)) return nullptr;
    }
    if (same_fact(*left, *right)) return refuse_settled(c, span, compares(cmp, 0, 0), "both sides are the same fact");
    const bool constant_left = left->op == Op::Integer;
    const auto& bound = constant_left ? *left : *right;
    const auto& value = constant_left ? *right : *left;
    if (bound.op == Op::Integer) {
        if (const auto range = range_of(c, value)) {
            const auto outcome = settled(constant_left ? mirrored(cmp) : cmp, *range, bound.integer);
            if (outcome)
                return refuse_settled(c, span, *outcome,
                                      value.op == Op::Count
                                          ? "the list has at most " + std::to_string(range->high) + " elements"
                                          : quoted(text_at(c, bound.span)) + " is the " +
                                                (bound.integer == range->low ? "lowest" : "highest") + " of " +
                                                quoted(describe(c.policy, value.type)));
        }
    }
    auto* out = node(c, Op::Compare, scalar(Kind::Bool), span);
    out->cmp = cmp;
    out->kids = c.policy.arena->copy(std::vector<const Expr*>{left, right});
    return out;
}

/// `x == null`: comparing with null is an error. True: reported.
static bool refuse_null(Context& c, Scope& s, const ast::Expr& e) {
    const auto is_null = [&](const ast::Expr& side) {
        return side.kind == ast::ExprKind::Path && side.steps.size() == 1 && syntax::is_null_word(side.steps[0].text) &&
               look_up(c, s.module, NameSort::Value, side.steps[0].text).miss == Miss::Unknown;
    };
    const bool right = is_null(*e.kids[1]);
    if (!right && !is_null(*e.kids[0])) return false;
    const auto& null = e.kids[right ? 1 : 0]->steps[0];
    const auto* value = type_expr(c, s, *e.kids[right ? 0 : 1], nullptr);
    if (value == nullptr) return true;
    if (value->type.kind == Kind::Enum) {
        const auto& members = c.policy.enums[value->type.enumeration.value].members;
        if (std::find(members.begin(), members.end(), null.text) != members.end()) return false;
    }
    auto& diagnostic = c.report.add(Code::UnknownName, e.span, "there is no name " + quoted(null.text), {},
                                    "test for a value with `is`: `x is none`, `x is some`");
    if (e.cmp == Cmp::Eq || e.cmp == Cmp::Ne)
        diagnostic.replacement = std::string(text_at(c, value->span)) + (e.cmp == Cmp::Eq ? " is none" : " is some");
    return true;
}

const Expr* type_compare(Context& c, Scope& s, const ast::Expr& e) {
    if (refuse_null(c, s, e)) return nullptr;
    const auto pair = type_pair(c, s, *e.kids[0], *e.kids[1]);
    if (pair.left == nullptr || pair.right == nullptr) return nullptr;
    return compare(c, e.cmp, e.span, pair.left, pair.right);
}

/// `token.issuer in { clusters, ci }`: a set contains issuers, not groups of them. True: reported.
static bool refuse_groups(Context& c, const Scope& s, const ast::Expr& e) {
    const auto item = text_at(c, e.kids[0]->span);
    if (e.kind != ast::ExprKind::In || e.kids[1]->kind != ast::ExprKind::Set || item != "token.issuer") return false;
    std::string_view group;
    std::string tests;
    for (const auto* kid : e.kids[1]->kids) {
        const auto name = text_at(c, kid->span);
        const auto found = look_up(c, s.module, NameSort::Value, split_name(name));
        const bool issuers = kid->kind == ast::ExprKind::Path && found.miss == Miss::No && names_issuers(*found.entry);
        if (issuers && group.empty() && std::holds_alternative<ast::IssuerGroupDecl>(found.entry->decl->node))
            group = name;
        tests += (tests.empty() ? "token.issuer " : " or token.issuer ") + std::string(issuers ? "is " : "== ");
        tests += name;
    }
    if (group.empty()) return false;
    if (e.kids[1]->kids.size() > 1) tests = '(' + tests + ')';
    if (text_at(c, e.op_span).starts_with("not")) tests = "not " + tests;
    auto& diagnostic = c.report.add(Code::OperationUndefined, e.span,
                                    quoted(group) + " is a group of issuers, and a set has only issuers", {},
                                    "write " + quoted(tests));
    diagnostic.replacement = tests;
    return true;
}

const Expr* type_membership(Context& c, Scope& s, const ast::Expr& e) {
    if (refuse_groups(c, s, e)) return nullptr;
    const bool reversed = e.kind == ast::ExprKind::Contains;
    const auto pair = type_members(c, s, *e.kids[reversed ? 1 : 0], *e.kids[reversed ? 0 : 1]);
    if (pair.left == nullptr || pair.right == nullptr) return nullptr;
    const auto& item = *pair.left;
    const auto& list = *pair.right;
    const auto condition = scalar(Kind::Bool);
    if (list.type.kind == Kind::Cidr && item.type.kind == Kind::Ip) {
        if (is_constant(item) && is_constant(list))
            return constant_node(c, e.span, cidr_contains(list.text, item.text));
        return node(c, Op::InCidr, condition, e.span, {&item, &list});
    }
    if (list.type.kind != Kind::List && list.type.kind != Kind::Cidr) return refuse_container(c, e, list);
    if (list.type.kind == Kind::Cidr || !comparable(item.type, element_of(list.type))) {
        if (reversed)
            report_mismatch(c, e.span, "contains", list, item);
        else
            report_mismatch(c, e.span, "in", item, list);
        return nullptr;
    }
    if (list.op == Op::Set && list.kids.empty()) return refuse_settled(c, e.span, false, "the set is empty");
    if (is_constant(item) && is_constant(list)) return constant_node(c, e.span, ConstantIndex(list).has(item));
    if (list.op == Op::Set && !is_constant(item)) {
        for (const auto* kid : list.kids)
            if (report_star(c, *kid)) return nullptr;
    }
    return node(c, Op::In, condition, e.span, {&item, &list});
}

const Expr* type_set_relation(Context& c, Scope& s, const ast::Expr& e) {
    const auto pair = type_pair(c, s, *e.kids[0], *e.kids[1]);
    if (pair.left == nullptr || pair.right == nullptr) return nullptr;
    if (refuse_special(c, *pair.left) || refuse_special(c, *pair.right)) return nullptr;
    const auto& left = *pair.left;
    const auto& right = *pair.right;
    if (left.type.kind != Kind::List) return refuse_container(c, e, left);
    if (right.type.kind != Kind::List) return refuse_container(c, e, right);
    const bool subset = e.kind == ast::ExprKind::SubsetOf;
    if (!comparable(left.type, right.type)) {
        report_mismatch(c, e.span, subset ? "subset of" : "overlaps", left, right);
        return nullptr;
    }
    if (is_constant(left) && is_constant(right)) {
        const ConstantIndex index(right);
        const auto inside = [&](const Expr* kid) { return index.has(*kid); };
        return constant_node(c, e.span,
                             subset ? std::all_of(left.kids.begin(), left.kids.end(), inside)
                                    : std::any_of(left.kids.begin(), left.kids.end(), inside));
    }
    const bool left_empty = left.op == Op::Set && left.kids.empty();
    const bool right_empty = right.op == Op::Set && right.kids.empty();
    if (subset ? left_empty : left_empty || right_empty) return refuse_settled(c, e.span, subset, "the set is empty");
    return node(c, subset ? Op::SubsetOf : Op::Overlaps, scalar(Kind::Bool), e.span, {&left, &right});
}

}  // namespace writ::check
