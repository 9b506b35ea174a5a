#include <doctest/doctest.h>

#include <string>

#include "base/values.h"

using namespace writ;

namespace {

std::string canon(Kind kind, std::string_view text) {
    return canonical_text(kind, text).value_or("REFUSED");
}
std::string part(Part which, Kind kind, std::string_view text) {
    const auto whole = canonical_text(kind, text);
    if (!whole) return "REFUSED";
    return std::string(part_of(which, *whole).value_or("NONE"));
}
std::string shown(Kind kind, std::string_view text) {
    const auto raw = canonical_text(kind, text);
    return raw ? display_text(kind, *raw) : "REFUSED";
}
bool inside(std::string_view ip, std::string_view cidr) {
    return cidr_contains(canonical_text(Kind::Cidr, cidr).value(), canonical_text(Kind::Ip, ip).value());
}
const std::string kRefused = "REFUSED";

}  // namespace

TEST_CASE("base: SPIFFE ids are taken only in their one spelling") {
    CHECK(canon(Kind::Spiffe, "spiffe://example.org/ns/prod/sa/x") == "spiffe://example.org/ns/prod/sa/x");
    CHECK(canon(Kind::Spiffe, "spiffe://example.org") == "spiffe://example.org");
    CHECK(canon(Kind::Spiffe, "spiffe://my_td.org/A.b-c_d") == "spiffe://my_td.org/A.b-c_d");
    for (const char* bad : {"",
                            "spiffe://",
                            "spiffe:///a",
                            "SPIFFE://example.org/a",
                            "spiffe://Example.org/a",
                            "spiffe://example.org/",
                            "spiffe://example.org/a/",
                            "spiffe://example.org//a",
                            "spiffe://example.org/a/../b",
                            "spiffe://example.org/./a",
                            "spiffe://example.org/a%2fb",
                            "spiffe://example.org/%2e%2e/b",
                            "spiffe://user@example.org/a",
                            "spiffe://example.org:80/a",
                            "spiffe://example.org/a?q",
                            "spiffe://example.org/a#f",
                            "https://example.org/a",
                            "spiffe://example.org./a",
                            "spiffe://example..org/a",
                            "spiffe://ex\xC3\xA4mple.org/a",
                            " spiffe://example.org/a"})
        CHECK_MESSAGE(canon(Kind::Spiffe, bad) == kRefused, bad);
    CHECK(canon(Kind::Spiffe, "spiffe://a/" + std::string(3'000, 'x')) == kRefused);
}

TEST_CASE("base: a SPIFFE id that is taken for one of the usual form is canonical as it stands") {
    std::uint64_t seed = 1;
    const auto random = [&](std::size_t below) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::size_t>((seed >> 33) % below);
    };
    constexpr std::string_view kBytes = "abz019.-//_AZ%:@[`{\x7F\x80\xFF ";
    std::size_t usual = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string text = "spiffe://acme.example/ns/prod/sa/agent-1";
        if (random(2) == 0) text += '/' + std::string(random(150), 'x') + "/y";
        for (std::size_t edits = random(3); edits > 0; --edits) {
            const std::size_t at = 9 + random(text.size() - 9);
            if (random(3) == 0)
                text.erase(at, 1 + random(4));
            else
                text.insert(at, 1, kBytes[random(kBytes.size())]);
            if (text.size() < 11) text = "spiffe://acme.example";
        }
        if (!usual_spiffe(text)) continue;
        ++usual;
        REQUIRE_MESSAGE(canon(Kind::Spiffe, text) == text, text);
    }
#if defined(__SSE2__)
    CHECK(usual > 50'000);
    CHECK(usual_spiffe("spiffe://acme.example"));
#else
    CHECK(usual == 0);
#endif
}

TEST_CASE("base: URLs are canonical in scheme, host, port and escapes") {
    CHECK(canon(Kind::Url, "HTTPS://API.Example.com:443/a/B") == "https://api.example.com/a/B");
    CHECK(canon(Kind::Url, "https://example.com") == "https://example.com/");
    CHECK(canon(Kind::Url, "http://example.com:8080/a/") == "http://example.com:8080/a/");
    CHECK(canon(Kind::Url, "https://example.com/%7Euser/%c3%a9") == "https://example.com/~user/%C3%A9");
    CHECK(canon(Kind::Url, "https://[2001:DB8::0:1]:8443/") == "https://[2001:db8::1]:8443/");
    CHECK(canon(Kind::Url, "https://10.0.0.1/x") == "https://10.0.0.1/x");
    CHECK(canon(Kind::Url, "https://example.com:80/") == "https://example.com:80/");
    CHECK(canon(Kind::Url, "https://example.com/a%25b") == "https://example.com/a%25b");
    CHECK(canon(Kind::Url, "https://Example.com?X=1&y=%7e%2f") == "https://example.com/?X=1&y=~%2F");
    CHECK(canon(Kind::Url, "https://example.com/a?x=/../y#Part/2?") == "https://example.com/a?x=/../y#Part/2?");
    CHECK(canon(Kind::Url, "https://example.com#?") == "https://example.com/#?");
}

TEST_CASE("base: URLs that two readers could take apart differently are refused") {
    for (const char* bad : {"",
                            "example.com/a",
                            "//example.com",
                            "https:example.com",
                            "https:///a",
                            "https://user@example.com/",
                            "https://user:pw@example.com/",
                            "https://good.example@evil.example/",
                            "https://example.com\\@evil.example/",
                            "https://example.com/../a",
                            "https://example.com/a/./b",
                            "https://example.com//a",
                            "https://example.com/a//b",
                            "https://example.com/%2e%2e/a",
                            "https://example.com/a%2Fb",
                            "https://example.com/a%5cb",
                            "https://example.com/%252e",
                            "https://example.com/%252E%252e/a",
                            "https://example.com/a%25%32%65",
                            "https://example.com/%00",
                            "https://example.com/%0a",
                            "https://example.com/%zz",
                            "https://example.com/%4",
                            "https://example.com/..?x",
                            "https://example.com/%2e%2e#x",
                            "https://example.com?x/../y\\z",
                            "https://example.com/?a b",
                            "https://example.com/?%4",
                            "https://example.com/#a#b",
                            "https://good.example?@evil.example\\",
                            "https://evil.example\\?@good.example/",
                            "https://user@example.com?x",
                            "https://example.com:?x",
                            "https://[64:ff9b::a00:1]/",
                            "https://example.com./a",
                            "https://example.com:/a",
                            "https://example.com:0/",
                            "https://example.com:65536/",
                            "https://example.com:080/",
                            "https://exa mple.com/",
                            "https://example.com/a b",
                            "https://ex\xC3\xA4mple.com/",
                            "https://127.1/",
                            "https://0x7f000001/",
                            "https://2130706433/",
                            "https://127.0.0.01/",
                            "https://[::1/",
                            "https://::1/",
                            "https://[fe80::1%25eth0]/",
                            "https://[::ffff:10.0.0.1]/",
                            "https://example.com/..;/a",
                            "https://example.com/\x7F",
                            "1https://example.com/",
                            "https://.example.com/",
                            "https://example..com/"})
        CHECK_MESSAGE(canon(Kind::Url, bad) == kRefused, bad);
}

TEST_CASE("base: hosts are lower case, without a trailing dot") {
    CHECK(canon(Kind::Host, "API.Example.COM") == "api.example.com");
    CHECK(canon(Kind::Host, "localhost") == "localhost");
    CHECK(canon(Kind::Host, "xn--bcher-kva.example") == "xn--bcher-kva.example");
    CHECK(canon(Kind::Host, "192.0.2.1") == "192.0.2.1");
    CHECK(canon(Kind::Host, "[2001:DB8::1]") == "[2001:db8::1]");
    for (const char* bad : {"", ".", "example.com.", "a..b", "-a.example", "a-.example", "a b", "a/b", "a:80", "u@a",
                            "*.example.com", "1.2.3", "256.1.1.1", "a.0x1f", "::1", "[]", "[::1"})
        CHECK_MESSAGE(canon(Kind::Host, bad) == kRefused, bad);
    CHECK(canon(Kind::Host, std::string(64, 'a') + ".example") == kRefused);
    CHECK(canon(Kind::Host, std::string(63, 'a') + ".example") != kRefused);
}

TEST_CASE("base: email addresses have one at sign and a domain in lower case") {
    CHECK(canon(Kind::Email, "Ann.Bo+x@Example.COM") == "Ann.Bo+x@example.com");
    for (const char* bad : {"", "a", "@example.com", "a@", "a@b@example.com", "a..b@example.com", ".a@example.com",
                            "a.@example.com", "\"a b\"@example.com", "a@example.com.", "a@[10.0.0.1]", "a@10.0.0.1",
                            "a b@example.com", "a@exam ple.com", "a@example.com>", "\xC3\xA9@example.com"})
        CHECK_MESSAGE(canon(Kind::Email, bad) == kRefused, bad);
    CHECK(canon(Kind::Email, std::string(65, 'a') + "@example.com") == kRefused);
}

TEST_CASE("base: ARNs have six parts and a plain resource") {
    CHECK(canon(Kind::Arn, "arn:aws:iam::123456789012:role/Data/X") == "arn:aws:iam::123456789012:role/Data/X");
    CHECK(canon(Kind::Arn, "arn:aws:s3:::bucket") == "arn:aws:s3:::bucket");
    CHECK(canon(Kind::Arn, "arn:aws:s3:::bucket/prefix/") == "arn:aws:s3:::bucket/prefix/");
    CHECK(canon(Kind::Arn, "arn:aws:apigateway:us-east-1::/restapis/abc") ==
          "arn:aws:apigateway:us-east-1::/restapis/abc");
    CHECK(canon(Kind::Arn, "arn:aws:sns:eu-west-1:123456789012:a:b") == "arn:aws:sns:eu-west-1:123456789012:a:b");
    for (const char* bad :
         {"", "arn:aws:iam::123456789012", "arn:aws:iam::123456789012:", "ARN:aws:iam::1:role/x", "arn::iam::1:role/x",
          "arn:aws:::1:x", "arn:aws:iam::1:role/../x", "arn:aws:iam::1:role//x", "arn:aws:iam::1:role/%2e",
          "arn:aws:iam::1:role x", "arn:aws:s3:::b/..", "arn:aws:s3:::../b", "arn:aws:s3:::b//"})
        CHECK_MESSAGE(canon(Kind::Arn, bad) == kRefused, bad);
}

TEST_CASE("base: addresses are sixteen bytes, IPv4 mapped") {
    CHECK(canon(Kind::Ip, "10.0.0.1").size() == 16);
    CHECK(canon(Kind::Ip, "10.0.0.1") == canon(Kind::Ip, "::ffff:10.0.0.1"));
    CHECK(canon(Kind::Ip, "2001:DB8::1") == canon(Kind::Ip, "2001:db8:0:0:0:0:0:1"));
    CHECK(shown(Kind::Ip, "::ffff:10.0.0.1") == "10.0.0.1");
    CHECK(shown(Kind::Ip, "2001:DB8:0::1") == "2001:db8::1");
    for (const char* bad : {"", "10.0.0", "10.0.0.1.1", "10.0.0.01", "10.0.0.256", "10.0.0.1 ", "0x0a.0.0.1", "::g",
                            ":::", "fe80::1%eth0", "[::1]", "10.0.0.1/8"})
        CHECK_MESSAGE(canon(Kind::Ip, bad) == kRefused, bad);
    CHECK(canon(Kind::Ip, std::string_view("10.0.0.1\0", 9)) == kRefused);
}

TEST_CASE("base: an IPv6 address that leads to an IPv4 address is neither") {
    for (const char* wrapped :
         {"64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:fffe::1",
          "2002:a9fe:a9fe::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::169.254.169.254",
          "::a9fe:a9fe", "::2", "::ffff:0:169.254.169.254", "fe80::5efe:169.254.169.254",
          "2001:db8::200:5efe:10.0.0.1"})
        CHECK_MESSAGE(canon(Kind::Ip, wrapped) == kRefused, wrapped);
    for (const char* plain : {"::", "::1", "64:ff9a::1", "64:ff9b:2::1", "2003::1", "2001:1::1", "2001:db8::5efe",
                              "2001:db8::1", "fe80::1"})
        CHECK_MESSAGE(canon(Kind::Ip, plain) != kRefused, plain);
    CHECK(shown(Kind::Cidr, "64:ff9b::/96") == "64:ff9b::/96");  // a block is not an address, so a rule may deny it
}

TEST_CASE("base: blocks lose their host bits and keep their family") {
    CHECK(shown(Kind::Cidr, "10.1.2.3/8") == "10.0.0.0/8");
    CHECK(shown(Kind::Cidr, "10.1.2.3/32") == "10.1.2.3/32");
    CHECK(shown(Kind::Cidr, "0.0.0.0/0") == "0.0.0.0/0");
    CHECK(shown(Kind::Cidr, "2001:db8:ffff::/33") == "2001:db8:8000::/33");
    CHECK(shown(Kind::Cidr, "::/0") == "::/0");
    for (const char* bad :
         {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8"})
        CHECK_MESSAGE(canon(Kind::Cidr, bad) == kRefused, bad);
}

TEST_CASE("base: an address is inside a block by its leading bits") {
    CHECK(inside("10.255.255.255", "10.0.0.0/8"));
    CHECK_FALSE(inside("11.0.0.0", "10.0.0.0/8"));
    CHECK(inside("192.0.2.129", "192.0.2.128/25"));
    CHECK_FALSE(inside("192.0.2.127", "192.0.2.128/25"));
    CHECK(inside("1.2.3.4", "0.0.0.0/0"));
    CHECK_FALSE(inside("2001:db8::1", "0.0.0.0/0"));
    CHECK(inside("2001:db8::1", "2001:db8::/32"));
    CHECK_FALSE(inside("2001:db9::1", "2001:db8::/32"));
    CHECK(inside("2001:db8::1", "2001:db8::1/128"));
    CHECK_FALSE(cidr_contains("short", "short"));
}

TEST_CASE("base: parts of typed text") {
    CHECK(part(Part::SpiffeTrustDomain, Kind::Spiffe, "spiffe://td.example/a/b") == "td.example");
    CHECK(part(Part::SpiffePath, Kind::Spiffe, "spiffe://td.example/a/b") == "/a/b");
    CHECK(part(Part::SpiffePath, Kind::Spiffe, "spiffe://td.example") == "NONE");
    const char* url = "https://api.example:8443/v1/x:y@z";
    CHECK(part(Part::UrlScheme, Kind::Url, url) == "https");
    CHECK(part(Part::UrlHost, Kind::Url, url) == "api.example");
    CHECK(part(Part::UrlPort, Kind::Url, url) == "8443");
    CHECK(part(Part::UrlPath, Kind::Url, url) == "/v1/x:y@z");
    CHECK(part(Part::UrlPort, Kind::Url, "https://api.example/") == "NONE");
    const char* asked = "https://api.example:8443/v1?a=b/c@d:1#e?f";
    CHECK(part(Part::UrlHost, Kind::Url, asked) == "api.example");
    CHECK(part(Part::UrlPort, Kind::Url, asked) == "8443");
    CHECK(part(Part::UrlPath, Kind::Url, asked) == "/v1");
    CHECK(part(Part::UrlQuery, Kind::Url, asked) == "a=b/c@d:1");
    CHECK(part(Part::UrlFragment, Kind::Url, asked) == "e?f");
    CHECK(part(Part::UrlWhole, Kind::Url, asked) == "NONE");
    CHECK(part(Part::UrlQuery, Kind::Url, url) == "");
    CHECK(part(Part::UrlFragment, Kind::Url, url) == "");
    CHECK(part(Part::UrlWhole, Kind::Url, url) == url);
    CHECK(part(Part::UrlWhole, Kind::Url, "https://api.example/?") == "NONE");
    CHECK(part(Part::UrlHost, Kind::Url, "https://api.example?x") == "api.example");
    CHECK(part(Part::UrlHost, Kind::Url, "https://[::1]/") == "[::1]");
    CHECK(part(Part::UrlPort, Kind::Url, "https://[::1]/") == "NONE");
    CHECK(part(Part::UrlPort, Kind::Url, "https://[::1]:8/") == "8");
    CHECK(part(Part::EmailLocal, Kind::Email, "a.b@X.example") == "a.b");
    CHECK(part(Part::EmailDomain, Kind::Email, "a.b@X.example") == "x.example");
    const char* arn = "arn:aws:iam::123456789012:role/x:y";
    CHECK(part(Part::ArnPartition, Kind::Arn, arn) == "aws");
    CHECK(part(Part::ArnService, Kind::Arn, arn) == "iam");
    CHECK(part(Part::ArnRegion, Kind::Arn, arn) == "NONE");
    CHECK(part(Part::ArnAccount, Kind::Arn, arn) == "123456789012");
    CHECK(part(Part::ArnResource, Kind::Arn, arn) == "role/x:y");
    CHECK(part_of(Part::UrlPath, "").has_value() == false);
    CHECK(part_of(Part::ArnResource, "x").has_value() == false);
}

TEST_CASE("base: parts are found by the name of the kind that has them") {
    CHECK(find_part(Kind::Spiffe, "path") == Part::SpiffePath);
    CHECK(find_part(Kind::Url, "path") == Part::UrlPath);
    CHECK(find_part(Kind::Arn, "account") == Part::ArnAccount);
    CHECK(find_part(Kind::Url, "query") == Part::UrlQuery);
    CHECK_FALSE(find_part(Kind::Email, "path"));
    CHECK_FALSE(find_part(Kind::String, "path"));
    CHECK(kind_of(Part::UrlPort) == Kind::Int);
    CHECK(kind_of(Part::UrlHost) == Kind::Host);
    CHECK(kind_of(Part::ArnResource) == Kind::Path);
    CHECK(kind_of(Part::EmailDomain) == Kind::Host);
}

TEST_CASE("base: kinds without a canonical form keep their bytes") {
    CHECK(canon(Kind::String, " A/../b%2e ") == " A/../b%2e ");
    CHECK(canon(Kind::Path, "/a/b/") == "/a/b/");
    CHECK(canon(Kind::Path, "a//b") == "REFUSED");
    CHECK(display_text(Kind::Ip, "short") == "short");
}
