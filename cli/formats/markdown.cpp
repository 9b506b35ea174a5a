#include "cli/formats/markdown.h"

#include <algorithm>

#include "cli/terminal/text.h"

namespace writ::cli {

std::string markdown_text(std::string_view text) {
    std::string out;
    for (const char c : safe(text)) {
        if (std::string_view("\\`*_{}[]<>()#+-.!|~&").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string markdown_code(std::string_view text) {
    const std::string shown = safe(text);
    std::size_t longest = 0, run = 0;
    std::string out;
    for (const char c : shown) {
        longest = std::max(longest, run = c == '`' ? run + 1 : 0);
        out += c == '|' ? "\\|" : std::string(1, c);
    }
    const std::string fence(longest + 1, '`');
    const bool padded = shown.starts_with('`') || shown.ends_with('`');
    return fence + (padded ? " " + out + " " : out) + fence;
}

std::string markdown_html(std::string_view text) {
    std::string out;
    for (const char c : safe(text))
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return out;
}

}  // namespace writ::cli
