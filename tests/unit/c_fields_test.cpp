// Tests requests that are stated field by field in C.
#include <vector>

#include "c_refund.h"

using namespace writ::testing::c;

namespace {

using Field = std::unique_ptr<writ_field, Freed<writ_field_free>>;

constexpr std::int64_t kNow = 1790000060;

struct Broker {
    Request request = request_for(refund());
    Evaluator evaluator = evaluator_for(refund());
    Decision decision{writ_decision_new()};
    Errors errors{writ_errors_new()};

    Field field(std::string_view path) {
        writ_field* found = nullptr;
        REQUIRE(writ_field_find(request.get(), text(path), &found, errors.get()) == WRIT_OK);
        return Field(found);
    }
    writ_effect effect() {
        REQUIRE(writ_evaluate(evaluator.get(), request.get(), decision.get()) == WRIT_OK);
        return writ_decision_effect(decision.get());
    }
    std::string_view code() { return view(writ_errors_at(errors.get(), 0).code); }

    /// States the permitted refund request fact by fact.
    void state() {
        writ_request* r = request.get();
        const auto put = [&](const char* path, std::string_view value) {
            writ_request_set_text(r, field(path).get(), text(value));
        };
        const auto none = [&](const char* path) { writ_request_set_none(r, field(path).get()); };
        const auto json = [&](const char* path, std::string_view value) {
            writ_request_set_json(r, field(path).get(), text(value));
        };
        writ_request_begin(r, WRIT_PROVENANCE_VERIFIED);
        writ_request_set_int(r, field("now").get(), kNow);
        put("token.issuer", "https://k8s-west.example.com");
        const writ_text audience = text("https://broker.example.com");
        writ_request_set_texts(r, field("token.aud").get(), &audience, 1);
        writ_request_set_int(r, field("token.exp").get(), kNow + 600);
        writ_request_set_int(r, field("token.iat").get(), kNow - 60);
        none("token.nbf");
        put("token.credential_kind", "federated");
        json("token.claims", R"({"iss": "https://k8s-west.example.com", "kubernetes.io":
            {"namespace": "agents-prod", "serviceaccount": {"name": "refund-agent", "uid": "u1"}}})");
        writ_request_trust(r, WRIT_PROVENANCE_BROKER);
        json("workload", R"({"environment": "prod", "revoked": false})");
        json("agent", R"({"id": "refund-agent", "class": "support", "deployment_id": "d1", "revoked": false})");
        json("run", R"({"id": "run-7f3a", "parent_id": null, "exp": null, "background": false, "state": "running"})");
        put("tenant", "t1");
        put("user.id", "alice");
        put("user.tenant", "t1");
        const writ_text role = text("refunds");
        writ_request_set_texts(r, field("user.roles").get(), &role, 1);
        writ_request_set_bool(r, field("user.session_active").get(), true);
        none("user.session_exp");
        none("delegation");
        put("tool.name", "refund");
        json("tool.params", R"({"amount": 40.00, "currency": "USD"})");
        put("resource.environment", "prod");
        put("resource.tenant", "t1");
        writ_request_set_bool(r, field("want.reuse_subject_token").get(), false);
        const writ_text scope = text("refund:create");
        writ_request_set_texts(r, field("want.scopes").get(), &scope, 1);
    }
};

}  // namespace

TEST_CASE("c: facts are stated field by field, and permit") {
    Broker broker;
    for (int again = 0; again < 2; ++again) {
        broker.state();
        CHECK(broker.effect() == WRIT_DENY);  // not finished
        REQUIRE(writ_request_finish(broker.request.get(), broker.errors.get()) == WRIT_OK);
        CHECK(broker.effect() == WRIT_PERMIT);
        CHECK(view(writ_decision_scope(broker.decision.get(), 0)) == "refund:create");
    }
    broker.state();
    writ_request_set_decimal(broker.request.get(), broker.field("budget.spent").get(), text("1.5"));
    writ_request_set_bool(broker.request.get(), broker.field("agent.revoked").get(), false);
    REQUIRE(writ_request_finish(broker.request.get(), broker.errors.get()) == WRIT_OK);
    CHECK(broker.effect() == WRIT_PERMIT);
}

TEST_CASE("c: a weaker provenance is a missing fact, and an unknown one the weakest") {
    Broker broker;
    for (const int trust : {static_cast<int>(WRIT_PROVENANCE_ASSERTED), 17, -1}) {
        broker.state();
        writ_request_trust(broker.request.get(), trust);
        writ_request_begin(broker.request.get(), trust);
        writ_request_set_text(broker.request.get(), broker.field("tenant").get(), text("t1"));
        REQUIRE(writ_request_finish(broker.request.get(), broker.errors.get()) == WRIT_OK);
        CHECK(broker.effect() == WRIT_DENY);
    }
}

TEST_CASE("c: what goes wrong with a fact is told by finish, and denies") {
    Broker broker;
    const Field tenant = broker.field("tenant");
    const auto refused = [&](auto set) {
        broker.state();
        set(broker.request.get());
        const writ_status status = writ_request_finish(broker.request.get(), broker.errors.get());
        CHECK(broker.effect() == WRIT_DENY);
        return status;
    };
    CHECK(refused([&](writ_request* r) { writ_request_set_int(r, tenant.get(), 7); }) == WRIT_ERROR_REQUEST);
    CHECK(broker.code() == "Q0010");
    CHECK(refused([&](writ_request* r) { writ_request_set_text(r, nullptr, text("t1")); }) == WRIT_ERROR_ARGUMENT);
    CHECK(broker.code() == "C0002");
    CHECK(refused([&](writ_request* r) { writ_request_set_text(r, tenant.get(), {nullptr, 3}); }) ==
          WRIT_ERROR_ARGUMENT);
    CHECK(refused([&](writ_request* r) { writ_request_set_texts(r, tenant.get(), nullptr, 2); }) ==
          WRIT_ERROR_ARGUMENT);
    CHECK(writ_request_finish(broker.request.get(), broker.errors.get()) == WRIT_ERROR_REQUEST);
    CHECK(broker.code() == "Q0019");
    broker.state();
    REQUIRE(writ_request_finish(broker.request.get(), broker.errors.get()) == WRIT_OK);
    CHECK(broker.effect() == WRIT_PERMIT);
}

TEST_CASE("c: fields that are not there, and NULL for every handle of requests by field") {
    Broker broker;
    writ_field* field = nullptr;
    CHECK(writ_field_find(broker.request.get(), text("tennant"), &field, broker.errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(broker.code() == "Q0011");
    CHECK(field == nullptr);
    CHECK(writ_field_find(nullptr, text("tenant"), &field, broker.errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_field_find(broker.request.get(), text("tenant"), nullptr, broker.errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_field_find(broker.request.get(), {nullptr, 1}, &field, broker.errors.get()) == WRIT_ERROR_ARGUMENT);
    const Field tenant = broker.field("tenant");
    writ_field_free(nullptr);
    writ_request_begin(nullptr, 0);
    writ_request_trust(nullptr, 0);
    writ_request_set_text(nullptr, tenant.get(), text("t1"));
    writ_request_set_int(nullptr, tenant.get(), 1);
    writ_request_set_bool(nullptr, tenant.get(), true);
    writ_request_set_decimal(nullptr, tenant.get(), text("1"));
    writ_request_set_none(nullptr, tenant.get());
    writ_request_set_texts(nullptr, tenant.get(), nullptr, 0);
    writ_request_set_json(nullptr, tenant.get(), text("1"));
    CHECK(writ_request_finish(nullptr, broker.errors.get()) == WRIT_ERROR_ARGUMENT);
}
