// The rule index: which rules can matter to a request, found by the facts they compare with constants.
// Rules that bind the same facts form a group; a group is one hash table over the values of those
// facts (tuple-space search). What it finds is a superset of the rules whose condition is not known
// to be false, so it may be left out, and is compared with trying every rule by tests.
// The records themselves are in program.h; docs/bundle-format.md has the layout.
#pragma once

#include <cstdint>
#include <span>

#include "bytecode/program.h"

namespace writ::bytecode {

/// Stands for the request's tool among the facts of a group.
constexpr std::uint32_t kToolKey = kNone;

/// A bucket's `rules`: one rule, or (this bit) a run in index_rules: a count, then that many rules.
constexpr std::uint32_t kRun = 0x80000000;

/// Hash of the values of a group's facts, in the group's order: text ids, integers, the tool's index.
/// Part of the format.
[[nodiscard]] constexpr std::uint64_t key_start() { return 0x9E3779B97F4A7C15; }
[[nodiscard]] constexpr std::uint64_t key_add(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0xE7037ED1A0B428DB;
    return hash ^ (hash >> 32);
}
[[nodiscard]] constexpr std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

/// Calls `visit(rule)` for each rule filed under a hash, and perhaps for some that share its tag.
template <class Visit>
void each_filed(const Program& program, const IndexGroupRef& group, std::uint64_t hash, Visit visit) {
    for (std::uint32_t at = static_cast<std::uint32_t>(hash) & group.bucket_mask;; at = (at + 1) & group.bucket_mask) {
        const IndexBucketRef& bucket = program.index_buckets[group.first_bucket + at];
        if (bucket.rules == kNone) return;
        if (bucket.tag != tag_of(hash)) continue;
        if ((bucket.rules & kRun) == 0) {
            visit(bucket.rules);
            continue;
        }
        const std::uint32_t run = bucket.rules & ~kRun;
        for (const std::uint32_t rule : program.index_rules.subspan(run + 1, program.index_rules[run])) visit(rule);
    }
}

/// Writes the index of every rule in the sections.
void index_rules(Sections& out);

/// Checks that the index is one the evaluator can rely on: in bounds, every rule in exactly one group,
/// and filed under every combination of values its condition asks for.
/// Errors: B0019 with the index in `context`.
[[nodiscard]] Result<void> verify_index(const Program& program);

/// What path each rule got: a line a group, then the rules that every request must try.
[[nodiscard]] std::string describe_index(const Program& program);

}  // namespace writ::bytecode
