// Tests the tree with the example of RFC 6962, and proofs for all small sizes.
#include <doctest/doctest.h>

#include "writ/merkle.h"

using namespace writ::ledger;
using namespace std::string_view_literals;

namespace {

std::vector<Hash> leaves(std::size_t count) {
    std::vector<Hash> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(leaf_hash(std::to_string(i)));
    return out;
}

Hash root(std::span<const Hash> of) {
    Frontier tree;
    for (const Hash& leaf : of) tree.add(leaf);
    return tree.root();
}

/// The definition from RFC 9162, section 2.1.1.
Hash plain_root(std::span<const Hash> of) {
    if (of.size() == 1) return of[0];
    std::size_t left = 1;
    while (left * 2 < of.size()) left *= 2;
    return node_hash(plain_root(of.first(left)), plain_root(of.subspan(left)));
}

}  // namespace

TEST_CASE("ledger: roots of the published example") {
    const std::string_view inputs[] = {""sv,
                                       "\x00"sv,
                                       "\x10"sv,
                                       "\x20\x21"sv,
                                       "\x30\x31"sv,
                                       "\x40\x41\x42\x43"sv,
                                       "\x50\x51\x52\x53\x54\x55\x56\x57"sv,
                                       "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"sv};
    const std::pair<std::size_t, std::string_view> roots[] = {
        {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};
    Frontier tree;
    CHECK(to_hex(tree.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    std::size_t at = 0;
    for (const auto input : inputs) {
        tree.add(leaf_hash(input));
        if (at < std::size(roots) && tree.size() == roots[at].first) CHECK(to_hex(tree.root()) == roots[at++].second);
    }
    CHECK(at == std::size(roots));
}

TEST_CASE("ledger: the growing tree is the tree of the definition") {
    const auto all = leaves(70);
    Frontier tree;
    for (std::size_t n = 1; n <= all.size(); ++n) {
        tree.add(all[n - 1]);
        REQUIRE(tree.root() == plain_root(std::span(all).first(n)));
        const auto again = Frontier::from_peaks(n, tree.peaks());
        REQUIRE(again.has_value());
        CHECK(again->root() == tree.root());
        CHECK_FALSE(Frontier::from_peaks(n, {}).has_value());
    }
}

TEST_CASE("ledger: inclusion is proved for every record, and for no other") {
    const auto all = leaves(33);
    for (std::size_t n = 1; n <= all.size(); ++n) {
        const auto tree = std::span(all).first(n);
        const Hash top = root(tree);
        for (std::size_t i = 0; i < n; ++i) {
            auto proof = inclusion_proof(tree, i);
            REQUIRE(proves_inclusion(proof, i, n, all[i], top));
            CHECK_FALSE(proves_inclusion(proof, i, n, all[(i + 1) % all.size()], top));
            CHECK_FALSE(proves_inclusion(proof, n, n, all[i], top));
            if (n > 1) CHECK_FALSE(proves_inclusion(proof, (i + 1) % n, n, all[i], top));
            for (Hash& step : proof) {
                step[7] ^= 1;
                CHECK_FALSE(proves_inclusion(proof, i, n, all[i], top));
                step[7] ^= 1;
            }
            proof.push_back(top);
            CHECK_FALSE(proves_inclusion(proof, i, n, all[i], top));
        }
    }
}

TEST_CASE("ledger: consistency is proved between every two sizes, and with no other root") {
    const auto all = leaves(33);
    for (std::size_t n = 1; n <= all.size(); ++n) {
        const auto tree = std::span(all).first(n);
        const Hash top = root(tree);
        for (std::size_t m = 0; m <= n; ++m) {
            auto proof = consistency_proof(tree, m);
            const Hash old_root = root(tree.first(m));
            REQUIRE(proves_consistency(proof, m, old_root, n, top));
            CHECK_FALSE(proves_consistency(proof, m, all[0] == old_root ? all[1] : all[0], n, top));
            CHECK_FALSE(proves_consistency(proof, n + 1, old_root, n, top));
            for (Hash& step : proof) {
                step[3] ^= 4;
                CHECK_FALSE(proves_consistency(proof, m, old_root, n, top));
                step[3] ^= 4;
            }
            proof.push_back(top);
            CHECK_FALSE(proves_consistency(proof, m, old_root, n, top));
        }
    }
}

TEST_CASE("ledger: hashes as text") {
    const Hash hash = leaf_hash("x");
    CHECK(hash_from_hex(to_hex(hash)) == hash);
    CHECK_FALSE(hash_from_hex(to_hex(hash).substr(1)).has_value());
    CHECK_FALSE(hash_from_hex("G" + to_hex(hash).substr(1)).has_value());
}
