// The parts of the verifier in the order in which they run: each relies on the checks of the previous ones.
#pragma once

#include <string>

#include "bytecode/layout.h"
#include "bytecode/program.h"
#include "writ/errors.h"

namespace writ::bytecode {

[[nodiscard]] inline tl::unexpected<Error> refuse(Code code, const char* what, const char* section, std::size_t index) {
    return fail(code, what, std::string(section) + "[" + std::to_string(index) + "]");
}

/// Checks that runs are inside a section, and that all runs of one sort together are no longer than the section, so
/// that reading all of them takes linear time even for a hostile bundle.
class Runs {
public:
    explicit Runs(std::size_t size) : size_(size), left_(size) {}
    [[nodiscard]] bool take(std::uint64_t first, std::uint64_t count) {
        if (first > size_ || count > size_ - first || count > left_) return false;
        left_ -= count;
        return true;
    }

private:
    std::uint64_t size_, left_;
};

[[nodiscard]] inline bool is_text(const Program& program, std::uint32_t id) {
    return id != 0 && id < program.texts.size();
}
/// Whether a single value can have this kind.
[[nodiscard]] inline bool is_scalar(std::uint32_t kind) {
    return kind <= static_cast<std::uint32_t>(Kind::Map) && rep_of(static_cast<Kind>(kind)) != Rep::Group;
}
[[nodiscard]] inline bool is_text_set(const Program& program, std::uint32_t set) {
    return set < program.sets.size() && is_scalar(program.sets[set].elem) &&
           rep_of(static_cast<Kind>(program.sets[set].elem)) == Rep::Text;
}
/// Whether a constant is canonical text of a kind.
[[nodiscard]] bool text_fits(const Program& program, Kind kind, std::uint32_t id);

[[nodiscard]] Result<void> verify_texts(const Program& program);                        // B0010
[[nodiscard]] Result<void> verify_constants(const Program& program);                    // B0011
[[nodiscard]] Result<void> verify_patterns(const Program& program);                     // B0011: matchers and automata
[[nodiscard]] Result<void> verify_shape(const Program& program);                        // B0012: each node by itself
[[nodiscard]] Result<void> verify_catalog(const Program& program);                      // B0014: tools, issuers, tables
[[nodiscard]] Result<void> verify_slots(const Program& program, const Layout& layout);  // B0013
/// Everything except the measures in the manifest: B0015, B0016, and all of the above.
[[nodiscard]] Result<Measures> verify_but_measures(const Program& program);
[[nodiscard]] Result<Measures> verify_rules(const Program& program, const Layout& layout);

}  // namespace writ::bytecode
