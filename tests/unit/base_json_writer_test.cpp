#include <doctest/doctest.h>

#include <string>

#include "base/json_reader.h"
#include "base/json_writer.h"

using namespace writ;

namespace {

std::string written(std::string_view text) {
    json::Writer to;
    to.text(text);
    return to.take();
}
std::string escaped(std::string_view text) {
    std::string out;
    json::append_quoted(out, text);
    return out;
}

}  // namespace

TEST_CASE("json writer: text is escaped wherever in it a byte needs it") {
    for (std::size_t size = 0; size <= 20; ++size) {
        CHECK(written(std::string(size, 'a')) == '"' + std::string(size, 'a') + '"');
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'a');
                text[at] = static_cast<char>(byte);
                REQUIRE_MESSAGE(written(text) == escaped(text), size << ' ' << at << ' ' << byte);
            }
        }
    }
    CHECK(written("\xC2\x85 \xC3\xA9") == "\"\\u0085 \xC3\xA9\"");
}

TEST_CASE("json writer: quotes, backslashes, controls and DEL are escaped, and no other byte") {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (int byte = 0; byte < 256; ++byte) {
        const std::string one(1, static_cast<char>(byte));
        std::string expected = one;
        if (byte == '"' || byte == '\\')
            expected = "\\" + one;
        else if (byte == '\n')
            expected = "\\n";
        else if (byte == '\r')
            expected = "\\r";
        else if (byte == '\t')
            expected = "\\t";
        else if (byte < 0x20 || byte == 0x7F)
            expected = std::string("\\u00") + kHex[static_cast<std::size_t>(byte) / 16] +
                       kHex[static_cast<std::size_t>(byte) % 16];
        CHECK_MESSAGE(written(one) == '"' + expected + '"', byte);
        CHECK_MESSAGE(written("a" + one + "z") == "\"a" + expected + "z\"", byte);
        // U+0080 to U+009F are also control characters. After any other lead byte, the byte is part of a character.
        const bool upper = byte >= 0x80 && byte <= 0x9F;
        const std::string code = std::string("\\u00") + kHex[static_cast<std::size_t>(byte) / 16] +
                                 kHex[static_cast<std::size_t>(byte) % 16];
        CHECK_MESSAGE(written("\xC2" + one) == '"' + (upper ? code : "\xC2" + expected) + '"', byte);
        CHECK_MESSAGE(written("\xC3" + one) == "\"\xC3" + expected + '"', byte);
    }
    CHECK(written("\xE2\x80\xAE \xF0\x9F\x98\x80 \xED\xA0\x80 \xFF") ==
          "\"\xE2\x80\xAE \xF0\x9F\x98\x80 \xED\xA0\x80 \xFF\"");
}

TEST_CASE("json writer: numbers and instants up to their ends") {
    json::Writer to;
    to.open('[');
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-7}, std::int64_t{1'000}, INT64_MAX, INT64_MIN})
        to.number(value);
    for (const std::int64_t value : {std::int64_t{0}, INT64_MAX, INT64_MIN}) to.instant(value);
    to.close(']');
    CHECK(to.take() ==
          "[0,-7,1000,9223372036854775807,-9223372036854775808,\"1970-01-01T00:00:00Z\",\"294247-01-10T04:00:54."
          "775807Z\","
          "\"-290308-12-21T19:59:05.224192Z\"]");
}

TEST_CASE("json writer: a string that is used again holds what was written last") {
    std::string out = "what was there before, and is longer than what comes";
    for (const std::size_t size : {std::size_t{3}, std::size_t{5'000}, std::size_t{0}}) {
        json::Writer to(out);
        to.open('{');
        to.key("a"), to.text(std::string(size, 'x'));
        to.key(std::string_view("\n")), to.boolean(true);
        to.close('}');
        to.finish();
        CHECK(out == "{\"a\":\"" + std::string(size, 'x') + "\",\"\\n\":true}");
    }
}
