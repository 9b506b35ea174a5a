// Sets of characters, as ranges of code points.
#pragma once

#include <cstdint>
#include <vector>

namespace writ::pattern {

constexpr std::uint32_t kLastCharacter = 0x10FFFF;

/// A range; both ends are included.
struct CharRange {
    std::uint32_t low = 0, high = 0;
    friend bool operator==(const CharRange&, const CharRange&) = default;
};

class CharSet {
public:
    CharSet() = default;
    explicit CharSet(std::uint32_t character) { add(character, character); }

    [[nodiscard]] static CharSet all();

    void add(std::uint32_t low, std::uint32_t high);
    void add(const CharSet& other);
    /// All other characters.
    void negate();
    /// Adds the other case of each ASCII letter; of no other letters.
    void fold_ascii();

    /// In ascending order, with gaps between them.
    [[nodiscard]] const std::vector<CharRange>& ranges() const { return ranges_; }
    [[nodiscard]] bool empty() const { return ranges_.empty(); }
    /// Whether the set has exactly one character.
    [[nodiscard]] bool single() const { return ranges_.size() == 1 && ranges_[0].low == ranges_[0].high; }

private:
    std::vector<CharRange> ranges_;
};

}  // namespace writ::pattern
