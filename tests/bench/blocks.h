// Sixteen bytes of text at once, for the fair floors: once with SSE2 and once in plain C++, with the same answers.
// bench_evaluate compares the two before it times anything. A mask has a bit for each byte, the first byte's lowest.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace bench {

class PlainBlock {
public:
    static PlainBlock load(const char* from) {
        PlainBlock block;
        std::memcpy(block.bytes_.data(), from, block.bytes_.size());
        return block;
    }
    void store(char* to) const { std::memcpy(to, bytes_.data(), bytes_.size()); }
    /// The bytes that are not ASCII.
    [[nodiscard]] unsigned high() const {
        return mask([](unsigned char c) { return c >= 0x80; });
    }
    [[nodiscard]] unsigned is(char which) const {
        return mask([&](unsigned char c) { return c == static_cast<unsigned char>(which); });
    }
    /// The bytes from `low` to `high`, which are ASCII.
    [[nodiscard]] unsigned within(char low, char high) const {
        return mask([&](unsigned char c) {
            return c >= static_cast<unsigned char>(low) && c <= static_cast<unsigned char>(high);
        });
    }

private:
    template <class Test>
    [[nodiscard]] unsigned mask(Test test) const {
        unsigned bits = 0;
        for (unsigned i = 0; i < bytes_.size(); ++i) bits |= (test(bytes_[i]) ? 1u : 0u) << i;
        return bits;
    }
    std::array<unsigned char, 16> bytes_;
};

#if defined(__SSE2__)
class SseBlock {
public:
    static SseBlock load(const char* from) {
        SseBlock block;
        block.bytes_ = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        return block;
    }
    void store(char* to) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes_); }
    [[nodiscard]] unsigned high() const { return mask(bytes_); }
    [[nodiscard]] unsigned is(char which) const { return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(which))); }
    [[nodiscard]] unsigned within(char low, char high) const {
        const char below = static_cast<char>(low - 1), above = static_cast<char>(high + 1);
        return mask(
            _mm_and_si128(_mm_cmpgt_epi8(bytes_, _mm_set1_epi8(below)), _mm_cmplt_epi8(bytes_, _mm_set1_epi8(above))));
    }

private:
    static unsigned mask(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
    __m128i bytes_;
};
using Block = SseBlock;
#else
using Block = PlainBlock;
#endif

/// Fewer than sixteen bytes of a text, and at least one; the others are zero.
inline std::array<std::uint64_t, 2> last_words(const char* from, std::size_t size) {
    static_assert(std::endian::native == std::endian::little);
    const auto word = [&](std::size_t at, auto zero) {
        std::memcpy(&zero, from + at, sizeof zero);
        return static_cast<std::uint64_t>(zero);
    };
    constexpr std::uint64_t kEight{};
    constexpr std::uint32_t kFour{};
    constexpr std::uint8_t kOne{};
    if (size > 8) return {word(0, kEight), word(size - 8, kEight) >> 8 * (16 - size)};
    if (size == 8) return {word(0, kEight), 0};
    if (size >= 4) return {word(0, kFour) | word(size - 4, kFour) << 8 * (size - 4), 0};
    return {word(0, kOne) | word(size / 2, kOne) << 8 * (size / 2) | word(size - 1, kOne) << 8 * (size - 1), 0};
}

template <class Block>
Block last_block(const char* from, std::size_t size) {
    const auto words = last_words(from, size);
    char bytes[16];
    std::memcpy(bytes, words.data(), sizeof bytes);
    return Block::load(bytes);
}

/// Calls `visit(block, used)` for each sixteen bytes of a text; `used` masks the bytes that belong to it.
template <class Block, class Visit>
void each_block(std::string_view text, Visit visit) {
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 16; left -= 16, at += 16) visit(Block::load(at), 0xFFFFu);
    if (left > 0) visit(last_block<Block>(at, left), (1u << left) - 1);
}

template <class Block>
bool is_ascii(std::string_view text) {
    if (text.empty()) return true;
    if (text.size() < 16) {
        const auto words = last_words(text.data(), text.size());
        return ((words[0] | words[1]) & 0x8080808080808080u) == 0;
    }
    unsigned high = Block::load(text.data() + text.size() - 16).high();
    for (std::size_t at = 0; at + 16 < text.size(); at += 16) high |= Block::load(text.data() + at).high();
    return high == 0;
}

/// Copies a text. Output: whether it needs no escapes in JSON; a text with the first byte of U+0080 to U+00BF may need
/// some. Requires: space for 15 more bytes.
template <class Block>
bool copy_plain(char* to, std::string_view text) {
    unsigned special = 0;
    each_block<Block>(text, [&](Block block, unsigned used) {
        block.store(to);
        to += 16;
        special |=
            (block.is('"') | block.is('\\') | block.is('\x7F') | block.is('\xC2') | block.within('\0', '\x1F')) & used;
    });
    return special == 0;
}

/// Whether a text is a path of the usual form: letters, digits, `-`, `_`, `.` and `also`, in segments none of which is
/// empty, `.` or begins with `..`.
template <class Block>
bool is_path(std::string_view text, char also) {
    unsigned wrong = 0, begins = 1, dotted = 0;  // the first byte begins a segment
    each_block<Block>(text, [&](Block block, unsigned used) {
        const unsigned slash = block.is('/'), dot = block.is('.');
        const unsigned known =
            block.within('a', 'z') | block.within('A', 'Z') | block.within('-', '9') | block.is('_') | block.is(also);
        const unsigned first = slash << 1 | begins, dot_first = first & dot;
        wrong |= (~known | (first & slash) | ((dot_first << 1 | dotted) & (slash | dot))) & used;
        begins = slash >> 15 & 1;
        dotted = dot_first >> 15 & 1;
    });
    return wrong == 0 && !text.empty() && text != "." && !text.ends_with('/') && !text.ends_with("/.");
}

/// Whether a text is a SPIFFE id of the usual form: a trust domain of lower-case letters, digits and single dots and
/// hyphens, and a path of the usual form.
template <class Block>
bool is_spiffe(std::string_view text) {
    constexpr std::string_view kScheme = "spiffe://";
    constexpr std::size_t kLongest = 2048;
    if (text.size() > kLongest || !text.starts_with(kScheme)) return false;
    const std::string_view rest = text.substr(kScheme.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash > 63) return false;
    const std::string_view domain = rest.substr(0, slash);
    unsigned wrong = 0, before = 1;  // a label begins as after a separator
    each_block<Block>(domain, [&](Block block, unsigned used) {
        const unsigned apart = block.is('.') | block.is('-');
        const unsigned known = block.within('a', 'z') | block.within('0', '9') | apart;
        wrong |= (~known | (apart & (apart << 1 | before))) & used;
        before = apart >> 15 & 1;
    });
    const char last = domain.back(), begin = domain[domain.rfind('.') + 1];  // the last label begins with a letter
    return wrong == 0 && last != '.' && last != '-' && begin >= 'a' && begin <= 'z' &&
           is_path<Block>(rest.substr(slash + 1), '_');
}

}  // namespace bench
