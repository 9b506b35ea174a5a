// Tests the ledger: concurrent callers, names that can be used once, and the counts of best-effort mode.
#include <atomic>
#include <set>
#include <thread>

#include <sqlite3.h>

#include "ledger_fixture.h"
#include "writ/audit.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

;

/// Changes the index directly.
void tamper(const std::string& folder, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open((folder + "/index.sqlite").c_str(), &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_changes(database) > 0);
    sqlite3_close(database);
}

}  // namespace

TEST_CASE("ledger: every acknowledged record of many callers is where it was said to be") {
    const Folder folder;
    LedgerOptions options;
    options.segment_bytes = 4000;
    constexpr int kThreads = 8, kEach = 100;
    std::vector<std::string> said(kThreads * kEach);
    {
        Ledger ledger = opened_ledger(folder.at("ledger"), options);
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) {
                    const std::string record = used_record(std::to_string(t) + "/" + std::to_string(i));
                    const auto appended = ledger.append(record);
                    if (appended && appended->sequence < said.size()) said[appended->sequence] = record;
                }
            });
        for (auto& thread : threads) thread.join();
        CHECK(*ledger.read(17) == said[17]);
        CHECK(ledger.read(said.size()).error().code == "G0021");
    }
    CHECK(records_of(folder.at("ledger")) == said);
}

TEST_CASE("ledger: a record that is too large is refused, G0020") {
    const Folder folder;
    Ledger ledger = opened_ledger(folder.at("ledger"));
    CHECK(ledger.append(std::string((8u << 20) + 1, 'x')).error().code == "G0020");
    CHECK_FALSE(ledger.offer(std::string((8u << 20) + 1, 'x')));
    CHECK(ledger.counts().dropped == 1);
}

TEST_CASE("ledger: a name is used up once, also by others and afterwards, G0025") {
    const Folder folder;
    {
        Ledger one = opened_ledger(folder.at("ledger")), two = opened_ledger(folder.at("ledger"));
        REQUIRE(use_up(one, "ticket 1").has_value());
        CHECK(use_up(one, "ticket 1").error().code == "G0025");
        CHECK(use_up(two, "ticket 1").error().code == "G0025");
        REQUIRE(use_up(two, "ticket 2").has_value());
        CHECK(use_up(one, "ticket 2").error().code == "G0025");
        // The same if a record is appended directly.
        CHECK(one.append(used_record("ticket 2"))->outcome == Appended::Outcome::Used);
    }
    Ledger again = opened_ledger(folder.at("ledger"));
    CHECK(use_up(again, "ticket 1").error().code == "G0025");
    // The index is only a shortcut.
    std::filesystem::remove(folder.at("ledger") + "/index.sqlite");
    write_bytes(folder.at("ledger") + "/index.sqlite", "no database");
    Ledger third = opened_ledger(folder.at("ledger"));
    CHECK(use_up(third, "ticket 2").error().code == "G0025");
    CHECK(use_up(third, "ticket 3").has_value());
    CHECK(records_of(folder.at("ledger")).size() == 3);
}

TEST_CASE("ledger: of many who use up a name at once, one does") {
    const Folder folder;
    Ledger one = opened_ledger(folder.at("ledger")), two = opened_ledger(folder.at("ledger"));
    for (int round = 0; round < 30; ++round) {
        std::atomic<int> done = 0;
        std::vector<std::thread> threads;
        for (int t = 0; t < 6; ++t)
            threads.emplace_back([&, t] {
                done += use_up(t % 2 == 0 ? one : two, "name " + std::to_string(round)).has_value() ? 1 : 0;
            });
        for (auto& thread : threads) thread.join();
        REQUIRE(done == 1);
    }
}

TEST_CASE("ledger: what best effort drops is counted exactly, and told of") {
    const Folder folder;
    LedgerOptions options;
    options.queue_bytes = 4000;
    std::uint64_t taken = 0;
    {
        Ledger ledger = opened_ledger(folder.at("ledger"), options);
        for (int i = 0; i < 3000; ++i)
            taken += ledger.offer(used_record(std::string(100, 'x') + std::to_string(i))) ? 1 : 0;
        const Counts counts = ledger.counts();
        CHECK(counts.offered == 3000);
        CHECK(counts.offered == counts.written + counts.dropped + counts.waiting);
        CHECK(counts.dropped == 3000 - taken);
        CHECK(counts.dropped > 0);
    }
    std::uint64_t told = 0, kept = 0;
    for (const std::string& bytes : records_of(folder.at("ledger"))) {
        Record record;
        REQUIRE(decode(bytes, record).has_value());
        if (record.kind == RecordKind::Drops)
            told += record.dropped;
        else
            ++kept;
    }
    CHECK(kept == taken);
    CHECK(told == 3000 - taken);
}

TEST_CASE("ledger: on a full disk nothing acknowledged is lost and nothing is acknowledged, G0002") {
    const Folder folder;
    Ledger ledger = opened_ledger(folder.at("ledger"));
    std::set<std::uint64_t> acknowledged;
    std::uint64_t refused = 0;
    const auto record = [](int i) { return used_record(std::string(700, 'x') + std::to_string(i)); };
    {
        const FullDisk full(6000);
        for (int i = 0; i < 30; ++i) {
            const auto appended = ledger.append(record(i));
            if (appended)
                acknowledged.insert(appended->sequence);
            else {
                CHECK(appended.error().code == "G0002");
                ++refused;
            }
        }
        CHECK_FALSE(ledger.offer(record(30)) == false);
        while (ledger.counts().waiting > 0) std::this_thread::yield();
        CHECK(ledger.counts().dropped == 1);
    }
    CHECK(refused > 10);
    CHECK(acknowledged.size() > 3);
    CHECK(acknowledged.size() + refused == 30);
    // With space again, the ledger continues.
    const auto next = ledger.append(record(31));
    REQUIRE(next.has_value());
    CHECK(next->sequence == acknowledged.size());
    CHECK(records_of(folder.at("ledger")).size() == acknowledged.size() + 1);
}

TEST_CASE("ledger: a name that was taken out of the index is not used up again, and verify names it, G0010") {
    // The last one deletes a name and makes another one look like the first.
    for (const char* sql : {"delete from holder where seq = 1", "update holder set name = x'7578' where seq = 1",
                            "update holder set holds = 0 where seq = 1", "update holder set ask = x'01' where seq = 1",
                            "update holder set seq = 99 where seq = 1"}) {
        const Folder folder;
        const std::string path = folder.at("ledger");
        {
            Ledger ledger = opened_ledger(path);
            for (const char* name : {"ticket 0", "ticket 1", "ticket 2"}) REQUIRE(use_up(ledger, name).has_value());
        }
        // The ledger is open while the index is changed.
        Ledger open = opened_ledger(path);
        tamper(path, sql);
        const auto used = use_up(open, "ticket 1");
        REQUIRE_FALSE(used.has_value());
        CHECK(used.error().code == "G0010");
        CHECK(use_up(open, "ticket 2").error().code == "G0025");
        CHECK(use_up(open, "ticket 3").has_value());
        // The ledger is opened afterwards.
        auto after = Ledger::open(path);
        REQUIRE_FALSE(after.has_value());
        CHECK(after.error().code == "G0010");
        const auto verified = verify(path, {}, nullptr);
        REQUIRE(verified.has_value());
        REQUIRE_FALSE(verified->problems.empty());
        CHECK(verified->problems.front().find("`ticket 1`") != std::string::npos);
        // Without an index, it is rebuilt from the records.
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + "/index.sqlite" + suffix);
        Ledger again = opened_ledger(path);
        CHECK(use_up(again, "ticket 1").error().code == "G0025");
        CHECK(verify(path, {}, nullptr)->problems.empty());
    }
}

TEST_CASE("ledger: an index that has more than the records say is named too") {
    const Folder folder;
    const std::string path = folder.at("ledger");
    {
        Ledger ledger = opened_ledger(path);
        REQUIRE(use_up(ledger, "ticket 0").has_value());
    }
    tamper(path, "insert into holder values (0, 7, x'7579', zeroblob(32), 0)");
    CHECK(verify(path, {}, nullptr)->problems.size() == 1);
    CHECK(Ledger::open(path).error().code == "G0010");
}

TEST_CASE("ledger: only what was granted has a receipt or a single use, G0026") {
    const Folder folder;
    Ledger ledger = opened_ledger(folder.at("ledger"));
    auto recorder = Recorder::make(ledger, example("refund"));
    REQUIRE(recorder.has_value());
    const auto permitted = recorder->decide(example_request("refund")).sequence;
    const auto denied = recorder->decide(example_request("refund", "deny")).sequence;
    const auto receipt = [&](std::uint64_t decision) {
        Record record;
        record.kind = RecordKind::Receipt;
        record.receipt.decision = decision;
        record.receipt.credential = "cred-1";
        std::string bytes;
        encode(record, bytes);
        const auto appended = ledger.append(bytes);
        return appended ? "" : appended.error().code;
    };
    CHECK(receipt(*permitted).empty());
    CHECK(receipt(*denied) == "G0026");
    CHECK(receipt(2) == "G0026");  // the receipt
    CHECK(receipt(99) == "G0021");
    CHECK(ledger.use("grant:1").error().code == "G0026");
    // A name has only one spelling.
    for (const char* name : {"", "grant", "grant:", "grant:x", "grant:00", "grant:+0", "grant: 0", "grant:0 ",
                             "Grant:0", "grants:0", "ticket 1", "approval:0"})
        CHECK_MESSAGE(ledger.use(name).error().code == "G0027", name);
    CHECK(ledger.use("grant:99").error().code == "G0021");
    CHECK(ledger.use("grant:0").has_value());
    CHECK(ledger.use("grant:0").error().code == "G0025");
}
