#include "syntax/printer.h"

#include <algorithm>

namespace writ::syntax {

using antlr4::Token;
using antlr4::tree::TerminalNode;
using ParseNode = Printer::ParseNode;
using RuleNode = Printer::RuleNode;

namespace {

TerminalNode& first_leaf(ParseNode& node) {
    ParseNode* at = &node;
    while (!at->children.empty()) at = at->children.front();
    return *static_cast<TerminalNode*>(at);
}

std::size_t type_of(ParseNode& node) {
    auto* word = dynamic_cast<TerminalNode*>(&node);
    return word != nullptr ? word->getSymbol()->getType() : std::size_t{Token::INVALID_TYPE};
}

std::size_t rule_around(TerminalNode& leaf) {
    return static_cast<RuleNode*>(leaf.parent)->getRuleIndex();
}

/// Whether a bracket is part of a path.
bool is_step(TerminalNode& bracket) {
    return rule_around(bracket) == Tree::RuleStep || rule_around(bracket) == Tree::RuleElement;
}

bool is_first_child(TerminalNode& leaf) {
    return leaf.parent->children.front() == &leaf;
}

/// Whether two adjacent tokens are written without a blank.
bool glued(TerminalNode& before, TerminalNode& after) {
    const std::size_t left = before.getSymbol()->getType();
    const std::size_t right = after.getSymbol()->getType();
    switch (right) {
        case Lexer::COMMA:
        case Lexer::COLON:
        case Lexer::DOT:
        case Lexer::DOTDOT:
        case Lexer::RPAREN: return true;
        case Lexer::LPAREN:  // of a call, not around a condition
            if (!is_first_child(after)) return true;
            break;
        case Lexer::LBRACKET:
            if (is_step(after)) return true;
            break;
        case Lexer::RBRACKET:
            if (is_step(after) || left == Lexer::LBRACKET) return true;
            break;
        case Lexer::RBRACE:
            if (left == Lexer::LBRACE) return true;
            break;
        case Lexer::LT:
        case Lexer::GT:
            if (rule_around(after) == Tree::RuleType) return true;
            break;
        default: break;
    }
    switch (left) {
        case Lexer::DOT:
        case Lexer::DOTDOT:
        case Lexer::LPAREN: return true;
        case Lexer::LBRACKET: return is_step(before);
        case Lexer::LT: return rule_around(before) == Tree::RuleType;
        case Lexer::MINUS:  // a sign
            return rule_around(before) == Tree::RuleUnary || rule_around(before) == Tree::RuleLiteral;
        default: return false;
    }
}

}  // namespace

// ---- the source -------------------------------------------------------------------------------

Gap Printer::gap_before(const Token& token) const {
    const std::size_t index = token.getTokenIndex();
    if (index == 0) return {};  // the caller that joins declarations handles it
    const Span at = tokens_.span(token);
    return read_gap(tokens_.slice({at.source, tokens_.span(*tokens_.get(index - 1)).end, at.begin}), true);
}

bool Printer::breaks_before(ParseNode& node) const {
    return gap_before(*first_leaf(node).getSymbol()).newline;
}

bool Printer::on_one_line(RuleNode& tree) const {
    for (std::size_t i = tree.getStart()->getTokenIndex() + 1; i <= tree.getStop()->getTokenIndex(); ++i)
        if (gap_before(*tokens_.get(i)).newline) return false;
    return true;
}

std::optional<std::size_t> Printer::flat_width(Range range) const {
    Printer flat(tokens_, Mode::Flat);
    flat.sequence(range);
    if (flat.given_up_) return std::nullopt;
    return width_of(flat.text());
}

std::string Printer::joined(Range range) const {
    Printer line(tokens_, Mode::Joined);
    line.sequence(range);
    return line.text();
}

bool Printer::fits(RuleNode& tree, std::size_t column, std::size_t tail) const {
    Printer flat(tokens_, Mode::Flat);
    flat.broken(tree);
    return !flat.given_up_ && column + width_of(flat.text()) + tail <= Page::kWidth;
}

bool Printer::fits(Range range, std::size_t column, std::size_t tail) const {
    const auto width = flat_width(range);
    return width && column + *width + tail <= Page::kWidth;
}

std::size_t Printer::column_of(ParseNode& node) const {
    const bool space = last_ != nullptr && !glued(*last_, first_leaf(node));
    return page_.column() + (space && !page_.starts_line() ? 1 : 0);
}

// ---- writing ------------------------------------------------------------------------------------

/// Text that fits is on one line, unless the source breaks it.
void Printer::print(ParseNode& node) {
    if (given_up_) return;
    if (auto* word = dynamic_cast<TerminalNode*>(&node)) {
        if (word->getSymbol()->getType() == Lexer::COMMA)
            comma(*word);
        else
            leaf(*word);
        return;
    }
    auto& tree = static_cast<RuleNode&>(node);
    const Mode mode = mode_;
    if (mode == Mode::Open && fits(tree, column_of(tree), place_.tail)) {
        mode_ = Mode::Flat;
        entering_ = true;
    }
    broken(tree);
    mode_ = mode;
}

void Printer::print_at(ParseNode& node, Place place) {
    const Place outside = std::exchange(place_, place);
    print(node);
    place_ = outside;
}

/// Each construct in its own layout; constructs without one are written token by token.
void Printer::broken(RuleNode& tree) {
    const auto from = [&](std::size_t child) { return Range{tree, child, tree.children.size()}; };
    switch (tree.getRuleIndex()) {
        case Tree::RuleFields: return block(all(tree), Between::Blanks);
        case Tree::RuleClaimsDecl: {
            std::size_t brace = 2;
            while (type_of(*tree.children[brace]) != Lexer::LBRACE) ++brace;
            return sequence({tree, 0, brace}), block(from(brace), Between::Blanks);
        }
        case Tree::RuleIssuerDecl: return sequence({tree, 0, 5}), block(from(5), Between::Blanks);
        case Tree::RuleToolDecl: {
            const std::size_t brace = type_of(*tree.children[2]) == Lexer::LBRACE ? 2 : 3;
            return sequence({tree, 0, brace}), block(from(brace), Between::Blanks);
        }
        case Tree::RuleClaimsItem:
        case Tree::RuleIssuerItem:
        case Tree::RuleToolItem: return item(tree);
        case Tree::RuleLiteral: return block(all(tree), Between::Commas);
        case Tree::RuleExpr: return condition(tree);
        case Tree::RuleQuantified: return quantified(tree);
        case Tree::RulePrimary: return primary(tree);
        case Tree::RuleStrings:
        case Tree::RuleNames:
        case Tree::RuleQualifieds: return comma_list(all(tree));
        case Tree::RuleRuleDecl: return rule(tree);
        case Tree::RuleRuleClause: return clause(tree);
        case Tree::RuleObligation: return sequence({tree, 0, 1}), in_parentheses(from(1));
        case Tree::RuleDefineDecl: return define(tree);
        case Tree::RuleInvariantDecl: return invariant(tree);
        case Tree::RuleEnumDecl:
        case Tree::RuleTierDecl: return enumeration(tree);
        case Tree::RuleFixtureDecl: return fixture(tree);
        case Tree::RuleChange: return item(tree);
        case Tree::RulePlace: return place(tree);
        case Tree::RuleTestDecl: return test(tree);
        case Tree::RuleExpectation: {
            std::vector<Range> parts;
            for (std::size_t i = 0; i < tree.children.size(); ++i) parts.push_back({tree, i, i + 1});
            return fill(parts);
        }
        default: return sequence(all(tree));
    }
}

/// Writes the children one after the other, each with room for what follows.
void Printer::sequence(Range range) {
    const Place outside = place_;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        if (mode_ == Mode::Open && i + 1 < range.end && type_of(*range.tree.children[i]) == Token::INVALID_TYPE)
            place_.tail = outside.tail + flat_width({range.tree, i + 1, range.end}).value_or(0) + 1;
        print(*range.tree.children[i]);
        place_ = outside;
    }
}

void Printer::leaf(TerminalNode& node) {
    write(node, tokens_.slice(tokens_.span(*node.getSymbol())));
}

/// Writes a text in place of a token, with the comments before the token.
void Printer::write(TerminalNode& node, std::string_view text) {
    Gap gap = gap_before(*node.getSymbol());
    const bool inside = mode_ != Mode::Open && !std::exchange(entering_, false);
    if (inside && mode_ == Mode::Flat && last_ != nullptr && !gap.comments.empty()) return give_up();
    if (inside) gap = {};
    gap.comments.insert(gap.comments.begin(), carried_.begin(), carried_.end());
    carried_.clear();
    if (last_ != nullptr) page_.space(apart_ != 0 ? apart_ : glued(*last_, node) ? 0 : 1);
    apart_ = 0;
    page_.token(text, gap, place_.hang);
    last_ = &node;
}

/// A comma follows its item directly, before any comment, unless that is a doc comment,
/// which belongs to the next token.
void Printer::comma(TerminalNode& node) {
    const Gap gap = gap_before(*node.getSymbol());
    const bool doc = std::any_of(gap.comments.begin(), gap.comments.end(), [](const Comment& c) { return c.doc; });
    if (mode_ != Mode::Open || doc || gap.comments.empty()) return leaf(node);
    page_.append(",");
    carried_.insert(carried_.end(), gap.comments.begin(), gap.comments.end());
    last_ = &node;
}

/// An optional comma; left out if a doc comment follows.
void Printer::drop(TerminalNode& node) {
    const Gap gap = gap_before(*node.getSymbol());
    if (mode_ == Mode::Flat && !gap.comments.empty()) return give_up();
    const bool doc = std::any_of(gap.comments.begin(), gap.comments.end(), [](const Comment& c) { return c.doc; });
    if (doc && mode_ == Mode::Open) return leaf(node);
    if (mode_ == Mode::Open) carried_.insert(carried_.end(), gap.comments.begin(), gap.comments.end());
}

/// Items between brackets: on one line, or one per line. Items with commas have their own lines only if the source
/// breaks the line after the bracket; otherwise they continue under the first item.
void Printer::block(Range range, Between between) {
    const std::size_t open = range.begin;
    const std::size_t close = range.end - 1;
    const auto& children = range.tree.children;
    if (type_of(*children[open]) == Token::INVALID_TYPE || children[open] == children[close]) return sequence(range);
    const std::size_t opening = type_of(*children[open]);
    if (opening != Lexer::LBRACE && opening != Lexer::LBRACKET) return sequence(range);
    const bool empty = open + 1 == close;
    if (mode_ == Mode::Flat && !empty && breaks_before(*children[open + 1])) return give_up();
    const bool kept = breaks_before(*children[open + 1]);
    const bool opened = mode_ == Mode::Open && (kept || (!empty && between == Between::Blanks));
    const Place outside = place_;
    const std::size_t inside = outside.indent + Page::kStep;
    leaf(static_cast<TerminalNode&>(*children[open]));
    if (!empty && !opened && between != Between::Blanks) {
        const std::size_t column = page_.column() + 1;
        place_ = {column, column, false, outside.tail + 2};
        const bool spare = type_of(*children[close - 1]) == Lexer::COMMA;
        comma_list({range.tree, open + 1, spare ? close - 1 : close});
        place_ = outside;
        if (spare) drop(static_cast<TerminalNode&>(*children[close - 1]));
        return leaf(static_cast<TerminalNode&>(*children[close]));
    }
    for (std::size_t i = open + 1; i < close; ++i) {
        ParseNode& child = *children[i];
        const bool last = i + 1 == close;
        if (type_of(child) == Lexer::COMMA) {
            auto& mark = static_cast<TerminalNode&>(child);
            if (between == Between::Blanks)
                drop(mark);
            else
                comma(mark);
            continue;
        }
        if (opened)
            page_.line(inside, inside, {true, i > open + 1, true});
        else if (between == Between::Blanks && i > open + 1)
            apart_ = 2;
        const bool adds = opened && last && between == Between::CommasToTheEnd;
        print_at(child, {inside, inside + Page::kStep, false, between == Between::Blanks ? 0U : 1U});
        if (adds) page_.append(",");
    }
    apart_ = 0;
    if (opened) page_.line(outside.indent, inside, {true, !empty, false});
    leaf(static_cast<TerminalNode&>(*children[close]));
}

/// `params`, also where the source has `tool.params`, unless a comment is inside that.
void Printer::place(RuleNode& tree) {
    if (!has_long_params(static_cast<Tree::PlaceContext&>(tree))) return sequence(all(tree));
    const auto end = static_cast<RuleNode&>(*tree.children[1]).getStop()->getTokenIndex();
    for (std::size_t i = tree.getStart()->getTokenIndex() + 1; i <= end; ++i)
        if (!gap_before(*tokens_.get(i)).comments.empty()) return sequence(all(tree));
    write(first_leaf(tree), "params");
    sequence({tree, 2, tree.children.size()});
}

/// Writes pieces one after the other: a line ends where it does in the source, and where the next piece does not fit.
void Printer::fill(const std::vector<Range>& pieces) {
    const Place outside = place_;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        ParseNode& first = *pieces[i].tree.children[pieces[i].begin];
        const bool last = i + 1 == pieces.size();
        place_.tail = last ? outside.tail : 1;
        if (i > 0) {
            const bool breaks = breaks_before(first);
            if (mode_ == Mode::Flat && breaks) return give_up();
            // Without its comma, which is written before any comment.
            Range words = pieces[i];
            const bool comma = type_of(*words.tree.children[words.end - 1]) == Lexer::COMMA;
            if (comma) --words.end;
            const auto width = mode_ == Mode::Open ? flat_width(words) : std::nullopt;
            const std::size_t after = last ? outside.tail : comma ? 1 : 0;
            const bool over = width && column_of(first) + *width + after > Page::kWidth;
            if (mode_ == Mode::Open && (breaks || over)) page_.line(outside.hang);
        }
        for (std::size_t child = pieces[i].begin; child < pieces[i].end; ++child)
            print(*pieces[i].tree.children[child]);
    }
    place_ = outside;
}

/// `a, b, c`, each with its comma.
void Printer::comma_list(Range range) {
    std::vector<Range> pieces;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        if (type_of(*range.tree.children[i]) == Lexer::COMMA && !pieces.empty())
            pieces.back().end = i + 1;
        else
            pieces.push_back({range.tree, i, i + 1});
    }
    fill(pieces);
}

}  // namespace writ::syntax
