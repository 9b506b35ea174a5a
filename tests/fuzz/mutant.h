// Damaged bundles: sections of valid ones, changed at random. Changes are undone, so that a mutant costs only as much
// as it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bytecode/program.h"
#include "rng.h"

namespace writ::fuzz {

using property::Rng;

/// One section of a Sections, whatever its records are.
struct SectionView {
    std::string name;
    std::size_t width = 0;  ///< bytes a record
    std::function<std::byte*()> data;
    std::function<std::size_t()> count;
    std::function<void(std::size_t)> resize;  ///< new records are zero
    std::function<void()> restore;
};

/// Sections that are changed and restored.
class Mutant {
public:
    explicit Mutant(bytecode::Sections sound);
    Mutant(const Mutant&) = delete;

    /// Makes one to three changes. `donor`: records may be copied from it.
    void mutate(Rng& rng, const Mutant& donor);
    void restore();

    [[nodiscard]] const bytecode::Sections& sections() const { return changed_; }
    /// Seals the current content.
    [[nodiscard]] std::vector<std::byte> sealed() const { return bytecode::Program::seal(changed_); }

private:
    void change(Rng& rng, std::size_t section, const Mutant& donor);
    void change_word(Rng& rng, std::size_t section);
    void change_records(Rng& rng, std::size_t section, const Mutant& donor);
    void change_code(Rng& rng);
    [[nodiscard]] std::size_t pick(Rng& rng) const;

    bytecode::Sections sound_, changed_;
    std::vector<SectionView> views_;
    std::vector<std::size_t> dirty_;
};

/// Changes bytes anywhere in a bundle: header, table of sections, padding, digests, text.
void mutate_bytes(Rng& rng, std::vector<std::byte>& bytes);

}  // namespace writ::fuzz
