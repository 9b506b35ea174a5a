// Which rules can matter to a request: the index of a bundle asked with its facts. A superset: a rule that
// is not found is known not to hold.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

namespace writ::vm {

/// The index of one program, made ready for looking up.
class Lookup {
public:
    explicit Lookup(const bytecode::Program& program);

    /// The rules of one sort that may hold in a mode, ascending and each once, in `out`.
    /// Output: `all_known` is cleared where a fact that rules are found by is not known. Where all are, the rules are
    /// the
    ///         same in both modes.
    [[nodiscard]] std::span<const std::uint32_t> find(const Facts& facts, Want want, Mode mode,
                                                      std::vector<std::uint32_t>& out, bool& all_known) const;

private:
    struct Key {
        std::uint32_t slot = 0;  ///< or bytecode::kToolKey
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
