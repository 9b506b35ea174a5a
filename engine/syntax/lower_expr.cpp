#include <algorithm>

#include "base/values.h"
#include "syntax/literal.h"
#include "syntax/lower.h"

namespace writ::syntax {

using antlr4::tree::TerminalNode;
using ast::Expr;
using ast::ExprKind;

namespace {

/// The terminal at child `index`.
antlr4::Token& token_at(antlr4::ParserRuleContext& tree, std::size_t index) {
    return *static_cast<TerminalNode*>(tree.children[index])->getSymbol();
}

struct Operator {
    ExprKind kind;
    Cmp cmp = Cmp::Eq;
    TextTest test{};
};

Operator operator_of(std::size_t type) {
    switch (type) {
        case Lexer::NE: return {ExprKind::Compare, Cmp::Ne};
        case Lexer::LT: return {ExprKind::Compare, Cmp::Lt};
        case Lexer::LE: return {ExprKind::Compare, Cmp::Le};
        case Lexer::GT: return {ExprKind::Compare, Cmp::Gt};
        case Lexer::GE: return {ExprKind::Compare, Cmp::Ge};
        case Lexer::CONTAINS: return {ExprKind::Contains};
        case Lexer::OVERLAPS: return {ExprKind::Overlaps};
        case Lexer::SUBSET: return {ExprKind::SubsetOf};
#define TEXT_TEST(name, first, last, spelling, operand) \
    case Lexer::first: return {ExprKind::TextTest, Cmp::Eq, TextTest::name};
#include "base/operators.def"
        case Lexer::PLUS: return {ExprKind::Add};
        case Lexer::MINUS: return {ExprKind::Subtract};
        case Lexer::PIPE: return {ExprKind::Union};
        case Lexer::STAR: return {ExprKind::Multiply};
        case Lexer::AMP: return {ExprKind::Intersect};
        default: return {ExprKind::Compare, Cmp::Eq};
    }
}

Expr node(ExprKind kind, Span span, Span op) {
    Expr expr;
    expr.kind = kind;
    expr.span = span;
    expr.op_span = op;
    return expr;
}

}  // namespace

TreeLowering::Sub TreeLowering::finish(Expr expr, const std::vector<Sub>& kids) {
    std::uint32_t depth = 0;
    std::vector<const Expr*> pointers;
    pointers.reserve(kids.size());
    for (const Sub& kid : kids) {
        depth = std::max(depth, kid.depth);
        pointers.push_back(kid.expr);
    }
    if (depth >= max_depth_) {
        if (!too_deep_)
            report_.add(Code::NestingTooDeep, expr.op_span,
                        "expression is nested deeper than " + std::to_string(max_depth_) + " levels", {},
                        "name parts of it with `define`");
        too_deep_ = true;
        return error(expr.span);
    }
    expr.kids = arena_.copy(pointers);
    return {arena_.make<Expr>(expr), depth + 1};
}

TreeLowering::Sub TreeLowering::error(Span at) {
    return {arena_.make<Expr>(node(ExprKind::Error, at, at)), 1};
}

/// `and` or `or` of any length; a single part is returned unchanged.
TreeLowering::Sub TreeLowering::nary(ExprKind kind, const std::vector<Sub>& parts, Span op) {
    if (parts.size() == 1) return parts.front();
    return finish(node(kind, join(parts.front().expr->span, parts.back().expr->span), op), parts);
}

TreeLowering::Sub TreeLowering::condition(Tree::ExprContext& tree) {
    std::vector<Sub> any_of;
    std::vector<Sub> all_of;
    std::vector<Span> nots;
    Span first_or;
    Span first_and;
    for (auto* child : tree.children) {
        if (auto* word = dynamic_cast<TerminalNode*>(child)) {
            nots.push_back(span(*word));
            continue;
        }
        if (auto* connective = dynamic_cast<Tree::ConnectiveContext*>(child)) {
            if (connective->AND() != nullptr) {
                if (all_of.size() == 1) first_and = span(*connective);
                continue;
            }
            if (any_of.empty()) first_or = span(*connective);
            any_of.push_back(nary(ExprKind::And, all_of, first_and));
            all_of.clear();
            continue;
        }
        auto* plain = dynamic_cast<Tree::ComparisonContext*>(child);
        Sub sub = plain != nullptr ? comparison(*plain) : quantified(static_cast<Tree::QuantifiedContext&>(*child));
        for (; !nots.empty(); nots.pop_back())
            sub = finish(node(ExprKind::Not, join(nots.back(), sub.expr->span), nots.back()), {sub});
        all_of.push_back(sub);
    }
    any_of.push_back(nary(ExprKind::And, all_of, first_and));
    return nary(ExprKind::Or, any_of, first_or);
}

TreeLowering::Sub TreeLowering::quantified(Tree::QuantifiedContext& tree) {
    const ast::Name binder = name(*tree.name());
    Expr expr = node(tree.ANY() != nullptr ? ExprKind::Any : ExprKind::All, span(tree), binder.span);
    expr.text = binder.text;
    return finish(expr, {sum(*tree.sum()), condition(*tree.expr())});
}

TreeLowering::Sub TreeLowering::comparison(Tree::ComparisonContext& tree) {
    Sub left = sum(*tree.sum());
    const auto relations = tree.relation();
    if (relations.empty()) return left;
    if (relations.size() > 1) {
        report_.add(Code::SyntaxError, span(*relations[1]->getStart()), "comparisons do not chain", {},
                    "join two comparisons with `and`: `a < b and b < c`");
        return error(span(tree));
    }
    return relation(left, *relations.front());
}

TreeLowering::Sub TreeLowering::relation(const Sub& left, Tree::RelationContext& tree) {
    const Span whole = join(left.expr->span, span(tree));
    antlr4::Token& first = *tree.getStart();
    const bool negated = tree.NOT() != nullptr;
    // `not in`, `is not`, `subset of`: the operator is both words, or all that stand before a pattern.
    const std::size_t length = tree.STRING() != nullptr && tree.IS() == nullptr ? tree.children.size() - 1
                               : negated || tree.OF() != nullptr                ? 2
                                                                                : 1;
    const Span op = join(span(first), span(token_at(tree, length - 1)));
    const auto maybe_not = [&](Sub sub) { return negated ? finish(node(ExprKind::Not, whole, op), {sub}) : sub; };
    if (tree.IN() != nullptr) {
        if (auto* hours = tree.window()) return maybe_not(window(left, whole, *hours));
        return maybe_not(finish(node(ExprKind::In, whole, op), {left, sum(*tree.sum())}));
    }
    if (tree.IS() != nullptr) {
        if (tree.TRUE() != nullptr || tree.FALSE() != nullptr || tree.STRING() != nullptr)
            return is_value(left, whole, tree);
        Expr expr = node(tree.NONE() != nullptr ? ExprKind::IsNone : ExprKind::IsSome, whole, op);
        if (auto* issuer = tree.qualified()) {
            expr.kind = ExprKind::IsName;
            expr.text = joined(*issuer);
            expr.op_span = span(*issuer);
        }
        return maybe_not(finish(expr, {left}));
    }
    const Operator meaning = operator_of(first.getType());
    Expr expr = node(meaning.kind, whole, op);
    expr.cmp = meaning.cmp;
    expr.test = meaning.test;
    if (auto* pattern = tree.STRING()) {
        expr.text = string(*pattern);
        return finish(expr, {left});
    }
    if (tree.sum() == nullptr) {
        // `== none`: none cannot be compared with a value.
        const bool none = (tree.NONE() != nullptr) != (first.getType() == Lexer::NE);
        const Span words = join(op, span(*tree.getStop()));
        Diagnostic& d = report_.add(Code::SyntaxError, words, quoted_excerpt(text(words)) + " is not a comparison", {},
                                    "use `is`: `x is none`, or `x is some`");
        if (meaning.kind == ExprKind::Compare && (meaning.cmp == Cmp::Eq || meaning.cmp == Cmp::Ne))
            d.replacement = none ? "is none" : "is some";
        return error(whole);
    }
    if (first.getType() == Lexer::ASSIGN) {
        Diagnostic& d = report_.add(Code::SyntaxError, op, "expected a comparison, found `=`", {}, "compare with `==`");
        d.replacement = "==";
    }
    return finish(expr, {left, sum(*tree.sum())});
}

/// `is true` and `is "text"`, which have another meaning in this language, or none.
TreeLowering::Sub TreeLowering::is_value(const Sub& left, Span whole, Tree::RelationContext& tree) {
    const bool negated = tree.NOT() != nullptr;
    const std::string subject(text(left.expr->span));
    if (auto* value = tree.STRING()) {
        const Span words = join(span(*tree.getStart()), span(*value));
        Diagnostic& d =
            report_.add(Code::SyntaxError, words, "`is` does not compare with text", {}, "compare with `==` or `!=`");
        d.replacement = (negated ? "!= " : "== ") + std::string(text(span(*value)));
        return error(whole);
    }
    const bool holds = (tree.TRUE() != nullptr) != negated;
    Diagnostic& d = report_.add(Code::SyntaxError, whole,
                                "`is` does not compare with " + quoted_excerpt(holds != negated ? "true" : "false"), {},
                                "a bool is a condition by itself; `not` negates it");
    d.replacement = (holds ? "" : "not ") + subject;
    return error(whole);
}

TreeLowering::Sub TreeLowering::window(const Sub& left, Span whole, Tree::WindowContext& tree) {
    Expr expr = node(ExprKind::InWindow, whole, span(tree));
    if (auto* zone = tree.STRING()) {
        expr.text = string(*zone);
    } else {
        if (auto* bare = tree.IDENT()) {
            if (!tokens_.tainted(whole.begin))
                report_
                    .add(Code::SyntaxError, span(*bare),
                         "expected a time zone in quotes, found " + quoted_excerpt(text(span(*bare))), {},
                         "write a time zone in quotes: `\"Europe/Berlin\"`, `\"UTC\"`")
                    .replacement = '"' + std::string(text(span(*bare))) + '"';
            return error(whole);
        }
        const Span hours = join(span(*tree.TIME(0)), span(*tree.TIME(1)));
        report_.add(Code::SyntaxError, hours, "the window names no time zone", "in which zone?",
                    "write the zone after the hours: `09:00..17:00 \"Europe/Berlin\"`, or `\"UTC\"`");
        return error(whole);
    }
    // The token stream has reported a malformed time.
    expr.window.start = decode_time(text(span(*tree.TIME(0)))).value_or(0);
    expr.window.end = decode_time(text(span(*tree.TIME(1)))).value_or(0);
    if (expr.window.start >= kDay)
        report_.add(Code::MalformedLiteral, span(*tree.TIME(0)), "a window cannot start at `24:00`", {},
                    "write `00:00`");
    const auto ranges = tree.dayRange();
    if (!ranges.empty()) expr.window.days = 0;
    for (auto* range : ranges) {
        const std::size_t from = range->day().front()->getStart()->getType() - Lexer::MON;
        const std::size_t to = range->day().back()->getStart()->getType() - Lexer::MON;
        // `sat..mon` continues after the end of the week.
        for (std::size_t day = from;; day = (day + 1) % 7) {
            expr.window.days = static_cast<std::uint8_t>(expr.window.days | 1U << day);
            if (day == to) break;
        }
    }
    return finish(expr, {left});
}

TreeLowering::Sub TreeLowering::sum(Tree::SumContext& tree) {
    const auto parts = tree.product();
    Sub left = product(*parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        antlr4::Token& op = token_at(tree, 2 * i - 1);
        const Sub right = product(*parts[i]);
        left = finish(node(operator_of(op.getType()).kind, join(left.expr->span, right.expr->span), span(op)),
                      {left, right});
    }
    return left;
}

TreeLowering::Sub TreeLowering::product(Tree::ProductContext& tree) {
    const auto parts = tree.unary();
    Sub left = unary(*parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        antlr4::Token& op = token_at(tree, 2 * i - 1);
        const Sub right = unary(*parts[i]);
        left = finish(node(operator_of(op.getType()).kind, join(left.expr->span, right.expr->span), span(op)),
                      {left, right});
    }
    return left;
}

TreeLowering::Sub TreeLowering::unary(Tree::UnaryContext& tree) {
    Tree::PrimaryContext& operand = *tree.primary();
    std::size_t signs = tree.children.size() - 1;
    // A sign next to a number belongs to it, because the smallest int has no positive counterpart.
    const bool literal = operand.INT() != nullptr || operand.DECIMAL() != nullptr || operand.DURATION() != nullptr;
    const bool negative = literal && signs > 0;
    Sub sub = primary(operand, negative);
    if (negative) {
        --signs;
        Expr signed_literal = *sub.expr;
        signed_literal.span.begin = span(token_at(tree, signs)).begin;
        sub.expr = arena_.make<Expr>(signed_literal);
    }
    while (signs-- > 0) {
        const Span op = span(token_at(tree, signs));
        sub = finish(node(ExprKind::Negate, join(op, sub.expr->span), op), {sub});
    }
    return sub;
}

TreeLowering::Sub TreeLowering::primary(Tree::PrimaryContext& tree, bool negative) {
    antlr4::Token& first = *tree.getStart();
    const Span at = span(tree);
    switch (first.getType()) {
        case Lexer::STRING: {
            Expr expr = node(ExprKind::String, at, at);
            expr.text = string(first);
            return finish(expr, {});
        }
        case Lexer::INT:
        case Lexer::DECIMAL:
        case Lexer::DURATION: return number(first, negative);
        case Lexer::TRUE:
        case Lexer::FALSE: {
            Expr expr = node(ExprKind::Bool, at, at);
            expr.integer = first.getType() == Lexer::TRUE ? 1 : 0;
            return finish(expr, {});
        }
        case Lexer::LBRACKET: {
            std::string set(text(at));
            set.front() = '{';
            set.back() = '}';
            report_
                .add(Code::SyntaxError, at, "expected `{`, found `[`", {}, "write a set in braces: `{ \"a\", \"b\" }`")
                .replacement = std::move(set);
            for (auto* element : tree.expr()) static_cast<void>(condition(*element));
            return error(at);
        }
        case Lexer::LBRACE: {
            std::vector<Sub> elements;
            for (auto* element : tree.expr()) elements.push_back(condition(*element));
            return finish(node(ExprKind::Set, at, at), elements);
        }
        case Lexer::COUNT: {
            const ast::Name binder = name(*tree.name());
            Expr expr = node(ExprKind::Count, at, binder.span);
            expr.text = binder.text;
            return finish(expr, {sum(*tree.sum()), condition(*tree.expr(0))});
        }
        case Lexer::LPAREN: {
            Sub inside = condition(*tree.expr(0));
            Expr whole = *inside.expr;
            whole.span = at;
            inside.expr = arena_.make<Expr>(whole);
            return inside;
        }
        default: return reference(tree);
    }
}

TreeLowering::Sub TreeLowering::number(antlr4::Token& token, bool negative) {
    const Span at = span(token);
    Expr expr = node(ExprKind::Int, at, at);
    std::optional<std::int64_t> value;
    if (token.getType() == Lexer::INT) {
        value = decode_int(text(at), negative, at, report_);
    } else if (token.getType() == Lexer::DECIMAL) {
        expr.kind = ExprKind::Decimal;
        value = decode_decimal(text(at), negative, at, report_);
    } else {
        expr.kind = ExprKind::Duration;
        value = parse_duration(text(at));
        if (value && negative) value = -*value;
    }
    if (!value) return error(at);
    expr.integer = *value;
    return finish(expr, {});
}

/// A path; or a call, if the path is only names with arguments.
TreeLowering::Sub TreeLowering::reference(Tree::PrimaryContext& tree) {
    Tree::PathContext& target = *tree.path();
    const std::vector<ast::PathStep> steps = path(target);
    if (tree.LPAREN() == nullptr) {
        Expr expr = node(ExprKind::Path, span(target), span(target));
        expr.steps = arena_.copy(steps);
        return finish(expr, {});
    }
    Expr expr = node(ExprKind::Call, span(tree), span(target));
    std::string callee;
    for (const ast::PathStep& step : steps) {
        if (step.kind != ast::StepKind::Name) {
            report_.add(Code::SyntaxError, step.span, "only a name can be called");
            return error(expr.span);
        }
        callee += callee.empty() ? "" : ".";
        callee += step.text;
    }
    expr.text = arena_.copy(callee);
    std::vector<Sub> arguments;
    for (auto* argument : tree.expr()) arguments.push_back(condition(*argument));
    return finish(expr, arguments);
}

}  // namespace writ::syntax
