#include "base/person.h"
#include "base/ascii.h"

#include <algorithm>
#include <iterator>

#include "base/values.h"

namespace writ {

namespace {

constexpr std::size_t kMostName = 256;

/// Scripts of a label, one bit each. Japanese mixes kana and Han in a word, Korean Hangul and Han.
enum Scripts : std::uint16_t {
    Latin = 1,
    Greek = 2,
    Cyrillic = 4,
    Armenian = 8,
    Hebrew = 16,
    Arabic = 32,
    Georgian = 64,
    Japanese = 128,
    Korean = 256,
    Chinese = 512,
    Kana = Japanese,
    Hangul = Korean,
    Han = Chinese | Japanese | Korean,
    Any = 1023,
};

struct Letters {
    char32_t first, last;
    std::uint16_t scripts;
    std::int16_t fold;
};

constexpr Letters kLetters[] = {
#define LETTERS(script, first, last, fold) {first, last, script, fold},
#include "base/person_letters.def"
#undef LETTERS
};

const Letters* letters_of(char32_t c) {
    const auto* const found = std::lower_bound(std::begin(kLetters), std::end(kLetters), c,
                                               [](const Letters& each, char32_t code) { return each.last < code; });
    return found != std::end(kLetters) && found->first <= c ? found : nullptr;
}

constexpr char32_t lower(char32_t c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/// Removes the first character. Requires: UTF-8, not empty.
char32_t take(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
    text.remove_prefix(length);
    return c;
}

/// The characters of a name, with capitals converted to small letters.
class Folded {
public:
    explicit Folded(std::string_view name) : rest_(name) {}

    /// 0 at the end.
    char32_t next() {
        if (again_) return again_ = false, U's';
        if (rest_.empty()) return 0;
        const char32_t c = take(rest_);
        if (c < 0x80) return lower(c);
        if (c == U'ß' || c == U'ẞ') return again_ = true, U's';
        if (c == U'ı' || c == U'İ') return U'i';
        if (c == U'ς') return U'σ';
        const Letters& row = *letters_of(c);
        if (row.fold == 1) return c + ((c - row.first) % 2 == 0 ? 1 : 0);
        return static_cast<char32_t>(static_cast<std::int32_t>(c) + row.fold);
    }

private:
    std::string_view rest_;
    bool again_ = false;
};

/// Whether a label in punycode starts here.
bool begins_punycode(std::string_view rest) {
    return rest.size() >= 4 && lower(static_cast<unsigned char>(rest[0])) == 'x' &&
           lower(static_cast<unsigned char>(rest[1])) == 'n' && rest[2] == '-' && rest[3] == '-';
}

}  // namespace

bool comparable_name(std::string_view name) {
    if (name.empty() || name.size() > kMostName || name.front() == ' ' || name.back() == ' ' || !valid_utf8(name))
        return false;
    std::uint16_t scripts = Any;  // possible scripts of the label
    bool begins = true;           // a label starts here
    char32_t before = 0;
    for (std::string_view rest = name; !rest.empty();) {
        if (begins && begins_punycode(rest)) return false;
        const char32_t c = take(rest);
        if (c < 0x80) {
            if (c < ' ' || c == 0x7F || (c == ' ' && before == ' ')) return false;
            if (std::string_view("<>()\"%").find(static_cast<char>(c)) != std::string_view::npos) return false;
            if (is_letter(c))
                scripts &= Latin;
            else if (!is_digit(c))
                scripts = Any;
        } else {
            const Letters* const letters = letters_of(c);
            if (letters == nullptr) return false;
            scripts &= letters->scripts;
        }
        if (scripts == 0) return false;
        begins = c < 0x80 && !is_letter(c) && !is_digit(c);
        before = c;
    }
    return true;
}

void fold_name(std::string_view name, std::string& out) {
    out.clear();
    Folded folded(name);
    for (char32_t c = folded.next(); c != 0; c = folded.next()) {
        const auto add = [&](char32_t bits) { out.push_back(static_cast<char>(static_cast<unsigned char>(bits))); };
        if (c < 0x80) {
            add(c);
        } else if (c < 0x800) {
            add(0xC0 | c >> 6), add(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            add(0xE0 | c >> 12), add(0x80 | (c >> 6 & 0x3F)), add(0x80 | (c & 0x3F));
        } else {
            add(0xF0 | c >> 18), add(0x80 | (c >> 12 & 0x3F)), add(0x80 | (c >> 6 & 0x3F)), add(0x80 | (c & 0x3F));
        }
    }
}

Likeness compare_names(std::string_view a, std::string_view b) {
    if (!comparable_name(a) || !comparable_name(b)) return Likeness::Unclear;
    Folded left(a), right(b);
    for (;;) {
        const char32_t c = left.next();
        if (c != right.next()) return Likeness::Different;
        if (c == 0) return Likeness::Same;
    }
}

}  // namespace writ
