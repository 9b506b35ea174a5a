// Globs by simulating every way to match at once: a set of positions in the pattern moves over the
// text, so no input makes it backtrack.
#include <array>
#include <bit>
#include <vector>

#include "base/values.h"

namespace writ {

namespace {

constexpr std::size_t kInlineWords = 8;

/// Positions in the pattern at which a match of the text so far may stand.
class Positions {
public:
    explicit Positions(std::size_t count) : words_((count + 63) / 64) {
        if (words_ > kInlineWords) heap_.resize(words_);
    }
    void clear() {
        for (std::size_t w = 0; w < words_; ++w) data()[w] = 0;
    }
    void add(std::size_t at) { data()[at / 64] |= std::uint64_t{1} << (at % 64); }
    [[nodiscard]] bool has(std::size_t at) { return (data()[at / 64] >> (at % 64) & 1) != 0; }

    template <class Visit>
    void each(Visit visit) {
        for (std::size_t w = 0; w < words_; ++w)
            for (std::uint64_t left = data()[w]; left != 0; left &= left - 1)
                visit(w * 64 + static_cast<std::size_t>(std::countr_zero(left)));
    }

private:
    std::uint64_t* data() { return heap_.empty() ? inline_.data() : heap_.data(); }

    std::size_t words_;
    std::array<std::uint64_t, kInlineWords> inline_{};
    std::vector<std::uint64_t> heap_;
};

/// Length of the wildcard at `at`: 0 none, 1 `*`, 2 `**`.
std::size_t wildcard(std::string_view pattern, std::size_t at) {
    if (at >= pattern.size() || pattern[at] != '*') return 0;
    return at + 1 < pattern.size() && pattern[at + 1] == '*' ? 2 : 1;
}

/// Adds a position, and those behind wildcards that match nothing.
void enter(Positions& set, std::string_view pattern, std::size_t at) {
    set.add(at);
    for (std::size_t width = wildcard(pattern, at); width != 0; width = wildcard(pattern, at)) {
        at += width;
        set.add(at);
    }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, std::string_view separators) {
    // The literal beginning decides most texts.
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == text;
    if (text.substr(0, star) != pattern.substr(0, star)) return false;
    pattern.remove_prefix(star);
    text.remove_prefix(star);

    Positions here(pattern.size() + 1), next(pattern.size() + 1);
    enter(here, pattern, 0);
    for (const char c : text) {
        const bool separator = separators.find(c) != std::string_view::npos;
        bool alive = false;
        next.clear();
        here.each([&](std::size_t at) {
            const std::size_t width = wildcard(pattern, at);
            const bool stays = width == 2 || (width == 1 && !separator);
            const bool moves = width == 0 && at < pattern.size() && pattern[at] == c;
            if (stays) enter(next, pattern, at);
            if (moves) enter(next, pattern, at + 1);
            alive = alive || stays || moves;
        });
        if (!alive) return false;
        std::swap(here, next);
    }
    return here.has(pattern.size());
}

}  // namespace writ
