// Bundles with something wrong in them: sections of sound ones, changed at random. What is changed is put
// back, so that a mutant costs what was touched and not what the bundle is long.
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

/// One section of some Sections, whatever its records are.
struct SectionView {
    std::string name;
    std::size_t width = 0;  ///< bytes a record
    std::function<std::byte*()> data;
    std::function<std::size_t()> count;
    std::function<void(std::size_t)> resize;  ///< new records are zero
    std::function<void()> restore;
};

/// Sections that are changed and put back.
class Mutant {
public:
    explicit Mutant(bytecode::Sections sound);
    Mutant(const Mutant&) = delete;

    /// Changes one to three things. `donor`: records may be taken from it.
    void mutate(Rng& rng, const Mutant& donor);
    void restore();

    [[nodiscard]] const bytecode::Sections& sections() const { return changed_; }
    /// Seals what is there now.
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

/// Bytes of a bundle changed anywhere: header, table of sections, padding, digests, text.
void mutate_bytes(Rng& rng, std::vector<std::byte>& bytes);

}  // namespace writ::fuzz
