// Tests the SQLite wrapper: values that are written can be read, and how failures are reported.
#include "os/sqlite.h"

#include <doctest/doctest.h>

#include "folder.h"

using namespace writ;
using namespace writ::testing;
using os::Sqlite;
using os::SqlStatement;

TEST_CASE("os: values of each kind go into a database and come out of it") {
    const Folder folder;
    auto database = Sqlite::open(folder.at("db"), Sqlite::OpenMode::Create, 0);
    REQUIRE(database);
    REQUIRE(
        database->run("create table t (a, b, c, d, e); "
                      "create table u (a)"));
    SqlStatement put(*database, "insert into t values (?, ?, ?, ?, 0.5)");
    const std::string bytes("\0b", 2);
    REQUIRE(put.add(std::int64_t{-7}).add(std::string_view("text")).add(os::Blob{bytes}).add(std::monostate{}).run());
    CHECK(database->affected() == 1);
    REQUIRE(put.add(std::string_view()).run());  // the other values are null again

    SqlStatement get(*database, "select a, b, c as third, d, e from t where a = $2 or a = $9");
    get.set("$2", std::int64_t{-7});
    get.set("$3", std::int64_t{1});  // the statement has no such parameter
    REQUIRE(get.step() == SqlStatement::Step::Row);
    CHECK(get.columns() == 5);
    CHECK(get.name(2) == "third");
    CHECK(get.integer(0) == -7);
    CHECK(get.bytes(1) == "text");
    CHECK(get.bytes(2) == bytes);
    CHECK(get.kind(3) == SqlStatement::Kind::Nothing);
    CHECK(get.kind(4) == SqlStatement::Kind::Real);
    CHECK(get.step() == SqlStatement::Step::Done);
    SqlStatement empty(*database, "select a, b from t where a = ''");
    REQUIRE(empty.step() == SqlStatement::Step::Row);
    CHECK(empty.kind(0) == SqlStatement::Kind::Bytes);
    CHECK(empty.kind(1) == SqlStatement::Kind::Nothing);
}

TEST_CASE("os: a database that fails says what happened") {
    const Folder folder;
    CHECK(Sqlite::open(folder.at("none"), Sqlite::OpenMode::Write, 0).error().what == os::What::Denied);
    write_bytes(folder.at("text"), std::string(4096, 'x'));
    auto text = Sqlite::open(folder.at("text"), Sqlite::OpenMode::Write, 0);
    REQUIRE(text);
    CHECK_FALSE(text->run("select * from sqlite_master"));
    CHECK(text->failure().what == os::What::Foreign);

    auto one = Sqlite::open(folder.at("db"), Sqlite::OpenMode::Create, 0);
    REQUIRE(one);
    REQUIRE(one->run("create table t (a); begin immediate"));
    CHECK(one->in_transaction());
    auto two = Sqlite::open(folder.at("db"), Sqlite::OpenMode::Write, 0);
    REQUIRE(two);
    SqlStatement put(*two, "insert into t values (1)");
    CHECK_FALSE(put.run());
    CHECK(two->failure().what == os::What::Busy);
    CHECK(two->failure().path == folder.at("db"));
    SqlStatement wrong(*two, "select nothing from t");
    CHECK_FALSE(wrong.is_ready());
    CHECK(two->failure().what == os::What::Refused);
    CHECK(wrong.step() == SqlStatement::Step::Failed);
}
