#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "base/kind.h"
#include "base/values.h"

using namespace writ;

TEST_CASE("base: a star stays inside its segment, two cross") {
    CHECK(glob_match("repo:acme/*", "repo:acme/app", ":/"));
    CHECK_FALSE(glob_match("repo:acme/*", "repo:acme/app/x", ":/"));
    CHECK_FALSE(glob_match("repo:acme/*", "repo:acme/app:ref", ":/"));
    CHECK(glob_match("repo:acme/**", "repo:acme/app:ref:refs/heads/main", ":/"));
    CHECK(glob_match("*.example.com", "a.example.com", "."));
    CHECK_FALSE(glob_match("*.example.com", "a.b.example.com", "."));
    CHECK(glob_match("**.example.com", "a.b.example.com", "."));
}

TEST_CASE("base: globs are anchored at both ends") {
    CHECK_FALSE(glob_match("acme/*", "xacme/a", "/"));
    CHECK_FALSE(glob_match("*/acme", "a/acmex", "/"));
    CHECK_FALSE(glob_match("repo:acme/*", "repo:acme-evil/a", ":/"));
    CHECK(glob_match("abc", "abc", "/"));
    CHECK_FALSE(glob_match("abc", "abcd", "/"));
    CHECK_FALSE(glob_match("abc", "ab", "/"));
}

TEST_CASE("base: a wildcard may match nothing") {
    CHECK(glob_match("a*", "a", "/"));
    CHECK(glob_match("**", "", "/"));
    CHECK(glob_match("*", "", "/"));
    CHECK(glob_match("a/**/b", "a//b", "/"));
    CHECK_FALSE(glob_match("a/**/b", "a/b", "/"));
    CHECK(glob_match("", "", "/"));
    CHECK_FALSE(glob_match("", "a", "/"));
}

TEST_CASE("base: mixed wildcards find every way to match") {
    CHECK(glob_match("**a*b", "a/x/ab", "/"));
    CHECK(glob_match("*a**b*c", "xa/yb/zbc", "/"));
    CHECK_FALSE(glob_match("*a**b*c", "xa/yb/zb/c", "/"));
    CHECK(glob_match("a***b", "a/b", "/"));
    CHECK(glob_match("*/*/*", "a/b/c", "/"));
    CHECK_FALSE(glob_match("*/*/*", "a/b/c/d", "/"));
    CHECK(glob_match("a*a*a", "aaaa", ""));
}

TEST_CASE("base: everything but stars is literal") {
    CHECK(glob_match("a?[b]\\*", "a?[b]\\c", "/"));
    CHECK_FALSE(glob_match("a?c*", "abc", "/"));
    CHECK(glob_match("\xC3\xA9*", "\xC3\xA9\xC3\xA8", "/"));
}

TEST_CASE("base: kinds say where their text splits") {
    CHECK_FALSE(glob_match("a*", "a/b", separators_of(Kind::Path)));
    CHECK(glob_match("a*", "a/b", separators_of(Kind::Dotted)));
    CHECK_FALSE(glob_match("a*", "a:b", separators_of(Kind::Subject)));
    CHECK(glob_match("a*", "a/b:c.d", separators_of(Kind::String)));
    CHECK_FALSE(glob_match("*@acme.example", "x.y@acme.example", separators_of(Kind::Email)));
}

TEST_CASE("base: patterns longer than the inline set still match") {
    std::string pattern, text;
    for (int i = 0; i < 400; ++i) {
        pattern += "*ab/";
        text += "xxab/";
    }
    CHECK(glob_match(pattern, text, "/"));
    CHECK_FALSE(glob_match(pattern, text + "x", "/"));
}

TEST_CASE("base: no text makes a glob backtrack") {
    std::string pattern = "x";
    for (int i = 0; i < 30; ++i) pattern += "**a*";
    pattern += "b";
    const std::string text = "x" + std::string(16'384, 'a');
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(glob_match(pattern, text, "/"));
    // Backtracking would take longer than the universe has; the simulation some milliseconds.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

namespace {

/// What a glob means, said as plainly as possible.
bool means(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.starts_with("**")) return means(pattern.substr(2), text) || (!text.empty() && means(pattern, text.substr(1)));
    if (pattern.front() == '*')
        return means(pattern.substr(1), text) || (!text.empty() && text.front() != '/' && means(pattern, text.substr(1)));
    return !text.empty() && text.front() == pattern.front() && means(pattern.substr(1), text.substr(1));
}

}  // namespace

TEST_CASE("base: globs of every form match what they mean") {
    const auto nth = [](std::size_t number, std::string_view alphabet, std::size_t length) {
        std::string out;
        for (; length > 0; --length, number /= alphabet.size()) out += alphabet[number % alphabet.size()];
        return out;
    };
    int matched = 0;
    for (std::size_t length = 0; length <= 5; ++length)
        for (std::size_t p = 0, patterns = std::size_t{1} << (2 * length); p < patterns; ++p) {
            const std::string pattern = nth(p, "a*/*", length);
            for (std::size_t size = 0; size <= 5; ++size)
                for (std::size_t t = 0; t < std::size_t{1} << size; ++t) {
                    const std::string text = nth(t, "a/", size);
                    const bool expected = means(pattern, text);
                    matched += expected ? 1 : 0;
                    if (glob_match(pattern, text, "/") != expected) FAIL_CHECK(pattern << " on " << text);
                }
        }
    CHECK(matched > 5'000);
}
