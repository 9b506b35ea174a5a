#include "vm/candidates.h"

#include <algorithm>
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
    for (const std::uint32_t permits : {0u, 1u}) {
        permits_ = groups_.size();
        for (const IndexGroupRef& group : program.index_groups) {
            if ((group.permits == 1) != (permits == 1)) continue;
            const auto first = static_cast<std::uint32_t>(keys_.size());
            for (const std::uint32_t fact : program.index_keys.subspan(group.first_key, group.key_count)) {
                const bool tool = fact == bytecode::kToolKey;
                const bool text = !tool && rep_of(static_cast<Kind>(program.slots[fact].kind)) == Rep::Text;
                keys_.push_back({tool ? Facts::tool_slot(program) : fact, text});
            }
            groups_.push_back({&group, program.index_buckets.data() + group.first_bucket, first,
                               static_cast<std::uint32_t>(keys_.size()), bytecode::is_always(group)});
        }
    }
}

void Lookup::tag(const Facts& facts, Tags& out) const {
    const Value* const slots = facts.slots();
    out.known = 0;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        const Group& group = groups_[i];
        std::uint64_t hash = bytecode::key_start();
        bool known = true;
        for (std::uint32_t k = group.first_key; k < group.last_key; ++k) {
            const Value& value = slots[keys_[k].slot];
            known = known && value.present();
            auto word = static_cast<std::uint64_t>(value.integer);
            // Text that equals no constant has id 0, which no rule has.
            if (keys_[k].text)
                word = value.id != Value::kUnbound || !known ? value.id : program_.find_text(value.text());
            hash = bytecode::key_add(hash, word);
        }
        if (!known) continue;
        out.tags[i] = bytecode::tag_of(hash);
        out.known |= std::uint64_t{1} << i;
        __builtin_prefetch(group.buckets + (out.tags[i] & group.group->bucket_mask));
    }
}

std::span<const std::uint32_t> Lookup::find(const Facts& facts, const Tags& tags, Want want, Mode mode,
                                            std::vector<std::uint32_t>& out, bool& all_known) const {
    out.clear();
    if (groups_.empty()) {
        for (std::uint32_t rule = 0; rule < program_.rules.size(); ++rule) {
            const bool permit = static_cast<RuleKind>(program_.rules[rule].kind) == RuleKind::Permit;
            if (permit == (want == Want::Permits)) out.push_back(rule);
        }
        return out;
    }
    const std::size_t begin = want == Want::Permits ? permits_ : 0;
    const std::size_t end = want == Want::Permits ? groups_.size() : permits_;
    Bucket bucket(program_, mode, out, all_known);
    for (std::size_t i = begin; i < end; ++i) {
        const Group& group = groups_[i];
        if ((tags.known >> i & 1) == 0) all_known = false;
        if (group.always || (tags.known >> i & 1) == 0) {
            // An unknown fact could have any value, so every rule of the group is a candidate.
            if (!group.always && mode == Mode::Surely) continue;
            const auto rules = program_.index_rules.subspan(group.group->first_rule, group.group->rule_count);
            out.insert(out.end(), rules.begin(), rules.end());
            continue;
        }
        const std::uint32_t rules = bytecode::filed_under(program_, *group.group, tags.tags[i]);
        if (rules != bytecode::kNone) bucket.add(*group.group, rules, facts);
    }
    if (out.size() > 1 && !std::is_sorted(out.begin(), out.end(), std::less_equal<>())) {
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
    }
    return out;
}

}  // namespace writ::vm
