// A set of texts, or of pairs of texts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace writ {

/// Texts sorted by hash, then by text. So n look-ups among n texts read each text about once and take n
/// log n steps, even if an attacker chose texts with equal beginnings or hashes. Keeps its memory.
/// Views must be valid until clear().
class TextSet {
public:
    void clear() { entries_.clear(); }
    /// Adds a text or a pair. Call sort() before has().
    void add(std::string_view first, std::string_view second = {}) { entries_.push_back(entry(first, second)); }
    void sort() { std::sort(entries_.begin(), entries_.end()); }
    /// Whether the text or pair was added. Requires: sort() was called after the last add().
    [[nodiscard]] bool has(std::string_view first, std::string_view second = {}) const {
        return std::binary_search(entries_.begin(), entries_.end(), entry(first, second));
    }

private:
    struct Entry {
        std::size_t hash;
        std::string_view first, second;

        bool operator<(const Entry& other) const {
            if (hash != other.hash) return hash < other.hash;
            return std::tie(first, second) < std::tie(other.first, other.second);
        }
    };
    static Entry entry(std::string_view first, std::string_view second) {
        constexpr std::hash<std::string_view> hash;
        return {hash(first) * 31 + hash(second), first, second};
    }

    std::vector<Entry> entries_;
};

}  // namespace writ
