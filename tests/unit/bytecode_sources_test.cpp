// Tests the sources inside a bundle, and bundles in files.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "bytecode_reseal.h"
#include "compile_from_text.h"
#include "stdlib/stdlib.h"
#include "writ/bundle.h"
#include "writ/diff.h"
#include "writ/gate.h"
#include "writ/store.h"

using namespace writ;
using namespace writ::testing;

namespace {

SourceSet owners() {
    SourceSet set;
    set.sources.push_back({"a/policy.writ", std::string(kPreamble) + R"(
        table owners = csv "owners.csv" { tenant: string }
        fixture asked = json "asked.json"
        deny d for each row in owners when tenant == row.tenant)"});
    set.sources.push_back({"b/other.writ",
                           "module other table owners = csv \"owners.csv\" { tenant: string }\n"
                           "deny e when tenant in owners.tenant"});
    set.read = [](std::string_view from, std::string_view path) -> Result<std::string> {
        if (path == "asked.json") return "{\"provenance\": \"verified\", \"tenant\": \"x\"}";
        return std::string("tenant\n") + (from.starts_with("a/") ? "acme\n" : "globex\n");
    };
    return set;
}

Bundle compiled(const SourceSet& sources) {
    auto bundle = compile(sources);
    for (const Diagnostic& each : bundle ? std::vector<Diagnostic>{} : bundle.error().items) MESSAGE(each.message);
    REQUIRE(bundle.has_value());
    return *bundle;
}

/// A temporary file.
struct Scratch {
    std::string path =
        (std::filesystem::temp_directory_path() / ("writ-bundle-" + std::to_string(std::rand()))).string();
    explicit Scratch(std::span<const std::byte> bytes) { write(bytes); }
    ~Scratch() { std::remove(path.c_str()); }
    void write(std::span<const std::byte> bytes) const {
        std::ofstream out(path, std::ios::binary);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    /// Changes one byte of the file in place.
    void poke(std::size_t at) const {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekg(static_cast<std::streamoff>(at));
        const int byte = file.get();
        file.seekp(static_cast<std::streamoff>(at));
        file.put(static_cast<char>(byte ^ 1));
    }
};

std::string code_of(const Result<Bundle>& result) {
    return result ? "opened" : result.error().code;
}

std::size_t sealed_size(const Bundle& bundle) {
    bytecode::Header header;
    std::memcpy(&header, bundle.bytes().data(), sizeof header);
    return header.sealed;
}

}  // namespace

TEST_CASE("bundle: it can be made again from the sources in it, data files included") {
    const Bundle bundle = compiled(owners());
    const auto sources = bundle.sources();
    REQUIRE(sources.has_value());
    REQUIRE(sources->sources.size() == 2);
    CHECK(sources->sources[0].name == "a/policy.writ");
    CHECK(sources->sources[1].text == owners().sources[1].text);
    CHECK(sources->read("a/policy.writ", "owners.csv").value() == "tenant\nacme\n");
    CHECK(sources->read("b/other.writ", "owners.csv").value() == "tenant\nglobex\n");
    CHECK(sources->read("a/policy.writ", "asked.json").has_value());
    CHECK(sources->read("b/other.writ", "asked.json").error().code == "F0001");
    CHECK(compiled(*sources).digest() == bundle.digest());
}

TEST_CASE("bundle: the digest is over the sources too") {
    SourceSet changed = owners();
    changed.sources[1].text += " // no more than a comment";
    CHECK(compiled(changed).digest() != compiled(owners()).digest());
}

TEST_CASE("bundle: B0004 damaged sources are noticed when they are read") {
    const Bundle bundle = compiled(owners());
    std::vector<std::byte> bytes(bundle.bytes().begin(), bundle.bytes().end());
    bytes[sealed_size(bundle) + 32 + 5] ^= std::byte{1};
    const auto loaded = Bundle::load(bytes);
    REQUIRE(loaded.has_value());
    CHECK(loaded->digest() == bundle.digest());
    REQUIRE_FALSE(loaded->sources().has_value());
    CHECK(loaded->sources().error().code == "B0004");
}

TEST_CASE("bundle: a file opens as its bytes do") {
    const Bundle bundle = compiled(owners());
    const Scratch file(bundle.bytes());
    const auto opened = Bundle::open(file.path);
    REQUIRE(opened.has_value());
    CHECK(opened->digest() == bundle.digest());
    CHECK(std::equal(bundle.bytes().begin(), bundle.bytes().end(), opened->bytes().begin(), opened->bytes().end()));
    CHECK(opened->sources().value().sources[1].text == owners().sources[1].text);
    const Bundle kept = *opened;
    CHECK(kept.rule(0).name == "d");
}

TEST_CASE("bundle: what is run is out of reach of the file it came from") {
    // The sources are so long that some of their pages stay in the file.
    SourceSet sources = owners();
    sources.sources[1].text += "\n// " + std::string(100'000, 'x');
    const Bundle large = compiled(sources);
    const Scratch file(large.bytes());
    const auto opened = Bundle::open(file.path);
    REQUIRE(opened.has_value());
    for (std::size_t at = 0; at < sealed_size(large); at += 64) file.poke(at);
    CHECK(std::equal(large.bytes().begin(), large.bytes().begin() + static_cast<std::ptrdiff_t>(sealed_size(large)),
                     opened->bytes().begin()));
    CHECK(opened->sources().has_value());
    file.poke(large.bytes().size() - 10);
    REQUIRE_FALSE(opened->sources().has_value());
    CHECK(opened->sources().error().code == "B0004");
}

TEST_CASE("bundle: files that are none are refused") {
    CHECK(code_of(Bundle::open("/no/such/file")) == "F0001");
    CHECK(code_of(Bundle::open("/")) == "F0001");
    const Bundle bundle = compiled(owners());
    const auto bytes = bundle.bytes();
    for (const std::size_t size : {std::size_t{0}, std::size_t{40}, std::size_t{5000}, bytes.size() - 1}) {
        CAPTURE(size);
        CHECK(code_of(Bundle::open(Scratch(bytes.first(size)).path)) == "B0001");
    }
    const Scratch damaged(bytes);
    damaged.poke(sealed_size(bundle) - 20);
    CHECK(code_of(Bundle::open(damaged.path)) == "B0002");
}

TEST_CASE("sources: a bundle is compiled with this program's library, or with the one that was sealed in it") {
    std::string baseline(stdlib::module("std.baseline"));
    const std::size_t rule = baseline.find("deny run_paused");
    REQUIRE(rule != std::string::npos);
    baseline.replace(rule, std::string_view("deny run_paused").size(), "deny run_held");
    SourceSet set;
    set.sources.push_back({"policy.writ", "import std.baseline\ntier read\n"});
    set.standard = [&](std::string_view name) {
        return name == "std.baseline" ? std::string_view(baseline) : stdlib::module(name);
    };
    const Bundle bundle = compiled(set);
    SourceSet with_ours = bundle.sources().value();
    with_ours.standard = nullptr;
    const Workspace own(std::move(with_ours)), sealed(bundle.sources().value());
    REQUIRE(own.bundle());
    REQUIRE(sealed.bundle());
    CHECK(own.bundle()->digest() != bundle.digest());
    CHECK(sealed.bundle()->digest() == bundle.digest());
    // The version is compiled with this program before its tests run.
    CHECK_FALSE(check_version(bundle).passed);
    const auto changes = structural_changes(sealed, own);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].old_name == "std.baseline.run_held");
    CHECK(changes[0].name == "std.baseline.run_paused");
}
