#include "check/changes.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/values.h"
#include "syntax/foreign.h"

namespace writ::check {
namespace {

using ChangeSteps = std::vector<ChangeStep>;

/// As a policy writes the place that the first steps lead to.
std::string written(const ChangeSteps& steps, std::size_t count) {
    std::string out;
    const bool params = count > 1 && steps[0].name == "tool" && steps[1].name == "params";
    for (std::size_t i = params ? 1 : 0; i < count; ++i)
        if (steps[i].element)
            out += "[" + steps[i].name + "]";
        else if (out.empty())
            out = steps[i].name;
        else
            append_field(out, steps[i].name);
    return out;
}

/// Finds the place of a change in the schema.
class PlaceSearch {
public:
    PlaceSearch(Context& c, std::uint32_t module) : c_(c), module_(module) {}

    ChangePlace resolve(const std::vector<ast::PathStep>& path) {
        if (path.empty()) return {};
        const auto& root = path[0];
        if (root.text == "params") return raw({{"tool"}, {"params"}}, path, 1);
        if (root.text == "provenance") return raw({{"provenance"}}, path, 1);
        if (child_of(c_.policy, c_.policy.request, root.text).valid()) return walk({}, c_.policy.request, path, 0);
        const auto found = look_up(c_, module_, NameSort::Value, root.text);
        if (found.miss == Miss::No && names_issuers(*found.entry))
            return found.entry->index == kNoIndex ? ChangePlace{} : claim(found.entry->index, path);
        report_no_field(c_, c_.policy.request, root, {"params", "provenance"});
        return {};
    }

private:
    static ChangePlace raw(ChangeSteps steps, const std::vector<ast::PathStep>& path, std::size_t first) {
        for (std::size_t i = first; i < path.size(); ++i)
            steps.push_back({std::string(path[i].text), path[i].kind == ast::StepKind::Element});
        return {std::move(steps), {}, false};
    }

    ChangePlace claim(std::uint32_t index, const std::vector<ast::PathStep>& path) {
        const IssuerId issuer{index};
        if (index >= c_.policy.issuers.size() && !c_.policy.group_at(issuer).kind) {
            c_.report.add(Code::OperationUndefined, path[0].span,
                          "the issuers of " + quoted(c_.policy.name_of(issuer)) + " have claims of different kinds", {},
                          "change the claims through one of them");
            return {};
        }
        const IssuerKind& kind = c_.policy.kinds[c_.policy.kind_of(issuer)];
        const auto root = kind.root;
        const auto& names = c_.kind_names[c_.policy.kind_of(issuer)];
        ChangeSteps steps{{"token"}, {"claims"}};
        if (path.size() < 2) return {std::move(steps), {}, false};
        if (const auto alias = names.aliases.find(path[1].text); alias != names.aliases.end()) {
            ChangeSteps below;
            for (auto at = alias->second; at != root; at = c_.policy.at(at).parent)
                below.push_back({c_.policy.at(at).name});
            steps.insert(steps.end(), below.rbegin(), below.rend());
            return walk(std::move(steps), alias->second, path, 2);
        }
        if (const auto capture = names.captures.find(path[1].text); capture != names.captures.end()) {
            const auto& spec = kind.captures[capture->second];
            std::string parsed = c_.policy.name_of(issuer);
            std::vector<FieldId> way;
            for (auto at = spec.field; at != root; at = c_.policy.at(at).parent) way.push_back(at);
            for (auto at = way.rbegin(); at != way.rend(); ++at) append_field(parsed, c_.policy.at(*at).name);
            c_.report.add(Code::BadExpectation, path[1].span,
                          quoted(path[1].text) + " is removed from " + quoted(parsed) + " and cannot be set by itself",
                          {}, "set " + quoted(parsed));
            return {};
        }
        return walk(std::move(steps), root, path, 1);
    }

    ChangePlace walk(ChangeSteps steps, FieldId at, const std::vector<ast::PathStep>& path, std::size_t first) {
        Type type = c_.policy.at(at).type;
        for (std::size_t i = first; i < path.size(); ++i) {
            const auto& step = path[i];
            // An open record: any field of an issuer.
            if (at == c_.claims) return raw(std::move(steps), path, i);
            const bool element = step.kind == ast::StepKind::Element;
            if (type.kind == Kind::Record && !element) {
                const auto child = child_of(c_.policy, type.record, step.text);
                if (!child.valid()) {
                    report_no_field(c_, type.record, step);
                    return {};
                }
                if (c_.policy.at(child).made) {
                    c_.report.add(Code::BadExpectation, step.span,
                                  quoted(step.text) + " is made from `delegation.chain` and cannot be set", {},
                                  "set `delegation.depth`, and `delegation.chain` with a `position` in each hop");
                    return {};
                }
                at = child;
                type = c_.policy.at(child).type;
            } else if ((type.kind == Kind::Map && !element) || (type.kind == Kind::List && element)) {
                type = element_of(type);
            } else {
                no_such_part(type, step, written(steps, steps.size()));
                return {};
            }
            steps.push_back({std::string(step.text), element});
        }
        return {std::move(steps), type, at != c_.claims};
    }

    void no_such_part(const Type& type, const ast::PathStep& step, const std::string& place) {
        const bool list = type.kind == Kind::List;
        const std::string what = describe_one(c_.policy, type);
        const bool digits = std::ranges::all_of(step.text, [](char c) { return c >= '0' && c <= '9'; });
        if (list)
            c_.report.add(
                Code::BadExpectation, step.span, what + " has no fields; its elements have", {},
                "name an element by its position, from 0: " +
                    quoted(place + (digits ? "[" + std::string(step.text) + "]" : "[0]." + std::string(step.text))));
        else if (step.kind == ast::StepKind::Element)
            c_.report.add(Code::BadExpectation, step.span, what + " has no positions; only a list has", {},
                          is_group(type) ? "name a field of it" : "set it as a whole");
        else
            c_.report.add(Code::BadExpectation, step.span, what + " has no parts that can be set", {},
                          "set it as a whole");
    }

    Context& c_;
    std::uint32_t module_;
};

/// Converts a value of a change to JSON.
class Conversion {
public:
    Conversion(Context& c, std::uint32_t module, ChangeSteps place)
        : c_(c), module_(module), place_(std::move(place)) {}

    /// `want`: null if the type of the place is not known.
    std::optional<json::Value> convert(const ast::Data& data, const Type* want) {
        switch (data.kind) {
            case ast::DataKind::String: return json::Value::of(std::string_view(data.text));
            case ast::DataKind::Number: return json::Value::number(data.text);
            case ast::DataKind::Bool: return json::Value::of(data.boolean);
            case ast::DataKind::None: return json::Value::null();
            case ast::DataKind::Missing:
                c_.report.add(Code::BadExpectation, data.span, "`missing` cannot stand inside a value", {},
                              "leave it out");
                return {};
            case ast::DataKind::Empty: return json::Value::object();  // shape() may change it later
            case ast::DataKind::Name: {
                const auto* value = value_of_name(c_, module_, data.name, want, true);
                if (value == nullptr) return {};
                return json_of(*value);
            }
            case ast::DataKind::Binding: return binding(data);
            case ast::DataKind::Array: return array(data, want);
            case ast::DataKind::Object: return object(data, want);
        }
        return {};
    }

private:
    std::optional<json::Value> array(const ast::Data& data, const Type* want) {
        auto out = json::Value::array();
        const bool known = want != nullptr && want->kind == Kind::List;
        const Type element = known ? element_of(*want) : Type{};
        for (const auto& item : data.items) {
            place_.push_back({std::to_string(out.items.size()), true});
            auto value = convert(item, known ? &element : nullptr);
            place_.pop_back();
            if (!value) return {};
            out.items.push_back(std::move(*value));
        }
        return out;
    }

    std::optional<json::Value> object(const ast::Data& data, const Type* want) {
        auto out = json::Value::object();
        for (const auto& [name, member] : data.members) {
            Type type;
            bool known = false;
            if (want != nullptr && want->kind == Kind::Map) {
                type = element_of(*want);
                known = true;
            } else if (want != nullptr && want->kind == Kind::Record) {
                const auto child = child_of(c_.policy, want->record, name.text);
                known = child.valid() && child != c_.claims && child != c_.params;
                if (known) type = c_.policy.at(child).type;
            }
            place_.push_back({std::string(name.text)});
            auto value = convert(member, known ? &type : nullptr);
            place_.pop_back();
            if (!value) return {};
            out.set(name.text, std::move(*value));
        }
        return out;
    }

    /// Only an approval is bound to a request.
    std::optional<json::Value> binding(const ast::Data& data) {
        const bool fits = place_.size() == 3 && place_[0].name == "approvals" && place_[1].element &&
                          place_[2].name == "binding_digest";
        if (!fits) {
            c_.report.add(
                Code::BadExpectation, data.span, "only an approval is bound to a request", {},
                "write it for the digest of an approval: `approvals[0].binding_digest = binding of this request`");
            return {};
        }
        std::string marker(kBindingMarker);
        if (!data.name.parts.empty()) {
            const bool itself = data.name.parts.size() == 1 && data.name.parts[0].text == "request" &&
                                look_up(c_, module_, NameSort::Fixture, "request").miss != Miss::No;
            if (itself) {
                c_.report.add(Code::UnknownName, data.name.span, "there is no fixture `request`", {},
                              "write `binding of this request`");
                return {};
            }
            const auto* fixture = require_name(c_, module_, NameSort::Fixture, data.name, Code::UnknownName, "fixture");
            if (fixture == nullptr) return {};
            marker += std::to_string(fixture->index);
        }
        return json::Value::of(std::string_view(marker));
    }

    json::Value json_of(const Expr& value) const {
        if (value.op == Op::Text) return json::Value::of(value.text);
        if (value.op == Op::Set) {
            auto out = json::Value::array();
            for (const auto* kid : value.kids) out.items.push_back(json_of(*kid));
            return out;
        }
        switch (value.type.kind) {
            case Kind::Bool: return json::Value::of(value.integer != 0);
            case Kind::Decimal: return json::Value::number(format_decimal(value.integer));
            case Kind::Instant: return json::Value::of(std::string_view(format_instant(value.integer)));
            case Kind::Enum:
                return json::Value::of(std::string_view(
                    c_.policy.enums[value.type.enumeration.value].members[static_cast<std::size_t>(value.integer)]));
            case Kind::Duration:
                if (value.integer % kSecond != 0)
                    return json::Value::of(std::string_view(format_duration(value.integer)));
                return json::Value::of(value.integer / kSecond);
            default: return json::Value::of(value.integer);
        }
    }

    Context& c_;
    std::uint32_t module_;
    ChangeSteps place_;
};

/// Gives each `{ }` in a change the form that the schema requires.
class Shaping {
public:
    Shaping(const Context& c, json::Value& document) : c_(c), document_(document) {}

    void shape(const ChangeSteps& steps) {
        Type type = c_.policy.at(c_.policy.request).type;
        json::Value* at = &document_;
        for (const ChangeStep& step : steps) {
            if (step.element) {
                const std::size_t index = position(step);
                if (at->type != json::Type::Array || index >= at->items.size() || type.kind != Kind::List) return;
                at = &at->items[index];
                type = element_of(type);
                continue;
            }
            at = at->find(step.name);
            if (at == nullptr || !below(type, step.name)) return;
        }
        shape(*at, type);
    }

    /// Larger than any list if the digits are too many.
    static std::size_t position(const ChangeStep& step) {
        std::size_t out = 0;
        std::string digits = step.name;
        std::erase(digits, '_');
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return read.ec == std::errc{} ? out : std::size_t(-1);
    }

private:
    /// Moves to a member. Output: false if nothing is declared there.
    bool below(Type& type, std::string_view key) const {
        if (type.kind == Kind::Map) {
            type = element_of(type);
            return true;
        }
        if (type.kind != Kind::Record) return false;
        const FieldId child = child_of(c_.policy, open(type.record), key);
        if (child.valid()) type = c_.policy.at(child).type;
        return child.valid();
    }

    void shape(json::Value& value, const Type& type) const {
        if (value.type == json::Type::Object && value.members.empty() && type.kind == Kind::List)
            value = json::Value::array();
        for (auto& [key, member] : value.members)
            if (Type inner = type; below(inner, key)) shape(member, inner);
        if (type.kind == Kind::List)
            for (json::Value& item : value.items) shape(item, element_of(type));
    }

    /// The declarations of a record's fields; for claims and parameters, those of the
    /// issuer and the tool in the document.
    FieldId open(FieldId record) const {
        const auto named = [&](std::string_view group, std::string_view field) {
            const json::Value* at = document_.find(group);
            at = at != nullptr ? at->find(field) : nullptr;
            return at != nullptr ? std::string_view(at->text) : std::string_view();
        };
        if (record == c_.claims)
            for (const Issuer& issuer : c_.policy.issuers)
                if (issuer.url == named("token", "issuer")) return c_.policy.kinds[issuer.kind].root;
        if (record == c_.params)
            for (const Tool& tool : c_.policy.tools)
                if (tool.wire_name == named("tool", "name")) return tool.params;
        return record;
    }

    const Context& c_;
    json::Value& document_;
};

/// Goes to the place of a change and makes it.
class ChangeMaker {
public:
    ChangeMaker(Context& c, std::uint32_t module, const ChangePlace& place, Span span, const ast::Data& data)
        : c_(c), module_(module), place_(place), span_(span), data_(data) {}

    bool apply(json::Value& document) {
        json::Value* at = &document;
        for (std::size_t i = 0; i < steps().size() && at != nullptr; ++i)
            at = steps()[i].element ? element(*at, i) : member(*at, i);
        return !failed_;
    }

private:
    [[nodiscard]] const ChangeSteps& steps() const { return place_.steps; }
    [[nodiscard]] bool removes() const { return data_.kind == ast::DataKind::Missing; }
    [[nodiscard]] bool last(std::size_t i) const { return i + 1 == steps().size(); }

    json::Value* fail(std::string message, std::string help = {}) {
        failed_ = true;
        c_.report.add(Code::BadExpectation, span_, std::move(message), {}, std::move(help));
        return nullptr;
    }

    /// Sets the last place. Output: null, because nothing follows.
    template <class Set>
    json::Value* set(Set into) {
        auto value = Conversion(c_, module_, steps()).convert(data_, place_.typed ? &place_.type : nullptr);
        failed_ = !value;
        if (value) into(std::move(*value));
        return nullptr;
    }

    /// Output: the next value; null if the change is done.
    json::Value* member(json::Value& at, std::size_t i) {
        const std::string& name = steps()[i].name;
        if (at.type == json::Type::Null) {
            if (removes()) return nullptr;
            at = json::Value::object();
        }
        if (at.type != json::Type::Object)
            return fail("there is no object to " +
                        (removes() ? "remove " + quoted(name) + " from" : "set " + quoted(name) + " in") +
                        ": the fixture has " + std::string(json::name_of(at.type)) + " there");
        if (last(i)) {
            if (!removes()) return set([&](json::Value value) { at.set(name, std::move(value)); });
            at.remove(name);
            return nullptr;
        }
        json::Value* next = at.find(name);
        if (next != nullptr || removes()) return next;
        return &at.set(name, steps()[i + 1].element ? json::Value::null() : json::Value::object());
    }

    json::Value* element(json::Value& at, std::size_t i) {
        const std::size_t index = Shaping::position(steps()[i]);
        const std::string list = quoted(written(steps(), i));
        const bool appends = last(i) && !removes();
        if (at.type == json::Type::Null && appends && index == 0) at = json::Value::array();
        if (at.type != json::Type::Array)
            return fail("there is no list " + list + ": the fixture has " +
                            std::string(at.type == json::Type::Null ? "none" : json::name_of(at.type)) + " there",
                        "set the whole list: " + quoted(written(steps(), i) + " = [ … ]"));
        const std::size_t size = at.items.size();
        if (index == size && appends) return set([&](json::Value value) { at.items.push_back(std::move(value)); });
        if (index >= size)
            return fail(quoted(written(steps(), i + 1)) + " is beyond the end of " + list + ", which has " +
                            std::to_string(size) + (size == 1 ? " element" : " elements"),
                        removes() ? std::string()
                        : index == size
                            ? "append a whole element first: " + quoted(written(steps(), i + 1) + " = { … }")
                            : "the first free position is " + std::to_string(size));
        if (!last(i)) return &at.items[index];
        if (!removes()) return set([&](json::Value value) { at.items[index] = std::move(value); });
        at.items.erase(at.items.begin() + static_cast<std::ptrdiff_t>(index));
        return nullptr;
    }

    Context& c_;
    std::uint32_t module_;
    const ChangePlace& place_;
    Span span_;
    const ast::Data& data_;
    bool failed_ = false;
};

std::string text_of(const ast::QualifiedName& name) {
    std::string out;
    for (const auto& part : name.parts) out.append(out.empty() ? "" : ".").append(part.text);
    return out;
}

/// Help for a name that is no definition: what authors write there without quotes.
void help_value(Context& c, std::uint32_t module, Diagnostic& diagnostic, const std::string& name, const Type* want,
                bool in_request) {
    if (syntax::is_null_word(name)) {
        diagnostic.help = "write `none`";
        diagnostic.replacement = "none";
        return;
    }
    if (name == "binding") {
        diagnostic.help = "write `binding of this request`";
        return;
    }
    const auto names = want == nullptr ? Referent::Nothing : want->names;
    if (const auto value = names == Referent::Nothing ? std::string_view{} : named_value(c, module, names, name);
        !value.empty()) {
        diagnostic.help = std::string("write the ") + (names == Referent::Tools ? "tool's name" : "issuer's URL") +
                          " in double quotes, as requests state it";
        diagnostic.replacement = "\"" + std::string(value) + "\"";
        return;
    }
    if (want != nullptr && want->kind == Kind::Record && want->record == child_of(c.policy, c.policy.request, "tool")) {
        diagnostic.help = "set the tool's name, as requests state it: `tool.name = \"…\"`";
        return;
    }
    const auto near = nearest(name, visible_names(c, module, NameSort::Value));
    const auto found = near.empty() ? NameLookup{} : look_up(c, module, NameSort::Value, near);
    const bool defined = found.miss == Miss::No && std::holds_alternative<ast::DefineDecl>(found.entry->decl->node);
    const bool list = want != nullptr && want->kind == Kind::List;
    const std::string text = list ? "{ \"" + name + "\" }" : "\"" + name + "\"";
    if (!defined && list && !in_request) {
        diagnostic.help = "write scopes that have no definition without the word: " + quoted(text);
        return;
    }
    diagnostic.help =
        defined ? "did you mean the definition " + quoted(near) + "?" : "write text in double quotes: " + quoted(text);
    diagnostic.replacement = defined ? std::string(near) : text;
}

}  // namespace

ChangePlace place_of(Context& c, std::uint32_t module, const std::vector<ast::PathStep>& path) {
    return PlaceSearch(c, module).resolve(path);
}

bool change(Context& c, std::uint32_t module, json::Value& document, const ChangePlace& place, Span span,
            const ast::Data& data) {
    return ChangeMaker(c, module, place, span, data).apply(document);
}

bool change_all(Context& c, std::uint32_t module, json::Value& document,
                const std::vector<ast::FixtureChange>& changes) {
    bool right = true;
    std::vector<ChangePlace> changed;
    for (const auto& each : changes) {
        changed.push_back(place_of(c, module, each.path));
        right = !changed.back().steps.empty() && change(c, module, document, changed.back(), each.span, each.value) &&
                right;
    }
    for (const ChangePlace& place : changed) shape(c, document, place);
    return right;
}

void shape(const Context& c, json::Value& document, const ChangePlace& place) {
    Shaping(c, document).shape(place.steps);
}

const Expr* value_of_name(Context& c, std::uint32_t module, const ast::QualifiedName& name, const Type* want,
                          bool in_request) {
    const std::string text = text_of(name);
    const auto parts = split_name(text);
    const auto found = look_up(c, module, NameSort::Value, parts);
    if (found.miss == Miss::Private || found.miss == Miss::Ambiguous) {
        report_miss(c, module, NameSort::Value, found, text, name.span, Code::UnknownName, "definition");
        return nullptr;
    }
    if (found.miss != Miss::No || !std::holds_alternative<ast::DefineDecl>(found.entry->decl->node)) {
        if (found.miss != Miss::No && may_be_broken(c, module, text)) return nullptr;
        auto& diagnostic = c.report.add(Code::UnknownName, name.span, "there is no definition " + quoted(text));
        help_value(c, module, diagnostic, text, want, in_request);
        return nullptr;
    }
    const bool typed = want != nullptr && !is_group(*want);
    Scope scope;
    scope.module = module;
    start_work(c);
    const auto* value = put_in(c, scope, c.defines[found.entry->index], name.span, {}, false, typed ? want : nullptr);
    if (value == nullptr || refuse_special(c, *value)) return nullptr;
    if (value->op != Op::Integer && value->op != Op::Text && value->op != Op::Set) {
        c.report.add(Code::ConstantExpected, name.span, quoted(text) + " is not a constant value",
                     is_condition(*value) ? "a condition" : "", "define a text, a number, a duration or a set of them");
        return nullptr;
    }
    if (want == nullptr || comparable(*want, value->type)) return value;
    if (in_request && value->type.kind == Kind::Int && (want->kind == Kind::Instant || want->kind == Kind::Duration))
        return value;
    auto& diagnostic =
        c.report.add(Code::TypesDiffer, name.span,
                     "expected " + describe_one(c.policy, *want) + ", not " + describe_one(c.policy, value->type),
                     "this is " + describe_one(c.policy, value->type));
    diagnostic.related.push_back({found.entry->name.span, "declared here"});
    if (want->kind == Kind::List && comparable(element_of(*want), value->type)) {
        diagnostic.help = "put it in braces";
        diagnostic.replacement = "{ " + text + " }";
    } else if (value->type.kind == Kind::List && comparable(*want, element_of(value->type))) {
        diagnostic.help = "this is a whole set; it cannot be an element of one";
    }
    return nullptr;
}

std::vector<std::string> texts_of(const Expr& set) {
    std::vector<std::string> out;
    if (set.op == Op::Text) out.emplace_back(set.text);
    for (const auto* kid : set.kids)
        if (kid->op == Op::Text) out.emplace_back(kid->text);
    return out;
}

}  // namespace writ::check
