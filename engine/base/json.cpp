#include "base/json.h"

#include <algorithm>
#include <charconv>

namespace writ::json {

namespace {

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

Value tree_of(const Node& node) {
    Value value;
    switch (node.type) {
        case Type::Null: break;
        case Type::Bool: return Value::of(node.integer != 0);
        case Type::Int: return Value::of(node.integer);
        case Type::Number: return Value::number(node.text());
        case Type::String: return Value::of(node.text());
        case Type::Array:
        case Type::Object: break;
    }
    value.type = node.type;
    const Node* child = node.first();
    for (std::uint32_t i = 0; i < node.count; ++i, child = child->next()) {
        if (node.type == Type::Array)
            value.items.push_back(tree_of(*child));
        else
            value.members.push_back({std::string(child->key()), tree_of(*child)});
    }
    return value;
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

Value Value::null() {
    return {};
}

Value Value::of(const char* value) {
    return of(std::string_view(value));
}

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
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v.integer);
    v.type = error == std::errc{} && end == text.data() + text.size() ? Type::Int : Type::Number;
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

Result<Value> parse(std::string_view text, const RequestLimits& limits) {
    Reader reader;
    const auto root = reader.read(text, limits);
    if (!root) return tl::unexpected(root.error());
    return tree_of(**root);
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

std::string canonical(const Value& value) {
    // Text written here can be read back, whatever its size: the tree was read within limits, or built here.
    constexpr RequestLimits kAny{SIZE_MAX, UINT32_MAX, UINT32_MAX, SIZE_MAX};
    const std::string text = write(value);
    Reader reader;
    std::string out;
    std::vector<const Node*> order;
    if (const auto root = reader.read(text, kAny)) append_canonical(out, **root, order);
    return out;
}

}  // namespace writ::json
