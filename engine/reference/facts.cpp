// Reads the document as the schema defines: provenance, none, maps, typed text, claims of the token's own issuer,
// captures, parameters of the request's own tool.
#include <algorithm>
#include <map>

#include "base/values.h"
#include "reference/evaluation.h"

namespace writ::reference {

using check::FieldId;

bool same(const Value& a, const Value& b) {
    if (const auto* x = a.as<std::int64_t>()) {
        const auto* y = b.as<std::int64_t>();
        return y != nullptr && *x == *y;
    }
    if (const auto* x = a.as<std::string_view>()) {
        const auto* y = b.as<std::string_view>();
        return y != nullptr && *x == *y;
    }
    return false;
}

bool holds(const List& list, const Value& item) {
    return std::any_of(list.begin(), list.end(), [&](const Value& each) { return same(each, item); });
}

List distinct(const List& list) {
    List out;
    for (const Value& item : list)
        if (!holds(out, item)) out.push_back(item);
    return out;
}

Facts::Facts(const check::Policy& policy, const json::Value& document, Arena& arena)
    : policy_(policy), document_(document), arena_(arena), read_(policy.facts.size()) {
    const auto issuer = text_at("token.issuer");
    for (const check::Issuer& each : policy.issuers)
        if (issuer && each.url == *issuer) issuer_ = &each;
    const auto tool = text_at("tool.name");
    for (const check::Tool& each : policy.tools)
        if (tool && each.wire_name == *tool) tool_ = &each;
    order_chain();
}

/// The first and the last hop, and neighbours, if the chain is certain to be whole and in order.
void Facts::order_chain() {
    const json::Value* delegation = document_.find("delegation");
    if (delegation == nullptr || delegation->type != json::Type::Object) return;
    const json::Value *chain = delegation->find("chain"), *depth = delegation->find("depth");
    if (chain == nullptr || depth == nullptr || chain->type != json::Type::Array || chain->items.empty()) return;
    const auto length = static_cast<std::int64_t>(chain->items.size());
    if (depth->type != json::Type::Int || depth->integer != length) return;
    std::map<std::int64_t, const json::Value*> ordered;
    for (const json::Value& hop : chain->items) {
        const json::Value* position = hop.find("position");
        if (position != nullptr && position->type == json::Type::Int) ordered[position->integer] = &hop;
    }
    for (std::int64_t i = 1; i <= length; ++i)
        if (!ordered.contains(i)) return;
    json::Value pairs = json::Value::array();
    for (std::int64_t i = 1; i < length; ++i) {
        json::Value pair = json::Value::object();
        pair.set("before", *ordered[i]);
        pair.set("after", *ordered[i + 1]);
        pairs.items.push_back(std::move(pair));
    }
    made_.set("first", *ordered[1]);
    made_.set("last", *ordered[length]);
    made_.set("pairs", std::move(pairs));
}

// ---- finding ----------------------------------------------------------------------------------

Provenance Facts::given(std::string_view group) const {
    const json::Value* stated = document_.find("provenance");
    if (stated != nullptr && stated->type == json::Type::Object) stated = stated->find(group);
    if (stated == nullptr || stated->type != json::Type::String) return Provenance::Model;
    if (stated->text == "verified") return Provenance::Verified;
    if (stated->text == "broker") return Provenance::Broker;
    if (stated->text == "asserted") return Provenance::Asserted;
    return Provenance::Model;
}

FieldId Facts::find(FieldId root, std::string_view path) const {
    FieldId at = root;
    while (at.valid() && !path.empty()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        const std::string_view name = path.substr(0, dot);
        path.remove_prefix(std::min(dot + 1, path.size()));
        FieldId next;
        for (FieldId child : policy_.at(at).children)
            if (policy_.at(child).name == name) next = child;
        at = next;
    }
    return at;
}

/// Follows a field's path down from `from`, the object that `root` describes.
Value Facts::walk(const json::Value& from, Provenance given, FieldId root, FieldId leaf,
                  std::span<const std::string> keys) const {
    if (given < policy_.at(leaf).weakest) return {Unknown{}};
    std::vector<FieldId> way;
    for (FieldId at = leaf; at != root; at = policy_.at(at).parent) {
        if (!at.valid()) return {Unknown{}};
        way.insert(way.begin(), at);
    }
    const json::Value* value = &from;
    check::Type type = policy_.at(leaf).type;
    for (std::size_t i = 0; i < way.size(); ++i) {
        const check::Field& field = policy_.at(way[i]);
        const bool last = i + 1 == way.size();
        value = value->find(field.name);
        if (value == nullptr) return {Unknown{}};
        if (value->type == json::Type::Null) {
            if (last && keys.empty()) return {None{}};
            return {Unknown{}};  // the path goes through none
        }
        if (field.type.kind == Kind::Map && !keys.empty()) {
            value = value->find(keys.front());
            keys = keys.subspan(1);
            if (value == nullptr || value->type == json::Type::Null) return {Unknown{}};
            if (last) {
                type.kind = field.type.elem;
                type.elem = Kind::String;
            }
        }
    }
    return convert(type, *value, given, rounding_of(policy_.at(leaf).name));
}

Value Facts::request(FieldId leaf, std::span<const std::string> keys) const {
    if (!leaf.valid()) return {Unknown{}};
    FieldId group = leaf;
    while (policy_.at(group).parent != policy_.request && policy_.at(group).parent.valid())
        group = policy_.at(group).parent;
    const Provenance trust = given(policy_.at(group).name);
    if (policy_.at(leaf).made) return walk(made_, trust, group, leaf, keys);
    Value value = walk(document_, trust, policy_.request, leaf, keys);
    // The number of hops is optional, because it is the length of the chain.
    if (value.unknown() && leaf == find(policy_.request, "delegation.depth") && trust >= policy_.at(leaf).weakest) {
        const Value chain = at("delegation.chain");
        if (const auto* hops = chain.as<List>()) return {static_cast<std::int64_t>(hops->size())};
    }
    return value;
}

Value Facts::at(std::string_view path) const {
    return request(find(policy_.request, path), {});
}

const json::Value* Facts::stated(std::string_view path) const {
    const Value value = at(path);
    const auto* group = value.as<Group>();
    return group != nullptr ? group->object : nullptr;
}

std::optional<std::string_view> Facts::text_at(std::string_view path) const {
    const Value value = at(path);
    if (const auto* text = value.as<std::string_view>()) return *text;
    return std::nullopt;
}

Value Facts::below(const Group& group, FieldId leaf) const {
    if (!leaf.valid()) return {Unknown{}};
    return walk(*group.object, group.given, group.record, leaf, {});
}

Value Facts::member(const Group& group, std::string_view name) const {
    return below(group, find(group.record, name));
}

std::int64_t Facts::member_index(std::string_view path, std::string_view member) const {
    const FieldId field = find(policy_.request, path);
    if (!field.valid()) return -1;
    const check::Type& type = policy_.at(field).type;
    if (type.kind != Kind::Enum) return -1;
    const auto& members = policy_.enums[type.enumeration.value].members;
    const auto found = std::find(members.begin(), members.end(), member);
    return found == members.end() ? -1 : found - members.begin();
}

// ---- the roots --------------------------------------------------------------------------------

/// A claim of the token's own issuer.
Value Facts::claim(FieldId leaf, std::span<const std::string> keys) const {
    const FieldId claims = find(policy_.request, "token.claims");
    const Value held = request(claims, {});
    const auto* group = held.as<Group>();
    if (group == nullptr || issuer_ == nullptr) return {Unknown{}};
    return walk(*group->object, group->given, policy_.kinds[issuer_->kind].root, leaf, keys);
}

/// A parameter of the request's own tool. A rule for several tools names the field of one tool; another tool's
/// parameter with the same path and type is read instead.
Value Facts::param(FieldId leaf) const {
    const Value held = at("tool.params");
    const auto* group = held.as<Group>();
    if (group == nullptr || tool_ == nullptr) return {Unknown{}};
    std::string path;
    for (FieldId at = leaf; policy_.at(at).parent.valid(); at = policy_.at(at).parent)
        path = policy_.at(at).name + (path.empty() ? "" : "." + path);
    const FieldId own = find(tool_->params, path);
    if (!own.valid()) return {Unknown{}};
    const check::Type &mine = policy_.at(own).type, &meant = policy_.at(leaf).type;
    if (mine.kind != meant.kind || mine.elem != meant.elem || mine.enumeration != meant.enumeration) return {Unknown{}};
    return walk(*group->object, group->given, tool_->params, own, {});
}

/// Whether the pieces from `piece` on match the rest of the text; captures take as much as possible.
static bool match_pieces(std::span<const check::CapturePiece> pieces, std::string_view text, std::string_view wanted,
                         std::optional<std::string_view>& captured) {
    if (pieces.empty()) return text.empty();
    const check::CapturePiece& piece = pieces.front();
    if (piece.capture.empty()) {
        return text.starts_with(piece.literal) &&
               match_pieces(pieces.subspan(1), text.substr(piece.literal.size()), wanted, captured);
    }
    const std::size_t longest = piece.rest ? text.size() : std::min(text.find_first_of(":/@"), text.size());
    for (std::size_t length = longest; length >= 1; --length) {
        if (!match_pieces(pieces.subspan(1), text.substr(length), wanted, captured)) continue;
        if (piece.capture == wanted) captured = text.substr(0, length);
        return true;
    }
    return false;
}

Value Facts::capture(const check::Fact& fact) const {
    const check::CaptureSpec& spec = policy_.kinds[issuer_->kind].captures[fact.capture_spec];
    const Value parsed = claim(spec.field, {});
    const auto* text = parsed.as<std::string_view>();
    if (text == nullptr) return {Unknown{}};
    for (const auto& pattern : spec.patterns) {
        std::optional<std::string_view> captured;
        if (!match_pieces(pattern, *text, fact.capture, captured)) continue;
        if (captured) return {*captured};
        return {Unknown{}};  // the first pattern that matches counts, and it does not capture this
    }
    return {Unknown{}};
}

static List texts(const std::vector<std::string>& from) {
    List out;
    for (const std::string& text : from) out.push_back({std::string_view(text)});
    return out;
}

Value Facts::catalog(check::CatalogFact fact) const {
    if (tool_ == nullptr) return {Unknown{}};
    switch (fact) {
        case check::CatalogFact::Tier: return {tool_->tier};
        case check::CatalogFact::Scopes: return {texts(tool_->scopes)};
        case check::CatalogFact::Audience: return {texts(tool_->audiences)};
    }
    return {Unknown{}};
}

const Value& Facts::fact(const check::Fact& fact) const {
    std::optional<Value>& known = read_[static_cast<std::size_t>(&fact - policy_.facts.data())];
    if (!known) known = read(fact);
    return *known;
}

Value Facts::read(const check::Fact& fact) const {
    switch (fact.root) {
        case check::FactRoot::Request: return request(fact.field, fact.keys);
        case check::FactRoot::Claim:
        case check::FactRoot::Capture:
            if (!is_of(fact.issuer)) return {Unknown{}};
            return fact.root == check::FactRoot::Claim ? claim(fact.field, fact.keys) : capture(fact);
        case check::FactRoot::Param: return param(fact.field);
        case check::FactRoot::Catalog: return catalog(fact.catalog);
    }
    return {Unknown{}};
}

Value Facts::cell(const check::Table& table, std::size_t row, std::size_t column) const {
    const check::Cell& cell = table.rows[row][column];
    const Kind kind = table.columns[column].type.kind;
    if (kind == Kind::List) return {texts(cell.set)};
    if (rep_of(kind) == Rep::I64) return {cell.integer};
    return {std::string_view(cell.text)};
}

// ---- JSON to values ---------------------------------------------------------------------------

static Value from(std::optional<std::int64_t> value) {
    if (value) return {*value};
    return {Unknown{}};
}

Value Facts::scalar(const check::Type& type, Kind kind, const json::Value& value, Rounding rounding) const {
    const bool text = value.type == json::Type::String;
    const bool integer = value.type == json::Type::Int;
    if (rep_of(kind) == Rep::Text) {
        if (!text || (kind == Kind::Path && !is_one_path(value.text))) return {Unknown{}};
        if (kind == Kind::Path || !is_typed_text(kind)) return {std::string_view(value.text)};
        const auto canonical = canonical_text(kind, value.text);
        return canonical ? Value{arena_.copy(*canonical)} : Value{Unknown{}};
    }
    switch (kind) {
        case Kind::Bool:
            if (value.type != json::Type::Bool) return {Unknown{}};
            return {static_cast<std::int64_t>(value.boolean)};
        case Kind::Int:
            if (!integer) return {Unknown{}};
            return {value.integer};
        case Kind::Decimal:
            if (!integer && value.type != json::Type::Number) return {Unknown{}};
            return from(parse_decimal(value.text));
        case Kind::Duration:
            if (integer) return {sat_mul(value.integer, kSecond)};
            return text ? from(parse_duration(value.text)) : Value{Unknown{}};
        case Kind::Instant:
            if (integer) return {sat_mul(value.integer, kSecond)};
            if (value.type == json::Type::Number) return from(parse_numeric_date(value.text, rounding));
            return text ? from(parse_instant(value.text, rounding)) : Value{Unknown{}};
        case Kind::Enum: {
            const auto& members = policy_.enums[type.enumeration.value].members;
            const auto found = std::find(members.begin(), members.end(), value.text);
            if (!text || found == members.end()) return {Unknown{}};
            return {static_cast<std::int64_t>(found - members.begin())};
        }
#define NUMBER_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
        break;
    }
    return {Unknown{}};
}

Value Facts::convert(const check::Type& type, const json::Value& value, Provenance given, Rounding rounding) const {
    if (type.kind == Kind::Record) {
        if (value.type != json::Type::Object) return {Unknown{}};
        return {Group{&value, type.record, given}};
    }
    if (type.kind != Kind::List) return scalar(type, type.kind, value, rounding);
    List list;
    if (value.type == json::Type::Array) {
        for (const json::Value& item : value.items)
            list.push_back(type.elem == Kind::Record ? Value{Group{&item, type.record, given}}
                                                     : scalar(type, type.elem, item, Rounding::Down));
    } else {
        list.push_back(scalar(type, type.elem, value, Rounding::Down));  // one_or_many
    }
    // If one element is invalid, the whole list is.
    if (std::any_of(list.begin(), list.end(), [](const Value& item) { return item.unknown(); })) return {Unknown{}};
    return {std::move(list)};
}

}  // namespace writ::reference
