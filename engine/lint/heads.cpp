#include "lint/heads.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/kind.h"
#include "pattern/syntax.h"

namespace writ::lint {

namespace {

using pattern::PatternNode;

constexpr std::size_t kMostHeads = 64;
constexpr std::uint32_t kMostCharacters = 16;  ///< most characters of a set that are distinguished
constexpr std::uint32_t kMostRepeats = 4;      ///< most numbers of repetitions that are distinguished

using Heads = std::vector<Head>;

/// Appends the texts of a part of a pattern to each beginning that is complete so far. False: there are too many.
bool extend(const PatternNode& node, Heads& heads);

/// Takes the beginnings that cannot go on out of `heads`.
Heads take_ended(Heads& heads) {
    Heads ended;
    for (Head& each : heads)
        if (!each.whole) ended.push_back(std::move(each));
    std::erase_if(heads, [](const Head& each) { return !each.whole; });
    return ended;
}

void append(Heads& to, Heads more) {
    std::move(more.begin(), more.end(), std::back_inserter(to));
}

void end_all(Heads& heads) {
    for (Head& each : heads) each.whole = false;
}

void extend_by_set(const pattern::CharSet& set, Heads& heads) {
    std::uint32_t characters = 0;
    for (const pattern::CharRange& range : set.ranges())
        characters += std::min(range.high - range.low, kMostCharacters) + 1;
    if (characters > kMostCharacters) return end_all(heads);
    Heads out;
    for (const Head& head : heads)
        for (const pattern::CharRange& range : set.ranges())
            for (std::uint32_t c = range.low; c <= range.high; ++c)
                pattern::append_character(out.emplace_back(head).text, c);
    heads = std::move(out);
}

bool extend_by_repeat(const PatternNode& node, Heads& heads) {
    for (std::uint32_t i = 0; i < node.least; ++i)
        if (!extend(node.kids[0], heads)) return false;
    if (node.most - node.least > kMostRepeats) {
        end_all(heads);
        return true;
    }
    Heads out;
    for (std::uint32_t i = node.least;; ++i) {
        out.insert(out.end(), heads.begin(), heads.end());
        if (i == node.most) break;
        if (!extend(node.kids[0], heads)) return false;
    }
    heads = std::move(out);
    return true;
}

bool extend(const PatternNode& node, Heads& heads) {
    Heads ended = take_ended(heads);
    bool few = true;
    switch (node.form) {
        case PatternNode::Form::Empty: break;
        case PatternNode::Form::Set: extend_by_set(node.set, heads); break;
        case PatternNode::Form::Sequence:
            for (const PatternNode& kid : node.kids) few = few && extend(kid, heads);
            break;
        case PatternNode::Form::Either: {
            Heads out;
            for (const PatternNode& kid : node.kids) {
                Heads branch = heads;
                few = few && extend(kid, branch);
                append(out, std::move(branch));
            }
            heads = std::move(out);
            break;
        }
        case PatternNode::Form::Repeat: few = extend_by_repeat(node, heads); break;
    }
    append(heads, std::move(ended));
    return few && heads.size() <= kMostHeads;
}

}  // namespace

std::optional<Heads> heads_of(const check::Expr& test) {
    const auto& [text, glob] = std::tie(test.matcher->text, test.matcher->glob);
    const auto tree =
        glob ? pattern::parse_glob(text, separators_of(static_cast<Kind>(test.index))) : pattern::parse_regex(text);
    Heads heads(1);
    if (!tree || !extend(*tree, heads)) return std::nullopt;
    return heads;
}

}  // namespace writ::lint
