// Tests facts that are stated field by field: they get the same checks and decisions as documents.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/json.h"
#include "source_root.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

using namespace writ;
namespace fs = std::filesystem;

namespace {

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

Bundle compiled(const std::string& folder) {
    const auto sources = read_sources({source_root() + "/" + folder});
    REQUIRE(sources.has_value());
    auto bundle = compile(*sources);
    REQUIRE(bundle.has_value());
    return *bundle;
}

Provenance provenance_of(const json::Value& document, std::string_view group) {
    const json::Value* stated = document.find("provenance");
    if (stated != nullptr && stated->type == json::Type::Object) stated = stated->find(group);
    const std::map<std::string, Provenance> words{{"verified", Provenance::Verified},
                                                  {"broker", Provenance::Broker},
                                                  {"asserted", Provenance::Asserted},
                                                  {"model", Provenance::Model}};
    return stated == nullptr ? Provenance::Model : words.at(stated->text);
}

/// States a document's facts one by one; texts are views into `document`.
class Stating {
public:
    explicit Stating(Request& request) : request_(request) {}

    Result<void> state(const json::Value& document) {
        request_.begin(Provenance::Model);
        first(document, "token", "issuer");
        first(document, "tool", "name");
        for (const json::Member& member : document.members) {
            if (member.first == "provenance") continue;
            request_.trust(provenance_of(document, member.first));
            put(member.first, member.second);
        }
        return request_.finish();
    }

private:
    void first(const json::Value& document, std::string_view group, std::string_view field) {
        const json::Value* record = document.find(group);
        const json::Value* value = record == nullptr ? nullptr : record->find(field);
        request_.trust(provenance_of(document, group));
        if (value != nullptr) put(std::string(group) + "." + std::string(field), *value);
    }
    void put(const std::string& path, const json::Value& value) {
        const bool open = path == "token.claims" || path == "tool.params";
        const bool group = value.type == json::Type::Object && !open && !value.members.empty();
        if (group) {
            const bool map = path == "gates" || path == "sets" || path == "resource.tags";
            for (const json::Member& member : value.members)
                put(map ? path + "[\"" + member.first + "\"]" : path + "." + member.first, member.second);
            return;
        }
        const auto field = request_.field(path);
        REQUIRE_MESSAGE(field.has_value(), path);
        std::vector<std::string_view> texts;
        for (const json::Value& item : value.items)
            if (item.type == json::Type::String) texts.push_back(item.text);
        switch (value.type) {
            case json::Type::Null: return request_.set_none(*field);
            case json::Type::Bool: return request_.set_bool(*field, value.boolean);
            case json::Type::Int: return request_.set_int(*field, value.integer);
            case json::Type::Number: return request_.set_decimal(*field, value.text);
            case json::Type::String: return request_.set_text(*field, value.text);
            case json::Type::Array:
                if (texts.size() == value.items.size()) return request_.set_texts(*field, texts);
                break;
            case json::Type::Object: break;
        }
        request_.set_json(*field, json::write(value));
    }

    Request& request_;
};

struct Refund {
    Bundle bundle = compiled("examples/refund");
    Request request{bundle};
    Evaluator evaluator{bundle};
    json::Value document = *json::parse(slurp(source_root() + "/examples/refund/requests/permit.json"));

    Field field(std::string_view path) {
        auto found = request.field(path);
        REQUIRE(found.has_value());
        return *found;
    }
    std::string finish() {
        const auto done = request.finish();
        return done ? "" : done.error().code + " " + done.error().context;
    }
};

}  // namespace

TEST_CASE("request: facts stated field by field decide like the document they are from") {
    std::size_t compared = 0;
    for (const char* example :
         {"examples/refund", "examples/github-write", "examples/snowflake", "examples/subagent"}) {
        const fs::path folder = fs::path(source_root()) / example;
        if (!fs::exists(folder / "requests")) continue;
        const Bundle bundle = compiled(example);
        const Layers layers(std::vector{bundle, bundle});  // every field goes to each layer
        Request document(layers), fields(layers);
        Evaluator evaluator(layers);
        for (const auto& entry : fs::directory_iterator(folder / "requests")) {
            const std::string text = slurp(entry.path());
            REQUIRE(document.parse(text).has_value());
            const json::Value tree = *json::parse(text);
            for (int again = 0; again < 2; ++again) REQUIRE(Stating(fields).state(tree).has_value());
            CHECK_MESSAGE(to_json(evaluator.evaluate(fields), layers, View::Operator) ==
                              to_json(evaluator.evaluate(document), layers, View::Operator),
                          entry.path().string());
            ++compared;
        }
    }
    CHECK(compared >= 15);
}

TEST_CASE("request: until finish() has succeeded it denies, and after an error") {
    Refund refund;
    REQUIRE(Stating(refund.request).state(refund.document).has_value());
    CHECK(refund.evaluator.evaluate(refund.request).effect == Effect::Permit);

    refund.request.begin(Provenance::Verified);
    CHECK(refund.evaluator.evaluate(refund.request).effect == Effect::Deny);
    refund.request.set_int(refund.field("tenant"), 7);
    refund.request.set_text(refund.field("tenant"), "acme");
    CHECK(refund.finish() == "Q0010 $");
    CHECK(refund.evaluator.evaluate(refund.request).effect == Effect::Deny);
    CHECK(refund.finish() == "Q0019 $");
}

TEST_CASE("request: a fact stated with too weak a provenance is missing") {
    Refund refund;
    json::Value weaker = refund.document;
    REQUIRE(weaker.find("provenance") != nullptr);
    json::Value trust = json::Value::object();
    trust.set("now", json::Value::of("broker"));
    weaker.set("provenance", std::move(trust));
    REQUIRE(Stating(refund.request).state(weaker).has_value());
    CHECK(refund.evaluator.evaluate(refund.request).effect == Effect::Deny);

    // Except for the clock, which only the broker may set, as a number or as text.
    for (const bool text : {false, true}) {
        refund.request.begin(Provenance::Verified);
        refund.request.trust(Provenance::Asserted);
        if (text)
            refund.request.set_text(refund.field("now"), "2026-09-21T14:14:20Z");
        else
            refund.request.set_int(refund.field("now"), 1'790'000'060);
        CHECK(refund.finish() == "Q0023 $");
    }
}

TEST_CASE("request: a token is not wider than its claims, whatever is stated first") {
    Refund refund;
    json::Value wider = refund.document;
    wider.find("token")->find("claims")->set("exp", json::Value::of(std::int64_t{1'690'000'000}));
    const auto refused = Stating(refund.request).state(wider);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "Q0022");
    CHECK(refund.evaluator.evaluate(refund.request).effect == Effect::Deny);
}

TEST_CASE("request: fields that are not there, or not of these bundles") {
    Refund refund;
    for (const char* path : {"tennant", "token.claims.sub", "delegation.chain.actor", "tenant.id", "sets[\"a"})
        CHECK_MESSAGE(refund.request.field(path).error().code == "Q0011", path);

    const Bundle other = compiled("examples/github-write");
    Request elsewhere(other);
    const auto field = elsewhere.field("tenant");
    REQUIRE(field.has_value());
    refund.request.begin(Provenance::Verified);
    refund.request.set_text(*field, "acme");
    CHECK(refund.finish() == "Q0011 $");
    refund.request.begin(Provenance::Verified);
    refund.request.set_text(Field(), "acme");
    CHECK(refund.finish() == "Q0011 $");
}

TEST_CASE("request: claims and parameters wait for what says how they are read") {
    Refund refund;
    refund.request.begin(Provenance::Verified);
    refund.request.set_json(refund.field("token.claims"), "{}");
    CHECK(refund.finish() == "Q0019 $");
    refund.request.begin(Provenance::Verified);
    refund.request.set_json(refund.field("tool.params"), "{}");
    CHECK(refund.finish() == "Q0019 $");
}

TEST_CASE("request: a group is not none and stated") {
    Refund refund;
    const Field user = refund.field("user"), id = refund.field("user.id");
    refund.request.begin(Provenance::Verified);
    refund.request.set_none(user);
    refund.request.set_text(id, "ana");
    CHECK(refund.finish() == "Q0021 $");
    refund.request.begin(Provenance::Verified);
    refund.request.set_text(id, "ana");
    refund.request.set_none(user);
    CHECK(refund.finish() == "Q0021 $");
}

TEST_CASE("request: text and numbers are checked as in documents") {
    Refund refund;
    const auto refused = [&](const char* path, auto set) {
        const Field field = refund.field(path);
        refund.request.begin(Provenance::Verified);
        set(field);
        return refund.finish();
    };
    CHECK(refused("tenant", [&](const Field& f) { refund.request.set_text(f, "\xFF"); }) == "Q0020 $");
    CHECK(refused("want.scopes", [&](const Field& f) {
              refund.request.set_texts(f, std::vector<std::string_view>{"\xFF"});
          }) == "Q0020 $");
    CHECK(refused("run.state", [&](const Field& f) { refund.request.set_text(f, "sleeping"); }) == "Q0012 $");
    CHECK(refused("run.started", [&](const Field& f) { refund.request.set_int(f, INT64_MAX); }) == "Q0015 $");
    CHECK(refused("tenant", [&](const Field& f) { refund.request.set_none(f); }) == "Q0010 $");
    CHECK(refused("token.claims", [&](const Field& f) {
              refund.request.set_text(refund.field("token.issuer"), "https://elsewhere.example");
              refund.request.set_json(f, "{\"iss\":\"https://another.example\"}");
          }) == "Q0016 $.iss");
    CHECK(refused("delegation.chain", [&](const Field& f) {
              refund.request.set_int(refund.field("delegation.depth"), -1);
              refund.request.set_json(f, "[]");
          }) == "Q0017 $.delegation.depth");
    CHECK(refused("tool.params", [&](const Field& f) { refund.request.set_json(f, "{"); }).starts_with("Q0001"));
}

TEST_CASE("request: text that rules read is no longer than in documents") {
    Refund refund;
    const std::string fits(2'048, 'a'), longer(2'049, 'a');
    const auto stated = [&](std::string_view text) {
        refund.request.begin(Provenance::Verified);
        refund.request.set_text(refund.field("tenant"), text);
        return refund.finish();
    };
    CHECK(stated(fits) == "");
    CHECK(stated(longer) == "Q0005 $");
    CHECK(refund.evaluator.evaluate(refund.request).effect == Effect::Deny);

    // The texts of one list may have 16 KiB in total.
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 9; ++i) texts.push_back(std::to_string(i) + std::string(2'000, 'b'));
    const std::vector<std::string_view> nine(texts.begin(), texts.end());
    refund.request.begin(Provenance::Verified);
    refund.request.set_texts(refund.field("want.scopes"), std::span(nine).first(8));
    CHECK(refund.finish() == "");
    refund.request.begin(Provenance::Verified);
    refund.request.set_texts(refund.field("want.scopes"), nine);
    CHECK(refund.finish() == "Q0005 $");
}
