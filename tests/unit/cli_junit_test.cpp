#include <doctest/doctest.h>

#include "cli/formats/junit.h"

using namespace writ::cli;

TEST_CASE("junit: suites, cases, and sums of both") {
    const JunitSuite one{
        "a.writ",
        {{"good", "a.writ", 3, 0.25, false, {}, {}}, {"bad", "a.writ", 7, 0.5, true, "it differs", "- 1\n+ 2\n"}},
        {}};
    const JunitSuite two{"more", {{"whole", {}, 0, 0, false, {}, {}}}, "said beside"};
    CHECK(render_junit("writ test", {one, two}) ==
          R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="writ test" tests="3" failures="1" errors="0" skipped="0" time="0.750000">
  <testsuite name="a.writ" tests="2" failures="1" errors="0" skipped="0" time="0.750000">
    <testcase classname="a.writ" name="good" file="a.writ" line="3" time="0.250000"/>
    <testcase classname="a.writ" name="bad" file="a.writ" line="7" time="0.500000">
      <failure message="it differs">- 1
+ 2
</failure>
    </testcase>
  </testsuite>
  <testsuite name="more" tests="1" failures="0" errors="0" skipped="0" time="0.000000">
    <testcase classname="more" name="whole" time="0.000000"/>
    <system-out>said beside</system-out>
  </testsuite>
</testsuites>
)");
}

TEST_CASE("junit: what XML cannot hold is replaced, and what means something in it is escaped") {
    const auto name = [](std::string text) {
        const std::string out = render_junit("n", {{"s", {{std::move(text), {}, 0, 0, false, {}, {}}}, {}}});
        const std::size_t begin = out.find(" name=\"", out.find("<testcase")) + 7;
        return out.substr(begin, out.find('"', begin) - begin);
    };
    CHECK(name("a<b>&\"c") == "a&lt;b&gt;&amp;&quot;c");
    CHECK(name("a\tb\nc\rd") == "a&#9;b&#10;c&#13;d");
    CHECK(name("a\xC2\x9B"
               "b\xE2\x80\xAE"
               "c") == "a&#x9B;b&#x202E;c");
    CHECK(name("\x1b[31m") == "\xEF\xBF\xBD[31m");
    CHECK(name(std::string("a\0b", 3)) ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(name("\xFF") == "\xEF\xBF\xBD");
    CHECK(name("\xC3") == "\xEF\xBF\xBD");
    CHECK(name("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong encoding
    CHECK(name("\xED\xA0\x80") == "\xEF\xBF\xBD");          // half of a surrogate pair
    CHECK(name("\xEF\xBF\xBF") == "\xEF\xBF\xBD");          // not a character
    CHECK(name("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x92") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x92");
}
