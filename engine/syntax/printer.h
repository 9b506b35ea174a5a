// The private side of the formatter: parse trees onto a page. Knows the grammar's contexts and the style
// (docs/style.md), not what anything means. It writes the tokens of a tree in their order and adds and drops
// nothing but commas that the grammar leaves open, so that no construct can get lost.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "syntax/page.h"
#include "syntax/tokens.h"

namespace writ::syntax {

class Printer {
public:
    using Node = antlr4::tree::ParseTree;
    using Rule = antlr4::ParserRuleContext;

    explicit Printer(const TokenWindow& tokens) : Printer(tokens, Mode::Open) {}

    /// Writes a declaration, an import or the module's name; not the comments before its first token.
    void part(Rule& tree) { print(tree); }
    [[nodiscard]] const std::string& text() const { return page_.text(); }

private:
    /// Open: lines are broken where they must be and where the source has it. Flat: all on one line, and
    /// given up if the source has it otherwise or a comment is in the way. Joined: all on one line.
    enum class Mode : std::uint8_t { Open, Flat, Joined };
    /// What an indentation is for; saved and restored around parts.
    struct Place {
        std::size_t indent = 0;  ///< of the line that a block of braces belongs to
        std::size_t hang = 2;    ///< where text goes on that does not fit
        bool outdented = false;  ///< `and` and `or` stand left of `hang`, their operands at it
        std::size_t tail = 0;    ///< columns needed on the line for what follows
    };
    struct Range {
        Rule& tree;
        std::size_t begin, end;  ///< children
    };
    /// What stands between the items of a block.
    enum class Between : std::uint8_t { Blanks, Commas, CommasToTheEnd };

    Printer(const TokenWindow& tokens, Mode mode) : tokens_(tokens), mode_(mode) {}

    // printer.cpp: what is the same everywhere
    void print(Node& node);
    void print_at(Node& node, Place place);
    void sequence(Range range);
    void leaf(antlr4::tree::TerminalNode& node);
    void comma(antlr4::tree::TerminalNode& node);
    void drop(antlr4::tree::TerminalNode& node);
    void block(Range range, Between between);
    void fill(const std::vector<Range>& pieces);
    void comma_list(Range range);
    void broken(Rule& tree);

    // printer_expr.cpp
    void condition(Rule& tree);
    void split(Range range, std::vector<bool>& breaks);
    void quantified(Rule& tree);
    void primary(Rule& tree);
    void in_parentheses(Range range);

    // printer_decl.cpp
    void rule(Rule& tree);
    void clause(Rule& tree);
    void define(Rule& tree);
    void invariant(Rule& tree);
    void enumeration(Rule& tree);
    void fixture(Rule& tree);
    void changes(Rule& tree, std::size_t first, std::size_t indent);
    void test(Rule& tree);
    void cases(Rule& tree);
    void item(Rule& tree);

    [[nodiscard]] Range all(Rule& tree) const { return {tree, 0, tree.children.size()}; }
    [[nodiscard]] Gap gap_before(const antlr4::Token& token) const;
    [[nodiscard]] bool breaks_before(Node& node) const;
    /// Whether a tree stands on one line of the source, without comments inside.
    [[nodiscard]] bool on_one_line(Rule& tree) const;
    /// Columns of children on one line; nothing if they cannot be there.
    [[nodiscard]] std::optional<std::size_t> flat_width(Range range) const;
    [[nodiscard]] bool fits(Rule& tree, std::size_t column, std::size_t tail) const;
    [[nodiscard]] bool fits(Range range, std::size_t column, std::size_t tail) const;
    [[nodiscard]] std::size_t column_of(Node& node) const;
    [[nodiscard]] std::string joined(Range range) const;
    void give_up() { given_up_ = true; }

    const TokenWindow& tokens_;
    Page page_;
    Mode mode_;
    Place place_;
    bool given_up_ = false;
    bool entering_ = false;  ///< the next token is the first of a flat part: what stands before it is outside
    antlr4::tree::TerminalNode* last_ = nullptr;
    std::vector<Comment> carried_;  ///< comments before a comma that is written before them
    std::size_t apart_ = 0;         ///< blanks before the next token, if more than usual
};

}  // namespace writ::syntax
