// Explaining for operators: what is answered, and that too many explanations are refused instead of waiting.
#include <future>
#include <thread>

#include "base/json.h"
#include "ledger_fixture.h"
#include "serve/explainer.h"
#include "serve/worker.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;

namespace {

HttpAnswer explained(Explainer& explainer, Enforced with, const std::string& request) {
    auto answered = std::make_shared<std::promise<HttpAnswer>>();
    auto answer = answered->get_future();
    explainer.explain(std::move(with), request, [answered](HttpAnswer out) { answered->set_value(std::move(out)); });
    REQUIRE(answer.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    return answer.get();
}

std::string effect_in(const HttpAnswer& answer) {
    const auto body = json::parse(answer.body, {.max_bytes = 1u << 20});
    REQUIRE(body.has_value());
    const json::Value* const decision = body->find("decision");
    return decision == nullptr ? "" : decision->find("effect")->text;
}

}  // namespace

TEST_CASE("serve: an explanation is of the given policy with its revocations") {
    Explainer explainer{RequestLimits()};
    const Bundle refund = example("refund");
    const std::string request = example_request("refund");
    const HttpAnswer plain = explained(explainer, {refund, nullptr}, request);
    CHECK(plain.status == 200);
    CHECK(effect_in(plain) == "permit");
    CHECK(plain.body.ends_with("}\n"));
    const auto revoked =
        std::make_shared<const Revocations>(std::vector<Revocation>{{RevocationKind::Agent, "refund-agent", 0}});
    CHECK(effect_in(explained(explainer, {refund, revoked}, request)) == "deny");
    CHECK(effect_in(explained(explainer, {refund, nullptr}, request)) == "permit");
    // Policies take turns; no more than two stay open.
    CHECK(effect_in(explained(explainer, {example("delete-bucket"), nullptr},
                              example_request("delete-bucket", "permit_approved"))) == "permit");
    CHECK(effect_in(explained(explainer, {example("subagent"), nullptr},
                              example_request("subagent", "permit_intersection"))) == "permit");
    CHECK(effect_in(explained(explainer, {refund, nullptr}, request)) == "permit");
}

TEST_CASE("serve: what cannot be explained says why") {
    const Bundle refund = example("refund");
    Explainer whole{RequestLimits()}, explainer{RequestLimits()};
    const HttpAnswer refused = explained(whole, {refund, nullptr}, "{");
    CHECK(refused.status == 400);
    CHECK(refused.body.find("Q0001") != std::string::npos);
    std::vector<std::byte> bytes(refund.bytes().begin(), refund.bytes().end());
    bytes[bytes.size() - 10] ^= std::byte{1};  // in the sources
    const auto damaged = Bundle::load(bytes);
    REQUIRE(damaged.has_value());
    const HttpAnswer without = explained(explainer, {*damaged, nullptr}, example_request("refund"));
    CHECK(without.status == 501);
    CHECK(without.body.find("B0004") != std::string::npos);
}

TEST_CASE("serve: a worker runs tasks in their order, and refuses what would wait too long") {
    std::promise<void> begun, go;
    const auto may_go = go.get_future().share();
    std::vector<int> done;
    {
        Worker worker(3);
        REQUIRE(worker.run([&] {
            begun.set_value();
            may_go.wait();
            done.push_back(0);
        }));
        begun.get_future().wait();
        for (int i = 1; i <= 3; ++i) CHECK(worker.run([&done, i] { done.push_back(i); }));
        CHECK_FALSE(worker.run([&done] { done.push_back(4); }));
        go.set_value();
        std::promise<void> last;
        while (!worker.run([&last] { last.set_value(); })) std::this_thread::yield();
        last.get_future().wait();
    }
    CHECK(done == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("serve: a worker that ends waits for the task that runs, and drops those that wait") {
    std::promise<void> begun;
    bool first = false, second = false;
    {
        Worker worker(2);
        REQUIRE(worker.run([&] {
            begun.set_value();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            first = true;
        }));
        begun.get_future().wait();
        REQUIRE(worker.run([&] { second = true; }));
    }
    CHECK(first);
    CHECK_FALSE(second);
}
