// Candidate structures for the rule index, on the neutral workload: the time for a request and the memory of each.
// WRIT_WORKLOAD names a folder that gen_workload.py has filled. The engine is not used: rules and requests are read
// from the workload's JSON, facts are numbered, and each structure is a simple implementation of its idea. The results
// are in docs/performance.md.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

namespace {

namespace fs = std::filesystem;

/// The facts that rules compare with constants.
enum Fact : std::size_t { kTenant, kNamespace, kIssuer, kTool, kFacts };
constexpr const char* kNames[kFacts] = {"tenant", "namespace", "issuer", "tool"};

/// The values of each fact that a rule accepts; empty: any value.
using Asked = std::array<std::vector<std::uint32_t>, kFacts>;
/// The values of a request; 0: a value that no rule contains.
using Request = std::array<std::uint32_t, kFacts>;

struct Workload {
    std::vector<Asked> rules;
    std::vector<bool> permits;
    std::vector<Request> requests;
    std::array<std::uint32_t, kFacts> values{};  ///< the number of values of each fact, including 0
};

Workload read(const fs::path& folder) {
    Workload out;
    std::array<std::unordered_map<std::string, std::uint32_t>, kFacts> ids;
    std::ifstream rules(folder / "rules.json");
    for (const auto& rule : nlohmann::json::parse(rules)) {
        Asked& asked = out.rules.emplace_back();
        out.permits.push_back(rule["effect"] == "permit");
        for (std::size_t fact = 0; fact < kFacts; ++fact) {
            auto add = [&](const nlohmann::json& value) {
                asked[fact].push_back(
                    ids[fact].try_emplace(value.get<std::string>(), ids[fact].size() + 1).first->second);
            };
            if (rule.contains(kNames[fact])) add(rule[kNames[fact]]);
            if (fact == kTool && rule.contains("tools"))
                for (const auto& tool : rule["tools"]) add(tool);
        }
    }
    for (std::size_t fact = 0; fact < kFacts; ++fact)
        out.values[fact] = static_cast<std::uint32_t>(ids[fact].size() + 1);
    std::ifstream lines(folder / "requests.jsonl");
    for (std::string line; std::getline(lines, line);) {
        const auto stated = nlohmann::json::parse(line);
        Request& request = out.requests.emplace_back();
        for (std::size_t fact = 0; fact < kFacts; ++fact) {
            const auto found = ids[fact].find(stated[kNames[fact]].get<std::string>());
            request[fact] = found != ids[fact].end() ? found->second : 0;
        }
    }
    return out;
}

bool asks_for(const Asked& asked, const Request& request) {
    for (std::size_t fact = 0; fact < kFacts; ++fact)
        if (!asked[fact].empty() &&
            std::find(asked[fact].begin(), asked[fact].end(), request[fact]) == asked[fact].end())
            return false;
    return true;
}

constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0xE7037ED1A0B428DB;
    return hash ^ (hash >> 32);
}

/// Maps 64-bit hashes to numbers; stores 32 bits of each hash.
class Table {
public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    void reserve(std::size_t count) { slots_.assign(std::bit_ceil(count + count / 2 + 2), {0, kNone}); }
    /// The number for a hash; added if there is none.
    std::uint32_t& at(std::uint64_t hash) { return const_cast<Slot&>(slot(hash)).value; }
    [[nodiscard]] std::uint32_t find(std::uint64_t hash) const { return slot(hash).value; }
    void put(std::uint64_t hash, std::uint32_t value) { const_cast<Slot&>(slot(hash)) = {tag(hash), value}; }
    [[nodiscard]] std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

private:
    struct Slot {
        std::uint32_t tag, value;
    };
    static std::uint32_t tag(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
    [[nodiscard]] const Slot& slot(std::uint64_t hash) const {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t i = tag(hash) & mask;; i = (i + 1) & mask)
            if (slots_[i].value == kNone || slots_[i].tag == tag(hash)) return slots_[i];
    }
    std::vector<Slot> slots_;
};

/// Calls `visit(hash)` for each combination of a rule's values of some facts.
template <class Visit>
void combinations(const Asked& asked, const std::vector<Fact>& facts, Visit visit, std::size_t at = 0,
                  std::uint64_t hash = 1) {
    if (at == facts.size()) return visit(hash);
    for (const std::uint32_t value : asked[facts[at]]) combinations(asked, facts, visit, at + 1, mix(hash, value));
}

using Found = std::vector<std::uint32_t>;

/// Tuple-space search: a table for each set of facts that rules test.
class Tuples {
public:
    /// `most`: how many of the facts that a rule tests are used, in the order of Fact.
    Tuples(const Workload& load, std::size_t most) {
        for (const bool permits : {true, false}) {
            Group group;
            for (std::size_t fact = 0; fact < kFacts && group.facts.size() < most; ++fact)
                for (std::size_t i = 0; i < load.rules.size(); ++i)
                    if (load.permits[i] == permits && !load.rules[i][fact].empty()) {
                        group.facts.push_back(static_cast<Fact>(fact));
                        break;
                    }
            std::unordered_map<std::uint64_t, Found> buckets;
            for (std::uint32_t i = 0; i < load.rules.size(); ++i)
                if (load.permits[i] == permits)
                    combinations(load.rules[i], group.facts, [&](std::uint64_t hash) { buckets[hash].push_back(i); });
            group.table.reserve(buckets.size());
            for (const auto& [hash, rules] : buckets) {
                group.table.put(hash, static_cast<std::uint32_t>(group.runs.size()));
                group.runs.push_back(static_cast<std::uint32_t>(rules.size()));
                group.runs.insert(group.runs.end(), rules.begin(), rules.end());
            }
            groups_.push_back(std::move(group));
        }
    }
    void find(const Request& request, Found& out) const {
        for (const Group& group : groups_) {
            std::uint64_t hash = 1;
            for (const Fact fact : group.facts) hash = mix(hash, request[fact]);
            const std::uint32_t run = group.table.find(hash);
            if (run == Table::kNone) continue;
            out.insert(out.end(), group.runs.begin() + run + 1, group.runs.begin() + run + 1 + group.runs[run]);
        }
    }
    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const Group& group : groups_) sum += group.table.bytes() + group.runs.size() * sizeof(std::uint32_t);
        return sum;
    }

private:
    struct Group {
        std::vector<Fact> facts;
        Table table;
        std::vector<std::uint32_t> runs;  ///< a count, followed by that many rules
    };
    std::vector<Group> groups_;
};

/// A bitmap of rules for each value of each fact, including rules that do not test the fact; the bitmaps of a request
/// are ANDed. With a summary, one bit says whether a word of 64 bits is empty, and empty words are skipped.
class Bitmaps {
public:
    Bitmaps(const Workload& load, bool summarised)
        : words_((load.rules.size() + 63) / 64), summary_(summarised ? (words_ + 63) / 64 : 0) {
        for (std::size_t fact = 0; fact < kFacts; ++fact) {
            maps_[fact].assign(load.values[fact] * (words_ + summary_), 0);
            for (std::uint32_t i = 0; i < load.rules.size(); ++i) {
                const auto& asked = load.rules[i][fact];
                for (std::uint32_t value = 0; value < load.values[fact]; ++value)
                    if (asked.empty()) add(map(fact, value), i);
                for (const std::uint32_t value : asked) add(map(fact, value), i);
            }
        }
    }
    void find(const Request& request, Found& out) const {
        std::array<const std::uint64_t*, kFacts> maps;
        for (std::size_t fact = 0; fact < kFacts; ++fact)
            maps[fact] = maps_[fact].data() + request[fact] * (words_ + summary_);
        auto all = [&](std::size_t i) {
            return maps[kTenant][i] & maps[kNamespace][i] & maps[kIssuer][i] & maps[kTool][i];
        };
        auto word = [&](std::size_t i) {
            for (std::uint64_t left = all(summary_ + i); left != 0; left &= left - 1)
                out.push_back(static_cast<std::uint32_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(left))));
        };
        if (summary_ == 0) {
            for (std::size_t i = 0; i < words_; ++i) word(i);
            return;
        }
        for (std::size_t s = 0; s < summary_; ++s)
            for (std::uint64_t left = all(s); left != 0; left &= left - 1)
                word(s * 64 + static_cast<std::size_t>(std::countr_zero(left)));
    }
    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const auto& maps : maps_) sum += maps.size() * sizeof(std::uint64_t);
        return sum;
    }

private:
    std::uint64_t* map(std::size_t fact, std::uint32_t value) {
        return maps_[fact].data() + value * (words_ + summary_);
    }
    void add(std::uint64_t* map, std::uint32_t rule) const {
        map[summary_ + rule / 64] |= std::uint64_t{1} << (rule % 64);
        if (summary_ != 0) map[rule / 4096] |= std::uint64_t{1} << (rule / 64 % 64);
    }

    std::size_t words_, summary_;
    std::array<std::vector<std::uint64_t>, kFacts> maps_;  ///< summary, then words
};

/// A decision diagram: facts in one order, with an edge for each value that a rule below it tests. A rule that does not
/// test a fact is put below every edge of the fact, so permits and denies have separate diagrams.
class Diagram {
public:
    explicit Diagram(const Workload& load) {
        for (const bool permits : {true, false}) {
            Tree tree;
            for (std::size_t fact = 0; fact < kFacts; ++fact)
                for (std::size_t i = 0; i < load.rules.size(); ++i)
                    if (load.permits[i] == permits && !load.rules[i][fact].empty()) {
                        tree.facts.push_back(static_cast<Fact>(fact));
                        break;
                    }
            std::unordered_map<std::uint64_t, std::uint32_t> edges;
            std::vector<Found> leaves(1);
            for (std::uint32_t i = 0; i < load.rules.size(); ++i)
                if (load.permits[i] == permits) grow(tree, edges, leaves, load.rules[i], i, 0, 0);
            tree.edges.reserve(edges.size());
            for (const auto& [edge, node] : edges) tree.edges.put(edge, node);
            for (const Found& leaf : leaves) {
                tree.leaves.push_back(static_cast<std::uint32_t>(tree.rules.size()));
                tree.rules.insert(tree.rules.end(), leaf.begin(), leaf.end());
            }
            tree.leaves.push_back(static_cast<std::uint32_t>(tree.rules.size()));
            trees_.push_back(std::move(tree));
        }
    }
    void find(const Request& request, Found& out) const {
        for (const Tree& tree : trees_) {
            std::uint32_t node = 0;
            for (const Fact fact : tree.facts)
                if ((node = tree.edges.find(edge(node, request[fact]))) == Table::kNone) break;
            if (node != Table::kNone)
                out.insert(out.end(), tree.rules.begin() + tree.leaves[node],
                           tree.rules.begin() + tree.leaves[node + 1]);
        }
    }
    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const Tree& tree : trees_)
            sum += tree.edges.bytes() + (tree.leaves.size() + tree.rules.size()) * sizeof(std::uint32_t);
        return sum;
    }

private:
    struct Tree {
        std::vector<Fact> facts;
        Table edges;
        std::vector<std::uint32_t> leaves, rules;
    };
    static std::uint64_t edge(std::uint32_t node, std::uint32_t value) { return mix(mix(1, node), value); }
    void grow(const Tree& tree, std::unordered_map<std::uint64_t, std::uint32_t>& edges, std::vector<Found>& leaves,
              const Asked& asked, std::uint32_t rule, std::uint32_t node, std::size_t at) {
        if (at == tree.facts.size()) return leaves[node].push_back(rule);
        for (const std::uint32_t value : asked[tree.facts[at]]) {
            const auto [next, added] = edges.try_emplace(edge(node, value), static_cast<std::uint32_t>(leaves.size()));
            if (added) leaves.emplace_back();
            grow(tree, edges, leaves, asked, rule, next->second, at + 1);
        }
    }
    std::vector<Tree> trees_;
};

template <class Structure>
void measure(benchmark::State& state, const std::shared_ptr<Workload>& load,
             const std::shared_ptr<Structure>& structure) {
    Found found;
    std::size_t next = 0, candidates = 0;
    for (auto _ : state) {
        found.clear();
        structure->find(load->requests[next], found);
        benchmark::DoNotOptimize(found.data());
        candidates += found.size();
        if (++next == load->requests.size()) next = 0;
    }
    state.counters["B/rule"] = static_cast<double>(structure->bytes()) / static_cast<double>(load->rules.size());
    state.counters["tried"] = static_cast<double>(candidates) / static_cast<double>(state.iterations());
}

/// Whether no rule is missed: compares a part of the requests with trying every rule.
template <class Structure>
bool sound(const Workload& load, const Structure& structure) {
    Found found;
    for (std::size_t i = 0; i < load.requests.size(); i += 1 + load.rules.size() / 100) {
        found.clear();
        structure.find(load.requests[i], found);
        std::sort(found.begin(), found.end());
        for (std::uint32_t rule = 0; rule < load.rules.size(); ++rule)
            if (asks_for(load.rules[rule], load.requests[i]) && !std::binary_search(found.begin(), found.end(), rule))
                return false;
    }
    return true;
}

template <class Structure>
void add(const std::string& name, const std::shared_ptr<Workload>& load, std::shared_ptr<Structure> structure) {
    const std::string title = name + "/" + std::to_string(load->rules.size());
    if (!sound(*load, *structure)) {
        std::fprintf(stderr, "%s misses a rule\n", title.c_str());
        std::exit(1);
    }
    benchmark::RegisterBenchmark(title.c_str(), measure<Structure>, load, std::move(structure));
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    const char* folder = std::getenv("WRIT_WORKLOAD");
    if (folder == nullptr) {
        std::fprintf(stderr, "WRIT_WORKLOAD must name a folder that gen_workload.py has filled\n");
        return 2;
    }
    for (const char* size : {"10", "1000", "10000", "100000"}) {
        if (!fs::exists(fs::path(folder) / size / "rules.json")) continue;
        const auto load = std::make_shared<Workload>(read(fs::path(folder) / size));
        add("tuples, every fact", load, std::make_shared<Tuples>(*load, kFacts));
        add("tuples, three facts", load, std::make_shared<Tuples>(*load, 3));
        add("tuples, one fact", load, std::make_shared<Tuples>(*load, 1));
        add("bitmaps", load, std::make_shared<Bitmaps>(*load, false));
        add("bitmaps, summarised", load, std::make_shared<Bitmaps>(*load, true));
        add("diagram", load, std::make_shared<Diagram>(*load));
    }
    benchmark::RunSpecifiedBenchmarks();
}
