#include "pattern/syntax.h"

namespace writ::pattern {

PatternNode PatternNode::of(CharSet set) {
    PatternNode node;
    node.form = Form::Set;
    node.set = std::move(set);
    return node;
}

PatternNode PatternNode::repeat(PatternNode kid, std::uint32_t least, std::uint32_t most) {
    PatternNode node;
    node.form = Form::Repeat;
    node.kids.push_back(std::move(kid));
    node.least = least;
    node.most = most;
    return node;
}

PatternNode PatternNode::sequence(std::vector<PatternNode> kids) {
    PatternNode node;
    node.form = Form::Sequence;
    for (PatternNode& kid : kids) {
        if (kid.form == Form::Empty) continue;
        if (kid.form != Form::Sequence) {
            node.kids.push_back(std::move(kid));
            continue;
        }
        for (PatternNode& inner : kid.kids) node.kids.push_back(std::move(inner));
    }
    if (node.kids.empty()) return {};
    if (node.kids.size() == 1) return PatternNode(std::move(node.kids[0]));
    return node;
}

PatternNode PatternNode::either(std::vector<PatternNode> kids) {
    if (kids.size() == 1) return std::move(kids[0]);
    PatternNode node;
    node.form = Form::Either;
    node.kids = std::move(kids);
    return node;
}

std::uint32_t next_character(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) return lead;
    const std::size_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    std::uint32_t character = lead & (0x3Fu >> more);
    for (std::size_t i = 0; i < more; ++i)
        character = character << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
    return character;
}

void append_character(std::string& out, std::uint32_t character) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    const auto more = [&](unsigned shift) { put(0x80 | (character >> shift & 0x3F)); };
    if (character < 0x80) return put(character);
    if (character < 0x800) {
        put(0xC0 | character >> 6);
    } else if (character < 0x10000) {
        put(0xE0 | character >> 12);
        more(6);
    } else {
        put(0xF0 | character >> 18);
        more(12);
        more(6);
    }
    more(0);
}

}  // namespace writ::pattern
