#include "store_fixture.h"

#include <sys/stat.h>

#include "base/digest.h"
#include "base/values.h"

using namespace writ;
using namespace writ::testing;

namespace {

Activation activation() {
    Activation a;
    a.space = "acme";
    a.channel = "prod";
    a.serial = {1, 7};
    a.parent = std::string(64, 'a');
    a.digest = std::string(64, 'b');
    a.not_after = 1'790'000'000'000'000;
    a.revoked = {3, std::string(64, 'c')};
    return a;
}

RevocationEntry entry() {
    RevocationEntry e;
    e.space = "acme";
    e.sequence = 3;
    e.kind = RevocationKind::Agent;
    e.subject = "a-1";
    e.origin = {"Ada", "leaked"};
    e.created_at = 1'790'000'000'000'000;
    e.expires_at = 1'790'000'001'000'000;
    e.parent = std::string(64, 'a');
    return e;
}

}  // namespace

TEST_CASE("keys: what is signed is pinned, byte for byte") {
    CHECK(sha256_hex(signed_bytes(activation())) == "d946ab70eb592bc93726ace12d95a77dad24bfc26c4dfbee8f385927ae38ea98");
    // Lengths separate the fields: the same letters split elsewhere give other bytes.
    Activation a = activation(), b = activation();
    a.space = "ab", a.channel = "c";
    b.space = "a", b.channel = "bc";
    CHECK(signed_bytes(a) != signed_bytes(b));
}

TEST_CASE("keys: a signature of a revocation is of every field, by one key") {
    CHECK(sha256_hex(signed_bytes(entry())) == "e8e01084c783f1702182115421acd6f465fe3eeebceded22ed6bbb000bbf0e1f");
    CHECK(digest_of(entry()) == sha256_hex(signed_bytes(entry())));
    const SecretKey key = SecretKey::generate();
    RevocationEntry e = entry();
    key.sign(e);
    CHECK(key.public_key().verifies(e));
    CHECK_FALSE(SecretKey::generate().public_key().verifies(e));
    const auto altered = [&](auto change) {
        RevocationEntry other = e;
        change(other);
        return key.public_key().verifies(other);
    };
    CHECK_FALSE(altered([](RevocationEntry& o) { o.space = "other"; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { ++o.sequence; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.lifts = true; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.kind = RevocationKind::User; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.subject = "a-2"; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.origin.author = "Bob"; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.origin.message = "other"; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { ++o.created_at; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.expires_at = 0; }));
    CHECK_FALSE(altered([](RevocationEntry& o) { o.parent.clear(); }));
}

TEST_CASE("keys: a signature is of every field, by one key") {
    const SecretKey key = SecretKey::generate(), other = SecretKey::generate();
    Activation a = activation();
    CHECK_FALSE(key.public_key().verifies(a));
    key.sign(a);
    CHECK(a.key_id == key.public_key().id());
    CHECK(a.signature.size() == 64);
    CHECK(key.public_key().verifies(a));
    CHECK_FALSE(other.public_key().verifies(a));
    const auto altered = [&](auto change) {
        Activation b = a;
        change(b);
        return key.public_key().verifies(b);
    };
    CHECK_FALSE(altered([](Activation& b) { b.space = "acme2"; }));
    CHECK_FALSE(altered([](Activation& b) { b.channel = "staging"; }));
    CHECK_FALSE(altered([](Activation& b) { ++b.serial.epoch; }));
    CHECK_FALSE(altered([](Activation& b) { ++b.serial.number; }));
    CHECK_FALSE(altered([](Activation& b) { b.parent.clear(); }));
    CHECK_FALSE(altered([](Activation& b) { b.digest[0] = 'c'; }));
    CHECK_FALSE(altered([](Activation& b) { ++b.not_after; }));
    CHECK_FALSE(altered([](Activation& b) { --b.revoked.sequence; }));
    CHECK_FALSE(altered([](Activation& b) { b.revoked.digest.clear(); }));
    CHECK_FALSE(altered([](Activation& b) { b.signature[63] = static_cast<char>(b.signature[63] ^ 1); }));
    CHECK_FALSE(altered([](Activation& b) { b.signature.pop_back(); }));
    CHECK_FALSE(altered([](Activation& b) { b.signature += 'x'; }));
    CHECK(altered([](Activation& b) { b.origin.message = "not signed"; }));
}

TEST_CASE("keys: text reads back, and S0066 for any other") {
    const SecretKey key = SecretKey::generate();
    const std::string open = key.public_key().text(), secret = key.text();
    CHECK(PublicKey::parse(open)->id() == key.public_key().id());
    CHECK(PublicKey::parse(open + "\n")->text() == open);
    CHECK(SecretKey::parse(secret)->public_key().text() == open);
    CHECK(code_of(PublicKey::parse(secret)) == "S0066");
    CHECK(code_of(SecretKey::parse(open)) == "S0066");
    CHECK(code_of(PublicKey::parse("")) == "S0066");
    for (std::size_t i = 0; i < open.size(); ++i) {
        std::string wrong = open;
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        // The last letter of base64 has unused bits; libsodium requires them to be zero.
        CHECK_MESSAGE(code_of(PublicKey::parse(wrong)) == "S0066", wrong);
        CHECK(code_of(PublicKey::parse(open.substr(0, i))) == "S0066");
    }
    CHECK(code_of(PublicKey::parse(open + "x")) == "S0066");
    CHECK(code_of(PublicKey::parse(open + "\n\n")) == "S0066");
}

TEST_CASE("keys: files are for their owner, S0067, and are not written over, S0002") {
    const Folder folder;
    const std::string file = folder.at("key");
    const auto made = generate_key(file);
    REQUIRE(made);
    struct stat status{};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(read_secret_key(file)->public_key().id() == made->id());
    CHECK(read_public_key(file)->id() == made->id());
    CHECK(read_public_key(file + ".pub")->id() == made->id());
    const std::string before = read_bytes(file);
    CHECK(code_of(generate_key(file)) == "S0002");
    CHECK(read_bytes(file) == before);
    ::chmod(file.c_str(), 0640);
    CHECK(code_of(read_secret_key(file)) == "S0067");
    CHECK(code_of(read_public_key(file)) == "S0067");
    CHECK(code_of(read_secret_key(folder.at("none"))) == "S0001");
    write_bytes(folder.at("text"), "hello\n");
    CHECK(code_of(read_public_key(folder.at("text"))) == "S0066");
    CHECK(read_public_key(folder.at("text")).error().context == folder.at("text"));
}
