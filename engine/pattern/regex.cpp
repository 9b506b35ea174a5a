// The syntax of regular expressions: the part of RE2's syntax that makes sense for matching a whole text. Other
// syntax is rejected with a specific message, never read as something else.
#include "base/ascii.h"
#include "base/quoted.h"
#include "pattern/syntax.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace writ::pattern {

namespace {

struct NamedClass {
    std::string_view name;
    std::vector<CharRange> ranges;
};

const std::vector<NamedClass>& named_classes() {
    static const std::vector<NamedClass> kClasses = {
        {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
        {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
        {"ascii", {{0, 0x7F}}},
        {"blank", {{'\t', '\t'}, {' ', ' '}}},
        {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
        {"digit", {{'0', '9'}}},
        {"graph", {{'!', '~'}}},
        {"lower", {{'a', 'z'}}},
        {"print", {{' ', '~'}}},
        {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
        {"space", {{'\t', '\r'}, {' ', ' '}}},
        {"upper", {{'A', 'Z'}}},
        {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
        {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
    };
    return kClasses;
}

/// The class of a letter after a backslash; none: it has no class.
std::optional<CharSet> letter_class(char letter) {
    CharSet set;
    switch (letter) {
        case 'd':
        case 'D': set.add('0', '9'); break;
        case 'w':
        case 'W': set.add('0', '9'), set.add('A', 'Z'), set.add('_', '_'), set.add('a', 'z'); break;
        case 's':
        case 'S': set.add('\t', '\n'), set.add('\f', '\r'), set.add(' ', ' '); break;
        default: return {};
    }
    if (letter < 'a') set.negate();
    return set;
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    tl::expected<PatternNode, Problem> run() {
        PatternNode whole = alternatives(0);
        if (!problem_ && at_ < text_.size()) fail("`)` without a group to close", "write `\\)` for the character");
        if (problem_) return tl::unexpected(std::move(*problem_));
        return whole;
    }

private:
    [[nodiscard]] bool more() const { return !problem_ && at_ < text_.size(); }
    [[nodiscard]] char here() const { return text_[at_]; }
    [[nodiscard]] bool ahead(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    PatternNode fail(std::string message, std::string help = {}) {
        if (!problem_) problem_ = Problem{std::move(message), std::move(help)};
        return {};
    }

    /// Up to the `)` that ends the group, or to the end. Flags apply to the end of the group that sets them.
    PatternNode alternatives(std::size_t depth) {
        const bool folds = folds_;
        std::vector<PatternNode> kids;
        for (;; ++at_) {
            kids.push_back(one_alternative(depth));
            if (!more() || here() != '|') break;
        }
        folds_ = folds;
        return PatternNode::either(std::move(kids));
    }

    PatternNode one_alternative(std::size_t depth) {
        std::vector<PatternNode> parts;
        // Anchors at the ends of the pattern are redundant: it matches the whole text.
        if (depth == 0 && ahead("^")) ++at_;
        while (more() && here() != '|' && here() != ')') {
            if (depth == 0 && here() == '$' && (at_ + 1 == text_.size() || text_[at_ + 1] == '|')) {
                ++at_;
                break;
            }
            const std::size_t begin = at_;
            std::uint32_t count = 1;
            if (flag()) {
                if (depth == 0 && parts.empty() && ahead("^")) ++at_;
                continue;
            }
            PatternNode part = repeated(atom(depth, count), begin, count);
            product_ = std::max(product_, count);
            parts.push_back(std::move(part));
        }
        return PatternNode::sequence(std::move(parts));
    }

    /// Reads `(?i)` or `(?-i)`. Output: false if there is none.
    bool flag() {
        if (!ahead("(?i)") && !ahead("(?-i)")) return false;
        folds_ = ahead("(?i)");
        at_ = text_.find(')', at_) + 1;
        return true;
    }

    /// One character, class or group. `count`: the largest product of counts in it.
    PatternNode atom(std::size_t depth, std::uint32_t& count) {
        const char c = here();
        switch (c) {
            case '(': return group(depth, count);
            case '[': return PatternNode::of(bracket());
            case '.': ++at_; return PatternNode::of(CharSet::all());
            case '\\': return PatternNode::of(folded(escape()));
            case '*':
            case '+':
            case '?':
                return fail(quoted(std::string(1, c)) + " has nothing to repeat",
                            "write `\\" + std::string(1, c) + "` for the character");
            case '{': return fail("`{` has nothing to repeat, or is not a count", "write `\\{` for the character");
            case '^':
            case '$':
                return fail(quoted(std::string(1, c)) + " inside a regular expression",
                            "the expression matches the whole text, so remove it; write `\\" + std::string(1, c) +
                                "` for the character");
            default: return PatternNode::of(folded(CharSet(next_character(text_, at_))));
        }
    }

    CharSet folded(CharSet set) const {
        if (folds_) set.fold_ascii();
        return set;
    }

    PatternNode group(std::size_t depth, std::uint32_t& count) {
        const std::size_t begin = at_++;
        const bool folds = folds_;
        if (ahead("?")) {
            if (ahead("?:"))
                at_ += 2;
            else if (ahead("?i:"))
                at_ += 3, folds_ = true;
            else if (ahead("?-i:"))
                at_ += 4, folds_ = false;
            else
                return fail_group();
        }
        if (depth >= kMaxGroups) return fail("more than " + std::to_string(kMaxGroups) + " nested groups");
        const std::uint32_t outer = std::exchange(product_, 1);
        PatternNode inner = alternatives(depth + 1);
        folds_ = folds;
        count = std::exchange(product_, outer);
        if (!more())
            return fail("group is not closed: " + quoted(text_.substr(begin)),
                        "close it with `)`, or write `\\(` for the character");
        ++at_;
        return inner;
    }

    PatternNode fail_group() {
        if (ahead("?=") || ahead("?!") || ahead("?<=") || ahead("?<!"))
            return fail("a regular expression cannot look ahead or behind",
                        "split the condition: `x matches \"…\" and not (x matches \"…\")`");
        if (ahead("?P") || ahead("?<"))
            return fail("a group cannot have a name",
                        "there are no captures here: write `(…)`; `parse` in `claims` splits texts into parts");
        if (ahead("?s"))
            return fail("the flag `s` does not exist", "`.` matches every character anyway, including line ends");
        if (ahead("?m"))
            return fail("the flag `m` does not exist", "the expression matches the whole text, including line ends");
        return fail(quoted(text_.substr(at_ - 1, 3)) + " is not a group",
                    "groups are `(…)` and `(?i:…)`; the only flag is `(?i)`");
    }

    /// Repetitions after an atom that started at `begin`.
    PatternNode repeated(PatternNode kid, std::size_t begin, std::uint32_t& product) {
        if (!more()) return kid;
        std::uint32_t least = 0, most = PatternNode::kUnbounded;
        switch (here()) {
            case '*': ++at_; break;
            case '+': ++at_, least = 1; break;
            case '?': ++at_, most = 1; break;
            case '{':
                if (!read_count(least, most)) return {};
                break;
            default: return kid;
        }
        // For a whole text the lazy forms have the same meaning.
        if (more() && here() == '?') ++at_;
        if (more() && (here() == '*' || here() == '+' || here() == '?' || here() == '{'))
            return fail(quoted(text_.substr(begin, at_ + 1 - begin)) + " repeats a repetition",
                        "put the repeated part in parentheses");
        const std::uint32_t counted = most == PatternNode::kUnbounded ? std::max(least, 1u) : std::max(most, 1u);
        if (counted > kMaxCount / product)
            return fail("counts multiply to more than " + std::to_string(kMaxCount) + " in " +
                            quoted(text_.substr(begin, at_ - begin)),
                        "write a smaller count, or `*` or `+`");
        product *= counted;
        PatternNode node = PatternNode::repeat(std::move(kid), least, most);
        node.begin = begin;
        node.end = at_;
        return node;
    }

    /// `{3}`, `{3,}`, `{3,5}`.
    bool read_count(std::uint32_t& least, std::uint32_t& most) {
        const std::size_t begin = at_++;
        const auto number = [&](std::uint32_t& out) {
            const std::size_t first = at_;
            for (out = 0; more() && is_digit(here()); ++at_)
                out = std::min(out * 10 + static_cast<std::uint32_t>(here() - '0'), 100'000u);
            return at_ > first;
        };
        bool sound = number(least);
        most = least;
        if (sound && ahead(",")) {
            ++at_;
            if (!number(most)) most = PatternNode::kUnbounded;
        }
        sound = sound && ahead("}");
        if (!sound) {
            fail(quoted(text_.substr(begin, at_ + 1 - begin)) + " is not a count",
                 "counts are `{3}`, `{3,}` and `{3,5}`; write `\\{` for the character");
            return false;
        }
        ++at_;
        if (least > most || least > kMaxCount || (most != PatternNode::kUnbounded && most > kMaxCount)) {
            fail("count " + quoted(text_.substr(begin, at_ - begin)) + " is out of range",
                 "the first number is not above the second, and neither above " + std::to_string(kMaxCount));
            return false;
        }
        return true;
    }

    CharSet escape() {
        const std::size_t begin = at_++;
        if (!more()) return fail("the expression ends in `\\`", "write `\\\\` for the character"), CharSet();
        const char c = here();
        if (auto set = letter_class(c)) return ++at_, std::move(*set);
        if (c == 'x') return hexadecimal(begin);
        constexpr std::string_view kLetters = "ntrfva", kMeant = "\n\t\r\f\v\a";
        if (const std::size_t which = kLetters.find(c); which != std::string_view::npos)
            return ++at_, CharSet(static_cast<unsigned char>(kMeant[which]));
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte < 0x80 && !is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
        if (plain) return ++at_, CharSet(byte);
        const std::string shown = quoted("\\" + std::string(1, c));
        if (c == 'b' || c == 'B')
            fail(shown + " does not exist", "write the text around the word, such as `(^|.*[^a-z])word`");
        else if (c == 'A' || c == 'z' || c == 'Z')
            fail(shown + " does not exist", "the expression matches the whole text, so remove it");
        else if (c == 'p' || c == 'P')
            fail(shown + " does not exist",
                 "its content changes with each version of Unicode; write the characters, such as "
                 "`[a-zà-ÿ]`");
        else if (c >= '1' && c <= '9')
            fail("a regular expression cannot refer back to a group");
        else
            fail((byte < 0x80 ? shown : "`\\` before a character that is not ASCII") + " has no meaning",
                 "write the character without `\\`");
        return {};
    }

    /// `\x2E`, `\x{1F512}`.
    CharSet hexadecimal(std::size_t begin) {
        ++at_;
        const bool braces = ahead("{");
        if (braces) ++at_;
        std::uint32_t value = 0;
        std::size_t digits = 0;
        for (; more() && digits < (braces ? 6 : 2); ++at_, ++digits) {
            const char c = here();
            if (is_digit(c))
                value = value * 16 + static_cast<std::uint32_t>(c - '0');
            else if (c >= 'a' && c <= 'f')
                value = value * 16 + static_cast<std::uint32_t>(c - 'a' + 10);
            else if (c >= 'A' && c <= 'F')
                value = value * 16 + static_cast<std::uint32_t>(c - 'A' + 10);
            else
                break;
        }
        const bool ends = braces ? digits > 0 && ahead("}") : digits == 2;
        if (!ends || value > kLastCharacter || (value >= 0xD800 && value <= 0xDFFF))
            return fail(quoted(text_.substr(begin, at_ - begin)) + " is not a character",
                        "write `\\x2E`, or `\\x{1F512}`"),
                   CharSet();
        if (braces) ++at_;
        return CharSet(value);
    }

    /// `[a-z]`, `[^/:]`, `[[:alpha:]_]`.
    CharSet bracket() {
        const std::size_t begin = at_++;
        CharSet set;
        const bool negated = ahead("^");
        if (negated) ++at_;
        for (bool first = true; more() && (here() != ']' || first); first = false) {
            if (ahead("[:")) {
                set.add(named_class());
                continue;
            }
            const std::size_t item = at_;
            const CharSet low = class_character();
            const bool range = ahead("-") && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
            if (problem_) return {};
            if (!range) {
                set.add(low);
                continue;
            }
            ++at_;
            const CharSet high = class_character();
            if (problem_) return {};
            if (!low.single() || !high.single() || low.ranges()[0].low > high.ranges()[0].low)
                return fail(quoted(text_.substr(item, at_ - item)) + " is not a range",
                            "the first character must not be after the second; put `-` last for the character"),
                       CharSet();
            set.add(low.ranges()[0].low, high.ranges()[0].low);
        }
        if (!more())
            return fail("class is not closed: " + quoted(text_.substr(begin)),
                        "close it with `]`, or write `\\[` for the character"),
                   CharSet();
        ++at_;
        if (folds_) set.fold_ascii();
        if (negated) set.negate();
        if (set.empty()) return fail(quoted(text_.substr(begin, at_ - begin)) + " matches no character"), CharSet();
        return set;
    }

    CharSet class_character() { return here() == '\\' ? escape() : CharSet(next_character(text_, at_)); }

    CharSet named_class() {
        const std::size_t end = std::min(text_.find(":]", at_ + 2), text_.size());
        std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
        const bool negated = name.starts_with('^');
        if (negated) name.remove_prefix(1);
        const auto& all = named_classes();
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const NamedClass& each) { return each.name == name; });
        if (end == text_.size() || found == all.end())
            return fail("there is no class " + quoted(text_.substr(at_, end + 2 - at_)),
                        "for example `[[:alpha:]]`; put `[` last for the character"),
                   CharSet();
        at_ = end + 2;
        CharSet set;
        for (const CharRange& range : found->ranges) set.add(range.low, range.high);
        if (negated) set.negate();
        return set;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool folds_ = false;
    std::uint32_t product_ = 1;  ///< the largest product in the current group
    std::optional<Problem> problem_;
};

}  // namespace

tl::expected<PatternNode, Problem> parse_regex(std::string_view text) {
    return Parser(text).run();
}

}  // namespace writ::pattern
