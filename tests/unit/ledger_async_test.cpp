// Tests appends that nobody waits for: the order of records, what is told of each, full queues, failures and closing.
#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "ledger_fixture.h"
#include "writ/audit.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

;

/// Keeps the ledger's thread busy until it is released, so that what is queued meanwhile is one block. Records one
/// record.
class Held {
public:
    explicit Held(Ledger& ledger) {
        std::promise<void> busy;
        REQUIRE(ledger.append_async(used_record("held"), [&busy, go = released_.get_future().share()](const auto&) {
            busy.set_value();
            go.wait();
        }));
        busy.get_future().wait();
    }
    void release() { released_.set_value(); }

private:
    std::promise<void> released_;
};

/// What was told of each record, in the order of telling.
struct Heard {
    std::mutex lock;
    std::vector<std::pair<int, Result<Appended>>> all;

    OnAppended listener(int which) {
        return [this, which](Result<Appended> result) {
            const std::lock_guard hold(lock);
            all.emplace_back(which, std::move(result));
        };
    }
    [[nodiscard]] std::size_t size() {
        const std::lock_guard hold(lock);
        return all.size();
    }
};

std::string code_of(const Result<Appended>& result) {
    return result ? "" : result.error().code;
}

std::string first_code(const Decided& decided) {
    return decided.decision->reasons.empty() ? "" : std::string(decided.decision->reasons.front().code);
}

std::string keyed(const std::string& request) {
    return with(request, "\"request_id\"", "\"idempotency_key\": \"k-1\", \"request_id\"");
}

/// A record without what differs between two ledgers: the time, and what their keys made.
std::string comparable(const std::string& bytes) {
    Record record;
    REQUIRE(decode(bytes, record));
    record.time = 0;
    record.around.key = record.around.ask = {};
    record.uses.clear();
    std::string out;
    encode(record, out);
    return out;
}

Recorder recorder_for(Ledger& ledger, const std::string& name, RecordOptions options = {}) {
    auto made = Recorder::make(ledger, example(name), std::move(options));
    REQUIRE(made);
    return std::move(*made);
}

}  // namespace

TEST_CASE("ledger: queued records are in the order of the calls, and told of in that order") {
    const Folder folder;
    constexpr int kCount = 500;
    Heard heard;
    std::vector<std::string> records;
    {
        LedgerOptions options;
        options.segment_bytes = 4000;
        Ledger ledger = opened_ledger(folder.at("ledger"), options);
        for (int i = 0; i < kCount; ++i) {
            records.push_back(used_record(std::to_string(i)));
            // One that waits is in the same order.
            if (i % 100 == 50) {
                const auto appended = ledger.append(records.back());
                REQUIRE(appended);
                CHECK(appended->sequence == static_cast<std::uint64_t>(i));
                // What was queued before it has been written, and perhaps not all of it told.
                heard.listener(i)(*appended);
            } else {
                REQUIRE(ledger.append_async(records.back(), heard.listener(i)));
            }
        }
    }
    REQUIRE(heard.all.size() == kCount);
    for (const auto& [which, result] : heard.all) {
        REQUIRE(result);
        CHECK(result->sequence == static_cast<std::uint64_t>(which));
        CHECK(result->leaf == leaf_hash(records[static_cast<std::size_t>(which)]));
    }
    std::erase_if(heard.all, [](const auto& each) { return each.first % 100 == 50; });
    CHECK(std::is_sorted(heard.all.begin(), heard.all.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; }));
    CHECK(records_of(folder.at("ledger")) == records);
}

TEST_CASE("ledger: many threads queue, and each record is told of once") {
    const Folder folder;
    constexpr int kThreads = 8, kEach = 200;
    std::vector<std::atomic<int>> told(kThreads * kEach);
    std::vector<std::string> said(kThreads * kEach);
    std::vector<std::uint64_t> last(kThreads);
    std::atomic<int> out_of_order = 0;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) {
                    const std::string record = used_record(std::to_string(t) + "/" + std::to_string(i));
                    if (i % 10 == 0) {
                        const auto appended = ledger.append(record);
                        if (!appended) return;
                        said[appended->sequence] = record;
                        ++told[static_cast<std::size_t>(t * kEach + i)];
                        continue;
                    }
                    // Of one thread, all are told on the ledger's thread.
                    const auto queued =
                        ledger.append_async(record, [&, t, i, record](const Result<Appended>& appended) {
                            ++told[static_cast<std::size_t>(t * kEach + i)];
                            if (!appended) return;
                            std::uint64_t& before = last[static_cast<std::size_t>(t)];
                            if (i > 1 && appended->sequence <= before) ++out_of_order;
                            before = appended->sequence;
                            said[appended->sequence] = record;
                        });
                    if (!queued) return;
                }
            });
    }
    for (const auto& times : told) CHECK(times == 1);
    CHECK(out_of_order == 0);
    CHECK(records_of(folder.at("ledger")) == said);
    CHECK(verify(folder.at("ledger"), {}, nullptr)->problems.empty());
}

TEST_CASE("ledger: nothing is told before its record can be read") {
    const Folder folder;
    std::atomic<int> early = 0;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        for (int i = 0; i < 50; ++i) {
            const std::string record = used_record(std::to_string(i));
            REQUIRE(ledger.append_async(record, [&, record](const Result<Appended>& appended) {
                const auto read = ledger.read(appended->sequence);
                if (!read || *read != record) ++early;
            }));
        }
    }
    CHECK(early == 0);
}

TEST_CASE("ledger: a full queue refuses at once, G0014") {
    const Folder folder;
    LedgerOptions options;
    const std::string record = used_record(std::string(487, 'x'));
    constexpr std::size_t kMost = 10;
    options.queue_bytes = kMost * (record.size() + 512);
    Heard heard;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"), options);
        Held held(ledger);
        std::size_t queued = 0;
        Result<void> last;
        for (int i = 0; i < 100; ++i) {
            last = ledger.append_async(used_record(std::string(480, 'x') + std::to_string(1000000 + i)),
                                       heard.listener(i));
            queued += last ? 1 : 0;
        }
        CHECK(queued == kMost);
        REQUIRE_FALSE(last);
        CHECK(last.error().code == "G0014");
        // It does not limit what waits, which then has its place behind what is queued.
        std::thread waits([&] { CHECK(ledger.append(used_record("waits"))->sequence == kMost + 1); });
        held.release();
        waits.join();
        while (heard.size() < kMost) std::this_thread::yield();
        CHECK(ledger.append_async(record, heard.listener(100)));
    }
    REQUIRE(heard.all.size() == kMost + 1);
    for (const auto& [which, result] : heard.all) CHECK(code_of(result) == "");
    CHECK(records_of(folder.at("ledger")).size() == kMost + 3);
}

TEST_CASE("ledger: a failed write fails everything that is queued, and nothing of it is there") {
    const Folder folder;
    Heard heard;
    Ledger ledger = opened_ledger(folder.at("ledger"));
    REQUIRE(ledger.append(used_record("before")));
    constexpr int kCount = 20;
    {
        Held held(ledger);
        const FullDisk full(100);
        // Large enough for several blocks.
        for (int i = 0; i < kCount; ++i)
            REQUIRE(
                ledger.append_async(used_record(std::string(1u << 20, 'x') + std::to_string(i)), heard.listener(i)));
        held.release();
        while (heard.size() < kCount) std::this_thread::yield();
    }
    for (const auto& [which, result] : heard.all) CHECK(code_of(result) == "G0002");
    CHECK(records_of(folder.at("ledger")).size() == 2);
    // With space again, the ledger continues. A name that was not recorded is not spent.
    std::promise<Result<Appended>> later;
    REQUIRE(ledger.append_async(used_record(std::string(1u << 20, 'x') + "0"),
                                [&](Result<Appended> appended) { later.set_value(std::move(appended)); }));
    const auto appended = later.get_future().get();
    REQUIRE(appended);
    CHECK(appended->outcome == Appended::Outcome::Recorded);
    CHECK(appended->sequence == 2);
}

TEST_CASE("ledger: closing tells of everything that is queued, once") {
    for (const bool full : {false, true}) {
        const Folder folder;
        constexpr int kCount = 300;
        std::vector<std::atomic<int>> told(kCount);
        std::atomic<int> failed = 0;
        {
            Ledger ledger = opened_ledger(folder.at("ledger"));
            Held held(ledger);
            std::optional<FullDisk> small;
            if (full) small.emplace(100);
            for (int i = 0; i < kCount; ++i)
                REQUIRE(ledger.append_async(used_record(std::to_string(i)), [&, i](const Result<Appended>& appended) {
                    ++told[static_cast<std::size_t>(i)];
                    if (!appended) ++failed;
                }));
            CHECK(std::all_of(told.begin(), told.end(), [](const auto& times) { return times == 0; }));
            held.release();
            // Closed while nearly all are queued.
            const Ledger closed = std::move(ledger);
        }
        for (const auto& times : told) CHECK(times == 1);
        CHECK(failed == (full ? kCount : 0));
        CHECK(records_of(folder.at("ledger")).size() == (full ? 1 : kCount + 1));
    }
}

TEST_CASE("ledger: the ledger's thread may queue records but not wait for them, G0015") {
    const Folder folder;
    std::promise<std::string> waited, used, decided;
    std::promise<std::uint64_t> next;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        Recorder recorder = recorder_for(ledger, "refund");
        REQUIRE(recorder.decide(example_request("refund")).sequence == 0u);
        REQUIRE(ledger.append_async(used_record("1"), [&](const Result<Appended>&) {
            waited.set_value(code_of(ledger.append(used_record("2"))));
            const auto use = ledger.use("grant:0");
            used.set_value(use ? "" : use.error().code);
            const Answer answer = recorder.decide(example_request("refund"));
            decided.set_value(answer.decision.effect == Effect::Deny && answer.error ? answer.error->code : "");
            (void)ledger.append_async(used_record("3"),
                                      [&](const Result<Appended>& appended) { next.set_value(appended->sequence); });
        }));
        CHECK(waited.get_future().get() == "G0015");
        CHECK(used.get_future().get() == "G0015");
        CHECK(decided.get_future().get() == "G0015");
        CHECK(next.get_future().get() == 2);
    }
    CHECK(records_of(folder.at("ledger")).size() == 3);
}

TEST_CASE("ledger: what cannot be queued is refused at once, and not told of") {
    const Folder folder;
    Heard heard;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        Recorder recorder = recorder_for(ledger, "refund");
        REQUIRE(recorder.decide(example_request("refund", "deny")).sequence == 0u);
        const auto refused = [&](std::string record) {
            const auto queued = ledger.append_async(std::move(record), heard.listener(0));
            return queued ? "" : queued.error().code;
        };
        CHECK(refused(std::string((8u << 20) + 1, 'x')) == "G0020");
        Record receipt;
        receipt.kind = RecordKind::Receipt;
        std::string bytes;
        encode(receipt, bytes);
        CHECK(refused(bytes) == "G0026");
        const auto used = [&](std::string_view name) {
            const auto queued = ledger.use_async(name, [](const Result<std::uint64_t>&) { FAIL("told"); });
            return queued ? "" : queued.error().code;
        };
        CHECK(used("ticket") == "G0027");
        CHECK(used("grant:0") == "G0026");
        CHECK(used("grant:9") == "G0021");
    }
    CHECK(heard.all.empty());
}

TEST_CASE("ledger: of queued records in one block, one uses up a name") {
    const Folder folder;
    Heard heard;
    std::vector<std::string> uses;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        Recorder recorder = recorder_for(ledger, "refund");
        REQUIRE(recorder.decide(example_request("refund")).sequence == 0u);
        Held held(ledger);
        for (int i = 0; i < 3; ++i) REQUIRE(ledger.append_async(used_record("ticket"), heard.listener(i)));
        for (int i = 0; i < 3; ++i)
            REQUIRE(ledger.use_async("grant:0", [&](const Result<std::uint64_t>& used) {
                uses.push_back(used ? std::to_string(*used) : used.error().code);
            }));
        held.release();
    }
    REQUIRE(heard.all.size() == 3);
    CHECK(heard.all[0].second->outcome == Appended::Outcome::Recorded);
    for (int i = 1; i < 3; ++i) {
        CHECK(heard.all[static_cast<std::size_t>(i)].second->outcome == Appended::Outcome::Used);
        CHECK(heard.all[static_cast<std::size_t>(i)].second->sequence == 2);
    }
    CHECK(uses == std::vector<std::string>{"3", "G0025", "G0025"});
    CHECK(records_of(folder.at("ledger")).size() == 4);
}

TEST_CASE("ledger: what is decided without waiting is answered and recorded as what is waited for") {
    RecordOptions options;
    options.mask_key = std::string(32, 'k');
    const std::string refund = example_request("refund");
    const std::string bucket = example_request("delete-bucket", "permit_approved");
    struct Row {
        const char* example;
        std::vector<std::string> requests;
    };
    const Row rows[] = {
        {"refund",
         {refund, example_request("refund", "deny"), "no request", example_request("refund", "needs_approval"),
          // A key: used, repeated later, with nothing left, for something else, and not used by a deny.
          with(keyed(example_request("refund", "deny")), "k-1", "k-2"), keyed(refund),
          with(keyed(refund), "1790000060", "1790000090"), with(keyed(refund), "1790000060", "1790000500"),
          with(keyed(refund), "\"amount\": 40.0", "\"amount\": 41.0"), refund}},
        // An approval that is used once, without a key and with one.
        {"delete-bucket", {bucket, bucket}},
        {"delete-bucket", {keyed(bucket), keyed(bucket), with(keyed(bucket), "k-1", "k-2"), bucket}}};
    for (const Row& row : rows)
        for (const bool one_block : {false, true}) {
            const Folder folder;
            std::vector<Decided> waited, told;
            {
                Ledger ledger = opened_ledger(folder.at("waited"));
                Recorder recorder = recorder_for(ledger, row.example, options);
                REQUIRE(ledger.append(used_record("held")));
                for (const std::string& request : row.requests)
                    waited.push_back(detach(recorder.decide(request), Layers(example(row.example))));
            }
            {
                Ledger ledger = opened_ledger(folder.at("told"));
                std::optional<Held> held(std::in_place, ledger);
                if (!one_block) held->release();
                std::atomic<std::size_t> count = 0;
                {
                    Recorder recorder = recorder_for(ledger, row.example, options);
                    for (std::size_t i = 0; i < row.requests.size(); ++i) {
                        std::string request = row.requests[i];
                        CHECK_FALSE(recorder.decide_async(request, [&](Decided decided) {
                            told.push_back(std::move(decided));
                            ++count;
                        }));
                        // Nothing of the arguments is kept.
                        std::fill(request.begin(), request.end(), 'x');
                        while (!one_block && count <= i) std::this_thread::yield();
                    }
                }
                // Nor of the recorder.
                if (one_block) held->release();
                while (count < row.requests.size()) std::this_thread::yield();
            }
            REQUIRE(told.size() == waited.size());
            for (std::size_t i = 0; i < told.size(); ++i) {
                CHECK(told[i].json == waited[i].json);
                CHECK(told[i].record == waited[i].record);
                CHECK(told[i].earlier == waited[i].earlier);
                CHECK(told[i].decision->effect == waited[i].decision->effect);
                CHECK((told[i].error ? told[i].error->code : "") == (waited[i].error ? waited[i].error->code : ""));
                CHECK(told[i].record == i + 1);
            }
            const auto one = records_of(folder.at("waited")), other = records_of(folder.at("told"));
            REQUIRE(one.size() == other.size());
            for (std::size_t i = 1; i < one.size(); ++i) CHECK(comparable(one[i]) == comparable(other[i]));
            CHECK(verify(folder.at("told"), {}, nullptr)->problems.empty());
        }
}

TEST_CASE("ledger: a decision made elsewhere may be used again once it is queued") {
    const Folder folder;
    const std::string request = example_request("refund");
    const Layers layers(example("refund"));
    std::vector<Decided> told;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        Recorder recorder = recorder_for(ledger, "refund");
        Held held(ledger);
        {
            Request read(layers);
            REQUIRE(read.parse(request));
            Evaluator evaluator(layers);
            Decision decision = evaluator.evaluate(read);
            const auto keep = [&](Decided decided) { told.push_back(std::move(decided)); };
            CHECK_FALSE(recorder.record_async(request, decision, layers, keep));
            decision.clear();
            CHECK_FALSE(recorder.record_async(request, decision, layers, keep));
            CHECK_FALSE(recorder.refuse_async("{}", failure(Code::FieldNotDeclared, "no", "$.x"), keep));
        }
        held.release();
    }
    REQUIRE(told.size() == 3);
    CHECK(told[0].decision->effect == Effect::Permit);
    CHECK(told[0].decision->attribution.agent == "refund-agent");
    CHECK(told[1].decision->effect == Effect::Deny);
    CHECK(first_code(told[2]) == "Q0011");
    CHECK(told[2].record == 3u);
    REQUIRE(told[2].error);
    CHECK(told[2].error->code == "Q0011");
}

TEST_CASE("ledger: what is queued and cannot be recorded is not permitted: audit_unavailable") {
    const Folder folder;
    LedgerOptions options;
    options.queue_bytes = 40'000;
    std::vector<Decided> told;
    std::optional<Decided> at_once;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"), options);
        Recorder recorder = recorder_for(ledger, "refund");
        std::optional<Held> held(std::in_place, ledger);
        const FullDisk full(100);
        const auto keep = [&](Decided decided) { told.push_back(std::move(decided)); };
        for (int i = 0; i < 1000 && !at_once; ++i)
            at_once =
                recorder.decide_async(i % 2 == 0 ? example_request("refund") : keyed(example_request("refund")), keep);
        // A decision that is not known to be recordable is refused at once too.
        Decision decision;
        auto masked = Recorder::make(ledger, {.mask = {"/nowhere"}});
        REQUIRE(masked);
        const auto unknown = masked->record_async("{}", decision, example("refund"), keep);
        REQUIRE(unknown);
        CHECK(first_code(*unknown) == "audit_unavailable");
        CHECK(unknown->error->code == "G0023");
        held->release();
        while (ledger.append(used_record("x")).has_value()) std::this_thread::yield();
    }
    REQUIRE(at_once);
    CHECK(at_once->error->code == "G0014");
    CHECK(told.size() > 5);
    told.push_back(std::move(*at_once));
    for (const Decided& decided : told) {
        CHECK(decided.decision->effect == Effect::Deny);
        CHECK(decided.decision->grant.scopes.empty());
        CHECK(first_code(decided) == "audit_unavailable");
        CHECK_FALSE(decided.record);
        CHECK_FALSE(decided.earlier);
        REQUIRE(decided.error);
        CHECK(decided.json.find("\"effect\":\"deny\"") != std::string::npos);
        CHECK(decided.json.find("\"record\":null") != std::string::npos);
    }
    for (std::size_t i = 0; i + 1 < told.size(); ++i) CHECK(told[i].error->code == "G0002");
    CHECK(records_of(folder.at("ledger")).size() == 1);
}

TEST_CASE("ledger: best effort that awaits no number answers at once") {
    const Folder folder;
    RecordOptions how;
    how.durability = Durability::BestEffort;
    how.await_number = false;
    const std::string request = example_request("refund");
    {
        Ledger ledger = opened_ledger(folder.at("ledger"), {});
        Recorder recorder = recorder_for(ledger, "refund", how);
        std::promise<Decided> told;
        Held held(ledger);  // nothing is written meanwhile
        for (int i = 0; i < 10; ++i) {
            const auto answer = recorder.decide_async(request, [](Decided) { FAIL("told"); });
            REQUIRE(answer);
            CHECK(answer->decision->effect == Effect::Permit);
            CHECK_FALSE(answer->record);
            CHECK_FALSE(answer->error);
            CHECK(answer->json.find("\"record\":null") != std::string::npos);
        }
        // A key needs a record even so.
        CHECK_FALSE(
            recorder.decide_async(keyed(request), [&](Decided decided) { told.set_value(std::move(decided)); }));
        held.release();
        CHECK(told.get_future().get().record);
    }
    CHECK(records_of(folder.at("ledger")).size() >= 11);
}

TEST_CASE("ledger: best effort that awaits no number waits before records would be dropped") {
    const Folder folder;
    LedgerOptions options;
    options.queue_bytes = 40'000;
    RecordOptions how;
    how.durability = Durability::BestEffort;
    how.await_number = false;
    Ledger ledger = opened_ledger(folder.at("ledger"), options);
    Recorder recorder = recorder_for(ledger, "refund", how);
    std::promise<Decided> told;
    Held held(ledger);
    int at_once = 0;
    while (
        at_once < 100 &&
        recorder.decide_async(example_request("refund"), [&](Decided decided) { told.set_value(std::move(decided)); }))
        ++at_once;
    CHECK(at_once > 2);
    REQUIRE(at_once < 100);  // otherwise nothing is told
    CHECK(ledger.counts().dropped == 0);
    held.release();
    CHECK(told.get_future().get().record == static_cast<std::uint64_t>(at_once) + 1);
}

TEST_CASE("ledger: best effort is told of the record, or permits without one") {
    const Folder folder;
    LedgerOptions options;
    options.queue_bytes = 40'000;
    RecordOptions how;
    how.durability = Durability::BestEffort;
    const std::string request = example_request("refund");
    std::vector<Decided> told, at_once;
    Counts counts;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"), options);
        Recorder recorder = recorder_for(ledger, "refund", how);
        std::atomic<std::size_t> count = 0;
        const auto keep = [&](Decided decided) {
            told.push_back(std::move(decided));
            ++count;
        };
        const auto wait_for = [&](std::size_t least) {
            while (count < least) std::this_thread::yield();
        };
        CHECK_FALSE(recorder.decide_async(request, keep));
        wait_for(1);
        {
            const FullDisk full(100);
            CHECK_FALSE(recorder.decide_async(request, keep));
            wait_for(2);
        }
        Held held(ledger);
        for (int i = 0; i < 100; ++i)
            if (auto answer = recorder.decide_async(request, keep)) at_once.push_back(std::move(*answer));
        // A key needs a record even so.
        CHECK_FALSE(recorder.decide_async(keyed(request), keep));
        held.release();
        wait_for(103 - at_once.size());
        counts = ledger.counts();
    }
    CHECK(told[0].record == 0u);
    CHECK(told[0].json.find("\"record\":0") != std::string::npos);
    CHECK_FALSE(told[1].record);
    CHECK(told[1].json.find("\"record\":null") != std::string::npos);
    CHECK(at_once.size() > 50);
    CHECK(at_once.size() < 100);
    for (const Decided& decided : at_once) CHECK_FALSE(decided.record);
    for (const auto* list : {&told, &at_once})
        for (const Decided& decided : *list) {
            CHECK(decided.decision->effect == Effect::Permit);
            CHECK_FALSE(decided.error);
        }
    CHECK(counts.offered == 102);
    CHECK(counts.dropped == at_once.size() + 1);
    CHECK(counts.written == 101 - at_once.size());
    CHECK(counts.waiting == 0);
}

TEST_CASE("ledger: what a repetition adds to its record must fit into the block, G0020") {
    const Folder folder;
    const Layers layers(example("refund"));
    const std::string request = keyed(example_request("refund"));
    const std::string large = "{\"x\":\"" + std::string(6u << 20, 'x') + "\"}";
    std::vector<Decided> told;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"));
        Recorder recorder = recorder_for(ledger, "refund");
        Request read(layers);
        REQUIRE(read.parse(request));
        Evaluator evaluator(layers);
        const Decision plain = evaluator.evaluate(read);
        Decision decision = plain;
        decision.grant.obligations.push_back({"keep", large});
        REQUIRE(recorder.record(request, decision, layers).sequence == 0u);
        Held held(ledger);
        for (int i = 0; i < 3; ++i)
            CHECK_FALSE(recorder.record_async(request, plain, layers,
                                              [&](Decided decided) { told.push_back(std::move(decided)); }));
        held.release();
    }
    REQUIRE(told.size() == 3);
    for (int i = 0; i < 2; ++i) {
        const Decided& decided = told[static_cast<std::size_t>(i)];
        CHECK(decided.earlier == 0u);
        REQUIRE_FALSE(decided.decision->grant.obligations.empty());
        CHECK(decided.decision->grant.obligations.back().args == large);
    }
    CHECK(first_code(told[2]) == "audit_unavailable");
    CHECK(told[2].error->code == "G0020");
    CHECK(records_of(folder.at("ledger")).size() == 4);
    CHECK(verify(folder.at("ledger"), {}, nullptr)->problems.empty());
}
