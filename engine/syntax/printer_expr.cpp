#include "syntax/printer.h"

namespace writ::syntax {

using antlr4::tree::TerminalNode;

namespace {

bool is_connective(antlr4::tree::ParseTree& node) {
    return dynamic_cast<Tree::ConnectiveContext*>(&node) != nullptr;
}

bool is_or(antlr4::tree::ParseTree& node) {
    auto* connective = dynamic_cast<Tree::ConnectiveContext*>(&node);
    return connective != nullptr && connective->OR() != nullptr;
}

}  // namespace

/// Operands joined by `and` and `or`. A line ends before a connective if the source has a line end on either side of
/// it. If operands do not fit on a line, lines end before each `or`, and then before each `and`.
void Printer::condition(RuleNode& tree) {
    const auto& children = tree.children;
    std::vector<bool> breaks(children.size(), false);
    bool kept = false;
    for (std::size_t i = 0; i + 1 < children.size(); ++i) {
        if (!is_connective(*children[i])) continue;
        breaks[i] = breaks_before(*children[i]) || breaks_before(*children[i + 1]);
        kept = kept || breaks[i];
    }
    if (mode_ == Mode::Flat && kept) return give_up();
    if (mode_ == Mode::Open) {
        std::size_t begin = 0;
        const std::vector<bool> of_source = breaks;
        for (std::size_t i = 0; i <= children.size(); ++i) {
            if (i < children.size() && !of_source[i]) continue;
            split({tree, begin, i}, breaks);
            begin = i;
        }
    } else {
        breaks.assign(children.size(), false);
    }
    const Place outside = place_;
    std::size_t last = children.size();  // the connective before the last operand
    while (last > 0 && !is_connective(*children[last - 1])) --last;
    for (std::size_t i = 0; i < children.size(); ++i) {
        if (breaks[i]) {
            const std::size_t word = place_.outdented ? (is_or(*children[i]) ? 3 : 4) : 0;
            page_.line(outside.hang - word);
        }
        place_.tail = i >= last ? outside.tail : 0;
        print(*children[i]);
    }
    place_ = outside;
}

/// Breaks a run of operands that is too long for a line.
void Printer::split(Range range, std::vector<bool>& breaks) {
    const auto& children = range.tree.children;
    const bool first = range.begin == 0;
    const std::size_t column = first ? column_of(*children.front())
                                     : place_.hang - (place_.outdented ? (is_or(*children[range.begin]) ? 3 : 4) : 0);
    const std::size_t tail = range.end == children.size() ? place_.tail : 0;
    if (fits(range, column, tail)) return;
    const std::size_t operand = first ? 0 : range.begin + 1;
    bool any_or = false;
    for (std::size_t i = operand; i < range.end; ++i) any_or = any_or || is_or(*children[i]);
    std::size_t begin = range.begin;
    for (std::size_t i = operand; i <= range.end; ++i) {
        const bool here = i < range.end && is_connective(*children[i]) && (!any_or || is_or(*children[i]));
        if (here) breaks[i] = true;
        if (any_or && (here || i == range.end)) {
            split({range.tree, begin, i}, breaks);
            begin = i;
        }
    }
}

/// `any x in xs: …`; a body that does not fit is on the next line, indented by two columns.
void Printer::quantified(RuleNode& tree) {
    const std::size_t body = tree.children.size() - 1;
    if (mode_ != Mode::Open) return sequence(all(tree));
    sequence({tree, 0, body});
    const std::size_t inside = place_.hang + Page::kStep;
    page_.line(inside);
    print_at(*tree.children[body], {inside, inside, false, place_.tail});
}

void Printer::primary(RuleNode& tree) {
    const auto& children = tree.children;
    auto& parsed = static_cast<Tree::PrimaryContext&>(tree);
    if (parsed.LBRACE() != nullptr) return block(all(tree), Between::CommasToTheEnd);
    if (parsed.LPAREN() == nullptr) return sequence(all(tree));
    std::size_t open = 0;
    while (children[open] != parsed.LPAREN()) print(*children[open++]);
    in_parentheses({tree, open, children.size()});
}

/// Text that does not fit continues under the first word after the parenthesis.
void Printer::in_parentheses(Range range) {
    if (range.begin >= range.end) return;
    const auto& children = range.tree.children;
    const Place outside = place_;
    leaf(static_cast<TerminalNode&>(*children[range.begin]));
    const std::size_t column = page_.column();
    place_ = {column, column, false, outside.tail + 1};
    comma_list({range.tree, range.begin + 1, range.end - 1});
    place_ = outside;
    leaf(static_cast<TerminalNode&>(*children[range.end - 1]));
}

}  // namespace writ::syntax
