// Maps texts to numbers with one keyed hash, linear probing, and one comparison of the bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Vocabulary {
public:
    /// The number of a text, from 1 on; a new one if the text is new.
    std::uint16_t add(std::string_view text);
    /// Requires: no add() afterwards.
    void build();
    /// 0 for a text that was not added.
    [[nodiscard]] std::uint16_t find(std::string_view text) const {
        const std::uint64_t hash = hash_of(text);
        for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
            const Slot& slot = slots_[at];
            if (slot.id == 0) return 0;
            if (slot.hash == static_cast<std::uint32_t>(hash >> 32) && slot.size == text.size() &&
                std::memcmp(slot.text, text.data(), text.size()) == 0)
                return slot.id;
        }
    }

private:
    struct Slot {
        const char* text = nullptr;
        std::uint32_t hash = 0;
        std::uint16_t size = 0, id = 0;
    };
    [[nodiscard]] std::uint64_t hash_of(std::string_view text) const {
        // Multiply and fold, sixteen bytes a step; the last step may overlap the one before it.
        const char* p = text.data();
        std::size_t left = text.size();
        std::uint64_t seed = key_[0] ^ left;
        if (left >= 16) {
            for (; left > 16; left -= 16, p += 16) seed = fold(load(p) ^ key_[1], load(p + 8) ^ seed);
            p = text.data() + text.size() - 16;
            return fold(load(p) ^ key_[1], load(p + 8) ^ seed);
        }
        std::uint64_t a = 0, b = 0;
        if (left >= 8) {
            a = load(p);
            b = load(p + left - 8);
        } else {
            std::memcpy(&a, p, left);
        }
        return fold(a ^ key_[1], b ^ seed);
    }
    static std::uint64_t load(const char* p) {
        std::uint64_t word;
        std::memcpy(&word, p, sizeof word);
        return word;
    }
    static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::map<std::string, std::uint16_t, std::less<>> words_;
    std::vector<Slot> slots_;
    std::size_t mask_ = 0;
    std::uint64_t key_[2] = {};
};

}  // namespace bench
