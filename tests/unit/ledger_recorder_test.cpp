// Recorder: no permit without its record; what a record says; what must not be in it.
#include <csignal>
#include <thread>

#include <sys/resource.h>

#include "ledger_fixture.h"
#include "ledger/surroundings.h"
#include "base/json.h"
#include "ledger/mask.h"
#include "writ/inquiry.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

struct Setup {
    Folder folder;
    std::optional<Ledger> ledger;
    std::optional<Recorder> recorder;

    explicit Setup(const std::string& name, RecordOptions options = {}) {
        auto opened = Ledger::open(folder.at("ledger"));
        REQUIRE(opened.has_value());
        ledger.emplace(std::move(*opened));
        auto made = Recorder::make(*ledger, example(name), std::move(options));
        REQUIRE(made.has_value());
        recorder.emplace(std::move(*made));
    }
    /// The record of this number; views into `bytes`.
    Record record(std::uint64_t sequence) {
        auto read = ledger->read(sequence);
        REQUIRE(read.has_value());
        bytes = *read;
        Record out;
        REQUIRE(decode(bytes, out).has_value());
        return out;
    }
    std::string bytes;
};

std::string first_code(const Answer& answer) {
    return answer.decision.reasons.empty() ? "" : std::string(answer.decision.reasons.front().code);
}

/// Everything on the disk below a folder.
std::string all_bytes(const std::string& folder) {
    std::string out;
    for (const auto& each : std::filesystem::recursive_directory_iterator(folder))
        if (each.is_regular_file()) out += read_bytes(each.path().string());
    return out;
}

const std::string kKey(32, 'k');

}  // namespace

TEST_CASE("ledger: a decision is recorded with all that it was made of") {
    Setup setup("refund");
    const std::string request = example_request("refund");
    const Answer answer = setup.recorder->decide(request, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    CHECK(answer.decision.effect == Effect::Permit);
    REQUIRE(answer.sequence == 0u);
    const Record record = setup.record(0);
    CHECK(record.request == json::write(*json::parse(request)));  // without the white space
    CHECK(record.decision.effect == Effect::Permit);
    CHECK(record.decision.grant.scopes == answer.decision.grant.scopes);
    CHECK(record.decision.attribution.agent == "refund-agent");
    CHECK(record.around.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(record.around.span_id == "00f067aa0ba902b7");
    CHECK(record.around.request_id == "req-1001");
    CHECK(record.around.environment == "prod");
    CHECK(record.around.credential_kind == "federated");
    CHECK(record.around.tier == "write");
    REQUIRE(record.rules.size() >= 1);
    CHECK(record.rules[0].name == "refund_current_tenant");
    CHECK(record.bundles.size() == 1);
    CHECK(record.decision.steps > 0);
}

TEST_CASE("ledger: a traceparent that is malformed or all zeros is ignored") {
    const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    CHECK(read_traceparent(good).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(read_traceparent("01" + good.substr(2) + "-more").span_id == "00f067aa0ba902b7");
    for (const std::string& bad : {std::string(), good.substr(1), good + "-more", "ff" + good.substr(2), with(good, "4bf9", "4BF9"),
                                   with(good, "-01", "_01"), "00-" + std::string(32, '0') + good.substr(35),
                                   good.substr(0, 36) + std::string(16, '0') + "-01", "01" + good.substr(2) + "more"})
        CHECK_MESSAGE(read_traceparent(bad).trace_id.empty(), bad);
}

TEST_CASE("ledger: what cannot be recorded is not permitted: audit_unavailable") {
    Setup setup("refund");
    const std::string request = example_request("refund");
    REQUIRE(setup.recorder->decide(request).decision.effect == Effect::Permit);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{100, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const Answer answer = setup.recorder->decide(request);
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK(answer.decision.effect == Effect::Deny);
    CHECK(answer.decision.grant.scopes.empty());
    CHECK(answer.decision.reasons.size() == 1);
    CHECK(first_code(answer) == "audit_unavailable");
    CHECK_FALSE(answer.sequence.has_value());
    REQUIRE(answer.error.has_value());
    CHECK(answer.error->code == "G0002");
    CHECK(setup.recorder->decide(request).decision.effect == Effect::Permit);
    CHECK(records_of(setup.folder.at("ledger")).size() == 2);
}

TEST_CASE("ledger: best effort answers without waiting") {
    RecordOptions options;
    options.durability = Durability::BestEffort;
    Setup setup("refund", options);
    const Answer answer = setup.recorder->decide(example_request("refund"));
    CHECK(answer.decision.effect == Effect::Permit);
    CHECK_FALSE(answer.sequence.has_value());
    while (setup.ledger->counts().waiting > 0) std::this_thread::yield();
    CHECK(setup.record(0).decision.effect == Effect::Permit);
}

TEST_CASE("ledger: a request that is refused is recorded as a deny, by digest alone") {
    Setup setup("refund");
    const Answer answer = setup.recorder->decide("{\"canary\": \"s3cret\"}");
    CHECK(answer.decision.effect == Effect::Deny);
    CHECK(first_code(answer) == "Q0011");
    REQUIRE(answer.sequence.has_value());
    CHECK(setup.record(*answer.sequence).request.empty());
    CHECK(all_bytes(setup.folder.at("ledger")).find("s3cret") == std::string::npos);
}

TEST_CASE("ledger: one key gives one decision") {
    Setup setup("refund");
    const std::string request = with(example_request("refund"), "\"request_id\"", "\"idempotency_key\": \"k-1\", \"request_id\"");
    const Answer first = setup.recorder->decide(request);
    REQUIRE(first.sequence == 0u);
    CHECK_FALSE(first.repeated);
    const std::string scope(first.decision.grant.scopes.at(0));
    // Again, later, as another request: the same decision, and no second record.
    const std::string retry = with(with(request, "req-1001", "req-1002"), "1790000060", "1790000061");
    const Answer second = setup.recorder->decide(retry);
    CHECK(second.repeated);
    CHECK(second.sequence == 0u);
    CHECK(second.decision.effect == Effect::Permit);
    CHECK(second.decision.now == 1790000060000000);
    CHECK(second.decision.grant.scopes.at(0) == scope);
    CHECK(records_of(setup.folder.at("ledger")).size() == 1);
    // Another question under the key.
    const Answer other = setup.recorder->decide(with(request, "\"amount\": 40.0", "\"amount\": 41.0"));
    CHECK(other.decision.effect == Effect::Deny);
    CHECK(first_code(other) == "idempotency_conflict");
    CHECK(setup.record(*other.sequence).overruled);
    // The key of another agent is another key.
    const Answer stranger = setup.recorder->decide(with(request, "\"id\": \"refund-agent\"", "\"id\": \"other-agent\""));
    CHECK_FALSE(stranger.repeated);
    // And it is all still so when the ledger is opened again.
    auto reopened = Ledger::open(setup.folder.at("ledger"));
    auto again = Recorder::make(*reopened, example("refund"));
    CHECK(again->decide(retry).repeated);
}

TEST_CASE("ledger: an approval for one use permits once, approval_used") {
    Setup setup("delete-bucket");
    const std::string request = example_request("delete-bucket", "permit_approved");
    const Answer first = setup.recorder->decide(request);
    REQUIRE(first.decision.effect == Effect::Permit);
    REQUIRE(setup.record(*first.sequence).uses.size() == 1);
    const Answer second = setup.recorder->decide(request);
    CHECK(second.decision.effect == Effect::Deny);
    CHECK(first_code(second) == "approval_used");
    CHECK(setup.record(*second.sequence).overruled);
    CHECK(setup.record(*second.sequence).uses.empty());
    // One that is good for more is the broker's to count.
    const std::string more = with(request, "\"uses\": 1", "\"uses\": 2");
    CHECK(setup.recorder->decide(more).decision.effect == Effect::Permit);
    CHECK(setup.recorder->decide(more).decision.effect == Effect::Permit);
}

TEST_CASE("ledger: what is masked never reaches the disk") {
    RecordOptions options;
    options.mask = {"/user", "/token/claims/kubernetes.io/serviceaccount/uid", "/tool/params/amount", "/not/there"};
    options.mask_key = kKey;
    Setup setup("refund", options);
    std::string request = example_request("refund");
    const Answer answer = setup.recorder->decide(request);
    CHECK(answer.decision.effect == Effect::Permit);
    CHECK(answer.decision.attribution.user == "alice@acme.example");  // to the broker it is no secret
    const Record record = setup.record(0);
    CHECK(record.masked == std::vector<std::string_view>{"/user", "/token/claims/kubernetes.io/serviceaccount/uid", "/tool/params/amount"});
    CHECK(record.decision.attribution.user.starts_with("hmac-sha256:"));
    CHECK(record.decision.attribution.initiator == record.decision.attribution.user);  // the same person still
    CHECK(record.decision.attribution.agent == "refund-agent");
    const std::string disk = all_bytes(setup.folder.at("ledger"));
    CHECK(disk.find("refund-agent") != std::string::npos);
    for (const char* secret : {"alice@acme.example\",\"tenant", "02266182-74ea-45dc-b0d7-6f7449f9ae11", "\"amount\":40", "\"roles\":[\"refunds"})
        CHECK_MESSAGE(disk.find(secret) == std::string::npos, secret);
    // The same value under the same key and path is the same; under another key it is not.
    RecordOptions other = options;
    other.mask_key = std::string(32, 'o');
    Setup elsewhere("refund", other);
    REQUIRE(elsewhere.recorder->decide(request).sequence == 0u);
    CHECK(elsewhere.record(0).decision.attribution.user != record.decision.attribution.user);
}

TEST_CASE("ledger: masks need pointers and a key, G0023") {
    CHECK(Mask::make({"user"}, kKey).error().code == "G0023");
    CHECK(Mask::make({"/a~2b"}, kKey).error().code == "G0023");
    CHECK(Mask::make({""}, kKey).error().code == "G0023");
    CHECK(Mask::make({"/user"}, "").error().code == "G0023");
    CHECK(Mask::make({"/user"}, "short").error().code == "G0023");
    CHECK(Mask::make({"/a~1b/~0c/0"}, kKey).has_value());
    CHECK(Mask::make({}, "").has_value());
}

TEST_CASE("ledger: what was decided elsewhere is recorded as if it had been decided here") {
    Setup here("refund"), there("refund");
    const std::string request = example_request("refund");
    const Layers layers(example("refund"));
    Request read(layers);
    REQUIRE(read.parse(request));
    Evaluator evaluator(layers);
    const Answer answer = there.recorder->record(request, evaluator.evaluate(read), layers);
    CHECK(answer.decision.effect == Effect::Permit);
    REQUIRE(answer.sequence == 0u);
    REQUIRE(here.recorder->decide(request).sequence == 0u);
    here.record(0);
    there.record(0);
    CHECK(answer_in(there.bytes) == answer_in(here.bytes));
    // A decision made of something that is no request is not given.
    const Answer odd = there.recorder->record("{", evaluator.evaluate(read), layers);
    CHECK(odd.decision.effect == Effect::Deny);
    CHECK(first_code(odd) == "Q0001");
    CHECK(there.record(*odd.sequence).request.empty());
    const Answer refused = there.recorder->refuse("{}", Error{"Q0011", "no", "$.x"});
    CHECK(refused.decision.effect == Effect::Deny);
    CHECK(first_code(refused) == "Q0011");
}

TEST_CASE("ledger: a single use holds for what is decided elsewhere") {
    Setup setup("delete-bucket");
    const std::string request = example_request("delete-bucket", "permit_approved");
    const Layers layers(example("delete-bucket"));
    Request read(layers);
    REQUIRE(read.parse(request));
    Evaluator evaluator(layers);
    const Decision decision = evaluator.evaluate(read);
    REQUIRE(decision.effect == Effect::Permit);
    // What a candidate would have permitted uses nothing up.
    CHECK(setup.recorder->shadow(request, decision, layers));
    CHECK(setup.recorder->record(request, decision, layers).decision.effect == Effect::Permit);
    CHECK(first_code(setup.recorder->record(request, decision, layers)) == "approval_used");
}

TEST_CASE("ledger: what a candidate would have decided is recorded as not enforced") {
    Setup setup("refund");
    const std::string request = example_request("refund");
    const Layers layers(example("refund"));
    Request read(layers);
    REQUIRE(read.parse(request));
    Evaluator evaluator(layers);
    CHECK(setup.recorder->shadow(request, evaluator.evaluate(read), layers));
    while (setup.ledger->counts().waiting > 0) std::this_thread::yield();
    CHECK(setup.record(0).shadow);
    CHECK(setup.recorder->decide(request).sequence == 1u);
    CHECK_FALSE(setup.record(1).shadow);
    auto inquiry = Inquiry::open(setup.folder.at("ledger"));
    REQUIRE(inquiry);
    const auto report = inquiry->report();
    REQUIRE(report);
    for (const Table& table : *report) {
        if (table.name == "effects") CHECK(std::get<std::int64_t>(table.rows.at(0).at(1)) == 1);
        if (table.name == "shadow") CHECK(std::get<std::int64_t>(table.rows.at(0).at(4)) == 1);
    }
}

TEST_CASE("ledger: who is revoked is denied, and that is recorded") {
    Setup setup("refund");
    setup.recorder->revoke(std::make_shared<Revocations>(std::vector<Revocation>{{RevocationKind::Agent, "refund-agent", 0}}));
    const Answer answer = setup.recorder->decide(example_request("refund"));
    CHECK(answer.decision.effect == Effect::Deny);
    CHECK(first_code(answer) == "identity_revoked");
    CHECK(setup.record(0).decision.effect == Effect::Deny);
}

TEST_CASE("ledger: a digest in place of the request") {
    RecordOptions options;
    options.whole_request = false;
    Setup setup("refund", options);
    setup.recorder->decide(example_request("refund"));
    const Record record = setup.record(0);
    CHECK(record.request.empty());
    CHECK(record.request_digest.size() == 32);
    CHECK(record.around.request_id == "req-1001");
}
