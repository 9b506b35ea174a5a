// Tests the catalogue of a bundle in C, with correct and incorrect use.
#include <string>

#include "c_refund.h"

using namespace writ::testing::c;

namespace {

using Catalogue = std::unique_ptr<writ_catalogue, Freed<writ_catalogue_free>>;

Catalogue catalogue_of(const writ_bundle* bundle) {
    writ_catalogue* made = nullptr;
    REQUIRE(writ_catalogue_new(bundle, &made, nullptr) == WRIT_OK);
    return Catalogue(made);
}

std::string joined(const writ_text* texts, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out.append(i == 0 ? "" : " ").append(view(texts[i]));
    return out;
}

template <class Struct>
Struct sized() {
    Struct out{};
    out.struct_size = sizeof out;
    return out;
}

constexpr const char* kPolicy = R"writ(module acme.shop
import std.github
tier look < act
enum currency = eur | usd
issuer ci: github "https://token.actions.githubusercontent.com" {
  audience "broker"  type "JWT"  max_age 10m  leeway 500ms
}
tool order "shop.order" {
  tier act  audience "https://shop.example"  scopes { "b", "a" }
  params { amount: decimal from broker, in_currency: currency or none, note: string }
}
permit orders for tool order
  when token.issuer is ci and ci.repository == "acme/app" and params.amount < 5.00
  grant { "a" } for 1m
)writ";

}  // namespace

TEST_CASE("c: the catalogue of a bundle lists tools, parameters and issuers") {
    Catalogue catalogue;
    {
        const Bundle bundle = compile(kPolicy);
        catalogue = catalogue_of(bundle.get());
        // It keeps the bundle alive.
    }
    REQUIRE(writ_catalogue_tool_count(catalogue.get()) == 1);
    auto tool = sized<writ_tool>();
    REQUIRE(writ_catalogue_tool(catalogue.get(), 0, &tool) == WRIT_OK);
    CHECK(view(tool.name) == "order");
    CHECK(view(tool.wire_name) == "shop.order");
    CHECK(view(tool.tier) == "act");
    CHECK(tool.tier_rank == 2);
    CHECK(joined(tool.scopes, tool.scope_count) == "a b");
    CHECK(joined(tool.audiences, tool.audience_count) == "https://shop.example");
    REQUIRE(tool.param_count == 3);
    auto param = sized<writ_catalogue_field>();
    REQUIRE(writ_catalogue_param(catalogue.get(), 0, 0, &param) == WRIT_OK);
    CHECK(view(param.path) == "amount");
    CHECK(view(param.type) == "decimal");
    CHECK(param.required);
    CHECK(param.read);
    CHECK(param.from == WRIT_PROVENANCE_BROKER);
    CHECK(param.member_count == 0);
    REQUIRE(writ_catalogue_param(catalogue.get(), 0, 1, &param) == WRIT_OK);
    CHECK(view(param.type) == "currency");
    CHECK(joined(param.members, param.member_count) == "eur usd");
    CHECK_FALSE(param.required);
    CHECK_FALSE(param.read);
    REQUIRE(writ_catalogue_param(catalogue.get(), 0, 2, &param) == WRIT_OK);
    CHECK(param.most == 2048);

    REQUIRE(writ_catalogue_issuer_count(catalogue.get()) == 1);
    auto issuer = sized<writ_issuer>();
    REQUIRE(writ_catalogue_issuer(catalogue.get(), 0, &issuer) == WRIT_OK);
    CHECK(view(issuer.name) == "ci");
    CHECK(view(issuer.url) == "https://token.actions.githubusercontent.com");
    CHECK(joined(issuer.audiences, issuer.audience_count) == "broker");
    CHECK(joined(issuer.types, issuer.type_count) == "JWT");
    CHECK(issuer.max_age == 600'000);
    CHECK(issuer.leeway == 500);
    CHECK_FALSE(issuer.proof_required);
    bool found = false;
    for (std::size_t i = 0; i < issuer.claim_count; ++i) {
        REQUIRE(writ_catalogue_claim(catalogue.get(), 0, i, &param) == WRIT_OK);
        if (view(param.path) == "repository") found = param.read;
    }
    CHECK(found);
    const std::string_view json = view(writ_catalogue_json(catalogue.get()));
    CHECK(json.starts_with("{\"schema_version\":1,"));
    CHECK(json.find("\"wire_name\":\"shop.order\"") != std::string_view::npos);
}

TEST_CASE("c: a catalogue as it should not be used") {
    const Errors errors(writ_errors_new());
    writ_catalogue* none = nullptr;
    CHECK(writ_catalogue_new(nullptr, &none, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(none == nullptr);
    const Bundle bundle = compile(kPolicy);
    CHECK(writ_catalogue_new(bundle.get(), nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_tool_count(nullptr) == 0);
    CHECK(writ_catalogue_issuer_count(nullptr) == 0);
    CHECK(view(writ_catalogue_json(nullptr)).empty());
    auto tool = sized<writ_tool>();
    auto issuer = sized<writ_issuer>();
    auto field = sized<writ_catalogue_field>();
    CHECK(writ_catalogue_tool(nullptr, 0, &tool) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_param(nullptr, 0, 0, &field) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_issuer(nullptr, 0, &issuer) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_claim(nullptr, 0, 0, &field) == WRIT_ERROR_ARGUMENT);
    const Catalogue catalogue = catalogue_of(bundle.get());
    CHECK(writ_catalogue_tool(catalogue.get(), 1, &tool) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_tool(catalogue.get(), 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_param(catalogue.get(), 1, 0, &field) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_param(catalogue.get(), 0, 3, &field) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_param(catalogue.get(), 0, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_issuer(catalogue.get(), 1, &issuer) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_claim(catalogue.get(), 1, 0, &field) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_catalogue_claim(catalogue.get(), 0, 999, &field) == WRIT_ERROR_ARGUMENT);
    writ_catalogue_free(nullptr);
}
