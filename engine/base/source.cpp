#include "base/source.h"

#include <algorithm>

#include "base/values.h"

namespace writ {

Position position_of(std::string_view text, std::uint32_t offset) {
    const std::string_view before = text.substr(0, std::min<std::size_t>(offset, text.size()));
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t last = before.rfind('\n');
    const std::size_t start = last == std::string_view::npos ? 0 : last + 1;
    return {static_cast<std::uint32_t>(lines + 1), static_cast<std::uint32_t>(before.size() - start + 1)};
}

Ends ends_of(std::string_view text) {
    const std::size_t line = text.find('\n');
    return {without_mark(text).size() != text.size(),
            line != std::string_view::npos && line > 0 && text[line - 1] == '\r'};
}

std::string plain_text(std::string_view text) {
    text = without_mark(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
    return out;
}

std::string with_ends(std::string_view plain, Ends ends) {
    std::string out = ends.mark ? "\xEF\xBB\xBF" : "";
    for (const char c : plain) {
        if (c == '\n' && ends.crlf) out += '\r';
        out += c;
    }
    return out;
}

}  // namespace writ
