#include "base/json_reader.h"
#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_forms.h"
#include "base/json_tokens.h"
#include "base/values.h"
#include "writ/errors.h"

namespace writ::json {

namespace {

/// Nesting limit in addition to the given one, because the reader is recursive.
constexpr std::uint32_t kDeepest = 1000;
/// Up to this number, members are compared with each other; larger objects are sorted.
constexpr std::uint32_t kFewMembers = 24;

/// Whether a text is a number by the grammar of RFC 8259, and its type.
bool number(std::string_view text, Type& type) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto digits = [&] {
        const char* const begin = at;
        while (at < end && is_digit(*at)) ++at;
        return at - begin;
    };
    type = Type::Int;
    if (at < end && *at == '-') ++at;
    const bool zero = at < end && *at == '0';
    const auto whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (at < end && *at == '.') {
        ++at;
        type = Type::Number;
        if (digits() == 0) return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        ++at;
        type = Type::Number;
        if (at < end && (*at == '+' || *at == '-')) ++at;
        if (digits() == 0) return false;
    }
    return at == end;
}

/// A hash of a key to one of 64 bits.
std::uint64_t bit_of(std::string_view key) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(key[i]); };
    const std::size_t mix = key.empty() ? 0
                                        : key.size() * 5 + byte(0) + std::size_t{3} * byte(key.size() / 2) +
                                              std::size_t{7} * byte(key.size() - 1);
    return std::uint64_t{1} << (mix & 63);
}

}  // namespace

Scalar read_scalar(std::string_view word, std::size_t max_size, Node& node) {
    const char c = word.front();
    if (std::int64_t number = 0; read_digits(word.data(), number) == word.data() + word.size()) {
        node.integer = number;
        node.type = Type::Int;
        return Scalar::Read;
    }
    const auto is = [&](const auto& name) {
        return word.size() == sizeof name - 1 && std::memcmp(word.data(), name, sizeof name - 1) == 0;
    };
    if (c == 'n') return is("null") ? Scalar::Read : Scalar::NotJson;
    if (c == 't' || c == 'f') {
        if (!is("true") && !is("false")) return Scalar::NotJson;
        node.type = Type::Bool;
        node.integer = c == 't' ? 1 : 0;
        return Scalar::Read;
    }
    if (!number(word, node.type)) return Scalar::NotJson;
    if (node.type == Type::Int) {
        const auto read = std::from_chars(word.data(), word.data() + word.size(), node.integer);
        if (read.ec == std::errc{}) return Scalar::Read;
    }
    if (word.size() > max_size) return Scalar::TooLong;
    put_text(node, Type::Number, word);
    return Scalar::Read;
}

struct Reader::Impl {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> structure;
    std::string bytes;      ///< the document, with padding that simdjson may read
    std::string unescaped;  ///< decoded strings that had escapes; as large as the document, so that it never moves
    std::vector<Node> nodes;
    std::vector<std::uint32_t> at;  ///< for each node, the token at which its value starts
    std::vector<std::string_view> keys;
    Forms forms;
    bool used = false;  ///< not the first document, so storing forms is worthwhile

    // State of the current read.
    const RequestLimits* limits = nullptr;
    std::uint32_t deepest = 0, depth = 0;
    bool escapes = false;  ///< there is a backslash in the document
    std::size_t unescaped_size = 0;
    Tokens tokens;
    std::uint32_t token = 0;  ///< the current token
    Node* next_node = nullptr;
    Error error;

    // ---- errors: each caller adds its step to the path ----

    bool refuse(Code code, std::string message) {
        error = failure(code, std::move(message));
        return false;
    }
    bool too_long() {
        return refuse(Code::StringTooLong, fmt::format("a string is longer than {} bytes", limits->max_string));
    }
    bool twice() { return refuse(Code::KeyRepeated, "the key occurs twice in one object"); }
    bool too_many(std::string_view what) {
        return refuse(Code::TooManyMembers, fmt::format("more than {} {}", limits->max_members, what));
    }
    bool not_json(std::string_view what) { return refuse(Code::NotJson, fmt::format("not JSON: {}", what)); }
    bool within(std::string_view key) {
        std::string step;
        append_step(step, key);
        error.context.insert(0, step);
        return false;
    }
    bool within(std::uint32_t item) {
        error.context.insert(0, fmt::format("[{}]", item));
        return false;
    }

    /// Rejects the current token.
    bool unexpected(std::string_view wanted) {
        if (token == tokens.count) return not_json(fmt::format("expected {}, found the end", wanted));
        std::size_t line = 1, column = 1;
        for (const char c : std::string_view(tokens.text, tokens.begins[token])) {
            column = c == '\n' ? 1 : column + 1;
            line += c == '\n' ? 1 : 0;
        }
        return refuse(Code::NotJson, fmt::format("not JSON at line {}, column {}: expected {}", line, column, wanted));
    }
    /// simdjson and the reader reject it anywhere; this finds the cause.
    [[nodiscard]] bool has_nul() const { return std::memchr(bytes.data(), '\0', bytes.size()) != nullptr; }
    bool unstructured(simdjson::error_code code) {
        if (has_nul()) return not_json("the document contains a NUL byte");
        if (code == simdjson::UTF8_ERROR) return not_json("the text is not UTF-8");
        if (code == simdjson::UNCLOSED_STRING) return not_json("a string is not closed");
        if (code == simdjson::UNESCAPED_CHARS) return not_json("a control character in a string is not escaped");
        return not_json("there is no value");
    }

    // ---- tokens ----

    /// The first character of the current token; at the end the NUL after the text, which starts no token.
    [[nodiscard]] char peek() const { return tokens.first(token); }
    bool take(char c) {
        if (peek() != c) return false;
        ++token;
        return true;
    }

    /// Reads a string and moves after it. Requires: it starts with a quote.
    bool string(std::string_view& out) {
        const std::string_view quoted = tokens.scalar(token);
        if (quoted.size() < 2 || quoted.back() != '"') {
            ++token;
            return unexpected("`,`, `:` or the end of an object or array");
        }
        out = quoted.substr(1, quoted.size() - 2);
        if (escapes && std::memchr(out.data(), '\\', out.size()) != nullptr && !unescape(quoted, out))
            return unexpected("a string with well-formed escapes");
        ++token;
        return out.size() <= limits->max_string || too_long();
    }
    bool unescape(std::string_view quoted, std::string_view& out) {
        // Escapes are never shorter than the characters they mean, so all strings fit into the document's size.
        auto* const begin = reinterpret_cast<std::uint8_t*>(unescaped.data()) + unescaped_size;
        const auto* const end =
            structure->parse_string(reinterpret_cast<const std::uint8_t*>(quoted.data()) + 1, begin);
        if (end == nullptr) return false;
        out = {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
        unescaped_size += out.size();
        return simdjson::validate_utf8(out);
    }

    // ---- values ----

    Node& add(std::string_view key) {
        Node& node = *next_node++;
        node.key_begin = key.data();
        node.key_size = static_cast<std::uint32_t>(key.size());
        node.integer = 0;
        node.text_size = node.count = node.form = 0;
        node.size = 1;
        node.type = Type::Null;
        return node;
    }

    bool value(Node& node) {
        const char c = peek();
        at[static_cast<std::size_t>(&node - nodes.data())] = token;
        if (c == '"') {
            std::string_view out;
            if (!string(out)) return false;
            put_text(node, Type::String, out);
            return true;
        }
        if (c != '{' && c != '[') return scalar(node);
        if (depth == deepest)
            return refuse(Code::RequestTooDeep, fmt::format("the nesting is deeper than {}", deepest));
        ++depth;
        ++token;
        if (!(c == '{' ? object(node) : array(node))) return false;
        --depth;
        node.size = static_cast<std::uint32_t>(next_node - &node);
        return true;
    }

    bool scalar(Node& node) {
        if (token == tokens.count) return unexpected("a value");
        switch (read_scalar(tokens.scalar(token), limits->max_string, node)) {
            case Scalar::Read: ++token; return true;
            case Scalar::NotJson: return unexpected("a value");
            case Scalar::TooLong: return too_long();
        }
        return false;
    }

    bool object(Node& node) {
        node.type = Type::Object;
        std::uint64_t seen = 0;
        bool doubtful = false;
        for (bool more = !take('}'); more;) {
            std::string_view key;
            if (peek() != '"') return unexpected("a key in quotes");
            if (!string(key)) return false;
            Node& child = add(key);
            if (++node.count > limits->max_members) return too_many("members") || within(key);
            if (escapes && key.find('\0') != std::string_view::npos)
                return not_json("a key contains a NUL character") || within(key);
            const std::uint64_t bit = bit_of(key);
            if ((seen & bit) != 0) {
                doubtful = true;
                if (node.count <= kFewMembers && repeated(node, child)) return twice() || within(key);
            }
            seen |= bit;
            if (!take(':')) return unexpected("`:`") || within(key);
            if (!value(child)) return within(key);
            if (take('}'))
                more = false;
            else if (!take(','))
                return unexpected("`,` or `}`") || within(key);
        }
        return !doubtful || node.count <= kFewMembers || !sorted_repeat(node);
    }

    bool array(Node& node) {
        node.type = Type::Array;
        for (bool more = !take(']'); more;) {
            if (++node.count > limits->max_members) return too_many("items") || within(node.count - 1);
            if (!value(add({}))) return within(node.count - 1);
            if (take(']'))
                more = false;
            else if (!take(','))
                return unexpected("`,` or `]`") || within(node.count - 1);
        }
        return true;
    }

    /// Whether a member has the same key as an earlier one.
    [[nodiscard]] static bool repeated(const Node& object, const Node& child) {
        for (const Node* each = object.first(); each != &child; each = each->next())
            if (each->key() == child.key()) return true;
        return false;
    }
    /// The same check for all members at once, not in quadratic time. Output: true if there is a duplicate.
    bool sorted_repeat(const Node& object) {
        keys.clear();
        const Node* child = object.first();
        for (std::uint32_t i = 0; i < object.count; ++i, child = child->next()) keys.push_back(child->key());
        std::sort(keys.begin(), keys.end());
        const auto same = std::adjacent_find(keys.begin(), keys.end());
        if (same == keys.end()) return false;
        twice();
        within(*same);
        return true;
    }

    void copy(std::string_view document) {
        static_assert(Forms::kPadding < simdjson::SIMDJSON_PADDING);
        const std::size_t room = document.size() + simdjson::SIMDJSON_PADDING;
        if (bytes.capacity() < room) bytes.reserve(2 * room);
        bytes.assign(document);
    }
    /// Finds the tokens of the document.
    bool find_structure() {
        const std::size_t room = bytes.size() + simdjson::SIMDJSON_PADDING;
        const char* const text = bytes.data();
        escapes = std::memchr(text, '\\', bytes.size()) != nullptr;
        if (escapes && unescaped.size() < room) unescaped.resize(2 * room);
        unescaped_size = 0;
        if (structure == nullptr || structure->capacity() <= bytes.size()) {
            const auto made =
                simdjson::get_active_implementation()->create_dom_parser_implementation(2 * room, kDeepest, structure);
            if (made != simdjson::SUCCESS) return not_json("there is not enough memory to read it");
        }
        const auto code = structure->stage1(reinterpret_cast<const std::uint8_t*>(text), bytes.size(),
                                            simdjson::stage1_mode::regular);
        if (code != simdjson::SUCCESS) return unstructured(code);
        tokens = {text, structure->structural_indexes.get(), structure->n_structural_indexes};
        // simdjson has written the size of the text there, in its own memory.
        structure->structural_indexes[structure->n_structural_indexes] = static_cast<std::uint32_t>(bytes.size());
        // There are at most as many values as tokens, so pointers to nodes stay valid.
        if (nodes.size() < tokens.count) nodes.resize(std::size_t{2} * tokens.count), at.resize(nodes.size());
        return true;
    }

    bool walk() {
        depth = token = 0;
        next_node = nodes.data();
        if (!value(add({}))) return false;
        return token == tokens.count || unexpected("nothing after the document");
    }

    /// Output: the first node, or null and `error`.
    const Node* run(std::string_view document) {
        copy(document);
        if (const Node* known = forms.fill(bytes, *limits); known != nullptr) return known;
        if (!find_structure()) return nullptr;
        if (has_nul()) {
            not_json("the document contains a NUL byte");
            return nullptr;
        }
        if (!walk()) return nullptr;
        return !escapes && std::exchange(used, true) ? forms.keep(tokens, nodes, at, *limits) : nodes.data();
    }
};

Reader::Reader() : impl_(std::make_unique<Impl>()) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<const Node*> Reader::read(std::string_view text, const RequestLimits& limits) {
    const auto refused = [](Code code, std::string message) { return fail(code, std::move(message), "$"); };
    if (text.size() > limits.max_bytes)
        return refused(Code::RequestTooLarge, fmt::format("the document is larger than {} bytes", limits.max_bytes));
    text = without_mark(text);
    if (text.empty()) return refused(Code::NotJson, "the document is empty");
    if (text.substr(0, 3) == "\xEF\xBB\xBF")
        return refused(Code::NotJson, "the document begins with a byte order mark");
    impl_->limits = &limits;
    impl_->deepest = std::min(limits.max_depth, kDeepest);
    if (const Node* document = impl_->run(text); document != nullptr) return document;
    impl_->error.context.insert(0, "$");
    return tl::unexpected(std::move(impl_->error));
}

std::string_view name_of(Type type) {
    switch (type) {
        case Type::Null: return "null";
        case Type::Bool: return "a boolean";
        case Type::Int: return "an integer";
        case Type::Number: return "a number";
        case Type::String: return "a string";
        case Type::Array: return "an array";
        case Type::Object: return "an object";
    }
    return {};
}

void append_canonical(std::string& out, const Node& value, std::vector<const Node*>& order) {
    switch (value.type) {
        case Type::Null: out += "null"; return;
        case Type::Bool: out += value.integer != 0 ? "true" : "false"; return;
        case Type::Int: fmt::format_to(std::back_inserter(out), "{}", value.integer); return;
        case Type::Number: {
            const auto decimal = parse_decimal(value.text());
            if (decimal)
                out += format_decimal(*decimal);
            else
                out += value.text();
            return;
        }
        case Type::String: append_quoted(out, value.text()); return;
        case Type::Array: {
            out += '[';
            const Node* item = value.first();
            for (std::uint32_t i = 0; i < value.count; ++i, item = item->next()) {
                if (i > 0) out += ',';
                append_canonical(out, *item, order);
            }
            out += ']';
            return;
        }
        case Type::Object: {
            const std::size_t begin = order.size();
            const Node* member = value.first();
            for (std::uint32_t i = 0; i < value.count; ++i, member = member->next()) order.push_back(member);
            std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin), order.end(),
                      [](const Node* a, const Node* b) { return a->key() < b->key(); });
            out += '{';
            for (std::uint32_t i = 0; i < value.count; ++i) {
                const Node& each = *order[begin + i];
                if (i > 0) out += ',';
                append_quoted(out, each.key());
                out += ':';
                append_canonical(out, each, order);
            }
            out += '}';
            order.resize(begin);
            return;
        }
    }
}

void squeeze(std::string_view document, std::string& out) {
    document = without_mark(document);
    out.resize(document.size() + simdjson::SIMDJSON_PADDING);  // it writes whole blocks
    std::size_t size = 0;
    // It fails only if a string is not closed, which is checked before.
    if (simdjson::minify(document.data(), document.size(), out.data(), size) != simdjson::SUCCESS)
        out = document;
    else
        out.resize(size);
}

char* append_escaped(char* to, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto escape = [&](unsigned code) {
        std::memcpy(to, "\\u00", 4);
        to[4] = kHex[code >> 4];
        to[5] = kHex[code & 15];
        to += 6;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
        const bool upper = byte == 0xC2 && next >= 0x80 && next <= 0x9F;  // controls above ASCII
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F && !upper) {
            *to++ = text[i];
            continue;
        }
        char letter = 0;
        switch (byte) {
            case '"': letter = '"'; break;
            case '\\': letter = '\\'; break;
            case '\n': letter = 'n'; break;
            case '\r': letter = 'r'; break;
            case '\t': letter = 't'; break;
            default: break;
        }
        if (letter != 0) {
            *to++ = '\\';
            *to++ = letter;
            continue;
        }
        escape(upper ? next : byte);
        if (upper) ++i;
    }
    return to;
}

void append_quoted(std::string& out, std::string_view text) {
    const std::size_t before = out.size();
    out.resize(before + 6 * text.size() + 2);
    char* at = out.data() + before;
    *at++ = '"';
    at = append_escaped(at, text);
    *at++ = '"';
    out.resize(static_cast<std::size_t>(at - out.data()));
}

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

void append_step(std::string& path, std::string_view key) {
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
    };
    if (!key.empty() && !is_digit(key.front()) && std::all_of(key.begin(), key.end(), word)) {
        path.append(".").append(key);
        return;
    }
    path += '[';
    append_quoted(path, key);
    path += ']';
}

}  // namespace writ::json
