// Documents of a known form are read like all others.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json_reader.h"
#include "base/json_scan.h"
#include "growth.h"

using namespace writ;

namespace {

constexpr std::string_view kDocument =
    R"({"now":1790000000,"a key":"agent-17 of the payments team","on":true,"none":null,)"
    R"("list":["x",-7,1.5e3,[],{}],"inner":{"é":"é ü","empty":"","number":0},"last":"end"})";

/// Everything that a node says, for comparison.
std::string said(const json::Node& root) {
    std::string out;
    for (std::uint32_t i = 0; i < root.size; ++i) {
        const json::Node& node = *(&root + i);
        out.append(node.key_begin != nullptr ? node.key() : "-").append("=").append(json::name_of(node.type));
        if (node.type == json::Type::String || node.type == json::Type::Number)
            out.append(" ").append(node.text());
        else
            out.append(" ").append(std::to_string(node.integer));
        out.append(" ").append(std::to_string(node.count)).append(" ").append(std::to_string(node.size)).append("\n");
    }
    return out;
}

/// What a reader makes of a document, or its error.
std::string read(json::Reader& reader, std::string_view text, const RequestLimits& limits = {}) {
    const auto node = reader.read(text, limits);
    if (!node) return node.error().code + ' ' + node.error().context + ' ' + node.error().message;
    return said(**node);
}

std::string read_alone(std::string_view text, const RequestLimits& limits = {}) {
    json::Reader fresh;
    return read(fresh, text, limits);
}

/// A reader that knows the form of a document.
json::Reader knowing(std::string_view text, const RequestLimits& limits = {}) {
    json::Reader reader;
    for (int i = 0; i < 2; ++i) REQUIRE(reader.read(text, limits));
    const auto known = reader.read(text, limits);
    REQUIRE(known);
    REQUIRE((*known)->form != 0);
    return reader;
}

std::uint32_t form_of(json::Reader& reader, std::string_view text) {
    const auto node = reader.read(text);
    return node ? (*node)->form : 0;
}

}  // namespace

TEST_CASE("json forms: other values in the same text have the same form") {
    json::Reader reader = knowing(kDocument);
    const std::uint32_t form = form_of(reader, kDocument);
    std::string other(kDocument);
    for (const auto& [from, to] : {std::pair("1790000000", "7"), std::pair("agent-17 of the payments team", "\xC3\xA9"),
                                   std::pair("true", "false"), std::pair("null", "12"), std::pair("-7", "null"),
                                   std::pair("1.5e3", "123456789012345678901234567890"), std::pair("\"x\"", "\"\"")}) {
        other.replace(other.find(from), std::string_view(from).size(), to);
        CHECK(form_of(reader, other) == form);
        CHECK(read(reader, other) == read_alone(other));
    }
    CHECK(form_of(reader, " " + other) != form);
}

TEST_CASE("json forms: a document with one byte changed, removed or added reads as if the form were not known") {
    json::Reader reader = knowing(kDocument);
    std::vector<std::string> mutants;
    for (std::size_t at = 0; at <= kDocument.size(); ++at)
        for (const char byte : std::string_view("\0\x1F \"\\:,[]{}0-.eatn\x7F\x80\xC3\xA9", 24)) {
            std::string mutant(kDocument);
            mutants.push_back(mutant.insert(at, 1, byte));
            if (at == kDocument.size()) continue;
            mutant = kDocument;
            mutant[at] = byte;
            mutants.push_back(mutant);
        }
    for (std::size_t at = 0; at < kDocument.size(); ++at) {
        mutants.push_back(std::string(kDocument).erase(at, 1));
        mutants.emplace_back(kDocument.substr(0, at));
    }
    for (const std::string& mutant : mutants) {
        REQUIRE_MESSAGE(read(reader, mutant) == read_alone(mutant), mutant);
        REQUIRE(reader.read(kDocument));  // so that its form is tried first
    }
}

TEST_CASE("json forms: limits apply to values of a known form") {
    RequestLimits limits;
    limits.max_string = 32;
    json::Reader reader = knowing(kDocument, limits);
    for (const std::size_t size : {31u, 32u, 33u}) {
        std::string longer(kDocument);
        longer.replace(longer.find("agent-17 of the payments team"), 29, std::string(size, 'a'));
        CHECK(read(reader, longer, limits) == read_alone(longer, limits));
        CHECK(reader.read(longer, limits).has_value() == (size <= 32));
        std::string digits(kDocument);
        digits.replace(digits.find("1790000000"), 10, std::string(size, '1'));
        CHECK(read(reader, digits, limits) == read_alone(digits, limits));
    }
    // Other limits: the form is not valid under them.
    limits.max_members = 3;
    CHECK(read(reader, kDocument, limits) == read_alone(kDocument, limits));
    CHECK_FALSE(reader.read(kDocument, limits));
}

TEST_CASE("json forms: keys and text of a known form are those of the document") {
    json::Reader reader;
    for (int i = 0; i < 100; ++i) {
        // More forms than are kept, so that they replace each other.
        const std::string text = "{\"k" + std::to_string(i % 40) + "\":\"v" + std::to_string(i) + "\"}";
        CHECK(read(reader, text) == read_alone(text));
        CHECK(read(reader, text) == read_alone(text));
    }
}

TEST_CASE("json forms: a document that fits no form costs a few readings, however many forms begin like it") {
    // Documents that differ in their last key, after a long common beginning.
    std::string common = "{";
    for (int i = 0; i < 500; ++i)
        common += "\"k" + std::to_string(i) + "\":\"\xC3\xA9 a text that is neither short nor long\",";
    const auto ending = [&](const std::string& key) { return common + '"' + key + "\":1}"; };
    json::Reader one = knowing(ending("first"));
    json::Reader many = knowing(ending("first"));
    for (int i = 0; i < 40; ++i) {
        REQUIRE(many.read(ending("first")));  // pays for storing the next form
        REQUIRE(many.read(ending("first")));
        REQUIRE(many.read(ending("first")));
        REQUIRE(many.read(ending("first")));
        REQUIRE(many.read(ending("x" + std::to_string(i))));
    }
    // No form is stored for a document with an escape, so each reading searches.
    const std::string none = common + "\"\\u0061\":1}";
    const auto time_of = [&](json::Reader& reader) {
        return testing::least_time([&] {
            for (int i = 0; i < 20; ++i) REQUIRE(reader.read(none));
        });
    };
    CHECK(time_of(many) < 4 * time_of(one));
}

TEST_CASE("json scan: the end of a text is found wherever it is, by both ways") {
    for (std::size_t size = 0; size <= 40; ++size)
        for (int byte = 0; byte < 256; ++byte)
            for (const std::size_t at : {std::size_t{0}, size / 2, size - (size > 0 ? 1 : 0)}) {
                std::string text(size, 'a');
                if (size > 0) text[at] = static_cast<char>(byte);
                const bool ends = size > 0 && (byte < 0x20 || byte == '"' || byte == '\\');
                const std::size_t end = ends ? at : size;
                const bool ascii = size == 0 || byte < 0x80 || end <= at;
                // Bytes after the end do not count.
                text += "\"\x80\xFF\x01" + std::string(16, '\xFF');
                for (const json::TextEnd found : {json::text_end(text.data()), json::text_end_portable(text.data())}) {
                    REQUIRE(static_cast<std::size_t>(found.at - text.data()) == end);
                    REQUIRE_MESSAGE(found.ascii == ascii, size << ' ' << at << ' ' << byte);
                }
            }
}

TEST_CASE("json scan: a text is copied, and bytes that may need an escape are found, by both ways") {
    for (std::size_t size = 0; size <= 40; ++size)
        for (int byte = 0; byte < 256; ++byte)
            for (std::size_t at = 0; at < std::max<std::size_t>(size, 1); at += 3) {
                std::string text(size, 'a');
                if (size > 0) text[at] = static_cast<char>(byte);
                const bool plain = size == 0 || (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\');
                for (const auto copy : {json::copy_if_plain, json::copy_if_plain_portable}) {
                    std::string to(size + 9, '?');
                    REQUIRE_MESSAGE(copy(to.data(), text) == plain, size << ' ' << at << ' ' << byte);
                    REQUIRE(to.substr(0, size) == text);
                    REQUIRE(to.back() == '?');
                }
            }
}
