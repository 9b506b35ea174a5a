#include "syntax/literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/values.h"

namespace writ::syntax {
namespace {

std::uint32_t offset(std::size_t at) {
    return static_cast<std::uint32_t>(at);
}

/// Characters that are invisible or change the reading order, as UTF-8.
constexpr std::array<std::string_view, 14> kInvisible = {
    "\xD8\x9C",                                                                      // U+061C
    "\xE2\x80\x8B", "\xE2\x80\x8E", "\xE2\x80\x8F",                                  // U+200B, U+200E, U+200F
    "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",  // U+202A-202E
    "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9",                  // U+2066-2069
    "\xEF\xBB\xBF",                                                                  // U+FEFF
};

/// Number of bytes of the forbidden character at `at`, or 0.
std::size_t unwelcome(std::string_view text, std::size_t at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\r') return at + 1 < text.size() && text[at + 1] == '\n' ? 0 : 1;
    if (byte == '\t' || byte == '\n') return 0;
    if (byte < 0x20 || byte == 0x7F) return 1;
    if (byte < 0xC2) return 0;
    if (byte == 0xC2) return static_cast<unsigned char>(text[at + 1]) < 0xA0 ? 2 : 0;  // C1 controls
    for (const std::string_view invisible : kInvisible)
        if (text.substr(at).starts_with(invisible)) return invisible.size();
    return 0;
}

std::string code_point_name(std::string_view utf8) {
    auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(utf8[0]));
    if (utf8.size() == 2) code &= 0x1F;
    if (utf8.size() == 3) code &= 0x0F;
    for (const char c : utf8.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string name = "U+";
    for (int shift = 12; shift >= 0; shift -= 4) name += kHex[code >> shift & 0xF];
    return name;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | code >> 6);
        tail(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | code >> 12);
        tail(6), tail(0);
    } else {
        out += static_cast<char>(0xF0 | code >> 18);
        tail(12), tail(6), tail(0);
    }
}

/// Decodes the escape at body[0] == '\\'. Output: its length; 0 if it is malformed.
std::size_t decode_escape(std::string_view body, std::string& out) {
    if (body.size() < 2) return 0;
    switch (body[1]) {
        case '"':
        case '\\': out += body[1]; return 2;
        case 'n': out += '\n'; return 2;
        case 't': out += '\t'; return 2;
        case 'u': break;
        default: return 0;
    }
    const std::size_t close = body.find('}');
    if (body.size() < 3 || body[2] != '{' || close == std::string_view::npos || close > 9) return 0;
    std::uint32_t code = 0;
    const char* end = body.data() + close;
    const auto [at, error] = std::from_chars(body.data() + 3, end, code, 16);
    if (error != std::errc{} || at != end) return 0;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
    append_utf8(out, code);
    return close + 1;
}

std::string without_underscores(std::string_view literal) {
    std::string digits(literal);
    std::erase(digits, '_');
    return digits;
}

}  // namespace

bool check_text(std::uint32_t source, std::string_view text, Report& report) {
    bool good = true;
    for (std::size_t line = 0; line < text.size();) {
        const std::size_t end = std::min(text.find('\n', line), text.size() - 1) + 1;
        const std::string_view content = text.substr(line, end - line);
        if (!valid_utf8(content)) {
            std::size_t valid = 0;
            for (std::size_t next = 1; next <= content.size(); ++next)
                if (valid_utf8(content.substr(valid, next - valid))) valid = next;
            report.add(Code::NotPlainText, {source, offset(line + valid), offset(line + valid + 1)},
                       "source is not valid UTF-8", "this byte is not valid here", "save the file as UTF-8");
            return false;
        }
        for (std::size_t at = line; at < end; ++at) {
            const std::size_t length = unwelcome(text, at);
            if (length == 0) continue;
            report.add(Code::NotPlainText, {source, offset(at), offset(at + length)},
                       "control or invisible character " + code_point_name(text.substr(at, length)) + " in source",
                       "an editor may hide or misplace it", "remove it; inside a string write it as `\\u{...}`");
            good = false;
            break;
        }
        line = end;
    }
    return good;
}

std::string_view decode_string(std::string_view literal, Span span, Arena& arena, Report& report) {
    // The token stream has reported an unclosed string, which has no closing quote.
    std::string_view body = literal.substr(1);
    if (!body.empty() && body.back() == literal.front()) body.remove_suffix(1);
    if (body.find('\\') == std::string_view::npos) return body;
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        if (body[at] != '\\') {
            out += body[at++];
            continue;
        }
        const std::size_t length = decode_escape(body.substr(at), out);
        if (length == 0) {
            const std::uint32_t begin = span.begin + 1 + offset(at);
            const bool unicode = body.substr(at).starts_with("\\u");
            report.add(Code::MalformedLiteral, {span.source, begin, std::min(begin + 2, span.end)},
                       "unknown escape in a string", {},
                       unicode ? "write a code point as `\\u{1F512}`, one to six hexadecimal digits"
                               : "the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{...}`");
            at += 2;
            continue;
        }
        at += length;
    }
    return arena.copy(out);
}

std::optional<std::int64_t> decode_int(std::string_view literal, bool negative, Span span, Report& report) {
    const std::string digits = without_underscores(literal);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size()) return std::nullopt;
    const std::uint64_t most = std::uint64_t{std::numeric_limits<std::int64_t>::max()} + (negative ? 1 : 0);
    if (error != std::errc{} || value > most) {
        report.add(Code::MalformedLiteral, span, "number does not fit in 64 bits", {},
                   "the largest int is 9223372036854775807");
        return std::nullopt;
    }
    return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<std::int64_t> decode_decimal(std::string_view literal, bool negative, Span span, Report& report) {
    const std::string digits = json_number(literal, negative);
    if (digits.find_first_not_of("-.0123456789") != std::string::npos) return std::nullopt;
    if (digits.size() - digits.find('.') > 7) {
        report.add(Code::MalformedLiteral, span, "decimal with more than six digits after the point", {},
                   "decimals are exact to 0.000001");
        return std::nullopt;
    }
    const auto value = parse_decimal(digits);
    if (!value)
        report.add(Code::MalformedLiteral, span, "decimal is out of range", {},
                   "the largest decimal is 9223372036854.775807");
    return value;
}

std::optional<std::uint32_t> decode_time(std::string_view literal) {
    const std::size_t colon = literal.find(':');
    if (colon == 0 || colon > 2 || literal.size() != colon + 3) return std::nullopt;
    std::uint32_t hours = 0;
    std::uint32_t minutes = 0;
    const char* end = literal.data() + literal.size();
    std::from_chars(literal.data(), literal.data() + colon, hours);
    if (std::from_chars(literal.data() + colon + 1, end, minutes).ptr != end) return std::nullopt;
    if (minutes > 59 || hours > 24 || (hours == 24 && minutes > 0)) return std::nullopt;
    return hours * 3600 + minutes * 60;
}

std::string quoted_excerpt(std::string_view text) {
    constexpr std::size_t kMost = 40;
    if (text.size() <= kMost) return '`' + std::string(text) + '`';
    std::size_t cut = kMost;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    return '`' + std::string(text.substr(0, cut)) + "…`";
}

std::string json_number(std::string_view literal, bool negative) {
    std::string digits = without_underscores(literal);
    const std::size_t first = digits.find_first_not_of('0');
    const bool all_zero = first == std::string::npos || digits[first] == '.';
    digits.erase(0, all_zero ? std::min(digits.find('.'), digits.size()) - 1 : first);
    return negative ? '-' + digits : digits;
}

}  // namespace writ::syntax
