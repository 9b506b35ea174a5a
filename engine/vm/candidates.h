// Finds the rules that can matter to a request with the bundle's index. The result is a superset: rules that are not
// found are known not to apply.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

namespace writ::vm {

/// The index of one program, prepared for look-ups.
class Lookup {
public:
    explicit Lookup(const bytecode::Program& program);

    /// The rules of one sort that may apply in a mode, ascending and each once, in `out`.
    /// Output: clears `all_known` if a fact that rules are found by is unknown. If all are known,
    /// both modes give the same rules.
    [[nodiscard]] std::span<const std::uint32_t> find(const Facts& facts, Want want, Mode mode,
                                                      std::vector<std::uint32_t>& out, bool& all_known) const;

private:
    struct Key {
        std::uint32_t slot = 0;  ///< or kToolKey
        bool text = false;
    };
    struct Group {
        const bytecode::IndexGroupRef* group = nullptr;
        const bytecode::IndexBucketRef* buckets = nullptr;
        std::uint32_t first_key = 0, last_key = 0;
        bool always = false;
    };
    [[nodiscard]] bool tag_of(const Group& group, const Facts& facts, std::uint32_t& tag) const;

    const bytecode::Program& program_;
    std::vector<Key> keys_;
    std::vector<Group> permits_, narrowing_;
};

}  // namespace writ::vm
