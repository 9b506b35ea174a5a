// Arithmetic on numbers, durations and instants; algebra on sets. Constants are folded.
#include <algorithm>

#include "base/values.h"
#include "check/expr.h"

namespace writ::check {
namespace {

bool is_number(const Type& type) {
    return type.kind == Kind::Int || type.kind == Kind::Decimal || type.kind == Kind::Duration;
}

std::string_view sign_of(ast::ExprKind kind) {
    if (kind == ast::ExprKind::Add) return "+";
    if (kind == ast::ExprKind::Subtract) return "-";
    if (kind == ast::ExprKind::Multiply) return "*";
    return kind == ast::ExprKind::Union ? "|" : "&";
}

Pair type_operands(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    const auto& left = *e.kids[0];
    const auto& right = *e.kids[1];
    const bool free = is_flexible(c, s, left) && is_flexible(c, s, right);
    Pair pair;
    if (e.kind == ast::ExprKind::Multiply) {
        // A factor is a number of repetitions: a literal next to a decimal stays an int.
        pair.left = type_value(c, s, left, free ? want : nullptr);
        pair.right = type_value(c, s, right, nullptr);
        return pair;
    }
    if (free && want != nullptr) {
        pair.left = type_value(c, s, left, want);
        pair.right = type_value(c, s, right, want);
        return pair;
    }
    pair = type_pair(c, s, left, right);
    if (pair.left != nullptr && refuse_special(c, *pair.left)) pair.left = nullptr;
    if (pair.right != nullptr && refuse_special(c, *pair.right)) pair.right = nullptr;
    return pair;
}

const Expr* set_algebra(Context& c, const ast::Expr& e, const Expr& left, const Expr& right) {
    const Op op = e.kind == ast::ExprKind::Union       ? Op::Union
                  : e.kind == ast::ExprKind::Intersect ? Op::Intersect
                                                       : Op::Minus;
    if (left.type.kind != Kind::List || right.type.kind != Kind::List || !comparable(left.type, right.type)) {
        report_mismatch(c, e.span, sign_of(e.kind), left, right);
        return nullptr;
    }
    const std::size_t max = op == Op::Union       ? std::size_t{left.type.max} + right.type.max
                            : op == Op::Intersect ? std::min(left.type.max, right.type.max)
                                                  : left.type.max;
    const auto element = element_of(left.op == Op::Set && left.kids.empty() ? right.type : left.type);
    if (!is_constant(left) || !is_constant(right)) return node(c, op, list_of(element, max), e.span, {&left, &right});
    const ConstantIndex in_left(left), in_right(right);
    std::vector<const Expr*> kids;
    for (const auto* kid : left.kids)
        if (op == Op::Union || in_right.has(*kid) == (op == Op::Intersect)) kids.push_back(kid);
    if (op == Op::Union)
        for (const auto* kid : right.kids)
            if (!in_left.has(*kid)) kids.push_back(kid);
    return node(c, Op::Set, list_of(element, kids.size()), e.span, kids);
}

/// Type of the result; Bool if the operation is not defined.
Type result_of(ast::ExprKind kind, const Type& left, const Type& right) {
    const bool same = left.kind == right.kind;
    if (kind == ast::ExprKind::Multiply) {
        if (is_number(left) && right.kind == Kind::Int) return left;
        if (left.kind == Kind::Int && is_number(right)) return right;
        return scalar(Kind::Bool);
    }
    if (is_number(left) && same) return left;
    if (left.kind == Kind::Instant && right.kind == Kind::Duration) return left;
    if (left.kind == Kind::Duration && right.kind == Kind::Instant && kind == ast::ExprKind::Add) return right;
    if (left.kind == Kind::Instant && same && kind == ast::ExprKind::Subtract) return scalar(Kind::Duration);
    return scalar(Kind::Bool);
}

const Expr* negate(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    const auto* value = type_value(c, s, *e.kids[0], want);
    if (value == nullptr) return nullptr;
    if (!is_number(value->type)) {
        c.report.add(Code::OperationUndefined, e.span,
                     "`-` goes with numbers, not with " + quoted(describe(c.policy, value->type)));
        return nullptr;
    }
    if (value->op == Op::Integer) return integer_node(c, value->type, e.span, sat_sub(0, value->integer));
    return node(c, Op::Negate, value->type, e.span, {value});
}

}  // namespace

const Expr* type_arithmetic(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    if (e.kind == ast::ExprKind::Negate) return negate(c, s, e, want);
    const auto pair = type_operands(c, s, e, want);
    if (pair.left == nullptr || pair.right == nullptr) return nullptr;
    const auto& left = *pair.left;
    const auto& right = *pair.right;
    const bool sets = left.type.kind == Kind::List && right.type.kind == Kind::List;
    const bool set_sign = e.kind == ast::ExprKind::Union || e.kind == ast::ExprKind::Intersect;
    if (set_sign || (sets && e.kind == ast::ExprKind::Subtract)) return set_algebra(c, e, left, right);

    const auto type = result_of(e.kind, left.type, right.type);
    if (type.kind == Kind::Bool) {
        if (left.type.kind == Kind::Decimal && right.type.kind == Kind::Decimal) {
            c.report.add(Code::OperationUndefined, e.span, "a decimal times a decimal is not exact", {},
                         "multiply by an int");
            return nullptr;
        }
        if (comparable(left.type, right.type)) {
            c.report.add(Code::OperationUndefined, e.span,
                         quoted(sign_of(e.kind)) + " is not defined for " + quoted(describe(c.policy, left.type)));
            return nullptr;
        }
        report_mismatch(c, e.span, sign_of(e.kind), left, right);
        return nullptr;
    }
    const Op op = e.kind == ast::ExprKind::Add        ? Op::Add
                  : e.kind == ast::ExprKind::Subtract ? Op::Subtract
                                                      : Op::Multiply;
    if (left.op == Op::Integer && right.op == Op::Integer) {
        const auto value = op == Op::Add        ? sat_add(left.integer, right.integer)
                           : op == Op::Subtract ? sat_sub(left.integer, right.integer)
                                                : sat_mul(left.integer, right.integer);
        return integer_node(c, type, e.span, value);
    }
    return node(c, op, type, e.span, {&left, &right});
}

}  // namespace writ::check
