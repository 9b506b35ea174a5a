// Random patterns and texts: compares the engine's automata with RE2, which the reference evaluator uses.
#include <string>

#include <doctest/doctest.h>

#include "pattern/matcher.h"
#include "pattern_gen.h"
#include "reference/text.h"

using namespace writ;
using namespace writ::property;

TEST_CASE("pattern: random regular expressions match what RE2 says") {
    Rng rng(1);
    std::size_t matched = 0, accepted = 0;
    for (int i = 0; i < 4'000; ++i) {
        std::string regex = random_regex(rng, 2);
        if (rng.percent(10)) regex = "^" + regex;
        if (rng.percent(10)) regex += "$";
        const auto made = pattern::make_regex(regex);
        if (!made) continue;
        ++accepted;
        const RE2 other(reference::regex_for_re2(regex), reference::re2_options());
        if (!other.ok()) FAIL_CHECK(regex << " is " << other.error());
        for (int t = 0; t < 25; ++t) {
            const std::string text = random_text(rng, t < 12 ? 3 : 8);
            const bool mine = made->matches(text);
            matched += mine ? 1 : 0;
            if (mine != RE2::FullMatch(text, other)) FAIL_CHECK(regex << " on " << text);
        }
    }
    CHECK(accepted > 3'000);
    CHECK(matched > 5'000);
}

TEST_CASE("pattern: a class of both cases of a letter stays ASCII") {
    // RE2 matches the Kelvin sign with `[kK]|\\s`; the reference must not.
    for (const char* regex : {"[kK]|\\s", "(?i)k|\\s", "(?i)s|[0-9]", "[sS]|x"}) {
        CAPTURE(regex);
        const RE2 other(reference::regex_for_re2(regex), reference::re2_options());
        const auto made = pattern::make_regex(regex).value();
        for (const char* text : {"\xE2\x84\xAA", "\xC5\xBF"}) {
            CHECK_FALSE(made.matches(text));
            CHECK_FALSE(RE2::FullMatch(text, other));
        }
    }
}

TEST_CASE("pattern: random globs match what RE2 says") {
    Rng rng(2);
    std::size_t matched = 0;
    for (int i = 0; i < 4'000; ++i) {
        const std::string separators = rng.pick({"/", ":/", ".", ""});
        std::string glob;
        for (std::size_t left = rng.between(1, 6); left > 0; --left)
            glob +=
                rng.pick({"a", "b", "/", ":", ".", "\xC3\xA9", "\n", "**", separators.empty() ? "**" : "*", "(", "\\"});
        const auto made = pattern::make_glob(glob, separators);
        if (!made) continue;
        const RE2 other(reference::glob_for_re2(glob, separators), reference::re2_options());
        REQUIRE(other.ok());
        for (int t = 0; t < 25; ++t) {
            std::string text = random_text(rng, 5);
            // Half of the texts are the pattern with text in place of its stars.
            if (t % 2 == 0) {
                text.clear();
                for (const char c : glob) text += c == '*' ? random_text(rng, 2) : std::string(1, c);
            }
            const bool mine = made->matches(text);
            matched += mine ? 1 : 0;
            if (mine != RE2::FullMatch(text, other)) FAIL_CHECK(glob << " on " << text);
        }
    }
    CHECK(matched > 10'000);
}
