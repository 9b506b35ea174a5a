#include "serve/rules.h"

#include <algorithm>
#include <array>

#include "base/report.h"
#include "writ/errors.h"
#include "writ/search.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::array<std::string_view, 4> kProvenances = {"model", "asserted", "broker", "verified"};  // as the enum
constexpr std::string_view kAnyName = "*";
constexpr std::int64_t kMostSeconds = std::int64_t{366} * 24 * 60 * 60;

/// The steps of a path: `a.b["c d"]`. Output: none if it is malformed.
std::optional<std::vector<std::string>> steps_of(std::string_view path) {
    std::vector<std::string> out;
    if (path.find('\0') != std::string_view::npos) return {};  // no key of a document has it
    while (!path.empty()) {
        if (path.starts_with("[\"")) {
            const std::size_t end = path.find("\"]");
            if (end == std::string_view::npos || end == 2) return {};
            out.emplace_back(path.substr(2, end - 2));
            path.remove_prefix(end + 2);
            continue;
        }
        if (!out.empty()) {
            if (path.front() != '.') return {};
            path.remove_prefix(1);
        }
        const std::size_t end = std::min(path.find_first_of(".["), path.size());
        if (end == 0) return {};
        out.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    if (out.empty()) return {};
    return out;
}

/// A request without `null`: an optional member that is null is not stated.
const Value* stated(const Value* value) {
    return value == nullptr || value->type == Type::Null ? nullptr : value;
}

}  // namespace

const MappingRules* rules_of(const Section& section, std::string_view name) {
    // A name of `*` in a question is a name like any other: it has no rules of its own.
    auto found = section.find(name);
    if (found == section.end()) found = section.find(kAnyName);
    return found == section.end() ? nullptr : &found->second;
}

// ---- reading ------------------------------------------------------------------------------------

void RuleReader::wrong(const std::string& place, std::string why) {
    if (!error) error = failure(Code::MappingNotValid, std::move(why), file_ + ": " + place);
}

std::string RuleReader::below(std::string place, std::string_view key) {
    json::append_step(place, key);
    return place;
}

void RuleReader::members(const Value& object, const std::string& place, const std::vector<std::string_view>& known) {
    for (const json::Member& each : object.members) {
        if (std::find(known.begin(), known.end(), each.first) != known.end()) continue;
        const std::string_view near = nearest(each.first, known);
        std::string all;
        for (const std::string_view one : known) all.append(all.empty() ? "" : ", ").append(one);
        wrong(below(place, each.first),
              "there is no such member; " +
                  (near.empty() ? "write one of: " + all : "did you mean `" + std::string(near) + "`?"));
    }
}

bool RuleReader::flag(const Value& object, const std::string& place, std::string_view key) {
    const Value* value = object.find(key);
    if (value == nullptr) return false;
    if (value->type != Type::Bool) wrong(below(place, key), "write true or false");
    return value->boolean;
}

std::vector<std::string> RuleReader::texts(const Value* from, const std::string& place, std::string_view what) {
    std::vector<std::string> out;
    if (from == nullptr) return out;
    if (from->type != Type::Array) wrong(place, "write an array of names");
    for (std::size_t i = 0; i < from->items.size(); ++i) {
        if (from->items[i].type != Type::String)
            wrong(place + "[" + std::to_string(i) + "]", "write the name of " + std::string(what));
        out.push_back(from->items[i].text);
    }
    return out;
}

/// Reads where a value comes from, as written in `from`.
void RuleReader::source(const std::string& text, const std::string& place, const std::vector<std::string_view>& own,
                        MappingRule& rule) {
    const auto steps = steps_of(text);
    std::string all;
    for (const std::string_view each : own) all.append("`").append(each).append("`, ");
    all += "`context.NAME`";
    if (!steps) return wrong(place, "this is no path; write " + all);
    const auto allowed = [&](std::string_view what) { return std::find(own.begin(), own.end(), what) != own.end(); };
    const std::string& first = steps->front();
    const bool deep = steps->size() > 1;
    rule.from.assign(steps->begin() + 1, steps->end());
    if (first == "context" && deep) {
        rule.source = MappingRule::Source::Context;
    } else if (first == "properties" && deep && allowed("properties.NAME")) {
        rule.source = MappingRule::Source::Properties;
    } else if (first == "directory" && deep && allowed("directory.NAME")) {
        rule.source = MappingRule::Source::Directory;
    } else if (!deep && allowed(first)) {
        rule.source = MappingRule::Source::Member;
        rule.from = {first};
    } else {
        wrong(place, "nothing has this name here; write " + all);
    }
}

MappingRule RuleReader::rule(const Value& from, const std::string& place, const std::vector<std::string_view>& own) {
    MappingRule out;
    out.place = place;
    if (from.type != Type::Object) {
        wrong(place, "a rule is an object; write {\"to\": \"user.id\", \"from\": \"id\"}");
        return out;
    }
    members(from, place, {"to", "from", "value", "now_plus", "provenance", "overlay", "list"});
    const Value* to = from.find("to");
    if (to == nullptr || to->type != Type::String) {
        wrong(to == nullptr ? place : below(place, "to"),
              "`to` is the path of a field of the request; write \"to\": \"user.id\"");
        return out;
    }
    out.to_text = to->text;
    if (auto steps = steps_of(to->text); !steps)
        wrong(below(place, "to"), "this is no path; write it as in \"resource.tags[\\\"status\\\"]\"");
    else if (steps->front() == "now" || steps->front() == "provenance")
        wrong(below(place, "to"), "the service itself states `" + steps->front() + "`; remove this rule");
    else
        out.to = std::move(*steps);

    const Value *text = from.find("from"), *value = from.find("value"), *plus = from.find("now_plus");
    if ((text != nullptr) + (value != nullptr) + (plus != nullptr) != 1) {
        wrong(place, "a rule has exactly one of `from`, `value` and `now_plus`");
        return out;
    }
    out.provenance = text != nullptr ? Provenance::Asserted : Provenance::Broker;
    if (value != nullptr) out.value = *value;
    if (plus != nullptr) {
        out.source = MappingRule::Source::Clock;
        out.value = *plus;
        if (plus->type != Type::Int || plus->integer < -kMostSeconds || plus->integer > kMostSeconds)
            wrong(below(place, "now_plus"), "write a number of seconds, at most a year");
    }
    if (text != nullptr) {
        if (text->type == Type::String)
            source(text->text, below(place, "from"), own, out);
        else
            wrong(below(place, "from"), "`from` is text");
    }
    if (const Value* word = from.find("provenance")) {
        const auto found = std::find(kProvenances.begin(), kProvenances.end(), word->text);
        if (word->type != Type::String || found == kProvenances.end())
            wrong(below(place, "provenance"), "write `verified`, `broker`, `asserted` or `model`");
        else if (out.source == MappingRule::Source::Directory)
            wrong(below(place, "provenance"), "what the directory says has provenance `broker`; remove this member");
        else
            out.provenance = static_cast<Provenance>(found - kProvenances.begin());
    }
    if (out.source == MappingRule::Source::Directory) out.provenance = Provenance::Broker;
    out.overlay = flag(from, place, "overlay");
    if (out.overlay && !overlays)
        wrong(below(place, "overlay"), "not in `issuance`: what a request leaves out must not be filled in");
    out.list = flag(from, place, "list");
    if (out.overlay && (out.source != MappingRule::Source::Properties ||
                        std::find(own.begin(), own.end(), "directory.NAME") == own.end()))
        wrong(below(place, "overlay"), "only `properties.NAME` of a subject or a resource can overlay the directory");
    if (out.list && text == nullptr) wrong(below(place, "list"), "only for `from`; write the array as the value");
    return out;
}

MappingRules RuleReader::rules(const Value* from, const std::string& place, const std::vector<std::string_view>& own) {
    MappingRules out;
    if (from == nullptr) return out;
    if (from->type != Type::Array) wrong(place, "write an array of rules");
    for (std::size_t i = 0; i < from->items.size(); ++i)
        out.push_back(rule(from->items[i], place + "[" + std::to_string(i) + "]", own));
    return out;
}

Section RuleReader::section(const Value* from, const std::string& place, std::string_view each,
                            const std::vector<std::string_view>& own) {
    Section out;
    if (from == nullptr || from->type != Type::Object || from->members.empty()) {
        wrong(place, "write an object with the rules of each " + std::string(each) + "; `*` is any other");
        return out;
    }
    for (const json::Member& member : from->members)
        out[member.first] = rules(&member.second, below(place, member.first), own);
    return out;
}

void RuleReader::conflict(const MappingRules& one, const MappingRules& other, bool shared) {
    for (std::size_t i = 0; i < one.size(); ++i)
        for (std::size_t j = &one == &other ? i + 1 : 0; j < other.size(); ++j) {
            const FieldPath &a = one[i].to, &b = other[j].to;
            const std::size_t common = std::min(a.size(), b.size());
            if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin())) continue;
            if (shared && a == b) continue;
            wrong(other[j].place, "`" + other[j].to_text + "` is also stated by the rule at " + one[i].place +
                                      (a == b ? "" : ", as `" + one[i].to_text + "`") + "; remove one of the two");
        }
}

// ---- checking -----------------------------------------------------------------------------------

Result<void> check_rules(const Layers& layers, const std::vector<const MappingRules*>& lists, const std::string& file) {
    Request request(layers);
    // A search for tools tries the whole catalogue.
    Evaluator evaluator(layers);
    const auto catalogue = search(evaluator, json::write(document_of(0)), Open::Tool);
    if (!catalogue) return tl::unexpected(catalogue.error());
    std::vector<std::string_view> tools;
    for (const SearchItem& each : catalogue->items) tools.push_back(each.name);
    const auto wrong = [&](const MappingRule& rule, const Error& why) {
        return fail(Code::MappingNotValid, "the policy does not fit: " + why.message, file + ": " + rule.place);
    };
    // Whether the policy can read a document with the rule's field alone.
    const auto fits = [&](const MappingRule& rule, const Value* tool) -> Result<void> {
        const bool open = rule.to.size() > 2 && ((rule.to[0] == "tool" && rule.to[1] == "params") ||
                                                 (rule.to[0] == "token" && rule.to[1] == "claims"));
        // What a parameter or a claim is, only the tool and the issuer say.
        std::string path = open ? rule.to[0] + "." + rule.to[1] : rule.to_text;
        if (const auto field = request.field(path); !field) return wrong(rule, field.error());
        const bool parameter = open && rule.to[0] == "tool";
        if (parameter && tool == nullptr) return {};
        if (!parameter && (rule.source != MappingRule::Source::Value || open)) return {};
        Value document = document_of(0);
        if (parameter) put(document, {"tool", "name"}, *tool);
        put(document, rule.to, rule.value);
        if (rule.to_text == "tool.name" && std::find(tools.begin(), tools.end(), rule.value.text) == tools.end())
            return wrong(rule, failure(Code::MappingNotValid, "it has no tool `" + rule.value.text + "`"));
        const auto read = request.parse(json::write(document));
        if (read ||
            (rule.source != MappingRule::Source::Value && read.error().code != code_name(Code::FieldNotDeclared)))
            return {};
        return wrong(rule, read.error());
    };
    for (const MappingRules* rules : lists) {
        const Value* tool = nullptr;
        for (const MappingRule& each : *rules)
            if (each.to_text == "tool.name" && each.source == MappingRule::Source::Value) tool = &each.value;
        for (const MappingRule& each : *rules)
            if (auto checked = fits(each, tool); !checked) return checked;
    }
    return {};
}

// ---- stating ------------------------------------------------------------------------------------

std::optional<StatedFact> fact_of(const MappingRule& rule, const RuleInput& input) {
    StatedFact out{{}, rule.provenance};
    const Value* found = nullptr;
    switch (rule.source) {
        case MappingRule::Source::Value: found = &rule.value; break;
        case MappingRule::Source::Clock:
            out.value = Value::of(input.now + rule.value.integer);
            found = &out.value;
            break;
        case MappingRule::Source::Member: found = stated(at(input.entity, rule.from)); break;
        case MappingRule::Source::Context: found = stated(at(input.context, rule.from)); break;
        case MappingRule::Source::Directory: found = at(input.attributes, rule.from); break;
        case MappingRule::Source::Properties:
            found = stated(at(input.entity->find("properties"), rule.from));
            if (found == nullptr && rule.overlay) {
                found = at(input.attributes, rule.from);
                out.provenance = Provenance::Broker;
            }
            break;
    }
    if (found == nullptr) return {};
    if (found != &out.value) out.value = *found;
    if (rule.list && out.value.type != Type::Array && out.value.type != Type::Null) {
        Value list = Value::array();
        list.items.push_back(std::move(out.value));
        out.value = std::move(list);
    }
    return out;
}

std::size_t unread_properties(const Value& action, const MappingRules& rules) {
    std::size_t out = 0;
    if (const Value* properties = action.find("properties"); properties != nullptr)
        for (const json::Member& each : properties->members)
            out += std::none_of(rules.begin(), rules.end(), [&](const MappingRule& rule) {
                return rule.source == MappingRule::Source::Properties && rule.from.front() == each.first;
            });
    return out;
}

Value document_of(std::int64_t now) {
    Value document = Value::object();
    Value provenance = Value::object();
    provenance.set("now", Value::of("broker"));
    document.set("provenance", std::move(provenance));
    document.set("now", Value::of(now));
    return document;
}

const Value* at(const Value* value, const FieldPath& steps) {
    for (const std::string& step : steps) {
        if (value == nullptr || value->type != Type::Object) return nullptr;
        value = value->find(step);
    }
    return value;
}

void put(Value& document, const FieldPath& steps, Value value) {
    Value* to = &document;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
        Value* next = to->find(steps[i]);
        to = next != nullptr ? next : &to->set(steps[i], Value::object());
    }
    to->set(steps.back(), std::move(value));
}

void Provenances::weaken(const std::string& group, Provenance to) {
    const auto [found, first] = groups_.emplace(group, to);
    if (!first) found->second = std::min(found->second, to);
}

void Provenances::write_to(Value& document) const {
    Value& provenance = *document.find("provenance");
    for (const auto& [group, weakest] : groups_)
        provenance.set(group, Value::of(kProvenances[static_cast<std::size_t>(weakest)]));
}

}  // namespace writ::serve
