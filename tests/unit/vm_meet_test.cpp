#include <doctest/doctest.h>

#include "base/access.h"
#include "growth.h"
#include "ledger/repetition.h"
#include "vm/decide.h"

using namespace writ;
using writ::testing::times_as_long;
using Texts = std::vector<std::string_view>;

namespace {

Decision permit(Texts scopes, std::int64_t ttl = 60) {
    Decision d;
    d.effect = Effect::Permit;
    d.grant.scopes = std::move(scopes);
    d.grant.audience = {"x", "y"};
    d.grant.ttl = ttl;
    d.reasons.push_back({.code = "permitted", .rule = 0});
    return d;
}
Decision below(Decision d) {
    for (Reason& each : d.reasons) each.layer = 1;
    for (Requirement& each : d.requirements) each.layer = 1;
    return d;
}
Decision met(Decision above, const Decision& under) {
    TextSet known;
    vm::meet(above, under, known);
    return above;
}
Decision needs(std::uint32_t rule) {
    Decision d;
    d.effect = Effect::NeedsApproval;
    Requirement& r = Access::add_requirement(d);
    r.rule = rule;
    r.groups = {"leads"};
    r.needed = 2;
    r.within = 60;
    r.expires = 7;
    d.binding_digest = "digest";
    d.reasons.push_back({.code = "approval_required", .rule = rule});
    return d;
}
Decision deny() {
    Decision d;
    d.reasons.push_back({.code = "no_permit"});
    return d;
}

}  // namespace

TEST_CASE("meet: a digest that fits each layer") {
    const auto joined = [](std::string_view a, std::string_view b) {
        Decision upper = needs(0), lower = needs(1);
        upper.binding_digest = a;
        lower.binding_digest = b;
        return met(upper, below(lower)).binding_digest;
    };
    CHECK(joined("v2;scopes=a,c;audience=y;ttl=5;resource=;sha256=00",
                 "v2;scopes=b,c;audience=x,y,z;ttl=5;resource=;sha256=00") ==
          "v2;scopes=a,b,c;audience=x,y,z;ttl=5;resource=;sha256=00");
    CHECK(
        joined("v2;scopes=a;audience=;ttl=5;resource=;sha256=00", "v2;scopes=a;audience=x;ttl=5;resource=;sha256=00") ==
        "v2;scopes=a;audience=x;ttl=5;resource=;sha256=00");
}

TEST_CASE("meet: two grants have in common what both grant, in the order of the first") {
    Decision upper = permit({"a", "b", "c"}, 60), lower = permit({"c", "d", "a"}, 50);
    upper.grant.not_after = 100;
    lower.grant.single_use = true;
    lower.grant.audience = {"y"};
    upper.grant.obligations = {{"audit", "{}"}};
    lower.grant.obligations = {{"audit", "{}"}, {"audit", "{\"a\":1}"}, {"tell", "{}"}};
    lower.attribution.approvers = {"lea"};
    const Decision d = met(upper, below(lower));
    CHECK(d.effect == Effect::Permit);
    CHECK(d.grant.scopes == Texts{"a", "c"});
    CHECK(d.grant.audience == Texts{"y"});
    CHECK(d.grant.ttl == 50);
    CHECK(d.grant.not_after == 100);
    CHECK(d.grant.single_use);
    CHECK(d.grant.obligations.size() == 3);
    CHECK(d.attribution.approvers == Texts{"lea"});
    REQUIRE(d.reasons.size() == 2);
    CHECK(d.reasons[1].layer == 1);

    lower.grant.not_after = 90;
    CHECK(met(upper, lower).grant.not_after == 90);
    upper.grant.not_after.reset();
    CHECK(met(upper, lower).grant.not_after == 90);
}

TEST_CASE("meet: nothing in common denies") {
    const Decision scopes = met(permit({"a"}), below(permit({"b"})));
    CHECK(scopes.effect == Effect::Deny);
    CHECK(scopes.reasons.back().code == "scope_limited");
    CHECK(scopes.grant.audience.empty());
    Decision other = permit({"a"});
    other.grant.audience = {"z"};
    const Decision audience = met(permit({"a"}), below(other));
    CHECK(audience.effect == Effect::Deny);
    CHECK(audience.reasons.back().code == "audience_limited");
}

TEST_CASE("meet: the lesser effect, either way round") {
    for (const bool swapped : {false, true}) {
        const Decision high = permit({"a"}), low = deny();
        const Decision d = swapped ? met(low, below(high)) : met(high, below(low));
        CHECK(d.effect == Effect::Deny);
        CHECK(d.grant.scopes.empty());
        CHECK(d.grant.ttl == 0);
        CHECK(d.reasons.size() == 2);
        const Decision n = swapped ? met(needs(3), below(high)) : met(high, below(needs(3)));
        CHECK(n.effect == Effect::NeedsApproval);
        CHECK(n.grant.scopes.empty());
        REQUIRE(n.requirements.size() == 1);
        CHECK(n.requirements[0].layer == (swapped ? 0 : 1));
        CHECK(n.requirements[0].groups == Texts{"leads"});
        CHECK(n.requirements[0].needed == 2);
        CHECK(n.requirements[0].within == 60);
        CHECK(n.requirements[0].expires == 7);
        CHECK(n.binding_digest == "digest");
    }
}

TEST_CASE("meet: requirements of both layers, none of a denial") {
    CHECK(met(needs(3), below(needs(3))).requirements.size() == 2);
    const Decision d = met(needs(3), below(deny()));
    CHECK(d.effect == Effect::Deny);
    CHECK(d.requirements.empty());
    CHECK(d.binding_digest.empty());
}

TEST_CASE("meet: two layers that say the same grant the same, and each is heard") {
    const Decision once = permit({"a", "b"});
    const Decision twice = met(once, below(once));
    CHECK(twice.reasons.size() == 2);
    CHECK(twice.grant.scopes == once.grant.scopes);
    CHECK(twice.grant.ttl == once.grant.ttl);
    CHECK(met(needs(3), below(needs(3))).requirements.size() == 2);
}

TEST_CASE("meet: what a layer says twice of no rule is said once") {
    Decision lower = deny();
    const Reason revoked{.code = "identity_revoked", .detail = "delegation.chain.actor"};
    lower.reasons = {revoked, {.code = "identity_revoked", .detail = "agent.id"}, revoked};
    CHECK(met(deny(), below(lower)).reasons.size() == 3);
}

TEST_CASE("meet: many reasons, requirements, scopes and obligations take time in proportion") {
    // The common prefix is too long to be skipped cheaply.
    std::vector<std::string> texts;
    for (int i = 0; i < 4000; ++i) texts.push_back(std::string(300, 'x') + std::to_string(100'000 + i));
    const auto of = [&](std::size_t count, std::size_t from) {
        Decision d = permit({});
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view text = texts[i];
            d.grant.scopes.push_back(text);
            d.grant.audience.push_back(text);
            d.grant.obligations.push_back({"audit", texts[(i + from) % (2 * count)]});
            d.reasons.push_back({.code = "permitted", .rule = static_cast<std::uint32_t>(i)});
            Access::add_requirement(d).rule = static_cast<std::uint32_t>(i);
        }
        return d;
    };
    const Decision few = of(200, 0), few_below = below(of(200, 100));
    const Decision many = of(2000, 0), many_below = below(of(2000, 1000));
    CHECK(met(few, few_below).grant.obligations.size() == 300);
    CHECK(met(many, many_below).grant.scopes == many.grant.scopes);
    CHECK(ledger::meet(few, few_below).added.size() == 100);
    // Ten times the size takes about ten times the time; quadratic work would take a hundred times.
    CHECK(times_as_long([&] { (void)met(few, few_below); }, [&] { (void)met(many, many_below); }) < 35);
    CHECK(times_as_long([&] { (void)ledger::meet(few, few_below); }, [&] { (void)ledger::meet(many, many_below); }) <
          35);
}
