#include "pattern/matcher.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace writ::pattern {

namespace {

bool is_literal(const PatternNode& node) {
    return node.form == PatternNode::Form::Set && node.set.single();
}
std::uint32_t character_of(const PatternNode& node) {
    return node.set.ranges()[0].low;
}

/// Removes the literal prefix and suffix from a tree.
PatternNode split(PatternNode whole, Matcher& out) {
    std::vector<PatternNode> parts;
    if (whole.form == PatternNode::Form::Sequence)
        parts = std::move(whole.kids);
    else
        parts.push_back(std::move(whole));
    std::size_t first = 0, past = parts.size();
    while (first < past && is_literal(parts[first])) append_character(out.prefix, character_of(parts[first++]));
    while (past > first && is_literal(parts[past - 1])) --past;
    for (std::size_t i = past; i < parts.size(); ++i) append_character(out.suffix, character_of(parts[i]));
    return PatternNode::sequence({std::make_move_iterator(parts.begin() + static_cast<std::ptrdiff_t>(first)),
                                  std::make_move_iterator(parts.begin() + static_cast<std::ptrdiff_t>(past))});
}

tl::expected<Tables, TooLarge> tables_of(const PatternNode& node) {
    const auto nfa = Nfa::of(node);
    if (!nfa) return tl::unexpected(TooLarge::States);
    return determine(*nfa);
}

/// The repetitions with a count in a tree.
void counted(PatternNode& node, std::vector<PatternNode*>& out) {
    for (PatternNode& kid : node.kids) counted(kid, out);
    const bool endless = node.most == PatternNode::kUnbounded;
    if (node.form == PatternNode::Form::Repeat && (node.least > 1 || (!endless && node.most > 1))) out.push_back(&node);
}
std::uint32_t count_of(const PatternNode& node) {
    return node.most == PatternNode::kUnbounded ? node.least : node.most;
}

/// The repetition without whose count the tree would not be too large; the one with the largest count if no single
/// one suffices; null if there is none.
const PatternNode* culprit(PatternNode& whole) {
    constexpr std::size_t kAttempts = 8;
    std::vector<PatternNode*> counts;
    counted(whole, counts);
    std::stable_sort(counts.begin(), counts.end(),
                     [](const PatternNode* a, const PatternNode* b) { return count_of(*a) > count_of(*b); });
    for (std::size_t i = 0; i < std::min(counts.size(), kAttempts); ++i) {
        PatternNode& node = *counts[i];
        const std::uint32_t least = std::exchange(node.least, std::min(node.least, 1u)),
                            most = std::exchange(node.most, 1);
        const bool helps = tables_of(whole).has_value();
        node.least = least;
        node.most = most;
        if (helps) return &node;
    }
    return counts.empty() ? nullptr : counts[0];
}

Problem too_large(std::string_view text, PatternNode& whole, TooLarge why, bool glob) {
    Problem out;
    switch (why) {
        case TooLarge::States: out.message = "needs more than " + std::to_string(kMaxStates) + " states"; break;
        case TooLarge::Table:
            out.message = "needs a table of more than " + std::to_string(Automaton::kMaxMoves) + " moves";
            break;
        case TooLarge::Work: out.message = "takes more than " + std::to_string(kMaxWork) + " steps to compile"; break;
    }
    if (glob) {
        out.help = "write fewer stars, or split it into several conditions";
    } else if (const PatternNode* part = culprit(whole)) {
        out.message += ", because of `" + std::string(text.substr(part->begin, part->end - part->begin)) + "`";
        out.help =
            "write `*`, `+` or a smaller count; a count after a part of any length, such as `.*` or `(a|b)*`, "
            "doubles the states each time";
    } else {
        out.help = "split it into several conditions, or compare with `in` a set or a table's column";
    }
    return out;
}

tl::expected<Matcher, Problem> make(std::string_view text, tl::expected<PatternNode, Problem> tree, bool glob) {
    if (!tree) return tl::unexpected(std::move(tree.error()));
    Matcher out;
    out.text = text;
    out.glob = glob;
    PatternNode between = split(std::move(*tree), out);
    auto tables = tables_of(between);
    if (!tables) return tl::unexpected(too_large(text, between, tables.error(), glob));
    out.between = std::move(*tables);
    return out;
}

}  // namespace

tl::expected<Matcher, Problem> make_regex(std::string_view text) {
    return make(text, parse_regex(text), false);
}

tl::expected<Matcher, Problem> make_glob(std::string_view text, std::string_view separators) {
    return make(text, parse_glob(text, separators), true);
}

}  // namespace writ::pattern
