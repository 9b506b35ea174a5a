#include "bytecode/program.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/values.h"

namespace writ::bytecode {

namespace {

// The bytes in memory are the bytes in the file.
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(Instr) == 16 && sizeof(TextRef) == 8 && sizeof(SetRef) == 12);
static_assert(sizeof(WindowRef) == 20 && sizeof(Transition) == 16 && sizeof(ShapeNode) == 44);
static_assert(sizeof(EnumRef) == 12 && sizeof(SlotRef) == 12 && sizeof(CaptureRef) == 12);
static_assert(sizeof(CaptureSpecRef) == 12 && sizeof(PatternRef) == 8 && sizeof(IssuerRef) == 48);
static_assert(sizeof(ToolRef) == 40 && sizeof(TableRef) == 24 && sizeof(RuleRef) == 48);
static_assert(sizeof(GrantRef) == 16 && sizeof(RequirementRef) == 16 && sizeof(LimitRef) == 24);
static_assert(sizeof(IndexGroupRef) == 32 && sizeof(IndexBucketRef) == 8 && sizeof(IndexRunRef) == 8);
static_assert(sizeof(IndexPrefixRef) == 16 && sizeof(IndexRangeRef) == 32);
static_assert(sizeof(DutyRef) == 8 && sizeof(ManifestRef) == 48 && sizeof(SourceRef) == 8);
#define SECTION(type, name) \
    static_assert(std::is_trivially_copyable_v<type> && std::has_unique_object_representations_v<type>);
#include "bytecode/sections.def"
#undef SECTION

constexpr std::string_view kMagic = "WRITBNDL";
constexpr std::size_t kAlign = 16;
constexpr std::size_t kDigestSize = 32;
static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= kAlign);

struct Header {
    std::array<char, 8> magic{};
    std::uint32_t version = kFormatVersion;
    std::uint32_t sections = 0;
};
struct SectionEntry {
    std::uint64_t offset = 0, count = 0;
};
static_assert(sizeof(Header) == 16 && sizeof(SectionEntry) == 16);

constexpr std::size_t kSectionCount = 0
#define SECTION(type, name) +1
#include "bytecode/sections.def"
#undef SECTION
    ;
constexpr std::size_t kSectionsBegin = sizeof(Header) + kSectionCount * sizeof(SectionEntry);

constexpr std::size_t align_up(std::size_t at) { return (at + kAlign - 1) & ~(kAlign - 1); }

std::string_view view(const std::vector<std::byte>& bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes.data()), size};
}

Error fail(const char* code, std::string message, std::string context = {}) {
    return Error{code, std::move(message), std::move(context)};
}

std::array<std::byte, kDigestSize> from_hex(std::string_view hex) {
    std::array<std::byte, kDigestSize> raw{};
    auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (std::size_t i = 0; i < kDigestSize; ++i)
        raw[i] = static_cast<std::byte>(nibble(hex[2 * i]) * 16 + nibble(hex[2 * i + 1]));
    return raw;
}

std::uint64_t load64(const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}
std::uint64_t load32(const char* at) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

__extension__ using Wide = unsigned __int128;

/// The two halves of a 128-bit product, folded: every bit of the input reaches every bit of the output.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint64_t text_hash(std::string_view bytes) {
    constexpr std::uint64_t k0 = 0xA0761D6478BD642F, k1 = 0xE7037ED1A0B428DB, k2 = 0x8EBC6AF09C88C6E3;
    const char* at = bytes.data();
    const std::size_t size = bytes.size();
    std::uint64_t seed = k0, a = 0, b = 0;
    if (size <= 16) {
        if (size >= 4) {
            // Two overlapping pairs of 32-bit loads cover 4 to 16 bytes without a loop.
            const std::size_t step = (size >> 3) << 2;
            a = (load32(at) << 32) | load32(at + step);
            b = (load32(at + size - 4) << 32) | load32(at + size - 4 - step);
        } else if (size > 0) {
            auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
            a = (byte(0) << 16) | (byte(size >> 1) << 8) | byte(size - 1);
        }
    } else {
        std::size_t left = size;
        for (; left > 16; left -= 16, at += 16) seed = fold(load64(at) ^ k1, load64(at + 8) ^ seed);
        a = load64(bytes.data() + size - 16);
        b = load64(bytes.data() + size - 8);
    }
    return fold(k2 ^ size, fold(a ^ k1, b ^ seed));
}

std::vector<std::byte> Program::seal(const Sections& sections) {
    std::size_t size = kSectionsBegin;
#define SECTION(type, name) size = align_up(size) + sections.name.size() * sizeof(type);
#include "bytecode/sections.def"
#undef SECTION
    size = align_up(size);

    std::vector<std::byte> bytes(size + kDigestSize);
    Header header;
    std::copy(kMagic.begin(), kMagic.end(), header.magic.begin());
    header.sections = kSectionCount;
    std::memcpy(bytes.data(), &header, sizeof header);
    std::size_t at = kSectionsBegin;
    std::size_t entry_at = sizeof(Header);
    auto put = [&](const void* data, std::size_t count, std::size_t width) {
        at = align_up(at);
        const SectionEntry entry{at, count};
        std::memcpy(bytes.data() + entry_at, &entry, sizeof entry);
        entry_at += sizeof entry;
        if (count != 0) std::memcpy(bytes.data() + at, data, count * width);
        at += count * width;
    };
#define SECTION(type, name) put(sections.name.data(), sections.name.size(), sizeof(type));
#include "bytecode/sections.def"
#undef SECTION
    const auto digest = from_hex(sha256_hex(view(bytes, size)));
    std::memcpy(bytes.data() + size, digest.data(), kDigestSize);
    return bytes;
}

Result<std::shared_ptr<const Program>> Program::open(std::vector<std::byte> bytes) {
    if (bytes.size() < kSectionsBegin + kDigestSize || bytes.size() % kAlign != 0)
        return tl::unexpected(fail("B0001", "not a bundle: too short"));
    Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (std::string_view(header.magic.data(), header.magic.size()) != kMagic)
        return tl::unexpected(fail("B0001", "not a bundle: wrong magic"));
    if (header.version != kFormatVersion)
        return tl::unexpected(fail("B0001", "bundle of another format version", std::to_string(header.version)));
    if (header.sections != kSectionCount)
        return tl::unexpected(fail("B0001", "bundle with another number of sections"));

    const std::size_t body = bytes.size() - kDigestSize;
    std::string digest = sha256_hex(view(bytes, body));
    if (const auto raw = from_hex(digest); std::memcmp(bytes.data() + body, raw.data(), kDigestSize) != 0)
        return tl::unexpected(fail("B0002", "bundle was altered or damaged: its digest does not fit"));

    std::shared_ptr<Program> program(new Program);
    program->bytes_ = std::move(bytes);
    program->digest_ = std::move(digest);
    const std::byte* const base = program->bytes_.data();

    // There is one way to lay sections out, so that equal programs are equal bytes: in order,
    // aligned, nothing between them but zeros.
    std::size_t at = kSectionsBegin;
    std::size_t entry_at = sizeof(Header);
    const char* wrong = nullptr;
    auto take = [&]<class T>(std::span<const T>& section, const char* name) {
        if (wrong != nullptr) return;
        SectionEntry entry;
        std::memcpy(&entry, base + entry_at, sizeof entry);
        entry_at += sizeof entry;
        const std::size_t begin = align_up(at);
        const bool clear = std::all_of(base + at, base + begin, [](std::byte b) { return b == std::byte{0}; });
        if (entry.offset != begin || entry.count > (body - begin) / sizeof(T) || !clear) {
            wrong = name;
            return;
        }
        // The allocation is aligned for any record, and records are implicit-lifetime types.
        section = {reinterpret_cast<const T*>(base + begin), static_cast<std::size_t>(entry.count)};
        at = begin + section.size_bytes();
    };
#define SECTION(type, name) take(program->name, #name);
#include "bytecode/sections.def"
#undef SECTION
    const std::size_t end = wrong == nullptr ? align_up(at) : at;
    if (wrong == nullptr &&
        (end != body || !std::all_of(base + at, base + end, [](std::byte b) { return b == std::byte{0}; })))
        wrong = "end";
    if (wrong != nullptr) return tl::unexpected(fail("B0003", "bundle section is out of bounds", wrong));

    if (auto checked = verify(*program); !checked) return tl::unexpected(std::move(checked.error()));
    return program;
}

std::uint32_t Program::find_text(std::string_view bytes) const {
    // The verifier has seen to it that the table is a power of two with a free entry.
    const std::size_t mask = text_table.size() - 1;
    for (std::size_t at = text_hash(bytes) & mask;; at = (at + 1) & mask) {
        const std::uint32_t id = text_table[at];
        if (id == 0 || text(id) == bytes) return id;
    }
}

}  // namespace writ::bytecode
