// Finds many texts in another at once (Aho-Corasick). The time grows with the bytes that are read, not with the number
// of texts that are looked for, and no choice of texts makes it slower: edges are found by binary search.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace writ::ledger {

class TextFinder {
public:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    /// Input:  the texts to look for, none of them empty. Of equal texts the first counts.
    void build(const std::vector<std::string_view>& sought);
    /// Output: for each byte of `text` the index of the longest sought text that starts there, or kNone. It lives
    ///         until the next call.
    [[nodiscard]] const std::vector<std::uint32_t>& find(std::string_view text);
    /// The number of edge look-ups since the start of the last build(): at most two for each byte
    /// of the sought and the read texts.
    [[nodiscard]] std::uint64_t lookups() const { return lookups_; }

private:
    /// Represents a text that some sought text ends with. The children of a node follow each other, by byte.
    struct Node {
        std::uint32_t first_child = 0, child_count = 0;
        std::uint32_t shorter = 0;    ///< the longest other node whose text this one starts with
        std::uint32_t found = kNone;  ///< the longest sought text that this one starts with
        unsigned char byte = 0;       ///< the first of this text
    };

    [[nodiscard]] std::uint32_t step(std::uint32_t node, unsigned char byte);

    std::vector<Node> nodes_;  ///< by length; the root, which stands for no text, is the first
    std::vector<std::uint32_t> starts_;
    std::uint64_t lookups_ = 0;
};

}  // namespace writ::ledger
