// Tests file operations: the failures they report, and what remains after a failure.
#include "os/files.h"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

using namespace writ;
using namespace writ::testing;

TEST_CASE("os: a file is created once, and replaced whole with the mode asked for") {
    const Folder folder;
    const std::string path = folder.at("file");
    REQUIRE(os::create_file(path, "one", 0600));
    const auto again = os::create_file(path, "two", 0600);
    REQUIRE_FALSE(again);
    CHECK(again.error().what == os::What::Exists);
    CHECK(again.error().path == path);
    CHECK(read_bytes(path) == "one");

    write_bytes(path + ".new", "left by one that was killed");
    REQUIRE(os::replace_file(path, "two", 0600));
    CHECK(read_bytes(path) == "two");
    CHECK(os::status_of(path)->mode == 0600);
    CHECK_FALSE(os::exists(path + ".new"));

    const auto lost = os::replace_file(folder.at("nowhere/file"), "x", 0600);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().what == os::What::Missing);
    CHECK(lost.error().reason == "no such file or directory");
    CHECK(lost.error().path == folder.at("nowhere/file"));
}

TEST_CASE("os: a file that is rewritten keeps its permissions, whatever the process masks") {
    const Folder folder;
    const std::string path = folder.at("file");
    write_bytes(path, "one");
    for (const unsigned mode : {0666u, 0640u, 0600u, 0755u}) {
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        REQUIRE(os::rewrite_file(path, "two"));
        CHECK(os::status_of(path)->mode == mode);
        CHECK(read_bytes(path) == "two");
    }
    CHECK_FALSE(os::exists(path + ".new"));
    CHECK(os::rewrite_file(folder.at("none"), "x").error().what == os::What::Missing);
}

TEST_CASE("os: a link beside is not followed when a file is replaced") {
    const Folder folder;
    write_bytes(folder.at("other"), "mine");
    REQUIRE(::symlink(folder.at("other").c_str(), folder.at("file.new").c_str()) == 0);
    REQUIRE(os::replace_file(folder.at("file"), "new", 0600));
    CHECK(read_bytes(folder.at("other")) == "mine");
    CHECK(read_bytes(folder.at("file")) == "new");
}

TEST_CASE("os: a whole file is read up to a limit, and that is told apart from a failure") {
    const Folder folder;
    const std::string path = folder.at("file"), bytes(200'000, 'x');
    write_bytes(path, bytes);
    CHECK(os::read_file(path, bytes.size()).value() == bytes);
    CHECK(os::read_file(path, bytes.size() - 1).error().what == os::What::TooLarge);
    CHECK(os::read_file(folder.at("none"), 1).error().what == os::What::Missing);
    CHECK(os::read_file(folder.path.string(), 1).error().what == os::What::Io);
}

TEST_CASE("os: an open file knows whether its path still names it, and one of two has the lock") {
    const Folder folder;
    const std::string path = folder.at("file");
    REQUIRE(os::create_file(path, "one", 0600));
    const auto first = os::File::open(path, os::OpenMode::Read), second = os::File::open(path, os::OpenMode::Read);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(os::names(path, first->status()->id));
    CHECK(first->try_lock().value());
    CHECK_FALSE(second->try_lock().value());
    first->unlock();
    CHECK(second->try_lock().value());
    REQUIRE(os::replace_file(path, "two", 0600));
    CHECK_FALSE(os::names(path, first->status()->id));
    CHECK(first->read_at(1, 10).value() == "ne");
}

TEST_CASE("os: names in a folder are told by how they end, in order") {
    const Folder folder;
    for (const char* name : {"b.segment", "a.segment", ".segment", "a.key"}) write_bytes(folder.at(name), "");
    CHECK(os::list_folder(folder.path.string(), ".segment").value() ==
          std::vector<std::string>{"a.segment", "b.segment"});
    CHECK(os::list_folder(folder.at("none"), "").error().what == os::What::Missing);
}
