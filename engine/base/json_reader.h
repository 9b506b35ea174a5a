// Strict JSON read into one flat run of nodes, for what must be quick: a reader that is used again
// allocates nothing. simdjson checks the UTF-8 and finds where each token begins, many bytes at a time;
// the grammar, the limits and what else must be strict are checked here, token by token.
// The tree that tools change and write (json.h) is built from the same nodes, so that there is one
// idea of what JSON is.
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

/// One value, followed by what is in it: its first child, if it has any, is the node after it.
struct Node {
    const char* key_begin;  ///< of a member of an object: decoded
    union {
        const char* text_begin;  ///< String: decoded. Number, which is every number that is no Int: as written
        std::int64_t integer;    ///< Int: no fraction, no exponent, fits int64. Bool: 0 or 1
    };
    std::uint32_t key_size, text_size;
    std::uint32_t count;  ///< Array, Object: children
    std::uint32_t size;   ///< nodes up to the next value that is not inside this one
    std::uint32_t
        form;  ///< of a document's first node: what documents with the same keys, types and nesting share; 0: unknown
    Type type;

    [[nodiscard]] std::string_view key() const { return {key_begin, key_size}; }
    /// Requires: String or Number.
    [[nodiscard]] std::string_view text() const { return {text_begin, text_size}; }
    [[nodiscard]] const Node* first() const { return this + 1; }
    [[nodiscard]] const Node* next() const { return this + size; }
    /// A member of an object by its key; null if there is none, or if this is no object.
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

    /// Reads one document with nothing after it. Nodes and their text live until the next read, and
    /// need nothing of `text`.
    /// A byte order mark before it is skipped. Numbers may be of any size: whoever reads one says what fits.
    /// Errors: Q0001 not JSON; Q0002..Q0005 limits; Q0006 duplicate key.
    ///         The JSON path (`$.token.claims`) is in `context`.
    [[nodiscard]] Result<const Node*> read(std::string_view text, const RequestLimits& limits = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Appends canonical text, for digests: compact, keys sorted by bytes, numbers as canonical decimals
/// where they fit one, else as written. `order` is working memory.
void append_canonical(std::string& out, const Node& value, std::vector<const Node*>& order);

/// Replaces `out` by a document without the white space between its tokens. Requires: read() accepts it.
void squeeze(std::string_view document, std::string& out);

/// Writes the inside of a JSON string; where it ends. Requires: room for six bytes a byte.
[[nodiscard]] char* append_escaped(char* to, std::string_view text);
/// Appends a quoted, escaped JSON string.
void append_quoted(std::string& out, std::string_view text);
/// Appends one step of a JSON path: `.name`, `["a name"]`.
void append_step(std::string& path, std::string_view key);

}  // namespace writ::json
