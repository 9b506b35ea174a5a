// Records, lists and maps: checks a document against the program's shape, value by value, and stores it in slots.
#include <algorithm>
#include <utility>

#include "base/report.h"
#include "vm/binder.h"
#include "vm/lists.h"
#include "vm/values.h"

namespace writ::vm {

using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

/// While this object lives, no plan is recorded: the contents of a list are bound together with it.
class NoPlan {
public:
    explicit NoPlan(Plan*& plan) : plan_(plan), kept_(std::exchange(plan, nullptr)) {}
    ~NoPlan() { plan_ = kept_; }
    NoPlan(const NoPlan&) = delete;
    NoPlan& operator=(const NoPlan&) = delete;

private:
    Plan*& plan_;
    Plan* kept_;
};

/// The value that a field of this type needs, for error messages.
std::string expectation(const bytecode::Program& program, const ShapeNode& node) {
    const Kind kind = static_cast<Kind>(node.kind);
    std::string words;
    switch (kind) {
        case Kind::Enum:
            words = "a name of enum `" + std::string(program.text(program.enums[node.enumeration].name)) + "`";
            break;
        case Kind::Int: words = "int (a whole number)"; break;
        case Kind::Instant: words = "instant (seconds since the epoch, or RFC 3339 text)"; break;
        case Kind::Duration: words = "duration (seconds, or text such as \"15m\")"; break;
        case Kind::Record: words = "record (an object)"; break;
        case Kind::Map: words = "map (an object)"; break;
        case Kind::List:
            words = (node.flags & bytecode::kOneOrMany) != 0 ? "list (an array, or one string)" : "list (an array)";
            break;
        case Kind::Bool:
        case Kind::Decimal:
#define TEXT_KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            words = spelling_of(kind);
            break;
    }
    if ((node.flags & bytecode::kOrNone) != 0) words += " or null";
    return words;
}

}  // namespace

// ---- errors ------------------------------------------------------------------------------------

bool Binder::fail_type(const ShapeNode& node, const json::Node& value) {
    return fail(Code::WrongType,
                "expected " + expectation(program_, node) + ", got " + std::string(json::name_of(value.type)));
}

/// A whole number that is not an Int is too large.
bool Binder::fail_integer(const ShapeNode& node, const json::Node& value) {
    const bool whole = value.type == json::Type::Number && value.text().find_first_of(".eE") == std::string_view::npos;
    return whole ? fail(Code::IntegerOutOfRange, "the number does not fit in 64 bits") : fail_type(node, value);
}

bool Binder::fail_unknown(Code code, std::string_view what, std::string_view key, const ShapeNode& record,
                          bool provenance) {
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
    json::append_step(step, key);
    facts_.error_.context.insert(0, step);
    return false;
}

bool Binder::within(std::size_t index) {
    facts_.error_.context.insert(0, "[" + std::to_string(index) + "]");
    return false;
}

// ---- binding -----------------------------------------------------------------------------------

bool Binder::document(const json::Node& document) {
    const std::uint32_t root = program_.manifest[0].request_shape;
    if (document.type != json::Type::Object) return fail_type(program_.shape[root], document);
    const Landmarks marks = landmarks(document);
    if (!provenance(marks.provenance != 0 ? &document + marks.provenance : nullptr)) return false;
    // The shapes of claims and parameters depend on these two, wherever they are in the document.
    names(document, marks);
    begin_plan(document, marks);
    if (!record(root, document, nullptr, true)) return false;
    end_plan();
    return finish();
}

bool Binder::place(const Place& place, const json::Node& value) {
    if (value.type == json::Type::String) {
        if (place.node == facts_.places_.issuer) facts_.name(true, value.text());
        if (place.node == facts_.places_.tool) facts_.name(false, value.text());
    }
    const bool early = (place.node == facts_.places_.claims && !facts_.issuer_name_.stated) ||
                       (place.node == facts_.places_.params && !facts_.tool_name_.stated);
    if (early)
        return fail(Code::StatedTooEarly, place.node == facts_.places_.claims
                                              ? "state `token.issuer` before its claims"
                                              : "state `tool.name` before its parameters");
    const ShapeNode& node = program_.shape[place.node];
    if (place.group != kNone) {
        const ShapeNode& group = program_.shape[place.group];
        Value& stated = facts_.slots_[group.slot];
        if (stated.state == State::None)
            return fail(Code::NoneAndStated, "the group of this field is stated to be none");
        if (readable(group)) stated = Value::list(nullptr, 0, 0);
    }
    // A group that is stated to be none must not have fields too.
    if (value.type == json::Type::Null && static_cast<Kind>(node.kind) == Kind::Record && node.slot != kNone &&
        facts_.slots_[node.slot].present())
        return fail(Code::NoneAndStated, "fields of this group are already stated");
    if (!this->value(place.node, value, target(node, nullptr), nullptr)) return false;
    if (!place.shown.empty() && readable(node)) facts_.show(place, value);
    return true;
}

bool Binder::provenance(const json::Node* stated) {
    if (stated == nullptr) return true;
    constexpr std::string_view kWords = "expected `verified`, `broker`, `asserted` or `model`";
    if (stated->type != json::Type::Object) {
        const auto all = provenance_of(*stated);
        if (!all) {
            fail(Code::MalformedProvenance, std::string(kWords) + ", or an object with one of them for each group");
            return within(kProvenanceKey);
        }
        trust_ = *all;
        return true;
    }
    const std::uint32_t root = program_.manifest[0].request_shape;
    std::uint32_t expected = kNone;
    const json::Node* group = stated->first();
    for (std::uint32_t i = 0; i < stated->count; ++i, group = group->next()) {
        if (find_field(program_.shape[root], group->key(), expected) == kNone) {
            fail_unknown(Code::MalformedProvenance, "group", group->key(), program_.shape[root], false);
            return within(kProvenanceKey);
        }
        if (!provenance_of(*group)) {
            fail(Code::MalformedProvenance, std::string(kWords));
            within(group->key());
            return within(kProvenanceKey);
        }
    }
    by_group_ = stated;
    return true;
}

/// The field of a record with a name, or kNone. Documents usually have the same order of fields, even in different
/// forms: the field that came here in the last document is tried first, and `expected` stores the current one.
std::uint32_t Binder::find_field(const ShapeNode& record, std::string_view key, std::uint32_t& expected) {
    if (expected != kNone && program_.text(program_.shape[expected].name) == key) return expected;
    const std::uint32_t id = program_.find_text(key);
    for (std::uint32_t i = 0; id != 0 && i < record.child_count; ++i)
        if (program_.shape[record.first_child + i].name == id) return expected = record.first_child + i;
    return kNone;
}

bool Binder::record(std::uint32_t index, const json::Node& value, Value* row, bool root) {
    const ShapeNode& node = program_.shape[index];
    std::uint32_t* expected = &facts_.follows_[2 * std::size_t{index}];
    const json::Node* field = value.first();
    for (std::uint32_t i = 0; i < value.count; ++i, field = field->next()) {
        const std::string_view key = field->key();
        if (root && key == kProvenanceKey) continue;
        const std::uint32_t found = find_field(node, key, *expected);
        if (found == kNone) {
            if (in_claims_) continue;  // issuers add claims
            return fail_unknown(Code::FieldNotDeclared, "field", key, node, root);
        }
        if (facts_.places_.made(found)) {
            fail(Code::FieldNotDeclared, "`" + std::string(key) + "` is made from the chain and cannot be stated");
            return within(key);
        }
        expected = &facts_.follows_[2 * std::size_t{found} + 1];
        if (root && by_group_ != nullptr) {
            const json::Node* word = by_group_->find(key);
            trust_ = word != nullptr ? provenance_of(*word).value_or(Provenance::Model) : Provenance::Model;
        }
        if (!this->value(found, *field, target(program_.shape[found], row), row)) return within(key);
    }
    return true;
}

bool Binder::list(const ShapeNode& node, const json::Node& value, Value* out) {
    const std::uint32_t element = node.first_child;
    if (value.type == json::Type::String && (node.flags & bytecode::kOneOrMany) != 0) {
        Value* only = out != nullptr ? facts_.scratch_.array<Value>(1) : nullptr;
        if (!this->value(element, value, only, nullptr)) return false;
        if (out != nullptr && only->present()) *out = Value::list(only, 1, 1);
        return true;
    }
    if (value.type != json::Type::Array) return fail_type(node, value);
    if (value.count > node.max)
        return fail(Code::TooManyElements, "list of " + std::to_string(value.count) + " elements, at most " +
                                               std::to_string(node.max) + " are allowed");
    const bool records = static_cast<Kind>(program_.shape[element].kind) == Kind::Record;
    const std::uint32_t columns = records ? node.columns : 1;
    Value* items = out != nullptr ? facts_.scratch_.array<Value>(std::size_t{value.count} * columns) : nullptr;
    std::size_t kept = 0, bytes = 0;
    bool whole = true;
    const json::Node* each = value.first();
    Seen seen(records || out == nullptr ? 0 : value.count, facts_.scratch_, facts_.hasher_);
    for (std::uint32_t i = 0; i < value.count; ++i, each = each->next()) {
        Value* item = items != nullptr ? items + kept * columns : nullptr;
        if (records ? !this->value(element, *each, nullptr, item) : !this->value(element, *each, item, nullptr))
            return within(std::size_t{i});
        if (!records && item != nullptr) {
            whole = whole && item->state != State::Missing;
            if (item->present() && item->rep == Rep::Text) {
                bytes += item->length;
                if (bytes > kMaxText)
                    return fail(Code::StringTooLong,
                                "the texts of the list have more than " + std::to_string(kMaxText) + " bytes in total");
            }
            // Repetition is not observable, so repeating a value must not count as two values.
            if (item->present() && !seen.add(items, kept)) {
                *item = Value{};
                continue;
            }
        }
        ++kept;
    }
    // If one element is invalid, the whole list is.
    if (out != nullptr && whole) *out = Value::list(items, kept, columns);
    return true;
}

bool Binder::map(const ShapeNode& node, const json::Node& value, Value* row) {
    if (value.type != json::Type::Object) return fail_type(node, value);
    if (value.count > node.max)
        return fail(Code::TooManyElements, "map of " + std::to_string(value.count) + " entries, at most " +
                                               std::to_string(node.max) + " are allowed");
    const json::Node* entry = value.first();
    for (std::uint32_t i = 0; i < value.count; ++i, entry = entry->next()) {
        std::uint32_t at = node.first_child;  // checked, and dropped unless the policy reads the key
        const std::uint32_t id = node.key_count != 0 ? program_.find_text(entry->key()) : 0;
        for (std::uint32_t k = 0; id != 0 && k < node.key_count; ++k) {
            if (program_.shape[node.first_key + k].name != id) continue;
            at = node.first_key + k;
            break;
        }
        if (!this->value(at, *entry, target(program_.shape[at], row), row)) return within(entry->key());
    }
    return true;
}

bool Binder::value(std::uint32_t index, const json::Node& value, Value* out, Value* row) {
    const ShapeNode& node = program_.shape[index];
    const Kind kind = static_cast<Kind>(node.kind);
    if (index == facts_.places_.now && trust_ < Provenance::Broker)
        return fail(Code::ClockNotBrokers,
                    "`now` must come from the broker: label it `broker` or `verified` in `provenance`");
    if (!readable(node)) out = nullptr;
    if (plan_ != nullptr && ((kind != Kind::Record && kind != Kind::Map) || value.type == json::Type::Null))
        add_step(Step::Action::Value, index, value, out);
    if (value.type == json::Type::Null) {
        if ((node.flags & bytecode::kOrNone) == 0) return fail_type(node, value);
        if (out != nullptr) *out = Value::none(rep_of(kind));
        return true;
    }
    switch (kind) {
        case Kind::Bool:
            if (value.type != json::Type::Bool) return fail_type(node, value);
            store(out, value.integer);
            return true;
        case Kind::Int:
            if (value.type != json::Type::Int) return fail_integer(node, value);
            if (index == facts_.places_.depth) facts_.depth_ = value.integer;
            store(out, value.integer);
            return true;
        case Kind::Decimal: return decimal(node, value, out);
        case Kind::Duration:
        case Kind::Instant: return micros(node, value, out);
        case Kind::Enum: return enumeration(node, value, out);
#define TEXT_KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            if (value.type != json::Type::String) return fail_type(node, value);
            return text(index, value.text(), out);
        case Kind::Record:
            if (value.type != json::Type::Object) return fail_type(node, value);
            if (out != nullptr) *out = Value::list(nullptr, 0, 0);
            if (plan_ != nullptr && out != nullptr) add_step(Step::Action::Group, index, value, out);
            if (index == facts_.places_.claims) {
                const std::uint32_t issuer = facts_.issuer_name_.index;
                if (plan_ != nullptr) add_step(Step::Action::Claims, index, value, nullptr);
                facts_.claims_ = &value;
                return open_record(issuer == kNotFound ? kNone : program_.issuers[issuer].claims, value, node, true) &&
                       issuers_agree(value);
            }
            if (index == facts_.places_.params) {
                const std::uint32_t tool = facts_.tool_name_.index;
                if (!open_record(tool == kNotFound ? kNone : program_.tools[tool].params, value, node, false))
                    return false;
                if (plan_ != nullptr) add_step(Step::Action::Keep, index, value, nullptr);
                facts_.keep(index, readable(node) ? &value : nullptr);
                return true;
            }
            if (index == facts_.places_.resource) {
                if (plan_ != nullptr) add_step(Step::Action::Keep, index, value, nullptr);
                facts_.keep(index, readable(node) ? &value : nullptr);
            }
            return record(index, value, row, false);
        case Kind::List: {
            if (index == facts_.places_.chain && value.type == json::Type::Array) facts_.hops_ = value.count;
            const NoPlan whole(plan_);
            return list(node, value, out);
        }
        case Kind::Map:
            if (plan_ != nullptr && out != nullptr) add_step(Step::Action::Group, index, value, out);
            if (!map(node, value, row)) return false;
            if (out != nullptr) *out = Value::list(nullptr, 0, 0);
            return true;
    }
    return fail_type(node, value);
}

/// Claims or parameters: an object whose shape the issuer or the tool declares. Not checked if that issuer or tool is
/// unknown; then no rule will run.
bool Binder::open_record(std::uint32_t shape, const json::Node& value, const ShapeNode& holder, bool claims) {
    if (shape == kNone) return true;
    floor_ = static_cast<Provenance>(holder.weakest);
    in_claims_ = claims;
    const bool bound = record(shape, value, nullptr, false);
    floor_ = Provenance::Model;
    in_claims_ = false;
    return bound;
}

/// Derived facts.
bool Binder::finish() {
    using bytecode::Builtin;
    if (facts_.depth_ != Facts::kUnstated && facts_.hops_ != Facts::kUnstated && facts_.depth_ != facts_.hops_) {
        fail(Code::ChainDepthDiffers, "the depth is " + std::to_string(facts_.depth_) + " but the chain has " +
                                          std::to_string(facts_.hops_) + " hops");
        within("depth");
        return within("delegation");
    }
    const auto slot = [&](Builtin fact) -> Value& { return facts_.slots_[static_cast<std::size_t>(fact)]; };
    const Value& chain = slot(Builtin::DelegationChain);
    Value& depth = slot(Builtin::DelegationDepth);
    if (facts_.claims_ != nullptr && !within_claims(*facts_.claims_)) {
        within("token");
        return false;
    }
    if (depth.present()) facts_.order_chain();
    if (chain.present() && depth.state == State::Missing) depth = Value::of(chain.length);
    if (slot(Builtin::TokenIssuer).present()) facts_.issuer_ = facts_.issuer_name_.index;
    if (facts_.issuer_name_.index != kNotFound) {
        const bytecode::IssuerRef& issuer = program_.issuers[facts_.issuer_name_.index];
        for (const bytecode::CopyRef& copy : program_.copies.subspan(issuer.first_copy, issuer.copy_count))
            facts_.slots_[copy.slot] = facts_.slots_[program_.shape[copy.node].slot];
    }
    if (!slot(Builtin::ToolName).present() || facts_.tool_name_.index == kNotFound) return true;

    facts_.tool_ = facts_.tool_name_.index;
    facts_.slots_[Facts::tool_slot(program_)] = Value::of(std::int64_t{facts_.tool_});
    const bytecode::ToolRef& tool = program_.tools[facts_.tool_];
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
        facts_.slots_[manifest.tool_audience_slot] = texts(program_.ids.subspan(tool.audience, tool.audience_count));
    return true;
}

Result<void> Facts::bind(const json::Node& document) {
    clear();
    bool bound = Binder(*this, Provenance::Model).follow_plan(document);
    if (!bound) {
        clear();
        bound = Binder(*this, Provenance::Model).document(document);
    }
    if (!bound) {
        clear();
        return tl::unexpected(take_error());
    }
    sound_ = nothing_wrong(*this);
    return {};
}

bool Facts::put(const Place& place, const json::Node& value, Provenance trust) {
    return Binder(*this, trust).place(place, value);
}

bool Facts::finish() {
    if (!Binder(*this, Provenance::Model).finish()) return false;
    sound_ = nothing_wrong(*this);
    return true;
}

Error Facts::take_error() {
    error_.context.insert(0, "$");
    return std::move(error_);
}

}  // namespace writ::vm
