#include "cli/terminal/lines.h"

#include <algorithm>

#include "cli/terminal/text.h"

namespace writ::cli {

Lines::Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '\n') starts_.push_back(i + 1);
}

std::size_t Lines::line_at(std::size_t offset) const {
    offset = std::min(offset, text_.size());
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return static_cast<std::size_t>(next - starts_.begin()) - 1;
}

std::string_view Lines::text(std::size_t line) const {
    const std::size_t end = line + 1 < starts_.size() ? starts_[line + 1] - 1 : text_.size();
    std::string_view out = text_.substr(starts_[line], end - starts_[line]);
    if (!out.empty() && out.back() == '\r') out.remove_suffix(1);
    return out;
}

LineColumn Lines::place(std::size_t offset) const {
    offset = std::min(offset, text_.size());
    const std::size_t line = line_at(offset);
    const auto before = glyphs_of(text_.substr(starts_[line], offset - starts_[line]));
    return {line, before.size()};
}

Region region_of(const Lines& lines, const Span& span) {
    const LineColumn begin = lines.place(span.begin), end = lines.place(span.end);
    return {begin.line + 1, begin.column + 1, end.line + 1, end.column + 1};
}

std::string_view severity_name(Severity severity) {
    switch (severity) {
        case Severity::Error: return "error";
        case Severity::Warning: return "warning";
    }
    return {};
}

}  // namespace writ::cli
