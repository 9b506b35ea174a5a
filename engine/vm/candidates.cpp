#include "vm/candidates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <functional>

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
    Look place(const IndexGroupRef& group, std::uint32_t& tag) {
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
            if (!known) {
                all_known_ = false;
                return mode_ == Mode::Possibly ? Look::Everywhere : Look::Nowhere;
            }
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

    [[nodiscard]] bool all_known() const { return all_known_; }

private:
    void listed(std::uint32_t rules) {
        bytecode::each_listed(program_, rules, [&](std::uint32_t rule) { out_.push_back(rule); });
    }
    void prefixed(const IndexRunRef& run, const Value& fact) {
        if (fact.present()) {
            bytecode::each_prefixed(program_, run, fact.text(), [&](std::uint32_t rule) { out_.push_back(rule); });
        } else if (all_known_ = false; mode_ == Mode::Possibly) {
            for (const auto& entry : program_.index_prefixes.subspan(run.first, run.count)) listed(entry.rules);
        }
    }
    void around(const IndexRunRef& run, const Value& fact) {
        if (fact.present()) {
            bytecode::each_around(program_, run, fact.integer, [&](std::uint32_t rule) { out_.push_back(rule); });
        } else if (all_known_ = false; mode_ == Mode::Possibly) {
            for (const auto& entry : program_.index_ranges.subspan(run.first, run.count)) out_.push_back(entry.rule);
        }
    }

    const bytecode::Program& program_;
    const Facts& facts_;
    bool all_known_ = true;
    Mode mode_;
    std::vector<std::uint32_t>& out_;
};

}  // namespace

bool find_candidates(const bytecode::Program& program, const Facts& facts, Want want, Mode mode,
                     std::vector<std::uint32_t>& out) {
    if (program.index_groups.empty()) {
        for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
            const bool permit = static_cast<RuleKind>(program.rules[rule].kind) == RuleKind::Permit;
            if (permit == (want == Want::Permits)) out.push_back(rule);
        }
        return true;
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
    return finder.all_known();
}

namespace {
constexpr std::size_t kFewGroups = 16;

/// Ascending, each once.
std::span<const std::uint32_t> in_order(std::vector<std::uint32_t>& found) {
    if (found.size() > 1 && !std::is_sorted(found.begin(), found.end(), std::less_equal<>())) {
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
    }
    return found;
}
}  // namespace

Lookup::Lookup(const bytecode::Program& program) : program_(program) {
    static_assert(std::is_standard_layout_v<Value> && offsetof(Value, state) == 0 && sizeof(Value) == 24);
    bool bound = true;  // texts that rules are found by were looked up when they were bound
    std::vector<bool> compared(program.manifest[0].slot_count);
    for (const bytecode::ShapeNode& node : program.shape)
        if (node.slot != bytecode::kNone && (node.flags & bytecode::kCompared) != 0) compared[node.slot] = true;
    for (const bytecode::CaptureRef& capture : program.captures) compared[capture.slot] = true;
    for (const IndexGroupRef& group : program.index_groups) {
        const auto first = static_cast<std::uint32_t>(keys_.size());
        for (const std::uint32_t fact : program.index_keys.subspan(group.first_key, group.key_count)) {
            const bool tool = fact == bytecode::kToolKey;
            const std::uint32_t slot = tool ? program.manifest[0].slot_count : fact;
            const bool text = !tool && rep_of(static_cast<Kind>(program.slots[slot].kind)) == Rep::Text;
            const std::uint32_t at = slot * static_cast<std::uint32_t>(sizeof(Value));
            const bool named = fact == static_cast<std::uint32_t>(bytecode::Builtin::TokenIssuer) || fact == static_cast<std::uint32_t>(bytecode::Builtin::ToolName);
            bound = bound && (!text || named || compared[slot]);
            keys_.push_back({at, at + static_cast<std::uint32_t>(text ? offsetof(Value, id) : offsetof(Value, integer)), text ? 0xFFFFFFFFu : ~std::uint64_t{0}});
        }
        (group.permits == 1 ? permits_ : narrowing_)
            .push_back({program.index_buckets.data() + group.first_bucket, group.bucket_mask, first,
                        static_cast<std::uint32_t>(keys_.size()), bytecode::is_always(group), &group});
    }
    simple_ = bound && !program.index_groups.empty() && permits_.size() <= kFewGroups && narrowing_.size() <= kFewGroups;
}

std::span<const std::uint32_t> Lookup::find(const Facts& facts, Want want, Mode mode, std::vector<std::uint32_t>& out,
                                            bool& all_known) const {
    out.clear();
    if (!simple_) {
        all_known = find_candidates(program_, facts, want, mode, out) && all_known;
        return in_order(out);
    }
    const std::vector<Group>& groups = want == Want::Permits ? permits_ : narrowing_;
    std::uint32_t tags[kFewGroups];
    std::uint32_t hashed = 0, everywhere = 0;  // a bit a group
    const auto* const base = reinterpret_cast<const unsigned char*>(facts.slots());
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const Group& group = groups[i];
        if (group.always) {
            everywhere |= 1u << i;
            continue;
        }
        std::uint64_t hash = bytecode::key_start();
        bool known = true;
        for (const Key *key = keys_.data() + group.first, *const end = keys_.data() + group.end; key != end; ++key) {
            std::uint64_t word;
            std::memcpy(&word, base + key->word, sizeof word);
            known = known & (static_cast<State>(base[key->state]) == State::Present);
            hash = bytecode::key_add(hash, word & key->mask);
        }
        if (!known) [[unlikely]] {
            all_known = false;
            if (mode == Mode::Possibly) everywhere |= 1u << i;
            continue;
        }
        tags[i] = bytecode::tag_of(hash);
        __builtin_prefetch(group.buckets + (tags[i] & group.mask));
        hashed |= 1u << i;
    }
    for (; everywhere != 0; everywhere &= everywhere - 1) {
        const IndexGroupRef& group = *groups[static_cast<std::size_t>(std::countr_zero(everywhere))].group;
        const auto rules = program_.index_rules.subspan(group.first_rule, group.rule_count);
        out.insert(out.end(), rules.begin(), rules.end());
    }
    for (; hashed != 0; hashed &= hashed - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(hashed));
        const Group& group = groups[i];
        std::uint32_t at = tags[i] & group.mask;
        while (group.buckets[at].tag != tags[i] && group.buckets[at].rules != bytecode::kNone) at = (at + 1) & group.mask;
        const std::uint32_t rules = group.buckets[at].rules;
        if (rules == bytecode::kNone) continue;
        if ((rules & kRun) == 0) {
            out.push_back(rules);
        } else if (static_cast<Path>(group.group->path) == Path::List) {
            const IndexRunRef& run = program_.index_runs[rules & ~kRun];
            const auto listed = program_.index_rules.subspan(run.first, run.count);
            out.insert(out.end(), listed.begin(), listed.end());
        } else {
            Finder finder(program_, facts, mode, out);
            finder.filed_under(*group.group, tags[i]);
            all_known = all_known && finder.all_known();
        }
    }
    return in_order(out);
}

}  // namespace writ::vm
