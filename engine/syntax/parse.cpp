#include "syntax/parse.h"

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <variant>

#include "syntax/foreign.h"
#include "syntax/hints.h"
#include "syntax/literal.h"
#include "syntax/lower.h"

namespace writ::syntax {
namespace {

using antlr4::Token;
using antlr4::misc::IntervalSet;

/// The first syntax error of a declaration.
struct FirstError {
    Token* found;
    IntervalSet expected;
};

/// Ends the parse at the first error; recovery happens per declaration, outside ANTLR. Records which tokens were
/// possible, also in the rules that ended before the token.
class Strategy final : public antlr4::DefaultErrorStrategy {
public:
    void sync(antlr4::Parser* parser) override {
        const auto& atn = parser->getInterpreter<antlr4::atn::ParserATNSimulator>()->atn;
        const IntervalSet& next = atn.nextTokens(atn.states[parser->getState()]);
        Token* token = parser->getTokenStream()->LT(1);
        if (next.contains(token->getType())) return;
        remember(*token);
        passed_.push_back(&next);
        if (!next.contains(Token::EPSILON)) fail(parser);
    }
    antlr4::Token* recoverInline(antlr4::Parser* parser) override {
        fail(parser);
        return nullptr;
    }
    void recover(antlr4::Parser* parser, std::exception_ptr) override { fail(parser); }
    void reportMatch(antlr4::Parser*) override {}
    void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& e) override {
        // The lookahead of a decision failed at a later token than its start.
        const auto* no_way = dynamic_cast<const antlr4::NoViableAltException*>(&e);
        if (no_way == nullptr || no_way->getDeadEndConfigs() == nullptr ||
            no_way->getOffendingToken() == no_way->getStartToken())
            fail(parser);
        FirstError failure{no_way->getOffendingToken(), {}};
        const auto& atn = parser->getInterpreter<antlr4::atn::ParserATNSimulator>()->atn;
        for (const auto& config : no_way->getDeadEndConfigs()->configs)
            failure.expected.addAll(atn.nextTokens(config->state));
        throw failure;
    }

private:
    void remember(const Token& token) {
        if (token.getStartIndex() != at_) passed_.clear();
        at_ = token.getStartIndex();
    }
    [[noreturn]] void fail(antlr4::Parser* parser) {
        Token* token = parser->getTokenStream()->LT(1);
        remember(*token);
        FirstError failure{token, parser->getExpectedTokens()};
        for (const IntervalSet* set : passed_) failure.expected.addAll(*set);
        throw failure;
    }

    std::size_t at_ = std::numeric_limits<std::size_t>::max();
    std::vector<const IntervalSet*> passed_;  ///< owned by the grammar's network, which is never destroyed
};

bool is_keyword(std::size_t type) {
    return type >= Lexer::AND && type <= Lexer::SUN;
}
bool is_hard(std::size_t type) {
    return type >= Lexer::AND && type <= Lexer::SOME;
}

std::string literal_of(const Lexer& lexer, std::size_t type) {
    const std::string quoted = lexer.getVocabulary().getLiteralName(type);
    return quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : quoted;
}

/// The tokens that were possible, in the words of an author. Empty if they would not help.
std::string phrase(const Lexer& lexer, const IntervalSet& expected) {
    const auto has = [&](std::size_t type) { return expected.contains(static_cast<ssize_t>(type)); };
    const bool declaration = has(Lexer::DEFINE) && has(Lexer::INVARIANT) && !has(Lexer::IDENT);
    const bool operation = has(Lexer::STAR) && has(Lexer::PLUS);
    const bool clause = has(Lexer::EXTENDS) && has(Lexer::BECAUSE) && !has(Lexer::IDENT);
    const bool value = has(Lexer::COUNT) && has(Lexer::LPAREN);
    const bool name = has(Lexer::IDENT) && !value;
    std::vector<std::string> words;
    if (value) words.emplace_back(has(Lexer::ANY) ? "a condition" : "a value");
    if (operation) words.emplace_back("an operator");
    if (clause) words.emplace_back("a clause");
    if (name) words.emplace_back("a name");
    const auto covered = [&](std::size_t type) {
        if (value &&
            (type < Lexer::MODULE || type == Lexer::LBRACE || type == Lexer::LPAREN || type == Lexer::LBRACKET ||
             type == Lexer::MINUS || (type >= Lexer::STRING && type <= Lexer::IDENT)))
            return true;
        if (operation &&
            (is_hard(type) || (type >= Lexer::CONTAINS && type <= Lexer::MATCHES) || type == Lexer::LBRACKET ||
             type == Lexer::LPAREN || type == Lexer::DOT || (type >= Lexer::EQ && type <= Lexer::PIPE)))
            return true;
        if (clause && ((type >= Lexer::FOR && type <= Lexer::BECAUSE) || type == Lexer::INT)) return true;
        if ((name || value) && (is_soft(type) || type == Lexer::IDENT)) return true;
        // After a dot, keywords are names too.
        if (name && is_hard(type) && has(Lexer::AND) && has(Lexer::SOME)) return true;
        return declaration && begins_declaration(type);
    };
    for (std::size_t type = Lexer::AND; type <= Lexer::DURATION; ++type) {
        if (!has(type) || covered(type)) continue;
        switch (type) {
            case Lexer::STRING: words.emplace_back("a string"); break;
            case Lexer::INT: words.emplace_back("a whole number"); break;
            case Lexer::DECIMAL: words.emplace_back("a decimal"); break;
            case Lexer::DURATION: words.emplace_back("a duration such as `10m`"); break;
            case Lexer::TIME: words.emplace_back("a time such as `09:00`"); break;
            default: words.push_back('`' + literal_of(lexer, type) + '`'); break;
        }
    }
    if (declaration) words.emplace_back("a declaration");
    constexpr std::size_t kMost = 8;
    const bool more = words.size() > kMost;
    if (more) words.resize(kMost);
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() && !more ? " or " : ", ";
        out += words[i];
    }
    return more ? out + ", …" : out;
}

class Driver {
public:
    Driver(ast::SourceFile& file, std::string_view text, std::uint32_t max_depth, Report& report, TreeReader* reader)
        : file_(file),
          report_(report),
          bytes_(text),
          lexer_(&bytes_),
          tokens_(lexer_, file.source, text, max_depth, report),
          parser_(&tokens_),
          lowering_(file, tokens_, max_depth, report),
          reader_(reader) {
        lexer_.removeErrorListeners();
        parser_.removeErrorListeners();
        parser_.setErrorHandler(std::make_shared<Strategy>());
        for (const antlr4::atn::ATNState* state : parser_.getATN().states) {
            if (state == nullptr || state->ruleIndex != Tree::RuleFile || state->transitions.empty()) continue;
            const antlr4::atn::Transition& step = *state->transitions.front();
            if (step.getSerializationType() == antlr4::atn::Transition::RULE)
                calls_[step.target->ruleIndex] = state->stateNumber;
        }
    }

    void run() {
        bool at_start = true;
        while (!report_.full()) {
            tokens_.start_declaration();
            const std::size_t first = tokens_.LA(1);
            if (first == Token::EOF && !tokens_.too_deep()) return;
            if (first == Lexer::MODULE && at_start) {
                one(Tree::RuleModuleDecl, &Tree::moduleDecl, &TreeLowering::module_decl);
            } else if (first == Lexer::IMPORT && file_.decls.empty()) {
                one(Tree::RuleImportDecl, &Tree::importDecl, &TreeLowering::import_decl);
            } else {
                one(Tree::RuleDeclaration, &Tree::declaration, &TreeLowering::declaration);
            }
            at_start = false;
        }
    }

private:
    template <class Context>
    void one(std::size_t index, Context* (Tree::*rule)(), void (TreeLowering::*lower)(Context&)) {
        using antlr4::atn::PredictionMode;
        for (const PredictionMode mode : {PredictionMode::SLL, PredictionMode::LL}) {
            parser_.reset();  // destroys the previous tree, and returns to token 0
            parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
            // As if called by `file`, so that every prediction includes what may follow.
            file_tree_.children.clear();
            parser_.setContext(&file_tree_);
            parser_.setState(calls_[index]);
            try {
                Context* tree = (parser_.*rule)();
                (lowering_.*lower)(*tree);
                last_ = declared();
                if (reader_ != nullptr && report_.error_count() == 0) reader_->read(*tree, tokens_);
                return;
            } catch (const FirstError& failure) {
                if (mode == PredictionMode::LL) fail(failure);
            }
        }
    }

    void fail(const FirstError& failure) {
        const Span at = tokens_.span(*failure.found);
        const bool first = failure.found->getTokenIndex() == 0;
        const bool apart = first && stands_apart(at);
        if (first && !file_.decls.empty()) {
            const std::uint32_t before = file_.decls.back().span.begin;
            if (tokens_.reopen(tokens_.indent_of(before))) {
                drop_last();
                if (!tokens_.tainted(before)) incomplete();
                return;
            }
        }
        const std::optional<Span> deep = tokens_.too_deep();
        const std::uint32_t start = tokens_.span(*tokens_.get(0)).begin;
        const bool tainted = tokens_.tainted(start - tokens_.get(0)->getCharPositionInLine());
        const std::size_t type = failure.found->getType();
        const std::string expected = apart ? "a declaration" : phrase(lexer_, failure.expected);
        const std::string found = type == Token::EOF ? "the end of the file" : quoted_excerpt(tokens_.slice(at));
        std::string replacement;
        std::string help = advice(type, at, failure.expected, first, replacement);
        // Text that follows a declaration and starts none was meant as a part of it, unless it stands apart.
        if (!file_.decls.empty() && ((first && !apart) || ended_at_name() != nullptr)) drop_last();
        if (const auto name = declared()) file_.broken.push_back(*name);
        tokens_.skip_declaration();
        if (deep) {
            report_.add(Code::NestingTooDeep, *deep, "nesting is too deep", "one level too many",
                        "reduce the nesting; parts of an expression can be named with `define`");
        } else if (!tainted && tokens_.span(*tokens_.LT(1)).begin < at.begin) {
            // The first words of the next declaration were read as part of this one.
            incomplete();
        } else if (!tainted) {
            std::string message =
                expected.empty() ? "unexpected " + found : "expected " + expected + ", found " + found;
            Diagnostic& d = report_.add(Code::SyntaxError, at, std::move(message), {}, std::move(help));
            d.replacement = std::move(replacement);
        }
    }

    /// The name that the declaration at index 0 gives, or would give without the error.
    [[nodiscard]] std::optional<ast::BrokenDecl> declared() {
        std::size_t at = tokens_.get(0)->getType() == Lexer::EXPORT ? 1 : 0;
        if (at >= tokens_.size()) return {};
        const std::size_t word = tokens_.get(at)->getType();
        if (word < Lexer::CLAIMS || word > Lexer::FIXTURE) return {};
        if (word != Lexer::TIER) ++at;
        if (at >= tokens_.size()) return {};
        const Token& name = *tokens_.get(at);
        if (name.getType() != Lexer::IDENT && !is_keyword(name.getType())) return {};
        return ast::BrokenDecl{tokens_.slice(tokens_.span(name)), word == Lexer::TOOL};
    }

    /// Removes the last declaration, because the text after it shows that it is wrong.
    void drop_last() {
        file_.decls.pop_back();
        if (last_) file_.broken.push_back(*last_);
    }

    void incomplete() {
        report_.add(Code::SyntaxError, tokens_.span(*tokens_.LT(1)), "the declaration before this one is not complete",
                    "a new declaration starts here");
    }

    /// Whether text between declarations is on its own line, like a declaration.
    [[nodiscard]] bool stands_apart(Span at) const {
        return file_.decls.empty() || (tokens_.first_on_line(at.begin) &&
                                       tokens_.indent_of(at.begin) <= tokens_.indent_of(file_.decls.back().span.begin));
    }

    std::string advice(std::size_t type, Span at, const IntervalSet& expected, bool first, std::string& replacement) {
        const auto could_be = [&](std::size_t t) { return expected.contains(static_cast<ssize_t>(t)); };
        const std::string_view found = tokens_.slice(at);
        const Token* previous = tokens_.before(tokens_.index_of(at));
        const std::size_t before = previous == nullptr ? std::size_t{Lexer::BAD} : previous->getType();
        if (first && type == Lexer::IMPORT) return "put imports before the first declaration";
        if (first && type == Lexer::MODULE) return "`module` must come first in a file";
        if (const auto* fixture = first ? last_fixture() : nullptr; fixture != nullptr) {
            if (type == Lexer::AND && !fixture->changes.empty()) {
                replacement = ",";
                return "write `,` between them";
            }
        }
        if (auto nameless = missing_name(type, at, first); !nameless.empty()) return nameless;
        const bool effect = could_be(Lexer::PERMIT) && could_be(Lexer::NEEDS_APPROVAL);
        const Foreign* foreign =
            (first && stands_apart(at)) || effect ? foreign_declaration(found) : foreign_word(found);
        if (effect && foreign != nullptr && foreign->replacement == "deny" && !could_be(Lexer::DENY)) foreign = nullptr;
        // `exists x in xs`: the first word was read as a name.
        if (foreign == nullptr && type == Lexer::IDENT && before == Lexer::IDENT)
            if (const auto* earlier = foreign_word(tokens_.slice(tokens_.span(*previous))); earlier != nullptr)
                return std::string(earlier->help);
        if (foreign != nullptr && (foreign->replacement == "permit" || foreign->replacement == "deny") && !effect &&
            !name_follows(at))
            return std::string(foreign->help) + ": `" +
                   std::string(skeleton(foreign->replacement == "permit" ? Lexer::PERMIT : Lexer::DENY)) + "`";
        if (foreign != nullptr && foreign->replacement == "when" && tokens_.rest_of_line(at).starts_with("{"))
            return "a condition starts with `when`, and has no braces around it";
        if (foreign != nullptr) {
            const bool twice = foreign->replacement == "when" && has_condition(first);
            if (!twice) replacement = foreign->replacement;
            return twice ? "the rule already has a condition: join conditions with `and`" : std::string(foreign->help);
        }
        if (auto hint = hint_at({tokens_, at, type, expected}); !hint.help.empty()) {
            replacement = std::move(hint.replacement);
            return std::move(hint.help);
        }
        if (auto sign = sign_advice(type, at, before, first, expected, replacement); !sign.empty()) return sign;
        if (is_hard(type) && could_be(Lexer::IDENT) && !could_be(type))
            return quoted_excerpt(found) + " is a keyword and cannot be a name here";
        if (type == Lexer::IDENT || is_keyword(type)) {
            std::vector<std::string> words;
            for (std::size_t t = Lexer::AND; t <= Lexer::SUN; ++t)
                if (could_be(t) && !(could_be(Lexer::IDENT) && is_soft(t))) words.push_back(literal_of(lexer_, t));
            replacement = nearest(found, {words.begin(), words.end()});
            if (!replacement.empty()) return "did you mean `" + replacement + "`?";
        }
        const bool operand = type == Lexer::IDENT || is_soft(type) || type == Lexer::NOT || type == Lexer::ANY ||
                             type == Lexer::ALL || type == Lexer::COUNT || type == Lexer::LPAREN;
        const auto* rule = file_.decls.empty() ? nullptr : std::get_if<ast::RuleDecl>(&file_.decls.back().node);
        if (first && operand && rule != nullptr && rule->when == nullptr) return "a condition starts with `when`";
        if (first && rule != nullptr && rule->kind == RuleKind::Oblige && rule->obligations.empty())
            return "write the obligations of an `oblige` rule after `with`";
        return {};
    }

    /// The previous declaration, if it is a fixture.
    [[nodiscard]] const ast::FixtureDecl* last_fixture() const {
        return file_.decls.empty() ? nullptr : std::get_if<ast::FixtureDecl>(&file_.decls.back().node);
    }

    /// Whether a rule's name follows: a word, but not the `if` of `allow if { … }`.
    [[nodiscard]] bool name_follows(Span at) const {
        const std::string_view rest = tokens_.rest_of_line(at);
        const std::string_view word = rest.substr(0, rest.find_first_of(" \t({:="));
        return !word.empty() && word != "if" && word != "when" && word != "unless";
    }

    /// The shortest rule of a kind, as text.
    [[nodiscard]] static std::string_view skeleton(std::size_t word) {
        switch (word) {
            case Lexer::PERMIT: return "permit NAME for tool TOOL when … grant { \"SCOPE\" } for 5m";
            case Lexer::REQUIRE: return "require NAME when … approval from group \"…\" within 15m";
            case Lexer::LIMIT: return "limit NAME when … to ttl 5m";
            case Lexer::OBLIGE: return "oblige NAME when … with OBLIGATION";
            default: return "deny NAME when …";
        }
    }

    /// Help for a rule or another declaration that lacks a valid name.
    std::string missing_name(std::size_t type, Span at, bool first) const {
        const std::size_t index = tokens_.index_of(at);
        const std::size_t start = !first && tokens_.get(0)->getType() == Lexer::EXPORT ? 1 : 0;
        std::size_t word = tokens_.get(std::min(start, index))->getType();
        std::string_view name;
        if (const auto* rule = ended_at_name(); rule != nullptr) {
            // `permit when x`: `when` was read as the name, and the rule ended there.
            name = rule->name.text;
            word = Lexer::PERMIT + static_cast<std::size_t>(rule->kind);
        } else if (index == start + 2) {
            name = tokens_.slice(tokens_.span(*tokens_.get(start + 1)));
        }
        const bool is_rule = word >= Lexer::PERMIT && word <= Lexer::OBLIGE;
        const std::string write = "the rule has no name: write `" + literal_of(lexer_, word) + " NAME ";
        if (is_rule)
            for (const std::string_view clause :
                 {"when", "for", "grant", "because", "to", "with", "approval", "extends"})
                if (name == clause) return write + std::string(clause) + " …`";
        if (is_rule && (name == "if" || (type == Lexer::LPAREN && index == start + 1)))
            return "the rule has no name: write `" + std::string(skeleton(word)) + "`";
        if (ended_at_name() != nullptr && tokens_.get(0)->getType() == Lexer::TOOL && !first)
            return "name the tools of a rule with `for tool`";
        if (!name.empty() && type == Lexer::MINUS) return "a name consists of letters, digits and `_`";
        if (first || index != start + 1 || word < Lexer::SCHEMA || word > Lexer::FIXTURE) return {};
        if (type == Lexer::STRING) return "write a name without quotes; it consists of letters, digits and `_`";
        return is_rule ? write + "…`" : std::string();
    }

    /// The previous declaration, if it is a rule that ended with its name and is not separated from the following text.
    [[nodiscard]] const ast::RuleDecl* ended_at_name() const {
        const auto* rule = file_.decls.empty() ? nullptr : std::get_if<ast::RuleDecl>(&file_.decls.back().node);
        if (rule == nullptr || stands_apart(tokens_.span(*tokens_.get(0)))) return nullptr;
        return file_.decls.back().span.end == rule->name.span.end ? rule : nullptr;
    }

    /// Whether the current rule, or the previous one to which the found text belongs, has a `when`.
    [[nodiscard]] bool has_condition(bool first) {
        const auto* rule = file_.decls.empty() ? nullptr : std::get_if<ast::RuleDecl>(&file_.decls.back().node);
        if (first) return rule != nullptr && rule->when != nullptr;
        for (std::size_t i = 0; i < tokens_.index(); ++i)
            if (tokens_.get(i)->getType() == Lexer::WHEN) return true;
        return false;
    }

    /// Whether a place follows `count(NAME`.
    [[nodiscard]] bool counts(Span at) const {
        const std::size_t index = tokens_.index_of(at);
        return index >= 3 && tokens_.get(index - 2)->getType() == Lexer::LPAREN &&
               tokens_.get(index - 3)->getType() == Lexer::COUNT;
    }

    /// Help for a sign, or a word after one, that other languages use there.
    std::string sign_advice(std::size_t type, Span at, std::size_t before, bool first, const IntervalSet& expected,
                            std::string& replacement) const {
        const auto could_be = [&](std::size_t t) { return expected.contains(static_cast<ssize_t>(t)); };
        const std::string_view found = tokens_.slice(at);
        if (could_be(Lexer::ASSIGN) && type == Lexer::EQ) {
            replacement = "=";
            return "`=` declares, `==` compares";
        }
        if (type == Lexer::ASSIGN && before == Lexer::EQ) return "compare with `==`";
        if (type == Lexer::ASSIGN && before == Lexer::NE) return "compare with `!=`";
        if (type == Lexer::GT && before == Lexer::LT) return "compare with `!=`";
        if (type == Lexer::GT && before == Lexer::ASSIGN)
            return "write the effect of a rule after its condition, without an arrow";
        if ((type == Lexer::COLON || type == Lexer::ASSIGN) && !could_be(Lexer::COLON) && !could_be(Lexer::ASSIGN) &&
            is_keyword(before))
            return "write the declaration without `" + std::string(found) + "` here";
        if (type == Lexer::COLON && before == Lexer::IDENT && tokens_.rest_of_line(at).starts_with(":"))
            return "there are no entities: compare text with text, as in `agent.id == \"a\"` or `user.roles contains "
                   "\"a\"`";
        if (type == Lexer::SOME && could_be(Lexer::ANY)) {
            std::string_view inside = tokens_.rest_of_line(at);
            inside = inside.substr(0, inside.find_first_of("{:;"));
            inside = inside.substr(0, inside.find_last_not_of(" \t") + 1);
            constexpr std::size_t kMost = 60;
            const bool shown = inside.size() <= kMost && inside.find(" in ") != std::string_view::npos;
            return "write `any " + std::string(shown ? inside : "x in xs") + ": …`";
        }
        if (type == Lexer::LBRACKET && (could_be(Lexer::SET) || could_be(Lexer::MAX)))
            return "a type with many values is `set<string>` or `list<string>`";
        if (type == Lexer::LBRACKET && could_be(Lexer::LBRACE)) return "write this in braces: `{ … }`";
        if (type == Lexer::LBRACE && before == Lexer::SCOPES)
            return "write all scopes of a grant in one list: `grant { \"…\" } for 5m`";
        if (type == Lexer::LBRACE && !could_be(Lexer::LBRACE) && could_be(Lexer::WHEN) && !could_be(Lexer::IDENT))
            return "a rule has no braces: its clauses follow its name";
        if (type == Lexer::TIME && could_be(Lexer::LBRACE))
            return "write times of day as a window: `now in 09:00..17:00 \"UTC\"`";
        if (type == Lexer::DOTDOT) return "write a window with minutes and a zone: `now in 09:00..17:00 \"UTC\"`";
        if (before == Lexer::INT && (type == Lexer::IDENT || could_be(Lexer::DURATION)))
            return "write a duration like `90s`, `5m` or `1h30m`";
        if (type == Lexer::INT && could_be(Lexer::DURATION) && !could_be(Lexer::INT))
            return "write a duration like `90s`, `5m` or `1h30m`";
        if (could_be(Lexer::FOR) && before == Lexer::RBRACE &&
            (found == "ttl" || found == "within" || found == "expires")) {
            replacement = "for";
            return "write the lifetime of a grant after `for`";
        }
        if (could_be(Lexer::TO) &&
            (type == Lexer::TTL || type == Lexer::SCOPES || type == Lexer::AUDIENCE || type == Lexer::SINGLE_USE)) {
            replacement = "to " + std::string(found);
            return "write what a limit restricts after `to`";
        }
        if (type == Lexer::COMMA && (before == Lexer::INT || before == Lexer::DECIMAL))
            return "write a number like `10_000` or `0.50`";
        if (type == Lexer::COMMA && first && !file_.decls.empty() &&
            std::holds_alternative<ast::EnumDecl>(file_.decls.back().node))
            return "separate members with `|`, or with `<` if they are ordered";
        if (type == Lexer::COMMA && could_be(Lexer::RBRACE))
            return "write the items one after the other, without commas";
        if (type == Lexer::LPAREN && (before == Lexer::ANY || before == Lexer::ALL))
            return "write `" + literal_of(lexer_, before) + " x in xs: …`";
        if (type != Lexer::IN && could_be(Lexer::IN) && counts(at)) return "write `count(x in xs: …)`";
        if (type == Lexer::STRING && before == Lexer::ASSIGN && (could_be(Lexer::CSV) || could_be(Lexer::JSON))) {
            const bool csv = could_be(Lexer::CSV) && found.ends_with(".csv\"");
            replacement = (csv ? "csv " : "json ") + std::string(found);
            return "write the format before the file";
        }
        if (type == Lexer::STRING && before == Lexer::TOOL)
            return "write a tool's name without quotes, as the policy declares it";
        if (type == Lexer::STRING && before == Lexer::LPAREN && could_be(Lexer::IDENT))
            return "an argument has a name: `level: " + std::string(found) + "`";
        if (before == Lexer::FOR && could_be(Lexer::TOOL) && type == Lexer::IDENT &&
            nearest(found, {"tool", "each"}).empty()) {
            replacement = "tool " + std::string(found);
            return "write `for tool NAME`";
        }
        if (before == Lexer::FOR && could_be(Lexer::TOOL) && type == Lexer::DURATION)
            return "write the lifetime in the grant: `grant { \"…\" } for 5m`";
        if (type == Lexer::MINUS &&
            (before == Lexer::TIME || (before >= Lexer::MON && before <= Lexer::SUN && could_be(Lexer::DOTDOT)))) {
            replacement = "..";
            return "write a range with `..`";
        }
        if (type == Lexer::COLON && could_be(Lexer::ASSIGN)) {
            replacement = " =";
            return "assign a value with `=`";
        }
        if (type == Lexer::COLON && could_be(Lexer::WHEN)) return "a condition starts with `when`";
        if (before == Lexer::APPROVAL || before == Lexer::APPROVALS ||
            (before == Lexer::FROM && could_be(Lexer::GROUP)))
            return "name the approvers: `approval from group \"…\" within 15m`";
        if (could_be(Lexer::NEVER) && !could_be(Lexer::IDENT))
            return "an invariant states what must never happen: `never permit when …`";
        if (could_be(Lexer::STRING) && (type == Lexer::IDENT || is_hard(type)) && !could_be(Lexer::IDENT))
            return "write text in double quotes";
        return {};
    }

    ast::SourceFile& file_;
    Report& report_;
    ByteStream bytes_;
    Lexer lexer_;
    TokenWindow tokens_;
    Tree parser_;
    Tree::FileContext file_tree_{nullptr, antlr4::atn::ATNState::INVALID_STATE_NUMBER};
    std::array<std::size_t, Tree::RuleDeclaration + 1> calls_{};  ///< where `file` calls each rule
    TreeLowering lowering_;
    TreeReader* reader_;
    std::optional<ast::BrokenDecl> last_;  ///< what the last declaration declares
};

}  // namespace

ast::SourceFile parse(std::uint32_t source, std::string_view text, std::uint32_t max_depth, Report& report,
                      TreeReader* reader) {
    ast::SourceFile file;
    file.source = source;
    file.unread = !check_text(source, text, report);
    if (file.unread) return file;
    try {
        Driver(file, text, max_depth, report, reader).run();
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& e) {
        report.add(Code::SyntaxError, {source, 0, 0}, std::string("the parser failed: ") + e.what());
    }
    return file;
}

}  // namespace writ::syntax
