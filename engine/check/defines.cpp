// Expands definitions where they are used; and the built-in functions.
#include <algorithm>
#include <string>

#include "base/values.h"
#include "check/expr.h"
#include "check/passes.h"
#include "syntax/foreign.h"

namespace writ::check {
namespace {

bool same_want(const Define::Ready& ready, const Type* want, std::uint32_t depth) {
    if (ready.depth != depth || ready.wanted != (want != nullptr)) return false;
    return want == nullptr || (ready.want.kind == want->kind && ready.want.elem == want->elem &&
                               ready.want.enumeration == want->enumeration && ready.want.names == want->names);
}

void report_count(Context& c, Span span, std::string_view name, std::size_t due, std::size_t given,
                  std::string_view params) {
    c.report.add(Code::ArgumentCountDiffers, span,
                 quoted(name) + " takes " + std::to_string(due) + (due == 1 ? " argument" : " arguments") + ", not " +
                     std::to_string(given),
                 {}, "write " + quoted(std::string(name) + "(" + std::string(params) + ")"));
}

std::string names_of(const ast::DefineDecl& decl) {
    std::string out;
    for (const auto& param : decl.params) out.append(out.empty() ? "" : ", ").append(param.name.text);
    return out;
}

struct Function {
    std::string_view name;
    Kind kind;  ///< of the result, for conversions
};
constexpr Function kConversions[] = {{"spiffe", Kind::Spiffe}, {"url", Kind::Url}, {"host", Kind::Host},
                                     {"email", Kind::Email},   {"arn", Kind::Arn}, {"ip", Kind::Ip},
                                     {"cidr", Kind::Cidr}};
constexpr std::string_view kFunctions[] = {"words", "age", "lower"};

/// The equivalent of a function or method of another language; empty if it is none.
std::string_view function_of_other_languages(std::string_view name) {
    struct Known {
        std::string_view name, help;
    };
    constexpr std::string_view kBeginning = "write `x like \"beginning**\"`", kEnd = "write `x like \"**end\"`";
    constexpr std::string_view kCount = "count elements with `count(x in xs: …)`; an empty set is `xs == { }`";
    constexpr std::string_view kAny = "write `any x in xs: …`", kAll = "write `all x in xs: …`";
    constexpr std::string_view kWindow = "use a window for hours and days: `now in 09:00..17:00 \"UTC\" on mon..fri`";
    constexpr Known kKnown[] = {
        {"startsWith", kBeginning},
        {"starts_with", kBeginning},
        {"startswith", kBeginning},
        {"hasPrefix", kBeginning},
        {"endsWith", kEnd},
        {"ends_with", kEnd},
        {"endswith", kEnd},
        {"hasSuffix", kEnd},
        {"contains", "write `xs contains x`; for a part of a text, `x like \"**part**\"`"},
        {"includes", "write `xs contains x`; for a part of a text, `x like \"**part**\"`"},
        {"matches", "write `x matches \"expression\"`"},
        {"match", "write `x matches \"expression\"`"},
        {"regex", "write `x matches \"expression\"`"},
        {"size", kCount},
        {"length", kCount},
        {"len", kCount},
        {"isEmpty", kCount},
        {"exists", kAny},
        {"some", kAny},
        {"any", kAny},
        {"all", kAll},
        {"every", kAll},
        {"forall", kAll},
        {"exists_one", "write `count(x in xs: …) == 1`"},
        {"containsAny", "write `xs overlaps { … }`"},
        {"containsAll", "write `{ … } subset of xs`"},
        {"lower", "write `lower(x)`"},
        {"toLowerCase", "write `lower(x)`"},
        {"lowercase", "write `lower(x)`"},
        {"tolower", "write `lower(x)`"},
        {"split", "the words of a text are `words(x)`"},
        {"hour", kWindow},
        {"weekday", kWindow},
        {"getHours", kWindow},
        {"now", "the moment of the decision is `now`, without parentheses"},
        {"timestamp", "a moment is written as text: `now < \"2026-01-31T09:00:00Z\"`"},
        {"duration", "a duration is written as it is: `10m`"},
    };
    for (const auto& known : kKnown)
        if (known.name == name) return known.help;
    if (name == "isSet" || name == "defined") name = "has";
    const auto* word = name == "has" ? syntax::foreign_word(name) : nullptr;
    return word != nullptr ? word->help : std::string_view{};
}

/// The equivalent of a method of another language that tests a set: `xs.exists(x, x == 1)`, `xs.containsAny({1})`.
/// Empty if the call is none of these.
std::string set_method_of_other_languages(const Context& c, const ast::Expr& e) {
    const auto dot = e.text.rfind('.');
    if (dot == std::string_view::npos) return {};
    const std::string set(e.text.substr(0, dot));
    const auto method = e.text.substr(dot + 1);
    const auto argument = [&](std::size_t at) {
        constexpr std::size_t kMost = 60;  // longer text, or a second line, does not help
        const auto text = text_at(c, e.kids[at]->span);
        return text.size() > kMost || text.find('\n') != std::string_view::npos ? std::string("…") : std::string(text);
    };
    if (e.kids.size() == 2 && e.kids[0]->kind == ast::ExprKind::Path) {
        const auto inside = argument(0) + " in " + set + ": " + argument(1);
        if (method == "exists") return "write " + quoted("any " + inside);
        if (method == "all") return "write " + quoted("all " + inside);
        if (method == "exists_one") return "write " + quoted("count(" + inside + ") == 1");
    }
    if (e.kids.size() != 1) return {};
    // Brackets have been reported.
    const auto other = argument(0).starts_with('[') ? "{ … }" : argument(0);
    if (method == "containsAny") return "write " + quoted(set + " overlaps " + other);
    if (method == "containsAll") return "write " + quoted(other + " subset of " + set);
    return {};
}

const Expr* function_argument(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    if (e.kids.size() != 1) {
        report_count(c, e.span, e.text, 1, e.kids.size(), e.text == "age" ? "instant" : "text");
        return nullptr;
    }
    return type_value(c, s, *e.kids[0], want);
}

const Expr* refuse_argument(Context& c, const ast::Expr& e, const Expr& argument, std::string_view due) {
    auto& diagnostic =
        c.report.add(Code::TypesDiffer, argument.span,
                     quoted(e.text) + " takes " + std::string(due) + ", not " + describe_one(c.policy, argument.type),
                     "this is " + describe_one(c.policy, argument.type));
    relate(c, diagnostic, argument);
    return nullptr;
}

const Expr* type_words(Context& c, Scope& s, const ast::Expr& e) {
    const auto* text = function_argument(c, s, e, nullptr);
    if (text == nullptr) return nullptr;
    if (!is_string_kind(text->type.kind)) return refuse_argument(c, e, *text, "text");
    const auto element = scalar(Kind::String);
    if (text->op != Op::Text) return node(c, Op::Words, list_of(element, most_words(kMaxText)), e.span, {text});
    std::vector<const Expr*> words;
    std::unordered_set<std::string_view> seen;
    for (std::size_t at = 0; at < text->text.size();) {
        const auto end = std::min(text->text.find(' ', at), text->text.size());
        const auto word = text->text.substr(at, end - at);
        if (!word.empty() && seen.insert(word).second) words.push_back(text_node(c, element, e.span, word));
        at = end + 1;
    }
    return node(c, Op::Set, list_of(element, words.size()), e.span, words);
}

const Expr* type_lower(Context& c, Scope& s, const ast::Expr& e) {
    const auto* text = function_argument(c, s, e, nullptr);
    if (text == nullptr) return nullptr;
    if (!is_string_kind(text->type.kind)) return refuse_argument(c, e, *text, "a string");
    // After lower() it is plain text, no longer the name of a tool or an issuer.
    Type type = text->type;
    type.names = Referent::Nothing;
    if (text->op != Op::Text) return node(c, Op::Lower, type, e.span, {text});
    std::string lower(text->text);
    for (auto& letter : lower)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return text_node(c, type, e.span, c.policy.arena->copy(lower));
}

const Expr* type_age(Context& c, Scope& s, const ast::Expr& e) {
    const Type want = scalar(Kind::Instant);
    const auto* instant = function_argument(c, s, e, &want);
    if (instant == nullptr) return nullptr;
    if (instant->type.kind != Kind::Instant) return refuse_argument(c, e, *instant, "an instant");
    return node(c, Op::Age, scalar(Kind::Duration), e.span, {instant});
}

const Expr* type_conversion(Context& c, Scope& s, const ast::Expr& e, Kind kind) {
    const auto* text = function_argument(c, s, e, nullptr);
    if (text == nullptr) return nullptr;
    if (!is_string_kind(text->type.kind)) return refuse_argument(c, e, *text, "a string");
    if (text->op == Op::Text) return literal_of(c, text->text, text->span, scalar(kind));
    return node(c, Op::Convert, scalar(kind), e.span, {text});
}

/// Types each argument once, for its errors. Output: false if there is an error.
bool check_arguments(Context& c, Scope& s, const Define& define, std::span<const ast::Expr* const> args) {
    bool right = true;
    for (std::size_t i = 0; i < args.size(); ++i) {
        const auto& type = define.params[i];
        const auto* value = type_expr(c, s, *args[i], &type);
        if (value == nullptr) {
            right = false;
            continue;
        }
        const auto& param = define.decl->params[i];
        const bool condition = is_condition(*value) && type.kind == Kind::Bool;
        if (condition || (!is_condition(*value) && comparable(type, value->type))) continue;
        const auto given = is_condition(*value) ? "a condition" : describe_one(c.policy, value->type);
        auto& diagnostic = c.report.add(
            Code::TypesDiffer, value->span,
            "parameter " + quoted(param.name.text) + " is " + describe_one(c.policy, type) + ", not " + given,
            "this is " + given);
        diagnostic.related.push_back({param.name.span, "declared here"});
        right = false;
    }
    return right;
}

}  // namespace

void type_define(Context& c, Define& define) {
    if (define.state != VisitState::Untouched) return;
    const auto& decl = *define.decl;
    const DepthGuard guard(c);
    if (guard.too_deep()) {
        report_too_deep(c, decl.name.span);
        define.state = VisitState::Broken;
        return;
    }
    define.state = VisitState::Busy;
    std::vector<Argument> arguments;
    bool right = true;
    for (std::size_t i = 0; i < decl.params.size(); ++i) {
        const auto& param = decl.params[i];
        for (std::size_t j = 0; j < i; ++j)
            if (decl.params[j].name.text == param.name.text)
                report_twice(c, "parameter", param.name.text, param.name.span, decl.params[j].name.span);
        Type type;
        if (param.type.name == "set" && param.type.args.size() == 1) {
            right = resolve_type(c, define.entry->module, param.type.args[0], type) && right;
            type = list_of(type, kMaxList);
        } else {
            right = resolve_type(c, define.entry->module, param.type, type) && right;
        }
        define.params.push_back(type);
        arguments.push_back({&param, type, nullptr, nullptr, false});
    }
    if (!right || decl.body == nullptr) {
        define.state = VisitState::Broken;
        return;
    }
    Scope scope;
    scope.module = define.entry->module;
    scope.arguments = &arguments;
    define.flexible = is_flexible(c, scope, *decl.body);
    const auto* body = type_expr(c, scope, *decl.body, nullptr);
    if (body != nullptr && (is_group(body->type) || body->op == Op::TableRows)) {
        c.report.add(Code::OperationUndefined, body->span,
                     "a definition is a condition or a value, but this is a group");
        body = nullptr;
    }
    for (const auto& argument : arguments)
        if (body != nullptr && !argument.used)
            c.report.add(Code::UnusedParameter, argument.param->name.span,
                         "parameter " + quoted(argument.param->name.text) + " is not used", {}, "remove it");
    // If a cycle is found below, this definition is broken too.
    define.state = body == nullptr || define.state == VisitState::Broken ? VisitState::Broken : VisitState::Done;
}

const Expr* put_in(Context& c, Scope& s, Define& define, Span use, std::span<const ast::Expr* const> args, bool called,
                   const Type* want) {
    define.used = true;
    if (define.state == VisitState::Busy) {
        auto& diagnostic =
            c.report.add(Code::CircularDefinition, use,
                         "definition " + quoted(define.decl->name.text) + " refers to itself", "completes the cycle");
        diagnostic.related.push_back({define.decl->name.span, "declared here"});
        return nullptr;
    }
    type_define(c, define);
    if (define.state != VisitState::Done) return nullptr;
    if (args.size() != define.params.size() || called != define.decl->has_params) {
        if (called && !define.decl->has_params)
            c.report.add(Code::ArgumentCountDiffers, use, quoted(define.decl->name.text) + " takes no arguments", {},
                         "write it without parentheses");
        else
            report_count(c, use, define.decl->name.text, define.params.size(), args.size(), names_of(*define.decl));
        return nullptr;
    }
    if (!s.constant && args.empty()) {
        for (const auto& ready : define.ready) {
            if (!same_want(ready, want, s.depth)) continue;
            c.work += ready.work;
            c.deepest = std::max(c.deepest, c.depth + ready.height);
            if (c.depth + ready.height <= c.options.max_depth) return ready.expr;
            report_too_deep(c, use);
            return nullptr;
        }
    }
    if (!check_arguments(c, s, define, args)) return nullptr;
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < args.size(); ++i)
        arguments.push_back({&define.decl->params[i], define.params[i], args[i], &s, false});
    Scope inner;
    inner.module = define.entry->module;
    inner.depth = s.depth;
    inner.arguments = &arguments;
    inner.constant = s.constant;
    if (s.constant) inner.tools = s.tools;
    inner.reduced = s.reduced;
    const auto before = c.work;
    const auto deepest = c.deepest;
    c.deepest = c.depth;
    const auto* body = type_expr(c, inner, *define.decl->body, want);
    const auto height = c.deepest - c.depth;
    c.deepest = std::max(deepest, c.deepest);
    if (body != nullptr && (body->op == Op::Constant || body->op == Op::Integer || body->op == Op::Text)) {
        // Errors in a constant are reported at its use.
        auto* moved = node(c, body->op, body->type, use);
        moved->integer = body->integer;
        moved->text = body->text;
        body = moved;
    } else if (body != nullptr && !s.constant && args.empty()) {
        define.ready.push_back(
            {want != nullptr ? *want : Type{}, want != nullptr, s.depth, body, c.work - before, height});
    }
    return body;
}

void check_defines(Context& c) {
    for (auto& define : c.defines) {
        start_work(c);
        type_define(c, define);
    }
}

void warn_unused(Context& c) {
    if (c.misread) return;
    for (const auto& define : c.defines) {
        if (define.used || define.entry->decl->exported || define.state == VisitState::Broken) continue;
        c.report.add(Code::UnusedDefinition, define.decl->name.span,
                     "definition " + quoted(define.decl->name.text) + " is not used", {},
                     "remove it, or put `export` before it");
    }
}

const Expr* type_call(Context& c, Scope& s, const ast::Expr& e, const Type* want) {
    if (e.text == "words") return type_words(c, s, e);
    if (e.text == "lower") return type_lower(c, s, e);
    if (e.text == "age") return type_age(c, s, e);
    for (const auto& conversion : kConversions)
        if (e.text == conversion.name) return type_conversion(c, s, e, conversion.kind);
    const auto parts = split_name(e.text);
    const auto found = look_up(c, s.module, NameSort::Value, parts);
    if (found.miss == Miss::No && std::holds_alternative<ast::DefineDecl>(found.entry->decl->node))
        return put_in(c, s, c.defines[found.entry->index], e.span, e.kids, true, want);
    if (found.miss == Miss::Private || found.miss == Miss::Ambiguous) {
        report_miss(c, s.module, NameSort::Value, found, e.text, e.op_span, Code::UnknownName, "definition");
        return nullptr;
    }
    if (may_be_broken(c, s.module, e.text)) return nullptr;
    auto& diagnostic =
        c.report.add(Code::UnknownName, e.op_span, "there is no function " + quoted(e.text), "unknown function");
    diagnostic.help = set_method_of_other_languages(c, e);
    if (diagnostic.help.empty()) diagnostic.help = function_of_other_languages(parts.back());
    if (!diagnostic.help.empty()) return nullptr;
    if (suggest_import(c, diagnostic, s.module, NameSort::Value, e.text)) return nullptr;
    auto candidates = visible_names(c, s.module, NameSort::Value);
    for (const auto& conversion : kConversions) candidates.push_back(conversion.name);
    for (const auto name : kFunctions) candidates.push_back(name);
    suggest(c, diagnostic, e.text, candidates);
    return nullptr;
}

}  // namespace writ::check
