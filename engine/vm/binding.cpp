#include "vm/binding.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/values.h"
#include "vm/values.h"

namespace writ::vm {

using bytecode::Builtin;
using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

void append_escaped_part(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            std::string_view("-._:@").find(c) != std::string_view::npos)
            out += c;
        else
            out += '%', out += kHex[byte >> 4], out += kHex[byte & 15];
    }
}

/// The parts of a digest, in its order.
struct Parts {
    std::string_view scopes, audience, ttl, fields, hash;
};

bool take(std::string_view& rest, std::string_view label, std::string_view& part) {
    if (!rest.starts_with(label)) return false;
    rest.remove_prefix(label.size());
    const std::size_t end = std::min(rest.find(';'), rest.size());
    part = rest.substr(0, end);
    rest.remove_prefix(end);
    return true;
}

bool parse(std::string_view digest, Parts& parts) {
    return take(digest, "v2;scopes=", parts.scopes) && take(digest, ";audience=", parts.audience) &&
           take(digest, ";ttl=", parts.ttl) && take(digest, ";resource=", parts.fields) &&
           take(digest, ";sha256=", parts.hash) && digest.empty();
}

/// Removes the first item of a list. Requires: there is one.
std::string_view take_item(std::string_view& list) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return item;
}

/// Calls `visit(item)` for the items of a list, which must ascend. Output: false if they do
/// not, or if a call returned false.
template <class Visit>
bool each_item(std::string_view list, Visit visit) {
    if (list.ends_with(',')) return false;
    std::string_view before;
    while (!list.empty()) {
        const std::string_view item = take_item(list);
        if (item <= before || !visit(item)) return false;
        before = item;
    }
    return true;
}

/// The ttl in microseconds; -1 if it is not one that can be granted.
std::int64_t ttl_of(std::string_view text) {
    if (text == "policy") return INT64_MAX;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || text.size() > 13 || text[0] < '1' || text[0] > '9')
        return -1;
    return sat_mul(seconds, kSecond);
}

/// Appends the ascending union of two ascending lists.
void append_union(std::string& out, std::string_view a, std::string_view b) {
    bool first = true;
    while (!a.empty() || !b.empty()) {
        std::string_view rest_a = a, rest_b = b;
        const std::string_view item_a = a.empty() ? a : take_item(rest_a), item_b = b.empty() ? b : take_item(rest_b);
        const bool from_a = b.empty() || (!a.empty() && item_a <= item_b);
        const bool from_b = a.empty() || (!b.empty() && item_b <= item_a);
        if (!first) out += ',';
        first = false;
        out += from_a ? item_a : item_b;
        if (from_a) a = rest_a;
        if (from_b) b = rest_b;
    }
}

}  // namespace

void append_binding_step(std::string& name, std::string_view step) {
    const bool inside = !name.empty();
    if (inside) name += '[';
    append_escaped_part(name, step);
    if (inside) name += ']';
}

void join_bindings(std::string& above, std::string_view below) {
    Parts a, b;
    if (above == below || !parse(above, a) || !parse(below, b)) return;
    std::string joined = "v2;scopes=";
    append_union(joined, a.scopes, b.scopes);
    joined += ";audience=";
    append_union(joined, a.audience, b.audience);
    joined +=
        std::string_view(above).substr(static_cast<std::size_t>(a.audience.data() + a.audience.size() - above.data()));
    above = std::move(joined);
}

// ---- making one -------------------------------------------------------------------------------

Binding::Piece Binding::escaped(std::string_view text) {
    const std::size_t begin = text_.size();
    append_escaped_part(text_, text);
    return {begin, text_.size() - begin};
}

/// Removes duplicates.
void Binding::sort(std::vector<Piece>& pieces) {
    std::sort(pieces.begin(), pieces.end(), [&](Piece a, Piece b) { return at(a) < at(b); });
    const auto end = std::unique(pieces.begin(), pieces.end(), [&](Piece a, Piece b) { return at(a) == at(b); });
    pieces.erase(end, pieces.end());
}

/// Writes a line for a fact that is a value or none; no line if it is missing.
void Binding::state(std::string_view path, const Value& value) {
    if (value.state == State::Missing) return;
    core_ += path, core_ += '=';
    if (value.present())
        json::append_quoted(core_, value.text());
    else
        core_ += "null";
    core_ += '\n';
}

/// The requested scopes, and the audience that can be requested from the tool.
void Binding::resolve(const Facts& facts) {
    const bytecode::Program& program = facts.program();
    const Value &scopes = facts[Builtin::WantScopes], &audience = facts[Builtin::WantAudience];
    scopes_.clear(), audience_.clear();
    for (std::uint32_t i = 0; i < scopes.length; ++i) scopes_.push_back(escaped(scopes.items[i].text()));
    const bytecode::ToolRef& tool = program.tools[facts.tool()];
    for (const std::uint32_t id : program.ids.subspan(tool.audience, tool.audience_count))
        if (!audience.present() || repeated(audience.items, audience.length, Value::of(program.text(id), id)))
            audience_.push_back(escaped(program.text(id)));
    sort(scopes_), sort(audience_);
}

/// Adds the value stated with a name; for an object, each entry with its own name.
void Binding::show(Piece name, const json::Node& value) {
    if (value.type != json::Type::Object) {
        const std::size_t begin = text_.size();
        json::append_canonical(text_, value, order_);
        fields_.push_back({name, {begin, text_.size() - begin}});
        return;
    }
    const json::Node* entry = value.first();
    for (std::uint32_t i = 0; i < value.count; ++i, entry = entry->next()) {
        const std::size_t begin = text_.size();
        text_.append(text_, name.begin, name.size);
        text_ += '[';
        append_escaped_part(text_, entry->key());
        text_ += ']';
        show({begin, text_.size() - begin}, *entry);
    }
}

/// The stated fields of the resource, except type and id.
void Binding::collect(const Facts& facts) {
    fields_.clear();
    if (const Value& tenant = facts[Builtin::ResourceTenant]; tenant.state != State::Missing) {
        const Piece name = escaped("tenant");
        const std::size_t begin = text_.size();
        if (tenant.present())
            json::append_quoted(text_, tenant.text());
        else
            text_ += "null";
        fields_.push_back({name, {begin, text_.size() - begin}});
    }
    if (const json::Node* resource = facts.resource(); resource != nullptr) {
        const json::Node* field = resource->first();
        for (std::uint32_t i = 0; i < resource->count; ++i, field = field->next())
            if (field->key() != "type" && field->key() != "id" && field->key() != "tenant")
                show(escaped(field->key()), *field);
    }
    for (const ShownField& field : facts.shown()) {
        text_ += field.name;
        show({text_.size() - field.name.size(), field.name.size()}, *field.value);
    }
    // If a field was stated twice, the last one counts, as for rules.
    std::sort(fields_.begin(), fields_.end(), [&](const Field& a, const Field& b) {
        const auto order = at(a.name) <=> at(b.name);
        return order != 0 ? order < 0 : a.value.begin < b.value.begin;
    });
    auto end = fields_.begin();
    for (auto each = fields_.begin(); each != fields_.end(); ++each)
        if (each + 1 == fields_.end() || at(each->name) != at((each + 1)->name)) *end++ = *each;
    fields_.erase(end, fields_.end());
}

/// Whether a record of parameters has a declared field that is not stated, or a map, in which missing entries cannot
/// be detected. Stores its path in path_.
bool Binding::lacks(const bytecode::Program& program, std::uint32_t shape, const json::Node* stated) {
    const ShapeNode& node = program.shape[shape];
    if (stated != nullptr && stated->type == json::Type::Null) return false;
    const Kind kind = static_cast<Kind>(node.kind);
    if (kind == Kind::Record) {
        for (std::uint32_t i = 0; i < node.child_count; ++i) {
            const std::size_t before = path_.size();
            const std::string_view name = program.text(program.shape[node.first_child + i].name);
            path_ += '.', path_ += name;
            const json::Node* const field = stated != nullptr ? stated->find(name) : nullptr;
            if (field == nullptr || lacks(program, node.first_child + i, field)) return true;
            path_.resize(before);
        }
        return false;
    }
    if (kind == Kind::List && stated->type == json::Type::Array) {
        const json::Node* item = stated->first();
        for (std::uint32_t i = 0; i < stated->count; ++i, item = item->next())
            if (lacks(program, node.first_child, item)) return true;
    }
    return kind == Kind::Map;
}

/// Facts that the checks before the rules do not require.
std::string_view Binding::first_unstated(const Facts& facts) {
    const bytecode::Program& program = facts.program();
    if (facts[Builtin::ToolOperation].state == State::Missing) return "tool.operation";
    path_ = "tool.params";
    const std::uint32_t params = program.tools[facts.tool()].params;
    if (params != kNone && lacks(program, params, facts.params())) {
        const std::uint32_t id = program.find_text(path_);
        return id != 0 ? program.text(id) : "tool.params";
    }
    if (facts[Builtin::ResourceType].state == State::Missing) return "resource.type";
    if (facts[Builtin::ResourceId].state == State::Missing) return "resource.id";
    return {};
}

void Binding::make(const Facts& facts) {
    text_.clear();
    resolve(facts);
    collect(facts);
    unstated_ = first_unstated(facts);

    core_ = "writ.binding.v2\n";
    state("agent.id", facts[Builtin::AgentId]);
    state("run.id", facts[Builtin::RunId]);
    state("tenant", facts[Builtin::Tenant]);
    state("user.id", facts[Builtin::User].state == State::None ? Value::none(Rep::Text) : facts[Builtin::UserId]);
    state("tool.name", facts[Builtin::ToolName]);
    state("tool.operation", facts[Builtin::ToolOperation]);
    core_ += "tool.params=";
    if (facts.params() != nullptr)
        json::append_canonical(core_, *facts.params(), order_);
    else
        core_ += "{}";
    core_ += '\n';
    state("resource.type", facts[Builtin::ResourceType]);
    state("resource.id", facts[Builtin::ResourceId]);

    const auto list = [&](std::string& out, const auto& items, auto piece_of) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out += ',';
            out += at(piece_of(items[i]));
        }
    };
    const auto whole = [](Piece piece) { return piece; };
    names_.clear();
    list(names_, fields_, [](const Field& field) { return field.name; });
    digest_ = "v2;scopes=";
    list(digest_, scopes_, whole);
    digest_ += ";audience=";
    list(digest_, audience_, whole);
    digest_ += ";ttl=";
    char number[24];
    const Value& ttl = facts[Builtin::WantTtl];
    if (ttl.present())
        digest_.append(number, std::to_chars(std::begin(number), std::end(number), ttl.integer / kSecond).ptr);
    else
        digest_ += "policy";
    digest_ += ";resource=", digest_ += names_;
    digest_ += ";sha256=";
    bytes_ = core_;
    (void)add_fields(names_);
    append_hex(digest_, sha256(bytes_));
    made_ = true;
}

// ---- comparing ---------------------------------------------------------------------------------

/// Adds to bytes_ the lines of the named fields. Output: false if one of them is not stated.
bool Binding::add_fields(std::string_view names) {
    auto next = fields_.begin();
    return each_item(names, [&](std::string_view name) {
        while (next != fields_.end() && at(next->name) < name) ++next;
        if (next == fields_.end() || at(next->name) != name) return false;
        bytes_ += "resource.", bytes_ += name, bytes_ += '=', bytes_ += at(next->value), bytes_ += '\n';
        return true;
    });
}

std::int64_t Binding::covers(std::string_view digest) {
    Parts parts;
    if (!unstated_.empty() || !parse(digest, parts)) return -1;
    // Both ascend; every requested item must be found.
    const auto holds = [&](std::string_view list, const std::vector<Piece>& asked) {
        auto next = asked.begin();
        const bool ascends = each_item(list, [&](std::string_view item) {
            if (next != asked.end() && at(*next) == item) ++next;
            return true;
        });
        return ascends && next == asked.end();
    };
    if (!holds(parts.scopes, scopes_) || !holds(parts.audience, audience_)) return -1;
    const std::int64_t ttl = ttl_of(parts.ttl);
    if (ttl < 0) return -1;
    const std::string_view own = std::string_view(digest_).substr(digest_.size() - 2 * sizeof(Digest));
    if (parts.fields == names_) return parts.hash == own ? ttl : -1;
    bytes_ = core_;
    if (!add_fields(parts.fields)) return -1;
    hex_.clear();
    append_hex(hex_, sha256(bytes_));
    return parts.hash == hex_ ? ttl : -1;
}

}  // namespace writ::vm
