// Binding digests of approvals, as in docs/decision-format.md.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/digest.h"
#include "base/held.h"
#include "base/values.h"
#include "reference/evaluation.h"
#include "writ/request.h"

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
           ";sha256=" + held(hash(fields));
}

std::optional<Binding::Parts> Binding::parse(std::string_view digest) {
    static constexpr std::string_view kLabels[] = {"v2;scopes=", ";audience=", ";ttl=", ";resource=", ";sha256="};
    std::vector<std::string_view> parts;
    for (const std::string_view label : kLabels) {
        if (!digest.starts_with(label)) return std::nullopt;
        digest.remove_prefix(label.size());
        parts.push_back(digest.substr(0, digest.find(';')));
        digest.remove_prefix(parts.back().size());
    }
    auto scopes = items_of(parts[0]), audience = items_of(parts[1]), fields = items_of(parts[3]);
    if (!digest.empty() || !scopes || !audience || !fields) return std::nullopt;
    const bool digits =
        !parts[2].empty() && parts[2][0] != '0' && parts[2].size() <= 13 &&
        std::all_of(parts[2].begin(), parts[2].end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!digits && parts[2] != "policy") return std::nullopt;
    return Parts{std::move(*scopes), std::move(*audience), std::move(*fields), parts[2], parts[4]};
}

std::optional<std::int64_t> Binding::covers(std::string_view digest) const {
    const auto parts = unstated_.empty() ? parse(digest) : std::nullopt;
    if (!parts || !misfit(digest).empty()) return std::nullopt;
    return parts->ttl == "policy" ? kNever : sat_mul(std::stoll(std::string(parts->ttl)), kSecond);
}

std::vector<std::string> Binding::misfit(std::string_view digest) const {
    const auto parts = parse(digest);
    if (!parts) return {"it is not a binding digest"};
    std::vector<std::string> out;
    const auto lacks = [&](std::string_view what, const std::set<std::string>& requested, const Texts& approved) {
        Texts absent;
        std::set_difference(requested.begin(), requested.end(), approved.begin(), approved.end(),
                            std::back_inserter(absent));
        if (!absent.empty())
            out.push_back(std::string(what) + (absent.size() == 1 ? " " : "s ") + join(absent) +
                          (absent.size() == 1 ? " is" : " are") + " not approved");
    };
    lacks("scope", scopes_, parts->scopes);
    lacks("audience", audience_, parts->audience);
    Texts gone;
    for (const std::string& name : parts->fields)
        if (!fields_.contains(name)) gone.push_back("resource." + name);
    if (!gone.empty())
        out.push_back(join(gone) + (gone.size() == 1 ? " was" : " were") + " approved and is not stated");
    else if (hash(parts->fields) != parts->hash)
        out.push_back("another agent, run, tenant, user, tool, operation, parameter or resource is approved");
    return out;
}

/// The digest of a document; none if it has none.
static std::optional<std::string> binding_of(const check::Policy& policy, Request& request,
                                             const json::Value& document) {
    // The reference evaluator reads only documents that were admitted.
    if (!request.parse(json::write(document))) return std::nullopt;
    Arena arena;
    const Facts facts(policy, document, arena);
    if (facts.tool() == nullptr) return std::nullopt;
    const Binding binding(facts);
    return binding.unstated().empty() ? std::optional(binding.digest()) : std::nullopt;
}

/// Computes digests of fixtures, each once.
class BindingTable {
public:
    BindingTable(const check::Policy& policy, const Bundle& bundle)
        : policy_(policy), request_(bundle), known_(policy.fixtures.size()) {}

    void state(json::Value& document) {
        std::vector<std::pair<json::Value*, std::string>> marked;
        for (json::Value& approval : document.find("approvals")->items)
            if (const json::Value* digest = approval.find("binding_digest");
                digest != nullptr && digest->text.starts_with(check::kBindingMarker))
                marked.emplace_back(&approval, digest->text.substr(check::kBindingMarker.size()));
        for (const auto& [approval, fixture] : marked) approval->remove("binding_digest");
        std::optional<std::string> own;
        for (const auto& [approval, fixture] : marked) {
            if (fixture.empty() && !own) own = binding_of(policy_, request_, document).value_or("");
            const std::string& digest = fixture.empty() ? held(own) : of_fixture(std::stoul(fixture));
            if (!digest.empty()) approval->set("binding_digest", json::Value::of(std::string_view(digest)));
        }
    }

private:
    const std::string& of_fixture(std::size_t index) {
        auto& known = known_[index];
        if (!known) {
            // Approvals are not bound, and may have markers.
            json::Value document = policy_.fixtures[index].document;
            document.remove("approvals");
            known = binding_of(policy_, request_, document).value_or("");
        }
        return *known;
    }

    const check::Policy& policy_;
    Request request_;
    std::vector<std::optional<std::string>> known_;  ///< by fixture; empty text: it has no digest
};

void state_bindings(check::Policy& policy, const Bundle& bundle) {
    BindingTable table(policy, bundle);
    for (check::TestRow& test : policy.tests)
        if (test.binds) table.state(test.document);
    for (check::Fixture& fixture : policy.fixtures)
        if (fixture.binds) table.state(fixture.document);
}

}  // namespace writ::reference
