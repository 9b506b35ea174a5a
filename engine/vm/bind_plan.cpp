// Plans: one is recorded while a document is bound, and then used for similar documents.
#include <algorithm>

#include "base/words.h"
#include "vm/binder.h"

namespace writ::vm {

using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

/// The key of a plan has two bits for each word.
constexpr std::uint32_t kMostWords = 32;

}  // namespace

std::optional<Provenance> provenance_of(const json::Node& word) {
    if (word.type == json::Type::String) return writ::provenance_of(word.text());
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
    if (issuer.type == json::Type::String) facts_.name(true, issuer.text());
    if (tool.type == json::Type::String) facts_.name(false, tool.text());
}

/// Requires: the names are known. A key without a form means that there can be no plan.
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

/// A fast take() for values that are stored unchanged. Output: false if it needs the full binding. Text is UTF-8,
/// because the document is.
inline bool Binder::take_plain(const Place& place, const json::Node& value) {
    switch (value.type) {
        case json::Type::String: return facts_.store_text(place, value.text());
        case json::Type::Int: return facts_.store_int(place, value.integer);
        case json::Type::Null:
            if (!place.or_none || place.plain == Place::Plain::Nothing) return false;
            if (place.slot != kNone) facts_.slots_[place.slot] = Value::none(place.rep);
            return true;
        case json::Type::Array: return facts_.store_list(place, value);
        case json::Type::Bool:
        case json::Type::Number:
        case json::Type::Object: break;
    }
    return false;
}

bool Binder::follow_plan(const json::Node& document) {
    if (document.form == 0) return false;
    const Landmarks marks = landmarks(document);
    names(document, marks);
    const Plan::Key key = plan_key(document, marks);
    const Plan& plan = facts_.plans_.plan(key);
    if (key.form == 0 || plan.key != key) return false;
    for (const Step& step : plan.steps) {
        const json::Node& value = *(&document + step.node);
        if (step.action == Step::Action::Value && take_plain(step.place, value)) [[likely]]
            continue;
        if (!take(step, value)) return false;
    }
    return finish();
}

bool Binder::take(const Step& step, const json::Node& value) {
    Value* const out = step.place.slot != kNone ? &facts_.slots_[step.place.slot] : nullptr;
    trust_ = step.trust;
    floor_ = step.floor;
    in_claims_ = step.in_claims;
    switch (step.action) {
        case Step::Action::Value: return this->value(step.place.node, value, out, nullptr);
        case Step::Action::Group: facts_.slots_[step.place.slot] = Value::list(nullptr, 0, 0); return true;
        case Step::Action::Claims: facts_.claims_ = &value; return issuers_agree(value);
        case Step::Action::Keep:
            facts_.keep(step.place.node, readable(program_.shape[step.place.node]) ? &value : nullptr);
            return true;
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
    step.place =
        facts_.place_of(index, out != nullptr ? static_cast<std::uint32_t>(out - facts_.slots_.data()) : kNone);
    if (captured(index)) step.place.plain = Place::Plain::Nothing;
    step.action = action;
    step.trust = trust_;
    step.floor = floor_;
    step.in_claims = in_claims_;
    plan_->steps.push_back(step);
}

/// Whether parts of a claim are facts too.
bool Binder::captured(std::uint32_t index) const {
    if (!in_claims_) return false;
    const bytecode::IssuerRef& issuer = program_.issuers[facts_.issuer_name_.index];
    const auto captures = program_.captures.subspan(issuer.first_capture, issuer.capture_count);
    return std::any_of(captures.begin(), captures.end(), [&](const bytecode::CaptureRef& each) {
        return program_.capture_specs[each.spec].claim == index;
    });
}

/// Whether a value that is not stored needs no check in any document of its form: arbitrary text, or a list of such.
bool Binder::is_needless(std::uint32_t index, const json::Node& value) const {
    const ShapeNode& node = program_.shape[index];
    if (captured(index)) return false;
    const Kind kind = static_cast<Kind>(node.kind);
    if (rep_of(kind) == Rep::Text) return value.type == json::Type::String;
    if (kind != Kind::List || value.type != json::Type::Array || index == facts_.places_.chain) return false;
    const json::Node* item = value.first();
    for (std::uint32_t i = 0; i < value.count; ++i, item = item->next())
        if (!is_needless(node.first_child, *item)) return false;
    return true;
}

}  // namespace writ::vm
