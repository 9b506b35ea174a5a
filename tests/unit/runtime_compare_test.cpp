#include <doctest/doctest.h>

#include "base/access.h"
#include "writ/compare.h"

using namespace writ;
using Part = DecisionPart;

namespace {

Decision permit() {
    Decision d;
    d.effect = Effect::Permit;
    d.grant.scopes = {"a", "b"};
    d.grant.audience = {"x"};
    d.grant.ttl = 60;
    d.grant.not_after = 1'000'000;
    d.grant.obligations = {{"audit", R"({"level":"full"})"}};
    return d;
}
Decision needs(std::vector<std::string_view> groups, std::uint32_t needed = 1, std::int64_t within = 60) {
    Decision d;
    d.effect = Effect::NeedsApproval;
    Requirement& r = Access::add_requirement(d);
    r.groups = std::move(groups);
    r.needed = needed;
    r.within = within;
    return d;
}
template <class Edit>
Decision changed(Edit edit) {
    Decision d = permit();
    edit(d.grant);
    return d;
}

/// Checks that only this part differs, in this direction, and in the opposite one with the decisions swapped.
void differ(const Decision& was, const Decision& is, Part part, Direction direction) {
    CAPTURE(part_name(part));
    const Direction back = direction == Direction::Wider      ? Direction::Narrower
                           : direction == Direction::Narrower ? Direction::Wider
                                                              : direction;
    const Shift there = compare(was, is), home = compare(is, was);
    Shift only, only_back;
    only.add(part, direction);
    only_back.add(part, back);
    CHECK(there == only);
    CHECK(home == only_back);
    CHECK(there.of(part) == direction);
    CHECK(there.direction() == direction);
    CHECK(there.widens() == (direction != Direction::Narrower));
    CHECK_FALSE(there.same());
    const auto words = parts_that_differ(was, is);
    REQUIRE(words.size() == 1);
    CHECK(words[0].part == part);
    CHECK(words[0].direction == direction);
    CHECK(words[0].before != words[0].after);
}

PartShift words(const Decision& was, const Decision& is) {
    return parts_that_differ(was, is).at(0);
}

}  // namespace

TEST_CASE("compare: equal decisions are the same, whatever their reasons") {
    Decision other = permit();
    other.reasons.push_back({.code = "permitted", .rule = 7});
    other.steps = 9;
    CHECK(compare(permit(), other).same());
    CHECK(compare(permit(), other).direction() == Direction::Same);
    CHECK(parts_that_differ(permit(), other).empty());
    Decision deny;
    deny.reasons.push_back({.code = "no_permit"});
    CHECK(compare(deny, Decision()).same());
    CHECK(compare(needs({"x"}), needs({"x"})).same());
}

TEST_CASE("compare: a greater effect is wider, and nothing else is said then") {
    differ(Decision(), permit(), Part::Effect, Direction::Wider);
    differ(Decision(), needs({"x"}), Part::Effect, Direction::Wider);
    differ(needs({"x"}), permit(), Part::Effect, Direction::Wider);
    CHECK(words(needs({"x"}), permit()).before == "needs_approval");
    CHECK(words(needs({"x"}), permit()).after == "permit");
}

TEST_CASE("compare: more scopes are wider, others are other, order is nothing") {
    differ(permit(), changed([](Grant& g) { g.scopes = {"c", "b", "a"}; }), Part::Scopes, Direction::Wider);
    differ(permit(), changed([](Grant& g) { g.scopes = {"a", "c"}; }), Part::Scopes, Direction::Other);
    CHECK(compare(permit(), changed([](Grant& g) { g.scopes = {"b", "a"}; })).same());
    CHECK(words(permit(), changed([](Grant& g) { g.scopes = {"a"}; })).before == R"({ "a", "b" })");
}

TEST_CASE("compare: an audience is wider only with something that it lacked") {
    differ(permit(), changed([](Grant& g) { g.audience = {"y", "x"}; }), Part::Audience, Direction::Wider);
    differ(permit(), changed([](Grant& g) { g.audience = {}; }), Part::Audience, Direction::Narrower);
    differ(permit(), changed([](Grant& g) { g.audience = {"y"}; }), Part::Audience, Direction::Other);
}

TEST_CASE("compare: longer is wider") {
    differ(permit(), changed([](Grant& g) { g.ttl = 90; }), Part::Ttl, Direction::Wider);
    CHECK(words(permit(), changed([](Grant& g) { g.ttl = 90; })).after == "1m30s");
}

TEST_CASE("compare: a later horizon is wider, and none is the latest") {
    differ(permit(), changed([](Grant& g) { g.not_after = 2'000'000; }), Part::NotAfter, Direction::Wider);
    differ(permit(), changed([](Grant& g) { g.not_after.reset(); }), Part::NotAfter, Direction::Wider);
    CHECK(words(permit(), changed([](Grant& g) { g.not_after.reset(); })).before == "1970-01-01T00:00:01Z");
}

TEST_CASE("compare: single use is narrower") {
    differ(permit(), changed([](Grant& g) { g.single_use = true; }), Part::SingleUse, Direction::Narrower);
}

TEST_CASE("compare: one obligation less is wider, one with other arguments is other") {
    differ(permit(), changed([](Grant& g) { g.obligations.clear(); }), Part::Obligations, Direction::Wider);
    differ(permit(), changed([](Grant& g) { g.obligations[0].args = "{}"; }), Part::Obligations, Direction::Other);
    CHECK(compare(permit(), changed([](Grant& g) { g.obligations.push_back(g.obligations[0]); })).same());
    CHECK(words(permit(), changed([](Grant& g) { g.obligations.clear(); })).before == R"(audit(level: "full"))");
    CHECK(words(permit(), changed([](Grant& g) { g.obligations.clear(); })).after == "none");
}

TEST_CASE("compare: what is easier to satisfy is wider") {
    differ(needs({"x"}), needs({"x", "y"}), Part::Requirements, Direction::Wider);
    differ(needs({"x"}, 2), needs({"x"}, 1), Part::Requirements, Direction::Wider);
    differ(needs({"x"}, 1, 60), needs({"x"}, 1, 90), Part::Requirements, Direction::Wider);
    differ(needs({"x"}), needs({"y"}), Part::Requirements, Direction::Other);
    differ(needs({"x"}, 2, 90), needs({"x"}, 1, 60), Part::Requirements, Direction::Other);
    Decision two = needs({"x"});
    Access::add_requirement(two).groups = {"y"};
    differ(two, needs({"x"}), Part::Requirements, Direction::Wider);
    CHECK(words(two, needs({"x"}, 2, 60)).after == R"(2 from group "x" within 1m)");
}

TEST_CASE("compare: a whole is other where one part is wider and another narrower") {
    const Shift shift = compare(permit(), changed([](Grant& g) {
                                    g.ttl = 90;
                                    g.scopes = {"a"};
                                }));
    CHECK(shift.of(Part::Ttl) == Direction::Wider);
    CHECK(shift.of(Part::Scopes) == Direction::Narrower);
    CHECK(shift.of(Part::Audience) == Direction::Same);
    CHECK(shift.direction() == Direction::Other);
    CHECK(shift.widens());
    CHECK(direction_name(shift.direction()) == "other");
}
