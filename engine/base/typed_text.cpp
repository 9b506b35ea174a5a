// Canonical forms of typed text. Each value has one canonical spelling; text that two readers could understand
// differently has none.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/ascii.h"
#include "base/parts.h"
#include "base/path.h"
#include "base/values.h"

namespace writ {

namespace {

constexpr std::string_view kSpiffe = "spiffe://";
constexpr std::size_t kLongest = 2048;

/// A set of ASCII characters with fast lookup.
class AsciiSet {
public:
    template <class Test>
    constexpr AsciiSet(Test alphabet, std::string_view more) {
        for (unsigned i = 0; i < in_.size(); ++i) in_[i] = alphabet(static_cast<char>(i));
        for (const char c : more) in_[static_cast<unsigned char>(c)] = true;
    }
    constexpr bool operator()(char c) const { return in_[static_cast<unsigned char>(c)]; }

private:
    std::array<bool, 256> in_{};
};
constexpr AsciiSet kLabel([](char c) { return is_lower(c) || is_digit(c); }, "-_");
constexpr AsciiSet kAtom(is_alnum, "!#$%&'*+-/=?^_`{|}~");
constexpr AsciiSet kScheme([](char c) { return is_lower(c) || is_digit(c); }, "+.-");
constexpr AsciiSet kSpiffePath(is_alnum, "._-/");
constexpr AsciiSet kUrlPath(is_alnum, "/-._~!$&'()*+,;=:@%");
constexpr AsciiSet kUnreserved(is_alnum, "-_~");
constexpr AsciiSet kUrlQuery(is_alnum, "/?-._~!$&'()*+,;=:@%");
constexpr AsciiSet kHiding([](char) { return false; }, "./\\;");  ///< an escape in a path must not mean one of these

/// Appends a text in lower case; returns the appended text.
std::string_view append_lowered(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    for (const char c : text) out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    return std::string_view(out).substr(begin);
}

template <class Test>
bool all_are(std::string_view text, const Test& test) {
    bool all = true;
    for (const char c : text) all = all & test(c);
    return all;
}

/// Calls `visit(part)` for each part between separators, until a call returns false. Parts are short: a search call
/// for each separator would cost more than this loop.
template <class Visit>
bool each_part(std::string_view text, char separator, Visit visit) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != separator) continue;
        if (!visit(text.substr(begin, at - begin))) return false;
        begin = at + 1;
    }
    return visit(text.substr(begin));
}

// ---- addresses --------------------------------------------------------------------------------

/// An address as 16 bytes, IPv4 mapped into IPv6.
using Address = std::array<char, 16>;
constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);

bool is_mapped(std::string_view raw) {
    return raw.substr(0, kMapped.size()) == kMapped;
}
std::string_view bytes_of(const Address& address) {
    return {address.data(), address.size()};
}

std::optional<Address> parse_address(int family, std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN) return {};
    std::array<char, INET6_ADDRSTRLEN> name{};  // terminated by the zeros
    std::memcpy(name.data(), text.data(), text.size());
    if (std::strlen(name.data()) != text.size()) return {};
    Address raw{};
    const bool four = family == AF_INET;
    if (four) std::memcpy(raw.data(), kMapped.data(), kMapped.size());
    if (inet_pton(family, name.data(), raw.data() + (four ? kMapped.size() : 0)) != 1) return {};
    return raw;
}

/// Whether an IPv6 address contains an IPv4 address that a router may use instead: NAT64, 6to4, Teredo, ISATAP and
/// older forms. Such text means two addresses, and it is unknown which one counts.
bool wraps_ipv4(std::string_view raw) {
    using namespace std::string_view_literals;
    if (is_mapped(raw)) return false;  // the same address in another spelling
    constexpr std::string_view kWrappers[] = {
        "\x20\x02"sv,                        // 2002::/16, 6to4
        "\x20\x01\0\0"sv,                    // 2001::/32, Teredo
        "\0\x64\xFF\x9B\0\0\0\0\0\0\0\0"sv,  // 64:ff9b::/96, NAT64
        "\0\x64\xFF\x9B\0\x01"sv,            // local NAT64
        "\0\0\0\0\0\0\0\0\xFF\xFF\0\0"sv,    // ::ffff:0:0:0/96, IPv4-translated
    };
    for (const std::string_view prefix : kWrappers)
        if (raw.starts_with(prefix)) return true;
    const std::string_view identifier = raw.substr(8, 4);
    if (identifier == "\0\0\x5E\xFE"sv || identifier == "\x02\0\x5E\xFE"sv) return true;  // ISATAP
    // ::/96, IPv4-compatible; only :: and ::1 of it are in use.
    return raw.starts_with(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0", 12)) && raw.substr(12) != "\0\0\0\0"sv &&
           raw.substr(12) != "\0\0\0\x01"sv;
}

std::optional<Address> parse_ip(std::string_view text) {
    return parse_address(text.find(':') != std::string_view::npos ? AF_INET6 : AF_INET, text);
}

/// Appends an address in its usual notation.
void append_ip(std::string& out, std::string_view raw) {
    std::array<char, INET6_ADDRSTRLEN> name{};
    const bool four = is_mapped(raw);
    const char* at = raw.data() + (four ? kMapped.size() : 0);
    if (inet_ntop(four ? AF_INET : AF_INET6, at, name.data(), name.size()) != nullptr) out += name.data();
}

std::optional<unsigned> small_number(std::string_view text, unsigned high) {
    if (text.empty() || text.size() > 5 || !all_are(text, is_digit)) return {};
    if (text.size() > 1 && text.front() == '0') return {};
    unsigned value = 0;
    for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > high) return {};
    return value;
}

void mask(Address& address, unsigned prefix) {
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned keep = prefix >= 8 * (i + 1) ? 8 : prefix <= 8 * i ? 0 : prefix - 8 * i;
        address[i] = static_cast<char>(static_cast<unsigned char>(address[i]) & (0xFF00u >> keep));
    }
}

std::optional<std::string_view> canonical_ip(std::string_view text, std::string& room) {
    const auto raw = parse_ip(text);
    if (!raw || wraps_ipv4(bytes_of(*raw))) return {};
    return room.assign(bytes_of(*raw));
}

std::optional<std::string_view> canonical_cidr(std::string_view text, std::string& room) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view address = text.substr(0, slash);
    auto raw = parse_ip(address);
    const bool six = address.find(':') != std::string_view::npos;
    const auto prefix = small_number(text.substr(slash + 1), six ? 128 : 32);
    if (!raw || !prefix) return {};
    const unsigned bits = six ? *prefix : *prefix + 96;
    mask(*raw, bits);
    room.assign(bytes_of(*raw)) += static_cast<char>(bits);
    return room;
}

std::string display_cidr(std::string_view raw) {
    const unsigned bits = static_cast<unsigned char>(raw[16]);
    const bool four = bits >= 96 && is_mapped(raw);
    std::string out;
    append_ip(out, raw.substr(0, 16));
    return out + "/" + std::to_string(four ? bits - 96 : bits);
}

// ---- names ------------------------------------------------------------------------------------

/// Checks a host name and converts it to lower case; not for addresses. Underscores occur in trust domains and in DNS.
bool valid_dns_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    std::string_view last;
    const bool labels = each_part(name, '.', [&](std::string_view label) {
        last = label;
        return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
               all_are(label, kLabel);
    });
    // If the last label is a number, some readers see an IPv4 address.
    const bool number = all_are(last, is_digit) || last.substr(0, 2) == "0x";
    return labels && !number;
}

/// Appends a DNS name, an IPv4 address, or an IPv6 address in brackets.
/// Output: false if it is none of them.
bool append_host(std::string& out, std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        const auto raw = parse_address(AF_INET6, text.substr(1, text.size() - 2));
        // An IPv4-mapped address would be a second spelling of a host.
        if (!raw || is_mapped(bytes_of(*raw)) || wraps_ipv4(bytes_of(*raw))) return false;
        out += '[';
        append_ip(out, bytes_of(*raw));
        out += ']';
        return true;
    }
    const std::string_view name = append_lowered(out, text);
    return valid_dns_name(name) || parse_address(AF_INET, name);
}

std::optional<std::string_view> canonical_host(std::string_view text, std::string& room) {
    room.clear();
    if (!append_host(room, text)) return {};
    return room;
}

std::optional<std::string_view> canonical_email(std::string_view text, std::string& room) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at > 64) return {};
    const bool atoms =
        each_part(text.substr(0, at), '.', [](std::string_view atom) { return !atom.empty() && all_are(atom, kAtom); });
    room.assign(text.substr(0, at + 1));
    if (!atoms || !valid_dns_name(append_lowered(room, text.substr(at + 1)))) return {};
    return room;
}

// ---- paths ------------------------------------------------------------------------------------

/// The places where a path may have an empty segment.
enum class Empty : std::uint8_t { Nowhere, Last, Ends };

/// Checks segments: none is empty, except where allowed, and none goes up.
bool plain_segments(std::string_view path, Empty allowed) {
    std::size_t begin = 0;
    return each_part(path, '/', [&](std::string_view segment) {
        const bool first = begin == 0, last = begin + segment.size() == path.size();
        begin += segment.size() + 1;
        if (segment.empty()) return (last && allowed != Empty::Nowhere) || (first && allowed == Empty::Ends);
        return !is_dot_segment(segment);
    });
}

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Appends text with percent escapes in one spelling: unreserved characters unescaped, hex in upper case. In a path,
/// which readers split, an escape must not hide a separator, a dot, a control character or another escape.
/// Output: false if it does, or if an escape is malformed.
bool append_escaped(std::string& out, std::string_view text, bool is_path) {
    const auto byte_at = [&](std::size_t i) {
        if (text.size() - i < 3) return -1;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        return high < 0 || low < 0 ? -1 : high * 16 + low;
    };
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int byte = byte_at(i);
        if (byte < 0) return false;
        const auto c = static_cast<char>(byte);
        if (is_path && (byte < 0x20 || byte == 0x7F || kHiding(c))) return false;
        if (kUnreserved(c)) {
            out += c;
        } else {
            constexpr std::string_view kHex = "0123456789ABCDEF";
            out += {'%', kHex[static_cast<std::size_t>(byte >> 4)], kHex[static_cast<std::size_t>(byte & 15)]};
        }
        i += 2;
    }
    if (!is_path) return true;
    // A reader that decodes twice would see `%25` with two digits as an escape again, even if the digits were escaped.
    for (std::size_t at = out.find("%25", begin); at != std::string::npos; at = out.find("%25", at + 1))
        if (at + 5 <= out.size() && hex_value(out[at + 3]) >= 0 && hex_value(out[at + 4]) >= 0) return false;
    return true;
}

std::optional<std::string_view> canonical_spiffe(std::string_view text) {
    if (text.size() > kLongest || text.substr(0, kSpiffe.size()) != kSpiffe) return {};
    const std::string_view rest = text.substr(kSpiffe.size());
    const std::size_t slash = rest.find('/');
    if (!valid_dns_name(rest.substr(0, slash))) return {};
    if (slash != std::string_view::npos) {
        const std::string_view path = rest.substr(slash + 1);
        if (!all_are(path, kSpiffePath) || !plain_segments(path, Empty::Nowhere)) return {};
    }
    return text;
}

std::string_view default_port(std::string_view scheme) {
    if (scheme == "https" || scheme == "wss") return "443";
    if (scheme == "http" || scheme == "ws") return "80";
    return {};
}

std::optional<std::string_view> canonical_url(std::string_view text, std::string& room) {
    const std::size_t colon = text.find("://");
    if (text.size() > kLongest || colon == std::string_view::npos || colon == 0) return {};
    room.clear();
    append_lowered(room, text.substr(0, colon + 3));
    const std::string_view scheme = std::string_view(room).substr(0, colon);
    if (!is_lower(scheme.front()) || !all_are(scheme, kScheme)) return {};
    text.remove_prefix(colon + 3);
    // A fragment starts at the first `#`, a query at the first `?` before it.
    const std::size_t hash = std::min(text.find('#'), text.size());
    const std::string_view fragment = text.substr(hash);
    text = text.substr(0, hash);
    const std::size_t mark_of_query = std::min(text.find('?'), text.size());
    const std::string_view query = text.substr(mark_of_query);
    text = text.substr(0, mark_of_query);
    const std::size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    const std::string_view path = slash == std::string_view::npos ? "/" : text.substr(slash);

    // The port follows the last colon outside an IPv6 address. Userinfo is not a valid host name.
    std::string_view port;
    const std::size_t mark = authority.rfind(':');
    if (mark != std::string_view::npos && authority.find(']', mark) == std::string_view::npos) {
        port = authority.substr(mark + 1);
        authority = authority.substr(0, mark);
        const auto number = small_number(port, 65'535);
        if (!number || *number == 0) return {};
        if (port == default_port(scheme)) port = {};
    }
    if (!append_host(room, authority) || !all_are(path, kUrlPath) || !plain_segments(path.substr(1), Empty::Last))
        return {};
    if (!all_are(query, kUrlQuery) || !all_are(fragment.substr(std::min<std::size_t>(1, fragment.size())), kUrlQuery))
        return {};
    if (!port.empty()) room.append(":").append(port);
    if (!append_escaped(room, path, true) || !append_escaped(room, query, false) ||
        !append_escaped(room, fragment, false))
        return {};
    return room;
}

/// The parts of an ARN; the last one is the rest.
std::optional<std::array<std::string_view, 6>> split_arn(std::string_view text) {
    std::array<std::string_view, 6> parts;
    for (std::size_t i = 0; i < 5; ++i) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) return {};
        parts[i] = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    parts[5] = text;
    return parts;
}

std::optional<std::string_view> canonical_arn(std::string_view text) {
    if (text.size() > kLongest) return {};
    const auto parts = split_arn(text);
    if (!parts || (*parts)[0] != "arn" || (*parts)[1].empty() || (*parts)[2].empty() || (*parts)[5].empty()) return {};
    for (std::size_t i = 1; i < 5; ++i)
        if (!all_are((*parts)[i], [](char c) { return is_lower(c) || is_digit(c) || c == '-'; })) return {};
    const std::string_view resource = (*parts)[5];
    if (!all_are(resource, [](char c) { return c > ' ' && c < 0x7F && c != '%' && c != '\\'; })) return {};
    if (!plain_segments(resource, Empty::Ends)) return {};
    return text;
}

std::optional<std::string_view> unless_empty(std::string_view text) {
    if (text.empty()) return {};
    return text;
}

struct PartInfo {
    Kind of;
    std::string_view name;
    Kind kind;
};
constexpr PartInfo kParts[] = {
#define PART(part, of, name, kind) {Kind::of, name, Kind::kind},
#include "base/parts.def"
};

}  // namespace

#if defined(__SSE2__)
namespace {

/// The class of each of sixteen bytes, one bit each.
struct Sixteen {
    std::uint64_t lower, digit, dot, hyphen, slash, path;
};
Sixteen classify(const char* at) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto range = [](__m128i v, char from, char to) {
        return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(static_cast<char>(from - 1))),
                             _mm_cmplt_epi8(v, _mm_set1_epi8(static_cast<char>(to + 1))));
    };
    const auto is = [&](char which) { return _mm_cmpeq_epi8(c, _mm_set1_epi8(which)); };
    const auto bits = [](__m128i v) { return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(v))); };
    const __m128i letter = range(_mm_or_si128(c, _mm_set1_epi8(0x20)), 'a', 'z');
    return {bits(range(c, 'a', 'z')),
            bits(range(c, '0', '9')),
            bits(is('.')),
            bits(is('-')),
            bits(is('/')),
            bits(_mm_or_si128(_mm_or_si128(letter, is('_')),
                              range(c, '-', '9')))};  // '-' '.' '/' and digits are neighbours
}

}  // namespace

bool usual_spiffe(std::string_view text) {
    if (text.size() < kSpiffe.size() + 2 || text.size() > kLongest ||
        std::memcmp(text.data(), kSpiffe.data(), kSpiffe.size()) != 0)
        return false;
    const std::string_view rest = text.substr(kSpiffe.size());
    std::uint64_t carry = 0;  // the previous byte was a slash
    bool first = true;
    for (std::size_t at = 0; at < rest.size(); at += 64) {
        Sixteen is{};
        const std::size_t here = std::min<std::size_t>(64, rest.size() - at);
        for (std::size_t i = 0; i < here; i += 16) {
            char tail[16];
            const char* from = rest.data() + at + i;
            if (here - i < 16) {
                std::memset(tail, 'x', sizeof tail);
                std::memcpy(tail, from, here - i);
                from = tail;
            }
            const Sixteen block = classify(from);
            is.lower |= block.lower << i, is.digit |= block.digit << i, is.dot |= block.dot << i;
            is.hyphen |= block.hyphen << i, is.slash |= block.slash << i, is.path |= block.path << i;
        }
        const std::uint64_t all = here == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << here) - 1;
        std::uint64_t in_path = all;
        if (first) {
            // The trust domain: labels of lower-case letters, digits and single inner hyphens; the last one starts
            // with a letter.
            const std::uint64_t slash = is.slash & all;
            if (slash == 0 && rest.size() > 63) return false;
            const std::uint64_t domain = slash != 0 ? (slash & (~slash + 1)) - 1 : all;
            const std::uint64_t apart = (is.dot | is.hyphen) & domain, last = domain ^ (domain >> 1);
            if (((is.lower | is.digit | apart) & domain) != domain || domain == 0 || (apart & (apart << 1)) != 0 ||
                (apart & (1 | last)) != 0)
                return false;
            const std::uint64_t dots = is.dot & domain;
            const std::uint64_t begin = dots == 0 ? 1 : std::uint64_t{2} << (63 - std::countl_zero(dots));
            if ((is.lower & begin) == 0) return false;
            in_path = all & ~domain;
            first = false;
        }
        // The path: no segment is empty or starts with a dot.
        const std::uint64_t after = (is.slash << 1 | carry) & in_path;
        if ((is.path & in_path) != in_path || (after & (is.slash | is.dot)) != 0) return false;
        carry = is.slash >> (here - 1) & 1;
    }
    return carry == 0;
}
#else
bool usual_spiffe(std::string_view) {
    return false;
}
#endif

std::optional<std::string_view> canonical_text(Kind kind, std::string_view text, std::string& room) {
    switch (kind) {
        case Kind::Path:
            if (!plain_path(text)) return {};
            return text;
        case Kind::Spiffe: return canonical_spiffe(text);
        case Kind::Url: return canonical_url(text, room);
        case Kind::Host: return canonical_host(text, room);
        case Kind::Email: return canonical_email(text, room);
        case Kind::Arn: return canonical_arn(text);
        case Kind::Ip: return canonical_ip(text, room);
        case Kind::Cidr: return canonical_cidr(text, room);
#define TYPED_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            break;
    }
    return text;
}

std::optional<std::string> canonical_text(Kind kind, std::string_view text) {
    std::string room;
    const auto canonical = canonical_text(kind, text, room);
    if (!canonical) return {};
    return std::string(*canonical);
}

std::string display_text(Kind kind, std::string_view canonical) {
    if (kind == Kind::Cidr && canonical.size() == 17) return display_cidr(canonical);
    if (kind != Kind::Ip || canonical.size() != 16) return std::string(canonical);
    std::string out;
    append_ip(out, canonical);
    return out;
}

std::optional<std::string_view> part_of(Part part, std::string_view canonical) {
    const auto arn = [&](std::size_t i) -> std::optional<std::string_view> {
        const auto parts = split_arn(canonical);
        if (!parts) return {};
        return unless_empty((*parts)[i]);
    };
    // Splits `scheme://authority/path?query#fragment` into five parts; the path keeps its slash.
    const std::size_t scheme = std::min(canonical.find("://"), canonical.size());
    const std::string_view all = canonical.substr(std::min(scheme + 3, canonical.size()));
    const std::size_t hash = std::min(all.find('#'), all.size()), mark = std::min(all.find('?'), hash);
    const std::string_view rest = all.substr(0, mark);
    const auto after = [](std::string_view text) { return text.substr(std::min<std::size_t>(1, text.size())); };
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view authority = rest.substr(0, slash);
    const std::size_t colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    const std::size_t at = std::min(canonical.find('@'), canonical.size());
    switch (part) {
        case Part::SpiffeTrustDomain: return unless_empty(authority);
        case Part::SpiffePath: return unless_empty(rest.substr(slash));
        case Part::UrlScheme: return unless_empty(canonical.substr(0, scheme));
        case Part::UrlHost: return unless_empty(has_port ? authority.substr(0, colon) : authority);
        case Part::UrlPort: return unless_empty(has_port ? authority.substr(colon + 1) : std::string_view());
        case Part::UrlPath: return unless_empty(rest.substr(slash));
        // A URL without a path has an empty path: the two mean the same.
        case Part::UrlQuery: return after(all.substr(mark, hash - mark));
        case Part::UrlFragment: return after(all.substr(hash));
        case Part::UrlWhole:
            if (mark < all.size()) return {};
            return unless_empty(canonical);
        case Part::EmailLocal: return unless_empty(canonical.substr(0, at));
        case Part::EmailDomain: return unless_empty(canonical.substr(std::min(at + 1, canonical.size())));
        case Part::ArnPartition: return arn(1);
        case Part::ArnService: return arn(2);
        case Part::ArnRegion: return arn(3);
        case Part::ArnAccount: return arn(4);
        case Part::ArnResource: return arn(5);
    }
    return {};
}

Kind kind_of(Part part) {
    return kParts[static_cast<std::size_t>(part)].kind;
}
Kind owner_of(Part part) {
    return kParts[static_cast<std::size_t>(part)].of;
}
std::string_view name_of(Part part) {
    return kParts[static_cast<std::size_t>(part)].name;
}

std::optional<Part> find_part(Kind kind, std::string_view name) {
    for (std::uint32_t i = 0; i < kPartCount; ++i)
        if (kParts[i].of == kind && kParts[i].name == name) return static_cast<Part>(i);
    return {};
}

bool cidr_contains(std::string_view cidr, std::string_view ip) {
    if (cidr.size() != 17 || ip.size() != 16) return false;
    Address masked{};
    std::memcpy(masked.data(), ip.data(), masked.size());
    mask(masked, std::min<unsigned>(static_cast<unsigned char>(cidr[16]), 128));
    return bytes_of(masked) == cidr.substr(0, 16);
}

}  // namespace writ
