#include "reference/text.h"

#include <cctype>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/kind.h"

namespace writ::reference {

namespace {

std::string by_number(std::uint32_t character) {
    char text[16];
    std::snprintf(text, sizeof text, "\\x{%X}", character);
    return text;
}

bool is_letter(std::uint32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
std::uint32_t other_case(std::uint32_t c) {
    return c ^ 0x20;
}

/// Writes a regular expression again, character by character. Takes for granted that the checker accepted it.
class Rewriter {
public:
    explicit Rewriter(std::string_view text) : text_(text) {}

    std::string run() {
        while (at_ < text_.size()) step();
        return std::move(out_);
    }

private:
    bool take(std::string_view what) {
        if (text_.substr(at_, what.size()) != what) return false;
        at_ += what.size();
        return true;
    }

    void step() {
        if (take("(?i)")) return void(folds_.back() = true);
        if (take("(?-i)")) return void(folds_.back() = false);
        if (take("(")) {
            folds_.push_back(folds_.back());
            if (take("?i:"))
                folds_.back() = true;
            else if (take("?-i:"))
                folds_.back() = false;
            else
                take("?:");
            out_ += "(?:";
        } else if (take(")")) {
            if (folds_.size() > 1) folds_.pop_back();
            out_ += ')';
        } else if (take("[")) {
            bracket();
        } else if (take("{")) {
            out_ += '{';
            while (at_ < text_.size() && text_[at_ - 1] != '}') out_ += text_[at_++];
        } else if (std::string_view(".*+?|^$").find(text_[at_]) != std::string_view::npos) {
            out_ += text_[at_++];
        } else if (const auto name = letter_class()) {
            out_ += *name;
        } else {
            const std::uint32_t c = character();
            if (folds_.back() && is_letter(c))
                out_ += kOpen + by_number(c) + by_number(other_case(c)) + kClose;
            else
                out_ += by_number(c);
        }
    }

    std::optional<std::string> letter_class() {
        if (text_[at_] != '\\' || at_ + 1 >= text_.size() ||
            std::string_view("dDwWsS").find(text_[at_ + 1]) == std::string_view::npos)
            return {};
        at_ += 2;
        return std::string(text_.substr(at_ - 2, 2));
    }

    /// One character, escaped or not.
    std::uint32_t character() {
        if (take("\\x{")) {
            std::uint32_t value = 0;
            for (; at_ < text_.size() && text_[at_] != '}'; ++at_) value = value * 16 + hex(text_[at_]);
            take("}");
            return value;
        }
        if (take("\\x")) {
            at_ += 2;
            return hex(text_[at_ - 2]) * 16 + hex(text_[at_ - 1]);
        }
        if (take("\\n")) return 10;
        if (take("\\t")) return 9;
        if (take("\\r")) return 13;
        if (take("\\f")) return 12;
        if (take("\\v")) return 11;
        if (take("\\a")) return 7;
        take("\\");
        const auto first = static_cast<unsigned char>(text_[at_]);
        const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        std::uint32_t value = length == 1 ? first : first & (0x7Fu >> length);
        for (std::size_t i = 1; i < length; ++i)
            value = (value << 6) | (static_cast<unsigned char>(text_[at_ + i]) & 0x3Fu);
        at_ += length;
        return value;
    }
    static std::uint32_t hex(char c) {
        return static_cast<std::uint32_t>(std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0'
                                                                                           : (c | 0x20) - 'a' + 10);
    }

    void bracket() {
        out_ += kOpen;
        if (take("^")) out_ += '^';
        bool first = true;
        while (at_ < text_.size() && (first || text_[at_] != ']')) {
            first = false;
            if (text_.substr(at_, 2) == "[:") {
                const std::size_t end = text_.find(":]", at_) + 2;
                const std::string_view name = text_.substr(at_, end - at_);
                out_ += name;
                if (folds_.back() && (name.ends_with("lower:]") || name.ends_with("upper:]"))) out_ += "a-zA-Z";
                at_ = end;
                continue;
            }
            if (const auto name = letter_class()) {
                out_ += *name;
                continue;
            }
            const std::uint32_t low = character();
            std::uint32_t high = low;
            if (text_.substr(at_, 1) == "-" && text_.substr(at_ + 1, 1) != "]") {
                ++at_;
                high = character();
            }
            out_ += by_number(low) + "-" + by_number(high);
            for (std::uint32_t c = 'A'; folds_.back() && c <= 'z'; ++c)
                if (is_letter(c) && c >= low && c <= high) out_ += by_number(other_case(c));
        }
        take("]");
        out_ += kClose;
    }

    // RE2 treats the class `[kK]` as a letter without case, and folds it by Unicode when it joins alternatives. An
    // empty group after the class prevents that.
    inline static const std::string kOpen = "(?:[", kClose = "](?:))";

    std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
    std::vector<bool> folds_ = {false};
};

}  // namespace

std::string glob_for_re2(std::string_view glob, std::string_view separators) {
    std::string one = "[^";
    for (const char c : separators) one += by_number(static_cast<unsigned char>(c));
    one = separators.empty() ? "." : one + "]";
    const auto ends_segment = [&](std::string_view around) {
        return around.empty() || separators.find(around.front()) != std::string_view::npos;
    };
    std::string out;
    for (std::size_t at = 0; at < glob.size();) {
        const std::string_view rest = glob.substr(at);
        if (rest.starts_with("**")) {
            out += ".*";
            at += 2;
        } else if (rest.front() == '*') {
            const bool whole =
                ends_segment(at == 0 ? std::string_view() : glob.substr(at - 1, 1)) && ends_segment(rest.substr(1));
            out += one + (whole ? "+" : "*");
            ++at;
        } else {
            const std::size_t end = std::min(glob.find('*', at), glob.size());
            out += RE2::QuoteMeta(re2::StringPiece(rest.data(), end - at));
            at = end;
        }
    }
    return out;
}

std::string regex_for_re2(std::string_view text) {
    return Rewriter(text).run();
}

static std::string pattern_for_re2(const check::Expr& test) {
    switch (test.test) {
        case TextTest::Like: return glob_for_re2(test.text, separators_of(static_cast<Kind>(test.index)));
        case TextTest::Matches: return regex_for_re2(test.text);
    }
    return {};
}

RE2::Options re2_options() {
    RE2::Options options(RE2::Quiet);
    options.set_dot_nl(true);
    options.set_max_mem(64 << 20);
    return options;
}

const RE2& Patterns::of(const check::Expr& expr) {
    std::unique_ptr<RE2>& known = known_[&expr];
    if (known == nullptr) known = std::make_unique<RE2>(pattern_for_re2(expr), re2_options());
    return *known;
}

bool is_one_path(std::string_view path) {
    static const RE2 kHides("[\\x00\\\\]|%(?:2[eEfF]|5[cC]|00|25)", re2_options());
    static const RE2 kClimbs("(?:.*/)?\\.\\.?(?:;[^/]*)?(?:/.*)?", re2_options());
    if (RE2::PartialMatch(path, kHides) || RE2::FullMatch(path, kClimbs)) return false;
    return path.find("//") == std::string_view::npos;
}

}  // namespace writ::reference
