// Strict JSON as a tree that can be changed and written. Built from the nodes of json_reader.h.
// It rejects duplicate keys (after unescaping), invalid UTF-8, lone surrogates, NUL in keys, and documents over the
// limits. Numbers keep their text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"

namespace writ::json {

struct Member;

/// One value. Members keep document order; keys are unique.
struct Value {
    Type type = Type::Null;
    bool boolean = false;
    std::int64_t integer = 0;     ///< Int: no fraction, no exponent, fits int64
    std::string text;             ///< String: decoded. Int, Number: as written
    std::vector<Value> items;     ///< Array
    std::vector<Member> members;  ///< Object

    [[nodiscard]] const Value* find(std::string_view key) const;
    [[nodiscard]] Value* find(std::string_view key);
    /// Sets or replaces a member. Requires: type == Object.
    Value& set(std::string_view key, Value value);
    /// Removes a member, if present.
    void remove(std::string_view key);

    [[nodiscard]] static Value null();
    [[nodiscard]] static Value of(bool value);
    [[nodiscard]] static Value of(std::int64_t value);
    [[nodiscard]] static Value of(std::string_view value);
    /// Without this overload a literal would select the bool overload.
    [[nodiscard]] static Value of(const char* value);
    /// The value that a reader makes of this text: Int if possible. Requires: `text` is a JSON number.
    [[nodiscard]] static Value number(std::string_view text);
    [[nodiscard]] static Value array();
    [[nodiscard]] static Value object();
};

struct Member {
    std::string first;
    Value second;
};

/// Parses one document; nothing may follow it.
/// Errors: Q0001 not JSON; Q0002..Q0005 limits; Q0006 duplicate key. `context` is the JSON path (`$.token.claims`).
[[nodiscard]] Result<Value> parse(std::string_view text, const RequestLimits& limits = {});

/// Compact text with members in order. Escapes what RFC 8259 requires, and all control characters.
[[nodiscard]] std::string write(const Value& value);
/// The same, indented by two spaces.
[[nodiscard]] std::string write_pretty(const Value& value);

/// append_canonical (json_reader.h) for a tree.
[[nodiscard]] std::string canonical(const Value& value);

}  // namespace writ::json
