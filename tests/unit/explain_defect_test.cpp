// A defect of one of the two evaluators, seen when a decision is explained.
#include <doctest/doctest.h>

#include "base/access.h"
#include "example_request.h"
#include "explain/explain.h"
#include "writ/tools.h"

using namespace writ;

namespace {

Workspace policy(std::string_view rule) {
    SourceSet set;
    set.sources.push_back({"policy.writ", R"(
import std.kubernetes
issuer prod: kubernetes "https://issuer.example" { audience "https://broker.example" }
tier read
tool example "example-tool" { tier read  audience "https://tool.example"  scopes { "example:read" } }
)" + std::string(rule)});
    return Workspace(std::move(set));
}

}  // namespace

TEST_CASE("explain: K0003 a decision on which the evaluators differ is not explained") {
    const std::string request = testing::example_request(
        R"({"iss":"https://issuer.example","aud":"https://broker.example","exp":1790003600,"iat":1790000000,"nbf":1790000000})",
        "kubernetes", 1'790'000'000);
    const Workspace right = policy("deny one when agent.id == \"example-agent\"");
    const Workspace wrong = policy("deny two when agent.id == \"example-agent\"");
    REQUIRE(right.bundle());
    REQUIRE(wrong.bundle());
    const auto explained = [&](const Bundle& bundle) {
        return explain::explain(Access::policy(right), bundle, request, {}, {}, nullptr);
    };
    CHECK(explained(*right.bundle()).has_value());
    // As if the evaluator found another rule than the policy has.
    const auto refused = explained(*wrong.bundle());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "K0003");
    CHECK(refused.error().message == "the two evaluators decide differently; this is a defect, please report it");
}
