#include "pattern/charset.h"

#include <algorithm>

namespace writ::pattern {

CharSet CharSet::all() {
    CharSet set;
    set.add(0, kLastCharacter);
    return set;
}

void CharSet::add(std::uint32_t low, std::uint32_t high) {
    // Ranges that overlap or touch become one range.
    auto first =
        std::find_if(ranges_.begin(), ranges_.end(), [&](const CharRange& range) { return range.high + 1 >= low; });
    auto last = first;
    for (; last != ranges_.end() && last->low <= high + 1; ++last) {
        low = std::min(low, last->low);
        high = std::max(high, last->high);
    }
    first = ranges_.erase(first, last);
    ranges_.insert(first, {low, high});
}

void CharSet::add(const CharSet& other) {
    for (const CharRange& range : other.ranges_) add(range.low, range.high);
}

void CharSet::negate() {
    std::vector<CharRange> others;
    std::uint32_t next = 0;
    for (const CharRange& range : ranges_) {
        if (range.low > next) others.push_back({next, range.low - 1});
        next = range.high + 1;
    }
    if (next <= kLastCharacter) others.push_back({next, kLastCharacter});
    ranges_ = std::move(others);
}

void CharSet::fold_ascii() {
    const std::vector<CharRange> before = ranges_;
    const auto shift = [&](const CharRange& range, std::uint32_t from, std::uint32_t to) {
        const std::uint32_t low = std::max(range.low, from), high = std::min(range.high, from + 25);
        if (low <= high) add(low - from + to, high - from + to);
    };
    for (const CharRange& range : before) {
        shift(range, 'a', 'A');
        shift(range, 'A', 'a');
    }
}

}  // namespace writ::pattern
