// The places of the engine's own facts in one program, and reuse of facts.
#include "vm/facts.h"

#include <algorithm>

#include <bit>
#include <cstring>
#include <optional>
#include <type_traits>

#include "base/builtin_facts.h"
#include "base/chain_order.h"
#include "base/path.h"
#include "base/values.h"
#include "vm/binding.h"
#include "vm/lists.h"
#include "vm/shape.h"
#include "vm/values.h"
#include "writ/errors.h"

namespace writ::vm {

using bytecode::Builtin;
using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

/// Distributes ids, which are small and dense, over a table.
constexpr std::size_t kSpread = 0x9E3779B1;

std::uint32_t column(const bytecode::Program& program, std::uint32_t node) {
    return node == kNone ? kNone : program.shape[node].column;
}

std::int64_t enum_member(const bytecode::Program& program, std::uint32_t node, std::string_view name) {
    if (node == kNone || program.shape[node].enumeration == kNone) return -1;
    const bytecode::EnumRef& members = program.enums[program.shape[node].enumeration];
    for (std::uint32_t i = 0; i < members.member_count; ++i)
        if (program.text(program.ids[members.first_member + i]) == name) return i;
    return -1;
}

Places places_of(const bytecode::Program& program) {
    const std::uint32_t root = program.manifest[0].request_shape;
    const std::uint32_t token = child(program, root, "token");
    const auto node_of = [&](Builtin list, std::string_view name) {
        std::uint32_t node = root;
        for (std::string_view path = builtin::kFacts[static_cast<std::size_t>(list)].path; !path.empty();) {
            const std::size_t dot = std::min(path.find('.'), path.size());
            node = child(program, node, path.substr(0, dot));
            path.remove_prefix(std::min(dot + 1, path.size()));
        }
        return child(program, element(program, node), name);
    };
    const std::uint32_t tool = child(program, root, "tool");
    const std::uint32_t delegation = child(program, root, "delegation");
    Places places;
    places.now = child(program, root, "now");
    places.issuer = child(program, token, "issuer");
    places.tool = child(program, tool, "name");
    places.depth = child(program, delegation, "depth");
    places.chain = child(program, delegation, "chain");
    places.first_hop = child(program, delegation, kFirstHop);
    places.last_hop = child(program, delegation, kLastHop);
    places.hop_pairs = child(program, delegation, kHopPairs);
    places.claims = child(program, token, "claims");
    places.params = child(program, tool, "params");
    places.resource = child(program, root, "resource");
#define COLUMN(list, place, name, type) places.place = column(program, node_of(Builtin::list, name));
#include "base/builtin_facts.def"
    places.approved = enum_member(program, node_of(Builtin::Approvals, "state"), "approved");
    places.bearer = enum_member(program, child(program, token, "proof"), "bearer");
    return places;
}

}  // namespace

NameIndex::NameIndex(std::size_t count) : entries_(std::bit_ceil(2 * count + 1)) {}

void NameIndex::add(std::uint32_t id, std::uint32_t index) {
    if (id == 0 || find(id) != kNotFound) return;
    std::size_t at = id * kSpread & (entries_.size() - 1);
    while (entries_[at].id != 0) at = (at + 1) & (entries_.size() - 1);
    entries_[at] = {id, index};
}

std::uint32_t NameIndex::find(std::uint32_t id) const {
    if (id == 0) return kNotFound;
    for (std::size_t at = id * kSpread & (entries_.size() - 1);; at = (at + 1) & (entries_.size() - 1)) {
        if (entries_[at].id == id) return entries_[at].index;
        if (entries_[at].id == 0) return kNotFound;
    }
}

Facts::Facts(const bytecode::Program& program)
    : program_(program),
      places_(places_of(program)),
      order_(chain_order_of(program, places_)),
      issuers_(program.issuers.size()),
      tools_(program.tools.size()),
      slots_(std::size_t{tool_slot(program)} + 1),
      follows_(2 * program.shape.size(), kNone) {
    for (std::uint32_t i = 0; i < program.issuers.size(); ++i) issuers_.add(program.issuers[i].url, i);
    for (std::uint32_t i = 0; i < program.tools.size(); ++i) tools_.add(program.tools[i].wire_name, i);
}

Result<Place> Facts::find(std::string_view path) const {
    Place place;
    place.node = program_.manifest[0].request_shape;
    std::string_view rest = path;
    const auto unknown = [&](std::string_view what) {
        return fail(Code::FieldNotDeclared,
                    "the request has no field `" + std::string(path) + "`: " + std::string(what), "$");
    };
    while (!rest.empty()) {
        const ShapeNode& node = program_.shape[place.node];
        std::string_view step;
        if (rest.starts_with("[\"")) {
            const std::size_t end = rest.find("\"]");
            if (end == std::string_view::npos) return unknown("a key ends with `\"]`");
            step = rest.substr(2, end - 2);
            rest.remove_prefix(end + 2);
        } else {
            if (place.node != program_.manifest[0].request_shape && rest.front() == '.') rest.remove_prefix(1);
            step = rest.substr(0, rest.find_first_of(".["));
            rest.remove_prefix(step.size());
        }
        if (place.node == places_.resource || !place.shown.empty()) append_binding_step(place.shown, step);
        if (static_cast<Kind>(node.kind) == Kind::Map) {
            std::uint32_t at = node.first_child;
            for (std::uint32_t i = 0; i < node.key_count; ++i)
                if (program_.text(program_.shape[node.first_key + i].name) == step) at = node.first_key + i;
            place.node = at;
        } else {
            if (static_cast<Kind>(node.kind) != Kind::Record) return unknown("it is inside a list or a single value");
            const std::uint32_t next = child(program_, place.node, step);
            if (next == kNone) return unknown("there is no `" + std::string(step) + "`");
            if (places_.made(next)) return unknown("`" + std::string(step) + "` is made from the chain");
            if (node.slot != kNone) place.group = place.node;
            place.node = next;
        }
    }
    Place out = place_of(place.node, program_.shape[place.node].slot);
    out.group = place.group;
    out.shown = std::move(place.shown);
    // Binding reads these from their slots, and the others as stated, so they need more than storing.
    for (const Builtin fact : {Builtin::ResourceType, Builtin::ResourceId, Builtin::ResourceTenant})
        if (out.slot == static_cast<std::uint32_t>(fact)) out.shown.clear();
    if (out.group != kNone || !out.shown.empty()) out.plain = Place::Plain::Nothing;
    return out;
}

Place Facts::place_of(std::uint32_t index, std::uint32_t slot) const {
    const ShapeNode& node = program_.shape[index];
    Place place;
    place.node = index;
    place.slot = slot;
    place.plain = plain(index);
    place.weakest = static_cast<Provenance>(node.weakest);
    const bool list = place.plain == Place::Plain::Texts || place.plain == Place::Plain::OneOrMany;
    const ShapeNode& text = list ? program_.shape[node.first_child] : node;
    place.compared = (text.flags & bytecode::kCompared) != 0;
    place.max = text.max;
    place.or_none = (node.flags & bytecode::kOrNone) != 0;
    place.rep = rep_of(static_cast<Kind>(node.kind));
    return place;
}

/// Which values need no conversion at a node.
Place::Plain Facts::plain(std::uint32_t index) const {
    const ShapeNode& node = program_.shape[index];
    if (index == places_.issuer || index == places_.tool) return Place::Plain::Name;
    if (index == places_.depth || index == places_.chain) return Place::Plain::Nothing;
    const Kind kind = static_cast<Kind>(node.kind);
    if (rep_of(kind) == Rep::Text && !is_typed_text(kind)) return Place::Plain::Text;
    if (kind == Kind::Int) return Place::Plain::Int;
    if (kind == Kind::Instant || kind == Kind::Duration) return Place::Plain::Seconds;
    if (kind == Kind::Enum) return Place::Plain::Enum;
    if (kind == Kind::Path) return Place::Plain::Path;
    if (kind == Kind::Spiffe) return Place::Plain::Spiffe;
    if (kind != Kind::List || static_cast<Kind>(program_.shape[node.first_child].kind) != Kind::String)
        return Place::Plain::Nothing;
    return (node.flags & bytecode::kOneOrMany) != 0 ? Place::Plain::OneOrMany : Place::Plain::Texts;
}

/// store_text() for kinds that need a conversion.
bool Facts::store_converted(const Place& place, std::string_view text, bool believed) {
    const bool read = believed && place.slot != kNone;
    if (read && text.size() > place.max && place.plain != Place::Plain::Enum) return false;
    const auto value = [&] { return Value::of(text, place.compared ? program_.find_text(text) : Value::kUnbound); };
    switch (place.plain) {
        case Place::Plain::Name:
            if (read)
                slots_[place.slot] = Value::of(text, (place.node == places_.issuer ? issuer_name_ : tool_name_).id);
            return true;
        case Place::Plain::Path:
        case Place::Plain::Spiffe:
            if (place.plain == Place::Plain::Path ? !plain_path(text) : !usual_spiffe(text)) return false;
            if (read) slots_[place.slot] = value();
            return true;
        case Place::Plain::OneOrMany:
            if (read) {
                Value* const only = scratch_.array<Value>(1);
                *only = value();
                slots_[place.slot] = Value::list(only, 1, 1);
            }
            return true;
        case Place::Plain::Enum: {
            const std::uint32_t member = member_of(place.node, text);
            if (member == kNotFound) return false;
            if (read) slots_[place.slot] = Value::of(std::int64_t{member});
            return true;
        }
        case Place::Plain::Text:
        case Place::Plain::Nothing:
        case Place::Plain::Int:
        case Place::Plain::Seconds:
        case Place::Plain::Texts: break;
    }
    return false;
}

std::uint32_t Facts::member_of(std::uint32_t node, std::string_view text) const {
    const bytecode::EnumRef& members = program_.enums[program_.shape[node].enumeration];
    const auto ids = program_.ids.subspan(members.first_member, members.member_count);
    const auto found =
        std::find_if(ids.begin(), ids.end(), [&](std::uint32_t id) { return program_.text(id) == text; });
    return found != ids.end() ? static_cast<std::uint32_t>(found - ids.begin()) : kNotFound;
}

/// put_text() for kinds that need a conversion.
bool Facts::put_other(const Place& place, std::string_view text, Provenance trust) {
    if (!is_ascii(text)) return false;
    if (place.plain == Place::Plain::Name) name(place.node == places_.issuer, text);
    return store_text(place, text, trust >= place.weakest);
}

void Facts::name(bool issuer, std::string_view text) {
    Named& named = issuer ? issuer_name_ : tool_name_;
    named = {text, program_.find_text(text), kNotFound, true};
    named.index = (issuer ? issuers_ : tools_).find(named.id);
}

/// Stores a list of texts that need no conversion. Output: false if it must be bound in full.
/// Input:  text_at(i): a text, or none if the element is no such text.
template <class TextAt>
bool Facts::store_texts(const Place& place, std::size_t count, TextAt text_at) {
    if (count > program_.shape[place.node].max) return false;
    Value* const items = scratch_.array<Value>(count);
    std::size_t kept = 0, bytes = 0;
    Seen seen(count, scratch_, hasher_);
    for (std::size_t i = 0; i < count; ++i) {
        const std::optional<std::string_view> text = text_at(i);
        if (!text || text->size() > place.max) return false;
        bytes += text->size();
        if (bytes > kMaxText) return false;
        items[kept] = Value::of(*text, place.compared ? program_.find_text(*text) : Value::kUnbound);
        if (count == 1 || seen.add(items, kept)) ++kept;
    }
    slots_[place.slot] = Value::list(items, kept, 1);
    return true;
}

bool Facts::put_texts(const Place& place, std::span<const std::string_view> texts, Provenance trust) {
    if (place.plain != Place::Plain::Texts && place.plain != Place::Plain::OneOrMany) return false;
    if (texts.size() > program_.shape[place.node].max) return false;
    if (place.slot == kNone || trust < place.weakest) return true;
    return store_texts(place, texts.size(),
                       [&](std::size_t i) { return is_ascii(texts[i]) ? std::optional(texts[i]) : std::nullopt; });
}

/// Stores a document's list. Its text is UTF-8.
bool Facts::store_list(const Place& place, const json::Node& list) {
    if ((place.plain != Place::Plain::Texts && place.plain != Place::Plain::OneOrMany) || place.slot == kNone)
        return false;
    const json::Node* const items = list.first();
    return store_texts(place, list.count, [&](std::size_t i) {
        // Scalars are one node each, so the i-th is there if all before it are.
        return items[i].type == json::Type::String ? std::optional(items[i].text()) : std::nullopt;
    });
}

std::int64_t Facts::token_end() const {
    using bytecode::Builtin;
    const Value &exp = (*this)[Builtin::TokenExpires], &iat = (*this)[Builtin::TokenIssued];
    if (exp.present()) return exp.integer;
    if (exp.state == State::Missing || !iat.present() || issuer_ == kNotFound) return INT64_MAX;
    const std::int64_t max_age = program_.issuers[issuer_].max_age;
    return max_age < 0 ? INT64_MAX : sat_add(iat.integer, max_age);
}

/// Stores a record as stated.
void Facts::keep(std::uint32_t node, const json::Node* value) {
    if (node == places_.params) params_ = value;
    if (node == places_.resource) resource_ = value;
}

/// Stores a field of the resource with its contents, because the node may be destroyed after the call.
void Facts::show(const Place& place, const json::Node& value) {
    static_assert(std::is_trivially_copyable_v<json::Node>);
    auto* nodes = static_cast<json::Node*>(scratch_.allocate(value.size * sizeof(json::Node), alignof(json::Node)));
    std::memcpy(static_cast<void*>(nodes), &value, value.size * sizeof(json::Node));
    shown_.push_back({{scratch_.copy(place.shown), place.shown.size()}, nodes});
}

void Facts::clear() {
    // All zeros is a missing value: of a missing value only the state is read.
    static_assert(std::is_trivially_copyable_v<Value> && static_cast<int>(State::Missing) == 0);
    std::memset(static_cast<void*>(slots_.data()), 0, slots_.size() * sizeof(Value));
    scratch_.reset();
    issuer_name_ = tool_name_ = {};
    depth_ = hops_ = kUnstated;
    issuer_ = tool_ = kNotFound;
    sound_ = false;
    params_ = claims_ = resource_ = nullptr;
    shown_.clear();
}

}  // namespace writ::vm
