#include <algorithm>

#include "syntax/printer.h"

namespace writ::syntax {

using antlr4::tree::TerminalNode;

namespace {

/// The set that an expression consists of; null if it is something else.
bool is_set(antlr4::tree::ParseTree& node) {
    antlr4::tree::ParseTree* at = &node;
    while (at->children.size() == 1) at = at->children.front();
    auto* primary = dynamic_cast<Tree::PrimaryContext*>(at);
    return primary != nullptr && primary->LBRACE() != nullptr;
}

std::size_t first_word(antlr4::ParserRuleContext& tree) {
    const antlr4::Token& word = *tree.getStart();
    return word.getStopIndex() + 1 - word.getStartIndex();
}

}  // namespace

/// On one line if it is so in the source and fits; otherwise one clause per line. The extended
/// rule is on the line of the name.
void Printer::rule(RuleNode& tree) {
    if (mode_ == Mode::Flat && !on_one_line(tree)) return give_up();
    if (mode_ != Mode::Open) return sequence(all(tree));
    const Place outside = std::exchange(place_, {Page::kStep, 2 * Page::kStep, false, 0});
    print(*tree.children[0]);
    print(*tree.children[1]);
    for (std::size_t i = 2; i < tree.children.size(); ++i) {
        auto& next = static_cast<Tree::RuleClauseContext&>(*tree.children[i]);
        if (i > 2 || next.EXTENDS() == nullptr) page_.line(Page::kStep);
        print(next);
    }
    place_ = outside;
}

/// A clause continues under the text after its first word; its `and` and `or` are left of that.
void Printer::clause(RuleNode& tree) {
    auto& parsed = static_cast<Tree::RuleClauseContext&>(tree);
    const Place outside = place_;
    place_.hang = outside.indent + first_word(tree) + 1;
    if (parsed.WHEN() != nullptr) {
        place_.indent = place_.hang;
        place_.outdented = true;
    }
    if (parsed.TO() != nullptr || parsed.WITH() != nullptr) {
        print(*tree.children[0]);
        comma_list({tree, 1, tree.children.size()});
    } else {
        sequence(all(tree));
    }
    place_ = outside;
}

/// The items of issuers, tools and claims, and the changes of a fixture: lists continue under their first element.
void Printer::item(RuleNode& tree) {
    const Place outside = place_;
    place_.hang = outside.indent + first_word(tree) + 1;
    auto* claims = dynamic_cast<Tree::ClaimsItemContext*>(&tree);
    auto* change = dynamic_cast<Tree::ChangeContext*>(&tree);
    if (claims != nullptr && claims->PARSE() != nullptr) {
        sequence({tree, 0, 2});
        block({tree, 2, tree.children.size()}, Between::Blanks);
    } else if (claims != nullptr && claims->ROLE() != nullptr) {
        sequence({tree, 0, 2});
        place_.hang = page_.column() + 1;
        comma_list({tree, 2, tree.children.size()});
    } else if (change != nullptr) {
        place_.indent = place_.hang;
        print(*tree.children[0]);
        comma_list({tree, 1, tree.children.size()});
    } else {
        sequence(all(tree));
    }
    place_ = outside;
}

void Printer::define(RuleNode& tree) {
    auto& parsed = static_cast<Tree::DefineDeclContext&>(tree);
    const std::size_t body = tree.children.size() - 1;
    print(*tree.children[0]);
    print(*tree.children[1]);
    if (parsed.LPAREN() != nullptr) in_parentheses({tree, 2, body - 1});
    print(*tree.children[body - 1]);
    if (mode_ == Mode::Open && !is_set(*tree.children[body])) page_.line(Page::kStep);
    const std::size_t indent = is_set(*tree.children[body]) ? 0 : Page::kStep;
    print_at(*tree.children[body], {indent, Page::kStep, false, 0});
}

void Printer::invariant(RuleNode& tree) {
    constexpr std::size_t kWhen = 5;
    const std::size_t body = tree.children.size() - 1;
    sequence({tree, 0, body - 1});
    if (mode_ == Mode::Open) page_.line(Page::kStep);
    print(*tree.children[body - 1]);
    const std::size_t operand = Page::kStep + kWhen;
    print_at(*tree.children[body], {operand, operand, true, 0});
}

/// `enum NAME = a | b`, `tier a < b`: each member with the sign before it.
void Printer::enumeration(RuleNode& tree) {
    std::size_t first = 0;
    const auto is_member = [](antlr4::tree::ParseTree* child) {
        return dynamic_cast<Tree::EnumMemberContext*>(child) != nullptr ||
               dynamic_cast<Tree::TierMemberContext*>(child) != nullptr;
    };
    while (!is_member(tree.children[first])) print(*tree.children[first++]);
    std::vector<Range> members{{tree, first, first + 1}};
    for (std::size_t i = first + 1; i + 1 < tree.children.size(); i += 2) members.push_back({tree, i, i + 2});
    place_.hang = Page::kStep;
    fill(members);
}

void Printer::fixture(RuleNode& tree) {
    // `fixture NAME = BASE`, or `= json FILE`.
    const std::size_t first = static_cast<Tree::FixtureDeclContext&>(tree).JSON() != nullptr ? 5 : 4;
    sequence({tree, 0, first});
    changes(tree, first, Page::kStep);
}

/// Changes are on the line where they start, or on one line each.
void Printer::changes(RuleNode& tree, std::size_t first, std::size_t indent) {
    for (std::size_t i = first; i < tree.children.size(); ++i) {
        if (dynamic_cast<Tree::ChangeContext*>(tree.children[i]) == nullptr) return;
        if (mode_ == Mode::Flat && breaks_before(*tree.children[i])) return give_up();
        if (mode_ == Mode::Open) page_.line(indent);
        print_at(*tree.children[i], {indent, indent, false, 0});
    }
}

void Printer::test(RuleNode& tree) {
    if (mode_ == Mode::Flat) return give_up();
    const auto& children = tree.children;
    const std::size_t close = children.size() - 1;
    constexpr std::size_t kGiven = 3;  // `test NAME {` and `given FIXTURE`
    constexpr std::size_t kExpect = 7;
    std::size_t after = kGiven + 2;
    bool flat = true;
    while (auto* change = dynamic_cast<Tree::ChangeContext*>(children[after])) {
        flat = flat && !breaks_before(*change);
        ++after;
    }
    sequence({tree, 0, kGiven});
    page_.line(Page::kStep);
    flat = flat && fits(Range{tree, kGiven, after}, Page::kStep, 0);
    sequence({tree, kGiven, kGiven + 2});
    if (flat)
        sequence({tree, kGiven + 2, after});
    else
        changes(tree, kGiven + 2, 2 * Page::kStep);
    for (std::size_t i = after; i < close; ++i) {
        if (auto* table = dynamic_cast<Tree::CasesContext*>(children[i])) {
            page_.line(Page::kStep);
            cases(*table);
            continue;
        }
        if (dynamic_cast<TerminalNode*>(children[i]) != nullptr) page_.line(Page::kStep);  // `expect`
        const std::size_t hang = Page::kStep + kExpect;
        print_at(*children[i], {Page::kStep, hang, false, 0});
    }
    page_.line(0, Page::kStep, {true, true, false});
    print(*children[close]);
}

/// One row per line, in columns. A comment inside a row is moved above it.
void Printer::cases(RuleNode& tree) {
    constexpr std::size_t kCells = 6;  // `cases `
    struct Row {
        RuleNode& tree;
        std::size_t begin, end;
        std::vector<std::string> cells;
    };
    std::vector<Row> rows;
    std::size_t head = 0;
    while (dynamic_cast<Tree::CaseRowContext*>(tree.children[head]) == nullptr) ++head;
    rows.push_back({tree, 0, head, {}});
    for (std::size_t i = head; i < tree.children.size(); ++i) {
        auto& row = static_cast<RuleNode&>(*tree.children[i]);
        rows.push_back({row, 0, row.children.size(), {}});
    }
    std::vector<std::size_t> widths;
    for (Row& row : rows) {
        for (std::size_t i = row.begin == 0 && &row.tree == &tree ? 1 : 0; i < row.end; i += 2)
            row.cells.push_back(joined({row.tree, i, i + 1}));
        widths.resize(std::max(widths.size(), row.cells.size()), 0);
        for (std::size_t i = 0; i + 1 < row.cells.size(); ++i) widths[i] = std::max(widths[i], width_of(row.cells[i]));
    }
    for (const Row& row : rows) {
        const bool header = &row.tree == &tree;
        std::string text = header ? "cases " : "";
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            text += row.cells[i];
            if (i + 1 < row.cells.size()) text += std::string(widths[i] - width_of(row.cells[i]), ' ') + " | ";
        }
        auto& first = *row.tree.getStart();
        ParseNode* last_node = row.tree.children[row.end - 1];
        while (!last_node->children.empty()) last_node = last_node->children.back();
        last_ = static_cast<TerminalNode*>(last_node);
        Gap gap = gap_before(first);
        for (std::size_t i = first.getTokenIndex() + 1; i <= last_->getSymbol()->getTokenIndex(); ++i)
            for (Comment comment : gap_before(*tokens_.get(i)).comments) {
                comment.trailing = false;
                comment.blank_before = std::exchange(gap.blank_before, false);
                gap.comments.push_back(comment);
            }
        const std::size_t indent = header ? Page::kStep : Page::kStep + kCells;
        page_.line(indent, indent, {!header, true, true});
        page_.token(text, gap, indent);
    }
}

}  // namespace writ::syntax
