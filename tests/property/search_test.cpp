// Compares search with evaluate: for random policies and requests, the answer for each candidate is what evaluate()
// gives for the document with that candidate, and candidates keep their order.
#include <doctest/doctest.h>

#include <algorithm>

#include "harness.h"
#include "universe.h"
#include "writ/search.h"

namespace writ::property {
namespace {

using json::Value;

/// The document with a field set, as search() is specified, implemented independently.
Value filled(Value document, Open open, const Value& candidate, const check::Policy& policy) {
    const auto group = [&](std::string_view name) -> Value& {
        Value* found = document.find(name);
        return found != nullptr ? *found : document.set(name, Value::object());
    };
    switch (open) {
        case Open::Scope: {
            Value one = Value::array();
            one.items.push_back(candidate);
            group("want").set("scopes", std::move(one));
            return document;
        }
        case Open::Agent:
            if (candidate.type == json::Type::Object)
                document.set("agent", candidate);
            else
                group("agent").set("id", candidate);
            return document;
        case Open::Tool: break;
    }
    if (candidate.type == json::Type::Object)
        document.set("tool", candidate);
    else
        group("tool").set("name", candidate);
    Value& want = group("want");
    if (want.find("scopes") != nullptr) return document;
    std::vector<std::string> scopes;
    const Value* name = document.find("tool")->find("name");
    for (const check::Tool& tool : policy.tools)
        if (name != nullptr && tool.wire_name == name->text) scopes = tool.scopes;
    Value all = Value::array();
    std::sort(scopes.begin(), scopes.end());
    for (const std::string& scope : scopes) all.items.push_back(Value::of(std::string_view(scope)));
    want.set("scopes", std::move(all));
    return document;
}

struct Tally {
    std::size_t always = 0, if_approved = 0, never = 0, lacking = 0, refused = 0;
};

void same_as_evaluate(const Layers& layers, const check::Policy& policy, const Value& document, Open open,
                      const Value* given, Tally& tally) {
    Evaluator evaluator(layers);
    const auto result = search(evaluator, json::write(document), open, given != nullptr ? json::write(*given) : "");
    if (!result) {
        // Then the request is rejected for every candidate.
        if (given == nullptr) return;
        for (const Value& candidate : given->items)
            CHECK_FALSE(Request(layers).parse(json::write(filled(document, open, candidate, policy))));
        return;
    }
    if (given != nullptr) REQUIRE(result->items.size() == given->items.size());
    for (std::size_t i = 0; i < result->items.size(); ++i) {
        const SearchItem& item = result->items[i];
        const Value candidate = given != nullptr ? given->items[i] : Value::of(std::string_view(item.name));
        const std::string text = json::write(filled(document, open, candidate, policy));
        INFO(text);
        Request request(layers);
        if (const auto parsed = request.parse(text); !parsed) {
            CHECK(item.answer == Effect::Deny);
            CHECK(item.refused.code == parsed.error().code);
            ++tally.refused;
            continue;
        }
        CHECK(item.refused.code.empty());
        const Decision decision = Evaluator(layers).evaluate(request);
        REQUIRE(item.answer == decision.effect);
        CHECK(item.scopes == std::vector<std::string>(decision.grant.scopes.begin(), decision.grant.scopes.end()));
        REQUIRE(item.reasons.size() == decision.reasons.size());
        for (std::size_t r = 0; r < item.reasons.size(); ++r) {
            CHECK(item.reasons[r].code == decision.reasons[r].code);
            CHECK(item.reasons[r].rule == decision.reasons[r].rule);
            CHECK(item.reasons[r].layer == decision.reasons[r].layer);
        }
        tally.always += item.answer == Effect::Permit;
        tally.if_approved += item.answer == Effect::NeedsApproval;
        tally.never += item.answer == Effect::Deny;
        tally.lacking += item.wants_facts;
    }
}

TEST_CASE("property: search answers what evaluate decides") {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
        Rng rng(seed);
        PolicyShape shape = random_shape(rng);
        const Generated made = random_subject(rng, shape), lower = random_subject(rng, shape);
        REQUIRE(made.subject != nullptr);
        REQUIRE(lower.subject != nullptr);
        const Layers one(made.subject->bundle()), two({made.subject->bundle(), lower.subject->bundle()});
        const check::Policy& policy = made.subject->policy();
        for (int i = 0; i < 25; ++i) {
            Value document = random_request(rng, random_request_shape(rng));
            if (rng.percent(50) && document.find("want") != nullptr) document.find("want")->remove("scopes");
            // Parameters belong to one tool: without them the other tools can be requested too.
            if (rng.percent(70) && document.find("tool") != nullptr) document.find("tool")->remove("params");
            Value agents = Value::array(), tools = Value::array();
            for (int k = 0; k < 4; ++k) {
                const Value other = random_request(rng, random_request_shape(rng));
                if (const Value* agent = other.find("agent")) agents.items.push_back(*agent);
                if (const Value* tool = other.find("tool")) tools.items.push_back(*tool);
            }
            agents.items.push_back(Value::of("a1"));
            tools.items.push_back(Value::of("no_such_tool"));
            const Layers& layers = rng.percent(50) ? one : two;
            same_as_evaluate(layers, policy, document, Open::Tool, nullptr, tally);
            same_as_evaluate(layers, policy, document, Open::Tool, &tools, tally);
            same_as_evaluate(layers, policy, document, Open::Scope, nullptr, tally);
            same_as_evaluate(layers, policy, document, Open::Agent, &agents, tally);
        }
    }
    MESSAGE(tally.always << " always, " << tally.if_approved << " if approved, " << tally.never << " never, "
                         << tally.lacking << " of them for want of facts, " << tally.refused << " refused");
    CHECK(tally.always > 100);
    CHECK(tally.if_approved > 50);
    CHECK(tally.never > 100);
    CHECK(tally.lacking > 100);
    CHECK(tally.refused > 10);
}

}  // namespace
}  // namespace writ::property
