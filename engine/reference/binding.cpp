// Binding digests of approvals, as in docs/decision-format.md.
#include <algorithm>
#include <cctype>

#include "base/digest.h"
#include "base/values.h"
#include "reference/evaluation.h"

namespace writ::reference {

static std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain =
            byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("-._:@").find(c) != std::string_view::npos);
        if (plain)
            out += c;
        else
            out += std::string("%") + "0123456789ABCDEF"[byte / 16] + "0123456789ABCDEF"[byte % 16];
    }
    return out;
}

template <class Items>
static std::string join(const Items& items) {
    std::string out;
    for (const std::string& each : items) out += (out.empty() ? "" : ",") + each;
    return out;
}

/// The items of a list; none if they do not ascend.
static std::optional<std::vector<std::string>> items_of(std::string_view list) {
    std::vector<std::string> out;
    if (list.empty()) return out;
    for (;;) {
        const std::size_t end = list.find(',');
        out.emplace_back(list.substr(0, end));
        if (end == std::string_view::npos) break;
        list.remove_prefix(end + 1);
    }
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i].empty() || (i > 0 && out[i] <= out[i - 1])) return std::nullopt;
    return out;
}

/// A scalar fact in canonical JSON; none if it is missing.
static std::optional<std::string> stated(const Value& value) {
    if (value.none()) return "null";
    const auto* text = value.as<std::string_view>();
    return text != nullptr ? std::optional(json::quoted(*text)) : std::nullopt;
}

/// A parameter of a tool that must be stated and is not. A map always counts as one, because
/// missing entries cannot be detected.
void Binding::need(const Facts& facts, check::FieldId id, const json::Value* value, const std::string& path) {
    if (!unstated_.empty()) return;
    const check::Field& field = facts.policy().at(id);
    if (value == nullptr) {
        unstated_ = path;
        return;
    }
    if (value->type == json::Type::Null) return;
    if (field.type.kind == Kind::Map) {
        unstated_ = path;
        return;
    }
    std::vector<const json::Value*> records;
    if (field.type.kind == Kind::Record) records.push_back(value);
    if (field.type.kind == Kind::List && field.type.elem == Kind::Record)
        for (const json::Value& item : value->items) records.push_back(&item);
    for (const json::Value* record : records)
        for (const check::FieldId child : facts.policy().at(field.type.record).children)
            need(facts, child, record->find(facts.policy().at(child).name), path + "." + facts.policy().at(child).name);
}

/// The entries of an object are separate fields.
void Binding::show(const std::string& name, const json::Value& value) {
    if (value.type != json::Type::Object) {
        fields_[name] = json::canonical(value);
        return;
    }
    for (const auto& [key, entry] : value.members) show(name + "[" + escape(key) + "]", entry);
}

Binding::Binding(const Facts& facts) {
    const auto list = [&](std::string_view path) {
        const Value value = facts.at(path);
        const auto* items = value.as<List>();
        return items != nullptr ? *items : List{};
    };
    for (const Value& scope : list("want.scopes")) scopes_.insert(escape(*scope.as<std::string_view>()));
    const bool any = !facts.at("want.audience").known();
    for (const std::string& each : facts.tool()->audiences)
        if (any || holds(list("want.audience"), {std::string_view(each)})) audience_.insert(escape(each));
    const Value ttl = facts.at("want.ttl");
    if (const auto* micros = ttl.as<std::int64_t>()) ttl_ = *micros / kSecond;

    const json::Value nothing = json::Value::object();
    const json::Value* params = facts.stated("tool.params");
    const auto line = [&](const std::string& name, const Value& value, bool must) {
        if (const auto text = stated(value))
            core_.emplace_back(name, *text);
        else if (must && unstated_.empty())
            unstated_ = name;
    };
    line("agent.id", facts.at("agent.id"), true);
    line("run.id", facts.at("run.id"), true);
    line("tenant", facts.at("tenant"), true);
    line("user.id", facts.at("user").none() ? Value{None{}} : facts.at("user.id"), true);
    line("tool.name", facts.at("tool.name"), true);
    line("tool.operation", facts.at("tool.operation"), true);
    if (params == nullptr) params = &nothing;
    for (const check::FieldId child : facts.policy().at(facts.tool()->params).children)
        need(facts, child, params->find(facts.policy().at(child).name), "tool.params." + facts.policy().at(child).name);
    core_.emplace_back("tool.params", json::canonical(*params));
    line("resource.type", facts.at("resource.type"), true);
    line("resource.id", facts.at("resource.id"), true);

    if (const json::Value* resource = facts.stated("resource"))
        for (const auto& [name, value] : resource->members)
            if (name != "type" && name != "id") show(escape(name), value);
}

std::optional<std::string> Binding::hash(const Texts& fields) const {
    std::string lines = "writ.binding.v2\n";
    for (const auto& [name, value] : core_) lines += name + "=" + value + "\n";
    for (const std::string& name : fields) {
        const auto found = fields_.find(name);
        if (found == fields_.end()) return std::nullopt;
        lines += "resource." + name + "=" + found->second + "\n";
    }
    return sha256_hex(lines);
}

std::string Binding::digest() const {
    Texts fields;
    for (const auto& [name, value] : fields_) fields.push_back(name);
    return "v2;scopes=" + join(scopes_) + ";audience=" + join(audience_) +
           ";ttl=" + (ttl_ ? std::to_string(*ttl_) : "policy") + ";resource=" + join(fields) +
           ";sha256=" + *hash(fields);
}

std::optional<std::int64_t> Binding::covers(std::string_view digest) const {
    if (!unstated_.empty()) return std::nullopt;
    static constexpr std::string_view kLabels[] = {"v2;scopes=", ";audience=", ";ttl=", ";resource=", ";sha256="};
    std::vector<std::string_view> parts;
    for (const std::string_view label : kLabels) {
        if (!digest.starts_with(label)) return std::nullopt;
        digest.remove_prefix(label.size());
        parts.push_back(digest.substr(0, digest.find(';')));
        digest.remove_prefix(parts.back().size());
    }
    const auto scopes = items_of(parts[0]), audience = items_of(parts[1]), fields = items_of(parts[3]);
    if (!digest.empty() || !scopes || !audience || !fields) return std::nullopt;
    if (!std::includes(scopes->begin(), scopes->end(), scopes_.begin(), scopes_.end())) return std::nullopt;
    if (!std::includes(audience->begin(), audience->end(), audience_.begin(), audience_.end())) return std::nullopt;
    const auto expected = hash(*fields);
    if (!expected || *expected != parts[4]) return std::nullopt;

    if (parts[2] == "policy") return kNever;
    const bool digits =
        !parts[2].empty() && parts[2][0] != '0' && parts[2].size() <= 13 &&
        std::all_of(parts[2].begin(), parts[2].end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!digits) return std::nullopt;
    return sat_mul(std::stoll(std::string(parts[2])), kSecond);
}

}  // namespace writ::reference
