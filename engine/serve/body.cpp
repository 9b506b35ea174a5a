#include "serve/body.h"

#include <algorithm>
#include <charconv>

namespace writ::serve {

void BodyReader::begin(const HttpHead& head, std::size_t most, const HeadLimits& limits) {
    body_.clear();
    line_.clear();
    part_ = head.has("transfer-encoding") ? Part::Size : Part::Whole;
    left_ = head.length;
    most_ = most;
    limits_ = limits;
}

void BodyReader::take(std::string_view& text) {
    const std::size_t size = std::min(left_, text.size());
    body_.append(text.substr(0, size));
    text.remove_prefix(size);
    left_ -= size;
}

BodyReader::Step BodyReader::read(std::string_view& text) {
    if (part_ == Part::Whole) {
        take(text);
        return left_ == 0 ? Step::Done : Step::More;
    }
    while (!text.empty()) {
        if (part_ == Part::Chunk) {
            take(text);
            if (left_ == 0) part_ = Part::AfterChunk;
            continue;
        }
        const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
        if (line_.size() + size > limits_.bytes) return Step::Malformed;
        line_.append(text.substr(0, size));
        text.remove_prefix(size);
        if (!line_.ends_with('\n')) return Step::More;
        if (!line_.ends_with("\r\n")) return Step::Malformed;
        const Step step = line(std::string_view(line_).substr(0, line_.size() - 2));
        line_.clear();
        if (step != Step::More) return step;
    }
    return Step::More;
}

BodyReader::Step BodyReader::line(std::string_view text) {
    if (part_ == Part::AfterChunk) {
        part_ = Part::Size;
        return text.empty() ? Step::More : Step::Malformed;
    }
    if (part_ == Part::Trailers) {
        if (text.empty()) return Step::Done;
        if (limits_.headers == 0 || !is_header_line(text)) return Step::Malformed;
        --limits_.headers;
        limits_.bytes -= text.size() + 2;
        return Step::More;
    }
    constexpr std::size_t kDigits = 8;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), left_, 16);
    if (error != std::errc{} || end != text.data() + text.size() || text.size() > kDigits) return Step::Malformed;
    if (left_ > most_ - body_.size()) return Step::TooLong;
    part_ = left_ == 0 ? Part::Trailers : Part::Chunk;
    return Step::More;
}

}  // namespace writ::serve
