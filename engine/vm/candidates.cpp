#include "vm/candidates.h"

#include <array>

#include "bytecode/index.h"

namespace writ::vm {

using bytecode::IndexGroupRef;
using bytecode::IndexRunRef;
using bytecode::kRun;
using bytecode::Path;

namespace {

/// A known fact as an index hashes it. Text that equals no constant is 0, which no rule is filed under.
std::uint64_t word_of(const bytecode::Program& program, const Value& value) {
    if (value.rep != Rep::Text) return static_cast<std::uint64_t>(value.integer);
    return value.id != Value::kUnbound ? value.id : program.find_text(value.text());
}

enum class Look : std::uint8_t { Nowhere, Bucket, Everywhere };

class Finder {
public:
    Finder(const bytecode::Program& program, const Facts& facts, Mode mode, std::vector<std::uint32_t>& out)
        : program_(program), facts_(facts), mode_(mode), out_(out) {}

    /// Where a group's rules are to be looked for, and under what tag.
    Look place(const IndexGroupRef& group, std::uint32_t& tag) const {
        if (bytecode::is_always(group)) return Look::Everywhere;
        std::uint64_t hash = bytecode::key_start();
        for (const std::uint32_t fact : program_.index_keys.subspan(group.first_key, group.key_count)) {
            std::uint64_t word = facts_.tool();
            bool known = word != kNotFound;
            if (fact != bytecode::kToolKey) {
                const Value& value = facts_[fact];
                known = value.present();
                if (known) word = word_of(program_, value);
            }
            // A fact that is not known could have any value, as far as a rule on suspicion is concerned.
            if (!known) return mode_ == Mode::Possibly ? Look::Everywhere : Look::Nowhere;
            hash = bytecode::key_add(hash, word);
        }
        tag = bytecode::tag_of(hash);
        return Look::Bucket;
    }

    void all_of(const IndexGroupRef& group) {
        const auto rules = program_.index_rules.subspan(group.first_rule, group.rule_count);
        out_.insert(out_.end(), rules.begin(), rules.end());
    }

    void filed_under(const IndexGroupRef& group, std::uint32_t tag) {
        const std::uint32_t rules = bytecode::filed_under(program_, group, tag);
        if (rules == bytecode::kNone) return;
        if ((rules & kRun) == 0) return out_.push_back(rules);
        const IndexRunRef& run = program_.index_runs[rules & ~kRun];
        switch (static_cast<Path>(group.path)) {
            case Path::List: listed(rules); return;
            case Path::Prefix: prefixed(run, facts_[group.ordered]); return;
            case Path::Range: around(run, facts_[group.ordered]); return;
        }
    }

private:
    void listed(std::uint32_t rules) {
        bytecode::each_listed(program_, rules, [&](std::uint32_t rule) { out_.push_back(rule); });
    }
    void prefixed(const IndexRunRef& run, const Value& fact) {
        if (fact.present()) {
            bytecode::each_prefixed(program_, run, fact.text(), [&](std::uint32_t rule) { out_.push_back(rule); });
        } else if (mode_ == Mode::Possibly) {
            for (const auto& entry : program_.index_prefixes.subspan(run.first, run.count)) listed(entry.rules);
        }
    }
    void around(const IndexRunRef& run, const Value& fact) {
        if (fact.present()) {
            bytecode::each_around(program_, run, fact.integer, [&](std::uint32_t rule) { out_.push_back(rule); });
        } else if (mode_ == Mode::Possibly) {
            for (const auto& entry : program_.index_ranges.subspan(run.first, run.count)) out_.push_back(entry.rule);
        }
    }

    const bytecode::Program& program_;
    const Facts& facts_;
    Mode mode_;
    std::vector<std::uint32_t>& out_;
};

}  // namespace

void find_candidates(const bytecode::Program& program, const Facts& facts, Want want, Mode mode,
                     std::vector<std::uint32_t>& out) {
    if (program.index_groups.empty()) {
        for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
            const bool permit = static_cast<RuleKind>(program.rules[rule].kind) == RuleKind::Permit;
            if (permit == (want == Want::Permits)) out.push_back(rule);
        }
        return;
    }
    // Buckets lie far apart: all are asked for before the first is waited for.
    struct Sought {
        const IndexGroupRef* group;
        std::uint32_t tag;
    };
    std::array<Sought, bytecode::kMaxGroups> sought;
    std::size_t count = 0;
    Finder finder(program, facts, mode, out);
    for (const IndexGroupRef& group : program.index_groups) {
        if ((group.permits == 1) != (want == Want::Permits)) continue;
        std::uint32_t tag = 0;
        switch (finder.place(group, tag)) {
            case Look::Nowhere: break;
            case Look::Everywhere: finder.all_of(group); break;
            case Look::Bucket:
                __builtin_prefetch(&program.index_buckets[group.first_bucket + (tag & group.bucket_mask)]);
                sought[count++] = {&group, tag};
                break;
        }
    }
    for (const Sought& each : std::span(sought.data(), count)) finder.filed_under(*each.group, each.tag);
}

}  // namespace writ::vm
