// Tests the code of conditions: one form for each condition, negation at the leaves, cheap tests first.
#include <array>
#include <deque>
#include <utility>

#include "bytecode/cost.h"
#include "compile_from_text.h"

using namespace writ;
using namespace writ::testing;

namespace {

/// The code of a permit that names no tool.
std::string code(std::string_view when) {
    return from_text("permit p when " + std::string(when) + " grant { \"x\" } for 1m").code("p");
}

}  // namespace

TEST_CASE("compile: a conjunction falls out at the first test that fails") {
    CHECK(code("tenant == \"a\" and agent.id == \"b\"") ==
          "TextEq tenant, \"a\" | TextEq agent.id, \"b\" | RetTrue | RetFalse");
    const std::string listing = from_text("deny d when tenant == \"a\" and agent.id == \"b\"").listing();
    CHECK(listing.find("  0000 TextEq     tenant, \"a\"  ->0003\n"
                       "  0001 TextEq     agent.id, \"b\"  ->0003\n"
                       "  0002 RetTrue\n"
                       "  0003 RetFalse\n") != std::string::npos);
}

TEST_CASE("compile: a disjunction is left at the first test that holds") {
    const std::string listing =
        from_text("deny d when (tenant == \"a\" or agent.id == \"b\") and run.id == \"c\"").listing();
    CHECK(listing.find("  0000 TextEq     run.id, \"c\"  ->0004\n"
                       "  0001 TextEq     tenant, \"a\"  ?->0003\n"
                       "  0002 TextEq     agent.id, \"b\"  ->0004\n"
                       "  0003 RetTrue\n"
                       "  0004 RetFalse\n") != std::string::npos);
}

TEST_CASE("compile: an alternative of conjunctions") {
    const std::string listing =
        from_text("deny d when (tenant == \"a\" and agent.id == \"b\") or (tenant == \"c\" and agent.id == \"d\")")
            .listing();
    CHECK(listing.find("  0000 TextEq     tenant, \"a\"  ->0002\n"
                       "  0001 TextEq     agent.id, \"b\"  ?->0004\n"
                       "  0002 TextEq     tenant, \"c\"  ->0005\n"
                       "  0003 TextEq     agent.id, \"d\"  ->0005\n"
                       "  0004 RetTrue\n"
                       "  0005 RetFalse\n") != std::string::npos);
}

TEST_CASE("compile: `not` goes to the leaves") {
    const std::string listing =
        from_text("permit p when not (tenant == \"a\" or agent.shared_count >= 2) grant { \"x\" } for 1m").listing();
    CHECK(listing.find("  0000 TextEq     tenant, \"a\"  ! ->0003\n"
                       "  0001 IntCmp     agent.shared_count, 2, <  ->0003\n") != std::string::npos);
    CHECK(code("not (not (tenant == \"a\"))") == code("tenant == \"a\""));
    CHECK(code("not (tenant != \"a\")") == code("tenant == \"a\""));
}

TEST_CASE("compile: `not` turns each comparison into its opposite") {
    const std::pair<std::string, std::string> opposites[] = {{"==", "!="}, {"!=", "=="}, {"<", ">="},
                                                             {"<=", ">"},  {">", "<="},  {">=", "<"}};
    for (const auto& [cmp, opposite] : opposites) {
        CAPTURE(cmp);
        CHECK(code("not (agent.shared_count " + cmp + " 3)") ==
              "IntCmp agent.shared_count, 3, " + opposite + " | RetTrue | RetFalse");
        CHECK(code("not (age(run.started) " + cmp + " 1m)") ==
              "AgeCmp run.started, 60000000, " + opposite + " | RetTrue | RetFalse");
    }
}

TEST_CASE("compile: a comparison written the other way round is turned round") {
    const std::pair<std::string, std::string> turned[] = {{"==", "=="}, {"!=", "!="}, {"<", ">"},
                                                          {"<=", ">="}, {">", "<"},   {">=", "<="}};
    for (const auto& [cmp, other] : turned) {
        CAPTURE(cmp);
        CHECK(code("3 " + cmp + " agent.shared_count") ==
              "IntCmp agent.shared_count, 3, " + other + " | RetTrue | RetFalse");
    }
}

TEST_CASE("compile: `not` exchanges any and all") {
    CHECK(code("not (any s in want.scopes: s == tenant)") ==
          "Quantify want.scopes, 3, all #0 | Bound | TextEq #0, tenant | RetTrue | RetFalse | RetTrue | RetFalse");
    CHECK(code("not (all s in want.scopes: s == tenant)").starts_with("Quantify want.scopes, 3, any #0"));
    const std::string listing =
        from_text("permit p when not (any s in want.scopes: s == tenant) grant { \"x\" } for 1m").listing();
    CHECK(listing.find("TextEq     #0, tenant  ! ->") != std::string::npos);
}

TEST_CASE("compile: counts become at-least of the body and at-most of its negation") {
    const auto count = [](std::string_view rest) {
        const std::string all = code("count(s in want.scopes: s == tenant) " + std::string(rest));
        return all.substr(0, all.find(" | TextEq"));
    };
    CHECK(count(">= 2") == "Quantify want.scopes, 3, at-least #0 | Bound 2");
    CHECK(count("> 2") == "Quantify want.scopes, 3, at-least #0 | Bound 3");
    CHECK(count("<= 2") == "Quantify want.scopes, 3, at-most #0 | Bound 2");
    CHECK(count("< 2") == "Quantify want.scopes, 3, at-most #0 | Bound 1");
    CHECK(code("2 <= count(s in want.scopes: s == tenant)") == code("count(s in want.scopes: s == tenant) >= 2"));
    CHECK(code("not (count(s in want.scopes: s == tenant) >= 2)") == code("count(s in want.scopes: s == tenant) < 2"));
    const std::string most =
        from_text("permit p when count(s in want.scopes: s == tenant) <= 2 grant { \"x\" } for 1m").listing();
    CHECK(most.find("TextEq     #0, tenant  ! ->") != std::string::npos);
    const std::string equal = code("count(s in want.scopes: s == tenant) == 2");
    CHECK(equal.find("at-least #0 | Bound 2") != std::string::npos);
    CHECK(equal.find("at-most #0 | Bound 2") != std::string::npos);
    const std::string unequal = code("count(s in want.scopes: s == tenant) != 2");
    CHECK(unequal.find("at-least #0 | Bound 3") != std::string::npos);
    CHECK(unequal.find("at-most #0 | Bound 1") != std::string::npos);
    CHECK(code("count(s in want.scopes: s == tenant) > agent.shared_count")
              .starts_with("Add agent.shared_count, 1, t0 | Quantify want.scopes, 3, at-least #0 | Bound t0"));
}

TEST_CASE("compile: one form for a comparison, whichever way round") {
    CHECK(code("\"a\" == tenant") == code("tenant == \"a\""));
    CHECK(code("3 < agent.shared_count") == code("agent.shared_count > 3"));
    CHECK(code("token.exp > now") == code("now < token.exp"));
    CHECK(code("now < token.exp") == "NowCmp token.exp, < | RetTrue | RetFalse");
    CHECK(code("10m >= age(run.started)") == code("age(run.started) <= 10m"));
    CHECK(code("age(run.started) <= 10m") == "AgeCmp run.started, 600000000, <= | RetTrue | RetFalse");
}

TEST_CASE("compile: cheap tests go first, tests of time last") {
    CHECK(code("age(run.started) <= 10m and agent.id matches \"[a-z]+\" and tenant in { \"a\", \"b\" } and run.id == "
               "\"r\"") ==
          "TextEq run.id, \"r\" | TextIn tenant, { \"a\", \"b\" } | Match agent.id, matches \"[a-z]+\" | "
          "AgeCmp run.started, 600000000, <= | RetTrue | RetFalse");
    CHECK(code("(all s in want.scopes: s == tenant) and agent.revoked").starts_with("Truth agent.revoked | Quantify"));
}

TEST_CASE("compile: tools come before everything") {
    const auto policy = from_text(
        "permit p for tool lookup, refund when tenant == \"a\" grant { \"data:read\" } for 1m\n"
        "deny d for tool refund");
    CHECK(policy.code("p") == "ToolIn { refund, lookup } | TextEq tenant, \"a\" | RetTrue | RetFalse");
    CHECK(policy.code("d") == "ToolIn { refund } | RetTrue | RetFalse");
}

TEST_CASE("compile: membership in a literal set") {
    CHECK(code("tenant in { \"a\" }") == "TextEq tenant, \"a\" | RetTrue | RetFalse");
    CHECK(code("tenant in { \"b\", \"a\" }") == "TextIn tenant, { \"a\", \"b\" } | RetTrue | RetFalse");
    CHECK(code("agent.shared_count in { 3, 1 }") == "IntIn agent.shared_count, { 1, 3 } | RetTrue | RetFalse");
    CHECK(code("user.roles contains \"r\"") == "TextIn \"r\", user.roles | RetTrue | RetFalse");
}

TEST_CASE("compile: a glob without a star is an equality") {
    CHECK(code("agent.id like \"a-**\"") == "Match agent.id, like \"a-**\" | RetTrue | RetFalse");
    CHECK(code("agent.id like \"a-1\"") == "TextEq agent.id, \"a-1\" | RetTrue | RetFalse");
}

TEST_CASE("compile: the issuer, groups and none") {
    CHECK(code("token.issuer is prod") == "TextEq token.issuer, \"https://prod.example\" | RetTrue | RetFalse");
    const std::string some = from_text("permit p when user is some grant { \"x\" } for 1m").listing();
    CHECK(some.find("IsNone     user  ! ->") != std::string::npos);
    CHECK(code("user is none") == "IsNone user | RetTrue | RetFalse");
}

TEST_CASE("compile: values are computed just before their test") {
    CHECK(code("lower(agent.class) == \"a\" and host(agent.id) == \"b.example\"") ==
          "Lower agent.class, t0 | TextEq t0, \"a\" | Convert agent.id, host, t0 | TextEq t0, \"b.example\" | "
          "RetTrue | RetFalse");
    CHECK(code("(want.scopes | user.roles) & tool.scopes subset of { \"a\" }") ==
          "Union want.scopes, user.roles, t0 | Intersect t0, tool.scopes, t1 | Subset t1, { \"a\" } | RetTrue | "
          "RetFalse");
    CHECK(code("agent.shared_count * 2 + 1 > 3 - 1") ==
          "Mul agent.shared_count, 2, t0 | Add t0, 1, t1 | IntCmp t1, 2, > | RetTrue | RetFalse");
}

TEST_CASE("compile: only rules with tests of time are timed") {
    const auto policy = from_text(
        "deny a when tenant == \"a\"\ndeny b when now > run.started\n"
        "deny c when any s in want.scopes: age(run.started) > 1h");
    REQUIRE(policy.program->rules.size() == 3);
    CHECK(policy.program->rules[0].flags == 0);
    CHECK(policy.program->rules[1].flags == bytecode::kTimed);
    CHECK(policy.program->rules[2].flags == bytecode::kTimed);
}

TEST_CASE("compile: equal conditions share their code") {
    const auto policy = from_text(
        "deny a when tenant == \"a\" and agent.id == \"x\"\n"
        "deny b when not (agent.id != \"x\") and \"a\" == tenant\n"
        "deny c when tenant == \"b\"");
    const auto& rules = policy.program->rules;
    REQUIRE(rules.size() == 3);
    CHECK(rules[2].code != rules[0].code);
    const auto again = from_text("deny a when tenant == \"a\"\ndeny b when \"a\" == tenant");
    CHECK(again.program->rules[0].code == again.program->rules[1].code);
    CHECK(again.program->code.size() == 3);
}

TEST_CASE("compile: E0503 a condition that is too long to jump over") {
    // check() reports this earlier, but the compiler does not rely on that.
    auto policy = from_text("deny d when tenant == \"a\"").policy;
    auto& when = policy->rules[0].when;
    const auto with = [&](std::size_t tests) {
        const std::vector<const check::Expr*> kids(tests, when);
        check::Expr all;
        all.op = check::Op::And;
        all.kids = kids;
        const check::Expr* before = std::exchange(when, &all);
        Report report;
        const bool sealed = !compiler::lower(*policy, CompileOptions{}.max_steps, report).empty();
        when = before;
        const auto found = report.take();
        return found.empty() ? std::string(sealed ? "sealed" : "nothing") : found[0].code;
    };
    CHECK(with(60'000) == "sealed");
    CHECK(with(65'535) == "E0503");
    CHECK(with(70'000) == "E0503");
}

TEST_CASE("compile: E0503 quantifiers nine deep") {
    auto policy = from_text("deny d when any s in want.scopes: s == tenant").policy;
    auto& when = policy->rules[0].when;
    const check::Expr* list = when->kids[0];
    std::deque<check::Expr> nodes;
    std::deque<std::array<const check::Expr*, 2>> kids;
    for (int depth = 9; depth > 0; --depth) {
        kids.push_back({list, when});
        check::Expr& any = nodes.emplace_back(*policy->rules[0].when);
        any.op = check::Op::Any;
        any.kids = kids.back();
        when = &any;
    }
    Report report;
    CHECK(compiler::lower(*policy, CompileOptions{}.max_steps, report).empty());
    const auto found = report.take();
    REQUIRE(found.size() == 1);
    CHECK(found[0].code == "E0503");
}

TEST_CASE("compile: E0504 a policy of which a request can reach too much") {
    // Eight nested lists of 1,000 elements, ten times.
    std::string fields, when;
    for (int i = 0; i < 8; ++i) {
        fields += " l" + std::to_string(i) + ": set<string> max 1000";
        when +=
            (i == 0 ? "(" : "") + std::string("any x") + std::to_string(i) + " in huge.l" + std::to_string(i) + ": ";
    }
    const std::string kind =
        "claims big {" + fields + " }\nissuer huge: big \"https://huge.example\" { audience \"b\" }\n";
    const DataFile rows = data("a\n1\n2\n");
    const auto policy = from_text(kind +
                                      "table t = csv \"t.csv\" { a: string }\n"
                                      "deny each for each row in t when tenant == row.a\n"
                                      "deny cheap when tenant == \"x\"\n"
                                      "permit costly when token.issuer is huge and " +
                                      when +
                                      "x0 == x7 and x1 == x6 and x2 == x5 and x3 == x4) grant { \"x\" } for 1m\n"
                                      "deny cheap_too when tenant == \"y\"",
                                  rows);
    CHECK(policy.codes == std::vector<std::string>{"E0504"});
    // The error is at the most expensive rule, even after rules of templates.
    Report report;
    CHECK(compiler::lower(*policy.policy, CompileOptions{}.max_steps, report).empty());
    const auto found = report.take();
    REQUIRE(found.size() == 1);
    const Span span = found[0].span;
    CHECK(policy.policy->sources[span.source].text.substr(span.begin, span.end - span.begin) == "costly");
}

TEST_CASE("compile: E0504 counts text by its declared length and lists by their product") {
    const auto with = [](const std::string& params, const std::string& when, std::size_t rules = 1) {
        std::string text =
            "tool probe { tier read audience \"https://p.example\" scopes { \"p\" } params { " + params + " } }\n";
        for (std::size_t i = 0; i < rules; ++i) {
            std::string own = when;  // equal conditions would be shared
            if (const auto at = own.find('#'); at != std::string::npos) own.replace(at, 1, std::to_string(i));
            text += "deny d" + std::to_string(i) + " for tool probe when (" + own + ") and agent.class != \"t" +
                    std::to_string(i) + "\"\n";
        }
        return from_text(text, nullptr, CompileOptions{}.max_steps).codes;
    };
    const std::vector<std::string> none, refused{"E0504"};
    const std::string five =
        "any a in params.xs: any b in params.xs: any c in params.xs: any d in params.xs: any e in params.xs: a == b "
        "and d == e";
    CHECK(with("xs: set<string> max 64", five) == refused);
    CHECK(with("xs: set<string> max 4", five) == none);
    CHECK(with("s: string", "params.s matches \"a+b#\"", 20) == none);
    CHECK(with("s: string", "params.s matches \"a+b#\"", 200) == refused);
    CHECK(with("s: string max 64", "params.s matches \"a+b#\"", 200) == none);
    CHECK(with("s: string max 16384", "params.s like \"**a**b#\"", 20) == refused);
    CHECK(with("s: string", "any a in words(params.s): any b in words(params.s): a == b") == refused);
    // A comparison with a constant costs no more than the constant.
    CHECK(with("s: string max 16384", "params.s == \"a\"", 1'000) == none);
    // A fact is looked up among the constants once, and not for each set. What is computed from it is not.
    CHECK(with("s: string max 16384", "params.s in { \"a\", \"b\", \"c\", \"d\", \"e\", \"#\" }", 1'000) == none);
    CHECK(with("s: string max 16384", "lower(params.s) in { \"a\", \"b\", \"c\", \"d\", \"e\", \"#\" }", 1'000) ==
          refused);
}

TEST_CASE("compile: the costs are shown with the most expensive group and rule first") {
    const auto policy = from_text(
        "deny cheap when tenant == \"a\"\n"
        "deny plain when tenant == \"b\"\n"
        "deny costly when tenant == \"b\" and agent.id matches \"a+b\"\n"
        "deny scanned when agent.id matches \"a+\" and resource.id matches \"b+\"",
        nullptr, CompileOptions{}.max_steps);
    REQUIRE(policy.codes.empty());
    const bytecode::Reach costs = bytecode::reach(*policy.program);
    REQUIRE(costs.rules.size() == 4);
    REQUIRE(costs.groups.size() == 2);
    CHECK(costs.stated == costs.itself + costs.groups[0].stated + costs.groups[1].stated);
    const auto steps = [&](std::size_t rule) { return std::to_string(costs.rules[rule]); };
    const std::string told = bytecode::describe_costs(*policy.program);
    CAPTURE(told);
    const std::string always =
                          "1 narrowing rule tried on every request\n  " + steps(3) + "  main.scanned (policy.writ:",
                      found = "3 narrowing rules found by tenant\n  " + steps(2) + "  main.costly (policy.writ:";
    CHECK(told.find(always) < told.find(found));
    CHECK(told.find(found) < told.find(steps(0) + "  main.cheap (policy.writ:"));
    CHECK(told.starts_with("a request costs at most " + std::to_string(costs.stated) + " steps, or " +
                           std::to_string(costs.any) + " if it leaves out facts that rules are found by\n"));
}

TEST_CASE("compile: E0504 counts the size of a pattern's table") {
    const auto with = [](const std::string& pattern) {
        std::string text =
            "tool probe { tier read audience \"https://p.example\" scopes { \"p\" } params { s: string max 64 } }\n";
        for (int i = 0; i < 600; ++i)
            text += "deny d" + std::to_string(i) + " for tool probe when params.s matches \"" + pattern +
                    std::to_string(i) + "\"\n";
        return from_text(text, nullptr, CompileOptions{}.max_steps).codes;
    };
    CHECK(with("[ab]*a") == std::vector<std::string>{});
    CHECK(with("[ab]*a[ab]{9}") == std::vector<std::string>{"E0504"});
}

TEST_CASE("compile: E0504 counts claims that are taken apart") {
    const auto with = [](int patterns, const std::string& sub) {
        std::string parse;
        for (int i = 0; i < patterns; ++i) parse += "\n\"{a}:{b}:{c}:{d}:{e}:{rest**}:" + std::to_string(i) + "\"";
        return from_text("claims big { " + sub + " parse sub {" + parse +
                             " } }\nissuer huge: big \"https://huge.example\" { audience \"b\" }\n"
                             "deny d when token.issuer is huge and huge.rest == \"x\"",
                         nullptr, CompileOptions{}.max_steps)
            .codes;
    };
    CHECK(with(10, "sub: string") == std::vector<std::string>{});
    CHECK(with(10, "sub: string max 16384") == std::vector<std::string>{"E0504"});
    CHECK(with(1, "sub: string max 16384") == std::vector<std::string>{});
}

TEST_CASE("compile: E0504 is of what one request can reach") {
    std::string rules;
    for (int i = 0; i < 1'000; ++i)
        rules += "deny d" + std::to_string(i) + " when resource.id == \"t" + std::to_string(i % 500) +
                 "\" and agent.id matches \"a+" + std::to_string(i) + "\"\n";
    const auto policy = from_text(rules, nullptr, CompileOptions{}.max_steps);
    // A known resource reaches two rules, but an unknown one reaches all of them.
    CHECK(policy.codes == std::vector<std::string>{"E0504"});
    const auto permits = from_text(
        [] {
            std::string text;
            for (int i = 0; i < 2'000; ++i)
                text += "permit p" + std::to_string(i) + " for tool refund when tenant == \"t" + std::to_string(i) +
                        "\" grant tool.scopes for 1m\n";
            return text;
        }(),
        nullptr, CompileOptions{}.max_steps);
    CHECK(permits.codes.empty());
    std::string globs;  // an unknown text is not matched
    for (int i = 0; i < 3'000; ++i)
        globs += "deny d" + std::to_string(i) + " when resource.id like \"r" + std::to_string(i) + "/**\"\n";
    CHECK(from_text(globs, nullptr, CompileOptions{}.max_steps).codes.empty());
}

TEST_CASE("compile: temporaries of one test are not those of the next") {
    // The compiler once produced code for these that the verifier rejects (B0016): it treated a temporary of an earlier
    // test, or of an earlier quantifier's list, as still in use at the start of the next body.
    CHECK(from_text(R"writ(
        deny d when lower(tenant) == "acme" and any s in want.scopes: lower(s) == "x"
    )writ")
              .program != nullptr);
    CHECK(from_text(R"writ(
        deny d when (any w in words(tenant): w == "a") and any s in want.scopes: lower(s) == "x"
    )writ")
              .program != nullptr);
}
