#include "pattern_gen.h"

#include <cstdio>
#include <vector>

#include "pattern/matcher.h"

namespace writ::property {

namespace {

const std::vector<std::string>& letters() {
    static const std::vector<std::string> kLetters = {"a",
                                                      "b",
                                                      "k",
                                                      "s",
                                                      "A",
                                                      "K",
                                                      "S",
                                                      "0",
                                                      "/",
                                                      ":",
                                                      ".",
                                                      "-",
                                                      "%2e",
                                                      "\\",
                                                      "\n",
                                                      "\r",
                                                      " ",
                                                      "\t",
                                                      std::string(1, '\0'),
                                                      "\x7F",
                                                      "\xC5\xBF",      // long s
                                                      "\xE2\x84\xAA",  // the Kelvin sign
                                                      "\xCC\x81",      // a combining accent
                                                      "\xC3\xA9",
                                                      "\xC2\x85",
                                                      "\xE2\x80\xA8",
                                                      "\xEF\xBF\xBF",
                                                      "\xF0\x9F\x94\x92",
                                                      "\xF4\x8F\xBF\xBF"};
    return kLetters;
}

std::string letter(Rng& rng, unsigned common) {
    return rng.percent(common) ? std::string(rng.pick({"a", "b", "k", "s"})) : rng.pick(letters());
}

std::string literal(Rng& rng) {
    const std::string text = letter(rng, 60);
    if (text == "%2e") return "%";
    return text == "." || text == "\\" || text == "-" || text == "/" ? "\\" + text : text;
}

std::string bracket(Rng& rng) {
    std::string out = rng.percent(35) ? "[^" : "[";
    for (std::size_t left = rng.between(1, 3); left > 0; --left)
        out += rng.pick({"a", "ab", "a-k", "K-s", "A-Z", "\\d", "\\w", "\\S", "[:lower:]", "[:^upper:]", "[:punct:]",
                         "\xC3\xA0-\xC3\xBF", "\xE2\x84\xAA", "\\x{80}-\\x{FFFF}", "\\x{10000}-\\x{10FFFF}", "\\n", "/",
                         "\\x00-\\x1F", "\xC5\xBF"});
    return out + "]";
}

std::string atom(Rng& rng, std::size_t depth) {
    const std::size_t roll = rng.below(10);
    if (roll < 4) return literal(rng);
    if (roll < 5) return ".";
    if (roll < 7) return bracket(rng);
    if (roll < 8) return rng.pick({"\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\x6B", "\\x{212A}"});
    if (depth == 0) return literal(rng);
    return rng.pick({"(", "(", "(?:", "(?i:", "(?-i:"}) + random_regex(rng, depth - 1) + ")";
}

}  // namespace

std::string random_text(Rng& rng, std::size_t most) {
    std::string out;
    for (std::size_t left = rng.below(most + 1); left > 0; --left) out += letter(rng, 50);
    return out;
}

std::string random_regex(Rng& rng, std::size_t depth) {
    std::string out = rng.percent(15) ? "(?i)" : "";
    for (std::size_t left = rng.between(1, 4); left > 0; --left) {
        out += atom(rng, depth);
        if (rng.percent(35)) out += rng.pick({"*", "+", "?", "*?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}"});
        if (rng.percent(12)) out += "|";
        if (rng.percent(5)) out += rng.pick({"(?i)", "(?-i)"});
    }
    return out;
}

std::string sound_regex(Rng& rng, std::size_t depth) {
    for (;;) {
        std::string regex = random_regex(rng, depth);
        if (pattern::make_regex(regex)) return regex;
    }
}

std::string string_literal(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += '\\', out += c;
        else if (byte >= 0x20 && byte != 0x7F)
            out += c;
        else {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u{%X}", static_cast<unsigned>(byte));
            out += escape;
        }
    }
    return out + '"';
}

}  // namespace writ::property
