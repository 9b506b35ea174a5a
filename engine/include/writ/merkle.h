// The tree over a ledger's records, as in RFC 6962 and RFC 9162: what a root is, and proofs that a
// record is under one (inclusion) or that one root continues another (consistency). Needs no ledger.
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
/// SHA-256 of 0x01, the left and the right hash.
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);

[[nodiscard]] std::string to_hex(const Hash& hash);
/// Empty unless the text is 64 lower-case hex digits.
[[nodiscard]] std::optional<Hash> hash_from_hex(std::string_view text);

/// A tree that only grows, of which just the roots of its complete subtrees are kept.
class Frontier {
public:
    void add(const Hash& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Of no leaf: SHA-256 of nothing.
    [[nodiscard]] Hash root() const;

    /// The complete subtrees, the largest first: one for each bit of the size.
    [[nodiscard]] const std::vector<Hash>& peaks() const { return peaks_; }
    /// Empty unless there is a peak for each bit of `size`.
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
/// RFC 9162, 2.1.4.2; a tree of no leaf is consistent with every other.
[[nodiscard]] bool proves_consistency(std::span<const Hash> proof, std::uint64_t old_size, const Hash& old_root,
                                      std::uint64_t size, const Hash& root);

}  // namespace writ::ledger
