// Proves an index: every record in bounds, every run in the order its search needs, and every rule found
// by whatever request its condition could be true of.
#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <vector>

#include "bytecode/index.h"
#include "bytecode/verify_parts.h"

namespace writ::bytecode {

namespace {

bool is_permit(const RuleRef& rule) { return static_cast<RuleKind>(rule.kind) == RuleKind::Permit; }

class IndexCheck {
public:
    explicit IndexCheck(const Program& program)
        : program_(program), rules_(program.index_rules.size()), prefixes_(program.index_prefixes.size()),
          ranges_(program.index_ranges.size()), grouped_(program.rules.size(), false),
          probes_(8 * std::uint64_t{program.index_buckets.size()} + 1024) {}

    Result<void> run() {
        if (program_.index_groups.size() > kMaxGroups) return wrong("too many index groups", kMaxGroups);
        for (at_ = 0; at_ < program_.index_groups.size(); ++at_) {
            const IndexGroupRef& group = program_.index_groups[at_];
            if (!group_is_sound(group)) return wrong(what_, at_);
            for (const std::uint32_t rule : program_.index_rules.subspan(group.first_rule, group.rule_count))
                if (!is_found(group, rule)) return wrong(what_, at_);
        }
        if (total_ != program_.rules.size()) return wrong("a rule is in no group", total_);
        return {};
    }

private:
    static tl::unexpected<Error> wrong(const char* message, std::size_t at) {
        return refuse("B0019", message, "index", at);
    }
    bool fail(const char* what) {
        what_ = what;
        return false;
    }

    [[nodiscard]] bool is_fact(std::uint32_t fact, bool text) const {
        const Rep rep = fact < program_.slots.size() ? rep_of(static_cast<Kind>(program_.slots[fact].kind)) : Rep::Group;
        return rep == (text ? Rep::Text : Rep::I64);
    }

    bool group_is_sound(const IndexGroupRef& group) {
        if (group.permits > 1 || group.path > static_cast<std::uint16_t>(Path::Range) || group.key_count > kMaxKeys ||
            group.first_key > program_.index_keys.size() || group.key_count > program_.index_keys.size() - group.first_key ||
            !rules_.take(group.first_rule, group.rule_count))
            return fail("index group is out of bounds");
        for (const std::uint32_t fact : keys(group))
            if (fact != kToolKey && !is_fact(fact, true) && !is_fact(fact, false)) return fail("index group is found by no fact");
        const Path path = static_cast<Path>(group.path);
        if (path == Path::List ? group.ordered != 0 : !is_fact(group.ordered, path == Path::Prefix))
            return fail("index group is searched by no fact");
        std::uint32_t before = kNone;
        for (const std::uint32_t rule : program_.index_rules.subspan(group.first_rule, group.rule_count)) {
            if (rule >= grouped_.size() || grouped_[rule] || (before != kNone && before >= rule) ||
                is_permit(program_.rules[rule]) != (group.permits == 1))
                return fail("index group holds a wrong rule");
            grouped_[rule] = true;
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
            if (bucket.rules == kNone) free = true;
            else if ((bucket.rules & kRun) == 0 ? bucket.rules >= grouped_.size() : !run_is_sound(path, bucket.rules & ~kRun))
                return fail("index bucket is out of bounds or out of order");
        }
        return free || fail("index buckets are full");
    }

    // Runs of one sort are together no longer than their section: reading them all stays linear.
    bool run_is_sound(Path path, std::uint32_t index) {
        if (index >= program_.index_runs.size()) return false;
        const IndexRunRef& run = program_.index_runs[index];
        switch (path) {
            case Path::List: return list_is_sound(run);
            case Path::Prefix: return prefixes_.take(run.first, run.count) && prefixes_ascend(run);
            case Path::Range: {
                std::int64_t most = 0;
                return ranges_.take(run.first, run.count) && ranges_ascend(run) && tree_is_sound(run.first, run.first + run.count, most);
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
        std::uint32_t above = kNone;  // of the entry at hand
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

    /// What a rule's code says of its group's facts.
    struct Found {
        std::uint32_t rule = 0;
        std::array<Words, kMaxKeys> words;
        std::string_view prefix;
        Range range;
    };

    bool is_found(const IndexGroupRef& group, std::uint32_t rule) {
        if (is_always(group)) return true;
        const RuleRef& ref = program_.rules[rule];
        const Asks asks(program_, program_.code_of(ref));
        Found found;
        found.rule = rule;
        const auto facts = keys(group);
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const Ask* ask = asks.find(Ask::Sort::Words, facts[i]);
            if (ask == nullptr) return fail("index group is found by other facts than its rules ask for");
            found.words[i] = words_of(program_, ref, *ask);
        }
        const Path path = static_cast<Path>(group.path);
        const Ask* ordered = path == Path::List ? nullptr : asks.find(path == Path::Prefix ? Ask::Sort::Prefix : Ask::Sort::Range, group.ordered);
        if (path != Path::List && ordered == nullptr) return fail("index group is searched by another fact than its rules ask for");
        if (path == Path::Prefix) {
            const Prefix prefix = prefix_of(program_, *ordered);
            found.prefix = program_.text(prefix.text).substr(0, prefix.length);
        } else if (path == Path::Range) {
            found.range = range_of(program_, ref, asks, group.ordered);
        }
        return is_filed(group, found, facts.size(), 0, key_start()) || fail("a rule is not where its facts would look");
    }

    /// Whether a rule is filed under every combination of its values.
    bool is_filed(const IndexGroupRef& group, const Found& found, std::size_t keys, std::size_t at, std::uint64_t hash) {
        if (at == keys) return is_under(group, found, hash);
        for (std::size_t i = 0; i < found.words[at].size(); ++i)
            if (!is_filed(group, found, keys, at + 1, key_add(hash, found.words[at][i]))) return false;
        return true;
    }

    bool is_under(const IndexGroupRef& group, const Found& found, std::uint64_t hash) {
        // As filed_under(), which needs about two steps; a crafted table may not make this quadratic.
        const IndexBucketRef* const buckets = program_.index_buckets.data() + group.first_bucket;
        const std::uint32_t tag = tag_of(hash);
        for (std::uint32_t at = tag & group.bucket_mask; probes_ > 0; at = (at + 1) & group.bucket_mask, --probes_) {
            if (buckets[at].rules == kNone) return false;
            if (buckets[at].tag == tag) return is_among(static_cast<Path>(group.path), found, buckets[at].rules);
        }
        return false;
    }

    [[nodiscard]] bool is_among(Path path, const Found& found, std::uint32_t rules) const {
        if ((rules & kRun) == 0) return rules == found.rule;
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        switch (path) {
            case Path::List: return is_listed(found.rule, rules);
            case Path::Prefix: {
                const auto entries = program_.index_prefixes.subspan(run.first, run.count);
                const auto entry = std::lower_bound(entries.begin(), entries.end(), found.prefix, [&](const IndexPrefixRef& a, std::string_view b) {
                    return text_of(program_, a) < b;
                });
                return entry != entries.end() && text_of(program_, *entry) == found.prefix && is_listed(found.rule, entry->rules);
            }
            case Path::Range: {
                const auto entries = program_.index_ranges.subspan(run.first, run.count);
                const auto entry = std::lower_bound(entries.begin(), entries.end(), std::pair(found.range.low, found.rule),
                                                    [](const IndexRangeRef& a, const auto& b) { return std::pair(a.low, a.rule) < b; });
                return entry != entries.end() && entry->rule == found.rule && entry->low == found.range.low &&
                       entry->high == found.range.high;
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
    std::vector<bool> grouped_;
    std::size_t total_ = 0, at_ = 0;
    std::uint64_t probes_;
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
