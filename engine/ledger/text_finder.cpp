#include "ledger/text_finder.h"

#include <algorithm>
#include <numeric>

namespace writ::ledger {

namespace {

/// The texts that end with the node's text, as a range of the sorted order.
struct Range {
    std::size_t begin, end, length;
};

}  // namespace

/// Texts are read from their ends, so that matches are known by their start.
void TextFinder::build(const std::vector<std::string_view>& sought) {
    std::vector<std::uint32_t> order(sought.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::lexicographical_compare(
            sought[a].rbegin(), sought[a].rend(), sought[b].rbegin(), sought[b].rend(),
            [](char x, char y) { return static_cast<unsigned char>(x) < static_cast<unsigned char>(y); });
    });
    order.erase(std::unique(order.begin(), order.end(),
                            [&](std::uint32_t a, std::uint32_t b) { return sought[a] == sought[b]; }),
                order.end());

    lookups_ = 0;
    nodes_.assign(1, Node{});
    std::vector<Range> ranges{{0, order.size(), 0}};
    for (std::uint32_t parent = 0; parent < nodes_.size(); ++parent) {
        const Range range = ranges[parent];
        const auto byte_of = [&](std::size_t at) {
            const std::string_view text = sought[order[at]];
            return static_cast<unsigned char>(text[text.size() - 1 - range.length]);
        };
        // The text that ends here is the shortest in its range, so it is the first.
        std::size_t at = range.begin;
        if (range.length > 0 && sought[order[at]].size() == range.length) ++at;
        const auto first_child = static_cast<std::uint32_t>(nodes_.size());
        std::vector<Node> children;
        while (at < range.end) {
            const std::size_t begin = at;
            Node child;
            child.byte = byte_of(begin);
            while (at < range.end && byte_of(at) == child.byte) ++at;
            // Children of shorter texts are set already.
            child.shorter = parent == 0 ? 0 : step(nodes_[parent].shorter, child.byte);
            child.found = sought[order[begin]].size() == range.length + 1 ? order[begin] : nodes_[child.shorter].found;
            children.push_back(child);
            ranges.push_back({begin, at, range.length + 1});
        }
        nodes_[parent].first_child = first_child;
        nodes_[parent].child_count = static_cast<std::uint32_t>(children.size());
        nodes_.insert(nodes_.end(), children.begin(), children.end());
    }
}

std::uint32_t TextFinder::step(std::uint32_t node, unsigned char byte) {
    for (;;) {
        ++lookups_;
        const auto first = nodes_.begin() + nodes_[node].first_child, last = first + nodes_[node].child_count;
        const auto child =
            std::lower_bound(first, last, byte, [](const Node& each, unsigned char what) { return each.byte < what; });
        if (child != last && child->byte == byte) return static_cast<std::uint32_t>(child - nodes_.begin());
        if (node == 0) return 0;
        node = nodes_[node].shorter;
    }
}

const std::vector<std::uint32_t>& TextFinder::find(std::string_view text) {
    starts_.assign(text.size(), kNone);
    std::uint32_t node = 0;
    for (std::size_t at = text.size(); at-- > 0;) {
        node = step(node, static_cast<unsigned char>(text[at]));
        starts_[at] = nodes_[node].found;
    }
    return starts_;
}

}  // namespace writ::ledger
