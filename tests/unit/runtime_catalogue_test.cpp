// Tests the catalogue of a bundle: tools with their parameters, tiers and issuers with their claims.
#include <algorithm>

#include "base/access.h"
#include "base/json.h"
#include "bytecode_sections.h"
#include "compile_from_text.h"
#include "ledger_fixture.h"
#include "writ/catalogue.h"

using namespace writ;
using namespace writ::testing;

namespace {

constexpr std::string_view kPolicy = R"writ(
enum currency = eur | usd | "pound sterling"
tool order "shop.order" {
  tier     write
  audience "https://b.example", "https://a.example"
  scopes   { "shop:order", "shop:look" }
  params {
    amount: decimal, currency: currency, comment: string or none max 100, at: instant from broker,
    labels: set<string> max 8, unread: int,
    device: record { id: string  managed: bool } or none,
    items: list<record { id: string  count: int }> max 20,
    counts: map<string, int>
  }
}
tool bare { tier read  audience "https://bare.example"  scopes { "bare" } }
permit orders for tool order
  when token.issuer is prod and prod.ns == "a" and prod.namespace == "b" and params.amount <= 5.00
   and params.device is some and params.device.managed and params.counts["x"] == 1
   and any item in params.items: item.count > 2
  grant { "shop:order" } for 1m
permit typed for tool refund
  when token.issuer is ci and ci.level > 2 and "t" in params.tags grant { "refund:read" } for 1m
)writ";

/// Each field as one text: path, type, and what else there is to say of it.
std::vector<std::string> said(const std::vector<CatalogueField>& fields) {
    std::vector<std::string> out;
    for (const CatalogueField& field : fields) {
        std::string text = field.path + ": " + field.type;
        for (const std::string_view member : field.members) text.append(" |").append(member);
        if (!field.required) text += " or none";
        if (field.most != 0) text += " max " + std::to_string(field.most);
        if (field.from == Provenance::Broker) text += " from broker";
        out.push_back(text + (field.read ? " read" : ""));
    }
    return out;
}

using Texts = std::vector<std::string_view>;

}  // namespace

TEST_CASE("runtime: the catalogue has the tools, with their parameters as they are declared") {
    const FromText made = from_text(kPolicy);
    const Bundle bundle = Access::bundle(made.program);
    const Catalogue catalogue = catalogue_of(bundle);
    CHECK(catalogue.tiers == Texts{"read", "write", "privileged"});
    REQUIRE(catalogue.tools.size() == 4);
    const CatalogueTool& refund = catalogue.tools[0];
    CHECK(refund.name == "refund");
    CHECK(refund.wire_name == "refund");
    CHECK(said(refund.params) ==
          std::vector<std::string>{"amount: decimal read", "note: string max 2048", "tags: set<string> max 64 read"});
    const CatalogueTool& lookup = catalogue.tools[1];
    CHECK(lookup.name == "lookup");
    CHECK(lookup.wire_name == "data/lookup");
    CHECK(lookup.tier == "read");
    CHECK(lookup.tier_rank == 1);
    const CatalogueTool& order = catalogue.tools[2];
    CHECK(order.wire_name == "shop.order");
    CHECK(order.tier == "write");
    CHECK(order.tier_rank == 2);
    CHECK(order.audience == Texts{"https://b.example", "https://a.example"});
    CHECK(order.scopes == Texts{"shop:look", "shop:order"});
    CHECK(said(order.params) ==
          std::vector<std::string>{
              "amount: decimal read", "currency: currency |eur |usd |pound sterling", "comment: string or none max 100",
              "at: instant from broker", "labels: set<string> max 8", "unread: int", "device: record or none read",
              "device.id: string max 2048", "device.managed: bool read", "items: list<record> max 20 read",
              "items[].id: string max 2048 read", "items[].count: int read", "counts: map<string, int> max 16 read"});
    const CatalogueTool& bare = catalogue.tools[3];
    CHECK(bare.name == "bare");
    CHECK(bare.scopes == Texts{"bare"});
    CHECK(bare.audience == Texts{"https://bare.example"});
    CHECK(bare.params.empty());
}

TEST_CASE("runtime: the catalogue has the issuers, with their claims") {
    const FromText made = from_text(kPolicy);
    const Bundle bundle = Access::bundle(made.program);
    const Catalogue catalogue = catalogue_of(bundle);
    REQUIRE(catalogue.issuers.size() == 2);
    const CatalogueIssuer& prod = catalogue.issuers[0];
    CHECK(prod.name == "prod");
    CHECK(prod.url == "https://prod.example");
    CHECK(prod.audiences == Texts{"broker"});
    CHECK(prod.types.empty());
    CHECK_FALSE(prod.max_age);
    // The subject is read by the capture of `ns`.
    const auto claims = said(prod.claims);
    CHECK(std::count(claims.begin(), claims.end(), "sub: subject max 2048 read") == 1);
    CHECK(std::count(claims.begin(), claims.end(), "namespace: string max 2048 read") == 1);
    CHECK(std::count(claims.begin(), claims.end(), "level: int") == 1);
    const CatalogueIssuer& ci = catalogue.issuers[1];
    CHECK(ci.max_age == std::chrono::minutes(10));
    CHECK(ci.leeway == std::chrono::seconds(30));
    CHECK_FALSE(ci.proof_required);
    const auto other = said(ci.claims);
    CHECK(std::count(other.begin(), other.end(), "level: int read") == 1);
    CHECK(std::count(other.begin(), other.end(), "namespace: string max 2048") == 1);
}

TEST_CASE("runtime: a catalogue without tiers, and one of the standard library's claims") {
    SourceSet sources;
    sources.sources.push_back({"policy.writ",
                               "module acme.plain\nimport std.github\n"
                               "issuer ci: github \"https://token.actions.githubusercontent.com\" { audience \"b\" "
                               "type \"JWT\", \"at+jwt\" proof required }\n"});
    const auto bundle = compile(sources);
    REQUIRE(bundle);
    const Catalogue catalogue = catalogue_of(*bundle);
    CHECK(catalogue.tiers.empty());
    CHECK(catalogue.tools.empty());
    REQUIRE(catalogue.issuers.size() == 1);
    CHECK(catalogue.issuers[0].types == Texts{"JWT", "at+jwt"});
    CHECK(catalogue.issuers[0].proof_required);
    CHECK(catalogue.issuers[0].claims.size() > 20);
}

TEST_CASE("runtime: the catalogue as JSON") {
    const FromText made = from_text(R"writ(
tool order { tier write  audience "https://a.example"  scopes { "a" }  params { note: string or none } })writ");
    const std::string text = to_json(catalogue_of(Access::bundle(made.program)));
    const auto read = json::parse(text);
    REQUIRE(read);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.starts_with(R"({"schema_version":1,"tiers":["read","write","privileged"],"tools":[{"name":"refund")"));
    CHECK(text.find(R"({"name":"order","wire_name":"order","tier":"write","audience":["https://a.example"],)"
                    R"("scopes":["a"],"params":[{"path":"note","type":"string","members":[],"required":false,)"
                    R"("read":false,"most":2048,"from":"asserted"}]}])") != std::string::npos);
    CHECK(text.find(R"("issuers":[{"name":"prod","url":"https://prod.example","audiences":["broker"],"types":[],)"
                    R"("max_age_ms":null,"leeway_ms":0,"proof_required":false,"claims":[)") != std::string::npos);
    CHECK(text.find(R"("max_age_ms":600000,"leeway_ms":30000)") != std::string::npos);
}

TEST_CASE("runtime: the catalogue of a bundle that was sealed and loaded is the same") {
    for (const char* name : {"refund", "delete-bucket"}) {
        const Bundle bundle = example(name);
        const auto loaded = Bundle::load(bundle.bytes());
        REQUIRE(loaded);
        CHECK(to_json(catalogue_of(*loaded)) == to_json(catalogue_of(bundle)));
    }
}

TEST_CASE("runtime: what the catalogue reads is verified when a bundle is opened") {
    const FromText made = from_text(kPolicy);
    const auto refused = [&](auto change) {
        bytecode::Sections sections = sections_of(*made.program);
        change(sections);
        const auto opened = bytecode::Program::over(sections);
        return opened ? "" : opened.error().code;
    };
    CHECK(refused([](bytecode::Sections&) {}) == "");
    constexpr std::uint32_t kFar = 1u << 20;
    CHECK(refused([](auto& s) { s.tools[2].name = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].name = 0; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].wire_name = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].scopes = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].audience = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].tier = 3; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].tier = -1; }) == "B0014");
    CHECK(refused([](auto& s) { s.tools[2].params = kFar; }) != "");
    CHECK(refused([](auto& s) { s.tools[2].params = s.tools[1].params; }) == "B0012");
    CHECK(refused([](auto& s) { s.manifest[0].tier_enum = kFar; }) != "");
    CHECK(refused([](auto& s) { s.issuers[0].url = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.issuers[0].audiences = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.issuers[0].types = kFar; }) == "B0014");
    CHECK(refused([](auto& s) { s.issuers[0].claims = kFar; }) != "");
    CHECK(refused([](auto& s) { s.issuers[0].max_age = -2; }) == "B0014");
    // Of a parameter: no name, another kind, no such enum, an enum without its members, fields that are its own.
    const std::uint32_t params = made.program->tools[2].params, first = made.program->shape[params].first_child;
    CHECK(refused([&](auto& s) { s.shape[first].name = bytecode::kNone; }) == "B0012");
    CHECK(refused([&](auto& s) { s.shape[first].name = kFar; }) == "B0012");
    CHECK(refused([&](auto& s) { s.shape[first + 1].enumeration = kFar; }) == "B0012");
    CHECK(refused([&](auto& s) { s.shape[first + 1].enumeration = bytecode::kNone; }) == "B0012");
    CHECK(refused([&](auto& s) { s.shape[first].weakest = 9; }) == "B0012");
    CHECK(refused([&](auto& s) { s.shape[first].first_child = first, s.shape[first].child_count = 1; }) == "B0012");
    CHECK(refused([&](auto& s) { s.shape[first + 4].child_count = 0; }) == "B0012");
    CHECK(refused([&](auto& s) { s.enums[s.shape[first + 1].enumeration].first_member = kFar; }) == "B0011");
    CHECK(refused([&](auto& s) { s.enums[s.shape[first + 1].enumeration].name = 0; }) == "B0011");
}
