// Whether a text can be read as a reason.
#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/ascii.h"
#include "writ/diagnostic.h"

namespace writ {

namespace {

struct Range {
    std::uint32_t first, last;
};

/// Outside ASCII: blanks, punctuation, symbols, combining marks, and invisible characters such as the Hangul fillers,
/// which Unicode calls letters. Ascending.
constexpr Range kNoLetters[] = {
    {0x80, 0xA9},       {0xAB, 0xB1},       {0xB4, 0xB4},       {0xB6, 0xB8},       {0xBB, 0xBB},
    {0xBF, 0xBF},       {0xD7, 0xD7},       {0xF7, 0xF7},       {0x2B0, 0x36F},     {0x37E, 0x37E},
    {0x387, 0x387},     {0x483, 0x489},     {0x55A, 0x55F},     {0x589, 0x5CF},     {0x5F3, 0x61F},
    {0x64B, 0x65F},     {0x66A, 0x66D},     {0x6D4, 0x6D4},     {0x6D6, 0x6ED},     {0x700, 0x70F},
    {0x730, 0x74A},     {0x964, 0x965},     {0x970, 0x970},     {0xE3F, 0xE3F},     {0xE4F, 0xE4F},
    {0xE5A, 0xE5B},     {0x115F, 0x1160},   {0x1680, 0x1680},   {0x16EB, 0x16ED},   {0x17B4, 0x17B5},
    {0x17D4, 0x17DB},   {0x1800, 0x180F},   {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF},   {0x1FBD, 0x1FBD},
    {0x1FBF, 0x1FC1},   {0x2000, 0x2BFF},   {0x2E00, 0x2E7F},   {0x2FF0, 0x3004},   {0x3008, 0x3020},
    {0x302A, 0x3030},   {0x303D, 0x303F},   {0x3099, 0x309C},   {0x30A0, 0x30A0},   {0x30FB, 0x30FB},
    {0x3164, 0x3164},   {0xA4FE, 0xA4FF},   {0xD800, 0xF8FF},   {0xFB1E, 0xFB1E},   {0xFB29, 0xFB29},
    {0xFD3E, 0xFD3F},   {0xFE00, 0xFE6F},   {0xFEFF, 0xFF0F},   {0xFF1A, 0xFF20},   {0xFF3B, 0xFF40},
    {0xFF5B, 0xFF65},   {0xFFA0, 0xFFA0},   {0xFFE0, 0xFFFF},   {0x10100, 0x10102}, {0x13430, 0x1345F},
    {0x1BCA0, 0x1BCA3}, {0x1D000, 0x1D3FF}, {0x1F000, 0x1FBEF}, {0xE0000, 0x10FFFF}};

bool is_letter_or_digit(std::uint32_t point) {
    if (point < 0x80) return is_alnum(point);
    const auto* range = std::lower_bound(std::begin(kNoLetters), std::end(kNoLetters), point,
                                         [](const Range& each, std::uint32_t at) { return each.last < at; });
    return range == std::end(kNoLetters) || point < range->first;
}

}  // namespace

bool is_reason(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80   ? 1
                                   : lead < 0xC2 ? 0
                                   : lead < 0xE0 ? 2
                                   : lead < 0xF0 ? 3
                                   : lead < 0xF5 ? 4
                                                 : 0;
        // Invalid UTF-8 does not count.
        if (length == 0 || at + length > text.size()) {
            ++at;
            continue;
        }
        std::uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
        for (std::size_t i = 1; i < length; ++i)
            point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
        if (is_letter_or_digit(point)) return true;
        at += length;
    }
    return false;
}

}  // namespace writ
