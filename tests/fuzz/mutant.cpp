#include "mutant.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "bytecode/opcode_info.h"

namespace writ::fuzz {

namespace {

/// Sections in which a wrong word has the most effect are chosen more often.
std::size_t weight_of(std::string_view name) {
    for (const std::string_view heavy :
         {"code", "rules", "tables", "cells", "ids", "sets", "shape", "automata", "moves"})
        if (name == heavy) return 6;
    return name.starts_with("index") ? 4 : name == "chars" ? 1 : 2;
}

std::uint32_t word_at(const std::byte* at) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}
void put_word(std::byte* at, std::uint32_t word) {
    std::memcpy(at, &word, sizeof word);
}

}  // namespace

using namespace bytecode;  // the record types in sections.def

Mutant::Mutant(Sections sound) : sound_(std::move(sound)), changed_(sound_) {
#define SECTION(type, name)                                                                                       \
    views_.push_back({#name, sizeof(type), [this] { return reinterpret_cast<std::byte*>(changed_.name.data()); }, \
                      [this] { return changed_.name.size(); },                                                    \
                      [this](std::size_t count) {                                                                 \
                          changed_.name.resize(count);                                                            \
                          changed_.name.shrink_to_fit();                                                          \
                      },                                                                                          \
                      [this] { changed_.name = sound_.name; }});
#include "bytecode/sections.def"
#undef SECTION
}

std::size_t Mutant::pick(Rng& rng) const {
    std::size_t total = 0;
    for (const SectionView& view : views_) total += view.count() == 0 ? 0 : weight_of(view.name);
    std::size_t at = rng.below(total);
    for (std::size_t i = 0;; ++i) {
        const std::size_t weight = views_[i].count() == 0 ? 0 : weight_of(views_[i].name);
        if (at < weight) return i;
        at -= weight;
    }
}

void Mutant::mutate(Rng& rng, const Mutant& donor) {
    for (std::size_t left = rng.percent(70) ? 1 : rng.between(2, 3); left > 0; --left) change(rng, pick(rng), donor);
}

void Mutant::restore() {
    for (const std::size_t section : dirty_) views_[section].restore();
    dirty_.clear();
}

void Mutant::change(Rng& rng, std::size_t section, const Mutant& donor) {
    dirty_.push_back(section);
    const SectionView& view = views_[section];
    if (view.name == "code" && rng.percent(60)) return change_code(rng);
    if (rng.percent(15)) return change_records(rng, section, donor);
    if (view.width % 4 == 0 && rng.percent(75)) return change_word(rng, section);
    std::byte* const at = view.data() + rng.below(view.count() * view.width);
    *at ^= rng.percent(80) ? std::byte{1} << rng.below(8) : std::byte{0xFF};
}

void Mutant::change_word(Rng& rng, std::size_t section) {
    const SectionView& view = views_[section];
    const std::size_t words = view.count() * view.width / 4;
    std::byte* const at = view.data() + 4 * rng.below(words);
    std::uint32_t word = word_at(at);
    switch (rng.below(6)) {
        case 0:
            word = rng.pick({0u, 1u, 2u, 0xFFFFFFFFu, 0xFFFFFFFEu, 0x7FFFFFFFu, 0x80000000u, 0xFFFFu, 0x10000u});
            break;
        case 1: word += rng.percent(50) ? 1 : 0xFFFFFFFF; break;
        case 2: word = word_at(view.data() + 4 * rng.below(words)); break;
        // The same field of another record.
        case 3:
            word = word_at(view.data() + view.width * rng.below(view.count()) +
                           static_cast<std::size_t>(at - view.data()) % view.width);
            break;
        // An index that is valid for some section, or just out of range.
        case 4: {
            const auto count = static_cast<std::uint32_t>(views_[rng.below(views_.size())].count());
            word = rng.percent(50) ? count : count == 0 ? 0 : static_cast<std::uint32_t>(rng.below(count));
            break;
        }
        default: word = (word & 0x0FFFFFFF) | (static_cast<std::uint32_t>(rng.below(16)) << 28); break;
    }
    put_word(at, word);
}

void Mutant::change_records(Rng& rng, std::size_t section, const Mutant& donor) {
    const SectionView& view = views_[section];
    const std::size_t count = view.count();
    const SectionView& other = donor.views_[section];
    switch (rng.below(4)) {
        case 0: view.resize(count - rng.between(1, std::min<std::size_t>(count, 3))); return;
        case 1: view.resize(count + rng.between(1, 3)); return;
        case 2: {
            std::byte* const data = view.data();
            const std::size_t a = rng.below(count), b = rng.below(count);
            std::swap_ranges(data + a * view.width, data + (a + 1) * view.width, data + b * view.width);
            return;
        }
        default: {
            if (other.count() == 0) return;
            const std::size_t run = rng.between(1, std::min<std::size_t>({count, other.count(), 8}));
            const std::size_t from = rng.below(other.count() - run + 1), to = rng.below(count - run + 1);
            std::memmove(view.data() + to * view.width, other.data() + from * view.width, run * view.width);
            return;
        }
    }
}

void Mutant::change_code(Rng& rng) {
    bytecode::Instr& in = changed_.code[rng.below(changed_.code.size())];
    switch (rng.below(5)) {
        case 0: in.op = static_cast<bytecode::Opcode>(rng.below(bytecode::kOpcodeCount + 1)); return;
        case 1: in.flags ^= static_cast<std::uint8_t>(1u << rng.below(3)); return;
        case 2: in.jump = static_cast<std::uint16_t>(rng.percent(80) ? rng.below(8) : rng.next()); return;
        case 3: {
            std::uint32_t& word = *rng.pick({&in.a, &in.b, &in.c});
            word = bytecode::operand(static_cast<bytecode::OperandKind>(rng.below(11)),
                                     static_cast<std::uint32_t>(rng.percent(70) ? rng.below(8) : rng.below(1u << 28)));
            return;
        }
        default: std::swap(in, changed_.code[rng.below(changed_.code.size())]); return;
    }
}

void mutate_bytes(Rng& rng, std::vector<std::byte>& bytes) {
    for (std::size_t left = rng.between(1, 3); left > 0; --left) {
        // Half of the changes are in the part with the lengths.
        const std::size_t reach = rng.percent(50) ? std::min<std::size_t>(bytes.size(), 640) : bytes.size();
        switch (rng.below(4)) {
            case 0: bytes[rng.below(reach)] ^= std::byte{1} << rng.below(8); break;
            case 1: bytes[rng.below(reach)] = static_cast<std::byte>(rng.below(256)); break;
            case 2: bytes.resize(bytes.size() - rng.below(std::min<std::size_t>(bytes.size(), 65))); break;
            default: {
                const std::size_t run = std::min<std::size_t>(rng.between(1, 64), bytes.size());
                std::memmove(bytes.data() + rng.below(bytes.size() - run + 1),
                             bytes.data() + rng.below(bytes.size() - run + 1), run);
                break;
            }
        }
        if (bytes.empty()) return;
    }
}

}  // namespace writ::fuzz
