// The Merkle tree over a ledger's records, as in RFC 6962 and RFC 9162: roots, proofs that a record is in a tree
// (inclusion), and proofs that one tree is the beginning of another (consistency). Works without a ledger.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace writ::ledger {

using Hash = std::array<std::uint8_t, 32>;

/// SHA-256 of 0x00 and the record's bytes.
[[nodiscard]] Hash leaf_hash(std::string_view record);
/// SHA-256 of 0x01, the left hash and the right hash.
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);

[[nodiscard]] std::string to_hex(const Hash& hash);
/// Empty unless the text is 64 lower-case hex digits.
[[nodiscard]] std::optional<Hash> hash_from_hex(std::string_view text);

/// An append-only tree that keeps only the roots of its complete subtrees.
class Frontier {
public:
    void add(const Hash& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// SHA-256 of the empty string if there is no leaf.
    [[nodiscard]] Hash root() const;

    /// The roots of the complete subtrees, the largest first: one for each 1 bit of the size.
    [[nodiscard]] const std::vector<Hash>& peaks() const { return peaks_; }
    /// Empty unless there is exactly one peak for each 1 bit of `size`.
    [[nodiscard]] static std::optional<Frontier> from_peaks(std::uint64_t size, std::vector<Hash> peaks);

private:
    std::uint64_t size_ = 0;
    std::vector<Hash> peaks_;
};

/// RFC 9162, 2.1.3.1. Requires: index < leaves.size().
[[nodiscard]] std::vector<Hash> inclusion_proof(std::span<const Hash> leaves, std::uint64_t index);
/// RFC 9162, 2.1.3.2.
[[nodiscard]] bool proves_inclusion(std::span<const Hash> proof, std::uint64_t index, std::uint64_t size,
                                    const Hash& leaf, const Hash& root);

/// RFC 9162, 2.1.4.1. Requires: old_size <= leaves.size().
[[nodiscard]] std::vector<Hash> consistency_proof(std::span<const Hash> leaves, std::uint64_t old_size);
/// RFC 9162, 2.1.4.2. The empty tree is consistent with every other.
[[nodiscard]] bool proves_consistency(std::span<const Hash> proof, std::uint64_t old_size, const Hash& old_root,
                                      std::uint64_t size, const Hash& root);

}  // namespace writ::ledger
