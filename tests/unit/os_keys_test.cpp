// Tests keys as lines of text and as files, and their signatures.
#include "os/keys.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "folder.h"
#include "os/files.h"

using namespace writ;
using namespace writ::testing;

TEST_CASE("os: a signature is of one message by one key") {
    const os::KeyBytes seed{1}, other{2};
    const std::string signature = os::sign(seed, "message");
    CHECK(signature.size() == os::kSignatureBytes);
    CHECK(os::verifies(os::public_half_of(seed), "message", signature));
    CHECK_FALSE(os::verifies(os::public_half_of(seed), "another", signature));
    CHECK_FALSE(os::verifies(os::public_half_of(other), "message", signature));
    CHECK_FALSE(os::verifies(os::public_half_of(seed), "message", signature.substr(1)));
    CHECK_FALSE(os::verifies(os::public_half_of(seed), "message", ""));
}

TEST_CASE("os: a key's line names the key that it holds") {
    const os::KeyBytes seed{1}, key = os::public_half_of(seed);
    CHECK(os::read_secret_line(os::secret_line(seed) + "\n") == seed);
    CHECK(os::read_public_line(os::public_line(key)) == key);
    CHECK_FALSE(os::read_public_line(os::secret_line(seed)));
    CHECK_FALSE(os::read_secret_line(os::public_line(key)));
    std::string renamed = os::public_line(key);
    char& digit = renamed[std::string("writ-ed25519-public:").size()];
    digit = digit == '0' ? '1' : '0';
    CHECK_FALSE(os::read_public_line(renamed));
    for (const char* text : {"", "writ-ed25519-public:", "writ-ed25519-public::", "writ-ed25519-public:0:AA=="})
        CHECK_FALSE(os::read_public_line(text));
}

TEST_CASE("os: a secret key's file is for its owner alone") {
    const Folder folder;
    const std::string path = folder.at("key");
    const os::KeyBytes seed{1};
    REQUIRE(os::create_file(path, os::secret_line(seed) + "\n", 0600));
    CHECK(os::read_seed(path).value() == seed);
    CHECK(os::read_public_half(path).value() == os::public_half_of(seed));
    std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
    CHECK(os::read_seed(path).error().what == os::What::Exposed);
    CHECK(os::read_public_half(path).error().what == os::What::Exposed);
    REQUIRE(os::create_file(path + ".pub", os::public_line(os::public_half_of(seed)) + "\n", 0644));
    CHECK(os::read_public_half(path + ".pub").value() == os::public_half_of(seed));
    REQUIRE(os::create_file(folder.at("text"), "no key\n", 0600));
    CHECK(os::read_seed(folder.at("text")).error().what == os::What::Malformed);
    CHECK(os::read_public_half(folder.at("text")).error().what == os::What::Malformed);
    CHECK(os::read_seed(folder.at("none")).error().what == os::What::Missing);
}
