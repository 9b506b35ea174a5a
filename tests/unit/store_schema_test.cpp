#include "store_fixture.h"

#include <array>

#include "store/schema.h"

using namespace writ;
using namespace writ::testing;
using namespace writ::store;

namespace {

/// Two steps of an invented schema: the second adds a column and fills it.
constexpr std::array<SchemaStep, 2> kSteps = {
    {{"CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"},
     {"ALTER TABLE note ADD COLUMN length INTEGER NOT NULL DEFAULT 0; UPDATE note SET length = LENGTH(body)"}}};
constexpr std::array<SchemaStep, 2> kFailing = {
    {kSteps[0], {"ALTER TABLE note ADD COLUMN length INTEGER NOT NULL DEFAULT 0; UPDATE nothing SET length = 1"}}};

std::unique_ptr<Database> old_one(const std::string& path) {
    auto database = open_sqlite(path, {.create = true});
    REQUIRE(database);
    REQUIRE(migrate(**database, std::span(kSteps).first(1), true));
    REQUIRE((*database)->run("INSERT INTO note (id, body) VALUES (1, 'hello')"));
    return std::move(*database);
}

}  // namespace

TEST_CASE("schema: an earlier one is brought up to date with all that is in it") {
    const Folder folder;
    auto database = old_one(folder.at("db"));
    CHECK(*schema_of(*database, kSteps) == 1);
    REQUIRE(migrate(*database, kSteps, false));
    CHECK(*schema_of(*database, kSteps) == 2);
    const auto rows = database->run("SELECT body, length FROM note");
    REQUIRE(rows);
    CHECK(rows->text(0, 0) == "hello");
    CHECK(rows->integer(0, 1) == 5);
    REQUIRE(migrate(*database, kSteps, false));  // nothing left to do
    CHECK(database->run("SELECT length FROM note")->integer(0, 0) == 5);
}

TEST_CASE("schema: a step that fails leaves the earlier schema whole") {
    const Folder folder;
    auto database = old_one(folder.at("db"));
    CHECK(code_of(migrate(*database, kFailing, false)) == "S0010");
    CHECK(*schema_of(*database, kSteps) == 1);
    CHECK(code_of(database->run("SELECT length FROM note")) == "S0010");
    CHECK(database->run("SELECT body FROM note")->text(0, 0) == "hello");
    REQUIRE(migrate(*database, kSteps, false));
}

TEST_CASE("schema: the revocations of a first store are chained, in each namespace, and nothing else changes") {
    const Folder folder;
    {
        auto database = open_sqlite(folder.at("db"), {.create = true});
        REQUIRE(database);
        REQUIRE(migrate(**database, schema_steps().first(1), true));
        for (const char* space : {"default", "team"})
            for (const char* sequence : {"1", "2", "3"})
                REQUIRE((*database)->run(
                    std::string("INSERT INTO revocation (namespace, sequence, action, kind, subject, reason, author,"
                                " created_at, expires_at) VALUES ('") +
                    space + "', " + sequence + ", 'revoke', 'agent', 'A-" + sequence + "', 'why', 'Ada', 1, 0)"));
        REQUIRE(
            (*database)->run("INSERT INTO channel (namespace, name, epoch, number, digest, gated, approvals)"
                             " VALUES ('default', 'prod', 0, 0, '', 0, 0)"));
    }
    for (const char* space : {"default", "team"}) {
        auto store = Store::open(folder.at("db"), {.space = space});
        REQUIRE(store);
        CHECK(store->verify()->empty());
        const auto log = store->revocation_log();
        REQUIRE(log->size() == 3);
        CHECK(log->at(2).parent.empty());
        CHECK(log->at(0).parent == digest_of(log->at(1)));
        CHECK(store->revocations()->revoked(RevocationKind::Agent, "a-2", 1));
        REQUIRE(store->lift(RevocationKind::Agent, "a-2", kAda));
        CHECK(store->verify()->empty());
    }
}

TEST_CASE("schema: S0005 for a later one, which is left as it is") {
    Made made(1);
    made.tamper("UPDATE store_schema SET version = version + 1");
    const std::string before = read_bytes(made.path);
    CHECK(code_of(Store::open(made.path)) == "S0005");
    CHECK(code_of(Store::open(made.path, {.read_only = true})) == "S0005");
    CHECK(read_bytes(made.path) == before);
}

TEST_CASE("schema: S0005 for an earlier one that may only be read") {
    const Folder folder;
    {
        auto database = open_sqlite(folder.at("db"), {.create = true});
        REQUIRE(migrate(**database, {}, true));
    }
    CHECK(code_of(Store::open(folder.at("db"), {.read_only = true})) == "S0005");
    REQUIRE(Store::open(folder.at("db")));
    CHECK(Store::open(folder.at("db"), {.read_only = true}));
}

TEST_CASE("schema: S0003 for the database of something else") {
    const Folder folder;
    {
        auto database = open_sqlite(folder.at("db"), {.create = true});
        REQUIRE((*database)->run("CREATE TABLE other (x INTEGER)"));
    }
    CHECK(code_of(Store::open(folder.at("db"))) == "S0003");
}
