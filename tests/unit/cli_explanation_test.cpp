// Tests the text of explanations: what prevents the nearest permit.
#include "cli/formats/explanation.h"

#include <doctest/doctest.h>

#include <string>

#include "base/json.h"
#include "example_request.h"
#include "writ/tools.h"

using namespace writ;

namespace {

constexpr std::string_view kPermit = R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read
tool look { tier read audience "https://look.example" scopes { "look" } }
permit lookers for tool look when token.issuer is prod grant { "look" } for 5m
)";

/// The explanation of a request for `look`, with the permit and further rules.
std::string told(std::string_view rules) {
    std::string request = writ::testing::example_request(
        R"({"iss":"https://issuer.example","aud":"https://broker.example","exp":1790003600,"iat":1790000000,"nbf":1790000000})",
        "kubernetes", 1'790'000'000);
    auto document = json::parse(request);
    REQUIRE(document);
    document->set("tool", *json::parse(R"({"name": "look", "operation": null, "params": {}})"));
    document->set("want", *json::parse(R"({"scopes": ["look"]})"));
    SourceSet set;
    set.sources.push_back({"policy.writ", std::string(kPermit) + std::string(rules)});
    const Workspace workspace(set);
    REQUIRE(workspace.bundle());
    const auto explained = workspace.explain(json::write(*document), {});
    REQUIRE(explained);
    return cli::render_explanation(*explained, false);
}

}  // namespace

TEST_CASE("explain: a deny that stops a permit is named beside the permit") {
    const std::string text = told("deny frozen for tool look because \"stocktaking\"\n");
    INFO(text);
    CHECK(text.find("1 of 1 conditions hold") != std::string::npos);
    CHECK(text.find("a deny prevents it: deny frozen") != std::string::npos);
}

TEST_CASE("explain: no deny is named where none stands in the way") {
    const std::string text = told("deny frozen for tool look when agent.id == \"nobody\" because \"stocktaking\"\n");
    CHECK(text.find("prevents it") == std::string::npos);
}
