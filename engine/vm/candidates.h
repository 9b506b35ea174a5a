// Which rules to try: the index's answer for one request, a superset of those whose condition is not
// known to be false. Without an index in the program: all.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/interpreter.h"

namespace writ::vm {

enum class Want : std::uint8_t { Permits, Narrowing };

/// Appends the rules of one sort that may hold in a mode. Order is the index's.
/// Output: whether every fact that they are found by is known: they are then the same in both modes.
bool find_candidates(const bytecode::Program& program, const Facts& facts, Want want, Mode mode,
                     std::vector<std::uint32_t>& out);

/// The index of one program, made ready for looking up.
class Lookup {
public:
    explicit Lookup(const bytecode::Program& program);
    /// As find_candidates(), ascending and each once. `all_known` is cleared where a fact is not known.
    [[nodiscard]] std::span<const std::uint32_t> find(const Facts& facts, Want want, Mode mode, std::vector<std::uint32_t>& out,
                                                      bool& all_known) const;

private:
    /// Where in the slots a fact's state is, where its word, and how much of that counts.
    struct Key {
        std::uint32_t state = 0, word = 0;
        std::uint64_t mask = 0;
    };
    struct Group {
        const bytecode::IndexBucketRef* buckets = nullptr;
        std::uint32_t mask = 0, first = 0, end = 0;  ///< keys
        bool always = false;
        const bytecode::IndexGroupRef* group = nullptr;
    };
    std::vector<Key> keys_;
    const bytecode::Program& program_;
    std::vector<Group> permits_, narrowing_;
    bool simple_ = false;  ///< few groups, and none that is tried on every request
};

}  // namespace writ::vm
