// JSON schemas as types of parameters.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "importing/sources.h"

namespace writ::importing {

namespace {

constexpr int kDeepest = 12;
constexpr std::size_t kMostSchemas = 1000, kMostProperties = 200;
constexpr std::uint64_t kUsualMax = 64, kMostMax = 1024;

/// Keywords that say more than a type does.
constexpr std::array<std::string_view, 14> kLimits = {
    "enum",      "const",     "minimum", "maximum",  "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "pattern", "minItems", "uniqueItems",      "minProperties",    "not"};

}  // namespace

const json::Value* Schemas::resolved(const json::Value* value) const {
    for (int steps = 0; value != nullptr && value->type == json::Type::Object; ++steps) {
        const std::string ref = text_at(*value, "$ref");
        if (ref.empty()) return value;
        if (!ref.starts_with("#/") || steps == kDeepest) return nullptr;
        const json::Value* at = root_;
        for (std::size_t from = 2; at != nullptr && from <= ref.size();) {
            const std::size_t slash = std::min(ref.find('/', from), ref.size());
            std::string step = ref.substr(from, slash - from);
            for (const auto& [escape, meant] : {std::pair("~1", "/"), std::pair("~0", "~")})
                for (std::size_t found = step.find(escape); found != std::string::npos; found = step.find(escape))
                    step.replace(found, 2, meant);
            at = at->type == json::Type::Object ? at->find(step) : nullptr;
            from = slash + 1;
        }
        value = at;
    }
    return nullptr;
}

/// Reads one parameter or body.
class SchemaReader {
public:
    SchemaReader(Schemas& schemas, std::vector<std::string>& notes) : schemas_(schemas), notes_(notes) {}

    /// The type; empty: there is none.
    std::string type(const json::Value* given, const std::string& name, int depth) {
        const json::Value* schema = next(given, depth);
        if (schema == nullptr) return {};
        std::vector<std::string> words;
        if (const json::Value* word = schema->find("type"); word != nullptr && !texts_at(*word, words)) return {};
        bool none = std::erase(words, "null") > 0;
        if (const json::Value* nullable = schema->find("nullable")) none = none || nullable->boolean;
        if (schema->find("oneOf") != nullptr || schema->find("anyOf") != nullptr || words.size() > 1) return {};
        const bool object = schema->find("properties") != nullptr || schema->find("allOf") != nullptr;
        const std::string word = words.empty() ? (object ? "object" : "") : words.front();
        const std::string out = of_word(word, *schema, name, depth);
        if (out.empty()) return {};
        tell_limits(*schema, name);
        return out + (none ? " or none" : "");
    }

    /// As Schemas::properties.
    bool properties(const json::Value& given, Schemas::Properties& to, int depth) {
        const json::Value* schema = next(&given, depth);
        if (schema == nullptr || schema->find("oneOf") != nullptr || schema->find("anyOf") != nullptr) return false;
        const json::Value* more = schema->find("additionalProperties");
        bool whole = more == nullptr || more->type == json::Type::Bool;
        if (const json::Value* all = schema->find("allOf"))
            for (const json::Value& each : all->items) whole = properties(each, to, depth + 1) && whole;
        if (const json::Value* own = schema->find("properties"); own != nullptr && own->type == json::Type::Object)
            for (const json::Member& each : own->members) {
                if (to.size() == kMostProperties) return false;
                to.emplace_back(each.first, &each.second);
            }
        return whole;
    }

private:
    /// The next schema, if it may be read.
    const json::Value* next(const json::Value* given, int depth) {
        if (depth > kDeepest || seen_ == kMostSchemas || schemas_.left_ == 0) return nullptr;
        ++seen_;
        --schemas_.left_;
        return schemas_.resolved(given);
    }

    std::string of_word(const std::string& word, const json::Value& schema, const std::string& name, int depth) {
        if (word == "boolean") return "bool";
        if (word == "integer") return "int";
        if (word == "number") return "decimal";
        if (word == "string") return of_format(text_at(schema, "format"));
        if (word == "array") return of_array(schema, name, depth);
        if (word == "object") return of_object(schema, name, depth);
        return {};
    }

    static std::string of_format(const std::string& format) {
        constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
            {"date-time", "instant"}, {"uri", "url"}, {"email", "email"},
            {"hostname", "host"},     {"ipv4", "ip"}, {"ipv6", "ip"}};
        for (const auto& [known, type] : kFormats)
            if (known == format) return std::string(type);
        return "string";
    }

    std::string of_array(const json::Value& schema, const std::string& name, int depth) {
        const std::string element = type(schema.find("items"), name, depth + 1);
        if (element.empty() || element.ends_with("none") || element.starts_with("list")) return {};
        std::uint64_t most = kUsualMax;
        const json::Value* said = schema.find("maxItems");
        if (said != nullptr && said->type == json::Type::Int && said->integer > 0)
            most = static_cast<std::uint64_t>(said->integer);
        else
            notes_.push_back(
                fmt::format("`{}` has no `maxItems`; a request with more than {} is refused", name, kUsualMax));
        if (most > kMostMax)
            notes_.push_back(fmt::format("`{}` may have {} items, here at most {}", name, most, kMostMax));
        return fmt::format("list<{}> max {}", element, std::min(most, kMostMax));
    }

    std::string of_object(const json::Value& schema, const std::string& name, int depth) {
        Schemas::Properties members;
        if (!properties(schema, members, depth) || members.empty()) return {};
        std::string out = "record {";
        for (const auto& [member, value] : members) {
            const std::string inner = is_plain(member) ? type(value, name + "." + member, depth + 1) : std::string();
            // Part of a record would be refused as a whole.
            if (inner.empty()) return {};
            out += " " + field_name(member) + ": " + inner;
        }
        return out + " }";
    }

    void tell_limits(const json::Value& schema, const std::string& name) {
        std::string told;
        for (const std::string_view limit : kLimits)
            if (schema.find(limit) != nullptr) told += (told.empty() ? "`" : ", `") + std::string(limit) + "`";
        if (!told.empty()) notes_.push_back(fmt::format("`{}` is not checked against its {}", name, told));
    }

    Schemas& schemas_;
    std::vector<std::string>& notes_;
    std::size_t seen_ = 0;
};

std::string Schemas::type(const json::Value& schema, const std::string& name, std::vector<std::string>& notes) {
    std::vector<std::string> told;
    std::string out = SchemaReader(*this, told).type(&schema, name, 0);
    if (!out.empty()) notes.insert(notes.end(), told.begin(), told.end());
    return out;
}

bool Schemas::properties(const json::Value& schema, Properties& to) {
    std::vector<std::string> none;
    return SchemaReader(*this, none).properties(schema, to, 0);
}

std::string Schemas::params(const Properties& properties, std::vector<std::string>& notes) {
    std::string out;
    std::set<std::string> seen;
    for (const auto& [name, schema] : properties) {
        if (!seen.insert(name).second) {
            notes.push_back("parameter `" + name + "`: a second one of this name");
            continue;
        }
        const std::string found = is_plain(name) ? type(*schema, name, notes) : std::string();
        if (found.empty())
            notes.push_back("parameter `" + name +
                            "`: its schema has no type here, so a request that states it is refused");
        else
            out += "    " + field_name(name) + ": " + found + "\n";
    }
    return out.empty() ? out : "  params {\n" + out + "  }\n";
}

}  // namespace writ::importing
