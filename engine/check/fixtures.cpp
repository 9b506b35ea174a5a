// Fixtures and tests: documents with their changes applied, and expectations whose names exist.
#include <algorithm>
#include <optional>
#include <set>

#include "check/expr.h"
#include "check/passes.h"

namespace writ::check {
namespace {

using Keys = std::vector<std::string>;

std::optional<json::Value> to_json(Context& c, const ast::Data& data) {
    switch (data.kind) {
        case ast::DataKind::String: return json::Value::of(std::string_view(data.text));
        case ast::DataKind::Number: return json::Value::number(data.text);
        case ast::DataKind::Bool: return json::Value::of(data.boolean);
        case ast::DataKind::None: return json::Value::null();
        case ast::DataKind::Missing:
            c.report.add(Code::BadExpectation, data.span, "`missing` cannot stand inside a value", {}, "leave it out");
            return {};
        case ast::DataKind::Empty: return json::Value::object();  // Shaping may change it later
        case ast::DataKind::Array: {
            auto array = json::Value::array();
            for (const auto& item : data.items) {
                auto value = to_json(c, item);
                if (!value) return {};
                array.items.push_back(std::move(*value));
            }
            return array;
        }
        case ast::DataKind::Object: {
            auto object = json::Value::object();
            for (const auto& [name, member] : data.members) {
                auto value = to_json(c, member);
                if (!value) return {};
                object.set(name.text, std::move(*value));
            }
            return object;
        }
    }
    return {};
}

/// The place of a change in the document.
class ChangePath {
public:
    ChangePath(Context& c, std::uint32_t module) : c_(c), module_(module) {}

    /// Output: empty after an error, which has been reported.
    Keys resolve(const std::vector<ast::PathStep>& steps) {
        if (steps.empty()) return {};
        const auto& root = steps[0];
        if (root.text == "params") return raw({"tool", "params"}, steps, 1);
        if (root.text == "provenance") return raw({"provenance"}, steps, 1);
        if (child_of(c_.policy, c_.policy.request, root.text).valid()) return walk({}, c_.policy.request, steps, 0);
        const auto found = look_up(c_, module_, NameSort::Value, root.text);
        if (found.miss == Miss::No && names_issuers(*found.entry))
            return found.entry->index == kNoIndex ? Keys{} : claim(found.entry->index, steps);
        report_no_field(c_, c_.policy.request, root, {"params", "provenance"});
        return {};
    }

private:
    static Keys raw(Keys keys, const std::vector<ast::PathStep>& steps, std::size_t first) {
        for (std::size_t i = first; i < steps.size(); ++i) keys.emplace_back(steps[i].text);
        return keys;
    }

    Keys claim(std::uint32_t index, const std::vector<ast::PathStep>& steps) {
        const IssuerId issuer{index};
        if (index >= c_.policy.issuers.size() && !c_.policy.group_at(issuer).kind) {
            c_.report.add(Code::OperationUndefined, steps[0].span,
                          "the issuers of " + quoted(c_.policy.name_of(issuer)) + " have claims of different kinds", {},
                          "change the claims through one of them");
            return {};
        }
        const IssuerKind& kind = c_.policy.kinds[c_.policy.kind_of(issuer)];
        const auto root = kind.root;
        const auto& names = c_.kind_names[c_.policy.kind_of(issuer)];
        Keys keys{"token", "claims"};
        if (steps.size() < 2) return keys;
        if (const auto alias = names.aliases.find(steps[1].text); alias != names.aliases.end()) {
            Keys below;
            for (auto at = alias->second; at != root; at = c_.policy.at(at).parent)
                below.push_back(c_.policy.at(at).name);
            keys.insert(keys.end(), below.rbegin(), below.rend());
            return walk(std::move(keys), alias->second, steps, 2);
        }
        if (const auto capture = names.captures.find(steps[1].text); capture != names.captures.end()) {
            const auto& spec = kind.captures[capture->second];
            std::string parsed = c_.policy.name_of(issuer);
            std::vector<FieldId> way;
            for (auto at = spec.field; at != root; at = c_.policy.at(at).parent) way.push_back(at);
            for (auto at = way.rbegin(); at != way.rend(); ++at) append_field(parsed, c_.policy.at(*at).name);
            c_.report.add(Code::BadExpectation, steps[1].span,
                          quoted(steps[1].text) + " is removed from " + quoted(parsed) + " and cannot be set by itself",
                          {}, "set " + quoted(parsed));
            return {};
        }
        return walk(std::move(keys), root, steps, 1);
    }

    Keys walk(Keys keys, FieldId at, const std::vector<ast::PathStep>& steps, std::size_t first) {
        Type type = c_.policy.at(at).type;
        for (std::size_t i = first; i < steps.size(); ++i) {
            const auto& step = steps[i];
            // Open records: any field of an issuer or a tool.
            if (at == c_.claims || at == c_.params) return raw(std::move(keys), steps, i);
            if (type.kind == Kind::Record) {
                const auto child = child_of(c_.policy, type.record, step.text);
                if (!child.valid()) {
                    report_no_field(c_, type.record, step);
                    return {};
                }
                if (child == c_.params) {
                    report_long_params(c_, std::span(steps).first(i + 1));
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
            } else if (type.kind == Kind::Map) {
                type = element_of(type);
            } else {
                c_.report.add(Code::BadExpectation, step.span,
                              describe_one(c_.policy, type) + " has no parts that can be set", {}, "set it as a whole");
                return {};
            }
            keys.emplace_back(step.text);
        }
        return keys;
    }

    Context& c_;
    std::uint32_t module_;
};

/// Gives each `{ }` in a change the form that the schema requires: an empty list for a list or a
/// set, otherwise an empty object.
class Shaping {
public:
    Shaping(const Context& c, json::Value& document) : c_(c), document_(document) {}

    void shape(const Keys& keys) {
        Type type = c_.policy.at(c_.policy.request).type;
        json::Value* at = &document_;
        for (const std::string& key : keys) {
            at = at->find(key);
            if (at == nullptr || !below(type, key)) return;
        }
        shape(*at, type);
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

/// Sets one place and makes the objects on the path, or removes it if it exists. Output: false after an error, which
/// has been reported.
bool apply(Context& c, json::Value& document, const Keys& keys, Span span, const ast::Data& data) {
    const bool removes = data.kind == ast::DataKind::Missing;
    auto* at = &document;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (at->type == json::Type::Null) {
            if (removes) return true;
            *at = json::Value::object();
        }
        if (at->type != json::Type::Object) {
            c.report.add(Code::BadExpectation, span,
                         "there is no object to " +
                             (removes ? "remove " + quoted(keys[i]) + " from" : "set " + quoted(keys[i]) + " in") +
                             ": the fixture has " + std::string(json::name_of(at->type)) + " there");
            return false;
        }
        const bool last = i + 1 == keys.size();
        if (last && removes) {
            at->remove(keys[i]);
            return true;
        }
        if (last) {
            auto value = to_json(c, data);
            if (!value) return false;
            at->set(keys[i], std::move(*value));
            return true;
        }
        auto* next = at->find(keys[i]);
        if (next == nullptr && removes) return true;
        at = next != nullptr ? next : &at->set(keys[i], json::Value::object());
    }
    return true;
}

bool apply(Context& c, std::uint32_t module, json::Value& document, const std::vector<ast::FixtureChange>& changes) {
    bool right = true;
    std::vector<Keys> changed;
    for (const auto& change : changes) {
        changed.push_back(ChangePath(c, module).resolve(change.path));
        right = !changed.back().empty() && apply(c, document, changed.back(), change.span, change.value) && right;
    }
    for (const Keys& keys : changed) Shaping(c, document).shape(keys);
    return right;
}

/// Fixtures; each is built once, bases first.
class Fixtures {
public:
    explicit Fixtures(Context& c) : c_(c) {
        for (auto& entry : c.entries) {
            const auto* decl = std::get_if<ast::FixtureDecl>(&entry.decl->node);
            if (decl == nullptr) continue;
            entry.index = static_cast<std::uint32_t>(work_.size());
            work_.push_back({&entry, decl, VisitState::Untouched, kNoIndex});
            c.policy.fixtures.push_back(
                {std::string(decl->name.text), c.modules[entry.module].name, decl->name.span, {}});
        }
    }

    void run() {
        for (auto& work : work_) {
            if (!work.decl->base) continue;
            const auto* base =
                require_name(c_, work.entry->module, NameSort::Fixture, *work.decl->base, Code::UnknownName, "fixture");
            if (base != nullptr)
                work.base = base->index;
            else
                work.state = VisitState::Broken;
        }
        for (std::uint32_t i = 0; i < work_.size(); ++i) {
            std::vector<std::uint32_t> chain;
            auto at = i;
            for (; at != kNoIndex && work_[at].state == VisitState::Untouched; at = work_[at].base) {
                work_[at].state = VisitState::Busy;
                chain.push_back(at);
            }
            const bool circle = at != kNoIndex && work_[at].state == VisitState::Busy;
            if (circle)
                c_.report.add(Code::CircularDefinition, work_[chain.back()].decl->base->span,
                              "fixture " + quoted(work_[chain.back()].decl->name.text) + " is based on itself",
                              "completes the cycle");
            for (auto next = chain.rbegin(); next != chain.rend(); ++next)
                work_[*next].state =
                    !circle && build(work_[*next], c_.policy.fixtures[*next]) ? VisitState::Done : VisitState::Broken;
        }
    }

    /// The document of a fixture; null if it has errors.
    [[nodiscard]] const json::Value* document(std::uint32_t index) const {
        return work_[index].state == VisitState::Done ? &c_.policy.fixtures[index].document : nullptr;
    }

private:
    struct Work {
        const NamedDecl* entry = nullptr;
        const ast::FixtureDecl* decl = nullptr;
        VisitState state = VisitState::Untouched;
        std::uint32_t base = kNoIndex;
    };

    bool build(const Work& work, Fixture& fixture) {
        const auto& decl = *work.decl;
        if (decl.json_path) {
            const std::string* text = read_data(c_, decl.path_span, *decl.json_path);
            if (text == nullptr) return false;
            auto document = json::parse(*text);
            if (!document || document->type != json::Type::Object) {
                c_.report.add(Code::BadExpectation, decl.path_span,
                              quoted(*decl.json_path) + " is not a request: " +
                                  (document ? std::string("it is not an object")
                                            : document.error().message + " at " + document.error().context));
                return false;
            }
            fixture.document = std::move(*document);
        } else if (work.base != kNoIndex) {
            const auto* base = document(work.base);
            if (base == nullptr) return false;
            fixture.document = *base;
        } else {
            fixture.document = json::Value::object();
        }
        return apply(c_, work.entry->module, fixture.document, decl.changes);
    }

    Context& c_;
    std::vector<Work> work_;
};

/// The names that an expectation can use.
class Expectations {
public:
    explicit Expectations(Context& c) : c_(c) {
#define REASON(code, prose) reasons_.insert(#code);
#include "base/reasons.def"
#undef REASON
        for (const auto& rule : c.policy.rules) {
            if (rule.kind == RuleKind::Deny) reasons_.insert(rule.code);
            rules_.insert(rule.name);
            qualified_.insert(rule.module + "." + rule.name);
            for (const auto& obligation : rule.obligations) obligations_.insert(obligation.name);
        }
    }

    void check(const ast::Expectation& expect) {
        for (const auto& reason : expect.reasons) check_reason(joined(reason), reason.span);
        for (const auto& obligation : expect.obligations)
            require(obligations_, obligation.text, obligation.span, Code::BadExpectation, "obligation",
                    "no rule requires it");
        for (const auto& rule : expect.rules) {
            const std::string name = joined(rule);
            if (rule.parts.size() > 1 && qualified_.contains(name)) continue;
            require(rules_, name, rule.span, Code::UnknownName, "rule", "not declared");
        }
    }

private:
    using Names = std::set<std::string, std::less<>>;

    static std::string joined(const ast::QualifiedName& name) {
        std::string out;
        for (const auto& part : name.parts) out.append(out.empty() ? "" : ".").append(part.text);
        return out;
    }

    void check_reason(const std::string& code, Span span) {
        if (reasons_.contains(code)) return;
        std::string other;
        std::size_t found = 0;
        for (const auto& rule : c_.policy.rules) {
            if (rule.kind != RuleKind::Deny) continue;
            if (rule.name != code && rule.module + "." + rule.name != code) continue;
            other += (found++ == 0 ? "" : " or ") + quoted(rule.code);
        }
        if (found == 0)
            return require(reasons_, code, span, Code::BadExpectation, "reason",
                           "neither a reason of the engine nor a deny rule");
        c_.report.add(Code::BadExpectation, span, "there is no reason " + quoted(code),
                      found > 1 ? "several rules have this name" : "", "the code is " + other);
    }

    void require(const Names& names, std::string_view name, Span span, Code code, std::string_view noun,
                 std::string label) {
        if (names.contains(name)) return;
        auto& diagnostic =
            c_.report.add(code, span, "there is no " + std::string(noun) + " " + quoted(name), std::move(label));
        std::vector<std::string_view> candidates;
        for (const auto& candidate : names)
            if (candidates.size() < 4096) candidates.push_back(candidate);
        suggest(c_, diagnostic, name, candidates);
    }

    Context& c_;
    Names reasons_, rules_, qualified_, obligations_;
};

void add_cases(Context& c, std::uint32_t module, const ast::TestDecl& decl, const json::Value& document) {
    for (const auto& expect : decl.expects) c.policy.tests.push_back({decl.name, document, &expect});
    std::vector<Keys> paths;
    for (const auto& path : decl.case_paths) {
        paths.push_back(ChangePath(c, module).resolve(path));
        if (paths.back().empty()) return;
    }
    for (const auto& row : decl.rows) {
        if (row.values.size() != paths.size()) continue;  // the parser has reported such rows
        TestRow test{decl.name + " [", document, &row.expect};
        bool right = true;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            if (i > 0) test.name += " | ";
            test.name += text_at(c, row.values[i].span);
            right = apply(c, test.document, paths[i], row.values[i].span, row.values[i]) && right;
        }
        test.name += ']';
        for (const Keys& keys : paths) Shaping(c, test.document).shape(keys);
        if (right) c.policy.tests.push_back(std::move(test));
    }
}

}  // namespace

void check_fixtures_and_tests(Context& c) {
    Fixtures fixtures(c);
    fixtures.run();
    Expectations expectations(c);
    for (const auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::TestDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        for (const auto& expect : decl->expects) expectations.check(expect);
        for (const auto& row : decl->rows) expectations.check(row.expect);
        const auto* given = require_name(c, entry.module, NameSort::Fixture, decl->given, Code::UnknownName, "fixture");
        if (given == nullptr) continue;
        const auto* base = fixtures.document(given->index);
        if (base == nullptr) continue;
        auto document = *base;
        if (apply(c, entry.module, document, decl->changes)) add_cases(c, entry.module, *decl, document);
    }
}

}  // namespace writ::check
