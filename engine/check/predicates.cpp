// The operator `is`, and windows.
#include <algorithm>

#include "base/values.h"
#include "check/expr.h"
#include "check/zone.h"
#include "syntax/foreign.h"

namespace writ::check {
namespace {

/// The field behind a fact or element that can be none; none if it cannot.
FieldId optional_field(const Context& c, const Expr& e) {
    FieldId field = e.field;
    if (e.op == Op::Fact) {
        const auto& fact = c.policy.at(FactId{e.id});
        if (fact.root == FactRoot::Capture || fact.root == FactRoot::Catalog) return {};
        field = fact.field;
        // The value of a map's key is present or missing; only the map itself can be none.
        if (c.policy.at(field).type.kind == Kind::Map && fact.type.kind != Kind::Map) return {};
    }
    return field.valid() && c.policy.at(field).or_none ? field : FieldId{};
}

const Expr* type_presence(Context& c, Scope& s, const ast::Expr& e) {
    const auto* subject = type_expr(c, s, *e.kids[0], nullptr);
    if (subject == nullptr || refuse_special(c, *subject)) return nullptr;
    const bool none = e.kind == ast::ExprKind::IsNone;
    if (subject->op != Op::Fact && subject->op != Op::Elem) {
        c.report.add(Code::OperationUndefined, subject->span, "only a fact can be none or some", "this is computed");
        return nullptr;
    }
    if (!optional_field(c, *subject).valid()) {
        auto& diagnostic = c.report.add(
            none ? Code::NeverHolds : Code::ConstantCondition, e.span,
            quoted(text_at(c, subject->span)) + (none ? " is never none" : " is never none, so this is always true"),
            none ? "never true" : "decides nothing",
            none ? "only facts declared `or none` can be none; no test can detect a missing fact, which is unknown"
                 : "leave this out: only what is declared `or none` can be none, and no permit holds where a fact is "
                   "missing");
        relate(c, diagnostic, *subject);
        return nullptr;
    }
    return node(c, none ? Op::IsNone : Op::IsSome, scalar(Kind::Bool), e.span, {subject});
}

const NamedDecl* find_issuer(Context& c, Scope& s, std::string_view name, Span span) {
    const auto found = look_up(c, s.module, NameSort::Value, split_name(name));
    if (found.miss == Miss::No && names_issuers(*found.entry)) return found.entry;
    if (found.miss == Miss::Private || found.miss == Miss::Ambiguous) {
        report_miss(c, s.module, NameSort::Value, found, name, span, Code::UnknownCatalogueName, "issuer");
        return nullptr;
    }
    if (may_be_broken(c, s.module, name)) return nullptr;
    std::vector<std::string_view> names;
    if (!c.report.full())
        for (const auto candidate : visible_names(c, s.module, NameSort::Value)) {
            const auto other = look_up(c, s.module, NameSort::Value, candidate);
            if (other.entry != nullptr && names_issuers(*other.entry)) names.push_back(candidate);
        }
    auto& diagnostic =
        c.report.add(Code::UnknownCatalogueName, span, "there is no issuer " + quoted(name), "not declared");
    if (!suggest_import(c, diagnostic, s.module, NameSort::Value, name)) suggest(c, diagnostic, name, names);
    return nullptr;
}

/// `is missing`, `is null` and other words for a test of presence. Output: true if reported.
bool refuse_presence_word(Context& c, const ast::Expr& e, const Expr& subject, Span name) {
    const auto any_of = [&](std::initializer_list<std::string_view> words) {
        return std::find(words.begin(), words.end(), e.text) != words.end();
    };
    if (subject.type.kind == Kind::Enum) {
        const auto& members = c.policy.enums[subject.type.enumeration.value].members;
        if (std::find(members.begin(), members.end(), e.text) != members.end()) return false;
    }
    const auto report = [&](std::string help, std::string_view replacement) {
        c.report.add(Code::UnknownName, name, "nothing is " + quoted(e.text), {}, std::move(help)).replacement =
            replacement;
        return true;
    };
    if (syntax::is_null_word(e.text)) return report("write `none`: the broker states that there is nothing", "none");
    if (any_of({"present", "defined", "set", "given", "known", "exists", "there"}))
        return report("write `some`: the broker states a value", "some");
    if (any_of({"missing", "absent", "unknown", "unset"}))
        return report(
            "no test can detect a missing fact, because then leaving it out could help; a deny applies "
            "to a missing fact as it is. What the broker states to be none is `none`",
            {});
    if (e.text == "empty") return report("compare with the empty set or text: `x == { }`, `x == \"\"`", {});
    return false;
}

const Expr* type_is_name(Context& c, Scope& s, const ast::Expr& e) {
    const auto* any_subject = type_expr(c, s, *e.kids[0], nullptr);
    if (any_subject == nullptr) return nullptr;
    const auto length = static_cast<std::uint32_t>(e.text.size());
    const Span name{e.span.source, e.span.end - std::min(length, e.span.end - e.span.begin), e.span.end};
    if (refuse_presence_word(c, e, *any_subject, name)) return nullptr;
    const auto* subject = type_operand(c, s, *e.kids[0], nullptr);
    if (subject == nullptr || refuse_special(c, *subject)) return nullptr;
    if (subject->type.kind == Kind::Enum) {
        const auto* member = enum_member(c, subject->type.enumeration, e.text, name);
        return member == nullptr ? nullptr : compare(c, Cmp::Eq, e.span, subject, member);
    }
    if (subject->type.kind == Kind::String && subject->type.names == Referent::Tools) {
        const auto tool = look_up(c, s.module, NameSort::Tool, split_name(e.text));
        report_miss(c, s.module, NameSort::Tool, tool, e.text, name, Code::UnknownCatalogueName, "tool");
        if (tool.miss != Miss::No) return nullptr;
        const auto wire = c.policy.arena->copy(std::string_view(c.policy.tools[tool.entry->index].wire_name));
        return compare(c, Cmp::Eq, e.span, subject, text_node(c, naming(Referent::Tools), name, wire));
    }
    if (subject->type.kind != Kind::String || subject->type.names != Referent::Issuers) {
        auto& diagnostic =
            c.report.add(Code::OperationUndefined, e.span, "`is` tests an issuer, a tool, an enum, `none` or `some`",
                         "this is " + describe_one(c.policy, subject->type), "compare with `==`");
        relate(c, diagnostic, *subject);
        return nullptr;
    }
    const auto* entry = find_issuer(c, s, e.text, name);
    if (entry == nullptr || entry->index == kNoIndex) return nullptr;
    if (subject->op == Op::Fact && c.policy.at(FactId{subject->id}).root == FactRoot::Request &&
        c.policy.at(FactId{subject->id}).path == "token.issuer") {
        auto* out = node(c, Op::IssuerIs, scalar(Kind::Bool), e.span);
        out->id = entry->index;
        return out;
    }
    // Another text that contains an issuer, such as a hop's.
    std::vector<const Expr*> urls;
    for (const std::uint32_t member : c.policy.members_of(IssuerId{entry->index}))
        urls.push_back(text_node(c, naming(Referent::Issuers), name,
                                 c.policy.arena->copy(std::string_view(c.policy.issuers[member].url))));
    if (urls.size() == 1) return compare(c, Cmp::Eq, e.span, subject, urls.front());
    Type set = list_of(naming(Referent::Issuers), static_cast<std::uint32_t>(urls.size()));
    return node(c, Op::In, scalar(Kind::Bool), e.span, {subject, node(c, Op::Set, set, name, urls)});
}

}  // namespace

const Expr* type_is(Context& c, Scope& s, const ast::Expr& e) {
    return e.kind == ast::ExprKind::IsName ? type_is_name(c, s, e) : type_presence(c, s, e);
}

const Expr* type_window(Context& c, Scope& s, const ast::Expr& e) {
    const Type want = scalar(Kind::Instant);
    const auto* instant = type_operand(c, s, *e.kids[0], &want);
    std::string zone(e.text);
    auto found = c.zone_ids.find(zone);
    if (found == c.zone_ids.end()) {
        auto transitions = load_zone(zone);
        if (!transitions) {
            auto& diagnostic = c.report.add(Code::UnknownTimeZone, e.span, "there is no time zone " + quoted(zone));
            suggest(c, diagnostic, zone, zone_names());
            if (diagnostic.help.empty()) diagnostic.help = "zones have names like `Europe/Berlin`, or `UTC`";
            if (!diagnostic.replacement.empty()) diagnostic.replacement = "\"" + diagnostic.replacement + "\"";
            return nullptr;
        }
        const ZoneId id{static_cast<std::uint32_t>(c.policy.zones.size())};
        c.policy.zones.push_back({zone, std::move(*transitions)});
        found = c.zone_ids.emplace(std::move(zone), id).first;
    }
    if (instant == nullptr) return nullptr;
    if (instant->op != Op::Now && refuse_special(c, *instant)) return nullptr;
    if (instant->type.kind != Kind::Instant) {
        auto& diagnostic =
            c.report.add(Code::OperationUndefined, instant->span,
                         "only an instant can be in a window, not " + describe_one(c.policy, instant->type));
        relate(c, diagnostic, *instant);
        return nullptr;
    }
    if (instant->op == Op::Integer)
        return constant_node(
            c, e.span, window_contains(e.window, c.policy.zones[found->second.value].transitions, instant->integer));
    auto* out = node(c, Op::InWindow, scalar(Kind::Bool), e.span);
    out->window = e.window;
    out->id = found->second.value;
    out->kids = c.policy.arena->copy(std::vector<const Expr*>{instant});
    return out;
}

}  // namespace writ::check
