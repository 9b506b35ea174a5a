#include "check/expr_text.h"

#include <algorithm>

#include "base/json.h"
#include "base/parts.h"
#include "base/values.h"
#include "check/context.h"

namespace writ::check {

namespace {

using check::Expr;
using check::Op;

/// The precedence of an expression; an expression with a lower precedence than its place requires needs parentheses.
enum Level : std::uint8_t { Loose, Or, And, Not, Comparison, Sum, Product, Atom };

std::string joined(const std::vector<std::string>& items, std::string_view between) {
    std::string out;
    for (const std::string& item : items) out.append(out.empty() ? "" : between).append(item);
    return out;
}

/// `mon..fri, sun`; empty for the whole week.
std::string days_text(std::uint8_t days) {
    constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const auto has = [&](unsigned day) { return day < 7 && (days >> day & 1) != 0; };
    std::string out;
    for (unsigned day = 0; day < 7; ++day) {
        if (!has(day)) continue;
        const unsigned first = day;
        while (has(day + 1)) ++day;
        out.append(out.empty() ? "" : ", ").append(kDays[first]);
        if (day > first) out.append("..").append(kDays[day]);
    }
    return out == "mon..sun" ? "" : " on " + out;
}

class ExprPrinter {
public:
    ExprPrinter(const check::Policy& policy, check::TableId table, const SharedNames& shared)
        : policy_(policy), row_(table), shared_(shared) {}

    std::string text(const Expr& e, Level least) {
        auto [out, level] = bare(e);
        return level < least ? "(" + out + ")" : out;
    }

private:
    struct Bare {
        std::string text;
        Level level;
    };

    [[nodiscard]] const Expr& kid(const Expr& e, std::size_t i) const { return *e.kids[i]; }

    Bare infix(const Expr& e, Level level, bool left_only = false) {
        const auto next = static_cast<Level>(level + 1);
        return {text(kid(e, 0), left_only ? level : next) + " " + std::string(info(e.op).sign) + " " +
                    text(kid(e, 1), next),
                level};
    }
    Bare call(const Expr& e, std::string_view name) {
        return {std::string(name) + "(" + text(kid(e, 0), Loose) + ")", Atom};
    }

    Bare chain(const Expr& e, Level level) {
        std::vector<std::string> kids;
        for (const Expr* each : e.kids) kids.push_back(text(*each, static_cast<Level>(level + 1)));
        std::sort(kids.begin(), kids.end());
        return {joined(kids, " " + std::string(info(e.op).sign) + " "), level};
    }

    Bare compare(const Expr& e) {
        const bool turned = is_literal(kid(e, 0).op);
        const Expr& left = kid(e, turned ? 1 : 0);
        const Expr& right = kid(e, turned ? 0 : 1);
        const std::string_view cmp = spelling_of(turned ? mirrored(e.cmp) : e.cmp);
        return {text(left, Sum) + " " + std::string(cmp) + " " + text(right, Sum), Comparison};
    }

    Bare set(const Expr& e) {
        std::vector<std::string> items;
        for (const Expr* each : e.kids) items.push_back(text(*each, Loose));
        std::sort(items.begin(), items.end());
        return {braced(items), Atom};
    }

    /// Whether something else that an expression can begin with has this name.
    [[nodiscard]] bool taken(std::string_view name) const {
        const auto in = [&](const auto& items) {
            return std::any_of(items.begin(), items.end(), [&](const auto& each) { return each.name == name; });
        };
        return in(policy_.issuers) || in(policy_.tables);
    }
    /// The name, or the first of `name1`, `name2`, … that nothing else has.
    [[nodiscard]] std::string free_name(const std::string& name) const {
        std::string out = name;
        for (int i = 1; taken(out); ++i) out = name + std::to_string(i);
        return out;
    }
    /// What quantifiers range over: `x`, `y`, `z`, … from the outermost in.
    const std::string& binder(std::uint32_t id) {
        for (std::size_t i = binders_.size(); i <= id; ++i)
            binders_.push_back(free_name(std::string(i / 3 + 1, static_cast<char>('x' + i % 3))));
        return binders_[id];
    }
    const std::string& row() {
        if (row_name_.empty()) row_name_ = free_name("row");
        return row_name_;
    }

    std::string over(const Expr& e) {
        const Expr& list = kid(e, 0);
        if (list.op == Op::TableRows) {
            tables_.resize(std::max<std::size_t>(tables_.size(), e.id + 1));
            tables_[e.id] = &policy_.tables[list.id];
        }
        const std::string in = binder(e.id) + " in " + text(list, Sum);
        return in + ": " + text(kid(e, 1), Loose);
    }

    Bare bare(const Expr& e) {
        switch (e.op) {
            case Op::Integer: return {scalar_text(policy_, e.type, e.integer), Atom};
            case Op::Text: return {literal(display_text(e.type.kind, e.text)), Atom};
            case Op::Set: return set(e);
            case Op::Fact: return {fact(policy_.at(check::FactId{e.id})), Atom};
            case Op::Elem: {
                std::string out = binder(e.id);
                for (const std::string_view step : field_steps(policy_, e.field)) check::append_field(out, step);
                return {out, Atom};
            }
            case Op::Column:
                return {row() + "." + column(row_.valid() ? &policy_.tables[row_.value] : nullptr, e.id), Atom};
            case Op::ElemColumn:
                return {binder(e.id) + "." + column(e.id < tables_.size() ? tables_[e.id] : nullptr, e.index), Atom};
            case Op::TableColumn: return {table(e.id) + "." + column(&policy_.tables[e.id], e.index), Atom};
            case Op::TableRows: return {table(e.id), Atom};
            case Op::Now: return {"now", Atom};
            case Op::Add:
            case Op::Subtract:
            case Op::Union:
            case Op::Minus: return infix(e, Sum, true);
            case Op::Multiply:
            case Op::Intersect: return infix(e, Product, true);
            case Op::Negate: return {std::string(info(e.op).sign) + text(kid(e, 0), Atom), Product};
            case Op::Age:
            case Op::Words:
            case Op::Lower: return call(e, info(e.op).sign);
            case Op::Convert: return call(e, spelling_of(e.type.kind));
            case Op::PartOf:
                if (static_cast<Part>(e.index) == Part::UrlWhole) return bare(kid(e, 0));
                return {text(kid(e, 0), Atom) + "." + std::string(name_of(static_cast<Part>(e.index))), Atom};
            case Op::Count: return {"count(" + over(e) + ")", Atom};
            case Op::Truth: return bare(kid(e, 0));
            case Op::And: return chain(e, And);
            case Op::Or: return chain(e, Or);
            case Op::Not: return {"not " + text(kid(e, 0), Not), Not};
            case Op::Compare: return compare(e);
            case Op::In:
                if (is_literal(kid(e, 0).op))
                    return {text(kid(e, 1), Sum) + " contains " + text(kid(e, 0), Sum), Comparison};
                return infix(e, Comparison);
            case Op::SubsetOf:
            case Op::Overlaps:
            case Op::InCidr: return infix(e, Comparison);
            case Op::TextTest:
                return {text(kid(e, 0), Sum) + " " + std::string(spelling_of(e.test)) + " " + literal(e.text),
                        Comparison};
            case Op::InWindow: return {text(kid(e, 0), Sum) + " in " + window_text(policy_, e), Comparison};
            case Op::IsNone:
            case Op::IsSome: return {text(kid(e, 0), Sum) + " " + std::string(info(e.op).sign), Comparison};
            case Op::IssuerIs: return {"token.issuer is " + issuer(check::IssuerId{e.id}), Comparison};
            case Op::Any:
            case Op::All: return {std::string(info(e.op).sign) + " " + over(e), Loose};
            case Op::Constant: return {e.integer != 0 ? "true" : "false", Atom};
        }
        return {};
    }

    [[nodiscard]] std::string table(std::uint32_t id) const {
        return told_name(policy_, policy_.tables[id], shared_.tables);
    }
    /// A claim begins with the name of its issuer.
    [[nodiscard]] std::string fact(const check::Fact& fact) const {
        if (!fact.issuer.valid()) return fact.path;
        return issuer(fact.issuer) + fact.path.substr(policy_.name_of(fact.issuer).size());
    }
    [[nodiscard]] std::string issuer(check::IssuerId id) const { return told_issuer(policy_, id, shared_); }
    static std::string column(const check::Table* table, std::uint32_t index) {
        return table != nullptr && index < table->columns.size() ? table->columns[index].name
                                                                 : "#" + std::to_string(index);
    }

    const check::Policy& policy_;
    check::TableId row_;
    const SharedNames& shared_;
    std::vector<const check::Table*> tables_;  ///< by binder: whose rows it ranges over
    std::vector<std::string> binders_;         ///< their names, as far as they are known
    std::string row_name_;
};

}  // namespace

std::string told_issuer(const check::Policy& policy, check::IssuerId id, const SharedNames& shared) {
    return id.value < policy.issuers.size() ? told_name(policy, policy.issuers[id.value], shared.issuers)
                                            : told_name(policy, policy.group_at(id), shared.issuers);
}

std::string literal(std::string_view text) {
    std::string out;
    json::append_quoted(out, text);
    return out;
}

std::string module_of(const check::Policy& policy, std::uint32_t source) {
    const auto& module = policy.files[source].module;
    if (!module) return std::string(check::kDefaultModule);
    std::string out;
    for (const ast::Name& part : module->parts) out.append(out.empty() ? "" : ".").append(part.text);
    return out;
}

std::string braced(const std::vector<std::string>& items) {
    return items.empty() ? "{}" : "{ " + joined(items, ", ") + " }";
}

std::vector<std::string_view> field_steps(const check::Policy& policy, check::FieldId field) {
    std::vector<std::string_view> out;
    for (check::FieldId at = field; at.valid() && policy.at(at).parent.valid(); at = policy.at(at).parent) {
        const Kind kind = policy.at(at).type.kind;
        // The quantifier writes the list; a map on the way to a fact is a step.
        if (at != field && kind == Kind::List) break;
        out.push_back(policy.at(at).name);
    }
    std::reverse(out.begin(), out.end());
    return out;
}

std::string scalar_text(const check::Policy& policy, const check::Type& type, std::int64_t value) {
    switch (type.kind) {
        case Kind::Bool: return value != 0 ? "true" : "false";
        case Kind::Decimal: return format_decimal(value);
        case Kind::Duration: return format_duration(value);
        case Kind::Instant: return literal(format_instant(value));
        case Kind::Enum: {
            const auto& members = policy.enums[type.enumeration.value].members;
            const auto at = static_cast<std::size_t>(value);
            return at < members.size() ? members[at] : std::to_string(value);
        }
        case Kind::Int:
#define NUMBER_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            break;
    }
    return std::to_string(value);
}

std::string cell_text(const check::Policy& policy, const check::Type& type, const check::Cell& cell) {
    if (type.kind == Kind::List) {
        std::vector<std::string> items;
        for (const std::string& each : cell.set) items.push_back(literal(display_text(type.elem, each)));
        std::sort(items.begin(), items.end());
        return braced(items);
    }
    return rep_of(type.kind) == Rep::Text ? literal(display_text(type.kind, cell.text))
                                          : scalar_text(policy, type, cell.integer);
}

std::string expr_text(const check::Policy& policy, const check::Expr& expr, check::TableId table,
                      const SharedNames& shared) {
    return ExprPrinter(policy, table, shared).text(expr, Loose);
}

std::string clock_text(std::uint32_t seconds) {
    const auto two = [](std::uint32_t n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    const std::string out = two(seconds / 3600) + ":" + two(seconds / 60 % 60);
    return seconds % 60 == 0 ? out : out + ":" + two(seconds % 60);
}

std::string window_text(const check::Policy& policy, const check::Expr& test) {
    return clock_text(test.window.start) + ".." + clock_text(test.window.end) + " " +
           literal(policy.zones[test.id].name) + days_text(test.window.days);
}

std::string source_line(const check::Policy& policy, Span span) {
    if (span.source >= policy.sources.size()) return {};
    return one_line(std::string_view(policy.sources[span.source].text).substr(span.begin, span.end - span.begin));
}

std::string one_line(std::string_view text) {
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!quoted && text.substr(i).starts_with("//")) {
            i = std::min(text.find('\n', i), text.size()) - 1;
            continue;
        }
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\' && i + 1 < text.size()) {
            out += c;
            out += text[++i];
            continue;
        }
        const bool white = !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
        if (!white)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

}  // namespace writ::check
