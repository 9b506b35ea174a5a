// Builds an index: finds for each class of rules the fewest facts that distinguish its rules.
#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bytecode/index.h"

namespace writ::bytecode {

namespace {

// A fact with one value costs only a short hash computation; a set stores the rule once for each value; a further
// search costs about as much as trying this many rules.
constexpr double kCrowdForFact = 1.25, kCrowdForSet = 1.5, kCrowdForPath = 8;
/// A fact that leaves more than this share of the rules together is not used.
constexpr double kWorthKeeping = 0.9;

/// The most entries for one rule, and for all rules together in addition to one each.
constexpr std::size_t kMaxFiled = 1024;
constexpr std::size_t kFiledInAll = 65'536, kFiledPerRule = 32;

/// How rules are found.
struct Way {
    bool permits = false;  // never in one group with narrowing rules: missing facts affect them differently
    std::vector<std::uint32_t> facts;
    Path path = Path::List;
    std::uint32_t ordered = 0;

    friend auto operator<=>(const Way&, const Way&) = default;
};

/// A fact that rules could be found by.
struct Offer {
    Ask::Sort sort = Ask::Sort::Words;
    std::uint32_t fact = 0;
    bool set = false;          // Words: not exactly one value
    std::size_t distinct = 0;  // number of constants that the whole policy compares it with

    /// Sorts by how well facts distinguish rules, and those without cost first; facts
    /// that are equal for all rules last.
    [[nodiscard]] auto rank() const { return std::tuple(sort, distinct < 2, set, ~distinct, fact); }
};

/// Rules with the same sorts of asks about the same facts.
struct Class {
    Way way;
    std::vector<Offer> offers;
    std::size_t next = 0;    // of the offers
    bool on_trial = false;   // the last fact was added in the previous round
    double crowd = 0;        // size before that
    std::size_t growth = 0;  // its cost in entries
    std::vector<std::uint32_t> rules;
};

/// The constants of a rule for each fact of its class.
class Combinations {
public:
    Combinations(const Program& program, const RuleRef& rule, const Asks& asks,
                 const std::vector<std::uint32_t>& facts) {
        for (const std::uint32_t fact : facts)
            words_.push_back(words_of(program, rule, *asks.find(Ask::Sort::Words, fact)));
    }
    [[nodiscard]] std::size_t count() const {
        std::size_t count = 1;
        for (const Words& words : words_) count = std::min(count * words.size(), 2 * kMaxFiled);
        return count;
    }
    /// Calls `visit(hash)` for every combination.
    template <class Visit>
    void each(std::uint64_t hash, Visit visit, std::size_t at = 0) const {
        if (at == words_.size()) return visit(hash);
        for (std::size_t i = 0; i < words_[at].size(); ++i) each(key_add(hash, words_[at][i]), visit, at + 1);
    }

private:
    std::vector<Words> words_;
};

class Planner {
public:
    explicit Planner(const Program& program)
        : program_(program), left_(kFiledInAll + kFiledPerRule * program.rules.size()) {}

    std::map<Way, std::vector<std::uint32_t>> run() {
        classify();
        for (Class& each : classes_) advance(each, UINT32_MAX);
        while (refine()) {
        }
        std::map<Way, std::vector<std::uint32_t>> groups;
        for (const Class& each : classes_) {
            auto& rules = groups[each.way];
            rules.insert(rules.end(), each.rules.begin(), each.rules.end());
        }
        coarsen(groups);
        for (auto& [way, rules] : groups) std::sort(rules.begin(), rules.end());
        return groups;
    }

private:
    [[nodiscard]] Asks asks_of(std::uint32_t rule) const { return {program_, program_.code_of(program_.rules[rule])}; }
    [[nodiscard]] Combinations combinations(std::uint32_t rule, const Way& way) const {
        return {program_, program_.rules[rule], asks_of(rule), way.facts};
    }

    void classify() {
        using Key = std::tuple<bool, std::vector<std::tuple<Ask::Sort, std::uint32_t, bool>>>;
        std::map<Key, std::vector<std::uint32_t>> classes;
        std::map<std::pair<Ask::Sort, std::uint32_t>, std::unordered_set<std::uint64_t>> constants;
        for (std::uint32_t i = 0; i < program_.rules.size(); ++i) {
            const RuleRef& rule = program_.rules[i];
            const Asks asks = asks_of(i);
            Key key{static_cast<RuleKind>(rule.kind) == RuleKind::Permit, {}};
            for (const Ask& ask : asks.all()) {
                bool set = false;
                auto& seen = constants[{ask.sort, ask.fact}];
                switch (ask.sort) {
                    case Ask::Sort::Words: {
                        const Words words = words_of(program_, rule, ask);
                        if (words.size() > kMaxFiled) continue;
                        set = words.size() != 1;
                        for (std::size_t k = 0; k < words.size(); ++k) seen.insert(words[k]);
                        break;
                    }
                    case Ask::Sort::Prefix: {
                        const Prefix prefix = prefix_of(program_, ask);
                        seen.insert(text_hash(program_.text(prefix.text).substr(0, prefix.length)));
                        break;
                    }
                    case Ask::Sort::Range: {
                        const IntegerRange range = range_of(program_, rule, asks, ask.fact);
                        seen.insert(
                            key_add(static_cast<std::uint64_t>(range.low), static_cast<std::uint64_t>(range.high)));
                        break;
                    }
                }
                std::get<1>(key).emplace_back(ask.sort, ask.fact, set);
            }
            std::sort(std::get<1>(key).begin(), std::get<1>(key).end());
            std::get<1>(key).erase(std::unique(std::get<1>(key).begin(), std::get<1>(key).end()),
                                   std::get<1>(key).end());
            classes[key].push_back(i);
        }
        for (auto& [key, rules] : classes) {
            Class made;
            made.way.permits = std::get<0>(key);
            for (const auto& [sort, fact, set] : std::get<1>(key))
                made.offers.push_back({sort, fact, set, constants[{sort, fact}].size()});
            std::sort(made.offers.begin(), made.offers.end(),
                      [](const Offer& a, const Offer& b) { return a.rank() < b.rank(); });
            made.rules = std::move(rules);
            classes_.push_back(std::move(made));
        }
    }

    /// How many more entries a class would need with one more fact; none if too many.
    std::optional<std::size_t> growth(const Class& of, std::uint32_t fact) const {
        Way more = of.way;
        more.facts.push_back(fact);
        std::size_t growth = 0;
        for (const std::uint32_t rule : of.rules) {
            const std::size_t before = combinations(rule, of.way).count(), after = combinations(rule, more).count();
            if (after > kMaxFiled) return std::nullopt;
            if (after > before) growth += after - before;
            if (growth > left_) return std::nullopt;
        }
        return growth;
    }

    /// Removes a fact that distinguished few rules, and adds a class's next fact if the number of rules in a bucket
    /// justifies it. Output: whether the facts of the class have changed.
    bool advance(Class& of, double crowd) {
        bool changed = false;
        if (of.on_trial && crowd > kWorthKeeping * of.crowd) {
            of.way.facts.pop_back();
            left_ += of.growth;
            changed = true;
        }
        of.on_trial = false;
        for (; of.next < of.offers.size(); ++of.next) {
            const Offer& offer = of.offers[of.next];
            if (offer.sort != Ask::Sort::Words) {
                if (crowd <= kCrowdForPath || (!of.way.facts.empty() && offer.distinct < 2)) continue;
                of.way.path = offer.sort == Ask::Sort::Prefix ? Path::Prefix : Path::Range;
                of.way.ordered = offer.fact;
            } else {
                if (crowd <= (offer.set ? kCrowdForSet : kCrowdForFact)) return changed;
                if (of.way.facts.size() == kMaxKeys) continue;
                const auto more = growth(of, offer.fact);
                if (!more) continue;
                left_ -= *more;
                of.way.facts.push_back(offer.fact);
                of.on_trial = true;
                of.crowd = crowd;
                of.growth = *more;
            }
            ++of.next;
            return true;
        }
        return changed;
    }

    /// One round: counts how many rules share each bucket, and lets classes with full buckets add one more fact.
    bool refine() {
        std::unordered_map<std::uint64_t, std::uint32_t> buckets;
        std::map<Way, std::uint64_t> seeds;
        const auto each_hash = [&](const Class& of, auto visit) {
            const std::uint64_t seed = key_add(key_start(), seeds.try_emplace(of.way, seeds.size()).first->second);
            for (const std::uint32_t rule : of.rules) combinations(rule, of.way).each(seed, visit);
        };
        for (const Class& each : classes_) each_hash(each, [&](std::uint64_t hash) { ++buckets[hash]; });
        bool changed = false;
        for (Class& each : classes_) {
            if (each.way.path != Path::List || (each.next == each.offers.size() && !each.on_trial)) continue;
            double crowd = 0, filed = 0;
            each_hash(each, [&](std::uint64_t hash) {
                crowd += buckets[hash];
                ++filed;
            });
            if (filed != 0) changed = advance(each, crowd / filed) || changed;
        }
        return changed;
    }

    /// Merges groups until there are few: the smallest ones are then found by one fact, or by none.
    static void coarsen(std::map<Way, std::vector<std::uint32_t>>& groups) {
        for (const bool to_one : {true, false}) {
            if (groups.size() <= kMaxGroups) return;
            std::vector<std::size_t> sizes;
            for (const auto& [way, rules] : groups) sizes.push_back(rules.size());
            std::nth_element(sizes.begin(), sizes.begin() + kMaxGroups / 2, sizes.end(), std::greater<>());
            const std::size_t rare = sizes[kMaxGroups / 2];
            std::map<Way, std::vector<std::uint32_t>> coarser;
            for (auto& [way, rules] : groups) {
                Way less = way;
                if (rules.size() <= rare) {
                    if (!to_one)
                        less = {way.permits, {}, Path::List, 0};
                    else if (!way.facts.empty())
                        less = {way.permits, {way.facts[0]}, Path::List, 0};
                }
                auto& joined = coarser[less];
                joined.insert(joined.end(), rules.begin(), rules.end());
            }
            groups = std::move(coarser);
        }
    }

    const Program& program_;
    std::vector<Class> classes_;
    std::size_t left_;
};

class Filer {
public:
    Filer(const Program& program, Sections& out) : program_(program), out_(out) {}

    void group(const Way& way, const std::vector<std::uint32_t>& rules) {
        IndexGroupRef group;
        group.permits = way.permits ? 1 : 0;
        group.path = static_cast<std::uint16_t>(way.path);
        group.ordered = way.ordered;
        group.first_key = static_cast<std::uint32_t>(out_.index_keys.size());
        group.key_count = static_cast<std::uint32_t>(way.facts.size());
        out_.index_keys.insert(out_.index_keys.end(), way.facts.begin(), way.facts.end());
        group.first_rule = static_cast<std::uint32_t>(out_.index_rules.size());
        group.rule_count = static_cast<std::uint32_t>(rules.size());
        out_.index_rules.insert(out_.index_rules.end(), rules.begin(), rules.end());
        if (!is_always(group)) buckets(way, rules, group);
        out_.index_groups.push_back(group);
    }

private:
    using Entry = std::pair<std::uint32_t, std::uint32_t>;  // tag, rule

    void buckets(const Way& way, const std::vector<std::uint32_t>& rules, IndexGroupRef& group) {
        std::vector<Entry> entries;
        for (const std::uint32_t rule : rules) {
            const RuleRef& ref = program_.rules[rule];
            Combinations(program_, ref, Asks(program_, program_.code_of(ref)), way.facts)
                .each(key_start(), [&](std::uint64_t hash) { entries.emplace_back(tag_of(hash), rule); });
        }
        std::sort(entries.begin(), entries.end());
        entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
        std::size_t distinct = 0;
        for (std::size_t i = 0; i < entries.size(); ++i) distinct += i == 0 || entries[i].first != entries[i - 1].first;

        std::size_t count = std::bit_ceil(distinct + distinct / 2 + 1);
        while (!probes_fit(entries, count)) count *= 2;
        group.first_bucket = static_cast<std::uint32_t>(out_.index_buckets.size());
        group.bucket_mask = static_cast<std::uint32_t>(count - 1);
        out_.index_buckets.resize(out_.index_buckets.size() + count);
        std::vector<std::uint32_t> same;
        for (std::size_t i = 0; i < entries.size();) {
            same.clear();
            const std::uint32_t tag = entries[i].first;
            for (; i < entries.size() && entries[i].first == tag; ++i) same.push_back(entries[i].second);
            std::size_t at = tag & group.bucket_mask;
            while (out_.index_buckets[group.first_bucket + at].rules != kNone) at = (at + 1) & group.bucket_mask;
            out_.index_buckets[group.first_bucket + at] = {tag, same.size() == 1 ? same[0] : told_apart(way, same)};
        }
    }

    /// Whether every tag finds a place near its home in a table of `count` buckets. True for
    /// some count, because tags differ.
    static bool probes_fit(const std::vector<Entry>& entries, std::size_t count) {
        std::vector<bool> used(count, false);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i > 0 && entries[i].first == entries[i - 1].first) continue;
            std::size_t at = entries[i].first & (count - 1);
            for (std::uint32_t probes = 1; used[at]; ++probes, at = (at + 1) & (count - 1))
                if (probes == kMaxProbes) return false;
            used[at] = true;
        }
        return true;
    }

    std::uint32_t told_apart(const Way& way, const std::vector<std::uint32_t>& rules) {
        switch (way.path) {
            case Path::List: return listed(rules);
            case Path::Prefix: return by_prefix(rules, way.ordered);
            case Path::Range: return by_range(rules, way.ordered);
        }
        return listed(rules);
    }

    std::uint32_t run(std::size_t first, std::size_t count) {
        out_.index_runs.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count)});
        return kRun | static_cast<std::uint32_t>(out_.index_runs.size() - 1);
    }

    std::uint32_t listed(const std::vector<std::uint32_t>& rules) {
        if (rules.size() == 1) return rules[0];
        const std::size_t first = out_.index_rules.size();
        out_.index_rules.insert(out_.index_rules.end(), rules.begin(), rules.end());
        return run(first, rules.size());
    }

    std::uint32_t by_prefix(const std::vector<std::uint32_t>& rules, std::uint32_t slot) {
        std::map<std::string_view, std::pair<Prefix, std::vector<std::uint32_t>>> prefixes;
        for (const std::uint32_t rule : rules) {
            const Asks asks(program_, program_.code_of(program_.rules[rule]));
            const Prefix prefix = prefix_of(program_, *asks.find(Ask::Sort::Prefix, slot));
            auto& entry = prefixes[program_.text(prefix.text).substr(0, prefix.length)];
            entry.first = prefix;
            entry.second.push_back(rule);
        }
        const std::size_t first = out_.index_prefixes.size();
        std::vector<std::pair<std::string_view, std::uint32_t>> above;  // each is a prefix of the next
        for (const auto& [text, entry] : prefixes) {
            while (!above.empty() && !text.starts_with(above.back().first)) above.pop_back();
            const auto at = static_cast<std::uint32_t>(out_.index_prefixes.size());
            out_.index_prefixes.push_back({entry.first.text, entry.first.length,
                                           above.empty() ? kNone : above.back().second, listed(entry.second)});
            above.emplace_back(text, at);
        }
        return run(first, prefixes.size());
    }

    std::uint32_t by_range(const std::vector<std::uint32_t>& rules, std::uint32_t slot) {
        const std::size_t first = out_.index_ranges.size();
        for (const std::uint32_t rule : rules) {
            const RuleRef& ref = program_.rules[rule];
            const IntegerRange range = range_of(program_, ref, Asks(program_, program_.code_of(ref)), slot);
            out_.index_ranges.push_back({range.low, range.high, range.high, rule, 0});
        }
        std::sort(out_.index_ranges.begin() + static_cast<std::ptrdiff_t>(first), out_.index_ranges.end(),
                  [](const IndexRangeRef& a, const IndexRangeRef& b) {
                      return std::pair(a.low, a.rule) < std::pair(b.low, b.rule);
                  });
        set_most(first, out_.index_ranges.size());
        return run(first, rules.size());
    }

    std::int64_t set_most(std::size_t begin, std::size_t end) {
        if (begin == end) return INT64_MIN;
        const std::size_t middle = begin + (end - begin) / 2;
        IndexRangeRef& root = out_.index_ranges[middle];
        root.most = std::max({root.high, set_most(begin, middle), set_most(middle + 1, end)});
        return root.most;
    }

    const Program& program_;
    Sections& out_;
};

}  // namespace

void index_rules(Sections& out) {
    // A view of the existing sections; only index sections grow while it is read.
    Program program;
#define SECTION(type, name) program.name = out.name;
#include "bytecode/sections.def"
#undef SECTION
    Filer filer(program, out);
    for (const auto& [way, rules] : Planner(program).run()) filer.group(way, rules);
}

}  // namespace writ::bytecode
