#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "writ/tools.h"

using namespace writ;
namespace fs = std::filesystem;

namespace {

/// A temporary folder that is removed at the end of the test.
struct Folder {
    fs::path path;
    explicit Folder(const std::string& name) : path(fs::temp_directory_path() / ("writ-files-" + name)) {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Folder() { fs::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories((path / name).parent_path());
        std::ofstream(path / name, std::ios::binary) << text;
    }
    [[nodiscard]] std::string at(const std::string& name) const { return (path / name).string(); }
};

std::vector<std::string> names(const SourceSet& set, const Folder& folder) {
    std::vector<std::string> out;
    for (const Source& source : set.sources) out.push_back(fs::relative(source.name, folder.path).generic_string());
    return out;
}

}  // namespace

TEST_CASE("tools: a folder gives its policies, sorted, hidden folders left out") {
    const Folder folder("sorted");
    folder.write("b.writ", "b");
    folder.write("a/z.writ", "z");
    folder.write("a.txt", "no");
    folder.write(".git/x.writ", "no");
    const auto set = read_sources({folder.path.string()});
    REQUIRE(set);
    CHECK(names(*set, folder) == std::vector<std::string>{"a/z.writ", "b.writ"});
    CHECK(set->sources[0].text == "z");
}

TEST_CASE("tools: one file reached twice is one source") {
    const Folder folder("twice");
    folder.write("a.writ", "a");
    const auto set = read_sources({folder.path.string(), folder.at("a.writ"), folder.at("./a.writ")});
    REQUIRE(set);
    CHECK(set->sources.size() == 1);
}

TEST_CASE("tools: sources are stored under their names below what was given, however it is spelled") {
    const Folder folder("stored");
    folder.write("p/policy.writ", "x");
    folder.write("p/sub/more.writ", "y");
    folder.write("q/policy.writ", "z");
    fs::create_directory_symlink(folder.path / "p", folder.path / "link");
    const auto stored = [](const std::vector<std::string>& paths) {
        std::vector<std::string> out;
        const auto set = read_sources(paths);
        REQUIRE(set);
        for (const Source& source : set->sources) out.push_back(source.stored_name());
        return out;
    };
    const std::vector<std::string> both{"policy.writ", "sub/more.writ"};
    for (const char* spelled : {"p", "p/", "./p", "q/../p", "p/.", "link"})
        CHECK_MESSAGE(stored({folder.at(spelled)}) == both, spelled);
    CHECK(stored({folder.at("p/policy.writ"), folder.at("p/sub/more.writ")}) == both);
    CHECK(stored({folder.at("p/policy.writ")}) == std::vector<std::string>{"policy.writ"});
    CHECK(stored({folder.at("q"), folder.at("p")}) ==
          std::vector<std::string>{"p/policy.writ", "p/sub/more.writ", "q/policy.writ"});
    const fs::path before = fs::current_path();
    fs::current_path(folder.path / "p");
    for (const char* spelled : {".", "./", "../p", "../link"}) CHECK_MESSAGE(stored({spelled}) == both, spelled);
    CHECK(stored({"policy.writ"}) == std::vector<std::string>{"policy.writ"});
    fs::current_path(before);
}

TEST_CASE("tools: a file given by name is taken whatever its extension") {
    const Folder folder("name");
    folder.write("policy.txt", "text");
    const auto set = read_sources({folder.at("policy.txt")});
    REQUIRE(set);
    CHECK(set->sources[0].text == "text");
}

TEST_CASE("tools: missing, empty and odd paths report F0001 with their name") {
    const Folder folder("missing");
    for (const std::string& path : {folder.at("nothing.writ"), folder.path.string(), std::string("/dev/null")}) {
        const auto set = read_sources({path});
        REQUIRE_FALSE(set);
        CHECK(set.error().code == "F0001");
        CHECK(set.error().context == path);
    }
}

TEST_CASE("tools: data files are read beside the policy that names them") {
    const Folder folder("data");
    folder.write("in/p.writ", "");
    folder.write("in/t.csv", "one");
    folder.write("in/sub/t.json", "two");
    const auto set = read_sources({folder.at("in")});
    REQUIRE(set);
    const std::string from = set->sources[0].name;
    CHECK(set->read(from, "t.csv").value() == "one");
    CHECK(set->read(from, "sub/t.json").value() == "two");
    CHECK(set->read(from, "./t.csv").value() == "one");
    const auto missing = set->read(from, "no.csv");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == "F0001");
}

TEST_CASE("tools: data files do not leave the policy's folder") {
    const Folder folder("leave");
    folder.write("in/p.writ", "");
    folder.write("in/sub/x", "");
    folder.write("secret.csv", "secret");
    folder.write("in-beside/secret.csv", "secret");
    fs::create_symlink(folder.path / "secret.csv", folder.path / "in/link.csv");
    fs::create_directory_symlink(folder.path, folder.path / "in/up");
    fs::create_symlink("sub/x", folder.path / "in/inner.csv");
    const auto set = read_sources({folder.at("in/p.writ")});
    REQUIRE(set);
    const std::string from = set->sources[0].name;
    for (const std::string& path :
         {std::string("../secret.csv"), std::string("sub/../../secret.csv"), folder.at("secret.csv"),
          std::string("link.csv"), std::string("up/secret.csv"), std::string(""), std::string("."),
          std::string("../in-beside/secret.csv"), std::string("p.writ\0x", 8)})
        CHECK_MESSAGE(!set->read(from, path), path);
    CHECK(set->read(from, "inner.csv"));  // a link that stays inside is fine
}
