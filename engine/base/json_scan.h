// Finds the end of the text in a JSON string, and copies text into one, many bytes at a time. Private to json*.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace writ::json {

/// The end of a text: its first quote, backslash or control character.
struct TextEnd {
    const char* at = nullptr;
    bool ascii = true;  ///< all bytes before it
};

/// For every processor: eight bytes at a time.
/// Requires: such a character, and seven readable bytes after it.
[[nodiscard]] inline TextEnd text_end_portable(const char* at) {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
    for (std::uint64_t seen = 0;; at += sizeof seen) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        const std::uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
        // Each subtraction borrows from the bytes after the first that is found, so only the first one counts.
        const std::uint64_t found =
            (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash)) & kHigh;
        if (found == 0) {
            seen |= word;
            continue;
        }
        const int bits = std::countr_zero(found) & ~7;
        seen |= word & ~(~std::uint64_t{0} << bits);
        return {at + bits / 8, (seen & kHigh) == 0};
    }
}

#ifdef __SSE2__
/// For x86-64: sixteen bytes at a time.
/// Requires: such a character, and 15 readable bytes after it.
[[nodiscard]] inline TextEnd text_end(const char* at) {
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
    for (unsigned seen = 0;; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash)),
                                             _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
        const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
        const auto high = static_cast<unsigned>(_mm_movemask_epi8(block));
        if (found == 0) {
            seen |= high;
            continue;
        }
        seen |= high & ((found & (0u - found)) - 1);
        return {at + std::countr_zero(found), seen == 0};
    }
}
#else
[[nodiscard]] inline TextEnd text_end(const char* at) {
    return text_end_portable(at);
}
#endif

/// Whether a word has a byte that may need an escape in JSON, or that is not ASCII.
[[nodiscard]] inline bool needs_escape(std::uint64_t word) {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
    const std::uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
    // A control character, a quote or a backslash borrows into its highest bit; 0x7F and above carry.
    return (((word - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes) | (word + kOnes) | word) & kHigh) != 0;
}

/// For every processor: copies a text eight bytes at a time. Output: whether none of its bytes may need an escape.
/// Requires: room for the text and eight more bytes.
[[nodiscard]] inline bool copy_if_plain_portable(char* to, std::string_view text) {
    const char* from = text.data();
    std::size_t left = text.size();
    bool found = false;
    const auto copy_word = [&](char* into, const char* at) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        std::memcpy(into, &word, sizeof word);
        found = found | needs_escape(word);
    };
    if (left < sizeof(std::uint64_t)) {
        std::uint64_t word = 0x7878787878787878;
        std::memcpy(&word, from, left);
        std::memcpy(to, &word, sizeof word);
        return !needs_escape(word);
    }
    for (; left > sizeof(std::uint64_t); left -= 8, from += 8, to += 8) copy_word(to, from);
    // The last word overlaps the one before it.
    copy_word(to + left - 8, from + left - 8);
    return !found;
}

#ifdef __SSE2__
/// For x86-64: the same, sixteen bytes at a time.
[[nodiscard]] inline bool copy_if_plain(char* to, std::string_view text) {
    const char* const from = text.data();
    const std::size_t size = text.size();
    __m128i found = _mm_setzero_si128();
    const auto check = [&](__m128i block) {
        // As signed numbers, bytes beyond ASCII are below the control characters.
        const __m128i control = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
        const __m128i last = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7F));
        const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        found = _mm_or_si128(found, _mm_or_si128(_mm_or_si128(control, last), _mm_or_si128(quote, slash)));
    };
    // The last block, or half of one, overlaps the one before it.
    if (size >= 16) {
        const auto copy = [&](std::size_t at) {
            const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), block);
            check(block);
        };
        for (std::size_t at = 0; at + 16 < size; at += 16) copy(at);
        copy(size - 16);
    } else if (size >= 8) {
        const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
        const __m128i second = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + size - 8));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to), first);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to + size - 8), second);
        check(_mm_unpacklo_epi64(first, second));
    } else {
        return copy_if_plain_portable(to, text);
    }
    return _mm_movemask_epi8(found) == 0;
}
#else
[[nodiscard]] inline bool copy_if_plain(char* to, std::string_view text) {
    return copy_if_plain_portable(to, text);
}
#endif

}  // namespace writ::json
