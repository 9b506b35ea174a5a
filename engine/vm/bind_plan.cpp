// What spares a walk: a plan is made while a document is walked, and followed for those like it.
#include "base/path.h"
#include "base/values.h"
#include "vm/binder.h"
#include "vm/values.h"

namespace writ::vm {

using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

/// The key of a plan has two bits for each word.
constexpr std::uint32_t kMostWords = 32;

}  // namespace

std::optional<Provenance> provenance_of(const json::Node& word) {
    constexpr std::string_view kWords[] = {"model", "asserted", "broker", "verified"};
    if (word.type != json::Type::String) return {};
    for (std::size_t i = 0; i < std::size(kWords); ++i)
        if (word.text() == kWords[i]) return static_cast<Provenance>(i);
    return {};
}

Landmarks Binder::landmarks(const json::Node& document) {
    Landmarks& kept = facts_.plans_.landmarks(document.form);
    if (document.form != 0 && kept.form == document.form) return kept;
    const auto place_of = [&](const json::Node* node) {
        return node != nullptr ? static_cast<std::uint32_t>(node - &document) : 0;
    };
    const auto member = [](const json::Node* object, std::string_view key) {
        return object != nullptr ? object->find(key) : nullptr;
    };
    const json::Node* const token = document.find("token");
    const json::Node* const tool = document.find("tool");
    const auto filled = [](const json::Node* object) { return object != nullptr && object->count > 0; };
    return kept = {document.form,
                   place_of(member(token, "issuer")),
                   place_of(member(tool, "name")),
                   place_of(document.find(kProvenanceKey)),
                   filled(member(token, "claims")),
                   filled(member(tool, "params"))};
}

void Binder::names(const json::Node& document, const Landmarks& marks) {
    const json::Node& issuer = *(&document + marks.issuer);
    const json::Node& tool = *(&document + marks.tool);
    if (issuer.type == json::Type::String) name(facts_.issuer_name_, facts_.issuers_, issuer.text());
    if (tool.type == json::Type::String) name(facts_.tool_name_, facts_.tools_, tool.text());
}

/// Requires: the names are known. A key without a form: there can be no plan.
Plan::Key Binder::plan_key(const json::Node& document, const Landmarks& marks) const {
    Plan::Key key{document.form, marks.has_claims ? facts_.issuer_name_.index + 1 : 0,
                  marks.has_params ? facts_.tool_name_.index + 1 : 0, 0};
    if (marks.provenance == 0) return key;
    const json::Node& stated = *(&document + marks.provenance);
    const std::uint32_t words = stated.type == json::Type::Object ? stated.count : 1;
    if (words > kMostWords) return {};
    const json::Node* word = stated.type == json::Type::Object ? stated.first() : &stated;
    for (std::uint32_t i = 0; i < words; ++i, word = word->next()) {
        const auto trust = provenance_of(*word);
        if (!trust) return {};
        key.trust = key.trust << 2 | static_cast<std::uint64_t>(*trust);
    }
    return key;
}

bool Binder::follow_plan(const json::Node& document) {
    if (document.form == 0) return false;
    const Landmarks marks = landmarks(document);
    names(document, marks);
    const Plan::Key key = plan_key(document, marks);
    const Plan& plan = facts_.plans_.plan(key);
    if (key.form == 0 || plan.key != key) return false;
    for (const Step& step : plan.steps)
        if (!take(step, *(&document + step.node))) return false;
    return finish();
}

/// take() for what need only be stored. False: it needs the walk. The text is UTF-8: the document is.
bool Binder::take_plain(const Step& step, const json::Node& value) {
    Value* const slots = facts_.slots_.data();
    if (value.type == json::Type::Null && step.plain != Place::Plain::Nothing) {
        if (!step.or_none) return false;
        if (step.slot != kNone) slots[step.slot] = Value::none(step.rep);
        return true;
    }
    switch (step.plain) {
        case Place::Plain::Text:
            if (value.type != json::Type::String) return false;
            if (step.slot != kNone)
                slots[step.slot] = Value::of(value.text(), step.compared ? program_.find_text(value.text()) : Value::kUnbound);
            return true;
        case Place::Plain::Name:
            if (value.type != json::Type::String) return false;
            if (step.slot != kNone)
                slots[step.slot] = Value::of(value.text(), (step.shape == facts_.places_.issuer ? facts_.issuer_name_ : facts_.tool_name_).id);
            return true;
        case Place::Plain::Int:
            if (value.type != json::Type::Int) return false;
            if (step.slot != kNone) slots[step.slot] = Value::of(value.integer);
            return true;
        case Place::Plain::Seconds: {
            constexpr std::int64_t kMost = INT64_MAX / kSecond;
            if (value.type != json::Type::Int || value.integer > kMost || value.integer < -kMost) return false;
            if (step.slot != kNone) slots[step.slot] = Value::of(value.integer * kSecond);
            return true;
        }
        case Place::Plain::Enum: {
            if (value.type != json::Type::String) return false;
            const bytecode::EnumRef& members = program_.enums[program_.shape[step.shape].enumeration];
            const auto ids = program_.ids.subspan(members.first_member, members.member_count);
            for (std::size_t i = 0; i < ids.size(); ++i) {
                if (program_.text(ids[i]) != value.text()) continue;
                if (step.slot != kNone) slots[step.slot] = Value::of(static_cast<std::int64_t>(i));
                return true;
            }
            return false;
        }
        case Place::Plain::Path:
        case Place::Plain::Spiffe:
            if (value.type != json::Type::String || !(step.plain == Place::Plain::Path ? plain_path(value.text()) : usual_spiffe(value.text())))
                return false;
            if (step.slot != kNone)
                slots[step.slot] = Value::of(value.text(), step.compared ? program_.find_text(value.text()) : Value::kUnbound);
            return true;
        case Place::Plain::OneOrMany:
            if (value.type != json::Type::String) return false;
            if (step.slot != kNone) {
                auto* only = static_cast<Value*>(facts_.scratch_.allocate(sizeof(Value), alignof(Value)));
                new (only) Value(Value::of(value.text(), step.compared ? program_.find_text(value.text()) : Value::kUnbound));
                slots[step.slot] = Value::list(only, 1, 1);
            }
            return true;
        case Place::Plain::Texts:
        case Place::Plain::Nothing: break;
    }
    return false;
}

bool Binder::take(const Step& step, const json::Node& value) {
    if (step.action == Step::Action::Value && take_plain(step, value)) [[likely]] return true;
    Value* const out = step.slot != kNone ? &facts_.slots_[step.slot] : nullptr;
    trust_ = step.trust;
    floor_ = step.floor;
    in_claims_ = step.in_claims;
    switch (step.action) {
        case Step::Action::Value: return this->value(step.shape, value, out, nullptr);
        case Step::Action::Group: *out = Value::list(nullptr, 0, 0); return true;
        case Step::Action::Claims: facts_.claims_ = &value; return issuers_agree(value);
        case Step::Action::Keep: facts_.keep(step.shape, readable(program_.shape[step.shape]) ? &value : nullptr); return true;
    }
    return false;
}

void Binder::begin_plan(const json::Node& document, const Landmarks& marks) {
    key_ = plan_key(document, marks);
    if (key_.form == 0) return;
    root_ = &document;
    plan_ = &facts_.plans_.plan(key_);
    plan_->key = {};
    plan_->steps.clear();
}

void Binder::end_plan() {
    if (plan_ != nullptr) plan_->key = key_;
    plan_ = nullptr;
}

void Binder::add_step(Step::Action action, std::uint32_t index, const json::Node& value, const Value* out) {
    if (action == Step::Action::Value && out == nullptr && is_needless(index, value)) return;
    Step step;
    step.node = static_cast<std::uint32_t>(&value - root_);
    step.shape = index;
    step.slot = out != nullptr ? static_cast<std::uint32_t>(out - facts_.slots_.data()) : kNone;
    step.action = action;
    step.trust = trust_;
    step.floor = floor_;
    step.in_claims = in_claims_;
    if (action == Step::Action::Value) {
        const ShapeNode& node = program_.shape[index];
        bool captured = false;
        if (in_claims_) {
            const bytecode::IssuerRef& issuer = program_.issuers[facts_.issuer_name_.index];
            for (std::uint32_t i = 0; i < issuer.capture_count; ++i)
                captured = captured || program_.capture_specs[program_.captures[issuer.first_capture + i].spec].claim == index;
        }
        if (!captured) step.plain = facts_.plain(index);
        step.rep = rep_of(static_cast<Kind>(node.kind));
        step.or_none = (node.flags & bytecode::kOrNone) != 0;
        step.compared = ((step.plain == Place::Plain::OneOrMany ? program_.shape[node.first_child].flags : node.flags) & bytecode::kCompared) != 0;
    }
    plan_->steps.push_back(step);
}

/// Whether a value that is not stored need not be looked at in any document of its form: text that may be any,
/// or a list of such.
bool Binder::is_needless(std::uint32_t index, const json::Node& value) const {
    const ShapeNode& node = program_.shape[index];
    if (in_claims_) {  // it may be captured from
        const bytecode::IssuerRef& issuer = program_.issuers[facts_.issuer_name_.index];
        for (std::uint32_t i = 0; i < issuer.capture_count; ++i)
            if (program_.capture_specs[program_.captures[issuer.first_capture + i].spec].claim == index) return false;
    }
    const Kind kind = static_cast<Kind>(node.kind);
    if (rep_of(kind) == Rep::Text) return value.type == json::Type::String;
    if (kind != Kind::List || value.type != json::Type::Array || index == facts_.places_.chain) return false;
    const json::Node* item = value.first();
    for (std::uint32_t i = 0; i < value.count; ++i, item = item->next())
        if (!is_needless(node.first_child, *item)) return false;
    return true;
}

}  // namespace writ::vm
