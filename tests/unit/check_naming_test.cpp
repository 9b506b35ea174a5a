// Tests the types `tool` and `issuer`: text that names tools and issuers.
#include <doctest/doctest.h>

#include "check_source.h"

using namespace writ;

namespace {

constexpr std::string_view kTools =
    "tool gone \"storage.delete\" { tier privileged  audience \"https://s.example\"  scopes { \"s:delete\" } }\n";

/// A table with a column of the type and the given cells, and a rule for each row.
CheckedText with_cells(std::string_view type, std::string cells, std::string_view rule) {
    return check_text(std::string(kTools) + "table t = csv \"t.csv\" { name: " + std::string(type) +
                          "  why: string }\n" + std::string(rule),
                      {{"t.csv", "why,name\n" + std::move(cells)}});
}

constexpr std::string_view kDeny = "deny d when tool.name in t.name";
constexpr std::string_view kDenyIssuer = "deny d when token.issuer in t.name";

}  // namespace

TEST_CASE("check: cells of a column of tools are names in the policy or in requests, compared as one") {
    const auto checked = with_cells("tool", "a,refund\nb,gone\nc,storage.delete\n", kDeny);
    REQUIRE(checked.codes().empty());
    const auto& rows = checked.policy->tables.at(0).rows;
    CHECK(rows[0][0].text == "refund");
    CHECK(rows[1][0].text == "storage.delete");
    CHECK(rows[2][0].text == "storage.delete");
    const auto sets = with_cells("set<tool>", "a,refund;gone;storage.delete\nb,\n",
                                 "deny d when any row in t: tool.name in row.name");
    REQUIRE(sets.codes().empty());
    CHECK(sets.policy->tables.at(0).rows[0][0].set == std::vector<std::string>{"refund", "storage.delete"});
}

TEST_CASE("check: a cell that names no tool reports E0502 with its place, and what was meant") {
    const auto slip = with_cells("tool", "a,refund\nb,storage.delte\n", kDeny);
    REQUIRE(slip.codes() == "E0502");
    CHECK(slip.items[0].message ==
          "`t.csv:3:3` does not fit table `t`: column `name`: there is no tool `storage.delte`");
    CHECK(slip.items[0].help == "did you mean `storage.delete`?");
    CHECK(with_cells("tool", "a,\n", kDeny).codes() == "E0502");
    CHECK(with_cells("tool", "a,Refund\n", kDeny).codes() == "E0502");
    const auto set = with_cells("set<tool>", "a,refund;refnd\n", "deny d when any row in t: tool.name in row.name");
    REQUIRE(set.codes() == "E0502");
    CHECK(set.items[0].message.find("there is no tool `refnd`") != std::string::npos);
    const auto json =
        check_text("table t = json \"t.json\" { names: set<tool> }\ndeny d when any row in t: tool.name in row.names",
                   {{"t.json", R"([{"names": ["refund", "lokup"]}])"}});
    REQUIRE(json.codes() == "E0502");
    CHECK(json.items[0].message.find("item 1, column `names`: there is no tool `lokup`") != std::string::npos);
}

TEST_CASE("check: a tool compared with plain text reports E0312 and says how to declare it") {
    const auto column = with_cells("string", "a,refund\n", kDeny);
    REQUIRE(column.codes() == "E0312");
    CHECK(column.items[0].help == "declare it with the type `tool`: `name: tool`");
    for (const char* rule :
         {"deny d when any row in t: row.name == tool.name", "deny d when any row in t: tool.name != row.name",
          "deny d when t.name contains tool.name", "deny d for each row in t when tool.name == row.name",
          "deny d when tool.name == agent.class", "deny d when tool.name in agent.capabilities",
          "deny d when tool.name in words(\"refund gone\")",
          "define same(x: string) = tool.name == x\ndeny d when same(\"refund\")"}) {
        const auto checked = with_cells("string", "a,refund\n", rule);
        CHECK_MESSAGE(checked.find("E0312") != nullptr, rule, ": ", checked.codes());
    }
    // A value that is explicitly converted is plain text.
    CHECK(with_cells("string", "a,refund\n", "deny d when lower(tool.name) in t.name or tool.name like \"re**\"")
              .codes()
              .empty());
}

TEST_CASE("check: literals that name tools are held against the catalogue") {
    for (const char* right :
         {"tool.name == refund", "tool.name == \"refund\"", "tool.name == gone", "tool.name == \"storage.delete\"",
          "tool.name in { refund, \"lookup\", gone }", "{ refund, gone } contains tool.name", "tool.name is gone",
          "tool.name is not gone", "gone == tool.name"})
        CHECK_MESSAGE(with_cells("tool", "a,gone\n", "deny d when " + std::string(right)).codes().empty(), right);
    for (const char* wrong : {"tool.name == \"refnud\"", "tool.name == refnud", "tool.name in { refund, docs_serch }",
                              "tool.name in { \"\" }", "{ \"refnud\" } contains tool.name", "tool.name is refnud",
                              "\"refnud\" in t.name", "t.name contains refnud", "any row in t: row.name == \"refnud\"",
                              "any row in t: row.name in { refnud }", "t.name overlaps { \"refnud\" }"})
        CHECK_MESSAGE(with_cells("tool", "a,gone\n", "deny d when " + std::string(wrong)).codes() == "E0203", wrong);
    // The policy's own name for a tool is written without quotes.
    const auto inside = with_cells("tool", "a,gone\n", "deny d when tool.name == \"gone\"");
    REQUIRE(inside.codes() == "E0203");
    CHECK(inside.items[0].replacement == "gone");
}

TEST_CASE("check: definitions, parameters and columns carry the type") {
    CHECK(with_cells("tool", "a,gone\n", "define risky = { gone, refund }\ndeny d when tool.name in risky")
              .codes()
              .empty());
    CHECK(with_cells("tool", "a,gone\n", "define risky = { gone, refnud }\ndeny d when tool.name in risky")
              .find("E0203") != nullptr);
    const std::string_view named = "define named(x: tool) = tool.name == x\n";
    CHECK(with_cells("tool", "a,gone\n", std::string(named) + "deny d when named(gone)").codes().empty());
    CHECK(with_cells("tool", "a,gone\n", std::string(named) + "deny d when named(\"gnoe\")").find("E0203") != nullptr);
    CHECK(with_cells("tool", "a,gone\n",
                     "define among(xs: set<tool>) = tool.name in xs\ndeny d when among({ gone, lookup })")
              .codes()
              .empty());
    CHECK(with_cells("tool", "a,gone\n", "deny d for each row in t when tool.name == row.name").codes().empty());
    CHECK(check_text("tool call { tier read audience \"a\" scopes { \"s\" } params { target: tool } }\n"
                     "deny d for tool call when params.target == tool.name or params.target in { refund }")
              .codes()
              .empty());
    CHECK(check_text("tool call { tier read audience \"a\" scopes { \"s\" } params { target: tool } }\n"
                     "deny d for tool call when params.target in { refnud }")
              .codes() == "E0203");
    CHECK(check_condition("user.id == refund").codes() == "E0312");  // a tool's name is not text of any kind
}

TEST_CASE("check: tools whose names could be taken for each other report E0205") {
    CHECK(check_text("tool hoist \"refund\" { tier read audience \"a\" scopes { \"s\" } }").codes() == "E0205");
    CHECK(check_text("tool a \"b\" { tier read audience \"a\" scopes { \"s\" } }\n"
                     "tool b \"c\" { tier read audience \"a\" scopes { \"s\" } }")
              .codes() == "E0205");
}

TEST_CASE("check: issuers in tables and sets are declared issuers") {
    const auto checked = with_cells("issuer", "a,prod\nb,https://token.actions.githubusercontent.com\n", kDenyIssuer);
    REQUIRE(checked.codes().empty());
    CHECK(checked.policy->tables.at(0).rows[0][0].text == "https://cluster.example");
    CHECK(with_cells("issuer", "a,https://cluster.example/\n", kDenyIssuer).codes() == "E0502");
    const auto plain = with_cells("string", "a,prod\n", kDenyIssuer);
    REQUIRE(plain.codes() == "E0312");
    CHECK(plain.items[0].help == "declare it with the type `issuer`: `name: issuer`");
    CHECK(check_condition("token.issuer in { prod, ci }").codes().empty());
    CHECK(check_condition("token.issuer == prod").codes().empty());
    CHECK(check_condition("prod == token.issuer").codes().empty());
    CHECK(check_condition("token.issuer in { prod, \"https://cluster.example/\" }").codes() == "E0203");
    CHECK(check_condition("token.issuer in { prod, cii }").find("E0201") != nullptr);
    CHECK(check_condition("delegation is some and any hop in delegation.chain: hop.issuer is prod").codes().empty());
    CHECK(check_condition("delegation is some and any hop in delegation.chain: hop.issuer == token.issuer")
              .codes()
              .empty());
    CHECK(check_condition("delegation is some and any hop in delegation.chain: hop.issuer == agent.class").codes() ==
          "E0312");
    CHECK(check_condition("agent.class is prod").codes() == "E0304");
    CHECK(check_condition("tool.name == token.issuer").codes() == "E0301");
}
