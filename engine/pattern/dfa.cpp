#include "pattern/dfa.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace writ::pattern {

namespace {

/// Deterministic, not yet minimal. The row of a state has length `width`.
struct Dfa {
    std::array<std::uint8_t, 256> classes{};
    std::uint32_t width = 0;
    std::uint32_t start = 0;
    std::vector<std::uint32_t> moves;
    std::vector<bool> accepts;

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(accepts.size()); }
    [[nodiscard]] std::uint32_t to(std::uint32_t state, std::uint32_t each) const {
        return moves[std::size_t{state} * width + each];
    }
};

/// Bytes that no edge distinguishes are one class. Classes ascend with their bytes, so an
/// edge covers a range of classes.
void classify(const Nfa& nfa, Dfa& out) {
    std::array<bool, 257> begins{};
    for (const Nfa::State& state : nfa.states)
        for (const Nfa::Edge& edge : state.edges) begins[edge.low] = begins[edge.high + 1u] = true;
    std::uint32_t each = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (byte > 0 && begins[byte]) ++each;
        out.classes[byte] = static_cast<std::uint8_t>(each);
    }
    out.width = each + 1;
}

/// Numbers the sets of states of the Nfa.
class Subsets {
public:
    explicit Subsets(const Nfa& nfa) : nfa_(nfa), seen_(nfa.states.size(), 0) {}

    std::optional<TooLarge> run(Dfa& out) {
        number({}, out);  // the empty set, which accepts nothing
        out.start = number({0}, out);
        std::vector<std::vector<std::uint32_t>> reached(out.width);
        for (std::uint32_t at = 0; at < sets_.size(); ++at) {
            for (auto& each : reached) each.clear();
            for (const std::uint32_t state : sets_[at])
                for (const Nfa::Edge& edge : nfa_.states[state].edges)
                    for (unsigned c = out.classes[edge.low]; c <= out.classes[edge.high]; ++c)
                        reached[c].push_back(edge.to), ++work_;
            for (std::uint32_t c = 0; c < out.width; ++c) {
                // Adjacent bytes often reach the same states.
                const bool same = c > 0 && reached[c] == reached[c - 1];
                const std::uint32_t to = same ? out.moves.back() : number(reached[c], out);
                out.moves.push_back(to);
            }
            if (work_ > kMaxWork) return TooLarge::Work;
            if (sets_.size() > kMaxStates) return TooLarge::States;
        }
        return {};
    }

private:
    /// The number of the set that these states reach.
    std::uint32_t number(std::vector<std::uint32_t> states, Dfa& out) {
        ++round_;
        bool accepts = false;
        std::vector<std::uint32_t> kept;  // states without byte transitions are not needed in a set
        for (const std::uint32_t state : states) seen_[state] = round_;
        while (!states.empty()) {
            const std::uint32_t state = states.back();
            states.pop_back();
            ++work_;
            accepts = accepts || state == nfa_.accept;
            if (state == nfa_.accept || !nfa_.states[state].edges.empty()) kept.push_back(state);
            for (const std::uint32_t next : nfa_.states[state].free)
                if (seen_[next] != round_) seen_[next] = round_, states.push_back(next);
        }
        std::sort(kept.begin(), kept.end());
        kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
        const std::string_view key(reinterpret_cast<const char*>(kept.data()), kept.size() * sizeof(std::uint32_t));
        if (const auto found = numbers_.find(std::string(key)); found != numbers_.end()) return found->second;
        const auto made = static_cast<std::uint32_t>(sets_.size());
        numbers_.emplace(key, made);
        sets_.push_back(std::move(kept));
        out.accepts.push_back(accepts);
        return made;
    }

    const Nfa& nfa_;
    std::vector<std::uint32_t> seen_;
    std::uint32_t round_ = 0;
    std::uint64_t work_ = 0;
    std::vector<std::vector<std::uint32_t>> sets_;
    std::unordered_map<std::string, std::uint32_t> numbers_;
};

/// Hopcroft's algorithm: states are in blocks that some text distinguishes. A block is split by which of its states
/// lead into another block; of the two parts, the smaller is used for further splits.
class Partition {
public:
    explicit Partition(const Dfa& dfa) : dfa_(dfa), order_(dfa.size()), place_(dfa.size()), block_(dfa.size(), 0) {
        std::iota(order_.begin(), order_.end(), 0);
        std::stable_partition(order_.begin(), order_.end(), [&](std::uint32_t state) { return !dfa.accepts[state]; });
        for (std::uint32_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
        const auto rejecting = static_cast<std::uint32_t>(std::count(dfa.accepts.begin(), dfa.accepts.end(), false));
        parts_.push_back({0, dfa.size(), 0});
        if (rejecting > 0 && rejecting < dfa.size()) cut(0, rejecting);
        for (std::uint32_t i = 0; i < parts_.size(); ++i) waiting_.push_back(i);
        waits_.assign(parts_.size(), true);
    }

    /// The block of each state.
    std::vector<std::uint32_t> run() {
        reverse();
        std::vector<std::uint32_t> states, touched;
        while (!waiting_.empty()) {
            const std::uint32_t by = waiting_.back();
            waiting_.pop_back();
            waits_[by] = false;
            states.assign(order_.begin() + parts_[by].first, order_.begin() + parts_[by].past);
            for (std::uint32_t c = 0; c < dfa_.width; ++c) {
                touched.clear();
                for (const std::uint32_t to : states)
                    for (std::uint32_t i = begins_[c * (dfa_.size() + std::size_t{1}) + to];
                         i < begins_[c * (dfa_.size() + std::size_t{1}) + to + 1]; ++i)
                        mark(sources_[i], touched);
                for (const std::uint32_t part : touched) split(part);
            }
        }
        return block_;
    }

private:
    struct Part {
        std::uint32_t first, past;  ///< a run of order_
        std::uint32_t marked;       ///< number of marked states, at the start of the run
    };

    /// For each class and state, the states that lead to it.
    void reverse() {
        const std::uint32_t size = dfa_.size();
        begins_.assign(dfa_.width * (size + std::size_t{1}), 0);
        sources_.resize(dfa_.moves.size());
        std::uint32_t at = 0;
        std::vector<std::uint32_t> next(size);
        for (std::uint32_t c = 0; c < dfa_.width; ++c) {
            std::uint32_t* const begin = &begins_[c * (size + std::size_t{1})];
            std::fill(next.begin(), next.end(), 0);
            for (std::uint32_t state = 0; state < size; ++state) ++next[dfa_.to(state, c)];
            for (std::uint32_t state = 0; state < size; ++state) {
                begin[state] = at;
                at += std::exchange(next[state], at);
            }
            begin[size] = at;
            for (std::uint32_t state = 0; state < size; ++state) sources_[next[dfa_.to(state, c)]++] = state;
        }
    }

    void mark(std::uint32_t state, std::vector<std::uint32_t>& touched) {
        Part& part = parts_[block_[state]];
        const std::uint32_t to = part.first + part.marked;
        if (place_[state] < to) return;
        if (part.marked++ == 0) touched.push_back(block_[state]);
        std::swap(order_[place_[state]], order_[to]);
        place_[order_[place_[state]]] = place_[state];
        place_[state] = to;
    }

    void split(std::uint32_t which) {
        const std::uint32_t marked = std::exchange(parts_[which].marked, 0);
        if (marked == parts_[which].past - parts_[which].first) return;
        const std::uint32_t made = cut(which, marked);
        waits_.push_back(false);
        const bool smaller = parts_[made].past - parts_[made].first <= parts_[which].past - parts_[which].first;
        const std::uint32_t next = waits_[which] || smaller ? made : which;
        waits_[next] = true;
        waiting_.push_back(next);
    }

    /// Makes a new block of the first `count` states of a block.
    std::uint32_t cut(std::uint32_t which, std::uint32_t count) {
        const auto made = static_cast<std::uint32_t>(parts_.size());
        parts_.push_back({parts_[which].first, parts_[which].first + count, 0});
        parts_[which].first += count;
        for (std::uint32_t i = parts_[made].first; i < parts_[made].past; ++i) block_[order_[i]] = made;
        return made;
    }

    const Dfa& dfa_;
    std::vector<std::uint32_t> order_, place_, block_;
    std::vector<Part> parts_;
    std::vector<std::uint32_t> waiting_;
    std::vector<bool> waits_;
    std::vector<std::uint32_t> begins_, sources_;
};

/// One state per block, in the groups of Automaton, and the classes that are still distinguished.
class TableLayout {
public:
    TableLayout(const Dfa& dfa, const std::vector<std::uint32_t>& block) : dfa_(dfa), block_(block) {
        // Blocks in the order in which they are reached from the start, so that a language has one form.
        member_.assign(block.size(), kNone);
        number_.assign(block.size(), kNone);
        meet(dfa.start);
        for (std::size_t i = 0; i < met_.size(); ++i)
            for (std::uint32_t c = 0; c < dfa.width; ++c) meet(dfa.to(member_[met_[i]], c));
        std::stable_sort(met_.begin(), met_.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return group(a) < group(b); });
        for (std::uint32_t i = 0; i < met_.size(); ++i) number_[met_[i]] = i;
    }

    tl::expected<Tables, TooLarge> run() {
        Tables out;
        const std::vector<std::uint32_t> columns = distinct(out);
        out.width = static_cast<std::uint32_t>(columns.size());
        if (met_.size() * columns.size() > Automaton::kMaxMoves) return tl::unexpected(TooLarge::Table);
        for (const std::uint32_t block : met_)
            for (const std::uint32_t column : columns)
                out.moves.push_back(static_cast<std::uint16_t>(to(block, column) * out.width));
        const auto first = [&](unsigned least) {
            const auto found =
                std::find_if(met_.begin(), met_.end(), [&](std::uint32_t block) { return group(block) >= least; });
            return static_cast<std::uint32_t>(found - met_.begin()) * out.width;
        };
        out.live = first(1);
        out.accepting = first(2);
        out.settled = first(3);
        out.start = number_[block_[dfa_.start]] * out.width;
        return out;
    }

private:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    void meet(std::uint32_t state) {
        const std::uint32_t block = block_[state];
        if (member_[block] != kNone) return;
        member_[block] = state;
        met_.push_back(block);
    }
    [[nodiscard]] std::uint32_t to(std::uint32_t block, std::uint32_t column) const {
        return number_[block_[dfa_.to(member_[block], column)]];
    }

    /// 0: never accepts; 1: rejects; 2: accepts; 3: always accepts.
    [[nodiscard]] unsigned group(std::uint32_t block) const {
        bool stays = true;
        for (std::uint32_t c = 0; c < dfa_.width; ++c) stays = stays && block_[dfa_.to(member_[block], c)] == block;
        const bool accepts = dfa_.accepts[member_[block]];
        return accepts ? (stays ? 3 : 2) : (stays ? 0 : 1);
    }

    /// Merges classes that lead to the same state from every state. Writes the classes of bytes.
    std::vector<std::uint32_t> distinct(Tables& out) const {
        std::vector<std::uint32_t> kept, class_of(dfa_.width);
        std::unordered_map<std::string, std::uint32_t> seen;
        for (std::uint32_t c = 0; c < dfa_.width; ++c) {
            std::string column;
            for (const std::uint32_t block : met_) {
                const std::uint32_t state = to(block, c);
                column.append(reinterpret_cast<const char*>(&state), sizeof state);
            }
            const auto [found, added] = seen.try_emplace(std::move(column), static_cast<std::uint32_t>(kept.size()));
            if (added) kept.push_back(c);
            class_of[c] = found->second;
        }
        for (unsigned byte = 0; byte < 256; ++byte)
            out.classes[byte] = static_cast<std::uint8_t>(class_of[dfa_.classes[byte]]);
        return kept;
    }

    const Dfa& dfa_;
    const std::vector<std::uint32_t>& block_;
    std::vector<std::uint32_t> member_;  ///< by block: one of its states
    std::vector<std::uint32_t> number_;  ///< by block: its place in met_
    std::vector<std::uint32_t> met_;
};

}  // namespace

tl::expected<Tables, TooLarge> determine(const Nfa& nfa) {
    Dfa dfa;
    classify(nfa, dfa);
    if (const auto failed = Subsets(nfa).run(dfa)) return tl::unexpected(*failed);
    const std::vector<std::uint32_t> blocks = Partition(dfa).run();
    return TableLayout(dfa, blocks).run();
}

}  // namespace writ::pattern
