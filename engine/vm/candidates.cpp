#include "vm/candidates.h"

#include <algorithm>
#include <array>
#include <functional>

#include "bytecode/index.h"

namespace writ::vm {

using bytecode::IndexGroupRef;
using bytecode::IndexRunRef;
using bytecode::kRun;
using bytecode::Path;

namespace {

/// Collects the rules of one bucket.
class Bucket {
public:
    Bucket(const bytecode::Program& program, Mode mode, std::vector<std::uint32_t>& out, bool& all_known)
        : program_(program), mode_(mode), out_(out), all_known_(all_known) {}

    /// `rules`: a rule, or kRun and an index into index_runs.
    void add(const IndexGroupRef& group, std::uint32_t rules, const Facts& facts) {
        if ((rules & kRun) == 0) return out_.push_back(rules);
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        switch (static_cast<Path>(group.path)) {
            case Path::List: return listed(rules);
            case Path::Prefix: return prefixed(run, facts[group.ordered]);
            case Path::Range: return around(run, facts[group.ordered]);
        }
    }

private:
    void listed(std::uint32_t rules) {
        bytecode::each_listed(program_, rules, [&](std::uint32_t rule) { out_.push_back(rule); });
    }
    void prefixed(const IndexRunRef& run, const Value& fact) {
        if (fact.present())
            return bytecode::each_prefixed(program_, run, fact.text(),
                                           [&](std::uint32_t rule) { out_.push_back(rule); });
        all_known_ = false;
        if (mode_ != Mode::Possibly) return;
        for (const auto& entry : program_.index_prefixes.subspan(run.first, run.count)) listed(entry.rules);
    }
    void around(const IndexRunRef& run, const Value& fact) {
        if (fact.present())
            return bytecode::each_around(program_, run, fact.integer,
                                         [&](std::uint32_t rule) { out_.push_back(rule); });
        all_known_ = false;
        if (mode_ != Mode::Possibly) return;
        for (const auto& entry : program_.index_ranges.subspan(run.first, run.count)) out_.push_back(entry.rule);
    }

    const bytecode::Program& program_;
    Mode mode_;
    std::vector<std::uint32_t>& out_;
    bool& all_known_;
};

}  // namespace

Lookup::Lookup(const bytecode::Program& program) : program_(program) {
    for (const IndexGroupRef& group : program.index_groups) {
        const auto first = static_cast<std::uint32_t>(keys_.size());
        for (const std::uint32_t fact : program.index_keys.subspan(group.first_key, group.key_count)) {
            const bool text =
                fact != bytecode::kToolKey && rep_of(static_cast<Kind>(program.slots[fact].kind)) == Rep::Text;
            keys_.push_back({fact, text});
        }
        (group.permits == 1 ? permits_ : narrowing_)
            .push_back({&group, program.index_buckets.data() + group.first_bucket, first,
                        static_cast<std::uint32_t>(keys_.size()), bytecode::is_always(group)});
    }
}

/// Computes the tag at which a group's rules are found. Output: false if a fact that they are found by is unknown.
inline bool Lookup::tag_of(const Group& group, const Facts& facts, std::uint32_t& tag) const {
    std::uint64_t hash = bytecode::key_start();
    for (std::uint32_t i = group.first_key; i < group.last_key; ++i) {
        const Key& key = keys_[i];
        std::uint64_t word = facts.tool();
        if (key.slot != bytecode::kToolKey) {
            const Value& value = facts[key.slot];
            if (!value.present()) return false;
            // Text that equals no constant has id 0, which no rule has.
            if (!key.text)
                word = static_cast<std::uint64_t>(value.integer);
            else
                word = value.id != Value::kUnbound ? value.id : program_.find_text(value.text());
        } else if (word == kNotFound) {
            return false;
        }
        hash = bytecode::key_add(hash, word);
    }
    tag = bytecode::tag_of(hash);
    return true;
}

std::span<const std::uint32_t> Lookup::find(const Facts& facts, Want want, Mode mode, std::vector<std::uint32_t>& out,
                                            bool& all_known) const {
    out.clear();
    if (program_.index_groups.empty()) {
        for (std::uint32_t rule = 0; rule < program_.rules.size(); ++rule) {
            const bool permit = static_cast<RuleKind>(program_.rules[rule].kind) == RuleKind::Permit;
            if (permit == (want == Want::Permits)) out.push_back(rule);
        }
        return out;
    }
    // Buckets are far apart in memory: all are prefetched before the first is read.
    struct Sought {
        const Group* group;
        std::uint32_t tag;
    };
    std::array<Sought, bytecode::kMaxGroups> sought;
    std::size_t count = 0;
    for (const Group& group : want == Want::Permits ? permits_ : narrowing_) {
        std::uint32_t tag = 0;
        bool everywhere = group.always;
        if (!everywhere) {
            if (tag_of(group, facts, tag)) {
                __builtin_prefetch(group.buckets + (tag & group.group->bucket_mask));
                sought[count++] = {&group, tag};
                continue;
            }
            // An unknown fact could have any value, so every rule of the group is a candidate.
            all_known = false;
            everywhere = mode == Mode::Possibly;
        }
        if (!everywhere) continue;
        const auto rules = program_.index_rules.subspan(group.group->first_rule, group.group->rule_count);
        out.insert(out.end(), rules.begin(), rules.end());
    }
    Bucket bucket(program_, mode, out, all_known);
    for (const Sought& each : std::span(sought.data(), count)) {
        const std::uint32_t rules = bytecode::filed_under(program_, *each.group->group, each.tag);
        if (rules != bytecode::kNone) bucket.add(*each.group->group, rules, facts);
    }
    if (out.size() > 1 && !std::is_sorted(out.begin(), out.end(), std::less_equal<>())) {
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
    }
    return out;
}

}  // namespace writ::vm
