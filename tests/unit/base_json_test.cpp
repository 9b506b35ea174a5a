#include "base/json.h"

#include <doctest/doctest.h>

#include <clocale>
#include <random>
#include <string>

#include <nlohmann/json.hpp>

using namespace writ;
using json::Type;

namespace {

/// `CODE path` if the document is rejected, otherwise "accepted".
std::string refusal(std::string_view text, const RequestLimits& limits = {}) {
    const auto value = json::parse(text, limits);
    return value ? "accepted" : value.error().code + " " + value.error().context;
}
std::string again(std::string_view text) {
    const auto value = json::parse(text);
    return value ? json::write(*value) : "refused";
}

}  // namespace

TEST_CASE("base: JSON values keep their type, order and spelling") {
    const auto doc = json::parse(R"({"b":1,"a":[true,null,"x",1.50,-7,2e1]})");
    REQUIRE(doc);
    CHECK(doc->type == Type::Object);
    CHECK(doc->members[0].first == "b");
    const json::Value* list = doc->find("a");
    REQUIRE(list != nullptr);
    REQUIRE(list->items.size() == 6);
    CHECK(list->items[0].boolean);
    CHECK(list->items[1].type == Type::Null);
    CHECK(list->items[2].text == "x");
    CHECK(list->items[3].type == Type::Number);
    CHECK(list->items[3].text == "1.50");
    CHECK(list->items[4].type == Type::Int);
    CHECK(list->items[4].integer == -7);
    CHECK(list->items[5].type == Type::Number);
    CHECK(doc->find("c") == nullptr);
}

TEST_CASE("base: JSON integers end where 64 bits do") {
    CHECK(json::parse("9223372036854775807")->integer == INT64_MAX);
    CHECK(json::parse("-9223372036854775808")->integer == INT64_MIN);
    // A larger number, of any size, is kept as written; the caller checks whether it fits.
    for (const char* large : {"9223372036854775808", "-9223372036854775809", "18446744073709551615",
                              "100000000000000000000000000", "1e999", "0.000000001"}) {
        const auto read = json::parse(large);
        REQUIRE_MESSAGE(read, large);
        CHECK(read->type == Type::Number);
        CHECK(read->text == large);
    }
    CHECK(json::canonical(*json::parse(R"({"n":[18446744073709551615,1e400,1.50]})")) ==
          R"({"n":[18446744073709551615,1e400,1.5]})");
    CHECK(json::parse("9223372036854775808.0")->type == Type::Number);
}

TEST_CASE("base: a byte order mark before a document is skipped, and none inside it") {
    CHECK(json::parse("\xEF\xBB\xBF{\"a\":1}")->find("a")->integer == 1);
    CHECK(refusal("\xEF\xBB\xBF\xEF\xBB\xBF{}").substr(0, 5) == "Q0001");
    CHECK(refusal("{\xEF\xBB\xBF}").substr(0, 5) == "Q0001");
    std::string out;
    json::squeeze("\xEF\xBB\xBF{ \"a\": 1 }", out);
    CHECK(out == R"({"a":1})");
}

TEST_CASE("base: JSON duplicate keys are refused after unescaping") {
    CHECK(refusal(R"({"a":1,"a":1})") == "Q0006 $.a");
    CHECK(refusal(R"({"x":{"a":1,"\u0061":2}})") == "Q0006 $.x.a");
    CHECK(refusal(R"([{"a":{}},{"a":1,"b":2,"a":{}}])") == "Q0006 $[1].a");
    CHECK(refusal(R"({"a":{"a":1},"b":{"a":1}})") == "accepted");
    std::string many = "{";
    for (int i = 0; i < 200; ++i) many += "\"k" + std::to_string(i) + "\":0,";
    CHECK(refusal(many + "\"z\":0}") == "accepted");
    CHECK(refusal(many + "\"k17\":0}") == "Q0006 $.k17");
}

TEST_CASE("base: JSON text that is not one document is refused") {
    for (const char* bad : {"",          " ",      "{",       "[1,]",  "{\"a\":1,}", "{a:1}",     "'a'",      "01",
                            "1.",        "+1",     "nul",     "{} {}", "[] x",       "NaN",       "Infinity", "// c\n1",
                            "/* c */ 1", "\"\t\"", "\"\\x\"", "\"a",   "[1 2]",      "{\"a\" 1}", "1,"})
        CHECK_MESSAGE(refusal(bad).substr(0, 5) == "Q0001", bad);
    CHECK(refusal(std::string_view("{}\0garbage", 10)) == "Q0001 $");
    CHECK(refusal(std::string_view("\0", 1)) == "Q0001 $");
    CHECK(refusal(std::string_view("\"a\0b\"", 5)) == "Q0001 $");
}

TEST_CASE("base: JSON text must be UTF-8 without lone surrogates") {
    CHECK(refusal("\"\xC0\xAF\"") == "Q0001 $");
    CHECK(refusal("\"\xED\xA0\x80\"") == "Q0001 $");
    CHECK(refusal("\"\xFF\"") == "Q0001 $");
    CHECK(refusal("\"\xE2\x82\"") == "Q0001 $");
    CHECK(refusal(R"("\ud800")") == "Q0001 $");
    CHECK(refusal(R"("\udc00")") == "Q0001 $");
    CHECK(refusal(R"("\ud800\ud800")") == "Q0001 $");
    CHECK(json::parse(R"("\ud83d\ude00")")->text == "\xF0\x9F\x98\x80");
}

TEST_CASE("base: a NUL is refused in a key and kept in a value") {
    CHECK(refusal(R"({"a\u0000b":1})").substr(0, 5) == "Q0001");
    const auto value = json::parse(R"("a\u0000b")");
    REQUIRE(value);
    CHECK(value->text == std::string("a\0b", 3));
    CHECK(json::write(*value) == R"("a\u0000b")");
}

TEST_CASE("base: JSON limits hold to the last byte") {
    RequestLimits limits;
    limits.max_bytes = 10;
    CHECK(refusal("\"12345678\"", limits) == "accepted");
    CHECK(refusal("\"123456789\"", limits) == "Q0002 $");

    limits = {};
    limits.max_depth = 3;
    CHECK(refusal("[[[1]]]", limits) == "accepted");
    CHECK(refusal("[[[[1]]]]", limits) == "Q0003 $[0][0][0]");
    CHECK(refusal(R"({"a":{"b":{"c":{}}}})", limits) == "Q0003 $.a.b.c");

    limits = {};
    limits.max_members = 2;
    CHECK(refusal("[1,2]", limits) == "accepted");
    CHECK(refusal("[1,2,3]", limits) == "Q0004 $[2]");
    CHECK(refusal("[1,2,[]]", limits) == "Q0004 $[2]");
    CHECK(refusal(R"({"a":1,"b":2})", limits) == "accepted");
    CHECK(refusal(R"({"a":1,"b":2,"c":3})", limits).substr(0, 5) == "Q0004");

    limits = {};
    limits.max_string = 3;
    CHECK(refusal(R"({"abc":"abc"})", limits) == "accepted");
    CHECK(refusal(R"({"abc":"abcd"})", limits) == "Q0005 $.abc");
    CHECK(refusal(R"({"abcd":1})", limits).substr(0, 5) == "Q0005");
    CHECK(refusal("[0.000]", limits) == "Q0005 $[0]");
}

TEST_CASE("base: a deep document is refused without a deep stack") {
    RequestLimits limits;
    limits.max_bytes = 4u << 20;
    CHECK(refusal(std::string(2'000'000, '['), limits).substr(0, 5) == "Q0003");
}

TEST_CASE("base: JSON paths quote keys that are no names") {
    CHECK(refusal(R"({"kubernetes.io":{"n":{"a":1,"a":2}}})") == R"(Q0006 $["kubernetes.io"].n.a)");
    CHECK(refusal(R"({"a b":[{},{"":{"a":1,"a":2}}]})") == R"(Q0006 $["a b"][1][""].a)");
}

TEST_CASE("base: a JSON syntax error says where and what was expected") {
    const auto value = json::parse("{\"a\" 1}");
    REQUIRE_FALSE(value);
    CHECK(value.error().message == "not JSON at line 1, column 6: expected `:`");
    CHECK(json::parse("{\n \"a\": tru }").error().message.find("line 2") != std::string::npos);
}

TEST_CASE("base: JSON is written as it was read, controls escaped") {
    CHECK(again(R"( { "b" : [ 1 , 2.50 ] , "a" : { } , "c" : [ ] } )") == R"({"b":[1,2.50],"a":{},"c":[]})");
    CHECK(again(R"("\u001b\u007f\n\"\\\/")") == R"("\u001b\u007f\n\"\\/")");
    CHECK(again("\"\xC2\x9B\xC3\xA9\"") == "\"\\u009b\xC3\xA9\"");
    CHECK(again(again(R"({"a":[null,true,false,"\t\r"]})")) == R"({"a":[null,true,false,"\t\r"]})");
}

TEST_CASE("base: pretty JSON is indented and reads back the same") {
    const auto doc = json::parse(R"({"a":[1,{"b":{}}],"c":[]})");
    REQUIRE(doc);
    const std::string pretty = json::write_pretty(*doc);
    CHECK(pretty == "{\n  \"a\": [\n    1,\n    {\n      \"b\": {}\n    }\n  ],\n  \"c\": []\n}");
    CHECK(again(pretty) == json::write(*doc));
}

TEST_CASE("base: canonical JSON sorts keys by bytes and spells numbers one way") {
    const auto canon = [](std::string_view text) { return json::canonical(json::parse(text).value()); };
    CHECK(canon(R"({"b":1,"a":{"d":1.50,"c":5e0}})") == R"({"a":{"c":5,"d":1.5},"b":1})");
    CHECK(canon(R"({"é":1,"z":2,"Z":3})") == R"({"Z":3,"z":2,"é":1})");
    CHECK(canon("500.00") == canon("500"));
    CHECK(canon("-0.0") == "0");
    CHECK(canon("0.00000001") == "0.00000001");
    CHECK(canon(R"(["b","a"])") == R"(["b","a"])");
    CHECK(canon("9223372036854775807") == "9223372036854775807");
}

TEST_CASE("base: JSON values are built and changed by key") {
    json::Value doc = json::Value::object();
    doc.set("a", json::Value::of("text"));
    doc.set("b", json::Value::of(std::int64_t{7}));
    doc.set("a", json::Value::of(true));
    CHECK(json::write(doc) == R"({"a":true,"b":7})");
    doc.remove("a");
    doc.remove("missing");
    CHECK(json::write(doc) == R"({"b":7})");
    CHECK(json::write(json::Value::of("x")) == R"("x")");
}

TEST_CASE("base: the process's locale does not change numbers") {
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    const bool german = std::setlocale(LC_NUMERIC, "de_DE.UTF-8") != nullptr;
    const auto value = json::parse("500.25");
    std::setlocale(LC_NUMERIC, before.c_str());
    if (!german) MESSAGE("locale de_DE.UTF-8 is not installed; the default was tested");
    REQUIRE(value);
    CHECK(value->text == "500.25");
}

TEST_CASE("base: what is JSON is what another reader takes for JSON") {
    const std::string document =
        R"({"a":[1,-2.50e+3,true,false,null,"x\u00e9\n\\"],"b":{"c":{},"d":[]}, "e" : "\ud83d\ude00", "f":0})";
    const std::string_view alphabet = "{}[]:,\"\\u0019.eE+-tfn \n\x01\xC3\xA9\xFF";
    std::mt19937 random(20261126);
    const auto below = [&](std::size_t n) { return random() % n; };
    int accepted = 0, refused = 0;
    for (int i = 0; i < 30'000; ++i) {
        std::string text = document;
        for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
            const std::size_t at = below(text.size());
            switch (below(4)) {
                case 0: text[at] = alphabet[below(alphabet.size())]; break;
                case 1: text.insert(at, 1, alphabet[below(alphabet.size())]); break;
                case 2: text.erase(at, 1 + below(4)); break;
                case 3: text.insert(at, text.substr(below(text.size()), below(12))); break;
            }
        }
        const auto ours = json::parse(text);
        const bool theirs = nlohmann::json::accept(text);
        if (ours) {
            ++accepted;
            CHECK_MESSAGE(theirs, text);
            if (theirs) CHECK(nlohmann::json::parse(json::write(*ours)) == nlohmann::json::parse(text));
        } else if (ours.error().code == "Q0001" && ours.error().message.find("NUL") == std::string::npos) {
            ++refused;
            CHECK_MESSAGE(!theirs, text);
        }
    }
    CHECK(accepted > 1'000);
    CHECK(refused > 1'000);
}
