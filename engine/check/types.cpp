#include "check/types.h"

#include <algorithm>

namespace writ::check {

namespace {

bool is_word(std::string_view text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    return std::all_of(text.begin(), text.end(), [](char ch) {
        return ch == '_' || (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
    });
}

void append_literal(std::string& out, std::string_view text) {
    out += '"';
    for (const char ch : text) {
        if (ch == '"' || ch == '\\') out += '\\';
        out += ch;
    }
    out += '"';
}

}  // namespace

Type scalar(Kind kind) {
    Type type;
    type.kind = kind;
    return type;
}

Type naming(Referent names) {
    Type type = scalar(Kind::String);
    type.names = names;
    return type;
}

Type list_of(const Type& element, std::size_t max) {
    Type type = element;
    type.kind = Kind::List;
    type.elem = element.kind;
    type.max = static_cast<std::uint32_t>(max);
    return type;
}

Type element_of(const Type& list) {
    Type type = list;
    type.kind = list.elem;
    type.elem = Kind::String;
    type.max = 0;
    return type;
}

bool comparable(const Type& a, const Type& b) {
    if (is_group(a) || is_group(b)) return false;
    if (a.kind == Kind::List || b.kind == Kind::List) {
        if (a.kind != b.kind) return false;
        return comparable(element_of(a), element_of(b));
    }
    if (a.kind == Kind::Enum) return b.kind == Kind::Enum && a.enumeration == b.enumeration;
    if (a.names != b.names) return false;
    return a.kind == b.kind || (is_string_kind(a.kind) && is_string_kind(b.kind));
}

std::string describe(const Policy& policy, const Type& type) {
    if (type.kind == Kind::Enum) return policy.enums[type.enumeration.value].name;
    if (type.kind == Kind::List) return "set<" + describe(policy, element_of(type)) + ">";
    if (type.kind == Kind::Map) return "map<string, " + describe(policy, element_of(type)) + ">";
    if (type.names != Referent::Nothing) return std::string(noun_of(type.names));
    return std::string(spelling_of(type.kind));
}

std::string_view article_of(std::string_view word) {
    // Not before `u`: the only such word is `url`.
    return !word.empty() && std::string_view("aeio").find(word[0]) != std::string_view::npos ? "an" : "a";
}

std::string describe_one(const Policy& policy, const Type& type) {
    const auto name = describe(policy, type);
    if (type.kind == Kind::Enum) return "a value of " + quoted(name);
    if (type.names == Referent::Tools && type.kind != Kind::List) return "the name of a tool";
    return std::string(article_of(name)) + ' ' + name;
}

FieldId child_of(const Policy& policy, FieldId record, std::string_view name) {
    for (const auto child : policy.at(record).children)
        if (policy.at(child).name == name) return child;
    return {};
}

void append_field(std::string& path, std::string_view name) {
    if (is_word(name)) {
        if (!path.empty()) path += '.';
        path += name;
        return;
    }
    path += '.';
    append_literal(path, name);
}

void append_key(std::string& path, std::string_view key) {
    path += '[';
    append_literal(path, key);
    path += ']';
}

std::string_view noun_of(Referent names) {
    switch (names) {
        case Referent::Nothing: break;
        case Referent::Tools: return "tool";
        case Referent::Issuers: return "issuer";
    }
    return "string";
}

}  // namespace writ::check
