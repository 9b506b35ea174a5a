#include "vocabulary.h"

#include <bit>
#include <random>

namespace bench {

std::uint16_t Vocabulary::add(std::string_view text) {
    return words_.try_emplace(std::string(text), static_cast<std::uint16_t>(words_.size() + 1)).first->second;
}

void Vocabulary::build() {
    std::random_device random;
    for (std::uint64_t& key : key_) key = static_cast<std::uint64_t>(random()) << 32 | random();
    slots_.assign(std::bit_ceil(words_.size() * 2 + 1), {});
    mask_ = slots_.size() - 1;
    for (const auto& [text, id] : words_) {
        const std::uint64_t hash = hash_of(text);
        std::size_t at = hash & mask_;
        while (slots_[at].id != 0) at = (at + 1) & mask_;
        slots_[at] = {text.data(), static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint16_t>(text.size()), id};
    }
}

}  // namespace bench
