#include <string>

#include <doctest/doctest.h>

#include "base/kind.h"
#include "pattern/matcher.h"

using namespace writ;

namespace {

bool matches(std::string_view glob, std::string_view text, std::string_view separators) {
    const auto made = pattern::make_glob(glob, separators);
    if (!made) FAIL(glob << ": " << made.error().message);
    return made->matches(text);
}

}  // namespace

TEST_CASE("pattern: a star stays in its segment, two cross") {
    CHECK(matches("repo:acme/*", "repo:acme/app", ":/"));
    CHECK_FALSE(matches("repo:acme/*", "repo:acme/app/x", ":/"));
    CHECK_FALSE(matches("repo:acme/*", "repo:acme/app:ref", ":/"));
    CHECK(matches("repo:acme/**", "repo:acme/app:ref:refs/heads/main", ":/"));
    CHECK(matches("*.example.com", "a.example.com", "."));
    CHECK_FALSE(matches("*.example.com", "a.b.example.com", "."));
    CHECK(matches("**.example.com", "a.b.example.com", "."));
    CHECK_FALSE(matches("acme/*", "xacme/a", "/"));
    CHECK_FALSE(matches("*/acme", "a/acmex", "/"));
    CHECK_FALSE(matches("repo:acme/*", "repo:acme-evil/a", ":/"));
}

TEST_CASE("pattern: a star that is a whole segment needs a character") {
    CHECK_FALSE(matches("repos/*", "repos/", "/"));
    CHECK(matches("repos/*", "repos/x", "/"));
    CHECK_FALSE(matches("*", "", "/"));
    CHECK(matches("*", "a", "/"));
    CHECK_FALSE(matches("a/*/b", "a//b", "/"));
    CHECK(matches("a/*/b", "a/x/b", "/"));
    CHECK_FALSE(matches("*/b", "/b", "/"));
    CHECK_FALSE(matches("repo:*/*:**", "repo:/x:y", ":/"));
    CHECK_FALSE(matches("repo:*/*:**", "repo:a/:y", ":/"));
    CHECK_FALSE(matches("*.example.com", ".example.com", "."));
    CHECK(matches("a*", "a", "/"));  // `*` as part of a segment may match the empty text
    CHECK(matches("*-x", "-x", "/"));
    CHECK(matches("**", "", "/"));  // so may `**`
    CHECK(matches("a/**", "a/", "/"));
    CHECK(matches("a/**/b", "a//b", "/"));
    CHECK_FALSE(matches("a/**/b", "a/b", "/"));
}

TEST_CASE("pattern: all but a star is itself, and every character is one") {
    CHECK(matches("a?[b]\\*", "a?[b]\\c", "/"));
    CHECK_FALSE(matches("a?c*", "abc", "/"));
    CHECK(matches("\xC3\xA9*", "\xC3\xA9\xC3\xA8", "/"));
    CHECK(matches("a*", "a\n\xE2\x80\xA8", "/"));
    CHECK(matches("", "", "/"));
    CHECK_FALSE(matches("", "a", "/"));
    CHECK(pattern::make_glob("a***", "/").error().message == "more than two `*` in a row");
    CHECK(pattern::make_glob("a*", "").error().help == "write `**`");
}

TEST_CASE("pattern: the type says what divides segments") {
    CHECK_FALSE(matches("a*", "a/b", separators_of(Kind::Path)));
    CHECK(matches("a*", "a/b", separators_of(Kind::Dotted)));
    CHECK_FALSE(matches("a*", "a:b", separators_of(Kind::Subject)));
    CHECK(separators_of(Kind::String).empty());
    CHECK(separators_of(Kind::Email).empty());
    CHECK(separators_of(Kind::Url).empty());
    CHECK(matches("**@contractor.example", "a.b@contractor.example", separators_of(Kind::Email)));
}

TEST_CASE("pattern: many stars make neither a glob nor a text slow") {
    std::string many = "x";
    for (int i = 0; i < 30; ++i) many += "*a";
    many += "**b";
    const auto made = pattern::make_glob(many, "/");
    REQUIRE(made);
    CHECK_FALSE(made->matches("x" + std::string(16'384, 'a')));
    CHECK(made->matches("x" + std::string(16'384, 'a') + "b"));
    std::string long_one, text;
    for (int i = 0; i < 400; ++i) long_one += "*ab/", text += "xxab/";
    const auto deep = pattern::make_glob(long_one, "/");
    REQUIRE(deep);
    CHECK(deep->matches(text));
    CHECK_FALSE(deep->matches(text + "x"));
}

namespace {

/// The meaning of a glob, implemented as simply as possible. `begins`: the glob is at the beginning of a segment.
bool means(std::string_view glob, std::string_view text, bool begins = true) {
    if (glob.empty()) return text.empty();
    if (glob.starts_with("**"))
        return means(glob.substr(2), text, false) || (!text.empty() && means(glob, text.substr(1), false));
    if (glob.front() == '*') {
        const bool whole = begins && (glob.size() == 1 || glob[1] == '/');
        for (std::size_t length = whole ? 1 : 0;
             length <= text.size() && text.substr(0, length).find('/') == std::string_view::npos; ++length)
            if (means(glob.substr(1), text.substr(length), false)) return true;
        return false;
    }
    return !text.empty() && text.front() == glob.front() && means(glob.substr(1), text.substr(1), glob.front() == '/');
}

}  // namespace

TEST_CASE("pattern: globs of every form match what they mean") {
    const auto nth = [](std::size_t number, std::string_view alphabet, std::size_t length) {
        std::string out;
        for (; length > 0; --length, number /= alphabet.size()) out += alphabet[number % alphabet.size()];
        return out;
    };
    int matched = 0;
    for (std::size_t length = 0; length <= 5; ++length)
        for (std::size_t p = 0, globs = std::size_t{1} << (2 * length); p < globs; ++p) {
            const std::string glob = nth(p, "a*/*", length);
            const auto made = pattern::make_glob(glob, "/");
            if (glob.find("***") != std::string::npos) {
                CHECK_FALSE(made);
                continue;
            }
            REQUIRE(made);
            for (std::size_t size = 0; size <= 5; ++size)
                for (std::size_t t = 0; t < std::size_t{1} << size; ++t) {
                    const std::string text = nth(t, "a/", size);
                    const bool expected = means(glob, text);
                    matched += expected ? 1 : 0;
                    if (made->matches(text) != expected) FAIL_CHECK(glob << " on " << text);
                }
        }
    CHECK(matched > 3'000);
}
