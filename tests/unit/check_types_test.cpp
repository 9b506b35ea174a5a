// Tests types: which types compare, literals that get the type of the other side, conditions that are never true.
#include <doctest/doctest.h>

#include "check_source.h"

using namespace writ;

namespace {

/// The constant side of the comparison that is the condition's only or last conjunct.
const check::Expr* literal_in(const CheckedText& checked) {
    const auto* when = checked.rule("it")->when;
    if (when->op == check::Op::And) when = when->kids.back();
    return when->kids[1];
}

}  // namespace

TEST_CASE("check: different types report E0301 with both types and where they come from") {
    const auto checked = check_condition("params.amount == \"500\"");
    REQUIRE(checked.codes() == "E0301");
    const auto& found = checked.items[0];
    CHECK(found.message.find("decimal") != std::string::npos);
    CHECK(found.message.find("string") != std::string::npos);
    REQUIRE(found.related.size() >= 3);
    CHECK(checked.text_at(found.related[2].span) == "amount");
}

TEST_CASE("check: a set compared like one of its elements reports E0301 with the operator that was meant") {
    const auto help = [](std::string_view condition) {
        const auto checked = check_condition(condition);
        REQUIRE(checked.codes() == "E0301");
        return checked.items[0].help;
    };
    CHECK(help("user.roles == \"ops\"") == "write `user.roles contains \"ops\"`");
    CHECK(help("\"ops\" == user.roles") == "write `user.roles contains \"ops\"`");
    CHECK(help("user.roles != tenant") == "write `not (user.roles contains tenant)`");
    CHECK(help("user.roles contains { \"ops\" }") ==
          "write `user.roles overlaps { \"ops\" }` if one is enough, or `{ \"ops\" } subset of user.roles` for all");
    CHECK(help("user.roles in { \"ops\" }") ==
          "write `user.roles overlaps { \"ops\" }` if one is enough, or `user.roles subset of { \"ops\" }` for all");
    CHECK(help("user.roles == 5").empty());
}

TEST_CASE("check: no coercion between numbers, text, durations and bools") {
    CHECK(check_condition("params.count == 1.0").codes() == "E0301");
    CHECK(check_condition("want.ttl <= 300").codes() == "E0301");
    CHECK(check_condition("ci.ref_protected == true").codes() == "E0301");
    CHECK(check_condition("agent.shared_count == tenant").codes() == "E0301");
    CHECK(check_condition("workload.spiffe_id == agent.id").codes() == "E0301");
}

TEST_CASE("check: types in messages have their articles") {
    const auto says = [](std::string_view condition) {
        const auto checked = check_condition(condition);
        REQUIRE_FALSE(checked.items.empty());
        std::string all = checked.items[0].message + '|' + checked.items[0].label;
        for (const Label& label : checked.items[0].related) all += '|' + label.text;
        return all;
    };
    CHECK(says("agent.shared_count == tenant")
              .find("|left is an int|right is a string|`agent.shared_count` is declared here, an int") !=
          std::string::npos);
    CHECK(says("run.started == 5").find("left is an instant") != std::string::npos);
    CHECK(says("run.state == 5").find("|left is a value of `run_state`|") != std::string::npos);
    CHECK(says("words(params.count) contains \"a\"") ==
          "`words` takes text, not an int|this is an int|`params.count` is declared here, an int");
    CHECK(says("5 and run.background") == "expected a condition|this is an int");
    CHECK(says("tenant in 5").find("an int has no elements") != std::string::npos);
    CHECK(says("params.count.x == 1").find("an int has no field `x`") != std::string::npos);
    const auto clause = check_text("oblige o when run.background with n(a: 1) grant { \"a\" } for 5m");
    REQUIRE(clause.codes() == "E0407");
    CHECK(clause.find("E0407")->message == "`grant` does not belong in an `oblige` rule");
    const auto param = check_text("define f(x: int) = agent.shared_count > x\ndeny d when f(tenant)");
    REQUIRE(param.find("E0301") != nullptr);
    CHECK(param.find("E0301")->message == "parameter `x` is an int, not a string");
}

TEST_CASE("check: set of different types reports E0301 at the odd element") {
    const auto checked = check_text("export define mixed = { \"a\", 1 }");
    REQUIRE(checked.codes() == "E0301");
    CHECK(checked.text_at(checked.items[0].span) == "1");
}

TEST_CASE("check: an int literal where a decimal is due is a decimal, beside `*` it is not") {
    const auto checked = check_condition("params.amount <= 500");
    REQUIRE(checked.codes().empty());
    CHECK(literal_in(checked)->integer == 500'000'000);
    const auto product = check_condition("params.amount * 2 <= 1000");
    REQUIRE(product.codes().empty());
    CHECK(product.rule("it")->when->kids[0]->kids[1]->integer == 2);
}

TEST_CASE("check: literals become canonical values of the other side's type") {
    CHECK(literal_in(check_condition("user.email == \"ann@ACME.example\""))->text == "ann@acme.example");
    CHECK(literal_in(check_condition("token.exp > \"1970-01-01T00:00:01Z\""))->integer == 1'000'000);
    CHECK(literal_in(check_condition("run.state == \"paused\""))->integer == 1);
    CHECK(literal_in(check_condition("egress == { \"API.acme.example\" }"))->kids[0]->text == "api.acme.example");
    CHECK(check_condition("workload.spiffe_id.trust_domain == \"ACME.example\"").codes().empty());
    const auto flipped = check_condition("low == agent.risk_tier");
    REQUIRE(flipped.codes().empty());
    CHECK(flipped.rule("it")->when->kids[0]->type.kind == Kind::Enum);
}

TEST_CASE("check: literal that is no value of the type reports E0303") {
    CHECK(check_condition("workload.spiffe_id == \"spiffe://acme.example/../x\"").codes() == "E0303");
    CHECK(check_condition("egress contains \"*.acme.example\"").codes() == "E0303");
    CHECK(check_condition("token.exp > \"tomorrow\"").codes() == "E0303");
    CHECK(check_condition("params.amount <= 9_223_372_036_854_775_807").codes() == "E0303");
    CHECK(check_condition("url(\"https://user@host/\") == url(agent.id)").codes() == "E0303");
}

TEST_CASE("check: comparison that can never hold reports E0302") {
    CHECK(check_condition("tool.tier < read").codes() == "E0302");
    CHECK(check_condition("tool.tier > privileged").codes() == "E0302");
    CHECK(check_condition("tenant in { }").codes() == "E0302");
    CHECK(check_condition("count(h in delegation.chain: h.tenant == tenant) > 8").codes() == "E0302");
    CHECK(check_condition("tenant != tenant").codes() == "E0302");
    CHECK(check_condition("tenant is none").codes() == "E0302");
}

TEST_CASE("check: equality with a `*` reports E0302 and offers like") {
    const auto checked = check_condition("ci.ref == \"refs/heads/*\"");
    REQUIRE(checked.codes() == "E0302");
    CHECK(checked.items[0].help.find("like \"refs/heads/*\"") != std::string::npos);
    CHECK(check_condition("ci.ref in { \"refs/heads/main\", \"refs/tags/*\" }").codes() == "E0302");
    CHECK(check_condition("want.scopes contains \"*\"").codes().empty());
}

TEST_CASE("check: conjuncts that exclude each other report E0302 and show both") {
    const auto checked = check_condition("tenant == \"a\" and run.background and tenant == \"b\"");
    REQUIRE(checked.codes() == "E0302");
    REQUIRE(checked.items[0].related.size() == 1);
    CHECK(checked.text_at(checked.items[0].related[0].span) == "tenant == \"a\"");
    CHECK(check_condition("params.amount > 5 and params.amount < 5.000001").codes() == "E0302");
    CHECK(check_condition("params.amount > 5 and 5.000002 > params.amount").codes().empty());
    CHECK(check_condition("tenant == \"a\" or tenant == \"b\"").codes().empty());
    // Of three, none can be left out.
    const auto three = check_condition(
        "tenant in { \"a\", \"b\" } and tenant != \"c\" and tenant != \"a\" and run.background and tenant != \"b\"");
    REQUIRE(three.codes() == "E0302");
    CHECK(three.items[0].message == "these conditions are never true together");
    CHECK(three.text_at(three.items[0].span) == "tenant != \"b\"");
    REQUIRE(three.items[0].related.size() == 2);
    CHECK(three.text_at(three.items[0].related[0].span) == "tenant in { \"a\", \"b\" }");
    CHECK(three.text_at(three.items[0].related[1].span) == "tenant != \"a\"");
}

TEST_CASE("check: conjuncts about one text, number, set, presence or issuer exclude each other") {
    struct Joint {
        std::string_view condition;
        bool excluded;
    };
    for (const Joint& each : std::initializer_list<Joint>{
             // The issuer: by name, group, URL and set.
             {"token.issuer is prod and token.issuer is ci", true},
             {"token.issuer is prod and token.issuer is not prod", true},
             {"token.issuer is prod and token.issuer is not ci", false},
             {"token.issuer is both and token.issuer is far", true},
             {"token.issuer is both and token.issuer is ci", false},
             {"token.issuer is both and token.issuer is not ci and token.issuer is not prod", true},
             {"token.issuer is both and token.issuer is near", false},
             {"token.issuer is near and token.issuer is both and token.issuer is not prod", true},
             {"token.issuer in { prod, ci } and token.issuer is far", true},
             {"token.issuer in { prod, ci } and token.issuer is both", false},
             {"token.issuer not in { prod, ci } and token.issuer is both", true},
             {"token.issuer == \"https://cluster.example\" and token.issuer is ci", true},
             {"token.issuer == \"https://cluster.example\" and token.issuer is both", false},
             {"token.issuer != \"https://cluster.example\" and token.issuer is prod", true},
             {"token.issuer is ci and (token.issuer is prod or token.issuer is far)", true},
             {"token.issuer is ci and (token.issuer is prod or token.issuer is both)", false},
             {"token.issuer is ci and not (token.issuer is prod or token.issuer is both)", true},
             // Another issuer may be declared tomorrow.
             {"token.issuer is not prod and token.issuer is not ci and token.issuer is not far", false},
             // Texts.
             {"tenant == \"a\" and tenant != \"a\"", true},
             {"tenant != \"a\" and tenant != \"b\"", false},
             {"tenant in { \"a\", \"b\" } and tenant == \"c\"", true},
             {"tenant in { \"a\", \"b\" } and tenant in { \"b\", \"c\" }", false},
             {"tenant in { \"a\", \"b\" } and tenant in { \"c\" }", true},
             {"tenant in { \"a\", \"b\" } and not (tenant in { \"a\", \"b\", \"c\" })", true},
             {"tenant in { \"a\" } and not (tenant == \"a\" and tenant == agent.id)", false},
             {"ci.sub == \"repo:a/b:x\" and ci.sub like \"repo:a/*:**\"", false},
             {"ci.sub == \"repo:a/b:x\" and ci.sub like \"repo:c/*:**\"", true},
             {"ci.sub like \"repo:a/*:**\" and ci.sub like \"repo:c/*:**\"", true},
             {"ci.sub like \"repo:a/**\" and ci.sub like \"repo:a/b:*\"", false},
             {"ci.sub like \"**:x\" and ci.sub like \"**:y\"", true},
             {"ci.sub like \"repo:a/**\" and not (ci.sub like \"repo:a/**\")", true},
             {"ci.ref == \"refs/heads/main\" and ci.ref matches \"refs/tags/.*\"", true},
             {"lower(tenant) == \"a\" and lower(tenant) == \"b\"", true},
             {"lower(tenant) == \"a\" and tenant == \"A\"", false},
             {"workload.spiffe_id.trust_domain == \"a.example\" and workload.spiffe_id.trust_domain == \"b.example\"",
              true},
             {"tool.name is refund and tool.name is lookup", true},
             {"tool.name is refund and tool.name != \"lookup\"", false},
             {"tool.name in { refund } and tool.name not in { refund, lookup }", true},
             // Numbers, enums, truth and time.
             {"run.attempt in { 1, 2 } and run.attempt > 2", true},
             {"run.attempt in { 1, 2 } and run.attempt > 1", false},
             {"run.attempt == 0 and run.attempt not in { 0 }", true},
             {"run.attempt > 1 and run.attempt < 3 and run.attempt != 2", true},
             {"run.attempt >= 1 and run.attempt < 3 and run.attempt != 2", false},
             {"budget.spent > 9_223_372_036_854.775806 and budget.spent != 9_223_372_036_854.775807", true},
             {"tool.tier >= write and tool.tier <= read", true},
             {"tool.tier != read and tool.tier != write and tool.tier != privileged", false},
             {"run.state != running and run.state != paused and run.state != ended", true},
             {"run.state in { running, paused } and run.state == ended", true},
             {"agent.risk_tier > low and agent.risk_tier < high and agent.risk_tier != medium", true},
             {"run.background and not run.background", true},
             {"run.background and run.background == false", true},
             {"run.background and run.background != false", false},
             {"age(run.started) < 1m and age(run.started) > 2m", true},
             {"now > \"2026-03-02T17:00:00Z\" and now < \"2026-03-01T17:00:00Z\"", true},
             {"run.attempt + 1 > 5 and run.attempt + 1 < 3", true},
             {"run.attempt + 1 > 5 and run.attempt < 3", false},
             // Presence.
             {"user is none and user is some", true},
             {"user is none and not (user is none)", true},
             {"agent.owner is none and agent.owner == \"a\"", false},
             {"agent.owner is some and agent.owner == \"a\"", false},
             // Sets.
             {"token.aud contains \"a\" and token.aud subset of { \"b\" }", true},
             {"token.aud contains \"a\" and token.aud subset of { \"a\", \"b\" }", false},
             {"token.aud == { \"a\" } and token.aud == { \"b\" }", true},
             {"token.aud == { \"a\", \"b\" } and token.aud == { \"b\", \"a\" }", false},
             {"token.aud == { \"a\" } and token.aud != { \"a\" }", true},
             {"token.aud == { \"a\" } and not (token.aud contains \"a\")", true},
             {"token.aud overlaps { \"a\", \"b\" } and token.aud subset of { \"c\" }", true},
             {"token.aud overlaps { \"a\", \"b\" } and not (token.aud contains \"a\")", false},
             {"token.aud overlaps { \"a\" } and not (token.aud overlaps { \"a\", \"b\" })", true},
             {"{ \"a\", \"b\" } subset of token.aud and token.aud subset of { \"a\" }", true},
             {"{ \"a\" } subset of token.aud and not ({ \"a\" } subset of token.aud)", true},
             {"token.aud subset of { \"a\" } and not (token.aud subset of { \"a\", \"b\" })", true},
             {"token.aud == { } and token.aud contains \"a\"", true},
             {"token.aud == { } and token.aud subset of { \"a\" }", false},
             {"token.aud contains \"a\" and token.aud contains \"b\"", false},
             // A condition and its opposite.
             {"(any r in user.roles: r == tenant) and not (any r in user.roles: r == tenant)", true},
             {"(any r in user.roles: r == \"a\") and (any r in user.roles: r == \"b\")", false},
             {"(any r in user.roles: r == \"a\" and r == \"b\")", true},
             {"user.tenant == tenant and user.tenant != tenant", false}}) {
        CAPTURE(each.condition);
        const auto checked = check_text(
            "issuer far: kubernetes \"https://far.example\" { audience \"b\" }\n"
            "issuer group both = prod, ci\nissuer group near = far, prod\n"
            "permit it when user is some and " +
            std::string(each.condition) + " grant { \"refund:create\" } for 5m");
        CHECK(checked.codes() == (each.excluded ? "E0302" : ""));
    }
}

TEST_CASE("check: one condition of an issuer, and what an extension inherits") {
    CHECK(check_narrowing("token.issuer is prod and token.issuer is ci").codes() == "E0302");
    CHECK(check_condition("token.issuer is prod or token.issuer is ci").codes().empty());
    CHECK(check_condition("(token.issuer is prod and tenant == \"a\") or (token.issuer is ci and tenant == \"b\")")
              .codes()
              .empty());
    CHECK(check_text("permit base for tool refund when token.issuer is prod grant { \"refund:create\" } for 5m\n"
                     "permit more extends base when token.issuer is ci")
              .codes() == "E0302");
}

TEST_CASE("check: operation that is not defined for the type reports E0304") {
    CHECK(check_condition("tenant < \"b\"").codes() == "E0304");
    const auto order = check_condition("run.state < paused");
    REQUIRE(order.codes() == "E0304");
    // The help does not suggest to edit the standard library, or an order without some of the members.
    CHECK(order.items[0].help == "compare with `==`, or list the members: `in { … }`");
    const auto own = check_text(
        "enum mood = calm | busy | wild\ntable t = csv \"t.csv\" { mood: mood }\n"
        "deny d for each row in t when row.mood < busy and run.background",
        {{"t.csv", "mood\ncalm\n"}});
    REQUIRE(own.codes() == "E0304");
    CHECK(own.items[0].help == "if its members have an order, declare them with `<` in place of `|`");
    REQUIRE_FALSE(own.items[0].related.empty());
    CHECK(own.text_at(own.items[0].related.back().span) == "mood");
    CHECK(own.items[0].related.back().text == "declared here without an order");
    CHECK(check_condition("params.amount * 1.5 > 3.0").codes() == "E0304");
    CHECK(check_condition("user == \"ann\"").codes() == "E0304");
    CHECK(check_condition("tenant contains \"a\"").codes() == "E0304");
    CHECK(check_condition("params.count like \"1*\"").codes() == "E0304");
    CHECK(check_condition("any x in tenant: x == \"a\"").codes() == "E0304");
    CHECK(check_condition("prod == \"a\"").codes() == "E0304");
    CHECK(check_condition("tenant in 09:00..17:00 \"UTC\"").codes() == "E0304");
}

TEST_CASE("check: `*` on text without segments reports E0307 and names what has them") {
    const auto checked = check_condition("agent.id like \"support-*\"");
    REQUIRE(checked.codes() == "E0307");
    CHECK(checked.items[0].help.find("path") != std::string::npos);
    CHECK(check_condition("agent.id like \"support-**\"").codes().empty());
    CHECK(check_condition("agent.id like \"support\"").codes().empty());
    CHECK(check_condition("ci.repository like \"acme/*\"").codes().empty());
    const auto email = check_condition("email(agent.id) like \"*@contractor.example\"");
    REQUIRE(email.codes() == "E0307");
    CHECK(email.items[0].help.find("`.domain`") != std::string::npos);
    CHECK(check_condition("email(agent.id) like \"**@contractor.example\"").codes().empty());
    const auto url = check_condition("url(agent.id) like \"https://*.example/\"");
    REQUIRE(url.codes() == "E0307");
    CHECK(url.items[0].help.find("`.host`") != std::string::npos);
}

TEST_CASE("check: a glob for what no path, URL or host can be reports E0307") {
    for (const char* none :
         {"a/../b/*", "./a", "..", "a//b", "a/./**", "a\\\\b", "a/%2e%2E/*", "a%2Fb", "a%5cb", "*/..", "a\\u{0}b"})
        CHECK_MESSAGE(check_condition("ci.ref like \"" + std::string(none) + "\"").codes() == "E0307", none);
    for (const char* some : {"", "/", "/a/*/", "a/..b", ".github/*", "..*/x", "a/%20*", "**/x", "/**"})
        CHECK_MESSAGE(check_condition("ci.ref like \"" + std::string(some) + "\"").codes().empty(), some);
    CHECK(check_condition("url(agent.id) like \"https://a.example/../**\"").codes() == "E0307");
    CHECK(check_condition("url(agent.id) like \"https://a.example/%2e**\"").codes() == "E0307");
    CHECK(check_condition("url(agent.id) like \"https://a.example/%25**\"").codes().empty());
    CHECK(check_condition("url(agent.id) like \"https://a.example/**\"").codes().empty());
    CHECK(check_condition("workload.spiffe_id.path like \"/a//*\"").codes() == "E0307");
    CHECK(check_condition("spiffe(agent.id) like \"spiffe://a.example/./*\"").codes() == "E0307");
    CHECK(check_condition("arn(agent.id) like \"arn:aws:s3:::b/../*\"").codes() == "E0307");
    CHECK(check_condition("host(agent.id) like \"*..example\"").codes() == "E0307");
    CHECK(check_condition("host(agent.id) like \"*.example.\"").codes() == "E0307");
    CHECK(check_condition("host(agent.id) like \"*.Example\"").codes() == "E0307");
    CHECK(check_condition("workload.spiffe_id.trust_domain like \"*.ACME.example\"").codes() == "E0307");
    // The literal gets the type path, and this text is not a path.
    CHECK(check_condition("ci.ref == \"a/../b\"").codes() == "E0303");
    CHECK(check_condition("ci.ref in { \"a//b\", \"c\" }").codes() == "E0303");
}

TEST_CASE("check: wrong number of arguments reports E0305") {
    CHECK(check_condition("words(tenant, tenant) contains \"a\"").codes() == "E0305");
    CHECK(check_condition("words() contains \"a\"").items.at(0).help == "write `words(text)`");
    CHECK(check_condition("age() < 5m").items.at(0).help == "write `age(instant)`");
    CHECK(check_condition("spiffe() == workload.spiffe_id").items.at(0).help == "write `spiffe(text)`");
    CHECK(check_text("define f(x: string, y: int) = tenant == x and agent.shared_count > y\ndeny d when f")
              .items.at(0)
              .help == "write `f(x, y)`");
    CHECK(check_text("define f(x: string) = tenant == x\ndeny d when f(\"a\", \"b\")").codes() == "E0305");
    CHECK(check_text("define f(x: string) = tenant == x\ndeny d when f").codes() == "E0305");
    CHECK(check_text("define f = run.background\ndeny d when f()").codes() == "E0305");
}

TEST_CASE("check: `now` anywhere but in a comparison reports E0306") {
    CHECK(check_condition("now + 5m < token.exp").codes() == "E0306");
    CHECK(check_condition("age(run.started) + 5m < 10m").codes() == "E0306");
    CHECK(check_condition("now in { \"2026-01-01T00:00:00Z\" }").codes() == "E0306");
    CHECK(check_condition("now == now").codes() == "E0306");
    CHECK(
        check_condition("now < token.exp and age(run.started) <= 10m and now in 09:00..17:00 \"UTC\"").codes().empty());
}

TEST_CASE("check: `now`, an age and a count stand on the left of their comparison") {
    for (const auto* text :
         {"token.exp > now", "10m >= age(run.started)", "2 <= count(h in delegation.chain: h.tenant == tenant)"}) {
        const auto checked = check_condition(text);
        REQUIRE(checked.codes().empty());
        const auto op = checked.rule("it")->when->kids[0]->op;
        CHECK((op == check::Op::Now || op == check::Op::Age || op == check::Op::Count));
    }
    CHECK(check_condition("token.exp > now").rule("it")->when->cmp == Cmp::Lt);
}

TEST_CASE("check: a test of a text on a list names the test in its help") {
    for (const std::string test : {"like", "matches"}) {
        const auto checked = check_condition("user.roles " + test + " \"a\"");
        REQUIRE(checked.codes() == "E0304");
        CHECK(checked.items[0].help == "test the elements: `any x in …: x " + test + " \"…\"`");
    }
}

TEST_CASE("check: glob with three stars in a row reports E0307") {
    CHECK(check_condition("ci.ref like \"refs/***\"").codes() == "E0307");
}

TEST_CASE("check: bad regular expression reports E0308, also one that wrapping would hide") {
    CHECK(check_condition("ci.ref matches \"a)|(\"").codes() == "E0308");
    CHECK(check_condition("ci.ref matches \"[a\"").codes() == "E0308");
    const auto large = check_condition("ci.ref matches \"(a|b)*a(a|b){900}0\"");
    REQUIRE(large.codes() == "E0308");
    CHECK(large.items[0].message.find("4000 states, because of `(a|b){900}`") != std::string::npos);
    CHECK(large.items[0].help.find("smaller count") != std::string::npos);
    CHECK(check_condition("ci.ref matches \"refs/heads/[a-z]+\"").codes().empty());
}

TEST_CASE("check: count outside of a comparison reports E0309") {
    CHECK(check_condition("count(h in delegation.chain: true) + 1 > 2").codes() == "E0309");
    CHECK(check_condition("count(h in delegation.chain: true) == count(h in delegation.chain: true)").codes() ==
          "E0309");
    CHECK(check_condition("count(h in delegation.chain: true) >= 2").codes().empty());
}

TEST_CASE("check: value where a condition is due reports E0310") {
    const auto checked = check_condition("tenant and run.background");
    REQUIRE(checked.codes() == "E0310");
    CHECK(checked.text_at(checked.items[0].span) == "tenant");
}

TEST_CASE("check: condition where a value is due reports E0301") {
    CHECK(check_condition("(tenant == \"a\") == true").codes() == "E0301");
}

TEST_CASE("check: fact where a constant is due reports E0311") {
    CHECK(check_text("permit p for tool refund when run.background grant user.scopes for 5m").codes() == "E0311");
    CHECK(check_text("permit p for tool refund when run.background grant { \"refund:read\" } for want.ttl").codes() ==
          "E0311");
    const auto any_tool = check_text("permit p when run.background grant tool.scopes for 5m");
    REQUIRE(any_tool.codes() == "E0311");
    CHECK(any_tool.items[0].message == "expected a constant, but this differs between the tools");
    CHECK(any_tool.items[0].help == "name the rule's tools with `for tool NAME`, or write the values out");
    const auto shown = check_text("oblige o for tool refund, lookup when run.background with audit(of: tool.scopes)");
    REQUIRE(shown.codes() == "E0311");
    CHECK(shown.items[0].help == "write the values out, or write one rule for each tool");
    CHECK(check_condition("tenant in { user.tenant }").codes() == "E0311");
    const std::string_view help = "write a literal, a `define`d constant or a column of the rule's row";
    CHECK(check_text("permit p for tool refund when run.background grant user.scopes for 5m").items.at(0).help == help);
    CHECK(check_text("permit p for tool refund when run.background grant { \"refund:read\" } for params.x")
              .items.at(0)
              .help == help);
    const DataFiles rows = {{"t.csv", "to\na\n"}};
    const auto algebra = check_text(
        "table t = csv \"t.csv\" { to: set<string> }\n"
        "oblige o for each row in t when run.background with notify(to: row.to | { \"b\" })",
        rows);
    REQUIRE(algebra.codes() == "E0311");
    CHECK(algebra.items[0].help == "write the set out, or give the table a column of it");
}

TEST_CASE("check: constant condition or part of one reports E0404") {
    CHECK(check_condition("true").codes() == "E0404");
    CHECK(check_condition("1 < 2").codes() == "E0404");
    CHECK(check_condition("not (\"a\" == \"b\")").codes() == "E0404");
    CHECK(check_condition("\"10.0.0.1\" == \"10.0.0.1\" or run.background").codes() == "E0404");
    CHECK(check_condition("tool.tier >= read and run.background").codes() == "E0404");
    CHECK(check_condition("run.background or (tool.tier <= privileged and agent.revoked)").codes() == "E0404");
    CHECK(check_condition("count(h in delegation.chain: h.tenant == tenant) >= 0").codes() == "E0404");
    CHECK(check_condition("{ } subset of want.scopes").codes() == "E0404");
    CHECK(check_condition("tenant is some").codes() == "E0404");
    CHECK(check_text("define f(x: int) = x > 5\ndeny d when f(3)").codes() == "E0404");
}

TEST_CASE("check: unknown time zone reports E0413, zones are kept once") {
    CHECK(check_condition("now in 09:00..17:00 \"Mars/Olympus\"").codes() == "E0413");
    const auto checked = check_condition("now in 09:00..17:00 \"UTC\" or now in 20:00..22:00 \"UTC\"");
    REQUIRE(checked.codes().empty());
    CHECK(checked.policy->zones.size() == 1);
}

TEST_CASE("check: nesting beyond the limit reports E0111, also through definitions") {
    std::string text = "define d0 = run.background\n";
    for (int i = 1; i < 300; ++i) text += "define d" + std::to_string(i) + " = not d" + std::to_string(i - 1) + "\n";
    const auto checked = check_text(text + "deny it when d299");
    REQUIRE(checked.find("E0111") != nullptr);
    CHECK(checked.find("E0111")->help == "write some of the definitions out: `a and b and c` is one level");
    CHECK(check_condition("any a in egress: any b in egress: any c in egress: any d in egress: any e in egress: "
                          "any f in egress: any g in egress: any h in egress: any i in egress: a != i")
              .codes() == "E0111");
    CHECK(check_condition("any a in egress: any b in egress: any c in egress: any d in egress: any e in egress: "
                          "any f in egress: any g in egress: any h in egress: any i in egress: a != i")
              .items.at(0)
              .help == "compare sets with `overlaps` or `subset of`, or split the rule");
}

TEST_CASE("check: condition that grows too large with its definitions reports E0503") {
    std::string text = "define d0 = run.background and agent.revoked\n";
    for (int i = 1; i < 24; ++i) {
        const auto before = "d" + std::to_string(i - 1);
        text += "define d" + std::to_string(i) + " = (" + before + " and workload.revoked) or (" + before +
                " and user.session_active)\n";
    }
    const auto checked = check_text(text + "permit p when d23 grant { \"s\" } for 5m");
    CHECK(checked.find("E0503") != nullptr);
}

TEST_CASE("check: definitions take the type they are used at") {
    const auto checked = check_text(
        "define ceiling = 500\ndefine home = \"spiffe://acme.example/a\"\n"
        "permit it for tool refund when params.amount <= ceiling and params.count <= ceiling\n"
        "  and workload.spiffe_id == home grant { \"refund:read\" } for 5m");
    REQUIRE(checked.codes().empty());
    const auto kids = checked.rule("it")->when->kids;
    CHECK(kids[0]->kids[1]->integer == 500'000'000);
    CHECK(kids[1]->kids[1]->integer == 500);
    CHECK(kids[2]->kids[1]->type.kind == Kind::Spiffe);
}

TEST_CASE("check: binders are numbered by depth, also through definitions and their arguments") {
    const auto checked = check_text(
        "define held(c: bool) = any r in user.roles: r == \"x\" and c\n"
        "permit it when any h in delegation.chain: held(any s in want.scopes: s == h.tenant) grant { \"s\" } "
        "for 5m");
    REQUIRE(checked.codes().empty());
    const auto* outer = checked.rule("it")->when;
    REQUIRE(outer->op == check::Op::Any);
    CHECK(outer->id == 0);
    const auto* middle = outer->kids[1];
    REQUIRE(middle->op == check::Op::Any);
    CHECK(middle->id == 1);
    const auto* inner = middle->kids[1]->kids[1];
    REQUIRE(inner->op == check::Op::Any);
    CHECK(inner->id == 2);
    CHECK(inner->binder_depth == 2);
    CHECK(inner->kids[1]->kids[1]->id == 0);
}

TEST_CASE("check: contains becomes In, ip in a block InCidr, `is` an issuer IssuerIs") {
    CHECK(check_condition("user.roles contains \"a\"").rule("it")->when->op == check::Op::In);
    CHECK(check_condition("ip(agent.id) in \"10.0.0.0/8\"").rule("it")->when->op == check::Op::InCidr);
    CHECK(check_condition("token.issuer is prod").rule("it")->when->op == check::Op::IssuerIs);
    CHECK(check_condition("any h in delegation.chain: h.issuer is prod").codes().empty());
    CHECK(check_condition("run.state is paused").rule("it")->when->op == check::Op::Compare);
}

TEST_CASE("check: set algebra of constants is folded") {
    const auto checked = check_text(
        "permit it for tool refund when run.background\n"
        "  grant ({ \"refund:read\" } | { \"refund:create\", \"x\" }) - { \"x\" } for 2 * 1m");
    REQUIRE(checked.codes().empty());
    const auto* scopes = checked.rule("it")->scopes;
    REQUIRE(scopes->op == check::Op::Set);
    CHECK(scopes->kids.size() == 2);
    CHECK(checked.rule("it")->ttl->integer == 120'000'000);
}
