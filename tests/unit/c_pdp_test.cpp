// Tests the decision point in C, with correct and incorrect use.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "c_refund.h"
#include "ledger_fixture.h"
#include "store_fixture.h"

namespace {

using writ::testing::lookup_request;
using writ::testing::Made;
using writ::testing::c::Errors;
using writ::testing::c::text;
using writ::testing::c::view;
using Decision = writ::testing::c::Decision;
using Pdp = std::unique_ptr<writ_pdp, writ::testing::c::Freed<writ_pdp_free>>;

/// A store, a ledger, and options for both.
struct Place {
    Made made{3};
    std::string ledger = made.folder.at("ledger");
    Errors errors{writ_errors_new()};

    [[nodiscard]] writ_pdp_options options() const {
        writ_pdp_options out{};
        out.struct_size = sizeof out;
        out.store = text(made.path);
        out.channel = text("prod");
        out.ledger = text(ledger);
        out.poll = 1;
        return out;
    }
    [[nodiscard]] Pdp open(const writ_pdp_options& options) const {
        writ_pdp* pdp = nullptr;
        const writ_status status = writ_pdp_open(&options, &pdp, errors.get());
        const std::string refused = status == WRIT_OK ? "" : code();
        REQUIRE(refused == "");
        return Pdp(pdp);
    }
    [[nodiscard]] std::string code() const {
        return writ_errors_count(errors.get()) == 0 ? "" : std::string(view(writ_errors_at(errors.get(), 0).code));
    }
};

}  // namespace

TEST_CASE("c: a decision point: from a request to a recorded decision in one call") {
    Place place;
    place.made.activate("v2");
    const Pdp pdp = place.open(place.options());
    const Decision decision(writ_decision_new());
    writ_text json{};
    const std::string request = lookup_request();
    REQUIRE(writ_pdp_decide(pdp.get(), text(request), text({}), decision.get(), &json, place.errors.get()) == WRIT_OK);
    CHECK(writ_decision_effect(decision.get()) == WRIT_PERMIT);
    CHECK(writ_decision_ttl(decision.get()) == 120);
    CHECK(view(writ_decision_scope(decision.get(), 0)) == "data:read");
    CHECK(view(json).find("\"effect\":\"permit\"") != std::string::npos);
    CHECK(view(json).find("\"record\":0") != std::string::npos);
    CHECK(view(writ_decision_json(decision.get(), WRIT_READER_OPERATOR)) == view(json));
    CHECK(view(writ_decision_json(decision.get(), WRIT_READER_CALLER)).find("record") == std::string::npos);
    std::uint64_t record = 9;
    CHECK(writ_decision_record(decision.get(), &record));
    CHECK(record == 0);

    // A rejected document is also recorded.
    CHECK(writ_pdp_decide(pdp.get(), text("{"), text({}), decision.get(), &json, place.errors.get()) ==
          WRIT_ERROR_REQUEST);
    CHECK(place.code() == "Q0001");
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(writ_decision_record(decision.get(), &record));
    CHECK(record == 1);
    CHECK(writ::testing::records_of(place.ledger).size() == 2);

    // A single-use grant can be used once.
    CHECK(writ_pdp_use(pdp.get(), text("grant:0"), &record, place.errors.get()) == WRIT_OK);
    CHECK(record == 2);
    CHECK(writ_pdp_use(pdp.get(), text("grant:0"), nullptr, place.errors.get()) == WRIT_ERROR_LEDGER);
    CHECK(place.code() == "G0025");

    writ_pdp_state state{};
    state.struct_size = sizeof state;
    CHECK(writ_pdp_status(pdp.get(), &state, place.errors.get()) == WRIT_OK);
    for (std::size_t size = 0; size <= sizeof state; ++size) {
        writ_pdp_state cut{};
        cut.struct_size = size;
        const bool within =
            size < sizeof size || (size < offsetof(writ_pdp_state, ready) && size % sizeof(uint64_t) != 0);
        CHECK_MESSAGE(writ_pdp_status(pdp.get(), &cut, place.errors.get()) == (within ? WRIT_ERROR_ARGUMENT : WRIT_OK),
                      size);
    }
    CHECK(writ_pdp_status(pdp.get(), &state, place.errors.get()) == WRIT_OK);
    CHECK(state.ready);
    CHECK(state.epoch == 1);
    CHECK(state.number == 1);
    CHECK(state.dropped == 0);
    CHECK(place.code().empty());
}

TEST_CASE("c: a decision point without a store denies, and says why in its status") {
    Place place;
    writ_pdp_options options = place.options();
    const std::string nowhere = place.made.folder.at("nowhere");
    options.store = text(nowhere);
    const Pdp pdp = place.open(options);
    const Decision decision(writ_decision_new());
    const std::string request = lookup_request();
    CHECK(writ_pdp_decide(pdp.get(), text(request), text({}), decision.get(), nullptr, nullptr) == WRIT_OK);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(writ::testing::c::has_reason(decision.get(), "policy_stale"));
    writ_pdp_state state{};
    state.struct_size = sizeof state;
    CHECK(writ_pdp_status(pdp.get(), &state, place.errors.get()) == WRIT_OK);
    CHECK_FALSE(state.ready);
    CHECK(place.code().starts_with("S"));
}

TEST_CASE("c: a decision point accepts what its keys have signed") {
    Place place;
    const writ::SecretKey key = writ::SecretKey::generate();
    place.made.activate("v1", &key);
    const std::string line = key.public_key().text(), other = writ::SecretKey::generate().public_key().text();
    const std::string request = lookup_request();
    const Decision decision(writ_decision_new());
    for (const std::string* trusted : {&line, &other}) {
        const writ_text keys[] = {text(*trusted)};
        writ_pdp_options options = place.options();
        options.keys = keys;
        options.key_count = 1;
        const Pdp pdp = place.open(options);
        CHECK(writ_pdp_decide(pdp.get(), text(request), text({}), decision.get(), nullptr, nullptr) == WRIT_OK);
        CHECK(writ_decision_effect(decision.get()) == (trusted == &line ? WRIT_PERMIT : WRIT_DENY));
    }
}

TEST_CASE("c: a decision point takes limits for its requests") {
    Place place;
    place.made.activate("v1");
    writ_request_limits limits{};
    limits.struct_size = sizeof limits;
    limits.max_bytes = 16;
    writ_pdp_options options = place.options();
    options.limits = &limits;
    const Pdp pdp = place.open(options);
    const Decision decision(writ_decision_new());
    const std::string request = lookup_request();
    CHECK(writ_pdp_decide(pdp.get(), text(request), text({}), decision.get(), nullptr, nullptr) == WRIT_ERROR_REQUEST);
    CHECK(writ::testing::c::has_reason(decision.get(), "Q0002"));

    limits.struct_size = 1;
    writ_pdp* none = nullptr;
    CHECK(writ_pdp_open(&options, &none, place.errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_errors_at(place.errors.get(), 0).context) == "options.limits");
}

TEST_CASE("c: a decision outlives its point") {
    const Decision decision(writ_decision_new());
    writ_text json{};
    {
        Place place;
        place.made.activate("v1");
        const Pdp pdp = place.open(place.options());
        const std::string request = lookup_request();
        REQUIRE(writ_pdp_decide(pdp.get(), text(request), text({}), decision.get(), &json, nullptr) == WRIT_OK);
    }
    CHECK(view(writ_decision_scope(decision.get(), 0)) == "data:read");
    CHECK(view(json).find("data:read") != std::string::npos);
}

TEST_CASE("c: options of a decision point may end after any member") {
    Place place;
    place.made.activate("v1");
    writ_pdp_options whole = place.options();
    const writ_text mask[] = {text("/user")};
    const std::string state = place.made.folder.at("state"), key(32, 'k');
    whole.space = text("default");
    whole.state = text(state);
    whole.mask = mask;
    whole.mask_count = 1;
    whole.mask_key = text(key);
    whole.max_staleness = 60'000;
    whole.digest_only = true;
#define END(name) offsetof(writ_pdp_options, name) + sizeof(writ_pdp_options::name)
    const std::size_t ends[] = {
        sizeof(std::size_t), END(store),    END(channel),    END(ledger),        END(space),         END(candidate),
        END(state),          END(keys),     END(on_call),    END(key_count),     END(on_call_count), END(mask),
        END(mask_count),     END(mask_key), END(poll),       END(max_staleness), END(best_effort),   END(digest_only),
        END(show_unknown),   END(limits),   END(queue_bytes)};
    for (std::size_t i = 0; i < std::size(ends); ++i) {
        std::vector<unsigned char> bytes(ends[i]);
        std::memcpy(bytes.data(), &whole, ends[i]);
        std::memcpy(bytes.data(), &ends[i], sizeof ends[i]);
        writ_pdp* pdp = nullptr;
        const writ_status status =
            writ_pdp_open(reinterpret_cast<const writ_pdp_options*>(bytes.data()), &pdp, place.errors.get());
        CHECK(status == (i < 3 ? WRIT_ERROR_ARGUMENT : WRIT_OK));  // without a store, a channel or a ledger
        if (status == WRIT_OK) {
            const Decision decision(writ_decision_new());
            const std::string request = lookup_request();
            CHECK(writ_pdp_decide(pdp, text(request), text({}), decision.get(), nullptr, nullptr) == WRIT_OK);
            CHECK(writ_decision_effect(decision.get()) == WRIT_PERMIT);
        }
        writ_pdp_free(pdp);
        // No header has a structure that ends inside this member. Three members have only one byte.
        if (ends[i] > END(max_staleness) && ends[i] < END(limits)) continue;
        const std::size_t within = ends[i] - 1;
        std::memcpy(bytes.data(), &within, sizeof within);
        CHECK(writ_pdp_open(reinterpret_cast<const writ_pdp_options*>(bytes.data()), &pdp, place.errors.get()) ==
              WRIT_ERROR_ARGUMENT);
        CHECK(view(writ_errors_at(place.errors.get(), 0).message) == "struct_size does not fit");
    }
}

namespace {

/// What callbacks were given.
struct Told {
    std::mutex lock;
    std::condition_variable changed;
    int calls = 0;
    writ_status status = WRIT_PENDING;
    std::uint64_t record = 0;
    std::string code;
    Decision decision;

    void wait_for(int count) {
        std::unique_lock hold(lock);
        changed.wait(hold, [&] { return calls >= count; });
    }
    void tell(writ_status now, const writ_errors* errors) {
        status = now;
        code = writ_errors_count(errors) == 0 ? "" : std::string(view(writ_errors_at(errors, 0).code));
        ++calls;
        changed.notify_all();
    }
};
void told_decision(void* context, writ_status status, writ_decision* decision, const writ_errors* errors) {
    Told& told = *static_cast<Told*>(context);
    const std::lock_guard hold(told.lock);
    told.decision.reset(decision);
    told.tell(status, errors);
}
void told_use(void* context, writ_status status, std::uint64_t record, const writ_errors* errors) {
    Told& told = *static_cast<Told*>(context);
    const std::lock_guard hold(told.lock);
    told.record = record;
    told.tell(status, errors);
}

}  // namespace

TEST_CASE("c: a decision point that does not wait tells of the recorded decision") {
    Place place;
    place.made.activate("v2");
    Told told;
    Decision decision(writ_decision_new());
    writ_text json{};
    const auto decide = [&](const Pdp& pdp, std::string request) {
        const writ_status status = writ_pdp_decide_async(pdp.get(), text(request), text({}), told_decision, &told,
                                                         decision.get(), &json, place.errors.get());
        std::fill(request.begin(), request.end(), 'x');
        CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
        return status;
    };
    {
        const Pdp pdp = place.open(place.options());
        REQUIRE(decide(pdp, lookup_request()) == WRIT_PENDING);
        CHECK(view(json).empty());
        CHECK_FALSE(writ_decision_record(decision.get(), nullptr));
        told.wait_for(1);
        CHECK(told.status == WRIT_OK);
        CHECK(told.code.empty());
        CHECK(writ_decision_effect(told.decision.get()) == WRIT_PERMIT);
        CHECK(writ_decision_ttl(told.decision.get()) == 120);
        std::uint64_t record = 9;
        CHECK(writ_decision_record(told.decision.get(), &record));
        CHECK(record == 0);
        const std::string recorded(view(writ_decision_json(told.decision.get(), WRIT_READER_OPERATOR)));
        CHECK(recorded.find("\"record\":0") != std::string::npos);
        CHECK(view(writ_decision_json(told.decision.get(), WRIT_READER_CALLER)).find("record") == std::string::npos);

        REQUIRE(decide(pdp, "{") == WRIT_PENDING);
        told.wait_for(2);
        CHECK(told.status == WRIT_ERROR_REQUEST);
        CHECK(told.code == "Q0001");
        CHECK(writ_decision_effect(told.decision.get()) == WRIT_DENY);
        CHECK(writ::testing::records_of(place.ledger).size() == 2);

        const auto use = [&](std::string_view name) {
            return writ_pdp_use_async(pdp.get(), text(name), told_use, &told, place.errors.get());
        };
        CHECK(use("grant:0") == WRIT_PENDING);
        told.wait_for(3);
        CHECK(told.status == WRIT_OK);
        CHECK(told.record == 2);
        CHECK(use("grant:0") == WRIT_PENDING);
        told.wait_for(4);
        CHECK(told.status == WRIT_ERROR_LEDGER);
        CHECK(told.code == "G0025");
        CHECK(told.record == 0);
        CHECK(use("grant:1") == WRIT_ERROR_LEDGER);
        CHECK(place.code() == "G0026");
        CHECK(use("ticket") == WRIT_ERROR_LEDGER);
        CHECK(place.code() == "G0027");

        CHECK(writ_pdp_decide_async(pdp.get(), text("{"), text({}), nullptr, nullptr, decision.get(), nullptr,
                                    nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_decide_async(pdp.get(), text("{"), text({}), told_decision, nullptr, nullptr, nullptr,
                                    nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_decide_async(pdp.get(), {nullptr, 1}, text({}), told_decision, nullptr, decision.get(), nullptr,
                                    nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_decide_async(pdp.get(), text("{"), {nullptr, 1}, told_decision, nullptr, decision.get(), nullptr,
                                    nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_decide_async(nullptr, text("{"), text({}), told_decision, nullptr, decision.get(), &json,
                                    nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_use_async(nullptr, text("grant:0"), told_use, nullptr, nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_use_async(pdp.get(), text("grant:0"), nullptr, nullptr, nullptr) == WRIT_ERROR_ARGUMENT);
        CHECK(writ_pdp_use_async(pdp.get(), {nullptr, 1}, told_use, nullptr, nullptr) == WRIT_ERROR_ARGUMENT);

        // Freeing the point waits for what is pending.
        for (int i = 0; i < 20; ++i) REQUIRE(decide(pdp, lookup_request()) == WRIT_PENDING);
    }
    CHECK(told.calls == 24);
    CHECK(told.status == WRIT_OK);

    // A queue without room for one record.
    writ_pdp_options options = place.options();
    options.queue_bytes = 100;
    const Pdp pdp = place.open(options);
    CHECK(decide(pdp, lookup_request()) == WRIT_ERROR_LEDGER);
    CHECK(place.code() == "G0014");
    CHECK(writ::testing::c::has_reason(decision.get(), "audit_unavailable"));
    CHECK(view(json).find("audit_unavailable") != std::string::npos);
    CHECK(told.calls == 24);
}

TEST_CASE("c: a decision point that does not wait, with best effort") {
    Place place;
    place.made.activate("v1");
    writ_pdp_options options = place.options();
    options.best_effort = true;
    Told told;
    const Decision decision(writ_decision_new());
    const std::string request = lookup_request();
    {
        const Pdp pdp = place.open(options);
        REQUIRE(writ_pdp_decide_async(pdp.get(), text(request), text({}), told_decision, &told, decision.get(), nullptr,
                                      nullptr) == WRIT_PENDING);
        told.wait_for(1);
        CHECK(writ_decision_effect(told.decision.get()) == WRIT_PERMIT);
        CHECK(writ_decision_record(told.decision.get(), nullptr));
    }
    // Without room it permits at once, and counts what it drops.
    options.queue_bytes = 100;
    const Pdp pdp = place.open(options);
    writ_text json{};
    CHECK(writ_pdp_decide_async(pdp.get(), text(request), text({}), told_decision, &told, decision.get(), &json,
                                place.errors.get()) == WRIT_OK);
    CHECK(writ_decision_effect(decision.get()) == WRIT_PERMIT);
    CHECK(view(json).find("\"record\":null") != std::string::npos);
    writ_pdp_state state{};
    state.struct_size = sizeof state;
    CHECK(writ_pdp_status(pdp.get(), &state, nullptr) == WRIT_OK);
    CHECK(state.dropped == 1);
    CHECK(told.calls == 1);
}

TEST_CASE("c: a decision point as it should not be used") {
    Place place;
    place.made.activate("v1");
    writ_pdp* none = nullptr;
    writ_pdp_options options = place.options();
    CHECK(writ_pdp_open(nullptr, &none, place.errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_pdp_open(&options, nullptr, place.errors.get()) == WRIT_ERROR_ARGUMENT);
    options.store = {nullptr, 3};
    CHECK(writ_pdp_open(&options, &none, place.errors.get()) == WRIT_ERROR_ARGUMENT);
    options = place.options();
    options.key_count = 1;
    CHECK(writ_pdp_open(&options, &none, place.errors.get()) == WRIT_ERROR_ARGUMENT);
    const writ_text bad[] = {text("no key")};
    options.keys = bad;
    CHECK(writ_pdp_open(&options, &none, place.errors.get()) == WRIT_ERROR_STORE);
    CHECK(place.code() == "S0066");
    options = place.options();
    options.mask = bad;
    options.mask_count = 1;
    CHECK(writ_pdp_open(&options, &none, place.errors.get()) == WRIT_ERROR_LEDGER);
    CHECK(none == nullptr);

    const Pdp pdp = place.open(place.options());
    const Decision decision(writ_decision_new());
    writ_text json{};
    const std::string request = lookup_request();
    REQUIRE(writ_pdp_decide(pdp.get(), text(request), text({}), decision.get(), &json, nullptr) == WRIT_OK);
    CHECK(writ_pdp_decide(nullptr, text(request), text({}), decision.get(), &json, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(view(json).empty());
    CHECK_FALSE(writ_decision_record(decision.get(), nullptr));
    CHECK(writ_pdp_decide(pdp.get(), {nullptr, 1}, text({}), decision.get(), &json, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_pdp_decide(pdp.get(), text(request), text({}), nullptr, &json, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_pdp_use(nullptr, text("grant:0"), nullptr, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_pdp_status(pdp.get(), nullptr, nullptr) == WRIT_ERROR_ARGUMENT);
    writ_pdp_free(nullptr);
}
