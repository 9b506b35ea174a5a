#include "base/path.h"

#include <algorithm>

namespace writ {

bool is_dot_segment(std::string_view segment) {
    if (segment.empty() || segment.front() != '.') return false;
    const std::string_view name = segment.substr(0, segment.find(';'));
    return name == "." || name == "..";
}

std::size_t find_hidden(std::string_view text) {
    constexpr std::string_view kHidden = "2e2E2f2F5c5C0025";  // two digits each
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\\' || c == '\0') return at;
        if (c != '%' || text.size() - at < 3) continue;
        for (std::size_t i = 0; i < kHidden.size(); i += 2)
            if (text.substr(at + 1, 2) == kHidden.substr(i, 2)) return at;
    }
    return std::string_view::npos;
}

bool plain_path(std::string_view text) {
    // Fast path: most paths need no further check.
    bool usual = text.empty() || text.front() != '.';
    char before = 'x';
    for (const char c : text) {
        usual = usual && c != '\\' && c != '%' && c != '\0' && (before != '/' || (c != '/' && c != '.'));
        before = c;
    }
    if (usual) return true;
    if (find_hidden(text) != std::string_view::npos) return false;
    if (text.front() == '/') text.remove_prefix(1);
    if (text.ends_with('/')) text.remove_suffix(1);
    for (;;) {
        const std::size_t slash = std::min(text.find('/'), text.size());
        if (slash == 0 || is_dot_segment(text.substr(0, slash))) return false;
        if (slash == text.size()) return true;
        text.remove_prefix(slash + 1);
    }
}

}  // namespace writ
