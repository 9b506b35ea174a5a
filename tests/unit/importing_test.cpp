#include <doctest/doctest.h>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/format.h"
#include "writ/import.h"

using namespace writ;

namespace {

Imported import_text(ImportKind kind, const std::string& text, ImportOptions options = {}) {
    if (options.audience.empty()) options.audience = "https://broker.example.com";
    if (options.tool_audience.empty()) options.tool_audience = "https://tools.example.com";
    auto imported = import_policy(kind, text, options);
    REQUIRE_MESSAGE(imported, imported.error().message);
    SourceSet set;
    set.sources = {{"p.writ", imported->policy, {}}};
    CHECK_MESSAGE(compile(set), imported->policy);
    const auto formatted = format(set.sources[0]);
    REQUIRE(formatted);
    CHECK(*formatted == imported->policy);
    return std::move(*imported);
}

/// A trust policy with one statement for GitHub, of which only the conditions differ.
std::string trust(const std::string& conditions, const std::string& effect = "Allow") {
    return R"({"Statement": {"Effect": ")" + effect +
           R"(", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"},
               "Action": "sts:AssumeRoleWithWebIdentity", "Condition": )" +
           conditions + "}}";
}
const std::string kKey = "\"token.actions.githubusercontent.com:";
const std::string kAud = kKey + R"(aud": "sts.amazonaws.com")";

std::string condition(const std::string& op, const std::string& rest) {
    return "{\"StringEquals\": {" + kAud + "}, \"" + op + "\": {" + rest + "}}";
}

/// The text of the one permit; empty: it was left out.
std::string permit_of(const Imported& imported) {
    const std::size_t at = imported.policy.find("\npermit ");
    return at == std::string::npos ? "" : imported.policy.substr(at + 1);
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("importing: conditions of an AWS trust policy become conditions of a permit") {
    const auto of = [](const std::string& op, const std::string& rest) {
        return permit_of(import_text(ImportKind::AwsTrust, trust(condition(op, rest))));
    };
    CHECK(has(of("StringLike", kKey + R"(sub": "repo:o/r:ref:refs/heads/*")"),
              R"(github_actions.sub like "repo:o/r:ref:refs/heads/**")"));
    CHECK(has(of("StringLike", kKey + R"(sub": "repo:o/r*:**:x")"), R"(like "repo:o/r**:**:x")"));
    CHECK(has(of("StringLike", kKey + R"(sub": "repo:o/r.?:*")"), R"(matches "repo:o/r\\..:.*")"));
    CHECK(has(of("StringLike", kKey + R"(repository_id": ["74", "75"])"),
              R"((github_actions.repository_id == "74" or github_actions.repository_id == "75"))"));
    CHECK(has(of("StringLike", kKey + R"(sub": "repo:o/r:x")"), R"(github_actions.aud contains "sts.amazonaws.com")"));
    // All values must differ.
    CHECK(has(of("StringNotEquals", kKey + R"(actor_id": ["1", "2"])"),
              R"(not (github_actions.actor_id in { "1", "2" }))"));
}

TEST_CASE("importing: an AWS statement that cannot be carried over as it is gives no permit") {
    const auto left_out = [](const std::string& conditions) {
        const Imported imported = import_text(ImportKind::AwsTrust, trust(conditions));
        CHECK(imported.rules == 0);
        return permit_of(imported).empty() && !imported.gaps.empty() && imported.gaps[0].left_out &&
               has(imported.policy, "// Left out: statement 1");
    };
    const std::string sub = kKey + R"(sub": "repo:o/r:ref:refs/heads/main")";
    CHECK(import_text(ImportKind::AwsTrust, trust(condition("StringLike", sub))).rules == 1);
    CHECK(left_out(condition("StringEqualsIgnoreCase", sub)));
    CHECK(left_out(condition("ForAllValues:StringEquals", sub)));
    CHECK(left_out(condition("StringLike", R"("aws:SourceAccount": "1")")));
    CHECK(left_out(condition("StringLike", kKey + R"(sub": "repo:${aws:username}/r:x")")));
    CHECK(left_out(condition("StringLike", kKey + R"(sub": [])")));
    CHECK(left_out(condition("StringLike", kKey + R"(sub": 7)")));
    CHECK(left_out(condition("StringLike", kKey + R"(sha": "0")")));
    const std::string good = "{\"StringEquals\": {" + kAud + ", " + sub + "}";
    CHECK(import_text(ImportKind::AwsTrust, trust(good + "}")).rules == 1);
    CHECK(left_out(good + R"(, "StringNotEquals": [{)" + sub + "}]}"));  // an operator with a list
    CHECK(left_out("[" + good + "}]"));
    CHECK(left_out("{\"StringEquals\": {" + sub + "}}"));   // no audience
    CHECK(left_out("{\"StringEquals\": {" + kAud + "}}"));  // nobody in particular
    CHECK(left_out("{\"StringLike\": {" + kKey + R"(aud": "*"}, "StringEquals": {)" + sub + "}}"));
    CHECK(left_out("{\"StringEquals\": {" + kAud + "}, \"StringLike\": {" + kKey +
                   R"(aud": "other"}, "StringLikeIfExists": {)" + sub + "}}"));  // audiences that exclude each other
}

TEST_CASE("importing: an AWS statement that denies takes every permit with it") {
    const std::string allow = trust(condition("StringLike", kKey + R"(sub": "repo:o/r:x")"));
    const std::string both = R"({"Statement": [)" + allow.substr(14, allow.size() - 15) + R"(, {"Effect": "Deny"}]})";
    const Imported imported = import_text(ImportKind::AwsTrust, both);
    CHECK(imported.rules == 0);
    CHECK(permit_of(imported).empty());
}

TEST_CASE("importing: IfExists and Not are narrower here, which is said") {
    const Imported imported =
        import_text(ImportKind::AwsTrust, trust(condition("StringEqualsIfExists", kKey + R"(repository_id": "74")")));
    CHECK(imported.rules == 1);
    REQUIRE(imported.gaps.size() == 1);
    CHECK(!imported.gaps[0].left_out);
    CHECK(has(imported.policy, "// Not carried over: a token without the claim `repository_id` is not accepted"));
}

TEST_CASE("importing: GitHub's patterns name an owner, and Entra's credentials are no patterns") {
    const auto rules = [](const std::string& text) { return import_text(ImportKind::GithubOidc, text).rules; };
    CHECK(rules("repo:o/r:ref:refs/heads/main\n\n# a comment\nrepo:o/r:environment:*\r\n") == 2);
    CHECK(rules(R"(["repo:o/r:pull_request"])") == 1);
    for (const char* wide : {"*", "repo:*", "repo:*/r:x", "repo:o*/r:x", "repo:/r", "environment:prod", "repo:o"})
        CHECK(rules(wide) == 0);
    const auto entra = [&](const std::string& subject) {
        return rules(R"({"issuer": "https://token.actions.githubusercontent.com", "subject": ")" + subject +
                     R"(", "audiences": ["api://AzureADTokenExchange"]})");
    };
    CHECK(entra("repo:o/r:ref:refs/heads/main") == 1);
    CHECK(entra("repo:o/r:*") == 0);
    CHECK(rules(R"([{"issuer": "https://other.example.com", "subject": "repo:o/r:x", "audiences": ["a"]}])") == 0);
}

TEST_CASE("importing: Cedar policies that mean the same become rules") {
    const auto of = [](const std::string& text) { return import_text(ImportKind::Cedar, text); };
    const Imported simple = of(R"(@id("refunds") permit(principal == Agent::"a", action == Action::"refund", resource)
        when { context.amount <= 500 && !(context.kind == "x" || context.kind like "y*") };)");
    CHECK(simple.rules == 1);
    CHECK(simple.tools == 1);
    CHECK(has(simple.policy, "permit refunds"));
    CHECK(has(simple.policy, R"(agent.id == "a")"));
    CHECK(has(simple.policy, "params.amount <= 500"));
    CHECK(has(simple.policy, R"(params.kind like "y**")"));
    CHECK(has(simple.policy, "amount: int"));
    CHECK(of(R"(permit(principal in App::Role::"r", action in [Action::"a", Action::"b"], resource is T);)").rules ==
          1);
    CHECK(of(R"(forbid(principal, action == Action::"a", resource == T::"id");)").rules == 1);
    CHECK(of(R"(forbid(principal == User::"u", action, resource);)").rules == 1);
    // Nothing is permitted, so there is nothing to write.
    CHECK(of("forbid(principal, action, resource);").rules == 0);
}

TEST_CASE("importing: what Cedar says of other facts leaves the policy out") {
    const auto rules = [](const std::string& text) { return import_text(ImportKind::Cedar, text).rules; };
    const std::string head = R"(permit(principal == Agent::"a", action == Action::"t", resource))";
    CHECK(rules(head + ";") == 1);
    for (const char* clause :
         {"when { principal.level > 3 }", "when { context has x }", "when { context.a.b == 1 }",
          "when { resource.owner == \"x\" }", "when { context.ip.isLoopback() }", "when { 3 < context.n }",
          "when { if context.a then true else false }", "when { context.n + 1 < 3 }",
          "when { context.t like \"a\\*b\" }", "unless { context.n == 1 && context.n == \"x\" }"})
        CHECK_MESSAGE(rules(head + clause + ";") == 0, clause);
    for (const char* other : {"permit(principal, action == Action::\"t\", resource);",
                              "permit(principal == Agent::\"a\", action, resource);",
                              "permit(principal is Agent, action == Action::\"t\", resource);",
                              "permit(principal == ?principal, action == Action::\"t\", resource);",
                              "permit(principal == Agent::\"a\", action == Action::\"t\", resource in Folder::\"f\");",
                              "permit(principal == Agent::\"a\", action in Action::\"all\", resource);"})
        CHECK_MESSAGE(rules(other) == 0, other);
}

TEST_CASE("importing: a Cedar policy that forbids and is left out takes every permit with it") {
    const std::string permit = R"(permit(principal == Agent::"a", action == Action::"t", resource);)";
    const auto rules = [&](const std::string& more) { return import_text(ImportKind::Cedar, permit + more).rules; };
    CHECK(rules("") == 1);
    CHECK(rules("forbid(principal, action, resource) when { context.x == 1 };") == 2);
    CHECK(rules("forbid(principal, action, resource) when { principal.x == 1 };") == 0);
    CHECK(rules("forbid(principal is User, action, resource);") == 0);
    CHECK(rules("@x(\"y\" forbid(principal, action, resource);") == 0);
    CHECK(rules("permit(principal) forbid(principal, action, resource);") == 0);
    // In Cedar these also contain the members of groups and roles, which are not known here.
    CHECK(rules("forbid(principal, action in [Action::\"t\"], resource);") == 0);
    CHECK(rules("forbid(principal in Role::\"r\", action, resource);") == 0);
    // A permit that only contains the word is a permit.
    const std::string lost = "forbid(principal is User, action, resource);";
    CHECK(import_text(ImportKind::Cedar, R"(@forbid("x") )" + permit + lost).rules == 0);
    CHECK(import_text(ImportKind::Cedar, permit.substr(0, permit.size() - 1) + " when { context.forbid };" + lost)
              .rules == 0);
}

TEST_CASE("importing: in Cedar `!` binds before a comparison") {
    const auto rules = [](const std::string& clause) {
        return import_text(
                   ImportKind::Cedar,
                   R"(permit(principal == Agent::"a", action == Action::"t", resource) when { )" + clause + " };")
            .rules;
    };
    for (const char* good : {"!context.b", "!!context.b", "!(context.s like \"x*\")", "![1, 2].contains(context.n)"})
        CHECK_MESSAGE(rules(good) == 1, good);
    for (const char* bad : {"!context.s like \"x*\"", "!context.n == 1", "!context.n < 1", "!resource.tenant == \"x\""})
        CHECK_MESSAGE(rules(bad) == 0, bad);
}

TEST_CASE("importing: a missing attribute does not help a Cedar permit") {
    const auto rules = [](const std::string& effect, const std::string& clause) {
        return import_text(ImportKind::Cedar,
                           effect + R"((principal == Agent::"a", action == Action::"t", resource) )" + clause + ";")
            .rules;
    };
    for (const char* clause :
         {"when { context.a == 1 || context.b == 2 }", "unless { context.a == 1 && context.b == 2 }",
          "when { !(context.a == 1 && context.b == 2) }",
          "when { context.a == 1 || (context.a == 2 && context.b == 2) }",
          "unless { !(context.a == 1 || context.b == 2) }"}) {
        CHECK_MESSAGE(rules("permit", clause) == 0, clause);
        CHECK_MESSAGE(rules("forbid", clause) == 1, clause);
    }
    for (const char* clause :
         {"when { context.a == 1 || context.a == 2 }", "when { context.a == 1 && context.b == 2 }",
          "unless { context.a == 1 || context.b == 2 }", "when { !(context.a == 1 || context.b == 2) }",
          "when { (context.a == 1 || context.a == 2) && (context.b == 1 || context.b == 2) }"})
        CHECK_MESSAGE(rules("permit", clause) == 1, clause);
}

TEST_CASE("importing: a Cedar type of two namespaces is not taken for one") {
    const auto both = [](const std::string& one, const std::string& other) {
        const std::string text = "permit(principal == Agent::\"a\", action == " + one + "Action::\"read\", resource);" +
                                 "permit(principal == Agent::\"b\", action == " + other +
                                 "Action::\"read\", resource);";
        return import_policy(ImportKind::Cedar, text, {}).has_value();
    };
    CHECK(both("", ""));
    CHECK(both("Billing::", "Billing::"));
    CHECK_FALSE(both("Billing::", "Secrets::"));
    CHECK_FALSE(both("Billing::", ""));
    CHECK_FALSE(both("A::B::", "B::"));
}

TEST_CASE("importing: a missing tenant does not help, whether Cedar permits or forbids") {
    const auto text = [](const std::string& effect, const std::string& clause) {
        return import_text(ImportKind::Cedar,
                           effect + R"((principal == User::"u", action == Action::"t", resource) )" + clause + ";")
            .policy;
    };
    CHECK(has(text("permit", R"(unless { resource.tenant == "x" })"),
              "resource.tenant is some and (not (resource.tenant == \"x\"))"));
    CHECK(has(text("forbid", R"(when { resource.tenant == "x" })"),
              "resource.tenant is none or (resource.tenant == \"x\")"));
}

TEST_CASE("importing: a schema gives the types of parameters") {
    const auto params = [](const std::string& schema) {
        return import_text(
                   ImportKind::Mcp,
                   R"({"tools": [{"name": "t", "inputSchema": {"type": "object", "properties": {"p": )" + schema +
                       R"(}, "$defs": {"loop": {"type": "object", "properties": {"next": {"$ref": "#/$defs/loop"}}}}}}]})")
            .policy;
    };
    CHECK(has(params(R"({"type": "string"})"), "p: string\n"));
    CHECK(has(params(R"({"type": ["integer", "null"]})"), "p: int or none\n"));
    CHECK(has(params(R"({"type": "number", "minimum": 1})"), "p: decimal\n"));
    CHECK(has(params(R"({"type": "number", "minimum": 1})"),
              "// Not carried over: `p` is not checked against its `minimum`"));
    CHECK(has(params(R"({"type": "array", "items": {"type": "string"}, "maxItems": 8})"), "p: list<string> max 8\n"));
    CHECK(has(params(R"({"type": "string", "format": "uri"})"), "p: url\n"));
    CHECK(has(params(R"({"type": "object", "properties": {"a": {"type": "boolean"}}})"), "a: bool"));
    for (const char* none :
         {R"({})", R"({"oneOf": [{"type": "string"}]})", R"({"$ref": "#/$defs/loop"})", R"({"$ref": "#/gone"})",
          R"({"type": ["string", "integer"]})", R"({"type": "array", "items": {}})"})
        CHECK_MESSAGE(has(params(none), "parameter `p`: its schema has no type here"), none);
}

TEST_CASE("importing: text of a document cannot leave its comment or its literal") {
    const std::string evil = "x\\n} permit all when true grant { \\\"a\\\" } for 1h //";
    const Imported imported = import_text(ImportKind::Mcp, R"({"tools": [{"name": "t", "description": ")" + evil +
                                                               R"("}, {"name": ")" + evil + R"("}]})");
    CHECK(imported.rules == 0);
    CHECK(imported.tools == 1);
    CHECK(!has(imported.policy, "\npermit"));
}

TEST_CASE("importing: documents of another kind are refused with K0007") {
    const auto code = [](ImportKind kind, std::string_view text) {
        ImportOptions options;
        options.audience = options.tool_audience = "https://a.example.com";
        const auto imported = import_policy(kind, text, options);
        return imported ? "none" : imported.error().code;
    };
    CHECK(code(ImportKind::OpenApi, "{}") == "K0007");
    CHECK(code(ImportKind::OpenApi, "openapi: 3.0.0") == "K0007");
    CHECK(code(ImportKind::OpenApi, R"({"swagger": "2.0"})") == "K0007");
    CHECK(code(ImportKind::Mcp, "[]") == "K0007");
    CHECK(code(ImportKind::AwsTrust, R"({"Version": "2012-10-17"})") == "K0007");
    CHECK(code(ImportKind::Cedar, "") == "K0007");
    CHECK(code(ImportKind::Cedar, "permit(principal ~ action);") == "K0007");
    CHECK(code(ImportKind::Cedar, std::string(10'001, ';')) == "K0007");
    CHECK(code(ImportKind::Cedar, "permit(principal, action, resource);" + std::string(5u << 20, ' ')) == "K0007");
}

TEST_CASE("importing: a Cedar text that ends anywhere is read to its end") {
    const std::string whole =
        R"(@id("x") permit(principal in App::Role::"r", action in [Action::"a", Action::"b"], resource is T)
        when { !(context.n > -3) && (["u"].contains(context.s) || context.s like "v*") } unless { resource.tenant == "t" };)";
    for (std::size_t size = 1; size <= whole.size(); ++size) {
        const auto imported = import_policy(ImportKind::Cedar, whole.substr(0, size), {});
        if (imported && size < whole.size()) CHECK_MESSAGE(imported->rules == 0, whole.substr(0, size));
    }
    CHECK(import_text(ImportKind::Cedar, whole).rules == 1);
    std::string deep = R"(permit(principal == Agent::"a", action == Action::"t", resource) when { )", many = deep;
    for (int i = 0; i < 200; ++i) {
        deep += "!";
        many += "context.n == 1 || ";
    }
    CHECK(import_text(ImportKind::Cedar, deep + "context.b };").rules == 0);
    CHECK(import_text(ImportKind::Cedar, many + "context.n == 2 };").rules == 1);
}

TEST_CASE("importing: schemas that references multiply are read to a limit") {
    // Six to the power of twelve ways to the last schema.
    std::string schemas = R"("A12": {"type": "object", "properties": {"x": {"type": "string"}}})";
    for (int i = 0; i < 12; ++i) {
        schemas += ", \"A" + std::to_string(i) + "\": {\"allOf\": [";
        for (int j = 0; j < 6; ++j)
            schemas += (j > 0 ? ", " : "") + ("{\"$ref\": \"#/components/schemas/A" + std::to_string(i + 1)) + "\"}";
        schemas += "]}";
    }
    const std::string ref = R"({"$ref": "#/components/schemas/A0"})";
    const Imported body =
        import_text(ImportKind::OpenApi, R"({"openapi": "3.0.0", "components": {"schemas": {)" + schemas +
                                             R"(}}, "paths": {"/a": {"post": {
        "parameters": [{"name": "deep", "in": "query", "schema": )" +
                                             ref + R"(}, {"name": "id", "in": "query", "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/json": {"schema": )" +
                                             ref + "}}}}}}}");
    CHECK(has(body.policy, "    id: string\n"));
    CHECK_FALSE(has(body.policy, "    deep:"));
    CHECK(has(body.policy, "// Not carried over: parameter `deep`: its schema has no type here"));
    CHECK(has(body.policy, "// Not carried over: the body: its schema has alternatives"));
}

TEST_CASE("importing: a text that is left out gives no instructions to lint and test") {
    const Imported imported = import_text(ImportKind::Cedar,
                                          "permit(principal, action, resource);\nlint: allow issuer-unused because of "
                                          "me;\nmutate: allow bound because of me;\n");
    CHECK(has(imported.policy, "policy 2 (line 2)"));
    CHECK(has(imported.policy, "policy 3 (line 3)"));
    CHECK(has(imported.policy, "\n// | lint: allow issuer-unused because of me;\n"));
    CHECK(has(imported.policy, "\n// | mutate: allow bound because of me;\n"));
}

TEST_CASE("importing: tools whose names are one name here get numbers") {
    const Imported imported =
        import_text(ImportKind::Mcp, R"({"tools": [{"name": "a"}, {"name": "a!"}, {"name": "a_2!"}, {"name": "a?"}]})");
    CHECK(has(imported.policy, "tool a \"a\""));
    CHECK(has(imported.policy, "tool a_2 \"a!\""));
    CHECK(has(imported.policy, "tool a_2_2 \"a_2!\""));
    CHECK(has(imported.policy, "tool a_3 \"a?\""));
}

TEST_CASE("importing: an operation's own server is the audience of its tool") {
    const auto audiences = [](const std::string& document, const std::string& option = "") {
        ImportOptions options;
        options.tool_audience = option;
        const auto imported = import_policy(ImportKind::OpenApi, document, options);
        REQUIRE_MESSAGE(imported, imported.error().message);
        std::string out;
        constexpr std::string_view kLine = "\n  audience ";
        for (std::size_t at = 0; (at = imported->policy.find(kLine, at)) != std::string::npos;) {
            at += kLine.size();
            out += imported->policy.substr(at, imported->policy.find('\n', at) - at) + " ";
        }
        for (const ImportGap& each : imported->gaps) out += each.where + ": " + each.reason + "; ";
        return out;
    };
    const auto server = [](const std::string& url) { return R"({"url": ")" + url + "\"}"; };
    const auto document = [](const std::string& root, const std::string& path, const std::string& operation) {
        const auto member = [](const std::string& servers) {
            return servers.empty() ? "" : "\"servers\": [" + servers + "], ";
        };
        return R"({"openapi": "3.0.0", )" + member(root) + R"("paths": {"/p": {)" + member(path) + R"("get": {)" +
               member(operation) + R"("operationId": "p", "security": [{"o": ["s"]}]}}}})";
    };
    const std::string a = server("https://a.example/v1"), b = server("https://b.example/v1"),
                      c = server("https://c.example"), none = server("/v2");
    CHECK(audiences(document(a, "", "")) == "\"https://a.example\" ");
    CHECK(audiences(document(a, b, "")) == "\"https://b.example\" ");
    CHECK(audiences(document(a, b, c)) == "\"https://c.example\" ");
    CHECK(audiences(document(a, "", c), "https://x.example") == "\"https://c.example\" ");
    CHECK(audiences(document(a + ", " + b, "", ""), "https://x.example") == "\"https://x.example\" ");
    CHECK(audiences(document(a, "", none)) ==
          "tool GET /p: its own server has no host, or one with a variable without a default, so its audience is not "
          "known; ");
    for (const char* wrong :
         {"https://", "https://good@evil", "https://a b", "javascript://x", "//a.example", "https://a..b"})
        CHECK_MESSAGE(audiences(document(a, "", server(wrong))).starts_with("tool GET /p: its own server"), wrong);
    CHECK(audiences(document(a, "", server("HTTPS://C.example:443/v1?x=/y"))) == "\"https://c.example\" ");
    const auto regional = [](const std::string& variables) {
        return R"({"url": "https://{region}.a.example/{v}", "variables": {"v": {"default": "1"})" + variables + "}}";
    };
    CHECK(audiences(document(a, "", regional(R"(, "region": {"default": "eu"})"))) == "\"https://eu.a.example\" ");
    CHECK(audiences(document(regional(R"(, "region": {"default": "eu"})"), "", "")) == "\"https://eu.a.example\" ");
    CHECK(audiences(document(a, "", regional(""))).starts_with("tool GET /p: its own server has no host"));
    CHECK(audiences(document(a + ", " + server("https://a.example/v2"), "", "")) == "\"https://a.example\" ");
    CHECK(audiences(document(a + ", " + b, "", "")) ==
          "\"https://a.example\" tool GET /p: the audience is the first server's; there is another; ");
    CHECK(audiences(document(a, "", b + ", " + c + ", " + a)) ==
          "\"https://b.example\" tool GET /p: the audience is the first server's; there are 2 others; ");
}

TEST_CASE("importing: tools of existing tiers, and tools that other modules use") {
    const std::string document = R"({"openapi": "3.0.0", "servers": [{"url": "https://a.example"}], "paths": {"/p": {
        "get": {"operationId": "look"}, "post": {"operationId": "make"}, "delete": {"operationId": "drop"}}}})";
    ImportOptions options;
    options.module = "acme.tools";
    options.tiers = {"view", "change", "change"};
    const auto imported = import_policy(ImportKind::OpenApi, document, options);
    REQUIRE_MESSAGE(imported, imported.error().message);
    CHECK_FALSE(has(imported->policy, " < "));
    SourceSet set;
    set.sources = {{"tools.writ", imported->policy, {}},
                   {"own.writ",
                    "module acme.own\nimport acme.tools\ntier view < change\n"
                    "claims k { iss: string }\nissuer i: k \"https://i.example\" { audience \"b\" }\n"
                    "permit p for tool drop when token.issuer is i and tool.tier == change grant tool.scopes for 1m\n"
                    "permit q for tool look when token.issuer is i and tool.tier == view grant tool.scopes for 1m\n",
                    {}}};
    const auto compiled = compile(set);
    CHECK_MESSAGE(compiled, compiled.error().items.front().message);
    options.tiers = {"view", "change"};
    CHECK_FALSE(import_policy(ImportKind::OpenApi, document, options));
    for (const char* wrong : {"no name", "and", "a-b", ""}) {
        options.tiers = {"view", "change", wrong};
        const auto refused = import_policy(ImportKind::OpenApi, document, options);
        REQUIRE_FALSE(refused);
        CHECK_MESSAGE(refused.error().message.starts_with("the names of tiers: "), refused.error().message);
    }
}
