// Documents of one form reuse what was found for the first of them. In any order of documents, a request that was used
// before must give the same result as a new one.
#include <doctest/doctest.h>

#include "../property/rng.h"
#include "base/json.h"
#include "ledger_fixture.h"
#include "writ/evaluator.h"

using namespace writ;
using namespace writ::testing;
using property::Rng;

namespace {

/// The result for a document: the decision for the operator, or the error.
std::string outcome(Request& request, Evaluator& evaluator, const Layers& layers, const std::string& document) {
    if (const auto read = request.parse(document); !read)
        return read.error().code + " " + read.error().context + ": " + read.error().message;
    return to_json(evaluator.evaluate(request), layers, View::Operator);
}

/// Compares a request that is reused for all documents with a new one for each document.
struct Warm {
    Layers layers;
    Request request;
    Evaluator evaluator;
    std::size_t tried = 0, refused = 0;

    explicit Warm(Layers all) : layers(all), request(all), evaluator(all) {}

    void hold(const std::string& document) {
        Request fresh(layers);
        Evaluator other(layers);
        const std::string expected = outcome(fresh, other, layers, document);
        const std::string got = outcome(request, evaluator, layers, document);
        ++tried;
        refused += expected.starts_with("Q0") ? 1 : 0;
        if (got != expected) FAIL_CHECK("of " << document << "\n  new:  " << expected << "\n  used: " << got);
    }
};

void collect(json::Value& value, std::vector<json::Value*>& out) {
    out.push_back(&value);
    for (json::Value& item : value.items) collect(item, out);
    for (json::Member& member : value.members) collect(member.second, out);
}

/// Changes the value in one place; the form usually stays the same.
void change(json::Value& document, Rng& rng) {
    std::vector<json::Value*> all;
    collect(document, all);
    json::Value& at = *all[1 + rng.below(all.size() - 1)];
    if (at.type == json::Type::String && rng.percent(70)) {
        at.text = rng.pick<const char*>({"", "t1", "t2", "verified", "model", "broker", "refund",
                                         "https://k8s-west.example.com", "prod", "a\\\"b", "x y", "approved",
                                         "asserted", "unknown-tool"});
        return;
    }
    const bool scalar = at.type != json::Type::Object && at.type != json::Type::Array;
    if (!scalar && rng.percent(60)) {
        if (!at.members.empty() && rng.percent(50))
            at.members.erase(at.members.begin() + static_cast<std::ptrdiff_t>(rng.below(at.members.size())));
        else if (!at.members.empty())
            rng.shuffle(at.members);
        else if (!at.items.empty())
            at.items.push_back(at.items.front());
        return;
    }
    at = rng.pick<json::Value>({json::Value::null(), json::Value::of(true), json::Value::of(std::int64_t{1790000100}),
                                json::Value::of(std::int64_t{-1}), json::Value::number("40.5"),
                                json::Value::number("1e2"), json::Value::of("text"), json::Value::array(),
                                json::Value::object()});
}

}  // namespace

TEST_CASE("request: documents of one form, one after the other, are read as if each were the first") {
    Warm warm{Layers(example("refund"))};
    Rng rng(20261126);
    std::vector<json::Value> bases;
    for (const char* name : {"permit", "deny", "needs_approval", "permit_approved"})
        bases.push_back(*json::parse(example_request("refund", name)));
    for (int i = 0; i < 1500; ++i) {
        json::Value document = rng.pick(bases);
        warm.hold(json::write(document));
        for (std::size_t n = rng.between(1, 3); n > 0; --n) change(document, rng);
        warm.hold(rng.percent(50) ? json::write(document) : json::write_pretty(document));
    }
    CHECK(warm.refused > warm.tried / 10);
    CHECK(warm.refused < warm.tried * 9 / 10);
}

TEST_CASE("request: bytes of a document that are changed are seen, whatever its form was") {
    Warm warm{Layers(example("refund"))};
    Rng rng(7);
    const std::string base = example_request("refund");
    for (int i = 0; i < 1500; ++i) {
        warm.hold(base);
        std::string text = base;
        for (std::size_t n = rng.between(1, 2); n > 0; --n)
            text.replace(
                rng.below(text.size()), 1,
                std::string(rng.below(3), rng.pick<char>({'"', ',', ':', '{', '}', '[',  ']',  ' ',    '0',  '9',   '-',
                                                          '.', 'e', 'n', 't', 'a', '\\', '\n', '\x01', '\0', '\x80'})));
        warm.hold(text);
    }
}

TEST_CASE("request: documents of one form under several layers") {
    std::vector<Bundle> both{example("delete-bucket"), example("refund")};
    Warm warm{Layers(std::move(both))};
    Rng rng(11);
    const json::Value base = *json::parse(example_request("refund"));
    for (int i = 0; i < 200; ++i) {
        json::Value document = base;
        warm.hold(json::write(document));
        change(document, rng);
        warm.hold(json::write(document));
    }
}

TEST_CASE("request: the same form with another issuer, tool or provenance is bound anew") {
    Warm warm{Layers(example("refund"))};
    const std::string base = example_request("refund");
    for (int i = 0; i < 3; ++i) {
        warm.hold(base);
        warm.hold(with(base, "\"user\": \"broker\"", "\"user\": \"model\""));
        warm.hold(with(base, "\"name\": \"refund\"", "\"name\": \"refunds\""));
        warm.hold(with(with(base, "https://k8s-west.example.com", "https://k8s-east.example.com"),
                       "https://k8s-west.example.com", "https://k8s-east.example.com"));
    }
}

TEST_CASE("request: the limits of the moment count, also for a form that was read under others") {
    Warm warm{Layers(example("refund"))};
    const std::string base = example_request("refund");
    for (int i = 0; i < 3; ++i) REQUIRE(warm.request.parse(base));
    RequestLimits limits;
    limits.max_string = 8;
    CHECK(warm.request.parse(base, limits).error().code == "Q0005");
    limits = {};
    limits.max_depth = 2;
    CHECK(warm.request.parse(base, limits).error().code == "Q0003");
    limits = {};
    limits.max_members = 4;
    CHECK(warm.request.parse(base, limits).error().code == "Q0004");
    REQUIRE(warm.request.parse(base));
    // A longer text than the document that the form was made from.
    const std::string longer = with(base, "\"refund-agent\"", "\"" + std::string(20'000, 'x') + "\"");
    CHECK(warm.request.parse(longer).error().code == "Q0005");
}
