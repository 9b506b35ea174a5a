#include "cli/formats/sarif.h"

#include <doctest/doctest.h>

#include <filesystem>

#include <nlohmann/json.hpp>

using namespace writ;
using namespace writ::cli;

namespace {

using Json = nlohmann::json;

/// A finding in a file with this name, after `change` has changed it.
template <class Change>
Json reported(const std::string& name, Change change) {
    Diagnostics all;
    all.sources.push_back({name, "one\ntwo\n", {}});
    Diagnostic d;
    d.code = "E0201";
    d.message = "unknown name";
    d.span = {0, 4, 7};
    change(d);
    all.items.push_back(std::move(d));
    const std::string text = render_sarif(all);
    // The output is one line without control characters, so printing it is safe.
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(text.find("\xE2\x80\xAE") == text.npos);
    for (const char c : text.substr(0, text.size() - 1)) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
    return Json::parse(text)["runs"][0]["results"][0];
}

std::string uri(const std::string& name) {
    return reported(name, [](Diagnostic&) {})["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
}

}  // namespace

TEST_CASE("cli: a path in SARIF is a URI reference, relative where the file lies below the current folder") {
    CHECK(uri("a/b-c_d.e~f.writ") == "a/b-c_d.e~f.writ");
    CHECK(uri("./a/../b.writ") == "b.writ");
    CHECK(uri("a b%20#?&:\"<\\\n\x1B.writ") == "a%20b%2520%23%3F%26%3A%22%3C%5C%0A%1B.writ");
    CHECK(uri("\xC3\xA9\xE2\x80\xAE\xFF.writ") == "%C3%A9%E2%80%AE%FF.writ");
    CHECK(uri("/no such folder/x.writ") == "file:///no%20such%20folder/x.writ");
    CHECK(uri((std::filesystem::current_path() / "below/x y.writ").string()) == "below/x%20y.writ");
}

TEST_CASE("cli: text in SARIF cannot act on whoever reads it") {
    const std::string evil =
                          "x\x1B[2J\r\xC2\x9B"
                          "31m\xE2\x80\xAE\xFF\"\\",
                      tame = "x<U+001B>[2J<U+000D><U+009B>31m<U+202E><FF>\"\\";
    const Json found = reported("p.writ", [&](Diagnostic& d) {
        d.message = d.label = d.help = evil;
        d.related.push_back({{0, 0, 3}, evil});
        d.replacement = "tw\"o\n\xE2\x80\xAE\xFF";
    });
    CHECK(found["message"]["text"] == tame + "\n" + tame);
    CHECK(found["locations"][0]["message"]["text"] == tame);
    // The reason of a suppression stands in a comment, where all but line ends may stand.
    SuppressedFinding suppressed;
    suppressed.finding.code = "unused_name";
    suppressed.reason = evil;
    const Json run = Json::parse(render_sarif({}, {suppressed}))["runs"][0];
    CHECK(run["results"][0]["suppressions"][0]["justification"] == tame);
    CHECK(found["relatedLocations"][0]["message"]["text"] == tame);
    CHECK(found["fixes"][0]["description"]["text"] == tame);
    // A fix inserts the text unchanged, as far as it is UTF-8.
    const Json change = found["fixes"][0]["artifactChanges"][0]["replacements"][0];
    CHECK(change["insertedContent"]["text"] == "tw\"o\n\xE2\x80\xAE\xEF\xBF\xBD");
    CHECK(change["deletedRegion"] == Json{{"startLine", 2}, {"startColumn", 1}, {"endLine", 2}, {"endColumn", 4}});
    // Without help, the message describes the fix.
    CHECK(reported("p.writ", [&](Diagnostic& d) {
              d.message = evil, d.replacement = "two";
          })["fixes"][0]["description"]["text"] == tame);
}
