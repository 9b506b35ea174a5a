#include "pattern/nfa.h"

#include <algorithm>
#include <string>

namespace writ::pattern {

namespace {

class NfaBuilder {
public:
    explicit NfaBuilder(Nfa& out) : states_(out.states) {}

    /// Adds states for a node after a state; returns the state after the node. The new states never lead back to old
    /// ones, so alternatives may start at the same state.
    std::uint32_t add(const PatternNode& node, std::uint32_t from) {
        if (full()) return from;
        switch (node.form) {
            case PatternNode::Form::Empty: return from;
            case PatternNode::Form::Set: return characters(node.set, from);
            case PatternNode::Form::Sequence:
                for (const PatternNode& kid : node.kids) from = add(kid, from);
                return from;
            case PatternNode::Form::Either: {
                std::vector<std::uint32_t> ends;
                for (const PatternNode& kid : node.kids) ends.push_back(add(kid, from));
                const std::uint32_t out = fresh();
                for (const std::uint32_t end : ends) states_[end].free.push_back(out);
                return out;
            }
            case PatternNode::Form::Repeat: return repeat(node, from);
        }
        return from;
    }
    std::uint32_t fresh() {
        states_.emplace_back();
        return static_cast<std::uint32_t>(states_.size() - 1);
    }
    [[nodiscard]] bool full() const { return states_.size() > Nfa::kMaxStates; }

private:
    std::uint32_t repeat(const PatternNode& node, std::uint32_t from) {
        const PatternNode& kid = node.kids[0];
        const bool endless = node.most == PatternNode::kUnbounded;
        if (endless && kid.form == PatternNode::Form::Set && takes_others(kid.set)) return run(node, from);
        // The last required copy is the one that an unlimited repetition repeats.
        for (std::uint32_t i = 0; i + (endless ? 1 : 0) < node.least && !full(); ++i) from = add(kid, from);
        if (endless) {
            const std::uint32_t begin = fresh();
            states_[from].free.push_back(begin);
            const std::uint32_t end = add(kid, begin);
            states_[end].free.push_back(begin);
            const std::uint32_t out = fresh();
            states_[node.least == 0 ? begin : end].free.push_back(out);
            return out;
        }
        std::vector<std::uint32_t> ends;
        for (std::uint32_t i = node.least; i < node.most && !full(); ++i) {
            ends.push_back(from);
            from = add(kid, from);
        }
        const std::uint32_t out = fresh();
        ends.push_back(from);
        for (const std::uint32_t end : ends) states_[end].free.push_back(out);
        return out;
    }

    /// Whether a set contains every character outside ASCII.
    static bool takes_others(const CharSet& set) {
        return !set.empty() && set.ranges().back().low <= 0x80 && set.ranges().back().high == kLastCharacter;
    }

    /// `.*`, `[^/]+`: one state that stays at every byte of such a character.
    std::uint32_t run(const PatternNode& node, std::uint32_t from) {
        const CharSet& set = node.kids[0].set;
        for (std::uint32_t i = 0; i < node.least && !full(); ++i) from = characters(set, from);
        const std::uint32_t out = fresh();
        states_[from].free.push_back(out);
        ascii(set, out, out);
        edge(out, 0x80, 0xFF, out);
        return out;
    }

    void ascii(const CharSet& set, std::uint32_t from, std::uint32_t to) {
        for (const CharRange& range : set.ranges())
            if (range.low < 0x80) edge(from, range.low, std::min(range.high, 0x7Fu), to);
    }

    std::uint32_t characters(const CharSet& set, std::uint32_t from) {
        const std::uint32_t out = fresh();
        ascii(set, from, out);
        if (takes_others(set)) {
            // Accepts a first byte and any number of continuation bytes: one state is
            // enough for characters of any length.
            edge(from, 0xC0, 0xFF, out);
            edge(out, 0x80, 0xBF, out);
            return out;
        }
        for (const CharRange& range : set.ranges()) {
            split(std::max(range.low, 0x80u), std::min(range.high, 0xD7FFu), from, out);
            split(std::max(range.low, 0xE000u), range.high, from, out);
        }
        return out;
    }

    /// Splits a range until all its characters have the same number of bytes, and each byte after the first split one
    /// covers a whole range.
    void split(std::uint32_t low, std::uint32_t high, std::uint32_t from, std::uint32_t out) {
        if (low > high || full()) return;
        for (const std::uint32_t end : {0x7FFu, 0xFFFFu})
            if (low <= end && high > end) {
                split(low, end, from, out);
                return split(end + 1, high, from, out);
            }
        for (unsigned i = 1; i < (high > 0xFFFF ? 4u : high > 0x7FF ? 3u : 2u); ++i) {
            const std::uint32_t rest = (1u << 6 * i) - 1;
            if ((low & ~rest) == (high & ~rest)) continue;
            if ((low & rest) != 0) {
                split(low, low | rest, from, out);
                return split((low | rest) + 1, high, from, out);
            }
            if ((high & rest) != rest) {
                split(low, (high & ~rest) - 1, from, out);
                return split(high & ~rest, high, from, out);
            }
        }
        std::string first, last;
        append_character(first, low);
        append_character(last, high);
        for (std::size_t i = 0; i < first.size(); ++i) {
            const std::uint32_t to = i + 1 == first.size() ? out : fresh();
            edge(from, static_cast<unsigned char>(first[i]), static_cast<unsigned char>(last[i]), to);
            from = to;
        }
    }

    void edge(std::uint32_t from, std::uint32_t low, std::uint32_t high, std::uint32_t to) {
        states_[from].edges.push_back({static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high), to});
    }

    std::vector<Nfa::State>& states_;
};

}  // namespace

std::optional<Nfa> Nfa::of(const PatternNode& node) {
    Nfa out;
    NfaBuilder builder(out);
    out.accept = builder.add(node, builder.fresh());
    if (builder.full()) return {};
    return out;
}

}  // namespace writ::pattern
