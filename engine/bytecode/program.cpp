#include "bytecode/program.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/digest.h"
#include "base/random.h"
#include "bytecode/header.h"
#include "writ/errors.h"

namespace writ::bytecode {

namespace {

// The bytes in memory are the same as in the file.
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(Instr) == 16 && sizeof(TextRef) == 8 && sizeof(SetRef) == 12);
static_assert(sizeof(MatcherRef) == 20 && sizeof(AutomatonRef) == 28);
static_assert(sizeof(WindowRef) == 20 && sizeof(Transition) == 16 && sizeof(ShapeNode) == 44);
static_assert(sizeof(EnumRef) == 12 && sizeof(SlotRef) == 12 && sizeof(CaptureRef) == 12);
static_assert(sizeof(CaptureSpecRef) == 12 && sizeof(PatternRef) == 8 && sizeof(IssuerRef) == 56 &&
              sizeof(CopyRef) == 8);
static_assert(sizeof(ToolRef) == 40 && sizeof(TableRef) == 24 && sizeof(RuleRef) == 32);
static_assert(sizeof(GrantRef) == 16 && sizeof(RequirementRef) == 16 && sizeof(LimitRef) == 24);
static_assert(sizeof(IndexGroupRef) == 32 && sizeof(IndexBucketRef) == 8 && sizeof(IndexRunRef) == 8);
static_assert(sizeof(IndexPrefixRef) == 16 && sizeof(IndexRangeRef) == 32);
static_assert(sizeof(OriginRef) == 12 && sizeof(ObligationRef) == 8 && sizeof(ManifestRef) == 48 &&
              sizeof(SourceRef) == 16);
#define SECTION(type, name) \
    static_assert(std::is_trivially_copyable_v<type> && std::has_unique_object_representations_v<type>);
#include "bytecode/sections.def"
#undef SECTION

static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= kAlign);

constexpr std::size_t kSectionCount = 0
#define SECTION(type, name) +1
#include "bytecode/sections.def"
#undef SECTION
    ;
constexpr std::size_t kSectionsBegin = sizeof(Header) + kSectionCount * sizeof(SectionEntry);

constexpr std::size_t align_up(std::size_t at) {
    return (at + kAlign - 1) & ~(kAlign - 1);
}

std::string_view view(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
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

/// Multiplies to 128 bits and combines the halves, so that every input bit affects every output bit.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint64_t text_hash(std::string_view bytes, const HashSecret& secret) {
    const char* at = bytes.data();
    const std::size_t size = bytes.size();
    std::uint64_t seed = secret.seed, a = 0, b = 0;
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
        for (; left > 16; left -= 16, at += 16) seed = fold(load64(at) ^ secret.a, load64(at + 8) ^ seed);
        a = load64(bytes.data() + size - 16);
        b = load64(bytes.data() + size - 8);
    }
    return fold(secret.b ^ size, fold(a ^ secret.a, b ^ seed));
}

std::vector<std::byte> Program::seal(const Sections& sections) {
    Header header;
    header.sections = kSectionCount;
    header.sources = sections.source_text.size();
    header.sources_digest = sha256(sections.source_text);
    std::size_t at = kSectionsBegin;
#define SECTION(type, name) at = align_up(at) + sections.name.size() * sizeof(type);
#include "bytecode/sections.def"
#undef SECTION
    header.sealed = align_up(at);

    std::vector<std::byte> bytes(header.sealed + sizeof(Digest) + header.sources);
    std::memcpy(bytes.data(), &header, sizeof header);
    at = kSectionsBegin;
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
    const Digest digest = sha256(view(bytes).substr(0, header.sealed));
    std::memcpy(bytes.data() + header.sealed, digest.data(), sizeof digest);
    std::copy(sections.source_text.begin(), sections.source_text.end(),
              reinterpret_cast<char*>(bytes.data()) + header.sealed + sizeof digest);
    return bytes;
}

Result<void> check_header(const Header& header, std::uint64_t size) {
    if (header.magic != kMagic) return fail(Code::NotABundle, "not a bundle: the first bytes are wrong");
    if (header.version != kFormatVersion || header.sections != kSectionCount)
        return fail(Code::NotABundle, "bundle has format " + std::to_string(header.version) +
                                          "; this engine reads format " + std::to_string(kFormatVersion) +
                                          "; compile it again from its sources");
    if (header.sealed < kSectionsBegin || header.sealed % kAlign != 0 || header.sealed > size ||
        size - header.sealed < sizeof(Digest) || size - header.sealed - sizeof(Digest) != header.sources)
        return fail(Code::NotABundle,
                    "bundle has another length than its header states: " + std::to_string(size) + " bytes");
    return {};
}

Result<std::shared_ptr<const Program>> Program::open(Image image) {
    Header header;
    if (image.bytes().size() < sizeof header) return fail(Code::NotABundle, "not a bundle: too short");
    std::memcpy(&header, image.bytes().data(), sizeof header);
    if (auto fits = check_header(header, image.bytes().size()); !fits) return tl::unexpected(std::move(fits.error()));

    const Digest digest = sha256(view(image.bytes().first(header.sealed)));
    if (std::memcmp(digest.data(), image.bytes().data() + header.sealed, sizeof digest) != 0)
        return fail(Code::BundleDamaged, "bundle is damaged: its digest does not match");

    std::shared_ptr<Program> program(new Program);
    program->image_ = std::move(image);
    program->digest_ = hex(digest);
    program->source_size = header.sources;
    const std::byte* base = program->bytes().data();
    std::size_t at = kSectionsBegin, entry_at = sizeof(Header);
    const char* wrong = nullptr;
    auto clear = [&](std::size_t from, std::size_t to) {
        return std::all_of(base + from, base + to, [](std::byte b) { return b == std::byte{0}; });
    };
    // Each section starts right after the previous one, aligned: the counts determine the layout.
    auto take = [&]<class T>(std::span<const T>& section, const char* name) {
        if (wrong != nullptr) return;
        SectionEntry entry;
        std::memcpy(&entry, base + entry_at, sizeof entry);
        entry_at += sizeof entry;
        const std::size_t begin = align_up(at);
        if (entry.offset != begin || begin > header.sealed || entry.count > (header.sealed - begin) / sizeof(T) ||
            !clear(at, begin)) {
            wrong = name;
            return;
        }
        // The memory is aligned for every record, and records are implicit-lifetime types.
        section = {reinterpret_cast<const T*>(base + begin), static_cast<std::size_t>(entry.count)};
        at = begin + section.size_bytes();
    };
#define SECTION(type, name) take(program->name, #name);
#include "bytecode/sections.def"
#undef SECTION
    if (wrong == nullptr && (align_up(at) != header.sealed || !clear(at, header.sealed))) wrong = "end";
    if (wrong != nullptr) return fail(Code::SectionOutOfBounds, "bundle section is out of bounds", wrong);

    if (auto checked = verify(*program); !checked) return tl::unexpected(std::move(checked.error()));
    if (auto listed = program->list_texts(); !listed) return tl::unexpected(std::move(listed.error()));
    return program;
}

Program::Program(const Sections& sections) {
#define SECTION(type, name) name = sections.name;
#include "bytecode/sections.def"
#undef SECTION
    source_size = sections.source_text.size();
}

Result<std::shared_ptr<const Program>> Program::over(const Sections& sections) {
    std::shared_ptr<Program> program(new Program(sections));
    if (auto checked = verify(*program); !checked) return tl::unexpected(std::move(checked.error()));
    if (auto listed = program->list_texts(); !listed) return tl::unexpected(std::move(listed.error()));
    return program;
}

Result<std::string> Program::source_text() const {
    Header header;
    std::memcpy(&header, bytes().data(), sizeof header);
    std::string text(view(bytes()).substr(header.sealed + sizeof(Digest)));
    // The copy is what is verified, because the original file may change at any time.
    if (sha256(text) != header.sources_digest)
        return fail(Code::SourcesDamaged, "the bundle's sources are damaged: their digest does not match");
    return text;
}

Result<void> Program::list_texts() {
    fill_secret(&secret_, sizeof secret_);
    text_table_.assign(std::bit_ceil(2 * texts.size()), 0);
    const std::size_t mask = text_table_.size() - 1;
    for (std::uint32_t id = 1; id < texts.size(); ++id) {
        std::size_t at = text_hash(text(id), secret_) & mask;
        for (; text_table_[at] != 0; at = (at + 1) & mask)
            if (text(text_table_[at]) == text(id))
                return fail(Code::BadTexts, "two texts are the same", "texts[" + std::to_string(id) + "]");
        text_table_[at] = id;
    }
    return {};
}

std::uint32_t Program::find_text(std::string_view bytes) const {
    const std::size_t mask = text_table_.size() - 1;
    for (std::size_t at = text_hash(bytes, secret_) & mask;; at = (at + 1) & mask) {
        const std::uint32_t id = text_table_[at];
        if (id == 0 || text(id) == bytes) return id;
    }
}

}  // namespace writ::bytecode
