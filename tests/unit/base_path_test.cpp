#include <string>

#include <doctest/doctest.h>

#include "base/path.h"
#include "base/values.h"

using namespace writ;

TEST_CASE("base: a path that every reader reads alike") {
    for (const char* plain :
         {"", "/", "a", "a/b", "/a", "a/", "/a/b/", ".github/workflows/x.yml", "a/.b/c..d/...", "a%20b", "100%", "a%2",
          "%2G", "refs/heads/main", "a\nb", "\xE2\x88\x95", "a;b/c", "a/..b", "a/b.."})
        CHECK_MESSAGE(plain_path(plain), plain);
    for (const char* climbs : {".",     "..",    "./a",      "../a",  "a/.",   "a/..",  "a/./b",  "a/../b", "//",
                               "//a",   "a//",   "a//b",     "/.",    "/..",   "a/../", "..;x/a", "a/.;/b", "a\\b",
                               "..\\a", "a%2eb", "%2E%2e/a", "a%2fb", "a%2Fb", "a%5cb", "a%5Cb",  "a%00b",  "a%252e"})
        CHECK_FALSE_MESSAGE(plain_path(climbs), climbs);
    CHECK_FALSE(plain_path(std::string("a\0b", 3)));
}

TEST_CASE("base: what hides in a path hides in the paths of URLs, ARNs and SPIFFE ids") {
    for (const std::string part :
         {".", "..", "", "a\\b", "%2e%2e", "%2E.", "a%2fb", "a%2Fb", "a%5cb", "a%5Cb", "a%00b", "%252e"}) {
        CAPTURE(part);
        CHECK_FALSE(canonical_text(Kind::Path, "workspace/" + part + "/x"));
        CHECK_FALSE(canonical_text(Kind::Url, "https://a.example/workspace/" + part + "/x"));
        CHECK_FALSE(canonical_text(Kind::Arn, "arn:aws:s3:::bucket/workspace/" + part + "/x"));
        CHECK_FALSE(canonical_text(Kind::Spiffe, "spiffe://a.example/workspace/" + part + "/x"));
    }
}
