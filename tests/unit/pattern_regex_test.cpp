#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "pattern/matcher.h"

using namespace writ;

namespace {

bool matches(std::string_view regex, std::string_view text) {
    const auto made = pattern::make_regex(regex);
    if (!made) FAIL(regex << ": " << made.error().message);
    return made->matches(text);
}

/// The message and the help of the error.
std::string refusal(std::string_view regex) {
    const auto made = pattern::make_regex(regex);
    return made ? "accepted" : made.error().message + " | " + made.error().help;
}

bool says(std::string_view regex, std::string_view words) {
    const std::string told = refusal(regex);
    CAPTURE(told);
    return told.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("pattern: a regular expression is for the whole text") {
    CHECK(matches("ab", "ab"));
    CHECK_FALSE(matches("ab", "abc"));
    CHECK_FALSE(matches("ab", "xab"));
    CHECK(matches("", ""));
    CHECK_FALSE(matches("", "a"));
    CHECK(matches("main|develop", "develop"));
    CHECK_FALSE(matches("main|develop", "main-x"));
    CHECK(matches("^ab$", "ab"));
    CHECK(matches("^a|b$", "a"));
    CHECK_FALSE(matches("^a|b$", "ab"));
    CHECK(matches("(?i)^ab$", "AB"));
}

TEST_CASE("pattern: a dot is every character, line ends too") {
    for (const std::string& around : std::vector<std::string>{"\n", "\r", "\r\n", "\xC2\x85", "\xE2\x80\xA8",
                                                              "\xE2\x80\xA9", "\v", std::string(1, '\0')}) {
        CHECK(matches(".*secret.*", around + "secret"));
        CHECK(matches(".*secret.*", "secret" + around));
        CHECK(matches(".*secret.*", "a" + around + "secret" + around + "b"));
        CHECK_FALSE(matches("secret", "secret" + around));
    }
    CHECK(matches("/etc/.+", "/etc/\np"));
    CHECK_FALSE(matches("secret$", "secret\n"));
    CHECK(matches("...", "a\n\xF0\x9F\x94\x92"));
    CHECK_FALSE(matches("..", "a\n\xF0\x9F\x94\x92"));
    CHECK(matches(".{3}", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
}

TEST_CASE("pattern: only ASCII letters have a case") {
    CHECK(matches("(?i)task-runner", "TASK-Runner"));
    CHECK_FALSE(matches("(?i)task-runner", "ta\xC5\xBFk-runner"));      // U+017F, long s
    CHECK_FALSE(matches("(?i)task-runner", "tas\xE2\x84\xAA-runner"));  // U+212A, the Kelvin sign
    CHECK_FALSE(matches("(?i)[a-z]+", "\xE2\x84\xAA"));
    CHECK_FALSE(matches("(?i)[^a-z]", "K"));
    CHECK(matches("(?i)[^a-z]", "\xE2\x84\xAA"));
    CHECK_FALSE(matches("(?i)\xC3\xA9", "\xC3\x89"));
    CHECK(matches("(?i)[[:lower:]]", "Q"));
    CHECK(matches("(?i)\\x41", "a"));
    CHECK(matches("(?i)[W-c]", "w"));
    CHECK(matches("(?i)[W-c]", "C"));
    CHECK_FALSE(matches("(?i)[W-c]", "d"));
    CHECK(matches("a(?i)b", "aB"));
    CHECK_FALSE(matches("a(?i)b", "AB"));
    CHECK(matches("(?i:a)b", "Ab"));
    CHECK_FALSE(matches("(?i:a)b", "AB"));
    CHECK(matches("(a(?i)b|c)d", "Cd"));
    CHECK_FALSE(matches("(a(?i)b|c)d", "CD"));
    CHECK_FALSE(matches("(?i)a(?-i)b", "AB"));
}

TEST_CASE("pattern: classes, counts and escapes") {
    CHECK(matches("[0-9a-f]{40}", std::string(40, 'e')));
    CHECK_FALSE(matches("[0-9a-f]{40}", std::string(39, 'e')));
    CHECK_FALSE(matches("[0-9a-f]{40}", std::string(41, 'e')));
    CHECK(matches("a{2,3}", "aaa"));
    CHECK_FALSE(matches("a{2,3}", "a"));
    CHECK_FALSE(matches("a{2,3}", "aaaa"));
    CHECK(matches("a{2,}", "aaaaa"));
    CHECK_FALSE(matches("a{2,}", "a"));
    CHECK(matches("a{0}b", "b"));
    CHECK(matches("(ab|c)+?", "abcab"));
    CHECK(matches("[]a]+", "]a"));
    CHECK(matches("[^]a]", "b"));
    CHECK(matches("[a-]", "-"));
    CHECK(matches("[\\]\\-\\\\]+", "]-\\"));
    CHECK(matches("[[:alpha:]_]+", "a_Z"));
    CHECK(matches("\\d+\\.\\w\\s", "12._ "));
    CHECK_FALSE(matches("\\w", "\xC3\xA9"));
    CHECK(matches("\\W", "\xC3\xA9"));
    CHECK(matches("[^/\xC3\xA9]", "\xC3\xA8"));
    CHECK_FALSE(matches("[^/\xC3\xA9]", "\xC3\xA9"));
    CHECK(matches("[\xC3\xA0-\xC3\xBF]+", "\xC3\xA9\xC3\xBF"));
    CHECK_FALSE(matches("[\xC3\xA0-\xC3\xBF]", "\xC3\x9F"));
    CHECK(matches("[\\x{7F}-\\x{10000}]", "\xE2\x82\xAC"));
    CHECK(matches("[\\x{7F}-\\x{10000}]", "\xF0\x90\x80\x80"));
    CHECK_FALSE(matches("[\\x{7F}-\\x{10000}]", "\xF0\x90\x80\x81"));
    CHECK(matches("\\x2E\\x{1F512}\\n\\t", ".\xF0\x9F\x94\x92\n\t"));
    CHECK(matches("a}]", "a}]"));
}

TEST_CASE("pattern: what a regular expression cannot have is refused by name") {
    CHECK(says("(a", "group is not closed"));
    CHECK(says("a)", "without a group"));
    CHECK(says("a)|(", "without a group"));
    CHECK(says("[a", "class is not closed"));
    CHECK(says("[]", "class is not closed"));
    CHECK(says("[b-a]", "is not a range"));
    CHECK(says("[\\d-z]", "is not a range"));
    CHECK(says("[[:letters:]]", "there is no class `[:letters:]`"));
    CHECK(says("*a", "nothing to repeat"));
    CHECK(says("a|*", "nothing to repeat"));
    CHECK(says("a**", "repeats a repetition"));
    CHECK(says("a*{2}", "repeats a repetition"));
    CHECK(says("a{2", "is not a count"));
    CHECK(says("a{b}", "write `\\{`"));
    CHECK(says("{a}", "write `\\{`"));
    CHECK(says("a{3,2}", "out of range"));
    CHECK(says("a{1001}", "out of range"));
    CHECK(says("(a{40}){40}", "multiply to more than 1000"));
    CHECK(says("a\\", "ends in `\\`"));
    CHECK(says("a^b", "remove it"));
    CHECK(says("a$b", "write `\\$`"));
    CHECK(says("(^a)", "remove it"));
    CHECK(says("\\bword\\b", "`\\b` does not exist"));
    CHECK(says("\\Aword\\z", "remove it"));
    CHECK(says("\\p{L}", "version of Unicode"));
    CHECK(says("(a)\\1", "refer back"));
    CHECK(says("\\q", "has no meaning"));
    CHECK(says("\\x{110000}", "is not a character"));
    CHECK(says("\\x{D800}", "is not a character"));
    CHECK(says("(?=a)", "look ahead"));
    CHECK(says("(?P<n>a)", "cannot have a name"));
    CHECK(says("(?s).", "including line ends"));
    CHECK(says("(?m)^a", "the flag `m`"));
    CHECK(says("(?U)a", "only flag is `(?i)`"));
    CHECK(says(std::string(101, '(') + std::string(101, ')'), "more than 100 nested groups"));
}

TEST_CASE("pattern: an automaton that is too large is refused, with the part that makes it so") {
    CHECK(says("(a|b)*a(a|b){900}", "needs more than 4000 states, because of `(a|b){900}`"));
    CHECK(says(".*x.{20}y[0-9]{8}", "because of `.{20}`"));
    CHECK(says("(a|b)*a(a|b){900}", "smaller count"));
    std::string words;
    for (int i = 0; i < 3000; ++i)
        words += (i > 0 ? "|" : "") + std::to_string(i * 7919 % 100'000) + "x" + std::to_string(i);
    CHECK(says(words, "`in` a set"));
    // Common expressions are far from the limit.
    for (const char* fine :
         {"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ".{1000}", "[^/]{1,255}(/[^/]{1,255})?",
          "(?i).*(secret|token|passw(or)?d).*", "(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}",
          "refs/tags/v\\d+(\\.\\d+){0,2}(-rc\\.\\d{1,3})?", ".*a.{8}",
          "[a-zA-Z0-9._%+-]{1,64}@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,63}"})
        CHECK(refusal(fine) == "accepted");
}

TEST_CASE("pattern: automata are least, and literal ends are no part of them") {
    const auto made = [](std::string_view regex) { return pattern::make_regex(regex).value(); };
    CHECK(made("(a|b)*").between == made("[ab]*").between);
    CHECK(made("refs/heads/(main|dev)").between == made("x(dev|main)y").between);
    CHECK(made("(aa|ab|ba|bb)").between == made("(a|b){2}").between);
    CHECK(made(".*").between.moves.size() == 1);
    CHECK(made("(?i)abc").prefix.empty());
    const auto ends = made("refs/heads/.*-x");
    CHECK(ends.prefix == "refs/heads/");
    CHECK(ends.suffix == "-x");
    CHECK(ends.matches("refs/heads/-x"));
    CHECK_FALSE(made("aba.*aba").matches("ababa"));  // prefix and suffix must not overlap
    // One state for each character, however many bytes it has.
    CHECK(made("[^/]{100}").between.moves.size() / made("[^/]{100}").between.width == 102);
}
