// The first bytes of a bundle. docs/bundle-format.md gives the layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/digest.h"
#include "writ/diagnostic.h"

namespace writ::bytecode {

/// Must change whenever the meaning of existing bytes changes.
constexpr std::uint32_t kFormatVersion = 5;
constexpr std::array<char, 8> kMagic = {'W', 'R', 'I', 'T', 'B', 'N', 'D', 'L'};
/// Sections start at multiples of this.
constexpr std::size_t kAlign = 16;

struct Header {
    std::array<char, 8> magic = kMagic;
    std::uint32_t version = kFormatVersion;
    std::uint32_t sections = 0;
    std::uint64_t sealed = 0;   ///< bytes that the digest covers; the digest follows them, then the sources
    std::uint64_t sources = 0;  ///< bytes of the sources' text
    Digest sources_digest{};    ///< SHA-256 of that text
};
struct SectionEntry {
    std::uint64_t offset = 0, count = 0;
};
static_assert(sizeof(Header) == 64 && sizeof(SectionEntry) == 16);

/// Errors:  B0001 unless it is the start of a bundle of this format with `size` bytes.
[[nodiscard]] Result<void> check_header(const Header& header, std::uint64_t size);

}  // namespace writ::bytecode
