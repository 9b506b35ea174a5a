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

/// Matches what is left when the literal ends are gone, whatever it is.
bool simulate(std::string_view pattern, std::string_view text, std::string_view separators) {
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

/// `*` literal `*`: some occurrence of the literal has no separator before it nor behind it.
bool around(std::string_view literal, std::string_view text, std::string_view separators) {
    const std::size_t first = text.find_first_of(separators), last = text.find_last_of(separators);
    for (std::size_t at = text.find(literal); at != std::string_view::npos && at <= first; at = text.find(literal, at + 1))
        if (last == std::string_view::npos || at + literal.size() > last) return true;
    return false;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, std::string_view separators) {
    // The literal ends decide most texts.
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == text;
    const std::size_t end = pattern.size() - 1 - pattern.rfind('*');
    if (text.size() < star + end || !text.starts_with(pattern.substr(0, star)) ||
        !text.ends_with(pattern.substr(pattern.size() - end)))
        return false;
    pattern = pattern.substr(star, pattern.size() - star - end);
    text = text.substr(star, text.size() - star - end);

    // Most of what is between them has one of two forms.
    if (pattern == "**") return true;
    if (pattern == "*") return text.find_first_of(separators) == std::string_view::npos;
    const std::string_view inner = pattern.substr(1, pattern.size() - 2);
    if (!inner.empty() && inner.find('*') == std::string_view::npos) return around(inner, text, separators);
    return simulate(pattern, text, separators);
}

}  // namespace writ
