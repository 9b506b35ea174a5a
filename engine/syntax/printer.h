// Writes parse trees to a page. It uses the grammar's contexts and the style (docs/style.md).
// It writes all tokens of a tree in order, and adds or removes only optional commas, so that no construct is lost. The
// one spelling that it changes is `tool.params` in a place. Private to syntax/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "syntax/page.h"
#include "syntax/tokens.h"

namespace writ::syntax {

class Printer {
public:
    using ParseNode = antlr4::tree::ParseTree;
    using RuleNode = antlr4::ParserRuleContext;

    explicit Printer(const TokenWindow& tokens) : Printer(tokens, Mode::Open) {}

    /// Writes a declaration, an import or the module's name, without the comments before its first token.
    void part(RuleNode& tree) { print(tree); }
    [[nodiscard]] const std::string& text() const { return page_.text(); }

private:
    /// Open: breaks lines where necessary and where the source does. Flat: everything on one line; gives up if the
    /// source breaks the line or a comment is in the way. Joined: everything on one line.
    enum class Mode : std::uint8_t { Open, Flat, Joined };
    /// Indentation state; saved and restored around parts.
    struct Place {
        std::size_t indent = 0;  ///< of the line that a block in braces belongs to
        std::size_t hang = 2;    ///< where text that does not fit continues
        bool outdented = false;  ///< `and` and `or` are left of `hang`, their operands at it
        std::size_t tail = 0;    ///< columns that must stay free on the line for what follows
    };
    struct Range {
        RuleNode& tree;
        std::size_t begin, end;  ///< children
    };
    /// The separator between the items of a block.
    enum class Between : std::uint8_t { Blanks, Commas, CommasToTheEnd };

    Printer(const TokenWindow& tokens, Mode mode) : tokens_(tokens), mode_(mode) {}

    // printer.cpp: common parts
    void print(ParseNode& node);
    void print_at(ParseNode& node, Place place);
    void sequence(Range range);
    void leaf(antlr4::tree::TerminalNode& node);
    void write(antlr4::tree::TerminalNode& node, std::string_view text);
    void comma(antlr4::tree::TerminalNode& node);
    void drop(antlr4::tree::TerminalNode& node);
    void block(Range range, Between between);
    void fill(const std::vector<Range>& pieces);
    void comma_list(Range range);
    void broken(RuleNode& tree);
    void place(RuleNode& tree);

    // printer_expr.cpp
    void condition(RuleNode& tree);
    void split(Range range, std::vector<bool>& breaks);
    void quantified(RuleNode& tree);
    void primary(RuleNode& tree);
    void in_parentheses(Range range);

    // printer_decl.cpp
    void rule(RuleNode& tree);
    void clause(RuleNode& tree);
    void define(RuleNode& tree);
    void invariant(RuleNode& tree);
    void enumeration(RuleNode& tree);
    void fixture(RuleNode& tree);
    void changes(RuleNode& tree, std::size_t first, std::size_t indent);
    void test(RuleNode& tree);
    void cases(RuleNode& tree);
    void item(RuleNode& tree);

    [[nodiscard]] Range all(RuleNode& tree) const { return {tree, 0, tree.children.size()}; }
    [[nodiscard]] Gap gap_before(const antlr4::Token& token) const;
    [[nodiscard]] bool breaks_before(ParseNode& node) const;
    /// Whether a tree is on one line of the source, without comments inside.
    [[nodiscard]] bool on_one_line(RuleNode& tree) const;
    /// Columns of the children on one line; none if they do not fit there.
    [[nodiscard]] std::optional<std::size_t> flat_width(Range range) const;
    [[nodiscard]] bool fits(RuleNode& tree, std::size_t column, std::size_t tail) const;
    [[nodiscard]] bool fits(Range range, std::size_t column, std::size_t tail) const;
    [[nodiscard]] std::size_t column_of(ParseNode& node) const;
    [[nodiscard]] std::string joined(Range range) const;
    void give_up() { given_up_ = true; }

    const TokenWindow& tokens_;
    Page page_;
    Mode mode_;
    Place place_;
    bool given_up_ = false;
    bool entering_ = false;  ///< the next token is the first of a flat part; comments before it are outside the part
    antlr4::tree::TerminalNode* last_ = nullptr;
    std::vector<Comment> carried_;  ///< comments before a comma, which are written before its token
    std::size_t apart_ = 0;         ///< blanks before the next token, if more than usual
};

}  // namespace writ::syntax
