// Tests that the C interface returns the same decision as the C++ interface.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "c_refund.h"
#include "writ/evaluator.h"

using namespace writ::testing::c;

namespace {

/// A request and its decision, which refers to the text of the request.
struct Decided {
    Request request;
    Decision decision{writ_decision_new()};
};
Decided decide(const std::string& request_file) {
    Decided made{parsed(refund(), file(request_file))};
    REQUIRE(writ_evaluate(evaluator_for(refund()).get(), made.request.get(), made.decision.get()) == WRIT_OK);
    return made;
}

}  // namespace

TEST_CASE("c: a permit and its grant") {
    const Decided made = decide("requests/permit.json");
    const writ_decision* decision = made.decision.get();
    CHECK(writ_decision_effect(decision) == WRIT_PERMIT);
    REQUIRE(writ_decision_scope_count(decision) == 1);
    CHECK(view(writ_decision_scope(decision, 0)) == "refund:create");
    CHECK(view(writ_decision_scope(decision, 1)).empty());
    REQUIRE(writ_decision_audience_count(decision) == 1);
    CHECK(view(writ_decision_audience(decision, 0)) == "https://payments.example.com");
    CHECK(view(writ_decision_audience(decision, SIZE_MAX)).empty());
    CHECK(writ_decision_ttl(decision) == 120);
    CHECK_FALSE(writ_decision_single_use(decision));
    std::int64_t horizon = -1;
    CHECK_FALSE(writ_decision_not_after(decision, &horizon));
    CHECK(horizon == -1);
    REQUIRE(writ_decision_obligation_count(decision) == 1);
    writ_obligation obligation{};
    CHECK(writ_decision_obligation(decision, 0, &obligation) == WRIT_ERROR_ARGUMENT);
    obligation.struct_size = sizeof obligation;
    REQUIRE(writ_decision_obligation(decision, 0, &obligation) == WRIT_OK);
    CHECK(view(obligation.name) == "audit");
    CHECK(view(obligation.args) == R"({"level":"full"})");
    CHECK(writ_decision_obligation(decision, 1, &obligation) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_obligation(decision, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    REQUIRE(writ_decision_reason_count(decision) > 0);
    writ_reason reason{};
    CHECK(writ_decision_reason(decision, 0, &reason) == WRIT_ERROR_ARGUMENT);
    reason.struct_size = sizeof reason;
    REQUIRE(writ_decision_reason(decision, 0, &reason) == WRIT_OK);
    CHECK(view(reason.code) == "permitted");
    CHECK(reason.layer == 0);
    writ_rule rule{};
    rule.struct_size = sizeof rule;
    REQUIRE(writ_bundle_rule(refund(), reason.rule, &rule) == WRIT_OK);
    CHECK(view(rule.name) == "refund_current_tenant");
    CHECK(writ_decision_requirement_count(decision) == 0);
    CHECK(view(writ_decision_binding_digest(decision)).empty());
}

TEST_CASE("c: a horizon and single use, where a policy sets them") {
    const std::string more =
        "\nlimit once for tool refund to single_use\n"
        "deny later when now >= \"2026-09-21T15:00:00Z\"\n";
    const std::string policy = file("policy.writ") + more;
    const Bundle bundle = compile(policy);
    const Request request = parsed(bundle.get(), file("requests/permit.json"));
    const Decision decision(writ_decision_new());
    REQUIRE(writ_evaluate(evaluator_for(bundle.get()).get(), request.get(), decision.get()) == WRIT_OK);
    CHECK(writ_decision_single_use(decision.get()));
    std::int64_t horizon = 0;
    CHECK(writ_decision_not_after(decision.get(), &horizon));
    CHECK(horizon == 1'790'002'800'000'000);
    CHECK(writ_decision_not_after(decision.get(), nullptr));
}

TEST_CASE("c: what an approver would have to do") {
    const Decided made = decide("requests/needs_approval.json");
    const writ_decision* decision = made.decision.get();
    CHECK(writ_decision_effect(decision) == WRIT_NEEDS_APPROVAL);
    CHECK(writ_decision_scope_count(decision) == 0);
    CHECK(writ_decision_ttl(decision) == 0);
    REQUIRE(writ_decision_requirement_count(decision) == 1);
    writ_requirement requirement{};
    CHECK(writ_decision_requirement(decision, 0, &requirement) == WRIT_ERROR_ARGUMENT);
    requirement.struct_size = sizeof requirement;
    REQUIRE(writ_decision_requirement(decision, 0, &requirement) == WRIT_OK);
    CHECK(requirement.layer == 0);
    CHECK(requirement.needed == 1);
    CHECK(requirement.counted == 0);
    CHECK(requirement.within == 900);
    CHECK(requirement.expires > 0);
    REQUIRE(requirement.groups == 1);
    CHECK(view(writ_decision_requirement_group(decision, 0, 0)) == "refund-leads");
    CHECK(view(writ_decision_requirement_group(decision, 0, 1)).empty());
    CHECK(view(writ_decision_requirement_group(decision, 1, 0)).empty());
    CHECK(writ_decision_requirement(decision, 1, &requirement) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_requirement(decision, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_decision_binding_digest(decision)).starts_with("v2;scopes=refund:create;"));
    writ_rule rule{};
    rule.struct_size = sizeof rule;
    REQUIRE(writ_bundle_rule(refund(), requirement.rule, &rule) == WRIT_OK);
    CHECK(view(rule.kind) == "require");
}

TEST_CASE("c: reasons of a deny, with no rule where the engine says no") {
    const Decided by_rule = decide("requests/deny.json");
    CHECK(writ_decision_effect(by_rule.decision.get()) == WRIT_DENY);
    CHECK(has_reason(by_rule.decision.get(), "tenant_mismatch"));

    const Request empty = parsed(refund(), "{}");
    const Decision decision(writ_decision_new());
    REQUIRE(writ_evaluate(evaluator_for(refund()).get(), empty.get(), decision.get()) == WRIT_OK);
    writ_reason reason{};
    reason.struct_size = sizeof reason;
    REQUIRE(writ_decision_reason(decision.get(), 0, &reason) == WRIT_OK);
    CHECK(view(reason.code) == "fact_missing");
    CHECK(view(reason.fact) == "now");
    CHECK(reason.rule == WRIT_NO_RULE);
    CHECK(writ_decision_reason(decision.get(), SIZE_MAX, &reason) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_reason(decision.get(), 0, nullptr) == WRIT_ERROR_ARGUMENT);
}

TEST_CASE("c: decisions as JSON are those of C++, and the caller's is the default") {
    const writ_text sealed = writ_bundle_bytes(refund());
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed.data, sealed.length)));
    REQUIRE(bundle);
    for (const std::string name : {"requests/permit.json", "requests/needs_approval.json", "requests/deny.json"}) {
        const Decided made = decide(name);
        writ::Request request(*bundle);
        REQUIRE(request.parse(file(name)));
        const writ::Decision same = writ::Evaluator(*bundle).evaluate(request);
        CHECK(view(writ_decision_json(made.decision.get(), WRIT_READER_OPERATOR)) ==
              to_json(same, *bundle, writ::View::Operator));
        const std::string caller = to_json(same, *bundle, writ::View::Caller);
        CHECK(view(writ_decision_json(made.decision.get(), WRIT_READER_CALLER)) == caller);
        CHECK(view(writ_decision_json(made.decision.get(), 3)) == caller);
    }
    const Decision fresh(writ_decision_new());
    CHECK(view(writ_decision_json(fresh.get(), WRIT_READER_CALLER)).find(R"("effect":"deny")") !=
          std::string_view::npos);
}

TEST_CASE("c: no decision is a deny with nothing in it") {
    std::int64_t horizon = -1;
    CHECK(writ_decision_effect(nullptr) == WRIT_DENY);
    CHECK(writ_decision_scope_count(nullptr) == 0);
    CHECK(view(writ_decision_scope(nullptr, 0)).empty());
    CHECK(writ_decision_audience_count(nullptr) == 0);
    CHECK(view(writ_decision_audience(nullptr, 0)).empty());
    CHECK(writ_decision_ttl(nullptr) == 0);
    CHECK_FALSE(writ_decision_not_after(nullptr, &horizon));
    CHECK_FALSE(writ_decision_single_use(nullptr));
    CHECK(writ_decision_obligation_count(nullptr) == 0);
    CHECK(writ_decision_reason_count(nullptr) == 0);
    CHECK(writ_decision_requirement_count(nullptr) == 0);
    CHECK(writ_decision_obligation(nullptr, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_reason(nullptr, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_requirement(nullptr, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_decision_requirement_group(nullptr, 0, 0)).empty());
    CHECK(view(writ_decision_binding_digest(nullptr)).empty());
    CHECK(view(writ_decision_json(nullptr, WRIT_READER_OPERATOR)).empty());
}
