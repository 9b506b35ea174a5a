#include "pattern/syntax.h"

namespace writ::pattern {

tl::expected<PatternNode, Problem> parse_glob(std::string_view text, std::string_view separators) {
    CharSet inside;
    for (const char c : separators) inside.add(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
    inside.negate();

    const auto separates = [&](std::size_t at) {
        return at >= text.size() || separators.find(text[at]) != std::string_view::npos;
    };
    std::vector<PatternNode> parts;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '*') {
            parts.push_back(PatternNode::of(CharSet(next_character(text, at))));
            continue;
        }
        const std::size_t begin = at;
        while (at < text.size() && text[at] == '*') ++at;
        if (at - begin > 2)
            return tl::unexpected(
                Problem{"more than two `*` in a row", "`*` matches inside one segment, `**` across them"});
        if (at - begin == 2) {
            parts.push_back(PatternNode::repeat(PatternNode::of(CharSet::all()), 0, PatternNode::kUnbounded));
            continue;
        }
        if (separators.empty()) return tl::unexpected(Problem{"`*` where there are no segments", "write `**`"});
        const bool whole = (begin == 0 || separates(begin - 1)) && separates(at);
        parts.push_back(PatternNode::repeat(PatternNode::of(inside), whole ? 1 : 0, PatternNode::kUnbounded));
    }
    return PatternNode::sequence(std::move(parts));
}

}  // namespace writ::pattern
