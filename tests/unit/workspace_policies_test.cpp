#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "writ/manifest.h"
#include "writ/tools.h"

using namespace writ;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPolicy = "tier read\n";

/// Files in memory, by path.
FileTree tree_of(std::map<std::string, std::string> files) {
    FileTree tree;
    tree.list = [files](const std::string& path) -> Result<std::vector<std::string>> {
        std::vector<std::string> out;
        for (const auto& [name, text] : files)
            if (path == "." || name == path || name.starts_with(path + "/")) out.push_back(name);
        if (out.empty()) return tl::unexpected(Error{"F0001", "no such file or directory", path});
        return out;
    };
    tree.read = [files](const std::string& path) -> Result<std::string> { return files.at(path); };
    return tree;
}

std::string shown(const PolicyFolders& found) {
    std::string out;
    for (const PolicyFolder& each : found.policies) {
        out += each.name + ":";
        for (const PolicyFolder::File& file : each.files) out += " " + file.path + "=" + file.stored;
        out += "\n";
    }
    for (const Diagnostic& each : found.problems.items)
        out += each.code + " " + found.problems.sources[each.span.source].name + "\n";
    return out;
}

std::string error_of(const std::string& text) {
    const auto read = read_manifest({"writ.json", text, {}});
    if (read) return "none";
    const Diagnostic& first = read.error().items.front();
    return first.code + " " + first.message + " [" + text.substr(first.span.begin, first.span.end - first.span.begin) +
           "]";
}

}  // namespace

TEST_CASE("workspace: a manifest is one object with known members") {
    const auto empty = read_manifest({"writ.json", "{}", {}});
    REQUIRE(empty);
    CHECK(empty->sources.size() == 1);
    CHECK(empty->sources[0].text == ".");
    const auto full =
        read_manifest({"writ.json",
                       R"({"sources": ["rules", "../shared"], "layers": ["../platform"], "requests": ["requests"]})",
                       {}});
    REQUIRE(full);
    CHECK(full->sources[1].text == "../shared");
    CHECK(full->layers[0].text == "../platform");
    CHECK(full->requests[0].text == "requests");

    CHECK(error_of(R"({"sources": ["."], "layer": []})") == "F0008 a manifest has no member `layer` [\"layer\"]");
    CHECK(error_of(R"({"sources": "rules"})") == "F0008 `sources` is not a list of paths [\"sources\"]");
    CHECK(error_of(R"({"sources": []})") == "F0008 `sources` is empty, so there is no policy [\"sources\"]");
    CHECK(error_of(R"({"layers": ["a", "/b"]})") ==
          "F0008 `layers` has an element that is not a relative path [\"/b\"]");
    CHECK(error_of(R"({"layers": [""]})") == "F0008 `layers` has an element that is not a relative path [\"\"]");
    CHECK(error_of(R"({"layers": [1]})") == "F0008 `layers` has an element that is not a relative path [\"layers\"]");
    CHECK(!empty->max_steps);
    CHECK(read_manifest({"writ.json", R"({"max_steps": 2000000})", {}})->max_steps == 2'000'000);
    for (const char* wrong : {"0", "-1", "1.5", "\"1\"", "null", "1e6"})
        CHECK(error_of(std::string(R"({"max_steps": )") + wrong + "}") ==
              "F0008 `max_steps` is not a number of steps [\"max_steps\"]");
    CHECK(error_of("[]") == "F0008 a manifest is a JSON object []");
    CHECK(error_of("{").starts_with("F0008 not JSON"));
    CHECK(error_of(R"({"layers": [], "layers": []})").starts_with("F0008 the key occurs twice"));
}

TEST_CASE("workspace: the help for an unknown member of a manifest names the known ones, and the near one") {
    const auto near = read_manifest({"writ.json", R"({"source": ["."]})", {}});
    REQUIRE(!near);
    CHECK(near.error().items[0].help ==
          "did you mean `sources`? its members are `sources`, `layers`, `requests` and "
          "`max_steps`");
}

TEST_CASE("workspace: a manifest sets the limit of steps") {
    const auto found = find_policies({"p"}, tree_of({{"p/a/writ.json", R"({"max_steps": 7})"},
                                                     {"p/a/a.writ", ""},
                                                     {"p/b/writ.json", "{}"},
                                                     {"p/b/b.writ", ""}}));
    REQUIRE(found);
    REQUIRE(found->policies.size() == 2);
    CHECK(found->policies[0].options.max_steps == 7);
    CHECK(found->policies[1].options.max_steps == CompileOptions{}.max_steps);
}

TEST_CASE("workspace: each folder with a manifest is a policy") {
    const auto found = find_policies({"p"}, tree_of({{"p/a/writ.json", "{}"},
                                                     {"p/a/x.writ", ""},
                                                     {"p/a/in/y.writ", ""},
                                                     {"p/b/writ.json", "{}"},
                                                     {"p/b/x.writ", ""},
                                                     {"p/a/c/writ.json", "{}"},
                                                     {"p/a/c/z.writ", ""}}));
    REQUIRE(found);
    CHECK(shown(*found) ==
          "a: p/a/in/y.writ=in/y.writ p/a/x.writ=x.writ\n"
          "a/c: p/a/c/z.writ=z.writ\n"
          "b: p/b/x.writ=x.writ\n");
}

TEST_CASE("workspace: without a manifest there are no policies and no problems") {
    const auto found = find_policies({"p"}, tree_of({{"p/a/x.writ", ""}, {"p/b/x.writ", ""}}));
    REQUIRE(found);
    CHECK(found->none());
}

TEST_CASE("workspace: policies share sources, and a file of no policy is a problem") {
    const auto found = find_policies({"."}, tree_of({{"a/writ.json", R"({"sources": [".", "../shared"]})"},
                                                     {"a/x.writ", ""},
                                                     {"b/writ.json", R"({"sources": ["y.writ", "../shared/s.writ"]})"},
                                                     {"b/y.writ", ""},
                                                     {"b/left.writ", ""},
                                                     {"shared/s.writ", ""}}));
    REQUIRE(found);
    CHECK(shown(*found) ==
          "a: a/x.writ=a/x.writ shared/s.writ=shared/s.writ\n"
          "b: b/y.writ=b/y.writ shared/s.writ=shared/s.writ\n"
          "F0009 b/left.writ\n");
}

TEST_CASE("workspace: a source path without policies is a problem of its manifest") {
    const auto found = find_policies(
        {"."}, tree_of({{"a/writ.json", R"({"sources": ["rules"]})"}, {"a/x.writ", ""}, {"b/writ.json", "{}"}}));
    REQUIRE(found);
    CHECK(found->policies.empty());
    CHECK(shown(*found) == "F0008 a/writ.json\nF0008 b/writ.json\n");
}

TEST_CASE("workspace: a file without the name of a policy is no source, because errors show sources") {
    for (const char* path : {"../secret", "../secret.writ.txt", "../writ"}) {
        const auto found =
            find_policies({"a"}, tree_of({{"a/writ.json", R"({"sources": [")" + std::string(path) + "\"]}"},
                                          {"secret", ""},
                                          {"secret.writ.txt", ""},
                                          {"writ", ""}}));
        REQUIRE(found);
        CHECK_MESSAGE(shown(*found) == "F0008 a/writ.json\n", path);
    }
}

TEST_CASE("workspace: a layer that does not exist is a problem of its manifest") {
    const auto found = find_policies({"p"}, tree_of({{"p/writ.json", R"({"layers": ["../nope"]})"}, {"p/x.writ", ""}}));
    REQUIRE(found);
    CHECK(found->policies.empty());
    CHECK(shown(*found) == "F0008 p/writ.json\n");
}

TEST_CASE("workspace: layers and requests are paths as the folder's") {
    const auto found =
        find_policies({"p"}, tree_of({{"p/a/writ.json", R"({"layers": ["../../top"], "requests": ["requests"]})"},
                                      {"p/a/x.writ", ""},
                                      {"top/t.writ", ""}}));
    REQUIRE(found);
    REQUIRE(found->policies.size() == 1);
    CHECK(found->policies[0].layers == std::vector<std::string>{"top"});
    CHECK(found->policies[0].layer_names == std::vector<std::string>{"../../top"});
    CHECK(found->policies[0].requests == std::vector<std::string>{"p/a/requests"});
}

TEST_CASE("workspace: a policy has the same digest wherever its folder is") {
    const fs::path root = fs::temp_directory_path() / "writ-policies-digest";
    fs::remove_all(root);
    for (const char* name : {"one/p", "two/deep/p"}) {
        fs::create_directories(root / name / "in");
        std::ofstream(root / name / "writ.json") << "{}";
        std::ofstream(root / name / "in/x.writ") << kPolicy;
    }
    std::vector<std::string> digests;
    for (const char* given : {"one", "one/p", "two"}) {
        const auto found = find_policies({(root / given).string()});
        REQUIRE(found);
        REQUIRE(found->policies.size() == 1);
        auto sources = read_policy(found->policies[0]);
        REQUIRE(sources);
        const Workspace workspace(std::move(*sources));
        REQUIRE(workspace.bundle());
        digests.emplace_back(workspace.bundle()->digest());
    }
    // The folder as it is read without its manifest.
    const Workspace plain(*read_sources({(root / "one/p").string()}));
    CHECK(digests[0] == plain.bundle()->digest());
    CHECK(digests[1] == digests[0]);
    CHECK(digests[2] == digests[0]);
    fs::remove_all(root);
}

TEST_CASE("workspace: a name declared in two folders has the help about manifests") {
    const auto help = [](const std::string& first, const std::string& second) {
        SourceSet set;
        set.sources = {{first, "module a\ntier read\n", {}}, {second, "module b\ntier read\n", {}}};
        const Workspace workspace(std::move(set));
        REQUIRE(!workspace.diagnostics().items.empty());
        return workspace.diagnostics().items.front().help;
    };
    CHECK(help("a/p.writ", "b/p.writ").find("writ.json") != std::string::npos);
    CHECK(help("a/p.writ", "a/q.writ").find("writ.json") == std::string::npos);
}
