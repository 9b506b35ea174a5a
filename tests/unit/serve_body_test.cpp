// Tests how bodies are read: whole ones, and ones in chunks.
#include <doctest/doctest.h>

#include <optional>

#include "serve/body.h"

using namespace writ::serve;
using Step = BodyReader::Step;

namespace {

HttpHead head_of(std::optional<std::size_t> length) {
    static constexpr std::string_view kChunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    HttpHead head = std::get<HttpHead>(read_head(kChunked, {}));
    if (!length) return head;
    head.headers.pop_back();
    head.length = *length;
    return head;
}

struct Outcome {
    Step step = Step::More;
    std::string body;
    std::size_t left = 0;  ///< bytes behind the body
};

/// Reads a text in pieces of this size.
Outcome read(std::string_view text, std::optional<std::size_t> length, std::size_t piece, std::size_t most = 100) {
    BodyReader reader;
    reader.begin(head_of(length), most, {.bytes = 64, .headers = 3});
    Outcome out;
    while (out.step == Step::More) {
        std::string_view part = text.substr(0, piece);
        const std::size_t size = part.size();
        out.step = reader.read(part);
        text.remove_prefix(size - part.size());
        if (size == 0) break;
    }
    out.body = reader.body();
    out.left = text.size();
    return out;
}

Step chunked(std::string_view text, std::size_t most = 100) {
    const Outcome whole = read(text, {}, text.size(), most);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
        const Outcome again = read(text, {}, piece, most);
        CHECK(again.step == whole.step);
        CHECK(again.body == whole.body);
    }
    return whole.step;
}

}  // namespace

TEST_CASE("serve: a body of a known length ends there") {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
        const Outcome out = read("{\"a\":1}GET", 7, piece);
        CHECK(out.step == Step::Done);
        CHECK(out.body == "{\"a\":1}");
        CHECK(out.left == 3);
    }
    CHECK(read("", 0, 1).step == Step::Done);
    CHECK(read("{", 7, 1).step == Step::More);
}

TEST_CASE("serve: a body in chunks") {
    const Outcome out = read("3\r\nabc\r\n0002\r\nde\r\n0\r\nA: b\r\nC:\td\r\n\r\nGET", {}, 100);
    CHECK(out.step == Step::Done);
    CHECK(out.body == "abcde");
    CHECK(out.left == 3);
    CHECK(chunked("0\r\n\r\n") == Step::Done);
    CHECK(chunked("a\r\n0123456789\r\n0\r\n\r\n") == Step::Done);
    CHECK(chunked("A\r\n0123456789\r\n0\r\n\r\n") == Step::Done);
    CHECK(chunked("1\r\na\r\n0\r\n") == Step::More);
    CHECK(chunked("5\r\nabc") == Step::More);
}

TEST_CASE("serve: chunks that two servers could read differently are refused") {
    for (const char* text :
         {"3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r\n0\n\r\n", "3\r\nabc\r\n0\r\n\n", "3\r\nabcd\r\n",
          "\r\n", "-1\r\n", "+3\r\nabc\r\n", "0x3\r\nabc\r\n", " 3\r\nabc\r\n", "3 \r\nabc\r\n", "g\r\n",
          "000000003\r\nabc\r\n", "ffffffffffffffff\r\n", "3;a=b\r\nabc\r\n", "3\r\r\nabc\r\n"}) {
        CAPTURE(text);
        CHECK(chunked(text) == Step::Malformed);
    }
}

TEST_CASE("serve: trailers are dropped if they are headers, and refused otherwise") {
    const std::string begin = "1\r\na\r\n0\r\n";
    CHECK(chunked(begin + "A: b\r\nC: d\r\nE: f\r\n\r\n") == Step::Done);
    for (const std::string trailers :
         {"A: b\r\n c\r\n\r\n", "A: b\r\n\tc\r\n\r\n", "A : b\r\n\r\n", "A\r\n\r\n", ": b\r\n\r\n", "A: b\rc\r\n\r\n",
          "A: b\n\r\n", "A: \x80\r\n\r\n", "A: b\r\nC: d\r\nE: f\r\nG: h\r\n\r\n"}) {
        CAPTURE(trailers);
        CHECK(chunked(begin + trailers) == Step::Malformed);
    }
    CHECK(chunked(begin + "A: " + std::string(70, 'b') + "\r\n\r\n") == Step::Malformed);
    CHECK(chunked(begin + "A: " + std::string(40, 'b') + "\r\nC: " + std::string(40, 'd') + "\r\n\r\n") ==
          Step::Malformed);
}

TEST_CASE("serve: a body in chunks has a limit") {
    CHECK(chunked("5\r\nabcde\r\n0\r\n\r\n", 5) == Step::Done);
    CHECK(chunked("6\r\nabcdef\r\n0\r\n\r\n", 5) == Step::TooLong);
    CHECK(chunked("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", 5) == Step::TooLong);
    CHECK(chunked("ffffffff\r\n", 5) == Step::TooLong);
}

TEST_CASE("serve: the end of a head") {
    CHECK(end_of_head("GET / HTTP/1.1\r\n\r\nmore") == 18);
    CHECK(end_of_head("GET / HTTP/1.1\n\nmore") == 16);
    CHECK(end_of_head("GET / HTTP/1.1\n\r\n") == 17);
    CHECK(end_of_head("GET / HTTP/1.1\r\n") == 0);
    CHECK(end_of_head("GET / HTTP/1.1\r\nA: b\r\n\r") == 0);
    CHECK(end_of_head("") == 0);
}
