#include "testing/mutant_edits.h"

#include <algorithm>

#include "base/values.h"
#include "check/expr_text.h"

namespace writ::testing {

using check::Expr;
using check::Op;
using check::OpClass;

namespace {

constexpr std::uint32_t kMinute = 60, kWholeDay = 24 * 60 * kMinute;
constexpr std::uint8_t kWholeWeek = 0x7F;

bool joins(Op op) {
    return op == Op::And || op == Op::Or;
}

std::string ticked(const std::string& text) {
    return "`" + text + "`";
}

/// The number of digits after the point of a decimal as it is written; two if it is not written here.
std::size_t digits_of(const std::string& written) {
    if (written.empty() || written.find_first_not_of("0123456789_.-") != std::string::npos) return 2;
    const std::size_t point = written.find('.');
    return point == std::string::npos ? 0 : written.size() - point - 1;
}

/// A decimal with at least so many digits after the point.
std::string decimal_text(std::int64_t value, std::size_t digits) {
    std::string out = format_decimal(value);
    if (digits == 0) return out;
    if (out.find('.') == std::string::npos) out += '.';
    while (out.size() - out.find('.') - 1 < digits) out += '0';
    return out;
}

class Editor {
public:
    Editor(const check::Policy& policy, Arena& arena, const Expr& node, std::vector<NodeEdit>& out)
        : policy_(policy), arena_(arena), node_(node), out_(out) {}

    void run(const Expr* parent) {
        switch (check::class_of(node_.op)) {
            case OpClass::Comparison:
                flip();
                move_bound();
                break;
            case OpClass::Quantifier:
                if (node_.op != Op::Count) swap_quantifier();
                break;
            case OpClass::Connective:
                if (node_.op != Op::Not) swap_connective();
                break;
            default: break;
        }
        if (node_.op == Op::InWindow) {
            move_edges();
            change_days();
        }
        if (!check::info(node_.op).condition) return;
        negate(parent);
        leave_out(parent);
    }

private:
    Expr* copy() { return arena_.make<Expr>(node_); }
    [[nodiscard]] std::string text(const Expr& e) const { return check::source_line(policy_, e.span); }

    void add(MutatorKind kind, unsigned variant, const Expr* now, std::string after, std::string needs) {
        out_.push_back({kind, variant, &node_, now, std::move(after), std::move(needs)});
    }

    /// The text of a comparison with another operator or another constant: as written, if both sides are.
    [[nodiscard]] std::string compared(Cmp cmp, std::size_t side = 2, const std::string& constant = {}) const {
        const Span all = node_.span, left = node_.kids[0]->span, right = node_.kids[1]->span;
        const bool inside = left.source == all.source && right.source == all.source && all.begin <= left.begin &&
                            left.end <= right.begin && right.end <= all.end;
        const auto of = [&](std::size_t i) { return i == side ? constant : text(*node_.kids[i]); };
        if (!inside) return of(0) + " " + std::string(spelling_of(cmp)) + " " + of(1);
        const std::string_view source = policy_.sources[all.source].text;
        const auto piece = [&](std::uint32_t from, std::uint32_t to) {
            return std::string(source.substr(from, to - from));
        };
        std::string between = piece(left.end, right.begin);
        if (const std::size_t at = between.find(spelling_of(node_.cmp)); at != std::string::npos)
            between.replace(at, spelling_of(node_.cmp).size(), spelling_of(cmp));
        return check::one_line(piece(all.begin, left.begin) + of(0) + between + of(1) + piece(right.end, all.end));
    }

    void flip() {
        static constexpr Cmp kFlipped[] = {Cmp::Ne, Cmp::Eq, Cmp::Le, Cmp::Lt, Cmp::Ge, Cmp::Gt};
        Expr* now = copy();
        now->cmp = kFlipped[static_cast<unsigned>(node_.cmp)];
        const bool equality = node_.cmp == Cmp::Eq || node_.cmp == Cmp::Ne;
        const std::string after = compared(now->cmp);
        add(MutatorKind::Comparison, 0, now, after,
            equality ? "a test in which " + ticked(text(node_)) + " decides"
                     : text(*node_.kids[0]) + " = " + text(*node_.kids[1]));
    }

    /// The least step of a constant's type, as it is written.
    [[nodiscard]] std::int64_t step_of(const Expr& constant) const {
        switch (constant.type.kind) {
            case Kind::Decimal: {
                std::int64_t step = kDecimalUnit;
                for (std::size_t i = digits_of(text(constant)); i > 0 && step > 1; --i) step /= 10;
                return step;
            }
            case Kind::Duration:
            case Kind::Instant: return constant.integer % kSecond == 0 ? kSecond : 1;
            case Kind::Bool:
            case Kind::Int:
            case Kind::Enum:
#define NUMBER_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
                break;
        }
        return 1;
    }

    /// To the side that flip() does not try: `<=` and `>` up, `<` and `>=` down.
    void move_bound() {
        const bool left = node_.kids[0]->op == Op::Integer, right = node_.kids[1]->op == Op::Integer;
        if (left == right || node_.cmp == Cmp::Eq || node_.cmp == Cmp::Ne) return;
        const std::size_t side = left ? 0 : 1;
        const Expr &constant = *node_.kids[side], &value = *node_.kids[1 - side];
        const Cmp cmp = left ? mirrored(node_.cmp) : node_.cmp;
        const bool up = cmp == Cmp::Le || cmp == Cmp::Gt;
        const std::int64_t step = step_of(constant);
        const std::int64_t moved = up ? sat_add(constant.integer, step) : sat_sub(constant.integer, step);
        const auto is_member = [&] {
            return moved >= 0 &&
                   static_cast<std::size_t>(moved) < policy_.enums[constant.type.enumeration.value].members.size();
        };
        if (moved == constant.integer || (constant.type.kind == Kind::Enum && !is_member())) return;
        Expr* other = arena_.make<Expr>(constant);
        other->integer = moved;
        Expr* now = copy();
        std::vector<const Expr*> kids(node_.kids.begin(), node_.kids.end());
        kids[side] = other;
        now->kids = arena_.copy(kids);
        const std::string literal = constant.type.kind == Kind::Decimal
                                        ? decimal_text(moved, digits_of(text(constant)))
                                        : check::scalar_text(policy_, constant.type, moved);
        add(MutatorKind::Bound, 0, now, compared(node_.cmp, side, literal), text(value) + " = " + literal);
    }

    void swap_quantifier() {
        Expr* now = copy();
        now->op = node_.op == Op::Any ? Op::All : Op::Any;
        std::string after = text(node_);
        const std::string was(check::info(node_.op).sign);
        if (const std::size_t at = after.find(was); at != std::string::npos)
            after.replace(at, was.size(), check::info(now->op).sign);
        add(MutatorKind::Quantifier, 0, now, after,
            "elements in " + ticked(text(*node_.kids[0])) + " of which some, but not all, meet the condition");
    }

    void swap_connective() {
        Expr* now = copy();
        now->op = node_.op == Op::And ? Op::Or : Op::And;
        std::string after;
        for (const Expr* kid : node_.kids)
            after += (after.empty() ? "" : " " + std::string(check::info(now->op).sign) + " ") + text(*kid);
        add(MutatorKind::Connective, 0, now, after, "a test in which only some of these conditions are true");
    }

    void window(MutatorKind kind, unsigned variant, Window changed, const std::string& needs) {
        Expr* now = copy();
        now->window = changed;
        const std::string subject = text(*node_.kids[0]);
        add(kind, variant, now, subject + " in " + check::window_text(policy_, *now), subject + needs);
    }

    void move_edges() {
        const std::string zone = " " + check::literal(policy_.zones[node_.id].name);
        const auto try_edge = [&](unsigned variant, std::uint32_t Window::* edge, bool later) {
            Window changed = node_.window;
            changed.*edge = (changed.*edge + (later ? kMinute : kWholeDay - kMinute)) % kWholeDay;
            if (changed.start == changed.end) return;
            window(MutatorKind::Window, variant, changed,
                   " at " + check::clock_text(later ? node_.window.*edge : changed.*edge) + zone);
        };
        try_edge(0, &Window::start, false);
        try_edge(1, &Window::start, true);
        try_edge(2, &Window::end, false);
        try_edge(3, &Window::end, true);
    }

    /// Days next to each other are a run; at both of its ends it gains and loses a day.
    void change_days() {
        const std::uint8_t days = node_.window.days;
        if (days == kWholeWeek) return;
        static constexpr std::string_view kNames[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                      "Friday", "Saturday", "Sunday"};
        const auto has = [&](unsigned day) { return (days >> (day % 7) & 1) != 0; };
        for (unsigned day = 0; day < 7; ++day) {
            if (has(day + 6) == has(day) && has(day + 1) == has(day)) continue;
            Window changed = node_.window;
            changed.days ^= static_cast<std::uint8_t>(1u << day);
            if (changed.days == 0) continue;
            window(MutatorKind::Days, day, changed, " in this window on a " + std::string(kNames[day]));
        }
    }

    void negate(const Expr* parent) {
        const std::string needs = "a test in which " + ticked(text(node_)) + " decides";
        if (node_.op == Op::Not) {
            std::string after = text(*node_.kids[0]);
            constexpr std::string_view kNot = "not ";  // `x not in y` is one place
            if (const std::size_t at = after.find(kNot); after == text(node_) && at != std::string::npos)
                after.erase(at, kNot.size());
            return add(MutatorKind::Negation, 0, node_.kids[0], after, needs);
        }
        if (node_.op == Op::Compare || joins(node_.op) || node_.op == Op::Constant) return;
        if (parent != nullptr && parent->op == Op::Not) return;
        Expr* now = copy();
        now->op = Op::Not;
        now->kids = arena_.copy(std::vector<const Expr*>{&node_});
        std::string after = "not (" + text(node_) + ")";
        if (node_.op == Op::IsNone || node_.op == Op::IsSome) {
            now->op = node_.op == Op::IsNone ? Op::IsSome : Op::IsNone;
            now->kids = node_.kids;
            after = text(*node_.kids[0]) + " " + std::string(check::info(now->op).sign);
        }
        add(MutatorKind::Negation, 0, now, after, needs);
    }

    void leave_out(const Expr* parent) {
        const bool whole = parent == nullptr;
        if (whole ? joins(node_.op) : !joins(parent->op)) return;
        const std::string only = whole ? "" : "only ";
        add(MutatorKind::Condition, 0, nullptr, {},
            "a test in which " + only + ticked(text(node_)) + " is " +
                (!whole && parent->op == Op::Or ? "true" : "false"));
    }

    const check::Policy& policy_;
    Arena& arena_;
    const Expr& node_;
    std::vector<NodeEdit>& out_;
};

}  // namespace

void add_condition_edits(const check::Policy& policy, Arena& arena, const Expr& node, const Expr* parent,
                         std::vector<NodeEdit>& out) {
    Editor(policy, arena, node, out).run(parent);
}

void add_set_edits(const check::Policy& policy, const Expr& set, MutatorKind kind, const std::string& needs,
                   std::vector<NodeEdit>& out) {
    if (set.op != Op::Set || set.kids.size() < 2) return;
    for (const Expr* kid : set.kids) {
        if (!check::is_literal(kid->op)) continue;
        const std::string text = kid->op == Op::Text ? check::literal(display_text(kid->type.kind, kid->text))
                                                     : check::scalar_text(policy, kid->type, kid->integer);
        out.push_back({kind, 0, kid, nullptr, {}, needs + text});
    }
}

}  // namespace writ::testing
