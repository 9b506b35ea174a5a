// The rule index: finds the rules that can matter to a request by the facts that they compare with constants.
// Rules that are found by the same facts are a group, and a group is one hash table over the values of these facts
// (tuple-space search). If many rules share a bucket, they are searched further: by the prefix of a text, or by
// the range of an integer. The result is a superset of the rules whose condition is not known to be false. So the
// index is optional, and tests compare it with trying every rule. The records are in program.h;
// docs/bundle-format.md has the layout.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bytecode/index_asks.h"
#include "bytecode/program.h"

namespace writ::bytecode {

/// Limits of groups in one index, and of facts in one group. Beyond them rules are found by fewer facts, so that
/// unusual policies cost time and not memory.
constexpr std::size_t kMaxGroups = 48;
constexpr std::size_t kMaxKeys = 8;

/// A used bucket is fewer than this many places from its home. Tables are enlarged until that is true, so that
/// checking an index reads at most this many buckets for each entry, even in a hostile bundle.
constexpr std::uint32_t kMaxProbes = 512;

/// Hash of the values of a group's facts, in the group's order: text ids, integers, the
/// tool's index. Part of the format.
[[nodiscard]] constexpr std::uint64_t key_start() {
    return 0x9E3779B97F4A7C15;
}
[[nodiscard]] constexpr std::uint64_t key_add(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0xE7037ED1A0B428DB;
    return hash ^ (hash >> 32);
}
/// The tag of a bucket. A search starts at the tag modulo the number of buckets, and continues with the next buckets.
/// Rules of two hashes with the same tag share a bucket.
[[nodiscard]] constexpr std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

/// Whether a group's rules are tried on every request, because there is no fact to find them by.
[[nodiscard]] constexpr bool is_always(const IndexGroupRef& group) {
    return group.key_count == 0 && static_cast<Path>(group.path) == Path::List;
}

/// The rules with a tag: one rule, an index into index_runs, or kNone.
[[nodiscard]] inline std::uint32_t filed_under(const Program& program, const IndexGroupRef& group, std::uint32_t tag) {
    const IndexBucketRef* const buckets = program.index_buckets.data() + group.first_bucket;
    for (std::uint32_t at = tag & group.bucket_mask;; at = (at + 1) & group.bucket_mask)
        if (buckets[at].tag == tag || buckets[at].rules == kNone) return buckets[at].rules;
}

/// Calls `visit(rule)` for one rule, or a run of them in index_rules.
template <class Visit>
void each_listed(const Program& program, std::uint32_t rules, Visit visit) {
    if ((rules & kRun) == 0) return visit(rules);
    const IndexRunRef& run = program.index_runs[rules & ~kRun];
    for (const std::uint32_t rule : program.index_rules.subspan(run.first, run.count)) visit(rule);
}

[[nodiscard]] inline std::string_view text_of(const Program& program, const IndexPrefixRef& prefix) {
    return program.text(prefix.text).substr(0, prefix.length);
}

/// Calls `visit(rule)` for the rules in a Prefix run whose prefix the text has.
template <class Visit>
void each_prefixed(const Program& program, const IndexRunRef& run, std::string_view text, Visit visit) {
    const IndexPrefixRef* const all = program.index_prefixes.data();
    // Of the entries up to the text in sort order, the last one starts with every prefix that the text has.
    std::uint32_t low = run.first, high = run.first + run.count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (text_of(program, all[middle]) <= text)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == run.first) return;
    for (std::uint32_t at = low - 1; at != kNone; at = all[at].parent)
        if (text.starts_with(text_of(program, all[at]))) each_listed(program, all[at].rules, visit);
}

/// Calls `visit(rule)` for the rules in a Range run whose range contains an integer.
template <class Visit>
void each_around(const Program& program, const IndexRunRef& run, std::int64_t value, Visit visit) {
    const IndexRangeRef* const all = program.index_ranges.data();
    struct Part {
        std::uint32_t begin, end;
    } stack[64];  // twice the height of a tree of 2^32
    std::size_t depth = 0;
    stack[depth++] = {run.first, run.first + run.count};
    while (depth > 0) {
        const Part part = stack[--depth];
        if (part.begin == part.end) continue;
        const std::uint32_t middle = part.begin + (part.end - part.begin) / 2;
        if (all[middle].most < value) continue;
        if (all[middle].low <= value) {
            if (all[middle].high >= value) visit(all[middle].rule);
            stack[depth++] = {middle + 1, part.end};
        }
        stack[depth++] = {part.begin, middle};
    }
}

/// Writes the index of all rules in the sections. Requires: everything else is complete and measured.
void index_rules(Sections& out);

/// Checks that the evaluator can rely on the index: it is in bounds, every rule is in exactly one group, and is
/// stored under every combination of values that its condition requires.
/// Cost:   linear in the index and the code of the rules; allocates once.
/// Errors: B0019 with the index in `context`.
[[nodiscard]] Result<void> verify_index(const Program& program);

/// How each rule is found: first the rules that every request must try, with the reason; then one paragraph per group.
[[nodiscard]] std::string describe_index(const Program& program);
/// How the rules of a group are found, such as "3 permits found by tenant".
[[nodiscard]] std::string describe_group(const Program& program, const IndexGroupRef& group);
/// A rule's name and where it is, such as "pay.refund (pay.writ:12)".
[[nodiscard]] std::string describe_rule(const Program& program, const RuleRef& rule);

}  // namespace writ::bytecode
