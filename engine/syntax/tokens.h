// ANTLR's types and its token stream. Private to syntax/.
#pragma once

#include <algorithm>
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

/// Whether a word may also be a name.
constexpr bool is_soft(std::size_t type) {
    return type >= Lexer::MODULE && type <= Lexer::SUN;
}
/// Whether a word begins a declaration.
constexpr bool begins_declaration(std::size_t type) {
    return type == Lexer::IMPORT || (type >= Lexer::EXPORT && type <= Lexer::TEST);
}

/// Whether a place is spelled with `tool.params` at its beginning, the place of the parameters in a request. It means
/// the same as `params`, which is the style.
[[nodiscard]] bool has_long_params(Tree::PlaceContext& place);

/// The source as ANTLR's input: bytes, so that its positions are byte offsets.
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

/// The tokens of one declaration at a time, without doc comments; lexical errors are reported and repaired. Uses only
/// the memory for the longest declaration. If nesting gets too deep, it shows the end of the file instead of the
/// token, because the parser recurses once per level.
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

    /// Drops the consumed tokens; the next token gets index 0.
    void start_declaration();
    /// Skips the declaration at index 0, up to the next token that starts a declaration on its own line and is not
    /// further right than the line that failed.
    void skip_declaration();
    /// Returns the last token of the previous declaration to the stream, if it is a keyword that was read as a name:
    /// `deny a when` `deny b …`.
    bool reopen(std::size_t indent);
    /// Where the nesting got too deep, if it did.
    [[nodiscard]] std::optional<Span> too_deep() const;
    /// Whether text at or after this offset was reported as not part of the language.
    [[nodiscard]] bool tainted(std::size_t since) const { return bad_at_ > since; }
    /// The doc comment before the token at this offset.
    [[nodiscard]] std::string doc_before(std::size_t offset) const;
    /// The indentation of the line at this offset.
    [[nodiscard]] std::size_t indent_of(std::size_t offset) const;
    /// Whether only blanks precede this offset on its line.
    [[nodiscard]] bool first_on_line(std::size_t offset) const;
    /// The index of the token at an offset, or the number of fetched tokens.
    [[nodiscard]] std::size_t index_of(Span at) const {
        std::size_t index = 0;
        while (index < tokens_.size() && tokens_[index]->getStartIndex() < at.begin) ++index;
        return index;
    }
    /// The token before the one at `index`, possibly of the previous declaration; null: there is none.
    [[nodiscard]] const antlr4::Token* before(std::size_t index) const {
        return index > 0 ? tokens_[index - 1].get() : previous_.get();
    }
    [[nodiscard]] Span span(const antlr4::Token& token) const;
    /// The text that follows on the same line, from its first letter or sign on.
    [[nodiscard]] std::string_view rest_of_line(Span at) const {
        std::string_view rest = text_.substr(std::min<std::size_t>(at.end, text_.size()));
        rest = rest.substr(0, rest.find('\n'));
        return rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
    }
    [[nodiscard]] std::string_view slice(Span span) const { return text_.substr(span.begin, span.end - span.begin); }

private:
    bool fetch();
    /// Reports an invalid token and gives it the type that was meant. Output: false: drop it.
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
    std::unique_ptr<antlr4::Token> previous_;  ///< the last token of the previous declaration
    std::size_t at_ = 0;
    std::size_t cut_ = kNever;  ///< index of the first token that is too deep
    antlr4::CommonToken cut_token_{antlr4::Token::EOF};
    bool skipping_ = false;   ///< nothing recurses, so any depth is allowed
    std::size_t bad_at_ = 0;  ///< one more than the offset of the last reported text
    std::size_t bad_end_ = kNever;
    std::string pending_doc_;
    std::vector<std::pair<std::size_t, std::string>> docs_;  ///< by offset of the following token
    // The nesting as the grammar recurses: brackets, `<` of types, and quantifiers, which
    // end with the bracket around them.
    std::vector<std::uint32_t> quantifiers_outside_;
    std::uint32_t quantifiers_ = 0;
    std::uint32_t angles_ = 0;
};

/// Receives the tree of each part of a file after it was lowered, before it is destroyed.
class TreeReader {
public:
    virtual ~TreeReader() = default;
    /// Input: the module's name, an import or a declaration; its first token has index 0.
    virtual void read(antlr4::ParserRuleContext& tree, const TokenWindow& tokens) = 0;
};

}  // namespace writ::syntax
