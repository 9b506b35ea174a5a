#include "cli/terminal/text.h"

#include <algorithm>
#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace writ::cli {

namespace {

constexpr std::uint32_t kTab = 4;

struct Range {
    std::uint32_t first, last;
};

// Characters that combine with the one before them.
constexpr Range kNoWidth[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
                              {0x064B, 0x065F}, {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948},
                              {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                              {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}};
// Characters that take two columns.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
                           {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
                           {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                           {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
// Invisible characters with an effect: controls, joiners, and those that change the direction of text.
constexpr Range kHidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},      {0x061C, 0x061C},
                             {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F},
                             {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

template <std::size_t N>
bool within(const Range (&ranges)[N], std::uint32_t c) {
    return std::any_of(std::begin(ranges), std::end(ranges), [c](Range r) { return c >= r.first && c <= r.last; });
}

/// Length and code point of the UTF-8 character at the front; length 0: it is not valid.
struct Decoded {
    std::size_t length = 0;
    std::uint32_t code = 0;
};

Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {1, lead};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    std::uint32_t code = lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3Fu);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
    return {length, code};
}

}  // namespace

Palette palette(bool colour) {
    if (!colour) return {};
    return {"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[1;34m", "\x1b[1;32m", "\x1b[1m", "\x1b[0m"};
}

std::vector<Glyph> glyphs_of(std::string_view line) {
    std::vector<Glyph> glyphs;
    std::uint32_t column = 0;
    for (std::size_t i = 0; i < line.size();) {
        const Decoded c = decode(line.substr(i));
        Glyph glyph;
        glyph.offset = static_cast<std::uint32_t>(i);
        if (c.length == 0) {
            glyph.text = fmt::format("<{:02X}>", static_cast<unsigned char>(line[i]));
            glyph.width = 4;
        } else if (c.code == '\t') {
            glyph.width = kTab - column % kTab;
            glyph.text.assign(glyph.width, ' ');
        } else if (is_hidden(c.code)) {
            glyph.text = fmt::format("<U+{:04X}>", c.code);
            glyph.width = static_cast<std::uint32_t>(glyph.text.size());
        } else {
            glyph.text = line.substr(i, c.length);
            glyph.width = within(kNoWidth, c.code) ? 0 : within(kWide, c.code) ? 2 : 1;
        }
        column += glyph.width;
        i += std::max<std::size_t>(c.length, 1);
        glyphs.push_back(std::move(glyph));
    }
    return glyphs;
}

std::size_t columns_of(std::string_view line) {
    std::size_t width = 0;
    for (const Glyph& glyph : glyphs_of(line)) width += glyph.width;
    return width;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = decode(text).length;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_hidden(std::uint32_t character) {
    return within(kHidden, character);
}

std::string safe(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const Decoded c = decode(text.substr(i));
        if (c.length == 0)
            out += fmt::format("<{:02X}>", static_cast<unsigned char>(text[i]));
        else if (is_hidden(c.code))
            out += fmt::format("<U+{:04X}>", c.code);
        else
            out += text.substr(i, c.length);
        i += std::max<std::size_t>(c.length, 1);
    }
    return out;
}

std::string safe_json(std::string_view json) {
    std::string out;
    for (std::size_t i = 0; i < json.size();) {
        const Decoded c = decode(json.substr(i));
        const std::size_t length = std::max<std::size_t>(c.length, 1);
        // ASCII control characters outside strings are layout; the writer has escaped them in strings.
        if (c.code < 0x7F || !is_hidden(c.code))
            out += json.substr(i, length);
        else if (c.code < 0x10000)
            out += fmt::format("\\u{:04x}", c.code);
        else
            out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((c.code - 0x10000) >> 10),
                               0xDC00 + ((c.code - 0x10000) & 0x3FF));
        i += length;
    }
    return out;
}

std::string moment(std::int64_t micros) {
    const std::int64_t seconds = micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
    constexpr std::int64_t kYear9999 = 253'402'300'799;  // later dates are not meaningful
    if (seconds < 0 || seconds > kYear9999) return fmt::format("{} s since 1970", seconds);
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string filled(std::string_view text, std::size_t width) {
    std::string out;
    std::size_t used = 0;
    while (!text.empty()) {
        std::size_t end = 0;
        for (bool quoted = false; end < text.size() && (quoted || text[end] != ' '); ++end)
            quoted = quoted != (text[end] == '`');
        const std::size_t columns = columns_of(text.substr(0, end));
        const bool breaks = used > 0 && used + 1 + columns > width;
        if (used > 0) out += breaks ? '\n' : ' ';
        used = (breaks || used == 0 ? 0 : used + 1) + columns;
        out += text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string joined(const std::vector<std::string>& texts, std::string_view by) {
    std::string out;
    for (const std::string& text : texts) out.append(out.empty() ? "" : by).append(text);
    return out;
}

std::string span_of(std::int64_t seconds) {
    std::string out;
    const auto add = [&](std::int64_t count, char unit) {
        if (count > 0) out += fmt::format("{}{}{}", out.empty() ? "" : " ", count, unit);
    };
    add(seconds / 3600, 'h');
    add(seconds / 60 % 60, 'm');
    add(seconds % 60, 's');
    return out.empty() ? "0s" : out;
}

}  // namespace writ::cli
