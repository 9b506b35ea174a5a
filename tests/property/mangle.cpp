#include "mangle.h"

#include <algorithm>

namespace writ::property {

namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The end of the token that begins at `at`.
std::size_t token_end(std::string_view text, std::size_t at) {
    const auto is = [&](std::size_t i, auto what) { return i < text.size() && what(text[i]); };
    if (text[at] == '"') {
        std::size_t end = at + 1;
        while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
        return end + 1;
    }
    if (is_word(text[at])) {
        std::size_t end = at;
        while (is(end, is_word)) ++end;
        // 500.00 and 09:00
        const bool number =
            std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end),
                        [](char c) { return is_digit(c) || c == '_'; });
        if (number && end < text.size() && (text[end] == '.' || text[end] == ':') && is(end + 1, is_digit))
            for (++end; is(end, is_word);) ++end;
        return end;
    }
    for (const std::string_view sign : {"==", "!=", "<=", ">=", ".."})
        if (text.substr(at).starts_with(sign)) return at + 2;
    return at + 1;
}

std::vector<std::string> comments_in(std::string_view gap) {
    std::vector<std::string> out;
    for (std::size_t at = gap.find("//"); at != std::string_view::npos; at = gap.find("//", at)) {
        const std::size_t end = std::min(gap.find_first_of("\r\n", at), gap.size());
        const std::string_view comment = gap.substr(at, end - at);
        out.emplace_back(comment.substr(0, comment.find_last_not_of(" \t") + 1));
        at = end;
    }
    return out;
}

std::string blanks(Rng& rng, bool needed) {
    const auto one = [&]() -> std::string {
        return rng.pick({" ", " ", "  ", "\n", "\n", "\n\n", "\n\n\n", "\t", "\r\n", "\n    ", "\n  "});
    };
    std::string out = needed ? one() : "";
    while (rng.percent(30)) out += one();
    return out;
}

}  // namespace

std::string Pieces::text() const {
    std::string out;
    for (std::size_t i = 0; i < tokens.size(); ++i) out += gaps[i] + tokens[i];
    return out + gaps.back();
}

Pieces cut(std::string_view text) {
    Pieces out;
    std::size_t gap = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
            ++at;
        } else if (text.substr(at).starts_with("//")) {
            at = std::min(text.find('\n', at), text.size());
        } else {
            const std::size_t end = token_end(text, at);
            out.gaps.emplace_back(text.substr(gap, at - gap));
            out.tokens.emplace_back(text.substr(at, end - at));
            gap = at = end;
        }
    }
    out.gaps.emplace_back(text.substr(gap));
    return out;
}

std::vector<std::string> comments_of(const Pieces& pieces) {
    std::vector<std::string> out;
    for (const std::string& gap : pieces.gaps)
        for (std::string& comment : comments_in(gap)) out.push_back(std::move(comment));
    return out;
}

std::string mangled(const Pieces& pieces, Mangling how, Rng& rng) {
    // Some texts are changed in few places, others everywhere.
    const auto touched = static_cast<unsigned>(rng.pick({3, 20, 100}));
    const auto commented = static_cast<unsigned>(rng.pick({1, 5, 30}));
    Pieces out = pieces;
    for (std::string& gap : out.gaps) {
        const bool comment = how.comments && rng.percent(commented);
        if (!comment && !rng.percent(touched)) continue;
        std::vector<std::string> comments = comments_in(gap);
        if (comment) {
            const bool doc = how.docs && rng.percent(30);
            const std::string text =
                rng.pick({" note", "x", "", " \"quoted\" { } /* and", " `code`, ü  ", " and or when"});
            comments.insert(comments.begin() + static_cast<std::ptrdiff_t>(rng.below(comments.size() + 1)),
                            (doc ? "///" : "//") + text);
        }
        const bool needed = !gap.empty();
        if (comments.empty()) {
            gap = blanks(rng, needed);
            continue;
        }
        gap = blanks(rng, false);
        for (const std::string& one : comments)
            gap += one + rng.pick({"\n", "\n", "  \n", "\r\n", "\n\n"}) + blanks(rng, false);
    }
    if (how.stretch)
        for (std::string& token : out.tokens)
            if (token.front() == '"' && rng.percent(20)) token.insert(1, std::string(rng.between(1, 70), 'w'));
    return out.text();
}

}  // namespace writ::property
