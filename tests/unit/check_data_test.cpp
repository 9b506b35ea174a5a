// Tests tables, fixtures and tests.
#include <doctest/doctest.h>

#include "base/json.h"
#include "check_source.h"

using namespace writ;

namespace {

constexpr std::string_view kRequest =
    R"({"now": 1, "user": null, "tool": {"name": "refund", "params": {"amount": 5}}})";
const DataFiles kFiles = {
    {"r.json", std::string(kRequest)},
    {"list.json", "[1]"},
    {"broken.json", "{"},
    {"t.csv", "\xEF\xBB\xBFname,limit,tags,env\r\n\"a,\"\"b\"\"\",1.5,x;y;x,prod\r\n\r\nc,2,,dev\r\n"},
    {"t.json", R"([{"name": "a", "limit": 2, "tags": ["x"], "env": "prod"}])"},
    {"short.csv", "name,limit\na,1\n"},
    {"ragged.csv", "name,limit,tags,env\na,1,x\n"},
    {"wrong.csv", "name,limit,tags,env\na,much,x,prod\n"},
    {"quote.csv", "name,limit,tags,env\n\"a,1,x,prod\n"},
    {"twice.csv", "name,limit,tags,env,name\na,1,x,prod,b\n"},
    {"trailing.csv", "name,limit,tags,env\na,1,x;,prod\n"},
    {"empty-member.csv", "name,limit,tags,env\na,1,x;;y,prod\n"},
    {"blank-member.csv", "name,limit,tags,env\na,1,x; y,prod\n"},
    {"blank-cell.csv", "name,limit,tags,env\nb,1,,dev\na ,1,x,prod\n"},
    {"meant.csv", "name,limit,tags,env\n\"a \",1,x,prod\n"},
    {"null.json", R"([{"name": null, "limit": 2, "tags": ["x"], "env": "prod"}])"},
};

CheckedText with_table(std::string_view format, std::string_view file, std::string_view more = {}) {
    return check_text("table t = " + std::string(format) + " \"" + std::string(file) +
                          "\" { name: string, limit: decimal, tags: set<string>, env: environment }\n" +
                          std::string(more),
                      kFiles);
}

std::string first_document(const CheckedText& checked) {
    REQUIRE(checked.codes().empty());
    REQUIRE_FALSE(checked.policy->tests.empty());
    return json::write(checked.policy->tests[0].document);
}

CheckedText with_change(std::string_view change) {
    return check_text("deny d when run.background\nfixture r = json \"r.json\"\ntest \"t\" { given r " +
                          std::string(change) + " expect deny }",
                      kFiles);
}

}  // namespace

TEST_CASE("check: CSV and JSON tables are typed") {
    const auto csv = with_table("csv", "t.csv");
    REQUIRE(csv.codes().empty());
    const auto& table = csv.policy->tables.at(0);
    REQUIRE(table.rows.size() == 2);
    CHECK(table.rows[0][0].text == "a,\"b\"");
    CHECK(table.rows[0][1].integer == 1'500'000);
    CHECK(table.rows[0][2].set == std::vector<std::string>{"x", "y"});
    CHECK(table.rows[0][3].integer == 3);
    CHECK(table.rows[1][2].set.empty());
    CHECK(table.columns[2].type.max == 2);
    const auto json = with_table("json", "t.json");
    REQUIRE(json.codes().empty());
    CHECK(json.policy->tables.at(0).rows.at(0)[1].integer == 2'000'000);
}

TEST_CASE("check: tables are read by column and by row") {
    CHECK(with_table("csv", "t.csv",
                     "permit p when tenant in t.name and any row in t: row.limit > 1 and tenant in row.tags\n"
                     "  grant { \"s\" } for 5m")
              .codes()
              .empty());
    CHECK(with_table("csv", "t.csv", "deny d when tenant in t.nam").codes() == "E0202");
    CHECK(with_table("csv", "t.csv", "deny d when tenant in t.tags").codes() == "E0304");
}

TEST_CASE("check: data file that cannot be read reports E0501, and what reads the table stays silent") {
    CHECK(with_table("csv", "nope.csv", "deny d when tenant in t.name").codes() == "E0501");
    CHECK(check_text("fixture f = json \"nope.json\"", kFiles).codes() == "E0501");
    SourceSet closed;
    closed.sources = {{"a.writ", "table t = csv \"t.csv\" { name: string }"}};
    Report report;
    const auto policy =
        check::check(check::parse(closed, [](std::string_view name) { return stdlib::module(name); }, {}, report));
    const auto items = report.take();
    REQUIRE(items.size() == 1);
    CHECK(items[0].code == "E0501");
}

TEST_CASE("check: data file that does not fit its table reports E0502 with line and column") {
    CHECK(with_table("csv", "short.csv").find("E0502")->message.find("`tags`") != std::string::npos);
    CHECK(with_table("csv", "ragged.csv").find("E0502")->message.find("line 2") != std::string::npos);
    const auto wrong = with_table("csv", "wrong.csv");
    REQUIRE(wrong.codes() == "E0502");
    CHECK(wrong.items[0].message.find("`wrong.csv:2:3` does not fit table `t`: column `limit`: `much` is not") !=
          std::string::npos);
    CHECK(with_table("csv", "quote.csv").codes() == "E0502");
    CHECK(with_table("csv", "twice.csv").codes() == "E0502");
    for (const char* slip : {"trailing.csv", "empty-member.csv", "blank-member.csv"}) {
        const auto refused = with_table("csv", slip);
        REQUIRE_MESSAGE(refused.codes() == "E0502", slip);
        CHECK(refused.items[0].message.find(".csv:2:5` does not fit table `t`: column `tags`") != std::string::npos);
        CHECK(refused.items[0].message.find("members are separated by `;`") != std::string::npos);
    }
    CHECK(with_table("csv", "blank-cell.csv").find("E0502")->message.find("line 3: blanks around a field") !=
          std::string::npos);
    CHECK(with_table("csv", "meant.csv").policy->tables.at(0).rows[0][0].text == "a ");
    CHECK(with_table("json", "null.json").codes() == "E0502");
    CHECK(with_table("json", "r.json").codes() == "E0502");
}

TEST_CASE("check: sources and data beyond the limit report E0110") {
    CompileOptions options;
    options.max_source_bytes = 10;
    const auto large = check_text("", {}, options);
    REQUIRE(large.codes() == "E0110");
    CHECK(large.items[0].help == "split the policy into layers, each a bundle of its own");
    options.max_source_bytes = kPrelude.size() + 60;
    const DataFiles big = {{"big.csv", "a\n" + std::string(100, 'x') + "\n"}};
    const auto table = check_text("table t = csv \"big.csv\" { a: string }", big, options);
    REQUIRE(table.codes() == "E0110");
    CHECK(table.items[0].help == "remove columns and rows that no rule reads, or split the policy into layers");
}

TEST_CASE("check: changes set, remove and make what is on the way") {
    CHECK(first_document(with_change("with user.id = \"u\", params.amount = 6.50 without now")) ==
          R"({"user":{"id":"u"},"tool":{"name":"refund","params":{"amount":6.50}}})");
    CHECK(first_document(with_change("with gates[\"eval\"].result = \"passed\""))
              .find(R"("gates":{"eval":{"result":"passed"}})") != std::string::npos);
    CHECK(first_document(with_change("with prod.namespace = \"a\", want.scopes = { \"a\", \"b\" }"))
              .find(R"("token":{"claims":{"kubernetes.io":{"namespace":"a"}}},"want":{"scopes":["a","b"]})") !=
          std::string::npos);
    CHECK(first_document(with_change("without delegation.chain")) == json::write(*json::parse(kRequest)));
}

TEST_CASE("check: changes name parameters as rules do, or by their place in the request") {
    for (const std::string path :
         {"params", "tool.params", "tool . params", "tool.\"params\"", "tool[\"params\"]", "tool.\"\\u{70}arams\""}) {
        CHECK(first_document(with_change("with " + path + ".amount = 1")).find(R"("params":{"amount":1})") !=
              std::string::npos);
        CHECK(first_document(with_change("with " + path + " = { }")).find(R"("params":{})") != std::string::npos);
        CHECK(first_document(with_change("without " + path + ".amount")).find(R"("params":{})") != std::string::npos);
        CHECK(first_document(with_change("without " + path)).find("params") == std::string::npos);
    }
    CHECK(with_change("with tool.params[0] = 1").items.at(0).message ==
          "there is no list `params`: the fixture has an object there");
}

TEST_CASE("check: { } is an empty object or an empty list, as the schema has it") {
    const auto document = [](std::string_view change) { return first_document(with_change(change)); };
    CHECK(document("with gates = { }").find(R"("gates":{})") != std::string::npos);
    CHECK(document("with params = { }").find(R"("params":{})") != std::string::npos);
    CHECK(document("with user = { roles: { }, id: \"a\" }").find(R"("roles":[])") != std::string::npos);
    CHECK(document("with want.scopes = { }, resource = { tags: { } }").find(R"("tags":{})") != std::string::npos);
    CHECK(document("with want.scopes = { }").find(R"("scopes":[])") != std::string::npos);
    CHECK(document("with approvals = [ { groups: { } } ]").find(R"("groups":[])") != std::string::npos);
    CHECK(document("with gates = [ ]").find(R"("gates":[])") != std::string::npos);  // an explicit empty list is kept
    const auto cases = check_text(
        "deny d when run.background\nfixture r = json \"r.json\"\n"
        "test \"t\" { given r cases gates | want.scopes | expect { } | { } | deny }",
        kFiles);
    REQUIRE(cases.codes().empty());
    const std::string both = first_document(cases);
    CHECK(both.find(R"("gates":{})") != std::string::npos);
    CHECK(both.find(R"("scopes":[])") != std::string::npos);
}

TEST_CASE("check: removing what is not there changes nothing") {
    const auto same = json::write(*json::parse(kRequest));
    CHECK(first_document(with_change("without user.session_exp")) == same);
    CHECK(first_document(with_change("with user.session_exp = missing")) == same);
    CHECK(first_document(with_change("without user.id, delegation.chain, gates[\"eval\"].result")) == same);
    CHECK(first_document(with_change("with user = none without user.session_exp, user.id")) == same);
    const auto through = with_change("with run = 1 without run.exp");
    REQUIRE(through.codes() == "E0414");
    CHECK(through.items[0].message == "there is no object to remove `exp` from: the fixture has an integer there");
}

TEST_CASE("check: fixtures build on each other, in any order") {
    const auto checked = check_text(
        "fixture b = c with tenant = \"x\"\nfixture c = a with run.id = \"r\"\nfixture a = json \"r.json\"", kFiles);
    REQUIRE(checked.codes().empty());
    REQUIRE(checked.policy->fixtures.size() == 3);
    CHECK(checked.policy->fixtures[0].document.find("tenant")->text == "x");
    CHECK(checked.policy->fixtures[0].document.find("run") != nullptr);
    CHECK(checked.policy->fixtures[1].document.find("tenant") == nullptr);
}

TEST_CASE("check: cases give a document and a name each") {
    const auto checked = check_text(
        "fixture r = json \"r.json\"\ntest \"edge\" { given r cases params.amount | tenant | expect\n"
        "  500.00 | \"a\" | deny\n  missing | none | deny because no_permit }",
        kFiles);
    REQUIRE(checked.codes().empty());
    REQUIRE(checked.policy->tests.size() == 2);
    CHECK(checked.policy->tests[0].name == "edge [500.00 | \"a\"]");
    CHECK(checked.policy->tests[1].document.find("tool")->find("params")->find("amount") == nullptr);
    CHECK(checked.policy->tests[1].document.find("tenant")->type == json::Type::Null);
    CHECK(checked.policy->tests[1].expect->reasons.at(0).parts[0].text == "no_permit");
}

TEST_CASE("check: bad expectation or fixture reports E0414") {
    CHECK(check_text("fixture f = json \"broken.json\"", kFiles).codes() == "E0414");
    CHECK(check_text("fixture f = json \"list.json\"", kFiles).codes() == "E0414");
    CHECK(with_change("with now.x = 1").codes() == "E0414");
    CHECK(with_change("with prod.sub_namespace = \"a\"").codes() == "E0414");
    CHECK(with_change("with tool.name.x = 1").codes() == "E0414");
    const auto reason = check_text(
        "deny d when run.background\nfixture r = json \"r.json\"\n"
        "test \"t\" { given r expect deny because no_permitt }",
        kFiles);
    REQUIRE(reason.codes() == "E0414");
    CHECK(reason.items[0].replacement == "no_permit");
    CHECK(with_change("with user = { id: missing }").codes() == "E0414");
}

TEST_CASE("check: unknown field, fixture or rule in a test is reported") {
    CHECK(with_change("with user.tenent = \"x\"").codes() == "E0202");
    CHECK(with_change("with nope.x = \"x\"").codes() == "E0202");
    CHECK(check_text("test \"t\" { given nope expect deny }").codes() == "E0201");
    const auto rule = check_text(
        "deny done when run.background\nfixture r = json \"r.json\"\n"
        "test \"t\" { given r expect deny by dome }",
        kFiles);
    REQUIRE(rule.codes() == "E0201");
    CHECK(rule.items[0].replacement == "done");
}
