// Strict JSON read into a flat array of nodes. This is the fast path: a reader that is reused does not allocate.
// simdjson checks the UTF-8 and finds the start of each token, many bytes at a time; the grammar, the limits and the
// other strict rules are checked here, token by token. A document of a known form needs neither: see json_forms.h. The
// tree of json.h is built from the same nodes, so there is only one definition of valid JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/request.h"

namespace writ::json {

enum class Type : std::uint8_t { Null, Bool, Int, Number, String, Array, Object };

/// One value, followed by its contents: its first child, if any, is the next node.
struct Node {
    const char* key_begin;  ///< of an object's member: its decoded key
    union {
        const char* text_begin;  ///< String: decoded text. Number (any number that is not an Int): as written
        std::int64_t integer;    ///< Int: no fraction, no exponent, fits int64. Bool: 0 or 1
    };
    std::uint32_t key_size, text_size;
    std::uint32_t count;  ///< Array, Object: number of children
    std::uint32_t size;   ///< number of nodes up to the next value outside this one
    std::uint32_t form;   ///< of the first node: documents with the same one have equal keys and nesting; 0: unknown
    Type type;

    [[nodiscard]] std::string_view key() const { return {key_begin, key_size}; }
    /// Requires: String or Number.
    [[nodiscard]] std::string_view text() const { return {text_begin, text_size}; }
    [[nodiscard]] const Node* first() const { return this + 1; }
    [[nodiscard]] const Node* next() const { return this + size; }
    /// A member of an object by key; null if there is none, or if this is not an object.
    [[nodiscard]] const Node* find(std::string_view name) const {
        if (type != Type::Object) return nullptr;
        const Node* child = first();
        for (std::uint32_t i = 0; i < count; ++i, child = child->next())
            if (child->key() == name) return child;
        return nullptr;
    }
};

[[nodiscard]] std::string_view name_of(Type type);

class Reader {
public:
    Reader();
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// Reads one document; nothing may follow it. Nodes and their text are valid until the next read, and
    /// do not point into `text`. Skips a byte order mark at the start. Numbers may have any size; the
    /// caller checks whether they fit.
    /// Errors: Q0001 not JSON; Q0002..Q0005 limits; Q0006 duplicate key. `context` is the JSON path
    /// (`$.token.claims`).
    [[nodiscard]] Result<const Node*> read(std::string_view text, const RequestLimits& limits = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Appends canonical text for digests: compact, keys sorted by bytes, numbers as canonical decimals if they fit one,
/// otherwise as written. `order` is working memory.
void append_canonical(std::string& out, const Node& value, std::vector<const Node*>& order);

/// Sets `out` to the document without white space between tokens. Requires: read() accepts it.
void squeeze(std::string_view document, std::string& out);

/// Writes the inside of a JSON string; returns its end. Requires: room for six bytes per byte.
[[nodiscard]] char* append_escaped(char* to, std::string_view text);
/// Appends a quoted, escaped JSON string.
void append_quoted(std::string& out, std::string_view text);
[[nodiscard]] std::string quoted(std::string_view text);
/// Appends one step of a JSON path: `.name`, `["a name"]`.
void append_step(std::string& path, std::string_view key);

}  // namespace writ::json
