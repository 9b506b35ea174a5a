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
