// Tests failures that the file system and other programs cause in a store: each has its code, and nothing is lost.
#include "store_fixture.h"

#include <array>
#include <csignal>
#include <functional>
#include <thread>

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace writ;
using namespace writ::testing;

namespace {

/// Runs a function in another process. Output: its result, at most 5 letters.
std::string apart(const std::function<std::string()>& act) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const std::string said = act();
        if (::write(ends[1], said.data(), said.size()) < 0) ::_exit(2);
        ::_exit(0);
    }
    ::close(ends[1]);
    char text[6] = {};
    const ssize_t got = ::read(ends[0], text, 5);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

/// Closes the store before a fork, because SQLite does not support an open database in both processes.
void close(Made& made) {
    const Store gone = std::move(made.store);
}

std::vector<std::string> found(const Store& store) {
    const auto problems = store.verify();
    REQUIRE(problems);
    return *problems;
}

}  // namespace

TEST_CASE("store: S0006 while another program writes, and nothing changed") {
    Made made(1);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(made.path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    auto store = Store::open(made.path, {.patience_ms = 20});
    REQUIRE(store);
    CHECK(code_of(store->publish(policy(7), kAda)) == "S0006");
    CHECK(code_of(store->activate(made.to("v1"))) == "S0006");
    CHECK(code_of(store->revoke(RevocationKind::Agent, "a", kAda)) == "S0006");
    CHECK(store->versions()->size() == 1);  // reading still works
    sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    CHECK(store->publish(policy(7), kAda));
    CHECK(found(*store).empty());
}

TEST_CASE("store: S0007 where the folder or the file cannot be written") {
    Made made(1);
    made.activate("v1");
    // Root may write to any file, the user nobody may not.
    const auto as_nobody = [&](const std::function<std::string()>& act) {
        return apart([&] {
            if (::getuid() == 0 && ::setuid(65534) != 0) return std::string("stuck");
            return act();
        });
    };
    close(made);
    ::chmod(made.folder.path.c_str(), 0555);
    ::chmod(made.path.c_str(), 0444);
    CHECK(as_nobody([&] { return code_of(Store::init(made.folder.at("new"))); }) == "S0007");
    CHECK(as_nobody([&] {
              auto store = Store::open(made.path);
              return store ? code_of(store->publish(policy(7), kAda)) : store.error().code;
          }) == "S0007");
    CHECK(as_nobody([&] { return code_of(generate_key(made.folder.at("key"))); }) == "S0007");
    ::chmod(made.folder.path.c_str(), 0755);
    ::chmod(made.path.c_str(), 0644);
    auto store = Store::open(made.path);
    REQUIRE(store);
    CHECK(store->versions()->size() == 1);
    CHECK(found(*store).empty());
}

TEST_CASE("store: S0008 where files may not grow, at every size, and nothing is lost") {
    Made made(2);
    made.activate("v1");
    close(made);
    const Bundle more = policy(7);
    int refused = 0, done = 0;
    for (rlim_t most = 4096; most < 400'000; most += 24'000) {
        const std::string code = apart([&] {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{most, most};
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return std::string("stuck");
            auto store = Store::open(made.path);
            if (!store) return store.error().code;
            auto published = store->publish(more, kAda);
            if (!published) return published.error().code;
            auto moved = store->activate(made.to("v3"));
            return moved ? std::string("done") : moved.error().code;
        });
        CAPTURE(most);
        CAPTURE(code);
        // If a write stops halfway, the system does not report that space was missing.
        CHECK((code == "S0008" || code == "S0009" || code == "done"));
        done += code == "done";
        refused += code == "S0008";
        auto store = Store::open(made.path);
        REQUIRE(store);
        CHECK(found(*store).empty());
        const auto versions = store->versions();
        CHECK(versions->size() >= 2);
        if (code == "done") {
            CHECK(store->channel("prod")->digest == more.digest());
            break;
        }
        CHECK(store->channel("prod")->digest == made.bundles[0].digest());
    }
    CHECK(refused > 0);
    CHECK(done == 1);
}

TEST_CASE("store: S0004 for a file that is damaged, at any page, and no crash") {
    Made made(3);
    made.activate("v1");
    made.tamper("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::string good = read_bytes(made.path);
    REQUIRE(good.size() > 20'000);
    const std::string copy = made.folder.at("copy");
    int told = 0, pages = 0;
    for (std::size_t page = 0; page < good.size(); page += 4096, ++pages) {
        std::string bad = good;
        for (std::size_t i = page == 0 ? 100 : page; i < page + 4096 && i < bad.size(); ++i)
            bad[i] = static_cast<char>(bad[i] ^ 0x5A);
        write_bytes(copy, bad);
        auto store = Store::open(copy);
        if (!store) {
            CHECK((store.error().code == "S0004" || store.error().code == "S0003"));
            ++told;
            continue;
        }
        const auto problems = store->verify();
        if (problems)
            told += !problems->empty();
        else
            told += problems.error().code == "S0004";
        (void)store->versions();
        (void)store->activate(made.to("v2"));
        (void)store->revocations();
    }
    CHECK(told == pages);
    // Truncated.
    write_bytes(copy, good.substr(0, good.size() / 2));
    auto store = Store::open(copy);
    CHECK((!store || !store->verify() || !store->verify()->empty()));
}

TEST_CASE("store: of two that publish at once one wins and one is told") {
    Made made(2);
    made.activate("v1");
    for (int round = 0; round < 30; ++round) {
        const Serial before = made.store.channel("prod")->serial;
        std::array<std::string, 2> codes;
        {
            std::vector<std::thread> writers;
            for (int i = 0; i < 2; ++i)
                writers.emplace_back([&, i] {
                    auto store = Store::open(made.path);
                    Move move = made.to(i == 0 ? "v1" : "v2");
                    move.expected = before;
                    codes[static_cast<std::size_t>(i)] = store ? code_of(store->activate(move)) : store.error().code;
                });
            for (std::thread& each : writers) each.join();
        }
        CHECK(((codes[0].empty() && codes[1] == "S0040") || (codes[1].empty() && codes[0] == "S0040")));
        CHECK(made.store.channel("prod")->serial == Serial{1, before.number + 1});
    }
    CHECK(found(made.store).empty());
}
