// The private side of the parser: ANTLR's types and the tokens it is fed. Included by the sources of
// this folder that need it and by nothing else.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <WritLexer.h>
#include <WritParser.h>

#include "base/report.h"

namespace writ::syntax {

using Lexer = grammar::WritLexer;
using Tree = grammar::WritParser;

/// The source as ANTLR reads it: bytes, so that its positions are ours.
class ByteStream final : public antlr4::CharStream {
public:
    explicit ByteStream(std::string_view text) : text_(text) {}
    void consume() override { ++at_; }
    size_t LA(ssize_t k) override;
    ssize_t mark() override { return 0; }
    void release(ssize_t) override {}
    size_t index() override { return at_; }
    void seek(size_t index) override { at_ = index; }
    size_t size() override { return text_.size(); }
    std::string getSourceName() const override { return {}; }
    std::string getText(const antlr4::misc::Interval& range) override;
    std::string toString() const override { return std::string(text_); }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

/// The tokens of one declaration at a time, without doc comments and with lexical mistakes reported
/// and mended. Memory is that of the longest declaration. Refuses to show a token that would nest
/// deeper than allowed: the parser recurses once a level, so it sees the end of the file instead.
class TokenWindow final : public antlr4::TokenStream {
public:
    TokenWindow(Lexer& lexer, std::uint32_t source, std::string_view text, std::uint32_t max_depth, Report& report)
        : lexer_(lexer), source_(source), text_(text), max_depth_(max_depth), report_(report) {}

    void consume() override { ++at_; }
    size_t LA(ssize_t k) override { return LT(k)->getType(); }
    antlr4::Token* LT(ssize_t k) override;
    antlr4::Token* get(size_t index) const override { return tokens_[index].get(); }
    ssize_t mark() override { return 0; }
    void release(ssize_t) override {}
    size_t index() override { return at_; }
    void seek(size_t index) override { at_ = index; }
    size_t size() override { return tokens_.size(); }
    std::string getSourceName() const override { return {}; }
    antlr4::TokenSource* getTokenSource() const override { return &lexer_; }
    std::string getText(const antlr4::misc::Interval&) override { return {}; }
    std::string getText() override { return {}; }
    std::string getText(antlr4::RuleContext*) override { return {}; }
    std::string getText(antlr4::Token*, antlr4::Token*) override { return {}; }

    /// Forgets what was consumed; the next token gets index 0.
    void start_declaration();
    /// Gives up the declaration at index 0 and moves to the next token that starts one on its own
    /// line, not further right than the line that failed.
    void skip_declaration();
    /// Puts back the last token of the declaration before, if it is the first word of a declaration
    /// that was taken for a name: `deny a when` `deny b …`.
    bool reopen(std::size_t indent);
    /// Where the nesting got too deep, if it did.
    [[nodiscard]] std::optional<Span> too_deep() const;
    /// Whether text from this offset on was reported as no part of the language.
    [[nodiscard]] bool tainted(std::size_t since) const { return bad_at_ > since; }
    /// The doc comment before the token at this offset.
    [[nodiscard]] std::string doc_before(std::size_t offset) const;
    /// How far in the line of this offset starts.
    [[nodiscard]] std::size_t indent_of(std::size_t offset) const;
    /// Whether only blanks stand before this offset on its line.
    [[nodiscard]] bool first_on_line(std::size_t offset) const;
    /// Which token starts at a place, or the number of tokens that were fetched.
    [[nodiscard]] std::size_t index_of(Span at) const {
        std::size_t index = 0;
        while (index < tokens_.size() && tokens_[index]->getStartIndex() < at.begin) ++index;
        return index;
    }
    /// The token before the one at `index`, which may be of the declaration before. Null: there is none.
    [[nodiscard]] const antlr4::Token* before(std::size_t index) const {
        return index > 0 ? tokens_[index - 1].get() : previous_.get();
    }
    [[nodiscard]] Span span(const antlr4::Token& token) const;
    [[nodiscard]] std::string_view slice(Span span) const { return text_.substr(span.begin, span.end - span.begin); }

private:
    bool fetch();
    /// Reports what is wrong with a token and gives it the type that was meant. False: drop it.
    bool mend(antlr4::CommonToken& token);
    bool drop_bad(Span span);
    void count_nesting(std::size_t index);
    void recount();
    [[nodiscard]] bool starts_declaration(std::size_t indent);

    static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
    Lexer& lexer_;
    std::uint32_t source_;
    std::string_view text_;
    std::uint32_t max_depth_;
    Report& report_;
    std::vector<std::unique_ptr<antlr4::Token>> tokens_;
    std::unique_ptr<antlr4::Token> previous_;  ///< last of the declaration before
    std::size_t at_ = 0;
    std::size_t cut_ = kNever;  ///< index of the first token that is too deep
    antlr4::CommonToken cut_token_{antlr4::Token::EOF};
    bool skipping_ = false;   ///< nothing recurses: any depth will do
    std::size_t bad_at_ = 0;  ///< one after the offset of the last reported text
    std::size_t bad_end_ = kNever;
    std::string pending_doc_;
    std::vector<std::pair<std::size_t, std::string>> docs_;  ///< by offset of the token they precede
    // Nesting, as the grammar recurses: brackets, `<` of types, and quantifiers, which end with
    // the bracket around them.
    std::vector<std::uint32_t> quantifiers_outside_;
    std::uint32_t quantifiers_ = 0;
    std::uint32_t angles_ = 0;
};

/// Sees the tree of each part of a file, after it was lowered and before it is gone.
class TreeReader {
public:
    virtual ~TreeReader() = default;
    /// Input: the module's name, an import or a declaration; its first token has index 0.
    virtual void read(antlr4::ParserRuleContext& tree, const TokenWindow& tokens) = 0;
};

}  // namespace writ::syntax
