// Fixtures and tests: documents with their changes applied, and expectations whose names exist.
#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "base/held.h"
#include "check/changes.h"
#include "check/passes.h"

namespace writ::check {
namespace {

/// Whether an approval is bound to a request whose digest is not known yet.
bool binds(const json::Value& document) {
    const json::Value* approvals = document.find("approvals");
    if (approvals == nullptr) return false;
    return std::any_of(approvals->items.begin(), approvals->items.end(), [](const json::Value& approval) {
        const json::Value* digest = approval.find("binding_digest");
        return digest != nullptr && digest->text.starts_with(kBindingMarker);
    });
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
                c_.report.add(Code::CircularDefinition, held(work_[chain.back()].decl->base).span,
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
        if (!change_all(c_, work.entry->module, fixture.document, decl.changes)) return false;
        fixture.binds = binds(fixture.document);
        return true;
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

    /// Output: the expectation with the values of the definitions that it names; null if one is invalid, which has been
    /// reported.
    const ast::Expectation* check(std::uint32_t module, const ast::Expectation& expect) {
        for (const auto& reason : expect.reasons) check_reason(joined(reason), reason.span);
        for (const auto& obligation : expect.obligations)
            require(obligations_, obligation.text, obligation.span, Code::BadExpectation, "obligation",
                    "no rule requires it");
        for (const auto& rule : expect.rules) {
            const std::string name = joined(rule);
            if (rule.parts.size() > 1 && qualified_.contains(name)) continue;
            require(rules_, name, rule.span, Code::UnknownName, "rule", "not declared");
        }
        return settle(module, expect);
    }

private:
    const ast::Expectation* settle(std::uint32_t module, const ast::Expectation& expect) {
        if (expect.scopes_name.parts.empty() && expect.ttl_name.parts.empty() && expect.until_name.parts.empty() &&
            expect.audience_name.parts.empty())
            return &expect;
        ast::Expectation out = expect;
        bool right = true;
        const auto value = [&](const ast::QualifiedName& name, const Type& want) -> const Expr* {
            if (name.parts.empty()) return nullptr;
            const auto* found = value_of_name(c_, module, name, &want);
            right = right && found != nullptr;
            return found;
        };
        const Type texts = list_of(scalar(Kind::String), kMaxList);
        if (const auto* scopes = value(expect.scopes_name, texts)) out.scopes = texts_of(*scopes);
        if (const auto* ttl = value(expect.ttl_name, scalar(Kind::Duration))) out.ttl = ttl->integer;
        if (const auto* until = value(expect.until_name, scalar(Kind::Instant))) out.until = until->integer;
        if (!expect.audience_name.parts.empty()) {
            // One audience is written as a text, several as a set.
            const auto* audience = value_of_name(c_, module, expect.audience_name, nullptr);
            right = right && audience != nullptr;
            if (audience != nullptr && !comparable(audience->type, scalar(Kind::String)) &&
                !comparable(audience->type, texts)) {
                c_.report.add(Code::TypesDiffer, expect.audience_name.span,
                              "expected a string or a set<string>, not " + describe_one(c_.policy, audience->type));
                right = false;
            } else if (audience != nullptr) {
                out.audience = texts_of(*audience);
            }
        }
        return right ? &c_.policy.expectations.emplace_back(std::move(out)) : nullptr;
    }

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
        if (name == "exactly") diagnostic.help = "write the names after `exactly`";
    }

    Context& c_;
    Names reasons_, rules_, qualified_, obligations_;
};

/// The cases of a test. `expects`: of the test or of its rows, in their order; null if it is invalid.
void add_cases(Context& c, std::uint32_t module, const ast::TestDecl& decl, const json::Value& document,
               const std::vector<const ast::Expectation*>& expects) {
    for (std::size_t i = 0; i < decl.expects.size(); ++i)
        if (expects[i] != nullptr) c.policy.tests.push_back({decl.name, document, expects[i], binds(document)});
    std::vector<ChangePlace> places;
    for (const auto& path : decl.case_paths) {
        places.push_back(place_of(c, module, path));
        if (places.back().steps.empty()) return;
    }
    for (std::size_t row = 0; row < decl.rows.size(); ++row) {
        const auto& values = decl.rows[row].values;
        if (values.size() != places.size()) continue;  // the parser has reported such rows
        TestRow test{decl.name + " [", document, expects[row]};
        bool right = test.expect != nullptr;
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (i > 0) test.name += " | ";
            test.name += text_at(c, values[i].span);
            right = change(c, module, test.document, places[i], values[i].span, values[i]) && right;
        }
        test.name += ']';
        for (const ChangePlace& place : places) shape(c, test.document, place);
        test.binds = binds(test.document);
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
        std::vector<const ast::Expectation*> expects;
        for (const auto& expect : decl->expects) expects.push_back(expectations.check(entry.module, expect));
        for (const auto& row : decl->rows) expects.push_back(expectations.check(entry.module, row.expect));
        const auto* given = require_name(c, entry.module, NameSort::Fixture, decl->given, Code::UnknownName, "fixture");
        if (given == nullptr) continue;
        const auto* base = fixtures.document(given->index);
        if (base == nullptr) continue;
        auto document = *base;
        if (change_all(c, entry.module, document, decl->changes)) add_cases(c, entry.module, *decl, document, expects);
    }
}

}  // namespace writ::check
