#include "ledger/mask.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/access.h"
#include "base/kind.h"
#include "ledger/fields.h"
#include "writ/errors.h"

namespace writ::ledger {

using bytecode::kNone;
using bytecode::Program;

namespace {

constexpr std::string_view kMark = "hmac-sha256:";
constexpr std::string_view kBindings = "/approvals/*/binding_digest";
constexpr std::string_view kParams = "/tool/params/";
/// Shorter texts are replaced only if they are a whole text: most words contain `a`.
constexpr std::size_t kInside = 4;

/// Visits a record's texts in the order of the encoder, and changes them.
template <class Change>
class Editor {
public:
    explicit Editor(Change change) : change_(change) {}
    void number(std::uint64_t) {}
    void signed_number(std::int64_t) {}
    void small(std::uint32_t) {}
    void flag(bool) {}
    template <class Enum>
    void choice(Enum, Enum) {}
    void text(std::string_view& value) { value = change_(value); }
    template <class List, class Each>
    void list(List& values, Each each) {
        for (auto& value : values) each(value);
    }
    template <class List>
    void texts(List& values) {
        for (std::string_view& value : values) text(value);
    }

private:
    Change change_;
};

std::string escaped(std::string_view text) {
    std::string out;
    json::append_quoted(out, text);
    return out.substr(1, out.size() - 2);
}

std::string as_step(std::string_view text) {
    std::string out;
    append_pointer(out, text);
    return out.substr(1);
}

bool is_text(const Program& program, std::uint32_t node) {
    const bytecode::ShapeNode& shape = program.shape[node];
    const Kind kind = static_cast<Kind>(shape.kind);
    return kind == Kind::String ||
           (kind == Kind::List && static_cast<Kind>(program.shape[shape.first_child].kind) == Kind::String);
}

}  // namespace

Result<Mask> Mask::make(const std::vector<std::string>& pointers, const Keyed& key, bool unknown) {
    Mask out(key);
    out.unknown_ = unknown;
    for (const std::string& pointer : pointers) {
        auto steps = steps_of(pointer);
        if (!steps)
            return fail(Code::MalformedMask, "a path to mask must be a JSON Pointer such as `/token/claims/email`",
                        pointer);
        out.pointers_.push_back(pointer);
        out.steps_.push_back(std::move(*steps));
    }
    return out;
}

Result<void> Mask::check(const Layers& layers) const {
    if (layers.bundles().empty()) return {};
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
        const auto known = [&](const Bundle& bundle) {
            const Reached reached = reach(Access::program(bundle), steps_[i], nullptr);
            return reached.undeclared || !reached.nodes.empty() || steps_[i] == Steps{"token", "claims"} ||
                   steps_[i] == Steps{"tool", "params"};
        };
        if (std::none_of(layers.bundles().begin(), layers.bundles().end(), known))
            return fail(Code::MalformedMask,
                        "no request has a value at this path; docs/request-format.md lists the fields", pointers_[i]);
    }
    return {};
}

std::string Mask::mark(std::string_view context, std::string_view value) const {
    return std::string(kMark) + to_hex(key_.digest(context, value));
}

void Mask::find(const json::Node& node, const Steps& steps, std::size_t at, std::string& pointer,
                std::string_view context) {
    if (at == steps.size()) return hide_at(node, pointer, context, true);
    const bool array = node.type == json::Type::Array;
    if (!array && node.type != json::Type::Object) return;
    const json::Node* child = node.first();
    for (std::uint32_t i = 0; i < node.count; ++i, child = child->next()) {
        const std::string name = array ? std::to_string(i) : std::string(child->key());
        if (steps[at] != name && steps[at] != "*") continue;
        const std::size_t size = pointer.size();
        append_pointer(pointer, name);
        find(*child, steps, at + 1, pointer, context);
        pointer.resize(size);
    }
}

void Mask::hide_at(const json::Node& node, const std::string& pointer, std::string_view context, bool everywhere) {
    const std::size_t before = hidden_.size();
    hide_all(node, context, everywhere);
    if (hidden_.size() > before) places_.push_back(pointer);
}

/// None stays none: it is a fact, and contains nothing to hide.
void Mask::hide_all(const json::Node& node, std::string_view context, bool everywhere) {
    if (node.type == json::Type::Null) return;
    if (node.type == json::Type::Array || node.type == json::Type::Object) {
        const json::Node* child = node.first();
        for (std::uint32_t i = 0; i < node.count; ++i, child = child->next()) hide_all(*child, context, everywhere);
        return;
    }
    canonical_.clear();
    json::append_canonical(canonical_, node, order_);
    Hidden one{&node, mark(context, canonical_)};
    if (everywhere && node.type == json::Type::String && !node.text().empty()) {
        if (node.text().size() < kInside)
            whole_.emplace(node.text(), one.mark);
        else
            values_.push_back({std::string(node.text()), one.mark, escaped(node.text()), as_step(node.text())});
    }
    hidden_.push_back(std::move(one));
}

void Mask::find_unknown(const json::Node& document, const Layers& layers) {
    Shapes claims, params;
    for (const Bundle& bundle : layers.bundles()) {
        for (const std::uint32_t node : claims_of(Access::program(bundle), &document))
            claims.emplace_back(&Access::program(bundle), node);
        for (const std::uint32_t node : params_of(Access::program(bundle), &document))
            params.emplace_back(&Access::program(bundle), node);
    }
    std::string pointer;
    if (const json::Node* token = document.find("token"))
        if (const json::Node* given = token->find("claims")) unknown_claims(*given, claims, pointer = "/token/claims");
    if (const json::Node* tool = document.find("tool"))
        if (const json::Node* given = tool->find("params")) unknown_params(*given, params, pointer = "/tool/params");
}

void Mask::unknown_claims(const json::Node& claims, const Shapes& shapes, std::string& pointer) {
    if (claims.type != json::Type::Object) return;
    const json::Node* member = claims.first();
    for (std::uint32_t i = 0; i < claims.count; ++i, member = member->next()) {
        Shapes declared;
        bool open = false;  // declared as a list or a map, not by its fields
        for (const auto& [program, node] : shapes)
            if (const std::uint32_t child = child_of(*program, node, member->key()); child != kNone) {
                open = open || static_cast<Kind>(program->shape[child].kind) != Kind::Record;
                declared.emplace_back(program, child);
            }
        if (open) continue;
        const std::size_t size = pointer.size();
        append_pointer(pointer, member->key());
        if (!declared.empty())
            unknown_claims(*member, declared, pointer);
        else
            hide_at(*member, pointer, pointer, false);
        pointer.resize(size);
    }
}

void Mask::unknown_params(const json::Node& params, const Shapes& shapes, std::string& pointer) {
    if (params.type != json::Type::Object) return;
    const json::Node* member = params.first();
    for (std::uint32_t i = 0; i < params.count; ++i, member = member->next()) {
        Shapes records;
        bool known = false;
        for (const auto& [program, node] : shapes)
            if (const std::uint32_t child = child_of(*program, node, member->key()); child != kNone) {
                known = known || !is_text(*program, child) || program->shape[child].slot != kNone;
                if (static_cast<Kind>(program->shape[child].kind) == Kind::Record) records.emplace_back(program, child);
            }
        const std::size_t size = pointer.size();
        append_pointer(pointer, member->key());
        if (!records.empty())
            unknown_params(*member, records, pointer);
        else if (!known)
            hide_at(*member, pointer, pointer, false);
        pointer.resize(size);
    }
}

void Mask::write(std::string_view given, const json::Node& document, const Layers& layers, std::string& out) {
    hidden_.clear();
    whole_.clear();
    values_.clear();
    places_.clear();
    texts_.clear();
    std::string pointer;
    for (std::size_t i = 0; i < steps_.size(); ++i) find(document, steps_[i], 0, pointer, pointers_[i]);
    digests_ = !hidden_.empty();
    if (unknown_) find_unknown(document, layers);
    // A binding digest covers all parameters and no claims. It would allow testing values.
    digests_ = digests_ || std::any_of(places_.begin(), places_.end(),
                                       [](const std::string& place) { return place.starts_with(kParams); });
    if (digests_) find(document, {"approvals", "*", "binding_digest"}, 0, pointer = "", kBindings);
    if (hidden_.empty()) return json::squeeze(given, out);
    // If two pointers lead to one value, the first is kept.
    std::stable_sort(hidden_.begin(), hidden_.end(), [](const Hidden& a, const Hidden& b) { return a.node < b.node; });
    hidden_.erase(
        std::unique(hidden_.begin(), hidden_.end(), [](const Hidden& a, const Hidden& b) { return a.node == b.node; }),
        hidden_.end());
    prepare_search();
    out.clear();
    pointer.clear();
    write(document, layers, pointer, out);
    // A value may be the key of a map.
    for (std::string& place : places_)
        if (auto changed = replaced(place)) place = std::move(*changed);
    std::sort(places_.begin(), places_.end());
    places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
}

void Mask::write(const json::Node& node, const Layers& layers, std::string& pointer, std::string& out) {
    switch (node.type) {
        case json::Type::Null: out += "null"; return;
        case json::Type::Array:
        case json::Type::Object: {
            const bool array = node.type == json::Type::Array;
            out += array ? '[' : '{';
            const json::Node* child = node.first();
            for (std::uint32_t i = 0; i < node.count; ++i, child = child->next()) {
                if (i > 0) out += ',';
                const std::size_t size = pointer.size();
                append_pointer(pointer, array ? std::to_string(i) : std::string(child->key()));
                if (!array) {
                    auto name = replaced(child->key());
                    if (name && is_field_name(layers, child->key())) name.reset();  // the schema's word, not a value
                    if (name) places_.push_back(pointer);
                    json::append_quoted(out, name ? std::string_view(*name) : child->key());
                    out += ':';
                }
                write(*child, layers, pointer, out);
                pointer.resize(size);
            }
            out += array ? ']' : '}';
            return;
        }
        case json::Type::Bool:
        case json::Type::Int:
        case json::Type::Number:
        case json::Type::String: break;
    }
    const auto at = std::lower_bound(hidden_.begin(), hidden_.end(), &node,
                                     [](const Hidden& each, const json::Node* where) { return each.node < where; });
    if (at != hidden_.end() && at->node == &node) return json::append_quoted(out, at->mark);
    if (node.type == json::Type::String) {
        const auto text = replaced(node.text());
        if (text) places_.push_back(pointer);
        return json::append_quoted(out, text ? std::string_view(*text) : node.text());
    }
    if (node.type == json::Type::Bool)
        out += node.integer != 0 ? "true" : "false";
    else if (node.type == json::Type::Int)
        fmt::format_to(std::back_inserter(out), "{}", node.integer);
    else
        out += node.text();
}

void Mask::prepare_search() {
    sought_.clear();
    for (const auto form : {&Value::was, &Value::in_json, &Value::in_pointer})
        for (const Value& value : values_) sought_.push_back(value.*form);
    finder_.build(sought_);
}

/// One pass, so that replacements are not replaced again.
std::optional<std::string> Mask::replaced(std::string_view text) {
    if (const auto whole = whole_.find(text); whole != whole_.end()) return whole->second;
    if (values_.empty()) return std::nullopt;
    const std::vector<std::uint32_t>& starts = finder_.find(text);
    std::optional<std::string> out;
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::uint32_t found = starts[at];
        if (found == TextFinder::kNone) {
            ++at;
            continue;
        }
        if (!out) out.emplace();
        *out += text.substr(from, at - from);
        *out += values_[found % values_.size()].mark;
        from = at += sought_[found].size();
    }
    if (out) *out += text.substr(from);
    return out;
}

void Mask::hide(Record& record) {
    record.masked.assign(places_.begin(), places_.end());
    std::string binding = record.decision.binding_digest;
    if (digests_ && !binding.empty()) binding = mark(kBindings, "\"" + escaped(binding) + "\"");
    record.decision.binding_digest = binding;
    if (values_.empty() && whole_.empty()) return;
    Editor editor([this](std::string_view text) -> std::string_view {
        auto changed = replaced(text);
        return changed ? std::string_view(*texts_.emplace_back(std::make_unique<std::string>(std::move(*changed))))
                       : text;
    });
    // Hidden already, or digests.
    const std::string_view request = record.request, key = record.around.key, ask = record.around.ask;
    const std::vector<std::string_view> bundles = record.bundles, uses = record.uses;
    answer_fields(editor, record);
    other_fields(editor, record);
    record.request = request;
    record.around.key = key;
    record.around.ask = ask;
    record.bundles = bundles;
    record.uses = uses;
    record.decision.binding_digest = std::move(binding);
    record.masked.assign(places_.begin(), places_.end());
}

}  // namespace writ::ledger
