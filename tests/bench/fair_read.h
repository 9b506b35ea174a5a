// Strict reading for the fair floors, on demand: each member is read once, in the order of the document. A member that
// is unknown or repeated, or has another type, refuses the document.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "fair.h"
#include "workload.h"

namespace bench::fair {

using Parser = simdjson::ondemand::parser;
using Value = simdjson::ondemand::value;

/// The limits of Writ's requests.
constexpr std::size_t kLongestDocument = 64u << 10, kLongestText = 16u << 10;
static_assert(kReadable >= simdjson::SIMDJSON_PADDING);

/// A number for a key, for a `switch`. It can be that of another key too, so Key::is compares the text.
constexpr std::uint32_t word(Text key) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
    if (key.empty()) return 0;
    return static_cast<std::uint32_t>(key.size()) << 24 | byte(0) << 16 | byte(key.size() / 2) << 8 |
           byte(key.size() - 1);
}

/// A member's key. `seen` has a bit for each member that was read.
struct Key {
    Text text;
    std::uint64_t& seen;

    [[nodiscard]] [[gnu::always_inline]] bool is(Text name, std::uint64_t bit) const {
        if (!same(text, name) || (seen & bit) != 0) return false;
        seen |= bit;
        return true;
    }
};

/// The text of a string up to its end. Output: false if it has an escape, and may have been cut there.
/// Requires: a string that ends, and kReadable bytes after the document.
inline bool plain_text(const char* begin, Text& out) {
    for (const char* at = begin;; at += 16) {
        const Block block = Block::load(at);
        const unsigned stop = block.is('"') | block.is('\\');
        if (stop == 0) continue;
        at += std::countr_zero(stop);
        out = Text(begin, static_cast<std::size_t>(at - begin));
        return *at == '"';
    }
}

/// Calls `visit(key, value)` for each member, until one is refused.
template <class Object, class Visit>
bool members(Object&& of, std::uint64_t& seen, Visit visit) {
    simdjson::ondemand::object object;
    if (of.get_object().get(object) != simdjson::SUCCESS) return false;
    for (auto each : object) {
        simdjson::ondemand::field field;
        Text text;
        if (std::move(each).get(field) != simdjson::SUCCESS) return false;
        if (!plain_text(field.key().raw(), text) && field.unescaped_key().get(text) != simdjson::SUCCESS) return false;
        if (!visit(Key{text, seen}, field.value())) return false;
    }
    return true;
}

/// Reads a document. Requires: kReadable readable bytes after it.
template <class Visit>
bool read_document(Parser& parser, Text json, std::uint64_t& seen, Visit visit) {
    simdjson::ondemand::document document;
    const char* rest = nullptr;
    return json.size() <= kLongestDocument &&
           parser.iterate(json.data(), json.size(), json.size() + kReadable).get(document) == simdjson::SUCCESS &&
           members(document, seen, visit) && document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

/// The text views the document, or the parser if it has escapes.
inline bool read(Value value, Text& out) {
    const Text token = value.raw_json_token();
    simdjson::ondemand::raw_json_string consumed;
    const bool plain = token.front() == '"' && plain_text(token.data() + 1, out);
    return (plain ? value.get_raw_json_string().get(consumed) : value.get_string().get(out)) == simdjson::SUCCESS &&
           out.size() <= kLongestText;
}
inline bool read(Value value, std::int64_t& out) {
    return value.get_int64().get(out) == simdjson::SUCCESS;
}
inline bool read(Value value, bool& out) {
    return value.get_bool().get(out) == simdjson::SUCCESS;
}
inline bool is_null(Value value) {
    bool null = false;
    return value.is_null().get(null) == simdjson::SUCCESS && null;
}
/// Seconds as microseconds.
inline bool read_seconds(Value value, std::int64_t& micros) {
    return read(value, micros) && to_micros(micros);
}
inline bool read_texts(Value value, Texts& out) {
    simdjson::ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    out.clear();
    for (auto element : array) {
        Value each;
        Text text;
        if (out.full() || element.get(each) != simdjson::SUCCESS || !read(each, text)) return false;
        out.push_back(text);
    }
    return true;
}

/// A member of an enum: its place among the names.
template <std::size_t N>
[[gnu::always_inline]] inline bool read_member(Text text, const Text (&names)[N], std::uint8_t& out) {
    for (std::size_t i = 0; i < N; ++i) {
        if (!same(text, names[i])) continue;
        out = static_cast<std::uint8_t>(i);
        return true;
    }
    return false;
}
template <std::size_t N>
bool read_member(Value value, const Text (&names)[N], std::uint8_t& out) {
    Text text;
    return read(value, text) && read_member(text, names, out);
}

constexpr Text kEnvironments[] = {"dev", "test", "staging", "prod"};

}  // namespace bench::fair
