#include "writ/merkle.h"

#include <bit>
#include <memory>

#include <openssl/evp.h>

#include "ledger/hash.h"

namespace writ::ledger {

namespace {

/// Digests several messages without looking up the algorithm each time.
class Digester {
public:
    Digester() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}
    ~Digester() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    Digester(const Digester&) = delete;
    Digester& operator=(const Digester&) = delete;

    Hash of(std::initializer_list<std::string_view> parts) {
        Hash out{};
        EVP_DigestInit_ex2(context_, algorithm_, nullptr);
        for (const std::string_view part : parts) EVP_DigestUpdate(context_, part.data(), part.size());
        EVP_DigestFinal_ex(context_, out.data(), nullptr);
        return out;
    }

private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

/// The largest power of two below a size. Requires: size > 1.
std::uint64_t split(std::uint64_t size) {
    return std::bit_floor(size - 1);
}

Hash root_of(std::span<const Hash> leaves) {
    Frontier tree;
    for (const Hash& leaf : leaves) tree.add(leaf);
    return tree.root();
}

void include(std::span<const Hash> leaves, std::uint64_t index, std::vector<Hash>& out) {
    if (leaves.size() < 2) return;
    const std::uint64_t left = split(leaves.size());
    if (index < left) {
        include(leaves.first(left), index, out);
        out.push_back(root_of(leaves.subspan(left)));
    } else {
        include(leaves.subspan(left), index - left, out);
        out.push_back(root_of(leaves.first(left)));
    }
}

/// `known`: the reader knows the root of these leaves.
void consist(std::span<const Hash> leaves, std::uint64_t old_size, bool known, std::vector<Hash>& out) {
    if (old_size == leaves.size()) {
        if (!known) out.push_back(root_of(leaves));
        return;
    }
    const std::uint64_t left = split(leaves.size());
    if (old_size <= left) {
        consist(leaves.first(left), old_size, known, out);
        out.push_back(root_of(leaves.subspan(left)));
    } else {
        consist(leaves.subspan(left), old_size - left, false, out);
        out.push_back(root_of(leaves.first(left)));
    }
}

int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

Hash sha256(std::initializer_list<std::string_view> parts) {
    thread_local Digester digester;
    return digester.of(parts);
}

Hash leaf_hash(std::string_view record) {
    return sha256({std::string_view("\x00", 1), record});
}

Hash node_hash(const Hash& left, const Hash& right) {
    return sha256({"\x01", bytes_of(left), bytes_of(right)});
}

std::string to_hex(const Hash& hash) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t byte : hash) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

std::optional<Hash> hash_from_hex(std::string_view text) {
    Hash out{};
    if (text.size() != out.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return out;
}

void Frontier::add(const Hash& leaf) {
    // As many subtrees are completed as the size has 1 bits at its end.
    Hash node = leaf;
    for (std::uint64_t size = size_; (size & 1) != 0; size >>= 1) {
        node = node_hash(peaks_.back(), node);
        peaks_.pop_back();
    }
    peaks_.push_back(node);
    ++size_;
}

Hash Frontier::root() const {
    if (peaks_.empty()) return sha256({});
    Hash node = peaks_.back();
    for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) node = node_hash(*peak, node);
    return node;
}

std::optional<Frontier> Frontier::from_peaks(std::uint64_t size, std::vector<Hash> peaks) {
    if (static_cast<std::size_t>(std::popcount(size)) != peaks.size()) return std::nullopt;
    Frontier out;
    out.size_ = size;
    out.peaks_ = std::move(peaks);
    return out;
}

std::vector<Hash> inclusion_proof(std::span<const Hash> leaves, std::uint64_t index) {
    std::vector<Hash> out;
    include(leaves, index, out);
    return out;
}

bool proves_inclusion(std::span<const Hash> proof, std::uint64_t index, std::uint64_t size, const Hash& leaf,
                      const Hash& root) {
    if (index >= size) return false;
    std::uint64_t at = index, last = size - 1;
    Hash node = leaf;
    for (const Hash& sibling : proof) {
        if (last == 0) return false;
        if ((at & 1) != 0 || at == last) {
            node = node_hash(sibling, node);
            while ((at & 1) == 0 && at != 0) at >>= 1, last >>= 1;
        } else {
            node = node_hash(node, sibling);
        }
        at >>= 1, last >>= 1;
    }
    return last == 0 && node == root;
}

std::vector<Hash> consistency_proof(std::span<const Hash> leaves, std::uint64_t old_size) {
    std::vector<Hash> out;
    if (old_size != 0) consist(leaves, old_size, true, out);
    return out;
}

bool proves_consistency(std::span<const Hash> proof, std::uint64_t old_size, const Hash& old_root, std::uint64_t size,
                        const Hash& root) {
    if (old_size > size) return false;
    if (old_size == size) return proof.empty() && old_root == root;
    if (old_size == 0) return proof.empty() && old_root == sha256({});
    std::size_t next = 0;
    const bool complete = std::has_single_bit(old_size);  // the old root itself is the start
    if (!complete && proof.empty()) return false;
    Hash old_node = complete ? old_root : proof[next++];
    Hash node = old_node;
    std::uint64_t at = old_size - 1, last = size - 1;
    while ((at & 1) != 0) at >>= 1, last >>= 1;
    for (; next < proof.size(); ++next) {
        if (last == 0) return false;
        if ((at & 1) != 0 || at == last) {
            old_node = node_hash(proof[next], old_node);
            node = node_hash(proof[next], node);
            while ((at & 1) == 0 && at != 0) at >>= 1, last >>= 1;
        } else {
            node = node_hash(node, proof[next]);
        }
        at >>= 1, last >>= 1;
    }
    return last == 0 && old_node == old_root && node == root;
}

}  // namespace writ::ledger
