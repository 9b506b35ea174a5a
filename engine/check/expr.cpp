// Typing of expressions: dispatch, logic, quantifiers, and how nodes are made.
#include "check/expr.h"

#include <algorithm>

#include "check/passes.h"

namespace writ::check {
namespace {

void report_constant(Context& c, const Expr& e, std::string_view what) {
    c.report.add(Code::ConstantCondition, e.span,
                 std::string(what) + " is always " + (e.integer != 0 ? "true" : "false"), "decides nothing",
                 "remove it, or compare with a fact");
}

const Expr* type_logic(Context& c, Scope& s, const ast::Expr& e) {
    const Op op = e.kind == ast::ExprKind::And ? Op::And : Op::Or;
    std::vector<const Expr*> kids;
    bool right = true;
    for (const auto* part : e.kids) {
        const auto* kid = type_condition(c, s, *part);
        if (kid == nullptr) {
            right = false;
        } else if (kid->op == Op::Constant) {
            report_constant(c, *kid, "this part of the condition");
            right = false;
        } else if (kid->op == op) {
            kids.insert(kids.end(), kid->kids.begin(), kid->kids.end());
        } else {
            kids.push_back(kid);
        }
    }
    if (!right || (op == Op::And && report_contradiction(c, kids))) return nullptr;
    return node(c, op, scalar(Kind::Bool), e.span, kids);
}

const Expr* type_not(Context& c, Scope& s, const ast::Expr& e) {
    const auto* kid = type_condition(c, s, *e.kids[0]);
    if (kid == nullptr) return nullptr;
    if (kid->op == Op::Constant) return constant_node(c, e.span, kid->integer == 0);
    return node(c, Op::Not, scalar(Kind::Bool), e.span, {kid});
}

const Expr* type_quantifier(Context& c, Scope& s, const ast::Expr& e, Op op) {
    const auto* list = type_expr(c, s, *e.kids[0], nullptr);
    if (list != nullptr && (is_condition(*list) || list->type.kind != Kind::List)) {
        auto& diagnostic =
            c.report.add(Code::OperationUndefined, list->span, "only lists, sets and tables have elements",
                         is_condition(*list) ? "this is a condition" : "this is " + describe_one(c.policy, list->type));
        relate(c, diagnostic, *list);
        list = nullptr;
    }
    if (s.depth >= kMaxBinders) {
        c.report.add(Code::NestingTooDeep, e.span, "more than " + std::to_string(kMaxBinders) + " nested quantifiers",
                     {}, "compare sets with `overlaps` or `subset of`, or split the rule");
        return nullptr;
    }
    // Without the list, the names in the body have no meaning, so further errors in it would be noise.
    if (list == nullptr) return nullptr;
    BoundVariable binder{e.text, s.depth, element_of(list->type), {}};
    if (list->op == Op::TableRows) binder.table = TableId{list->id};
    s.binders.push_back(binder);
    ++s.depth;
    const auto* body = type_condition(c, s, *e.kids[1]);
    --s.depth;
    s.binders.pop_back();
    if (body == nullptr) return nullptr;
    auto* out = node(c, op, scalar(op == Op::Count ? Kind::Int : Kind::Bool), e.span);
    out->id = binder.id;
    out->binder_depth = static_cast<std::uint8_t>(binder.id);
    out->kids = c.policy.arena->copy(std::vector<const Expr*>{list, body});
    return out;
}

bool only_constants(const Expr& e) {
    if (is_literal(e.op) || e.op == Op::Column) return true;
    return (e.op == Op::Set || class_of(e.op) == OpClass::SetAlgebra) &&
           std::all_of(e.kids.begin(), e.kids.end(), [](const Expr* kid) { return only_constants(*kid); });
}

}  // namespace

const Expr* type_expr(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    const DepthGuard guard(c);
    if (guard.too_deep()) {
        report_too_deep(c, e.span);
        return nullptr;
    }
    if (++c.work > kMaxWork) {
        // Reported once: enclosing expressions report nothing.
        if (!c.overflowed)
            c.report.add(Code::BundleTooLarge, e.span, "the condition is too large after expanding definitions");
        c.overflowed = true;
        return nullptr;
    }
    switch (e.kind) {
        case ast::ExprKind::String:
        case ast::ExprKind::Int:
        case ast::ExprKind::Decimal:
        case ast::ExprKind::Duration:
        case ast::ExprKind::Bool: return type_literal(c, e, want);
        case ast::ExprKind::Path: return type_path(c, s, e, want);
        case ast::ExprKind::Set: return type_set(c, s, e, want);
        case ast::ExprKind::Call: return type_call(c, s, e, want);
        case ast::ExprKind::Count: return type_quantifier(c, s, e, Op::Count);
        case ast::ExprKind::Any: return type_quantifier(c, s, e, Op::Any);
        case ast::ExprKind::All: return type_quantifier(c, s, e, Op::All);
        case ast::ExprKind::Not: return type_not(c, s, e);
        case ast::ExprKind::And:
        case ast::ExprKind::Or: return type_logic(c, s, e);
        case ast::ExprKind::Compare: return type_compare(c, s, e);
        case ast::ExprKind::In:
        case ast::ExprKind::Contains: return type_membership(c, s, e);
        case ast::ExprKind::SubsetOf:
        case ast::ExprKind::Overlaps: return type_set_relation(c, s, e);
        case ast::ExprKind::TextTest: return type_text_test(c, s, e);
        case ast::ExprKind::InWindow: return type_window(c, s, e);
        case ast::ExprKind::IsNone:
        case ast::ExprKind::IsSome:
        case ast::ExprKind::IsName: return type_is(c, s, e);
        case ast::ExprKind::Negate:
        case ast::ExprKind::Add:
        case ast::ExprKind::Subtract:
        case ast::ExprKind::Multiply:
        case ast::ExprKind::Union:
        case ast::ExprKind::Intersect: return type_arithmetic(c, s, e, want);
        case ast::ExprKind::Error: return nullptr;
    }
    return nullptr;
}

const Expr* type_condition(Context& c, Scope& s, const ast::Expr& e) {
    const Type want = scalar(Kind::Bool);
    const auto* value = type_expr(c, s, e, &want);
    if (value == nullptr || is_condition(*value)) return value;
    if (value->type.kind != Kind::Bool) {
        auto& diagnostic = c.report.add(Code::ConditionExpected, value->span, "expected a condition",
                                        "this is " + describe_one(c.policy, value->type));
        if (value->op == Op::Text && value->type.names == Referent::Tools)
            diagnostic.help = "test it with " + quoted("tool.name is " + std::string(text_at(c, value->span))) +
                              ", or put " + quoted("for tool " + std::string(text_at(c, value->span))) +
                              " before `when`";
        else if (!is_group(value->type) && value->type.kind != Kind::List)
            diagnostic.help = "compare it with something";
        relate(c, diagnostic, *value);
        return nullptr;
    }
    if (value->op == Op::Integer) return constant_node(c, value->span, value->integer != 0);
    return node(c, Op::Truth, value->type, value->span, {value});
}

const Expr* type_operand(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    const auto* value = type_expr(c, s, e, want);
    if (value == nullptr) return nullptr;
    if (is_condition(*value)) {
        c.report.add(Code::TypesDiffer, value->span, "expected a value, but this is a condition", "a condition",
                     "join conditions with `and`, `or` and `not`");
        return nullptr;
    }
    if (is_group(value->type) || value->op == Op::TableRows) {
        auto& diagnostic = c.report.add(
            Code::OperationUndefined, value->span, quoted(text_at(c, e.span)) + " is a group of values, not a value",
            "this is a " + std::string(value->op == Op::TableRows ? "table" : spelling_of(value->type.kind)),
            "read one of its fields");
        if (value->op == Op::Fact && value->type.kind == Kind::Record &&
            !c.policy.at(value->type.record).children.empty())
            diagnostic.help += ", such as " + quoted(std::string(text_at(c, e.span)) + "." +
                                                     c.policy.at(c.policy.at(value->type.record).children[0]).name);
        relate(c, diagnostic, *value);
        return nullptr;
    }
    return value;
}

bool refuse_special(Context& c, const Expr& value) {
    if (value.op == Op::Now || value.op == Op::Age) {
        c.report.add(Code::NowNotCompared, value.span, "`now` can only be compared", {},
                     "write `now < t`, `age(t) <= 10m` or `now in 09:00..17:00 \"UTC\"`");
        return true;
    }
    if (value.op == Op::Count) {
        c.report.add(Code::CountNotCompared, value.span, "`count` can only be compared with a number", {},
                     "write `count(…) >= 2`");
        return true;
    }
    return false;
}

const Expr* type_value(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    const auto* value = type_operand(c, s, e, want);
    return value == nullptr || refuse_special(c, *value) ? nullptr : value;
}

void start_work(Context& c) {
    c.work = 0;
    c.overflowed = false;
}

void report_too_deep(Context& c, Span span) {
    c.report.add(Code::NestingTooDeep, span, "nesting is too deep after expanding definitions", {},
                 "write some of the definitions out: `a and b and c` is one level");
}

const Expr* type_whole_condition(Context& c, Scope& s, const ast::Expr& e) {
    start_work(c);
    const auto* when = type_condition(c, s, e);
    if (when == nullptr || when->op != Op::Constant) return when;
    report_constant(c, *when, "the condition");
    return nullptr;
}

const Expr* type_constant(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    const auto* value = type_value(c, s, e, want);
    if (value == nullptr) return nullptr;
    if (want != nullptr && !comparable(*want, value->type)) {
        auto& diagnostic =
            c.report.add(Code::TypesDiffer, value->span,
                         "expected " + describe_one(c.policy, *want) + ", not " + describe_one(c.policy, value->type),
                         "this is " + describe_one(c.policy, value->type));
        if (want->kind == Kind::List && is_string_kind(value->type.kind)) {
            diagnostic.help = "put it in braces";
            diagnostic.replacement = "{ " + std::string(text_at(c, value->span)) + " }";
        } else if (want->kind == Kind::Duration && value->op == Op::Integer) {
            diagnostic.help = "write a unit, for example `5m`";
        }
        return nullptr;
    }
    if (only_constants(*value)) return value;
    c.report.add(Code::ConstantExpected, value->span, "expected a constant", {}, std::string(kWriteConstant));
    return nullptr;
}

bool is_flexible(Context& c, Scope& s, const ast::Expr& e) {
    if (ast::is_literal(e.kind) || e.kind == ast::ExprKind::Set) return true;
    if (ast::is_algebra(e.kind))
        return std::all_of(e.kids.begin(), e.kids.end(), [&](const ast::Expr* kid) { return is_flexible(c, s, *kid); });
    if (e.kind != ast::ExprKind::Path || e.steps.size() != 1) return false;
    const auto name = e.steps[0].text;
    for (const auto& binder : s.binders)
        if (binder.name == name) return false;
    if (s.arguments != nullptr)
        for (const auto& argument : *s.arguments)
            if (argument.param->name.text == name) return false;
    if (s.row == name || name == "params") return false;
    const auto found = look_up(c, s.module, NameSort::Value, name);
    if (found.miss == Miss::No && std::holds_alternative<ast::DefineDecl>(found.entry->decl->node)) {
        auto& define = c.defines[found.entry->index];
        type_define(c, define);
        return define.flexible;
    }
    if (found.miss == Miss::No && names_issuers(*found.entry)) return true;
    return found.miss != Miss::No && !child_of(c.policy, c.policy.request, name).valid();
}

Pair type_pair(Context& c, Scope& s, const ast::Expr& left, const ast::Expr& right) {
    Pair pair;
    if (is_flexible(c, s, left) && !is_flexible(c, s, right)) {
        pair.right = type_operand(c, s, right, nullptr);
        if (pair.right != nullptr) pair.left = type_operand(c, s, left, &pair.right->type);
        return {as_whole(c, pair.left), as_whole(c, pair.right)};
    }
    pair.left = type_operand(c, s, left, nullptr);
    // If the other side is wrong, a literal has no type to take.
    if (pair.left != nullptr || !is_flexible(c, s, right))
        pair.right = type_operand(c, s, right, pair.left != nullptr ? &pair.left->type : nullptr);
    return {as_whole(c, pair.left), as_whole(c, pair.right)};
}

void relate(const Context& c, Diagnostic& diagnostic, const Expr& value) {
    FieldId field;
    std::string name;
    if (value.op == Op::Fact) {
        const auto& fact = c.policy.at(FactId{value.id});
        field = fact.field;
        name = fact.path;
    } else if (value.op == Op::Elem && value.field.valid()) {
        field = value.field;
        name = c.policy.at(field).name;
    } else if (!value.kids.empty() && (value.op == Op::PartOf || value.op == Op::Words || value.op == Op::Lower)) {
        relate(c, diagnostic, *value.kids[0]);
        return;
    }
    if (!field.valid() || c.policy.at(field).span.end <= c.policy.at(field).span.begin) return;
    diagnostic.related.push_back({c.policy.at(field).span, quoted(name) + " is declared here, " +
                                                               describe_one(c.policy, c.policy.at(field).type)});
}

/// Reports a comparison of a tool's or issuer's name with plain text: a typing mistake in the text would not be
/// noticed, and a deny that depends on it would never apply. False: it is something else.
static bool report_untyped_name(Context& c, Span span, std::string_view operation, const Expr& left,
                                const Expr& right) {
    const auto innermost = [](const Type& type) { return type.kind == Kind::List ? element_of(type) : type; };
    const auto left_type = innermost(left.type), right_type = innermost(right.type);
    if (!is_string_kind(left_type.kind) || !is_string_kind(right_type.kind) || left_type.names == right_type.names)
        return false;
    const bool left_plain = left_type.names == Referent::Nothing;
    if (!left_plain && right_type.names != Referent::Nothing) return false;
    const auto& plain = left_plain ? left : right;
    const std::string noun(noun_of(left_plain ? right_type.names : left_type.names));
    const bool set = plain.type.kind == Kind::List && plain.op != Op::TableColumn;
    const std::string type = set ? "set<" + noun + ">" : noun;
    auto& diagnostic =
        c.report.add(Code::ComparedWithText, span,
                     quoted(operation) + " compares " + (noun == "tool" ? "a tool" : "an issuer") + " with plain text",
                     "a typing mistake in the text would not be noticed");
    diagnostic.related.push_back({left.span, "left is " + describe_one(c.policy, left.type)});
    diagnostic.related.push_back({right.span, "right is " + describe_one(c.policy, right.type)});
    const auto written = text_at(c, plain.span);
    const auto last = written.substr(written.rfind('.') + 1);
    // The author can change the type of a declaration, but not of the request's facts.
    const bool own = plain.op == Op::Column || plain.op == Op::ElemColumn || plain.op == Op::TableColumn ||
                     (plain.op == Op::Fact && c.policy.at(FactId{plain.id}).root != FactRoot::Request);
    diagnostic.help = own ? "declare it with the type " + quoted(type) + ": " + quoted(std::string(last) + ": " + type)
                          : "name the " + noun +
                                "s: " + quoted(noun == "tool" ? "tool.name in { a, b }" : "token.issuer in { a, b }");
    relate(c, diagnostic, plain);
    return true;
}

/// The operator that was meant for a set, if the values on both sides are of one type. Empty: they are not.
static std::string help_sets(const Context& c, std::string_view operation, const Expr& left, const Expr& right) {
    const auto innermost = [](const Type& type) { return type.kind == Kind::List ? element_of(type) : type; };
    if (!comparable(innermost(left.type), innermost(right.type))) return {};
    const std::string left_written(text_at(c, left.span)), right_written(text_at(c, right.span));
    const bool both = left.type.kind == right.type.kind;
    if (both && operation == "contains")
        return "write " + quoted(left_written + " overlaps " + right_written) + " if one is enough, or " +
               quoted(right_written + " subset of " + left_written) + " for all";
    if (both && operation == "in")
        return "write " + quoted(left_written + " overlaps " + right_written) + " if one is enough, or " +
               quoted(left_written + " subset of " + right_written) + " for all";
    if (both || (operation != "==" && operation != "!=")) return {};
    const bool set_left = left.type.kind == Kind::List;
    const std::string has =
        (set_left ? left_written : right_written) + " contains " + (set_left ? right_written : left_written);
    return "write " + quoted(operation == "==" ? has : "not (" + has + ")");
}

void report_mismatch(Context& c, Span span, std::string_view operation, const Expr& left, const Expr& right) {
    const auto left_type = describe(c.policy, left.type);
    const auto right_type = describe(c.policy, right.type);
    if (report_untyped_name(c, span, operation, left, right)) return;
    auto& diagnostic = c.report.add(Code::TypesDiffer, span,
                                    quoted(operation) + " cannot be combined with " + quoted(left_type) +
                                        " on the left and " + quoted(right_type) + " on the right");
    diagnostic.related.push_back({left.span, "left is " + describe_one(c.policy, left.type)});
    diagnostic.related.push_back({right.span, "right is " + describe_one(c.policy, right.type)});
    relate(c, diagnostic, left);
    relate(c, diagnostic, right);
    const bool left_text = is_string_kind(left.type.kind), right_text = is_string_kind(right.type.kind);
    const auto& typed = left_text ? right : left;
    const auto& text = left_text ? left : right;
    if (left.type.kind == Kind::List || right.type.kind == Kind::List) {
        diagnostic.help = help_sets(c, operation, left, right);
        return;
    }
    if (left_text == right_text) {
        if (left.type.kind == Kind::Duration || right.type.kind == Kind::Duration)
            diagnostic.help = "a duration has a unit, for example `5m`";
        return;
    }
    if (rep_of(typed.type.kind) == Rep::Text && text.op != Op::Text)
        diagnostic.help = "convert the text: " + quoted(std::string(spelling_of(typed.type.kind)) + "(" +
                                                        std::string(text_at(c, text.span)) + ")");
    else if (text.op == Op::Text)
        diagnostic.help = "write the value without quotes";
    else if (typed.op == Op::Integer && typed.type.kind != Kind::Enum)
        diagnostic.help = "the other side is text: write the value in quotes";
}

bool is_constant(const Expr& e) {
    if (e.op != Op::Set) return is_literal(e.op) || e.op == Op::Constant;
    return std::all_of(e.kids.begin(), e.kids.end(), [](const Expr* kid) { return is_literal(kid->op); });
}

bool is_condition(const Expr& e) {
    return info(e.op).condition;
}

Expr* node(Context& c, Op op, const Type& type, Span span) {
    auto* made = c.policy.arena->make<Expr>();
    made->op = op;
    made->type = type;
    made->span = span;
    return made;
}

const Expr* node(Context& c, Op op, const Type& type, Span span, const std::vector<const Expr*>& kids) {
    auto* made = node(c, op, type, span);
    made->kids = c.policy.arena->copy(kids);
    return made;
}

const Expr* text_node(Context& c, const Type& type, Span span, std::string_view text) {
    auto* made = node(c, Op::Text, type, span);
    made->text = text;
    return made;
}

const Expr* integer_node(Context& c, const Type& type, Span span, std::int64_t value) {
    auto* made = node(c, Op::Integer, type, span);
    made->integer = value;
    return made;
}

const Expr* constant_node(Context& c, Span span, bool value) {
    auto* made = node(c, Op::Constant, scalar(Kind::Bool), span);
    made->integer = value ? 1 : 0;
    return made;
}

}  // namespace writ::check
