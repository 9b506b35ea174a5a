// Tests the order of the delegation chain: the facts that are made from it, and that removing a hop never helps.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "base/json.h"
#include "example_request.h"
#include "writ/bundle.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::int64_t kNow = 1'790'000'000;

Workspace policy(std::string_view rules) {
    SourceSet set;
    set.sources.push_back({"policy.writ", R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read < write
tool look { tier read audience "https://look.example" scopes { "look" } }
)" + std::string(rules)});
    Workspace out(std::move(set));
    for (const Diagnostic& d : out.diagnostics().items)
        if (d.severity == Severity::Error) FAIL_CHECK(d.code, " ", d.message);
    REQUIRE(out.bundle());
    return out;
}

json::Value parsed(std::string_view text) {
    auto value = json::parse(text);
    REQUIRE(value);
    return *value;
}

/// A hop with a class, and a position unless it is 0.
std::string hop(std::string_view class_name, int position) {
    std::string out = R"({"actor":"a","class":")" + std::string(class_name) +
                      R"(","granted_scopes":["look"],"exp":null,"tenant":"t")";
    if (position != 0) out += R"(,"position":)" + std::to_string(position);
    return out + "}";
}

/// A request with a chain, and its length unless it is negative.
std::string request(const std::vector<std::string>& hops, int depth) {
    static const std::string base = writ::testing::example_request(
        R"({"iss":"https://issuer.example","aud":"https://broker.example","exp":1790003600,"iat":1790000000,"nbf":1790000000})",
        "kubernetes", kNow);
    json::Value document = parsed(base);
    document.set("tool", parsed(R"({"name":"look","operation":null})"));
    document.set("want", parsed(R"({"scopes":["look"]})"));
    document.set("user", json::Value::null());
    document.find("run")->set("parent_id", parsed(R"("p")"));
    std::string chain;
    for (const std::string& each : hops) chain += (chain.empty() ? "" : ",") + each;
    document.set("delegation", parsed(R"({"originator":"o","actor":"a","chain":[)" + chain + "]}"));
    if (depth >= 0) document.find("delegation")->set("depth", json::Value::of(std::int64_t{depth}));
    return json::write(document);
}

/// The effect; refused: a deny. The reference evaluator must agree.
Effect effect(const Workspace& workspace, const std::string& document) {
    Request bound(*workspace.bundle());
    if (!bound.parse(document)) return Effect::Deny;
    Evaluator evaluator(*workspace.bundle());
    const Effect out = evaluator.evaluate(bound).effect;
    const auto told = workspace.explain(document);
    REQUIRE(told);
    CHECK(told->decision.effect == out);
    return out;
}

std::string permit_if(std::string_view condition) {
    return "permit p for tool look when token.issuer is prod and delegation is some and " + std::string(condition) +
           " grant tool.scopes for 5m\n";
}
std::string deny_if(std::string_view condition) {
    return "permit p for tool look when token.issuer is prod grant tool.scopes for 5m\n"
           "deny d when delegation is some and (" +
           std::string(condition) + ")\n";
}

constexpr std::string_view kConditions[] = {
    R"(delegation.first.class == "lead")",
    R"(delegation.first.class != "lead")",
    R"(delegation.last.class in { "lead", "boss" })",
    R"(not (delegation.last.class == "lead"))",
    R"((any pair in delegation.pairs: pair.before.class == "lead" and pair.after.class == "work"))",
    R"((all pair in delegation.pairs: pair.before.class != pair.after.class))",
    R"(not (any pair in delegation.pairs: pair.after.class == "lead"))",
    R"(count(pair in delegation.pairs: pair.before.class == pair.after.class) <= 1)",
    R"((delegation.first.class == "work" or delegation.last.class == "work"))",
};

}  // namespace

TEST_CASE("chain: the first, the last and neighbours, whatever the order of the list") {
    const auto holds = [](std::string_view condition, const std::vector<std::string>& hops) {
        return effect(policy(permit_if(condition)), request(hops, static_cast<int>(hops.size()))) == Effect::Permit;
    };
    const std::vector<std::string> hops = {hop("work", 3), hop("lead", 1), hop("mid", 2)};
    CHECK(holds(R"(delegation.first.class == "lead")", hops));
    CHECK(holds(R"(delegation.last.class == "work")", hops));
    CHECK(holds(R"((any pair in delegation.pairs: pair.before.class == "lead" and pair.after.class == "mid"))", hops));
    CHECK(holds(R"((any pair in delegation.pairs: pair.before.class == "mid" and pair.after.class == "work"))", hops));
    CHECK_FALSE(holds(R"((any pair in delegation.pairs: pair.before.class == "work"))", hops));
    CHECK(holds("count(pair in delegation.pairs: pair.before.tenant == pair.after.tenant) == 2", hops));
    // One hop is the first and the last, and has no neighbour.
    CHECK(holds(R"(delegation.first.class == "x" and delegation.last.class == "x")", {hop("x", 1)}));
    CHECK(holds(R"((all pair in delegation.pairs: pair.before.class == "none"))", {hop("x", 1)}));
    CHECK(holds(R"(delegation.first.granted_scopes contains "look")", {hop("x", 1)}));
}

TEST_CASE("chain: positions that do not fit make the order unknown, and unknown does not help") {
    const Workspace permits = policy(permit_if(R"(delegation.first.class == "lead")"));
    const Workspace denies = policy(deny_if(R"(delegation.first.class != "lead")"));
    const auto both = [&](const std::vector<std::string>& hops, int depth) {
        const std::string document = request(hops, depth);
        return std::pair(effect(permits, document), effect(denies, document));
    };
    const auto helps = std::pair(Effect::Permit, Effect::Permit), never = std::pair(Effect::Deny, Effect::Deny);
    CHECK(both({hop("lead", 1), hop("work", 2)}, 2) == helps);
    CHECK(both({hop("lead", 1), hop("work", 2)}, -1) == never);  // no length
    CHECK(both({hop("lead", 1), hop("work", 0)}, 2) == never);   // a position is missing
    CHECK(both({hop("lead", 1), hop("work", 1)}, 2) == never);   // one is repeated
    CHECK(both({hop("lead", 1), hop("work", 3)}, 2) == never);   // one is too large
    CHECK(both({hop("lead", 1), hop("work", -1)}, 2) == never);
    CHECK(both({hop("lead", 2), hop("work", 3)}, 2) == never);  // they do not begin at 1
    CHECK(both({hop("lead", 1)}, 2) == never);                  // refused: the length differs
}

TEST_CASE("chain: a hop, a position or the length that is lost never helps, in any combination") {
    std::size_t compared = 0;
    constexpr std::array<std::string_view, 2> kClasses = {"lead", "work"};
    for (const std::string_view condition : kConditions)
        for (const bool denies : {false, true}) {
            const Workspace workspace = policy(denies ? deny_if(condition) : permit_if(condition));
            for (unsigned classes = 0; classes < 8; ++classes) {
                const auto of = [&](int i) { return kClasses[classes >> i & 1]; };
                const Effect whole = effect(workspace, request({hop(of(0), 1), hop(of(1), 2), hop(of(2), 3)}, 3));
                for (unsigned lost = 0; lost < 54; ++lost) {
                    std::vector<std::string> hops;
                    unsigned way = lost;
                    for (int i = 0; i < 3; ++i, way /= 3)
                        if (way % 3 != 2) hops.push_back(hop(of(i), way % 3 == 0 ? i + 1 : 0));
                    const Effect less = effect(workspace, request(hops, way == 0 ? 3 : -1));
                    ++compared;
                    INFO(condition << (denies ? " deny " : " permit ") << classes << " " << lost);
                    CHECK((less == Effect::Deny || whole == Effect::Permit));
                }
            }
        }
    CHECK(compared == 9 * 2 * 8 * 54);
}

TEST_CASE("chain: what is made from it cannot be stated, and positions cannot be read") {
    const Workspace workspace = policy(permit_if(R"(delegation.first.class == "lead")"));
    for (const std::string_view field : {"first", "pairs"}) {  // one that a rule reads, and one that none does
        json::Value document = parsed(request({hop("lead", 1)}, 1));
        document.find("delegation")->set(field, parsed(field == "first" ? R"({"class":"lead"})" : "[]"));
        Request bound(*workspace.bundle());
        const auto read = bound.parse(json::write(document));
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "Q0011");
        CHECK(read.error().context == "$.delegation." + std::string(field));
        CHECK_FALSE(bound.field("delegation." + std::string(field)));
    }
}
