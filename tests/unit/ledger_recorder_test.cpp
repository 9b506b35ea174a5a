// Tests Recorder: no permit without a record, the content of a record, and what it must not contain.
#include <atomic>
#include <csignal>
#include <thread>

#include <sys/resource.h>

#include "base/json.h"
#include "base/traceparent.h"
#include "ledger/surroundings.h"
#include "ledger_fixture.h"
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
    /// The record with this number; views into `bytes`.
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

std::string keyed(const std::string& request) {
    return with(request, "\"request_id\"", "\"idempotency_key\": \"k-1\", \"request_id\"");
}

/// The content of all files below a folder.
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
    for (const std::string& bad :
         {std::string(), good.substr(1), good + "-more", "ff" + good.substr(2), with(good, "4bf9", "4BF9"),
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

TEST_CASE("ledger: a repeated key gives what is left of its grant") {
    Setup setup("refund");
    const std::string request = keyed(example_request("refund"));
    const Answer first = setup.recorder->decide(request);
    REQUIRE(first.sequence == 0u);
    CHECK_FALSE(first.earlier.has_value());
    const std::int64_t ttl = first.decision.grant.ttl;
    // Later, with a refreshed token that has another id, in the token and in its claims.
    const std::string later = with(with(request, "req-1001", "req-1002"), "1790000060", "1790000090");
    const std::string retry = with(with(later, "19a333f4", "29a333f4"), "19a333f4", "29a333f4");
    const Answer second = setup.recorder->decide(retry);
    CHECK(second.decision.effect == Effect::Permit);
    CHECK(second.decision.grant.ttl == ttl - 30);
    CHECK(second.decision.now == 1790000090000000);
    REQUIRE(second.earlier.has_value());
    CHECK(second.earlier->sequence == 0u);
    CHECK(second.earlier->record.rules.at(0).name == "refund_current_tenant");
    // It is recorded as a repetition.
    REQUIRE(second.sequence == 1u);
    CHECK(setup.record(1).repeats == 0u);
    CHECK(setup.record(1).decision.grant.ttl == ttl - 30);
    // When no time is left, the key grants nothing more.
    const Answer late = setup.recorder->decide(with(request, "1790000060", std::to_string(1790000060 + ttl)));
    CHECK(late.decision.effect == Effect::Deny);
    CHECK(first_code(late) == "ttl_exhausted");
    // A clock that was set back does not extend the grant.
    CHECK(setup.recorder->decide(with(request, "1790000060", "1790000050")).decision.grant.ttl == ttl);
    // Another request under the same key.
    const Answer other = setup.recorder->decide(with(request, "\"amount\": 40.0", "\"amount\": 41.0"));
    CHECK(other.decision.effect == Effect::Deny);
    CHECK(first_code(other) == "idempotency_conflict");
    CHECK(setup.record(*other.sequence).overruled);
    // The same key from another agent is another key.
    CHECK_FALSE(setup.recorder->decide(with(request, "\"id\": \"refund-agent\"", "\"id\": \"other-agent\"")).earlier);
    // All of this is still true after the ledger is opened again.
    auto reopened = Ledger::open(setup.folder.at("ledger"));
    auto again = Recorder::make(*reopened, example("refund"));
    CHECK(again->decide(retry).earlier->sequence == 0u);
}

TEST_CASE("ledger: what is asked by whom must be the same under a key, and nothing else") {
    const std::string request = keyed(example_request("refund"));
    const auto code_of = [&](const std::string& was, const std::string& is) {
        Setup setup("refund");
        REQUIRE(setup.recorder->decide(request).decision.effect == Effect::Permit);
        const Answer answer = setup.recorder->decide(with(request, was, is));
        return answer.earlier ? "repeats" : first_code(answer);
    };
    for (const auto& [was, is] : std::vector<std::pair<std::string, std::string>>{
             {"pay-5512", "pay-5513"},
             {"run-7f3a", "run-7f3b"},
             {"\"id\": \"alice@acme.example\"", "\"id\": \"bob@acme.example\""},
             {"\"want\": {", "\"want\": { \"ttl\": 60,"}})
        CHECK_MESSAGE(code_of(was, is) == "idempotency_conflict", is);
    for (const auto& [was, is] : std::vector<std::pair<std::string, std::string>>{
             {"req-1001", "req-2"},
             {"\"exp\": 1790000600,", "\"exp\": 1790000599,"},
             {"hws2b", "hws2c"},
             {"\"session_exp\": 1790003600", "\"session_exp\": 1790003700"}})
        CHECK_MESSAGE(code_of(was, is) == "repeats", is);
}

TEST_CASE("ledger: a repeated key gives nothing that would not be given now") {
    Setup setup("refund");
    const std::string request = keyed(example_request("refund"));
    REQUIRE(setup.recorder->decide(request).decision.effect == Effect::Permit);
    const auto under = [&](const std::string& was, const std::string& is, const std::string& asked) {
        auto sources = read_sources({source_root() + "/examples/refund/policy.writ"});
        sources->sources[0].text = with(sources->sources[0].text, was, is);
        auto bundle = compile(*sources);
        REQUIRE(bundle.has_value());
        auto recorder = Recorder::make(*setup.ledger, *bundle);
        const Answer answer = recorder->decide(asked);
        CHECK(answer.decision.bundle_digest == bundle->digest());
        return std::pair(answer.decision.effect == Effect::Permit ? answer.decision.grant.ttl : 0, first_code(answer));
    };
    // The new policy denies, and the reason is the new policy's.
    CHECK(
        under(
            "deny user_not_authorized\n  for tool refund\n  when user is none or not (user.roles contains \"refunds\")",
            "deny user_not_authorized\n  for tool refund\n  when user is none or user.roles contains \"refunds\"",
            request)
            .second == "user_not_authorized");
    // The new policy grants less, or more.
    CHECK(under("grant { \"refund:create\" } for 2m", "grant { \"refund:create\" } for 1m", request).first == 60);
    CHECK(under("grant { \"refund:create\" } for 2m", "grant { \"refund:create\" } for 5m", request).first == 120);
    // The token has expired, or the agent was revoked.
    CHECK(first_code(setup.recorder->decide(with(request, "1790000060", "1790003000"))) == "token_not_current");
    setup.recorder->revoke(
        std::make_shared<Revocations>(std::vector<Revocation>{{RevocationKind::Agent, "refund-agent", 0}}));
    const Answer revoked = setup.recorder->decide(request);
    CHECK(revoked.decision.effect == Effect::Deny);
    CHECK(first_code(revoked) == "identity_revoked");
    CHECK(revoked.earlier.has_value());
}

TEST_CASE("ledger: an answer that gives nothing does not use the key") {
    Setup setup("delete-bucket");
    const std::string approved = keyed(example_request("delete-bucket", "permit_approved"));
    const std::string asked = approved.substr(0, approved.find("\"approvals\": [")) + "\"approvals\": [] }";
    CHECK(setup.recorder->decide(asked).decision.effect == Effect::NeedsApproval);
    const Answer first = setup.recorder->decide(approved);
    CHECK(first.decision.effect == Effect::Permit);
    CHECK_FALSE(first.earlier.has_value());
    // The answer was lost: only its own repetition may use the approval again.
    const Answer again = setup.recorder->decide(approved);
    CHECK(again.decision.effect == Effect::Permit);
    CHECK(again.earlier.has_value());
    CHECK(first_code(setup.recorder->decide(with(approved, "k-1", "k-2"))) == "approval_used");
    // Without the approval, it is required again.
    CHECK(setup.recorder->decide(asked).decision.effect == Effect::NeedsApproval);
    CHECK(setup.recorder->decide(approved).decision.effect == Effect::Permit);
}

TEST_CASE("ledger: a single use is one, under whichever of its records it is redeemed") {
    Setup setup("refund");
    const std::string request = keyed(example_request("refund"));
    REQUIRE(setup.recorder->decide(request).sequence == 0u);
    REQUIRE(setup.recorder->decide(request).sequence == 1u);
    CHECK(setup.ledger->use("grant:1").has_value());
    CHECK(setup.ledger->use("grant:0").error().code == "G0025");
}

TEST_CASE("ledger: of many who use a key at once, one is granted and the others repeat it") {
    Setup setup("delete-bucket");
    const std::string request = keyed(example_request("delete-bucket", "permit_approved"));
    std::atomic<int> granted = 0, repeated = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            auto recorder = Recorder::make(*setup.ledger, example("delete-bucket"));
            const Answer answer = recorder->decide(request);
            if (answer.decision.effect == Effect::Permit) ++(answer.earlier ? repeated : granted);
        });
    for (auto& thread : threads) thread.join();
    CHECK(granted == 1);
    CHECK(repeated == 7);
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
    // The broker counts the uses of an approval with several uses.
    const std::string more = with(with(request, "\"uses\": 1", "\"uses\": 2"), "\"id\": \"apr-", "\"id\": \"more-");
    CHECK(setup.recorder->decide(more).decision.effect == Effect::Permit);
    CHECK(setup.recorder->decide(more).decision.effect == Effect::Permit);
}

TEST_CASE("ledger: an approval that was used up stays so, whatever else is said of it") {
    Setup setup("delete-bucket");
    const std::string request = example_request("delete-bucket", "permit_approved");
    auto parsed = json::parse(request);
    REQUIRE(parsed.has_value());
    const auto changed = [&](const char* member, const json::Value* value) {
        json::Value document = *parsed;
        json::Value& approval = document.find("approvals")->items.at(0);
        if (value == nullptr)
            approval.remove(member);
        else
            approval.set(member, *value);
        return setup.recorder->decide(json::write(document));
    };
    const json::Value& approval = parsed->find("approvals")->items.at(0);
    const auto upper = [&](const char* member) {
        std::string text = approval.find(member)->text;
        for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        return json::Value::of(text);
    };
    const json::Value id = upper("id"), approver = upper("approver"), none = json::Value::null(),
                      empty = json::Value::of(std::string()), two = json::Value::of(std::int64_t{2}),
                      exp = json::Value::of(approval.find("exp")->integer + 1);
    REQUIRE(setup.recorder->decide(request).decision.effect == Effect::Permit);
    for (const auto& [member, value] :
         {std::pair{"id", &id}, {"approver", &approver}, {"uses", &none}, {"uses", &two}, {"exp", &exp}}) {
        const Answer answer = changed(member, value);
        CHECK_MESSAGE(answer.decision.effect == Effect::Deny, member);
        CHECK_MESSAGE(first_code(answer) == "approval_used", member);
    }
    // An approval without an id never counts.
    CHECK(changed("id", nullptr).decision.effect == Effect::NeedsApproval);
    CHECK(changed("id", &empty).decision.effect == Effect::NeedsApproval);
}

TEST_CASE("ledger: where it cannot be told whose approval was counted, all that are good for one use are used up") {
    json::Reader reader;
    const auto read =
        reader.read(R"({"approvals":[{"id":"a","approver":"ann","uses":1},{"id":"b","approver":"ben","uses":1},
        {"id":"c","approver_id":"u-3","uses":1},{"id":"d","approver":"dan","uses":2}]})");
    REQUIRE(read.has_value());
    const Keyed key(kKey);
    const auto used = [&](std::vector<std::string_view> approvers) {
        Decision decision;
        decision.effect = Effect::Permit;
        decision.attribution.approvers = std::move(approvers);
        return counted_approvals(**read, decision, key).used.size();
    };
    CHECK(used({}) == 0);
    CHECK(used({"ann"}) == 1);
    CHECK(used({"dan"}) == 0);
    CHECK(used({"ann", "ben"}) == 2);
    CHECK(used({"ann", ""}) == 3);  // identified by an id
    CHECK(used({"somebody"}) == 3);
}

TEST_CASE("ledger: what is masked never reaches the disk") {
    RecordOptions options;
    options.mask = {"/user", "/token/claims/kubernetes.io/serviceaccount/uid", "/tool/params/amount"};
    options.mask_key = kKey;
    Setup setup("refund", options);
    std::string request = example_request("refund");
    const Answer answer = setup.recorder->decide(request);
    CHECK(answer.decision.effect == Effect::Permit);
    CHECK(answer.decision.attribution.user == "alice@acme.example");  // not masked for the broker
    const Record record = setup.record(0);
    for (const char* place :
         {"/user", "/token/claims/kubernetes.io/serviceaccount/uid", "/tool/params/amount", "/run/initiator"})
        CHECK_MESSAGE(std::count(record.masked.begin(), record.masked.end(), place) == 1, place);
    CHECK(record.decision.attribution.user.starts_with("hmac-sha256:"));
    CHECK(record.decision.attribution.initiator == record.decision.attribution.user);  // still the same person
    CHECK(record.decision.attribution.agent == "refund-agent");
    const std::string disk = all_bytes(setup.folder.at("ledger"));
    CHECK(disk.find("refund-agent") != std::string::npos);
    for (const char* secret :
         {"alice@acme.example", "02266182-74ea-45dc-b0d7-6f7449f9ae11", "\"amount\":40", "\"roles\":[\"refunds"})
        CHECK_MESSAGE(disk.find(secret) == std::string::npos, secret);
    // Equal values under the same key and path have equal marks; under another key the marks differ.
    RecordOptions other = options;
    other.mask_key = std::string(32, 'o');
    Setup elsewhere("refund", other);
    REQUIRE(elsewhere.recorder->decide(request).sequence == 0u);
    CHECK(elsewhere.record(0).decision.attribution.user != record.decision.attribution.user);
}

TEST_CASE("ledger: a mask names what a request can hold, G0023") {
    const Folder folder;
    auto ledger = Ledger::open(folder.at("ledger"));
    const auto code_of = [&](const std::string& pointer, const std::string& key = {}) {
        RecordOptions options;
        options.mask = {pointer};
        options.mask_key = key;
        auto made = Recorder::make(*ledger, example("refund"), options);
        return made ? "" : made.error().code;
    };
    for (const char* bad : {"user", "/a~2b", "", "/user/mail", "/not/there", "/tool/params/amuont", "/approvals/x/id",
                            "/user/id/x", "/provenance"})
        CHECK_MESSAGE(code_of(bad) == "G0023", bad);
    CHECK(code_of("/user", "short") == "G0023");
    for (const char* good : {"/user", "/user/id", "/token/claims", "/token/claims/anything/that~1is/there",
                             "/tool/params", "/tool/params/amount", "/approvals", "/approvals/0/id",
                             "/approvals/*/approver", "/resource/tags/owner", "/delegation/chain/*/actor"})
        CHECK_MESSAGE(code_of(good).empty(), good);
    // While no policy is loaded, nothing is granted with a mask whose path does not exist.
    RecordOptions options;
    options.mask = {"/user/mail"};
    auto recorder = Recorder::make(*ledger, options);
    REQUIRE(recorder.has_value());
    const Layers layers(example("refund"));
    Request request(layers);
    REQUIRE(request.parse(example_request("refund")));
    Evaluator evaluator(layers);
    const Answer answer = recorder->record(example_request("refund"), evaluator.evaluate(request), layers);
    CHECK(answer.decision.effect == Effect::Deny);
    CHECK(first_code(answer) == "audit_unavailable");
    CHECK(answer.error->code == "G0023");
}

TEST_CASE("ledger: a masked value stands nowhere else in the record") {
    RecordOptions options;
    options.mask = {"/run/initiator", "/approvals", "/resource/id"};
    Setup setup("delete-bucket", options);
    std::string request = example_request("delete-bucket", "permit_approved");
    const Bundle bundle = example("delete-bucket");
    const auto read = json::parse(request);
    const auto text = [&](const char* group, const char* field) { return read->find(group)->find(field)->text; };
    const std::string person = text("run", "initiator"), bucket = text("resource", "id");
    const std::string approval = read->find("approvals")->items.at(0).find("id")->text;
    const std::string binding = read->find("approvals")->items.at(0).find("binding_digest")->text;
    // Within other text, as an object's key, and escaped.
    request =
        with(request, "\"resource\": {", "\"sets\": { \"of " + person + "\": \"" + bucket + "/x\" }, \"resource\": {");
    REQUIRE(setup.recorder->decide(request).decision.effect == Effect::Permit);
    setup.ledger.reset();
    const std::string disk = all_bytes(setup.folder.at("ledger"));
    for (const std::string& secret : {person, bucket, approval, binding})
        CHECK_MESSAGE(disk.find(secret) == std::string::npos, secret);
    CHECK(disk.find("delete") != std::string::npos);
}

TEST_CASE("ledger: what the policy does not know is not recorded as it is") {
    Setup setup("refund");
    const std::string request = with(example_request("refund"), "\"claims\": {",
                                     "\"claims\": { \"email\": \"canary-1\", \"x\": { \"y\": [\"canary-2\", 77123] },");
    REQUIRE(setup.recorder->decide(request).decision.effect == Effect::Permit);
    const Record record = setup.record(0);
    for (const char* secret : {"canary-1", "canary-2", "77123"})
        CHECK_MESSAGE(record.request.find(secret) == std::string::npos, secret);
    CHECK(std::count(record.masked.begin(), record.masked.end(), "/token/claims/email") == 1);
    CHECK(std::count(record.masked.begin(), record.masked.end(), "/token/claims/x") == 1);
    for (const char* known : {"agents-prod", "\"currency\":\"USD\"", "alice@acme.example"})
        CHECK_MESSAGE(record.request.find(known) != std::string::npos, known);
    // Each ledger has its own key, which does not change.
    const auto mark = [](const Record& of) {
        return json::parse(of.request)->find("token")->find("claims")->find("email")->text;
    };
    const std::string first = mark(record);
    REQUIRE(setup.recorder->decide(request).sequence == 1u);
    CHECK(mark(setup.record(1)) == first);
    Setup other("refund");
    REQUIRE(other.recorder->decide(request).sequence == 0u);
    CHECK(mark(other.record(0)) != first);
    // A broker may record everything.
    RecordOptions all;
    all.hide_unknown = false;
    Setup whole("refund", all);
    REQUIRE(whole.recorder->decide(request).sequence == 0u);
    CHECK(whole.record(0).masked.empty());
    CHECK(whole.record(0).request.find("canary-1") != std::string::npos);
}

TEST_CASE("ledger: free text that no rule reads is not recorded as it is") {
    auto sources = read_sources({source_root() + "/examples/refund/policy.writ"});
    REQUIRE(sources.has_value());
    std::string& policy = sources->sources[0].text;
    policy = with(policy, "currency: string", "currency: string\n    note: string\n    notes: set<string>");
    auto bundle = compile(*sources);
    REQUIRE(bundle.has_value());
    const Folder folder;
    auto ledger = Ledger::open(folder.at("ledger"));
    auto recorder = Recorder::make(*ledger, *bundle);
    const std::string request = with(example_request("refund"), "\"currency\": \"USD\"",
                                     "\"currency\": \"USD\", \"note\": \"canary-1\", \"notes\": [\"canary-2\"]");
    REQUIRE(recorder->decide(request).decision.effect == Effect::Permit);
    const std::string bytes = *ledger->read(0);
    CHECK(bytes.find("canary") == std::string::npos);
    CHECK(bytes.find("\"currency\":\"USD\"") != std::string::npos);
    // Any parameter of an undeclared tool may be text.
    REQUIRE(recorder->decide(with(with(request, "\"name\": \"refund\"", "\"name\": \"other\""), "USD", "canary-3"))
                .sequence == 1u);
    CHECK(ledger->read(1)->find("canary") == std::string::npos);
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
    // A decision on a document that is not a request is not returned.
    const Answer odd = there.recorder->record("{", evaluator.evaluate(read), layers);
    CHECK(odd.decision.effect == Effect::Deny);
    CHECK(first_code(odd) == "Q0001");
    CHECK(there.record(*odd.sequence).request.empty());
    const Answer refused = there.recorder->refuse("{}", failure(Code::FieldNotDeclared, "no", "$.x"));
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
    // A candidate's permit uses nothing up.
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
    for (const InquiryTable& table : *report) {
        if (table.name == "effects") CHECK(std::get<std::int64_t>(table.rows.at(0).at(1)) == 1);
        if (table.name == "shadow") CHECK(std::get<std::int64_t>(table.rows.at(0).at(4)) == 1);
    }
}

TEST_CASE("ledger: who is revoked is denied, and that is recorded") {
    Setup setup("refund");
    setup.recorder->revoke(
        std::make_shared<Revocations>(std::vector<Revocation>{{RevocationKind::Agent, "refund-agent", 0}}));
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
