// Compares explain with evaluate: its decision is the evaluator's, it lists the rules that the decision names, and
// every change that it says would permit does permit.
#include <doctest/doctest.h>

#include <algorithm>

#include "explain/explain.h"
#include "harness.h"
#include "universe.h"
#include "writ/evaluator.h"

namespace writ::property {
namespace {

using json::Value;

/// Sets a value by a path as changes write it: `gates."a b".at`, `params.amount`.
void set_at(Value& document, std::string_view path, const Value& value) {
    Value* here = &document;
    // Parameters are the tool's in a request.
    if (path.substr(0, 7) == "params." && document.find("tool") != nullptr) here = document.find("tool");
    while (!path.empty()) {
        std::string step;
        if (path.front() == '"') {
            const std::size_t end = path.find('"', 1);
            step = path.substr(1, end - 1);
            path.remove_prefix(end + 1);
        } else {
            const std::size_t end = std::min(path.find('.'), path.size());
            step = path.substr(0, end);
            path.remove_prefix(end);
        }
        if (!path.empty()) path.remove_prefix(1);
        if (here->type != json::Type::Object) *here = Value::object();
        Value* next = here->find(step);
        here = next != nullptr ? next : &here->set(step, Value::null());
    }
    *here = value;
}

struct Tally {
    std::size_t denies = 0, nearest = 0, permitted = 0, waiting = 0, changes = 0;
};

void holds(const Subject& subject, const Value& document, Tally& tally) {
    const std::string text = json::write(document);
    INFO(text);
    const Bundle& bundle = subject.bundle();
    Request request(bundle);
    const bool admitted = request.parse(text).has_value();
    auto told = explain::explain(subject.policy(), bundle, text, {}, {}, {});
    REQUIRE(told.has_value() == admitted);
    if (!admitted) return;
    Evaluator evaluator(bundle);
    CHECK(to_json(told->decision, bundle, View::Operator) ==
          to_json(evaluator.evaluate(request), bundle, View::Operator));
    REQUIRE(json::parse(to_json(*told), {.max_bytes = 64u << 20, .max_depth = 200}));

    // Each rule with a reason is listed, or is among the nearest permits.
    for (const Reason& reason : told->decision.reasons) {
        if (reason.rule == kNoRule) continue;
        const RuleInfo rule = bundle.rule(reason.rule);
        const bool doubt = reason.code == "fact_missing" || reason.code == "time_in_future";
        if (doubt && rule.kind == "permit") continue;
        INFO("reason ", std::string(reason.code), " of rule ", std::string(rule.name));
        CHECK(std::any_of(told->rules.begin(), told->rules.end(),
                          [&](const SeenRule& each) { return each.rule == reason.rule; }));
    }
    if (told->decision.effect == Effect::Permit) {
        REQUIRE_FALSE(told->lifetimes.empty());
        const std::int64_t horizon =
            told->decision.grant.not_after ? *told->decision.grant.not_after - told->decision.now : INT64_MAX;
        CHECK(told->decision.grant.ttl == std::min(told->lifetimes.front().micros, horizon) / 1'000'000);
        CHECK(told->decision.grant.not_after.has_value() == !told->horizons.empty());
    }
    tally.denies += told->decision.effect == Effect::Deny;
    for (const Nearest& near : told->nearest) {
        ++tally.nearest;
        if (near.changes.empty()) continue;
        Value changed = document;
        for (const Change& change : near.changes) {
            const auto value = json::parse(change.to);
            REQUIRE(value);
            set_at(changed, change.path, *value);
        }
        INFO(json::write(changed));
        REQUIRE(request.parse(json::write(changed)));
        CHECK(evaluator.evaluate(request).effect == near.effect);
        CHECK(near.effect != Effect::Deny);
        tally.permitted += near.effect == Effect::Permit;
        tally.waiting += near.effect == Effect::NeedsApproval;
        tally.changes += near.changes.size();
    }
}

TEST_CASE("property: what explain says would permit does") {
    Tally tally;
    for (std::uint64_t seed = 100; seed < 130; ++seed) {
        Rng rng(seed);
        const Generated made = random_subject(rng, random_shape(rng));
        REQUIRE(made.subject != nullptr);
        for (int i = 0; i < 40; ++i) holds(*made.subject, random_request(rng, random_request_shape(rng)), tally);
    }
    MESSAGE(tally.denies << " denies, " << tally.nearest << " permits near them, " << tally.permitted
                         << " of which permit with "
                         << "changes found and " << tally.waiting << " on approval, by " << tally.changes
                         << " changes");
    CHECK(tally.permitted > 50);
    CHECK(tally.waiting > 10);
}

}  // namespace
}  // namespace writ::property
