#include "syntax/hints.h"

#include <algorithm>

#include "base/report.h"
#include "syntax/foreign.h"

namespace writ::syntax {
namespace {

bool is_word(std::size_t type) {
    return type == Lexer::IDENT || (type >= Lexer::AND && type <= Lexer::SUN);
}

bool opens(std::size_t type) {
    return type == Lexer::LBRACE || type == Lexer::LBRACKET;
}

/// An error place, with the questions that the hints ask.
class Neighbours {
public:
    explicit Neighbours(const ErrorPlace& place) : place_(place), index_(place.tokens.index_of(place.at)) {
        start_ = index_ > 0 && place.tokens.get(0)->getType() == Lexer::EXPORT ? 1 : 0;
    }

    /// The type of the token that was found.
    [[nodiscard]] std::size_t type() const { return place_.type; }
    [[nodiscard]] std::string found() const { return std::string(place_.tokens.slice(place_.at)); }
    [[nodiscard]] bool could_be(std::size_t type) const { return place_.expected.contains(static_cast<ssize_t>(type)); }
    /// How many tokens of the declaration precede the error.
    [[nodiscard]] std::size_t index() const { return index_; }
    /// The type of the token so many steps before the error; 0: the declaration starts later.
    [[nodiscard]] std::size_t before(std::size_t steps) const { return steps > index_ ? 0 : type_at(index_ - steps); }
    /// The text of the token before the error, which exists.
    [[nodiscard]] std::string text_before() const { return text(index_ - 1, index_ - 1); }
    /// The text that follows the error on its line, up to one of these characters.
    [[nodiscard]] std::string after(std::string_view ends) const {
        std::string_view rest = place_.tokens.rest_of_line(place_.at);
        rest = rest.substr(0, rest.find_first_of(ends));
        return std::string(rest.substr(0, rest.find_last_not_of(" \t") + 1));
    }

    /// Whether this word starts the declaration.
    [[nodiscard]] bool declares(std::size_t word) const { return index_ > start_ && type_at(start_) == word; }
    /// Whether the name of a group of issuers precedes the error.
    [[nodiscard]] bool in_group() const {
        return declares(Lexer::ISSUER) && index_ >= start_ + 3 && type_at(start_ + 1) == Lexer::GROUP &&
               is_word(type_at(start_ + 2));
    }
    [[nodiscard]] bool in_issuer() const { return declares(Lexer::ISSUER) && !in_group(); }
    /// Fixtures and tests are where requests are changed.
    [[nodiscard]] bool in_changes() const { return declares(Lexer::FIXTURE) || declares(Lexer::TEST); }
    /// The declared name, which precedes the error.
    [[nodiscard]] std::string name() const {
        const std::size_t at = start_ + (in_group() ? 2 : 1);
        return at < index_ ? text(at, at) : "NAME";
    }
    /// Whether an expectation could continue here.
    [[nodiscard]] bool in_expectation() const {
        return declares(Lexer::TEST) && could_be(Lexer::BECAUSE) && could_be(Lexer::BY);
    }
    /// Whether a word was read as the first cell of a row although a part of an expectation was meant.
    [[nodiscard]] bool in_first_cell() const {
        return declares(Lexer::TEST) && could_be(Lexer::PIPE) && could_be(Lexer::DOT) && is_word(before(1));
    }

private:
    [[nodiscard]] std::size_t type_at(std::size_t index) const { return place_.tokens.get(index)->getType(); }
    [[nodiscard]] Span token(std::size_t index) const { return place_.tokens.span(*place_.tokens.get(index)); }
    /// The source from one token up to and including another.
    [[nodiscard]] std::string text(std::size_t first, std::size_t last) const {
        const Span begin = token(first), end = token(last);
        return begin.begin < end.end ? std::string(place_.tokens.slice({begin.source, begin.begin, end.end}))
                                     : std::string();
    }
    const ErrorPlace& place_;
    std::size_t index_;
    std::size_t start_ = 0;  ///< of the word that starts the declaration
};

/// A mistake: how to recognise it, and what to say.
struct Mistake {
    bool (*made)(const Neighbours&);
    Hint (*hint)(const Neighbours&);
};

Hint issuer_form(const Neighbours& p) {
    return {"write `issuer " + p.name() + ": KIND \"https://…\" { audience \"…\" }`", {}};
}

/// The word of an expectation that is meant; empty: none is similar.
std::string near_part(const std::string& word) {
    return std::string(nearest(word, {"scopes", "for", "from", "until", "audience", "single_use", "with", "because",
                                      "by", "expect", "exactly"}));
}

bool is_effect(std::size_t word) {
    return word == Lexer::PERMIT || word == Lexer::DENY || word == Lexer::NEEDS_APPROVAL;
}

/// Help for a name that follows an effect directly.
std::string about_effect(std::size_t effect, const std::string& name) {
    if (effect == Lexer::PERMIT)
        return "the rule that permits follows `by`: `permit by " + name + "`; a definition of scopes follows `scopes`";
    return std::string("the reason follows `because`: `") + (effect == Lexer::DENY ? "deny" : "needs_approval") +
           " because " + name + "`";
}

/// The first mistake that is recognised counts.
constexpr Mistake kMistakes[] = {
    // ---- fixtures and tests ----
    {[](const Neighbours& p) { return p.in_changes() && p.before(1) == Lexer::WITH && p.type() == Lexer::LBRACE; },
     [](const Neighbours& p) -> Hint {
         const std::string inside = p.after("{}");
         return {"write the changes without braces: `with " + (inside.empty() ? "user.id = \"…\", …" : inside) + "`",
                 {}};
     }},
    {[](const Neighbours& p) {
         return p.declares(Lexer::TEST) &&
                ((p.before(1) == Lexer::GIVEN && (p.type() == Lexer::STRING || p.type() == Lexer::LBRACE)) ||
                 (p.before(2) == Lexer::GIVEN && p.before(1) == Lexer::JSON && p.type() == Lexer::STRING));
     },
     [](const Neighbours& p) -> Hint {
         return {"name a fixture: `given base`; declare it outside of the test, `fixture base = json " +
                     (p.type() == Lexer::STRING ? p.found() : "\"…\"") + "`",
                 {}};
     }},
    {[](const Neighbours& p) {
         return p.declares(Lexer::FIXTURE) && p.index() <= 4 && p.before(1) == Lexer::ASSIGN && opens(p.type());
     },
     [](const Neighbours& p) -> Hint {
         return {"start from a file or from another fixture: `fixture " + p.name() + " = json \"…\"`", {}};
     }},
    {[](const Neighbours& p) { return p.in_changes() && p.type() == Lexer::AND && p.could_be(Lexer::COMMA); },
     [](const Neighbours&) -> Hint { return {"write `,` between them", ","}; }},
    {[](const Neighbours& p) {
         const std::size_t word = p.before(p.before(1) == Lexer::EXACTLY ? 2 : 1);
         return p.declares(Lexer::TEST) && p.type() == Lexer::STRING && (word == Lexer::BECAUSE || word == Lexer::BY);
     },
     [](const Neighbours& p) -> Hint {
         const std::string quoted = p.found();
         const std::string name = quoted.substr(1, quoted.size() - 2);
         return {"write the name without quotes: `" + p.text_before() + " " + name + "`", name};
     }},
    {[](const Neighbours& p) { return p.in_expectation() && p.type() == Lexer::EXACTLY && is_effect(p.before(1)); },
     [](const Neighbours&) -> Hint {
         return {
             "scopes, ttl and audience are compared as a whole anyway; `exactly` follows `with`, `because`, `by` or "
             "`from`",
             {}};
     }},
    {[](const Neighbours& p) {
         return p.in_expectation() && is_word(p.type()) && is_effect(p.before(1)) && near_part(p.found()).empty();
     },
     [](const Neighbours& p) -> Hint {
         const bool permit = p.before(1) == Lexer::PERMIT;
         return {about_effect(p.before(1), p.found()), (permit ? "by " : "because ") + p.found()};
     }},
    {[](const Neighbours& p) {
         return p.in_first_cell() && (is_effect(p.before(2)) || p.before(2) == Lexer::RBRACE) &&
                !near_part(p.text_before()).empty();
     },
     [](const Neighbours& p) -> Hint { return {"did you mean `" + near_part(p.text_before()) + "`?", {}}; }},
    {[](const Neighbours& p) { return p.in_first_cell() && is_effect(p.before(2)); },
     [](const Neighbours& p) -> Hint { return {about_effect(p.before(2), p.text_before()), {}}; }},
    {[](const Neighbours& p) { return p.declares(Lexer::TEST) && p.before(1) == Lexer::EXACTLY && opens(p.type()); },
     [](const Neighbours& p) -> Hint {
         return {"write the names without braces: `exactly " + p.after("]}") + "`", {}};
     }},
    {[](const Neighbours& p) {
         return p.declares(Lexer::TEST) && p.type() == Lexer::NONE &&
                (p.before(1) == Lexer::WITH || p.before(1) == Lexer::BY);
     },
     [](const Neighbours&) -> Hint { return {"write `exactly none` if there must be none", "exactly none"}; }},
    {[](const Neighbours& p) {
         return p.declares(Lexer::TEST) && p.type() == Lexer::NONE && p.before(1) == Lexer::EXACTLY &&
                (p.before(2) == Lexer::BECAUSE || p.before(2) == Lexer::FROM);
     },
     [](const Neighbours& p) -> Hint {
         return {p.before(2) == Lexer::FROM ? "a requirement always has a group: name it"
                                            : "a decision that is no permit always has a reason: name it",
                 {}};
     }},
    {[](const Neighbours& p) { return p.declares(Lexer::TEST) && p.before(1) == Lexer::AUDIENCE && opens(p.type()); },
     [](const Neighbours& p) -> Hint {
         return {"write the audiences without braces: `audience " + p.after("]}") + "`", {}};
     }},
    {[](const Neighbours& p) {
         return p.declares(Lexer::TEST) && p.before(1) == Lexer::SCOPES && p.type() == Lexer::LBRACE;
     },
     [](const Neighbours& p) -> Hint {
         return {"write the scopes without the word: `{ " + p.after("}") + " }`; a definition follows `scopes`", {}};
     }},
    {[](const Neighbours& p) {
         return p.declares(Lexer::TEST) && p.before(1) == Lexer::PERMIT && p.type() == Lexer::LBRACE;
     },
     [](const Neighbours&) -> Hint {
         return {"scopes in braces are text in double quotes; a definition follows `scopes`: `permit scopes NAME`", {}};
     }},
    {[](const Neighbours& p) {
         return p.in_changes() && p.before(1) == Lexer::LBRACKET && p.type() == Lexer::MINUS &&
                p.could_be(Lexer::INT) && p.could_be(Lexer::STRING);
     },
     [](const Neighbours&) -> Hint { return {"positions count from 0, from the first element on", {}}; }},

    // ---- tools, issuers and groups of issuers ----
    {[](const Neighbours& p) {
         return (p.declares(Lexer::TOOL) || p.in_issuer()) && p.before(1) == Lexer::AUDIENCE && is_word(p.type());
     },
     [](const Neighbours& p) -> Hint {
         return {std::string("an audience is text in double quotes, not a name: write it out for each ") +
                     (p.declares(Lexer::TOOL) ? "tool" : "issuer"),
                 {}};
     }},
    {[](const Neighbours& p) { return p.in_group() && p.before(1) == Lexer::ASSIGN && opens(p.type()); },
     [](const Neighbours& p) -> Hint {
         return {"write the issuers without brackets: `issuer group " + p.name() + " = " + p.after("]}") + "`", {}};
     }},
    {[](const Neighbours& p) { return p.in_group() && p.could_be(Lexer::ASSIGN) && p.type() == Lexer::COLON; },
     [](const Neighbours& p) -> Hint {
         return {"a group has the kind of its issuers: remove `: " + p.after("={") + "`", {}};
     }},
    {[](const Neighbours& p) { return p.in_group() && p.could_be(Lexer::ASSIGN) && opens(p.type()); },
     [](const Neighbours& p) -> Hint { return {"write `issuer group " + p.name() + " = " + p.after("]}") + "`", {}}; }},
    {[](const Neighbours& p) { return p.in_group() && p.could_be(Lexer::ASSIGN) && is_word(p.type()); },
     [](const Neighbours& p) -> Hint { return {"write `issuer group " + p.name() + " = " + p.found() + ", …`", {}}; }},
    {[](const Neighbours& p) {
         return p.index() == 0 && p.type() == Lexer::GROUP && p.after("=:{").find(' ') == std::string::npos;
     },
     [](const Neighbours&) -> Hint {
         return {"a group of issuers is declared with `issuer group NAME = a, b`", "issuer group"};
     }},
    {[](const Neighbours& p) { return p.in_issuer() && p.could_be(Lexer::STRING) && p.type() == Lexer::LBRACE; },
     [](const Neighbours& p) -> Hint {
         return {"the issuer's URL stands before the braces: `issuer " + p.name() +
                     ": KIND \"https://…\" { audience \"…\" }`",
                 {}};
     }},
    {[](const Neighbours& p) {
         return p.in_issuer() && p.could_be(Lexer::COLON) && (p.type() == Lexer::LBRACE || p.type() == Lexer::STRING);
     },
     issuer_form},
    {[](const Neighbours& p) { return p.in_issuer() && p.before(1) == Lexer::COLON && p.type() == Lexer::STRING; },
     issuer_form},
};

}  // namespace

Hint hint_at(const ErrorPlace& error) {
    const Neighbours place(error);
    for (const Mistake& mistake : kMistakes)
        if (mistake.made(place)) return mistake.hint(place);
    return {};
}

}  // namespace writ::syntax
