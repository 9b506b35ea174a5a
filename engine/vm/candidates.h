// Finds the rules that can matter to a request with the bundle's index. The result is a superset: rules that are not
// found are known not to apply.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bytecode/index.h"
#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

namespace writ::vm {

/// The tags at which the rules of a request are found, one for each group of the index.
struct Tags {
    std::array<std::uint32_t, bytecode::kMaxGroups> tags;
    std::uint64_t known = 0;  ///< one bit for each group: all facts that its rules are found by are known
};

/// The index of one program, prepared for look-ups.
class Lookup {
public:
    explicit Lookup(const bytecode::Program& program);

    /// Computes the tags of a request for all groups. The buckets, which are far apart in memory, are prefetched.
    void tag(const Facts& facts, Tags& out) const;

    /// The rules of one sort that may apply in a mode, ascending and each once, in `out`.
    /// Output: clears `all_known` if a fact that rules are found by is unknown. If all are known,
    /// both modes give the same rules.
    [[nodiscard]] std::span<const std::uint32_t> find(const Facts& facts, const Tags& tags, Want want, Mode mode,
                                                      std::vector<std::uint32_t>& out, bool& all_known) const;

private:
    struct Key {
        std::uint32_t slot = 0;
        bool text = false;
    };
    struct Group {
        const bytecode::IndexGroupRef* group = nullptr;
        const bytecode::IndexBucketRef* buckets = nullptr;
        std::uint32_t first_key = 0, last_key = 0;
        bool always = false;
    };
    static_assert(bytecode::kMaxGroups <= 64);

    const bytecode::Program& program_;
    std::vector<Key> keys_;
    std::vector<Group> groups_;  ///< those of rules that narrow come first
    std::size_t permits_ = 0;    ///< the first group of permits
};

}  // namespace writ::vm
