// Tests E0405: a narrowing rule must test a fact before it uses it.
#include <doctest/doctest.h>

#include "check_source.h"

using namespace writ;

TEST_CASE(
    "check: group that may be none, read unguarded in a narrowing rule, reports E0405 with the guarded "
    "form") {
    const auto checked = check_narrowing("user.tenant != tenant");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.items[0].replacement == "user is some and user.tenant != tenant");
    CHECK(checked.items[0].help.find("`user is some and user.tenant != tenant`") != std::string::npos);
    REQUIRE_FALSE(checked.items[0].related.empty());
    CHECK(checked.text_at(checked.items[0].related[0].span) == "user");
}

TEST_CASE("check: every narrowing kind asks for guards, permits and invariants do not") {
    CHECK(check_text("limit l when user.tenant != tenant to ttl 5m").codes() == "E0405");
    CHECK(check_text("require r when user.tenant != tenant approval from group \"g\" within 5m").codes() == "E0405");
    CHECK(check_text("oblige o when user.tenant != tenant with audit(level: \"full\")").codes() == "E0405");
    CHECK(check_condition("user.tenant != tenant").codes().empty());
    CHECK(check_text("invariant i: never permit when user.tenant != tenant").codes().empty());
}

TEST_CASE("check: a test in any `and` around the read guards it") {
    CHECK(check_narrowing("user is some and user.tenant != tenant").codes().empty());
    CHECK(check_narrowing("user.tenant != tenant and user is some").codes().empty());
    CHECK(check_narrowing("user is some and (run.background or user.tenant != tenant)").codes().empty());
    CHECK(check_narrowing("user is some or user.tenant != tenant").codes() == "E0405");
    CHECK(check_narrowing("(user is some and run.background) or user.tenant != tenant").codes() == "E0405");
}

TEST_CASE("check: `is none` beside the read in an `or` guards it") {
    CHECK(check_narrowing("user is none or user.tenant != tenant").codes().empty());
    CHECK(check_narrowing("user is none and user.tenant != tenant").codes() == "E0405");
}

TEST_CASE("check: guards work through `not`") {
    CHECK(check_narrowing("not (user is none or user.tenant == tenant)").codes().empty());
    CHECK(check_narrowing("user is not none and not (user.tenant == tenant)").codes().empty());
    CHECK(check_narrowing("not (user is some and user.tenant == tenant)").codes().empty());
    const auto checked = check_narrowing("not (user.tenant == tenant)");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.items[0].replacement == "(user is none or user.tenant == tenant)");
}

TEST_CASE("check: alternatives guard only what all of them test") {
    CHECK(check_narrowing("(user is some or token.issuer is ci) and user.tenant != tenant").codes() == "E0405");
    CHECK(check_narrowing("((user is some and run.background) or (user is some and agent.revoked)) and "
                          "user.tenant != tenant")
              .codes()
              .empty());
}

TEST_CASE("check: claims need a test of their issuer") {
    const auto checked = check_narrowing("ci.event_name == \"push\"");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.items[0].replacement == "token.issuer is ci and ci.event_name == \"push\"");
    CHECK(checked.items[0].label == "unknown for a token of any other issuer, and then this rule applies");
    CHECK(check_narrowing("token.issuer is ci and ci.event_name == \"push\"").codes().empty());
    CHECK(check_narrowing("token.issuer is not ci or ci.event_name == \"push\"").codes().empty());
    CHECK(check_narrowing("token.issuer is prod and ci.event_name == \"push\"").codes() == "E0405");
    CHECK(check_narrowing("ci.sub_owner == \"acme\"").codes() == "E0405");
}

TEST_CASE("check: a test of one issuer, of a set or of a group guards the claims that a group reads") {
    const std::string groups =
        "issuer west: kubernetes \"https://west.example\" { audience \"https://broker.example\" }\n"
        "issuer group clusters = prod, west\nissuer group mixed = prod, ci\n";
    const auto codes = [&](std::string_view condition) {
        return check_text(groups + "deny it when " + std::string(condition)).codes();
    };
    CHECK(codes("token.issuer is clusters and clusters.namespace == \"a\"").empty());
    CHECK(codes("token.issuer is not clusters or clusters.namespace == \"a\"").empty());
    CHECK(codes("token.issuer is west and clusters.sub_namespace == \"a\"").empty());
    CHECK(codes("token.issuer in { west, prod } and clusters.namespace == \"a\"").empty());
    CHECK(codes("token.issuer == \"https://west.example\" and clusters.namespace == \"a\"").empty());
    CHECK(codes("(token.issuer is west or token.issuer is prod) and clusters.namespace == \"a\"").empty());
    // The test allows an issuer whose claims are not read.
    CHECK(codes("token.issuer is clusters and west.namespace == \"a\"") == "E0405");
    CHECK(codes("token.issuer is mixed and clusters.namespace == \"a\"") == "E0405");
    CHECK(codes("token.issuer in { west, ci } and clusters.namespace == \"a\"") == "E0405");
    CHECK(codes("(token.issuer is west or token.issuer is ci) and clusters.namespace == \"a\"") == "E0405");
    CHECK(codes("token.issuer is not west and clusters.namespace == \"a\"") == "E0405");
    const auto checked = check_text(groups + "deny it when clusters.namespace == \"a\"");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.items[0].replacement == "token.issuer is clusters and clusters.namespace == \"a\"");
    CHECK(checked.text_at(checked.items[0].related[0].span) == "clusters");
}

TEST_CASE("check: the guards of many alternatives with several tests of the issuer are found in time") {
    std::string issuers, alternatives;
    for (int i = 0; i < 40; ++i) {
        const std::string name = "c" + std::to_string(i);
        issuers += "issuer " + name + ": kubernetes \"https://" + name + ".example\" { audience \"b\" }\n" +
                   "issuer group with_" + name + " = prod, " + name + "\n";
        alternatives += (i == 0 ? "" : i % 2 == 0 ? ") or (" : " and ") + ("token.issuer is with_" + name);
    }
    // Only a token of `prod` is in two of the groups.
    CHECK(check_text(issuers + "deny it when ((" + alternatives + ")) and prod.namespace == \"a\"").codes().empty());
    CHECK(
        check_text(issuers + "deny it when ((" + alternatives + ") or token.issuer is c0) and prod.namespace == \"a\"")
            .codes() == "E0405");
}

TEST_CASE("check: scalars that may be none need a test too") {
    const auto checked = check_narrowing("resource.tenant != tenant");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.items[0].replacement == "resource.tenant is some and resource.tenant != tenant");
    CHECK(check_narrowing("resource.tenant is some and resource.tenant != tenant").codes().empty());
    CHECK(check_narrowing("user.session_exp is some and now > user.session_exp").codes() == "E0405 E0405");
    CHECK(check_narrowing("user is some and user.session_exp is some and now > user.session_exp").codes().empty());
}

TEST_CASE("check: lists that may be none and groups around lists need a test") {
    CHECK(check_narrowing("any h in delegation.chain: h.tenant != tenant").codes() == "E0405");
    CHECK(check_narrowing("delegation is some and any h in delegation.chain: h.tenant != tenant").codes().empty());
    CHECK(check_narrowing("count(a in approvals: a.state == approved) < 2").codes() == "E0405");
    CHECK(check_narrowing("approvals is some and count(a in approvals: a.state == approved) < 2").codes().empty());
}

TEST_CASE("check: elements that may be none need a test inside the quantifier") {
    const auto checked = check_narrowing("delegation is some and any h in delegation.chain: now > h.exp");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.items[0].replacement == "h.exp is some and now > h.exp");
    CHECK(check_narrowing("delegation is some and any h in delegation.chain: h.exp is some and now > h.exp")
              .codes()
              .empty());
    CHECK(check_narrowing("delegation is some and all h in delegation.chain: h.exp is none or now < h.exp")
              .codes()
              .empty());
}

TEST_CASE("check: a guard through a definition counts, and a read through one is shown at the rule") {
    CHECK(check_text("define known = user is some\ndeny it when known and user.tenant != tenant").codes().empty());
    const auto checked = check_text("define foreign = user.tenant != tenant\ndeny it when foreign");
    REQUIRE(checked.codes() == "E0405");
    CHECK(checked.text_at(checked.items[0].span) == "user.tenant != tenant");
    CHECK(std::any_of(checked.items[0].related.begin(), checked.items[0].related.end(),
                      [&](const Label& label) { return checked.text_at(label.span) == "it"; }));
    // A test inside the definition could make the rule not apply, so the rule's author chooses.
    CHECK(checked.items[0].replacement.empty());
    CHECK(
        checked.items[0].help ==
        "guard it where the rule uses it: `user is none or …` if the rule must apply then, `user is some and …` if it "
        "must not");
    CHECK(check_text("define foreign = user.tenant != tenant\ndeny it when user is none or foreign").codes().empty());
}

TEST_CASE("check: optional parameters need a test") {
    CHECK(check_narrowing("params.card.number == \"4\"").codes() == "E0405");
    CHECK(check_narrowing("params.card is some and params.card.number == \"4\"").codes().empty());
}
