#include "syntax/tokens.h"

#include <algorithm>
#include <iterator>

#include "base/values.h"
#include "syntax/foreign.h"
#include "syntax/literal.h"
#include "syntax/parse.h"

namespace writ::syntax {

using antlr4::Token;

namespace {

/// Whether a token ends an operator that is followed by a pattern.
bool awaits_pattern(std::size_t type) {
    constexpr std::size_t kTokens[] = {
#define TEXT_TEST(name, first, last, spelling, operand) Lexer::last,
#include "base/operators.def"
    };
    return std::find(std::begin(kTokens), std::end(kTokens), type) != std::end(kTokens);
}

}  // namespace

bool has_long_params(Tree::PlaceContext& place) {
    auto* second = place.children.size() > 1 ? dynamic_cast<Tree::StepContext*>(place.children[1]) : nullptr;
    if (second == nullptr || place.name()->getText() != "tool") return false;
    return second->anyName() != nullptr ? second->anyName()->getText() == "params"
                                        : second->STRING()->getText() == "\"params\"";
}

size_t ByteStream::LA(ssize_t k) {
    const std::size_t at = at_ + static_cast<std::size_t>(k > 0 ? k - 1 : k);
    if (at >= text_.size()) return antlr4::IntStream::EOF;
    // The grammar treats all bytes outside ASCII alike. They are shown as DEL, which source text cannot contain, to
    // stay in the part of the alphabet for which ANTLR caches its steps.
    return std::min<size_t>(static_cast<unsigned char>(text_[at]), 0x7F);
}

std::string ByteStream::getText(const antlr4::misc::Interval& range) {
    const auto begin = static_cast<std::size_t>(range.a);
    if (begin >= text_.size() || range.b < range.a) return {};
    return std::string(text_.substr(begin, static_cast<std::size_t>(range.b - range.a) + 1));
}

Token* TokenWindow::LT(ssize_t k) {
    if (k < 0) {
        const auto back = static_cast<std::size_t>(-k);
        return back > at_ ? nullptr : tokens_[at_ - back].get();
    }
    const std::size_t wanted = at_ + static_cast<std::size_t>(k) - 1;
    while (tokens_.size() <= wanted && fetch()) {
    }
    const std::size_t found = std::min(wanted, tokens_.size() - 1);
    return found >= cut_ ? &cut_token_ : tokens_[found].get();
}

/// Output: false at the end of the file.
bool TokenWindow::fetch() {
    if (!tokens_.empty() && tokens_.back()->getType() == Token::EOF) return false;
    for (;;) {
        std::unique_ptr<Token> next = lexer_.nextToken();
        auto& token = static_cast<antlr4::CommonToken&>(*next);
        if (token.getType() == Lexer::DOC) {
            std::string_view line = slice(span(token)).substr(3);
            if (line.starts_with(' ')) line.remove_prefix(1);
            line = line.substr(0, line.find_last_not_of(" \t") + 1);
            if (!pending_doc_.empty()) pending_doc_ += '\n';
            pending_doc_ += line;
            continue;
        }
        if (!mend(token)) continue;
        if (!pending_doc_.empty()) docs_.emplace_back(token.getStartIndex(), std::exchange(pending_doc_, {}));
        token.setTokenIndex(tokens_.size());
        tokens_.push_back(std::move(next));
        count_nesting(tokens_.size() - 1);
        return true;
    }
}

bool TokenWindow::mend(antlr4::CommonToken& token) {
    const Span at = span(token);
    const std::string_view written = slice(at);
    const auto mistake = [&](size_t type, std::string_view meant, std::string help) {
        Diagnostic& d =
            report_.add(Code::SyntaxError, at, "unexpected " + quoted_excerpt(written), {}, std::move(help));
        d.replacement = meant;
        token.setType(type);
        return true;
    };
    const auto malformed = [&](size_t type, const char* what, std::string help) {
        report_.add(Code::MalformedLiteral, at, std::string("malformed ") + what + ' ' + quoted_excerpt(written), {},
                    std::move(help));
        token.setType(type);
        bad_at_ = at.begin + std::size_t{1};
        return true;
    };
    switch (token.getType()) {
        case Lexer::AND_AND: return mistake(Lexer::AND, "and", "join conditions with `and`");
        case Lexer::OR_OR: return mistake(Lexer::OR, "or", "join conditions with `or`");
        case Lexer::BANG: return mistake(Lexer::NOT, "not ", "negate a condition with `not`");
        case Lexer::SINGLE_QUOTED: {
            const std::string body(written.substr(1, written.size() - 2));
            const bool plain = body.find_first_of("\"\\") == std::string::npos;
            mistake(Lexer::STRING, plain ? '"' + body + '"' : "", "write text in double quotes");
            return true;
        }
        case Lexer::UNCLOSED:
            report_.add(Code::NotInLanguage, at, "text without a closing quote", "starts here",
                        "close it with `\"` on the same line");
            token.setType(Lexer::STRING);
            bad_at_ = at.begin + std::size_t{1};
            return true;
        case Lexer::BAD_NUMBER: {
            const char last = written.back();
            if (written.find('.') != std::string_view::npos)
                return malformed(Lexer::DECIMAL, "number", "write a decimal like `500.00`");
            if (written.find('T') == 2)  // the end of a date, and a time
                return malformed(Lexer::INT, "number", "write a moment in double quotes: `\"2026-03-02T17:00:00Z\"`");
            if (written.starts_with("0x") || last == '_' || (last >= '0' && last <= '9'))
                return malformed(Lexer::INT, "number", "write a number like `10_000`");
            return malformed(Lexer::DURATION, "duration", "write a duration like `90s`, `1h30m`, `7d` or `500ms`");
        }
        case Lexer::DURATION:
            if (parse_duration(written)) return true;
            return malformed(Lexer::DURATION, "duration", "write each unit once, the largest first: `1h30m`");
        case Lexer::TIME:
            if (decode_time(written)) return true;
            return malformed(Lexer::TIME, "time of day", "write a time like `09:00`, from `00:00` to `24:00`");
        case Lexer::NON_ASCII:
        case Lexer::BAD: return drop_bad(at);
        default: return true;
    }
}

/// Reports text that is no token; adjacent errors are one error.
bool TokenWindow::drop_bad(Span at) {
    if (at.begin != bad_end_) {
        const std::string_view written = slice(at);
        const bool zone = written == "/" && tokens_.size() > 1 && tokens_.back()->getType() == Lexer::IDENT &&
                          tokens_[tokens_.size() - 2]->getType() == Lexer::TIME;
        const bool pattern = written == "/" && !tokens_.empty() && awaits_pattern(tokens_.back()->getType());
        const std::string_view help = pattern ? "write a pattern in double quotes"
                                      : zone  ? "write a time zone in quotes: `\"Europe/Berlin\"`, `\"UTC\"`"
                                      : written == "/" && first_on_line(at.begin) ? "a comment starts with `//`"
                                                                                  : foreign_sign(written);
        report_.add(Code::NotInLanguage, at, quoted_excerpt(written) + " is not part of the language", {},
                    std::string(help));
    }
    bad_at_ = at.begin + std::size_t{1};
    bad_end_ = at.end;
    return false;
}

void TokenWindow::count_nesting(std::size_t index) {
    const auto type_of = [&](std::size_t back) {
        return back > index ? std::size_t{Lexer::BAD} : tokens_[index - back]->getType();
    };
    const auto before = type_of(1);
    switch (type_of(0)) {
        case Lexer::LBRACE:
        case Lexer::LPAREN:
        case Lexer::LBRACKET: quantifiers_outside_.push_back(quantifiers_); break;
        case Lexer::RBRACE:
        case Lexer::RPAREN:
        case Lexer::RBRACKET:
            if (quantifiers_outside_.empty()) break;
            quantifiers_ = quantifiers_outside_.back();
            quantifiers_outside_.pop_back();
            break;
        case Lexer::LT: {
            const bool type =
                before == Lexer::LIST || before == Lexer::SET || before == Lexer::MAP || before == Lexer::ONE_OR_MANY;
            if (type && type_of(2) != Lexer::DOT) ++angles_;
            break;
        }
        case Lexer::GT:
            if (angles_ > 0) --angles_;
            break;
        case Lexer::ANY:
        case Lexer::ALL:
            if (before != Lexer::DOT) ++quantifiers_;
            break;
        case Lexer::COLON:  // a field called `any`
            if ((before == Lexer::ANY || before == Lexer::ALL) && quantifiers_ > 0) --quantifiers_;
            break;
        default: break;
    }
    if (!skipping_ && cut_ == kNever && quantifiers_outside_.size() + quantifiers_ + angles_ > max_depth_) cut_ = index;
}

void TokenWindow::start_declaration() {
    const std::size_t consumed = std::min(at_, tokens_.size());
    if (consumed > 0) previous_ = std::move(tokens_[consumed - 1]);
    tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(consumed));
    recount();
    LT(1);  // makes sure that there is a first token
    const std::size_t start = tokens_.front()->getStartIndex();
    docs_.erase(docs_.begin(),
                std::find_if(docs_.begin(), docs_.end(), [&](const auto& doc) { return doc.first >= start; }));
}

bool TokenWindow::reopen(std::size_t indent) {
    if (!previous_) return false;
    tokens_.insert(tokens_.begin(), std::move(previous_));
    at_ = 0;
    const bool starts = starts_declaration(indent);
    if (!starts) {
        previous_ = std::move(tokens_.front());
        tokens_.erase(tokens_.begin());
    }
    recount();
    return starts;
}

/// Numbers the tokens from 0 and measures their nesting.
void TokenWindow::recount() {
    at_ = 0;
    cut_ = kNever;
    quantifiers_outside_.clear();
    quantifiers_ = angles_ = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        static_cast<antlr4::CommonToken&>(*tokens_[i]).setTokenIndex(i);
        count_nesting(i);
    }
}

std::size_t TokenWindow::indent_of(std::size_t offset) const {
    const std::size_t line = text_.substr(0, offset).rfind('\n') + 1;
    return std::min(text_.find_first_not_of(" \t", line), offset) - line;
}

bool TokenWindow::first_on_line(std::size_t offset) const {
    const std::size_t line = text_.substr(0, offset).rfind('\n') + 1;
    return text_.find_first_not_of(" \t", line) >= offset;
}

bool TokenWindow::starts_declaration(std::size_t indent) {
    const Token& token = *LT(1);
    const Token& next = *LT(2);
    if (token.getCharPositionInLine() > indent || !first_on_line(token.getStartIndex())) return false;
    if (token.getType() == Lexer::TEST) return next.getType() == Lexer::STRING;
    return begins_declaration(token.getType()) && (next.getType() == Lexer::IDENT || is_soft(next.getType()));
}

void TokenWindow::skip_declaration() {
    at_ = 0;
    cut_ = kNever;
    skipping_ = true;
    const std::size_t indent = indent_of(LT(1)->getStartIndex());
    constexpr std::size_t kKept = 256;  // skipped tokens; few enough to be cheap to move
    while (LT(1)->getType() != Token::EOF) {
        ++at_;
        if (at_ >= kKept) start_declaration();
        if (starts_declaration(indent)) break;
    }
    skipping_ = false;
}

std::optional<Span> TokenWindow::too_deep() const {
    if (cut_ == kNever) return std::nullopt;
    return span(*tokens_[cut_]);
}

std::string TokenWindow::doc_before(std::size_t offset) const {
    const auto doc = std::lower_bound(docs_.begin(), docs_.end(), offset,
                                      [](const auto& entry, std::size_t at) { return entry.first < at; });
    return doc != docs_.end() && doc->first == offset ? doc->second : std::string{};
}

Span TokenWindow::span(const Token& token) const {
    const auto begin = static_cast<std::uint32_t>(token.getStartIndex());
    if (token.getType() == Token::EOF) return {source_, begin, begin};
    return {source_, begin, static_cast<std::uint32_t>(token.getStopIndex() + 1)};
}

std::string dump_tokens(std::string_view text) {
    ByteStream bytes(text);
    Lexer lexer(&bytes);
    std::string out;
    for (auto token = lexer.nextToken(); token->getType() != Token::EOF; token = lexer.nextToken()) {
        out += std::to_string(token->getLine()) + ':' + std::to_string(token->getCharPositionInLine() + 1) + ' ' +
               lexer.getVocabulary().getSymbolicName(token->getType()) + ' ';
        out += text.substr(token->getStartIndex(), token->getStopIndex() + 1 - token->getStartIndex());
        out += '\n';
    }
    return out;
}

}  // namespace writ::syntax
