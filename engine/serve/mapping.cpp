#include "serve/mapping.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/report.h"
#include "os/files.h"
#include "writ/errors.h"
#include "writ/search.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::size_t kMaxMapping = 1u << 20;

constexpr std::array<std::string_view, 4> kProvenances = {"model", "asserted", "broker", "verified"};  // as the enum
constexpr std::string_view kAnyName = "*";

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

const Value* at(const Value* value, const std::vector<std::string>& steps) {
    for (const std::string& step : steps) {
        if (value == nullptr || value->type != Type::Object) return nullptr;
        value = value->find(step);
    }
    return value;
}

/// Sets a member at a path. Objects on the way are made.
void put(Value& document, const std::vector<std::string>& steps, Value value) {
    Value* to = &document;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
        Value* next = to->find(steps[i]);
        to = next != nullptr ? next : &to->set(steps[i], Value::object());
    }
    to->set(steps.back(), std::move(value));
}

Value document_of(std::int64_t now) {
    Value document = Value::object();
    Value provenance = Value::object();
    provenance.set("now", Value::of("broker"));
    document.set("provenance", std::move(provenance));
    document.set("now", Value::of(now));
    return document;
}

/// A request without `null`: an optional member that is null is not stated.
const Value* stated(const Value* value) {
    return value == nullptr || value->type == Type::Null ? nullptr : value;
}

}  // namespace

// ---- reading ------------------------------------------------------------------------------------

struct Mapping::Reader {
    const std::string& name;
    std::optional<Error> error;  ///< the first one

    void wrong(const std::string& place, std::string why) {
        if (!error) error = failure(Code::MappingNotValid, std::move(why), name + ": " + place);
    }

    static std::string below(std::string place, std::string_view key) {
        json::append_step(place, key);
        return place;
    }

    /// Reports the first member of an object that is not one of these.
    void members(const Value& object, const std::string& place, const std::vector<std::string_view>& known) {
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

    bool flag(const Value& rule, const std::string& place, std::string_view key) {
        const Value* value = rule.find(key);
        if (value == nullptr) return false;
        if (value->type != Type::Bool) wrong(below(place, key), "write true or false");
        return value->boolean;
    }

    /// Where a value comes from, as written in `from`.
    void source(const std::string& text, const std::string& place, const std::vector<std::string_view>& own,
                Rule& rule) {
        const auto steps = steps_of(text);
        std::string all;
        for (const std::string_view each : own) all.append("`").append(each).append("`, ");
        all += "`context.NAME`";
        if (!steps) return wrong(place, "this is no path; write " + all);
        const auto allowed = [&](std::string_view what) {
            return std::find(own.begin(), own.end(), what) != own.end();
        };
        const std::string& first = steps->front();
        const bool deep = steps->size() > 1;
        rule.from.assign(steps->begin() + 1, steps->end());
        if (first == "context" && deep) {
            rule.source = Source::Context;
        } else if (first == "properties" && deep && allowed("properties.NAME")) {
            rule.source = Source::Properties;
        } else if (first == "directory" && deep && allowed("directory.NAME")) {
            rule.source = Source::Directory;
        } else if (!deep && allowed(first)) {
            rule.source = Source::Member;
            rule.from = {first};
        } else {
            wrong(place, "nothing has this name here; write " + all);
        }
    }

    Rule rule(const Value& from, const std::string& place, const std::vector<std::string_view>& own) {
        Rule out;
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
            out.source = Source::Clock;
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
            else if (out.source == Source::Directory)
                wrong(below(place, "provenance"),
                      "what the directory says has provenance `broker`; remove this member");
            else
                out.provenance = static_cast<Provenance>(found - kProvenances.begin());
        }
        if (out.source == Source::Directory) out.provenance = Provenance::Broker;
        out.overlay = flag(from, place, "overlay");
        out.list = flag(from, place, "list");
        if (out.overlay &&
            (out.source != Source::Properties || std::find(own.begin(), own.end(), "directory.NAME") == own.end()))
            wrong(below(place, "overlay"),
                  "only `properties.NAME` of a subject or a resource can overlay the directory");
        if (out.list && text == nullptr) wrong(below(place, "list"), "only for `from`; write the array as the value");
        return out;
    }

    Rules rules(const Value* from, const std::string& place, const std::vector<std::string_view>& own) {
        Rules out;
        if (from == nullptr) return out;
        if (from->type != Type::Array) wrong(place, "write an array of rules");
        for (std::size_t i = 0; i < from->items.size(); ++i)
            out.push_back(rule(from->items[i], place + "[" + std::to_string(i) + "]", own));
        return out;
    }

    Section section(const Value& document, std::string_view key, const std::vector<std::string_view>& own) {
        Section out;
        const Value* from = document.find(key);
        const std::string place = below("$", key);
        if (from == nullptr || from->type != Type::Object || from->members.empty()) {
            wrong(place, "write an object with the rules of each " + std::string(key.substr(0, key.size() - 1)) +
                             (key == "actions" ? "" : " type") + "; `*` is any other");
            return out;
        }
        for (const json::Member& each : from->members)
            out[each.first] = rules(&each.second, below(place, each.first), own);
        return out;
    }

    static constexpr std::int64_t kMostSeconds = std::int64_t{366} * 24 * 60 * 60;
};

Result<Mapping> Mapping::read(const std::string& path) {
    const auto content = os::read_file(path, kMaxMapping);
    if (!content) return fail(Code::MappingNotValid, content.error().reason, path);
    return parse(*content, path);
}

Result<Mapping> Mapping::parse(std::string_view text, const std::string& name) {
    const auto document = json::parse(text, {.max_bytes = kMaxMapping});
    if (!document) return fail(Code::MappingNotValid, document.error().message, name + ": " + document.error().context);
    Mapping out;
    out.name_ = name;
    out.version_ = sha256_hex(text);
    Reader reader{name, {}};
    if (document->type != Type::Object) {
        reader.wrong("$", "a mapping is an object with `subjects`, `resources` and `actions`");
    } else {
        reader.members(*document, "$", {"always", "subjects", "resources", "actions", "obligations", "explain"});
        out.always_ = reader.rules(document->find("always"), "$.always", {});
        const std::vector<std::string_view> entity{"id", "type", "properties.NAME", "directory.NAME"};
        out.subjects_ = reader.section(*document, "subjects", entity);
        out.resources_ = reader.section(*document, "resources", entity);
        out.actions_ = reader.section(*document, "actions", {"name", "properties.NAME"});
        out.explain_ = reader.flag(*document, "$", "explain");
        if (const Value* names = document->find("obligations")) {
            if (names->type != Type::Array) reader.wrong("$.obligations", "write an array of names");
            for (std::size_t i = 0; i < names->items.size(); ++i) {
                if (names->items[i].type != Type::String)
                    reader.wrong("$.obligations[" + std::to_string(i) + "]", "write the name of an obligation");
                out.obligations_.push_back(names->items[i].text);
            }
        }
    }
    if (!reader.error) reader.error = out.conflict();
    if (reader.error) return tl::unexpected(std::move(*reader.error));
    return out;
}

/// The first two rules that can both apply and state the same field, or a field and a part of it.
std::optional<Error> Mapping::conflict() const {
    const auto between = [&](const Rules& one, const Rules& other) -> std::optional<Error> {
        for (std::size_t i = 0; i < one.size(); ++i)
            for (std::size_t j = &one == &other ? i + 1 : 0; j < other.size(); ++j) {
                const Path &a = one[i].to, &b = other[j].to;
                const std::size_t common = std::min(a.size(), b.size());
                if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin())) continue;
                return failure(Code::MappingNotValid,
                               "`" + other[j].to_text + "` is also stated by the rule at " + one[i].place +
                                   (a == b ? "" : ", as `" + one[i].to_text + "`") + "; remove one of the two",
                               name_ + ": " + other[j].place);
            }
        return {};
    };
    std::vector<std::vector<const Rules*>> groups{{&always_}};
    for (const Section* section : {&subjects_, &resources_, &actions_}) {
        auto& group = groups.emplace_back();
        for (const auto& each : *section) group.push_back(&each.second);
    }
    for (std::size_t i = 0; i < groups.size(); ++i)
        for (const Rules* one : groups[i]) {
            if (auto found = between(*one, *one)) return found;
            // Of one section, only one list applies.
            for (std::size_t j = i + 1; j < groups.size(); ++j)
                for (const Rules* other : groups[j])
                    if (auto found = between(*one, *other)) return found;
        }
    return {};
}

// ---- checking -----------------------------------------------------------------------------------

Result<void> Mapping::check(const Layers& layers) const {
    Request request(layers);
    // A search for tools tries the whole catalogue.
    Evaluator evaluator(layers);
    const auto catalogue = search(evaluator, json::write(document_of(0)), Open::Tool);
    if (!catalogue) return tl::unexpected(catalogue.error());
    std::vector<std::string_view> tools;
    for (const SearchItem& each : catalogue->items) tools.push_back(each.name);
    const auto wrong = [&](const Rule& rule, const Error& why) {
        return fail(Code::MappingNotValid, "the policy does not fit: " + why.message, name_ + ": " + rule.place);
    };
    // Whether the policy can read a document with the rule's field alone.
    const auto fits = [&](const Rule& rule, const Value* tool) -> Result<void> {
        const bool open = rule.to.size() > 2 && ((rule.to[0] == "tool" && rule.to[1] == "params") ||
                                                 (rule.to[0] == "token" && rule.to[1] == "claims"));
        // What a parameter or a claim is, only the tool and the issuer say.
        std::string path = open ? rule.to[0] + "." + rule.to[1] : rule.to_text;
        if (const auto field = request.field(path); !field) return wrong(rule, field.error());
        const bool parameter = open && rule.to[0] == "tool";
        if (parameter && tool == nullptr) return {};
        if (!parameter && (rule.source != Source::Value || open)) return {};
        Value document = document_of(0);
        if (parameter) put(document, {"tool", "name"}, *tool);
        put(document, rule.to, rule.value);
        if (rule.to_text == "tool.name" && std::find(tools.begin(), tools.end(), rule.value.text) == tools.end())
            return wrong(rule, failure(Code::MappingNotValid, "it has no tool `" + rule.value.text + "`"));
        const auto read = request.parse(json::write(document));
        if (read || (rule.source != Source::Value && read.error().code != code_name(Code::FieldNotDeclared))) return {};
        return wrong(rule, read.error());
    };
    const auto all = [&](const Rules& rules) -> Result<void> {
        const Value* tool = nullptr;
        for (const Rule& each : rules)
            if (each.to_text == "tool.name" && each.source == Source::Value) tool = &each.value;
        for (const Rule& each : rules)
            if (auto checked = fits(each, tool); !checked) return checked;
        return {};
    };
    if (auto checked = all(always_); !checked) return checked;
    for (const Section* section : {&subjects_, &resources_, &actions_})
        for (const auto& each : *section)
            if (auto checked = all(each.second); !checked) return checked;
    return {};
}

// ---- filling ------------------------------------------------------------------------------------

const Mapping::Rules* Mapping::rules_of(const Section& section, std::string_view name) {
    // A name of `*` in a question is a name like any other: it has no rules of its own.
    auto found = section.find(name);
    if (found == section.end()) found = section.find(kAnyName);
    return found == section.end() ? nullptr : &found->second;
}

Filled Mapping::fill(const AccessQuestion& question, const Directory& directory, std::int64_t now) const {
    Filled out;
    Value document = document_of(now);
    const Rules* const subject = rules_of(subjects_, question.subject.find("type")->text);
    const Rules* const resource = rules_of(resources_, question.resource.find("type")->text);
    const Rules* const action = rules_of(actions_, question.action.find("name")->text);
    if (subject == nullptr || resource == nullptr || action == nullptr) {
        out.document = json::write(document);
        return out;
    }
    std::map<std::string, Provenance, std::less<>> groups;
    const auto apply = [&](const Rules& rules, const Value* entity, const Value* attributes) {
        for (const Rule& rule : rules) {
            Provenance provenance = rule.provenance;
            Value value;
            const Value* found = nullptr;
            switch (rule.source) {
                case Source::Value: found = &rule.value; break;
                case Source::Clock:
                    value = Value::of(now + rule.value.integer);
                    found = &value;
                    break;
                case Source::Member: found = stated(at(entity, rule.from)); break;
                case Source::Context: found = stated(at(question.context, rule.from)); break;
                case Source::Directory: found = at(attributes, rule.from); break;
                case Source::Properties:
                    found = stated(at(entity->find("properties"), rule.from));
                    if (found == nullptr && rule.overlay) {
                        found = at(attributes, rule.from);
                        provenance = Provenance::Broker;
                    }
                    break;
            }
            if (found == nullptr) continue;
            if (found != &value) value = *found;
            if (rule.list && value.type != Type::Array && value.type != Type::Null) {
                Value list = Value::array();
                list.items.push_back(std::move(value));
                value = std::move(list);
            }
            put(document, rule.to, std::move(value));
            const auto [group, first] = groups.emplace(rule.to.front(), provenance);
            if (!first) group->second = std::min(group->second, provenance);
        }
    };
    const auto attributes = [&](const Value& entity) {
        return directory.find(entity.find("type")->text, entity.find("id")->text);
    };
    apply(always_, nullptr, nullptr);
    apply(*subject, &question.subject, attributes(question.subject));
    apply(*resource, &question.resource, attributes(question.resource));
    apply(*action, &question.action, nullptr);

    if (const Value* properties = question.action.find("properties"); properties != nullptr)
        for (const json::Member& each : properties->members)
            out.dropped += std::none_of(action->begin(), action->end(), [&](const Rule& rule) {
                return rule.source == Source::Properties && rule.from.front() == each.first;
            });
    Value& provenance = *document.find("provenance");
    for (const auto& [group, weakest] : groups)
        provenance.set(group, Value::of(kProvenances[static_cast<std::size_t>(weakest)]));
    if (const Value* scopes = at(&document, {"want", "scopes"}); scopes != nullptr)
        for (const Value& each : scopes->items) out.scopes.push_back(each.text);
    out.document = json::write(document);
    return out;
}

std::vector<std::string_view> Mapping::actions() const {
    std::vector<std::string_view> out;
    for (const auto& each : actions_)
        if (each.first != kAnyName) out.push_back(each.first);
    return out;
}

bool Mapping::fulfils(std::string_view obligation) const {
    return std::find(obligations_.begin(), obligations_.end(), obligation) != obligations_.end();
}

}  // namespace writ::serve
