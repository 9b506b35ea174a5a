// Facts: a request document checked against the program's shape, value by value, into slots.
#include <algorithm>
#include <optional>

#include "base/report.h"
#include "base/request_errors.h"
#include "base/values.h"
#include "vm/capture.h"
#include "vm/facts.h"
#include "vm/values.h"

namespace writ::vm {

using bytecode::Builtin;
using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

constexpr std::string_view kProvenanceKey = "provenance";
constexpr std::string_view kProvenances[] = {"model", "asserted", "broker", "verified"};

std::optional<Provenance> provenance_of(const json::Value& word) {
    if (word.type != json::Type::String) return {};
    for (std::size_t i = 0; i < std::size(kProvenances); ++i)
        if (word.text == kProvenances[i]) return static_cast<Provenance>(i);
    return {};
}

std::optional<std::int64_t> decimal_of(std::int64_t integer) {
    constexpr std::int64_t kMost = INT64_MAX / kDecimalUnit;
    if (integer > kMost || integer < -kMost) return {};
    return integer * kDecimalUnit;
}

const json::Value* member(const json::Value* object, std::string_view key) {
    return object != nullptr && object->type == json::Type::Object ? object->find(key) : nullptr;
}

const json::Value* text_member(const json::Value* object, std::string_view key) {
    const json::Value* found = member(object, key);
    return found != nullptr && found->type == json::Type::String ? found : nullptr;
}

std::uint32_t index_of(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& names, std::uint32_t id) {
    if (id == 0) return kNotFound;
    const auto found = std::lower_bound(names.begin(), names.end(), std::pair{id, std::uint32_t{0}});
    return found != names.end() && found->first == id ? found->second : kNotFound;
}

/// What a field of this type asks for, in the words of an error.
std::string expectation(const bytecode::Program& program, const ShapeNode& node) {
    const Kind kind = static_cast<Kind>(node.kind);
    std::string words;
    switch (kind) {
        case Kind::Enum:
            words =
                "a name of enum `" + std::string(program.text(program.enums[node.enumeration].name)) + "`";
            break;
        case Kind::Int:
            words = "int (a whole number)";
            break;
        case Kind::Instant:
            words = "instant (seconds since the epoch, or RFC 3339 text)";
            break;
        case Kind::Duration:
            words = "duration (seconds, or text such as \"15m\")";
            break;
        case Kind::Record:
            words = "record (an object)";
            break;
        case Kind::Map:
            words = "map (an object)";
            break;
        case Kind::List:
            words = (node.flags & bytecode::kOneOrMany) != 0 ? "list (an array, or one string)"
                                                             : "list (an array)";
            break;
        case Kind::Bool:
        case Kind::Decimal:
        case Kind::String:
        case Kind::Path:
        case Kind::Subject:
        case Kind::Dotted:
        case Kind::Spiffe:
        case Kind::Url:
        case Kind::Host:
        case Kind::Email:
        case Kind::Arn:
        case Kind::Ip:
        case Kind::Cidr:
            words = spelling_of(kind);
            break;
    }
    if ((node.flags & bytecode::kOrNone) != 0) words += " or null";
    return words;
}

bool plain_name(std::string_view key) {
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !key.empty() && std::all_of(key.begin(), key.end(), word);
}

}  // namespace

/// One walk over one document. A function that returns false has set error_; each caller on the
/// way out puts its own step before the path, so that paths cost nothing when nothing is wrong.
class Binder {
public:
    explicit Binder(Facts& facts) : facts_(facts), program_(facts.program_) {}

    bool run(const json::Value& document);
    Error take_error() {
        error_.context.insert(0, "$");
        return std::move(error_);
    }

private:
    bool fail(RequestCode code, std::string message) {
        error_ = {std::string(name_of(code)), std::move(message), {}};
        return false;
    }
    bool fail_type(const ShapeNode& node, const json::Value& value) {
        return fail(RequestCode::Q0010, "expected " + expectation(program_, node) + ", got " +
                                            std::string(json::name_of(value.type)));
    }
    bool fail_unknown(RequestCode code, std::string_view what, std::string_view key, const ShapeNode& record,
                      bool provenance);
    bool within(std::string_view key);
    bool within(std::size_t index);

    [[nodiscard]] std::uint32_t find_field(const ShapeNode& node, std::string_view key,
                                           std::uint32_t& hint) const;
    bool provenance(const json::Value& document);
    bool record(const ShapeNode& node, const json::Value& value, Value* row, bool root);
    bool list(const ShapeNode& node, const json::Value& value, Value* out);
    bool map(const ShapeNode& node, const json::Value& value, Value* row);
    bool enumeration(const ShapeNode& node, const json::Value& value, Value* out);
    bool micros(const ShapeNode& node, const json::Value& value, Value* out);
    bool value(std::uint32_t index, const json::Value& value, Value* out, Value* row);
    void text(std::uint32_t index, Kind kind, std::string_view text, Value* out);
    void capture(std::uint32_t index, std::string_view text);
    bool open_record(std::uint32_t shape, const json::Value& value, const ShapeNode& holder, bool claims);
    bool conflicts(const json::Value& document);
    void finish();
    [[nodiscard]] Value own(std::string_view text);

    [[nodiscard]] bool readable(const ShapeNode& node) const {
        return trust_ >= floor_ && static_cast<std::uint8_t>(trust_) >= node.weakest;
    }
    /// Below a list of records values go to the element's row, else to slots.
    Value* target(const ShapeNode& node, Value* row) {
        if (node.column != kNone) return row != nullptr ? row + node.column : nullptr;
        return node.slot != kNone ? &facts_.slots_[node.slot] : nullptr;
    }
    void store(Value* out, std::int64_t integer) {
        if (out != nullptr) *out = Value::of(integer);
    }

    Facts& facts_;
    const bytecode::Program& program_;
    Error error_;
    const json::Value* by_group_ = nullptr;  ///< provenance stated group by group
    Provenance trust_ = Provenance::Model;   ///< of the group being bound
    Provenance floor_ = Provenance::Model;   ///< weakest accepted by everything in an open record
    std::uint32_t issuer_ = kNotFound, tool_ = kNotFound;  ///< by name alone
    bool in_claims_ = false;
};

bool Binder::fail_unknown(RequestCode code, std::string_view what, std::string_view key,
                          const ShapeNode& record, bool provenance) {
    std::vector<std::string_view> names;
    for (std::uint32_t i = 0; i < record.child_count; ++i)
        names.push_back(program_.text(program_.shape[record.first_child + i].name));
    if (provenance) names.push_back(kProvenanceKey);
    std::string message = "unknown " + std::string(what) + " `" + std::string(key) + "`";
    const std::string_view meant = nearest(key, names);
    if (!meant.empty()) message += "; did you mean `" + std::string(meant) + "`?";
    fail(code, std::move(message));
    return within(key);
}

bool Binder::within(std::string_view key) {
    std::string step;
    if (plain_name(key)) {
        step = "." + std::string(key);
    } else {
        step = "[";
        json::append_quoted(step, key);
        step += ']';
    }
    error_.context.insert(0, step);
    return false;
}

bool Binder::within(std::size_t index) {
    error_.context.insert(0, "[" + std::to_string(index) + "]");
    return false;
}

bool Binder::run(const json::Value& document) {
    const ShapeNode& root = program_.shape[program_.manifest[0].request_shape];
    if (document.type != json::Type::Object) return fail_type(root, document);
    if (!provenance(document)) return false;
    if (const auto* url = text_member(document.find("token"), "issuer"))
        issuer_ = index_of(facts_.issuers_, program_.find_text(url->text));
    if (const auto* name = text_member(document.find("tool"), "name"))
        tool_ = index_of(facts_.tools_, program_.find_text(name->text));
    if (!record(root, document, nullptr, true)) return false;
    if (!conflicts(document)) return false;
    finish();
    return true;
}

bool Binder::provenance(const json::Value& document) {
    const json::Value* stated = document.find(kProvenanceKey);
    if (stated == nullptr) return true;
    constexpr std::string_view kWords = "expected `verified`, `broker`, `asserted` or `model`";
    if (stated->type != json::Type::Object) {
        const auto all = provenance_of(*stated);
        if (!all) {
            fail(RequestCode::Q0018, std::string(kWords) + ", or an object of them by group");
            return within(kProvenanceKey);
        }
        trust_ = *all;
        return true;
    }
    const ShapeNode& root = program_.shape[program_.manifest[0].request_shape];
    std::uint32_t hint = 0;
    for (const auto& [group, word] : stated->members) {
        if (find_field(root, group, hint) == kNone) {
            fail_unknown(RequestCode::Q0018, "group", group, root, false);
            return within(kProvenanceKey);
        }
        if (!provenance_of(word)) {
            fail(RequestCode::Q0018, std::string(kWords));
            within(group);
            return within(kProvenanceKey);
        }
    }
    by_group_ = stated;
    return true;
}

/// The field of a record with this name, or kNone. Documents tend to follow the schema's order: the
/// search starts at `hint`, which moves past what is found.
std::uint32_t Binder::find_field(const ShapeNode& node, std::string_view key, std::uint32_t& hint) const {
    const std::uint32_t id = program_.find_text(key);
    for (std::uint32_t i = 0; id != 0 && i < node.child_count; ++i) {
        const std::uint32_t at = hint + i < node.child_count ? hint + i : hint + i - node.child_count;
        if (program_.shape[node.first_child + at].name != id) continue;
        hint = at + 1 < node.child_count ? at + 1 : 0;
        return node.first_child + at;
    }
    return kNone;
}

bool Binder::record(const ShapeNode& node, const json::Value& value, Value* row, bool root) {
    std::uint32_t hint = 0;
    for (const auto& [key, field] : value.members) {
        if (root && key == kProvenanceKey) continue;
        const std::uint32_t found = find_field(node, key, hint);
        if (found == kNone) {
            if (in_claims_) continue;  // issuers add claims
            return fail_unknown(RequestCode::Q0011, "field", key, node, root);
        }
        if (root && by_group_ != nullptr) {
            const json::Value* word = by_group_->find(key);
            trust_ = word != nullptr ? provenance_of(*word).value_or(Provenance::Model) : Provenance::Model;
        }
        if (!this->value(found, field, target(program_.shape[found], row), row)) return within(key);
    }
    return true;
}

bool Binder::list(const ShapeNode& node, const json::Value& value, Value* out) {
    const std::uint32_t element = node.first_child;
    if (value.type == json::Type::String && (node.flags & bytecode::kOneOrMany) != 0) {
        Value* only = out != nullptr ? facts_.scratch_.array<Value>(1) : nullptr;
        if (!this->value(element, value, only, nullptr)) return false;
        if (out != nullptr && only->present()) *out = Value::list(only, 1, 1);
        return true;
    }
    if (value.type != json::Type::Array) return fail_type(node, value);
    const std::size_t count = value.items.size();
    if (count > node.max)
        return fail(RequestCode::Q0013, "list of " + std::to_string(count) + " elements, at most " +
                                            std::to_string(node.max) + " are allowed");
    const bool records = static_cast<Kind>(program_.shape[element].kind) == Kind::Record;
    const std::uint32_t columns = records ? node.columns : 1;
    Value* items = out != nullptr ? facts_.scratch_.array<Value>(count * columns) : nullptr;
    std::size_t kept = 0;
    bool whole = true;
    for (std::size_t i = 0; i < count; ++i) {
        Value* item = items != nullptr ? items + kept * columns : nullptr;
        if (records ? !this->value(element, value.items[i], nullptr, item)
                    : !this->value(element, value.items[i], item, nullptr))
            return within(i);
        if (!records && item != nullptr) {
            whole = whole && item->state != State::Missing;
            // Repetition is not observable: saying a thing twice must not count as two things.
            if (item->present() && repeated(items, kept, *item)) {
                *item = Value{};
                continue;
            }
        }
        ++kept;
    }
    // A list with an element that cannot be understood is not one that can be reasoned about.
    if (out != nullptr && whole) *out = Value::list(items, kept, columns);
    return true;
}

bool Binder::map(const ShapeNode& node, const json::Value& value, Value* row) {
    if (value.type != json::Type::Object) return fail_type(node, value);
    if (value.members.size() > node.max)
        return fail(RequestCode::Q0013, "map of " + std::to_string(value.members.size()) +
                                            " entries, at most " + std::to_string(node.max) + " are allowed");
    for (const auto& [key, entry] : value.members) {
        std::uint32_t at = node.first_child;  // checked, and dropped unless the policy reads the key
        const std::uint32_t id = node.key_count > 0 ? program_.find_text(key) : 0;
        for (std::uint32_t i = 0; i < node.key_count; ++i) {
            const ShapeNode& named = program_.shape[node.first_key + i];
            if (named.name == id) {
                at = node.first_key + i;
                break;
            }
        }
        if (!this->value(at, entry, target(program_.shape[at], row), row)) return within(key);
    }
    return true;
}

bool Binder::enumeration(const ShapeNode& node, const json::Value& value, Value* out) {
    if (value.type != json::Type::String) return fail_type(node, value);
    const bytecode::EnumRef& members = program_.enums[node.enumeration];
    const auto ids = program_.ids.subspan(members.first_member, members.member_count);
    const std::uint32_t id = program_.find_text(value.text);
    for (std::size_t i = 0; id != 0 && i < ids.size(); ++i) {
        if (ids[i] != id) continue;
        store(out, static_cast<std::int64_t>(i));
        return true;
    }
    std::string names;
    for (const std::uint32_t member : ids) {
        if (!names.empty()) names += ", ";
        names += '`' + std::string(program_.text(member)) + '`';
    }
    return fail(RequestCode::Q0012, "`" + value.text + "` is not a member of enum `" +
                                        std::string(program_.text(members.name)) + "`, which has " + names);
}

bool Binder::micros(const ShapeNode& node, const json::Value& value, Value* out) {
    const bool instant = static_cast<Kind>(node.kind) == Kind::Instant;
    if (value.type == json::Type::Int) {
        constexpr std::int64_t kMost = INT64_MAX / kSecond;
        if (value.integer > kMost || value.integer < -kMost)
            return fail(RequestCode::Q0015, "seconds are out of range");
        store(out, value.integer * kSecond);
        return true;
    }
    if (value.type != json::Type::String) return fail_type(node, value);
    const auto parsed = instant ? parse_instant(value.text) : parse_duration(value.text);
    if (!parsed)
        return fail(RequestCode::Q0015, instant ? "not an RFC 3339 instant with a zone"
                                                : "not a duration such as \"15m\" or \"1h30m\"");
    store(out, *parsed);
    return true;
}

bool Binder::value(std::uint32_t index, const json::Value& value, Value* out, Value* row) {
    const ShapeNode& node = program_.shape[index];
    const Kind kind = static_cast<Kind>(node.kind);
    if (!readable(node)) out = nullptr;
    if (value.type == json::Type::Null) {
        if ((node.flags & bytecode::kOrNone) == 0) return fail_type(node, value);
        if (out != nullptr) *out = Value::none(rep_of(kind));
        return true;
    }
    switch (kind) {
        case Kind::Bool:
            if (value.type != json::Type::Bool) return fail_type(node, value);
            store(out, value.boolean ? 1 : 0);
            return true;
        case Kind::Int:
            if (value.type != json::Type::Int) return fail_type(node, value);
            store(out, value.integer);
            return true;
        case Kind::Decimal: {
            if (value.type != json::Type::Int && value.type != json::Type::Number)
                return fail_type(node, value);
            const auto exact =
                value.type == json::Type::Int ? decimal_of(value.integer) : parse_decimal(value.text);
            if (!exact)
                return fail(RequestCode::Q0014, "not a decimal of at most six fraction digits within range");
            store(out, *exact);
            return true;
        }
        case Kind::Duration:
        case Kind::Instant:
            return micros(node, value, out);
        case Kind::Enum:
            return enumeration(node, value, out);
        case Kind::String:
        case Kind::Path:
        case Kind::Subject:
        case Kind::Dotted:
        case Kind::Spiffe:
        case Kind::Url:
        case Kind::Host:
        case Kind::Email:
        case Kind::Arn:
        case Kind::Ip:
        case Kind::Cidr:
            if (value.type != json::Type::String) return fail_type(node, value);
            text(index, kind, value.text, out);
            return true;
        case Kind::Record:
            if (value.type != json::Type::Object) return fail_type(node, value);
            if (out != nullptr) *out = Value::list(nullptr, 0, 0);
            if (index == facts_.places_.claims)
                return open_record(issuer_ == kNotFound ? kNone : program_.issuers[issuer_].claims, value,
                                   node, true);
            if (index == facts_.places_.params) {
                if (!open_record(tool_ == kNotFound ? kNone : program_.tools[tool_].params, value, node,
                                 false))
                    return false;
                facts_.has_params_ = readable(node);
                if (facts_.has_params_ && !program_.requirements.empty())
                    facts_.params_ = json::canonical(value);
                return true;
            }
            return record(node, value, row, false);
        case Kind::List:
            return list(node, value, out);
        case Kind::Map:
            if (!map(node, value, row)) return false;
            if (out != nullptr) *out = Value::list(nullptr, 0, 0);
            return true;
    }
    return fail_type(node, value);
}

void Binder::text(std::uint32_t index, Kind kind, std::string_view text, Value* out) {
    const bool wanted = in_claims_ && trust_ >= floor_;
    if (out == nullptr && !wanted) return;
    std::optional<std::string> canonical;
    if (has_canonical_form(kind)) {
        canonical = canonical_text(kind, text);
        if (!canonical) return;  // ambiguous or malformed: unknown, hence it never helps
        text = *canonical;
    }
    if (out != nullptr) {
        *out = own(text);
    }
    if (wanted) capture(index, text);
}

/// Text that outlives the document: the program's where it is one of its constants, else a copy.
Value Binder::own(std::string_view text) {
    const std::uint32_t id = program_.find_text(text);
    if (id != 0) return Value::of(program_.text(id), id);
    return Value::of(std::string_view(facts_.scratch_.copy(text), text.size()), 0);
}

void Binder::capture(std::uint32_t index, std::string_view text) {
    const bytecode::IssuerRef& issuer = program_.issuers[issuer_];
    std::uint32_t matched = kNone;  // the spec whose captures are in captured_
    for (std::uint32_t i = 0; i < issuer.capture_count; ++i) {
        const bytecode::CaptureRef& ref = program_.captures[issuer.first_capture + i];
        const bytecode::CaptureSpecRef& spec = program_.capture_specs[ref.spec];
        if (spec.claim != index) continue;
        if (matched != ref.spec) {
            matched = ref.spec;
            facts_.captured_.clear();
            for (std::uint32_t p = 0; p < spec.pattern_count; ++p)
                if (match_pattern(program_, program_.patterns[spec.first_pattern + p], text, facts_.feasible_,
                                  facts_.captured_))
                    break;
        }
        for (const auto& [name, part] : facts_.captured_) {
            if (name != ref.capture) continue;
            facts_.slots_[ref.slot] = own(part);
            break;
        }
    }
}

/// Claims and parameters: an object whose shape the issuer or the tool declares. Unchecked if that
/// one is unknown, in which case no rule will run.
bool Binder::open_record(std::uint32_t shape, const json::Value& value, const ShapeNode& holder,
                         bool claims) {
    if (shape == kNone) return true;
    floor_ = static_cast<Provenance>(holder.weakest);
    in_claims_ = claims;
    const bool bound = record(program_.shape[shape], value, nullptr, false);
    floor_ = Provenance::Model;
    in_claims_ = false;
    return bound;
}

bool Binder::conflicts(const json::Value& document) {
    const json::Value* token = document.find("token");
    const json::Value* issuer = member(token, "issuer");
    const json::Value* iss = member(member(token, "claims"), "iss");
    if (issuer != nullptr && iss != nullptr &&
        (iss->type != json::Type::String || iss->text != issuer->text)) {
        fail(RequestCode::Q0016, "claim `iss` is not the same bytes as `token.issuer`");
        within("iss");
        within("claims");
        return within("token");
    }
    const json::Value* delegation = document.find("delegation");
    const json::Value* depth = member(delegation, "depth");
    const json::Value* chain = member(delegation, "chain");
    if (depth != nullptr && chain != nullptr &&
        depth->integer != static_cast<std::int64_t>(chain->items.size())) {
        fail(RequestCode::Q0017, "depth is " + std::to_string(depth->integer) + " but the chain has " +
                                     std::to_string(chain->items.size()) + " hops");
        within("depth");
        return within("delegation");
    }
    return true;
}

/// What follows from the request without being in it.
void Binder::finish() {
    const auto slot = [&](Builtin fact) -> Value& { return facts_.slots_[static_cast<std::size_t>(fact)]; };
    const Value& chain = slot(Builtin::DelegationChain);
    Value& depth = slot(Builtin::DelegationDepth);
    if (chain.present() && depth.state == State::Missing) depth = Value::of(chain.length);
    if (slot(Builtin::TokenIssuer).present()) facts_.issuer_ = issuer_;
    if (!slot(Builtin::ToolName).present() || tool_ == kNotFound) return;

    facts_.tool_ = tool_;
    const bytecode::ToolRef& tool = program_.tools[tool_];
    const bytecode::ManifestRef& manifest = program_.manifest[0];
    const auto texts = [&](std::span<const std::uint32_t> ids) {
        Value* items = facts_.scratch_.array<Value>(ids.size());
        for (std::size_t i = 0; i < ids.size(); ++i) items[i] = Value::of(program_.text(ids[i]), ids[i]);
        return Value::list(items, ids.size(), 1);
    };
    if (manifest.tier_slot != kNone) facts_.slots_[manifest.tier_slot] = Value::of(tool.tier);
    if (manifest.tool_scopes_slot != kNone)
        facts_.slots_[manifest.tool_scopes_slot] = texts(program_.items(tool.scopes));
    if (manifest.tool_audience_slot != kNone)
        facts_.slots_[manifest.tool_audience_slot] =
            texts(program_.ids.subspan(tool.audience, tool.audience_count));
}

Result<void> Facts::bind(const json::Value& document) {
    clear();
    Binder binder(*this);
    if (!binder.run(document)) {
        clear();
        return tl::unexpected(binder.take_error());
    }
    return {};
}

}  // namespace writ::vm
