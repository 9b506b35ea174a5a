// The rule index: which rules can matter to a request, found by the facts they compare with constants.
// Rules that are found by the same facts form a group, and a group is one hash table over the values of
// those facts (tuple-space search). Where many rules share a bucket, it is searched further: by the
// beginning of a text, or by where an integer lies. What is found is a superset of the rules whose
// condition is not known to be false, so an index may be left out, and is compared with trying every
// rule by tests. The records are in program.h; docs/bundle-format.md has the layout.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bytecode/index_asks.h"
#include "bytecode/program.h"

namespace writ::bytecode {

/// Groups of one index, and facts of one group, at most: beyond, rules are found by fewer facts, so that
/// odd policies cost time and not memory.
constexpr std::size_t kMaxGroups = 48;
constexpr std::size_t kMaxKeys = 8;

/// A bucket in use is fewer places than this from its home. Tables are made larger until that holds, so that
/// checking an index looks at no more for each entry, whatever a bundle holds.
constexpr std::uint32_t kMaxProbes = 512;

/// Hash of the values of a group's facts, in the group's order: text ids, integers, the tool's index.
/// Part of the format.
[[nodiscard]] constexpr std::uint64_t key_start() {
    return 0x9E3779B97F4A7C15;
}
[[nodiscard]] constexpr std::uint64_t key_add(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0xE7037ED1A0B428DB;
    return hash ^ (hash >> 32);
}
/// What a bucket is known by, and where it is looked for first: at the tag modulo the number of buckets, then
/// onwards. Rules of two hashes with one tag share a bucket.
[[nodiscard]] constexpr std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

/// Whether a group's rules are tried on every request: there is nothing to find them by.
[[nodiscard]] constexpr bool is_always(const IndexGroupRef& group) {
    return group.key_count == 0 && static_cast<Path>(group.path) == Path::List;
}

/// The rules filed under a tag: one, an index into index_runs, or kNone.
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

/// Calls `visit(rule)` for the rules of a Prefix run whose prefix a text has.
template <class Visit>
void each_prefixed(const Program& program, const IndexRunRef& run, std::string_view text, Visit visit) {
    const IndexPrefixRef* const all = program.index_prefixes.data();
    // The last entry that is not after the text begins with every prefix that the text has.
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

/// Calls `visit(rule)` for the rules of a Range run that an integer lies in.
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

/// Writes the index of every rule in the sections. Requires: all else is complete and measured.
void index_rules(Sections& out);

/// Checks that the index is one the evaluator can rely on: in bounds, every rule in exactly one group,
/// and filed under every combination of values its condition asks for.
/// Cost:   linear in the index and the code of the rules; allocates once.
/// Errors: B0019 with the index in `context`.
[[nodiscard]] Result<void> verify_index(const Program& program);

/// What path each rule got: first those that every request must try, and why; then a paragraph a group.
[[nodiscard]] std::string describe_index(const Program& program);

}  // namespace writ::bytecode
