#include "base/json.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/values.h"

namespace writ::json {

namespace {

constexpr std::size_t kFewMembers = 16;

bool plain_key(std::string_view key) {
    const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9'); };
    return !key.empty() && std::all_of(key.begin(), key.end(), word) && !(key.front() >= '0' && key.front() <= '9');
}

void append_step(std::string& path, std::string_view key) {
    if (plain_key(key)) {
        path.append(".").append(key);
        return;
    }
    path += '[';
    append_quoted(path, key);
    path += ']';
}

/// The key that stands twice in an object, or null.
const std::string* repeated_key(const std::vector<Member>& members) {
    if (members.size() <= kFewMembers) {
        for (std::size_t i = 1; i < members.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (members[i].first == members[j].first) return &members[i].first;
        return nullptr;
    }
    std::vector<const std::string*> keys;
    keys.reserve(members.size());
    for (const auto& member : members) keys.push_back(&member.first);
    std::sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a < *b; });
    const auto at = std::adjacent_find(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a == *b; });
    return at == keys.end() ? nullptr : *at;
}

/// What nlohmann says, without its prefix and without the text it read.
std::string reason_of(std::string_view what) {
    const std::size_t dash = what.find(" - ");
    if (dash == std::string_view::npos) return "syntax error";
    what.remove_prefix(dash + 3);
    const std::size_t read = what.find("; last read: '");
    const std::size_t expected = what.rfind("; expected ");
    std::string out(what.substr(0, std::min(read, expected)));
    if (expected != std::string_view::npos) out += what.substr(expected);
    return out;
}

/// Builds the tree and refuses what the limits or the rules refuse. The first refusal stands.
class Builder {
public:
    Builder(std::string_view text, const RequestLimits& limits, Value& root)
        : text_(text), limits_(limits), root_(root) {}

    bool null() { return add(Value::null()); }
    bool boolean(bool value) { return add(Value::of(value)); }
    bool number_integer(std::int64_t value) { return add(Value::of(value)); }
    bool number_unsigned(std::uint64_t value) {
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return too_great();
        return add(Value::of(static_cast<std::int64_t>(value)));
    }
    bool number_float(double, const std::string& raw) {
        // An integer beyond 64 bits arrives here too; only its spelling tells.
        if (raw.find_first_not_of("-0123456789") == std::string::npos) return too_great();
        if (raw.size() > limits_.max_string) return too_long();
        Value value = Value::number(raw);
        // nlohmann writes the locale's decimal point.
        const std::size_t point = value.text.find_first_not_of("+-0123456789eE");
        if (point != std::string::npos) value.text[point] = '.';
        return add(std::move(value));
    }
    bool string(std::string& value) {
        if (value.size() > limits_.max_string) return too_long();
        return add(Value::of(std::string_view(value)));
    }
    bool binary(std::vector<std::uint8_t>&) { return refuse("Q0001", "binary values are not JSON"); }

    bool start_object(std::size_t) { return open(Value::object()); }
    bool key(std::string& name) {
        if (name.size() > limits_.max_string) return too_long();
        Value& object = *stack_.back();
        if (object.members.size() >= limits_.max_members) return too_many("members");
        object.members.push_back({name, {}});
        if (name.find('\0') != std::string::npos) return refuse("Q0001", "a key contains a NUL character");
        return true;
    }
    bool end_object() {
        if (const std::string* twice = repeated_key(stack_.back()->members)) {
            stack_.back()->members.back().first = std::string(*twice);  // the path must name it
            return refuse("Q0006", "the key stands twice in one object");
        }
        stack_.pop_back();
        return true;
    }
    bool start_array(std::size_t) { return open(Value::array()); }
    bool end_array() {
        stack_.pop_back();
        return true;
    }

    bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& e) {
        if (e.id == 406) return too_great();
        std::size_t line = 1, column = 1;
        for (const char c : text_.substr(0, at > 0 ? at - 1 : 0)) {
            column = c == '\n' ? 1 : column + 1;
            line += c == '\n' ? 1 : 0;
        }
        return refuse("Q0001", fmt::format("not JSON at line {}, column {}: {}", line, column, reason_of(e.what())));
    }

    bool refuse(std::string_view code, std::string message) {
        error = Error{std::string(code), std::move(message), path()};
        return false;
    }
    Error error;

private:
    bool too_great() { return refuse("Q0007", "the number is out of range"); }
    bool too_long() {
        return refuse("Q0005", fmt::format("a string is longer than {} bytes", limits_.max_string));
    }
    bool too_many(std::string_view what) {
        return refuse("Q0004", fmt::format("more than {} {}", limits_.max_members, what));
    }

    /// Puts a value where the document stands; null if its array is full.
    Value* place(Value value) {
        if (stack_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Value& parent = *stack_.back();
        if (parent.type == Type::Object) {
            parent.members.back().second = std::move(value);
            return &parent.members.back().second;
        }
        if (parent.items.size() >= limits_.max_members) {
            too_many("items");
            return nullptr;
        }
        return &parent.items.emplace_back(std::move(value));
    }
    bool add(Value value) { return place(std::move(value)) != nullptr; }
    bool open(Value value) {
        if (stack_.size() >= limits_.max_depth)
            return refuse("Q0003", fmt::format("nested deeper than {}", limits_.max_depth));
        Value* at = place(std::move(value));
        if (at == nullptr) return false;
        stack_.push_back(at);  // stays put: its parent grows only after it is closed
        return true;
    }

    [[nodiscard]] std::string path() const {
        std::string out = "$";
        for (std::size_t i = 0; i < stack_.size(); ++i) {
            const Value& value = *stack_[i];
            if (value.type == Type::Object) {
                if (!value.members.empty()) append_step(out, value.members.back().first);
            } else {
                // An open child is the last item already; a scalar about to come is not.
                const bool inside = i + 1 < stack_.size();
                out += fmt::format("[{}]", value.items.size() - (inside ? 1 : 0));
            }
        }
        return out;
    }

    std::string_view text_;
    const RequestLimits& limits_;
    Value& root_;
    std::vector<Value*> stack_;
};

void append_value(std::string& out, const Value& value, bool pretty, std::size_t indent) {
    const auto new_line = [&](std::size_t depth) {
        if (!pretty) return;
        out += '\n';
        out.append(depth * 2, ' ');
    };
    switch (value.type) {
        case Type::Null: out += "null"; break;
        case Type::Bool: out += value.boolean ? "true" : "false"; break;
        case Type::Int:
        case Type::Number: out += value.text; break;
        case Type::String: append_quoted(out, value.text); break;
        case Type::Array:
            out += '[';
            for (std::size_t i = 0; i < value.items.size(); ++i) {
                if (i > 0) out += ',';
                new_line(indent + 1);
                append_value(out, value.items[i], pretty, indent + 1);
            }
            if (!value.items.empty()) new_line(indent);
            out += ']';
            break;
        case Type::Object:
            out += '{';
            for (std::size_t i = 0; i < value.members.size(); ++i) {
                if (i > 0) out += ',';
                new_line(indent + 1);
                append_quoted(out, value.members[i].first);
                out += pretty ? ": " : ":";
                append_value(out, value.members[i].second, pretty, indent + 1);
            }
            if (!value.members.empty()) new_line(indent);
            out += '}';
            break;
    }
}

/// Sorts keys and rewrites numbers, all the way down.
void make_canonical(Value& value) {
    if (value.type == Type::Number)
        if (const auto decimal = parse_decimal(value.text)) value.text = format_decimal(*decimal);
    for (Value& item : value.items) make_canonical(item);
    for (auto& member : value.members) make_canonical(member.second);
    std::sort(value.members.begin(), value.members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

}  // namespace

const Value* Value::find(std::string_view key) const {
    for (const auto& member : members)
        if (member.first == key) return &member.second;
    return nullptr;
}

Value* Value::find(std::string_view key) {
    for (auto& member : members)
        if (member.first == key) return &member.second;
    return nullptr;
}

Value& Value::set(std::string_view key, Value value) {
    if (Value* old = find(key)) {
        *old = std::move(value);
        return *old;
    }
    return members.emplace_back(Member{std::string(key), std::move(value)}).second;
}

void Value::remove(std::string_view key) {
    std::erase_if(members, [&](const auto& member) { return member.first == key; });
}

Value Value::null() { return {}; }

Value Value::of(const char* value) { return of(std::string_view(value)); }

Value Value::of(bool value) {
    Value v;
    v.type = Type::Bool;
    v.boolean = value;
    return v;
}

Value Value::of(std::int64_t value) {
    Value v;
    v.type = Type::Int;
    v.integer = value;
    v.text = std::to_string(value);
    return v;
}

Value Value::of(std::string_view value) {
    Value v;
    v.type = Type::String;
    v.text = value;
    return v;
}

Value Value::number(std::string_view text) {
    Value v;
    v.type = Type::Number;
    v.text = text;
    return v;
}

Value Value::array() {
    Value v;
    v.type = Type::Array;
    return v;
}

Value Value::object() {
    Value v;
    v.type = Type::Object;
    return v;
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

Result<Value> parse(std::string_view text, const RequestLimits& limits) {
    const auto refused = [](std::string_view code, std::string message) {
        return tl::unexpected(Error{std::string(code), std::move(message), "$"});
    };
    if (text.size() > limits.max_bytes)
        return refused("Q0002", fmt::format("the document is larger than {} bytes", limits.max_bytes));
    if (text.empty()) return refused("Q0001", "the document is empty");
    // nlohmann takes a NUL for the end of the text and skips a byte order mark.
    if (text.find('\0') != std::string_view::npos) return refused("Q0001", "the document contains a NUL byte");
    if (text.substr(0, 3) == "\xEF\xBB\xBF") return refused("Q0001", "the document begins with a byte order mark");
    Value root;
    Builder builder(text, limits, root);
    try {
        if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return tl::unexpected(std::move(builder.error));
    } catch (const nlohmann::json::exception&) {  // none is thrown with a reader of our own, as far as known
        return refused("Q0001", "not JSON");
    }
    return root;
}

std::string write(const Value& value) {
    std::string out;
    append_value(out, value, false, 0);
    return out;
}

std::string write_pretty(const Value& value) {
    std::string out;
    append_value(out, value, true, 0);
    return out;
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
        switch (byte) {
            case '"': out += "\\\""; continue;
            case '\\': out += "\\\\"; continue;
            case '\n': out += "\\n"; continue;
            case '\r': out += "\\r"; continue;
            case '\t': out += "\\t"; continue;
        }
        if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\u{:04x}", byte);
        } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {  // controls above ASCII
            out += fmt::format("\\u{:04x}", next);
            ++i;
        } else {
            out += text[i];
        }
    }
    out += '"';
}

std::string canonical(const Value& value) {
    Value copy = value;
    make_canonical(copy);
    return write(copy);
}

}  // namespace writ::json
