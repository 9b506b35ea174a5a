#include <algorithm>

#include "compile/condition.h"

namespace writ::compiler {

using bytecode::Opcode;
using bytecode::OperandKind;
using bytecode::Quant;
using check::Expr;
using check::Op;

namespace {

/// Orders the sides of a comparison: values that depend on the request, then values that depend on the row, then
/// constants. So both spellings of a comparison have the same code.
int fixedness(const Expr& e) {
    return check::is_literal(e.op) ? 2 : e.op == Op::Column || e.op == Op::ElemColumn ? 1 : 0;
}

// The rough cost of a test, in comparisons. Only the order matters: `and` and `or` are commutative, so a cheap test can
// go first and save an expensive one.
constexpr std::uint32_t kMaxCost = 1 << 28;
/// A search among more constants than this is expensive.
constexpr std::size_t kLongList = 32;

std::uint32_t cost_of(Opcode op) {
    switch (op) {
        case Opcode::ToolIn: return 0;
        case Opcode::TextEq:
        case Opcode::IntCmp:
        case Opcode::Truth:
        case Opcode::IsNone: return 1;
        case Opcode::TextCmp: return 2;
        case Opcode::TextIn:
        case Opcode::IntIn:
        case Opcode::InCidr: return 4;
        case Opcode::Subset:
        case Opcode::Overlaps:
        case Opcode::ListEq: return 16;
        case Opcode::Match: return 20;
        case Opcode::InWindow:
        case Opcode::NowCmp:
        case Opcode::AgeCmp: return kTimedCost;
        case Opcode::Quantify:
        case Opcode::Once:
#define TEST(...)
#define TIME(...)
#define OP(name, ...) case Opcode::name:
#include "bytecode/opcodes.def"
            return 0;
    }
    return 0;
}

std::uint32_t plus(std::uint32_t a, std::uint32_t b) {
    return std::min(a + b, kMaxCost);
}

/// What computing an operand adds.
std::uint32_t cost_of(const Expr* e) {
    if (e == nullptr || e->kids.empty()) return 0;
    if (e->op == Op::Set) return 0;
    std::uint32_t cost = 20;
    for (const Expr* kid : e->kids) cost = plus(cost, cost_of(kid));
    return cost;
}

class Normaliser {
public:
    explicit Normaliser(Lowering& lowering) : lowering_(lowering) {}

    std::optional<Conditions> run(const Expr* when, const std::vector<check::ToolId>& tools) {
        std::vector<std::uint32_t> kids;
        if (!tools.empty()) {
            std::vector<std::uint32_t> indices;
            for (const check::ToolId tool : tools) indices.push_back(tool.value);
            Condition test;
            test.op = Opcode::ToolIn;
            test.word_a = bytecode::operand(OperandKind::Set, lowering_.builder.tool_set(std::move(indices)));
            kids.push_back(leaf(std::move(test)));
        }
        kids.push_back(when == nullptr ? constant(true) : build(*when, false));
        const std::uint32_t whole = join(Form::And, kids);
        if (full()) return {};
        // The whole must be the last node. It is copied, so that the other nodes keep their places.
        if (whole + 1 != nodes_.size()) nodes_.push_back(Condition(nodes_[whole]));
        return std::move(nodes_);
    }

private:
    [[nodiscard]] bool full() const { return nodes_.size() > kMaxConditions; }

    std::uint32_t add(Condition condition) {
        nodes_.push_back(std::move(condition));
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    std::uint32_t constant(bool holds) {
        Condition condition;
        condition.holds = holds;
        return add(std::move(condition));
    }
    std::uint32_t leaf(Condition test) {
        test.form = Form::Test;
        test.cost = plus(cost_of(test.op), plus(cost_of(test.a), cost_of(test.b)));
        return add(std::move(test));
    }
    std::uint32_t leaf(Opcode op, const Expr* a, const Expr* b, std::uint32_t c, bool negate) {
        Condition test;
        test.op = op;
        test.a = a;
        test.b = b;
        test.c = c;
        test.negate = negate;
        return leaf(std::move(test));
    }

    /// And, Or: constants folded, nested ones of the same form taken in, cheapest first.
    std::uint32_t join(Form form, const std::vector<std::uint32_t>& parts) {
        const bool neutral = form == Form::And;
        Condition whole;
        whole.form = form;
        for (const std::uint32_t part : parts) {
            const Condition& condition = nodes_[part];
            if (condition.form == Form::Constant) {
                if (condition.holds != neutral) return part;
            } else if (condition.form == form) {
                whole.kids.insert(whole.kids.end(), condition.kids.begin(), condition.kids.end());
            } else {
                whole.kids.push_back(part);
            }
        }
        if (whole.kids.empty()) return constant(neutral);
        if (whole.kids.size() == 1) return whole.kids[0];
        // Nodes are made in source order, which settles ties.
        std::sort(whole.kids.begin(), whole.kids.end(), [&](std::uint32_t a, std::uint32_t b) {
            return nodes_[a].cost != nodes_[b].cost ? nodes_[a].cost < nodes_[b].cost : a < b;
        });
        for (const std::uint32_t kid : whole.kids) whole.cost = plus(whole.cost, nodes_[kid].cost);
        return add(std::move(whole));
    }

    std::uint32_t build(const Expr& e, bool negate) {
        if (full()) return 0;
        switch (e.op) {
            case Op::Constant: return constant((e.integer != 0) != negate);
            case Op::Not: return build(*e.kids[0], !negate);
            case Op::And:
            case Op::Or: {
                std::vector<std::uint32_t> parts;
                for (const Expr* kid : e.kids) parts.push_back(build(*kid, negate));
                return join((e.op == Op::And) != negate ? Form::And : Form::Or, parts);
            }
            case Op::Truth:
                if (e.kids[0]->op == Op::Integer) return constant((e.kids[0]->integer != 0) != negate);
                return leaf(Opcode::Truth, e.kids[0], nullptr, 0, negate);
            case Op::Compare: return compare(e.cmp, *e.kids[0], *e.kids[1], negate);
            case Op::In: return member(*e.kids[0], *e.kids[1], negate);
            case Op::SubsetOf: return leaf(Opcode::Subset, e.kids[0], e.kids[1], 0, negate);
            case Op::Overlaps: return leaf(Opcode::Overlaps, e.kids[0], e.kids[1], 0, negate);
            case Op::TextTest: return text_test(e, negate);
            case Op::InCidr: return leaf(Opcode::InCidr, e.kids[0], e.kids[1], 0, negate);
            case Op::InWindow: {
                Condition test;
                test.op = Opcode::InWindow;
                test.a = e.kids[0];
                test.word_b = lowering_.constants.window(e.window, check::ZoneId{e.id});
                test.negate = negate;
                return leaf(std::move(test));
            }
            case Op::IsNone: return leaf(Opcode::IsNone, e.kids[0], nullptr, 0, negate);
            case Op::IsSome: return leaf(Opcode::IsNone, e.kids[0], nullptr, 0, !negate);
            case Op::IssuerIs: {
                std::vector<std::uint32_t> urls;
                for (const std::uint32_t member : lowering_.policy.members_of(check::IssuerId{e.id}))
                    urls.push_back(lowering_.builder.text(lowering_.policy.issuers[member].url));
                Condition test;
                test.op = urls.size() == 1 ? Opcode::TextEq : Opcode::TextIn;
                test.word_a = bytecode::operand(OperandKind::Slot, Slots::of(bytecode::Builtin::TokenIssuer));
                test.word_b = urls.size() == 1
                                  ? bytecode::operand(OperandKind::Text, urls.front())
                                  : bytecode::operand(OperandKind::Set, lowering_.builder.text_set(Kind::String, urls));
                test.negate = negate;
                return leaf(std::move(test));
            }
            case Op::Any:
            case Op::All:
                return quantify((e.op == Op::Any) != negate ? Quant::Any : Quant::All, *e.kids[0], nullptr, 0,
                                *e.kids[1], negate);
                // A value in a condition's place is a bool.
#define VALUE(name, ...) case Op::name:
#include "base/operators.def"
                return leaf(Opcode::Truth, &e, nullptr, 0, negate);
        }
        return 0;
    }

    std::uint32_t compare(Cmp cmp, const Expr& left, const Expr& right, bool negate) {
        if (right.op == Op::Count || right.op == Op::Now || right.op == Op::Age || fixedness(left) > fixedness(right)) {
            if (left.op != Op::Count && left.op != Op::Now && left.op != Op::Age)
                return compare(mirrored(cmp), right, left, negate);
        }
        if (left.type.kind == Kind::List) return leaf(Opcode::ListEq, &left, &right, 0, (cmp == Cmp::Ne) != negate);
        if (rep_of(left.type.kind) == Rep::Text) {
            if (cmp == Cmp::Eq || cmp == Cmp::Ne)
                return leaf(Opcode::TextEq, &left, &right, 0, (cmp == Cmp::Ne) != negate);
            return leaf(Opcode::TextCmp, &left, &right, static_cast<std::uint32_t>(negate ? negated(cmp) : cmp), false);
        }
        const Cmp real = negate ? negated(cmp) : cmp;
        const auto code = static_cast<std::uint32_t>(real);
        if (left.op == Op::Count) return count(real, left, right);
        if (left.op == Op::Now) return leaf(Opcode::NowCmp, &right, nullptr, code, false);
        if (left.op == Op::Age) return leaf(Opcode::AgeCmp, left.kids[0], &right, code, false);
        return leaf(Opcode::IntCmp, &left, &right, code, false);
    }

    /// `count CMP bound`, as at-least and at-most, which run in the mode of the condition.
    std::uint32_t count(Cmp cmp, const Expr& count, const Expr& bound) {
        const Expr& list = *count.kids[0];
        const Expr& body = *count.kids[1];
        auto at_least = [&](std::int64_t more) { return quantify(Quant::AtLeast, list, &bound, more, body, false); };
        auto at_most = [&](std::int64_t more) { return quantify(Quant::AtMost, list, &bound, more, body, true); };
        switch (cmp) {
            case Cmp::Ge: return at_least(0);
            case Cmp::Gt: return at_least(1);
            case Cmp::Le: return at_most(0);
            case Cmp::Lt: return at_most(-1);
            case Cmp::Eq: return join(Form::And, {at_least(0), at_most(0)});
            case Cmp::Ne: return join(Form::Or, {at_least(1), at_most(-1)});
        }
        return 0;
    }

    std::uint32_t quantify(Quant quant, const Expr& list, const Expr* bound, std::int64_t more, const Expr& body,
                           bool negate_body) {
        Condition condition;
        condition.form = Form::Quantify;
        condition.quant = quant;
        condition.list = &list;
        condition.bound = bound;
        condition.more = more;
        const std::uint32_t kid = build(body, negate_body);
        condition.kids.push_back(kid);
        const std::uint32_t each = nodes_[kid].cost;
        condition.cost = each >= kTimedCost ? plus(each, 100) : plus(100, std::min(each * 4, kTimedCost - 101));
        return add(std::move(condition));
    }

    std::uint32_t member(const Expr& item, const Expr& list, bool negate) {
        const Opcode op = rep_of(item.type.kind) == Rep::Text ? Opcode::TextIn : Opcode::IntIn;
        if (list.op != Op::Set) return leaf(op, &item, &list, 0, negate);
        // Equality is cheaper than a list, and a rule index can use it.
        std::vector<std::uint32_t> parts;
        const auto constants = std::count_if(list.kids.begin(), list.kids.end(),
                                             [](const Expr* kid) { return check::is_literal(kid->op); });
        for (const Expr* kid : list.kids)
            if (constants == 1 || !check::is_literal(kid->op)) parts.push_back(compare(Cmp::Eq, item, *kid, negate));
        if (constants > 1 || list.kids.empty()) {
            Condition test;
            test.op = op;
            test.a = &item;
            test.word_b = bytecode::operand(OperandKind::Set, lowering_.constants.set(item.type.kind, list.kids));
            test.negate = negate;
            parts.push_back(leaf(std::move(test)));
            if (list.kids.size() > kLongList) nodes_.back().cost = std::max(nodes_.back().cost, kDearCost);
        }
        return join(negate ? Form::And : Form::Or, parts);
    }

    std::uint32_t text_test(const Expr& e, bool negate) {
        const bool one_text = e.matcher->is_one_text();
        Condition test;
        test.op = one_text ? Opcode::TextEq : Opcode::Match;
        test.a = e.kids[0];
        test.word_b = one_text ? bytecode::operand(OperandKind::Text, lowering_.builder.text(e.matcher->text))
                               : lowering_.constants.matcher(*e.matcher);
        test.negate = negate;
        return leaf(std::move(test));
    }

    Lowering& lowering_;
    Conditions nodes_;
};

}  // namespace

std::optional<Conditions> normalise(Lowering& lowering, const Expr* when, const std::vector<check::ToolId>& tools) {
    return Normaliser(lowering).run(when, tools);
}

}  // namespace writ::compiler
