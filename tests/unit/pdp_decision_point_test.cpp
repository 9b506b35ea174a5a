// Tests the decision point: it returns only what it recorded, whatever happens to the store, the ledger or the policy.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include <sys/resource.h>

#include "ledger_fixture.h"
#include "store_fixture.h"
#include "writ/decision_point.h"

using namespace writ;
using namespace writ::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto kLong = 10s;  // longer than anything takes on a busy machine

/// A store, a ledger, and options for both.
struct Place {
    Made made{3};
    std::string ledger = made.folder.at("ledger");

    [[nodiscard]] DecisionPointOptions options() const {
        DecisionPointOptions out;
        out.follow.store = made.path;
        out.follow.channel = "prod";
        out.follow.poll = 1ms;
        out.ledger = ledger;
        return out;
    }
    [[nodiscard]] static DecisionPoint open(DecisionPointOptions options) {
        auto point = DecisionPoint::open(std::move(options));
        const std::string refused = point ? "" : point.error().code + " " + point.error().message;
        REQUIRE(refused == "");
        return std::move(*point);
    }
};

std::string first_reason(const Decided& decided) {
    return decided.decision->reasons.empty() ? "" : std::string(decided.decision->reasons.front().code);
}

/// The parts of a decision that these tests compare.
std::string said(const Decision& decision) {
    std::string out = std::to_string(static_cast<int>(decision.effect));
    for (const auto scope : decision.grant.scopes) out.append(" ") += scope;
    out += " " + std::to_string(decision.grant.ttl);
    for (const Reason& reason : decision.reasons) out.append(" ") += reason.code;
    return out.append(" ").append(decision.attribution.agent).append(" ").append(decision.bundle_digest);
}

/// Whether the record that the answer names contains the same decision.
bool recorded(const std::vector<std::string>& records, const Decided& decided) {
    if (!decided.record || *decided.record >= records.size()) return false;
    ledger::Record record;
    if (!ledger::decode(records[*decided.record], record)) return false;
    const std::string number = "\"record\":" + std::to_string(*decided.record);
    return said(record.decision) == said(*decided.decision) && decided.json.find(number) != std::string::npos;
}

}  // namespace

TEST_CASE("pdp: decides by what is active, and answers with what it recorded") {
    Place place;
    place.made.activate("v1");
    DecisionPoint point = Place::open(place.options());
    std::vector<Decided> all;
    all.push_back(point.decide(lookup_request()));
    CHECK(all.back().decision->effect == Effect::Permit);
    CHECK(all.back().decision->grant.ttl == 60);
    place.made.activate("v3");
    REQUIRE(point.policy().wait({1, 2}, kLong));
    all.push_back(point.decide(lookup_request()));
    CHECK(all.back().decision->grant.ttl == 180);
    all.push_back(point.decide(with(lookup_request(), "data:read", "data:list")));
    CHECK(all.back().decision->effect == Effect::Deny);
    all.push_back(point.decide("no request"));
    CHECK(all.back().decision->effect == Effect::Deny);
    REQUIRE(all.back().error);
    CHECK(all.back().error->code == first_reason(all.back()));
    const auto records = records_of(place.ledger);
    REQUIRE(records.size() == all.size());
    for (const Decided& each : all) CHECK(recorded(records, each));
}

TEST_CASE("pdp: an answer outlives the point, and does not change") {
    Decided kept;
    std::string before;
    {
        Place place;
        place.made.activate("v1");
        DecisionPoint point = Place::open(place.options());
        kept = point.decide(lookup_request("kept"));
        before = said(*kept.decision);
        (void)point.decide(lookup_request("other"));
    }
    CHECK(said(*kept.decision) == before);
    CHECK(kept.decision->attribution.agent == "kept");
    const Decided copy = kept;
    kept = {};
    CHECK(said(*copy.decision) == before);
    CHECK(kept.decision->effect == Effect::Deny);
    const std::string caller = to_json(*copy.decision, copy.layers, View::Caller);
    CHECK(caller.find("data:read") != std::string::npos);
    CHECK(caller.find("record") == std::string::npos);
}

TEST_CASE("pdp: what cannot be recorded is denied: audit_unavailable") {
    Place place;
    place.made.activate("v1");
    DecisionPoint point = Place::open(place.options());
    REQUIRE(point.decide(lookup_request()).decision->effect == Effect::Permit);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{100, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const Decided decided = point.decide(lookup_request());
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK(decided.decision->effect == Effect::Deny);
    CHECK(decided.decision->grant.scopes.empty());
    CHECK(first_reason(decided) == "audit_unavailable");
    CHECK(decided.json.find("\"effect\":\"deny\"") != std::string::npos);
    CHECK_FALSE(decided.record);
    CHECK(decided.error);
}

TEST_CASE("pdp: without a store it denies and records that; without it later, the last policy stays") {
    Place place;
    DecisionPointOptions nowhere = place.options();
    nowhere.follow.store = place.made.folder.at("nowhere");
    {
        DecisionPoint point = Place::open(nowhere);
        const Decided decided = point.decide(lookup_request());
        CHECK(first_reason(decided) == "policy_stale");
        CHECK(recorded(records_of(place.ledger), decided));
    }
    place.made.activate("v2");
    DecisionPoint point = Place::open(place.options());
    REQUIRE(point.decide(lookup_request()).decision->effect == Effect::Permit);
    std::filesystem::remove(place.made.path);
    std::this_thread::sleep_for(50ms);
    const Decided decided = point.decide(lookup_request());
    CHECK(decided.decision->grant.ttl == 120);
    CHECK(recorded(records_of(place.ledger), decided));
}

TEST_CASE("pdp: a request beyond the limits is denied, and that is recorded") {
    Place place;
    place.made.activate("v1");
    DecisionPointOptions options = place.options();
    const std::string request = lookup_request();
    options.limits.max_bytes = request.size() - 1;
    DecisionPoint point = Place::open(options);
    const Decided decided = point.decide(request);
    CHECK(first_reason(decided) == "Q0002");
    REQUIRE(decided.error);
    CHECK(decided.error->code == "Q0002");
    CHECK(recorded(records_of(place.ledger), decided));
}

TEST_CASE("pdp: a revocation in the store denies at once") {
    Place place;
    place.made.activate("v1");
    DecisionPoint point = Place::open(place.options());
    REQUIRE(point.decide(lookup_request()).decision->effect == Effect::Permit);
    REQUIRE(place.made.store.revoke(RevocationKind::Agent, "a-1", kAda));
    Decided decided;
    for (const auto end = std::chrono::steady_clock::now() + kLong; std::chrono::steady_clock::now() < end;) {
        decided = point.decide(lookup_request());
        if (decided.decision->effect == Effect::Deny) break;
    }
    CHECK(first_reason(decided) == "identity_revoked");
}

TEST_CASE("pdp: a repeated idempotency key names the record before") {
    Place place;
    place.made.activate("v1");
    DecisionPoint point = Place::open(place.options());
    const std::string request = with(lookup_request(), "\"provenance\"", "\"idempotency_key\": \"k\", \"provenance\"");
    const Decided first = point.decide(request), second = point.decide(request);
    REQUIRE(first.record);
    CHECK_FALSE(first.earlier);
    REQUIRE(second.earlier);
    CHECK(*second.earlier == *first.record);
    CHECK(recorded(records_of(place.ledger), second));
}

TEST_CASE("pdp: what a candidate would have said is recorded and not answered") {
    Place place;
    REQUIRE(place.made.store.protect("next", false, 0, kAda));
    place.made.activate("v1");
    Move move = place.made.to("v2");
    move.channel = "next";
    REQUIRE(place.made.store.activate(move));
    DecisionPointOptions options = place.options();
    options.follow.candidate = "next";
    int told = 0;
    options.follow.diverged = [&](const Divergence&) { ++told; };
    std::optional<DecisionPoint> point(Place::open(options));
    const Decided decided = point->decide(lookup_request());
    CHECK(decided.decision->grant.ttl == 60);
    CHECK(told == 1);
    point.reset();
    const auto records = records_of(place.ledger);
    REQUIRE(records.size() == 2);
    CHECK(recorded(records, decided));
    int shadows = 0;
    for (const std::string& bytes : records) {
        ledger::Record record;
        REQUIRE(ledger::decode(bytes, record));
        shadows += record.shadow && record.decision.grant.ttl == 120;
    }
    CHECK(shadows == 1);
}

TEST_CASE("pdp: any number of threads, each with its own answer") {
    Place place;
    place.made.activate("v1");
    DecisionPoint point = Place::open(place.options());
    constexpr int kThreads = 4, kEach = 10;
    std::vector<Decided> all(kThreads * kEach);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (int i = t * kEach; i < (t + 1) * kEach; ++i)
                    all[static_cast<std::size_t>(i)] = point.decide(lookup_request("a-" + std::to_string(i)));
            });
    }
    const auto records = records_of(place.ledger);
    CHECK(records.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].decision->attribution.agent == "a-" + std::to_string(i));
        CHECK(recorded(records, all[i]));
    }
}

TEST_CASE("pdp: without waiting, any number of threads get their own answers, each once") {
    Place place;
    place.made.activate("v1");
    constexpr int kThreads = 4, kEach = 25;
    std::vector<Decided> all(kThreads * kEach);
    std::vector<std::atomic<int>> times(kThreads * kEach);
    {
        DecisionPoint point = Place::open(place.options());
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (auto i = static_cast<std::size_t>(t * kEach); i < static_cast<std::size_t>((t + 1) * kEach); ++i) {
                    const std::string request = i % 5 == 4 ? "no request" : lookup_request("a-" + std::to_string(i));
                    const auto at_once = point.decide_async(request, [&, i](Decided decided) {
                        all[i] = std::move(decided);
                        ++times[i];
                    });
                    if (at_once) times[i] = -1;
                }
            });
        threads.clear();
        // The point waits for what is not recorded yet.
    }
    const auto records = records_of(place.ledger);
    CHECK(records.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(times[i] == 1);
        CHECK(recorded(records, all[i]));
        if (i % 5 == 4)
            CHECK(all[i].error->code == first_reason(all[i]));
        else
            CHECK(all[i].decision->attribution.agent == "a-" + std::to_string(i));
    }
}

TEST_CASE("pdp: without waiting, what decides it is the same") {
    Place place;
    DecisionPointOptions options = place.options();
    options.open.queue_bytes = 100'000;
    DecisionPoint point = Place::open(options);
    const auto decide = [&](const std::string& request) {
        std::promise<Decided> told;
        auto at_once = point.decide_async(request, [&](Decided decided) { told.set_value(std::move(decided)); });
        return at_once ? std::move(*at_once) : told.get_future().get();
    };
    CHECK(first_reason(decide(lookup_request())) == "policy_stale");
    place.made.activate("v2");
    REQUIRE(point.policy().wait({1, 1}, kLong));
    const Decided waited = point.decide(lookup_request()), told = decide(lookup_request());
    CHECK(said(*told.decision) == said(*waited.decision));
    CHECK(told.record == *waited.record + 1);
    CHECK(to_json(*told.decision, told.layers, View::Caller) == to_json(*waited.decision, waited.layers, View::Caller));
    CHECK(recorded(records_of(place.ledger), told));
    // What the queue has no room for is denied at once.
    const std::string large =
        with(lookup_request(), "\"params\": {}", "\"params\": {}, \"operation\": \"" + std::string(16'000, 'x') + "\"");
    std::promise<void> go;
    REQUIRE_FALSE(point.decide_async(lookup_request(), [go = go.get_future().share()](const Decided&) { go.wait(); }));
    std::optional<Decided> full;
    while (!full) full = point.decide_async(large, [](const Decided&) {});
    CHECK(first_reason(*full) == "audit_unavailable");
    CHECK(full->error->code == "G0014");
    go.set_value();
}

TEST_CASE("pdp: what cannot be opened is an error") {
    Place place;
    DecisionPointOptions options = place.options();
    options.ledger = place.made.folder.at("none");
    options.open.create = false;
    CHECK(code_of(DecisionPoint::open(options)).starts_with("G"));
    options = place.options();
    options.record.mask = {"no pointer"};
    CHECK(code_of(DecisionPoint::open(options)) == "G0023");
    options = place.options();
    options.follow.on_call = {SecretKey::generate().public_key()};
    CHECK(code_of(DecisionPoint::open(options)) == "S0070");
}
