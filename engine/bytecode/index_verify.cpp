// Verifies an index: every record is in bounds, every run has the order that its search needs, and every request for
// which a rule's condition could be true finds the rule.
#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <vector>

#include "bytecode/index.h"
#include "bytecode/verify_parts.h"

namespace writ::bytecode {

namespace {

bool is_permit(const RuleRef& rule) {
    return static_cast<RuleKind>(rule.kind) == RuleKind::Permit;
}

class IndexCheck {
public:
    explicit IndexCheck(const Program& program)
        : program_(program),
          rules_(program.index_rules.size()),
          prefixes_(program.index_prefixes.size()),
          ranges_(program.index_ranges.size()),
          grouped_(program.rules.size(), 0) {}

    Result<void> run() {
        if (program_.index_groups.size() > kMaxGroups) return wrong("too many index groups", kMaxGroups);
        for (at_ = 0; at_ < program_.index_groups.size(); ++at_) {
            const IndexGroupRef& group = program_.index_groups[at_];
            if (!group_is_sound(group)) return wrong(what_, at_);
            if (is_always(group)) continue;
            for (Plan& plan : plans_) plan.code = kNone;
            for (const std::uint32_t rule : program_.index_rules.subspan(group.first_rule, group.rule_count))
                if (!is_found(group, rule)) return wrong(what_, at_);
            if (!are_found(group)) return wrong(what_, at_);
        }
        if (total_ != program_.rules.size()) return wrong("a rule is in no group", total_);
        return {};
    }

private:
    static tl::unexpected<Error> wrong(const char* message, std::size_t at) {
        return refuse(Code::BadIndex, message, "index", at);
    }
    bool fail(const char* what) {
        what_ = what;
        return false;
    }

    [[nodiscard]] bool is_fact(std::uint32_t fact, bool text) const {
        const Rep rep =
            fact < program_.slots.size() ? rep_of(static_cast<Kind>(program_.slots[fact].kind)) : Rep::Group;
        return rep == (text ? Rep::Text : Rep::I64);
    }

    bool group_is_sound(const IndexGroupRef& group) {
        if (group.permits > 1 || group.path > static_cast<std::uint16_t>(Path::Range) || group.key_count > kMaxKeys ||
            group.first_key > program_.index_keys.size() ||
            group.key_count > program_.index_keys.size() - group.first_key ||
            !rules_.take(group.first_rule, group.rule_count))
            return fail("index group is out of bounds");
        for (const std::uint32_t fact : keys(group))
            if (fact != kToolKey && !is_fact(fact, true) && !is_fact(fact, false))
                return fail("index group has no facts to be found by");
        const Path path = static_cast<Path>(group.path);
        if (path == Path::List ? group.ordered != 0 : !is_fact(group.ordered, path == Path::Prefix))
            return fail("index group has no fact to be searched by");
        std::uint32_t before = kNone;
        for (const std::uint32_t rule : program_.index_rules.subspan(group.first_rule, group.rule_count)) {
            if (rule >= grouped_.size() || grouped_[rule] != 0 || (before != kNone && before >= rule) ||
                is_permit(program_.rules[rule]) != (group.permits == 1))
                return fail("index group contains a wrong rule");
            grouped_[rule] = 1;
            before = rule;
            ++total_;
        }
        if (is_always(group))
            return (group.first_bucket == 0 && group.bucket_mask == 0) || fail("index group has buckets but no facts");
        const std::size_t count = std::size_t{group.bucket_mask} + 1;
        if (!std::has_single_bit(count) || group.first_bucket > program_.index_buckets.size() ||
            count > program_.index_buckets.size() - group.first_bucket)
            return fail("index buckets are out of bounds");
        bool free = false;
        for (const IndexBucketRef& bucket : program_.index_buckets.subspan(group.first_bucket, count)) {
            if (bucket.rules == kNone)
                free = true;
            else if ((bucket.rules & kRun) == 0 ? bucket.rules >= grouped_.size()
                                                : !run_is_sound(path, bucket.rules & ~kRun))
                return fail("index bucket is out of bounds or out of order");
        }
        return free || fail("index buckets are full");
    }

    // Runs of one sort are together no longer than their section, so that reading all of them takes linear time.
    bool run_is_sound(Path path, std::uint32_t index) {
        if (index >= program_.index_runs.size()) return false;
        const IndexRunRef& run = program_.index_runs[index];
        switch (path) {
            case Path::List: return list_is_sound(run);
            case Path::Prefix: return prefixes_.take(run.first, run.count) && prefixes_ascend(run);
            case Path::Range: {
                std::int64_t most = 0;
                return ranges_.take(run.first, run.count) && ranges_ascend(run) &&
                       tree_is_sound(run.first, run.first + run.count, most);
            }
        }
        return false;
    }

    bool list_is_sound(const IndexRunRef& run) {
        if (!rules_.take(run.first, run.count)) return false;
        const auto rules = program_.index_rules.subspan(run.first, run.count);
        for (std::size_t i = 0; i < rules.size(); ++i)
            if (rules[i] >= grouped_.size() || (i > 0 && rules[i - 1] >= rules[i])) return false;
        return true;
    }

    bool prefixes_ascend(const IndexRunRef& run) {
        std::uint32_t above = kNone;  // of the current entry
        for (std::uint32_t at = run.first; at < run.first + run.count; ++at) {
            const IndexPrefixRef& entry = program_.index_prefixes[at];
            if (!is_text(program_, entry.text) || entry.length == 0 || entry.length > kMaxPrefix ||
                entry.length > program_.texts[entry.text].length)
                return false;
            const std::string_view text = text_of(program_, entry);
            if (at > run.first && text_of(program_, program_.index_prefixes[at - 1]) >= text) return false;
            while (above != kNone && !text.starts_with(text_of(program_, program_.index_prefixes[above])))
                above = program_.index_prefixes[above].parent;
            if (entry.parent != above) return false;
            above = at;
            const bool one = (entry.rules & kRun) == 0;
            if (one ? entry.rules >= grouped_.size() : !run_is_sound(Path::List, entry.rules & ~kRun)) return false;
        }
        return true;
    }

    [[nodiscard]] bool ranges_ascend(const IndexRunRef& run) const {
        for (std::uint32_t at = run.first; at < run.first + run.count; ++at) {
            const IndexRangeRef& entry = program_.index_ranges[at];
            if (entry.rule >= grouped_.size() || entry.reserved != 0) return false;
            if (at == run.first) continue;
            const IndexRangeRef& before = program_.index_ranges[at - 1];
            if (std::pair(before.low, before.rule) >= std::pair(entry.low, entry.rule)) return false;
        }
        return true;
    }

    bool tree_is_sound(std::uint32_t begin, std::uint32_t end, std::int64_t& most) const {
        most = INT64_MIN;
        if (begin == end) return true;
        const std::uint32_t middle = begin + (end - begin) / 2;
        std::int64_t left = 0, right = 0;
        if (!tree_is_sound(begin, middle, left) || !tree_is_sound(middle + 1, end, right)) return false;
        most = std::max({program_.index_ranges[middle].high, left, right});
        return most == program_.index_ranges[middle].most;
    }

    /// The asks of a block of code about its group's facts, shared by the rules that share the code.
    struct Plan {
        std::uint32_t code = kNone;
        Asks asks;
        std::array<Words, kMaxKeys> words;  ///< constants of each key, if they are in the code
        std::array<std::pair<std::size_t, const Ask*>, kMaxKeys> in_row;  ///< keys whose constants are in the row
        std::size_t in_row_count = 0;
        const Ask* ordered = nullptr;
    };
    /// Several plans are kept, because rules of different forms alternate.
    static constexpr std::size_t kPlans = 16;

    /// Null: the code has asks about other facts than those of the group.
    Plan* plan_of(const IndexGroupRef& group, const RuleRef& rule) {
        Plan& plan = plans_[(rule.code * 0x9E3779B1u) >> 28];
        if (plan.code == rule.code) return &plan;
        plan.asks = Asks(program_, program_.code_of(rule));
        plan.code = kNone;
        plan.in_row_count = 0;
        const auto facts = keys(group);
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const Ask* ask = plan.asks.find(Ask::Sort::Words, facts[i]);
            if (ask == nullptr) return fail("index group is found by facts that its rules do not test"), nullptr;
            plan.words[i] = words_of(program_, rule, *ask);
            if (is_in_row(*ask)) plan.in_row[plan.in_row_count++] = {i, ask};
        }
        plan.ordered = nullptr;
        if (static_cast<Path>(group.path) != Path::List) {
            const auto sort = static_cast<Path>(group.path) == Path::Prefix ? Ask::Sort::Prefix : Ask::Sort::Range;
            plan.ordered = plan.asks.find(sort, group.ordered);
            if (plan.ordered == nullptr)
                return fail("index group is searched by a fact that its rules do not test"), nullptr;
        }
        plan.code = rule.code;
        return &plan;
    }

    bool is_found(const IndexGroupRef& group, std::uint32_t index) {
        const RuleRef& rule = program_.rules[index];
        plan_ = plan_of(group, rule);
        if (plan_ == nullptr) return false;
        rule_ = index;
        for (std::size_t i = 0; i < plan_->in_row_count; ++i)
            plan_->words[plan_->in_row[i].first] = words_of(program_, rule, *plan_->in_row[i].second);
        if (static_cast<Path>(group.path) == Path::Prefix) {
            const Prefix prefix = prefix_of(program_, *plan_->ordered);
            prefix_ = program_.text(prefix.text).substr(0, prefix.length);
        } else if (static_cast<Path>(group.path) == Path::Range) {
            range_ = range_of(program_, rule, plan_->asks, group.ordered);
        }
        return is_filed(group, 0, key_start());
    }

    /// Whether the current rule is stored for every combination of its values.
    bool is_filed(const IndexGroupRef& group, std::size_t at, std::uint64_t hash) {
        const auto& words = plan_->words;
        for (; at < group.key_count && !words[at].set; ++at) hash = key_add(hash, words[at].only);
        if (at == group.key_count) return is_under(group, hash);
        for (std::size_t i = 0; i < words[at].size(); ++i)
            if (!is_filed(group, at + 1, key_add(hash, words[at][i]))) return false;
        return true;
    }

    // Buckets and runs are far apart in memory: those of several rules are prefetched before the first is read.
    struct Lookup {
        std::uint32_t rule = 0, tag = 0, rules = kNone;
    };
    static constexpr std::size_t kAhead = 16;

    bool is_under(const IndexGroupRef& group, std::uint64_t hash) {
        const std::uint32_t tag = tag_of(hash);
        __builtin_prefetch(&program_.index_buckets[group.first_bucket + (tag & group.bucket_mask)]);
        ahead_[ahead_count_++] = {rule_, tag, kNone};
        // Only the tag is kept for each rule; everything else is kept for the last rule only.
        return (ahead_count_ < kAhead && static_cast<Path>(group.path) == Path::List) || are_found(group);
    }

    bool are_found(const IndexGroupRef& group) {
        const std::span<Lookup> ahead(ahead_.data(), ahead_count_);
        ahead_count_ = 0;
        for (Lookup& each : ahead) {
            each.rules = filed(group, each.tag);
            if (each.rules == kNone) return fail("a rule is not where its facts lead");
            if ((each.rules & kRun) != 0) __builtin_prefetch(&program_.index_runs[each.rules & ~kRun]);
        }
        if (static_cast<Path>(group.path) == Path::List)
            for (const Lookup& each : ahead)
                if ((each.rules & kRun) != 0)
                    __builtin_prefetch(&program_.index_rules[program_.index_runs[each.rules & ~kRun].first]);
        return std::all_of(ahead.begin(), ahead.end(),
                           [&](const Lookup& each) {
                               return is_among(static_cast<Path>(group.path), each.rule, each.rules);
                           }) ||
               fail("a rule is not where its facts lead");
    }

    /// As filed_under(), but only as far as a correct table needs, so that a hostile one cannot make it quadratic.
    [[nodiscard]] std::uint32_t filed(const IndexGroupRef& group, std::uint32_t tag) const {
        const IndexBucketRef* const buckets = program_.index_buckets.data() + group.first_bucket;
        std::uint32_t at = tag & group.bucket_mask;
        for (std::uint32_t probes = 0; probes < kMaxProbes; ++probes, at = (at + 1) & group.bucket_mask)
            if (buckets[at].rules == kNone || buckets[at].tag == tag) return buckets[at].rules;
        return kNone;
    }

    [[nodiscard]] bool is_among(Path path, std::uint32_t rule, std::uint32_t rules) const {
        if ((rules & kRun) == 0) return rules == rule;
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        switch (path) {
            case Path::List: return is_listed(rule, rules);
            case Path::Prefix: {
                const auto entries = program_.index_prefixes.subspan(run.first, run.count);
                const auto entry = std::lower_bound(
                    entries.begin(), entries.end(), prefix_,
                    [&](const IndexPrefixRef& a, std::string_view b) { return text_of(program_, a) < b; });
                return entry != entries.end() && text_of(program_, *entry) == prefix_ && is_listed(rule, entry->rules);
            }
            case Path::Range: {
                const auto entries = program_.index_ranges.subspan(run.first, run.count);
                const auto entry = std::lower_bound(
                    entries.begin(), entries.end(), std::pair(range_.low, rule),
                    [](const IndexRangeRef& a, const auto& b) { return std::pair(a.low, a.rule) < b; });
                return entry != entries.end() && entry->rule == rule && entry->low == range_.low &&
                       entry->high == range_.high;
            }
        }
        return false;
    }
    [[nodiscard]] bool is_listed(std::uint32_t rule, std::uint32_t rules) const {
        if ((rules & kRun) == 0) return rules == rule;
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        const auto listed = program_.index_rules.subspan(run.first, run.count);
        return std::binary_search(listed.begin(), listed.end(), rule);
    }

    [[nodiscard]] std::span<const std::uint32_t> keys(const IndexGroupRef& group) const {
        return program_.index_keys.subspan(group.first_key, group.key_count);
    }

    const Program& program_;
    Runs rules_, prefixes_, ranges_;
    std::vector<std::uint8_t> grouped_;
    std::size_t total_ = 0, at_ = 0;

    // The current rule, with the plan of its code.
    std::array<Plan, kPlans> plans_;
    Plan* plan_ = nullptr;
    std::uint32_t rule_ = 0;
    std::array<Lookup, kAhead> ahead_;
    std::size_t ahead_count_ = 0;
    std::string_view prefix_;
    IntegerRange range_;
    const char* what_ = nullptr;
};

}  // namespace

Result<void> verify_index(const Program& program) {
    if (program.index_groups.empty() && program.index_keys.empty() && program.index_buckets.empty() &&
        program.index_rules.empty() && program.index_runs.empty() && program.index_prefixes.empty() &&
        program.index_ranges.empty())
        return {};  // no index: every rule is tried
    return IndexCheck(program).run();
}

}  // namespace writ::bytecode
