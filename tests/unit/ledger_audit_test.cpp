// Tests that tampering is found below a checkpoint, even if the attacker rewrites every checksum.
#include <random>

#include <sys/stat.h>

#include "ledger/checkpoint.h"
#include "ledger/log.h"
#include "ledger_fixture.h"
#include "writ/audit.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

Seed seed(std::uint8_t with) {
    Seed out{};
    out.fill(with);
    return out;
}

/// Writes a ledger with these records, in segments and blocks of random size.
void write_ledger(const Folder& folder, const std::vector<std::string>& records, std::size_t a_segment = 40) {
    LedgerId id{};
    id.fill(7);
    std::error_code ignored;
    std::filesystem::create_directories(folder.at("ledger") + "/checkpoints", ignored);
    for (const auto& each : std::filesystem::directory_iterator(folder.at("ledger")))
        if (each.path().extension() == kSegmentSuffix) std::filesystem::remove(each.path());
    Frontier tree;
    SpentHash spent;
    for (std::size_t at = 0; at == 0 || at < records.size();) {
        const std::size_t first = at;
        std::string file = write_header({id, tree, spent.value(), Hash{}});
        while (at < records.size() && at < first + a_segment) {
            std::vector<std::string_view> block;
            for (const std::size_t end = std::min({at + 3, records.size(), first + a_segment}); at < end; ++at) {
                block.push_back(records[at]);
                spent.add(at, entry_of(records[at]));
                tree.add(leaf_hash(records[at]));
            }
            write_block(id, at - block.size(), block, file);
        }
        write_bytes(folder.at("ledger") + "/" + segment_name(first), file);
    }
}

std::vector<std::string> some(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(used_record("record " + std::to_string(i)));
    return out;
}

Checkpoint checkpoint_of(const std::string& folder, const Seed* by = nullptr) {
    auto text = make_checkpoint(folder, by);
    REQUIRE(text.has_value());
    auto read = read_checkpoint(*text, nullptr);
    REQUIRE(read.has_value());
    return *read;
}

std::size_t problems(const std::string& folder, const std::vector<Checkpoint>& witnesses,
                     const PublicBytes* key = nullptr) {
    auto verified = verify(folder, witnesses, key);
    REQUIRE(verified.has_value());
    return verified->problems.size();
}

}  // namespace

TEST_CASE("ledger: an untouched ledger verifies") {
    const Folder folder;
    write_ledger(folder, some(100));
    const auto nothing = verify(folder.at("ledger"), {}, nullptr);
    REQUIRE(nothing.has_value());
    CHECK(nothing->problems.empty());
    CHECK(nothing->records == 100);
    CHECK(nothing->covered == 0);
    const Checkpoint witness = checkpoint_of(folder.at("ledger"));
    CHECK(witness.size == 100);
    CHECK(witness.root == nothing->root);
    const auto verified = verify(folder.at("ledger"), {witness}, nullptr);
    CHECK(verified->problems.empty());
    CHECK(verified->checkpoints == 2);
    CHECK(verified->covered == 100);
    // The root is right, but the digest of the uses is wrong.
    Checkpoint forged = witness;
    forged.spent[0] ^= 1;
    const auto contradicted = verify(folder.at("ledger"), {forged}, nullptr);
    REQUIRE(contradicted->problems.size() == 1);
    CHECK(contradicted->problems[0].find("does not match the keys and names that the first 100 records used up") !=
          std::string::npos);
}

TEST_CASE("ledger: altered, dropped, reordered and cut records below a witness are found, at random places") {
    const Folder folder;
    const auto records = some(120);
    write_ledger(folder, records);
    const Checkpoint witness = checkpoint_of(folder.at("ledger"));
    std::filesystem::remove_all(folder.at("ledger") + "/checkpoints");  // as an attacker would do
    std::mt19937 random(5);
    for (int round = 0; round < 40; ++round) {
        const std::size_t at = random() % records.size(),
                          other = (at + 1 + random() % (records.size() - 1)) % records.size();
        auto altered = records, dropped = records, reordered = records, inserted = records, cut = records,
             replaced = records;
        altered[at][altered[at].size() - 1 - random() % 5] ^= static_cast<char>(1 << random() % 7);
        dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(at));
        std::swap(reordered[at], reordered[other]);
        inserted.insert(inserted.begin() + static_cast<std::ptrdiff_t>(at), used_record("new"));
        cut.resize(at);
        replaced.erase(replaced.begin() + static_cast<std::ptrdiff_t>(at));
        replaced.push_back(used_record("filler"));
        for (const auto* tampered : {&altered, &dropped, &reordered, &inserted, &cut, &replaced}) {
            write_ledger(folder, *tampered);
            REQUIRE(problems(folder.at("ledger"), {}) == 0);  // only the external checkpoint shows it
            REQUIRE(problems(folder.at("ledger"), {witness}) > 0);
        }
    }
    // More records after it are valid.
    auto grown = records;
    grown.push_back(used_record("later"));
    write_ledger(folder, grown);
    CHECK(problems(folder.at("ledger"), {witness}) == 0);
}

TEST_CASE("ledger: any changed byte of a segment below a checkpoint is found") {
    const Folder folder;
    write_ledger(folder, some(30));
    const Checkpoint witness = checkpoint_of(folder.at("ledger"));
    const std::string path = folder.at("ledger") + "/" + segment_name(0);
    const std::string bytes = read_bytes(path);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 4);
        write_bytes(path, changed);
        const auto verified = verify(folder.at("ledger"), {witness}, nullptr);
        if (!verified)
            CHECK(verified.error().code == "G0004");
        else
            CHECK_MESSAGE(!verified->problems.empty(), at);
    }
}

TEST_CASE("ledger: a lost segment is found") {
    for (const std::size_t lost : {0u, 40u, 80u}) {
        const Folder folder;
        write_ledger(folder, some(100));
        const Checkpoint witness = checkpoint_of(folder.at("ledger"));
        std::filesystem::remove(folder.at("ledger") + "/" + segment_name(lost));
        CHECK_MESSAGE(problems(folder.at("ledger"), {witness}) > 0, lost);
    }
}

TEST_CASE("ledger: checkpoints are signed, G0041, and nothing else is one, G0040") {
    const Checkpoint checkpoint{"writ-ledger/00112233445566778899aabbccddeeff",
                                7,
                                leaf_hash("x"),
                                leaf_hash("y"),
                                1'790'000'000'000'000,
                                leaf_hash("z")};
    const Seed mine = seed(1);
    const PublicBytes key = public_key_of(mine), other = public_key_of(seed(2));
    const std::string text = to_text(checkpoint, &mine);
    const auto read = read_checkpoint(text, &key);
    REQUIRE(read.has_value());
    CHECK(read->origin == checkpoint.origin);
    CHECK(read->size == 7);
    CHECK(read->root == checkpoint.root);
    CHECK(read->spent == checkpoint.spent);
    CHECK(read->time == checkpoint.time);
    CHECK(read->key == checkpoint.key);
    CHECK(read_checkpoint(text, &other).error().code == "G0041");
    CHECK(read_checkpoint(to_text(checkpoint, nullptr), &key).error().code == "G0041");
    CHECK(read_checkpoint(to_text(checkpoint, nullptr), nullptr).has_value());
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        CHECK_FALSE(read_checkpoint(changed, &key).has_value());
    }
    for (const std::string& bad : {std::string(), std::string("x\n\n"), text.substr(0, 40), "other/" + text})
        CHECK(read_checkpoint(bad, nullptr).error().code == "G0040");
}

TEST_CASE("ledger: its own checkpoints must be signed, where a key is asked for") {
    const Folder folder;
    write_ledger(folder, some(10));
    const Seed mine = seed(1);
    const PublicBytes key = public_key_of(mine);
    (void)checkpoint_of(folder.at("ledger"), &mine);
    CHECK(problems(folder.at("ledger"), {}, &key) == 0);
    (void)checkpoint_of(folder.at("ledger"));  // replaces it with one without a signature
    CHECK(problems(folder.at("ledger"), {}, &key) == 1);
    // A checkpoint with another root than the records is not replaced: G0003.
    auto other = some(10);
    other[3] = used_record("forged");
    write_ledger(folder, other);
    CHECK(make_checkpoint(folder.at("ledger"), &mine).error().code == "G0003");
    CHECK(problems(folder.at("ledger"), {}) == 1);
}

TEST_CASE("ledger: key files, G0042") {
    const Folder folder;
    const std::string path = folder.path.string() + "/key";
    // In the format of `writ keys generate`: the id is the beginning of the key's digest.
    const std::string secret = "writ-ed25519-secret:34750f98bd59fcfc:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    write_bytes(path, secret);
    ::chmod(path.c_str(), 0600);
    const auto read = read_seed(path);
    REQUIRE(read.has_value());
    CHECK(*read == seed(1));
    CHECK(read_public_bytes(path).value() == public_key_of(seed(1)));
    ::chmod(path.c_str(), 0644);
    CHECK(read_seed(path).error().code == "G0042");
    ::chmod(path.c_str(), 0600);
    for (const std::string& bad : {with(secret, "AQEB", "AQEC"), with(secret, "3475", "3476"),
                                   with(secret, "secret", "public"), std::string("x")}) {
        write_bytes(path, bad);
        CHECK(read_seed(path).error().code == "G0042");
    }
    CHECK(read_public_bytes(folder.path.string() + "/none").error().code == "G0002");
}

TEST_CASE("ledger: proofs hold under their checkpoint and no other, G0043") {
    const Folder folder;
    const auto records = some(50);
    write_ledger(folder, std::vector(records.begin(), records.begin() + 20));
    const Checkpoint early = checkpoint_of(folder.at("ledger"));
    write_ledger(folder, records);
    const Checkpoint late = checkpoint_of(folder.at("ledger"));
    const auto inclusion = prove_inclusion(folder.at("ledger"), 13, 0);
    REQUIRE(inclusion.has_value());
    const auto read = read_proof(to_json(*inclusion));
    REQUIRE(read.has_value());
    CHECK(holds(*read, late, nullptr));
    CHECK_FALSE(holds(*read, early, nullptr));
    CHECK(read->leaf == leaf_hash(records[13]));
    CHECK(holds(*prove_inclusion(folder.at("ledger"), 13, 20), early, nullptr));
    const auto grown = read_proof(to_json(*prove_consistency(folder.at("ledger"), 20, 0)));
    REQUIRE(grown.has_value());
    CHECK(holds(*grown, late, &early));
    CHECK_FALSE(holds(*grown, late, nullptr));
    Checkpoint forged = early;
    forged.root = leaf_hash("forged");
    CHECK_FALSE(holds(*grown, late, &forged));
    CHECK(prove_inclusion(folder.at("ledger"), 50, 0).error().code == "G0021");
    CHECK(prove_consistency(folder.at("ledger"), 51, 0).error().code == "G0021");
    for (const char* bad : {"", "[]", "{}", R"({"kind":"inclusion","size":1})",
                            R"({"kind":"consistency","size":2,"old_size":1,"path":["zz"]})"})
        CHECK(read_proof(bad).error().code == "G0043");
}
